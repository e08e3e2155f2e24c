/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-class.h"

#include <errno.h>
#include <string.h>

#include "dbus/bus-object.h"

static int find_noun(sd_bus *connection, const char *path, const char *interface, void *userdata,
                     void **ret_found, sd_bus_error *reterr)
{
        BusObject *object = bus_object_find(userdata, path);

        (void) connection;
        (void) reterr;
        if (!object || strcmp(object->class->interface, interface) != 0)
                return 0;
        *ret_found = object->noun;
        return 1;
}

/* The paths of all objects of one class. Which part of the tree is asked for, `prefix`, is looked at by
 * sd-bus. */
static int list_paths(sd_bus *connection, const char *prefix, void *userdata, char ***ret_paths,
                      sd_bus_error *reterr)
{
        const struct BusRegistration *registration = userdata;
        BusObject *object;
        size_t n = 0;
        char **paths;

        (void) connection;
        (void) prefix;
        (void) reterr;
        LIST_FOREACH (objects, object, registration->bus->objects)
                n += object->class == registration->class;
        paths = calloc(n + 1, sizeof(char *));
        if (!paths)
                return -ENOMEM;

        n = 0;
        LIST_FOREACH (objects, object, registration->bus->objects) {
                if (object->class != registration->class)
                        continue;
                paths[n] = strdup(object->path);
                if (!paths[n++]) {
                        while (n > 0)
                                free(paths[--n]);
                        free(paths);
                        return -ENOMEM;
                }
        }
        *ret_paths = paths;
        return 0;
}

int bus_class_register(Bus *bus, const BusClass *class)
{
        sd_bus *connection = bus->params.bus;
        struct BusRegistration *registration;
        sd_bus_slot *slot = NULL;
        int r;

        assert(class);

        if (class->fill_vtable)
                class->fill_vtable();
        if (!class->many) {
                r = sd_bus_add_object_vtable(connection, &slot, class->path, class->interface, class->vtable,
                                             bus);
                return bus_keep_slot(bus, r, slot);
        }
        r = sd_bus_add_fallback_vtable(connection, &slot, class->path, class->interface, class->vtable,
                                       find_noun, bus);
        r = bus_keep_slot(bus, r, slot);
        if (r < 0)
                return r;
        assert(bus->n_registrations < BUS_CLASSES);
        registration = &bus->registrations[bus->n_registrations++];
        *registration = (struct BusRegistration){ bus, class };
        r = sd_bus_add_node_enumerator(connection, &slot, class->path, list_paths, registration);
        return bus_keep_slot(bus, r, slot);
}

const BusMethod *bus_class_find_method(const BusClass *class, const char *member)
{
        for (size_t i = 0; i < class->n_methods; i++)
                if (strcmp(class->methods[i].member, member) == 0)
                        return &class->methods[i];
        return NULL;
}
