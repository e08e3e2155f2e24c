/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/jobs/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/credential-kind.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/files/credential.h"
#include "daemon/pipeline/files/release.h"

struct Fetch {
        Pipeline *pipeline;
        Repository *repository;
        uint64_t repository_id, deployment;
        char *app; /* of the deployment, for the journal */
        char *revision, *directory;
        bool is_branch;
        bool submodules; /* as the request that was made last has it */
        int tar_fd;
        bool counting; /* its number is being asked for, or its unit runs */
        uint64_t generation;
        /* It waited already when that one began, which brings everything it needs: then it only looks into
         * the mirror. */
        uint64_t joined;
        bool mirror_is_fresh;
        Helper *helper;
        HelperDone done;
        OneshotText text;
        void *userdata;
        LIST_FIELDS(Fetch, fetches);
};

/* Those who had joined go on with the mirror as it is now; or, if that failed, each tries for itself. */
static void settle_joined(const Fetch *fetch, bool success)
{
        Fetch *other;

        LIST_FOREACH (fetches, other, fetch->pipeline->fetches)
                if (other->joined == fetch->generation) {
                        other->joined = 0;
                        other->mirror_is_fresh = success;
                }
}

Fetch *fetch_free(Fetch *fetch)
{
        Pipeline *pipeline;

        if (!fetch)
                return NULL;
        pipeline = fetch->pipeline;
        settle_joined(fetch, /* success= */ false);
        LIST_REMOVE(fetches, pipeline->fetches, fetch);
        helper_free(fetch->helper);
        closep(&fetch->tar_fd);
        free(fetch->app);
        free(fetch->revision);
        free(fetch->directory);
        free(fetch);
        if (!pipeline->ending)
                fetch_poll(pipeline);
        return NULL;
}

static bool wants_submodules(const Fetch *fetch)
{
        return strcmp(fetch->repository->submodules, "yes") == 0;
}

bool fetch_has_submodules(const Fetch *fetch)
{
        assert(fetch);
        return fetch->submodules;
}

static int fetch_make_request(Fetch *fetch, const Config *config, Ticket **ret)
{
        _cleanup_free_ char *schemes = text_join((const char *const *) config->git_schemes, " ");
        _cleanup_free_ char *local_paths = text_join((const char *const *) config->git_local_paths, " ");
        _cleanup_free_ char *no_proxy = text_join((const char *const *) config->git_no_proxy, " ");

        if (!schemes || !local_paths || !no_proxy)
                return -ENOMEM;
        fetch->submodules = wants_submodules(fetch);
        return ticket_make((TicketLine[]){ { "url", fetch->repository->git_url },
                                           { "schemes", schemes },
                                           { "local-paths", local_paths },
                                           { "proxy", config->git_proxy },
                                           { "no-proxy", no_proxy },
                                           { "branch", fetch->repository->default_branch },
                                           { "revision", fetch->revision },
                                           { "prefer", fetch->is_branch ? "branch" : "" },
                                           { "directory", fetch->directory },
                                           { "submodules", fetch->repository->submodules },
                                           { "tree", fetch->tar_fd >= 0 ? "yes" : "no" },
                                           { "stall-timeout", .number = &config->fetch_stall_timeout },
                                           { "max-bytes", .number = &config->fetch_max_bytes },
                                           { "max-files", .number = &config->fetch_max_files },
                                           { "max-depth", .number = &config->fetch_max_depth },
                                           {} },
                           ret);
}

static void fetch_on_done(void *userdata, const Ticket *answer, const char *failure)
{
        Fetch *fetch = userdata;

        settle_joined(fetch, answer != NULL);
        fetch->done(fetch->userdata, answer, failure);
}

static void fetch_on_text(void *userdata, const char *text)
{
        Fetch *fetch = userdata;

        if (fetch->text)
                fetch->text(fetch->userdata, text);
}

/* For its log. */
static int note_unit(const Fetch *fetch, const char *unit)
{
        Deployment *deployment = model_deployment(fetch->pipeline->model, fetch->deployment);

        return deployment ? text_replace(&deployment->fetch_unit, unit) : 0;
}

static int fetch_start_unit(Fetch *fetch, uint64_t number)
{
        UnitKind kind = fetch->mirror_is_fresh ? UNIT_RESOLVE : UNIT_FETCH;
        const Config *config = pipeline_config(fetch->pipeline);
        _cleanup_free_ char *unit = NULL, *user = NULL, *cache = NULL, *secret = NULL, *known_hosts = NULL;
        _cleanup_(ticket_freep) Ticket *request = NULL;
        UnitSpec spec = UNIT_SPEC_INIT;
        size_t n_credentials = 0;
        int r;

        unit = unit_name_make(kind, fetch->repository->name, number, NULL, 0);
        user = unit_kind_user(UNIT_FETCH, fetch->repository_id);
        cache = unit_kind_directory(UNIT_FETCH, fetch->repository_id);
        if (!unit || !user || !cache)
                return -ENOMEM;
        r = fetch_make_request(fetch, config, &request);
        if (r >= 0 && kind == UNIT_FETCH)
                r = credential_find(fetch->repository, &secret, &known_hosts);
        if (r >= 0)
                r = note_unit(fetch, unit);
        if (r < 0)
                return r;

        spec.kind = kind;
        spec.name = unit;
        spec.user = user;
        spec.cache_directory = cache;
        spec.arguments[0] = unit_kind_row(spec.kind)->helper;
        spec.arguments[1] = fetch->mirror_is_fresh ? "resolve" : "fetch";
        spec.stdout_fd = fetch->tar_fd;
        spec.timeout_usec = config->fetch_timeout;
        spec.stop_timeout_usec = HELPER_STOP_USEC;
        spec.file_size_max = config->fetch_max_bytes + config->fetch_max_files * TAR_OVERHEAD_PER_FILE;
        spec.log_app = fetch->app;
        spec.log_deployment = fetch->deployment;
        if (secret)
                spec.credentials[n_credentials++] = (UnitCredential){ CREDENTIAL_SECRET, secret };
        if (known_hosts)
                spec.credentials[n_credentials++] = (UnitCredential){ CREDENTIAL_KNOWN_HOSTS, known_hosts };
        if (text_is_local_url(fetch->repository->git_url))
                for (size_t i = 0; i < UNIT_SPEC_BINDS_MAX && config->git_local_paths[i]; i++)
                        spec.binds[i] =
                                (UnitBind){ config->git_local_paths[i], config->git_local_paths[i], false };

        return helper_new(fetch->pipeline,
                          &(HelperParams){ .what = "fetch",
                                           .spec = &spec,
                                           .request = request,
                                           .time_key = "fetch-timeout",
                                           .owner = { fetch->deployment, fetch->repository_id },
                                           .done = fetch_on_done,
                                           .text = fetch_on_text,
                                           .userdata = fetch },
                          &fetch->helper);
}

/* The request refers to the fetch by its generation: the fetch may be gone when its number comes. */
typedef struct Count {
        Pipeline *pipeline;
        uint64_t generation;
} Count;

static uint64_t last_generation;

static void on_counted(void *userdata, int error, const StoreReply *reply)
{
        _cleanup_free_ Count *count = userdata;
        Fetch *fetch;
        int r;

        LIST_FOREACH (fetches, fetch, count->pipeline->fetches)
                if (fetch->generation == count->generation)
                        break;
        if (!fetch)
                return;
        r = error < 0 ? error : fetch_start_unit(fetch, reply->number);
        if (r < 0)
                fetch->done(fetch->userdata, NULL,
                            error < 0 && reply->sentence[0] != '\0' ? reply->sentence : strerror(-r));
}

static void fetch_begin(Fetch *fetch)
{
        Fetch *other;
        Count *count = calloc(1, sizeof(Count));
        StoreAsk ask = { STORE_DEPLOYD, USEC_INFINITY, on_counted, count, free };

        fetch->counting = true;
        /* Which submodules there are is only seen when the commit is there, so nobody fetches those of
         * others. */
        if (!fetch->mirror_is_fresh && !wants_submodules(fetch))
                LIST_FOREACH (fetches, other, fetch->pipeline->fetches)
                        if (other->repository_id == fetch->repository_id && !other->counting)
                                other->joined = fetch->generation;
        if (count)
                *count = (Count){ fetch->pipeline, fetch->generation };
        if (!count || store_repository_count_fetch(fetch->pipeline->store, fetch->repository, &ask) < 0) {
                free(count);
                pipeline_fatal(fetch->pipeline, "a fetch could not be begun");
        }
}

/* Nobody before it in the line writes the same mirror, and no unit that did is still there. Who only reads
 * it waits for nobody. */
static bool fetch_may_begin(const Fetch *fetch)
{
        const Fetch *other;

        if (fetch->counting || fetch->joined)
                return false;
        if (fetch->mirror_is_fresh)
                return true;
        if (reap_is_pending_for_repository(fetch->pipeline, fetch->repository_id))
                return false;
        LIST_FOREACH (fetches, other, fetch->pipeline->fetches) {
                if (other == fetch)
                        return true;
                if (other->repository_id == fetch->repository_id)
                        return false;
        }
        return false;
}

void fetch_poll(Pipeline *pipeline)
{
        Fetch *fetch;

        LIST_FOREACH (fetches, fetch, pipeline->fetches)
                if (fetch_may_begin(fetch))
                        fetch_begin(fetch);
}

int fetch_new(Pipeline *pipeline, const FetchParams *params, Fetch **ret)
{
        Fetch *fetch = calloc(1, sizeof(Fetch));

        assert(pipeline);
        assert(params && params->done);
        assert(ret);

        if (!fetch)
                return -ENOMEM;
        *fetch = (Fetch){
                .pipeline = pipeline,
                .repository = params->repository,
                .repository_id = params->repository->id,
                .deployment = params->deployment ? params->deployment->id : 0,
                .tar_fd = params->tar_fd < 0 ? -1 : fcntl(params->tar_fd, F_DUPFD_CLOEXEC, 3),
                .revision = strdup(params->revision),
                .directory = strdup(params->directory),
                .is_branch = params->is_branch,
                .app = params->deployment ? strdup(params->deployment->app->name) : NULL,
                .generation = ++last_generation,
                .mirror_is_fresh = params->mirror_only,
                .done = params->done,
                .text = params->text,
                .userdata = params->userdata,
        };
        LIST_APPEND(fetches, pipeline->fetches, fetch);
        if (!fetch->revision || !fetch->directory || (params->deployment && !fetch->app) ||
            (params->tar_fd >= 0 && fetch->tar_fd < 0)) {
                fetch_free(fetch);
                return -ENOMEM;
        }
        *ret = fetch;
        if (fetch_may_begin(fetch))
                fetch_begin(fetch);
        return 0;
}
