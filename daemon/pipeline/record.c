/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/record.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "daemon/pipeline/instances.h"

/* The process type that is run once, before what is deployed starts. */
#define PROCESS_RELEASE "release"

/* A release on its way into the database. It refers to the deployment by its id: an app may be removed
 * meanwhile. */
typedef struct Record {
        Pipeline *pipeline;
        uint64_t deployment, release_id;
        Release *release; /* NULL = that of another deployment */
} Record;

static void record_free(void *userdata)
{
        Record *record = userdata;

        release_free(record->release);
        free(record);
}

void record_done(Pipeline *pipeline, Deployment *deployment)
{
        const Release *release = deployment_release(deployment);
        bool command = release && release_has_process(release, PROCESS_RELEASE);

        attempt_handle(pipeline, deployment, command ? FLOW_COMMAND : FLOW_DONE, NULL);
}

static void on_recorded(void *userdata, int error, const StoreReply *reply)
{
        Record *record = userdata;
        Pipeline *pipeline = record->pipeline;
        Deployment *deployment = model_deployment(pipeline->model, record->deployment);

        if (deployment && error < 0)
                attempt_fail(pipeline, deployment, "the release could not be recorded: %s",
                             reply->sentence[0] ? reply->sentence : strerror(-error));
        else if (deployment) {
                deployment->release_id = record->release_id;
                if (record->release) {
                        release_free(deployment->release);
                        deployment->release = TAKE_PTR(record->release);
                }
                model_changed_deployment(pipeline->model, deployment);
                record_done(pipeline, deployment);
        }
        record_free(record);
}

/* Takes `release`. */
static void record(Attempt *attempt, uint64_t release_id, StoreRelease *made, Release *release)
{
        Pipeline *pipeline = attempt->pipeline;
        Record *record = calloc(1, sizeof(Record));
        StoreAsk ask = { STORE_DEPLOYD, USEC_INFINITY, on_recorded, record, record_free };
        int r;

        if (!record) {
                release_free(release);
                return pipeline->params.fatal(pipeline->params.userdata, "out of memory");
        }
        *record = (Record){ pipeline, attempt->deployment->id, release_id, release };
        if (made)
                made->release = release;
        r = store_deployment_set_release(pipeline->store, attempt->deployment, release_id, made, &ask);
        if (r < 0) {
                record_free(record);
                pipeline->params.fatal(pipeline->params.userdata,
                                       "a change could not be sent to the database");
        }
}

static int add_process(const char *key, _unused_ const char *value, void *userdata)
{
        return formation_set(userdata, key + strlen("process."), 1);
}

/* 0, -errno. */
static int read_answer(const Ticket *answer, StoreRelease *made, Release *release)
{
        int r;

        made->digest = ticket_get(answer, "digest");
        if (!made->digest)
                return -EBADMSG;
        r = ticket_get_u64(answer, "files", INT64_MAX, &made->files);
        if (r >= 0)
                r = ticket_get_u64(answer, "bytes", INT64_MAX, &made->bytes);
        if (r >= 0)
                r = ticket_foreach(answer, "process.", add_process, &release->processes);
        return r;
}

void record_import(Attempt *attempt, const Ticket *answer, const char *build_key, const char *buildpack)
{
        Deployment *deployment = attempt->deployment;
        _cleanup_(release_freep) Release *release = release_new();
        _cleanup_free_ char *sentence = NULL;
        _cleanup_plan_ Plan plan = {};
        StoreRelease made = {};
        int r;

        assert(attempt);
        assert(answer);

        r = release ? read_answer(answer, &made, release) : -ENOMEM;
        if (r >= 0)
                r = text_replace(&release->build_key, build_key);
        if (r >= 0)
                r = text_replace(&release->buildpack, buildpack);
        if (r < 0) {
                attempt_fail(attempt->pipeline, deployment, "import: its answer is not usable: %s",
                             strerror(-r));
                return;
        }
        /* What cannot be started need not be kept, nor have its release command run. */
        r = plan_make(deployment, release, &plan, &sentence);
        if (r < 0)
                attempt_fail(attempt->pipeline, deployment, "%s", sentence ? sentence : strerror(-r));
        else
                record(attempt, deployment->id, &made, TAKE_PTR(release));
}

void record_reuse(Attempt *attempt, const Deployment *builder)
{
        assert(attempt);
        assert(builder);

        /* Nobody may forget it from now on. */
        attempt->deployment->release_id = builder->id;
        if (text_replace(&attempt->deployment->image_tag, builder->image_tag) < 0)
                return attempt->pipeline->params.fatal(attempt->pipeline->params.userdata, "out of memory");
        record(attempt, builder->id, NULL, NULL);
}
