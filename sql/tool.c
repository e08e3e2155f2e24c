/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sql/tool.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"
#include "sql/ledger.h"
#include "sql/migrate.h"
#include "sql/verify.h"

enum {
        EXIT_NOT_AS_WANTED = 1,
};

typedef struct Tool {
        FILE *out;
        sd_event *event;
        Pg *pg;
        Migrate *migrate;
        Verify *verify;
        bool applied;
} Tool;

static void tool_clear(Tool *tool)
{
        (void) verify_free(tool->verify);
        (void) migrate_free(tool->migrate);
        (void) pg_free(tool->pg);
        (void) sd_event_unref(tool->event);
}

static void tool_complain(const char *sentence)
{
        (void) fprintf(stderr, "%s.\n", sentence);
}

static int tool_on_patience(sd_event_source *source, uint64_t usec _unused_, void *userdata)
{
        Tool *tool = userdata;
        const char *why = pg_sentence(tool->pg);
        MigrateStep step = migrate_step(tool->migrate);

        if (step == MIGRATE_APPLYING) {
                (void) sd_event_source_set_time_relative(source, TOOL_PATIENCE_SEC * USEC_PER_SEC);
                return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        }
        tool_complain(why ? why : "the database does not answer");
        return sd_event_exit(tool->event, step == MIGRATE_LOCKED_OUT ? EX_TEMPFAIL : EX_UNAVAILABLE);
}

static void on_progress(void *userdata, const char *sentence)
{
        Tool *tool = userdata;

        if (migrate_step(tool->migrate) != MIGRATE_APPLYING)
                return;
        tool->applied = true;
        (void) fprintf(tool->out, "%s\n", sentence);
}

static void tool_on_migrated(void *userdata, int error, const char *sentence)
{
        Tool *tool = userdata;

        if (error < 0)
                tool_complain(sentence);
        else if (!tool->applied)
                (void) fprintf(tool->out, "Nothing to apply: the database is at %" PRIu32 "\n",
                               migrate_schema_version(tool->migrate));
        (void) sd_event_exit(tool->event, error < 0 ? EXIT_NOT_AS_WANTED : EXIT_SUCCESS);
}

static void tool_on_looked(void *userdata, int error, const char *sentence)
{
        const MigrationEntry *entries;
        int status = EXIT_SUCCESS;
        Tool *tool = userdata;
        size_t n;

        if (error < 0) {
                tool_complain(sentence);
                (void) sd_event_exit(tool->event, EX_OSERR);
                return;
        }
        entries = migrate_entries(tool->migrate, &n);
        for (size_t i = 0; i < n; i++) {
                (void) fprintf(tool->out, "%s %s\n", migration_state_to_string(entries[i].state),
                               entries[i].name);
                if (entries[i].state != MIGRATION_APPLIED)
                        status = EXIT_NOT_AS_WANTED;
        }
        (void) sd_event_exit(tool->event, status);
}

static void on_planned(void *userdata, int error, const char *sentence)
{
        _cleanup_free_ char *fault = NULL;
        const MigrationEntry *entries;
        Tool *tool = userdata;
        size_t n;

        if (error >= 0)
                error = migrate_check(tool->migrate, &fault);
        if (error < 0) {
                tool_complain(fault ? fault : sentence ? sentence : strerror(-error));
                (void) sd_event_exit(tool->event, error == -EUCLEAN ? EXIT_NOT_AS_WANTED : EX_OSERR);
                return;
        }
        entries = migrate_entries(tool->migrate, &n);
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *script = NULL;

                if (entries[i].state != MIGRATION_MISSING)
                        continue;
                script = ledger_script(entries[i].version);
                (void) fprintf(tool->out, "-- %s\n%s", entries[i].name, text_or_empty(script));
                if (!script) {
                        (void) sd_event_exit(tool->event, -ENOMEM);
                        return;
                }
        }
        (void) sd_event_exit(tool->event, EXIT_SUCCESS);
}

/* `looked`: what is done when the ledger was only looked at; NULL = what is missing is applied. */
static int tool_run_loop(Tool *tool, const char *conninfo, MigrateDone looked)
{
        int r;

        r = sd_event_new(&tool->event);
        if (r < 0)
                return r;
        r = pg_new(tool->event, conninfo, NULL, NULL, &tool->pg);
        if (r < 0)
                return r;
        if (looked)
                r = migrate_look(tool->pg, looked, tool, &tool->migrate);
        else
                r = migrate_start(tool->pg, on_progress, tool_on_migrated, tool, &tool->migrate);
        if (r < 0)
                return r;
        r = sd_event_add_time_relative(tool->event, NULL, CLOCK_MONOTONIC, TOOL_PATIENCE_SEC * USEC_PER_SEC,
                                       0, tool_on_patience, tool);
        if (r < 0)
                return r;
        return sd_event_loop(tool->event);
}

/* 0, or the exit status for a conninfo that may not be used. */
static int tool_check(const char *conninfo)
{
        _cleanup_free_ char *fault = NULL;

        if (text_is_empty(conninfo) || pg_check_url(conninfo, &fault) != -EINVAL)
                return 0;
        tool_complain(fault);
        return EX_CONFIG;
}

static int tool_run(const char *conninfo, FILE *out, MigrateDone looked)
{
        _cleanup_(tool_clear) Tool tool = { .out = out };
        int r;

        r = tool_check(conninfo);
        if (r != 0)
                return r;
        r = tool_run_loop(&tool, conninfo, looked);
        if (r < 0) {
                tool_complain(strerror(-r));
                return EX_OSERR;
        }
        if (fflush(out) != 0) {
                tool_complain(strerror(errno));
                return EX_OSERR;
        }
        return r;
}

int tool_migrations(const char *conninfo, FILE *out)
{
        assert(out);
        return tool_run(conninfo, out, tool_on_looked);
}

int tool_migrate(const char *conninfo, FILE *out)
{
        assert(out);
        return tool_run(conninfo, out, NULL);
}

int tool_plan(const char *conninfo, FILE *out)
{
        assert(out);
        return tool_run(conninfo, out, on_planned);
}

static void tool_on_verified(void *userdata, int error, const char *sentence)
{
        Tool *tool = userdata;

        if (error < 0)
                tool_complain(sentence);
        (void) sd_event_exit(tool->event, error == 0            ? EXIT_SUCCESS
                                          : error == -EHOSTDOWN ? EX_UNAVAILABLE
                                                                : EX_OSERR);
}

int tool_verify(const char *conninfo, Report *report)
{
        _cleanup_(tool_clear) Tool tool = { .out = NULL };
        int r;

        assert(report);

        r = tool_check(conninfo);
        if (r != 0)
                return r;
        r = sd_event_new(&tool.event);
        if (r >= 0)
                r = verify_new(tool.event, conninfo, report, tool_on_verified, &tool, &tool.verify);
        if (r >= 0)
                r = sd_event_loop(tool.event);
        if (r < 0) {
                tool_complain(strerror(-r));
                return EX_OSERR;
        }
        return r;
}
