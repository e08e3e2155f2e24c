/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/upkeep/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/call.h"
#include "daemon/pipeline/files/log-file.h"
#include "daemon/pipeline/files/release.h"
#include "daemon/pipeline/jobs/helper.h"

/* Somebody who waits for a log. */
typedef struct Reader {
        Call call;
        LIST_FIELDS(struct Reader, readers);
} Reader;

/* One run of deployd-archive. All of one deployment have the same unit name: one after another. */
struct Archive {
        Pipeline *pipeline;
        uint64_t deployment, app;
        char *name;  /* of the app */
        char *fetch; /* the unit that fetched; NULL = not known any more */
        int fd;      /* what it writes to: the log, or the log in plain text */
        bool reads;  /* the file, or the journal if there is none yet */
        LIST_HEAD(Reader, readers);
        Helper *helper;
        LIST_FIELDS(Archive, archives);
};

static Archive *archive_free(Archive *archive)
{
        LIST_REMOVE(archives, archive->pipeline->archives, archive);
        while (archive->readers) {
                Reader *reader = archive->readers;

                LIST_REMOVE(readers, archive->readers, reader);
                free(reader);
        }
        helper_free(archive->helper);
        closep(&archive->fd);
        free(archive->name);
        free(archive->fetch);
        free(archive);
        return NULL;
}

void archives_free(Pipeline *pipeline)
{
        while (pipeline->archives)
                archive_free(pipeline->archives);
}

static int keep_log(const Archive *archive)
{
        Pipeline *pipeline = archive->pipeline;
        Deployment *deployment = model_deployment(pipeline->model, archive->deployment);
        StoreAsk ask = { .actor = STORE_DEPLOYD, .deadline = USEC_INFINITY };
        _cleanup_free_ char *path = log_file_path(archive->app, archive->deployment);
        int r;

        if (!path)
                return -ENOMEM;
        r = log_file_commit(archive->fd, path);
        if (r < 0)
                return r;
        log_files_prune(archive->app, pipeline_config(pipeline)->keep_logs);
        r = store_deployment_set_logs_path(pipeline->store, archive->deployment, path, &ask);
        if (r < 0 || !deployment)
                return r;
        r = text_replace(&deployment->logs_path, path);
        model_changed_deployment(pipeline->model, deployment);
        return r;
}

static void answer_readers(Archive *archive, const char *failure)
{
        while (archive->readers) {
                Reader *reader = archive->readers;
                Call call = reader->call;
                _cleanup_close_ int fd = -1;

                LIST_REMOVE(readers, archive->readers, reader);
                free(reader);
                /* Each with an offset of its own. */
                if (!failure)
                        fd = fd_reopen(archive->fd, O_RDONLY);
                if (fd < 0)
                        call_refuse(&call, SD_BUS_ERROR_FAILED, "%s", failure ? failure : strerror(-fd));
                else
                        call_answer(&call, (uint64_t) fd);
        }
}

static void archive_on_done(void *userdata, const Ticket *answer, const char *failure)
{
        Archive *archive = userdata;
        int r = 0;

        if (archive->reads)
                answer_readers(archive, failure);
        else if (answer)
                r = keep_log(archive);
        if (!archive->reads && (failure || r < 0))
                log_warning("The log of deployment %" PRIu64 " could not be archived, ignoring: %s",
                            archive->deployment, failure ? failure : strerror(-r));
        archive_free(archive);
}

static int archive_make_request(const Archive *archive, const char *label, Ticket **ret)
{
        _cleanup_free_ char *path = log_file_path(archive->app, archive->deployment);

        if (!path)
                return -ENOMEM;
        return ticket_make((TicketLine[]){ { "app", label },
                                           { "deployment", .number = &archive->deployment },
                                           { "max", .number = &pipeline_config(archive->pipeline)->log_max },
                                           { "file", strrchr(path, '/') + 1 },
                                           { archive->fetch ? "fetch" : NULL, archive->fetch },
                                           {} },
                           ret);
}

/* The helper's verb. */
static const char *archive_verb(const Archive *archive)
{
        _cleanup_free_ char *path = log_file_path(archive->app, archive->deployment);

        if (!archive->reads)
                return "write";
        return path && access(path, F_OK) >= 0 ? "read" : "show";
}

static int archive_start_helper(Archive *archive)
{
        const Config *config = pipeline_config(archive->pipeline);
        _cleanup_free_ char *unit = NULL, *label = NULL, *directory = NULL;
        _cleanup_(ticket_freep) Ticket *request = NULL;
        UnitSpec spec = UNIT_SPEC_INIT;
        int r;

        unit = unit_name_make(UNIT_ARCHIVE, archive->name, archive->deployment, NULL, 0);
        label = unit_label_make(archive->name);
        if (!unit || !label)
                return -ENOMEM;
        r = log_directory_make(archive->app, &directory);
        if (r < 0)
                return r;
        archive->fd = archive->reads ? memfd_create("log", MFD_CLOEXEC)
                                     : open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (archive->fd < 0)
                return -errno;
        r = archive_make_request(archive, label, &request);
        if (r < 0)
                return r;

        spec.kind = UNIT_ARCHIVE;
        spec.name = unit;
        spec.arguments[0] = unit_kind_row(spec.kind)->helper;
        spec.arguments[1] = archive_verb(archive);
        if (archive->reads)
                spec.binds[0] = (UnitBind){ directory, "/srv", false };
        spec.stdout_fd = archive->fd;
        spec.timeout_usec = config->fetch_timeout;
        spec.stop_timeout_usec = HELPER_STOP_USEC;
        spec.log_app = archive->name;
        spec.log_deployment = archive->deployment;
        return helper_new(archive->pipeline,
                          &(HelperParams){ .what = "archive",
                                           .spec = &spec,
                                           .request = request,
                                           .done = archive_on_done,
                                           .userdata = archive },
                          &archive->helper);
}

static void archive_start_unit(Archive *archive)
{
        int r = archive_start_helper(archive);

        if (r < 0)
                archive_on_done(archive, NULL, strerror(-r));
}

static bool archive_may_begin(const Archive *archive)
{
        _cleanup_free_ char *unit =
                unit_name_make(UNIT_ARCHIVE, archive->name, archive->deployment, NULL, 0);
        const Archive *other;

        LIST_FOREACH (archives, other, archive->pipeline->archives)
                if (other->helper && other->deployment == archive->deployment)
                        return false;
        return !unit || !reap_is_pending_for_unit(archive->pipeline, unit);
}

void archives_poll(Pipeline *pipeline)
{
        Archive *archive, *next;

        assert(pipeline);

        LIST_FOREACH_SAFE (archives, archive, next, pipeline->archives)
                if (!archive->helper && archive_may_begin(archive))
                        archive_start_unit(archive);
}

bool archive_reuses(const Deployment *deployment)
{
        return deployment->release_id != 0 && deployment->release_id != deployment->id;
}

/* NULL when out of memory. */
static Archive *archive_add(Pipeline *pipeline, const App *app, uint64_t id, bool reads)
{
        const Deployment *deployment = model_deployment(pipeline->model, id);
        Archive *archive = calloc(1, sizeof(Archive));

        if (!archive)
                return NULL;
        *archive = (Archive){
                .pipeline = pipeline,
                .deployment = id,
                .app = app->id,
                .name = strdup(app->name),
                .fetch = deployment && deployment->fetch_unit ? strdup(deployment->fetch_unit) : NULL,
                .fd = -1,
                .reads = reads,
        };
        LIST_APPEND(archives, pipeline->archives, archive);
        return archive->name ? archive : archive_free(archive);
}

void archive_begin(Pipeline *pipeline, const Deployment *deployment)
{
        assert(pipeline);
        assert(deployment_status_is_finished(deployment->status));

        if (deployment->logs_path[0] != '\0' || deployment->started_at == 0 || archive_reuses(deployment) ||
            pipeline_config(pipeline)->keep_logs == 0)
                return;
        if (!archive_add(pipeline, deployment->app, deployment->id, /* reads= */ false))
                return pipeline_oom(pipeline);
        archives_poll(pipeline);
}

bool archive_is_being_written(const Pipeline *pipeline, uint64_t deployment)
{
        Archive *archive;

        LIST_FOREACH (archives, archive, pipeline->archives)
                if (!archive->reads && archive->deployment == deployment)
                        return true;
        return false;
}

/* The reading of that log that has not begun yet. */
static Archive *waiting_reading(const Pipeline *pipeline, uint64_t deployment)
{
        Archive *archive;

        LIST_FOREACH (archives, archive, pipeline->archives)
                if (archive->reads && !archive->helper && archive->deployment == deployment)
                        return archive;
        return NULL;
}

int archive_read(Pipeline *pipeline, const App *app, uint64_t deployment, const Call *call)
{
        Archive *archive;
        Reader *reader;

        assert(pipeline);
        assert(app);
        assert(call);

        reader = calloc(1, sizeof(Reader));
        archive = waiting_reading(pipeline, deployment);
        if (reader && !archive)
                archive = archive_add(pipeline, app, deployment, /* reads= */ true);
        if (!reader || !archive) {
                free(reader);
                return -ENOMEM;
        }
        reader->call = *call;
        LIST_APPEND(readers, archive->readers, reader);
        archives_poll(pipeline);
        return 0;
}

void archives_remove(Pipeline *pipeline, uint64_t app)
{
        Archive *archive, *next;

        assert(pipeline);

        LIST_FOREACH_SAFE (archives, archive, next, pipeline->archives)
                if (archive->app == app) {
                        answer_readers(archive, "its app was removed");
                        archive_free(archive);
                }
        log_files_prune(app, 0);
}
