/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/format.h"
#include "cli/unit.h"
#include "cli/verb.h"

#define FIELD_UNIT    "_SYSTEMD_UNIT="
#define UNIT_DEPLOYD  "deployd.service"
#define FIELD_MESSAGE "MESSAGE="

enum {
        /* What is read of one message; an app can write one of 768 MB. */
        MESSAGE_MAX = 1024 * 1024,
};

struct Journal {
        sd_journal *journal;
        const JournalFilter *filter;
        char *selected; /* the units matched, one a line; "" = none, so nothing is shown */
        char *cursor;   /* of the entry last printed */
        sd_event_source *timer;
        bool raw;
};

DEFINE_CLEANUP(Journal *, journal_free);

Journal *journal_free(Journal *journal)
{
        if (!journal)
                return NULL;
        sd_event_source_unref(journal->timer);
        sd_journal_close(journal->journal);
        free(journal->selected);
        free(journal->cursor);
        free(journal);
        return NULL;
}

static int journal_refuse(int r)
{
        if (r == -EACCES || r == -EPERM || (r == 0 && geteuid() != 0))
                say("the journal cannot be read: add yourself to group systemd-journal or adm");
        else
                say("the journal cannot be read: %s", strerror(-r));
        return EXIT_REFUSED;
}

int journal_open(Journal **ret, const char *directory, const JournalFilter *filter)
{
        _cleanup_(journal_freep) Journal *journal = calloc(1, sizeof(*journal));
        int r;

        if (!journal)
                return journal_refuse(-ENOMEM);
        journal->filter = filter;
        r = directory ? sd_journal_open_directory(&journal->journal, directory, 0)
                      : sd_journal_open(&journal->journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
        if (r >= 0) /* before the first look at entries, or those written meanwhile are missed */
                r = sd_journal_get_fd(journal->journal);
        if (r >= 0)
                r = sd_journal_seek_head(journal->journal);
        if (r >= 0)
                r = sd_journal_next(journal->journal);
        /* Files that may not be opened are left out without an error; a journal without any entry is one
         * that cannot be read. For root it is just empty. */
        if (r < 0 || (r == 0 && geteuid() != 0))
                return journal_refuse(r);
        *ret = TAKE_PTR(journal);
        return EXIT_DONE;
}

static bool process_matches(const char *wanted, const Unit *unit)
{
        return !wanted || strcmp(wanted, unit->label) == 0 || strcmp(wanted, unit->process) == 0;
}

/* Whether every line of the unit is wanted. */
static bool unit_matches(const JournalFilter *filter, const Unit *unit)
{
        if (unit->owner == UNIT_OWNER_REPOSITORY || strcmp(unit->name, filter->app) != 0)
                return false;
        if (unit->owner == UNIT_OWNER_INSTANCE)
                return (filter->deployment == 0 || filter->deployment == unit->id) &&
                       process_matches(filter->process, unit);
        return filter->deployment == unit->id && filter->deployment != 0 && !filter->process;
}

/* All units of the journal that are wanted, one a line in *ret. With `shared`, those that also work for
 * others, in which the deployment's field tells the lines apart. */
static int units_find(Journal *journal, bool shared, char **ret)
{
        _cleanup_free_ char *units = strdup(shared ? FIELD_UNIT UNIT_DEPLOYD "\n" : "");
        const void *data;
        size_t length;
        int r;

        r = sd_journal_query_unique(journal->journal, "_SYSTEMD_UNIT");
        if (r < 0)
                return r;
        SD_JOURNAL_FOREACH_UNIQUE(journal->journal, data, length)
        {
                _cleanup_free_ char *match = strndup(data, length);
                char *longer;
                Unit unit;

                if (!match)
                        return -ENOMEM;
                if (unit_read(match + strlen(FIELD_UNIT), &unit) < 0)
                        continue;
                if (shared ? unit.owner != UNIT_OWNER_REPOSITORY : !unit_matches(journal->filter, &unit))
                        continue;
                longer = units ? text_format("%s%s\n", units, match) : NULL;
                if (!longer)
                        return -ENOMEM;
                free(units);
                units = longer;
        }
        if (!units)
                return -ENOMEM;
        *ret = TAKE_PTR(units);
        return 0;
}

static int matches_add(sd_journal *journal, const char *units)
{
        int r = 0;

        while (r >= 0 && *units) {
                size_t length = strcspn(units, "\n");

                r = sd_journal_add_match(journal, units, length);
                units += length + 1;
        }
        return r;
}

/* Matches the units there are by now. 1 if they are others than before, and then the position is lost; 0 if
 * not; -errno. */
static int journal_select(Journal *journal)
{
        const JournalFilter *filter = journal->filter;
        _cleanup_free_ char *own = NULL, *shared = NULL, *selected = NULL, *match = NULL;
        int r = units_find(journal, false, &own);

        if (r >= 0 && filter->deployment > 0 && !filter->process)
                r = units_find(journal, true, &shared);
        if (r < 0)
                return r;
        selected = text_format("%s%s", own, text_or_empty(shared));
        match = text_format(FIELD_DEPLOYMENT "=%" PRIu64, filter->deployment);
        if (!selected || !match)
                return -ENOMEM;
        if (journal->selected && strcmp(journal->selected, selected) == 0)
                return 0;

        sd_journal_flush_matches(journal->journal);
        r = matches_add(journal->journal, own);
        if (r >= 0 && own[0] && shared)
                r = sd_journal_add_disjunction(journal->journal);
        if (r >= 0 && shared) {
                r = matches_add(journal->journal, shared);
                if (r >= 0)
                        r = sd_journal_add_match(journal->journal, match, 0);
        }
        if (r < 0)
                return r;
        free(journal->selected);
        journal->selected = TAKE_PTR(selected);
        return 1;
}

/* Who wrote the entry, as people call it: `web.1[42]`, `build[42]`, `deployd[42]`. */
static char *entry_author(Journal *journal)
{
        _cleanup_free_ char *name = NULL;
        const void *data;
        size_t length;
        Unit unit;

        if (sd_journal_get_data(journal->journal, "_SYSTEMD_UNIT", &data, &length) < 0)
                return strdup("?");
        name = strndup((const char *) data + strlen(FIELD_UNIT), length - strlen(FIELD_UNIT));
        if (!name)
                return NULL;
        if (unit_read(name, &unit) < 0)
                return text_format("deployd[%" PRIu64 "]", journal->filter->deployment);
        return text_format("%s[%" PRIu64 "]", unit.label,
                           unit.owner == UNIT_OWNER_REPOSITORY ? journal->filter->deployment : unit.id);
}

static int entry_print_lines(Journal *journal, FILE *file, const char *message, size_t length,
                             const char *author)
{
        char date[sizeof("2026-03-01 14:05:09")] = "";
        const char *end = message + length;
        uint64_t at = 0;
        struct tm parts;
        time_t seconds;

        (void) sd_journal_get_realtime_usec(journal->journal, &at);
        seconds = (time_t) (at / USEC_PER_SEC);
        if (localtime_r(&seconds, &parts))
                (void) strftime(date, sizeof(date), "%F %T", &parts);

        do {
                const char *newline = memchr(message, '\n', (size_t) (end - message));
                size_t part = (size_t) ((newline ? newline : end) - message);
                _cleanup_free_ char *line = text_escape(message, part);

                if (!line)
                        return -ENOMEM;
                fprintf(file, "%s %s: %s\n", date, author, line);
                message += part + 1;
        } while (message < end);
        return 0;
}

static int entry_print(Journal *journal, FILE *file)
{
        _cleanup_free_ char *author = entry_author(journal);
        const void *data;
        size_t length;
        int r;

        if (!author)
                return -ENOMEM;
        free(journal->cursor);
        journal->cursor = NULL;
        r = sd_journal_get_cursor(journal->journal, &journal->cursor);
        if (r < 0)
                return r;
        r = sd_journal_get_data(journal->journal, "MESSAGE", &data, &length);
        if (r == -ENOENT) /* legal, and nothing to show */
                return 0;
        if (r < 0)
                return r;
        data = (const char *) data + strlen(FIELD_MESSAGE);
        length -= strlen(FIELD_MESSAGE);
        if (!journal->raw)
                return entry_print_lines(journal, file, data, length, author);
        (void) fwrite(data, 1, length, file);
        (void) fputc('\n', file);
        return 0;
}

/* Prints this entry and all after it. Their number or -errno. */
static int64_t journal_print_on(Journal *journal, FILE *file)
{
        int64_t n = 0;
        int r;

        do {
                r = entry_print(journal, file);
                if (r < 0)
                        return r;
                n++;
                r = sd_journal_next(journal->journal);
        } while (r > 0 && !ferror(file));
        return r < 0 ? r : n;
}

int64_t journal_print_last(Journal *journal, FILE *file, uint64_t n, bool raw)
{
        int r = journal_select(journal);

        journal->raw = raw;
        if (r >= 0)
                r = sd_journal_set_data_threshold(journal->journal, raw ? 0 : MESSAGE_MAX);
        if (r >= 0)
                r = sd_journal_seek_tail(journal->journal);
        if (r < 0 || !journal->selected[0])
                return r < 0 ? r : 0;
        r = sd_journal_previous_skip(journal->journal, n);
        if (r == 0) /* nothing yet: what comes is after the head */
                r = sd_journal_seek_head(journal->journal);
        else if (r > 0)
                return journal_print_on(journal, file);
        return r;
}

/* Back to where it stood before the matches were changed. */
static int journal_return(Journal *journal)
{
        return journal->cursor ? sd_journal_seek_cursor(journal->journal, journal->cursor)
                               : sd_journal_seek_head(journal->journal);
}

static int journal_print_new(Journal *journal)
{
        int64_t n;
        int r = journal_select(journal);

        if (r > 0)
                r = journal_return(journal);
        if (r >= 0 && journal->selected[0])
                r = sd_journal_next(journal->journal);
        if (r > 0 && journal->cursor && sd_journal_test_cursor(journal->journal, journal->cursor) > 0)
                r = sd_journal_next(journal->journal);
        if (r <= 0 || !journal->selected[0])
                return r;
        n = journal_print_on(journal, stdout);
        (void) fflush(stdout);
        return n < 0 ? (int) n : 0;
}

/* Looks whether something was written, and sets the timer to when the journal wants to be looked at without
 * being told of anything (files on a network). */
static int journal_look(Journal *journal)
{
        sd_event *event = sd_event_source_get_event(journal->timer);
        uint64_t until = USEC_INFINITY;
        int r = sd_journal_process(journal->journal);

        if (r > 0) /* anything but SD_JOURNAL_NOP */
                r = journal_print_new(journal);
        if (r >= 0)
                r = sd_journal_get_timeout(journal->journal, &until);
        if (r >= 0)
                r = sd_event_source_set_time(journal->timer, until);
        if (r >= 0)
                r = sd_event_source_set_enabled(journal->timer,
                                                until == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
        return r < 0 || ferror(stdout) ? sd_event_exit(event, MIN2(r, 0)) : 0;
}

static int journal_on_timer(sd_event_source *timer _unused_, uint64_t time _unused_, void *userdata)
{
        return journal_look(userdata);
}

static int on_journal(sd_event_source *source _unused_, int fd _unused_, uint32_t events _unused_,
                      void *userdata)
{
        return journal_look(userdata);
}

static int on_reader_gone(sd_event_source *source, int fd _unused_, uint32_t events _unused_,
                          void *userdata _unused_)
{
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

int journal_follow(Journal *journal, bool raw)
{
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        int r = sd_event_new(&event);

        journal->raw = raw;
        if (r >= 0)
                r = sd_event_add_time(event, &journal->timer, CLOCK_MONOTONIC, 0, 0, journal_on_timer,
                                      journal);
        if (r >= 0)
                r = sd_event_add_io(event, NULL, sd_journal_get_fd(journal->journal),
                                    (uint32_t) sd_journal_get_events(journal->journal), on_journal, journal);
        if (r < 0)
                return r;
        /* A file cannot be polled, and never loses its reader. */
        r = sd_event_add_io(event, NULL, STDOUT_FILENO, 0, on_reader_gone, NULL);
        if (r < 0 && r != -EPERM)
                return r;
        (void) fflush(stdout);
        r = sd_event_loop(event);
        return r < 0 ? r : 0;
}
