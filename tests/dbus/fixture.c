/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/dbus/fixture.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/text.h"
#include "dbus/bus-caller.h"

Fixture fixture;

#define must(expression)                                                                 \
        do {                                                                             \
                int _r = (expression);                                                   \
                cr_assert(_r >= 0, "%s (%d): %s", #expression, __LINE__, strerror(-_r)); \
        } while (0)

static void start_dbus_daemon(void)
{
        char address[64], line[256];
        int to_us[2];
        FILE *stream;

        (void) snprintf(address, sizeof(address), "--address=unix:abstract=deployd-test-%d", getpid());
        cr_assert_eq(pipe2(to_us, O_CLOEXEC), 0);
        fixture.dbus_daemon = fork();
        cr_assert(fixture.dbus_daemon >= 0);
        if (fixture.dbus_daemon == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void) dup2(to_us[1], STDOUT_FILENO);
                (void) execlp("dbus-daemon", "dbus-daemon", "--nofork", "--nopidfile", "--print-address",
                              "--config-file=" SOURCE_DIR "/tests/dbus/private-bus.conf", address, NULL);
                _exit(127);
        }
        (void) close(to_us[1]);
        stream = fdopen(to_us[0], "r");
        cr_assert(stream && fgets(line, sizeof(line), stream), "dbus-daemon does not start");
        (void) fclose(stream);
        line[strcspn(line, "\n")] = '\0';
        fixture.address = strdup(line);
        cr_assert(fixture.address);
}

sd_bus *fixture_connect(uid_t uid)
{
        sd_bus *connection;

        must(sd_bus_new(&connection));
        must(sd_bus_set_address(connection, fixture.address));
        must(sd_bus_set_bus_client(connection, true));
        must(sd_bus_negotiate_fds(connection, true));
        /* The bus knows a client by the effective uid at the time of its connect(). */
        cr_assert_eq(seteuid(uid), 0, "these tests need root");
        must(sd_bus_start(connection));
        must(sd_bus_flush(connection));
        cr_assert_eq(seteuid(0), 0);
        must(sd_bus_attach_event(connection, fixture.event, SD_EVENT_PRIORITY_NORMAL));
        return connection;
}

void fixture_append(char **text, const char *format, ...)
{
        _cleanup_free_ char *before = *text, *more = NULL;
        va_list arguments;

        va_start(arguments, format);
        cr_assert(vasprintf(&more, format, arguments) >= 0);
        va_end(arguments);
        *text = text_format("%s%s", text_or_empty(before), more);
        cr_assert(*text);
}

static const char *short_path(const char *path)
{
        return strncmp(path, BUS_PATH, strlen(BUS_PATH)) == 0 ? path + strlen(BUS_PATH) : path;
}

char *fixture_value(sd_bus_message *message)
{
        const char *contents, *text;
        uint64_t number = 0;
        char type, *all;
        double fraction;

        must(sd_bus_message_peek_type(message, &type, &contents));
        switch (type) {
        case 's':
        case 'o':
                must(sd_bus_message_read_basic(message, type, &text));
                return strdup(short_path(text));
        case 'd':
                must(sd_bus_message_read_basic(message, type, &fraction));
                return text_format("%g", fraction);
        case 't':
        case 'u':
        case 'q':
        case 'b': /* little endian only, as all of Debian's machines but s390x are */
                must(sd_bus_message_read_basic(message, type, &number));
                return text_format("%" PRIu64, number);
        default:
                break;
        }
        must(sd_bus_message_enter_container(message, type, contents));
        all = strdup("");
        while (sd_bus_message_at_end(message, false) == 0) {
                _cleanup_free_ char *item = fixture_value(message);

                fixture_append(&all, "%s%s", all[0] ? "," : "", item);
        }
        must(sd_bus_message_exit_container(message));
        if (type != 'v') {
                _cleanup_free_ char *inner = all;

                all = text_format("[%s]", inner);
        }
        return all;
}

static int on_properties_changed(sd_bus_message *message)
{
        _cleanup_free_ char *line = text_format("changed %s", short_path(sd_bus_message_get_path(message)));
        const char *name;

        must(sd_bus_message_skip(message, "s"));
        must(sd_bus_message_enter_container(message, 'a', "{sv}"));
        while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
                _cleanup_free_ char *value = NULL;

                must(sd_bus_message_read(message, "s", &name));
                value = fixture_value(message);
                fixture_append(&line, " %s=%s", name, value);
                must(sd_bus_message_exit_container(message));
        }
        fixture_append(&fixture.signals, "%s\n", line);
        return 0;
}

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        const char *member = sd_bus_message_get_member(message), *path, *app, *status;
        uint64_t id;

        (void) userdata;
        (void) reterr;
        if (strcmp(member, "PropertiesChanged") == 0)
                return on_properties_changed(message);
        if (strcmp(member, "InterfacesAdded") == 0) {
                must(sd_bus_message_read(message, "o", &path));
                fixture_append(&fixture.signals, "added %s\n", short_path(path));
        } else if (strcmp(member, "InterfacesRemoved") == 0) {
                must(sd_bus_message_read(message, "o", &path));
                fixture_append(&fixture.signals, "removed %s\n", short_path(path));
        } else if (strcmp(member, "DeploymentNew") == 0) {
                must(sd_bus_message_read(message, "tos", &id, &path, &app));
                fixture_append(&fixture.signals, "new %" PRIu64 " %s\n", id, app);
        } else if (strcmp(member, "DeploymentFinished") == 0) {
                must(sd_bus_message_read(message, "toss", &id, &path, &app, &status));
                fixture_append(&fixture.signals, "finished %" PRIu64 " %s %s\n", id, app, status);
        } else if (strcmp(member, "AppRemoved") == 0) {
                must(sd_bus_message_read(message, "ts", &id, &app));
                fixture_append(&fixture.signals, "gone %" PRIu64 " %s\n", id, app);
        } else
                fixture_append(&fixture.signals, "unknown %s\n", member);
        return 0;
}

static const Config *get_config(void *userdata)
{
        (void) userdata;
        return &fixture.config;
}

static int reload(void *userdata, sd_bus_error *reterr)
{
        (void) userdata;
        fixture.n_reloads++;
        if (fixture.reload_error)
                return sd_bus_error_setf(reterr, fixture.reload_error, "deploy.conf:3: bad value");
        return 0;
}

/* What Verify waits for, as in deployd: it comes later. */
static int on_verification(sd_event_source *source, void *userdata)
{
        (void) userdata;
        (void) sd_event_source_unref(source);
        fixture.verified(fixture.verified_userdata, fixture.verify_error, "the database sleeps",
                         &fixture.report);
        return 0;
}

static int verify(void *userdata, BusVerified done, void *done_userdata)
{
        sd_event_source *source;

        (void) userdata;
        fixture.n_verifications++;
        fixture.verified = done;
        fixture.verified_userdata = done_userdata;
        return sd_event_add_defer(fixture.event, &source, on_verification, NULL);
}

static void on_name_lost(void *userdata, int error)
{
        (void) userdata;
        cr_assert_fail("the name is lost: %s", strerror(-error));
}

void fixture_set_up(void)
{
        static char https[] = "https", ssh[] = "ssh", srv_git[] = "/srv/git";
        static char *schemes[] = { https, ssh, NULL }, *local_paths[] = { srv_git, NULL };
        static const char *const missing[] = { "memory", "tasks", NULL };
        BusParams params;

        fixture = (Fixture){
                .facts = { .ready = true,
                           .database_state = "connected",
                           .sandbox_state = "partial",
                           .sandbox_missing = missing,
                           .schema_version = 1,
                           .port_low = 20000,
                           .port_high = 29999 },
                .config = { .git_schemes = schemes,
                            .git_local_paths = local_paths,
                            .calls_max_per_user = 64,
                            .questions_max_per_user = 8,
                            .calls_burst_per_user = 1000,
                            .calls_rate_per_user = 1000 },
        };
        start_dbus_daemon();
        must(sd_event_new(&fixture.event));
        fixture.model = model_new();
        cr_assert(fixture.model);
        fixture.pipeline = (Pipeline){ .event = fixture.event, .model = fixture.model, .next_id = 41 };

        fixture.server = fixture_connect(0);
        params = (BusParams){ .bus = fixture.server,
                              .model = fixture.model,
                              .pipeline = &fixture.pipeline,
                              .facts = &fixture.facts,
                              .config = get_config,
                              .reload = reload,
                              .verify = verify };
        must(bus_new(&params, &fixture.bus));
        must(bus_request_name(fixture.bus, on_name_lost, NULL));
        fixture.client = fixture_connect(0);
        fixture.watcher = fixture_connect(NOBODY);
        must(sd_bus_add_match(fixture.watcher, NULL, "type='signal',path_namespace='" BUS_PATH "'",
                              on_signal, NULL));
}

void fixture_tear_down(void)
{
        bus_free(fixture.bus);
        sd_bus_close_unref(fixture.client);
        sd_bus_close_unref(fixture.watcher);
        sd_bus_close_unref(fixture.server);
        fake_pipeline_done(&fixture.pipeline);
        model_free(fixture.model);
        sd_event_unref(fixture.event);
        free(fixture.signals);
        free(fixture.address);
        (void) kill(fixture.dbus_daemon, SIGTERM);
        (void) waitpid(fixture.dbus_daemon, NULL, 0);
}

Repository *fixture_repository(const char *name)
{
        Repository *repository = repository_new(name);

        cr_assert(repository);
        must(text_replace(&repository->git_url, "https://example.com/shop.git"));
        must(model_add_repository(fixture.model, repository));
        return repository;
}

App *fixture_app(const char *name, Repository *repository)
{
        App *app = app_new(name, repository);

        cr_assert(app);
        must(model_add_app(fixture.model, app));
        return app;
}

Deployment *fixture_deployment(App *app, uint64_t id)
{
        Deployment *deployment = deployment_new(app, id);

        cr_assert(deployment);
        must(model_add_deployment(fixture.model, deployment));
        return deployment;
}

static int on_answer(sd_bus_message *answer, void *userdata, sd_bus_error *reterr)
{
        (void) reterr;
        *(sd_bus_message **) userdata = sd_bus_message_ref(answer);
        return 0;
}

sd_bus_message *fixture_new_call(sd_bus *client, const char *path, const char *interface, const char *member)
{
        sd_bus_message *message;

        must(sd_bus_message_new_method_call(client, &message, BUS_NAME, path, interface, member));
        return message;
}

sd_bus_message *fixture_send(sd_bus *client, sd_bus_message *message)
{
        sd_bus_message *answer = NULL;

        must(sd_bus_call_async(client, NULL, message, on_answer, &answer, 0));
        sd_bus_message_unref(message);
        while (!answer)
                must(sd_event_run(fixture.event, UINT64_MAX));
        return answer;
}

sd_bus_message *fixture_call(sd_bus *client, const char *path, const char *interface, const char *member,
                             const char *types, ...)
{
        sd_bus_message *message = fixture_new_call(client, path, interface, member);
        va_list arguments;

        if (types) {
                va_start(arguments, types);
                must(sd_bus_message_appendv(message, types, arguments));
                va_end(arguments);
        }
        return fixture_send(client, message);
}

void fixture_send_until_asked(sd_bus *client, const char *path, const char *interface, const char *member,
                              sd_bus_message **answer)
{
        sd_bus_message *message = fixture_new_call(client, path, interface, member);

        must(sd_bus_call_async(client, NULL, message, on_answer, answer, 0));
        sd_bus_message_unref(message);
        while (fixture.bus->n_held == 0)
                must(sd_event_run(fixture.event, UINT64_MAX));
}

void fixture_check_error(sd_bus_message *answer, const char *name, const char *part, int line)
{
        const sd_bus_error *error = sd_bus_message_get_error(answer);

        cr_assert(sd_bus_message_is_method_error(answer, NULL), "line %d: no error, but %s was wanted", line,
                  name);
        cr_assert_str_eq(error->name, name, "line %d: %s: %s", line, error->name, error->message);
        cr_assert(strstr(error->message, part), "line %d: '%s' has no '%s' in it", line, error->message,
                  part);
}

char *fixture_get(sd_bus *client, const char *path, const char *interface, const char *property)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = fixture_call(
                client, path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, property);

        cr_assert_not(sd_bus_message_is_method_error(answer, NULL), "%s: %s", property,
                      sd_bus_message_is_method_error(answer, NULL)
                              ? sd_bus_message_get_error(answer)->message
                              : "");
        return fixture_value(answer);
}

void fixture_settle(void)
{
        fixture_succeeds(fixture.client, BUS_PATH, "org.freedesktop.DBus.Peer", "Ping", NULL);
        fixture_succeeds(fixture.watcher, BUS_PATH, "org.freedesktop.DBus.Peer", "Ping", NULL);
}

void fixture_expect_signals(const char *wanted)
{
        fixture_settle();
        cr_assert_str_eq(text_or_empty(fixture.signals), wanted, "came:\n%s\nwanted:\n%s",
                         text_or_empty(fixture.signals), wanted);
        free(fixture.signals);
        fixture.signals = NULL;
}
