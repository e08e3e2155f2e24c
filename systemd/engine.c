/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/engine.h"

const Engine engine_local = {
        .start = units_start,
        .restart = units_restart,
        .kill = units_kill,
        .remove = units_remove,
        .call_free = unit_call_free,
        .watch = unit_watch_new,
        .watch_free = unit_watch_free,
        .shutdown = shutdown_wait_new,
        .shutdown_free = shutdown_wait_free,
        .last_line = last_line_new,
        .last_line_free = last_line_free,
        .stop_evidence = stop_evidence_new,
        .stop_evidence_free = stop_evidence_free,
};
