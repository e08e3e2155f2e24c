/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which systemd is PID 1. */

#include <errno.h>

#include "base/text.h"
#include "systemd/units-internal.h"

static void unit_version_on_version(void *userdata, sd_bus_message *reply)
{
        UnitCall *call = userdata;
        const char *version;
        int r;

        call->pending = NULL;
        if (sd_bus_message_is_method_error(reply, NULL)) {
                unit_call_finish_with_error(call, reply);
                return;
        }
        r = sd_bus_message_read(reply, "v", "s", &version);
        unit_call_finish(call, r < 0 ? r : 0, r < 0 ? "PID 1 does not say its version" : version);
}

int units_ask_version(Units *units, UnitCallDone done, void *userdata, UnitCall **ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        _cleanup_(unit_call_freep) UnitCall *call = NULL;
        int r;

        assert(units);
        assert(done);
        assert(ret);

        r = unit_call_new(units, "", done, userdata, &call);
        if (r < 0)
                return r;
        r = sd_bus_message_new_method_call(units->pid1.bus, &message, PID1_NAME, PID1_PATH,
                                           "org.freedesktop.DBus.Properties", "Get");
        if (r >= 0)
                r = sd_bus_message_append(message, "ss", PID1_MANAGER, "Version");
        if (r >= 0)
                r = unit_call_ask(call, message, unit_version_on_version);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}
