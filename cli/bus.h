/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "base/macro.h"

/* Calls to deployd. Functions that return an exit status have said on standard error why it is not
 * EXIT_DONE. */

#define INTERFACE_PROPERTIES "org.freedesktop.DBus.Properties"
#define INTERFACE_OBJECTS    "org.freedesktop.DBus.ObjectManager"

/* More than deployd waits for anything but work and people. */
#define CALL_TIMEOUT (2 * 60 * USEC_PER_SEC)

/* For calls that reply when the work is done, or when a person has answered polkit's question. */
#define CALL_TIMEOUT_NONE USEC_INFINITY

/* The system bus. An exit status. Caller releases it (sd_bus_flush_close_unrefp). */
int bus_open(sd_bus **ret);

/* A call of deployd's with arguments as in sd_bus_message_append(), which may ask the user to authenticate
 * (cli/agent.h). *ret, which may be NULL for a method without a result, is the reply. An exit status. */
int bus_call(sd_bus *bus, uint64_t timeout, const char *path, const char *interface, const char *member,
             sd_bus_message **ret, const char *types, ...);

/* The same for a message that is made already; it is not released. */
int bus_send(sd_bus *bus, uint64_t timeout, sd_bus_message *call, sd_bus_message **ret);

/* The object `name` of the Manager's method `member` (GetApp, GetRepository). An exit status; caller frees
 * the path. */
int bus_find(sd_bus *bus, const char *member, const char *name, char **ret_path);

/* All properties of one interface of an object, the message standing before the a{sv}. An exit status. */
int bus_get_properties(sd_bus *bus, const char *path, const char *interface, sd_bus_message **ret);

/* Reads one property's value, of type `contents`, from the message. 1 when it has, 0 when it is not wanted
 * and nothing was read, or -errno. */
typedef int (*PropertyReader)(sd_bus_message *message, const char *name, const char *contents,
                              void *userdata);

/* Calls `read` for each entry of an a{sv}. 0, or the first -errno of the message or of `read`. */
int bus_each_property(sd_bus_message *message, PropertyReader read, void *userdata);

/* Where a property goes: `type` is its D-Bus type (s, o, t, u, q, d, b; `A` for as), `offset` that of a
 * member of char *, uint64_t, uint32_t, uint16_t, double, int, or char **. */
typedef struct Field {
        const char *name;
        char type;
        size_t offset;
} Field;

/* Reads an a{sv} into `target` by `fields`, freeing texts and lists that are there; what is not listed is
 * skipped. 0; -EBADMSG or what sd-bus says about a malformed message; -ENOMEM. */
int bus_read_properties(sd_bus_message *message, const Field *fields, size_t n_fields, void *target);

/* Frees a list of texts. NULL is accepted. */
char **texts_free(char **texts);

/* True for errors that say deployd is not there at this moment but may be later. */
bool bus_error_is_passing(const sd_bus_error *error);

/* Says in one line what went wrong: `error` if it is set, else the errno -r. Returns the exit status. */
int bus_report(const sd_bus_error *error, int r);
