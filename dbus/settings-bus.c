/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/settings-bus.h"

#include <inttypes.h>

#include "daemon/model/validate.h"
#include "dbus/bus-args.h"

/* The bounds are those that the configuration has for its defaults (daemon/config-table.c). */
#define KEEP_RELEASES_MAX  1000
#define HEALTH_TIMEOUT_MIN (UINT64_C(100) * USEC_PER_MSEC)
#define HEALTH_TIMEOUT_MAX (UINT64_C(3600) * USEC_PER_SEC)
#define CHECK_SETTLE_MIN   (UINT64_C(100) * USEC_PER_MSEC)
#define CHECK_SETTLE_MAX   (UINT64_C(24 * 3600) * USEC_PER_SEC)
#define STOP_TIMEOUT_MIN   (UINT64_C(100) * USEC_PER_MSEC)
#define STOP_TIMEOUT_MAX   (UINT64_C(24 * 3600) * USEC_PER_SEC)
#define MEMORY_MIN         (UINT64_C(1) << 20)
#define MEMORY_MAX         (UINT64_C(1) << 50)
#define TASKS_MIN          UINT64_C(1)
#define TASKS_MAX          (UINT64_C(1) << 22) /* PID_MAX_LIMIT of the kernel */
#define CPU_QUOTA_MIN      (USEC_PER_SEC / 100)
#define CPU_QUOTA_MAX      (USEC_PER_SEC * 1000)

static int check_range(const char *name, uint64_t value, uint64_t min, uint64_t max, const char *unit,
                       sd_bus_error *reterr)
{
        if (value == 0 || (value >= min && value <= max))
                return 0;
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                 "%s is 0 (the configured default) or %" PRIu64 " to %" PRIu64
                                 " %s, not %" PRIu64,
                                 name, min, max, unit, value);
}

static int check_access_mode(const Bus *bus, const char *name, const void *value, sd_bus_error *reterr)
{
        (void) bus;
        if (access_mode_is_valid(value))
                return 0;
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                 "%s is private (from this machine only), internal (this "
                                 "machine and [access] internal-networks) or public",
                                 name);
}

static int check_branch(const Bus *bus, const char *name, const void *value, sd_bus_error *reterr)
{
        (void) bus;
        return bus_args_check_revision(name, value, true, reterr);
}

static int check_directory(const Bus *bus, const char *name, const void *value, sd_bus_error *reterr)
{
        (void) bus;
        if (directory_is_valid(value))
                return 0;
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                 "%s is not allowed: " DIRECTORY_RULE
                                 ", UTF-8 without control characters, at most %d bytes",
                                 name, DIRECTORY_LENGTH_MAX);
}

static int check_keep_releases(const Bus *bus, const char *name, const void *value, sd_bus_error *reterr)
{
        (void) bus;
        return check_range(name, *(const uint32_t *) value, 1, KEEP_RELEASES_MAX, "releases", reterr);
}

static int check_buildpack(const Bus *bus, const char *name, const void *value, sd_bus_error *reterr)
{
        (void) bus;
        if (((const char *) value)[0] == '\0' || name_is_valid(value))
                return 0;
        return sd_bus_error_setf(
                reterr, SD_BUS_ERROR_INVALID_ARGS,
                "%s is \"\" (the one that detects the app), none, or the name of one: " NAME_RULE, name);
}

static int check_build_command(const Bus *bus, const char *name, const void *value, sd_bus_error *reterr)
{
        (void) bus;
        if (build_command_is_valid(value))
                return 0;
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                 "%s is one line of UTF-8 without control characters, at most %d bytes",
                                 name, BUILD_COMMAND_LENGTH_MAX);
}

static int check_readiness(const Bus *bus, const char *name, const void *value, sd_bus_error *reterr)
{
        (void) bus;
        if (readiness_is_valid(value))
                return 0;
        return sd_bus_error_setf(
                reterr, SD_BUS_ERROR_INVALID_ARGS,
                "%s is port (its web processes listen) or notify (its processes say READY=1)", name);
}

static int check_health_path(const Bus *bus, const char *name, const void *value, sd_bus_error *reterr)
{
        (void) bus;
        if (health_check_path_is_valid(value))
                return 0;
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                 "%s is not allowed: " HEALTH_CHECK_PATH_RULE ", at most %zu", name,
                                 HTTP_TARGET_MAX);
}

static int check_formation(const Bus *bus, const char *name, const void *value, sd_bus_error *reterr)
{
        const Formation *formation = value;

        (void) bus;
        if (formation_total(formation) > FORMATION_COUNT_MAX)
                return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                         "%s has more than %d instances in all", name, FORMATION_COUNT_MAX);
        if (formation->n == 0 || formation_total(formation) > 0)
                return 0;
        return sd_bus_error_setf(
                reterr, SD_BUS_ERROR_INVALID_ARGS,
                "%s has no process above 0: Stop stops an app (deployctl stop), and nothing at all (an "
                "empty %s, deployctl scale APP default) is the default",
                name, name);
}

static int check_health_timeout(const Bus *bus, const char *name, const void *value, sd_bus_error *reterr)
{
        (void) bus;
        return check_range(name, *(const uint64_t *) value, HEALTH_TIMEOUT_MIN, HEALTH_TIMEOUT_MAX,
                           "microseconds", reterr);
}

static int check_check_settle(const Bus *bus, const char *name, const void *value, sd_bus_error *reterr)
{
        (void) bus;
        return check_range(name, *(const uint64_t *) value, CHECK_SETTLE_MIN, CHECK_SETTLE_MAX,
                           "microseconds", reterr);
}

static int check_stop_timeout(const Bus *bus, const char *name, const void *value, sd_bus_error *reterr)
{
        (void) bus;
        return check_range(name, *(const uint64_t *) value, STOP_TIMEOUT_MIN, STOP_TIMEOUT_MAX,
                           "microseconds", reterr);
}

static int check_memory(const Bus *bus, const char *name, const void *value, sd_bus_error *reterr)
{
        uint64_t limit = bus->params.config(bus->params.userdata)->app_memory_limit;

        return check_range(name, *(const uint64_t *) value, MEMORY_MIN, limit ? limit : MEMORY_MAX, "bytes",
                           reterr);
}

static int check_tasks(const Bus *bus, const char *name, const void *value, sd_bus_error *reterr)
{
        uint64_t limit = bus->params.config(bus->params.userdata)->app_tasks_limit;

        return check_range(name, *(const uint64_t *) value, TASKS_MIN, limit ? limit : TASKS_MAX, "tasks",
                           reterr);
}

static int check_cpu_quota(const Bus *bus, const char *name, const void *value, sd_bus_error *reterr)
{
        (void) bus;
        return check_range(name, *(const uint64_t *) value, CPU_QUOTA_MIN, CPU_QUOTA_MAX,
                           "microseconds per second", reterr);
}

static const BusOption options[] = {
        { "AccessMode", "s", offsetof(AppSettings, access_mode), check_access_mode },
        { "Branch", "s", offsetof(AppSettings, branch), check_branch },
        { "Directory", "s", offsetof(AppSettings, directory), check_directory },
        { "Formation", "a{su}", offsetof(AppSettings, formation), check_formation },
        { "KeepReleases", "u", offsetof(AppSettings, keep_releases), check_keep_releases },
        { "Buildpack", "s", offsetof(AppSettings, buildpack), check_buildpack },
        { "BuildCommand", "s", offsetof(AppSettings, build_command), check_build_command },
        { "Readiness", "s", offsetof(AppSettings, readiness), check_readiness },
        { "HealthCheckPath", "s", offsetof(AppSettings, health_check_path), check_health_path },
        { "HealthCheckTimeoutUSec", "t", offsetof(AppSettings, health_check_timeout_usec),
          check_health_timeout },
        { "CheckSettleUSec", "t", offsetof(AppSettings, check_settle_usec), check_check_settle },
        { "StopTimeoutUSec", "t", offsetof(AppSettings, stop_timeout_usec), check_stop_timeout },
        { "MemoryMax", "t", offsetof(AppSettings, memory_max), check_memory },
        { "TasksMax", "t", offsetof(AppSettings, tasks_max), check_tasks },
        { "CPUQuotaPerSecUSec", "t", offsetof(AppSettings, cpu_quota_usec), check_cpu_quota },
        /* For a new app only. */
        { "Data", "s", offsetof(NewApp, data), NULL },
};

/* The settings of a new app are at its beginning. */
static_assert(offsetof(NewApp, settings) == 0, "the rows are for both");

/* Known, but without effect in this version. */
static const char *const later[] = {
        "Port", /* CreateApp only */
        "Domains", "AutoDeploy", "ConnectTo", "IdleTimeoutUSec", NULL,
};

void settings_bus_done_new(NewApp *app)
{
        assert(app);
        app_settings_clear(&app->settings);
        free(app->data);
}

int settings_bus_read(const Bus *bus, sd_bus_message *message, AppSettings *settings, sd_bus_error *reterr)
{
        assert(settings);
        return bus_args_read_options(bus, message, options, ELEMENTSOF(options) - 1, later + 1, settings,
                                     reterr);
}

int settings_bus_read_new(const Bus *bus, sd_bus_message *message, NewApp *app, sd_bus_error *reterr)
{
        assert(app);
        return bus_args_read_options(bus, message, options, ELEMENTSOF(options), later, app, reterr);
}
