/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What `systemctl status deployd` shows, and what keeps systemd from giving up while the start takes its
 * time. */

#include <systemd/sd-event.h>

#include "daemon/facts.h"
#include "daemon/model/model.h"

typedef struct StatusLine StatusLine;

/* `model` and `facts` are borrowed. 0 or -errno. */
int status_line_new(sd_event *event, Model *model, const Facts *facts, StatusLine **ret);
StatusLine *status_line_free(StatusLine *line);
DEFINE_CLEANUP(StatusLine *, status_line_free);

/* Facts are different: the line follows, once per turn of the loop. */
void status_line_changed(StatusLine *line);
/* Says READY=1, and asks for no more time. */
void status_line_ready(StatusLine *line);
