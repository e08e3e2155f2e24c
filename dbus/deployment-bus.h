/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Deploy, which Manager and App have, and a past deployment as a dictionary. */

#include "dbus/bus-caller.h"

/* Reads revision and options where the call's message stands, and starts the deployment. As BusMethod.run.
 */
int deployment_bus_create(BusCall *call, App *app, sd_bus_error *reterr);
/* Appends id and path. As BusMethod.reply. */
int deployment_bus_reply(BusCall *call, uint64_t id, sd_bus_message *reply);

/* Appends the descriptor of a log. As BusMethod.reply. */
int deployment_bus_reply_log(BusCall *call, uint64_t id, sd_bus_message *reply);

/* Appends a{sv} with the properties of a published one, as everybody may read them. */
int deployment_bus_append_record(const DeploymentRecord *record, sd_bus_message *reply);

/* For who may read logs: those properties of a deployment that quote its output. As BusOverride, and
 * appended as entries of an a{sv}; of a record there is ErrorSummary only. */
int deployment_bus_quoting(const void *noun, const char *property, sd_bus_message *reply);
int deployment_bus_append_quoting(const Deployment *deployment, sd_bus_message *reply);
int deployment_bus_append_record_quoting(const DeploymentRecord *record, sd_bus_message *reply);
