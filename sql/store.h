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
/* Counts a fetch that is about to begin. Reply: number = how many there were with it. */
int store_repository_count_fetch(Store *store, const Repository *repository, const StoreAsk *ask);
/* The mirror is up to date and its default branch at `head`. Reply: at. */
int store_repository_fetched(Store *store, const Repository *repository, const char *head,
                             const StoreAsk *ask);
/* -EBUSY while an app uses it. */
int store_repository_delete(Store *store, const Repository *repository, const StoreAsk *ask);

/* Gives it the lowest free port of [low, high] for life. Reply: id, at = created_at, number = port; -ESTALE:
 * no port is free; -EEXIST: the name is taken; -EBUSY: the repository is gone. */
int store_app_insert(Store *store, const char *name, const Repository *repository,
                     const AppSettings *settings, uint16_t low, uint16_t high, const StoreAsk *ask);
int store_app_set(Store *store, const App *app, const AppSettings *settings, const StoreAsk *ask);
/* Variables that its app.json has values for, where it has none. Reply: nothing. */
int store_app_default_environment(Store *store, const App *app, const Variables *variables,
                                  const StoreAsk *ask);
/* What is wanted of it and how it is; `verb` is the event's: start, stop, … */
int store_app_set_status(Store *store, const App *app, bool stopped, AppStatus status, const char *verb,
                         const StoreAsk *ask);
int store_app_delete(Store *store, const App *app, const StoreAsk *ask);

/* Queues a deployment; `queue_max` bounds those waiting. Reply: id, at = created_at, and number = 1 if that
 * request id of that actor had made it before (id is then the old one). -ESTALE: the queue is full; -EINVAL:
 * that request id was used with other arguments; -EBUSY: the app is gone. */
int store_deployment_insert(Store *store, const App *app, const char *revision, const char *request_id,
                            uint64_t queue_max, const StoreAsk *ask);

/* A deployment of what is live once more, or of the release that deployment `rollback` (not 0) runs or ran;
 * and in the same transaction the app's whole environment if `environment` is not NULL. Reply: id, at =
 * created_at, number = the release; id 0 if nothing is live, or that release is not kept. -ESTALE: the queue
 * is full (and nothing was changed). */
int store_deployment_redeploy(Store *store, const App *app, uint64_t rollback, const Variables *environment,
                              uint64_t queue_max, const StoreAsk *ask);

/* One row of the flow table is taken: from → to by compare-and-set. `error_summary` exactly if it is to
 * fail. The app is `app_status` after it. Reply: at = now. */
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

/* Ports are given out from [low, high], from `next` on and then from the start. */
typedef struct StorePorts {
        uint16_t low, high, next;
} StorePorts;

/* The same move as store_deployment_move(), with instances and their ports. Reply: at, ports = one for each
 * instance, 0 for those without. -ESTALE: moved already, or not enough ports are free (number = 1 then). */
int store_deployment_start(Store *store, const Deployment *deployment, const FlowRow *row,
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

/* Past and present deployments, newest first: of `app` (NULL = all) with an id below `before` (0 = the
 * newest); or the one with `id` (0 = not that one). `done` gets -errno and NULL, or 0 and the records. */
typedef void (*StoreHistoryDone)(void *userdata, int error, const DeploymentRecord *records,
                                 size_t n_records);
int store_history(Store *store, const App *app, uint64_t before, uint64_t id, unsigned limit,
                  uint64_t deadline, StoreHistoryDone done, void *userdata, void (*drop)(void *userdata));
