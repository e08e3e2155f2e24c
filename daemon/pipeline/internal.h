/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the pipeline share. */

#include "base/list.h"
#include "base/ticket.h"
#include "daemon/model/app.h"
#include "daemon/model/repository.h"
#include "daemon/model/unit-name.h"
#include "daemon/pipeline/pipeline.h"
#include "systemd/unit-spec.h"

typedef struct Adoption Adoption;
typedef struct Archive Archive;
typedef struct Attempt Attempt;
typedef struct Retirement Retirement;
typedef struct Fetch Fetch;
typedef struct Helper Helper;
typedef struct Import Import;
typedef struct Keeper Keeper;
typedef struct SandboxProbe SandboxProbe;
typedef struct ReleaseCommand ReleaseCommand;
typedef struct Ownership Ownership;
typedef struct Reap Reap;
typedef struct Cancellation Cancellation;

/* What the files below say to those above, which they do not know: pipeline.c joins them. */
typedef struct PipelineEvents {
        /* That unit is gone; of which deployment, and of a fetch of which repository: 0 = of none. */
        void (*unit_gone)(Pipeline *pipeline, const char *unit, uint64_t deployment, uint64_t repository);
        /* Pipeline.sandbox is not `probing` any more. */
        void (*limits_known)(Pipeline *pipeline);
        /* A fetch has seen its default branch at that commit. */
        void (*head_seen)(Pipeline *pipeline, Repository *repository, const char *head);
        /* The row is committed, and the work of the new status has begun. */
        void (*moved)(Pipeline *pipeline, Deployment *deployment, const FlowRow *row);
} PipelineEvents;

/* What becomes of an instance. */
typedef struct InstanceEvents {
        /* Before it is live: its unit runs. */
        void (*runs)(Pipeline *pipeline, Deployment *deployment);
        /* It is fit for requests. */
        void (*fit)(Pipeline *pipeline, Deployment *deployment);
        /* Before it is live: its unit has ended. `failed` follows, when it is known what it said last. */
        void (*ended)(Pipeline *pipeline, Deployment *deployment);
        void (*failed)(Pipeline *pipeline, Deployment *deployment, const char *sentence);
        /* Before it is live: what is waited for is another. */
        void (*awaits)(Pipeline *pipeline, Deployment *deployment, const char *sentence);
        /* It is live, and something about it is different. */
        void (*changed)(Pipeline *pipeline, Deployment *deployment);
} InstanceEvents;

/* What a status asks for: when it is entered, and when it is about to be left for failed or cancelled (NULL
 * = nothing). */
typedef struct Step {
        void (*enter)(Pipeline *pipeline, Deployment *deployment);
        void (*leave)(Pipeline *pipeline, Deployment *deployment);
} Step;

struct Pipeline {
        PipelineParams params;
        const PipelineEvents *events;
        const InstanceEvents *instance_events;
        const Step *steps; /* one for each DeploymentStatus */
        Model *model;
        Store *store;
        Units *units;
        const Engine *engine;             /* what instances ask for their units */
        bool ending;                      /* pipeline_free(): what runs is left alone */
        bool resuming, resumed;           /* waiting for the units that nobody knows to be gone; done */
        sd_event_source *resume_patience; /* when that has taken long enough */
        bool database_away;
        UnitCall *listing;
        void (*on_resumed)(void *userdata, int error);
        void *on_resumed_userdata;
        uint16_t next_port; /* where the search for a free port begins */
        LIST_HEAD(struct PortsAsk, ports_asks);
        struct PortsWatch *ports_watch;
        unsigned n_moving_to_slot; /* deployments whose first row is being committed */
        sd_event_source *space_look;
        Ownership *ownership;       /* whether the apps of this machine are those of the database */
        Adoption *adoption;         /* while the administrator's decision about that is carried out */
        sd_event_source *retention; /* when the data of the next removed app is due */
        SandboxProbe *limits;       /* while they are tried */
        SandboxReport sandbox;
        sd_event_source *expiry;   /* when the next ended deployment is no longer published */
        LIST_HEAD(Fetch, fetches); /* in the order they were asked for */
        LIST_HEAD(Reap, reaps);
        LIST_HEAD(struct Removal, removals); /* units that remove release directories */
        uint64_t n_removed;                  /* numbers the trash */
        LIST_HEAD(struct Archive, archives); /* in the order they were asked for */
        LIST_HEAD(Retirement, retirements);
        LIST_HEAD(struct Leaving, leavings); /* instances that are one too many */
        LIST_HEAD(Cancellation, cancellations);
        LIST_HEAD(struct RepositoryFetch, repository_fetches);
        LIST_HEAD(struct KeyMaker, key_makers);
        LIST_HEAD(struct Purge, purges);
        LIST_HEAD(struct History, histories); /* reads of the past that wait for their turn, oldest first */
        struct History *history;              /* the one that is under way */
        uid_t history_uid;                    /* whose turn it was last */
        sd_event_source *history_patience;    /* when the next of those that wait has waited too long */
};

static inline const Config *pipeline_config(const Pipeline *pipeline)
{
        return pipeline->params.config(pipeline->params.userdata);
}

/* PipelineParams.fatal. */
static inline void pipeline_fatal(const Pipeline *pipeline, const char *what)
{
        pipeline->params.fatal(pipeline->params.userdata, what);
}

static inline void pipeline_oom(const Pipeline *pipeline)
{
        pipeline_fatal(pipeline, "out of memory");
}
