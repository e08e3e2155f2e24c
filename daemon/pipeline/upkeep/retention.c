/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/upkeep/retention.h"

#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/model/removed-app.h"
#include "daemon/pipeline/jobs/reap.h"
#include "daemon/pipeline/upkeep/purge.h"

/* Data is kept for days: nobody minds, and the machine wakes up less. */
#define RETENTION_ACCURACY_USEC (60 * USEC_PER_SEC)

/* Longest timer: a clock that was set is noticed within that time. */
#define RETENTION_LOOK_USEC (24 * 3600 * USEC_PER_SEC)

/* A row on its way to `deleting`. */
typedef struct Due {
        Pipeline *pipeline;
        uint64_t id;
} Due;

static int retention_on_time(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        retention_poll(userdata);
        return 0;
}

static int retention_set_timer(Pipeline *pipeline, uint64_t in_usec)
{
        int r;

        if (!pipeline->retention)
                return sd_event_add_time_relative(pipeline->params.event, &pipeline->retention,
                                                  CLOCK_BOOTTIME, in_usec, RETENTION_ACCURACY_USEC,
                                                  retention_on_time, pipeline);
        r = sd_event_source_set_time_relative(pipeline->retention, in_usec);
        return r < 0 ? r : sd_event_source_set_enabled(pipeline->retention, SD_EVENT_ONESHOT);
}

static void retention_on_wiped(Pipeline *pipeline, uint64_t id, int error, _unused_ void *userdata)
{
        RemovedApp *removed = removed_app_by_id(pipeline->model, id);
        const StoreAsk ask = { .actor = STORE_DEPLOYD, .deadline = USEC_INFINITY };

        if (error < 0 || !removed)
                return;
        log_info("The data of app %s, number %" PRIu64 ", which was removed, is deleted", removed->name, id);
        (void) store_removed_app_set_data(pipeline->store, id, /* deleted= */ true, &ask);
        removed_app_free(pipeline->model, removed);
}

static void retention_on_marked(void *userdata, int error, _unused_ const StoreReply *reply)
{
        _cleanup_free_ Due *due = userdata;
        RemovedApp *removed = removed_app_by_id(due->pipeline->model, due->id);

        if (!removed)
                return;
        /* An app has taken it over, or the database does not answer: the row says so at the next start. */
        if (error < 0) {
                removed->deleting = false;
                return;
        }
        purge_data(due->pipeline, removed, retention_on_wiped);
}

/* The row first: what it says is done again after a crash, and no app can take the data over any more. */
static void retention_begin(Pipeline *pipeline, RemovedApp *removed)
{
        Due *due = calloc(1, sizeof(Due));
        StoreAsk ask = { STORE_DEPLOYD, USEC_INFINITY, retention_on_marked, due, free };

        if (due)
                *due = (Due){ pipeline, removed->id };
        removed->deleting = true;
        if (!due ||
            store_removed_app_set_data(pipeline->store, removed->id, /* deleted= */ false, &ask) < 0) {
                free(due);
                pipeline_fatal(pipeline, "a change could not be sent to the database");
        }
}

void retention_resume(Pipeline *pipeline)
{
        RemovedApp *removed;

        assert(pipeline);

        LIST_FOREACH (removed_apps, removed, pipeline->model->removed_apps)
                removed->deleting = false;
        retention_poll(pipeline);
}

void retention_poll(Pipeline *pipeline)
{
        uint64_t now = clock_usec(CLOCK_REALTIME), next = RETENTION_LOOK_USEC;
        RemovedApp *removed, *after;

        assert(pipeline);

        /* A unit that is gone while deployd takes up what runs: retention_resume() comes behind that. */
        if (!pipeline->resumed || !pipeline->model->removed_apps)
                return;
        LIST_FOREACH_SAFE (removed_apps, removed, after, pipeline->model->removed_apps) {
                if (removed->deleting || reap_is_pending_for_name(pipeline, UNIT_APP, removed->name))
                        continue;
                if (removed->keep_until <= now)
                        retention_begin(pipeline, removed);
                else
                        next = MIN2(next, removed->keep_until - now);
        }
        if (retention_set_timer(pipeline, next) < 0)
                pipeline_fatal(pipeline, "a timer could not be set");
}
