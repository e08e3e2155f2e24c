/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Owns all parts, builds them up and takes them down in order, and joins them; decides nothing about
 * deployments. */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "daemon/config.h"

typedef struct Manager Manager;

/* Connects to the bus and the database and takes the bus name; READY=1 follows from the loop. `config` is
 * taken over; `config_path` is read again at each reload. 0, or -errno with a sentence in *reterr (caller
 * frees). */
int manager_new(sd_event *event, Config *config, const char *config_path, Manager **ret, char **reterr);
Manager *manager_free(Manager *manager);
DEFINE_CLEANUP(Manager *, manager_free);
