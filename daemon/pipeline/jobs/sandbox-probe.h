/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether the limits that builds are held by are enforced here: kernels and containers that lack a
 * controller let them pass in silence. So each is tried, once after the machine has booted, by a unit that
 * goes beyond it. */

#include "daemon/pipeline/internal.h"

/* Begins, or takes what was found since the boot, once: after the start, when no unit of an earlier trial is
 * there. */
void sandbox_probe_poll(Pipeline *pipeline);
void sandbox_probe_free(Pipeline *pipeline);

/* Whether a build may begin. Positive: yes; 0: not yet; -EACCES with a sentence in *ret (caller frees): not
 * on this machine; -ENOMEM. */
int sandbox_probe_allow_build(const Pipeline *pipeline, char **ret);
