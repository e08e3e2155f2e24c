/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One published object, and what was last said of it. The vtable of its interface is the only table of its
 * properties: reading, comparing and announcing them all go by it. */

#include "dbus/bus-caller.h"
#include "dbus/bus-private.h"

/* An interface and the objects that have it. */
struct BusClass {
        const char *interface;
        const char *path; /* of the object, or what the paths of all its objects begin with */
        bool many;
        const sd_bus_vtable *vtable; /* handlers get the noun as userdata */
        void (*fill_vtable)(void);   /* before it is registered; NULL = it is whole */
        const BusMethod *methods;    /* those that change something */
        size_t n_methods;
        /* BusMethod.about of all methods that have none; NULL = they are about no app and no repository. */
        int (*about)(BusCall *call, void *noun, BusRight *right, sd_bus_error *reterr);
        /* The value of its property Status, NULL if it has none: each value is announced, even if there are
         * several in one turn of the event loop. */
        int (*status)(const void *noun);
};

extern const BusClass manager_class, repository_class, app_class, deployment_class, log_control_class;

struct BusObject {
        Bus *bus;
        const BusClass *class;
        char *path;
        void *noun; /* Repository, App, Deployment; the Bus for singletons */
        int status; /* as last announced */
        bool is_dirty;
        LIST_FIELDS(BusObject, objects);
        LIST_FIELDS(BusObject, dirty);
        size_t n_digests;
        uint64_t digests[]; /* one for each property that emits changes, in the order of the vtable */
};

/* Makes the object; it is announced with InterfacesAdded unless its class has one object only. `path` is
 * copied, `noun` borrowed. 0, -EEXIST, or another -errno, with no object then. */
int bus_object_publish(Bus *bus, const BusClass *class, const char *path, void *noun);
/* The end of it, without a signal. */
BusObject *bus_object_free(BusObject *object);
DEFINE_CLEANUP(BusObject *, bus_object_free);
/* The end of it with InterfacesRemoved. The noun is not looked at any more. */
void bus_object_withdraw(BusObject *object);

/* NULL if there is none. */
BusObject *bus_object_find(const Bus *bus, const char *path);

/* Announces with PropertiesChanged those properties whose value is not what it was when they were last
 * announced or shown. 0 or -errno. */
int bus_object_announce(BusObject *object);

/* Appends one property as a variant: 0, -ENOENT if there is none of that name, or another -errno. */
int bus_object_append_property(const BusObject *object, const char *name, sd_bus_message *reply);
/* Appends what GetManagedObjects says of the object, {oa{sa{sv}}}. 0 or -errno. */
int bus_object_append_interfaces(const BusObject *object, sd_bus_message *reply);
/* Appends all properties as a{sv}. `override` may append another value of one, as a variant: 1, 0 if it does
 * not, or -errno; NULL = of none. 0 or -errno. */
typedef int (*BusOverride)(const void *noun, const char *property, sd_bus_message *reply);
int bus_object_append_properties(const BusObject *object, BusOverride override, sd_bus_message *reply);
