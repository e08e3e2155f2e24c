/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/verify-installation.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "systemd/follow.h"

/* The kernel's own ports, as deployd.service has them in its sandbox, where /proc/sys is hidden. */
#define PATH_EPHEMERAL_PORTS PATH_RUN "/ip_local_port_range"

/* The oldest that deployd was tested with. */
#define SYSTEMD_VERSION_MIN 252

static void say_overlap(Report *report, const char *key, PortRange range, PortRange kernel)
{
        if (range.low <= kernel.high && kernel.low <= range.high)
                report_fail(report, CHECK_CONFIGURATION,
                            "[ports] %s %" PRIu16 "-%" PRIu16
                            " is in the range that the kernel takes ports of "
                            "outgoing connections from, %" PRIu16 "-%" PRIu16
                            ": move it in deploy.conf, or set net.ipv4.ip_local_port_range by sysctl",
                            key, range.low, range.high, kernel.low, kernel.high);
}

static void installation_check_ports(const Installation *installation, Report *report)
{
        const Config *config = installation->config;
        _cleanup_file_ FILE *file = fopen(PATH_EPHEMERAL_PORTS, "re");
        PortRange kernel;

        if (!file || fscanf(file, "%" SCNu16 " %" SCNu16, &kernel.low, &kernel.high) != 2) {
                report_fail(report, CHECK_CONFIGURATION,
                            "the kernel's range of ports cannot be read from " PATH_EPHEMERAL_PORTS
                            ": BindReadOnlyPaths= of deployd.service puts it there");
                return;
        }
        say_overlap(report, "range", config->port_range, kernel);
        say_overlap(report, "stable-range", config->stable_range, kernel);
        report_say(report, CHECK_CONFIGURATION,
                   "ports of deployments: %" PRIu16 "-%" PRIu16 ", of apps: %" PRIu16 "-%" PRIu16
                   ", of the kernel: %" PRIu16 "-%" PRIu16,
                   config->port_range.low, config->port_range.high, config->stable_range.low,
                   config->stable_range.high, kernel.low, kernel.high);
}

/* As systemd/units/deployd.tmpfiles makes them. */
static const struct {
        const char *path;
        mode_t mode;
} directories[] = {
        { PATH_STATE, 0755 },       { PATH_RELEASES, 0700 },         { PATH_SPOOL, 0700 },
        { PATH_LOGS, 02750 },       { PATH_STATE "/ingress", 0755 }, { PATH_RUN, 0755 },
        { PATH_ENVIRONMENT, 0700 }, { PATH_EMPTY_ROOT, 0755 },
};

#define MAKE_DIRECTORIES "'systemd-tmpfiles --create deployd.conf' puts it right"

static void check_directories(const Installation *installation, Report *report)
{
        (void) installation;
        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                const char *path = directories[i].path;
                struct stat status;

                if (lstat(path, &status) < 0)
                        report_fail(report, CHECK_CONFIGURATION, "%s: %s: " MAKE_DIRECTORIES, path,
                                    strerror(errno));
                else if (!S_ISDIR(status.st_mode))
                        report_fail(report, CHECK_CONFIGURATION, "%s is not a directory", path);
                else if (status.st_uid != 0)
                        report_fail(report, CHECK_CONFIGURATION,
                                    "%s is of user %" PRIu32 ", should be root's: " MAKE_DIRECTORIES, path,
                                    status.st_uid);
                else if ((status.st_mode & 07777) != directories[i].mode)
                        report_fail(report, CHECK_CONFIGURATION,
                                    "%s has the mode %04o, should have %04o: " MAKE_DIRECTORIES, path,
                                    status.st_mode & 07777, directories[i].mode);
        }
}

/* Without which a call or a deployment fails. The build says what it installs: HELPERS in libexec, and
 * BUILDPACK_FILES. */
static const struct {
        const char *directory;
        const char *const *names; /* up to a NULL */
} installed[] = {
        { "/usr/share/dbus-1/system.d", (const char *const[]){ BUS_NAME ".conf", NULL } },
        { "/usr/share/dbus-1/system-services", (const char *const[]){ BUS_NAME ".service", NULL } },
        { PATH_LIBEXEC, (const char *const[]){ HELPERS, NULL } },
        { PATH_BUILDPACKS, (const char *const[]){ BUILDPACK_FILES, NULL } },
};

static void check_file(Report *report, const char *directory, const char *name)
{
        _cleanup_free_ char *path = text_format("%s/%s", directory, name);

        if (!path || access(path, R_OK) < 0)
                report_fail(report, CHECK_CONFIGURATION, "%s/%s: %s: install the package deployd again",
                            directory, name, strerror(errno));
}

static void check_files(const Installation *installation, Report *report)
{
        (void) installation;
        for (size_t i = 0; i < ELEMENTSOF(installed); i++)
                for (const char *const *name = installed[i].names; *name; name++)
                        check_file(report, installed[i].directory, *name);
}

/* `result` of follow(). */
static void say_end(Report *report, const char *file, const char *place, int result)
{
        switch (result) {
        case 0:
                if (strcmp(file, place) != 0)
                        report_say(report, CHECK_CONFIGURATION, "%s leads to %s", file, place);
                return;
        case -ENOENT:
                if (strcmp(file, place) != 0)
                        report_say(report, CHECK_CONFIGURATION, "%s leads to %s, which is not there", file,
                                   place);
                return;
        case -EACCES:
        case -EINVAL:
                report_fail(
                        report, CHECK_CONFIGURATION,
                        "%s leads to %s, which apps and builds cannot see: have it lead into /run or /etc",
                        file, place);
                return;
        default:
                report_fail(report, CHECK_CONFIGURATION, "%s leads to %s: %s: make the link again", file,
                            place, strerror(-result));
        }
}

static void check_links(const Installation *installation, Report *report)
{
        FollowView view = follow_view(sandbox_of(UNIT_APP, /* dynamic= */ true, /* notify= */ false));

        (void) installation;
        for (const char *const *file = follow_files; *file; file++) {
                _cleanup_follow_ Follow followed = {};
                int r = follow(*file, &view, &followed);

                if (r == -ENOMEM)
                        report->out_of_memory = true;
                else
                        say_end(report, *file, text_or_empty(followed.place), r);
        }
}

/* As the mount of deployd itself has it, which is that of its start. */
static void check_releases(const Installation *installation, Report *report)
{
        struct statvfs status;

        (void) installation;
        if (statvfs(PATH_RELEASES, &status) == 0 && (status.f_flag & ST_NOEXEC))
                report_say(report, CHECK_CONFIGURATION,
                           "the disk of " PATH_RELEASES
                           " is mounted noexec; the programs of apps and builds run "
                           "nevertheless, by ExecPaths= of their units");
}

static void check_systemd(const Installation *installation, Report *report)
{
        const char *version = installation->systemd_version;
        unsigned number;

        if (!version || sscanf(version, "%u", &number) != 1)
                report_fail(report, CHECK_CONFIGURATION,
                            "PID 1 does not say which systemd it is: see 'systemctl --version'");
        else if (number < SYSTEMD_VERSION_MIN)
                report_fail(report, CHECK_CONFIGURATION,
                            "systemd is %s, deployd needs %d or newer: upgrade it", version,
                            SYSTEMD_VERSION_MIN);
        else
                report_say(report, CHECK_CONFIGURATION, "systemd: %s", version);
}

static void check_sandbox(const Installation *installation, Report *report)
{
        const Facts *facts = installation->facts;
        _cleanup_free_ char *list = text_join(facts->sandbox_missing, ", ");

        if (!facts->sandbox_missing[0])
                report_say(report, CHECK_CONFIGURATION, "limits of builds: %s", facts->sandbox_state);
        else if (installation->config->require_sandbox)
                report_fail(report, CHECK_CONFIGURATION,
                            "limits of builds: this machine does not enforce %s, so builds are refused: "
                            "require-sandbox of [runner] in deploy.conf",
                            text_or_empty(list));
        else
                report_say(report, CHECK_CONFIGURATION, "limits of builds: %s, without %s",
                           facts->sandbox_state, text_or_empty(list));
}

static void check_ownership(const Installation *installation, Report *report)
{
        if (installation->facts->attention)
                report_fail(report, CHECK_CONFIGURATION, "%s", installation->facts->attention);
}

static void (*const rows[])(const Installation *installation, Report *report) = {
        check_ownership, installation_check_ports, check_directories, check_files,
        check_links,     check_releases,           check_systemd,     check_sandbox,
};

void installation_check(const Installation *installation, Report *report)
{
        assert(installation);
        assert(report);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                rows[i](installation, report);
        report_end(report, CHECK_CONFIGURATION);
}
