/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/rows.h"

/* Every row of the flow table, and every event that comes while the row is being committed. */

PIPELINE_SUITE(rows);

/* Events that come while the row is being committed: one, or two. */
typedef struct EventCase {
        FlowEvent first, second;
        bool cancels, fails; /* who asks for the end gets it, whatever fails besides */
} EventCase;

static const EventCase events[] = {
        { FLOW_EVENT_UNSET, FLOW_EVENT_UNSET, false, false },
        { FLOW_SLOT, FLOW_EVENT_UNSET, false, false },
        { FLOW_REUSE, FLOW_EVENT_UNSET, false, false },
        { FLOW_DONE, FLOW_EVENT_UNSET, false, false },
        { FLOW_BUILD, FLOW_EVENT_UNSET, false, false },
        { FLOW_COMMAND, FLOW_EVENT_UNSET, false, false },
        { FLOW_FAILED, FLOW_EVENT_UNSET, false, true },
        { FLOW_CANCEL, FLOW_EVENT_UNSET, true, false },
        { FLOW_REPLACED, FLOW_EVENT_UNSET, false, false },
        { FLOW_FAILED, FLOW_FAILED, false, true },
        { FLOW_FAILED, FLOW_CANCEL, true, false },
        { FLOW_CANCEL, FLOW_FAILED, true, false },
        { FLOW_CANCEL, FLOW_CANCEL, true, false },
};

static void handle(Deployment *deployment, FlowEvent event)
{
        if (event != FLOW_EVENT_UNSET)
                attempt_handle(fixture.pipeline, deployment, event,
                               event == FLOW_FAILED ? "it failed" : NULL);
}

/* Whatever ended without being live has left nothing: no unit, no instance. */
static void check_nothing_is_left(const Deployment *deployment)
{
        unsigned n_live = fixture.app->live ? 1 : 0;

        fake_ingress.hold = false;
        fake_ingress_follow();
        loop_advance(USEC_PER_SEC);
        cr_assert_null(deployment->instances);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), n_live);
        cr_assert_eq(fake_units_n_loaded(UNIT_FETCH) + fake_units_n_loaded(UNIT_BUILD) +
                             fake_units_n_loaded(UNIT_IMPORT) + fake_units_n_loaded(UNIT_RELEASE),
                     0);
}

static void check(const RowCase *row, const EventCase *event)
{
        const char *next = event->cancels ? row->cancelled : event->fails ? row->failed : NULL;
        const char *end = next ? (event->cancels ? "cancelled" : "failed") : row->to;
        _cleanup_free_ char *expected =
                text_format("%s %s%s", row->commit, text_or_empty(next), next ? " " : "");
        Deployment *deployment;
        const char *log;
        size_t n;

        cr_log_info("row %u, %s, %s", row->row, text_or_empty(flow_event_to_string(event->first)),
                    text_or_empty(flow_event_to_string(event->second)));
        deployment = row_hold(row);
        row_make_work_last();
        n = strlen(text_or_empty(fake_store.rows));
        handle(deployment, event->first);
        handle(deployment, event->second);
        loop_run();
        status_is(deployment, row->from);
        fake_store_release();
        loop_run();
        status_is(deployment, end);
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
        if (next && event->fails)
                cr_assert_str_eq(deployment->error_summary, "it failed");
        log = text_or_empty(fake_store.rows) + n;
        cr_assert_eq(strncmp(log, expected, strlen(expected)), 0, "'%s' is committed, not '%s'", log,
                     expected);
        if (strcmp(end, "failed") == 0 || strcmp(end, "cancelled") == 0)
                check_nothing_is_left(deployment);
}

Test(rows, are_all_of_the_table)
{
        for (size_t i = 0; i < MAX2(flow_table_size, n_row_cases); i++) {
                cr_assert_lt(i, n_row_cases);
                cr_assert_lt(i, flow_table_size);
                cr_assert_eq(row_cases[i].row, flow_table[i].row);
        }
        for (FlowEvent event = FLOW_EVENT_UNSET; event < FLOW_EVENT_MAX; event++)
                cr_assert_eq(events[event].first, event);
}

Test(rows, take_up_afterwards_what_comes_while_they_are_committed)
{
        for (size_t i = 0; i < n_row_cases; i++)
                for (size_t j = 0; j < ELEMENTSOF(events); j++) {
                        /* A live deployment is replaced once: that is the row itself. */
                        if (row_cases[i].row == 801 && events[j].first == FLOW_REPLACED)
                                continue;
                        check(&row_cases[i], &events[j]);
                        fixture_reset();
                }
}

Test(rows, lead_to_work_that_can_be_cancelled_at_once)
{
        for (size_t i = 0; i < n_row_cases; i++) {
                const RowCase *row = &row_cases[i];
                Deployment *deployment = row_hold(row);

                row_make_work_last();
                fake_store_release();
                loop_run();
                fixture_cancel(deployment);
                status_is(deployment, row->cancelled ? "cancelled" : row->to);
                if (row->cancelled)
                        check_nothing_is_left(deployment);
                cr_assert(answer.done, "row %u", row->row);
                cr_assert_str_eq(answer.error, row->cancelled ? "" : "AlreadyFinished");
                cr_assert_null(fixture.fatal, "%s", fixture.fatal);
                fixture_reset();
        }
}
