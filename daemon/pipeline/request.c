/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/names.h"
#include "base/text.h"

Request *request_new(Pipeline *pipeline, const Call *call,
                     void (*apply)(Request *request, int error, const StoreReply *reply), const char *name,
                     const char *text, const char *more, uint64_t id)
{
        _cleanup_(request_freep) Request *request = calloc(1, sizeof(Request));

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

Request *request_free(Request *request)
{
        App *app;

        if (!request)
                return NULL;
        app = request->changes ? request_app(request) : NULL;
        if (app)
                app->changing = false;
        free(request->name);
        free(request->text);
        free(request->more);
        app_settings_clear(&request->settings);
        variables_clear(&request->environment);
        free(request);
        return NULL;
}

App *request_app(const Request *request)
{
        App *app = model_app(request->pipeline->model, request->name);

        return app && app->id == request->id ? app : NULL;
}

int request_change(Request **request, App *app, sd_bus_error *reterr)
{
        assert(request);
        assert(app);

        if (app->changing) {
                request_free(*request);
                *request = NULL;
                return sd_bus_error_setf(reterr, BUS_ERROR_APP_BUSY,
                                         "another change of %s is being stored: try again in a moment",
                                         app->name);
        }
        app->changing = (*request)->changes = true;
        return 0;
}

static void on_done(void *userdata, int error, const StoreReply *reply)
{
        Request *request = userdata;

        switch (error) {
        case -ETIMEDOUT:
        case -ECONNABORTED:
        case -EAGAIN:
                request_refuse(request, BUS_ERROR_DATABASE_UNAVAILABLE, "the database does not answer: %s",
                               reply->sentence[0] ? reply->sentence : "try again in a moment");
                break;
        case -ENOSPC:
                request_refuse(request, BUS_ERROR_DATABASE_UNAVAILABLE,
                               "the database is out of space: free some on the disk of " PATH_STATE);
                break;
        default:
                request->apply(request, error, reply);
        }
}

static void on_dropped(void *userdata)
{
        request_free(userdata);
}

StoreAsk request_ask(Request *request)
{
        uint64_t queue_share;

        assert(request);

        queue_share = request->call.uid == 0 ? 0 : pipeline_config(request->pipeline)->queue_max_per_user;
        return (StoreAsk){
                .actor = request->call.uid,
                .deadline = clock_usec(CLOCK_MONOTONIC) + REQUEST_PATIENCE_USEC,
                .done = on_done,
                .userdata = request,
                .drop = on_dropped,
                .queue_share = queue_share,
        };
}

int request_sent(Request **request, int r, sd_bus_error *reterr)
{
        assert(request);

        if (r < 0) {
                request_free(*request);
                *request = NULL;
                return sd_bus_error_set_errno(reterr, r);
        }
        *request = NULL;
        return 0;
}

void call_answer(const Call *call, uint64_t id)
{
        assert(call);
        call->done(call->userdata, NULL, id);
}

static void refuse(const Call *call, const char *name, const char *format, va_list arguments) _printf_(3, 0);

static void refuse(const Call *call, const char *name, const char *format, va_list arguments)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) sd_bus_error_setfv(&error, name, format, arguments);
        call->done(call->userdata, &error, 0);
}

void call_refuse(const Call *call, const char *name, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        refuse(call, name, format, arguments);
        va_end(arguments);
}

void request_answer(Request *request, uint64_t id)
{
        Call call = request->call;

        request_free(request);
        call_answer(&call, id);
}

void request_refuse(Request *request, const char *name, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        refuse(&request->call, name, format, arguments);
        va_end(arguments);
        request_free(request);
}

void request_fail(Request *request, int error, const StoreReply *reply)
{
        if (error == -ESTALE)
                request_refuse(request, SD_BUS_ERROR_FAILED, "it was changed or removed meanwhile");
        else
                request_refuse(request, SD_BUS_ERROR_FAILED, "the database refused the change: %s",
                               reply->sentence[0] ? reply->sentence : "it said no more");
}
