/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/calls/pending-call.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/names.h"
#include "base/text.h"

Request *pending_call_new(Pipeline *pipeline, const Call *call,
                          void (*apply)(Request *request, int error, const StoreReply *reply),
                          const char *name, const char *text, const char *more, uint64_t id)
{
        _cleanup_(pending_call_freep) Request *request = calloc(1, sizeof(Request));

        assert(pipeline);
        assert(call);
        assert(apply);

        if (!request)
                return NULL;
        *request = (Request){ .pipeline = pipeline, .call = *call, .apply = apply, .id = id };
        if (text_replace(&request->name, name) < 0 || text_replace(&request->text, text) < 0 ||
            text_replace(&request->more, more) < 0)
                return NULL;
        return TAKE_PTR(request);
}

Request *pending_call_free(Request *request)
{
        App *app;

        if (!request)
                return NULL;
        app = request->changes ? pending_call_app(request) : NULL;
        if (app)
                app->changing = false;
        free(request->name);
        free(request->text);
        free(request->more);
        secret_free(request->credential);
        free(request->known_hosts);
        app_settings_clear(&request->settings);
        variables_clear(&request->environment);
        free(request);
        return NULL;
}

App *pending_call_app(const Request *request)
{
        App *app = model_app(request->pipeline->model, request->name);

        return app && app->id == request->id ? app : NULL;
}

int pending_call_change(Request **request, App *app, sd_bus_error *reterr)
{
        assert(request);
        assert(app);

        if (app->changing) {
                pending_call_free(*request);
                *request = NULL;
                return sd_bus_error_setf(reterr, BUS_ERROR_APP_BUSY,
                                         "another change of %s is being stored: try again in a moment",
                                         app->name);
        }
        app->changing = (*request)->changes = true;
        return 0;
}

static void pending_call_on_done(void *userdata, int error, const StoreReply *reply)
{
        Request *request = userdata;

        switch (error) {
        case -ETIMEDOUT:
        case -ECONNABORTED:
        case -EAGAIN:
                pending_call_refuse(request, BUS_ERROR_DATABASE_UNAVAILABLE,
                                    "the database does not answer: %s",
                                    reply->sentence[0] ? reply->sentence : "try again in a moment");
                break;
        case -ENOSPC:
                pending_call_refuse(request, BUS_ERROR_DATABASE_UNAVAILABLE,
                                    "the database is out of space: free some on the disk of " PATH_STATE);
                break;
        default:
                request->apply(request, error, reply);
        }
}

static void pending_call_on_dropped(void *userdata)
{
        pending_call_free(userdata);
}

StoreAsk pending_call_ask(Request *request)
{
        uint64_t queue_share;

        assert(request);

        queue_share = request->call.uid == 0 ? 0 : pipeline_config(request->pipeline)->queue_max_per_user;
        return (StoreAsk){
                .actor = request->call.uid,
                .deadline = clock_usec(CLOCK_MONOTONIC) + REQUEST_PATIENCE_USEC,
                .done = pending_call_on_done,
                .userdata = request,
                .drop = pending_call_on_dropped,
                .queue_share = queue_share,
        };
}

int pending_call_sent(Request **request, int r, sd_bus_error *reterr)
{
        assert(request);

        if (r < 0) {
                pending_call_free(*request);
                *request = NULL;
                return sd_bus_error_set_errno(reterr, r);
        }
        *request = NULL;
        return 0;
}

void pending_call_answer(Request *request, uint64_t id)
{
        Call call = request->call;

        pending_call_free(request);
        call_answer(&call, id);
}

void pending_call_refuse(Request *request, const char *name, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        call_refusev(&request->call, name, format, arguments);
        va_end(arguments);
        pending_call_free(request);
}

void pending_call_fail(Request *request, int error, const StoreReply *reply)
{
        if (error == -ESTALE)
                pending_call_refuse(request, SD_BUS_ERROR_FAILED, "it was changed or removed meanwhile");
        else
                pending_call_refuse(request, SD_BUS_ERROR_FAILED, "the database refused the change: %s",
                                    reply->sentence[0] ? reply->sentence : "it said no more");
}

void pending_call_refuse_full(Request *request)
{
        const Config *config = pipeline_config(request->pipeline);
        const Deployment *deployment;
        uint64_t n = 0;

        LIST_FOREACH (deployments, deployment, request->pipeline->model->deployments)
                n += deployment->status == DEPLOYMENT_QUEUED &&
                     deployment->requested_by == request->call.uid;
        if (request->call.uid != 0 && n >= config->queue_max_per_user)
                pending_call_refuse(
                        request, BUS_ERROR_QUEUE_FULL,
                        "%" PRIu64
                        " deployments of user %u are waiting already: queue-max-per-user of [runner] "
                        "in deploy.conf is reached",
                        n, request->call.uid);
        else
                pending_call_refuse(
                        request, BUS_ERROR_QUEUE_FULL,
                        "%" PRIu64
                        " deployments are waiting already: queue-max of [runner] in deploy.conf is "
                        "reached",
                        config->queue_max);
}
