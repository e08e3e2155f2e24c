/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <syslog.h>

#include "base/macro.h"

/* What a line is about; each member that is set becomes a journal field of its own (base/names.h, FIELD_*).
 */
typedef struct LogSubject {
        const char *repository;
        const char *app;
        uint64_t deployment; /* 0 = none */
        const char *process; /* web.1 */
        const char *revision;
} LogSubject;

/* Lines above this level (LOG_DEBUG is the highest) are dropped. The start value is LOG_INFO. */
void log_set_level(int level);
int log_get_level(void);

/* One line to the journal, or to standard error when that is not connected to it. `message_id` is one of
 * log-ids.h, or NULL for lines nobody would search for; `subject` may be NULL. errno is left as it was.
 * Never blocks on anything but the journal's socket, never fails. */
void log_line(int level, const char *message_id, const LogSubject *subject, const char *format, ...)
        _printf_(4, 5);

#define log_debug(...)   log_line(LOG_DEBUG, NULL, NULL, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO, NULL, NULL, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_NOTICE, NULL, NULL, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, NULL, NULL, __VA_ARGS__)
#define log_error(...)   log_line(LOG_ERR, NULL, NULL, __VA_ARGS__)
