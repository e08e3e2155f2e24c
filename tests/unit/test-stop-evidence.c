/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/stop-evidence.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/unit/test-journal.h"

#define UNIT "deployd-app-shop-7.web.1.service"

#define BOOT       "11111111111111111111111111111111"
#define OTHER_BOOT "22222222222222222222222222222222"
#define RUN        "33333333333333333333333333333333"
#define OTHER_RUN  "44444444444444444444444444444444"

static char directory[] = "/tmp/deployd-test-XXXXXX";

static sd_id128_t id(const char *text)
{
        sd_id128_t value;

        cr_assert_geq(sd_id128_from_string(text, &value), 0);
        return value;
}

/* One entry of the export format: what all have, and `fields`, each on a line of its own. */
static void append_entry(FILE *file, unsigned second, const char *boot, const char *fields)
{
        (void) fprintf(file,
                       "__REALTIME_TIMESTAMP=%u000000\n__MONOTONIC_TIMESTAMP=%u000000\n_BOOT_ID=%s\n"
                       "MESSAGE=x\n%s\n\n",
                       1000000 + second, second, boot, fields);
}

/* Whether there is evidence for RUN in a journal of those entries, in order. */
static int evidence(const char *const (*entries)[2])
{
        _cleanup_free_ char *written = NULL, *journal = NULL;
        FILE *file;
        int r;

        cr_assert(mkdtemp(strcpy(directory, "/tmp/deployd-test-XXXXXX")));
        written = text_format("%s/entries", directory);
        journal = text_format("%s/x.journal", directory);
        file = fopen(written, "we");
        cr_assert(file);
        for (unsigned i = 0; entries[i][0]; i++)
                append_entry(file, i + 1, entries[i][0], entries[i][1]);
        cr_assert_eq(fclose(file), 0);
        make_journal(written, journal);
        r = stop_evidence_read(directory, UNIT, id(RUN));
        cr_assert(unlink(written) == 0 && unlink(journal) == 0 && rmdir(directory) == 0);
        return r;
}

#define JOB(type, result, run) \
        "_PID=1\nUNIT=" UNIT "\nJOB_TYPE=" type "\nJOB_RESULT=" result "\nINVOCATION_ID=" run
#define STOPPED  JOB("stop", "done", RUN)
#define SHUTDOWN "_PID=1\nUNIT=shutdown.target\nJOB_TYPE=start\nJOB_RESULT=done\nINVOCATION_ID=" OTHER_RUN

Test(stop_evidence, is_a_stop_job_that_was_done_of_that_run)
{
        static const char *const stopped[][2] = { { BOOT, STOPPED }, {} };
        static const char *const started_again[][2] = { { BOOT, STOPPED },
                                                        { BOOT, JOB("start", "done", OTHER_RUN) },
                                                        {} };
        static const char *const shut_down_before[][2] = { { BOOT, SHUTDOWN }, { BOOT, STOPPED }, {} };
        static const char *const another_boot_ended[][2] = { { BOOT, STOPPED },
                                                             { OTHER_BOOT, SHUTDOWN },
                                                             {} };

        cr_expect_eq(evidence(stopped), 1);
        cr_expect_eq(evidence(started_again), 1);
        cr_expect_eq(evidence(shut_down_before), 1);
        cr_expect_eq(evidence(another_boot_ended), 1);
}

Test(stop_evidence, is_nothing_else)
{
        static const char *const of_another_run[][2] = { { BOOT, JOB("stop", "done", OTHER_RUN) }, {} };
        static const char *const of_a_restart[][2] = { { BOOT, JOB("restart", "done", RUN) }, {} };
        static const char *const that_was_cancelled[][2] = { { BOOT, JOB("stop", "canceled", RUN) }, {} };
        static const char *const of_a_shutdown[][2] = { { BOOT, STOPPED }, { BOOT, SHUTDOWN }, {} };
        static const char *const of_no_job[][2] = { { BOOT, "_PID=1\nUNIT=" UNIT "\nINVOCATION_ID=" RUN },
                                                    {} };
        static const char *const that_somebody_else_wrote[][2] = {
                { BOOT, "_PID=42\nUNIT=" UNIT "\nJOB_TYPE=stop\nJOB_RESULT=done\nINVOCATION_ID=" RUN }, {}
        };

        cr_expect_eq(evidence(of_another_run), 0);
        cr_expect_eq(evidence(of_a_restart), 0);
        cr_expect_eq(evidence(that_was_cancelled), 0);
        cr_expect_eq(evidence(of_a_shutdown), 0);
        cr_expect_eq(evidence(of_no_job), 0);
        cr_expect_eq(evidence(that_somebody_else_wrote), 0);
}

Test(stop_evidence, a_run_without_an_id_has_none)
{
        cr_expect_eq(stop_evidence_read("/nonexistent", UNIT, SD_ID128_NULL), 0);
        cr_expect_lt(stop_evidence_read("/nonexistent", UNIT, id(RUN)), 0);
}
