/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/last-line.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/unit/test-journal.h"

#define UNIT  "deployd-app-shop-7.web.1.service"
#define OTHER "deployd-app-shop-7.web.2.service"

#define RUN       "33333333333333333333333333333333"
#define OTHER_RUN "44444444444444444444444444444444"

typedef struct Entry {
        const char *unit, *run, *message; /* run: NULL if the journal did not learn it */
        unsigned times;                   /* 0 = once */
} Entry;

static void write_entry(FILE *file, const Entry *entry, unsigned second)
{
        (void) fprintf(file,
                       "__REALTIME_TIMESTAMP=%u000000\n__MONOTONIC_TIMESTAMP=%u000000\n"
                       "_BOOT_ID=11111111111111111111111111111111\n_TRANSPORT=stdout\n_SYSTEMD_UNIT=%s\n",
                       1000000 + second, second, entry->unit);
        if (entry->run)
                (void) fprintf(file, "_SYSTEMD_INVOCATION_ID=%s\n", entry->run);
        (void) fprintf(file, "MESSAGE=%s\n\n", entry->message);
}

/* What is read of RUN in a journal of those entries, which end with one without a unit: NULL = nothing. */
static void expect(const Entry *entries, const char *line)
{
        char directory[] = "/tmp/deployd-test-XXXXXX";
        _cleanup_free_ char *written = NULL, *journal = NULL, *text = NULL;
        unsigned second = 0;
        sd_id128_t run;
        FILE *file;
        int r;

        cr_assert(mkdtemp(directory));
        written = text_format("%s/entries", directory);
        journal = text_format("%s/x.journal", directory);
        file = fopen(written, "we");
        cr_assert(file);
        for (; entries->unit; entries++)
                for (unsigned i = 0; i < (entries->times ? entries->times : 1); i++)
                        write_entry(file, entries, ++second);
        cr_assert_eq(fclose(file), 0);
        make_journal(written, journal);
        cr_assert_geq(sd_id128_from_string(RUN, &run), 0);
        r = last_line_read(directory, UNIT, run, &text);
        if (line)
                cr_expect(r == 0 && strcmp(text, line) == 0, "%d: “%s” instead of “%s”", r, text, line);
        else
                cr_expect_eq(r, -ENOENT);
        cr_assert(unlink(written) == 0 && unlink(journal) == 0 && rmdir(directory) == 0);
}

#define ENTRIES(...) ((const Entry[]){ __VA_ARGS__, {} })

Test(last_line, is_the_one_that_says_why)
{
        expect(ENTRIES({ UNIT, RUN, "starting" }, { UNIT, RUN, "Error: no apples" },
                       { UNIT, RUN, "    at main (a.js:1:1)" }, { UNIT, RUN, "Node.js v18.20.4" }),
               "Error: no apples");
        expect(ENTRIES({ UNIT, RUN, "one" }, { UNIT, RUN, "two" }), "two");
        expect(ENTRIES({ UNIT, RUN, "only" }), "only");
}

Test(last_line, is_of_that_run_of_that_unit)
{
        expect(ENTRIES({ UNIT, OTHER_RUN, "Error: before" }, { UNIT, RUN, "no apples" },
                       { OTHER, RUN, "Error: other" }, { UNIT, OTHER_RUN, "Error: after", 300 }),
               "no apples");
        expect(ENTRIES({ UNIT, OTHER_RUN, "Error: another run" }), NULL);
        expect(ENTRIES({ OTHER, RUN, "Error: another unit" }), NULL);
}

Test(last_line, is_of_the_unit_where_the_journal_did_not_learn_the_run)
{
        expect(ENTRIES({ UNIT, NULL, "famous last words" }), "famous last words");
}

Test(last_line, is_looked_for_in_the_last_lines_only)
{
        expect(ENTRIES({ UNIT, RUN, "Error: one" }, { UNIT, RUN, "    at a (b.js:1:1)", 198 },
                       { UNIT, RUN, "that was it" }),
               "Error: one");
        expect(ENTRIES({ UNIT, RUN, "Error: one" }, { UNIT, RUN, "    at a (b.js:1:1)", 199 },
                       { UNIT, RUN, "that was it" }),
               "that was it");
        expect(ENTRIES({ UNIT, RUN, "no apples" }, { UNIT, OTHER_RUN, "after", 1000 }), NULL);
}
