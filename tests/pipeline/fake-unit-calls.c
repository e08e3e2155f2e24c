/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/ticket.h"
#include "systemd/unit-spec.h"
#include "tests/pipeline/fake-units-internal.h"

/* What deployd-limit exits with when the limit has held it. */
#define LIMIT_HELD 3

typedef enum CallKind {
        CALL_START,
        CALL_RESTART,
        CALL_KILL,
        CALL_REMOVE,
        CALL_LIMITS,
        CALL_CLEAN,
        CALL_OTHER,
} CallKind;

struct UnitCall {
        CallKind kind;
        FakeUnit *unit;
        int error;
        UnitCallDone done;
        UnitsListed listed;
        void *userdata;
        Later *later; /* NULL = it is held, or dropped */
        LIST_FIELDS(UnitCall, calls);
};

static LIST_HEAD(UnitCall, calls);

UnitCall *unit_call_free(UnitCall *call)
{
        if (!call)
                return NULL;
        LIST_REMOVE(calls, calls, call);
        later_free(call->later);
        free(call);
        return NULL;
}

/* A unit of an app that is there already is taken back as it is. */
static void start_unit(FakeUnit *unit)
{
        unit->n_starts++;
        if ((unit->kind == UNIT_APP || unit->kind == UNIT_RELEASE) && !unit_state_is_gone(&unit->state))
                return fake_unit_read(unit);
        if (fake_units.start[unit->kind] == FAKE_STARTS)
                fake_unit_starts(unit->name);
        else if (unit->kind == UNIT_APP)
                fake_unit_runs(unit->name);
        else if (unit->kind == UNIT_LIMIT)
                fake_unit_exits(unit->name, LIMIT_HELD);
        else
                fake_unit_succeeds(unit->name, NULL);
}

static void on_answer(void *userdata)
{
        UnitCall *call = userdata;
        UnitCallDone done = call->done;
        void *what = call->userdata;
        int error = call->error;

        call->later = NULL;
        if (error < 0)
                ;
        else if (call->kind == CALL_START)
                start_unit(call->unit);
        else if (call->kind == CALL_RESTART)
                fake_unit_runs(call->unit->name);
        else if (call->kind == CALL_REMOVE)
                fake_unit_forget(call->unit);
        if (call->listed) {
                UnitsListed listed = call->listed;
                char **names = fake_units_list();

                unit_call_free(call);
                listed(what, 0, names);
                free(names);
                return;
        }
        unit_call_free(call);
        done(what, error, error < 0 ? "systemd says no" : NULL);
}

static bool is_held(const UnitCall *call)
{
        switch (call->kind) {
        case CALL_START:
                return fake_units.start[call->unit->kind] == FAKE_UNANSWERED;
        case CALL_RESTART:
                return fake_units.hold_restarts;
        case CALL_REMOVE:
                return fake_units.hold_removals;
        case CALL_LIMITS:
                return fake_units.hold_limits;
        case CALL_CLEAN:
                return fake_units.hold_cleans;
        default:
                return false;
        }
}

static int call_new(CallKind kind, const char *name, int error, UnitCallDone done, void *userdata,
                    UnitCall **ret)
{
        UnitCall *call;

        if (fake_units.no_calls)
                return -ENOTCONN;
        call = calloc(1, sizeof(UnitCall));
        cr_assert(call);
        *call = (UnitCall){ .kind = kind,
                            .unit = name ? fake_unit_get(name) : NULL,
                            .error = error,
                            .done = done,
                            .userdata = userdata };
        LIST_APPEND(calls, calls, call);
        if (!is_held(call))
                call->later = later_new(on_answer, call);
        *ret = call;
        return 0;
}

void fake_units_answer(void)
{
        UnitCall *call;

        fake_units.hold_removals = fake_units.hold_restarts = fake_units.hold_limits =
                fake_units.hold_cleans = false;
        LIST_FOREACH (calls, call, calls)
                if (!call->later)
                        call->later = later_new(on_answer, call);
}

/* Of a job: the descriptor with its request. */
static int take_ticket(int fd)
{
        _cleanup_(ticket_freep) Ticket *request = NULL;

        return fd >= 0 && ticket_read(fd, TICKET_REQUEST, &request) >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3)
                                                                         : -1;
}

/* What the test may want to know of a unit that is started or cleaned. */
static void note_places(const UnitSpec *spec)
{
        size_t size;
        FILE *file;

        free(fake_units.places[spec->kind]);
        file = open_memstream(&fake_units.places[spec->kind], &size);
        cr_assert(file);
        for (size_t i = 3; i < UNIT_SPEC_ARGUMENTS_MAX && spec->arguments[i]; i++)
                fprintf(file, "%s\n", spec->arguments[i]);
        for (size_t i = 0; i < UNIT_SPEC_BINDS_MAX && spec->binds[i].source; i++)
                fprintf(file, "%s%s %s\n", spec->binds[i].source, spec->binds[i].writable ? " >" : "",
                        spec->binds[i].target);
        if (spec->tmpfs)
                fprintf(file, "%s %llu\n", spec->tmpfs, (unsigned long long) spec->tmpfs_size);
        for (size_t i = 0; i < UNIT_SPEC_KEPT_MAX && spec->kept[i]; i++)
                fprintf(file, "kept %s\n", spec->kept[i]);
        if (spec->kind == UNIT_REMOVE && spec->cache_directory)
                fprintf(file, "cache %s\n", spec->cache_directory);
        for (size_t i = 0; i < UNIT_SPEC_CREDENTIALS_MAX && spec->credentials[i].name; i++)
                fprintf(file, "%s %s\n", spec->credentials[i].name, spec->credentials[i].path);
        fclose(file);
}

int units_start(_unused_ Units *units, const UnitSpec *spec, UnitCallDone done, void *userdata,
                UnitCall **ret)
{
        FakeUnit *unit = fake_unit_get(spec->name);
        bool refused = fake_units.start[spec->kind] == FAKE_REFUSED;
        int r;

        note_places(spec);
        r = call_new(CALL_START, spec->name, refused ? -EIO : 0, done, userdata, ret);

        if (r < 0 || refused)
                return r;
        closep(&unit->ticket_fd);
        unit->ticket_fd = take_ticket(spec->stdin_fd);
        if (unit->ticket_fd < 0)
                unit->ticket_fd = take_ticket(spec->stdout_fd);
        else if (fake_units.output[spec->kind])
                cr_assert(dprintf(spec->stdout_fd, "%s", fake_units.output[spec->kind]) > 0);
        return r;
}

static int take_error(int *error)
{
        int r = *error;

        *error = 0;
        return r;
}

int units_restart(_unused_ Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret)
{
        fake_unit_get(name)->n_restarts++;
        return call_new(CALL_RESTART, name, take_error(&fake_units.restart_error), done, userdata, ret);
}

int units_kill(_unused_ Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret)
{
        fake_unit_get(name)->n_kills++;
        return call_new(CALL_KILL, name, take_error(&fake_units.kill_error), done, userdata, ret);
}

int units_remove(_unused_ Units *units, const char *name, _unused_ bool kill, UnitCallDone done,
                 void *userdata, UnitCall **ret)
{
        return call_new(CALL_REMOVE, name, take_error(&fake_units.remove_error), done, userdata, ret);
}

int units_list(_unused_ Units *units, UnitsListed listed, void *userdata, UnitCall **ret)
{
        int r = call_new(CALL_OTHER, NULL, 0, NULL, userdata, ret);

        if (r >= 0)
                (*ret)->listed = listed;
        return r;
}

int units_stop_slice(_unused_ Units *units, _unused_ const char *name, UnitCallDone done, void *userdata,
                     UnitCall **ret)
{
        return call_new(CALL_OTHER, NULL, 0, done, userdata, ret);
}

int units_set_limits(_unused_ Units *units, _unused_ const char *name, _unused_ uint64_t memory_max,
                     _unused_ uint64_t tasks_max, _unused_ uint64_t cpu_quota_usec, UnitCallDone done,
                     void *userdata, UnitCall **ret)
{
        return call_new(CALL_LIMITS, NULL, 0, done, userdata, ret);
}

int units_clean(_unused_ Units *units, const UnitSpec *spec, UnitCallDone done, void *userdata,
                UnitCall **ret)
{
        const FakeUnit *unit = fake_unit_get(spec->name);
        UnitCall *call;

        note_places(spec);
        LIST_FOREACH (calls, call, calls)
                cr_assert(call->kind != CALL_CLEAN || call->unit != unit, "%s is there already", spec->name);
        fake_units.n_cleans++;
        return call_new(CALL_CLEAN, spec->name, take_error(&fake_units.clean_error), done, userdata, ret);
}
