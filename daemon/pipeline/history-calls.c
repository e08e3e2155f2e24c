/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/names.h"
#include "daemon/pipeline/internal.h"
#include "daemon/pipeline/request.h"

/* A read of the past that is under way. */
typedef struct History {
        HistoryDone done;
        void *userdata;
        uint64_t id; /* asked for one, 0 = for a list */
} History;

static int refuse_id(sd_bus_error *reterr, uint64_t id)
{
        return sd_bus_error_setf(reterr, BUS_ERROR_NO_SUCH_DEPLOYMENT, "there is no deployment %" PRIu64,
                                 id);
}

static void on_history(void *userdata, int error, const DeploymentRecord *records, size_t n_records)
{
        _cleanup_(sd_bus_error_free) sd_bus_error failure = SD_BUS_ERROR_NULL;
        _cleanup_free_ History *history = userdata;

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

static int ask_history(Pipeline *pipeline, const App *app, uint64_t before, uint64_t id, unsigned limit,
                       HistoryDone done, void *userdata, sd_bus_error *reterr)
{
        History *history = calloc(1, sizeof(History));
        uint64_t deadline = clock_usec(CLOCK_MONOTONIC) + REQUEST_PATIENCE_USEC;
        int r;

        if (!history)
                return -ENOMEM;
        *history = (History){ .done = done, .userdata = userdata, .id = id };
        r = store_history(pipeline->store, app, before, id, limit, deadline, on_history, history, free);
        if (r < 0) {
                free(history);
                return sd_bus_error_set_errno(reterr, r);
        }
        return 0;
}

int history_list(Pipeline *pipeline, const App *app, uint64_t before, unsigned limit, HistoryDone done,
                 void *userdata, sd_bus_error *reterr)
{
        assert(pipeline);
        assert(done);
        /* Ids are PostgreSQL's bigint: all of them are before a larger number. */
        return ask_history(pipeline, app, before > INT64_MAX ? 0 : before, 0, limit, done, userdata, reterr);
}

int history_describe(Pipeline *pipeline, uint64_t id, HistoryDone done, void *userdata, sd_bus_error *reterr)
{
        assert(pipeline);
        assert(done);
        if (id == 0 || id > INT64_MAX)
                return refuse_id(reterr, id);
        return ask_history(pipeline, NULL, 0, id, 1, done, userdata, reterr);
}
