/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/history-bus.h"

#include <errno.h>
#include <inttypes.h>

#include "base/names.h"
#include "base/text.h"
#include "dbus/bus-args.h"
#include "dbus/bus-caller.h"
#include "dbus/bus-limit.h"
#include "dbus/bus-object.h"
#include "dbus/bus-path.h"
#include "dbus/deployment-bus.h"

#define LIST_LIMIT_DEFAULT 50
#define LIST_LIMIT_MAX     1000

/* About 1 KiB. */
#define RECORDS_A_TOKEN 3

uint64_t history_bus_cost(uint32_t limit)
{
        return (limit == 0 ? LIST_LIMIT_DEFAULT : limit) / RECORDS_A_TOKEN;
}

/* Root is shown all in these replies. Others who may read logs have a method for that: a list is not worth a
 * question to polkit for each of its apps. */
static bool may_all(const BusCall *call)
{
        return call->call.uid == 0;
}

static int history_bus_append_list(const BusCall *call, sd_bus_message *reply,
                                   const DeploymentRecord *records, size_t n_records)
{
        int r;

        r = sd_bus_message_open_container(reply, 'a', "(tsssqtts)");
        for (size_t i = 0; r >= 0 && i < n_records; i++) {
                const DeploymentRecord *record = &records[i];
                _cleanup_free_ char *summary =
                        text_format("%s%s", text_or_empty(record->error_summary),
                                    may_all(call) ? text_or_empty(record->error_quote) : "");

                if (!summary)
                        return -ENOMEM;
                r = sd_bus_message_append(reply, "(tsssqtts)", record->id, record->app,
                                          deployment_status_to_string(record->status),
                                          text_or_empty(record->revision), record->assigned_port,
                                          record->created_at, record->finished_at, summary);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_first(const BusCall *call, sd_bus_message *reply, const DeploymentRecord *records,
                        size_t n_records)
{
        _cleanup_free_ char *summary = NULL;
        DeploymentRecord record;

        if (n_records != 1)
                return -EIO;
        record = records[0];
        summary = text_format("%s%s", text_or_empty(record.error_summary),
                              may_all(call) ? text_or_empty(record.error_quote) : "");
        if (!summary)
                return -ENOMEM;
        record.error_summary = summary;
        return deployment_bus_append_record(&record, reply);
}

static int append_first_quoting(_unused_ const BusCall *call, sd_bus_message *reply,
                                const DeploymentRecord *records, size_t n_records)
{
        int r;

        if (n_records != 1)
                return -EIO;
        r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0)
                r = deployment_bus_append_record_quoting(records, reply);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static void history_bus_finish(BusCall *call, const sd_bus_error *error, const DeploymentRecord *records,
                               size_t n_records,
                               int (*append)(const BusCall *call, sd_bus_message *reply,
                                             const DeploymentRecord *records, size_t n_records))
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        if (!call->bus)
                return;
        if (call->user)
                bus_user_give_back(call->user, call->paid - MIN2(call->paid, n_records / RECORDS_A_TOKEN));
        if (error) {
                bus_call_fail(call, -EIO, error);
                return;
        }
        r = bus_call_reply_new(call, &reply);
        if (r >= 0)
                r = append(call, reply, records, n_records);
        bus_call_finish(call, reply, r);
}

static void on_list(void *userdata, const sd_bus_error *error, const DeploymentRecord *records,
                    size_t n_records)
{
        _cleanup_(bus_call_freep) BusCall *call = userdata;

        history_bus_finish(call, error, records, n_records, history_bus_append_list);
}

static void on_describe(void *userdata, const sd_bus_error *error, const DeploymentRecord *records,
                        size_t n_records)
{
        _cleanup_(bus_call_freep) BusCall *call = userdata;

        history_bus_finish(call, error, records, n_records, append_first);
}

/* The outcome of history_*(): if it took the call up, the call belongs to its callback. */
static int history_bus_taken(BusCall **call, int r)
{
        if (r < 0)
                return r;
        TAKE_PTR(*call);
        return 1;
}

int history_bus_list_deployments(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        Bus *bus = userdata;
        _cleanup_(bus_call_freep) BusCall *call = NULL;
        const char *name;
        uint64_t before;
        uint32_t limit;
        App *app = NULL;
        int r;

        r = sd_bus_message_read(message, "stu", &name, &before, &limit);
        if (r >= 0 && name[0] != '\0')
                r = bus_args_find_app(bus, name, &app, reterr);
        if (r < 0)
                return r;
        if (limit > LIST_LIMIT_MAX)
                return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                         "limit is 0 (%d) or 1 to %d, not %" PRIu32, LIST_LIMIT_DEFAULT,
                                         LIST_LIMIT_MAX, limit);
        r = bus_call_new(bus, message, NULL, &call, reterr);
        if (r < 0)
                return r;
        call->paid = history_bus_cost(limit);
        return history_bus_taken(&call, history_list(bus->params.pipeline, app, before,
                                                     limit == 0 ? LIST_LIMIT_DEFAULT : limit, call->call.uid,
                                                     on_list, call, reterr));
}

int history_bus_describe_deployment(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        Bus *bus = userdata;
        _cleanup_(bus_call_freep) BusCall *call = NULL;
        uint64_t id;
        int r;

        r = sd_bus_message_read(message, "t", &id);
        if (r < 0)
                return r;
        r = bus_call_new(bus, message, NULL, &call, reterr);
        if (r < 0)
                return r;
        if (model_deployment(bus->params.model, id)) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
                _cleanup_free_ char *path = bus_path_deployment(id);
                const BusObject *object = path ? bus_object_find(bus, path) : NULL;

                if (!object)
                        return -ENOMEM;
                r = bus_call_reply_new(call, &reply);
                if (r >= 0)
                        r = bus_object_append_properties(
                                object, may_all(call) ? deployment_bus_quoting : NULL, reply);
                if (r < 0)
                        return r;
                bus_call_send(call, reply);
                return 1;
        }
        return history_bus_taken(&call, history_describe(bus->params.pipeline, id, call->call.uid,
                                                         on_describe, call, reterr));
}

static void on_output(void *userdata, const sd_bus_error *error, const DeploymentRecord *records,
                      size_t n_records)
{
        _cleanup_(bus_call_endp) BusCall *call = userdata;

        history_bus_finish(call, error, records, n_records, append_first_quoting);
}

int history_bus_run_output(BusCall *call, _unused_ void *noun, sd_bus_error *reterr)
{
        uint64_t id;
        int r;

        r = sd_bus_message_read(call->message, "t", &id);
        if (r < 0)
                return r;
        if (!model_deployment(call->bus->params.model, id))
                return history_describe(call->bus->params.pipeline, id, call->call.uid, on_output, call,
                                        reterr);
        call->call.done(call->call.userdata, NULL, 0);
        return 0;
}

int history_bus_reply_output(BusCall *call, _unused_ uint64_t id, sd_bus_message *reply)
{
        uint64_t of;
        int r;

        r = sd_bus_message_read(call->message, "t", &of);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0)
                r = deployment_bus_append_quoting(model_deployment(call->bus->params.model, of), reply);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}
