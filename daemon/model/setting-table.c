/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every setting of an app and of a repository, one row each. A row's column of the database has the name of
 * the member. */

#include "daemon/model/app.h"
#include "daemon/model/persist.h"
#include "daemon/model/repository.h"
#include "daemon/model/setting.h"
#include "daemon/model/validate.h"

/* Offset of a member, which must have the type that the row says. */
#define HAS_TYPE(noun, member, c_type) __builtin_types_compatible_p(__typeof__(((noun *) 0)->member), c_type)
#define MEMBER(noun, member, c_type)                                                                  \
        .offset = offsetof(noun, member) + 0 * sizeof(char[HAS_TYPE(noun, member, c_type) ? 1 : -1]), \
        .column = #member

/* What is beside the meaning of a setting: where its value is, and what it may be. */
#define TEXT(member, check)   .type = SETTING_TEXT, .is_valid = (check), MEMBER(AppSettings, member, char *)
#define REVISION(member)      .type = SETTING_REVISION, MEMBER(AppSettings, member, char *)
#define FORMATION(member)     .type = SETTING_FORMATION, MEMBER(AppSettings, member, Formation)
#define BETWEEN(min, max, in) .least = (min), .most = (max), .unit = (in)
#define DURATION(member, min, max) \
        .type = SETTING_DURATION, MEMBER(AppSettings, member, uint64_t), BETWEEN(min, max, "microseconds")
#define SIZE(member, min, max) \
        .type = SETTING_SIZE, MEMBER(AppSettings, member, uint64_t), BETWEEN(min, max, "bytes")
#define COUNT(member, min, max, of) \
        .type = SETTING_COUNT, MEMBER(AppSettings, member, uint64_t), BETWEEN(min, max, of)
#define NUMBER(member, min, max, of) \
        .type = SETTING_NUMBER, MEMBER(AppSettings, member, uint32_t), BETWEEN(min, max, of)
#define SHARE(member, min, max)                                       \
        .type = SETTING_SHARE, MEMBER(AppSettings, member, uint64_t), \
        BETWEEN(min, max, "microseconds per second")

/* The bounds are those that the configuration has for the default (daemon/config-table.c): a test compares.
 */
#define TIME_LEAST (100 * USEC_PER_MSEC)
#define TIME_MOST  (24 * 3600 * USEC_PER_SEC)
#define HOUR       (3600 * USEC_PER_SEC)

static_assert(DIRECTORY_LENGTH_MAX == 1024 && BUILD_COMMAND_LENGTH_MAX == 2048 && HTTP_TARGET_MAX == 256,
              "the rules below say so");

/* clang-format off */
static const Setting of_apps[] = {
        { TEXT(access_mode, access_mode_is_valid), .initial = "private",
          .rule = "is private (from this machine only), internal (this machine and [access] internal-networks) or public",
          .property = "AccessMode", .word = "access-mode", .title = "Access", .key = "access", .effect = SETTING_AT_ONCE,
          .help = "who may reach it: private, internal or public",
          .meaning = "Who may reach it: *private* (this machine only), *internal* (this machine and "
                     "_internal-networks_), *public*." },
        { REVISION(branch), .initial = "",
          .property = "Branch", .word = "branch", .title = "Branch", .key = "branch", .effect = SETTING_NEXT_DEPLOYMENT,
          .help = "branch to deploy; empty: the repository's",
          .meaning = "The branch to deploy; empty: the repository's." },
        { TEXT(directory, directory_is_valid), .initial = "",
          .rule = "is not allowed: " DIRECTORY_RULE ", UTF-8 without control characters, at most 1024 bytes",
          .property = "Directory", .word = "directory", .title = "Directory", .key = "directory",
          .effect = SETTING_NEXT_DEPLOYMENT,
          .help = "where in the tree the app is; empty: its root",
          .meaning = "Where in the tree the app is; empty: its root." },
        { FORMATION(formation),
          .property = "Formation", .title = "Formation", .key = "formation", .effect = SETTING_AT_ONCE,
          .help = "how many instances of each process run" },
        { NUMBER(keep_releases, 1, 1000, "releases"), .fallback = "keep-releases",
          .property = "KeepReleases", .word = "keep-releases", .title = "Releases kept", .key = "keep_releases",
          .effect = SETTING_AT_ONCE,
          .help = "releases kept to go back to",
          .meaning = "How many releases are kept to go back to." },
        { TEXT(buildpack, buildpack_is_valid), .initial = "",
          .rule = "is \"\" (the one that detects the app), none, or the name of one: " NAME_RULE,
          .property = "Buildpack", .word = "buildpack", .title = "Buildpack", .key = "buildpack",
          .effect = SETTING_NEXT_DEPLOYMENT,
          .help = "what builds it: none, or a name; empty: detected",
          .meaning = "What builds it: *none*, or the name of a buildpack; empty: the first that detects it." },
        { TEXT(build_command, build_command_is_valid), .initial = "",
          .rule = "is one line of UTF-8 without control characters, at most 2048 bytes",
          .property = "BuildCommand", .word = "build-command", .title = "Build command", .key = "build_command",
          .effect = SETTING_NEXT_DEPLOYMENT,
          .help = "builds it; empty: the buildpack does",
          .meaning = "What builds it, a line for the shell; empty: the buildpack does." },
        { TEXT(readiness, readiness_is_valid), .initial = "port",
          .rule = "is port (its web processes listen) or notify (its processes say READY=1)",
          .property = "Readiness", .word = "readiness", .title = "Readiness", .key = "readiness",
          .effect = SETTING_NEXT_DEPLOYMENT,
          .help = "ready by its port, or when it says so: port or notify",
          .meaning = "When an instance runs: *port* (with its program, and then it has to listen), *notify* (when it "
                     "says READY=1, see sd_notify(3), and then the same)." },
        { TEXT(writable_tree, writable_tree_is_valid), .initial = "no",
          .rule = "is no (its tree is read-only) or yes (each instance has a copy that goes with it)",
          .property = "WritableTree", .word = "writable-tree", .title = "Writable tree", .key = "writable_tree",
          .effect = SETTING_NEXT_DEPLOYMENT,
          .help = "whether its tree can be written to: no or yes",
          .meaning = "Whether processes can write into their tree: *no*, or *yes*: each has a copy of the tree in memory, "
                     "which goes when the process ends." },
        { TEXT(persist, persist_is_valid), .initial = "",
          .rule = PERSIST_RULE,
          .property = "Persist", .word = "persist", .title = "Persist", .key = "persist",
          .effect = SETTING_NEXT_DEPLOYMENT,
          .help = "directories of the tree that are kept",
          .meaning = "Directories of the tree that processes can write to and that are kept, with commas between them: "
                     "*data,public/uploads*." },
        { TEXT(health_check_path, health_check_path_is_valid), .initial = "",
          .rule = "is not allowed: " HEALTH_CHECK_PATH_RULE ", at most 256",
          .property = "HealthCheckPath", .word = "health-check-path", .title = "Health check", .key = "health_check_path",
          .effect = SETTING_NEXT_DEPLOYMENT,
          .help = "GET it before requests go there; empty: no",
          .meaning = "What a new *web* has to answer with a status from 200 to 299 before requests go there: */up*; "
                     "empty: as app.json of the app says, or else nothing." },
        { DURATION(health_check_timeout_usec, TIME_LEAST, HOUR), .fallback = "health-check-timeout",
          .property = "HealthCheckTimeoutUSec", .word = "health-check-timeout", .title = "Health check timeout",
          .key = "health_check_timeout", .effect = SETTING_NEXT_DEPLOYMENT,
          .help = "time for that answer",
          .meaning = "Time for each of these answers, as with *stop-timeout*." },
        { DURATION(check_settle_usec, TIME_LEAST, TIME_MOST), .fallback = "check-settle",
          .property = "CheckSettleUSec", .word = "check-settle", .title = "Check settle", .key = "check_settle",
          .effect = SETTING_NEXT_DEPLOYMENT,
          .help = "time to keep running before it is live",
          .meaning = "How long a new version must keep running, and listening if it has a *web*, after requests go to "
                     "it: then it is live and the old one is stopped. As with *stop-timeout*." },
        { DURATION(stop_timeout_usec, TIME_LEAST, TIME_MOST), .fallback = "stop-timeout",
          .property = "StopTimeoutUSec", .word = "stop-timeout", .title = "Stop timeout", .key = "stop_timeout",
          .effect = SETTING_NEXT_START,
          .help = "time to end after SIGTERM",
          .meaning = "Time to end after SIGTERM: *30s*, *1.5h*, *1h 30min*. A number alone is seconds." },
        { SIZE(memory_max, UINT64_C(1) << 20, UINT64_C(1) << 50), .fallback = "app-memory-max", .limit = "app-memory-limit",
          .property = "MemoryMax", .word = "memory-max", .title = "Memory limit", .key = "memory_max",
          .effect = SETTING_AT_ONCE,
          .help = "memory of one instance",
          .meaning = "Memory of one instance: *512M*, *1.5G*, in powers of 1024; *512MB* and *512MiB* are *512M*. A number "
                     "alone is bytes." },
        { COUNT(tasks_max, 1, UINT64_C(1) << 22, "tasks"), .fallback = "app-tasks-max", .limit = "app-tasks-limit",
          .property = "TasksMax", .word = "tasks-max", .title = "Tasks limit", .key = "tasks_max", .effect = SETTING_AT_ONCE,
          .help = "processes and threads of one instance",
          .meaning = "Processes and threads of one instance." },
        { SHARE(cpu_quota_usec, USEC_PER_SEC / 100, 1000 * USEC_PER_SEC), .fallback = "app-cpu-quota",
          .property = "CPUQuotaPerSecUSec", .word = "cpu-quota", .title = "CPU limit", .key = "cpu_quota",
          .effect = SETTING_AT_ONCE,
          .help = "share of CPUs of one instance",
          .meaning = "CPU time of one instance as a share of one CPU: *150%*." },
        { .type = SETTING_TEXT, .is_new_only = true,
          .property = "Data", .word = "data", .effect = SETTING_AT_ONCE,
          .help = "data of a removed app, by its name or number",
          .meaning = "For *app create* only: the removed app whose data the new app takes over, by its name or number." },
};

static const Setting of_repositories[] = {
        { .type = SETTING_URL, MEMBER(Repository, git_url, char *),
          .property = "GitUrl", .setter = "SetGitUrl", .word = "url", .title = "URL", .key = "url",
          .effect = SETTING_NEXT_FETCH,
          .help = "where to fetch from",
          .meaning = "Where to fetch from." },
        { .type = SETTING_REVISION, MEMBER(Repository, default_branch, char *), .initial = "",
          .property = "DefaultBranch", .setter = "SetDefaultBranch", .word = "branch", .title = "Default branch",
          .key = "branch", .effect = SETTING_NEXT_FETCH,
          .help = "default branch; empty: the remote's HEAD",
          .meaning = "The branch that is deployed where neither the app nor the call names one; empty: the remote's HEAD." },
        { .type = SETTING_TEXT, MEMBER(Repository, submodules, char *), .initial = "no", .is_valid = submodules_is_valid,
          .rule = "is yes or no",
          .property = "Submodules", .setter = "SetSubmodules", .word = "submodules", .title = "Submodules",
          .key = "submodules", .effect = SETTING_NEXT_FETCH,
          .help = "fetch submodules too: yes or no",
          .meaning = "Whether submodules are fetched and are a part of the tree: *yes* or *no*. They come from where "
                     "repositories may; from local paths only if the repository is local." },
};
/* clang-format on */

static_assert(ELEMENTSOF(of_apps) <= SETTINGS_MAX && ELEMENTSOF(of_repositories) <= SETTINGS_MAX,
              "there is room for all");

const SettingTable app_settings = { of_apps, ELEMENTSOF(of_apps) };
const SettingTable repository_settings = { of_repositories, ELEMENTSOF(of_repositories) };
