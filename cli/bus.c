/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/bus.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/agent.h"
#include "cli/verb.h"

#define ERROR_BUS     "org.freedesktop.DBus.Error."
#define ERROR_SYSTEMD "org.freedesktop.systemd1."

/* Errors of the bus itself, most of which come with a text only a programmer understands. Names that end
 * with a dot stand for all that begin so. */
static const struct {
        const char *name;
        bool passing;
        const char *sentence; /* NULL = the error's own */
} error_rows[] = {
        { ERROR_BUS "ServiceUnknown", true,
          "deployd is not there: install the package deployd, or see 'systemctl status deployd'" },
        { ERROR_BUS "NameHasNoOwner", true, "deployd does not run: see 'systemctl status deployd'" },
        { ERROR_BUS "Spawn.", false, "deployd cannot be started: see 'systemctl status deployd'" },
        { ERROR_SYSTEMD "UnitMasked", true,
          "deployd may not be started now: a backup is being restored, or it was masked by hand; see 'systemctl "
          "status deployd'" },
        { ERROR_SYSTEMD, false, "deployd cannot be started: see 'systemctl status deployd'" },
        { ERROR_BUS "TimedOut", true, "deployd did not start in time: see 'systemctl status deployd'" },
        { ERROR_BUS "NoReply", true,
          "deployd gave no answer, so it is not known whether it was done: see 'systemctl status deployd'" },
        { ERROR_BUS "Timeout", true,
          "deployd gave no answer in time, so it is not known whether it was done: see 'systemctl status "
          "deployd'" },
        { ERROR_BUS "Disconnected", false, "the connection to the system bus was lost" },
        { BUS_ERROR_DATABASE_UNAVAILABLE, true, NULL },
};

/* The index in error_rows, or its size. */
static size_t error_find(const sd_bus_error *error)
{
        size_t i;

        for (i = 0; error->name && i < ELEMENTSOF(error_rows); i++) {
                const char *name = error_rows[i].name;
                size_t length = strlen(name);

                if (strncmp(error->name, name, length) == 0 &&
                    (name[length - 1] == '.' || !error->name[length]))
                        return i;
        }
        return ELEMENTSOF(error_rows);
}

bool bus_error_is_passing(const sd_bus_error *error)
{
        size_t row = error_find(error);

        return row < ELEMENTSOF(error_rows) && error_rows[row].passing;
}

int bus_report(const sd_bus_error *error, int r)
{
        size_t row = error ? error_find(error) : ELEMENTSOF(error_rows);

        if (row < ELEMENTSOF(error_rows)) {
                say("%s%s",
                    error_rows[row].sentence ? error_rows[row].sentence : text_or_empty(error->message),
                    error_rows[row].sentence ? "" : ": see 'systemctl status deployd'");
                return EXIT_UNREACHABLE;
        }
        if (error && sd_bus_error_is_set(error)) {
                say("%s%s", text_is_empty(error->message) ? error->name : error->message,
                    agent_is_wanted(error) ? agent_advice() : "");
                return EXIT_REFUSED;
        }
        if (r == -ENOMEM) {
                say("out of memory");
                return EXIT_REFUSED;
        }
        if (r == -EBADMSG || r == -ENXIO || r == -EINVAL) {
                say("deployd's answer was not understood; deployctl and deployd may be of different "
                    "versions");
                return EXIT_REFUSED;
        }
        if (r == -ENOTCONN || r == -ECONNRESET)
                say("the connection to the system bus was lost");
        else
                say("trouble with the system bus: %s", strerror(-r));
        return EXIT_UNREACHABLE;
}

int bus_open(sd_bus **ret)
{
        int r = sd_bus_open_system(ret);

        if (r >= 0)
                return EXIT_DONE;
        say("cannot reach the system bus: %s; is dbus.service running?", strerror(-r));
        return EXIT_UNREACHABLE;
}

/* The call once more, and this time a person is asked for a password. */
static int bus_ask(sd_bus *bus, sd_bus_message *call, sd_bus_message **ret)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *again = NULL;
        _cleanup_(agent_freep) Agent *agent = NULL;
        int r = agent_new(call, &again, &agent);

        if (r >= 0)
                r = sd_bus_call(bus, again, CALL_TIMEOUT_NONE, &error, ret);
        agent = agent_free(agent);
        return r < 0 ? bus_report(&error, r) : EXIT_DONE;
}

int bus_send(sd_bus *bus, uint64_t timeout, sd_bus_message *call, sd_bus_message **ret)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_call(bus, call, timeout, &error, ret);

        if (r < 0 && agent_can_help(&error))
                return bus_ask(bus, call, ret);
        return r < 0 ? bus_report(&error, r) : EXIT_DONE;
}

int bus_call(sd_bus *bus, uint64_t timeout, const char *path, const char *interface, const char *member,
             sd_bus_message **ret, const char *types, ...)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        va_list arguments;
        int r = sd_bus_message_new_method_call(bus, &call, BUS_NAME, path, interface, member);

        if (r >= 0) {
                va_start(arguments, types);
                r = sd_bus_message_appendv(call, types, arguments);
                va_end(arguments);
        }
        return r < 0 ? bus_report(NULL, r) : bus_send(bus, timeout, call, ret);
}

int bus_find(sd_bus *bus, const char *member, const char *name, char **ret_path)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *path;
        int r = bus_call(bus, CALL_TIMEOUT, BUS_PATH, BUS_INTERFACE_MANAGER, member, &reply, "s", name);

        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_read(reply, "o", &path);
        if (r >= 0)
                r = text_replace(ret_path, path);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

int bus_get_properties(sd_bus *bus, const char *path, const char *interface, sd_bus_message **ret)
{
        return bus_call(bus, CALL_TIMEOUT, path, INTERFACE_PROPERTIES, "GetAll", ret, "s", interface);
}

char **texts_free(char **texts)
{
        for (char **text = texts; text && *text; text++)
                free(*text);
        free(texts);
        return NULL;
}

static int field_read(sd_bus_message *message, const Field *field, void *target)
{
        void *member = (uint8_t *) target + field->offset;
        const char type[] = { field->type, '\0' };
        const char *text;
        char **texts = NULL;
        int r;

        switch (field->type) {
        case 'A':
                r = sd_bus_message_read_strv(message, &texts);
                if (r < 0)
                        return r;
                texts_free(*(char ***) member);
                *(char ***) member = texts;
                return 0;
        case 's':
        case 'o':
                r = sd_bus_message_read_basic(message, field->type, &text);
                return r < 0 ? r : text_replace((char **) member, text);
        default:
                return sd_bus_message_read(message, type, member);
        }
}

int bus_each_property(sd_bus_message *message, PropertyReader read, void *userdata)
{
        int r = sd_bus_message_enter_container(message, 'a', "{sv}");

        while (r >= 0) {
                const char *name, *contents;

                r = sd_bus_message_enter_container(message, 'e', "sv");
                if (r <= 0)
                        break;
                r = sd_bus_message_read(message, "s", &name);
                if (r >= 0)
                        r = sd_bus_message_peek_type(message, NULL, &contents);
                if (r >= 0)
                        r = sd_bus_message_enter_container(message, 'v', contents);
                if (r >= 0)
                        r = read(message, name, contents, userdata);
                if (r == 0)
                        r = sd_bus_message_skip(message, contents);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

typedef struct FieldSet {
        const Field *fields;
        size_t n_fields;
        void *target;
} FieldSet;

static int field_set_read(sd_bus_message *message, const char *name, const char *contents, void *userdata)
{
        const FieldSet *set = userdata;

        for (size_t i = 0; i < set->n_fields; i++) {
                const char type[] = { set->fields[i].type, '\0' };
                int r;

                if (strcmp(set->fields[i].name, name) != 0)
                        continue;
                if (strcmp(contents, type[0] == 'A' ? "as" : type) != 0)
                        return -EBADMSG;
                r = field_read(message, &set->fields[i], set->target);
                return r < 0 ? r : 1;
        }
        return 0;
}

int bus_read_properties(sd_bus_message *message, const Field *fields, size_t n_fields, void *target)
{
        FieldSet set = { fields, n_fields, target };

        return bus_each_property(message, field_set_read, &set);
}
