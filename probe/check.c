/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "probe/listener.h"

/* Nothing tells when a socket begins to listen, so it is looked for. Pauses begin short, since a small
 * program listens after few milliseconds, and grow with the time already waited to a tenth of a second: what
 * polls without pause takes from the app the core it needs to start. Growing by a quarter, a listener is
 * found at most a quarter later than it was there, for 25 looks in the first half second. */
#define PAUSE_FIRST     ((uint64_t) 500)
#define PAUSE_MAX       (100 * USEC_PER_MSEC)
#define PAUSE_NEXT(now) MIN2((now) *5 / 4, PAUSE_MAX)

/* sd-event may be late by this; its usual quarter of a second would be most of the pause. */
#define ACCURACY 1

struct Check {
        sd_event_source *timer;
        int netlink_fd;
        ProbeRequest request;
        uint64_t deadline; /* CLOCK_MONOTONIC: while the machine sleeps the app does too */
        uint64_t pause;
        unsigned successes;
        CheckDone done;
        void *userdata;
};

uint64_t check_id(const Check *check)
{
        return check->request.id;
}

Check *check_free(Check *check)
{
        if (!check)
                return NULL;
        (void) sd_event_source_disable_unref(check->timer);
        free(check);
        return NULL;
}

static void check_finish(Check *check, ProbeResult result, uid_t uid, int error)
{
        ProbeAnswer answer = { .result = result, .id = check->request.id, .uid = uid };

        if (result == PROBE_FAILED)
                (void) snprintf(answer.text, sizeof(answer.text), "cannot see who listens: %s",
                                strerror(-error));
        (void) sd_event_source_set_enabled(check->timer, SD_EVENT_OFF);
        check->done(check, &answer, check->userdata);
}

/* Takes what one look has found, and ends the check or sets the time of the next look. */
static void check_saw(Check *check, int sight, uid_t uid)
{
        uint64_t now;
        int r;

        if (sight < 0)
                return check_finish(check, PROBE_FAILED, 0, sight);
        if (sight == LISTENER_FOREIGN)
                return check_finish(check, PROBE_FOREIGN, uid, 0);

        check->successes = sight == LISTENER_OWN ? check->successes + 1 : 0;
        if (check->successes == check->request.successes)
                return check_finish(check, PROBE_LISTENING, 0, 0);

        r = sd_event_now(sd_event_source_get_event(check->timer), CLOCK_MONOTONIC, &now);
        if (r < 0)
                return check_finish(check, PROBE_FAILED, 0, r);
        if (now >= check->deadline)
                return check_finish(check, PROBE_TIMEOUT, 0, 0);

        r = sd_event_source_set_time(check->timer, MIN2(now + check->pause, check->deadline));
        if (r >= 0)
                r = sd_event_source_set_enabled(check->timer, SD_EVENT_ONESHOT);
        if (r < 0)
                return check_finish(check, PROBE_FAILED, 0, r);
        check->pause = PAUSE_NEXT(check->pause);
}

/* The answer of the kernel is there at once; a look that has to wait for its own would call check_saw() when
 * it comes. */
static int check_look(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Check *check = userdata;
        uid_t uid = 0;
        int sight = listener_look(check->netlink_fd, check->request.port, check->request.cgroup_id, &uid);

        check_saw(check, sight, uid);
        return 0;
}

int check_new(sd_event *event, int netlink_fd, const ProbeRequest *request, CheckDone done, void *userdata,
              Check **ret)
{
        _cleanup_(check_freep) Check *check = malloc(sizeof(Check));
        uint64_t now;
        int r;

        assert(event);
        assert(request);
        assert(done);
        assert(ret);

        if (!check)
                return -ENOMEM;
        *check = (Check){
                .netlink_fd = netlink_fd,
                .request = *request,
                .pause = PAUSE_FIRST,
                .done = done,
                .userdata = userdata,
        };
        r = sd_event_now(event, CLOCK_MONOTONIC, &now);
        if (r < 0)
                return r;
        check->deadline = now + request->timeout_usec;
        r = sd_event_add_time(event, &check->timer, CLOCK_MONOTONIC, now, ACCURACY, check_look, check);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(check);
        return 0;
}
