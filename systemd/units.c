/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/units.h"

#include <errno.h>
#include <search.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "systemd/unit-late.h"
#include "systemd/unit-own.h"
#include "systemd/units-internal.h"

#define PROPERTIES    "org.freedesktop.DBus.Properties"
#define READ_ACCURACY (100 * USEC_PER_MSEC)
#define READ_TOLD     4 /* pauses after which the log says that a unit cannot be read */

/* A unit that somebody watches. */
typedef struct Unit {
        Units *units;
        char *name, *path;
        Pid1Call *reading; /* NULL = none under way */
        bool stale;        /* something has changed since the reading under way began */
        bool absent;       /* the last reading found that PID 1 does not know it */
        bool unread;       /* the last reading has failed */
        UnitLate *late;
        UnitCall *kill; /* it is late */
        LIST_HEAD(UnitWatch, watches);
        LIST_FIELDS(struct Unit, all);
} Unit;

struct UnitWatch {
        Unit *unit;
        UnitChanged changed;
        void *userdata;
        LIST_FIELDS(UnitWatch, watches);
};

static int compare_units(const void *a, const void *b)
{
        return strcmp(((const Unit *) a)->path, ((const Unit *) b)->path);
}

static Unit *find_unit(Units *units, const char *path)
{
        Unit key = { .path = (char *) (uintptr_t) path }, **node;

        node = tfind(&key, &units->units_by_path, compare_units);
        return node ? *node : NULL;
}

static Unit *unit_free(Unit *unit)
{
        assert(!unit->watches);
        (void) tdelete(unit, &unit->units->units_by_path, compare_units);
        LIST_REMOVE(all, unit->units->all, unit);
        pid1_call_free(unit->reading);
        unit_late_free(unit->late);
        unit_call_free(unit->kill);
        free(unit->name);
        free(unit->path);
        free(unit);
        return NULL;
}

static void read_unit(Unit *unit);

static void units_on_killed(void *userdata, _unused_ int error, _unused_ const char *sentence)
{
        Unit *unit = userdata;

        unit->kill = NULL;
}

static void on_late(void *userdata)
{
        Unit *unit = userdata;

        /* It is read first: the watches learn that it is late, not only that it was killed. */
        read_unit(unit);
        if (!unit->kill)
                (void) units_kill(unit->units, unit->name, units_on_killed, unit, &unit->kill);
}

static int unit_new(Units *units, const char *name, Unit **ret)
{
        Unit *unit;
        int r;

        unit = calloc(1, sizeof(Unit));
        if (!unit)
                return -ENOMEM;
        unit->units = units;
        unit->name = strdup(name);
        r = unit->name ? sd_bus_path_encode(PID1_UNIT_PATH, name, &unit->path) : -ENOMEM;
        if (r >= 0)
                r = unit_late_new(sd_bus_get_event(units->pid1.bus), unit->name, on_late, unit, &unit->late);
        if (r >= 0 && !tsearch(unit, &units->units_by_path, compare_units))
                r = -ENOMEM;
        if (r < 0) {
                unit_late_free(unit->late);
                free(unit->name);
                free(unit->path);
                free(unit);
                return r;
        }
        LIST_PREPEND(all, units->all, unit);
        *ret = unit;
        return 0;
}

static int units_on_retry(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        const Units *units = userdata;
        Unit *unit;

        LIST_FOREACH (all, unit, units->all)
                if (unit->unread)
                        read_unit(unit);
        return 0;
}

/* A reading has failed although the bus is there: PID 1 is busy. */
static void read_later(Unit *unit)
{
        Units *units = unit->units;
        int enabled = SD_EVENT_OFF;

        unit->unread = true;
        (void) sd_event_source_get_enabled(units->retry, &enabled);
        if (enabled != SD_EVENT_OFF)
                return;
        if (sd_event_source_set_time_relative(units->retry, backoff_next(&units->retry_pause)) >= 0)
                (void) sd_event_source_set_enabled(units->retry, SD_EVENT_ONESHOT);
        if (units->retry_pause.n == READ_TOLD)
                log_warning("systemd does not tell the state of unit %s and is asked again until it does: "
                            "see 'systemctl status %s'",
                            unit->name, unit->name);
}

/* The next failure begins with the first pause when none is left of the last one. */
static void note_reading(Unit *unit)
{
        const Unit *other;

        if (!unit->unread)
                return;
        unit->unread = false;
        LIST_FOREACH (all, other, unit->units->all)
                if (other->unread)
                        return;
        backoff_reset(&unit->units->retry_pause);
}

/* Tells the watches one by one. Any of them may free itself or others, the last one frees the unit: so the
 * next is looked up by its place each time, and `telling` says whether the unit is still there. */
static void units_tell(Unit *unit, const UnitState *state)
{
        Units *units = unit->units;
        UnitWatch *watch, *next;

        units->telling = unit;
        for (watch = unit->watches; watch; watch = next) {
                next = watch->watches_next;
                units->telling_next = next;
                watch->changed(watch->userdata, state);
                if (units->telling != unit)
                        return;
                next = units->telling_next;
        }
        units->telling = NULL;
}

static void units_on_read(void *userdata, sd_bus_message *reply)
{
        Unit *unit = userdata;
        UnitState state;

        unit->reading = NULL;
        if (sd_bus_message_is_method_error(reply, NULL) || unit_state_read(reply, &state) < 0) {
                read_later(unit);
                return;
        }
        note_reading(unit);
        state.own = unit_is_own(unit->name, &state);
        state.late = unit_late_look(unit->late, &state);
        unit->absent = !state.loaded;
        if (unit->stale)
                read_unit(unit);
        units_tell(unit, &state);
}

static void read_unit(Unit *unit)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        Pid1 *pid1 = &unit->units->pid1;
        int r;

        if (unit->reading) {
                unit->stale = true;
                return;
        }
        unit->stale = false;
        r = sd_bus_message_new_method_call(pid1->bus, &message, PID1_NAME, unit->path, PROPERTIES, "GetAll");
        if (r >= 0)
                r = sd_bus_message_append(message, "s", "");
        if (r >= 0)
                r = pid1_call(pid1, message, units_on_read, unit, &unit->reading);
        if (r < 0)
                read_later(unit);
}

void units_read_all(Units *units)
{
        Unit *unit;

        LIST_FOREACH (all, unit, units->all)
                read_unit(unit);
}

void units_read(Units *units, const char *name)
{
        Unit *unit;

        LIST_FOREACH (all, unit, units->all)
                if (strcmp(unit->name, name) == 0)
                        read_unit(unit);
}

int unit_watch_new(Units *units, const char *name, UnitChanged changed, void *userdata, UnitWatch **ret)
{
        _cleanup_free_ char *path = NULL;
        UnitWatch *watch;
        Unit *unit;
        int r;

        assert(units);
        assert(name);
        assert(changed);
        assert(ret);

        r = sd_bus_path_encode(PID1_UNIT_PATH, name, &path);
        if (r < 0)
                return r;
        watch = calloc(1, sizeof(UnitWatch));
        if (!watch)
                return -ENOMEM;
        unit = find_unit(units, path);
        if (!unit) {
                r = unit_new(units, name, &unit);
                if (r < 0) {
                        free(watch);
                        return r;
                }
        }
        *watch = (UnitWatch){ .unit = unit, .changed = changed, .userdata = userdata };
        LIST_PREPEND(watches, unit->watches, watch);
        read_unit(unit);
        *ret = watch;
        return 0;
}

UnitWatch *unit_watch_free(UnitWatch *watch)
{
        Unit *unit;

        if (!watch)
                return NULL;
        unit = watch->unit;
        if (unit->units->telling == unit && unit->units->telling_next == watch)
                unit->units->telling_next = watch->watches_next;
        LIST_REMOVE(watches, unit->watches, watch);
        free(watch);
        if (!unit->watches) {
                if (unit->units->telling == unit)
                        unit->units->telling = NULL;
                unit_free(unit);
        }
        return NULL;
}

void units_hint(Units *units, const char *path, bool removed)
{
        Unit *unit = find_unit(units, path);

        /* Reading a unit that PID 1 does not know makes it load and remove one: that must not be a reason to
         * read again. */
        if (unit && !(removed && unit->absent))
                read_unit(unit);
}

int units_new(sd_bus *bus, Units **ret)
{
        _cleanup_(units_freep) Units *units = calloc(1, sizeof(Units));
        int r;

        assert(bus);
        assert(ret);

        if (!units)
                return -ENOMEM;
        units->retry_pause = (Backoff) BACKOFF_INIT;
        r = pid1_init(&units->pid1, bus);
        if (r < 0)
                return r;
        r = sd_event_add_time_relative(sd_bus_get_event(bus), &units->retry, CLOCK_MONOTONIC, 0,
                                       READ_ACCURACY, units_on_retry, units);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(units->retry, SD_EVENT_OFF);
        if (r >= 0)
                r = unit_signals_match(units);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(units);
        return 0;
}

Units *units_free(Units *units)
{
        if (!units)
                return NULL;
        assert(!units->all);
        for (size_t i = 0; i < ELEMENTSOF(units->matches); i++)
                sd_bus_slot_unref(units->matches[i]);
        sd_event_source_unref(units->retry);
        pid1_clear(&units->pid1);
        free(units);
        return NULL;
}
