/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every enum that indexes a table, from its first value to its last: no row is missing, and zero has none.
 */

#include <criterion/criterion.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "cli/option.h"
#include "cli/verb.h"
#include "daemon/model/app.h"
#include "daemon/model/flow.h"
#include "daemon/model/report.h"
#include "daemon/model/unit-name.h"
#include "git/problem.h"
#include "probe/protocol.h"
#include "sql/migrate.h"
#include "systemd/sandbox.h"

/* Each value from 1 to MAX has a word of its own, that leads back to it; zero and what is beyond have none.
 */
#define EXPECT_WORDS(name, type, max)                                                                     \
        do {                                                                                              \
                cr_expect_null(name##_to_string((type) 0), #name);                                        \
                cr_expect_null(name##_to_string((type) (max)), #name);                                    \
                cr_expect_null(name##_to_string((type) -1), #name);                                       \
                cr_expect_lt((int) name##_from_string(NULL), 0, #name);                                   \
                cr_expect_lt((int) name##_from_string(""), 0, #name);                                     \
                cr_expect_lt((int) name##_from_string("no such word"), 0, #name);                         \
                for (int value = 1; value < (int) (max); value++) {                                       \
                        const char *word = name##_to_string((type) value);                                \
                        cr_expect_not_null(word, #name " %d has no row", value);                          \
                        if (word)                                                                         \
                                cr_expect_eq((int) name##_from_string(word), value, #name " '%s'", word); \
                }                                                                                         \
        } while (false)

/* cli/option.c says by it what is wrong with a command line. */
int usage_error(const char *format, ...)
{
        return *format ? EXIT_USAGE : EXIT_FAILURE;
}

Test(tables, every_value_has_a_word_that_leads_back)
{
        EXPECT_WORDS(app_status, AppStatus, APP_STATUS_MAX);
        EXPECT_WORDS(check_id, CheckId, CHECK_MAX);
        EXPECT_WORDS(deployment_status, DeploymentStatus, DEPLOYMENT_STATUS_MAX);
        EXPECT_WORDS(flow_event, FlowEvent, FLOW_EVENT_MAX);
        EXPECT_WORDS(migration_state, MigrationState, MIGRATION_STATE_MAX);
        EXPECT_WORDS(pg_state, PgState, PG_STATE_MAX);
        EXPECT_WORDS(unit_kind, UnitKind, UNIT_KIND_MAX);
}

Test(tables, every_problem_has_a_word_and_a_number)
{
        cr_expect_null(problem_kind_to_string(PROBLEM_UNSET));
        cr_expect_null(problem_kind_to_string(PROBLEM_KIND_MAX));
        for (ProblemKind kind = PROBLEM_UNSET + 1; kind < PROBLEM_KIND_MAX; kind++) {
                /* What is wrong with our mirror is no word for others. */
                ProblemKind back = kind == PROBLEM_MIRROR ? PROBLEM_INTERNAL : kind;
                const char *word = problem_kind_to_string(kind);
                Problem problem = { .text = NULL };

                cr_expect_not_null(word, "%d has no row", (int) kind);
                cr_expect_eq(problem_kind_from_string(word), back, "%s", word);
                cr_expect_lt(problem_set(&problem, kind, "why"), 0, "%s", word);
                problem_clear(&problem);
        }
}

Test(tables, a_status_that_was_not_set_is_neither_unfinished_nor_finished)
{
        static const DeploymentStatus none[] = { DEPLOYMENT_STATUS_UNSET, DEPLOYMENT_STATUS_MAX };

        for (size_t i = 0; i < ELEMENTSOF(none); i++) {
                cr_expect_not(deployment_status_is_running(none[i]));
                cr_expect_not(deployment_status_is_unfinished(none[i]));
                cr_expect_not(deployment_status_is_finished(none[i]));
        }
}

Test(tables, every_check_has_a_title)
{
        for (CheckId id = CHECK_UNSET + 1; id < CHECK_MAX; id++) {
                cr_assert_not_null(check_title(id), "%s", check_id_to_string(id));
                for (CheckId other = CHECK_UNSET + 1; other < id; other++)
                        cr_expect_str_neq(check_title(id), check_title(other));
        }
}

Test(tables, every_verb_and_result_of_the_probe_passes_the_socket)
{
        for (ProbeVerb verb = PROBE_VERB_UNSET + 1; verb < PROBE_VERB_MAX; verb++) {
                ProbeRequest request = { .verb = verb,
                                         .id = 7,
                                         .port = 1,
                                         .successes = 1,
                                         .request_timeout_usec = 1,
                                         .path = "/" },
                             back = {};
                ProbePacket packet = probe_request_format(&request);

                cr_assert_eq(probe_request_parse(&packet, &back), 0, "'%s'", packet.text);
                cr_expect_eq(back.verb, verb, "'%s'", packet.text);
                cr_expect_eq(back.id, 7, "'%s'", packet.text);
        }
        for (ProbeResult result = PROBE_RESULT_UNSET + 1; result < PROBE_RESULT_MAX; result++) {
                ProbeAnswer answer = { .result = result, .id = 7, .number = 1, .text = "why" }, back = {};
                ProbePacket packet = probe_answer_format(&answer);

                cr_assert_eq(probe_answer_parse(&packet, &back), 0, "'%s'", packet.text);
                cr_expect_eq(back.result, result, "'%s'", packet.text);
        }
}

Test(tables, every_option_has_a_name_of_its_own)
{
        cr_expect_null(option_name(OPTION_UNSET));
        cr_expect_leq(OPTION_MAX, (int) (8 * sizeof(unsigned)), "a mask of OPTION_BIT() has no room");
        for (Option option = OPTION_UNSET + 1; option < OPTION_MAX; option++) {
                cr_assert_not_null(option_name(option), "%d has no row", (int) option);
                cr_expect_eq(strncmp(option_name(option), "--", 2), 0);
                for (Option other = OPTION_UNSET + 1; other < option; other++)
                        cr_expect_str_neq(option_name(option), option_name(other));
        }
}

Test(tables, every_option_is_read)
{
        for (Option option = OPTION_UNSET + 1; option < OPTION_MAX; option++) {
                char program[] = "deployctl", value[] = "value", name[32];
                char *with[] = { program, name, value, NULL };
                Options options = {};
                int first;

                optind = 0; /* getopt_long() begins with another command line */
                (void) snprintf(name, sizeof(name), "%s", option_name(option));
                cr_assert_eq(options_read(&options, 3, with, &first), 0, "%s", name);
                for (Option other = OPTION_UNSET; other < OPTION_MAX; other++)
                        cr_expect_eq(options.values[other] != NULL, other == option, "%s", name);
        }
}

/* ---- kinds of units ---- */

static bool is_installed(const char *path)
{
        static const char *const helpers[] = { HELPERS };

        for (size_t i = 0; i < ELEMENTSOF(helpers); i++) {
                _cleanup_free_ char *helper = text_format(PATH_LIBEXEC "/%s", helpers[i]);

                if (helper && strcmp(helper, path) == 0)
                        return true;
        }
        return false;
}

Test(tables, every_kind_of_unit_says_all_that_a_kind_must_say)
{
        for (UnitKind kind = UNIT_KIND_UNSET + 1; kind < UNIT_KIND_MAX; kind++) {
                const UnitKindRow *row = unit_kind_row(kind);

                cr_expect(row->owner > UNIT_OWNER_UNSET && row->owner < UNIT_OWNER_MAX, "%s", row->word);
                cr_expect(row->resume > UNIT_RESUME_UNSET && row->resume < UNIT_RESUME_MAX, "%s", row->word);
                cr_expect(!row->archived || row->owner == UNIT_OWNER_DEPLOYMENT ||
                                  row->owner == UNIT_OWNER_REPOSITORY,
                          "%s: its lines belong to no deployment", row->word);
                cr_expect(row->resume != UNIT_RESUME_INSTANCE || row->owner == UNIT_OWNER_INSTANCE, "%s",
                          row->word);
                cr_expect(row->resume != UNIT_RESUME_WHILE_RELEASING || row->owner == UNIT_OWNER_DEPLOYMENT,
                          "%s", row->word);
                cr_expect(!row->helper || is_installed(row->helper), "%s: %s", row->word, row->helper);
        }
}

/* Two kinds with one user or directory would write into each other's. */
Test(tables, kinds_of_units_share_no_directories)
{
        for (UnitKind kind = UNIT_KIND_UNSET + 1; kind < UNIT_KIND_MAX; kind++) {
                const UnitKindRow *row = unit_kind_row(kind);

                cr_expect_eq(row->directories != NULL, row->user != '\0', "%s", row->word);
                cr_expect_eq(row->directories != NULL, row->removed != NULL, "%s", row->word);
                cr_expect(row->directories || !row->has_state, "%s", row->word);
                for (UnitKind other = UNIT_KIND_UNSET + 1; row->directories && other < kind; other++) {
                        if (!unit_kind_row(other)->directories)
                                continue;
                        cr_expect_neq(row->user, unit_kind_row(other)->user);
                        cr_expect_str_neq(row->directories, unit_kind_row(other)->directories);
                        cr_expect_str_neq(row->removed, unit_kind_row(other)->removed);
                }
        }
}

Test(tables, a_user_and_a_directory_are_named_after_the_id)
{
        _cleanup_free_ char *user = unit_kind_user(UNIT_FETCH, 7),
                            *directory = unit_kind_directory(UNIT_FETCH, 7);

        cr_expect_str_eq(user, "deployd-f7");
        cr_expect_str_eq(directory, "deployd-fetch/7");
}

Test(tables, every_kind_of_unit_is_told_by_its_name)
{
        for (UnitKind kind = UNIT_KIND_UNSET + 1; kind < UNIT_KIND_MAX; kind++) {
                bool app = unit_kind_row(kind)->owner == UNIT_OWNER_INSTANCE;
                _cleanup_free_ char *unit = unit_name_make(kind, "shop", 42, app ? "web" : NULL, app);
                _cleanup_unit_name_ UnitName parsed = {};

                cr_assert_eq(unit_name_parse(unit, &parsed), 0, "%s", unit);
                cr_expect_eq(parsed.kind, kind, "%s", unit);
        }
}

static bool has_property(const Sandbox *sandbox, const char *property)
{
        for (size_t i = 0; i < ELEMENTSOF(sandbox->rows); i++)
                for (const SandboxRow *row = sandbox->rows[i]; row && row->property; row++)
                        if (strcmp(row->property, property) == 0)
                                return true;
        return false;
}

Test(tables, every_kind_of_unit_has_a_sandbox)
{
        for (UnitKind kind = UNIT_KIND_UNSET + 1; kind < UNIT_KIND_MAX; kind++)
                for (unsigned way = 0; way < 4; way++) {
                        const Sandbox *sandbox = sandbox_of(kind, way & 1, way & 2);

                        cr_expect(has_property(sandbox, "NoNewPrivileges"), "%s", unit_kind_to_string(kind));
                        cr_expect(has_property(sandbox, "CapabilityBoundingSet"), "%s",
                                  unit_kind_to_string(kind));
                        cr_expect(has_property(sandbox, "SystemCallFilter"), "%s",
                                  unit_kind_to_string(kind));
                }
}

Test(tables, a_kind_that_was_not_set_has_no_row, .signal = SIGABRT)
{
        (void) unit_kind_row(UNIT_KIND_UNSET);
}

Test(tables, a_kind_that_was_not_set_has_no_sandbox, .signal = SIGABRT)
{
        (void) sandbox_of(UNIT_KIND_UNSET, false, false);
}
