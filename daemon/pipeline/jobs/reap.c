/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/jobs/reap.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/pipeline/files/environment.h"

struct Reap {
        Pipeline *pipeline;
        char *unit;
        ReapOwner owner;
        UnitCall *call;
        LIST_FIELDS(Reap, reaps);
};

Reap *reap_free(Reap *reap)
{
        if (!reap)
                return NULL;
        reap->pipeline->engine->call_free(reap->call);
        LIST_REMOVE(reaps, reap->pipeline->reaps, reap);
        free(reap->unit);
        free(reap);
        return NULL;
}

static void reap_on_gone(void *userdata, int error, const char *sentence)
{
        Reap *reap = userdata;
        Pipeline *pipeline = reap->pipeline;
        ReapOwner owner = reap->owner;
        _cleanup_free_ char *unit = NULL;

        reap->call = NULL;
        if (error < 0)
                log_warning("Cannot stop unit %s, ignoring: %s", reap->unit, sentence);
        if (error == -ETIMEDOUT)
                return;
        unit = TAKE_PTR(reap->unit);
        reap_free(reap);
        pipeline->events->unit_gone(pipeline, unit, owner.deployment, owner.repository);
}

static int reap_begin(Reap *reap)
{
        environment_forget_run(reap->unit);
        return reap->pipeline->engine->remove(reap->pipeline->units, reap->unit, reap->owner.kill,
                                              reap_on_gone, reap, &reap->call);
}

/* It is on its way already, perhaps for nobody until now; or it was left to itself. */
static int reap_join(Reap *reap, ReapOwner owner)
{
        if (owner.deployment)
                reap->owner.deployment = owner.deployment;
        if (owner.repository)
                reap->owner.repository = owner.repository;
        reap->owner.kill |= owner.kill;
        return reap->call ? 0 : reap_begin(reap);
}

static Reap *reap_find(const Pipeline *pipeline, const char *unit)
{
        Reap *reap;

        LIST_FOREACH (reaps, reap, pipeline->reaps)
                if (strcmp(reap->unit, unit) == 0)
                        break;
        return reap;
}

void reap_unit(Pipeline *pipeline, const char *unit, ReapOwner owner)
{
        Reap *reap = reap_find(pipeline, unit);
        int r;

        if (reap)
                r = reap_join(reap, owner);
        else {
                reap = calloc(1, sizeof(Reap));
                if (!reap)
                        return pipeline_oom(pipeline);
                *reap = (Reap){ .pipeline = pipeline, .owner = owner, .unit = strdup(unit) };
                LIST_PREPEND(reaps, pipeline->reaps, reap);
                r = reap->unit ? reap_begin(reap) : -ENOMEM;
        }
        if (r < 0) {
                reap_free(reap);
                pipeline_fatal(pipeline, "a unit could not be stopped");
        }
}

bool reap_is_pending_for_unit(const Pipeline *pipeline, const char *unit)
{
        return reap_find(pipeline, unit) != NULL;
}

bool reap_is_pending_for_name(const Pipeline *pipeline, UnitKind kind, const char *name)
{
        const Reap *reap;

        LIST_FOREACH (reaps, reap, pipeline->reaps) {
                _cleanup_unit_name_ UnitName parsed = {};

                if (unit_name_parse(reap->unit, &parsed) >= 0 && parsed.kind == kind &&
                    (name[0] == '\0' || strcmp(parsed.name, name) == 0))
                        return true;
        }
        return false;
}

char *reaps_describe(const Pipeline *pipeline)
{
        const Reap *reap;
        char *text = strdup("");

        LIST_FOREACH (reaps, reap, pipeline->reaps) {
                _cleanup_free_ char *before = text;

                text = before ? text_format("%s%s%s", before, before[0] == '\0' ? "" : ", ", reap->unit)
                              : NULL;
        }
        return text;
}

bool reap_is_pending_for_deployment(const Pipeline *pipeline, uint64_t id)
{
        const Reap *reap;

        LIST_FOREACH (reaps, reap, pipeline->reaps)
                if (reap->owner.deployment == id)
                        return true;
        return false;
}

bool reap_is_pending_for_repository(const Pipeline *pipeline, uint64_t id)
{
        const Reap *reap;

        LIST_FOREACH (reaps, reap, pipeline->reaps)
                if (reap->owner.repository == id)
                        return true;
        return false;
}
