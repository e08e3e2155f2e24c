/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/unit-late.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/log.h"

struct UnitLate {
        sd_event *event;
        const char *name;
        UnitIsLate is_late;
        void *userdata;
        char sub[32]; /* the step that is timed; "" = none */
        sd_id128_t invocation;
        uint64_t limit;
        sd_event_source *timer; /* NULL = none was ever needed */
        Backoff pause;          /* between two SIGKILLs */
        bool late;
};

int unit_late_new(sd_event *event, const char *name, UnitIsLate is_late, void *userdata, UnitLate **ret)
{
        UnitLate *late = calloc(1, sizeof(UnitLate));

        assert(event);
        assert(name);
        assert(is_late);
        assert(ret);

        if (!late)
                return -ENOMEM;
        *late = (UnitLate){
                .event = event, .name = name, .is_late = is_late, .userdata = userdata, .pause = BACKOFF_INIT
        };
        *ret = late;
        return 0;
}

UnitLate *unit_late_free(UnitLate *late)
{
        if (!late)
                return NULL;
        sd_event_source_disable_unref(late->timer);
        free(late);
        return NULL;
}

static uint64_t with_grace(uint64_t timeout)
{
        return timeout == 0 || timeout >= USEC_INFINITY - UNIT_LATE_GRACE_USEC
                       ? USEC_INFINITY
                       : timeout + UNIT_LATE_GRACE_USEC;
}

uint64_t unit_late_limit(const UnitState *state)
{
        assert(state);

        if (strcmp(state->active, "deactivating") == 0)
                return with_grace(state->stop_timeout);
        if (strcmp(state->active, "activating") == 0 && strcmp(state->sub, "auto-restart") != 0)
                return with_grace(state->start_timeout);
        return USEC_INFINITY;
}

static int unit_late_arm(UnitLate *late, uint64_t usec);

/* What SIGKILL does not end is in the kernel: it gets another one after a pause, which is as good as looking
 * at it. */
static int unit_late_on_timer(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        UnitLate *late = userdata;

        if (!late->late)
                log_warning("Unit %s is in state '%s' for more than %g s, longer than its timeout allows: "
                            "killing all of its processes",
                            late->name, late->sub, (double) late->limit / USEC_PER_SEC);
        late->late = true;
        late->is_late(late->userdata);
        return unit_late_arm(late, backoff_next(&late->pause));
}

static int unit_late_arm(UnitLate *late, uint64_t usec)
{
        int r;

        if (!late->timer)
                return sd_event_add_time_relative(late->event, &late->timer, CLOCK_MONOTONIC, usec, 0,
                                                  unit_late_on_timer, late);
        r = sd_event_source_set_time_relative(late->timer, usec);
        return r < 0 ? r : sd_event_source_set_enabled(late->timer, SD_EVENT_ONESHOT);
}

bool unit_late_look(UnitLate *late, const UnitState *state)
{
        uint64_t limit;

        assert(late);
        assert(state);

        limit = state->own ? unit_late_limit(state) : USEC_INFINITY;
        if (limit != USEC_INFINITY && limit == late->limit && strcmp(late->sub, state->sub) == 0 &&
            sd_id128_equal(late->invocation, state->invocation))
                return late->late;
        late->late = false;
        late->limit = limit;
        late->sub[0] = '\0';
        backoff_reset(&late->pause);
        if (late->timer)
                (void) sd_event_source_set_enabled(late->timer, SD_EVENT_OFF);
        if (limit == USEC_INFINITY)
                return false;
        (void) strncat(late->sub, state->sub, sizeof(late->sub) - 1);
        late->invocation = state->invocation;
        /* Without memory for a timer PID 1's own deadline has to do. */
        (void) unit_late_arm(late, limit);
        return false;
}
