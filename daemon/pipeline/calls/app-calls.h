/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/pipeline/internal.h"

/* What the calls about apps share; the calls are in call.h. */

/* `App NAME WHAT` with a MESSAGE_ID, in the journal of the app. */
void app_log(const char *name, const char *id, const char *what);

/* Start and Restart both lead to this: the live deployment runs as the formation says. What runs already is
 * left alone by Start, and restarted one instance after another by Restart. */
void app_bring_up(Pipeline *pipeline, App *app, bool restart);
/* Settings or variables of the live deployment were changed because the app was stopped. If it was started
 * at the same time, its instances are restarted with them. */
void app_take_up(Pipeline *pipeline, App *app);
