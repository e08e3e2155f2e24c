/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "probe/listener.h"

/* Nothing tells when a socket begins to listen, so it is looked for. Pauses begin short, since a small
 * program listens after few milliseconds, and grow with the time already waited to a tenth of a second: what
 * polls without pause takes from the app the core it needs to start. Growing by a quarter, a listener is
 * found at most a quarter later than it was there, for 25 looks in the first half second. */
#define PAUSE_FIRST     ((uint64_t) 500)
#define PAUSE_MAX       (100 * USEC_PER_MSEC)
#define PAUSE_NEXT(now) MIN2((now) *5 / 4, PAUSE_MAX)

/* A request is more work for the app than a look. Pauses between them double to a second, each counted from
 * the answer; they never become short again, or one that fails now and then would have them all the time. */
#define REST_FIRST     (10 * USEC_PER_MSEC)
#define REST_MAX       USEC_PER_SEC
#define REST_NEXT(now) MIN2((now) *2, REST_MAX)

/* sd-event may be late by this; its usual quarter of a second would be most of the pause. */
#define ACCURACY 1

struct Check {
        sd_event_source *timer;
        int netlink_fd;
        ProbeRequest request;
        uint64_t deadline; /* CLOCK_MONOTONIC: while the machine sleeps the app does too */
        uint64_t pause;    /* after the next look */
        unsigned successes;
        CheckDone done;
        void *userdata;
        /* Of PROBE_HTTP: */
        Http *http;
        HttpRequest *sent; /* while one is under way */
        uint64_t patience; /* with that one */
        uint64_t rest;     /* after it */
        unsigned n_failed;
        HttpAnswer last; /* and so many alike, the last ones; */
        unsigned n_alike;
        uint64_t waited; /* so long for each, if none came */
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
        (void) http_request_free(check->sent);
        free(check);
        return NULL;
}

/* In words that follow what was asked: "answered 503 (5 times)". Nothing that the app wrote is among them.
 */
static void check_describe(const Check *check, char *text, size_t size)
{
        static const char *const words[HTTP_RESULT_MAX] = {
                [HTTP_REFUSED] = "did not accept the connection",
                [HTTP_CLOSED] = "closed the connection without an answer",
                [HTTP_TOO_LONG] = "sent a header of more than 64 KiB",
                [HTTP_GARBAGE] = "answered something that is not HTTP",
                [HTTP_FAILED] = "could not be sent",
        };
        _cleanup_free_ char *end = NULL, *count = NULL;

        if (check->last.result == HTTP_ANSWERED)
                end = text_format("answered %u%s", check->last.status,
                                  check->last.status / 100 == 3 ? ", a redirect" : "");
        else if (check->last.result == HTTP_UNANSWERED)
                end = text_format("did not answer within %g s", (double) check->waited / USEC_PER_SEC);
        if (http_answer_is_good(&check->last))
                count = text_format(", but only %u of %u times in a row", check->n_alike,
                                    check->request.successes);
        else if (check->n_alike > 1)
                count = text_format(" (%u times)", check->n_alike);
        (void) snprintf(text, size, "%s%s", end ? end : words[check->last.result], text_or_empty(count));
}

static void check_finish(Check *check, ProbeResult result, const Holder *holder, int error)
{
        ProbeAnswer answer = { .result = result, .id = check->request.id };

        if (holder) {
                answer.number = holder->uid;
                answer.cgroup_id = holder->cgroup_id;
        }
        if (result == PROBE_FAILED)
                (void) snprintf(answer.text, sizeof(answer.text), "cannot see who listens: %s",
                                strerror(-error));
        else if (result == PROBE_UNHEALTHY)
                check_describe(check, answer.text, sizeof(answer.text));
        (void) sd_event_source_set_enabled(check->timer, SD_EVENT_OFF);
        check->done(check, &answer, check->userdata);
}

/* Whether its own control group listens, and nobody else; or -ECANCELED: the check is over, and perhaps
 * freed. The answer of the kernel is there at once. */
static int check_look(Check *check)
{
        Holder foreign;
        int sight =
                listener_look(check->netlink_fd, check->request.port, check->request.cgroup_id, &foreign);

        if (sight < 0)
                check_finish(check, PROBE_FAILED, NULL, sight);
        else if (sight == LISTENER_FOREIGN)
                check_finish(check, PROBE_FOREIGN, &foreign, 0);
        else {
                /* However well it was, what answered is gone. */
                if (sight == LISTENER_NONE && http_answer_is_good(&check->last))
                        check->n_alike = 0;
                return sight == LISTENER_OWN;
        }
        return -ECANCELED;
}

/* Takes what one look, or one request between two, has come to; ends the check or sets the time of the next
 * look.
 */
static void check_count(Check *check, bool success, uint64_t pause)
{
        uint64_t now;
        int r;

        check->successes = success ? check->successes + 1 : 0;
        if (check->successes == check->request.successes)
                return check_finish(check, PROBE_LISTENING, NULL, 0);

        r = sd_event_now(sd_event_source_get_event(check->timer), CLOCK_MONOTONIC, &now);
        if (r < 0)
                return check_finish(check, PROBE_FAILED, NULL, r);
        if (now >= check->deadline ||
            (check->request.attempts > 0 && check->n_failed == check->request.attempts))
                return check_finish(check, check->n_alike > 0 ? PROBE_UNHEALTHY : PROBE_TIMEOUT, NULL, 0);

        r = sd_event_source_set_time(check->timer, MIN2(now + pause, check->deadline));
        if (r >= 0)
                r = sd_event_source_set_enabled(check->timer, SD_EVENT_ONESHOT);
        if (r < 0)
                check_finish(check, PROBE_FAILED, NULL, r);
}

/* The end of the time cuts a request short: that there was no answer until then tells less than how the one
 * before ended. */
static void check_note(Check *check, const HttpAnswer *answer)
{
        bool cut =
                answer->result == HTTP_UNANSWERED && check->patience < check->request.request_timeout_usec;

        if (cut && check->n_alike > 0)
                return;
        if (answer->result != check->last.result || answer->status != check->last.status)
                check->n_alike = 0;
        check->last = *answer;
        check->waited = check->patience;
        check->n_alike++;
}

static void check_on_answer(void *userdata, HttpAnswer answer)
{
        Check *check = userdata;
        bool good = http_answer_is_good(&answer);
        uint64_t rest = check->rest;
        int own;

        check->sent = http_request_free(check->sent);
        check->rest = REST_NEXT(rest);
        if (!good && check->request.wait_usec > 0)
                rest = check->request.wait_usec;
        check->n_failed += !good;
        check_note(check, &answer);
        /* Who answered is who listens: it was so before, and is so still. */
        own = check_look(check);
        if (own >= 0)
                check_count(check, good && own, rest);
}

static int check_turn(sd_event_source *source, uint64_t usec _unused_, void *userdata)
{
        Check *check = userdata;
        uint64_t now, pause = check->pause;
        int own = check_look(check), r;

        if (own < 0)
                return 0;
        check->pause = PAUSE_NEXT(pause);
        r = sd_event_now(sd_event_source_get_event(source), CLOCK_MONOTONIC, &now);
        if (r < 0)
                check_finish(check, PROBE_FAILED, NULL, r);
        else if (!own || check->request.verb == PROBE_LISTEN)
                check_count(check, own, pause);
        else if (now >= check->deadline)
                check_count(check, false, 0);
        else {
                check->patience = MIN2(check->request.request_timeout_usec, check->deadline - now);
                r = http_get(check->http, check->request.port, check->request.path, check->patience,
                             check_on_answer, check, &check->sent);
                if (r < 0)
                        check_finish(check, PROBE_FAILED, NULL, r);
        }
        return 0;
}

int check_new(sd_event *event, int netlink_fd, Http *http, const ProbeRequest *request, CheckDone done,
              void *userdata, Check **ret)
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
                .http = http,
                .request = *request,
                .pause = PAUSE_FIRST,
                .rest = REST_FIRST,
                .done = done,
                .userdata = userdata,
        };
        r = sd_event_now(event, CLOCK_MONOTONIC, &now);
        if (r < 0)
                return r;
        check->deadline = now + request->timeout_usec;
        r = sd_event_add_time(event, &check->timer, CLOCK_MONOTONIC, now, ACCURACY, check_turn, check);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(check);
        return 0;
}
