/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A Bus over a fake pipeline on a bus of its own (dbus-daemon), and clients of it, all in one event loop. */

#include <criterion/criterion.h>
#include <systemd/sd-bus.h>

#include "base/names.h"
#include "daemon/model/app.h"
#include "daemon/model/deployment.h"
#include "daemon/model/repository.h"
#include "dbus/bus.h"
#include "tests/dbus/fake-pipeline.h"

/* A user who is not root and has no rights; Debian's `nobody`. */
#define NOBODY 65534

typedef struct Fixture {
        pid_t dbus_daemon;
        char *address;
        sd_event *event;
        sd_bus *server;
        sd_bus *client;  /* root */
        sd_bus *watcher; /* sees the signals */
        Model *model;
        Pipeline pipeline;
        Facts facts;
        Config config;
        const char *reload_error; /* Reload fails with this name */
        unsigned n_reloads;
        Report report;    /* what Verify finds, or: */
        int verify_error; /* how it fails */
        BusVerified verified;
        void *verified_userdata;
        unsigned n_verifications;
        Bus *bus;
        char *signals; /* a line for each that came */
} Fixture;

/* Criterion's init and fini; one fixture a test. */
extern Fixture fixture;
void fixture_set_up(void);
void fixture_tear_down(void);
#define BUS_SUITE(name) TestSuite(name, .init = fixture_set_up, .fini = fixture_tear_down, .timeout = 60)

/* A further connection. Caller unrefs with sd_bus_flush_close_unref(). */
sd_bus *fixture_connect(uid_t uid);

/* Objects put into the model directly. */
Repository *fixture_repository(const char *name);
App *fixture_app(const char *name, Repository *repository);
Deployment *fixture_deployment(App *app, uint64_t id);

/* Runs the loop until the answer is there; arguments as for sd_bus_message_append(). The answer, which can
 * be an error, is the caller's to unref. */
sd_bus_message *fixture_call(sd_bus *client, const char *path, const char *interface, const char *member,
                             const char *types, ...);
/* The same with a message made by fixture_new_call(). Takes it over. */
sd_bus_message *fixture_send(sd_bus *client, sd_bus_message *message);
sd_bus_message *fixture_new_call(sd_bus *client, const char *path, const char *interface,
                                 const char *member);

/* Sends a call without arguments and runs the loop until the server has asked the bus who calls. The answer
 * comes into *answer later, the caller's to unref. */
void fixture_send_until_asked(sd_bus *client, const char *path, const char *interface, const char *member,
                              sd_bus_message **answer);

/* The call succeeds. */
#define fixture_succeeds(...)                                                          \
        do {                                                                           \
                sd_bus_message *_answer = fixture_call(__VA_ARGS__);                   \
                cr_assert_not(sd_bus_message_is_method_error(_answer, NULL), "%s: %s", \
                              sd_bus_message_get_error(_answer)->name,                 \
                              sd_bus_message_get_error(_answer)->message);             \
                sd_bus_message_unref(_answer);                                         \
        } while (0)

/* The call fails with error `wanted_name`, and its message has `wanted_part` in it. */
#define fixture_fails(wanted_name, wanted_part, ...)                              \
        do {                                                                      \
                sd_bus_message *_answer = fixture_call(__VA_ARGS__);              \
                fixture_check_error(_answer, wanted_name, wanted_part, __LINE__); \
                sd_bus_message_unref(_answer);                                    \
        } while (0)
void fixture_check_error(sd_bus_message *answer, const char *name, const char *part, int line);

/* A property read by Get, in words: as in `signals`. Caller frees. */
char *fixture_get(sd_bus *client, const char *path, const char *interface, const char *property);
#define fixture_property_is(wanted, path, interface, property)                                  \
        do {                                                                                    \
                char *_value = fixture_get(fixture.client, path, interface, property);          \
                cr_assert_str_eq(_value, wanted, "%s is %s, not %s", property, _value, wanted); \
                free(_value);                                                                   \
        } while (0)

/* The next value of the message in words: text as it is, containers in brackets. Caller frees. */
char *fixture_value(sd_bus_message *message);

/* Appends to *text, which is reallocated. */
void fixture_append(char **text, const char *format, ...) _printf_(2, 3);

/* Lets everything that is due happen: a round trip from both clients. */
void fixture_settle(void);
/* What came since the last time, `changed PATH Name=value …`, `added PATH`, `removed PATH`, `new ID APP`,
 * `finished ID APP STATUS`, `gone ID APP`; paths begin after BUS_PATH. Forgets it. */
void fixture_expect_signals(const char *wanted);
