/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Keeps one instance (Instance.keeper): starts its unit, watches it, and says what that means for its
 * deployment. */

#include "daemon/pipeline/internal.h"
#include "systemd/last-line.h"
#include "systemd/shutdown.h"

struct Keeper {
        Pipeline *pipeline;
        Instance *instance;
        UnitCall *call;
        UnitWatch *watch;
        ProbeWait *wait;          /* for its port */
        sd_event_source *settle;  /* the same of one without: until it has run for a while */
        LastLine *last_line;      /* its program has ended: what it said last */
        char *end;                /* how it ended, until that is known */
        sd_event_source *restart; /* its program ended by itself: when it is started again */
        ShutdownWait *judging;    /* it does not run although it is live: unless the machine goes down */
        sd_event_source
                *drain; /* it is about to be started anew: when that is done whatever is still open */

        bool waits;    /* until an old unit of its name is gone */
        bool seen;     /* the unit has been read since it was started */
        bool starting; /* PID 1 is at its first start, or about to be; as it was last read, like the rest */
        bool running;
        bool loaded;
        bool stranger; /* it is a unit that somebody else has made under the name */
        bool noted;    /* that it has run */
        bool failed;
        bool exited;    /* its program ended with status 0, and PID 1 leaves it at that */
        bool listening; /* it has passed the check */
        bool unfit;     /* it has not */
        sd_id128_t invocation;
        uint64_t control_group_id;
};

/* Starts the unit, or takes back the one that runs already; one of its name that is being stopped is gone
 * first. A second call does nothing. */
void keeper_start(Pipeline *pipeline, Instance *instance);
/* Waits until it is as an instance should be: it listens on its port, or, without one, has run for a while.
 * The deployment is told. */
void keeper_check(Keeper *keeper);
/* Makes an instance run anew, in place if PID 1 lets it, and forgets how often that was tried. */
void keeper_bring_up(Pipeline *pipeline, Instance *instance);
/* Starts its unit anew in place. */
void keeper_restart(Keeper *keeper);
/* Starts a unit of that name from nothing; the keeper is freed, and its instance has another one. */
void keeper_revive(Keeper *keeper);
/* Stops watching; the unit goes on. NULL is allowed. */
Keeper *keeper_free(Keeper *keeper);

/* The keepers of all its instances. */
void keepers_free(Deployment *deployment);
/* A unit of that deployment is gone: the instance that waits for its name is started. */
void keepers_poll(Pipeline *pipeline, uint64_t deployment);
