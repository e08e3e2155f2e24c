/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The guard of a build is deployd-build, which looks whether the build keeps to its limits. The programs of
 * the build have the same uid, and yet they can neither read, trace, signal, stop nor slow down their guard:
 *
 *      the kernel shows nothing of it to its equals, and lets none of them trace it (PR_SET_DUMPABLE);
 *      their system calls that name it, or all processes of their user, are refused (a seccomp filter);
 *      a guard of which PID 1 hears nothing for a minute is ended with its unit (WATCHDOG=1 of sd_notify(3),
 *      which PID 1 takes from the main process alone).
 */

#include <sys/types.h>

/* From here until guard_end() strangers run. 0 or -errno. */
int guard_begin(void);
void guard_end(void);

/* Tells PID 1 that the guard looks, every second at most. */
void guard_feed(void);

/* In a child, before it becomes a program of strangers: it and what it starts can do nothing to `guard`, the
 * pid of a process without further threads that leads its process group. 0 or -errno. */
int guard_confine(pid_t guard);
