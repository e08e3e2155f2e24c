/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What deployd knows: repositories, their apps, and of the deployments those that are published. A cache of
 * the database: it is changed only after the change is committed, and a part that wants to know of changes
 * is an observer. */

#include <systemd/sd-id128.h>

#include "base/cleanup.h"
#include "base/list.h"
#include "daemon/model/deployment-status.h"

typedef struct Model Model;
typedef struct Repository Repository;
typedef struct App App;
typedef struct Deployment Deployment;
typedef struct Instance Instance;
typedef struct Observer Observer;
typedef struct RemovedApp RemovedApp;

/* Told after a change. Members may be NULL. `change` is a set of CHANGED_*; a removed object is still whole
 * when its observer is told and gone when that returns. */
struct Observer {
        void (*repository_added)(void *userdata, Repository *repository);
        void (*repository_changed)(void *userdata, Repository *repository);
        void (*repository_removed)(void *userdata, Repository *repository);
        void (*app_added)(void *userdata, App *app);
        void (*app_changed)(void *userdata, App *app);
        void (*app_removed)(void *userdata, App *app);
        void (*deployment_added)(void *userdata, Deployment *deployment);
        void (*deployment_changed)(void *userdata, Deployment *deployment);
        /* Its status is now live, failed or cancelled. */
        void (*deployment_finished)(void *userdata, Deployment *deployment);
        void (*deployment_removed)(void *userdata, Deployment *deployment);
        void *userdata;
        LIST_FIELDS(Observer, observers);
};

/* Which data belongs to the database, and how far its numbers have come. */
typedef struct InstallationRow {
        sd_id128_t id;
        sd_id128_t machine; /* whose disk has the id in its files; null = none has */
        uint64_t last_app, last_deployment, last_repository; /* the greatest ids that were given out */
} InstallationRow;

struct Model {
        void *repositories_by_name; /* tsearch(3) trees */
        void *apps_by_name;
        void *deployments_by_id;
        LIST_HEAD(Repository, repositories);
        LIST_HEAD(App, apps);
        LIST_HEAD(Deployment, deployments);
        LIST_HEAD(Observer, observers);
        InstallationRow installation;
        LIST_HEAD(RemovedApp, removed_apps); /* those whose data is not deleted yet, newest first */
        const char *base_url;         /* how App.Url begins, "" = by the app's access mode; borrowed from the
                                         configuration */
        unsigned n_queued, n_running; /* deployments in these statuses */
        unsigned n_ports_assigned;    /* of [ports] range */
};

Model *model_new(void);
Model *model_free(Model *model);
DEFINE_CLEANUP(Model *, model_free);

/* Forgets every object, telling nobody: before the database is read again. */
void model_clear(Model *model);

void model_observe(Model *model, Observer *observer);
void model_unobserve(Model *model, Observer *observer);

Repository *model_repository(const Model *model, const char *name);
App *model_app(const Model *model, const char *name);
App *model_app_by_id(const Model *model, uint64_t id); /* looks through all */
Deployment *model_deployment(const Model *model, uint64_t id);

/* Each takes ownership of the object and tells the observers. 0, -EEXIST (name or id is there: the object
 * stays the caller's), -ENOMEM. */
int model_add_repository(Model *model, Repository *repository);
int model_add_app(Model *model, App *app);
int model_add_deployment(Model *model, Deployment *deployment);

/* Each tells the observers, then frees the object and what hangs on it. */
void model_remove_repository(Model *model, Repository *repository); /* it has no apps any more */
void model_remove_app(Model *model, App *app);                      /* its deployments go with it */
void model_remove_deployment(Model *model, Deployment *deployment);

/* Tell the observers that something about the object is different now. */
void model_changed_repository(Model *model, Repository *repository);
void model_changed_app(Model *model, App *app);
void model_changed_deployment(Model *model, Deployment *deployment);

/* The one place where a status changes: keeps the counts and App.live right and tells the observers. */
void model_set_deployment_status(Model *model, Deployment *deployment, DeploymentStatus status);
