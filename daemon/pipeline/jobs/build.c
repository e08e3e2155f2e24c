/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/jobs/build.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/files/environment.h"
#include "daemon/pipeline/files/release.h"
#include "daemon/pipeline/files/resolvers.h"

static char *source_path(uint64_t id)
{
        return text_format(PATH_SPOOL "/%" PRIu64 ".tar", id);
}

void build_forget(uint64_t id)
{
        _cleanup_free_ char *source = source_path(id), *environment = environment_path_once(id, NULL);

        if (source)
                (void) unlink(source);
        if (environment)
                (void) unlink(environment);
}

static int build_make_request(const Config *config, const AppSettings *settings, Ticket **ret)
{
        /* A directory in memory is bounded by its size. */
        bool on_disk = config->build_space == BUILD_SPACE_DISK;

        return ticket_make(
                (TicketLine[]){ { "buildpack", settings->buildpack },
                                { "command", settings->build_command },
                                { "max-bytes", .number = &config->build_disk_max },
                                { "max-tasks", .number = &config->build_tasks_max },
                                { "max-files", .number = &config->build_files_max },
                                { "max-depth", .number = &config->fetch_max_depth },
                                { "log-max", .number = &config->log_max },
                                { on_disk ? "min-free" : NULL, .number = &config->min_free_space },
                                {} },
                ret);
}

/* The tar gets a name, which everybody who gets there may read: nobody gets there but by the unit's bind. */
static int link_source(int fd, uint64_t id, char **ret)
{
        _cleanup_free_ char *path = source_path(id);
        int r;

        if (!path)
                return -ENOMEM;
        if (unlink(path) < 0 && errno != ENOENT)
                return -errno;
        if (fchmod(fd, 0444) < 0)
                return -errno;
        r = fd_link(fd, path);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(path);
        return 0;
}

static UnitNetwork build_unit_network(const Config *config)
{
        if (!config->build_network)
                return UNIT_NETWORK_NONE;
        return config->git_private_networks ? UNIT_NETWORK_OF_KIND : UNIT_NETWORK_PUBLIC;
}

static int build_start(Pipeline *pipeline, const BuildParams *params, Helper **ret)
{
        const Config *config = pipeline_config(pipeline);
        const App *app = params->deployment->app;
        _cleanup_free_ char *unit = NULL, *user = NULL, *directory = NULL, *work = NULL, *source = NULL,
                            *environment = NULL;
        _cleanup_(ticket_freep) Ticket *request = NULL;
        UnitSpec spec = UNIT_SPEC_INIT;
        int r;

        unit = unit_name_make(UNIT_BUILD, app->name, params->deployment->id, NULL, 0);
        user = unit_kind_user(UNIT_BUILD, app->id);
        directory = unit_kind_directory(UNIT_BUILD, app->id);
        work = directory ? text_format(STATE_PRIVATE "/%s", directory) : NULL;
        if (!unit || !user || !work)
                return -ENOMEM;
        r = build_make_request(config, deployment_settings(params->deployment), &request);
        if (r >= 0)
                r = link_source(params->source_fd, params->deployment->id, &source);
        if (r >= 0)
                r = environment_write_once(params->deployment, NULL, &environment);
        if (r < 0)
                return r;

        spec.kind = UNIT_BUILD;
        spec.name = unit;
        spec.user = user;
        spec.state_directory = spec.cache_directory = directory;
        spec.environment_file = environment;
        spec.arguments[0] = spec.stop_post[0] = unit_kind_row(spec.kind)->helper;
        /* However it ends, it leaves nothing but its cache. */
        spec.stop_post[1] = "clear";
        spec.binds[0] = (UnitBind){ source, PATH_BUILD_SOURCE, false };
        if (config->build_space == BUILD_SPACE_MEMORY) {
                spec.tmpfs = PATH_APP_TREE;
                spec.tmpfs_size = config->build_disk_max;
                spec.tmpfs_files = config->build_files_max;
        } else
                spec.binds[1] = (UnitBind){ work, PATH_APP_TREE, true };
        spec.network = build_unit_network(config);
        if (spec.network == UNIT_NETWORK_PUBLIC)
                resolvers_read(spec.reached);
        spec.stdout_fd = params->tar_fd;
        spec.timeout_usec = config->build_timeout;
        spec.stop_timeout_usec = HELPER_STOP_USEC;
        spec.file_size_max = config->build_disk_max + config->build_files_max * TAR_OVERHEAD_PER_FILE;
        spec.memory_max = config->build_memory_max;
        spec.shm_size = config->shm_max;
        spec.tasks_max = config->build_tasks_max;
        spec.log_app = app->name;
        spec.log_deployment = params->deployment->id;
        spec.log_revision = params->deployment->revision;
        return helper_new(pipeline,
                          &(HelperParams){ .what = "build",
                                           .spec = &spec,
                                           .request = request,
                                           .owner = { .deployment = params->deployment->id },
                                           .time_key = "build-timeout",
                                           .memory_key = "build-memory-max",
                                           .done = params->done,
                                           .text = params->text,
                                           .userdata = params->userdata },
                          ret);
}

int build_new(Pipeline *pipeline, const BuildParams *params, Helper **ret)
{
        int r;

        assert(pipeline);
        assert(params && params->done && params->text);
        assert(ret);

        r = build_start(pipeline, params, ret);
        if (r < 0)
                build_forget(params->deployment->id);
        return r;
}

void build_sweep(void)
{
        struct dirent **entries;
        int n = scandir(PATH_SPOOL, &entries, NULL, NULL);

        for (int i = 0; i < n; i++) {
                _cleanup_free_ char *path = text_format(PATH_SPOOL "/%s", entries[i]->d_name);

                if (path && entries[i]->d_name[0] != '.' && unlink(path) < 0)
                        log_warning("Cannot remove %s, ignoring: %m", path);
                free(entries[i]);
        }
        if (n >= 0)
                free(entries);
}
