/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/names.h"

/* Of systemd-journald.service(8), for entries with fields. */
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static int log_level = LOG_INFO;

void log_set_level(int level)
{
        assert(level >= LOG_EMERG && level <= LOG_DEBUG);
        log_level = level;
}

int log_get_level(void)
{
        return log_level;
}

/* Whether standard error is the journal's stream: the rule of $JOURNAL_STREAM in systemd.exec(5). */
static bool stderr_is_journal(void)
{
        static int known = -1;
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat st;

        if (known < 0)
                known = stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
                        fstat(STDERR_FILENO, &st) == 0 && st.st_dev == (dev_t) device &&
                        st.st_ino == (ino_t) inode;
        return known > 0;
}

/* Room for MESSAGE, PRIORITY, MESSAGE_ID and the five fields of a subject. */
typedef struct Record {
        struct iovec fields[8];
        int n_fields;
} Record;

static void record_add(Record *record, const char *format, ...) _printf_(2, 3);

static void record_add(Record *record, const char *format, ...)
{
        va_list arguments;
        char *text;
        int n;

        assert((size_t) record->n_fields < ELEMENTSOF(record->fields));

        va_start(arguments, format);
        n = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (n >= 0)
                record->fields[record->n_fields++] = (struct iovec){ text, (size_t) n };
}

static int send_to_journal(int level, const char *message_id, const LogSubject *subject, const char *message)
{
        Record record = { .n_fields = 0 };
        int r;

        /* Where a unit does not see the socket, libsystemd takes the entry and drops it. */
        if (access(JOURNAL_SOCKET, F_OK) < 0)
                return -errno;

        record_add(&record, "MESSAGE=%s", message);
        record_add(&record, "PRIORITY=%d", level);
        if (message_id)
                record_add(&record, "MESSAGE_ID=%s", message_id);
        if (subject && subject->repository)
                record_add(&record, FIELD_REPOSITORY "=%s", subject->repository);
        if (subject && subject->app)
                record_add(&record, FIELD_APP "=%s", subject->app);
        if (subject && subject->deployment)
                record_add(&record, FIELD_DEPLOYMENT "=%" PRIu64, subject->deployment);
        if (subject && subject->process)
                record_add(&record, FIELD_PROCESS "=%s", subject->process);
        if (subject && subject->revision)
                record_add(&record, FIELD_REVISION "=%s", subject->revision);

        r = sd_journal_sendv(record.fields, record.n_fields);
        for (int i = 0; i < record.n_fields; i++)
                free(record.fields[i].iov_base);
        return r;
}

void log_line(int level, const char *message_id, const LogSubject *subject, const char *format, ...)
{
        _cleanup_free_ char *message = NULL;
        int saved_errno = errno, n;
        va_list arguments;

        if (level > log_level)
                return;

        va_start(arguments, format);
        n = vasprintf(&message, format, arguments);
        va_end(arguments);
        if (n < 0)
                message = NULL;
        else if (!stderr_is_journal())
                (void) fprintf(stderr, "%s\n", message);
        else if (send_to_journal(level, message_id, subject, message) < 0)
                /* A unit without AF_UNIX or the socket has the stream only: sd-daemon(3) prefixes carry the
                 * level. */
                (void) fprintf(stderr, "<%d>%s\n", level, message);
        errno = saved_errno;
}
