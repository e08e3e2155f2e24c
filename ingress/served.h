/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which apps the ingress listens for. A new frontend takes a reload, so an app has none before it is
 * deployed for the first time, and keeps it after that. */

#include "daemon/model/app.h"

/* Sets App.served of every app: those that have room keep it, then others get it in the order of the model
 * until `apps_max` have. How many are left out. */
unsigned served_update(const Model *model, uint64_t apps_max);
