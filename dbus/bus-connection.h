/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The daemon has two connections to the system bus: one that everybody may call, and one on which it talks
 * to systemd, so that a flood of calls does not stand between the two. */

#include <systemd/sd-bus.h>

/* Opens one and attaches it to the loop, which ends when the connection does; `description` is for the log
 * of sd-bus. 0 with a connection that the caller unrefs, or -errno. */
int bus_connection_open(sd_event *event, const char *description, sd_bus **ret);

/* The same for systemd. It asks for a name, BUS_NAME_UNITS, for which the bus's policy lets only root send:
 * without that anybody could send signals to it. */
int bus_connection_open_units(sd_event *event, sd_bus **ret);
