/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sql/migrate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/backoff.h"
#include "base/text.h"
#include "sql/ledger.h"
#include "sql/migrate.sql.h"
#include "sql/migration.h"
#include "sql/pg-gate.h"

/* The advisory lock's number, "deployd1" in ASCII; the same in every version, for it keeps them apart. */
#define LOCK_KEY ((uint64_t) 0x6465706c6f796431)

/* How often a lock held by another is tried, for ever: pauses that grow to what a takeover may last. */
#define LOCK_POLL_USEC     (500 * USEC_PER_MSEC)
#define LOCK_POLL_MAX_USEC (2 * USEC_PER_SEC)

/* What the schema needs: a column list in ON DELETE SET NULL (15). */
#define SERVER_VERSION_MIN 15

struct Migrate {
        Pg *pg;
        sd_event_source *poll;
        Backoff pause; /* between two tries to get the lock */
        MigrateProgress progress;
        MigrateDone done;
        void *userdata;
        bool look_only;
        MigrateStep step;
        uint64_t session; /* the server's process that has held the lock for this deployd, 0 = none yet */
        bool displaced;
        const sd_id128_t *installation; /* that was read; NULL or null = none yet */
        Ledger ledger;
        char *script; /* being applied */
        char *said;   /* the last sentence of progress */
};

static void ask_for_lock(Migrate *migrate);

static void migrate_say(Migrate *migrate, const char *sentence)
{
        pg_gate_say(migrate->pg, sentence);
        if (migrate->said && strcmp(migrate->said, sentence) == 0)
                return;
        (void) text_replace(&migrate->said, sentence);
        if (migrate->progress)
                migrate->progress(migrate->userdata, sentence);
}

/* Ends the pass: 0 opens the gate, anything else leaves it shut. */
static void migrate_end(Migrate *migrate, int error, const char *sentence)
{
        if (error == 0)
                pg_gate_open(migrate->pg);
        else
                pg_gate_refuse(migrate->pg, sentence);
        if (migrate->done)
                migrate->done(migrate->userdata, error, sentence);
}

/* What a SQLSTATE means here; the first row that it begins with counts. */
typedef struct Verdict {
        const char *code;
        int error;
        const char *before, *after; /* "BEFORE what was tried: what the server said AFTER" */
} Verdict;

#define IN_THE_WAY   "something foreign is in the way of"
#define OWN_DATABASE "; give deployd a database of its own"

static const Verdict verdicts_apply[] = {
        { "42501", -EACCES, "deployd's role lacks a right for", "" },
        { "42P07", -EEXIST, IN_THE_WAY, OWN_DATABASE }, /* duplicate_table */
        { "42710", -EEXIST, IN_THE_WAY, OWN_DATABASE }, /* duplicate_object */
        { "42723", -EEXIST, IN_THE_WAY, OWN_DATABASE }, /* duplicate_function */
        { "", -EIO, "cannot apply", "" },
};

static const Verdict verdicts_read[] = {
        { "42501", -EACCES, "deployd's role lacks a right for", "" },
        { "", -EEXIST, "something foreign is in place of", OWN_DATABASE },
};

static void migrate_judge(Migrate *migrate, const Verdict *verdict, const char *what, const PgResult *result)
{
        _cleanup_free_ char *sentence = NULL;

        while (strncmp(pg_result_sqlstate(result), verdict->code, strlen(verdict->code)) != 0)
                verdict++;
        sentence =
                text_format("%s %s: %s%s", verdict->before, what, pg_result_message(result), verdict->after);
        if (pg_result_may_pass(result))
                pg_gate_again(migrate->pg, pg_result_message(result));
        else
                migrate_end(migrate, verdict->error, sentence ? sentence : strerror(ENOMEM));
}

static void migrate_submit(Migrate *migrate, const PgQuery *query, bool script, PgDone done)
{
        int r;

        r = pg_gate_submit(migrate->pg, query, script, done, migrate);
        if (r < 0 && r != -ENOTCONN)
                pg_gate_again(migrate->pg, strerror(-r));
}

static void read_ledger(Migrate *migrate);

static void migrate_on_applied(void *userdata, int error, const PgResult *result)
{
        Migrate *migrate = userdata;

        migrate->step = MIGRATE_IDLE;
        if (error == 0)
                read_ledger(migrate);
        else if (error != -ENOTCONN) {
                _cleanup_free_ char *what = NULL;
                const MigrationEntry *entry = ledger_missing(&migrate->ledger);

                what = text_format("migration %s", entry->name);
                migrate_judge(migrate, verdicts_apply, what ? what : "a migration", result);
        }
}

static void migrate_apply(Migrate *migrate, const MigrationEntry *entry)
{
        _cleanup_free_ char *sentence = NULL;

        free(TAKE_PTR(migrate->script));
        migrate->script = ledger_script(entry->version);
        sentence = text_format("Applying migration %" PRIu32 " of %zu: %s", entry->version, n_migrations,
                               entry->name);
        if (!migrate->script || !sentence) {
                pg_gate_again(migrate->pg, strerror(ENOMEM));
                return;
        }
        migrate->step = MIGRATE_APPLYING;
        migrate_say(migrate, sentence);
        migrate_submit(migrate, &(const PgQuery){ .name = "migration", .sql = migrate->script }, true,
                       migrate_on_applied);
}

/* What was read of one database must not be used with another: the gate stays shut. */
static void migrate_displace(Migrate *migrate)
{
        migrate->displaced = true;
        migrate_say(migrate, "another database is there than the one that was read");
}

static void on_installation(void *userdata, int error, const PgResult *result)
{
        Migrate *migrate = userdata;

        if (error == -ENOTCONN)
                return;
        if (error < 0)
                migrate_judge(migrate, verdicts_read, "the table installation", result);
        else if (pg_result_rows(result) != 1 ||
                 !sd_id128_equal(pg_result_id(result, 0, 0), *migrate->installation))
                migrate_displace(migrate);
        else
                migrate_end(migrate, 0, NULL);
}

static void migrate_judge_ledger(Migrate *migrate, const PgResult *result)
{
        bool has_read = migrate->installation && !sd_id128_is_null(*migrate->installation);
        _cleanup_free_ char *fault = NULL;
        const MigrationEntry *missing;
        int r;

        ledger_clear(&migrate->ledger);
        r = ledger_read(result, &migrate->ledger);
        if (r >= 0 && !migrate->look_only)
                r = ledger_check(&migrate->ledger, &fault);
        if (r == -ENOMEM) {
                pg_gate_again(migrate->pg, strerror(ENOMEM));
                return;
        }
        missing = ledger_missing(&migrate->ledger);
        if (r == 0 && has_read && missing)
                migrate_displace(migrate);
        else if (r == 0 && has_read)
                migrate_submit(migrate, &PG_READ("select id from installation"), false, on_installation);
        else if (r == 0 && missing && !migrate->look_only)
                migrate_apply(migrate, missing);
        else
                migrate_end(migrate, r, fault);
}

static void migrate_on_ledger(void *userdata, int error, const PgResult *result)
{
        if (error == 0)
                migrate_judge_ledger(userdata, result);
        else if (error != -ENOTCONN)
                migrate_judge(userdata, verdicts_read, "the table schema_migration", result);
}

static void read_ledger(Migrate *migrate)
{
        migrate_submit(migrate, &PG_READ(LEDGER_SELECT), false, migrate_on_ledger);
}

static int on_poll(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        ask_for_lock(userdata);
        return 0;
}

static void wait_for_lock(Migrate *migrate, const PgResult *result)
{
        char sentence[128], since[sizeof("2026-11-22 10:49:00")] = "";
        time_t seconds = (time_t) (pg_result_usec(result, 0, 3) / USEC_PER_SEC);
        struct tm broken;

        if (pg_result_is_null(result, 0, 2)) /* it has just gone */
                (void) snprintf(sentence, sizeof(sentence), "another deployd uses this database");
        else if (pg_result_is_null(result, 0, 3) || !gmtime_r(&seconds, &broken) ||
                 strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S", &broken) == 0)
                (void) snprintf(sentence, sizeof(sentence),
                                "another deployd uses this database (pid %" PRIu64 ")",
                                pg_result_u64(result, 0, 2));
        else
                (void) snprintf(sentence, sizeof(sentence),
                                "another deployd uses this database (pid %" PRIu64 ", since %s UTC)",
                                pg_result_u64(result, 0, 2), since);
        /* What holds it may be a session of its own, whose end the server has not noticed yet. */
        migrate->displaced = migrate->session != 0 && !pg_result_is_null(result, 0, 2) &&
                             migrate->session != pg_result_u64(result, 0, 2);
        migrate->step = MIGRATE_LOCKED_OUT;
        migrate_say(migrate, sentence);
        (void) sd_event_source_set_time_relative(migrate->poll, backoff_next(&migrate->pause));
        (void) sd_event_source_set_enabled(migrate->poll, SD_EVENT_ONESHOT);
}

static void on_lock(void *userdata, int error, const PgResult *result)
{
        _cleanup_free_ char *fault = NULL;
        Migrate *migrate = userdata;
        uint64_t server;

        migrate->step = MIGRATE_IDLE;
        if (error == -ENOTCONN)
                return;
        if (error < 0) {
                migrate_judge(migrate, verdicts_read, "the catalog of PostgreSQL", result);
                return;
        }
        server = pg_result_u64(result, 0, 4) / 10000;
        if (server < SERVER_VERSION_MIN)
                fault = text_format("the server is PostgreSQL %" PRIu64 ", deployd needs %d or newer",
                                    server, SERVER_VERSION_MIN);
        else if (strcmp(pg_result_text(result, 0, 5), "UTF8") != 0)
                fault = text_format("the database has the encoding %s, deployd needs UTF8",
                                    pg_result_text(result, 0, 5));
        if (fault)
                migrate_end(migrate, -EUCLEAN, fault);
        else if (!pg_result_bool(result, 0, 0))
                wait_for_lock(migrate, result);
        else {
                backoff_reset(&migrate->pause);
                migrate->session = pg_result_u64(result, 0, 6);
                if (pg_result_bool(result, 0, 1))
                        read_ledger(migrate);
                else
                        migrate_judge_ledger(migrate, NULL);
        }
}

/* A session's advisory lock: the server releases it when the session ends, however it does. */
static void ask_for_lock(Migrate *migrate)
{
        migrate_submit(migrate, &PG_READ(sql_lock, pg_u64(LOCK_KEY), pg_bool(migrate->look_only)), false,
                       on_lock);
}

static void migrate_enter(void *userdata)
{
        Migrate *migrate = userdata;

        (void) sd_event_source_set_enabled(migrate->poll, SD_EVENT_OFF);
        (void) text_replace(&migrate->said, NULL);
        migrate->step = MIGRATE_IDLE;
        ask_for_lock(migrate);
}

static const PgGate gate = { .enter = migrate_enter };

static int migrate_begin(Pg *pg, bool look_only, MigrateProgress progress, MigrateDone done, void *userdata,
                         Migrate **ret)
{
        _cleanup_(migrate_freep) Migrate *migrate = NULL;
        int r;

        migrate = calloc(1, sizeof(*migrate));
        if (!migrate)
                return -ENOMEM;
        migrate->progress = progress;
        migrate->done = done;
        migrate->userdata = userdata;
        migrate->look_only = look_only;
        migrate->pause = (Backoff){ .first_usec = LOCK_POLL_USEC, .max_usec = LOCK_POLL_MAX_USEC };
        r = sd_event_add_time_relative(pg_event(pg), &migrate->poll, CLOCK_MONOTONIC, 0, 0, on_poll,
                                       migrate);
        if (r < 0)
                return r;
        (void) sd_event_source_set_enabled(migrate->poll, SD_EVENT_OFF);
        (void) sd_event_source_set_description(migrate->poll, "database-lock");
        migrate->pg = pg;
        pg_gate_set(pg, &gate, migrate);
        *ret = TAKE_PTR(migrate);
        return 0;
}

int migrate_start(Pg *pg, MigrateProgress progress, MigrateDone done, void *userdata, Migrate **ret)
{
        assert(pg);
        assert(ret);

        return migrate_begin(pg, false, progress, done, userdata, ret);
}

int migrate_look(Pg *pg, MigrateDone done, void *userdata, Migrate **ret)
{
        assert(pg);
        assert(ret);

        return migrate_begin(pg, true, NULL, done, userdata, ret);
}

Migrate *migrate_free(Migrate *migrate)
{
        if (!migrate)
                return NULL;

        if (migrate->pg)
                pg_gate_set(migrate->pg, NULL, NULL);
        sd_event_source_disable_unref(migrate->poll);
        ledger_clear(&migrate->ledger);
        free(migrate->script);
        free(migrate->said);
        free(migrate);
        return NULL;
}

const MigrationEntry *migrate_entries(const Migrate *migrate, size_t *ret_n)
{
        assert(migrate);
        assert(ret_n);

        *ret_n = migrate->ledger.n_entries;
        return migrate->ledger.entries;
}

MigrateStep migrate_step(const Migrate *migrate)
{
        assert(migrate);
        return migrate->step;
}

void migrate_expect(Migrate *migrate, const sd_id128_t *installation)
{
        assert(migrate);
        migrate->installation = installation;
}

bool migrate_is_displaced(const Migrate *migrate)
{
        assert(migrate);
        return migrate->displaced;
}

int migrate_check(const Migrate *migrate, char **ret)
{
        assert(migrate);
        return ledger_check(&migrate->ledger, ret);
}

uint32_t migrate_schema_version(const Migrate *migrate)
{
        assert(migrate);
        return migrate->ledger.version;
}
