/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-path.h"

#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-bus.h>

#include "base/names.h"

static char *bus_path_encode(const char *prefix, const char *label)
{
        char *path;

        return sd_bus_path_encode(prefix, label, &path) < 0 ? NULL : path;
}

char *bus_path_repository(const char *name)
{
        assert(name);
        return bus_path_encode(BUS_PATH_REPOSITORY, name);
}

char *bus_path_app(const char *name)
{
        assert(name);
        return bus_path_encode(BUS_PATH_APP, name);
}

char *bus_path_deployment(uint64_t id)
{
        char label[sizeof("18446744073709551615")];

        (void) snprintf(label, sizeof(label), "%" PRIu64, id);
        return bus_path_encode(BUS_PATH_DEPLOYMENT, label);
}
