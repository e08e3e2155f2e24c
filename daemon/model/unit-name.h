/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The names of deployd's transient units: written and read in this one place. A `-` of a name is written
 * `_`, so that names cannot clash (they have no `_`) and slices nest as meant. That of a process is its
 * label (base/process-label.h). */

#include "base/cleanup.h"
#include "base/unit-kind.h"

/* Caller frees; NULL when out of memory. `name` is the app's, the repository's, or for UNIT_REMOVE what is
 * removed; process and number are used by UNIT_APP only. */
char *unit_name_make(UnitKind kind, const char *name, uint64_t id, const char *process, unsigned number);

typedef struct UnitName {
        UnitKind kind;
        char *name; /* with its dashes back */
        uint64_t id;
        char *process; /* UNIT_APP only, else NULL */
        unsigned number;
} UnitName;

/* Takes a unit's name apart. 0, -EINVAL if it is none of ours, -ENOMEM. */
int unit_name_parse(const char *unit, UnitName *ret);
void unit_name_done(UnitName *name);
#define _cleanup_unit_name_ _cleanup_(unit_name_done)

/* The D-Bus object path of a unit is made by systemd/units.c. */

/* The name as units have it: my_app. Caller frees; NULL when out of memory. */
char *unit_label_make(const char *name);

/* deployd-apps-NAME.slice. Caller frees; NULL when out of memory. */
char *slice_name_make(const char *app);
/* The app's name of such a slice in *ret, which the caller frees. 0, -EINVAL if it is none, -ENOMEM. */
int slice_name_parse(const char *slice, char **ret);
