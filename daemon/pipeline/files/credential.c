/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/files/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/credential-kind.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/files/shelf.h"

static char *file_path(uint64_t repository, const char *name)
{
        return text_format(PATH_CREDENTIALS "/%" PRIu64 "/%s", repository, name);
}

static char *credential_directory(uint64_t repository)
{
        return text_format(PATH_CREDENTIALS "/%" PRIu64, repository);
}

static int directory_make(const char *path)
{
        return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int directory_sync(const char *path)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* Whole or not at all, also when the power goes. */
static int file_write(const char *directory, const char *path, const char *text)
{
        _cleanup_free_ char *draft = text_format("%s.new", path);
        _cleanup_close_ int fd = -1;
        int r;

        if (!draft)
                return -ENOMEM;
        fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        r = fd_write(fd, text, strlen(text));
        if (r >= 0 && fsync(fd) < 0)
                r = -errno;
        if (r >= 0 && rename(draft, path) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlink(draft);
                return r;
        }
        return directory_sync(directory);
}

/* Writes the file, or removes it if the text is "". */
static int credential_put(uint64_t repository, const char *name, const char *text)
{
        _cleanup_free_ char *directory = credential_directory(repository),
                            *path = file_path(repository, name);
        int r;

        if (!directory || !path)
                return -ENOMEM;
        if (text[0] == '\0') {
                if (unlink(path) < 0)
                        return errno == ENOENT ? 0 : -errno;
                return directory_sync(directory);
        }
        r = directory_make(PATH_CREDENTIALS);
        if (r >= 0)
                r = directory_make(directory);
        return r < 0 ? r : file_write(directory, path, text);
}

int credential_write(Repository *repository, const char *text)
{
        _cleanup_secret_ char *bound = NULL;
        int r;

        assert(repository);
        assert(text);

        bound = text[0] == '\0' ? strdup("") : credential_bind(repository->git_url, text);
        if (!bound)
                return -ENOMEM;
        r = credential_put(repository->id, CREDENTIAL_SECRET, bound);
        credential_look(repository);
        return r;
}

int credential_write_known_hosts(const Repository *repository, const char *text)
{
        assert(repository);
        assert(text);
        return credential_put(repository->id, CREDENTIAL_KNOWN_HOSTS, text);
}

void credential_look(Repository *repository)
{
        char bound[CREDENTIAL_BOUND_SIZE_MAX + 1];
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -1;
        ssize_t n = 0;

        assert(repository);

        path = file_path(repository->id, CREDENTIAL_SECRET);
        if (path)
                fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0)
                n = read(fd, bound, CREDENTIAL_BOUND_SIZE_MAX);
        bound[MAX2(n, (ssize_t) 0)] = '\0';
        repository->has_credential = credential_is_for(bound, repository->git_url);
        explicit_bzero(bound, sizeof(bound));
}

static int find_file(uint64_t repository, const char *name, char **ret)
{
        _cleanup_free_ char *path = file_path(repository, name);

        *ret = NULL;
        if (!path)
                return -ENOMEM;
        if (access(path, F_OK) >= 0)
                *ret = TAKE_PTR(path);
        return 0;
}

int credential_find(const Repository *repository, char **ret_secret, char **ret_known_hosts)
{
        int r;

        assert(repository);
        assert(ret_secret);
        assert(ret_known_hosts);

        r = find_file(repository->id, CREDENTIAL_SECRET, ret_secret);
        return r < 0 ? r : find_file(repository->id, CREDENTIAL_KNOWN_HOSTS, ret_known_hosts);
}

void credential_forget(const Repository *repository)
{
        static const char *const names[] = { CREDENTIAL_SECRET, CREDENTIAL_SECRET ".new",
                                             CREDENTIAL_KNOWN_HOSTS, CREDENTIAL_KNOWN_HOSTS ".new" };
        _cleanup_free_ char *directory = NULL;

        assert(repository);

        directory = credential_directory(repository->id);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *path = file_path(repository->id, names[i]);

                if (path && unlink(path) < 0 && errno != ENOENT)
                        log_warning("Cannot remove %s, ignoring: %m", path);
        }
        if (directory && rmdir(directory) < 0 && errno != ENOENT)
                log_warning("Cannot remove %s, ignoring: %m", directory);
}

/* Absence is not an order: the database may be an older one. */
static void note_unknown(const Model *model)
{
        _cleanup_free_ ShelfEntry *entries = NULL;
        int n = shelf_read(PATH_CREDENTIALS, &entries);

        for (int i = 0; i < n; i++) {
                const Repository *repository;

                LIST_FOREACH (repositories, repository, model->repositories)
                        if (repository->id == entries[i].id)
                                break;
                if (!repository)
                        log_notice("Nobody uses " PATH_CREDENTIALS "/%" PRIu64
                                   ": the database has no repository with that number.",
                                   entries[i].id);
        }
}

void credential_look_all(const Model *model)
{
        Repository *repository;

        assert(model);

        LIST_FOREACH (repositories, repository, model->repositories)
                credential_look(repository);
        note_unknown(model);
}
