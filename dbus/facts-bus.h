/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The properties of the Manager: readers for its vtable; userdata is the Bus. */

#include "dbus/bus-getter.h"

int facts_bus_get_version(BUS_GETTER);
int facts_bus_get_schema_version(BUS_GETTER);
int facts_bus_get_port_range(BUS_GETTER);
int facts_bus_get_ports_assigned(BUS_GETTER);
int facts_bus_get_database_state(BUS_GETTER);
int facts_bus_get_attention(BUS_GETTER);
int facts_bus_get_deployments_queued(BUS_GETTER);
int facts_bus_get_deployments_running(BUS_GETTER);
int facts_bus_get_sandbox_state(BUS_GETTER);
int facts_bus_get_sandbox_missing(BUS_GETTER);
