/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/reason.h"

#include <string.h>
#include <systemd/sd-journal.h>

#include "base/cleanup.h"

#define UNIT "deployd-ingress.service"
/* A refused configuration makes tens of lines; the health of the apps may add others. */
#define REASON_LINES 200
/* What fits a line of the status. */
#define REASON_LENGTH_MAX 300

static const char mark[] = "[ALERT]", field[] = "MESSAGE=";
/* They end every report. */
static const char *const endings[] = { "Error(s) found in configuration file",
                                       "Fatal errors found in configuration" };

char *reason_of_line(const char *line, size_t size)
{
        _cleanup_free_ char *text = strndup(line, size);
        char *start, *end;

        if (!text || strncmp(text, mark, strlen(mark)) != 0)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(endings); i++)
                if (strstr(text, endings[i]))
                        return NULL;
        start = strstr(text, ") : ");
        start = start ? start + strlen(") : ") : text + strlen(mark);
        end = start + strnlen(start, REASON_LENGTH_MAX);
        for (char *c = start; c < end; c++)
                if ((unsigned char) *c < ' ' || *c == 0x7f)
                        *c = ' ';
        return strndup(start, (size_t) (end - start));
}

/* The newest lines first: the last alert that is seen is the first one that haproxy printed, and what is
 * older than the newest report is not looked at. */
char *reason_read(uint64_t since)
{
        _cleanup_(sd_journal_closep) sd_journal *journal = NULL;
        char *found = NULL;

        if (sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM) < 0 ||
            sd_journal_add_match(journal, "_SYSTEMD_UNIT=" UNIT, 0) < 0 || sd_journal_seek_tail(journal) < 0)
                return NULL;
        for (unsigned n = 0; n < REASON_LINES && sd_journal_previous(journal) > 0; n++) {
                const void *data;
                size_t size;
                uint64_t usec;
                char *reason;

                if (sd_journal_get_realtime_usec(journal, &usec) < 0 || usec < since)
                        break;
                if (sd_journal_get_data(journal, "MESSAGE", &data, &size) < 0 || size < strlen(field))
                        continue;
                reason = reason_of_line((const char *) data + strlen(field), size - strlen(field));
                if (!reason && found)
                        break;
                if (!reason)
                        continue;
                free(found);
                found = reason;
        }
        return found;
}
