/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/unit-state.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

#define _cleanup_bus_     _cleanup_(sd_bus_close_unrefp)
#define _cleanup_message_ _cleanup_(sd_bus_message_unrefp)

static void must(int r)
{
        cr_assert_geq(r, 0, "%s", strerror(-r));
}

/* A connection to nobody: messages need one to be made. */
static sd_bus *bus_new(void)
{
        sd_bus *bus;
        int fds[2];

        must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds));
        must(sd_bus_new(&bus));
        must(sd_bus_set_fd(bus, fds[0], fds[0]));
        must(sd_bus_start(bus));
        must(close(fds[1]));
        return bus;
}

static sd_bus_message *message_new(sd_bus *bus)
{
        sd_bus_message *message;

        must(sd_bus_message_new_signal(bus, &message, "/", "a.b", "c"));
        return message;
}

/* As a reader gets it. */
static void seal(sd_bus_message *message)
{
        must(sd_bus_message_seal(message, 1, 0));
        must(sd_bus_message_rewind(message, true));
}

static void append_invocation(sd_bus_message *message, const uint8_t *bytes, size_t size)
{
        must(sd_bus_message_open_container(message, 'e', "sv"));
        must(sd_bus_message_append(message, "s", "InvocationID"));
        must(sd_bus_message_open_container(message, 'v', "ay"));
        must(sd_bus_message_append_array(message, 'y', bytes, size));
        must(sd_bus_message_close_container(message));
        must(sd_bus_message_close_container(message));
}

static const uint8_t invocation[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

Test(unit_state, everything_is_read_and_the_rest_passed_over)
{
        _cleanup_bus_ sd_bus *bus = bus_new();
        _cleanup_message_ sd_bus_message *message = message_new(bus);
        UnitState state;

        must(sd_bus_message_open_container(message, 'a', "{sv}"));
        must(sd_bus_message_append(message, "{sv}{sv}{sv}{sv}{sv}{sv}", "Unknown", "s", "x", "LoadState",
                                   "s", "loaded", "ActiveState", "s", "active", "Conditions", "a(sbbsi)", 1,
                                   "ConditionX", 0, 1, "y", 3, "SubState", "s", "running", "Result", "s",
                                   "exit-code"));
        must(sd_bus_message_append(message, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "ExecMainCode", "i", CLD_EXITED,
                                   "ExecMainStatus", "i", 3, "MainPID", "u", 4000000000, "NRestarts", "u", 5,
                                   "ControlGroupId", "t", UINT64_MAX, "Job", "(uo)", 77,
                                   "/org/freedesktop/systemd1/job/77", "StatusText", "s", "receiving 12 %"));
        append_invocation(message, invocation, sizeof(invocation));
        must(sd_bus_message_append(message, "{sv}", "ExecMainCodes", "v", "i", 9));
        must(sd_bus_message_close_container(message));
        seal(message);

        must(unit_state_read(message, &state));
        cr_expect(state.loaded);
        cr_expect_str_eq(state.load, "loaded");
        cr_expect_str_eq(state.active, "active");
        cr_expect_str_eq(state.sub, "running");
        cr_expect_str_eq(state.result, "exit-code");
        cr_expect_str_eq(state.status_text, "receiving 12 %");
        cr_expect_eq(state.exec_main_code, CLD_EXITED);
        cr_expect_eq(state.exec_main_status, 3);
        cr_expect_eq(state.main_pid, 4000000000);
        cr_expect_eq(state.n_restarts, 5);
        cr_expect_eq(state.control_group_id, UINT64_MAX);
        cr_expect(state.job_pending);
        cr_expect_arr_eq(state.invocation.bytes, invocation, sizeof(invocation));
}

Test(unit_state, what_is_not_said_is_as_of_a_unit_that_is_not_there)
{
        _cleanup_bus_ sd_bus *bus = bus_new();
        _cleanup_message_ sd_bus_message *message = message_new(bus);
        UnitState state;

        must(sd_bus_message_append(message, "a{sv}", 0));
        seal(message);
        must(unit_state_read(message, &state));
        cr_expect_not(state.loaded);
        cr_expect_str_eq(state.load, "not-found");
        cr_expect_str_eq(state.active, "inactive");
        cr_expect_str_eq(state.sub, "dead");
        cr_expect_str_eq(state.result, "success");
        cr_expect_str_eq(state.status_text, "");
        cr_expect_not(state.job_pending);
        cr_expect_eq(state.main_pid, 0);
        cr_expect_eq(state.exec_main_code, 0);
        cr_expect(sd_id128_is_null(state.invocation));
        cr_expect(unit_state_is_over(&state));
        cr_expect_not(unit_state_is_running(&state));
        cr_expect_not(unit_state_is_success(&state));
}

Test(unit_state, no_job_is_job_zero)
{
        _cleanup_bus_ sd_bus *bus = bus_new();
        _cleanup_message_ sd_bus_message *message = message_new(bus);
        UnitState state = { .job_pending = true };

        must(sd_bus_message_append(message, "a{sv}", 1, "Job", "(uo)", 0, "/"));
        seal(message);
        must(unit_state_read(message, &state));
        cr_expect_not(state.job_pending);
}

Test(unit_state, an_invocation_is_sixteen_bytes_or_none)
{
        static const size_t sizes[] = { 0, 1, 15 };

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                _cleanup_bus_ sd_bus *bus = bus_new();
                _cleanup_message_ sd_bus_message *message = message_new(bus);
                UnitState state;

                must(sd_bus_message_open_container(message, 'a', "{sv}"));
                append_invocation(message, invocation, sizes[i]);
                must(sd_bus_message_append(message, "{sv}", "ActiveState", "s", "active"));
                must(sd_bus_message_close_container(message));
                seal(message);
                must(unit_state_read(message, &state));
                cr_expect(sd_id128_is_null(state.invocation), "%zu", sizes[i]);
                cr_expect_str_eq(state.active, "active");
        }
}

/* A property with one value of each of these types, and with a few that need more. */
static void append_wrong(sd_bus_message *message, const char *name, char type)
{
        switch (type) {
        case 's':
                must(sd_bus_message_append(message, "a{sv}", 1, name, "s", "word"));
                break;
        case 'o':
                must(sd_bus_message_append(message, "a{sv}", 1, name, "o", "/"));
                break;
        case 'b':
                must(sd_bus_message_append(message, "a{sv}", 1, name, "b", true));
                break;
        case 'i':
                must(sd_bus_message_append(message, "a{sv}", 1, name, "i", 1));
                break;
        case 'u':
                must(sd_bus_message_append(message, "a{sv}", 1, name, "u", 1));
                break;
        case 't':
                must(sd_bus_message_append(message, "a{sv}", 1, name, "t", (uint64_t) 1));
                break;
        case 'a':
                must(sd_bus_message_append(message, "a{sv}", 1, name, "as", 1, "word"));
                break;
        case 'r':
                must(sd_bus_message_append(message, "a{sv}", 1, name, "(us)", 1, "word"));
                break;
        case 'v':
                must(sd_bus_message_append(message, "a{sv}", 1, name, "v", "s", "word"));
                break;
        default:
                cr_assert_fail("%c", type);
        }
}

Test(unit_state, a_property_of_another_type_is_an_error_and_nothing_is_returned)
{
        static const struct {
                const char *name;
                char type; /* what it has; none of those tried if it is more than one letter */
        } cases[] = {
                { "ActiveState", 's' },    { "SubState", 's' },
                { "LoadState", 's' },      { "Result", 's' },
                { "StatusText", 's' },     { "ExecMainCode", 'i' },
                { "ExecMainStatus", 'i' }, { "MainPID", 'u' },
                { "NRestarts", 'u' },      { "Job", '(' },
                { "ControlGroupId", 't' }, { "InvocationID", '(' },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (const char *type = "sobiutarv"; *type; type++) {
                        _cleanup_bus_ sd_bus *bus = bus_new();
                        _cleanup_message_ sd_bus_message *message = message_new(bus);
                        UnitState state = { .n_restarts = 99 };
                        int r;

                        append_wrong(message, cases[i].name, *type);
                        seal(message);
                        r = unit_state_read(message, &state);
                        if (*type == cases[i].type) {
                                cr_expect_eq(r, 0, "%s %c", cases[i].name, *type);
                                continue;
                        }
                        cr_expect_lt(r, 0, "%s %c", cases[i].name, *type);
                        cr_expect_eq(state.n_restarts, 99, "%s %c", cases[i].name, *type);
                        cr_expect_null(state.active, "%s %c", cases[i].name, *type);
                }
}

Test(unit_state, a_reply_that_is_no_list_of_properties_is_an_error)
{
        _cleanup_bus_ sd_bus *bus = bus_new();

        for (unsigned i = 0; i < 4; i++) {
                _cleanup_message_ sd_bus_message *message = message_new(bus);
                UnitState state;

                switch (i) {
                case 0: /* nothing at all */
                        break;
                case 1:
                        must(sd_bus_message_append(message, "s", "active"));
                        break;
                case 2:
                        must(sd_bus_message_append(message, "a{ss}", 1, "ActiveState", "active"));
                        break;
                default:
                        must(sd_bus_message_append(message, "as", 1, "ActiveState"));
                }
                seal(message);
                cr_expect_lt(unit_state_read(message, &state), 0, "%u", i);
        }
}

Test(unit_state, a_message_that_is_not_whole_yet_is_an_error)
{
        _cleanup_bus_ sd_bus *bus = bus_new();
        _cleanup_message_ sd_bus_message *message = message_new(bus);
        UnitState state;

        must(sd_bus_message_append(message, "a{sv}", 1, "ActiveState", "s", "active"));
        cr_expect_lt(unit_state_read(message, &state), 0);
}

Test(unit_state, running_over_and_success_are_told_apart)
{
        static const struct {
                const char *active, *sub, *result;
                bool is_loaded, job, is_running, is_over, is_success;
        } cases[] = {
                { "active", "running", "success", true, false, true, false, false },
                { "active", "running", "success", true, true, true, false, false },
                { "active", "exited", "success", true, false, false, true, true },
                { "active", "exited", "success", true, true, false, false, false },
                { "active", "exited", "exit-code", true, false, false, true, false },
                { "active", "exited", "success", false, false, false, true, false },
                { "active", "start-post", "success", true, false, false, false, false },
                { "activating", "start", "success", true, true, false, false, false },
                { "activating", "start", "success", true, false, false, false, false },
                { "activating", "auto-restart", "exit-code", true, false, false, false, false },
                { "deactivating", "stop-sigterm", "success", true, true, false, false, false },
                { "deactivating", "final-sigkill", "timeout", true, false, false, false, false },
                { "reloading", "reload", "success", true, false, true, false, false },
                { "failed", "failed", "exit-code", true, false, false, true, false },
                { "failed", "failed", "success", true, false, false, true, false },
                { "failed", "failed", "exit-code", true, true, false, false, false },
                { "inactive", "dead", "success", true, false, false, true, false },
                { "inactive", "dead", "success", true, true, false, false, false },
                { "inactive", "dead", "success", false, false, false, true, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                UnitState state = {
                        .loaded = cases[i].is_loaded,
                        .job_pending = cases[i].job,
                        .active = cases[i].active,
                        .sub = cases[i].sub,
                        .result = cases[i].result,
                };

                cr_expect_eq(unit_state_is_running(&state), cases[i].is_running, "%zu", i);
                cr_expect_eq(unit_state_is_over(&state), cases[i].is_over, "%zu", i);
                cr_expect_eq(unit_state_is_success(&state), cases[i].is_success, "%zu", i);
        }
}

Test(unit_state, every_end_has_its_sentence)
{
        static const struct {
                bool is_loaded;
                const char *result;
                int code, status;
                const char *words;
        } cases[] = {
                { false, "success", 0, 0, "was stopped" },
                { false, "exit-code", CLD_EXITED, 1, "was stopped" },
                { true, "success", 0, 0, "was stopped" },
                { true, "success", CLD_EXITED, 0, "exited with status 0" },
                { true, "exit-code", CLD_EXITED, 1, "exited with status 1" },
                { true, "exit-code", CLD_EXITED, 127, "exited with status 127 (command not found)" },
                { true, "exit-code", CLD_EXITED, 126,
                  "exited with status 126 (command cannot be executed)" },
                { true, "exit-code", CLD_EXITED, 128, "exited with status 128" },
                { true, "exit-code", CLD_EXITED, 137, "exited with status 137 (SIGKILL)" },
                { true, "exit-code", CLD_EXITED, 143, "exited with status 143 (SIGTERM)" },
                { true, "exit-code", CLD_EXITED, 255, "exited with status 255" },
                { true, "start-limit-hit", CLD_EXITED, 3, "exited with status 3" },
                { true, "protocol", CLD_EXITED, 0, "exited with status 0" },
                { true, "signal", CLD_KILLED, SIGKILL, "was killed by signal SIGKILL" },
                { true, "signal", CLD_KILLED, SIGTERM, "was killed by signal SIGTERM" },
                { true, "core-dump", CLD_DUMPED, SIGSEGV, "was killed by signal SIGSEGV" },
                { true, "watchdog", CLD_DUMPED, SIGABRT,
                  "was ended by systemd: it did not say for too long that it works" },
                { true, "signal", CLD_KILLED, 40, "was killed by signal 40" },
                { true, "timeout", 0, 0, "ran out of time" },
                { true, "timeout", CLD_KILLED, SIGKILL, "ran out of time" },
                { true, "oom-kill", CLD_KILLED, SIGKILL, "ran out of memory" },
                { true, "oom-kill", CLD_EXITED, 1, "ran out of memory" },
                { true, "exit-code", CLD_EXITED, 200, "could not enter its directory (status 200)" },
                { true, "exit-code", CLD_EXITED, 203, "could not be executed (status 203)" },
                { true, "exit-code", CLD_EXITED, 205, "could not set its limits (status 205)" },
                { true, "exit-code", CLD_EXITED, 217, "could not become its user (status 217)" },
                { true, "exit-code", CLD_EXITED, 226,
                  "could not set up its view of the file system (status 226)" },
                { true, "exit-code", CLD_EXITED, 228, "could not set its system call filter (status 228)" },
                { true, "exit-code", CLD_EXITED, 238, "could not make its state directory (status 238)" },
                { true, "exit-code", CLD_EXITED, 239, "could not make its cache directory (status 239)" },
                { true, "resources", 0, 0, "could not be started by systemd (resources)" },
                { true, "start-limit-hit", 0, 0, "could not be started by systemd (start-limit-hit)" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                UnitState state = {
                        .loaded = cases[i].is_loaded,
                        .result = cases[i].result,
                        .exec_main_code = cases[i].code,
                        .exec_main_status = cases[i].status,
                };
                _cleanup_free_ char *words = unit_state_describe_end(&state);

                cr_expect_str_eq(words, cases[i].words);
        }
}

Test(unit_state, a_lack_of_memory_names_the_limit_of_the_unit_if_it_has_one)
{
        static const struct {
                uint64_t memory_max;
                const char *expected;
        } cases[] = {
                { 0, "ran out of memory" },
                { UINT64_MAX, "ran out of memory" },
                { 1024 * 1024, "ran out of memory (its limit is 1 MiB)" },
                { 512 * 1024 * 1024, "ran out of memory (its limit is 512 MiB)" },
                { 1536 * 1024, "ran out of memory (its limit is 1.5 MiB)" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                UnitState state = { .loaded = true,
                                    .result = "oom-kill",
                                    .memory_max = cases[i].memory_max };
                _cleanup_free_ char *words = unit_state_describe_end(&state);

                cr_expect_str_eq(words, cases[i].expected);
        }
}
