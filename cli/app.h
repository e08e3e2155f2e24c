/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "base/macro.h"

/* What deployd publishes of an app, as far as verbs decide by it. Texts are owned, and NULL when this
 * deployd does not publish them. */
typedef struct App {
        char *path; /* of the object */
        char *status;
        char *current_deployment; /* path; "/" = nothing is live */
        char *repository;         /* path */
        char **staged;            /* names of variables that the next deployment changes */
        char *data_path;
        uint32_t releases; /* that are kept */
} App;

/* Reads the app `name` into *ret, which is empty. An exit status; caller clears *ret in any case. */
int app_read(sd_bus *bus, const char *name, App *ret);
void app_clear(App *app);

bool app_is_live(const App *app);
bool app_is_stopped(const App *app);

/* Prints all apps, as `app list` and `status` do. An exit status. */
int apps_print(sd_bus *bus, bool json);

/* A call of a method of the app `name`, without arguments yet. An exit status; caller unrefs *ret. */
int app_call_new(sd_bus *bus, const char *name, const char *method, sd_bus_message **ret);

/* Calls a method of the app `name` with arguments as in sd_bus_message_append(). An exit status. */
int app_call(const char *name, const char *method, const char *types, ...);
