/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/lines.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-journal.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "base/unit-kind.h"

/* The journal lags behind by the time of a few writes. */
#define SYNCHRONIZE_PATIENCE_MSEC 5000
/* Of one line; the journal itself cuts those of programs at 48 KiB. */
#define LINE_MAX_BYTES ((size_t) 64 * 1024)

/* A help and no more: what is missing then is at the end. */
static void lines_synchronize(void)
{
        static const struct sockaddr_un address = { .sun_family = AF_UNIX,
                                                    .sun_path = PATH_JOURNAL_VARLINK };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct pollfd answer = { .fd = fd, .events = POLLIN };

        if (fd >= 0 && connect(fd, (const struct sockaddr *) &address, sizeof(address)) >= 0 &&
            send(fd, JOURNAL_SYNCHRONIZE, sizeof(JOURNAL_SYNCHRONIZE), MSG_NOSIGNAL) >= 0)
                (void) poll(&answer, 1, SYNCHRONIZE_PATIENCE_MSEC);
}

/* Takes the string, also when it fails. */
static int lines_match(sd_journal *journal, char *text)
{
        _cleanup_free_ char *term = text;

        return term ? sd_journal_add_match(journal, term, 0) : -ENOMEM;
}

/* Lines of the deployment's own units, whose names nobody can forge; and those lines of units that also work
 * for others which bear its number. */
static int select_lines(sd_journal *journal, const LinesParams *params)
{
        int r = 0;

        for (UnitKind kind = UNIT_KIND_UNSET + 1; r >= 0 && kind < UNIT_KIND_MAX; kind++)
                if (unit_kind_row(kind)->archived && unit_kind_row(kind)->owner == UNIT_OWNER_DEPLOYMENT)
                        r = lines_match(journal, text_format("_SYSTEMD_UNIT=deployd-%s-%s-%s.service",
                                                             unit_kind_row(kind)->word, params->app,
                                                             params->deployment));
        if (r >= 0 && params->fetch)
                r = lines_match(journal, text_format("_SYSTEMD_UNIT=%s", params->fetch));
        if (r >= 0)
                r = sd_journal_add_disjunction(journal);
        if (r >= 0)
                r = lines_match(journal, text_format(FIELD_DEPLOYMENT "=%s", params->deployment));
        return r;
}

/* A field of the entry at hand as a text of its own. Caller frees; NULL if there is none. */
static char *lines_field(sd_journal *journal, const char *name)
{
        const char *data;
        size_t size, skip = strlen(name) + 1;

        if (sd_journal_get_data(journal, name, (const void **) &data, &size) < 0 || size < skip)
                return NULL;
        return strndup(data + skip, MIN2(size - skip, LINE_MAX_BYTES));
}

static bool is_unit_of(const UnitKindRow *row, const char *unit, const LinesParams *params)
{
        _cleanup_free_ char *name = NULL;

        if (!row->archived)
                return false;
        /* A unit of a repository works for many apps: without its name, the deployment's field says for
         * which. */
        if (row->owner == UNIT_OWNER_REPOSITORY && params->fetch)
                return strcmp(unit, params->fetch) == 0;
        name = row->owner == UNIT_OWNER_REPOSITORY
                       ? text_format("deployd-%s-", row->word)
                       : text_format("deployd-%s-%s-%s.service", row->word, params->app, params->deployment);
        return name && (row->owner == UNIT_OWNER_REPOSITORY ? strncmp(unit, name, strlen(name))
                                                            : strcmp(unit, name)) == 0;
}

/* `fetch` of deployd-fetch-shop-3.service, `deployd` of deployd.service; NULL if the line is none of the
 * deployment's. A build or a release command runs programs of an app, which can put any number into the
 * deployment's field: only its own unit counts. */
static const char *line_author(const char *unit, const LinesParams *params)
{
        if (strcmp(unit, "deployd.service") == 0)
                return "deployd";
        for (UnitKind kind = UNIT_KIND_UNSET + 1; kind < UNIT_KIND_MAX; kind++)
                if (is_unit_of(unit_kind_row(kind), unit, params))
                        return unit_kind_row(kind)->word;
        return NULL;
}

/* 0 with *ret = NULL if the entry is none of ours. */
static int make_line(sd_journal *journal, const LinesParams *params, char **ret)
{
        _cleanup_free_ char *unit = lines_field(journal, "_SYSTEMD_UNIT"),
                            *message = lines_field(journal, "MESSAGE");
        _cleanup_free_ char *clean = NULL;
        const char *who = unit ? line_author(unit, params) : NULL;
        char time[sizeof("2026-01-01 00:00:00")];
        uint64_t usec;
        time_t seconds;
        struct tm utc;

        *ret = NULL;
        if (!who || !message || sd_journal_get_realtime_usec(journal, &usec) < 0)
                return 0;
        seconds = (time_t) (usec / USEC_PER_SEC);
        clean = text_sanitize(message, LINE_MAX_BYTES);
        if (!clean || !gmtime_r(&seconds, &utc) || strftime(time, sizeof(time), "%F %T", &utc) == 0)
                return -ENOMEM;
        *ret = text_format("%sZ %s: %s\n", time, who, clean);
        return *ret ? 0 : -ENOMEM;
}

int lines_foreach(const LinesParams *params, int (*each)(const char *line, void *userdata), void *userdata)
{
        _cleanup_(sd_journal_closep) sd_journal *journal = NULL;
        int r;

        assert(params && params->app && params->deployment);
        assert(each);

        if (!params->directory)
                lines_synchronize();
        r = params->directory ? sd_journal_open_directory(&journal, params->directory, 0)
                              : sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
        if (r >= 0)
                r = select_lines(journal, params);
        if (r >= 0)
                r = sd_journal_seek_head(journal);
        while (r >= 0) {
                _cleanup_free_ char *line = NULL;

                r = sd_journal_next(journal);
                if (r <= 0)
                        break;
                r = make_line(journal, params, &line);
                if (r >= 0 && line)
                        r = each(line, userdata);
                if (r > 0)
                        return 0;
        }
        return r;
}
