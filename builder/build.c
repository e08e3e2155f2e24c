/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "builder/build.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "builder/buildpack.h"
#include "builder/child.h"
#include "builder/defaults.h"
#include "builder/environment.h"
#include "builder/wanted.h"
#include "builder/workspace.h"
#include "release/pack.h"
#include "release/refuse.h"

/* In the app's cache: what buildpacks keep, and the home directory, where package managers keep theirs. */
#define CACHE_BUILD "/build"
#define CACHE_HOME  "/home"

typedef struct Build {
        const Request *request;
        Output output;
        Watch watch;
        int work_fd, cache_fd, tmp_fd;
        char *cache, *home; /* paths */
        Environment *environment;
        Buildpacks *buildpacks;
        const Buildpack *packs[WANTED_MAX]; /* that build it, in this order */
        size_t n_packs;
        const Buildpack *buildpack; /* of them, the one whose turn it is; NULL = none */
        char **reterr;
} Build;

static void build_done(Build *build)
{
        output_done(&build->output);
        watch_done(&build->watch);
        closep(&build->work_fd);
        closep(&build->cache_fd);
        closep(&build->tmp_fd);
        free(build->cache);
        free(build->home);
        environment_free(build->environment);
        buildpacks_free(build->buildpacks);
}

/* A cache only grows, and what fills the build's share of the disk would fail every build from then on: half
 * of it is enough. */
static int bound_cache(Build *build)
{
        uint64_t bytes;
        SizeText text;
        int r = watch_measure(build->cache_fd, &bytes);

        if (r >= 0 && bytes <= build->request->limits.max_bytes / 2)
                return 0;
        if (r < 0)
                output_say(&build->output, "-----> Clearing the cache: %s", strerror(-r));
        else
                output_say(&build->output, "-----> Clearing the cache, which has %s",
                           text_size(bytes, text));
        r = workspace_clear(build->cache_fd);
        return r < 0 ? refuse(build->reterr, r, "cannot clear the cache: %s", strerror(-r)) : 0;
}

static int clear_work(Build *build)
{
        int r = workspace_clear(build->work_fd);

        return r < 0 ? refuse(build->reterr, r, "cannot clear the work directory: %s", strerror(-r)) : 0;
}

/* Opens and clears the directories, and begins to watch them. */
static int build_prepare(Build *build)
{
        const char *cache = getenv("CACHE_DIRECTORY");
        int r;

        if (text_is_empty(cache))
                return refuse(build->reterr, -EINVAL, "there is no CACHE_DIRECTORY");
        build->cache = text_format("%s" CACHE_BUILD, cache);
        build->home = text_format("%s" CACHE_HOME, cache);
        if (!build->cache || !build->home)
                return -ENOMEM;
        build->work_fd = workspace_open(PATH_APP_TREE, /* make= */ false, build->reterr);
        if (build->work_fd < 0)
                return build->work_fd;
        build->cache_fd = workspace_open(cache, /* make= */ false, build->reterr);
        if (build->cache_fd < 0)
                return build->cache_fd;
        build->tmp_fd = workspace_open("/tmp", /* make= */ false, build->reterr);
        if (build->tmp_fd < 0)
                return build->tmp_fd;

        r = clear_work(build);
        if (r >= 0)
                r = bound_cache(build);
        for (size_t i = 0; i < 2 && r >= 0; i++) {
                _cleanup_close_ int fd =
                        workspace_open(i == 0 ? build->cache : build->home, /* make= */ true, build->reterr);

                r = fd < 0 ? fd : 0;
        }
        if (r < 0)
                return r;
        build->watch = (Watch){
                .directories = { build->work_fd, build->cache_fd, build->tmp_fd },
                .max_bytes = build->request->limits.max_bytes,
                .min_free = build->request->min_free,
                .max_tasks = build->request->max_tasks,
        };
        watch_begin(&build->watch);
        return environment_new(build->home, build->cache, &build->environment, build->reterr);
}

static int build_unpack(Build *build)
{
        _cleanup_close_ int fd = open(PATH_BUILD_SOURCE, O_RDONLY | O_CLOEXEC);
        _cleanup_(manifest_freep) Manifest *manifest = manifest_new();
        UnpackCount count;
        mode_t mask;
        int r;

        if (fd < 0)
                return refuse(build->reterr, -errno, "cannot open the source: %s", strerror(errno));
        if (!manifest)
                return -ENOMEM;
        mask = umask(0);
        r = unpack_tar(fd, build->work_fd, &build->request->limits, manifest, &count, build->reterr);
        (void) umask(mask);
        return r;
}

/* Runs a program of the buildpack, with up to three arguments, or with NULL for its name the app's command.
 */
static int build_run_program(Build *build, const char *program, LineEach on_stdout, void *userdata,
                             int *ret_status)
{
        _cleanup_free_ char *path = NULL;
        const char *packs[] = { NULL, PATH_APP_TREE, NULL, NULL, NULL };
        const char *command[] = { "/bin/sh", "-c", "--", build->request->command, NULL };
        Child child = { PATH_APP_TREE, command, build->environment->command, on_stdout, userdata };

        if (program) {
                path = text_format("%s/bin/%s", build->buildpack->directory, program);
                if (!path)
                        return -ENOMEM;
                packs[0] = path;
                if (strcmp(program, "compile") == 0) {
                        packs[2] = build->cache;
                        packs[3] = build->environment->directory;
                }
                child.argv = packs;
                child.environment = build->environment->buildpack;
        }
        return child_run(&child, &build->output, &build->watch, ret_status, build->reterr);
}

/* Says how a program failed: 0 if it did not. */
static int build_judge(Build *build, const char *program, int status)
{
        _cleanup_free_ char *end = NULL;
        const char *name = build->buildpack ? build->buildpack->name : "";
        int r;

        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        /* A limit that it came to between two looks says more. */
        r = watch_look(&build->watch, build->reterr);
        if (r < 0)
                return r;
        end = child_describe_end(status, output_reason(&build->output));
        if (!end)
                return -ENOMEM;
        if (!program)
                return refuse(build->reterr, -ECANCELED, "the build command %s", end);
        if (strcmp(program, "compile") == 0)
                return refuse(build->reterr, -ECANCELED, "the %s buildpack %s", name, end);
        return refuse(build->reterr, -ECANCELED, "bin/%s of the %s buildpack %s", program, name, end);
}

/* A LineEach: the name of what was found is the last line of bin/detect. */
static void build_take_name(const char *line, void *userdata)
{
        char **name = userdata;

        free(*name);
        *name = text_sanitize(line, LINE_BYTES_MAX);
}

/* The first buildpack that recognises the app; none is no error. */
static int build_detect(Build *build)
{
        for (size_t i = 0; i < build->buildpacks->n_packs; i++) {
                _cleanup_free_ char *name = NULL;
                int status, r;

                build->buildpack = &build->buildpacks->packs[i];
                r = build_run_program(build, "detect", build_take_name, &name, &status);
                if (r < 0)
                        return r;
                if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
                        output_say(&build->output, "-----> %s app detected",
                                   text_is_empty(name) ? build->buildpack->name : name);
                        return 0;
                }
        }
        build->buildpack = NULL;
        return 0;
}

/* The buildpacks that the tree names; 0 where it names none, 1 where it does. */
static int choose_by_tree(Build *build)
{
        _cleanup_(wanted_done) Wanted wanted = { 0 };
        int r = wanted_read(build->work_fd, &wanted, build->reterr);

        for (size_t i = 0; r >= 0 && i < wanted.n_names; i++) {
                build->buildpack = buildpacks_find(build->buildpacks, wanted.names[i]);
                if (!build->buildpack)
                        return buildpacks_refuse(build->buildpacks, wanted.file, wanted.says[i],
                                                 build->reterr);
                build->packs[build->n_packs++] = build->buildpack;
        }
        return r < 0 ? r : build->n_packs > 0;
}

/* Finds the buildpacks: by name, by what the tree says, by looking, or none. */
static int build_choose(Build *build)
{
        const char *name = build->request->buildpack;
        int r;

        if (strcmp(name, BUILDPACK_NONE) == 0)
                return 0;
        r = buildpacks_load(PATH_BUILDPACKS_ADMIN, PATH_BUILDPACKS, &build->buildpacks, build->reterr);
        if (r < 0)
                return r;
        if (name[0] == '\0') {
                r = choose_by_tree(build);
                return r != 0 ? MIN2(r, 0) : build_detect(build);
        }
        build->buildpack = buildpacks_find(build->buildpacks, name);
        return build->buildpack ? 0 : buildpacks_refuse(build->buildpacks, "", name, build->reterr);
}

typedef struct Collected {
        char text[DEFAULTS_SIZE_MAX];
        size_t size;
        bool whole;
} Collected;

/* A LineEach. */
static void build_collect(const char *line, void *userdata)
{
        Collected *collected = userdata;
        size_t size = strlen(line);

        if (size > LINE_BYTES_MAX || size + sizeof("\n") > sizeof(collected->text) - collected->size)
                collected->whole = false;
        if (!collected->whole)
                return;
        memcpy(collected->text + collected->size, line, size);
        memcpy(collected->text + collected->size + size, "\n", sizeof("\n"));
        collected->size += size + 1;
}

/* Asks the buildpack for its process types; it need not have any. */
static int ask_release(Build *build, Ticket *answer)
{
        _cleanup_(procfile_freep) Procfile *defaults = calloc(1, sizeof(Procfile));
        _cleanup_free_ Collected *collected = calloc(1, sizeof(Collected));
        _cleanup_free_ char *path = text_format("%s/bin/release", build->buildpack->directory),
                            *fault = NULL;
        int status, r;

        if (!defaults || !collected || !path)
                return -ENOMEM;
        if (access(path, F_OK) < 0)
                return 0;
        collected->whole = true;
        r = build_run_program(build, "release", build_collect, collected, &status);
        if (r >= 0)
                r = build_judge(build, "release", status);
        if (r < 0)
                return r;
        if (!collected->whole)
                return refuse(build->reterr, -EFBIG, "bin/release of the %s buildpack prints too much",
                              build->buildpack->name);
        r = defaults_read(collected->text, defaults, &fault);
        if (fault)
                return refuse(build->reterr, r, "bin/release of the %s buildpack prints, in %s",
                              build->buildpack->name, fault);
        for (size_t i = 0; i < defaults->n_processes && r >= 0; i++) {
                _cleanup_free_ char *key = text_format("default.%s", defaults->processes[i].name);

                r = key ? ticket_set(answer, key, defaults->processes[i].command) : -ENOMEM;
        }
        return r;
}

static int build_pack(Build *build, int archive_fd, Ticket *answer)
{
        UnpackCount count;
        SizeText size;
        int r;

        /* What it wrote in its last second. */
        r = watch_look(&build->watch, build->reterr);
        if (r < 0)
                return r;
        output_say(&build->output, "-----> Packing");
        r = pack_tree(build->work_fd, &build->request->limits, archive_fd, &count, build->reterr);
        if (r < 0)
                return r;
        log_info("The built tree has %" PRIu64 " file%s (%s).", count.files, count.files == 1 ? "" : "s",
                 text_size(count.bytes, size));
        r = ticket_set_u64(answer, "files", count.files);
        return r < 0 ? r : ticket_set_u64(answer, "bytes", count.bytes);
}

/* By the app's own command, or by the buildpacks, one after another. */
static int build_tree(Build *build, const char *program)
{
        int status, r = 0;

        for (size_t i = 0; r >= 0 && (i == 0 || (program && i < build->n_packs)); i++) {
                if (build->n_packs > 0)
                        build->buildpack = build->packs[i];
                output_say(&build->output, "-----> Building with the %s%s",
                           program ? build->buildpack->name : "app's own",
                           program ? " buildpack" : " command");
                r = build_run_program(build, program, NULL, NULL, &status);
                if (r >= 0)
                        r = build_judge(build, program, status);
        }
        /* What the last one suggests counts. */
        if (build->n_packs > 0)
                build->buildpack = build->packs[build->n_packs - 1];
        return r;
}

static int build_all(Build *build, int archive_fd, Ticket *answer)
{
        const char *program = build->request->command[0] == '\0' ? "compile" : NULL;
        int r;

        r = build_prepare(build);
        if (r >= 0)
                r = build_unpack(build);
        if (r >= 0)
                r = build_choose(build);
        if (r < 0)
                return r;
        if (program && !build->buildpack)
                return ticket_set(answer, "buildpack", BUILDPACK_NONE);

        r = build_tree(build, program);
        if (r >= 0 && build->buildpack)
                r = ask_release(build, answer);
        if (r >= 0)
                r = build_pack(build, archive_fd, answer);
        if (r >= 0)
                r = ticket_set_list(answer, "warning", build->output.warnings, build->output.n_warnings);
        if (r < 0)
                return r;
        return ticket_set(answer, "buildpack",
                          build->buildpack ? build->buildpack->name : BUILDPACK_COMMAND);
}

int build_run(const Request *request, int archive_fd, Ticket *answer, char **reterr)
{
        _cleanup_(build_done) Build build = {
                .request = request, .work_fd = -1, .cache_fd = -1, .tmp_fd = -1, .reterr = reterr
        };
        int r, cleared;

        assert(request);
        assert(answer);
        assert(reterr);

        output_init(&build.output, request->log_max);
        r = build_all(&build, archive_fd, answer);
        cleared = build.work_fd < 0 ? 0 : workspace_clear(build.work_fd);
        if (cleared < 0)
                log_warning("Cannot clear the work directory, ignoring: %s", strerror(-cleared));
        return r;
}
