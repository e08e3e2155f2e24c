/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What somebody may ask of deployd, one function for each, named by its noun. Values have been checked where
 * they entered (daemon/model/validate.h), and the caller is authorised; whether it makes sense now is
 * decided here.
 *
 * Each returns 0 when it has been taken up: then `done` is called exactly once, when the change is committed
 * (Fetch and Cancel: when all of it has happened). Or negative with *reterr filled: then `done` is never
 * called. Errors are those of the D-Bus contract, named by base/names.h. */

#include <stdarg.h>
#include <systemd/sd-bus.h>

#include "daemon/model/app.h"
#include "daemon/model/deployment.h"
#include "daemon/model/record.h"

typedef struct Pipeline Pipeline;

/* `error` is NULL on success; `id` is the deployment's where the call makes or returns one, else 0. May be
 * called before the function that took the call up has returned. */
typedef void (*CallDone)(void *userdata, const sd_bus_error *error, uint64_t id);

typedef struct Call {
        uid_t uid; /* who asks */
        CallDone done;
        void *userdata;
} Call;

/* Ends a call: it is answered, or refused with an error of that name. */
void call_answer(const Call *call, uint64_t id);
void call_refuse(const Call *call, const char *name, const char *format, ...) _printf_(3, 4);
void call_refusev(const Call *call, const char *name, const char *format, va_list arguments) _printf_(3, 0);

/* What a repository is reached with. NULL = not given, "" = none; else as credential_clean() makes it, of a
 * kind that fits the address. */
typedef struct RepositoryAccess {
        const char *credential, *known_hosts;
} RepositoryAccess;

int repository_create(Pipeline *pipeline, const char *name, const char *git_url, const char *default_branch,
                      const RepositoryAccess *access, const Call *call, sd_bus_error *reterr);
int repository_fetch(Pipeline *pipeline, Repository *repository, const Call *call, sd_bus_error *reterr);
/* `credential` as in RepositoryAccess. A token goes to no other server than the one it was given for: with
 * another one in the address, the repository has none until the old one is back. */
int repository_set_git_url(Pipeline *pipeline, Repository *repository, const char *git_url,
                           const char *credential, const Call *call, sd_bus_error *reterr);
/* These two are done at once. */
int repository_set_credential(Pipeline *pipeline, Repository *repository, const char *credential,
                              const Call *call, sd_bus_error *reterr);
int repository_set_known_hosts(Pipeline *pipeline, Repository *repository, const char *known_hosts,
                               const Call *call, sd_bus_error *reterr);
/* Makes a key, which takes the place of the credential. The line of its public half lives until the callback
 * returns; NULL with an error. */
typedef void (*KeyDone)(void *userdata, const sd_bus_error *error, const char *public_half);
int repository_generate_key(Pipeline *pipeline, Repository *repository, KeyDone done, void *userdata,
                            sd_bus_error *reterr);
int repository_set_default_branch(Pipeline *pipeline, Repository *repository, const char *branch,
                                  const Call *call, sd_bus_error *reterr);
int repository_set_submodules(Pipeline *pipeline, Repository *repository, const char *submodules,
                              const Call *call, sd_bus_error *reterr);
int repository_remove(Pipeline *pipeline, Repository *repository, const Call *call, sd_bus_error *reterr);

/* `data`: the removed app, by name or number, whose data it takes over; NULL or "" = none. */
int app_create(Pipeline *pipeline, const char *name, Repository *repository, const AppSettings *settings,
               const char *data, const Call *call, sd_bus_error *reterr);
/* `settings` are all of the app's: what does not change is as App.settings has it. */
int app_set(Pipeline *pipeline, App *app, const AppSettings *settings, const Call *call,
            sd_bus_error *reterr);
int app_start(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr);
int app_stop(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr);
int app_restart(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr);
/* What it has stored is kept for keep-removed-data. */
int app_remove(Pipeline *pipeline, App *app, bool force, const Call *call, sd_bus_error *reterr);

/* What builds have kept for the next one is removed; answered when that is done. AppBusy during a build. */
int app_clear_cache(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr);

/* `revision` "" = the app's branch; `request_id` NULL = none. */
int deployment_create(Pipeline *pipeline, App *app, const char *revision, const char *request_id,
                      DeploymentKind kind, const Call *call, sd_bus_error *reterr);
/* The live deployment once more, with the settings and variables of today; NotDeployed if nothing is live.
 * Id 0 if the app is stopped: then it starts with them. */
int app_redeploy(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr);
/* The release that deployment `to` runs or ran once more; 0 = the newest one that was built before the live
 * one, when its turn comes. NoSuchRelease if it is not kept. */
int app_rollback(Pipeline *pipeline, App *app, uint64_t to, const Call *call, sd_bus_error *reterr);
/* `environment` is all of the app's from now on. The live deployment is repeated with it, or what becomes
 * live before that; if this fails, the environment is taken back. Id 0 if nothing is to be deployed: nothing
 * is live, or the app is stopped and starts with it. */
int app_set_environment(Pipeline *pipeline, App *app, const Variables *environment, const Call *call,
                        sd_bus_error *reterr);
/* The same without a deployment: the next one runs with it. */
int app_stage_environment(Pipeline *pipeline, App *app, const Variables *environment, const Call *call,
                          sd_bus_error *reterr);

/* The archived log in plain text: `id` of `done` is a descriptor to read it from, borrowed until that
 * returns. FileNotFound while there is none. */
int deployment_open_log(Pipeline *pipeline, Deployment *deployment, const Call *call, sd_bus_error *reterr);
/* The same of any deployment there has been, by its id: the log as far as it is written by now, from the
 * journal if it is not archived; of one that runs the release of another deployment, the log of that one.
 * Empty if the journal has no lines of it. NoSuchDeployment; FileNotFound if it is queued, or its app is
 * being removed. */
int log_open(Pipeline *pipeline, uint64_t id, const Call *call, sd_bus_error *reterr);
int deployment_cancel(Pipeline *pipeline, Deployment *deployment, const Call *call, sd_bus_error *reterr);

/* What the database does not know, and what would become of it, or with `really` has: sentences, a list that
 * ends with NULL and lives until the callback returns; none if everything is known. */
typedef void (*AdoptDone)(void *userdata, const sd_bus_error *error, const char *const *lines);

/* The administrator decides that this database is the one: unknown data is moved aside, unknown units are
 * stopped, and deployd goes on. */
int pipeline_adopt(Pipeline *pipeline, bool really, AdoptDone done, void *userdata, sd_bus_error *reterr);
/* Before anything is changed: ForeignData if the apps on this machine are not those of the database, else 0.
 */
int pipeline_refuse_change(Pipeline *pipeline, sd_bus_error *reterr);

/* Newest first. The records live until the callback returns. */
typedef void (*HistoryDone)(void *userdata, const sd_bus_error *error, const DeploymentRecord *records,
                            size_t n_records);

/* Reads of the past are made one at a time, those of users in turn, so that they hold up neither changes nor
 * each other for long. `uid` asks. */

/* Deployments of `app` (NULL = of all) with an id below `before` (0 = from the newest), at most `limit`. */
int history_list(Pipeline *pipeline, const App *app, uint64_t before, unsigned limit, uid_t uid,
                 HistoryDone done, void *userdata, sd_bus_error *reterr);
/* The one with that id; NoSuchDeployment through `done` if there is none. */
int history_describe(Pipeline *pipeline, uint64_t id, uid_t uid, HistoryDone done, void *userdata,
                     sd_bus_error *reterr);
