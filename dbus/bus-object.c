/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-object.h"

#include <errno.h>
#include <search.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/log.h"

/* The standard interfaces that sd-bus gives to each object, as GetManagedObjects lists them. */
#define STANDARD_INTERFACES \
        "org.freedesktop.DBus.Peer", "org.freedesktop.DBus.Introspectable", "org.freedesktop.DBus.Properties"

/* Of one interface: room for what changed. */
#define PROPERTIES_MAX 64

static int compare_paths(const void *a, const void *b)
{
        return strcmp(((const BusObject *) a)->path, ((const BusObject *) b)->path);
}

BusObject *bus_object_find(const Bus *bus, const char *path)
{
        BusObject key = { .path = (char *) (uintptr_t) path };
        BusObject *const *node;

        assert(bus);
        assert(path);

        node = tfind(&key, &bus->objects_by_path, compare_paths);
        return node ? *node : NULL;
}

static bool is_property(const sd_bus_vtable *row)
{
        return row->type == _SD_BUS_VTABLE_PROPERTY || row->type == _SD_BUS_VTABLE_WRITABLE_PROPERTY;
}

static bool emits_change(const sd_bus_vtable *row)
{
        return is_property(row) && (row->flags & SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE);
}

/* The same as sd-bus does for Get: by the getter, or from the member at the offset. */
static int append_property(const BusObject *object, const sd_bus_vtable *row, sd_bus_message *message)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        char *value = (char *) object->noun + row->x.property.offset;
        const char type = row->x.property.signature[0];

        if (row->x.property.get)
                return row->x.property.get(object->bus->params.bus, object->path, object->class->interface,
                                           row->x.property.member, message, value, &error);
        if (type == SD_BUS_TYPE_STRING || type == SD_BUS_TYPE_OBJECT_PATH)
                value = *(char **) (void *) value;
        return sd_bus_message_append_basic(message, type, value);
}

/* The value as a variant. */
static int append_variant(const BusObject *object, const sd_bus_vtable *row, sd_bus_message *message)
{
        int r;

        r = sd_bus_message_open_container(message, 'v', row->x.property.signature);
        if (r >= 0)
                r = append_property(object, row, message);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

int bus_object_append_property(const BusObject *object, const char *name, sd_bus_message *reply)
{
        const sd_bus_vtable *row;

        assert(object);
        assert(name);
        assert(reply);

        for (row = object->class->vtable; row->type != _SD_BUS_VTABLE_END; row++)
                if (is_property(row) && strcmp(row->x.property.member, name) == 0)
                        return append_variant(object, row, reply);
        return -ENOENT;
}

int bus_object_append_properties(const BusObject *object, BusOverride override, sd_bus_message *reply)
{
        const sd_bus_vtable *row;
        int r;

        assert(object);
        assert(reply);

        r = sd_bus_message_open_container(reply, 'a', "{sv}");
        for (row = object->class->vtable; row->type != _SD_BUS_VTABLE_END; row++) {
                int taken = 0;

                if (!is_property(row))
                        continue;
                if (r >= 0)
                        r = sd_bus_message_open_container(reply, 'e', "sv");
                if (r >= 0)
                        r = sd_bus_message_append(reply, "s", row->x.property.member);
                if (r >= 0 && override)
                        r = taken = override(object->noun, row->x.property.member, reply);
                if (r >= 0 && !taken)
                        r = append_variant(object, row, reply);
                if (r >= 0)
                        r = sd_bus_message_close_container(reply);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

int bus_object_append_interfaces(const BusObject *object, sd_bus_message *reply)
{
        static const char *const standard[] = { STANDARD_INTERFACES };
        int r;

        assert(object);
        assert(reply);

        r = sd_bus_message_open_container(reply, 'e', "oa{sa{sv}}");
        if (r >= 0)
                r = sd_bus_message_append(reply, "o", object->path);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{sa{sv}}");
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(standard); i++)
                r = sd_bus_message_append(reply, "{sa{sv}}", standard[i], 0);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'e', "sa{sv}");
        if (r >= 0)
                r = sd_bus_message_append(reply, "s", object->class->interface);
        if (r >= 0)
                r = bus_object_append_properties(object, NULL, reply);
        for (unsigned i = 0; r >= 0 && i < 3; i++) /* the interface, the interfaces, the object */
                r = sd_bus_message_close_container(reply);
        return r;
}

/* Of the next value in the message, whatever its type. */
static int digest_value(sd_bus_message *message, uint64_t *digest)
{
        const char *contents;
        union {
                const char *text;
                uint8_t bytes[sizeof(uint64_t)];
        } value = {};
        char type;
        int r;

        r = sd_bus_message_peek_type(message, &type, &contents);
        if (r <= 0)
                return r < 0 ? r : -ENXIO;
        if (!strchr("aver", type)) {
                r = sd_bus_message_read_basic(message, type, &value);
                if (r < 0)
                        return r;
                if (type == SD_BUS_TYPE_STRING || type == SD_BUS_TYPE_OBJECT_PATH)
                        *digest = hash_add(*digest, value.text, strlen(value.text) + 1);
                else
                        *digest = hash_add(*digest, value.bytes, sizeof(value.bytes));
                return 0;
        }

        r = sd_bus_message_enter_container(message, type, contents);
        while (r >= 0) {
                r = sd_bus_message_at_end(message, false);
                if (r != 0)
                        break;
                r = digest_value(message, digest);
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

/* Fills in one digest for each property that emits changes. Two that are the same by chance cost one signal.
 */
static int compute_digests(const BusObject *object, uint64_t digests[])
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        const sd_bus_vtable *row;
        int r;

        r = sd_bus_message_new_signal(object->bus->params.bus, &message, object->path,
                                      object->class->interface, "Digest");
        for (row = object->class->vtable; row->type != _SD_BUS_VTABLE_END; row++)
                if (r >= 0 && emits_change(row))
                        r = append_property(object, row, message);
        if (r >= 0)
                r = sd_bus_message_seal(message, 1, 0);
        if (r >= 0)
                r = sd_bus_message_rewind(message, true);
        for (size_t i = 0; r >= 0 && i < object->n_digests; i++) {
                digests[i] = HASH_BASIS;
                r = digest_value(message, &digests[i]);
        }
        return r < 0 ? r : 0;
}

int bus_object_announce(BusObject *object)
{
        uint64_t digests[PROPERTIES_MAX] = {};
        char *names[PROPERTIES_MAX + 1];
        const sd_bus_vtable *row;
        size_t i = 0, n_names = 0;
        int r;

        assert(object);

        r = compute_digests(object, digests);
        if (r < 0)
                return r;
        for (row = object->class->vtable; row->type != _SD_BUS_VTABLE_END; row++) {
                if (!emits_change(row))
                        continue;
                if (digests[i] != object->digests[i])
                        names[n_names++] = (char *) (uintptr_t) row->x.property.member;
                object->digests[i] = digests[i];
                i++;
        }
        if (object->class->status)
                object->status = object->class->status(object->noun);
        if (n_names == 0)
                return 0;
        names[n_names] = NULL;
        r = sd_bus_emit_properties_changed_strv(object->bus->params.bus, object->path,
                                                object->class->interface, names);
        return r < 0 ? r : 0;
}

int bus_object_publish(Bus *bus, const BusClass *class, const char *path, void *noun)
{
        _cleanup_(bus_object_freep) BusObject *object = NULL;
        const sd_bus_vtable *row;
        size_t n_digests = 0;
        BusObject **node;
        int r;

        assert(bus);
        assert(class);
        assert(path);
        assert(noun);

        for (row = class->vtable; row->type != _SD_BUS_VTABLE_END; row++)
                n_digests += emits_change(row);
        assert(n_digests <= PROPERTIES_MAX);
        object = calloc(1, sizeof(BusObject) + n_digests * sizeof(uint64_t));
        if (!object)
                return -ENOMEM;
        object->class = class;
        object->noun = noun;
        object->n_digests = n_digests;
        object->path = strdup(path);
        if (!object->path)
                return -ENOMEM;

        node = tsearch(object, &bus->objects_by_path, compare_paths);
        if (!node)
                return -ENOMEM;
        if (*node != object)
                return -EEXIST;
        object->bus = bus;
        LIST_PREPEND(objects, bus->objects, object);
        bus->n_objects++;

        r = compute_digests(object, object->digests);
        if (r < 0)
                return r;
        if (class->status)
                object->status = class->status(noun);
        if (class->many) {
                r = sd_bus_emit_object_added(bus->params.bus, path);
                if (r < 0)
                        return r;
        }
        TAKE_PTR(object);
        return 0;
}

BusObject *bus_object_free(BusObject *object)
{
        Bus *bus;

        if (!object)
                return NULL;
        bus = object->bus;
        if (bus) {
                (void) tdelete(object, &bus->objects_by_path, compare_paths);
                LIST_REMOVE(objects, bus->objects, object);
                bus->n_objects--;
                if (object->is_dirty)
                        LIST_REMOVE(dirty, bus->dirty, object);
        }
        free(object->path);
        free(object);
        return NULL;
}

void bus_object_withdraw(BusObject *object)
{
        int r;

        assert(object);

        r = sd_bus_emit_interfaces_removed(object->bus->params.bus, object->path, STANDARD_INTERFACES,
                                           object->class->interface, NULL);
        if (r < 0)
                log_warning("Cannot announce that %s is gone, ignoring: %s", object->path, strerror(-r));
        bus_object_free(object);
}
