/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/environment.h"
#include "cli/verb.h"

/* What `config set` and `config unset` change: a list that ends with a NULL name. Values are secrets, and
 * are erased when the list is freed. */
typedef struct Change {
        char *name;
        char *value; /* NULL = unset */
} Change;

/* The changes that the arguments behind the app say, with values from where they say. An exit status, after
 * saying what is wrong; nothing is shown of a value. */
int changes_read_set(const Invocation *invocation, Change **ret);
int changes_read_unset(const Invocation *invocation, Change **ret);
void changes_freep(Change **changes);

/* Appends a{ss}as, the arguments of SetEnvironment and StageEnvironment. 0 or -errno. */
int changes_append(const Change *changes, sd_bus_message *call);

/* True if the variables are as the changes say. */
bool changes_are_in(const Change *changes, const Environment *environment);
