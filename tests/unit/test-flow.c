/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/flow.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

#include "base/text.h"

/* What the log shows of a row in one line. */
#define SENTENCE_LENGTH_MAX 80

typedef struct Move {
        DeploymentStatus from;
        FlowEvent event;
        DeploymentStatus to;
} Move;

/* The way of a deployment, once more: through each step in turn, and out of each by a failure or a cancel.
 */
static const Move moves[] = {
        { DEPLOYMENT_QUEUED, FLOW_SLOT, DEPLOYMENT_FETCHING },
        { DEPLOYMENT_QUEUED, FLOW_REUSE,
          DEPLOYMENT_STARTING }, /* a release that is kept: nothing to fetch */
        { DEPLOYMENT_QUEUED, FLOW_FAILED, DEPLOYMENT_FAILED },
        { DEPLOYMENT_QUEUED, FLOW_CANCEL, DEPLOYMENT_CANCELLED },
        { DEPLOYMENT_FETCHING, FLOW_DONE, DEPLOYMENT_STARTING }, /* nothing to build or to run before it */
        { DEPLOYMENT_FETCHING, FLOW_BUILD, DEPLOYMENT_BUILDING },
        { DEPLOYMENT_FETCHING, FLOW_COMMAND, DEPLOYMENT_RELEASING },
        { DEPLOYMENT_FETCHING, FLOW_FAILED, DEPLOYMENT_FAILED },
        { DEPLOYMENT_FETCHING, FLOW_CANCEL, DEPLOYMENT_CANCELLED },
        { DEPLOYMENT_BUILDING, FLOW_DONE, DEPLOYMENT_STARTING },
        { DEPLOYMENT_BUILDING, FLOW_COMMAND, DEPLOYMENT_RELEASING },
        { DEPLOYMENT_BUILDING, FLOW_FAILED, DEPLOYMENT_FAILED },
        { DEPLOYMENT_BUILDING, FLOW_CANCEL, DEPLOYMENT_CANCELLED },
        { DEPLOYMENT_RELEASING, FLOW_DONE, DEPLOYMENT_STARTING },
        { DEPLOYMENT_RELEASING, FLOW_FAILED, DEPLOYMENT_FAILED },
        { DEPLOYMENT_RELEASING, FLOW_CANCEL, DEPLOYMENT_CANCELLED },
        { DEPLOYMENT_STARTING, FLOW_DONE, DEPLOYMENT_CHECKING },
        { DEPLOYMENT_STARTING, FLOW_FAILED, DEPLOYMENT_FAILED },
        { DEPLOYMENT_STARTING, FLOW_CANCEL, DEPLOYMENT_CANCELLED },
        { DEPLOYMENT_CHECKING, FLOW_DONE, DEPLOYMENT_SWITCHING },
        { DEPLOYMENT_CHECKING, FLOW_FAILED, DEPLOYMENT_FAILED },
        { DEPLOYMENT_CHECKING, FLOW_CANCEL, DEPLOYMENT_CANCELLED },
        { DEPLOYMENT_SWITCHING, FLOW_DONE, DEPLOYMENT_LIVE },
        { DEPLOYMENT_SWITCHING, FLOW_FAILED, DEPLOYMENT_FAILED },
        { DEPLOYMENT_SWITCHING, FLOW_CANCEL, DEPLOYMENT_CANCELLED },
        { DEPLOYMENT_LIVE, FLOW_REPLACED, DEPLOYMENT_SUPERSEDED },
};

static bool is_an_end(DeploymentStatus status)
{
        return status == DEPLOYMENT_FAILED || status == DEPLOYMENT_CANCELLED ||
               status == DEPLOYMENT_SUPERSEDED;
}

static const Move *find_move(DeploymentStatus from, FlowEvent event)
{
        for (size_t i = 0; i < ELEMENTSOF(moves); i++)
                if (moves[i].from == from && moves[i].event == event)
                        return &moves[i];
        return NULL;
}

Test(flow, every_event_in_every_status_leads_where_it_should_and_nowhere_else)
{
        for (DeploymentStatus from = DEPLOYMENT_STATUS_UNSET; from < DEPLOYMENT_STATUS_MAX; from++)
                for (FlowEvent event = FLOW_EVENT_UNSET; event < FLOW_EVENT_MAX; event++) {
                        const char *status = deployment_status_to_string(from),
                                   *word = flow_event_to_string(event);
                        const Move *move = find_move(from, event);
                        const FlowRow *row = flow_find(from, event);

                        cr_expect_eq(row != NULL, move != NULL, "%s, %s", status, word);
                        if (!row || !move)
                                continue;
                        cr_expect_eq(row->from, from, "%s, %s", status, word);
                        cr_expect_eq(row->event, event, "%s, %s", status, word);
                        cr_expect_eq(row->to, move->to, "%s, %s", status, word);
                }
        cr_expect_eq(flow_table_size, ELEMENTSOF(moves), "a row is there twice");
}

Test(flow, what_is_not_a_status_or_an_event_leads_nowhere)
{
        cr_expect_null(flow_find(DEPLOYMENT_STATUS_MAX, FLOW_DONE));
        cr_expect_null(flow_find(DEPLOYMENT_QUEUED, FLOW_EVENT_MAX));
        cr_expect_null(flow_find((DeploymentStatus) -1, FLOW_DONE));
        cr_expect_null(flow_find(DEPLOYMENT_QUEUED, (FlowEvent) -1));
}

Test(flow, no_two_rows_have_one_number)
{
        for (size_t i = 0; i < flow_table_size; i++) {
                cr_expect_gt(flow_table[i].row, 0);
                for (size_t j = 0; j < i; j++)
                        cr_expect_neq(flow_table[i].row, flow_table[j].row, "%u", flow_table[i].row);
        }
}

Test(flow, the_number_of_a_row_says_its_status_and_whether_it_is_a_failure_or_a_cancel)
{
        for (size_t i = 0; i < flow_table_size; i++) {
                const FlowRow *row = &flow_table[i];

                for (size_t j = 0; j < i; j++)
                        cr_expect_eq(row->row / 100 == flow_table[j].row / 100,
                                     row->from == flow_table[j].from, "%u and %u", row->row,
                                     flow_table[j].row);
                cr_expect_eq(row->row % 100 == 8, row->event == FLOW_FAILED, "%u", row->row);
                cr_expect_eq(row->row % 100 == 9, row->event == FLOW_CANCEL, "%u", row->row);
        }
}

Test(flow, whatever_waits_or_runs_can_fail_be_cancelled_and_go_on)
{
        for (DeploymentStatus status = DEPLOYMENT_STATUS_UNSET + 1; status < DEPLOYMENT_STATUS_MAX;
             status++) {
                const char *word = deployment_status_to_string(status);
                const FlowRow *failed = flow_find(status, FLOW_FAILED),
                              *cancelled = flow_find(status, FLOW_CANCEL);

                if (!deployment_status_is_unfinished(status)) {
                        cr_expect_null(failed, "%s", word);
                        cr_expect_null(cancelled, "%s", word);
                        continue;
                }
                cr_assert_not_null(failed, "%s", word);
                cr_assert_not_null(cancelled, "%s", word);
                cr_expect_eq(failed->to, DEPLOYMENT_FAILED, "%s", word);
                cr_expect_eq(cancelled->to, DEPLOYMENT_CANCELLED, "%s", word);
                cr_expect_not_null(flow_find(status, status == DEPLOYMENT_QUEUED ? FLOW_SLOT : FLOW_DONE),
                                   "%s", word);
        }
}

Test(flow, every_status_is_reached_from_queued)
{
        bool reached[DEPLOYMENT_STATUS_MAX] = { [DEPLOYMENT_QUEUED] = true };

        /* As many passes as there are statuses reach whatever can be reached. */
        for (size_t pass = 0; pass < DEPLOYMENT_STATUS_MAX; pass++)
                for (size_t i = 0; i < flow_table_size; i++)
                        if (reached[flow_table[i].from])
                                reached[flow_table[i].to] = true;
        for (DeploymentStatus status = DEPLOYMENT_STATUS_UNSET + 1; status < DEPLOYMENT_STATUS_MAX; status++)
                cr_expect(reached[status], "%s", deployment_status_to_string(status));
}

Test(flow, an_end_is_an_end_and_nothing_goes_back)
{
        for (size_t i = 0; i < flow_table_size; i++) {
                const FlowRow *row = &flow_table[i];

                cr_expect_not(is_an_end(row->from), "%u", row->row);
                cr_expect_lt(row->from, row->to, "%u goes back", row->row);
                cr_expect_neq(row->to, DEPLOYMENT_QUEUED, "%u", row->row);
                cr_expect(row->from != DEPLOYMENT_LIVE || row->to == DEPLOYMENT_SUPERSEDED,
                          "%u: a live deployment never fails", row->row);
        }
}

static bool ends_well(FlowEvent event)
{
        return event == FLOW_DONE || event == FLOW_COMMAND;
}

Test(flow, sentences_fit_the_log_and_no_trouble_is_said_twice)
{
        for (size_t i = 0; i < flow_table_size; i++) {
                const char *sentence = flow_table[i].sentence;
                size_t length;

                cr_assert_not_null(sentence);
                length = strlen(sentence);
                cr_expect(length > 0 && length <= SENTENCE_LENGTH_MAX, "'%s'", sentence);
                cr_expect(text_is_clean(sentence, false), "'%s'", sentence);
                cr_expect(islower((unsigned char) sentence[0]), "'%s'", sentence);
                cr_expect(isalnum((unsigned char) sentence[length - 1]), "'%s'", sentence);
                cr_expect_null(strstr(sentence, "  "), "'%s'", sentence);
                /* The same work may end well in two statuses: those tell the rows apart. */
                for (size_t j = 0; j < i; j++)
                        if (!ends_well(flow_table[i].event) || !ends_well(flow_table[j].event))
                                cr_expect_str_neq(sentence, flow_table[j].sentence);
        }
}

Test(flow, events_have_words_of_their_own)
{
        for (FlowEvent event = FLOW_EVENT_UNSET + 1; event < FLOW_EVENT_MAX; event++) {
                cr_assert_not_null(flow_event_to_string(event));
                cr_expect_eq(flow_event_from_string(flow_event_to_string(event)), event);
        }
        cr_expect_null(flow_event_to_string(FLOW_EVENT_MAX));
        cr_expect_lt((int) flow_event_from_string("undone"), 0);
        cr_expect_lt((int) flow_event_from_string(""), 0);
        cr_expect_lt((int) flow_event_from_string(NULL), 0);
}

Test(flow, statuses_have_the_words_of_the_bus_and_are_unfinished_or_finished)
{
        static const struct {
                DeploymentStatus status;
                const char *word;
                bool is_unfinished, is_running;
        } cases[] = {
                { DEPLOYMENT_QUEUED, "queued", true, false },
                { DEPLOYMENT_FETCHING, "fetching", true, true },
                { DEPLOYMENT_BUILDING, "building", true, true },
                { DEPLOYMENT_RELEASING, "releasing", true, true },
                { DEPLOYMENT_STARTING, "starting", true, true },
                { DEPLOYMENT_CHECKING, "checking", true, true },
                { DEPLOYMENT_SWITCHING, "switching", true, true },
                { DEPLOYMENT_LIVE, "live", false, false },
                { DEPLOYMENT_SUPERSEDED, "superseded", false, false },
                { DEPLOYMENT_FAILED, "failed", false, false },
                { DEPLOYMENT_CANCELLED, "cancelled", false, false },
        };

        cr_assert_eq(ELEMENTSOF(cases), (size_t) DEPLOYMENT_STATUS_MAX - 1);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                DeploymentStatus status = cases[i].status;

                cr_expect_str_eq(deployment_status_to_string(status), cases[i].word);
                cr_expect_eq(deployment_status_from_string(cases[i].word), status);
                cr_expect_eq(deployment_status_is_unfinished(status), cases[i].is_unfinished, "%s",
                             cases[i].word);
                cr_expect_eq(deployment_status_is_finished(status), !cases[i].is_unfinished, "%s",
                             cases[i].word);
                cr_expect_eq(deployment_status_is_running(status), cases[i].is_running, "%s", cases[i].word);
        }
}
