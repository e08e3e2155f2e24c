/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The properties of the Manager: readers as sd-bus vtables have them (sd_bus_property_get_t); userdata is
 * the Bus. */

#include <systemd/sd-bus.h>

int facts_bus_get_version(sd_bus *connection, const char *path, const char *interface, const char *property,
                          sd_bus_message *reply, void *userdata, sd_bus_error *reterr);
int facts_bus_get_schema_version(sd_bus *connection, const char *path, const char *interface,
                                 const char *property, sd_bus_message *reply, void *userdata,
                                 sd_bus_error *reterr);
int facts_bus_get_port_range(sd_bus *connection, const char *path, const char *interface,
                             const char *property, sd_bus_message *reply, void *userdata,
                             sd_bus_error *reterr);
int facts_bus_get_ports_assigned(sd_bus *connection, const char *path, const char *interface,
                                 const char *property, sd_bus_message *reply, void *userdata,
                                 sd_bus_error *reterr);
int facts_bus_get_database_state(sd_bus *connection, const char *path, const char *interface,
                                 const char *property, sd_bus_message *reply, void *userdata,
                                 sd_bus_error *reterr);
int facts_bus_get_attention(sd_bus *connection, const char *path, const char *interface,
                            const char *property, sd_bus_message *reply, void *userdata,
                            sd_bus_error *reterr);
int facts_bus_get_deployments_queued(sd_bus *connection, const char *path, const char *interface,
                                     const char *property, sd_bus_message *reply, void *userdata,
                                     sd_bus_error *reterr);
int facts_bus_get_deployments_running(sd_bus *connection, const char *path, const char *interface,
                                      const char *property, sd_bus_message *reply, void *userdata,
                                      sd_bus_error *reterr);
int facts_bus_get_sandbox_state(sd_bus *connection, const char *path, const char *interface,
                                const char *property, sd_bus_message *reply, void *userdata,
                                sd_bus_error *reterr);
int facts_bus_get_sandbox_missing(sd_bus *connection, const char *path, const char *interface,
                                  const char *property, sd_bus_message *reply, void *userdata,
                                  sd_bus_error *reterr);
