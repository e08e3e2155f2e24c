/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"

/* Longest line of a detail, in bytes: room for a definition. */
#define LINE_MAX_BYTES 600

static const struct {
        const char *title;
        const char *advice; /* NULL = each line that fails has its own */
} checks[CHECK_MAX] = {
        [CHECK_MIGRATIONS] = { "The migrations are numbered without a gap",
                               "go back to a backup of the database" },
        [CHECK_LEDGER] = { "Every migration is applied as this deployd has it",
                           "'deployd migrate' applies what is missing; for anything else install the "
                           "deployd that this database belongs to, or go back to a backup" },
        [CHECK_SCHEMA] = { "The schema is the one that the migrations make",
                           "when every migration is applied, undo by hand what was changed by hand, or go back to a backup" },
        [CHECK_FROM_NOTHING] = { "The migrations apply to an empty schema",
                                 "see that deployd's role may create a schema in its database, else "
                                 "install the package deployd again" },
        [CHECK_CREATION] = { "A repository, an app and a deployment can be created",
                             "install the package deployd again" },
        [CHECK_RELATIONS] = { "The relations lead both ways", "install the package deployd again" },
        [CHECK_CONSTRAINTS] = { "Every constraint refuses what it must",
                                "install the package deployd again" },
        [CHECK_CONFIGURATION] = { "The configuration and the installation are sound", NULL },
        [CHECK_UNITS] = { "The database and systemd agree", NULL },
};

static const char *const check_id_table[] = {
        [CHECK_MIGRATIONS] = "migrations",
        [CHECK_LEDGER] = "ledger",
        [CHECK_SCHEMA] = "schema",
        [CHECK_FROM_NOTHING] = "from-nothing",
        [CHECK_CREATION] = "creation",
        [CHECK_RELATIONS] = "relations",
        [CHECK_CONSTRAINTS] = "constraints",
        [CHECK_CONFIGURATION] = "configuration",
        [CHECK_UNITS] = "units",
};
DEFINE_STRING_TABLE(check_id, CheckId);

const char *check_title(CheckId id)
{
        assert(id > CHECK_UNSET && id < CHECK_MAX);
        return checks[id].title;
}

void report_clear(Report *report)
{
        assert(report);

        for (CheckId id = CHECK_UNSET + 1; id < CHECK_MAX; id++)
                free(report->checks[id].detail);
        *report = (Report){ .out_of_memory = false };
}

static void report_sayv(Report *report, CheckId id, const char *format, va_list arguments) _printf_(3, 0);

static void report_sayv(Report *report, CheckId id, const char *format, va_list arguments)
{
        char *before = report->checks[id].detail, *all;
        _cleanup_free_ char *raw = NULL, *line = NULL;

        assert(id > CHECK_UNSET && id < CHECK_MAX);

        if (vasprintf(&raw, format, arguments) < 0)
                raw = NULL;
        line = raw ? text_sanitize(raw, LINE_MAX_BYTES) : NULL;
        all = line ? text_format("%s%s%s", text_or_empty(before), before ? "\n" : "", line) : NULL;
        if (!all) {
                report->out_of_memory = true;
                return;
        }
        free(before);
        report->checks[id].detail = all;
}

void report_say(Report *report, CheckId id, const char *format, ...)
{
        va_list arguments;

        assert(report);

        va_start(arguments, format);
        report_sayv(report, id, format, arguments);
        va_end(arguments);
}

void report_fail(Report *report, CheckId id, const char *format, ...)
{
        va_list arguments;

        assert(report);

        report->checks[id].outcome = CHECK_FAILED;
        va_start(arguments, format);
        report_sayv(report, id, format, arguments);
        va_end(arguments);
}

void report_end(Report *report, CheckId id)
{
        assert(report);

        if (report->checks[id].outcome != CHECK_FAILED)
                report->checks[id].outcome = CHECK_PASSED;
        else if (checks[id].advice)
                report_say(report, id, "What to do: %s", checks[id].advice);
}

bool report_passed(const Report *report)
{
        assert(report);

        for (CheckId id = CHECK_UNSET + 1; id < CHECK_MAX; id++)
                if (report->checks[id].outcome != CHECK_PASSED)
                        return false;
        return !report->out_of_memory;
}
