/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Named places before and after every step that lasts: a statement, a request to PID 1, a file, a command to
 * the ingress. A build with -Dfailpoints=true can be made to die or stand still there, to show that nothing
 * is lost; in any other build they are nothing. */

#include "base/macro.h"

/* FAILPOINT("release-%s.before", kind): the name as printf() makes it, of letters, digits, `-`, `_` and `.`.
 *
 * DEPLOYD_FAILPOINT=NAME:kill    the process kills itself there (SIGKILL)
 * DEPLOYD_FAILPOINT=NAME:pause   it stops there (SIGSTOP), for somebody to look and to send SIGCONT
 * DEPLOYD_FAILPOINT=*:trace      each one that is passed is told on standard error
 * DEPLOYD_FAILPOINT=@FILE        what the file says at that time; it is removed before the process ends or
 *                                stops, so that this happens once */
#if DEPLOYD_FAILPOINTS
void failpoint(const char *format, ...) _printf_(1, 2);
#define FAILPOINT(...) failpoint(__VA_ARGS__)
#else
#define FAILPOINT(...) ((void) 0)
#endif
