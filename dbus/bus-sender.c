/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-sender.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"

/* The bus itself: its name, and the name of its interface. */
#define DRIVER      "org.freedesktop.DBus"
#define DRIVER_PATH "/org/freedesktop/DBus"

/* Of all that waits: so many calls, and so many bytes of those that are not small. Small ones always find
 * room, so that nobody's big ones keep others from being heard. */
#define HELD_MAX       4096
#define HELD_SMALL     ((size_t) 8 * 1024)
#define HELD_BYTES_MAX ((size_t) 16 * 1024 * 1024)
#define HELD_DEPTH_MAX 64 /* containers inside one another, as of the bus */

static int bus_sender_compare_names(const void *a, const void *b)
{
        return strcmp(((const BusSender *) a)->name, ((const BusSender *) b)->name);
}

BusSender *bus_sender_find(const Bus *bus, const char *name)
{
        BusSender key = { .name = (char *) (uintptr_t) name };
        BusSender *const *node;

        assert(bus);
        assert(name);

        node = tfind(&key, &bus->senders, bus_sender_compare_names);
        return node ? *node : NULL;
}

bool bus_is_from_driver(sd_bus_message *message)
{
        const char *sender = sd_bus_message_get_sender(message);

        return sender && strcmp(sender, DRIVER) == 0;
}

/* The first of those that wait, to be unref'd; NULL if there is none. */
static sd_bus_message *take_held(BusSender *sender)
{
        BusHeld *held = sender->held;
        sd_bus_message *message;

        if (!held)
                return NULL;
        if (sender->held_tail == held)
                sender->held_tail = NULL;
        LIST_REMOVE(held, sender->held, held);
        sender->n_held--;
        sender->bus->n_held--;
        if (held->size > HELD_SMALL)
                sender->bus->held_bytes -= held->size;
        message = held->message;
        free(held);
        return message;
}

static BusSender *sender_free(BusSender *sender)
{
        sd_bus_message *message;

        if (!sender)
                return NULL;
        while ((message = take_held(sender)))
                sd_bus_message_unref(message);
        sd_bus_slot_unref(sender->question);
        if (sender->bus->sender_gone)
                sender->bus->sender_gone(sender);
        if (sender->user)
                bus_user_leave(sender->user);
        (void) tdelete(sender, &sender->bus->senders, bus_sender_compare_names);
        free(sender->name);
        free(sender);
        return NULL;
}
DEFINE_CLEANUP(BusSender *, sender_free);

static void refuse_held(BusSender *sender, const sd_bus_error *error)
{
        sd_bus_message *message;

        while ((message = take_held(sender))) {
                (void) sd_bus_reply_method_error(message, error);
                sd_bus_message_unref(message);
        }
}

/* The bus forgets as little as we do: that it does not say is asked again with the next call. */
static void stay_unknown(BusSender *sender, const char *name, const char *sentence)
{
        refuse_held(sender, &SD_BUS_ERROR_MAKE_CONST(name, sentence));
        sender_free(sender);
}

static int on_uid(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *reterr)
{
        BusSender *sender = userdata;
        Bus *bus = sender->bus;
        sd_bus_message *message;
        uint32_t uid;

        sender->question = sd_bus_slot_unref(sender->question);
        if (sd_bus_message_is_method_error(reply, NULL) || !bus_is_from_driver(reply) ||
            sd_bus_message_read(reply, "u", &uid) <= 0) {
                stay_unknown(sender, SD_BUS_ERROR_ACCESS_DENIED, "The bus does not say who is calling");
                return 0;
        }
        sender->user = bus_user_join(bus, uid);
        if (!sender->user) {
                stay_unknown(sender, SD_BUS_ERROR_NO_MEMORY, "Out of memory");
                return 0;
        }
        sender->n_together = sender->n_held;
        while ((message = take_held(sender))) {
                bus->sender_known(sender, message);
                sd_bus_message_unref(message);
        }
        return 0;
}

int bus_sender_get(Bus *bus, const char *name, BusSender **ret)
{
        _cleanup_(sender_freep) BusSender *sender = NULL;
        BusSender *found;
        int r;

        assert(bus);
        assert(name);
        assert(ret);

        found = bus_sender_find(bus, name);
        if (found) {
                *ret = found;
                return 0;
        }
        sender = calloc(1, sizeof(BusSender));
        if (!sender)
                return -ENOMEM;
        sender->bus = bus;
        sender->name = strdup(name);
        if (!sender->name || !tsearch(sender, &bus->senders, bus_sender_compare_names)) {
                free(sender->name);
                free(TAKE_PTR(sender));
                return -ENOMEM;
        }
        r = sd_bus_call_method_async(bus->params.bus, &sender->question, DRIVER, DRIVER_PATH, DRIVER,
                                     "GetConnectionUnixUser", on_uid, sender, "s", name);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(sender);
        return 0;
}

/* Adds the bytes of all values up to the end of the container to *size, or of as many as make it too big. */
static int add_size(sd_bus_message *message, size_t *size, unsigned depth)
{
        const char *contents, *text;
        uint64_t number;
        char type;
        int r = 0;

        while (*size <= HELD_BYTES_MAX && (r = sd_bus_message_peek_type(message, &type, &contents)) > 0) {
                if (strchr("aver", type)) {
                        r = depth < HELD_DEPTH_MAX ? sd_bus_message_enter_container(message, type, contents)
                                                   : -E2BIG;
                        if (r >= 0)
                                r = add_size(message, size, depth + 1);
                        if (r >= 0 && *size <= HELD_BYTES_MAX)
                                r = sd_bus_message_exit_container(message);
                } else if (strchr("sog", type)) {
                        r = sd_bus_message_read_basic(message, type, &text);
                        *size += r < 0 ? 0 : strlen(text);
                } else
                        r = sd_bus_message_read_basic(message, type, &number);
                if (r < 0)
                        return r;
                *size += sizeof(number);
        }
        return *size > HELD_BYTES_MAX ? 0 : r;
}

/* sd-bus does not say how big a message is. */
static int find_size(sd_bus_message *message, size_t *ret)
{
        int r;

        *ret = 0;
        r = add_size(message, ret, 0);
        if (r < 0)
                return r;
        r = sd_bus_message_rewind(message, true);
        return r < 0 ? r : 0;
}

int bus_sender_hold(BusSender *sender, sd_bus_message *message, sd_bus_error *reterr)
{
        Bus *bus = sender->bus;
        BusHeld *held;
        size_t size;
        int r;

        assert(!sender->user);

        if (bus->n_held >= HELD_MAX ||
            sender->n_held >= bus->params.config(bus->params.userdata)->calls_max_per_user)
                return sd_bus_error_set(
                        reterr, SD_BUS_ERROR_LIMITS_EXCEEDED,
                        "too many calls before it was known who calls: wait for the first reply");
        r = find_size(message, &size);
        if (r < 0)
                return r;
        if (size > HELD_SMALL && bus->held_bytes + size > HELD_BYTES_MAX)
                return sd_bus_error_set(reterr, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                        "too much waits until it is known who calls: try again in a moment");
        held = calloc(1, sizeof(BusHeld));
        if (!held)
                return -ENOMEM;
        *held = (BusHeld){ .message = sd_bus_message_ref(message), .size = size };
        if (sender->held_tail)
                LIST_INSERT_AFTER(held, sender->held_tail, held);
        else
                LIST_PREPEND(held, sender->held, held);
        sender->held_tail = held;
        sender->n_held++;
        bus->n_held++;
        if (size > HELD_SMALL)
                bus->held_bytes += size;
        return 1;
}

static int bus_sender_on_gone(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *reterr)
{
        const char *name, *owner;

        if (bus_is_from_driver(signal) && sd_bus_message_read(signal, "sss", &name, NULL, &owner) >= 0 &&
            owner[0] == '\0')
                sender_free(bus_sender_find(userdata, name));
        return 0;
}

int bus_senders_register(Bus *bus, BusSenderKnown known)
{
        sd_bus_slot *slot = NULL;
        int r;

        assert(bus);
        assert(known);

        bus->sender_known = known;
        /* With nobody in between there are no names. */
        if (sd_bus_is_bus_client(bus->params.bus) <= 0)
                return 0;
        r = sd_bus_add_match_async(bus->params.bus, &slot,
                                   "type='signal',sender='" DRIVER "',path='" DRIVER_PATH
                                   "',interface='" DRIVER "',member='NameOwnerChanged',arg2=''",
                                   bus_sender_on_gone, NULL, bus);
        return bus_keep_slot(bus, r, slot);
}

void bus_senders_free(Bus *bus)
{
        while (bus->senders)
                sender_free(*(BusSender **) bus->senders);
}
