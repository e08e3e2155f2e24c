/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/files/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/failpoint.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/model/app.h"
#include "daemon/model/removed-app.h"

/* More than a line for each of the apps that a machine has ports for. */
#define MARK_SIZE_MAX (16 * 1024 * 1024)

/* Hidden among the directories of the apps, beside those of deployd. */
static const struct {
        const char *directory, *name;
} mark_places[MARK_PLACE_MAX] = {
        [MARK_DATA] = { PATH_APP_DATA, ".installation" },
        [MARK_STATE] = { PATH_STATE, "installation" },
};

const char *mark_directory(MarkPlace place)
{
        assert(place > MARK_PLACE_UNSET && place < MARK_PLACE_MAX);
        return mark_places[place].directory;
}

void mark_done(Mark *mark)
{
        assert(mark);
        free(mark->lines);
        *mark = (Mark){};
}

static char *mark_path(MarkPlace place)
{
        return text_format("%s/%s", mark_directory(place), mark_places[place].name);
}

/* All of a file as a text. 0, -ENOENT, -ENOMEM, -EBADMSG if it cannot be read, is no file, is too large or
 * has a byte 0 in it. */
static int mark_read_file(const char *path, char **ret)
{
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_file_ FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
        _cleanup_free_ char *text = NULL;
        struct stat status;
        size_t size;

        if (fd < 0)
                return errno == ENOENT || errno == ENOMEM ? -errno : -EBADMSG;
        if (!file) {
                (void) close(fd);
                return -ENOMEM;
        }
        if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > MARK_SIZE_MAX)
                return -EBADMSG;
        text = calloc(1, (size_t) status.st_size + 1);
        if (!text)
                return -ENOMEM;
        size = fread(text, 1, (size_t) status.st_size, file);
        if (ferror(file))
                return -EBADMSG;
        if (strlen(text) != size)
                return -EBADMSG;
        *ret = TAKE_PTR(text);
        return 0;
}

int mark_read(MarkPlace place, Mark *ret)
{
        _cleanup_free_ char *path = mark_path(place), *text = NULL;
        char id[SD_ID128_STRING_MAX];
        int length = 0, r;

        assert(ret);

        *ret = (Mark){};
        if (!path)
                return -ENOMEM;
        r = mark_read_file(path, &text);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        if (sscanf(text, "installation %32s\n%n", id, &length) != 1 ||
            sd_id128_from_string(id, &ret->id) < 0 || sd_id128_is_null(ret->id))
                return -EBADMSG;
        ret->lines = strdup(text + length);
        if (!ret->lines)
                return -ENOMEM;
        if (sscanf(ret->lines, "former %32s\n", id) == 1)
                (void) sd_id128_from_string(id, &ret->former);
        return 0;
}

/* The line of the app that has, or had, that number; NULL if there is none or no memory. */
static char *mark_make_line(const Model *model, uint64_t id)
{
        const RemovedApp *removed = removed_app_by_id(model, id);
        const App *app = model_app_by_id(model, id);

        if (app)
                return text_format("app %" PRIu64 " %" PRIu64 " %s\n", id, app->created_at, app->name);
        return removed ? text_format("removed %" PRIu64 " %s\n", id, removed->name) : NULL;
}

static bool mark_has_line(const Mark *mark, const char *line)
{
        const char *found = mark->lines;

        while (found && (found = strstr(found, line)))
                if (found == mark->lines || found[-1] == '\n')
                        return true;
                else
                        found++;
        return false;
}

bool mark_has_app(const Mark *mark, const Model *model, uint64_t id)
{
        _cleanup_free_ char *line = NULL, *before = NULL;
        const RemovedApp *removed;

        assert(mark);
        assert(model);

        line = mark_make_line(model, id);
        if (!line)
                return false;
        if (mark_has_line(mark, line))
                return true;
        /* It may have been removed after the file was written, with the name that the file has. */
        removed = removed_app_by_id(model, id);
        before = removed ? text_format("app %" PRIu64 " ", id) : NULL;
        return before && mark->lines && strstr(mark->lines, before);
}

static int mark_print(FILE *file, const Model *model, sd_id128_t installation, sd_id128_t former)
{
        const RemovedApp *removed;
        char id[SD_ID128_STRING_MAX];
        const App *app;

        (void) fprintf(file, "installation %s\n", sd_id128_to_string(installation, id));
        if (!sd_id128_is_null(former))
                (void) fprintf(file, "former %s\n", sd_id128_to_string(former, id));
        LIST_FOREACH (apps, app, model->apps) {
                _cleanup_free_ char *line = mark_make_line(model, app->id);

                if (!line)
                        return -ENOMEM;
                (void) fputs(line, file);
        }
        LIST_FOREACH (removed_apps, removed, model->removed_apps) {
                _cleanup_free_ char *line = mark_make_line(model, removed->id);

                if (!line)
                        return -ENOMEM;
                (void) fputs(line, file);
        }
        return ferror(file) ? -EIO : 0;
}

static int mark_write_one(MarkPlace place, const Model *model, sd_id128_t installation, sd_id128_t former)
{
        _cleanup_free_ char *path = mark_path(place), *draft = path ? text_format("%s.new", path) : NULL;
        _cleanup_close_ int directory = -1;
        FILE *file;
        int fd, r;

        if (!draft)
                return -ENOMEM;
        directory = open(mark_directory(place), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        fd = directory < 0 ? -1 : open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (fd < 0)
                return -errno;
        file = fdopen(fd, "w");
        if (!file) {
                (void) close(fd);
                return -errno;
        }
        r = mark_print(file, model, installation, former);
        if (r >= 0 && (fflush(file) != 0 || fsync(fd) < 0))
                r = -errno;
        if (fclose(file) != 0 && r >= 0)
                r = -errno;
        FAILPOINT("mark-write.before");
        if (r >= 0 && (rename(draft, path) < 0 || fsync(directory) < 0))
                r = -errno;
        FAILPOINT("mark-write.after");
        return r;
}

static int mark_write_all(const Model *model, sd_id128_t installation, sd_id128_t former)
{
        int r = 0;

        assert(!sd_id128_is_null(installation));

        for (MarkPlace place = MARK_PLACE_UNSET + 1; place < MARK_PLACE_MAX; place++) {
                int k = mark_write_one(place, model, installation, former);

                r = r < 0 ? r : k;
        }
        return r;
}

int mark_write(const Model *model)
{
        assert(model);
        return mark_write_all(model, model->installation.id, SD_ID128_NULL);
}

int mark_prepare(const Model *model, sd_id128_t next)
{
        assert(model);
        return mark_write_all(model, next, model->installation.id);
}

static int mark_append(const Model *model, uint64_t id)
{
        _cleanup_free_ char *line = mark_make_line(model, id);
        int r = line ? 0 : -ENOMEM;

        for (MarkPlace place = MARK_PLACE_UNSET + 1; r >= 0 && place < MARK_PLACE_MAX; place++) {
                _cleanup_free_ char *path = mark_path(place);
                _cleanup_close_ int fd =
                        path ? open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC) : -1;

                if (!path)
                        return -ENOMEM;
                r = fd < 0 ? -errno : fd_write(fd, line, strlen(line));
        }
        return r;
}

void mark_note(const Model *model, uint64_t id)
{
        int r;

        assert(model);

        r = mark_append(model, id);
        /* Part of a line may be there. */
        if (r < 0)
                r = mark_write(model);
        if (r < 0)
                log_warning("The marks beside the data do not name app %" PRIu64 ", ignoring: %s", id,
                            strerror(-r));
}
