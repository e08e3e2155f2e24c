/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/files/environment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/model/deployment.h"
#include "daemon/model/unit-name.h"

/* What is behind the name of the file in that of a note. */
#define NOTE_RAN      ".ran"
#define NOTE_GIVEN_UP ".given-up"

char *environment_path(const Instance *instance)
{
        assert(instance);
        return text_format(PATH_ENVIRONMENT "/%" PRIu64 ".%s.%u", instance->deployment->id,
                           instance->process, instance->number);
}

/* In the form of systemd.exec(5), EnvironmentFile=: in double quotes everything stands for itself, newlines
 * too, but what is escaped here. */
static void write_variables(FILE *file, const Variables *variables, const char *prefix)
{
        for (size_t i = 0; i < variables->n; i++) {
                const Variable *variable = &variables->items[i];

                (void) fprintf(file, "%s%s=\"", prefix, variable->name);
                for (const char *c = variable->value; *c; c++) {
                        if (strchr("\"\\`$", *c))
                                (void) fputc('\\', file);
                        (void) fputc(*c, file);
                }
                (void) fputs("\"\n", file);
        }
}

/* Where the programs are that a tree has brought with it, before those of the machine, which are PID 1's
 * default (DEFAULT_PATH of systemd); behind these what a machine may not have. An app may have another PATH.
 */
#define APP_PATH                                                                              \
        PATH_APP_TREE "/.venv/bin:" PATH_APP_TREE "/node_modules/.bin:" PATH_APP_TREE "/bin:" \
                      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:" PATH_APP_BIN

/* What a process of the app gets besides. */
static void write_own(FILE *file, const Deployment *deployment, const char *process, unsigned number,
                      const Instance *instance)
{
        if (instance && instance->port != 0)
                (void) fprintf(file, "PORT=%u\nHOST=%s\n", instance->port, instance_address(instance));
        (void) fprintf(file, "DYNO=%s.%u\n", process, number);
        (void) fprintf(file, "GIT_REV=%s\n", deployment->revision);
        (void) fprintf(file, "DEPLOYD_APP=%s\n", deployment->app->name);
        (void) fprintf(file, "DEPLOYD_DEPLOYMENT=%" PRIu64 "\n", deployment->id);
        (void) fprintf(file, "HOME=/var/lib/deployd-apps/%" PRIu64 "\n", deployment->app->id);
        /* PID 1 would name all of the directories that the app keeps. */
        (void) fprintf(file, "STATE_DIRECTORY=/var/lib/deployd-apps/%" PRIu64 "\n", deployment->app->id);
        (void) fprintf(file, "TMPDIR=/tmp\n");
}

/* Writes the file, whole or not at all; `process` NULL: that of a build, which gets the app's variables
 * under other names. `instance` NULL: that of a process which ends by itself. */
static int environment_write_file(const char *path, const Deployment *deployment, const char *process,
                                  unsigned number, const Instance *instance)
{
        _cleanup_free_ char *draft = text_format("%s.new", path);
        _cleanup_close_ int fd = -1;
        FILE *file;
        int failed;

        if (!draft)
                return -ENOMEM;
        fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        file = fdopen(fd, "w");
        if (!file)
                return -errno;
        TAKE_FD(fd);

        /* Of two with one name the later one counts. */
        if (process)
                (void) fprintf(file, "PATH=" APP_PATH "\n");
        write_variables(file, deployment_variables(deployment), process ? "" : BUILD_ENVIRONMENT_PREFIX);
        if (process)
                write_own(file, deployment, process, number, instance);
        failed = ferror(file);
        if (fclose(file) != 0 || failed)
                return errno > 0 ? -errno : -EIO;
        FAILPOINT("environment-write.before");
        if (rename(draft, path) < 0)
                return -errno;
        FAILPOINT("environment-write.after");
        return 0;
}

int environment_write(const Instance *instance)
{
        _cleanup_free_ char *path = environment_path(instance);

        return path ? environment_write_file(path, instance->deployment, instance->process, instance->number,
                                             instance)
                    : -ENOMEM;
}

char *environment_path_once(uint64_t deployment, const char *process)
{
        return text_format(PATH_ENVIRONMENT "/%" PRIu64 ".%s", deployment, process ? process : "build");
}

int environment_write_once(const Deployment *deployment, const char *process, char **ret)
{
        _cleanup_free_ char *path = environment_path_once(deployment->id, process);
        int r;

        assert(ret);

        r = path ? environment_write_file(path, deployment, process, 1, NULL) : -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(path);
        return 0;
}

/* It goes when the machine does, as all of /run. */
static char *note_path(const Instance *instance, const char *note)
{
        _cleanup_free_ char *path = environment_path(instance);

        return path ? text_format("%s%s", path, note) : NULL;
}

void environment_note_run(const Instance *instance, sd_id128_t invocation)
{
        _cleanup_free_ char *path = note_path(instance, NOTE_RAN);
        _cleanup_close_ int fd =
                path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
        char id[SD_ID128_STRING_MAX];

        if (fd < 0 || dprintf(fd, "%s\n", sd_id128_to_string(invocation, id)) < 0)
                log_warning("Cannot note that %s has run, ignoring: %m", instance->unit);
}

sd_id128_t environment_last_run(const Instance *instance)
{
        _cleanup_free_ char *path = note_path(instance, NOTE_RAN);
        _cleanup_file_ FILE *file = path ? fopen(path, "re") : NULL;
        char id[SD_ID128_STRING_MAX];
        sd_id128_t invocation;

        return file && fscanf(file, "%32s", id) == 1 && sd_id128_from_string(id, &invocation) >= 0
                       ? invocation
                       : SD_ID128_NULL;
}

void environment_forget_run(const char *unit)
{
        _cleanup_unit_name_ UnitName name = {};
        _cleanup_free_ char *path = NULL;

        if (unit_name_parse(unit, &name) < 0 || name.kind != UNIT_APP)
                return;
        path = text_format(PATH_ENVIRONMENT "/%" PRIu64 ".%s.%u" NOTE_RAN, name.id, name.process,
                           name.number);
        if (path)
                (void) unlink(path);
}

void environment_note_given_up(const Instance *instance, bool given_up)
{
        _cleanup_free_ char *path = note_path(instance, NOTE_GIVEN_UP);
        _cleanup_close_ int fd = -1;

        if (path && !given_up) {
                (void) unlink(path);
                return;
        }
        if (path)
                fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                log_warning("Cannot note that %s is given up, ignoring: %m", instance->unit);
}

bool environment_is_given_up(const Instance *instance)
{
        _cleanup_free_ char *path = note_path(instance, NOTE_GIVEN_UP);

        return path && access(path, F_OK) >= 0;
}

void environment_remove(const Instance *instance)
{
        _cleanup_free_ char *path = environment_path(instance), *ran = note_path(instance, NOTE_RAN);

        FAILPOINT("environment-remove.before");
        if (path)
                (void) unlink(path);
        if (ran)
                (void) unlink(ran);
        environment_note_given_up(instance, false);
}

/* Whether the file, or a note, of `entry` is that of an instance. */
static bool is_known(const Model *model, const char *entry)
{
        const Deployment *deployment;
        const Instance *instance;

        LIST_FOREACH (deployments, deployment, model->deployments)
                LIST_FOREACH (instances, instance, deployment->instances) {
                        _cleanup_free_ char *path = environment_path(instance);
                        const char *name = path ? path + strlen(PATH_ENVIRONMENT "/") : entry;

                        if (strncmp(entry, name, strlen(name)) == 0 &&
                            (entry[strlen(name)] == '\0' || strcmp(entry + strlen(name), NOTE_RAN) == 0 ||
                             strcmp(entry + strlen(name), NOTE_GIVEN_UP) == 0))
                                return true;
                }
        return false;
}

void environment_sweep(const Model *model)
{
        struct dirent **entries;
        int n;

        assert(model);

        n = scandir(PATH_ENVIRONMENT, &entries, NULL, NULL);
        for (int i = 0; i < n; i++) {
                _cleanup_free_ char *path = text_format(PATH_ENVIRONMENT "/%s", entries[i]->d_name);

                if (path && entries[i]->d_name[0] != '.' && !is_known(model, entries[i]->d_name) &&
                    unlink(path) < 0)
                        log_warning("Cannot remove %s, ignoring: %m", path);
                free(entries[i]);
        }
        if (n >= 0)
                free(entries);
}
