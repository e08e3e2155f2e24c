/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/jobs/import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/names.h"
#include "base/text.h"
#include "daemon/model/persist.h"
#include "daemon/pipeline/files/release.h"
#include "daemon/pipeline/jobs/release-remove.h"

struct Import {
        uint64_t deployment;
        Helper *helper;
        HelperDone done;
        void *userdata;
};

Import *import_free(Import *import)
{
        if (!import)
                return NULL;
        helper_free(import->helper);
        free(import);
        return NULL;
}
DEFINE_CLEANUP(Import *, import_free);

static void import_on_done(void *userdata, const Ticket *answer, const char *failure)
{
        Import *import = userdata;
        int r = failure ? 0 : release_commit(import->deployment);
        _cleanup_free_ char *sentence = NULL;

        if (r >= 0)
                return import->done(import->userdata, answer, failure);
        sentence = text_format("import: the release could not be put in its place: %s", strerror(-r));
        import->done(import->userdata, NULL, sentence ? sentence : "out of memory");
}

static int copy_line(const char *key, const char *value, void *userdata)
{
        return ticket_set(userdata, key, value);
}

/* The directories that are kept: whatever the tree has, they are to be there. */
static int import_add_persist(const char *persist, Ticket *ticket)
{
        char **names;
        int r = persist_split(persist, &names);

        for (size_t i = 0; r >= 0 && names[i]; i++) {
                _cleanup_free_ char *key = text_format("directory.%zu", i + 1);

                r = key ? ticket_set(ticket, key, names[i]) : -ENOMEM;
        }
        if (r >= 0)
                text_free_list(names);
        return r;
}

static int import_make_request(const Config *config, const char *persist, const Ticket *built, Ticket **ret)
{
        _cleanup_(ticket_freep) Ticket *ticket = NULL;
        int r;

        r = ticket_make((TicketLine[]){ { "max-bytes", .number = built ? &config->build_disk_max
                                                                       : &config->fetch_max_bytes },
                                        { "max-files", .number = built ? &config->build_files_max
                                                                       : &config->fetch_max_files },
                                        { "max-depth", .number = &config->fetch_max_depth },
                                        {} },
                        &ticket);
        if (r >= 0)
                r = import_add_persist(persist, ticket);
        /* The processes that the buildpack has. */
        if (r >= 0 && built)
                r = ticket_foreach(built, "default.", copy_line, ticket);
        if (r >= 0)
                *ret = TAKE_PTR(ticket);
        return r;
}

int import_new(Pipeline *pipeline, Deployment *deployment, int tar_fd, const Ticket *built, HelperDone done,
               void *userdata, Import **ret)
{
        const Config *config = pipeline_config(pipeline);
        _cleanup_(import_freep) Import *import = calloc(1, sizeof(Import));
        _cleanup_free_ char *unit = NULL, *directory = NULL;
        _cleanup_(ticket_freep) Ticket *request = NULL;
        UnitSpec spec = UNIT_SPEC_INIT;
        int r;

        assert(pipeline);
        assert(deployment);
        assert(done);
        assert(ret);

        unit = unit_name_make(UNIT_IMPORT, deployment->app->name, deployment->id, NULL, 0);
        if (!import || !unit)
                return -ENOMEM;
        *import = (Import){ .deployment = deployment->id, .done = done, .userdata = userdata };
        r = release_prepare(pipeline, deployment->id, &directory);
        if (r >= 0)
                r = import_make_request(config, deployment_settings(deployment)->persist, built, &request);
        if (r < 0)
                return r;

        spec.kind = UNIT_IMPORT;
        spec.name = unit;
        spec.arguments[0] = unit_kind_row(spec.kind)->helper;
        spec.arguments[1] = "/srv";
        spec.binds[0] = (UnitBind){ directory, "/srv", true };
        spec.stdin_fd = tar_fd;
        spec.timeout_usec = config->fetch_timeout;
        spec.stop_timeout_usec = HELPER_STOP_USEC;
        spec.log_app = deployment->app->name;
        spec.log_deployment = deployment->id;

        r = helper_new(pipeline,
                       &(HelperParams){ .what = "import",
                                        .spec = &spec,
                                        .ticket_is_stdout = true,
                                        .request = request,
                                        .owner = { deployment->id, 0 },
                                        .done = import_on_done,
                                        .userdata = import },
                       &import->helper);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(import);
        return 0;
}
