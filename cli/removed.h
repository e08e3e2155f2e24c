/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "base/macro.h"

/* An app that was removed and whose data is kept. Times are microseconds of CLOCK_REALTIME. */
typedef struct RemovedApp {
        uint64_t id;
        char *name;
        uint64_t removed_at, kept_until;
        char *data_path;
        uint32_t removed_by; /* UINT32_MAX = by no user */
} RemovedApp;

typedef struct RemovedApps {
        RemovedApp *items;
        size_t n;
} RemovedApps;

/* Reads what deployd knows into *ret, which is empty. An exit status; caller clears *ret in any case. */
int removed_apps_read(sd_bus *bus, RemovedApps *ret);
void removed_apps_clear(RemovedApps *removed);

/* NULL if there is none with that number. */
const RemovedApp *removed_apps_find(const RemovedApps *removed, uint64_t id);

/* Prints them, as `app list --removed` does. 0 or -errno. */
int removed_apps_print(const RemovedApps *removed, bool json);
