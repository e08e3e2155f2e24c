/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bounds of the settings of an app. */

#include "tests/dbus/fixture.h"

BUS_SUITE(settings_bus);

#define INVALID_ARGS "org.freedesktop.DBus.Error.InvalidArgs"

/* A call that sets one number. */
#define SET(name, value)                                                                                 \
        fixture.client, BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "SetProperties", "a{sv}", 1, name, "t", \
                value

Test(settings_bus, numbers_are_held_to_their_bounds)
{
        static const struct {
                const char *name;
                uint64_t value;
                bool is_legal;
        } cases[] = {
                { "StopTimeoutUSec", 0, true },
                { "StopTimeoutUSec", 99999, false },
                { "StopTimeoutUSec", 100000, true },
                { "StopTimeoutUSec", UINT64_C(86400000000), true },
                { "StopTimeoutUSec", UINT64_C(86400000001), false },
                { "HealthCheckTimeoutUSec", 0, true },
                { "HealthCheckTimeoutUSec", 99999, false },
                { "HealthCheckTimeoutUSec", 100000, true },
                { "HealthCheckTimeoutUSec", UINT64_C(3600000000), true },
                { "HealthCheckTimeoutUSec", UINT64_C(3600000001), false },
                { "CheckSettleUSec", 0, true },
                { "CheckSettleUSec", 99999, false },
                { "CheckSettleUSec", 100000, true },
                { "CheckSettleUSec", UINT64_C(86400000000), true },
                { "CheckSettleUSec", UINT64_C(86400000001), false },
                { "MemoryMax", 1048575, false },
                { "MemoryMax", 1048576, true },
                { "MemoryMax", UINT64_C(1) << 31, true },
                { "MemoryMax", (UINT64_C(1) << 31) + 1, false },
                { "MemoryMax", UINT64_MAX, false },
                { "TasksMax", 1, true },
                { "TasksMax", 4194304, true },
                { "TasksMax", 4194305, false },
                { "CPUQuotaPerSecUSec", 9999, false },
                { "CPUQuotaPerSecUSec", 10000, true },
                { "CPUQuotaPerSecUSec", 1000000000, true },
                { "CPUQuotaPerSecUSec", 1000000001, false },
        };

        (void) fixture_app("shop", fixture_repository("code"));
        fixture.config.app_memory_limit = UINT64_C(1) << 31;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                if (cases[i].is_legal)
                        fixture_succeeds(SET(cases[i].name, cases[i].value));
                else
                        fixture_fails(INVALID_ARGS, cases[i].name, SET(cases[i].name, cases[i].value));
        fixture.config.app_tasks_limit = 64;
        fixture_fails(INVALID_ARGS, "1 to 64 tasks", SET("TasksMax", (uint64_t) 65));
}
