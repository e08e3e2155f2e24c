/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/units.h"

#include <errno.h>
#include <search.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "systemd/units-internal.h"

#define PID1_UNIT_PATH  PID1_PATH "/unit"
#define PROPERTIES      "org.freedesktop.DBus.Properties"
#define READ_RETRY_USEC (1 * USEC_PER_SEC) /* a reading failed although the bus is there: PID 1 is busy */
#define READ_ACCURACY   (100 * USEC_PER_MSEC)

/* A unit that somebody watches. */
typedef struct Unit {
        Units *units;
        char *name, *path;
        Pid1Call *reading; /* NULL = none under way */
        bool stale;        /* something has changed since the reading under way began */
        bool absent;       /* the last reading found that PID 1 does not know it */
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
        free(unit->name);
        free(unit->path);
        free(unit);
        return NULL;
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
        if (r >= 0 && !tsearch(unit, &units->units_by_path, compare_units))
                r = -ENOMEM;
        if (r < 0) {
                free(unit->name);
                free(unit->path);
                free(unit);
                return r;
        }
        LIST_PREPEND(all, units->all, unit);
        *ret = unit;
        return 0;
}

static void read_unit(Unit *unit);

static int on_retry(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        units_read_all(userdata);
        return 0;
}

static void read_later(Units *units)
{
        if (sd_event_source_set_time_relative(units->retry, READ_RETRY_USEC) >= 0)
                (void) sd_event_source_set_enabled(units->retry, SD_EVENT_ONESHOT);
}

/* Tells the watches one by one. Any of them may free itself or others, the last one frees the unit: so the
 * next is looked up by its place each time, and `telling` says whether the unit is still there. */
static void tell(Unit *unit, const UnitState *state)
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

static void on_read(void *userdata, sd_bus_message *reply)
{
        Unit *unit = userdata;
        UnitState state;

        unit->reading = NULL;
        if (sd_bus_message_is_method_error(reply, NULL) || unit_state_read(reply, &state) < 0) {
                read_later(unit->units);
                return;
        }
        unit->absent = !state.loaded;
        if (unit->stale)
                read_unit(unit);
        tell(unit, &state);
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
                r = pid1_call(pid1, message, on_read, unit, &unit->reading);
        if (r < 0)
                read_later(unit->units);
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

/* The handlers below take PID 1's signals as hints that a unit is to be read again: anybody can send us
 * something that looks like them, and then nothing but a reading follows. */

static int on_job_removed(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *reterr)
{
        _cleanup_free_ char *path = NULL;
        Units *units = userdata;
        const char *name;
        Unit *unit;

        if (sd_bus_message_read(signal, "uos", NULL, NULL, &name) < 0 ||
            sd_bus_path_encode(PID1_UNIT_PATH, name, &path) < 0)
                return 0;
        unit = find_unit(units, path);
        if (unit)
                read_unit(unit);
        return 0;
}

static int on_unit_removed(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *reterr)
{
        const char *path;
        Unit *unit;

        if (sd_bus_message_read(signal, "so", NULL, &path) < 0)
                return 0;
        unit = find_unit(userdata, path);
        /* Reading a unit that PID 1 does not know makes it load and remove one: that must not be a reason to
         * read again. */
        if (unit && !unit->absent)
                read_unit(unit);
        return 0;
}

static int on_properties_changed(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *reterr)
{
        Unit *unit = find_unit(userdata, sd_bus_message_get_path(signal));

        if (unit)
                read_unit(unit);
        return 0;
}

static int on_subscribed(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *reterr)
{
        if (sd_bus_message_is_method_error(reply, NULL) &&
            !sd_bus_message_is_method_error(reply, "org.freedesktop.systemd1.AlreadySubscribed"))
                log_warning("Cannot subscribe to the signals of systemd, trying again when it is back: %s",
                            sd_bus_message_get_error(reply)->message);
        units_read_all(userdata);
        return 0;
}

static int subscribe(Units *units)
{
        return sd_bus_call_method_async(units->pid1.bus, NULL, PID1_NAME, PID1_PATH, PID1_MANAGER,
                                        "Subscribe", on_subscribed, units, NULL);
}

/* After a daemon-reload all units are what they were, but signals may have been missed; after a re-execution
 * the subscription is gone too. */
static int on_reloading(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *reterr)
{
        int active;

        if (sd_bus_message_read(signal, "b", &active) >= 0 && !active)
                (void) subscribe(userdata);
        return 0;
}

static int on_owner_changed(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *reterr)
{
        const char *owner;

        if (sd_bus_message_read(signal, "sss", NULL, NULL, &owner) >= 0 && owner[0] != '\0')
                (void) subscribe(userdata);
        return 0;
}

static const struct {
        const char *member;
        sd_bus_message_handler_t handler;
} manager_signals[] = {
        { "JobRemoved", on_job_removed },
        { "UnitRemoved", on_unit_removed },
        { "Reloading", on_reloading },
};

int units_new(sd_bus *bus, Units **ret)
{
        _cleanup_(units_freep) Units *units = calloc(1, sizeof(Units));
        int r;

        assert(bus);
        assert(ret);

        if (!units)
                return -ENOMEM;
        r = pid1_init(&units->pid1, bus);
        if (r < 0)
                return r;
        r = sd_event_add_time_relative(sd_bus_get_event(bus), &units->retry, CLOCK_MONOTONIC, 0,
                                       READ_ACCURACY, on_retry, units);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(units->retry, SD_EVENT_OFF);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(manager_signals); i++) {
                r = sd_bus_match_signal_async(bus, &units->matches[i], PID1_NAME, PID1_PATH, PID1_MANAGER,
                                              manager_signals[i].member, manager_signals[i].handler, NULL,
                                              units);
                if (r < 0)
                        return r;
        }
        r = sd_bus_add_match_async(bus, &units->matches[ELEMENTSOF(manager_signals)],
                                   "type='signal',sender='" PID1_NAME "',path_namespace='" PID1_UNIT_PATH
                                   "',"
                                   "interface='" PROPERTIES "',member='PropertiesChanged'",
                                   on_properties_changed, NULL, units);
        if (r < 0)
                return r;
        r = sd_bus_match_signal_async(bus, &units->matches[ELEMENTSOF(manager_signals) + 1],
                                      "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                      "org.freedesktop.DBus", "NameOwnerChanged", on_owner_changed, NULL,
                                      units);
        if (r < 0)
                return r;
        r = subscribe(units);
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
