/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Adopt of the Manager, and `deployd adopt`, which calls it. */

#include "dbus/bus-caller.h"

/* As BusMethod.run. */
int adopt_bus_run(BusCall *call, void *noun, sd_bus_error *reterr);

/* Calls it, for `deployd adopt`. *ret are the lines (caller frees by text_free_list()). 0; or -errno
 * with a sentence in *reterr (caller frees). */
int adopt_bus_ask(bool really, char ***ret, char **reterr);
