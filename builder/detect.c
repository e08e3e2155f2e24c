/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* deployd-detect DIR: says what a deployment would make of the tree in DIR, and changes nothing. `deployctl
 * detect` becomes this program. It runs bin/detect of the buildpacks as the user who asks. What a deployment
 * would refuse is said with its sentence on standard error, with exit status 1. */

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/names.h"
#include "base/text.h"
#include "builder/buildpack.h"
#include "builder/wanted.h"
#include "release/app-json.h"
#include "release/refuse.h"
#include "release/tree-files.h"
#include "release/unknown-tree.h"

/* PATH of a unit that says nothing else: systemd.exec(5). */
#define PATH_OF_UNITS "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What is shown of a command. */
#define SHOWN_MAX 2000

/* In front of the line with which a program of a buildpack says why it fails. */
#define COMPLAINT " !     "

typedef struct Detection {
        char *directory; /* absolute */
        int tree_fd;
        Buildpacks *buildpacks;
        const Buildpack *last; /* of those that would build it; its suggestions count */
        char **reterr;
} Detection;

static void detection_done(Detection *detection)
{
        free(detection->directory);
        closep(&detection->tree_fd);
        buildpacks_free(detection->buildpacks);
}

/* Text of the tree, fit for a terminal. */
static void print_line(const char *label, const char *text)
{
        _cleanup_free_ char *shown = text_sanitize(text, SHOWN_MAX);

        printf("  %-10s %s\n", label, text_or_empty(shown));
}

/* What a program of a buildpack has said. */
typedef struct Said {
        char *last;      /* its last line */
        char *complaint; /* why it fails, without the mark */
        bool shown;      /* print each line */
} Said;

static void said_done(Said *said)
{
        free(said->last);
        free(said->complaint);
}

static void said_read(Said *said, int fd)
{
        _cleanup_file_ FILE *stream = fdopen(fd, "r");
        _cleanup_free_ char *line = NULL;
        size_t size = 0;

        while (stream && getline(&line, &size, stream) > 0) {
                line[strcspn(line, "\n")] = '\0';
                free(said->last);
                said->last = text_sanitize(line, SHOWN_MAX);
                if (strncmp(line, COMPLAINT, strlen(COMPLAINT)) == 0) {
                        free(said->complaint);
                        said->complaint = text_sanitize(line + strlen(COMPLAINT), SHOWN_MAX);
                } else if (said->shown)
                        print_line("", line);
        }
}

/* Runs a program of a buildpack on the tree. 1 if it succeeds, 0 if it fails, also if it is not there;
 * -errno with a sentence. */
static int run_pack(const Detection *detection, const Buildpack *pack, const char *program, Said *said)
{
        _cleanup_free_ char *path = text_format("%s/bin/%s", pack->directory, program);
        char *const argv[] = { path, detection->directory, NULL };
        posix_spawn_file_actions_t actions;
        int fds[2], status, r;
        pid_t pid;

        if (!path)
                return -ENOMEM;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return refuse(detection->reterr, -errno, "cannot make a pipe: %s", strerror(errno));
        r = posix_spawn_file_actions_init(&actions);
        if (r == 0) {
                r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
                if (r == 0)
                        r = posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
                if (r == 0)
                        r = posix_spawn(&pid, path, &actions, NULL, argv, environ);
                (void) posix_spawn_file_actions_destroy(&actions);
        }
        (void) close(fds[1]);
        if (r != 0) {
                (void) close(fds[0]);
                return refuse(detection->reterr, -r, "%s cannot be run: %s", path, strerror(r));
        }
        said_read(said, fds[0]);
        if (waitpid(pid, &status, 0) < 0)
                return refuse(detection->reterr, -errno, "cannot wait for %s: %s", path, strerror(errno));
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Shows the buildpack, and the versions of its tools if it tells them. 0 or -errno with a sentence. */
static int detection_take(Detection *detection, const Buildpack *pack, const char *why)
{
        _cleanup_free_ char *path = text_format("%s/bin/versions", pack->directory);
        _cleanup_(said_done) Said said = { .shown = true };
        int r;

        if (!path)
                return -ENOMEM;
        detection->last = pack;
        print_line(pack->name, why);
        if (access(path, F_OK) < 0)
                return 0;
        r = run_pack(detection, pack, "versions", &said);
        if (r == 0 && said.complaint)
                return refuse(detection->reterr, -ECANCELED, "the %s buildpack exited with status 1: %s",
                              pack->name, said.complaint);
        if (r > 0 && said.complaint)
                print_line("", said.complaint);
        return MIN2(r, 0);
}

/* The buildpacks that the tree names: how many, or -errno with a sentence. */
static int detect_named(Detection *detection)
{
        _cleanup_(wanted_done) Wanted wanted = { 0 };
        int r = wanted_read(detection->tree_fd, &wanted, detection->reterr);

        for (size_t i = 0; r >= 0 && i < wanted.n_names; i++) {
                _cleanup_free_ char *why = text_format("named by %s", wanted.file);
                const Buildpack *pack;

                pack = buildpacks_find(detection->buildpacks, wanted.names[i]);
                if (!pack)
                        return buildpacks_refuse(detection->buildpacks, wanted.file, wanted.says[i],
                                                 detection->reterr);
                r = detection_take(detection, pack, text_or_empty(why));
        }
        return r < 0 ? r : (int) wanted.n_names;
}

static int detect_buildpacks(Detection *detection)
{
        int r;

        printf("Buildpacks\n");
        r = buildpacks_load(PATH_BUILDPACKS_ADMIN, PATH_BUILDPACKS, &detection->buildpacks,
                            detection->reterr);
        if (r >= 0)
                r = detect_named(detection);
        for (size_t i = 0; r == 0 && i < detection->buildpacks->n_packs; i++) {
                const Buildpack *pack = &detection->buildpacks->packs[i];
                _cleanup_(said_done) Said said = {};
                _cleanup_free_ char *why = NULL;

                r = run_pack(detection, pack, "detect", &said);
                if (r <= 0)
                        continue;
                why = text_format("recognises the tree: %s",
                                  text_is_empty(said.last) ? pack->name : said.last);
                r = detection_take(detection, pack, text_or_empty(why));
                return r;
        }
        if (r == 0)
                print_line("none", "no buildpack recognises the tree: it is deployed as it is");
        return MIN2(r, 0);
}

static const char *find_command(const Procfile *procfile, const char *name)
{
        for (size_t i = 0; i < procfile->n_processes; i++)
                if (strcmp(procfile->processes[i].name, name) == 0)
                        return procfile->processes[i].command;
        return NULL;
}

static int take_formation(_unused_ const char *key, _unused_ const char *value, void *userdata)
{
        *(bool *) userdata = true;
        return 0;
}

/* Nothing says what is to run, or nobody said that there is no web. */
static int check_processes(const Detection *detection, const Procfile *procfile, bool has_procfile,
                           bool has_formation)
{
        _cleanup_free_ char *release =
                detection->last ? text_format("%s/bin/release", detection->last->directory) : NULL;
        const char *other = NULL;
        int r;

        if (detection->last && !release)
                return -ENOMEM;
        for (size_t i = 0; i < procfile->n_processes; i++)
                if (!other && strcmp(procfile->processes[i].name, PROCESS_RELEASE) != 0)
                        other = procfile->processes[i].name;
        if (find_command(procfile, PROCESS_WEB) || (release && access(release, F_OK) == 0))
                return 0;
        if (!has_procfile && !other) {
                r = unknown_tree_refuse(detection->tree_fd, detection->reterr);
                return r < 0 ? r
                             : refuse(detection->reterr, -ENOENT,
                                      "there is no Procfile, and no buildpack says what is to run");
        }
        return other && !has_formation
                       ? refuse(detection->reterr, -ENOENT,
                                "the Procfile has no process named web (but %s): name what is to run, as in "
                                "`deployctl scale APP web=0 %s=1`",
                                other, other)
                       : 0;
}

static int print_setting(const char *key, const char *value, _unused_ void *userdata)
{
        /* Their numbers are the ticket's. */
        if (strncmp(key, "variable-required.", strlen("variable-required.")) == 0)
                print_line("needs", value);
        else if (strncmp(key, "variable-secret.", strlen("variable-secret.")) == 0)
                print_line("secret", value);
        else if (strncmp(key, "variable.", strlen("variable.")) == 0)
                print_line("variable", value);
        else if (strcmp(key, "ignored") == 0)
                print_line("ignored", value);
        else {
                _cleanup_free_ char *line = text_format("%s=%s", key, value);

                print_line("setting", text_or_empty(line));
        }
        return 0;
}

static int print_processes(const Procfile *procfile, const Buildpack *pack)
{
        const char *release = find_command(procfile, PROCESS_RELEASE);
        _cleanup_free_ char *suggested = NULL;

        printf("Processes\n");
        for (size_t i = 0; i < procfile->n_processes; i++)
                if (strcmp(procfile->processes[i].name, PROCESS_RELEASE) != 0)
                        print_line(procfile->processes[i].name, procfile->processes[i].command);
        if (pack && !find_command(procfile, PROCESS_WEB)) {
                suggested = text_format("what the %s buildpack suggests when it has built", pack->name);
                if (!suggested)
                        return -ENOMEM;
                print_line(PROCESS_WEB, suggested);
        }
        if (release) {
                printf("Release command\n");
                print_line(PROCESS_RELEASE, release);
        }
        return 0;
}

static int detect_files(Detection *detection)
{
        _cleanup_(ticket_freep) Ticket *settings = ticket_new();
        _cleanup_(app_scripts_clear) AppScripts scripts = {};
        _cleanup_(procfile_freep) Procfile *procfile = NULL;
        bool has_procfile, has_formation = false;
        int r;

        if (!settings)
                return -ENOMEM;
        r = tree_files_read_app_json(detection->tree_fd, settings, &scripts, detection->reterr);
        if (r < 0)
                return r;
        r = tree_files_read_procfile(detection->tree_fd, &procfile, detection->reterr);
        has_procfile = r >= 0;
        if (r == -ENOENT)
                r = procfile_parse("", 0, &procfile, detection->reterr);
        if (r >= 0)
                r = tree_files_add_scripts(procfile, &scripts, detection->reterr);
        if (r >= 0)
                r = print_processes(procfile, detection->last);
        if (r < 0)
                return r;
        if (faccessat(detection->tree_fd, APP_JSON_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                printf(APP_JSON_NAME "\n");
        r = ticket_foreach(settings, "", print_setting, NULL);
        if (r >= 0)
                r = ticket_foreach(settings, "formation.", take_formation, &has_formation);
        return r < 0 ? r : check_processes(detection, procfile, has_procfile, has_formation);
}

static int detect_run(const char *directory, char **reterr)
{
        _cleanup_(detection_done) Detection detection = { .tree_fd = -1, .reterr = reterr };
        int r;

        detection.directory = realpath(directory, NULL);
        if (detection.directory)
                detection.tree_fd = open(detection.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (detection.tree_fd < 0)
                return refuse(reterr, -errno, "%s cannot be opened: %s", directory, strerror(errno));
        /* bin/detect is started in the tree, as in a build. */
        if (fchdir(detection.tree_fd) < 0)
                return refuse(reterr, -errno, "%s cannot be entered: %s", directory, strerror(errno));
        r = detect_buildpacks(&detection);
        return r < 0 ? r : detect_files(&detection);
}

int main(int argc, char *argv[])
{
        _cleanup_free_ char *error = NULL;
        int r;

        if (argc != 2) {
                (void) fprintf(stderr, "Usage: deployd-detect DIR\n");
                return EXIT_FAILURE;
        }
        /* Before what bin/detect may print. */
        (void) setvbuf(stdout, NULL, _IOLBF, 0);
        /* Versions are those that a build will find, whatever the caller has. */
        if (setenv("PATH", PATH_OF_UNITS, 1) < 0)
                return EXIT_FAILURE;
        r = detect_run(argv[1], &error);
        if (r < 0)
                (void) fprintf(stderr, "deployctl: %s\n", error ? error : strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
