/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/calls/deployment-calls.h"

#include <errno.h>
#include <inttypes.h>

#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/calls/pending-call.h"
#include "daemon/pipeline/files/disk-space.h"
#include "daemon/pipeline/flow/attempt.h"
#include "daemon/pipeline/flow/cancellation.h"
#include "daemon/pipeline/jobs/sandbox-probe.h"

void deployments_cancel_all(Pipeline *pipeline, App *app)
{
        Deployment *deployment;

        LIST_FOREACH (app_deployments, deployment, app->deployments)
                if (deployment_status_is_unfinished(deployment->status))
                        attempt_handle(pipeline, deployment, FLOW_CANCEL, NULL);
}

int deployment_cancel(Pipeline *pipeline, Deployment *deployment, const Call *call, sd_bus_error *reterr)
{
        int r;

        assert(pipeline);
        assert(deployment);
        assert(call);

        if (deployment_status_is_finished(deployment->status))
                return sd_bus_error_setf(reterr, BUS_ERROR_ALREADY_FINISHED,
                                         "deployment %" PRIu64 " is %s already", deployment->id,
                                         deployment_status_to_string(deployment->status));
        r = cancellation_add(pipeline, deployment, call);
        if (r < 0)
                return r;
        attempt_handle(pipeline, deployment, FLOW_CANCEL, NULL);
        return 0;
}

static void deployment_on_created(Request *request, int error, const StoreReply *reply)
{
        Pipeline *pipeline = request->pipeline;
        App *app = model_app(pipeline->model, request->name);
        _cleanup_(deployment_freep) Deployment *deployment = NULL;
        uint64_t id = reply->id;

        if (error == -ESTALE)
                return pending_call_refuse_full(request);
        if (error == -EINVAL && request->more)
                return pending_call_refuse(request, SD_BUS_ERROR_INVALID_ARGS,
                                           "request-id %s was used for another deployment: "
                                           "take a new one for each",
                                           request->more);
        if (error == -EBUSY || (error == 0 && !app))
                return pending_call_refuse(request, BUS_ERROR_NO_SUCH_APP, "there is no app named %s",
                                           request->name);
        if (error < 0)
                return pending_call_fail(request, error, reply);
        /* The same request once more: the deployment is there, published or past. */
        if (reply->number == 1 || model_deployment(pipeline->model, id))
                return pending_call_answer(request, id);

        deployment = deployment_new(app, id);
        if (!deployment || text_replace(&deployment->requested_revision, request->text) < 0)
                return pipeline_oom(pipeline);
        deployment->kind = request->kind;
        deployment->status = DEPLOYMENT_QUEUED;
        deployment->created_at = reply->at;
        deployment->requested_by = request->call.uid;
        if ((app->status == APP_NEW || app->status == APP_FAILED) && !app->live)
                app->status = APP_DEPLOYING;
        if (model_add_deployment(pipeline->model, deployment) < 0)
                return pipeline_oom(pipeline);
        pending_call_answer(request, id);
        attempt_enter(pipeline, TAKE_PTR(deployment));
}

int deployment_create(Pipeline *pipeline, App *app, const char *revision, const char *request_id,
                      DeploymentKind kind, const Call *call, sd_bus_error *reterr)
{
        _cleanup_free_ char *no_space = NULL, *no_sandbox = NULL;
        Request *request;
        StoreAsk ask;

        assert(pipeline);
        assert(app);
        assert(revision);
        assert(deployment_kind_is_of_commit(kind));

        if (disk_space_check(pipeline, &no_space) < 0)
                return -ENOMEM;
        if (no_space)
                return sd_bus_error_set(reterr, BUS_ERROR_NO_SPACE, no_space);
        if (app_settings_build(&app->settings) && sandbox_probe_allow_build(pipeline, &no_sandbox) < 0)
                return no_sandbox ? sd_bus_error_set(reterr, BUS_ERROR_SANDBOX_UNAVAILABLE, no_sandbox)
                                  : -ENOMEM;

        request = pending_call_new(pipeline, call, deployment_on_created, app->name, revision, request_id,
                                   app->id);
        if (!request)
                return -ENOMEM;
        request->kind = kind;
        ask = pending_call_ask(request);
        return pending_call_sent(&request,
                                 store_deployment_insert(pipeline->store, app, revision, request_id, kind,
                                                         pipeline_config(pipeline)->queue_max, &ask),
                                 reterr);
}
