/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The environment of an app: names with values, in the order of their names. Values are secrets: they are
 * shown by GetEnvironment only. */

#include "base/cleanup.h"

#define VARIABLE_NAME_MAX ((size_t) 255)
/* The kernel's MAX_ARG_STRLEN less the name, the `=` and the end: execve(2). */
#define VARIABLE_VALUE_MAX ((size_t) 128 * 1024 - VARIABLE_NAME_MAX - 2)
/* All of one app's: half of what a process may get by default (ARG_MAX). */
#define VARIABLES_SIZE_MAX ((size_t) 1024 * 1024)
#define VARIABLE_NAME_RULE "a name begins with a letter or _ and has letters, digits and _ only, at most 255"
#define VARIABLE_VALUE_RULE \
        "a value is UTF-8 without control characters but tab and newline, at most 130815 bytes"

typedef struct Variable {
        char *name, *value;
} Variable;

typedef struct Variables {
        Variable *items;
        size_t n;
} Variables;

void variables_clear(Variables *variables);
DEFINE_CLEANUP(Variables *, variables_clear);
#define _cleanup_variables_ _cleanup_(variables_clear)

/* Replaces *target, which may be all zero, by a copy. 0 or -ENOMEM. */
int variables_copy(Variables *target, const Variables *source);

/* The value, NULL if there is none. */
const char *variables_get(const Variables *variables, const char *name);
/* 0; -E2BIG if all of them would be over VARIABLES_SIZE_MAX; -ENOMEM. */
int variables_set(Variables *variables, const char *name, const char *value);
/* The same for what the database has, of any size. 0 or -ENOMEM. */
int variables_take(Variables *variables, const char *name, const char *value);
void variables_unset(Variables *variables, const char *name);

bool variable_name_is_valid(const char *name);
bool variable_value_is_valid(const char *value);
/* Set by deployd or meant for systemd and the loader: a caller may not set it. */
bool variable_is_reserved(const char *name);

/* Replaces, in place, what of `text` is a value, or a line of one, of VARIABLE_SECRET_MIN bytes or more by
 * `***`, one for all that overlap or touch. To be called before the text is cut or made clean, while values
 * stand in it as they are. 0, or -ENOMEM: then the text may not be shown. */
#define VARIABLE_SECRET_MIN 6
int variables_redact(const Variables *variables, char *text);
