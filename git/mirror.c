/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/mirror.h"

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"

/* Each fetch that brings something adds a pack, and every lookup asks each of them. */
#define PACKS_MAX 100

/* Descriptors nftw() may hold; below that depth it reopens directories. */
#define WALK_DESCRIPTORS 16

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
        (void) st;
        (void) type;
        (void) place;
        return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

/* Removes `path` and all below it; 0 if there is none, else -errno. Also what seems to be of another device,
 * as all files on an overlay of two file systems do. */
static int remove_tree(const char *path)
{
        if (nftw(path, remove_one, WALK_DESCRIPTORS, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
                return -errno;
        return 0;
}

static bool mirror_ends_with(const char *text, const char *end)
{
        size_t text_size = strlen(text), end_size = strlen(end);

        return text_size >= end_size && strcmp(text + text_size - end_size, end) == 0;
}

/* True if the file is the half of a pack whose other half is missing: libgit2 puts the index in place first,
 * and takes the index's word for what the repository has. */
static bool is_half_a_pack(const char *path)
{
        const char *other = mirror_ends_with(path, ".idx")    ? ".pack"
                            : mirror_ends_with(path, ".pack") ? ".idx"
                                                              : NULL;
        _cleanup_free_ char *partner = NULL;

        if (!other)
                return false;
        partner = text_format("%.*s%s", (int) (strrchr(path, '.') - path), path, other);
        return partner && access(partner, F_OK) < 0 && errno == ENOENT;
}

/* What libgit2 leaves when it is killed. A reference's name never ends in .lock, and only in objects/ do
 * temporary files bear the name libgit2 gives them. */
static int remove_leftover(const char *path, const struct stat *st, int type, struct FTW *place)
{
        bool in_objects = strstr(path, "/mirror.git/objects/") != NULL;

        (void) st;
        if (type != FTW_F)
                return 0;
        if (!mirror_ends_with(path, ".lock") &&
            !(in_objects && (strstr(path + place->base, "_git2_") || is_half_a_pack(path))))
                return 0;
        return unlink(path) < 0 ? -1 : 0;
}

/* Whether the packs are more, or larger together, than is sensible to keep. */
static bool is_overgrown(const char *path, uint64_t max_bytes)
{
        _cleanup_free_ char *packs = text_format("%s/objects/pack", path);
        _cleanup_dir_ DIR *directory = packs ? opendir(packs) : NULL;
        uint64_t bytes = 0, n = 0;
        struct dirent *entry;
        struct stat st;

        /* cppcheck-suppress readdirCalled ; nobody else reads from this stream */
        while (directory && (entry = readdir(directory))) {
                if (!mirror_ends_with(entry->d_name, ".pack"))
                        continue;
                n++;
                if (fstatat(dirfd(directory), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
                        bytes += (uint64_t) st.st_size;
        }
        return n > PACKS_MAX || bytes > max_bytes;
}

/* The path of an entry of the cache directory. Caller frees; NULL when out of memory. */
static char *entry_path(const Mirror *mirror, const char *name)
{
        return text_format("%s/%s", mirror->directory, name);
}

static int remove_problem(int error, Problem *problem)
{
        return problem_set(problem, PROBLEM_INTERNAL, "cannot remove the old copy of the repository: %s",
                           strerror(-error));
}

int mirror_renew(Mirror *mirror, Problem *problem)
{
        _cleanup_free_ char *new = NULL;
        git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
        int r;

        assert(mirror);
        assert(mirror->lock >= 0);
        assert(problem);

        new = entry_path(mirror, "mirror.new");
        if (!new)
                return problem_out_of_memory(problem);
        git_repository_free(mirror->repository);
        mirror->repository = NULL;

        r = remove_tree(new);
        if (r < 0)
                return remove_problem(r, problem);
        mirror->fresh = true;
        options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_NO_DOTGIT_DIR |
                        GIT_REPOSITORY_INIT_NO_REINIT | GIT_REPOSITORY_INIT_MKDIR;
        return git_repository_init_ext(&mirror->repository, new, &options) < 0
                       ? problem_set_git(problem, PROBLEM_INTERNAL)
                       : 0;
}

int mirror_complete(Mirror *mirror, Problem *problem)
{
        _cleanup_free_ char *old = NULL, *new = NULL, *damaged = NULL;
        int r;

        assert(mirror);
        assert(mirror->lock >= 0);
        assert(problem);

        git_repository_free(mirror->repository);
        mirror->repository = NULL;
        if (!mirror->fresh)
                return 0;
        old = entry_path(mirror, "mirror.old");
        new = entry_path(mirror, "mirror.new");
        damaged = entry_path(mirror, "damaged");
        if (!old || !new || !damaged)
                return problem_out_of_memory(problem);

        /* Moved aside first, so that half a mirror is never taken for a whole one. */
        r = remove_tree(old);
        if (r >= 0 && rename(mirror->path, old) < 0 && errno != ENOENT)
                r = -errno;
        if (r >= 0 && unlink(damaged) < 0 && errno != ENOENT)
                r = -errno;
        if (r < 0)
                return remove_problem(r, problem);
        if (rename(new, mirror->path) < 0)
                return problem_set(problem, PROBLEM_INTERNAL, "cannot make the copy of the repository: %s",
                                   strerror(errno));
        mirror->fresh = false;
        r = remove_tree(old);
        return r < 0 ? remove_problem(r, problem) : 0;
}

static int set_paths(Mirror *mirror, const char *directory, Problem *problem)
{
        mirror->directory = strdup(directory);
        if (!mirror->directory)
                return problem_out_of_memory(problem);
        mirror->path = entry_path(mirror, "mirror.git");
        return mirror->path ? 0 : problem_out_of_memory(problem);
}

static int mirror_lock(Mirror *mirror, Problem *problem)
{
        _cleanup_free_ char *path = entry_path(mirror, "lock");
        int r;

        if (!path)
                return problem_out_of_memory(problem);
        mirror->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (mirror->lock < 0)
                return problem_set(problem, PROBLEM_INTERNAL, "cannot lock the copy of the repository: %s",
                                   strerror(errno));
        do
                r = flock(mirror->lock, LOCK_EX);
        while (r < 0 && errno == EINTR);
        return r < 0 ? problem_set(problem, PROBLEM_INTERNAL, "cannot lock the copy of the repository: %s",
                                   strerror(errno))
                     : 0;
}

/* What a program that died in mirror_renew() or mirror_complete() leaves. 0, or negative with *problem set.
 */
static int remove_remains(const Mirror *mirror, Problem *problem)
{
        _cleanup_free_ char *old = entry_path(mirror, "mirror.old"), *new = entry_path(mirror, "mirror.new");
        int r;

        if (!old || !new)
                return problem_out_of_memory(problem);
        /* A fetch that was killed between the two renames of mirror_complete(). */
        if (access(mirror->path, F_OK) < 0 && errno == ENOENT && rename(old, mirror->path) < 0 &&
            errno != ENOENT)
                return remove_problem(-errno, problem);
        r = remove_tree(old);
        if (r >= 0)
                r = remove_tree(new);
        return r < 0 ? remove_problem(r, problem) : 0;
}

/* Why the mirror must be replaced, or NULL if it is good for use. */
static const char *reason_to_renew(Mirror *mirror, uint64_t max_bytes)
{
        _cleanup_free_ char *damaged = entry_path(mirror, "damaged");
        git_config *config = NULL;

        if (!damaged || access(damaged, F_OK) == 0)
                return "it was found damaged";
        if (nftw(mirror->path, remove_leftover, WALK_DESCRIPTORS, FTW_PHYS) < 0)
                return "it cannot be cleaned";
        if (is_overgrown(mirror->path, max_bytes))
                return "it has grown too large";
        if (git_repository_open_bare(&mirror->repository, mirror->path) < 0 ||
            git_repository_config(&config, mirror->repository) < 0)
                return "it cannot be opened";
        git_config_free(config);
        return NULL;
}

int mirror_open_to_fetch(Mirror *mirror, const char *directory, uint64_t max_bytes, Problem *problem)
{
        const char *reason;
        int r;

        assert(mirror);
        assert(directory);
        assert(problem);

        r = set_paths(mirror, directory, problem);
        if (r < 0)
                return r;
        r = mirror_lock(mirror, problem);
        if (r < 0)
                return r;
        r = remove_remains(mirror, problem);
        if (r < 0)
                return r;
        if (access(mirror->path, F_OK) < 0)
                return mirror_renew(mirror, problem);
        reason = reason_to_renew(mirror, max_bytes);
        if (!reason)
                return 0;
        log_notice("Replacing the copy of the repository: %s.", reason);
        return mirror_renew(mirror, problem);
}

int mirror_open_to_read(Mirror *mirror, const char *directory, Problem *problem)
{
        int r;

        assert(mirror);
        assert(directory);
        assert(problem);

        r = set_paths(mirror, directory, problem);
        if (r < 0)
                return r;
        if (access(mirror->path, F_OK) < 0)
                return problem_set(problem, PROBLEM_INTERNAL, "the repository has not been fetched yet");
        if (git_repository_open_bare(&mirror->repository, mirror->path) < 0)
                return problem_set_git(problem, PROBLEM_MIRROR);
        return 0;
}

void mirror_mark_damaged(const Mirror *mirror)
{
        _cleanup_free_ char *path = entry_path(mirror, "damaged");
        _cleanup_close_ int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;

        if (fd < 0)
                log_warning("Cannot mark the copy of the repository as damaged, ignoring: %s",
                            strerror(errno));
}

void mirror_close(Mirror *mirror)
{
        _cleanup_free_ char *new = NULL;

        assert(mirror);

        git_repository_free(mirror->repository);
        new = mirror->fresh ? entry_path(mirror, "mirror.new") : NULL;
        if (new)
                (void) remove_tree(new);
        free(mirror->directory);
        free(mirror->path);
        if (mirror->lock >= 0)
                (void) close(mirror->lock);
        *mirror = MIRROR_INIT;
}
