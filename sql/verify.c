/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sql/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "sql/ledger.h"
#include "sql/migration.h"
#include "sql/pg-gate.h"
#include "sql/verify-internal.h"

/* The schema is of this session, so that two verifications at once are not in each other's way. */
#define BEGIN                                                                      \
        "begin;"                                                                   \
        "do $$ begin execute 'create schema deployd_verify_' || pg_backend_pid();" \
        " perform set_config('search_path', 'deployd_verify_' || pg_backend_pid(), true); end $$;" LEDGER_CREATE

static const VerifyQuestion *const questions[VERIFY_QUESTIONS] = {
        &verify_schema,
        &verify_creation,
        &verify_relations,
        &verify_constraints,
};

struct Verify {
        Pg *pg;
        Report *report;
        VerifyDone done;
        void *userdata;
        sd_event_source *patience;
        sd_event_source *end; /* runs outside of the connection's callbacks, which must not free it */
        int error;
        size_t n_applied; /* migrations, in the schema of its own */
        size_t n_asked;   /* questions */
        char *keep;       /* the script after the last migration */
        char *before;     /* the script before the question */
};

static void verify_end(Verify *verify, int error)
{
        verify->error = error;
        (void) sd_event_source_set_enabled(verify->end, SD_EVENT_ONESHOT);
}

static void verify_submit(Verify *verify, const PgQuery *query, bool script, PgDone done)
{
        int r = pg_gate_submit(verify->pg, query, script, done, verify);

        if (r < 0 && r != -ENOTCONN)
                verify_end(verify, r);
}

static void submit_script(Verify *verify, const char *script, PgDone done)
{
        verify_submit(verify, &(const PgQuery){ .name = "verify", .sql = script }, true, done);
}

/* What became of something that was submitted. */
typedef enum Outcome {
        OUTCOME_DONE,
        OUTCOME_REFUSED, /* the check has failed, and says so */
        OUTCOME_AGAIN,   /* the connection is gone or given up; everything is repeated with the next one */
} Outcome;

static Outcome verify_judge(Verify *verify, int error, const PgResult *result, CheckId check,
                            const char *what)
{
        if (error == 0)
                return OUTCOME_DONE;
        if (error == -ENOTCONN)
                return OUTCOME_AGAIN;
        if (pg_result_may_pass(result)) {
                pg_gate_again(verify->pg, pg_result_message(result));
                return OUTCOME_AGAIN;
        }
        report_fail(verify->report, check, "%s: %s", what, pg_result_message(result));
        return OUTCOME_REFUSED;
}

static void verify_ask(Verify *verify);

static void read_row(Report *report, CheckId check, const PgResult *result, size_t row)
{
        const char *what = pg_result_text(result, row, 0), *should = pg_result_text(result, row, 1),
                   *is = pg_result_text(result, row, 2);

        if (pg_result_is_null(result, row, 2))
                report_fail(report, check, "%s is missing%s%s", what, should[0] ? ": " : "", should);
        else if (pg_result_is_null(result, row, 1))
                report_fail(report, check, "%s is of no migration%s%s", what, is[0] ? ": " : "", is);
        else if (strcmp(should, is) != 0)
                report_fail(report, check, "%s is %s, should be %s", what, is[0] ? is : "plain",
                            should[0] ? should : "plain");
        else
                report_say(report, check, "%s: %s", what, is);
}

static void end_question(Verify *verify)
{
        report_end(verify->report, questions[verify->n_asked]->check);
        verify->n_asked++;
        verify_ask(verify);
}

static void verify_on_answer(void *userdata, int error, const PgResult *result)
{
        Verify *verify = userdata;
        CheckId check = questions[verify->n_asked]->check;
        Outcome outcome = verify_judge(verify, error, result, check, "the database cannot answer");

        if (outcome == OUTCOME_AGAIN)
                return;
        for (size_t i = 0; outcome == OUTCOME_DONE && i < pg_result_rows(result); i++)
                read_row(verify->report, check, result, i);
        end_question(verify);
}

static void on_prepared(void *userdata, int error, const PgResult *result)
{
        Verify *verify = userdata;
        const VerifyQuestion *question = questions[verify->n_asked];
        PgValue values[ELEMENTSOF(question->lists)];
        PgQuery query = { .name = "verify", .sql = question->sql, .values = values };

        switch (verify_judge(verify, error, result, question->check, "the database refuses")) {
        case OUTCOME_DONE:
                break;
        case OUTCOME_REFUSED:
                end_question(verify);
                return;
        case OUTCOME_AGAIN:
                return;
        }
        while (query.n_values < ELEMENTSOF(question->lists) && question->lists[query.n_values]) {
                values[query.n_values] = pg_texts(question->lists[query.n_values]);
                query.n_values++;
        }
        verify_submit(verify, &query, false, verify_on_answer);
}

static void on_over(void *userdata, int error, const PgResult *result _unused_)
{
        /* The loss of the connection takes all back too. */
        if (error != -ENOTCONN)
                verify_end(userdata, 0);
}

/* Asks the next question, each with the schema as the migrations have made it. */
static void verify_ask(Verify *verify)
{
        if (verify->n_asked == VERIFY_QUESTIONS) {
                submit_script(verify, "rollback", on_over);
                return;
        }
        free(TAKE_PTR(verify->before));
        verify->before = text_format("rollback to savepoint made; %s",
                                     text_or_empty(questions[verify->n_asked]->before));
        if (verify->before)
                submit_script(verify, verify->before, on_prepared);
        else
                verify_end(verify, -ENOMEM);
}

/* Whether the schema of its own is made as far as it should be. Without it there is nothing to compare with.
 */
static bool is_made(Verify *verify, int error, const PgResult *result, const char *what)
{
        Outcome outcome = verify_judge(verify, error, result, CHECK_FROM_NOTHING, what);

        if (outcome == OUTCOME_REFUSED) {
                report_end(verify->report, CHECK_FROM_NOTHING);
                submit_script(verify, "rollback", on_over);
        }
        return outcome == OUTCOME_DONE;
}

static void on_kept(void *userdata, int error, const PgResult *result)
{
        Verify *verify = userdata;

        if (!is_made(verify, error, result, "what they have made"))
                return;
        report_end(verify->report, CHECK_FROM_NOTHING);
        verify_ask(verify);
}

static void verify_apply(Verify *verify);

static void verify_on_applied(void *userdata, int error, const PgResult *result)
{
        Verify *verify = userdata;
        _cleanup_free_ char *what = text_format("migration %s", migrations[verify->n_applied].name);

        if (!is_made(verify, error, result, what ? what : "a migration"))
                return;
        verify->n_applied++;
        verify_apply(verify);
}

static void verify_apply(Verify *verify)
{
        if (verify->n_applied < n_migrations)
                submit_script(verify, migrations[verify->n_applied].sql, verify_on_applied);
        else
                submit_script(verify, verify->keep, on_kept);
}

static void on_begun(void *userdata, int error, const PgResult *result)
{
        Verify *verify = userdata;

        if (is_made(verify, error, result, "a schema to try them in"))
                verify_apply(verify);
}

/* Checks 1 and 2: what is out of order, and what is not as it is here. */
static void judge_entry(Report *report, const Ledger *ledger, size_t i)
{
        const MigrationEntry *entry = &ledger->entries[i];
        uint32_t before = i > 0 ? ledger->entries[i - 1].version : 0;
        bool out_of_order = entry->version != before + 1 ||
                            (entry->state == MIGRATION_MISSING && entry->version < ledger->version);
        _cleanup_free_ char *fault = NULL;

        if (ledger_judge(ledger, entry, &fault) == -ENOMEM)
                report->out_of_memory = true;
        if (out_of_order && (entry->state == MIGRATION_MISSING || entry->version == 0))
                report_fail(report, CHECK_MIGRATIONS, "%s", text_or_empty(fault));
        else if (fault)
                report_fail(report, CHECK_LEDGER, "%s", fault);
        else if (entry->state == MIGRATION_MISSING)
                report_fail(report, CHECK_LEDGER, "migration %s is not applied", entry->name);
        if (out_of_order && entry->state != MIGRATION_MISSING && entry->version > 0)
                report_fail(report, CHECK_MIGRATIONS, "%s follows version %" PRIu32, entry->name, before);
        report_say(report, CHECK_MIGRATIONS, "%s %s", migration_state_to_string(entry->state), entry->name);
}

static void verify_judge_ledger(Verify *verify, const PgResult *result)
{
        _cleanup_(ledger_clear) Ledger ledger = {};

        if (ledger_read(result, &ledger) < 0) {
                verify_end(verify, -ENOMEM);
                return;
        }
        for (size_t i = 0; i < ledger.n_entries; i++)
                judge_entry(verify->report, &ledger, i);
        report_end(verify->report, CHECK_MIGRATIONS);
        report_end(verify->report, CHECK_LEDGER);
        submit_script(verify, BEGIN, on_begun);
}

static void verify_on_ledger(void *userdata, int error, const PgResult *result)
{
        Verify *verify = userdata;

        switch (verify_judge(verify, error, result, CHECK_LEDGER, "the table schema_migration")) {
        case OUTCOME_DONE:
                verify_judge_ledger(verify, result);
                break;
        case OUTCOME_REFUSED:
                report_end(verify->report, CHECK_LEDGER);
                submit_script(verify, BEGIN, on_begun);
                break;
        case OUTCOME_AGAIN:
                break;
        }
}

static void verify_on_looked(void *userdata, int error, const PgResult *result)
{
        Verify *verify = userdata;

        if (verify_judge(verify, error, result, CHECK_LEDGER, "the catalog of PostgreSQL") != OUTCOME_DONE)
                return;
        if (pg_result_bool(result, 0, 0))
                verify_submit(verify, &PG_READ(LEDGER_SELECT), false, verify_on_ledger);
        else
                verify_judge_ledger(verify, NULL);
}

static void verify_enter(void *userdata)
{
        Verify *verify = userdata;

        report_clear(verify->report);
        verify->n_applied = verify->n_asked = 0;
        verify_submit(verify, &PG_READ("select to_regclass('schema_migration') is not null"), false,
                      verify_on_looked);
}

static const PgGate gate = { .enter = verify_enter };

static int on_end(sd_event_source *source _unused_, void *userdata)
{
        Verify *verify = userdata;
        _cleanup_free_ char *sentence = NULL;

        if (verify->error == -EHOSTDOWN && pg_sentence(verify->pg))
                sentence = strdup(pg_sentence(verify->pg));
        (void) sd_event_source_set_enabled(verify->patience, SD_EVENT_OFF);
        verify->pg = pg_free(verify->pg);
        if (verify->error == 0 && verify->report->out_of_memory)
                verify->error = -ENOMEM;
        verify->done(verify->userdata, verify->error,
                     sentence                      ? sentence
                     : verify->error == -EHOSTDOWN ? "the database does not answer"
                                                   : strerror(-verify->error));
        return 0;
}

static int verify_on_patience(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        verify_end(userdata, -EHOSTDOWN);
        return 0;
}

int verify_new(sd_event *event, const char *conninfo, Report *report, VerifyDone done, void *userdata,
               Verify **ret)
{
        _cleanup_(verify_freep) Verify *verify = NULL;
        int r;

        assert(event);
        assert(report);
        assert(done);
        assert(ret);

        verify = calloc(1, sizeof(*verify));
        if (!verify)
                return -ENOMEM;
        verify->report = report;
        verify->done = done;
        verify->userdata = userdata;
        verify_example_fill();
        verify->keep = text_format("%s%s savepoint made", verify_schema_keep, verify_outcome_create);
        if (!verify->keep)
                return -ENOMEM;
        r = sd_event_add_defer(event, &verify->end, on_end, verify);
        if (r >= 0)
                r = sd_event_source_set_enabled(verify->end, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &verify->patience, CLOCK_MONOTONIC,
                                               VERIFY_PATIENCE_USEC, 0, verify_on_patience, verify);
        if (r >= 0)
                r = pg_new(event, conninfo, NULL, NULL, &verify->pg);
        if (r < 0)
                return r;
        pg_gate_set(verify->pg, &gate, verify);
        *ret = TAKE_PTR(verify);
        return 0;
}

Verify *verify_free(Verify *verify)
{
        if (!verify)
                return NULL;

        pg_free(verify->pg);
        sd_event_source_disable_unref(verify->end);
        sd_event_source_disable_unref(verify->patience);
        free(verify->keep);
        free(verify->before);
        free(verify);
        return NULL;
}
