/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/model/environment-version.h"
#include "daemon/model/formation.h"
#include "daemon/model/model.h"
#include "daemon/model/release.h"

typedef enum AppStatus {
        APP_STATUS_UNSET = 0,
        APP_NEW,       /* never deployed */
        APP_DEPLOYING, /* the first deployment is under way, nothing is live */
        APP_RUNNING,
        APP_DEGRADED, /* some instance of the live deployment is not running */
        APP_STOPPED,
        APP_FAILED, /* nothing live and the last attempt failed, or the live one died for good */
        APP_STATUS_MAX,
} AppStatus;

DECLARE_STRING_TABLE(app_status, AppStatus);

/* Whether the ingress has the stable port. */
typedef enum PortState {
        PORT_UNKNOWN,
        PORT_FREE, /* for it: nobody else is in the way */
        PORT_HELD, /* by somebody else, at one of its addresses at least */
} PortState;

/* Whether the ingress listens on the stable port. */
typedef enum Served {
        SERVED_NO, /* it was never deployed */
        SERVED_YES,
        SERVED_NO_ROOM, /* too many others are: apps-max */
} Served;

/* What a caller may set: a member for each row of app_settings (daemon/model/setting-table.c). 0 and "" mean
 * the configured default. */
typedef struct AppSettings {
        char *access_mode;       /* private, internal, public */
        char *branch;            /* "" = the repository's */
        char *directory;         /* where in the tree the app is, "" = its root */
        char *buildpack;         /* "" = the one that detects it */
        char *build_command;     /* "" = the buildpack's */
        char *readiness;         /* port, notify */
        char *health_check_path; /* "" = none */
        char *writable_tree;     /* no, yes */
        char *persist;           /* directories of the tree that are kept (persist.h) */
        Formation formation;     /* nothing said = app.json's, else web=1 */
        uint64_t health_check_timeout_usec;
        uint64_t check_settle_usec; /* how long a new version is watched before it is live */
        uint64_t stop_timeout_usec;
        uint64_t memory_max; /* bytes, per instance, as the next two */
        uint64_t tasks_max;
        uint64_t cpu_quota_usec; /* CPU time per second */
        uint32_t keep_releases;
} AppSettings;

struct App {
        Model *model; /* NULL until it is added */
        uint64_t id;
        char *name;
        Repository *repository;
        uint16_t port; /* the stable one, for life */
        bool stopped;  /* app.wanted: by Stop; else it should run */
        AppStatus status;
        AppSettings settings;
        bool changing;                   /* settings or variables are on their way into the database */
        EnvironmentVersion *environment; /* that its next deployment runs with; NULL = no variables */
        LIST_HEAD(EnvironmentVersion, versions);
        uint64_t created_at;

        /* Of the ingress. */
        Served served;
        PortState port_state;
        bool held; /* haproxy keeps requests waiting while no instance takes them */

        Deployment *live;                   /* NULL = nothing */
        LIST_HEAD(Deployment, deployments); /* the published ones, newest first */
        LIST_FIELDS(App, repository_apps);
        LIST_FIELDS(App, apps);
};

/* An object with default settings; `repository` is borrowed. NULL when out of memory. */
App *app_new(const char *name, Repository *repository);
App *app_free(App *app);
DEFINE_CLEANUP(App *, app_free);

/* What a new app has. 0 or -ENOMEM; the copy replaces what *target has, unless it fails. */
int app_settings_init(AppSettings *settings);
int app_settings_copy(AppSettings *target, const AppSettings *source);
void app_settings_clear(AppSettings *settings);
DEFINE_CLEANUP(AppSettings *, app_settings_clear);

/* The variables of its environment; never NULL. */
const Variables *app_variables(const App *app);
/* The names that the next deployment changes: whose values the live deployment has otherwise, or not at all,
 * or alone. Into *ret, whose values are empty; nothing while nothing is live. 0 or -ENOMEM. */
int app_staged_variables(const App *app, Variables *ret);

/* How many instances it is to have, into *ret, which is empty: its own wish; else what `release` says by its
 * app.json (NULL = the live deployment's release); else web=1. 0 or -ENOMEM. */
int app_formation(const App *app, const Release *release, Formation *ret);

/* Whether releases with these settings are built, or may be: a buildpack decides when it sees the tree. */
bool app_settings_build(const AppSettings *settings);

/* Whether the app is stopped: by Stop, or all of its instances by hand. The one answer for every verb. */
bool app_is_stopped(const App *app);
/* Whether an instance will take requests soon, so that requests which find none are worth keeping for a
 * moment: one is live or about to be, and nothing keeps it from running. */
bool app_expects_requests(const App *app);
/* Whether anything of it runs, is about to, or waits for its turn. */
bool app_is_busy(const App *app);

/* The deployment of it that runs (fetching to switching); NULL if none does. */
Deployment *app_running_deployment(const App *app);
/* The one that waits longest in `queued`; NULL if none does. */
Deployment *app_next_queued(const App *app);

/* Where people reach it: the model's base URL, or http and the machine's name (127.0.0.1 for a private app),
 * and its port. Caller frees; NULL when out of memory. */
char *app_url(const App *app);

/* How many of its old instances still finish their requests. */
unsigned app_count_draining(const App *app);

/* Where what the app with that id stores is. Caller frees; NULL when out of memory. */
char *app_data_path(uint64_t id);

/* deployd-apps-NAME.slice with `-` of the name written `_`. Caller frees; NULL when out of memory. */
char *app_slice(const App *app);
