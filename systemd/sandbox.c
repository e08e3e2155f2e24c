/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/sandbox.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/names.h"

#define GIB ((uint64_t) 1024 * 1024 * 1024)
#define MIB ((uint64_t) 1024 * 1024)

/* CLONE_NEWUTS alone: of no use without CAP_SYS_ADMIN, so user namespaces and all others are denied. 0
 * ("none") would be written to the unit file as an empty value, which means "all allowed" after a
 * daemon-reload of systemd 252. */
#define NAMESPACES_NONE 0x04000000

/* What every kind has. systemd.exec(5) explains each. */
static const SandboxRow common[] = {
        { "CollectMode", 's', 0, "inactive" },
        { "IgnoreOnIsolate", 'b', true, NULL }, /* no target wants it: systemctl isolate would stop it */
        { "NoNewPrivileges", 'b', true, NULL },
        { "CapabilityBoundingSet", 't', 0, NULL },
        { "AmbientCapabilities", 't', 0, NULL },
        { "ProtectSystem", 's', 0, "strict" },
        { "ProtectHome", 's', 0, "yes" },
        { "PrivateTmp", 'b', true, NULL },
        { "PrivateDevices", 'b', true, NULL },
        { "PrivateIPC", 'b', true, NULL },
        { "ProtectProc", 's', 0, "invisible" },
        { "ProtectKernelTunables", 'b', true, NULL },
        { "ProtectKernelModules", 'b', true, NULL },
        { "ProtectKernelLogs", 'b', true, NULL },
        { "ProtectControlGroups", 'b', true, NULL },
        { "ProtectClock", 'b', true, NULL },
        { "ProtectHostname", 'b', true, NULL },
        { "RestrictNamespaces", 't', NAMESPACES_NONE, NULL },
        { "RestrictSUIDSGID", 'b', true, NULL },
        { "RestrictRealtime", 'b', true, NULL },
        { "LockPersonality", 'b', true, NULL },
        { "RemoveIPC", 'b', true, NULL },
        { "KeyringMode", 's', 0, "private" },
        { "SystemCallArchitectures", 'l', 0, "native" },
        { "SystemCallFilter", '+', 0, "@system-service" },
        /* What is asked for by it passes no filter, sockets of every family among that. */
        { "SystemCallFilter", '-', 0, "io_uring_setup io_uring_enter io_uring_register" },
        { "SystemCallErrorNumber", 'i', EPERM, NULL },
        { "DevicePolicy", 's', 0, "closed" },
        { "OOMPolicy", 's', 0, "kill" },
        { "KillMode", 's', 0, "control-group" },
        { "SendSIGKILL", 'b', true, NULL },
        { "LimitCORE", 't', 0, NULL },
        {},
};

/* A user of its own, made when it starts. */
static const SandboxRow dynamic_user[] = {
        { "DynamicUser", 'b', true, NULL },
        { "PrivateUsers", 'b', true, NULL },
        { "SystemCallFilter", '-', 0, "@privileged" },
        { "UMask", 'u', 0077, NULL },
        {},
};

/* uid 0 without any right but to own what it writes. In a user namespace of its own it is not the root of
 * the daemon, which has no capability either: by /proc/PID/root it would be where the daemon is. */
static const SandboxRow plain_root[] = {
        { "PrivateUsers", 'b', true, NULL },
        { "ProcSubset", 's', 0, "pid" },
        { "PrivateNetwork", 'b', true, NULL },
        { "MemoryDenyWriteExecute", 'b', true, NULL },
        { "RestrictAddressFamilies", '+', 0, "" },
        { "SystemCallFilter", '-', 0, "@privileged @resources @chown @setuid" },
        { "UMask", 'u', 0022, NULL },
        { "Type", 's', 0, "oneshot" },
        { "TasksMax", 't', 8, NULL },
        { "MemoryMax", 't', 512 * MIB, NULL },
        { "MemorySwapMax", 't', 0, NULL },
        {},
};

/* It asks journald to write down what it has: its one socket. */
static const SandboxRow journal_reader[] = {
        { "RestrictAddressFamilies", '+', 0, "AF_UNIX" },
        {},
};

/* Sees nothing of the machine but its binds, whatever its uid may read: the root of its file system is an
 * empty directory. TemporaryFileSystem=/ would have no effect beside ProtectSystem=, which DynamicUser=
 * implies: of two entries with one path systemd 252 drops one (src/core/namespace.c, drop_duplicates()). */
static const SandboxRow empty_root[] = {
        { "RootDirectory", 's', 0, PATH_EMPTY_ROOT },
        { "MountAPIVFS", 'b', true, NULL },
        {},
};

/* Not ordered against deployd or its database: PID 1 starts nothing that is ordered against a unit which is
 * still stopping, and an app may take its time for that. What runs strangers' programs for as long as they
 * like. MemoryDenyWriteExecute would end every just-in-time compiler, and without AF_NETLINK nobody can list
 * network interfaces. */
static const SandboxRow app[] = {
        { "ProcSubset", 's', 0, "all" },
        { "RestrictAddressFamilies", '+', 0, "AF_INET AF_INET6 AF_UNIX AF_NETLINK" },
        { "WorkingDirectory", 's', 0, PATH_APP_TREE },
        { "StateDirectoryMode", 'u', 0700, NULL },
        { "CacheDirectoryMode", 'u', 0700, NULL },
        { "MemorySwapMax", 't', 0, NULL },
        /* What bounds output counts bytes. No more lines than this come of it; 0 would be journald's own
         * limit (src/core/unit.c, the export of its limit), which loses the end. */
        { "LogRateLimitIntervalUSec", 't', USEC_PER_SEC, NULL },
        { "LogRateLimitBurst", 'u', 10000000, NULL },
        /* gunicorn and make(1) set their ids to what they are before they run a program, and installers
         * chown to themselves. Without a capability nobody becomes anybody else by it. */
        { "SystemCallFilter", '+', 0, "@setuid @chown" },
        {},
};

/* Runs when its program does. */
static const SandboxRow by_program[] = {
        { "Type", 's', 0, "exec" },
        {},
};

/* Runs when it says so, be it the shell before it or a process behind it that does. */
static const SandboxRow by_notice[] = {
        { "Type", 's', 0, "notify" },
        { "NotifyAccess", 's', 0, "all" },
        {},
};

/* Runs strangers' programs too, but once: a release command, with what the app has. */
static const SandboxRow command[] = {
        { "Type", 's', 0, "oneshot" },
        {},
};

/* A build, with a directory of its own as the tree. The kernel is to end it before anything else of the
 * machine. */
static const SandboxRow build[] = {
        { "NotifyAccess", 's', 0, "main" },
        { "OOMScoreAdjust", 'i', 500, NULL },
        /* Of what it makes, it runs some there: a compiler's trial, an installer. */
        { "ExecPaths", 'l', 0, "/tmp" },
        { "ExecPaths", 'l', 0, "/var/tmp" },
        {},
};

/* Goes beyond its limits. */
static const SandboxRow limit[] = {
        { "ProcSubset", 's', 0, "pid" },
        { "MemoryDenyWriteExecute", 'b', true, NULL },
        { "RestrictAddressFamilies", '+', 0, "AF_INET" },
        { "MemorySwapMax", 't', 0, NULL },
        {},
};

/* Reads what a git server sends. */
static const SandboxRow git[] = {
        { "Type", 's', 0, "oneshot" },
        { "ProcSubset", 's', 0, "pid" },
        { "MemoryDenyWriteExecute", 'b', true, NULL },
        { "SystemCallFilter", '-', 0, "@resources" },
        { "CacheDirectoryMode", 'u', 0700, NULL },
        { "NotifyAccess", 's', 0, "main" },
        { "TasksMax", 't', 64, NULL },
        { "MemoryMax", 't', 1 * GIB, NULL },
        { "MemorySwapMax", 't', 0, NULL },
        { "LimitNOFILE", 't', 1024, NULL },
        {},
};

static const SandboxRow git_remote[] = {
        { "RestrictAddressFamilies", '+', 0, "AF_INET AF_INET6 AF_UNIX" },
        { "InaccessiblePaths", 'l', 0, "-+/etc/ssl/private" }, /* + of the unit's root */
        {},
};

static const SandboxRow git_mirror[] = {
        { "RestrictAddressFamilies", '+', 0, "AF_UNIX" },
        { "PrivateNetwork", 'b', true, NULL },
        {},
};

/* Has its directories removed by PID 1 when it has ended. */
static const SandboxRow cleaner[] = {
        { "Type", 's', 0, "oneshot" },
        { "ProcSubset", 's', 0, "pid" },
        { "PrivateNetwork", 'b', true, NULL },
        { "MemoryDenyWriteExecute", 'b', true, NULL },
        { "RestrictAddressFamilies", '+', 0, "" },
        {},
};

/* An empty /run shows no socket of the machine; these are what a program needs of it: to look up its own
 * user name, and to resolve host names by systemd-resolved. Where /etc/resolv.conf leads is followed. None
 * of the journal's: what goes there is bounded by the relay of deployd-launch and by deployd-build, which
 * have their connection before /run is empty. By another, a program could write so much that the machine's
 * journal has nothing else, and lines that claim to be of another deployment. */
static const SandboxBind app_binds[] = {
        { "/run/systemd/userdb/io.systemd.DynamicUser", true },
        { "/run/systemd/resolve", true },
        {},
};

/* The same, and it says when it is ready, or what it does. */
static const SandboxBind notifier_binds[] = {
        { "/run/systemd/userdb/io.systemd.DynamicUser", true },
        { "/run/systemd/resolve", true },
        { "/run/systemd/notify", false },
        {},
};

/* Where sees_binds: what every program needs. */
static const SandboxBind program_binds[] = {
        { "/usr", false },
        { "/bin", true },
        { "/sbin", true },
        { "/lib", true },
        { "/lib32", true },
        { "/lib64", true },
        { "/libx32", true },
        { "/etc/ld.so.cache", true },
        { "/etc/nsswitch.conf", true },
        { "/etc/passwd", true },
        { "/etc/group", true },
        { "/etc/localtime", true },
        {},
};

/* The name of its own user, and what it does for the line of its deployment. PID 1 takes from it what is
 * about its own unit. */
static const SandboxBind git_binds[] = {
        { "/run/systemd/userdb/io.systemd.DynamicUser", true },
        { "/run/systemd/notify", false },
        {},
};

/* The files of follow.h besides. */
static const SandboxBind git_remote_binds[] = {
        { "/etc/ssl", true },
        { "/etc/ca-certificates", true },
        { "/run/systemd/resolve", true },
        {},
};

/* The logs of the machine, which are selected by its id. */
static const SandboxBind journal_binds[] = {
        { "/etc/machine-id", true },
        { "/run/log/journal", true },
        { "/var/log/journal", true },
        { PATH_JOURNAL_VARLINK, true },
        {},
};

static const SandboxTmpfs app_tmpfs[] = {
        { "/srv", "size=64K,nr_inodes=16,mode=755,ro" },
        { "/run", "size=64K,nr_inodes=64,mode=755,ro" },
        {},
};

/* The one that systemd makes could be written to. */
static const SandboxTmpfs run_tmpfs[] = {
        { "/run", "size=64K,nr_inodes=64,mode=755,ro" },
        { "/dev/shm", "size=64K,nr_inodes=16,mode=755,ro" },
        {},
};

static const SandboxAddress everything[] = {
        { "all of IPv4", AF_INET, {}, 0 },
        { "all of IPv6", AF_INET6, {}, 0 },
        {},
};

/* This machine, and what is not the public Internet: the special-purpose registries of RFC 6890 that lead
 * somewhere. */
static const SandboxAddress not_public[] = {
        { "this host", AF_INET, { 0 }, 8 },
        { "loopback", AF_INET, { 127 }, 8 },
        { "private", AF_INET, { 10 }, 8 },
        { "private", AF_INET, { 172, 16 }, 12 },
        { "private", AF_INET, { 192, 168 }, 16 },
        { "shared by carriers", AF_INET, { 100, 64 }, 10 },
        { "link-local", AF_INET, { 169, 254 }, 16 },
        { "of protocols", AF_INET, { 192 }, 24 },
        { "of benchmarks", AF_INET, { 198, 18 }, 15 },
        { "multicast, reserved, broadcast", AF_INET, { 224 }, 3 },
        { "loopback of IPv6", AF_INET6, { [15] = 1 }, 128 },
        { "unique local", AF_INET6, { 0xfc }, 7 },
        { "link-local of IPv6", AF_INET6, { 0xfe, 0x80 }, 10 },
        { "multicast of IPv6", AF_INET6, { 0xff }, 8 },
        { "IPv4 behind a translator", AF_INET6, { 0x00, 0x64, 0xff, 0x9b }, 96 },
        {},
};

/* Where clouds hand out credentials of the machine. */
static const SandboxAddress metadata[] = {
        { "link-local, where clouds have their metadata service", AF_INET, { 169, 254 }, 16 },
        { "the metadata service of one cloud over IPv6",
          AF_INET6,
          { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54 },
          128 },
        {},
};

static const Sandbox sandboxes[UNIT_KIND_MAX] = {
        [UNIT_APP] = { .rows = { common, dynamic_user, app, by_program },
                       .binds = { app_binds },
                       .tmpfs = app_tmpfs,
                       .denied = metadata,
                       .uses_network = true },
        [UNIT_BUILD] = { .rows = { common, dynamic_user, app, command, build },
                         .binds = { notifier_binds },
                         .tmpfs = app_tmpfs,
                         .denied = metadata,
                         .uses_network = true },
        [UNIT_LIMIT] = { .rows = { common, dynamic_user, command, limit, empty_root },
                         .binds = { program_binds },
                         .tmpfs = run_tmpfs,
                         .sees_binds = true },
        [UNIT_RELEASE] = { .rows = { common, dynamic_user, app, command },
                           .binds = { app_binds },
                           .tmpfs = app_tmpfs,
                           .denied = metadata,
                           .uses_network = true },
        [UNIT_FETCH] = { .rows = { common, dynamic_user, git, git_remote, empty_root },
                         .binds = { program_binds, git_binds, git_remote_binds },
                         .tmpfs = run_tmpfs,
                         .denied = metadata,
                         .uses_network = true,
                         .sees_binds = true },
        [UNIT_RESOLVE] = { .rows = { common, dynamic_user, git, git_mirror, empty_root },
                           .binds = { program_binds, git_binds },
                           .tmpfs = run_tmpfs,
                           .denied = everything,
                           .sees_binds = true },
        [UNIT_KEYGEN] = { .rows = { common, dynamic_user, git, git_mirror, empty_root },
                          .binds = { program_binds, git_binds },
                          .tmpfs = run_tmpfs,
                          .denied = everything,
                          .sees_binds = true },
        [UNIT_IMPORT] = { .rows = { common, plain_root, empty_root },
                          .binds = { program_binds },
                          .tmpfs = run_tmpfs,
                          .denied = everything,
                          .sees_binds = true },
        [UNIT_ARCHIVE] = { .rows = { common, plain_root, journal_reader, empty_root },
                           .binds = { program_binds, journal_binds },
                           .tmpfs = run_tmpfs,
                           .denied = everything,
                           .sees_binds = true },
        [UNIT_REMOVE] = { .rows = { common, plain_root, empty_root },
                          .binds = { program_binds },
                          .tmpfs = run_tmpfs,
                          .denied = everything,
                          .sees_binds = true },
};

static const Sandbox sandbox_cleaner = { .rows = { common, dynamic_user, cleaner, empty_root },
                                         .binds = { program_binds },
                                         .tmpfs = run_tmpfs,
                                         .denied = everything,
                                         .sees_binds = true };

static const Sandbox sandbox_notifier = { .rows = { common, dynamic_user, app, by_notice },
                                          .binds = { notifier_binds },
                                          .tmpfs = app_tmpfs,
                                          .denied = metadata,
                                          .uses_network = true };

const Sandbox *sandbox_of(UnitKind kind, bool dynamic, bool notify)
{
        /* Without a sandbox a unit would run as root, with all that root may do. */
        assert(kind > UNIT_KIND_UNSET && kind < UNIT_KIND_MAX);
        assert(sandboxes[kind].rows[0]);

        if (kind == UNIT_APP && notify)
                return &sandbox_notifier;
        if (kind == UNIT_REMOVE && dynamic)
                return &sandbox_cleaner;
        return &sandboxes[kind];
}

const SandboxAddress *sandbox_denied(const Sandbox *sandbox, UnitNetwork network)
{
        assert(sandbox);

        switch (network) {
        case UNIT_NETWORK_OF_KIND:
                return sandbox->denied;
        case UNIT_NETWORK_PUBLIC:
                return not_public;
        case UNIT_NETWORK_NONE:
                break;
        }
        return everything;
}
