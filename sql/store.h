/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The verbs of the database, one SQL statement each and so one transaction each: what is written is written
 * whole. Every change compares with what it expects and notes itself in the event log with an operation id,
 * so that a statement whose outcome was lost with the connection can be sent again (sql/pg.h). */

#include "daemon/model/app.h"
#include "daemon/model/deployment.h"
#include "daemon/model/flow.h"
#include "daemon/model/record.h"
#include "daemon/model/repository.h"
#include "sql/pg.h"

typedef struct Store Store;

/* What a verb brings back; each says which members it fills. Valid until the callback returns. */
typedef struct StoreReply {
        uint64_t id;
        uint64_t at; /* microseconds of CLOCK_REALTIME: when the database says it happened */
        uint64_t number;
        const char *text;
        uint16_t *ports;
        size_t n_ports;
        const char *sentence;   /* of a failure, else "" */
        const char *constraint; /* of a failure, else "" */
} StoreReply;

/* `error`: 0; -ESTALE if the row is not (any more) as the change expected; else those of PgDone. Called
 * exactly once and never from within the verb. */
typedef void (*StoreDone)(void *userdata, int error, const StoreReply *reply);

/* Who does it, how long it may wait for the database, and whom to tell. */
typedef struct StoreAsk {
        int64_t actor;     /* uid, or STORE_DEPLOYD */
        uint64_t deadline; /* CLOCK_MONOTONIC microseconds or USEC_INFINITY: see pg_submit() */
        StoreDone done;    /* may be NULL */
        void *userdata;
        void (*drop)(void *userdata); /* called instead of `done` if store_free() drops the request; may be
                                         NULL */
        uint64_t queue_share; /* of the queue's room: so many deployments of the actor wait at most; 0 = no
                                 bound */
} StoreAsk;

#define STORE_DEPLOYD ((int64_t) -1)

/* `pg` is borrowed and must outlive the store. NULL when out of memory. */
Store *store_new(Pg *pg);
/* Requests not done are dropped: see StoreAsk. Not from within a callback. */
Store *store_free(Store *store);
DEFINE_CLEANUP(Store *, store_free);

/* All verbs: 0 if the request is on its way, else negative errno as pg_submit() and no callback. */

/* Reads everything that is published into `model`, which is empty;
 * `published_usec`: how long an ended deployment stays. On failure the model has a part of it. Reply:
 * nothing. */
int store_load(Store *store, Model *model, uint64_t published_usec, const StoreAsk *ask);

/* Reply: id, at = created_at. -EEXIST if the name is taken. */
int store_repository_insert(Store *store, const char *name, const char *git_url, const char *default_branch,
                            const StoreAsk *ask);
/* Reply: nothing. */
int store_repository_set_git_url(Store *store, const Repository *repository, const char *git_url,
                                 const StoreAsk *ask);
int store_repository_set_default_branch(Store *store, const Repository *repository, const char *branch,
                                        const StoreAsk *ask);
int store_repository_set_submodules(Store *store, const Repository *repository, const char *submodules,
                                    const StoreAsk *ask);
/* Counts a fetch that is about to begin. Reply: number = how many there were with it. */
int store_repository_count_fetch(Store *store, const Repository *repository, const StoreAsk *ask);
/* The mirror is up to date and its default branch at `head`. Reply: at. */
int store_repository_fetched(Store *store, const Repository *repository, const char *head,
                             const StoreAsk *ask);
/* -EBUSY while an app uses it. */
int store_repository_delete(Store *store, const Repository *repository, const StoreAsk *ask);

/* Gives it the lowest free port of [low, high] for life. `data`: the removed app (its id) whose data and id
 * it takes over; 0 = none. Reply: id, at = created_at, number = port, 0 if that data is not there; -ESTALE:
 * no port is free; -EEXIST: the name is taken; -EBUSY: the repository is gone. */
int store_app_insert(Store *store, const char *name, const Repository *repository,
                     const AppSettings *settings, uint16_t low, uint16_t high, uint64_t data,
                     const StoreAsk *ask);
/* `apply`: for the live deployment, too, of an app that is stopped. */
int store_app_set(Store *store, const App *app, const AppSettings *settings, bool apply,
                  const StoreAsk *ask);
/* The live deployment gets the app's settings and environment of today: of an app that is stopped. -ESTALE:
 * nothing is live. */
int store_app_apply(Store *store, const App *app, const StoreAsk *ask);
/* What is wanted of it and how it is; `verb` is the event's: start, stop, … */
int store_app_set_status(Store *store, const App *app, bool stopped, AppStatus status, const char *verb,
                         const StoreAsk *ask);
/* Leaves a row of `removed_app`, whose data is kept for `keep_usec`. Reply: id, at = now, number = newest
 * deployment of any app. */
int store_app_delete(Store *store, const App *app, uint64_t keep_usec, const StoreAsk *ask);
/* The data of a removed app is about to be deleted, or `deleted`. -ESTALE: an app has it. Idempotent. */
int store_removed_app_set_data(Store *store, uint64_t id, bool deleted, const StoreAsk *ask);

/* What a new version of an app's environment is for. */
typedef enum StoreEnvironmentUse {
        STORE_ENVIRONMENT_UNSET,
        STORE_ENVIRONMENT_DEPLOY, /* a deployment of the live release is queued that brings it */
        STORE_ENVIRONMENT_LIVE,   /* the live deployment has it at once: its app is stopped */
        STORE_ENVIRONMENT_STAGE,  /* the next deployment has it */
        STORE_ENVIRONMENT_MAX,
} StoreEnvironmentUse;

/* `variables` are all of the app's from now on. Reply: id = the deployment, or 0; at; number = the version.
 * -ESTALE: the queue is full, and nothing was changed. */
int store_environment_set(Store *store, const App *app, const Variables *variables, StoreEnvironmentUse use,
                          uint64_t queue_max, const StoreAsk *ask);
/* The deployment runs with the values that its app.json has for variables that are not set, and so does
 * what is deployed after it. Reply: number = the version that it brings. */
int store_environment_default(Store *store, const Deployment *deployment, const Variables *variables,
                              const StoreAsk *ask);
/* Nothing refers to a version any more. Idempotent. */
int store_environment_forget(Store *store, uint64_t id, const StoreAsk *ask);

/* The greatest numbers that are in use outside of the database. */
typedef struct StoreNumbers {
        uint64_t app, deployment, repository;
} StoreNumbers;

/* Ids that are given out from now on are greater than these. Idempotent. */
int store_installation_raise(Store *store, const StoreNumbers *numbers, const StoreAsk *ask);
/* The disk of `machine` has the id of this database; `id`: this new one, null = as it is. Idempotent. */
int store_installation_set(Store *store, sd_id128_t id, sd_id128_t machine, const StoreAsk *ask);

/* Queues a deployment; `queue_max` bounds those waiting, ask->queue_share those of the actor. Reply: id, at
 * = created_at, and number = 1 if that request id of that actor had made it before (id is then the old one).
 * -ESTALE: the queue is full; -EINVAL: that request id was used with other arguments; -EBUSY: the app is
 * gone. */
int store_deployment_insert(Store *store, const App *app, const char *revision, const char *request_id,
                            DeploymentKind kind, uint64_t queue_max, const StoreAsk *ask);

/* Queues a deployment of a release that is there: of the live one, or of the one that deployment
 * `rollback_to` has (0 = the newest one built before the live one). Which that is, is decided when it
 * begins. Reply: id, at = created_at. -ESTALE: the queue is full. */
int store_deployment_redeploy(Store *store, const App *app, DeploymentKind kind, uint64_t rollback_to,
                              uint64_t queue_max, const StoreAsk *ask);

/* One row of the flow table is taken: from → to by compare-and-set. `error_summary` exactly if it is to
 * fail, with what is quoted behind a QUOTE_MARK. The app is `app_status` after it. If the deployment fails
 * or is cancelled while another one is live, the version of the environment that it brings is taken back.
 * Reply: at = now. */
int store_deployment_move(Store *store, const Deployment *deployment, const FlowRow *row,
                          const char *error_summary, AppStatus app_status, const StoreAsk *ask);

/* A release as it is about to be recorded. */
typedef struct StoreRelease {
        const char *digest; /* 64 hex digits */
        uint64_t files, bytes;
        const Release *release;
} StoreRelease;

/* The deployment runs release `release_id`, with its revision and image tag as memory has them; `made`: it
 * has built that one itself, and this is what it is; NULL = another has. Idempotent. Reply: at = now;
 * -EBUSY: that other is not kept any more. */
int store_deployment_set_release(Store *store, const Deployment *deployment, uint64_t release_id,
                                 const StoreRelease *made, const StoreAsk *ask);

/* One instance that is about to start. */
typedef struct StoreInstance {
        const char *process;
        unsigned number;
        const char *unit;
        bool port; /* it gets one */
} StoreInstance;

/* Ports are given out from [low, high], from `next` on and then from the start; not those that somebody
 * holds. */
typedef struct StorePorts {
        uint16_t low, high, next;
        const uint64_t *held; /* borrowed */
        size_t n_held;
} StorePorts;

/* The same move as store_deployment_move(), with instances and their ports; `release`: the one that was
 * chosen for it, 0 = it has its own. Reply: at, ports = one for each instance, 0 for those without. -ESTALE:
 * moved already; not enough ports are free (number = 1 then); the release is not kept any more (2). */
int store_deployment_start(Store *store, const Deployment *deployment, const FlowRow *row, uint64_t release,
                           const StoreInstance *instances, size_t n_instances, const StorePorts *range,
                           const StoreAsk *ask);
/* More instances of one that is live. Reply and errors as store_deployment_start(). */
int store_deployment_scale_up(Store *store, const Deployment *deployment, const StoreInstance *instances,
                              size_t n_instances, const StorePorts *range, const StoreAsk *ask);
/* It does not run any more: forgotten, with its port. Idempotent. */
int store_deployment_forget_instance(Store *store, const Instance *instance, const StoreAsk *ask);

/* The same move, with the one that was live becoming superseded by `replaced` and the app running, in one
 * transaction. Reply: at = now. */
int store_deployment_go_live(Store *store, const Deployment *deployment, const FlowRow *row,
                             const FlowRow *replaced, const StoreAsk *ask);

/* Nothing of it runs any more: its instances and their ports are forgotten. Idempotent. */
int store_deployment_forget_instances(Store *store, const Deployment *deployment, const StoreAsk *ask);
/* Where its archived log is. Idempotent. */
int store_deployment_set_logs_path(Store *store, uint64_t id, const char *path, const StoreAsk *ask);
/* The release that it built is not kept any more, unless something runs it or is about to. Reply: number =
 * how many were forgotten, 0 or 1. */
int store_deployment_forget_release(Store *store, uint64_t id, const StoreAsk *ask);

/* Past and present deployments, newest first: of the app with id `app` (0 = all) with an id below `before`
 * (0 = the newest); or the one with `id` (0 = not that one). `done` gets -errno and NULL, or 0 and the
 * records. */
typedef void (*StoreHistoryDone)(void *userdata, int error, const DeploymentRecord *records,
                                 size_t n_records);
int store_history(Store *store, uint64_t app, uint64_t before, uint64_t id, unsigned limit,
                  uint64_t deadline, StoreHistoryDone done, void *userdata, void (*drop)(void *userdata));
