/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reads that take the database: the Manager's methods about deployments that have no object any more. */

#include "dbus/bus-caller.h"

int history_bus_list_deployments(sd_bus_message *message, void *userdata, sd_bus_error *reterr);
int history_bus_describe_deployment(sd_bus_message *message, void *userdata, sd_bus_error *reterr);

/* DescribeOutput, for who may read logs: as BusMethod.run and BusMethod.reply. */
int history_bus_run_output(BusCall *call, void *noun, sd_bus_error *reterr);
int history_bus_reply_output(BusCall *call, uint64_t id, sd_bus_message *reply);

/* How many tokens (bus-limit.h) a list with that limit costs beforehand. */
uint64_t history_bus_cost(uint32_t limit);
