/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/calls/history-calls.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/names.h"
#include "daemon/pipeline/calls/pending-call.h"

#define PATIENCE_ACCURACY (100 * USEC_PER_MSEC)

/* A read of the past. */
typedef struct History {
        Pipeline *pipeline;
        uid_t uid;
        uint64_t app, before;
        uint64_t id; /* asked for one, 0 = for a list */
        unsigned limit;
        uint64_t deadline; /* CLOCK_MONOTONIC, in microseconds */
        HistoryDone done;
        void *userdata;
        LIST_FIELDS(struct History, histories);
} History;

static int refuse_id(sd_bus_error *reterr, uint64_t id)
{
        return sd_bus_error_setf(reterr, BUS_ERROR_NO_SUCH_DEPLOYMENT, "there is no deployment %" PRIu64,
                                 id);
}

/* Tells the end, and frees the read, which is in no list any more. */
static void history_finish(History *given, int error, const DeploymentRecord *records, size_t n_records)
{
        _cleanup_(sd_bus_error_free) sd_bus_error failure = SD_BUS_ERROR_NULL;
        _cleanup_free_ History *history = given;

        if (error == -ETIMEDOUT || error == -ECONNABORTED || error == -EAGAIN)
                (void) sd_bus_error_set(&failure, BUS_ERROR_DATABASE_UNAVAILABLE,
                                        "the database does not answer: try again in a moment");
        else if (error < 0)
                (void) sd_bus_error_setf(&failure, BUS_ERROR_DATABASE_UNAVAILABLE,
                                         "the past could not be read: %s", strerror(-error));
        else if (history->id != 0 && n_records == 0)
                (void) refuse_id(&failure, history->id);
        if (sd_bus_error_is_set(&failure))
                history->done(history->userdata, &failure, NULL, 0);
        else
                history->done(history->userdata, NULL, records, n_records);
}

/* The oldest of the user whose turn is next: users come in the order of their numbers, round and round. */
static History *history_choose(const Pipeline *pipeline)
{
        uid_t last = pipeline->history_uid;
        History *history, *next = NULL;

        LIST_FOREACH (histories, history, pipeline->histories)
                if (!next || history->uid - last - 1 < next->uid - last - 1)
                        next = history;
        return next;
}

static void begin_next(Pipeline *pipeline);

static void on_history(void *userdata, int error, const DeploymentRecord *records, size_t n_records)
{
        History *history = userdata;
        Pipeline *pipeline = history->pipeline;

        pipeline->history = NULL;
        history_finish(history, error, records, n_records);
        begin_next(pipeline);
}

static void history_on_dropped(void *userdata)
{
        History *history = userdata;

        history->pipeline->history = NULL;
        history_finish(history, -ECANCELED, NULL, 0);
}

static int history_begin(Pipeline *pipeline, History *history)
{
        int r;

        LIST_REMOVE(histories, pipeline->histories, history);
        pipeline->history_uid = history->uid;
        pipeline->history = history;
        r = store_history(pipeline->store, history->app, history->before, history->id, history->limit,
                          history->deadline, on_history, history, history_on_dropped);
        if (r < 0)
                pipeline->history = NULL;
        return r;
}

/* The callback of one that fails may ask for another. */
static void begin_next(Pipeline *pipeline)
{
        while (!pipeline->history && pipeline->histories) {
                History *history = history_choose(pipeline);
                int r = history_begin(pipeline, history);

                if (r < 0)
                        history_finish(history, r, NULL, 0);
        }
}

static void plan_patience(Pipeline *pipeline)
{
        const History *history;
        uint64_t first = USEC_INFINITY;

        LIST_FOREACH (histories, history, pipeline->histories)
                first = MIN2(first, history->deadline);
        (void) sd_event_source_set_time(pipeline->history_patience, first);
        (void) sd_event_source_set_enabled(pipeline->history_patience,
                                           first == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

void histories_expire(Pipeline *pipeline, uint64_t now)
{
        History *history, *next;

        LIST_FOREACH_SAFE (histories, history, next, pipeline->histories) {
                if (history->deadline > now)
                        continue;
                LIST_REMOVE(histories, pipeline->histories, history);
                history_finish(history, -ETIMEDOUT, NULL, 0);
        }
        plan_patience(pipeline);
}

static int history_on_patience(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        histories_expire(userdata, clock_usec(CLOCK_MONOTONIC));
        return 0;
}

static int ask_history(const History *given, sd_bus_error *reterr)
{
        Pipeline *pipeline = given->pipeline;
        History *history;
        int r;

        if (!pipeline->history_patience) {
                r = sd_event_add_time(pipeline->params.event, &pipeline->history_patience, CLOCK_MONOTONIC,
                                      USEC_INFINITY, PATIENCE_ACCURACY, history_on_patience, pipeline);
                if (r < 0)
                        return r;
        }
        history = calloc(1, sizeof(History));
        if (!history)
                return -ENOMEM;
        *history = *given;
        history->deadline = clock_usec(CLOCK_MONOTONIC) + REQUEST_PATIENCE_USEC;
        LIST_APPEND(histories, pipeline->histories, history);
        if (pipeline->history) {
                plan_patience(pipeline);
                return 0;
        }
        r = history_begin(pipeline, history);
        if (r < 0) {
                free(history);
                return sd_bus_error_set_errno(reterr, r);
        }
        return 0;
}

int history_list(Pipeline *pipeline, const App *app, uint64_t before, unsigned limit, uid_t uid,
                 HistoryDone done, void *userdata, sd_bus_error *reterr)
{
        assert(pipeline);
        assert(done);
        return ask_history(&(History){ .pipeline = pipeline,
                                       .uid = uid,
                                       .app = app ? app->id : 0,
                                       /* Ids are PostgreSQL's bigint: all of them are before a larger
                                          number. */
                                       .before = before > INT64_MAX ? 0 : before,
                                       .limit = limit,
                                       .done = done,
                                       .userdata = userdata },
                           reterr);
}

int history_describe(Pipeline *pipeline, uint64_t id, uid_t uid, HistoryDone done, void *userdata,
                     sd_bus_error *reterr)
{
        assert(pipeline);
        assert(done);
        if (id == 0 || id > INT64_MAX)
                return refuse_id(reterr, id);
        return ask_history(&(History){ .pipeline = pipeline,
                                       .uid = uid,
                                       .id = id,
                                       .limit = 1,
                                       .done = done,
                                       .userdata = userdata },
                           reterr);
}

void histories_free(Pipeline *pipeline)
{
        pipeline->history_patience = sd_event_source_disable_unref(pipeline->history_patience);
        while (pipeline->histories) {
                History *history = pipeline->histories;

                LIST_REMOVE(histories, pipeline->histories, history);
                history_finish(history, -ECANCELED, NULL, 0);
        }
}
