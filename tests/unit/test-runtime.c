/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls of ingress/runtime.h to a real haproxy, and to sockets that behave as it does not. */

#include "ingress/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "ingress/servers.h"
#include "tests/unit/test-config.h"
#include "tests/unit/test-ingress.h"

/* A bound for "ends at all". */
#define PATIENCE_USEC (60 * USEC_PER_SEC)
#define CONFIGURATION                                                                                     \
        "global\n    stats socket fd@%d level admin\n"                                                    \
        "defaults\n    mode http\n    timeout connect 1s\n    timeout client 1m\n    timeout server 1m\n" \
        "frontend front\n    bind unix@%s/front\n    default_backend app-shop\n"                          \
        "backend app-shop\n    server d1.web.1 127.0.0.1:1\nbackend app-other\n"

static sd_event *event;
static char *admin;
static pid_t haproxy;

static void set_up(void)
{
        make_directory();
        cr_assert_geq(sd_event_new(&event), 0);
        admin = text_format("%s/admin", directory);
        cr_assert_not_null(admin);
}

static void tear_down(void)
{
        if (haproxy > 0) {
                (void) kill(haproxy, SIGKILL);
                (void) waitpid(haproxy, NULL, 0);
                haproxy = 0;
        }
        sd_event_unref(event);
        free(admin);
        remove_directory();
}
TestSuite(runtime, .init = set_up, .fini = tear_down, .timeout = 120);

typedef struct Answer {
        bool done;
        int error;
        char *text;
} Answer;

static void answer_clear(Answer *answer)
{
        free(answer->text);
}
#define _cleanup_answer_ _cleanup_(answer_clear)

static void on_done(void *userdata, int error, const char *text)
{
        Answer *answer = userdata;

        cr_assert_not(answer->done, "told twice");
        cr_expect_eq(error < 0, text == NULL);
        answer->done = true;
        answer->error = error;
        answer->text = strdup(text_or_empty(text));
}

static void ask(const char *socket_path, const char *command, Answer *answer)
{
        RuntimeCall *call = NULL;
        int r;

        *answer = (Answer){};
        r = runtime_call(event, socket_path, command, on_done, answer, &call);
        cr_assert_eq(r, 0, "%s", strerror(-r));
        cr_expect_not(answer->done, "called back from within");
        while (!answer->done)
                cr_assert_gt(sd_event_run(event, PATIENCE_USEC), 0, "no answer to %s", command);
}

/* A socket at `admin` that somebody listens on. */
static int listen_at_admin(void)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        strcpy(address.sun_path, admin);
        cr_assert_eq(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        cr_assert_eq(listen(fd, SOMAXCONN), 0);
        return fd;
}

/* It answers on a socket of ours: a client that asks before it is up waits. */
static void start_haproxy(void)
{
        _cleanup_close_ int listener = listen_at_admin();
        _cleanup_free_ char *file = text_format("%s/haproxy.cfg", directory),
                            *text = text_format(CONFIGURATION, listener, directory);
        char name[] = "haproxy", quiet[] = "-q", foreground[] = "-db", option[] = "-f";
        char *argv[] = { name, quiet, foreground, option, file, NULL };

        cr_assert(file && text);
        write_file(file, text);
        cr_assert_eq(posix_spawnp(&haproxy, name, NULL, NULL, argv, (char *[]){ NULL }), 0);
}

Test(runtime, an_answer_is_all_that_haproxy_says)
{
        _cleanup_answer_ Answer info = {}, unknown = {};

        start_haproxy();
        ask(admin, "show info", &info);
        cr_expect_eq(info.error, 0);
        cr_expect_not_null(strstr(info.text, "\nVersion: 2."));
        cr_expect_not_null(strstr(info.text, "\nUptime_sec: "));
        ask(admin, "frobnicate", &unknown);
        cr_expect_eq(unknown.error, 0);
        cr_expect_not_null(strstr(unknown.text, "Unknown command"));
}

Test(runtime, the_commands_of_a_switch_do_what_they_say)
{
        _cleanup_(model_freep) Model *model = model_new();
        App *shop = add_app(model, "shop", "private", 30001);
        Instance *old = add_instance(shop, 1, 1, ROUTE_DRAINING),
                 *new = add_instance(shop, 2, 2, ROUTE_READY);
        _cleanup_answer_ Answer backends = {};

        start_haproxy();
        ask(admin, "show backend", &backends);
        cr_expect(servers_has_backend(backends.text, "app-shop"));
        cr_expect(servers_has_backend(backends.text, "app-other"));
        cr_expect_not(servers_has_backend(backends.text, "app-third"));

        /* Looks and changes, until there is nothing to change: opening, then draining, then removal. */
        for (unsigned round = 0, idle = 0; idle < 2; round++) {
                _cleanup_answer_ Answer state = {}, changed = {};
                _cleanup_free_ char *text = NULL;
                size_t size;
                FILE *stream = open_memstream(&text, &size);

                cr_assert_not_null(stream);
                cr_assert_lt(round, 20, "it never ends");
                ask(admin, "show servers state", &state);
                cr_assert_eq(state.error, 0);
                cr_assert_eq(servers_read(model, state.text, stream), 0);
                if (servers_write_opening(model, stream) == 0)
                        (void) servers_write_closing(model, 0, stream);
                cr_assert_eq(fclose(stream), 0);
                if (text[0]) {
                        ask(admin, text, &changed);
                        cr_expect_eq(changed.error, 0);
                        continue;
                }
                cr_expect_eq(new->routed, ROUTE_READY);
                cr_expect_eq(old->routed, idle++ == 0 ? ROUTE_DRAINING : ROUTE_NONE);
                old->route = ROUTE_NONE;
        }
}

Test(runtime, a_stray_is_removed)
{
        _cleanup_(model_freep) Model *model = model_new();
        _cleanup_answer_ Answer before = {}, removed = {}, after = {};
        _cleanup_free_ char *strays = NULL, *none = NULL;
        size_t size;
        FILE *stream;

        cr_assert_not_null(model);
        start_haproxy();
        ask(admin, "show servers state", &before);
        stream = open_memstream(&strays, &size);
        cr_assert_eq(servers_read(model, before.text, stream), 0);
        cr_assert_eq(fclose(stream), 0);
        cr_assert_not_null(strstr(strays, "del server app-shop/d1.web.1;"));
        ask(admin, strays, &removed);
        ask(admin, "show servers state", &after);
        stream = open_memstream(&none, &size);
        cr_assert_eq(servers_read(model, after.text, stream), 0);
        cr_assert_eq(fclose(stream), 0);
        cr_expect_str_eq(none, "");
}

Test(runtime, a_long_line_and_a_long_answer_pass_whole)
{
        enum { SERVERS = 300 };
        _cleanup_free_ char *commands = NULL;
        _cleanup_answer_ Answer added = {}, state = {};
        size_t size, n = 0;
        FILE *stream = open_memstream(&commands, &size);

        start_haproxy();
        for (unsigned i = 0; i < SERVERS; i++)
                cr_assert_gt(fprintf(stream, "add server app-other/d%u.web.1 127.0.0.1:%u;", i, i + 1), 0);
        cr_assert_eq(fclose(stream), 0);
        ask(admin, commands, &added);
        cr_expect_eq(added.error, 0);
        ask(admin, "show servers state app-other", &state);
        for (const char *at = state.text; (at = strstr(at, " app-other ")); at++)
                n++;
        cr_expect_eq(n, SERVERS, "%zu: %s", n, added.text);
}

Test(runtime, nobody_there_is_an_error_from_the_loop)
{
        _cleanup_answer_ Answer missing = {}, refused = {};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        ask(admin, "show info", &missing);
        cr_expect_eq(missing.error, -ENOENT);
        strcpy(address.sun_path, admin);
        cr_assert_eq(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        ask(admin, "show info", &refused);
        cr_expect_eq(refused.error, -ECONNREFUSED);
}

Test(runtime, a_byte_0_in_an_answer_is_an_error)
{
        _cleanup_close_ int listener = listen_at_admin(), fd = -1;
        Answer answer = {};
        RuntimeCall *call = NULL;

        cr_assert_eq(runtime_call(event, admin, "show info", on_done, &answer, &call), 0);
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        cr_assert_eq(write(fd, "a\0b\n", 4), 4);
        (void) shutdown(fd, SHUT_WR);
        while (!answer.done)
                cr_assert_gt(sd_event_run(event, PATIENCE_USEC), 0);
        cr_expect_eq(answer.error, -EBADMSG);
        answer_clear(&answer);
}

Test(runtime, no_answer_is_an_error_after_a_time)
{
        _cleanup_close_ _unused_ int listener = listen_at_admin();
        _cleanup_answer_ Answer answer = {};

        ask(admin, "show info", &answer);
        cr_expect_eq(answer.error, -ETIMEDOUT);
}

Test(runtime, a_call_that_is_dropped_says_nothing)
{
        _cleanup_close_ _unused_ int listener = listen_at_admin();
        Answer answer = {};
        RuntimeCall *call = NULL;

        cr_assert_eq(runtime_call(event, admin, "show info", on_done, &answer, &call), 0);
        cr_expect_null(runtime_call_free(call));
        cr_expect_eq(sd_event_run(event, 0), 0);
        cr_expect_not(answer.done);
        cr_expect_null(runtime_call_free(NULL));
}

Test(runtime, a_path_that_is_too_long_is_an_error)
{
        _cleanup_free_ char *far = text_format("%s/%0200d", directory, 0);
        _cleanup_answer_ Answer answer = {};

        ask(far, "show info", &answer);
        cr_expect_eq(answer.error, -EINVAL);
}
