/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether haproxy has loaded the configuration that it is to have, and when a reload is asked for again.
 * Nothing tells when a reload is over: its backends show it. */

#include <stdbool.h>
#include <stdint.h>

/* How long a reload that fails may be asked for again after, at most. */
#define RELOAD_PAUSE_MAX_USEC (600 * USEC_PER_SEC)

typedef struct Reload {
        uint64_t until;     /* CLOCK_MONOTONIC microseconds; 0 = none is under way */
        char *backends;     /* that haproxy had when it was asked for; NULL = none has been */
        bool retrying;      /* it is of the same file, to bind what could not be bound */
        unsigned n_refused; /* reloads in a row that were not done */
} Reload;

typedef enum ReloadState {
        RELOAD_UNSET,
        RELOAD_LOADED,  /* haproxy has it */
        RELOAD_WAITS,   /* one is under way */
        RELOAD_DUE,     /* one is to be asked for */
        RELOAD_REFUSED, /* the same, and the one before was not done */
        RELOAD_STATE_MAX,
} ReloadState;

/* How it stands, from the answer of `show backend`. haproxy is to have the backends `generation` and `tag`
 * (NULL = it is not known). `now` is CLOCK_MONOTONIC. */
ReloadState reload_look(Reload *reload, const char *backends, const char *generation, const char *tag,
                        uint64_t now);
/* One is asked for, while haproxy has `backends`. 0 or -ENOMEM. */
int reload_begin(Reload *reload, const char *backends, bool retrying, uint64_t now);
/* Whether the last one was not done, so that the haproxy that runs may stay for long. */
bool reload_was_refused(const Reload *reload);
/* The file is another one: what was refused is not what is to be loaded now. */
void reload_changed(Reload *reload);
void reload_clear(Reload *reload);
