/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Stands in for PID 1 and its journal (systemd/units.h, shutdown.h, last-line.h, stop-evidence.h). Units do
 * by themselves what their kind is for, unless the test wants to say what they do. */

#include "base/unit-kind.h"
#include "systemd/engine.h"

/* How the answer of an import begins, whatever else it says. */
#define FAKE_RELEASE                                                                \
        "digest=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n" \
        "files=1\nbytes=1\n"

/* What becomes of units of a kind when they are started. */
typedef enum FakeStart {
        FAKE_WORKS,      /* it runs; of a job: it has ended well, with its answer */
        FAKE_STARTS,     /* it is starting, until the test says more */
        FAKE_UNANSWERED, /* PID 1 does not answer the call before fake_units_answer() */
        FAKE_REFUSED,    /* PID 1 refuses the call */
} FakeStart;

typedef struct FakeUnits {
        FakeStart start[UNIT_KIND_MAX];
        const char *answer[UNIT_KIND_MAX]; /* of a job: lines `key=value` */
        const char *output[UNIT_KIND_MAX]; /* of a job: what it writes besides; NULL = nothing */
        bool hold_removals;                /* units that are stopped do not end */
        int remove_error, restart_error, kill_error, clean_error; /* of the next calls */
        unsigned n_cleans;                                        /* calls to remove directories */
        bool hold_cleans;                                         /* directories are not removed yet */
        bool hold_limits;            /* calls to change limits are not answered */
        bool hold_restarts;          /* calls to restart are not answered */
        bool going_down;             /* the machine is, or is thought to be */
        bool hold_journal;           /* it is not read */
        char *places[UNIT_KIND_MAX]; /* of the last unit of the kind: its options, binds, what it keeps and
                                        is handed, a line each */
        const char *last_line;       /* of any unit */
        bool stopped;                /* somebody has stopped any unit that has ended */
        bool no_calls;               /* a call cannot be sent: -ENOTCONN */
} FakeUnits;

extern FakeUnits fake_units;

void fake_units_start(void);
void fake_units_end(void);

/* Answers the calls that wait, and removes what was held. */
void fake_units_answer(void);
/* From now on all units work: those that are starting, too. */
void fake_units_work(void);
/* The machine does not go down after all. */
void fake_units_stay_up(void);
/* The journal is read again. */
void fake_units_read_journal(void);

/* What happens to a unit, by its name: the watch is told of it in the loop. */
void fake_unit_runs(const char *name);
void fake_unit_starts(const char *name);
/* Its program has ended; PID 1 leaves it at that. */
void fake_unit_exits(const char *name, int status);
/* Its program has ended, and PID 1 is about to start it again. */
void fake_unit_pauses(const char *name);
/* PID 1 does not know it any more. */
void fake_unit_vanishes(const char *name);
/* It has ended, and PID 1 keeps it loaded because another unit refers to it. */
void fake_unit_is_kept(const char *name);
/* Somebody else has made a unit of that name. */
void fake_unit_is_strange(const char *name);
/* It was to be ready by now. */
void fake_unit_is_late(const char *name);
/* A job has ended: well, with that answer (NULL = that of its kind); or not. */
void fake_unit_succeeds(const char *name, const char *answer);
/* What it says of itself. */
void fake_unit_says(const char *name, const char *text);

/* How it is: whether PID 1 has it; how often it was started, started once more in place, killed. */
bool fake_unit_is_loaded(const char *name);
unsigned fake_unit_n_starts(const char *name);
unsigned fake_unit_n_restarts(const char *name);
unsigned fake_unit_n_kills(const char *name);
/* How many units of a kind PID 1 has. */
unsigned fake_units_n_loaded(UnitKind kind);
