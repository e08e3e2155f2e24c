/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What repositories are reached with: the methods that are given a credential, or an address that may have
 * one. */

#include "dbus/bus-caller.h"

/* Of the Manager: CreateRepository. */
int credential_bus_run_create(BusCall *call, void *noun, sd_bus_error *reterr);

/* Of a repository: SetGitUrl, SetCredential, SetKnownHosts, GenerateKey. */
int credential_bus_run_set_git_url(BusCall *call, void *noun, sd_bus_error *reterr);
int credential_bus_run_set(BusCall *call, void *noun, sd_bus_error *reterr);
int credential_bus_run_set_known_hosts(BusCall *call, void *noun, sd_bus_error *reterr);
int credential_bus_run_generate_key(BusCall *call, void *noun, sd_bus_error *reterr);
