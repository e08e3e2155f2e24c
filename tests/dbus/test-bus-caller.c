/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "dbus/bus-caller.h"
#include "dbus/bus-object.h"
#include "tests/dbus/fixture.h"

/* Who may do what, and what becomes of calls that are not answered yet. */
BUS_SUITE(bus_caller);

#define ACCESS_DENIED "org.freedesktop.DBus.Error.AccessDenied"
#define APP_START     BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "Start"

/* Free to everybody. */
static const char *const reads[] = {
        "GetRepository", "GetApp",          "GetDeployment",   "DescribeDeployment", "ListRepositories",
        "ListApps",      "ListRemovedApps", "ListDeployments", "ListMigrations",
};

static bool is_in(const char *const *list, size_t n, const char *member)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(list[i], member) == 0)
                        return true;
        return false;
}

static bool is_read(const char *member)
{
        return is_in(reads, ELEMENTSOF(reads), member);
}

/* Something of the right type for each argument. */
static void append_anything(sd_bus_message *message, const char *signature)
{
        for (const char *type = signature ? signature : ""; *type; type++)
                switch (*type) {
                case 's':
                        cr_assert(sd_bus_message_append(message, "s", "shop") >= 0);
                        break;
                case 'v':
                        cr_assert(sd_bus_message_append(message, "v", "s", "shop") >= 0);
                        break;
                case 'a': {
                        char list[sizeof("a{sv}")] = { 'a', type[1] };

                        if (type[1] == '{')
                                (void) snprintf(list, sizeof(list), "%.5s", type);
                        cr_assert(sd_bus_message_append(message, list, 0) >= 0);
                        type += strlen(list) - 1;
                        break;
                }
                default:
                        cr_assert(sd_bus_message_append(message, (char[]){ *type, '\0' }, (uint64_t) 0) >=
                                  0);
                }
}

static const char *signature_of(const BusClass *class, const char *member)
{
        for (const sd_bus_vtable *row = class->vtable; row->type != _SD_BUS_VTABLE_END; row++)
                if (row->type == _SD_BUS_VTABLE_METHOD && strcmp(row->x.method.member, member) == 0)
                        return row->x.method.signature;
        cr_assert_fail("%s", member);
        return NULL;
}

/* One of each kind. */
static const struct {
        const BusClass *class;
        const char *path;
} objects[] = {
        { &manager_class, BUS_PATH },
        { &repository_class, BUS_PATH_REPOSITORY "/shop" },
        { &app_class, BUS_PATH_APP "/shop" },
        { &deployment_class, BUS_PATH_DEPLOYMENT "/_342" },
};

Test(bus_caller, lets_everybody_read_and_only_root_change)
{
        unsigned n_methods = 0;

        (void) fixture_deployment(fixture_app("shop", fixture_repository("shop")), 42);
        for (size_t i = 0; i < ELEMENTSOF(objects); i++)
                for (const sd_bus_vtable *row = objects[i].class->vtable; row->type != _SD_BUS_VTABLE_END;
                     row++) {
                        sd_bus_message *message, *answer;
                        const char *member = row->x.method.member;
                        bool is_denied;

                        if (row->type != _SD_BUS_VTABLE_METHOD)
                                continue;
                        n_methods++;
                        cr_assert_eq(row->x.method.handler == bus_caller_method, !is_read(member), "%s",
                                     member);
                        cr_assert_eq(bus_class_find_method(objects[i].class, member) != NULL,
                                     !is_read(member), "%s", member);
                        message = fixture_new_call(fixture.watcher, objects[i].path,
                                                   objects[i].class->interface, member);
                        append_anything(message, row->x.method.signature);
                        answer = fixture_send(fixture.watcher, message);
                        is_denied = sd_bus_message_is_method_error(answer, ACCESS_DENIED);
                        cr_assert_eq(is_denied, !is_read(member), "%s", member);
                        sd_bus_message_unref(answer);
                }
        cr_assert_eq(n_methods, 16 + 8 + 12 + 2);
        cr_assert_eq(fixture.n_reloads, 0);
        cr_assert_eq(fixture.n_verifications, 0);
        /* Reads that take the database are all that came through. */
        cr_assert_str_eq(fixture.pipeline.asked, "history_describe 0\nhistory_list shop 0 50\n");
}

/* Possible while the apps are not those of the database. */
static const char *const harmless[] = { "Verify", "Reload", "Adopt", "GetEnvironment", "OpenLog" };

static bool is_harmless(const char *member)
{
        return is_in(harmless, ELEMENTSOF(harmless), member);
}

Test(bus_caller, changes_nothing_while_the_apps_are_not_those_of_the_database)
{
        unsigned n_refused = 0;

        (void) fixture_deployment(fixture_app("shop", fixture_repository("shop")), 42);
        fixture.pipeline.foreign = true;
        for (size_t i = 0; i < ELEMENTSOF(objects); i++)
                for (size_t k = 0; k < objects[i].class->n_methods; k++) {
                        const BusMethod *method = &objects[i].class->methods[k];
                        sd_bus_message *message, *answer;
                        bool is_refused;

                        cr_assert_eq(method->harmless, is_harmless(method->member), "%s", method->member);
                        if (method->harmless)
                                continue;
                        message = fixture_new_call(fixture.client, objects[i].path,
                                                   objects[i].class->interface, method->member);
                        append_anything(message, signature_of(objects[i].class, method->member));
                        answer = fixture_send(fixture.client, message);
                        is_refused = sd_bus_message_is_method_error(answer, BUS_ERROR_FOREIGN_DATA);
                        cr_assert(is_refused, "%s", method->member);
                        n_refused += is_refused;
                        sd_bus_message_unref(answer);
                }
        cr_assert_gt(n_refused, 0);
        cr_assert_null(fixture.pipeline.asked);
}

Test(bus_caller, says_what_right_is_missing)
{
        (void) fixture_app("shop", fixture_repository("code"));
        fixture_fails(ACCESS_DENIED, "Start takes the right org.deployd.deploy1.operate", fixture.watcher,
                      APP_START, NULL);
}

Test(bus_caller, gives_no_rights_by_flags_of_the_message)
{
        sd_bus_message *message;

        (void) fixture_app("shop", fixture_repository("code"));
        message = fixture_new_call(fixture.watcher, APP_START);
        cr_assert(sd_bus_message_set_allow_interactive_authorization(message, true) >= 0);
        message = fixture_send(fixture.watcher, message);
        fixture_check_error(message, ACCESS_DENIED, "", __LINE__);
        sd_bus_message_unref(message);
}

static int keep_answer(sd_bus_message *answer, void *userdata, sd_bus_error *reterr)
{
        (void) reterr;
        *(sd_bus_message **) userdata = sd_bus_message_ref(answer);
        return 0;
}

/* A reply is told from others by its number only, and numbers can be guessed: a caller could answer for
 * the bus that he is root, before the bus does. */
Test(bus_caller, believes_nobody_but_the_bus)
{
        enum { GUESSES = 200 };
        const char *server;
        sd_bus_message *call, *answer = NULL;

        (void) fixture_app("shop", fixture_repository("code"));
        fixture_settle();
        cr_assert(sd_bus_get_unique_name(fixture.server, &server) >= 0);
        call = fixture_new_call(fixture.watcher, APP_START);
        cr_assert(sd_bus_call_async(fixture.watcher, NULL, call, keep_answer, &answer, 0) >= 0);
        sd_bus_message_unref(call);
        for (uint64_t cookie = 1; cookie <= GUESSES; cookie++) {
                sd_bus_message *forged;

                call = fixture_new_call(fixture.watcher, "/", "x.y", "Z");
                cr_assert(sd_bus_message_set_sender(call, server) >= 0);
                cr_assert(sd_bus_message_seal(call, cookie, 0) >= 0);
                cr_assert(sd_bus_message_new_method_return(call, &forged) >= 0);
                cr_assert(sd_bus_message_append(forged, "u", 0) >= 0);
                cr_assert(sd_bus_send(fixture.watcher, forged, NULL) >= 0);
                sd_bus_message_unref(forged);
                sd_bus_message_unref(call);
        }
        while (!answer)
                cr_assert(sd_event_run(fixture.event, UINT64_MAX) >= 0);
        fixture_check_error(answer, ACCESS_DENIED, "", __LINE__);
        sd_bus_message_unref(answer);
        cr_assert_null(fixture.pipeline.asked);
}

static int count_answers(sd_bus_message *answer, void *userdata, sd_bus_error *reterr)
{
        (void) reterr;
        cr_assert_not(sd_bus_message_is_method_error(answer, NULL));
        ++*(unsigned *) userdata;
        return 0;
}

Test(bus_caller, keeps_the_order_of_one_clients_calls)
{
        char wanted[4096] = "";
        unsigned n_answers = 0;

        (void) fixture_app("shop", fixture_repository("code"));
        for (unsigned i = 0; i < 40; i++) {
                char branch[16];

                (void) snprintf(branch, sizeof(branch), "b%u", i);
                cr_assert(sd_bus_call_method_async(fixture.client, NULL, BUS_NAME, BUS_PATH_APP "/shop",
                                                   BUS_INTERFACE_APP, "Deploy", count_answers, &n_answers,
                                                   "sa{sv}", branch, 0) >= 0);
                (void) snprintf(wanted + strlen(wanted), sizeof(wanted) - strlen(wanted),
                                "deployment_create shop [%s] [none] uid=0\n", branch);
        }
        while (n_answers < 40)
                cr_assert(sd_event_run(fixture.event, UINT64_MAX) >= 0);
        cr_assert_str_eq(fixture.pipeline.asked, wanted);
}

/* Sends a call without waiting for its answer, and runs the loop until the pipeline has it. */
static void ask(sd_bus *client, const char *path, const char *interface, const char *member,
                const char *types, ...)
{
        sd_bus_message *message = fixture_new_call(client, path, interface, member);
        unsigned n_before = fixture.pipeline.n_asked;
        va_list arguments;

        if (types) {
                va_start(arguments, types);
                cr_assert(sd_bus_message_appendv(message, types, arguments) >= 0);
                va_end(arguments);
        }
        cr_assert(sd_bus_call_async(client, NULL, message, NULL, NULL, 0) >= 0);
        sd_bus_message_unref(message);
        while (fixture.pipeline.n_asked == n_before)
                cr_assert(sd_event_run(fixture.event, UINT64_MAX) >= 0);
}

Test(bus_caller, answers_when_the_pipeline_is_done)
{
        unsigned n_answers = 0;

        (void) fixture_app("shop", fixture_repository("code"));
        fixture.pipeline.hold = true;
        cr_assert(sd_bus_call_method_async(fixture.client, NULL, BUS_NAME, BUS_PATH_REPOSITORY "/code",
                                           BUS_INTERFACE_REPOSITORY, "Fetch", count_answers, &n_answers,
                                           NULL) >= 0);
        while (fixture.pipeline.n_held == 0)
                cr_assert(sd_event_run(fixture.event, UINT64_MAX) >= 0);
        fixture_settle();
        cr_assert_eq(n_answers, 0);
        fake_pipeline_release(&fixture.pipeline);
        fixture_settle();
        cr_assert_eq(n_answers, 1);
}

Test(bus_caller, bears_that_a_client_goes)
{
        sd_bus *client = fixture_connect(0);

        (void) fixture_app("shop", fixture_repository("code"));
        fixture.pipeline.hold = true;
        ask(client, BUS_PATH_REPOSITORY "/code", BUS_INTERFACE_REPOSITORY, "Fetch", NULL);
        ask(client, BUS_PATH, BUS_INTERFACE_MANAGER, "ListDeployments", "stu", "", (uint64_t) 0, 0);
        sd_bus_close_unref(client);
        fixture_settle();
        fake_pipeline_release(&fixture.pipeline);
        fixture_settle();
        fixture_succeeds(fixture.client, APP_START, NULL);
}

Test(bus_caller, bears_that_the_bus_side_is_freed_with_calls_open)
{
        (void) fixture_app("shop", fixture_repository("code"));
        fixture.pipeline.hold = true;
        ask(fixture.client, BUS_PATH_REPOSITORY "/code", BUS_INTERFACE_REPOSITORY, "Fetch", NULL);
        ask(fixture.client, BUS_PATH, BUS_INTERFACE_MANAGER, "ListDeployments", "stu", "", (uint64_t) 0, 0);
        fixture.bus = bus_free(fixture.bus);
        fake_pipeline_release(&fixture.pipeline);
        cr_assert_eq(fixture.pipeline.n_held, 0);
}

Test(bus_caller, bears_that_the_bus_side_is_freed_while_it_asks_who_calls)
{
        sd_bus_message *answer = NULL;

        (void) fixture_app("shop", fixture_repository("code"));
        fixture_send_until_asked(fixture.client, APP_START, &answer);
        fixture.bus = bus_free(fixture.bus);
        cr_assert_null(fixture.pipeline.asked);
        cr_assert_null(answer);
}

Test(bus_caller, does_not_answer_who_wants_no_answer)
{
        sd_bus_message *message;

        (void) fixture_app("shop", fixture_repository("code"));
        message = fixture_new_call(fixture.client, APP_START);
        cr_assert(sd_bus_message_set_expect_reply(message, false) >= 0);
        cr_assert(sd_bus_send(fixture.client, message, NULL) >= 0);
        sd_bus_message_unref(message);
        while (fixture.pipeline.n_asked == 0)
                cr_assert(sd_event_run(fixture.event, UINT64_MAX) >= 0);
        fixture_settle();
}

Test(bus_caller, sees_that_the_object_has_gone_meanwhile)
{
        sd_bus_message *answer = NULL;

        (void) fixture_app("shop", fixture_repository("code"));
        fixture_send_until_asked(fixture.client, APP_START, &answer);
        model_remove_app(fixture.model, model_app(fixture.model, "shop"));
        fixture_settle();
        fixture_check_error(answer, "org.freedesktop.DBus.Error.UnknownObject", "", __LINE__);
        cr_assert_null(fixture.pipeline.asked);
        sd_bus_message_unref(answer);
}

/* A Bus on one end of a socket pair, its client on the other: nobody in between. */
Test(bus_caller, asks_the_socket_when_there_is_no_bus_in_between)
{
        sd_id128_t id;
        BusParams params = fixture.bus->params;
        sd_bus *ends[2];
        Bus *bus;
        int fds[2];

        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
        cr_assert(sd_id128_randomize(&id) >= 0);
        for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
                cr_assert(sd_bus_new(&ends[i]) >= 0 && sd_bus_set_fd(ends[i], fds[i], fds[i]) >= 0);
                if (i == 0)
                        cr_assert(sd_bus_set_server(ends[i], true, id) >= 0);
                cr_assert(sd_bus_start(ends[i]) >= 0);
                cr_assert(sd_bus_attach_event(ends[i], fixture.event, SD_EVENT_PRIORITY_NORMAL) >= 0);
        }
        params.bus = ends[0];
        cr_assert(bus_new(&params, &bus) >= 0);
        (void) fixture_app("shop", fixture_repository("code"));
        fixture_succeeds(ends[1], APP_START, NULL);
        cr_assert_str_eq(fixture.pipeline.asked, "app_start shop uid=0\n");
        bus_free(bus);
        sd_bus_close_unref(ends[1]);
        sd_bus_close_unref(ends[0]);
}
