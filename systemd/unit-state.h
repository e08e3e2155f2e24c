/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-id128.h>

#include "base/macro.h"

/* One consistent reading of a unit: a single GetAll, since two reads can be torn. Strings live as long as
 * the message they were read from: until the callback that got the reading returns. */
typedef struct UnitState {
        bool loaded;             /* false: PID 1 does not know it (any more) */
        bool own;                /* false: somebody else has made a unit of that name (unit-own.h) */
        bool late;               /* its start or its end takes longer than it may (unit-late.h) */
        int job_pending;         /* a start or stop is under way: all of this may change at once */
        const char *load;        /* LoadState */
        const char *active;      /* ActiveState */
        const char *sub;         /* SubState */
        const char *result;      /* Result: success, exit-code, signal, timeout, oom-kill, resources … */
        const char *status_text; /* what the unit says of itself, "" = nothing */
        int exec_main_code;   /* CLD_EXITED, CLD_KILLED or CLD_DUMPED; 0 = no end of a main process known */
        int exec_main_status; /* exit status or signal */
        uint32_t main_pid;    /* 0 = none runs */
        uint32_t n_restarts;
        sd_id128_t invocation;                /* null = none */
        uint64_t control_group_id;            /* 0 = none */
        uint64_t memory_max;                  /* bytes it may use; 0 or UINT64_MAX: no limit of its own */
        const char *control_group;            /* "" = none: no process of it is left */
        const char *fragment, *slice, *user;  /* FragmentPath, Slice and User; "" = none */
        uint64_t start_timeout, stop_timeout; /* microseconds; 0 or UINT64_MAX: none */
} UnitState;

/* Reads the reply of Properties.GetAll(""). `own` is true and `late` false: units.c knows them. 0 or -errno
 * of sd-bus. */
int unit_state_read(sd_bus_message *reply, UnitState *ret);

/* There is nothing of it to be ended: PID 1 does not know it, or keeps it loaded, inactive and without a
 * job, because another unit or a client refers to it. */
bool unit_state_is_gone(const UnitState *state);

/* PID 1 is at its first start, or about to be: not at one that follows from Restart=. */
bool unit_state_is_starting(const UnitState *state);

/* It has failed and stays so: one that was killed at its end, and is to be started again, has not. */
bool unit_state_is_failed(const UnitState *state);

/* The main process runs; if it has to say that it is ready, it has, and may be at reading its configuration
 * again. */
bool unit_state_is_running(const UnitState *state);

/* Nothing of it runs or is about to: it has ended, well or not, or is not loaded. */
bool unit_state_is_over(const UnitState *state);

/* It is over and all went well: a oneshot whose program exited with 0 and whose result is still there. */
bool unit_state_is_success(const UnitState *state);

/* The end of its main process in words that follow a name: "exited with status 1", "was killed by signal
 * SIGKILL", "ran out of time". Caller frees; NULL when out of memory. */
char *unit_state_describe_end(const UnitState *state);
