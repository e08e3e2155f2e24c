/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Every name that the outside knows deployd by, written once. */

#define BUS_NAME "org.deployd.Deploy1"
/* Of the connection on which deployd talks to systemd. Nobody is to call it. */
#define BUS_NAME_UNITS           BUS_NAME ".Units"
#define BUS_PATH                 "/org/deployd/Deploy1"
#define BUS_PATH_REPOSITORY      BUS_PATH "/repository"
#define BUS_PATH_APP             BUS_PATH "/app"
#define BUS_PATH_DEPLOYMENT      BUS_PATH "/deployment"
#define BUS_INTERFACE_MANAGER    BUS_NAME ".Manager"
#define BUS_INTERFACE_REPOSITORY BUS_NAME ".Repository"
#define BUS_INTERFACE_APP        BUS_NAME ".App"
#define BUS_INTERFACE_DEPLOYMENT BUS_NAME ".Deployment"

#define BUS_ERROR_PREFIX               BUS_NAME ".Error."
#define BUS_ERROR_NO_SUCH_REPOSITORY   BUS_ERROR_PREFIX "NoSuchRepository"
#define BUS_ERROR_NO_SUCH_APP          BUS_ERROR_PREFIX "NoSuchApp"
#define BUS_ERROR_NO_SUCH_DEPLOYMENT   BUS_ERROR_PREFIX "NoSuchDeployment"
#define BUS_ERROR_ALREADY_EXISTS       BUS_ERROR_PREFIX "AlreadyExists"
#define BUS_ERROR_INVALID_NAME         BUS_ERROR_PREFIX "InvalidName"
#define BUS_ERROR_INVALID_URL          BUS_ERROR_PREFIX "InvalidUrl"
#define BUS_ERROR_INVALID_REVISION     BUS_ERROR_PREFIX "InvalidRevision"
#define BUS_ERROR_REPOSITORY_IN_USE    BUS_ERROR_PREFIX "RepositoryInUse"
#define BUS_ERROR_APP_BUSY             BUS_ERROR_PREFIX "AppBusy"
#define BUS_ERROR_ALREADY_FINISHED     BUS_ERROR_PREFIX "AlreadyFinished"
#define BUS_ERROR_NOT_DEPLOYED         BUS_ERROR_PREFIX "NotDeployed"
#define BUS_ERROR_NO_SUCH_RELEASE      BUS_ERROR_PREFIX "NoSuchRelease"
#define BUS_ERROR_NO_FREE_PORT         BUS_ERROR_PREFIX "NoFreePort"
#define BUS_ERROR_QUEUE_FULL           BUS_ERROR_PREFIX "QueueFull"
#define BUS_ERROR_NO_SPACE             BUS_ERROR_PREFIX "NoSpace"
#define BUS_ERROR_SANDBOX_UNAVAILABLE  BUS_ERROR_PREFIX "SandboxUnavailable"
#define BUS_ERROR_DATABASE_UNAVAILABLE BUS_ERROR_PREFIX "DatabaseUnavailable"
#define BUS_ERROR_FOREIGN_DATA         BUS_ERROR_PREFIX "ForeignData"
#define BUS_ERROR_FETCH_FAILED         BUS_ERROR_PREFIX "FetchFailed"

/* This machine by itself: where private apps listen, and instances (instance_address()). */
#define ADDRESS_LOOPBACK "127.0.0.1"

#define FIELD_APP "DEPLOYD_APP"
/* Why lines are missing in a log (base/tail.h). */
#define REASON_LOG_MAX "log-max of [runner] in deploy.conf is reached"

#define FIELD_DEPLOYMENT "DEPLOYD_DEPLOYMENT"
#define FIELD_PROCESS    "DEPLOYD_PROCESS"
#define FIELD_REVISION   "DEPLOYD_REVISION"
#define FIELD_REPOSITORY "DEPLOYD_REPOSITORY"

#define PATH_CONFIG      "/etc/deployd/deploy.conf"
#define PATH_STATE       "/var/lib/deployd"
#define PATH_RELEASES    PATH_STATE "/releases"
#define PATH_SPOOL       PATH_STATE "/spool"
#define PATH_BUILD_KEY   PATH_STATE "/build.key"
#define PATH_RUN         "/run/deployd"
#define PATH_ENVIRONMENT PATH_RUN "/env"
#define PATH_LIMITS      PATH_RUN "/limits"
/* An empty directory: the root of units that see only what they are shown (systemd/sandbox.c). */
#define PATH_EMPTY_ROOT      PATH_RUN "/root"
#define PATH_PROBE_SOCKET    PATH_RUN "/probe.sock"
#define PATH_POSTGRES_SOCKET PATH_RUN "/postgres"
#define PATH_LIBEXEC         "/usr/libexec/deployd"
/* The credentials of repositories, a directory for each, named by its id. */
#define PATH_CREDENTIALS PATH_STATE "/credentials"
/* Host keys of the large services. */
#define PATH_KNOWN_HOSTS "/usr/share/deployd/known_hosts"

#define PATH_LOGS PATH_STATE "/logs"

/* Where systemd keeps what apps have stored: a directory for each, named by the app's id, of the dynamic
 * user of its units. */
#define PATH_APP_DATA "/var/lib/private/deployd-apps"

/* The varlink socket of journald, and its one method that matters here, sent with its NUL: src/journal/
 * journald-server.c of systemd. */
#define PATH_JOURNAL_VARLINK "/run/systemd/journal/io.systemd.journal"
#define JOURNAL_SYNCHRONIZE  "{\"method\":\"io.systemd.Journal.Synchronize\"}"

/* Inside an app's unit: the tree of its release, and one file per process type with its command line. */
#define PATH_APP_TREE "/srv/app"
/* The tree as the release has it, where processes can write to PATH_APP_TREE or to parts of it. */
#define PATH_APP_RELEASE "/srv/release"
/* What the app keeps of it, a directory each, where links of PATH_APP_TREE lead there. */
#define PATH_APP_KEPT "/srv/kept"
/* Options of deployd-launch for these places. */
#define LAUNCH_OPTION_WRITABLE "--writable"
#define LAUNCH_OPTION_PERSIST  "--persist="
#define PATH_APP_PROCESSES     "/run/deployd/process"
/* Programs that apps expect and Debian has by another name. */
#define PATH_APP_BIN "/usr/lib/deployd/bin"

/* Inside a build's unit: the app's tree as a tar archive. It is built in PATH_APP_TREE, for programs may
 * remember the path. */
#define PATH_BUILD_SOURCE "/srv/source.tar"

/* Where buildpacks are, a directory each: the administrator's, and those that come with deployd. */
#define PATH_BUILDPACKS_ADMIN "/etc/deployd/buildpacks"
#define PATH_BUILDPACKS       "/usr/lib/deployd/buildpacks"
/* The name of the one that builds nothing. */
#define BUILDPACK_NONE "none"

/* How the variables of an app are named in the environment of its build, which has another one itself. */
#define BUILD_ENVIRONMENT_PREFIX "BUILD_ENV_"
