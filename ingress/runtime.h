/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One command to one of haproxy's sockets: connect, a line, all of the answer until haproxy closes. */

#include <systemd/sd-event.h>

#include "base/cleanup.h"

typedef struct RuntimeCall RuntimeCall;

/* How long haproxy may take for one answer, and how long an answer may be. */
#define RUNTIME_TIMEOUT_USEC (5 * USEC_PER_SEC)
#define RUNTIME_ANSWER_MAX   ((size_t) 4 * 1024 * 1024)

/* `answer` is NUL-terminated, NULL exactly if `error` is negative: -ECONNREFUSED, -ENOENT (haproxy does not
 * run), -ETIMEDOUT, -EFBIG, -EBADMSG (a NUL in it), others of connect(2). The call is freed after the
 * callback. Never called from within runtime_call(). */
typedef void (*RuntimeDone)(void *userdata, int error, const char *answer);

/* Sends `command` (commands separated by `;` or one, without newline) to the socket at `path`. 0 or -errno.
 */
int runtime_call(sd_event *event, const char *path, const char *command, RuntimeDone done, void *userdata,
                 RuntimeCall **ret);
/* Drops the callback. */
RuntimeCall *runtime_call_free(RuntimeCall *call);
