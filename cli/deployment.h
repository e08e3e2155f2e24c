/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/bus.h"

/* A deployment as deployd publishes it. Texts are owned, NULL as long as they were not read. */
typedef struct Deployment {
        uint64_t id;
        char *app;
        char *status;
        char *status_text;
        char *revision;
        char *error_summary;
        uint16_t port;
        double progress;     /* 0…1, -1 = unknown */
        uint64_t settles_at; /* CLOCK_REALTIME microseconds; 0 = it does not take the requests yet, or is
                                live */
        char **units;
        char **warnings; /* what does not keep it from being live */
} Deployment;

void deployment_clear(Deployment *deployment);

/* Takes over the properties in an a{sv}, all or only those that changed. 0 or -errno. */
int deployment_read(Deployment *deployment, sd_bus_message *message);

/* A question for what its output says, which is in no property and for who may read logs; deployd is not
 * started for it. 0 with the call in *ret, or -errno. */
int deployment_ask_output(sd_bus *bus, uint64_t id, sd_bus_message **ret);

/* Puts that into the texts of the deployment. They stay as they are for who may not.
 * Over a connection of its own: the one that followed it is closed with its loop. */
void deployment_read_output(Deployment *deployment);

/* True when nothing more will happen to it by itself: live, superseded, failed, cancelled. */
bool deployment_has_ended(const Deployment *deployment);

/* Calls `each` for every published deployment of the app, "" for all apps, oldest first, until one returns
 * something other than EXIT_DONE, which is returned. `path` is the object's. */
int deployments_each(sd_bus *bus, const char *app,
                     int (*each)(const Deployment *deployment, const char *path, void *userdata),
                     void *userdata);

/* The object of a deployment. An exit status; caller frees the path. */
int deployment_find(sd_bus *bus, uint64_t id, char **ret_path);
