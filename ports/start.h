/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Becomes haproxy: executes `argv`, its program and arguments. If PID 1 has kept sockets at addresses of
 * `configuration`, haproxy gets them: `-x OFFER` is added to its arguments, and another process answers
 * there. Without them, whatever the reason is, haproxy starts as it does without this. Returns -errno if it
 * could not be executed. */
int start(const char *configuration, const char *offer, char **argv);
