/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"
#include "base/unit-kind.h"

/* The names of deployd's units, taken apart. In them a `-` of a name is written `_`, and names have no `_`,
 * so a `-` always ends a part: units of `my` never look like those of `my-app`. A process has its label
 * there (base/process-label.h). */

enum {
        UNIT_NAME_MAX = 64,  /* an app's or repository's name has at most 50 bytes, a process type's 32 */
        UNIT_LABEL_MAX = 64, /* "web.1" */
};

typedef struct Unit {
        UnitOwner owner;              /* an instance, a deployment or a repository */
        char name[UNIT_NAME_MAX];     /* of the app or the repository, with its `-` */
        uint64_t id;                  /* of the deployment; of the repository's fetch */
        char label[UNIT_LABEL_MAX];   /* what a person calls it: "web.1", "build", "fetch" */
        char process[UNIT_LABEL_MAX]; /* of an instance: "web", else "" */
} Unit;

/* 0, or -EINVAL if `unit` is no unit of these owners, to the last byte. */
int unit_read(const char *unit, Unit *ret);
