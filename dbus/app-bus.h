/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/model/app.h"

/* The assigned port of what is live, 0 = nothing. */
uint16_t app_bus_current_port(const App *app);
