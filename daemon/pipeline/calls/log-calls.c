/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked about the logs of deployments. */

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "daemon/pipeline/call.h"
#include "daemon/pipeline/upkeep/archive.h"

/* A deployment that is looked for in the database. */
typedef struct Lookup {
        Pipeline *pipeline;
        Call call;
} Lookup;

static int refuse_log(const Pipeline *pipeline, const Deployment *deployment, sd_bus_error *reterr)
{
        if (archive_reuses(deployment))
                return sd_bus_error_setf(reterr, SD_BUS_ERROR_FILE_NOT_FOUND,
                                         "the log is that of deployment %" PRIu64
                                         ", whose release deployment %" PRIu64 " runs",
                                         deployment->release_id, deployment->id);
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_FILE_NOT_FOUND,
                                 "deployment %" PRIu64 " has no archived log%s", deployment->id,
                                 deployment_status_is_unfinished(deployment->status) ||
                                                 archive_is_being_written(pipeline, deployment->id)
                                         ? " yet"
                                         : "");
}

int deployment_open_log(Pipeline *pipeline, Deployment *deployment, const Call *call, sd_bus_error *reterr)
{
        assert(pipeline);
        assert(deployment);

        if (deployment->logs_path[0] == '\0' || access(deployment->logs_path, F_OK) < 0)
                return refuse_log(pipeline, deployment, reterr);
        return archive_read(pipeline, deployment->app, deployment->id, call);
}

/* What another deployment built is in the log of that one. */
static uint64_t log_owner(uint64_t id, uint64_t release_id)
{
        return release_id != 0 ? release_id : id;
}

static void on_record(void *userdata, const sd_bus_error *error, const DeploymentRecord *records,
                      size_t n_records)
{
        _cleanup_free_ Lookup *lookup = userdata;
        const App *app = !error && n_records == 1 ? model_app(lookup->pipeline->model, records->app) : NULL;
        int r;

        if (error) {
                lookup->call.done(lookup->call.userdata, error, 0);
                return;
        }
        if (!app) {
                call_refuse(&lookup->call, SD_BUS_ERROR_FILE_NOT_FOUND, "its app is being removed");
                return;
        }
        r = archive_read(lookup->pipeline, app, log_owner(records->id, records->release_id), &lookup->call);
        if (r < 0)
                call_refuse(&lookup->call, SD_BUS_ERROR_NO_MEMORY, "out of memory");
}

static int refuse_early(sd_bus_error *reterr, uint64_t id)
{
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_FILE_NOT_FOUND,
                                 "deployment %" PRIu64 " has not begun yet", id);
}

int log_open(Pipeline *pipeline, uint64_t id, const Call *call, sd_bus_error *reterr)
{
        _cleanup_free_ Lookup *lookup = NULL;
        const Deployment *deployment;
        int r;

        assert(pipeline);
        assert(call);

        deployment = model_deployment(pipeline->model, id);
        if (deployment && deployment->started_at == 0 && deployment_status_is_unfinished(deployment->status))
                return refuse_early(reterr, id);
        if (deployment)
                return archive_read(pipeline, deployment->app, log_owner(id, deployment->release_id), call);
        lookup = malloc(sizeof(Lookup));
        if (!lookup)
                return -ENOMEM;
        *lookup = (Lookup){ .pipeline = pipeline, .call = *call };
        r = history_describe(pipeline, id, call->uid, on_record, lookup, reterr);
        if (r >= 0)
                TAKE_PTR(lookup);
        return r;
}
