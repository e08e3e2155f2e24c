/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* SetEnvironment, StageEnvironment and GetEnvironment of an app: the only place where values enter and
 * leave. */

#include "dbus/bus-caller.h"

/* As BusMethod.run and .reply; `noun` is the App. */
int environment_bus_set(BusCall *call, void *noun, sd_bus_error *reterr);
int environment_bus_set_reply(BusCall *call, uint64_t id, sd_bus_message *reply);
int environment_bus_stage(BusCall *call, void *noun, sd_bus_error *reterr);
int environment_bus_get(BusCall *call, void *noun, sd_bus_error *reterr);
int environment_bus_get_reply(BusCall *call, uint64_t id, sd_bus_message *reply);
