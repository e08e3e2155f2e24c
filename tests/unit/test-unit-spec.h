/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Units of each kind, and a bus to make messages for: TestSuite(…, .init = make_bus, .fini = remove_bus). */

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "systemd/unit-spec.h"

#define _cleanup_message_ _cleanup_(sd_bus_message_unrefp)

static inline void must(int r)
{
        cr_assert_geq(r, 0, "%s", strerror(-r));
}

static sd_bus *bus;

/* A connection to nobody: messages need one to be made. It only has to be able to pass descriptors. */
static inline void make_bus(void)
{
        int fds[2];

        must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds));
        must(sd_bus_new(&bus));
        must(sd_bus_set_fd(bus, fds[0], fds[0]));
        must(sd_bus_negotiate_fds(bus, true));
        must(sd_bus_start(bus));
        must(close(fds[1]));
}

static inline void remove_bus(void)
{
        sd_bus_close_unref(bus);
}

/* A unit of each kind with all that a caller gives it. */
typedef struct Example {
        const char *title;
        UnitSpec spec;
} Example;

static Example examples[] = {
        { "app",
          { .kind = UNIT_APP,
            .name = "deployd-app-my_shop-42.web.1.service",
            .app_slice = "deployd-apps-my_shop.slice",
            .user = "deployd-a7",
            .state_directory = "deployd-apps/7",
            .kept = { "deployd-apps/7+data" },
            .cache_directory = "deployd-apps/7",
            .environment_file = "/run/deployd/env/42.web.1",
            .arguments = { "/usr/libexec/deployd/deployd-launch", "web" },
            .binds = { { "/var/lib/deployd/releases/42/app", "/srv/app", false },
                       { "/var/lib/deployd/releases/42/process", "/run/deployd/process", false } },
            .stdin_fd = -1,
            .stdout_fd = -1,
            .timeout_usec = 60,
            .stop_timeout_usec = 30,
            .memory_max = 1,
            .tasks_max = 2,
            .cpu_quota_usec = 3,
            .restart_pause_usec = 4,
            .restart_burst = 5,
            .shm_size = 8192,
            .log_app = "my-shop",
            .log_process = "web.1",
            .log_revision = "0123456789abcdef0123456789abcdef01234567",
            .log_deployment = 42 } },
        { "fetch",
          { .kind = UNIT_FETCH,
            .name = "deployd-fetch-my_shop-3.service",
            .user = "deployd-f7",
            .cache_directory = "deployd-fetch/7",
            .arguments = { "/usr/libexec/deployd/deployd-fetch", "fetch" },
            .binds = { { "/srv/git", "/srv/git", false } },
            .stdin_fd = 0,
            .stdout_fd = 1,
            .timeout_usec = 60,
            .stop_timeout_usec = 5,
            .file_size_max = 6,
            .credentials = { { "credential", "/var/lib/deployd/credentials/7/credential" },
                             { "known-hosts", "/var/lib/deployd/credentials/7/known-hosts" } },
            .log_app = "my-shop",
            .log_deployment = 42 } },
        { "keygen",
          { .kind = UNIT_KEYGEN,
            .name = "deployd-keygen-my_shop-1.service",
            .user = "deployd-f7",
            .arguments = { "/usr/libexec/deployd/deployd-fetch", "key" },
            .stdin_fd = 0,
            .stdout_fd = 1,
            .timeout_usec = 60,
            .stop_timeout_usec = 5 } },
        { "resolve",
          { .kind = UNIT_RESOLVE,
            .name = "deployd-resolve-my_shop-3.service",
            .user = "deployd-f7",
            .cache_directory = "deployd-fetch/7",
            .arguments = { "/usr/libexec/deployd/deployd-fetch", "resolve" },
            .stdin_fd = 0,
            .stdout_fd = -1,
            .timeout_usec = 60,
            .stop_timeout_usec = 5 } },
        { "import",
          { .kind = UNIT_IMPORT,
            .name = "deployd-import-my_shop-42.service",
            .arguments = { "/usr/libexec/deployd/deployd-import", "/srv" },
            .binds = { { "/var/lib/deployd/releases/42", "/srv", true } },
            .stdin_fd = 0,
            .stdout_fd = -1,
            .timeout_usec = 60,
            .stop_timeout_usec = 5,
            .log_app = "my-shop",
            .log_deployment = 42 } },
        { "remove",
          { .kind = UNIT_REMOVE,
            .name = "deployd-remove-release-9.service",
            .arguments = { "/bin/rm", "-rf", "--one-file-system", "--", "/srv/9" },
            .binds = { { "/var/lib/deployd/releases", "/srv", true } },
            .stdin_fd = -1,
            .stdout_fd = -1,
            .timeout_usec = 60 } },
        { "build",
          { .kind = UNIT_BUILD,
            .name = "deployd-build-my_shop-42.service",
            .user = "deployd-b7",
            .state_directory = "deployd-build/7",
            .cache_directory = "deployd-build/7",
            .environment_file = "/run/deployd/env/42.build",
            .arguments = { "/usr/libexec/deployd/deployd-build", "build" },
            .stop_post = { "/usr/libexec/deployd/deployd-build", "clear" },
            .binds = { { "/var/lib/deployd/spool/42.tar", "/srv/source.tar", false } },
            .tmpfs = "/srv/app",
            .tmpfs_size = 7,
            .tmpfs_files = 8,
            .network = UNIT_NETWORK_PUBLIC,
            .stdin_fd = 0,
            .stdout_fd = 1,
            .timeout_usec = 60,
            .stop_timeout_usec = 5,
            .file_size_max = 6,
            .memory_max = 1,
            .tasks_max = 2,
            .log_app = "my-shop",
            .log_deployment = 42 } },
        { "build, without a network",
          { .kind = UNIT_BUILD,
            .name = "deployd-build-my_shop-43.service",
            .user = "deployd-b7",
            .state_directory = "deployd-build/7",
            .cache_directory = "deployd-build/7",
            .arguments = { "/usr/libexec/deployd/deployd-build", "build" },
            .binds = { { "/var/lib/deployd/spool/43.tar", "/srv/source.tar", false },
                       { "/var/lib/private/deployd-build/7", "/srv/app", true } },
            .network = UNIT_NETWORK_NONE,
            .stdin_fd = 0,
            .stdout_fd = 1,
            .timeout_usec = 60 } },
        { "release",
          { .kind = UNIT_RELEASE,
            .name = "deployd-release-my_shop-42.service",
            .app_slice = "deployd-apps-my_shop.slice",
            .user = "deployd-a7",
            .state_directory = "deployd-apps/7",
            .cache_directory = "deployd-apps/7",
            .environment_file = "/run/deployd/env/42.release.1",
            .arguments = { "/usr/libexec/deployd/deployd-launch", "release" },
            .binds = { { "/var/lib/deployd/releases/42/app", "/srv/app", false },
                       { "/var/lib/deployd/releases/42/process", "/run/deployd/process", false } },
            .stdin_fd = -1,
            .stdout_fd = -1,
            .timeout_usec = 60,
            .log_app = "my-shop",
            .log_process = "release.1",
            .log_deployment = 42 } },
        { "remove, of a dynamic user",
          { .kind = UNIT_REMOVE,
            .name = "deployd-remove-user-9.service",
            .user = "deployd-a7",
            .state_directory = "deployd-apps/7",
            .cache_directory = "deployd-apps/7",
            .arguments = { "/bin/true" },
            .stdin_fd = -1,
            .stdout_fd = -1,
            .hold = true,
            .timeout_usec = 60 } },
        { "app that says when it is ready",
          { .kind = UNIT_APP,
            .name = "deployd-app-my_shop-43.web.1.service",
            .user = "deployd-a7",
            .arguments = { "/usr/libexec/deployd/deployd-launch", "web" },
            .binds = { { "/var/lib/deployd/releases/43/app", "/srv/app", false } },
            .stdin_fd = -1,
            .stdout_fd = -1,
            .notify = true,
            .timeout_usec = 60 } },
};

static inline const Example *example(const char *title)
{
        for (size_t i = 0; i < ELEMENTSOF(examples); i++)
                if (strcmp(examples[i].title, title) == 0)
                        return &examples[i];
        cr_assert(false, "there is no example '%s'", title);
        return NULL;
}

static inline int append(const UnitSpec *spec, sd_bus_message **ret)
{
        must(sd_bus_message_new_method_call(bus, ret, "org.freedesktop.systemd1",
                                            "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                                            "StartTransientUnit"));
        return unit_spec_append(*ret, spec);
}

/* The message of a spec that is all right, to be read. */
static inline sd_bus_message *message_of(const Example *example)
{
        sd_bus_message *message;
        int r = append(&example->spec, &message);

        cr_assert_eq(r, 0, "%s: %s", example->title, strerror(-r));
        must(sd_bus_message_seal(message, 1, 0));
        must(sd_bus_message_rewind(message, true));
        return message;
}

/* Enters the next property up to its value. False at the end. */
static inline bool next_property(sd_bus_message *message, const char **ret_name, const char **ret_type)
{
        char type;
        int r = sd_bus_message_enter_container(message, 'r', "sv");

        must(r);
        if (r == 0)
                return false;
        must(sd_bus_message_read_basic(message, 's', ret_name));
        must(sd_bus_message_peek_type(message, &type, ret_type));
        cr_assert_eq(type, 'v');
        return true;
}

#define TEXTS_MAX 60

/* Every text of a spec. */
static inline size_t texts_of(UnitSpec *spec, const char **ret[TEXTS_MAX])
{
        size_t n = 0;

        ret[n++] = &spec->name;
        ret[n++] = &spec->app_slice;
        ret[n++] = &spec->user;
        ret[n++] = &spec->state_directory;
        ret[n++] = &spec->cache_directory;
        ret[n++] = &spec->environment_file;
        ret[n++] = &spec->tmpfs;
        ret[n++] = &spec->log_app;
        ret[n++] = &spec->log_process;
        ret[n++] = &spec->log_revision;
        for (size_t i = 0; i < UNIT_SPEC_ARGUMENTS_MAX; i++) {
                ret[n++] = &spec->arguments[i];
                ret[n++] = &spec->stop_post[i];
        }
        for (size_t i = 0; i < ELEMENTSOF(spec->kept); i++)
                ret[n++] = &spec->kept[i];
        for (size_t i = 0; i < ELEMENTSOF(spec->binds); i++) {
                ret[n++] = &spec->binds[i].source;
                ret[n++] = &spec->binds[i].target;
        }
        for (size_t i = 0; i < ELEMENTSOF(spec->credentials); i++) {
                ret[n++] = &spec->credentials[i].name;
                ret[n++] = &spec->credentials[i].path;
        }
        cr_assert_leq(n, (size_t) TEXTS_MAX);
        return n;
}

/* A spec with every text there is, so that each is seen by itself. */
static inline UnitSpec full_spec(void)
{
        UnitSpec spec = examples[0].spec;
        const char **fields[TEXTS_MAX];
        size_t n = texts_of(&spec, fields);

        for (size_t i = 0; i < n; i++)
                if (!*fields[i])
                        *fields[i] = "/x";
        for (size_t i = 0; i < ELEMENTSOF(spec.binds); i += 2)
                spec.binds[i].writable = true;
        return spec;
}
