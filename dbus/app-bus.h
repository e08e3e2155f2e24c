/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/model/app.h"

/* The assigned port of the live deployment's web.1, 0 = none. */
uint16_t app_bus_current_port(const App *app);
