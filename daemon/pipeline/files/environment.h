/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The environment of an instance: a file below PATH_ENVIRONMENT, 0600, that PID 1 reads at each start of the
 * unit. Values never become properties of the unit, which every local user can read. */

#include "daemon/pipeline/internal.h"

/* The file of the instance. Caller frees; NULL when out of memory. */
char *environment_path(const Instance *instance);
/* Writes it, whole or not at all. 0 or -errno. */
int environment_write(const Instance *instance);
/* That of something that runs once for a deployment: of its process type (DYNO is PROCESS.1, without a
 * port), or with NULL of its build, where each variable of the app's is named BUILD_ENVIRONMENT_PREFIX and
 * its name, so that it cannot mean anything to what reads it first. *ret is its path (caller frees, and
 * unlinks it). 0 or -errno. */
char *environment_path_once(uint64_t deployment, const char *process);
int environment_write_once(const Deployment *deployment, const char *process, char **ret);
/* Notes beside it which run of the instance's unit was the last one since the machine has booted; and reads
 * that, null = none. */
void environment_note_run(const Instance *instance, sd_id128_t invocation);
sd_id128_t environment_last_run(const Instance *instance);
/* deployd is about to stop that unit of an app itself: what the journal has of it is no evidence. */
void environment_forget_run(const char *unit);

/* Notes that deployd has given up the instance, or forgets it; and reads that. It is forgotten when the
 * machine boots. */
void environment_note_given_up(const Instance *instance, bool given_up);
bool environment_is_given_up(const Instance *instance);

/* Removes all of them. */
void environment_remove(const Instance *instance);
/* At start: removes those of instances that no row has. */
void environment_sweep(const Model *model);
