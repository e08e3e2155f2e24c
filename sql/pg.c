/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sql/pg.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "sql/pg-internal.h"

/* sd-event's own (250 ms) would be longer than the first pauses. */
#define PAUSE_ACCURACY_USEC USEC_PER_MSEC

static const char *const pg_state_table[PG_STATE_MAX] = {
        [PG_CONNECTING] = "connecting",
        [PG_CONNECTED] = "connected",
        [PG_OUT_OF_SPACE] = "out-of-space",
};
DEFINE_STRING_TABLE(pg_state, PgState);

PgState pg_state(const Pg *pg)
{
        assert(pg);
        return pg->state;
}

const char *pg_sentence(const Pg *pg)
{
        assert(pg);
        return pg->sentence;
}

void pg_set_state(Pg *pg, PgState state, const char *sentence)
{
        bool same = pg->state == state && !sentence == !pg->sentence &&
                    (!sentence || strcmp(sentence, pg->sentence) == 0);

        if (same)
                return;
        pg->state = state;
        /* Without memory the state is still true, only its reason is missing. */
        if (text_replace(&pg->sentence, sentence) < 0)
                (void) text_replace(&pg->sentence, NULL);
        if (pg->on_state)
                pg->on_state(pg->userdata, state, pg->sentence);
}

static void queue_remove(Pg *pg, PgRequest *request)
{
        if (pg->queue_tail == request)
                pg->queue_tail = request->queue_prev;
        LIST_REMOVE(queue, pg->queue, request);
}

static void queue_append(Pg *pg, PgRequest *request)
{
        request->queue_prev = pg->queue_tail;
        if (pg->queue_tail)
                pg->queue_tail->queue_next = request;
        else
                pg->queue = request;
        pg->queue_tail = request;
}

static void request_destroy(PgRequest *request)
{
        free(request->params);
        free(request->sql);
        free(request);
}

void pg_finish(PgRequest *request, int error, const PGresult *rows, const char *message)
{
        PgResult result = { .rows = rows };

        if (message)
                result.message = text_sanitize(message, SENTENCE_MAX);
        if (request->pg->at_gate == request)
                request->pg->at_gate = NULL;
        request->ended = true;
        if (request->done)
                request->done(request->userdata, error, &result);
        free(result.message);
        request_destroy(request);
}

/* A deadline means nothing for a request that may have taken effect. */
static uint64_t deadline_of(const PgRequest *request)
{
        return request->sent ? USEC_INFINITY : request->deadline;
}

static void set_deadline(Pg *pg, uint64_t usec)
{
        pg->next_deadline = usec;
        (void) sd_event_source_set_time(pg->deadline, usec);
        (void) sd_event_source_set_enabled(pg->deadline,
                                           usec == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static void finish_late(Pg *pg, PgRequest *request)
{
        bool no_space = pg->state == PG_OUT_OF_SPACE;
        _cleanup_free_ char *message = NULL;

        message = text_format("the database could not do it in time%s%s", pg->sentence ? ": " : "",
                              text_or_empty(pg->sentence));
        queue_remove(pg, request);
        pg_finish(request, no_space ? -ENOSPC : -ETIMEDOUT, NULL, message);
}

/* The first one whose deadline has passed; else NULL, and the next deadline. */
static PgRequest *find_late(Pg *pg, uint64_t now, uint64_t *ret_next)
{
        PgRequest *request;

        *ret_next = USEC_INFINITY;
        LIST_FOREACH (queue, request, pg->queue) {
                if (deadline_of(request) <= now)
                        return request;
                *ret_next = MIN2(*ret_next, deadline_of(request));
        }
        return NULL;
}

static int pg_on_deadline(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        uint64_t now = 0, next;
        Pg *pg = userdata;
        PgRequest *late;

        (void) sd_event_now(pg->event, CLOCK_MONOTONIC, &now);
        /* A callback may free and submit any request, so the search begins again after each. */
        while ((late = find_late(pg, now, &next)))
                finish_late(pg, late);
        set_deadline(pg, next);
        return 0;
}

void pg_put_back(Pg *pg, PgRequest *request)
{
        LIST_PREPEND(queue, pg->queue, request);
        if (!pg->queue_tail)
                pg->queue_tail = request;
        if (deadline_of(request) < pg->next_deadline)
                set_deadline(pg, request->deadline);
}

PgRequest *pg_take_next(Pg *pg)
{
        PgRequest *request = pg->queue;
        int pausing = SD_EVENT_OFF;

        /* While the first of the queue waits for its next try everybody waits, for the order's sake; but
         * without space, where the wait can be long, reads go on. */
        (void) sd_event_source_get_enabled(pg->retry, &pausing);
        if (pausing != SD_EVENT_OFF) {
                if (pg->state != PG_OUT_OF_SPACE)
                        return NULL;
                LIST_FOREACH (queue, request, pg->queue) {
                        if (request->read_only && !request->refused)
                                break;
                }
        }
        if (request)
                queue_remove(pg, request);
        return request;
}

void pg_kick(Pg *pg)
{
        (void) sd_event_source_set_enabled(pg->kick, SD_EVENT_ONESHOT);
}

static int on_kick(sd_event_source *source _unused_, void *userdata)
{
        pg_send_next(userdata);
        return 0;
}

static int pg_on_retry(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        pg_send_next(userdata);
        return 0;
}

int pg_request_new(Pg *pg, const PgQuery *query, PgDone done, void *userdata, PgRequest **ret)
{
        PgRequest *request;
        int r;

        request = calloc(1, sizeof(*request));
        if (!request)
                return -ENOMEM;
        request->pg = pg;
        request->name = query->name ? query->name : "session";
        request->sql = strdup(query->sql);
        if (!request->sql) {
                request_destroy(request);
                return -ENOMEM;
        }
        request->read_only = query->read_only;
        request->deadline = USEC_INFINITY;
        request->done = done;
        request->userdata = userdata;
        r = pg_params_new(query->values, query->n_values, &request->params);
        if (r < 0) {
                request_destroy(request);
                return r;
        }
        *ret = request;
        return 0;
}

int pg_submit(Pg *pg, const PgQuery *query, uint64_t deadline, PgDone done, void *userdata, PgRequest **ret)
{
        PgRequest *request;
        int r;

        assert(pg);
        assert(query);
        assert(query->sql);

        r = pg_request_new(pg, query, done, userdata, &request);
        if (r < 0)
                return r;
        request->deadline = deadline;
        queue_append(pg, request);
        if (deadline < pg->next_deadline)
                set_deadline(pg, deadline);
        pg_kick(pg);
        if (ret)
                *ret = request;
        return 0;
}

PgRequest *pg_request_free(PgRequest *request)
{
        if (!request)
                return NULL;

        request->done = NULL;
        if (request->sent || request->ended)
                return NULL; /* it ends by itself */
        if (request->is_gate)
                request->pg->at_gate = NULL;
        else
                queue_remove(request->pg, request);
        request_destroy(request);
        return NULL;
}

int pg_new(sd_event *event, const char *conninfo, PgStateFn on_state, void *userdata, Pg **ret)
{
        _cleanup_(pg_freep) Pg *pg = NULL;
        int r;

        assert(event);
        assert(ret);

        if (text_is_empty(conninfo))
                conninfo = PG_CONNINFO_PRIVATE;

        pg = calloc(1, sizeof(*pg));
        if (!pg)
                return -ENOMEM;
        pg->event = sd_event_ref(event);
        pg->on_state = on_state;
        pg->state = PG_CONNECTING;
        pg->userdata = userdata;
        pg->next_deadline = USEC_INFINITY;
        r = pg_parse_url(conninfo, &pg->place, &pg->password, NULL);
        if (r < 0)
                return r;
        pg->conninfo = strdup(conninfo);
        if (!pg->conninfo)
                return -ENOMEM;

        r = sd_event_add_time_relative(event, &pg->timer, CLOCK_MONOTONIC, 0, PAUSE_ACCURACY_USEC,
                                       pg_on_timer, pg);
        if (r < 0)
                return r;
        r = sd_event_add_time(event, &pg->deadline, CLOCK_MONOTONIC, USEC_INFINITY, 0, pg_on_deadline, pg);
        if (r < 0)
                return r;
        r = sd_event_add_time(event, &pg->retry, CLOCK_MONOTONIC, USEC_INFINITY, PAUSE_ACCURACY_USEC,
                              pg_on_retry, pg);
        if (r < 0)
                return r;
        r = sd_event_add_defer(event, &pg->kick, on_kick, pg);
        if (r < 0)
                return r;
        (void) sd_event_source_set_enabled(pg->deadline, SD_EVENT_OFF);
        (void) sd_event_source_set_enabled(pg->retry, SD_EVENT_OFF);
        (void) sd_event_source_set_enabled(pg->kick, SD_EVENT_OFF);
        (void) sd_event_source_set_description(pg->timer, "database-timer");
        (void) sd_event_source_set_description(pg->deadline, "database-deadline");
        (void) sd_event_source_set_description(pg->retry, "database-retry");
        (void) sd_event_source_set_description(pg->kick, "database-send");

        *ret = TAKE_PTR(pg);
        return 0;
}

Pg *pg_free(Pg *pg)
{
        PgRequest *request, *next;

        if (!pg)
                return NULL;

        LIST_FOREACH_SAFE (queue, request, next, pg->queue)
                request_destroy(request);
        if (pg->in_flight && pg->in_flight != pg->at_gate)
                request_destroy(pg->in_flight);
        if (pg->at_gate)
                request_destroy(pg->at_gate);
        sd_event_source_disable_unref(pg->io);
        sd_event_source_disable_unref(pg->timer);
        sd_event_source_disable_unref(pg->deadline);
        sd_event_source_disable_unref(pg->retry);
        sd_event_source_disable_unref(pg->kick);
        PQclear(pg->answer);
        PQfinish(pg->connection);
        sd_event_unref(pg->event);
        secret_free(pg->password);
        secret_free(pg->conninfo);
        free(pg->sentence);
        free(pg->farewell);
        free(pg);
        return NULL;
}
