/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where an instance listens while its port is waited for: its first port may be that of its administration,
 * or it has not read $PORT. */

#include "daemon/pipeline/internal.h"

typedef struct Elsewhere Elsewhere;

/* The instance listens at other addresses than before, while it takes no connections on its port:
 * `addresses` as of PROBE_LISTENS_ELSEWHERE, NULL = nowhere. `lasts`: it has been so for long enough; called
 * once with that, and not any more afterwards. The Elsewhere may be freed here. */
typedef void (*ElsewhereSeen)(void *userdata, const char *addresses, bool lasts);

/* Looks again and again until it is freed, or has lasted. 0 or -errno. */
int elsewhere_begin(const Pipeline *pipeline, const Instance *instance, ElsewhereSeen seen, void *userdata,
                    Elsewhere **ret);

/* What was seen last; NULL = it listens nowhere else. NULL is allowed. */
const char *elsewhere_addresses(const Elsewhere *elsewhere);

/* NULL is allowed. */
Elsewhere *elsewhere_free(Elsewhere *elsewhere);
