/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <math.h>
#include <systemd/sd-id128.h>

#include "daemon/model/app.h"

/* What was asked for. All but the first two run a release that is there, which is chosen when they begin. */
typedef enum DeploymentKind {
        DEPLOYMENT_KIND_UNSET,
        DEPLOYMENT_DEPLOY,
        DEPLOYMENT_REBUILD, /* the same, but what was built before does not count */
        DEPLOYMENT_ROLLBACK,
        DEPLOYMENT_REDEPLOY, /* by Redeploy or SetEnvironment */
        DEPLOYMENT_KIND_MAX,
} DeploymentKind;

/* The words of deployment.kind in the database. */
DECLARE_STRING_TABLE(deployment_kind, DeploymentKind);

/* Whether it makes a release of a commit. */
static inline bool deployment_kind_is_of_commit(DeploymentKind kind)
{
        return kind == DEPLOYMENT_DEPLOY || kind == DEPLOYMENT_REBUILD;
}

/* One attempt to bring one revision of an app to life. Times as in Repository. */
struct Deployment {
        Model *model; /* NULL until it is added */
        uint64_t id;
        App *app;
        DeploymentStatus status;
        char *requested_revision;
        char *revision;      /* 40 hex digits once known, else "" */
        char *image_tag;     /* "" until the release is there */
        uint64_t release_id; /* id of the deployment that built the release it runs; 0 = none yet */
        Release *release;    /* that it built itself, while it is kept; else NULL */
        DeploymentKind kind;
        uint64_t rollback_to; /* of a rollback: whose release is wished; 0 = the one before the live one */
        /* What counts from the next deployment on, as the app had it when this one began: it is kept as long
         * as anything of the deployment runs. Limits, formation and the like are the app's. */
        AppSettings settings;            /* without texts until it begins */
        EnvironmentVersion *environment; /* the same; NULL = no variables */
        uint64_t created_at, started_at, finished_at;
        uint16_t assigned_port; /* of web.1, kept when it is free again; 0 = none yet */
        char *error_summary;    /* "" unless failed */
        char *error_quote;      /* what its output said of it, behind that; for who may read logs */
        char *logs_path;
        uint32_t requested_by; /* uid */

        /* Not in the database. */
        char *status_text;     /* what the running step says */
        char *status_quote;    /* instead of that, for who may read logs: what its output said last; "" =
                                  nothing */
        char *warnings;        /* what does not keep it from being live: sentences, each with a newline */
        char *warnings_quoted; /* the same, of its output: for who may read logs */
        uint64_t waits_for; /* queued: the deployment of its app that it says it waits for, 0 = other apps */
        double progress;    /* 0…1 within the status, -1 = unknown */
        uint64_t settles_at; /* CLOCK_REALTIME microseconds: it takes the requests, and is live from then on
                                if it stays up; 0 = it does not, or is live */
        char *fetch_unit;    /* that has fetched for it since deployd started; NULL = none */
        bool grows;          /* more instances of it are being recorded */
        uint64_t chosen;     /* the release that it is about to begin with; 0 = none, or its own */
        bool release_goes;   /* its release is being forgotten: not kept any more, and in use by nothing */
        struct Attempt
                *step; /* of the pipeline: what is under way; freed by it before the deployment goes */

        LIST_HEAD(Instance, instances); /* web first, then by process and number */
        LIST_FIELDS(Deployment, app_deployments);
        LIST_FIELDS(Deployment, deployments);
};

/* `app` is borrowed. NULL when out of memory. */
Deployment *deployment_new(App *app, uint64_t id);
Deployment *deployment_free(Deployment *deployment);
DEFINE_CLEANUP(Deployment *, deployment_free);

/* It takes a slot: settings and variables are the app's of this moment, or of the version that it brings. 0
 * or -ENOMEM. */
int deployment_begin(Deployment *deployment);
/* The live deployment of an app that is stopped takes over the app's settings and variables of this moment.
 * 0 or -ENOMEM. */
int deployment_adopt(Deployment *deployment);
/* What it runs with, or would if it began now. Never NULL. */
const AppSettings *deployment_settings(const Deployment *deployment);
const Variables *deployment_variables(const Deployment *deployment);

/* APP:COMMIT12-ID, the name of the release that this deployment builds. Caller frees; NULL when out of
 * memory. */
char *deployment_make_image_tag(const Deployment *deployment);

/* The release it runs or is to run, owned by the deployment that built it; NULL if there is none yet, or it
 * is not kept any more. */
const Release *deployment_release(const Deployment *deployment);

/* Whether requests go to an instance. The ingress makes `routed` what `route` says, and tells when it has.
 */
typedef enum Route {
        ROUTE_NONE,     /* none, and nothing is left open */
        ROUTE_DRAINING, /* no new ones; those under way go on */
        ROUTE_READY,
} Route;

/* Whether an instance is to be restarted with its app. */
typedef enum RollingRestart {
        RESTART_NOT,
        RESTART_WAITS,  /* for its turn */
        RESTART_CLOSES, /* the only one: until no new requests go to it */
        RESTART_DRAINS, /* takes no new requests, and finishes those it has */
        RESTART_NOW,
} RollingRestart;

/* One running copy of one process type. */
struct Instance {
        Deployment *deployment;
        char *process;             /* web */
        unsigned number;           /* from 1 */
        uint16_t port;             /* 0 = none: only web instances have one */
        char *unit;                /* deployd-app-APP-ID.PROCESS.N.service */
        struct Keeper *keeper;     /* of the pipeline: watches its unit */
        uint64_t control_group_id; /* that its processes are in; 0 = none */
        bool by_hand; /* its unit was stopped by somebody else: it is left alone until Start, Deploy or boot
                       */
        bool missing; /* at the start of the daemon PID 1 did not have its unit */
        unsigned n_tries; /* so often deployd has started it again since it ran well */
        bool pausing;     /* it ends again and again, and is started again after a pause */
        bool given_up;    /* it is not started again any more */
        bool leaving;     /* it is one too many, and on its way out */
        bool fit;         /* the present run of its unit has passed the check: requests may go to it */
        RollingRestart restart;
        sd_id128_t restarted_from; /* the run that is to end */
        Route route;               /* as it should be */
        Route routed;              /* as haproxy has it */
        uint64_t drain_deadline; /* CLOCK_MONOTONIC microseconds: with route none, when open connections are
                                    shut; 0 = at once */
        LIST_FIELDS(Instance, instances);
};

/* Makes the instance, its unit's name from the deployment, and puts it in its place in the list. NULL when
 * out of memory. */
Instance *instance_new(Deployment *deployment, const char *process, unsigned number, uint16_t port);
Instance *instance_free(Instance *instance);

/* Its instance with that unit; NULL if it has none. */
Instance *deployment_instance(const Deployment *deployment, const char *unit);

/* web.1. Caller frees; NULL when out of memory. */
char *instance_dyno(const Instance *instance);

/* The IPv4 address at which the instance is to listen on its port, and gets its requests. Constant. */
const char *instance_address(const Instance *instance);
