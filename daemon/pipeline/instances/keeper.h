/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Keeps one instance (Instance.keeper): starts its unit, watches it, and says what becomes of it
 * (Pipeline.instance_events). */

#include "base/backoff.h"
#include "daemon/pipeline/instances/elsewhere.h"
#include "daemon/pipeline/internal.h"

struct Keeper {
        Pipeline *pipeline;
        Instance *instance;
        UnitCall *call;
        UnitCall *limits; /* its unit is to have others, while it runs */
        UnitWatch *watch;
        ProbeWait *wait;          /* for its port */
        Elsewhere *elsewhere;     /* meanwhile: where else it listens */
        sd_event_source *settle;  /* without a port: until it has run for check-settle; else: until it is
                                     checked again */
        LastLine *last_line;      /* its program has ended: what it said last */
        char *end;                /* how it ended, until that is known */
        StopEvidence *evidence;   /* its unit is gone: whether somebody has stopped it */
        sd_event_source *recheck; /* it is live and not fit for requests: when it is checked again */
        Backoff rechecks;
        sd_id128_t ran;           /* the last run of its unit; null = none yet */
        sd_event_source *restart; /* its program ended by itself: when it is started again */
        ShutdownWait *judging;    /* it does not run although it is live: unless the machine goes down */
        sd_event_source *drain;   /* it is about to be restarted: when that happens at the latest, with
                                     requests still open */

        bool waits;    /* until an old unit of its name is gone */
        bool seen;     /* the unit has been read since it was started */
        bool starting; /* PID 1 is at its first start, or about to be; as it was last read, like the rest */
        bool running;
        bool loaded;
        bool stranger; /* it is a unit that somebody else has made under the name */
        bool noted;    /* that it has run */
        bool failed;
        bool exited; /* its program ended with status 0, and PID 1 leaves it at that */
        bool unfit;  /* the present run has not passed the check */
        sd_id128_t invocation;
        uint64_t running_since; /* CLOCK_MONOTONIC microseconds: when this run was first seen; 0 = it does
                                   not run */
        uint64_t longest_run;   /* microseconds, of its runs that have ended */
};

/* Starts the unit, or takes back the one that runs already; one of its name that is being stopped is gone
 * first. A second call does nothing. */
void keeper_start(Pipeline *pipeline, Instance *instance);
/* The same of one that may get requests already. At the start of the daemon they go on to what is there, and
 * the run that it was in is known. */
void keeper_take_back(Pipeline *pipeline, Instance *instance);
/* The same of one that is live: if the unit has run since the machine has booted and is not there any
 * more, it is started only if nobody has stopped it. */
void keeper_resume(Pipeline *pipeline, Instance *instance);
/* Waits until it is as an instance should be: it listens on its port, or, without one, has run for a while.
 * The deployment is told. */
void keeper_check(Keeper *keeper);
/* Makes an instance run again, in place if PID 1 lets it, and forgets how often that was tried. */
void keeper_bring_up(Pipeline *pipeline, Instance *instance);
/* Stops watching; the unit goes on. NULL is allowed. */
Keeper *keeper_free(Keeper *keeper);

/* Whether the unit of the instance runs, as far as is known. */
bool keeper_runs(const Instance *instance);

/* The keepers of all its instances. */
void keepers_free(Deployment *deployment);
/* A unit of that deployment is gone: the instance that waits for its name is started. */
void keepers_poll(Pipeline *pipeline, uint64_t deployment);
