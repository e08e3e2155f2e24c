/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where an object is on the bus. Caller frees; NULL when out of memory. */

#include "base/macro.h"

char *bus_path_repository(const char *name);
char *bus_path_app(const char *name);
char *bus_path_deployment(uint64_t id);
