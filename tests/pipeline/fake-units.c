/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fake-units-internal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/ticket.h"
#include "daemon/model/unit-name.h"
#include "tests/pipeline/loop.h"

struct UnitWatch {
        FakeUnit *unit;
        UnitChanged changed;
        void *userdata;
        bool told;
        LIST_FIELDS(UnitWatch, watches);
};

FakeUnits fake_units;
static LIST_HEAD(FakeUnit, all_units);
static LIST_HEAD(UnitWatch, watches);
static uint64_t last_run;

static const UnitState absent = {
        .own = true,
        .load = "not-found",
        .active = "inactive",
        .sub = "dead",
        .result = "success",
        .status_text = "",
        .control_group = "",
        .fragment = "",
        .slice = "",
        .user = "",
};

FakeUnit *fake_unit_find(const char *name)
{
        FakeUnit *unit;

        LIST_FOREACH (all, unit, all_units)
                if (strcmp(unit->name, name) == 0)
                        return unit;
        return NULL;
}

FakeUnit *fake_unit_get(const char *name)
{
        FakeUnit *unit = fake_unit_find(name);
        _cleanup_unit_name_ UnitName parsed = {};

        if (unit)
                return unit;
        unit = calloc(1, sizeof(FakeUnit));
        cr_assert(unit);
        *unit = (FakeUnit){ .name = strdup(name), .state = absent, .ticket_fd = -1 };
        cr_assert_geq(unit_name_parse(name, &parsed), 0, "%s", name);
        unit->kind = parsed.kind;
        LIST_APPEND(all, all_units, unit);
        return unit;
}

static UnitWatch *watch_untold(const FakeUnit *unit)
{
        UnitWatch *watch;

        LIST_FOREACH (watches, watch, watches)
                if (watch->unit == unit && !watch->told)
                        return watch;
        return NULL;
}

static void on_tell(void *userdata)
{
        FakeUnit *unit = userdata;
        UnitState state = unit->state;
        UnitWatch *watch;

        unit->telling = NULL;
        LIST_FOREACH (watches, watch, watches)
                watch->told = false;
        while ((watch = watch_untold(unit))) {
                watch->told = true;
                watch->changed(watch->userdata, &state);
        }
}

static void unit_tell(FakeUnit *unit)
{
        if (!unit->telling)
                unit->telling = later_new(on_tell, unit);
}

/* It is in that state from now on; the rest is as in one that nothing has happened to. */
static UnitState *unit_set(FakeUnit *unit, const char *active, const char *sub, const char *result)
{
        UnitState *state = &unit->state, before = *state;

        *state = absent;
        state->loaded = true;
        state->load = "loaded";
        state->active = active;
        state->sub = sub;
        state->result = result;
        state->invocation = before.invocation;
        state->control_group_id = before.control_group_id;
        state->n_restarts = before.n_restarts;
        unit_tell(unit);
        return state;
}

static void unit_run(FakeUnit *unit)
{
        bool starting = strcmp(unit->state.sub, "start") == 0;
        UnitState *state = unit_set(unit, "active", "running", "success");

        last_run++;
        if (!starting)
                state->invocation.qwords[0] = last_run;
        state->control_group_id = last_run;
        state->main_pid = (uint32_t) last_run;
}

static void unit_end(FakeUnit *unit, int status)
{
        UnitState *state = status == 0 ? unit_set(unit, "active", "exited", "success")
                                       : unit_set(unit, "failed", "failed", "exit-code");

        state->exec_main_code = CLD_EXITED;
        state->exec_main_status = status;
}

/* `key=value` lines become the answer of the unit. */
static void unit_answer(FakeUnit *unit, const char *lines)
{
        _cleanup_(ticket_freep) Ticket *ticket = ticket_new();
        _cleanup_free_ char *copy = strdup(text_or_empty(lines));
        char *rest = copy, *line;

        cr_assert(ticket && copy && unit->ticket_fd >= 0, "%s", unit->name);
        while ((line = strsep(&rest, "\n"))) {
                char *value = strchr(line, '=');

                if (line[0] == '\0')
                        continue;
                cr_assert(value);
                *value++ = '\0';
                cr_assert_geq(ticket_set(ticket, line, value), 0, "%s", line);
        }
        cr_assert_geq(ticket_write(ticket, unit->ticket_fd), 0);
}

void fake_unit_runs(const char *name)
{
        unit_run(fake_unit_get(name));
}

void fake_unit_starts(const char *name)
{
        UnitState *state = unit_set(fake_unit_get(name), "activating", "start", "success");

        last_run++;
        state->invocation.qwords[0] = last_run;
}

void fake_unit_exits(const char *name, int status)
{
        unit_end(fake_unit_get(name), status);
}

void fake_unit_pauses(const char *name)
{
        UnitState *state = unit_set(fake_unit_get(name), "activating", "auto-restart", "exit-code");

        state->exec_main_code = CLD_EXITED;
        state->exec_main_status = 1;
        state->n_restarts++;
}

void fake_unit_vanishes(const char *name)
{
        fake_unit_forget(fake_unit_get(name));
}

void fake_unit_is_kept(const char *name)
{
        (void) unit_set(fake_unit_get(name), "inactive", "dead", "success");
}

void fake_unit_is_strange(const char *name)
{
        FakeUnit *unit = fake_unit_get(name);

        unit_run(unit);
        unit->state.own = false;
}

void fake_unit_is_late(const char *name)
{
        FakeUnit *unit = fake_unit_get(name);

        unit->state.late = true;
        unit_tell(unit);
}

void fake_unit_succeeds(const char *name, const char *answer)
{
        FakeUnit *unit = fake_unit_get(name);

        if (unit->ticket_fd >= 0)
                unit_answer(unit, answer ? answer : fake_units.answer[unit->kind]);
        unit_end(unit, 0);
}

void fake_unit_says(const char *name, const char *text)
{
        FakeUnit *unit = fake_unit_get(name);

        cr_assert_eq(text_replace(&unit->status_text, text), 0);
        unit->state.status_text = unit->status_text;
        unit_tell(unit);
}

void fake_unit_forget(FakeUnit *unit)
{
        unit->state = absent;
        unit_tell(unit);
}

void fake_unit_read(FakeUnit *unit)
{
        unit_tell(unit);
}

bool fake_unit_is_loaded(const char *name)
{
        const FakeUnit *unit = fake_unit_find(name);

        return unit && unit->state.loaded;
}

unsigned fake_unit_n_starts(const char *name)
{
        return fake_unit_get(name)->n_starts;
}

unsigned fake_unit_n_restarts(const char *name)
{
        return fake_unit_get(name)->n_restarts;
}

unsigned fake_unit_n_kills(const char *name)
{
        return fake_unit_get(name)->n_kills;
}

unsigned fake_units_n_loaded(UnitKind kind)
{
        const FakeUnit *unit;
        unsigned n = 0;

        LIST_FOREACH (all, unit, all_units)
                n += unit->kind == kind && unit->state.loaded;
        return n;
}

int unit_watch_new(_unused_ Units *units, const char *name, UnitChanged changed, void *userdata,
                   UnitWatch **ret)
{
        UnitWatch *watch = calloc(1, sizeof(UnitWatch));

        cr_assert(watch);
        *watch = (UnitWatch){ .unit = fake_unit_get(name), .changed = changed, .userdata = userdata };
        LIST_APPEND(watches, watches, watch);
        unit_tell(watch->unit);
        *ret = watch;
        return 0;
}

UnitWatch *unit_watch_free(UnitWatch *watch)
{
        if (!watch)
                return NULL;
        LIST_REMOVE(watches, watches, watch);
        free(watch);
        return NULL;
}

void fake_units_start(void)
{
        fake_units = (FakeUnits){
                .answer = {
                        [UNIT_FETCH] = "commit=0123456789abcdef0123456789abcdef01234567\n"
                                       "head=0123456789abcdef0123456789abcdef01234567",
                        [UNIT_RESOLVE] = "commit=0123456789abcdef0123456789abcdef01234567\n"
                                         "head=0123456789abcdef0123456789abcdef01234567",
                        [UNIT_BUILD] = "buildpack=python",
                        [UNIT_IMPORT] =
                                FAKE_RELEASE "process.web=yes",
                        [UNIT_ARCHIVE] = "",
                },
                .last_line = "",
        };
}

void fake_units_end(void)
{
        cr_assert_null(watches, "a watch is left");
        for (UnitKind kind = UNIT_KIND_UNSET + 1; kind < UNIT_KIND_MAX; kind++) {
                free(fake_units.places[kind]);
                fake_units.places[kind] = NULL;
        }
        while (all_units) {
                FakeUnit *unit = all_units;

                LIST_REMOVE(all, all_units, unit);
                later_free(unit->telling);
                closep(&unit->ticket_fd);
                free(unit->name);
                free(unit->status_text);
                free(unit);
        }
}

void fake_units_work(void)
{
        FakeUnit *unit;

        for (UnitKind kind = UNIT_KIND_UNSET + 1; kind < UNIT_KIND_MAX; kind++)
                fake_units.start[kind] = FAKE_WORKS;
        LIST_FOREACH (all, unit, all_units)
                if (strcmp(unit->state.sub, "start") == 0) {
                        if (unit->kind == UNIT_APP)
                                unit_run(unit);
                        else
                                fake_unit_succeeds(unit->name, NULL);
                }
}

char **fake_units_list(void)
{
        const FakeUnit *unit;
        char **names;
        size_t n = 0;

        LIST_FOREACH (all, unit, all_units)
                n++;
        names = calloc(n + 1, sizeof(char *));
        cr_assert(names);
        n = 0;
        LIST_FOREACH (all, unit, all_units)
                if (!unit_state_is_gone(&unit->state))
                        names[n++] = unit->name;
        return names;
}
