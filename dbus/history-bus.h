/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reads that take the database: the Manager's methods about deployments that have no object any more. */

#include <systemd/sd-bus.h>

int history_bus_list_deployments(sd_bus_message *message, void *userdata, sd_bus_error *reterr);
int history_bus_describe_deployment(sd_bus_message *message, void *userdata, sd_bus_error *reterr);

/* How many tokens (bus-limit.h) a list with that limit costs beforehand. */
uint64_t history_bus_cost(uint32_t limit);
