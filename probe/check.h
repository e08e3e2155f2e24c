/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/list.h"
#include "probe/http.h"
#include "probe/protocol.h"

/* One request of a client while it is under way: it looks, again and again, until it has seen what it waits
 * for often enough in a row, or its time is over. How it looks is the only thing that depends on the verb.
 */
typedef struct Check Check;

/* The check has its answer. It may be freed here, with everything around it. Called once at most, never from
 * within check_new(). */
typedef void (*CheckDone)(Check *check, const ProbeAnswer *answer, void *userdata);

/* `netlink_fd` (sockets_adopt()) and `http` stay the caller's. 0 or -errno. */
int check_new(sd_event *event, int netlink_fd, Http *http, const ProbeRequest *request, CheckDone done,
              void *userdata, Check **ret);
Check *check_free(Check *check);
DEFINE_CLEANUP(Check *, check_free);

uint64_t check_id(const Check *check);
