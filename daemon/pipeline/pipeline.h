/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Drives deployments through the flow table (daemon/model/flow.c): an event is looked up, its row committed,
 * and only then is what the new status asks for begun. Callbacks of units, timers and the probe do nothing
 * but turn their outcome into an event. What people may ask for is in call.h. */

#include <systemd/sd-event.h>

#include "daemon/config.h"
#include "daemon/model/deployment.h"
#include "daemon/model/flow.h"
#include "daemon/pipeline/call.h"
#include "ingress/ingress.h"
#include "probe/client.h"
#include "sql/store.h"
#include "systemd/engine.h"

/* Of the limits that builds are held by, those that this machine does not enforce. */
#define LIMITS_MAX      4
#define SANDBOX_PROBING "probing"
typedef struct SandboxReport {
        const char *state;                   /* probing, enforced, partial */
        const char *missing[LIMITS_MAX + 1]; /* their names; ends with NULL */
} SandboxReport;

typedef struct PipelineParams {
        sd_event *event;
        Model *model;
        Store *store;
        Units *units;
        const Engine *engine; /* for instances; it gets `units` */
        ProbeClient *probe;
        Ingress *ingress;
        /* The configuration in force. */
        const Config *(*config)(void *userdata);
        /* Something happened that memory cannot be trusted after: the process is to end and be started
         * again, which reads everything again. `sentence` says what. */
        void (*fatal)(void *userdata, const char *sentence);
        /* Nothing of a removed app runs any more. May be NULL. */
        void (*app_gone)(void *userdata, uint64_t id, const char *name);
        /* pipeline_sandbox() is not `probing` any more. */
        void (*sandbox_known)(void *userdata);
        void *userdata;
} PipelineParams;

/* All members are borrowed and must outlive the pipeline. 0 or -ENOMEM. */
int pipeline_new(const PipelineParams *params, Pipeline **ret);
/* Forgets what is under way without ending it: units go on, and pipeline_resume() of the next start takes
 * them back. */
Pipeline *pipeline_free(Pipeline *pipeline);
DEFINE_CLEANUP(Pipeline *, pipeline_free);

/* Once, after the model is read: compares rows with units, ends units that no row knows, takes back those
 * that run, enters every status again that was left in the middle, and starts what should run. `resumed` is
 * called when all of that is known and under way; 0, or negative errno. Units that do not end hold it up for
 * 10 seconds at most; what needs one of them gone goes on waiting for it. If the apps on this machine are
 * not those of the database, nothing of it happens (pipeline_attention()), and `resumed` is called once more
 * when the administrator has decided. */
int pipeline_resume(Pipeline *pipeline, void (*resumed)(void *userdata, int error), void *userdata);

/* Why everything is left as it is, and changes are refused: a sentence; NULL = it is not. */
const char *pipeline_attention(const Pipeline *pipeline);

/* Where the wanted formations, the instances and `units` (names of units that are loaded, ends with NULL) do
 * not say the same: sentences, a list that ends with NULL, NULL if there are none; the caller frees each and
 * the list. What is stopped by hand or given up need not be loaded. Work that is under way shows, too. 0 or
 * -ENOMEM. */
int pipeline_compare(const Pipeline *pipeline, char *const *units, char ***ret);

/* What is known of the limits by now. */
const SandboxReport *pipeline_sandbox(const Pipeline *pipeline);

/* How long an ended deployment without a release stays published. */
#define PIPELINE_PUBLISHED_USEC (600 * USEC_PER_SEC)

/* The configuration is another one: what waits for a limit that was raised goes on. */
void pipeline_config_changed(Pipeline *pipeline);

/* The database is away, or back. What waits for it says so. */
void pipeline_database_changed(Pipeline *pipeline, bool away);

/* The ingress has done something, or says why it cannot. */
void pipeline_ingress_changed(Pipeline *pipeline);
