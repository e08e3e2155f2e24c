/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/last-line.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "base/failure-line.h"
#include "base/text.h"
#include "systemd/journal-sync.h"

/* Lines of the run that are read, and lines that are passed over for it, of later runs too, at most. */
#define LINES_READ      200
#define LINES_LOOKED_AT 1000

struct LastLine {
        char *unit;
        sd_id128_t invocation;
        JournalSync *sync;
        LastLineDone done;
        void *userdata;
};

LastLine *last_line_free(LastLine *line)
{
        if (!line)
                return NULL;
        journal_sync_free(line->sync);
        free(line->unit);
        free(line);
        return NULL;
}

/* Whether the entry at hand is of the run with that id. The journal learns the id from PID 1's runtime files
 * when it reads a program's first line; by then a program that ended at once can have taken them with it
 * (src/core/unit.c, unit_unlink_state_files()), and the entry has its unit but no id. */
static bool is_of_run(sd_journal *journal, sd_id128_t invocation)
{
        char field[sizeof("_SYSTEMD_INVOCATION_ID=") + SD_ID128_STRING_MAX], id[SD_ID128_STRING_MAX];
        const void *data;
        size_t size;

        (void) stpcpy(stpcpy(field, "_SYSTEMD_INVOCATION_ID="), sd_id128_to_string(invocation, id));
        return sd_journal_get_data(journal, "_SYSTEMD_INVOCATION_ID", &data, &size) < 0 ||
               (size == strlen(field) && memcmp(data, field, size) == 0);
}

static int open_journal(const char *directory, const char *unit, sd_journal **ret)
{
        _cleanup_(sd_journal_closep) sd_journal *journal = NULL;
        _cleanup_free_ char *match = text_format("_SYSTEMD_UNIT=%s", unit);
        int r;

        if (!match)
                return -ENOMEM;
        r = directory ? sd_journal_open_directory(&journal, directory, 0)
                      : sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
        if (r >= 0)
                r = sd_journal_add_match(journal, match, 0);
        if (r >= 0)
                r = sd_journal_add_match(journal, "_TRANSPORT=stdout", 0);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(journal);
        return 0;
}

/* Goes back to where the last lines of the run begin. 1 if there is an entry, 0 if not, or -errno. */
static int go_back(sd_journal *journal, sd_id128_t invocation)
{
        size_t n_looked = 0, n_read = 0;
        int r = sd_journal_seek_tail(journal);

        if (r < 0)
                return r;
        while (n_looked++ < LINES_LOOKED_AT && n_read < LINES_READ) {
                r = sd_journal_previous(journal);
                if (r < 0)
                        return r;
                if (r == 0) {
                        r = sd_journal_seek_head(journal);
                        return r < 0 ? r : sd_journal_next(journal);
                }
                if (is_of_run(journal, invocation))
                        n_read++;
                else if (n_read > 0) /* a run before */
                        break;
        }
        return 1;
}

static int add_line(FailureLine *best, sd_journal *journal)
{
        _cleanup_free_ char *text = NULL;
        const void *data;
        size_t size;
        int r = sd_journal_get_data(journal, "MESSAGE", &data, &size);

        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return r;
        text = strndup((const char *) data + strlen("MESSAGE="), size - strlen("MESSAGE="));
        if (!text)
                return -ENOMEM;
        failure_line_add(best, text);
        return 0;
}

int last_line_read(const char *directory, const char *unit, sd_id128_t invocation, char **ret)
{
        _cleanup_(sd_journal_closep) sd_journal *journal = NULL;
        _cleanup_(failure_line_done) FailureLine best = { 0 };
        const char *text;
        int r;

        assert(unit);
        assert(ret);

        r = open_journal(directory, unit, &journal);
        if (r >= 0)
                r = go_back(journal, invocation);
        for (size_t n = 0; r > 0 && n < LINES_LOOKED_AT; n++) {
                if (is_of_run(journal, invocation))
                        r = add_line(&best, journal);
                if (r >= 0)
                        r = sd_journal_next(journal);
        }
        if (r < 0)
                return r;
        text = failure_line_get(&best);
        if (!text)
                return -ENOENT;
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}

static void last_line_on_synced(void *userdata)
{
        LastLine *line = userdata;
        _cleanup_free_ char *text = NULL;
        char nothing[] = "";
        LastLineDone done = line->done;
        void *done_userdata = line->userdata;

        line->sync = NULL;
        (void) last_line_read(NULL, line->unit, line->invocation, &text);
        last_line_free(line);
        done(done_userdata, text ? text : nothing);
}

int last_line_new(sd_event *event, const char *unit, sd_id128_t invocation, LastLineDone done,
                  void *userdata, LastLine **ret)
{
        _cleanup_(last_line_freep) LastLine *line = NULL;
        int r;

        assert(event);
        assert(unit);
        assert(done);
        assert(ret);

        line = calloc(1, sizeof(LastLine));
        if (!line)
                return -ENOMEM;
        *line = (LastLine){
                .unit = strdup(unit), .invocation = invocation, .done = done, .userdata = userdata
        };
        r = line->unit ? journal_sync_new(event, last_line_on_synced, line, &line->sync) : -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(line);
        return 0;
}
