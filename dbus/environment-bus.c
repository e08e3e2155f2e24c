/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/environment-bus.h"

#include <errno.h>

#include "base/names.h"
#include "base/text.h"
#include "daemon/model/app.h"
#include "dbus/bus-args.h"
#include "dbus/bus-object.h"
#include "dbus/deployment-bus.h"

/* Bytes of a refused name that are shown. */
#define NAME_SHOWN_MAX 60

static int check_name(const char *name, sd_bus_error *reterr)
{
        _cleanup_free_ char *shown = text_sanitize(name, NAME_SHOWN_MAX);

        if (!variable_name_is_valid(name))
                return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                         "'%s' is no name of a variable: " VARIABLE_NAME_RULE,
                                         text_or_empty(shown));
        if (variable_is_reserved(name))
                return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                         "%s is set by deployd or systemd and cannot be set here",
                                         text_or_empty(shown));
        return 0;
}

static int read_set(sd_bus_message *message, Variables *environment, sd_bus_error *reterr)
{
        const char *name, *value;
        int r;

        r = sd_bus_message_enter_container(message, 'a', "{ss}");
        while (r >= 0 && (r = sd_bus_message_read(message, "{ss}", &name, &value)) > 0) {
                r = check_name(name, reterr);
                if (r < 0)
                        return r;
                if (!variable_value_is_valid(value))
                        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                                 "the value of %s is not allowed: " VARIABLE_VALUE_RULE,
                                                 name);
                r = variables_set(environment, name, value);
                if (r == -E2BIG)
                        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                                 "the environment of an app has at most %zu bytes",
                                                 VARIABLES_SIZE_MAX);
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_unset(sd_bus_message *message, Variables *environment, sd_bus_error *reterr)
{
        const char *name;
        int r;

        r = sd_bus_message_enter_container(message, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read_basic(message, 's', &name)) > 0) {
                r = check_name(name, reterr);
                if (r < 0)
                        return r;
                variables_unset(environment, name);
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

/* The app's variables with what the call changes, into *ret, which is empty. */
static int read_changes(BusCall *call, const App *app, Variables *ret, sd_bus_error *reterr)
{
        int r = variables_copy(ret, app_variables(app));

        if (r >= 0)
                r = read_set(call->message, ret, reterr);
        return r < 0 ? r : read_unset(call->message, ret, reterr);
}

int environment_bus_stage(BusCall *call, void *noun, sd_bus_error *reterr)
{
        _cleanup_variables_ Variables environment = {};
        int r = read_changes(call, noun, &environment, reterr);

        return r < 0 ? r
                     : app_stage_environment(call->bus->params.pipeline, noun, &environment, &call->call,
                                             reterr);
}

int environment_bus_set(BusCall *call, void *noun, sd_bus_error *reterr)
{
        App *app = noun;
        _cleanup_variables_ Variables environment = {};
        int r = read_changes(call, app, &environment, reterr);

        if (r < 0)
                return r;
        return app_set_environment(call->bus->params.pipeline, app, &environment, &call->call, reterr);
}

int environment_bus_set_reply(BusCall *call, uint64_t id, sd_bus_message *reply)
{
        return id == 0 ? sd_bus_message_append(reply, "to", (uint64_t) 0, "/")
                       : deployment_bus_reply(call, id, reply);
}

int environment_bus_get(BusCall *call, _unused_ void *noun, _unused_ sd_bus_error *reterr)
{
        call->call.done(call->call.userdata, NULL, 0);
        return 0;
}

int environment_bus_get_reply(BusCall *call, _unused_ uint64_t id, sd_bus_message *reply)
{
        const BusObject *object = bus_object_find(call->bus, sd_bus_message_get_path(call->message));
        const Variables *variables;
        int r;

        if (!object)
                return -ENOENT;
        variables = app_variables(object->noun);
        r = sd_bus_message_open_container(reply, 'a', "{ss}");
        for (size_t i = 0; r >= 0 && i < variables->n; i++)
                r = sd_bus_message_append(reply, "{ss}", variables->items[i].name,
                                          variables->items[i].value);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}
