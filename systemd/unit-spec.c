/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/unit-spec.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "systemd/follow.h"
#include "systemd/sandbox.h"
#include "systemd/unit-text.h"

#define PATH_SHM "/dev/shm"
#define SHM_PAGE 4096

static int unit_spec_check_text(const char *text)
{
        return unit_text_is_allowed(text) ? 0 : -EINVAL;
}

static int append_string(sd_bus_message *message, const char *property, const char *value)
{
        int r;

        if (!value)
                return 0;
        r = unit_spec_check_text(value);
        return r < 0 ? r : sd_bus_message_append(message, "(sv)", property, "s", value);
}

/* A list of one. */
static int unit_spec_append_list(sd_bus_message *message, const char *property, const char *value)
{
        int r;

        if (!value)
                return 0;
        r = unit_spec_check_text(value);
        return r < 0 ? r : sd_bus_message_append(message, "(sv)", property, "as", 1, value);
}

static int append_number(sd_bus_message *message, const char *property, uint64_t value)
{
        return value == 0 ? 0 : sd_bus_message_append(message, "(sv)", property, "t", value);
}

static int append_descriptor(sd_bus_message *message, const char *property, int fd)
{
        return fd < 0 ? 0 : sd_bus_message_append(message, "(sv)", property, "h", fd);
}

/* One property of several values: `(sv)` opened up to the array of type `contents`. */
static int open_array(sd_bus_message *message, const char *property, const char *contents)
{
        char type[16];
        int r;

        assert(strlen(contents) + 2 <= sizeof(type));
        (void) stpcpy(stpcpy(type, "a"), contents);

        r = sd_bus_message_open_container(message, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append_basic(message, 's', property);
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'v', type);
        return r < 0 ? r : sd_bus_message_open_container(message, 'a', contents);
}

static int close_array(sd_bus_message *message)
{
        int r = 0;

        for (unsigned i = 0; i < 3 && r >= 0; i++)
                r = sd_bus_message_close_container(message);
        return r;
}

static int append_command(sd_bus_message *message, const char *property,
                          const char *const arguments[UNIT_SPEC_ARGUMENTS_MAX], bool may_fail)
{
        int r;

        if (!arguments[0])
                return 0;
        r = open_array(message, property, "(sasb)");
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'r', "sasb");
        if (r >= 0)
                r = unit_spec_check_text(arguments[0]);
        if (r >= 0)
                r = sd_bus_message_append_basic(message, 's', arguments[0]);
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'a', "s");
        for (size_t i = 0; r >= 0 && i < UNIT_SPEC_ARGUMENTS_MAX && arguments[i]; i++) {
                r = unit_spec_check_text(arguments[i]);
                if (r >= 0)
                        r = sd_bus_message_append_basic(message, 's', arguments[i]);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        if (r >= 0)
                r = sd_bus_message_append(message, "b", may_fail);
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        return r < 0 ? r : close_array(message);
}

/* They go before what is denied. */
static int append_reached(sd_bus_message *message, const UnitSpec *spec)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(spec->reached) && spec->reached[i].family != 0; i++) {
                const UnitAddress *address = &spec->reached[i];
                uint32_t size =
                        address->family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);

                /* The property adds to what is there. */
                r = open_array(message, "IPAddressAllow", "(iayu)");
                if (r >= 0)
                        r = sd_bus_message_open_container(message, 'r', "iayu");
                if (r >= 0)
                        r = sd_bus_message_append(message, "i", address->family);
                if (r >= 0)
                        r = sd_bus_message_append_array(message, 'y', address->bytes, size);
                if (r >= 0)
                        r = sd_bus_message_append(message, "u", 8 * size);
                if (r >= 0)
                        r = sd_bus_message_close_container(message);
                if (r >= 0)
                        r = close_array(message);
        }
        return r;
}

/* Anybody may write there: nobody else is in the unit. */
static int append_memory(sd_bus_message *message, const char *path, uint64_t size, uint64_t files)
{
        _cleanup_free_ char *options = NULL;
        int r;

        if (!path)
                return 0;
        r = unit_spec_check_text(path);
        if (r < 0)
                return r;
        options = text_format("size=%llu,nr_inodes=%llu,mode=1777", (unsigned long long) size,
                              (unsigned long long) files);
        return options ? sd_bus_message_append(message, "(sv)", "TemporaryFileSystem", "a(ss)", 1, path,
                                               options)
                       : -ENOMEM;
}

static int unit_spec_append_tmpfs(sd_bus_message *message, const UnitSpec *spec)
{
        int r = append_memory(message, spec->tmpfs, spec->tmpfs_size, spec->tmpfs_files);

        /* 0 files would be any number. */
        return r < 0 ? r
                     : append_memory(message, spec->shm_size != 0 ? PATH_SHM : NULL, spec->shm_size,
                                     spec->shm_size / SHM_PAGE + 1);
}

static int append_bind(sd_bus_message *message, const char *source, const char *target, bool optional)
{
        int r;

        r = unit_spec_check_text(source);
        if (r >= 0)
                r = unit_spec_check_text(target);
        return r < 0 ? r : sd_bus_message_append(message, "(ssbt)", source, target, optional, (uint64_t) 0);
}

/* What is missing, or cannot be shown, keeps no unit from starting; `deployd verify` names it. */
static int append_followed(sd_bus_message *message, const Sandbox *sandbox)
{
        _cleanup_follow_ Follow followed = {};
        FollowView view = { .hidden = {} };
        int r = 0;

        if (!sandbox->sees_binds)
                view = follow_view(sandbox);

        for (const char *const *file = follow_files; sandbox->uses_network && *file; file++)
                if ((sandbox->sees_binds ? follow_to_end(*file, &followed)
                                         : follow(*file, &view, &followed)) == -ENOMEM)
                        return -ENOMEM;
        for (size_t i = 0; r >= 0 && i < followed.n_binds; i++)
                r = append_bind(message, followed.binds[i].source, followed.binds[i].target, true);
        return r;
}

/* The kind's own binds, what the machine's files lead to and the unit's, in one list: of two with one target
 * systemd takes the first without a word. */
static int append_read_only_binds(sd_bus_message *message, const UnitSpec *spec, const Sandbox *sandbox)
{
        int r;

        r = open_array(message, "BindReadOnlyPaths", "(ssbt)");
        for (size_t i = 0; i < ELEMENTSOF(sandbox->binds); i++)
                for (const SandboxBind *bind = sandbox->binds[i]; r >= 0 && bind && bind->path; bind++)
                        r = append_bind(message, bind->path, bind->path, bind->optional);
        if (r >= 0)
                r = append_followed(message, sandbox);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(spec->binds) && spec->binds[i].source; i++)
                if (!spec->binds[i].writable)
                        r = append_bind(message, spec->binds[i].source, spec->binds[i].target, false);
        return r < 0 ? r : close_array(message);
}

/* An empty list would take back what the one before it says: writable binds are appended one by one. */
static int append_writable_binds(sd_bus_message *message, const UnitSpec *spec)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(spec->binds) && spec->binds[i].source; i++) {
                if (!spec->binds[i].writable)
                        continue;
                r = open_array(message, "BindPaths", "(ssbt)");
                if (r >= 0)
                        r = append_bind(message, spec->binds[i].source, spec->binds[i].target, false);
                if (r >= 0)
                        r = close_array(message);
        }
        return r;
}

/* The programs of a tree can be run wherever the machine keeps them: a hardened one mounts /var noexec. What
 * else a unit writes to has what the administrator decided; but tools that a build has installed into its
 * cache are run there: see sandbox.c. Not a directory in memory, of which PID 1 would mount nothing then: of
 * two entries with one path systemd 252 drops this one (src/core/namespace.c, drop_duplicates()). */
static int append_executable(sd_bus_message *message, const UnitSpec *spec)
{
        _cleanup_free_ char *cache = NULL;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(spec->binds) && spec->binds[i].source; i++)
                if (strcmp(spec->binds[i].target, PATH_APP_TREE) == 0)
                        r = unit_spec_append_list(message, "ExecPaths", PATH_APP_TREE);
        if (r < 0 || spec->kind != UNIT_BUILD || !spec->cache_directory)
                return r;
        cache = text_format(CACHE_PRIVATE "/%s", spec->cache_directory);
        return cache ? unit_spec_append_list(message, "ExecPaths", cache) : -ENOMEM;
}

static int append_log_field(sd_bus_message *message, const char *field, const char *value)
{
        _cleanup_free_ char *text = NULL;
        int r;

        if (!value)
                return 0;
        text = text_format("%s=%s", field, value);
        if (!text)
                return -ENOMEM;
        r = unit_spec_check_text(text);
        return r < 0 ? r : sd_bus_message_append_array(message, 'y', text, strlen(text));
}

static int append_log_fields(sd_bus_message *message, const UnitSpec *spec)
{
        _cleanup_free_ char *id = text_format("%llu", (unsigned long long) spec->log_deployment);
        int r;

        if (!id)
                return -ENOMEM;
        r = open_array(message, "LogExtraFields", "ay");
        if (r >= 0)
                r = append_log_field(message, FIELD_APP, spec->log_app);
        if (r >= 0)
                r = append_log_field(message, FIELD_DEPLOYMENT, spec->log_deployment ? id : NULL);
        if (r >= 0)
                r = append_log_field(message, FIELD_PROCESS, spec->log_process);
        if (r >= 0)
                r = append_log_field(message, FIELD_REVISION, spec->log_revision);
        return r < 0 ? r : close_array(message);
}

static int append_environment_file(sd_bus_message *message, const char *path)
{
        int r;

        if (!path)
                return 0;
        r = unit_spec_check_text(path);
        return r < 0 ? r
                     : sd_bus_message_append(message, "(sv)", "EnvironmentFiles", "a(sb)", 1, path, false);
}

static int append_credentials(sd_bus_message *message, const UnitSpec *spec)
{
        int r = 0;

        /* The property adds to what is there. */
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(spec->credentials) && spec->credentials[i].name; i++) {
                r = unit_spec_check_text(spec->credentials[i].name);
                if (r >= 0)
                        r = unit_spec_check_text(spec->credentials[i].path);
                if (r >= 0)
                        r = sd_bus_message_append(message, "(sv)", "LoadCredential", "a(ss)", 1,
                                                  spec->credentials[i].name, spec->credentials[i].path);
        }
        return r;
}

static int append_times(sd_bus_message *message, const UnitSpec *spec)
{
        int r;

        r = append_number(message, "TimeoutStartUSec", spec->timeout_usec);
        if (r >= 0)
                r = append_number(message, "TimeoutStopUSec", spec->stop_timeout_usec);
        if (r < 0 || spec->restart_pause_usec == 0)
                return r;
        return sd_bus_message_append(message, "(sv)(sv)(sv)(sv)", "Restart", "s", "always", "RestartUSec",
                                     "t", spec->restart_pause_usec, "StartLimitIntervalUSec", "t",
                                     spec->restart_pause_usec * UNIT_START_LIMIT_PAUSES *
                                             spec->restart_burst,
                                     "StartLimitBurst", "u", (uint32_t) spec->restart_burst);
}

/* What the lines of an app are tagged with: shop/web.1. Those of helpers have the program's name. */
static int append_identifier(sd_bus_message *message, const UnitSpec *spec)
{
        _cleanup_free_ char *identifier = NULL;

        if (!spec->log_app || !spec->log_process)
                return 0;
        identifier = text_format("%s/%s", spec->log_app, spec->log_process);
        return identifier ? append_string(message, "SyslogIdentifier", identifier) : -ENOMEM;
}

static int append_own_values(sd_bus_message *message, const UnitSpec *spec)
{
        const char *slice = unit_kind_row(spec->kind)->slice;
        int r;

        r = append_string(message, "Slice", slice ? slice : spec->app_slice);
        if (r >= 0)
                r = append_string(message, "User", spec->user);
        if (r >= 0)
                r = unit_spec_append_list(message, "StateDirectory", spec->state_directory);
        /* The property adds to what is there. */
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(spec->kept); i++)
                r = unit_spec_append_list(message, "StateDirectory", spec->kept[i]);
        if (r >= 0)
                r = unit_spec_append_list(message, "CacheDirectory", spec->cache_directory);
        if (r >= 0)
                r = append_environment_file(message, spec->environment_file);
        if (r >= 0)
                r = append_credentials(message, spec);
        if (r >= 0)
                r = append_descriptor(message, "StandardInputFileDescriptor", spec->stdin_fd);
        /* Both have to be said: standard error is a copy of standard output by default, and where both are
         * the journal PID 1 makes it a copy of the descriptor too. */
        if (r >= 0 && spec->stdout_fd >= 0)
                r = sd_bus_message_append(message, "(sv)(sv)", "StandardOutput", "s", "null",
                                          "StandardError", "s", "journal");
        if (r >= 0)
                r = append_descriptor(message, "StandardOutputFileDescriptor", spec->stdout_fd);
        if (r >= 0)
                r = append_times(message, spec);
        if (r >= 0)
                r = append_number(message, "LimitFSIZE", spec->file_size_max);
        if (r >= 0)
                r = append_number(message, "MemoryMax", spec->memory_max);
        if (r >= 0)
                r = append_number(message, "TasksMax", spec->tasks_max);
        if (r >= 0)
                r = append_number(message, "CPUQuotaPerSecUSec", spec->cpu_quota_usec);
        if (r >= 0 && spec->hold)
                r = sd_bus_message_append(message, "(sv)", "AddRef", "b", true);
        if (r >= 0 && !spec->hold)
                r = sd_bus_message_append(message, "(sv)", "RemainAfterExit", "b", true);
        return r;
}

int unit_spec_append(sd_bus_message *message, const UnitSpec *spec)
{
        const Sandbox *sandbox;
        int r;

        assert(message);
        assert(spec);
        assert(spec->name && spec->arguments[0]);

        sandbox = sandbox_of(spec->kind, spec->user != NULL, spec->notify);
        r = unit_spec_check_text(spec->name);
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'a', "(sv)");
        if (r >= 0)
                r = sandbox_append(message, sandbox, spec->network);
        if (r >= 0)
                r = unit_spec_append_tmpfs(message, spec);
        if (r >= 0)
                r = append_reached(message, spec);
        if (r >= 0)
                r = append_own_values(message, spec);
        if (r >= 0)
                r = append_command(message, "ExecStart", spec->arguments, false);
        if (r >= 0)
                r = append_command(message, "ExecStopPost", spec->stop_post, true);
        if (r >= 0)
                r = append_read_only_binds(message, spec, sandbox);
        if (r >= 0)
                r = append_writable_binds(message, spec);
        if (r >= 0)
                r = append_executable(message, spec);
        if (r >= 0)
                r = append_identifier(message, spec);
        if (r >= 0)
                r = append_log_fields(message, spec);
        return r < 0 ? r : sd_bus_message_close_container(message);
}
