/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "base/macro.h"

/* The variables of an app, as its next deployment has them. Values are secrets: the message that they stand
 * in is erased when it is released. */

typedef struct Variable {
        const char *name, *value; /* of the message */
} Variable;

typedef struct Environment {
        sd_bus_message *reply;
        Variable *items;
        size_t n;
} Environment;

/* A call of a method of the app `name` that has values in it or in its reply. An exit status; caller unrefs
 * *ret. */
int environment_call_new(sd_bus *bus, const char *name, const char *method, sd_bus_message **ret);

/* Reads the variables of the app `name` into *ret, which is empty. An exit status; caller clears *ret in any
 * case. */
int environment_read(sd_bus *bus, const char *name, Environment *ret);
void environment_clear(Environment *environment);

/* The value of a variable; NULL if there is none of that name. */
const char *environment_find(const Environment *environment, const char *name);

/* The same names with the same values. */
bool environment_equals(const Environment *one, const Environment *other);
