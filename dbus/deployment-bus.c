/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/deployment-bus.h"

#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "daemon/model/deployment.h"
#include "dbus/bus-args.h"
#include "dbus/bus-getter.h"
#include "dbus/bus-object.h"
#include "dbus/bus-path.h"

#define REQUEST_ID_LENGTH_MAX 128

static int get_app(BUS_GETTER)
{
        const Deployment *deployment = userdata;
        _cleanup_free_ char *app = bus_path_app(deployment->app->name);

        return app ? sd_bus_message_append(reply, "o", app) : -ENOMEM;
}

static int get_app_name(BUS_GETTER)
{
        const Deployment *deployment = userdata;

        return sd_bus_message_append(reply, "s", deployment->app->name);
}

static int deployment_bus_get_status(BUS_GETTER)
{
        const Deployment *deployment = userdata;

        return sd_bus_message_append(reply, "s", deployment_status_to_string(deployment->status));
}

static int get_units(BUS_GETTER)
{
        const Deployment *deployment = userdata;
        const Instance *instance;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "s");
        LIST_FOREACH (instances, instance, deployment->instances)
                if (r >= 0)
                        r = sd_bus_message_append(reply, "s", instance->unit);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* Appends sentences that each end with a newline, as `as`. */
static int append_sentences(sd_bus_message *reply, const char *some, const char *more)
{
        _cleanup_free_ char *sentences = text_format("%s%s", some, more);
        char *rest = sentences, *sentence;
        int r;

        if (!sentences)
                return -ENOMEM;
        r = sd_bus_message_open_container(reply, 'a', "s");
        while (r >= 0 && (sentence = strsep(&rest, "\n")))
                if (sentence[0] != '\0')
                        r = sd_bus_message_append(reply, "s", sentence);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_warnings(BUS_GETTER)
{
        return append_sentences(reply, ((const Deployment *) userdata)->warnings, "");
}

static int check_request_id(const Bus *bus, const BusOption *option, const void *value, sd_bus_error *reterr)
{
        const char *text = value;
        size_t length = strlen(text);

        (void) bus;
        if (length > 0 && length <= REQUEST_ID_LENGTH_MAX)
                while (*text >= ' ' && *text <= '~')
                        text++;
        if (length > 0 && *text == '\0')
                return 0;
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                 "%s is 1 to %d printable ASCII characters", option->name,
                                 REQUEST_ID_LENGTH_MAX);
}

typedef struct DeployOptions {
        char *request_id;
        bool rebuild;
} DeployOptions;

static void deploy_options_done(DeployOptions *options)
{
        free(options->request_id);
}

static const BusOption deploy_options[] = {
        { "request-id", "s", offsetof(DeployOptions, request_id), check_request_id, NULL },
        { "rebuild", "b", offsetof(DeployOptions, rebuild), NULL, NULL },
};

int deployment_bus_create(BusCall *call, App *app, sd_bus_error *reterr)
{
        _cleanup_(deploy_options_done) DeployOptions options = {};
        const char *revision;
        int r;

        r = sd_bus_message_read(call->message, "s", &revision);
        if (r >= 0)
                r = bus_args_check_revision("revision", revision, true, reterr);
        if (r >= 0)
                r = bus_args_read_options(call->bus, call->message, deploy_options,
                                          ELEMENTSOF(deploy_options), NULL, &options, reterr);
        if (r < 0)
                return r;
        return deployment_create(call->bus->params.pipeline, app, revision, options.request_id,
                                 options.rebuild ? DEPLOYMENT_REBUILD : DEPLOYMENT_DEPLOY, &call->call,
                                 reterr);
}

static int append_summary(sd_bus_message *reply, const char *sentence, const char *quote)
{
        _cleanup_free_ char *whole = text_format("%s%s", sentence, quote);

        return whole ? sd_bus_message_append(reply, "v", "s", whole) : -ENOMEM;
}

int deployment_bus_reply(BusCall *call, uint64_t id, sd_bus_message *reply)
{
        _cleanup_free_ char *path = bus_path_deployment(id);

        (void) call;
        return path ? sd_bus_message_append(reply, "to", id, path) : -ENOMEM;
}

int deployment_bus_quoting(const void *noun, const char *property, sd_bus_message *reply)
{
        const Deployment *deployment = noun;
        const char *quote = deployment->status_quote;
        int r;

        if (strcmp(property, "ErrorSummary") == 0)
                r = append_summary(reply, deployment->error_summary, deployment->error_quote);
        else if (strcmp(property, "StatusText") == 0)
                r = sd_bus_message_append(reply, "v", "s",
                                          quote[0] != '\0' ? quote : deployment->status_text);
        else if (strcmp(property, "Warnings") == 0) {
                r = sd_bus_message_open_container(reply, 'v', "as");
                if (r >= 0)
                        r = append_sentences(reply, deployment->warnings, deployment->warnings_quoted);
                if (r >= 0)
                        r = sd_bus_message_close_container(reply);
        } else
                return 0;
        return r < 0 ? r : 1;
}

int deployment_bus_append_quoting(const Deployment *deployment, sd_bus_message *reply)
{
        static const char *const names[] = { "ErrorSummary", "StatusText", "Warnings" };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(names); i++) {
                r = sd_bus_message_open_container(reply, 'e', "sv");
                if (r >= 0)
                        r = sd_bus_message_append(reply, "s", names[i]);
                if (r >= 0)
                        r = deployment_bus_quoting(deployment, names[i], reply);
                if (r >= 0)
                        r = sd_bus_message_close_container(reply);
        }
        return r < 0 ? r : 0;
}

int deployment_bus_append_record_quoting(const DeploymentRecord *record, sd_bus_message *reply)
{
        int r;

        r = sd_bus_message_open_container(reply, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(reply, "s", "ErrorSummary");
        if (r >= 0)
                r = append_summary(reply, text_or_empty(record->error_summary),
                                   text_or_empty(record->error_quote));
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

int deployment_bus_append_record(const DeploymentRecord *record, sd_bus_message *reply)
{
        _cleanup_free_ char *app = bus_path_app(record->app);

        if (!app)
                return -ENOMEM;
        /* A row of arguments for each property in the vtable below. */
        return sd_bus_message_append(reply, "a{sv}", 19,                                         //
                                     "Id", "t", record->id,                                      //
                                     "App", "o", app,                                            //
                                     "AppName", "s", record->app,                                //
                                     "Status", "s", deployment_status_to_string(record->status), //
                                     "RequestedRevision", "s", record->requested_revision,       //
                                     "Revision", "s", text_or_empty(record->revision),           //
                                     "ImageTag", "s", text_or_empty(record->image_tag),          //
                                     "AssignedPort", "q", record->assigned_port,                 //
                                     "Units", "as", 0,                                           //
                                     "Progress", "d", -1.0,                                      //
                                     "SettlesAt", "t", UINT64_C(0),                              //
                                     "StatusText", "s", "",                                      //
                                     "Warnings", "as", 0,                                        //
                                     "CreatedAt", "t", record->created_at,                       //
                                     "StartedAt", "t", record->started_at,                       //
                                     "FinishedAt", "t", record->finished_at,                     //
                                     "ErrorSummary", "s", text_or_empty(record->error_summary),  //
                                     "LogsPath", "s", text_or_empty(record->logs_path),          //
                                     "RequestedBy", "u", record->requested_by);
}

static int run_cancel(BusCall *call, void *noun, sd_bus_error *reterr)
{
        return deployment_cancel(call->bus->params.pipeline, noun, &call->call, reterr);
}

static int run_open_log(BusCall *call, void *noun, sd_bus_error *reterr)
{
        return deployment_open_log(call->bus->params.pipeline, noun, &call->call, reterr);
}

int deployment_bus_reply_log(BusCall *call, uint64_t id, sd_bus_message *reply)
{
        (void) call;
        return sd_bus_message_append(reply, "h", (int) id);
}

static int deployment_bus_status(const void *noun)
{
        return (int) ((const Deployment *) noun)->status;
}

static int about_app_of_it(_unused_ BusCall *call, void *noun, BusRight *right,
                           _unused_ sd_bus_error *reterr)
{
        right->key = "app";
        right->name = ((const Deployment *) noun)->app->name;
        return 0;
}

static const BusMethod methods[] = {
        { "Cancel", ACTION_DEPLOY, run_cancel, NULL, .verb = "cancel a deployment of" },
        { "OpenLog", ACTION_LOGS, run_open_log, deployment_bus_reply_log, true, .verb = "read the log of" },
};

#define CONST   SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Id", "t", NULL, offsetof(Deployment, id), CONST),
        SD_BUS_PROPERTY("App", "o", get_app, 0, CONST),
        SD_BUS_PROPERTY("AppName", "s", get_app_name, 0, CONST),
        SD_BUS_PROPERTY("Status", "s", deployment_bus_get_status, 0, CHANGES),
        SD_BUS_PROPERTY("RequestedRevision", "s", NULL, offsetof(Deployment, requested_revision), CONST),
        SD_BUS_PROPERTY("Revision", "s", NULL, offsetof(Deployment, revision), CHANGES),
        SD_BUS_PROPERTY("ImageTag", "s", NULL, offsetof(Deployment, image_tag), CHANGES),
        SD_BUS_PROPERTY("AssignedPort", "q", NULL, offsetof(Deployment, assigned_port), CHANGES),
        SD_BUS_PROPERTY("Units", "as", get_units, 0, CHANGES),
        SD_BUS_PROPERTY("Progress", "d", NULL, offsetof(Deployment, progress), CHANGES),
        SD_BUS_PROPERTY("SettlesAt", "t", NULL, offsetof(Deployment, settles_at), CHANGES),
        SD_BUS_PROPERTY("StatusText", "s", NULL, offsetof(Deployment, status_text), CHANGES),
        SD_BUS_PROPERTY("Warnings", "as", get_warnings, 0, CHANGES),
        SD_BUS_PROPERTY("CreatedAt", "t", NULL, offsetof(Deployment, created_at), CHANGES),
        SD_BUS_PROPERTY("StartedAt", "t", NULL, offsetof(Deployment, started_at), CHANGES),
        SD_BUS_PROPERTY("FinishedAt", "t", NULL, offsetof(Deployment, finished_at), CHANGES),
        SD_BUS_PROPERTY("ErrorSummary", "s", NULL, offsetof(Deployment, error_summary), CHANGES),
        SD_BUS_PROPERTY("LogsPath", "s", NULL, offsetof(Deployment, logs_path), CHANGES),
        SD_BUS_PROPERTY("RequestedBy", "u", NULL, offsetof(Deployment, requested_by), CONST),
        SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, bus_caller_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OpenLog", SD_BUS_NO_ARGS, SD_BUS_RESULT("h", log), bus_caller_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

const BusClass deployment_class = {
        .interface = BUS_INTERFACE_DEPLOYMENT,
        .path = BUS_PATH_DEPLOYMENT,
        .many = true,
        .vtable = vtable,
        .methods = methods,
        .n_methods = ELEMENTSOF(methods),
        .about = about_app_of_it,
        .status = deployment_bus_status,
};
