/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Compiled into every file of a package that is built with sanitizers (build_package in tests/tools.sh):
 * what they are told. By this function, not by the environment, which the tests look into, and which does
 * not reach a program in every way in which it is started. Weak, for every file has them. */

/* Where reports go: tests/system/tree.py makes the directory, and lets every unit write there. */
#define SANITIZER_REPORTS "log_path=/var/log/deployd-sanitizers/report"

const char *__asan_default_options(void);

/* Memory that was freed is kept from use, but not 256 MB of it, the default: no daemon may take so much.
 * Undefined behaviour has no report of its own, since gcc's goes to standard error whatever log_path says:
 * it is a trap (-fsanitize-undefined-trap-on-error), and reported as the signal that it is, as is an
 * assert().
 */
__attribute__((weak, visibility("default"))) const char *__asan_default_options(void)
{
        return SANITIZER_REPORTS ":quarantine_size_mb=4:detect_stack_use_after_return=1:"
                                 "handle_sigill=1:handle_abort=1";
}
