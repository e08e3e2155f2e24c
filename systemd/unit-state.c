/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/unit-state.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define MIB ((uint64_t) 1024 * 1024)

/* One property that is read: where it goes, by the type PID 1 has it in. */
typedef struct PropertyRow {
        const char *name;
        char type; /* a basic D-Bus type; 'J' = Job (uo), 'I' = an invocation id (ay) */
        size_t offset;
} PropertyRow;

static const PropertyRow property_table[] = {
        { "ActiveState", 's', offsetof(UnitState, active) },
        { "SubState", 's', offsetof(UnitState, sub) },
        { "LoadState", 's', offsetof(UnitState, load) },
        { "Result", 's', offsetof(UnitState, result) },
        { "StatusText", 's', offsetof(UnitState, status_text) },
        { "ExecMainCode", 'i', offsetof(UnitState, exec_main_code) },
        { "ExecMainStatus", 'i', offsetof(UnitState, exec_main_status) },
        { "MainPID", 'u', offsetof(UnitState, main_pid) },
        { "NRestarts", 'u', offsetof(UnitState, n_restarts) },
        { "ControlGroupId", 't', offsetof(UnitState, control_group_id) },
        { "MemoryMax", 't', offsetof(UnitState, memory_max) },
        { "ControlGroup", 's', offsetof(UnitState, control_group) },
        { "FragmentPath", 's', offsetof(UnitState, fragment) },
        { "Slice", 's', offsetof(UnitState, slice) },
        { "User", 's', offsetof(UnitState, user) },
        { "TimeoutStartUSec", 't', offsetof(UnitState, start_timeout) },
        { "TimeoutStopUSec", 't', offsetof(UnitState, stop_timeout) },
        { "Job", 'J', offsetof(UnitState, job_pending) },
        { "InvocationID", 'I', offsetof(UnitState, invocation) },
};

static int read_job(sd_bus_message *reply, int *ret)
{
        const char *path;
        uint32_t id = 0;
        int r;

        r = sd_bus_message_read(reply, "(uo)", &id, &path);
        if (r < 0)
                return r;
        *ret = id != 0;
        return 0;
}

static int read_invocation(sd_bus_message *reply, sd_id128_t *ret)
{
        const void *bytes;
        size_t size;
        int r;

        r = sd_bus_message_read_array(reply, 'y', &bytes, &size);
        if (r < 0)
                return r;
        if (size == sizeof(sd_id128_t))
                memcpy(ret, bytes, size);
        return 0;
}

static int read_property(sd_bus_message *reply, const PropertyRow *row, UnitState *state)
{
        void *target = (uint8_t *) state + row->offset;
        const char *contents = row->type == 'J'   ? "(uo)"
                               : row->type == 'I' ? "ay"
                                                  : (char[]){ row->type, 0 };
        int r;

        r = sd_bus_message_enter_container(reply, 'v', contents);
        if (r < 0)
                return r;
        switch (row->type) {
        case 'J':
                r = read_job(reply, target);
                break;
        case 'I':
                r = read_invocation(reply, target);
                break;
        default:
                r = sd_bus_message_read_basic(reply, row->type, target);
        }
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(reply);
}

int unit_state_read(sd_bus_message *reply, UnitState *ret)
{
        UnitState state = { .load = "not-found",
                            .active = "inactive",
                            .sub = "dead",
                            .result = "success",
                            .status_text = "",
                            .control_group = "",
                            .fragment = "",
                            .slice = "",
                            .user = "",
                            .own = true };
        int r;

        assert(reply);
        assert(ret);

        r = sd_bus_message_enter_container(reply, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                const PropertyRow *row = NULL;
                const char *name;

                r = sd_bus_message_read_basic(reply, 's', &name);
                if (r < 0)
                        return r;
                for (size_t i = 0; i < ELEMENTSOF(property_table); i++)
                        if (strcmp(property_table[i].name, name) == 0)
                                row = &property_table[i];
                r = row ? read_property(reply, row, &state) : sd_bus_message_skip(reply, "v");
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(reply);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        state.loaded = strcmp(state.load, "not-found") != 0;
        *ret = state;
        return 0;
}

bool unit_state_is_gone(const UnitState *state)
{
        assert(state);
        return !state->loaded || (strcmp(state->active, "inactive") == 0 && !state->job_pending);
}

bool unit_state_is_starting(const UnitState *state)
{
        assert(state);

        if (strcmp(state->active, "inactive") == 0 || strcmp(state->active, "failed") == 0)
                return state->job_pending;
        return strcmp(state->active, "activating") == 0 && state->n_restarts == 0 &&
               strcmp(state->sub, "auto-restart") != 0;
}

bool unit_state_is_failed(const UnitState *state)
{
        assert(state);
        return strcmp(state->active, "failed") == 0 && !state->job_pending;
}

bool unit_state_is_running(const UnitState *state)
{
        assert(state);
        return (strcmp(state->active, "active") == 0 && strcmp(state->sub, "running") == 0) ||
               strcmp(state->active, "reloading") == 0;
}

bool unit_state_is_over(const UnitState *state)
{
        assert(state);

        if (state->job_pending)
                return false;
        return strcmp(state->active, "inactive") == 0 || strcmp(state->active, "failed") == 0 ||
               (strcmp(state->active, "active") == 0 && strcmp(state->sub, "exited") == 0);
}

bool unit_state_is_success(const UnitState *state)
{
        assert(state);
        return unit_state_is_over(state) && state->loaded && strcmp(state->active, "active") == 0 &&
               strcmp(state->result, "success") == 0;
}

/* Exit statuses that systemd gives a process it could not execute: systemd.exec(5), "Process Exit Codes". */
static const struct {
        int status;
        const char *words;
} setup_failures[] = {
        { 200, "could not enter its directory" },
        { 203, "could not be executed" },
        { 205, "could not set its limits" },
        { 217, "could not become its user" },
        { 226, "could not set up its view of the file system" },
        { 228, "could not set its system call filter" },
        { 238, "could not make its state directory" },
        { 239, "could not make its cache directory" },
};

/* A shell that a signal took its command from exits with 128 and the signal's number: sh(1p), "Exit Status".
 */
#define SHELL_SIGNAL_BASE 128

/* What else it says of its command. Caller frees; NULL when out of memory. */
static char *shell_failure(int status)
{
        const char *name = status > SHELL_SIGNAL_BASE ? sigabbrev_np(status - SHELL_SIGNAL_BASE) : NULL;

        if (name)
                return text_format(" (SIG%s)", name);
        return strdup(status == 126   ? " (command cannot be executed)"
                      : status == 127 ? " (command not found)"
                                      : "");
}

static char *describe_lack_of_memory(const UnitState *state)
{
        /* Without a limit it was the machine that had no more. */
        if (state->memory_max == 0 || state->memory_max == UINT64_MAX)
                return strdup("ran out of memory");
        return text_format("ran out of memory (its limit is %g MiB)", (double) state->memory_max / MIB);
}

char *unit_state_describe_end(const UnitState *state)
{
        _cleanup_free_ char *shell = NULL;

        assert(state);

        if (!state->loaded)
                return strdup("was stopped");
        if (strcmp(state->result, "timeout") == 0)
                return strdup("ran out of time");
        if (strcmp(state->result, "watchdog") == 0)
                return strdup("was ended by systemd: it did not say for too long that it works");
        if (strcmp(state->result, "oom-kill") == 0)
                return describe_lack_of_memory(state);
        if (state->exec_main_code == CLD_KILLED || state->exec_main_code == CLD_DUMPED) {
                const char *name = sigabbrev_np(state->exec_main_status);

                return name ? text_format("was killed by signal SIG%s", name)
                            : text_format("was killed by signal %d", state->exec_main_status);
        }
        if (state->exec_main_code == CLD_EXITED) {
                for (size_t i = 0; i < ELEMENTSOF(setup_failures); i++)
                        if (state->exec_main_status == setup_failures[i].status)
                                return text_format("%s (status %d)", setup_failures[i].words,
                                                   state->exec_main_status);
                shell = shell_failure(state->exec_main_status);
                return text_format("exited with status %d%s", state->exec_main_status, text_or_empty(shell));
        }
        if (strcmp(state->result, "success") == 0)
                return strdup("was stopped");
        return text_format("could not be started by systemd (%s)", state->result);
}
