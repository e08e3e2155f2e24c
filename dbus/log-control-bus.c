/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/log-control-bus.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "dbus/bus-getter.h"
#include "dbus/bus-object.h"

/* org.freedesktop.LogControl1(5) */
#define LOG_CONTROL_PATH      "/org/freedesktop/LogControl1"
#define LOG_CONTROL_INTERFACE "org.freedesktop.LogControl1"

static const char *const level_table[] = {
        [LOG_EMERG] = "emerg",     [LOG_ALERT] = "alert",   [LOG_CRIT] = "crit", [LOG_ERR] = "err",
        [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice", [LOG_INFO] = "info", [LOG_DEBUG] = "debug",
};

static int get_level(BUS_GETTER)
{
        return sd_bus_message_append(reply, "s", level_table[log_get_level()]);
}

static int get_target(BUS_GETTER)
{
        return sd_bus_message_append(reply, "s", "journal");
}

static int get_identifier(BUS_GETTER)
{
        return sd_bus_message_append(reply, "s", program_invocation_short_name);
}

/* Makes the property writable for those who look; the filter takes all writes before they come here. */
static int set_level_unasked(sd_bus *connection, const char *path, const char *interface,
                             const char *property, sd_bus_message *value, void *userdata,
                             sd_bus_error *reterr)
{
        (void) connection, (void) path, (void) interface, (void) property, (void) value, (void) userdata;
        return sd_bus_error_set(reterr, SD_BUS_ERROR_ACCESS_DENIED, "Nobody knows who is calling");
}

/* Set(LogLevel), authorised. */
static int run_set(BusCall *call, void *noun, sd_bus_error *reterr)
{
        const char *contents, *word;
        int r;

        (void) noun;
        r = sd_bus_message_skip(call->message, "ss");
        if (r >= 0)
                r = sd_bus_message_peek_type(call->message, NULL, &contents);
        if (r < 0)
                return r;
        if (strcmp(contents, "s") != 0)
                return sd_bus_error_set(reterr, SD_BUS_ERROR_INVALID_ARGS, "LogLevel is of type s");
        r = sd_bus_message_read(call->message, "v", "s", &word);
        if (r < 0)
                return r;
        for (int level = LOG_EMERG; level <= LOG_DEBUG; level++)
                if (strcmp(level_table[level], word) == 0) {
                        log_set_level(level);
                        call->call.done(call->call.userdata, NULL, 0);
                        return 0;
                }
        return sd_bus_error_set(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                "LogLevel is emerg, alert, crit, err, warning, notice, info or debug");
}

static const BusMethod methods[] = {
        { "Set", ACTION_ROOT, run_set, NULL },
};

bool log_control_bus_is_change(sd_bus_message *message)
{
        const char *interface, *property;
        bool is_ours;

        if (!sd_bus_message_is_method_call(message, "org.freedesktop.DBus.Properties", "Set") ||
            strcmp(sd_bus_message_get_path(message), LOG_CONTROL_PATH) != 0 ||
            !sd_bus_message_has_signature(message, "ssv") ||
            sd_bus_message_read(message, "ss", &interface, &property) < 0)
                return false;
        is_ours = strcmp(interface, LOG_CONTROL_INTERFACE) == 0 && strcmp(property, "LogLevel") == 0;
        return sd_bus_message_rewind(message, true) >= 0 && is_ours;
}

int log_control_bus_take(Bus *bus, sd_bus_message *message, sd_bus_error *reterr)
{
        return bus_caller_take(bus, message, &methods[0], reterr);
}

static int log_control_bus_filter(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        return log_control_bus_is_change(message) ? log_control_bus_take(userdata, message, reterr) : 0;
}

int log_control_bus_register(Bus *bus)
{
        sd_bus_slot *slot = NULL;
        int r = sd_bus_add_filter(bus->params.bus, &slot, log_control_bus_filter, bus);

        return bus_keep_slot(bus, r, slot);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", get_level, set_level_unasked, 0, 0),
        SD_BUS_PROPERTY("LogTarget", "s", get_target, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("SyslogIdentifier", "s", get_identifier, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};

const BusClass log_control_class = {
        .interface = LOG_CONTROL_INTERFACE,
        .path = LOG_CONTROL_PATH,
        .vtable = vtable,
        .methods = methods,
        .n_methods = ELEMENTSOF(methods),
};
