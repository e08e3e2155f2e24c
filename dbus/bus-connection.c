/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-connection.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/names.h"

int bus_connection_open(sd_event *event, const char *description, sd_bus **ret)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *connection = NULL;
        int r;

        assert(event);
        assert(description);
        assert(ret);

        r = sd_bus_open_system_with_description(&connection, description);
        if (r >= 0)
                r = sd_bus_attach_event(connection, event, SD_EVENT_PRIORITY_NORMAL);
        /* When the bus goes so do we; systemd starts us again with it, and the apps know nothing of all
         * that. */
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(connection, true);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(connection);
        return 0;
}

/* Everything works without the name, only less protected: the policy of an older version does not allow it.
 */
static int bus_connection_on_name(sd_bus_message *answer, _unused_ void *userdata,
                                  _unused_ sd_bus_error *reterr)
{
        if (sd_bus_message_is_method_error(answer, NULL))
                log_debug("The bus name %s cannot be had, ignoring: %s", BUS_NAME_UNITS,
                          sd_bus_message_get_error(answer)->message);
        return 0;
}

int bus_connection_open_units(sd_event *event, sd_bus **ret)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *connection = NULL;
        int r;

        assert(ret);

        r = bus_connection_open(event, "deployd-units", &connection);
        if (r >= 0)
                r = sd_bus_request_name_async(connection, NULL, BUS_NAME_UNITS, 0, bus_connection_on_name,
                                              NULL);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(connection);
        return 0;
}
