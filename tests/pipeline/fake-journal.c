/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/pipeline/fake-units-internal.h"

/* What is asked when a unit has ended: one question each, answered in the loop unless it is held. */

struct ShutdownWait {
        ShutdownOver over;
        void *userdata;
        Later *later; /* NULL = held, or called */
        LIST_FIELDS(ShutdownWait, waits);
};

struct LastLine {
        LastLineDone done;
        void *userdata;
        Later *later;
        LIST_FIELDS(LastLine, lines);
};

struct StopEvidence {
        StopEvidenceDone done;
        void *userdata;
        Later *later;
        LIST_FIELDS(StopEvidence, evidences);
};

static LIST_HEAD(ShutdownWait, waits);
static LIST_HEAD(LastLine, lines);
static LIST_HEAD(StopEvidence, evidences);

ShutdownWait *shutdown_wait_free(ShutdownWait *wait)
{
        if (!wait)
                return NULL;
        LIST_REMOVE(waits, waits, wait);
        later_free(wait->later);
        free(wait);
        return NULL;
}

/* The callback frees the wait. */
static void on_up(void *userdata)
{
        ShutdownWait *wait = userdata;

        wait->later = NULL;
        wait->over(wait->userdata);
}

int shutdown_wait_new(_unused_ Units *units, ShutdownOver over, void *userdata, ShutdownWait **ret)
{
        ShutdownWait *wait = calloc(1, sizeof(ShutdownWait));

        cr_assert(wait);
        *wait = (ShutdownWait){ .over = over, .userdata = userdata };
        LIST_APPEND(waits, waits, wait);
        if (!fake_units.going_down)
                wait->later = later_new(on_up, wait);
        *ret = wait;
        return 0;
}

void fake_units_stay_up(void)
{
        ShutdownWait *wait;

        fake_units.going_down = false;
        LIST_FOREACH (waits, wait, waits)
                if (!wait->later)
                        wait->later = later_new(on_up, wait);
}

LastLine *last_line_free(LastLine *line)
{
        if (!line)
                return NULL;
        LIST_REMOVE(lines, lines, line);
        later_free(line->later);
        free(line);
        return NULL;
}

static void on_line(void *userdata)
{
        LastLine *line = userdata;
        LastLineDone done = line->done;
        void *what = line->userdata;
        _cleanup_free_ char *text = strdup(fake_units.last_line);

        cr_assert(text);
        line->later = NULL;
        last_line_free(line);
        done(what, text);
}

int last_line_new(_unused_ sd_event *event, _unused_ const char *unit, _unused_ sd_id128_t invocation,
                  LastLineDone done, void *userdata, LastLine **ret)
{
        LastLine *line = calloc(1, sizeof(LastLine));

        cr_assert(line);
        *line = (LastLine){ .done = done, .userdata = userdata };
        LIST_APPEND(lines, lines, line);
        if (!fake_units.hold_journal)
                line->later = later_new(on_line, line);
        *ret = line;
        return 0;
}

StopEvidence *stop_evidence_free(StopEvidence *evidence)
{
        if (!evidence)
                return NULL;
        LIST_REMOVE(evidences, evidences, evidence);
        later_free(evidence->later);
        free(evidence);
        return NULL;
}

static void on_evidence(void *userdata)
{
        StopEvidence *evidence = userdata;
        StopEvidenceDone done = evidence->done;
        void *what = evidence->userdata;

        evidence->later = NULL;
        stop_evidence_free(evidence);
        done(what, fake_units.stopped);
}

int stop_evidence_new(_unused_ sd_event *event, _unused_ const char *unit, _unused_ sd_id128_t invocation,
                      StopEvidenceDone done, void *userdata, StopEvidence **ret)
{
        StopEvidence *evidence = calloc(1, sizeof(StopEvidence));

        cr_assert(evidence);
        *evidence = (StopEvidence){ .done = done, .userdata = userdata };
        LIST_APPEND(evidences, evidences, evidence);
        if (!fake_units.hold_journal)
                evidence->later = later_new(on_evidence, evidence);
        *ret = evidence;
        return 0;
}

void fake_units_read_journal(void)
{
        LastLine *line;
        StopEvidence *evidence;

        fake_units.hold_journal = false;
        LIST_FOREACH (lines, line, lines)
                if (!line->later)
                        line->later = later_new(on_line, line);
        LIST_FOREACH (evidences, evidence, evidences)
                if (!evidence->later)
                        evidence->later = later_new(on_evidence, evidence);
}
