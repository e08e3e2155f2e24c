/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "release/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <search.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "release/refuse.h"

/* How much of a file is read at once. */
#define BLOCK_SIZE ((size_t) 128 * 1024)

/* How much of a path is shown in a sentence. */
#define PATH_SHOWN_MAX 200

typedef struct Entry {
        EntryKind kind;
        const char *content; /* behind the path, in the same allocation */
        char path[];
} Entry;

struct Manifest {
        void *tree; /* tsearch(3), by path */
        size_t text_size;
};

static int entry_compare(const void *a, const void *b)
{
        const Entry *left = a, *right = b;

        return strcmp(left->path, right->path);
}

Manifest *manifest_new(void)
{
        return calloc(1, sizeof(Manifest));
}

Manifest *manifest_free(Manifest *manifest)
{
        if (!manifest)
                return NULL;
        tdestroy(manifest->tree, free);
        free(manifest);
        return NULL;
}

int manifest_add(Manifest *manifest, EntryKind kind, const char *path, const char *content)
{
        size_t path_size = strlen(path) + 1, content_size = strlen(content) + 1;
        _cleanup_free_ Entry *entry = NULL;
        Entry **found;

        assert(manifest);

        if (path_size + content_size > MANIFEST_TEXT_MAX - manifest->text_size)
                return -E2BIG;
        entry = malloc(sizeof(Entry) + path_size + content_size);
        if (!entry)
                return -ENOMEM;
        entry->kind = kind;
        entry->content = memcpy(entry->path + path_size, content, content_size);
        memcpy(entry->path, path, path_size);

        found = tsearch(entry, &manifest->tree, entry_compare);
        if (!found)
                return -ENOMEM;
        if (*found == entry) {
                manifest->text_size += path_size + content_size;
                (void) TAKE_PTR(entry);
                return 0;
        }
        if (kind != ENTRY_DIRECTORY || (*found)->kind != ENTRY_PARENT)
                return -EEXIST;
        (*found)->kind = ENTRY_DIRECTORY;
        return MANIFEST_HAD_PARENT;
}

typedef struct Visit {
        int (*each)(EntryKind kind, const char *path, const char *content, void *userdata);
        void *userdata;
        int result;
} Visit;

static void entry_visit(const void *node, VISIT visit, void *userdata)
{
        const Entry *entry = *(Entry *const *) node;
        Visit *walk = userdata;

        /* In this order twalk(3) gives the entries sorted. */
        if (walk->result < 0 || (visit != postorder && visit != leaf))
                return;
        walk->result = walk->each(entry->kind == ENTRY_PARENT ? ENTRY_DIRECTORY : entry->kind, entry->path,
                                  entry->content, walk->userdata);
}

int manifest_foreach(const Manifest *manifest,
                     int (*each)(EntryKind kind, const char *path, const char *content, void *userdata),
                     void *userdata)
{
        Visit walk = { each, userdata, 0 };

        assert(manifest);
        assert(each);

        twalk_r(manifest->tree, entry_visit, &walk);
        return walk.result;
}

static int entry_hash(EntryKind kind, const char *path, const char *content, void *userdata)
{
        char type[] = { (char) kind, ' ' };
        Sha256 *sha = userdata;

        sha256_add(sha, type, sizeof(type));
        sha256_add(sha, path, strlen(path) + 1);
        sha256_add(sha, content, strlen(content));
        sha256_add(sha, "\n", 1);
        return 0;
}

int manifest_digest(const Manifest *manifest, Sha256Text *ret)
{
        _cleanup_(sha256_freep) Sha256 *sha = sha256_new();

        assert(manifest);
        assert(ret);

        if (!sha)
                return -ENOMEM;
        (void) manifest_foreach(manifest, entry_hash, sha);
        *ret = sha256_finish(sha);
        return 0;
}

/* The digest of the file's bytes. */
static int file_digest(const char *path, Sha256Text *ret)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        _cleanup_(sha256_freep) Sha256 *sha = sha256_new();
        _cleanup_free_ char *block = malloc(BLOCK_SIZE);
        ssize_t n;

        if (fd < 0)
                return -errno;
        if (!sha || !block)
                return -ENOMEM;
        while ((n = read(fd, block, BLOCK_SIZE)) != 0) {
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n > 0)
                        sha256_add(sha, block, (size_t) n);
        }
        *ret = sha256_finish(sha);
        return 0;
}

static int link_target(const char *path, char target[static PATH_MAX])
{
        ssize_t n = readlink(path, target, PATH_MAX - 1);

        if (n < 0)
                return -errno;
        target[n] = '\0';
        return text_is_clean(target, /* allow_tab= */ false) ? 0 : -EUCLEAN;
}

/* One step of the walk: fts(3) has changed into the directory that holds the entry. */
static int scan_entry(Manifest *manifest, const FTSENT *node)
{
        mode_t mode = node->fts_statp->st_mode & 07777;
        char target[PATH_MAX];
        Sha256Text digest;
        int r;

        if (!text_is_clean(node->fts_path, /* allow_tab= */ false))
                return -EUCLEAN;
        switch (node->fts_info) {
        case FTS_D:
                if (mode != RELEASE_MODE_DIRECTORY)
                        return -EUCLEAN;
                return manifest_add(manifest, ENTRY_DIRECTORY, node->fts_path, "");
        case FTS_DP:
                return 0;
        case FTS_F:
                if (mode != RELEASE_MODE_FILE && mode != RELEASE_MODE_EXECUTABLE)
                        return -EUCLEAN;
                r = file_digest(node->fts_accpath, &digest);
                if (r < 0)
                        return r;
                return manifest_add(manifest, mode == RELEASE_MODE_FILE ? ENTRY_FILE : ENTRY_EXECUTABLE,
                                    node->fts_path, digest.text);
        case FTS_SL:
        case FTS_SLNONE:
                r = link_target(node->fts_accpath, target);
                return r < 0 ? r : manifest_add(manifest, ENTRY_SYMLINK, node->fts_path, target);
        case FTS_DNR:
        case FTS_ERR:
        case FTS_NS:
                return -node->fts_errno;
        default:
                return -EUCLEAN;
        }
}

static void fts_closep(FTS **fts)
{
        if (*fts)
                (void) fts_close(*fts);
}

int manifest_scan(Manifest *manifest, char **reterr)
{
        char tree[] = RELEASE_TREE, processes[] = RELEASE_PROCESSES;
        bool has_processes = faccessat(AT_FDCWD, processes, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
        char *roots[] = { tree, has_processes ? processes : NULL, NULL };
        _cleanup_(fts_closep) FTS *fts = NULL;
        FTSENT *node;

        assert(manifest);
        assert(reterr);

        fts = fts_open(roots, FTS_PHYSICAL, NULL);
        if (!fts)
                return refuse(reterr, -errno, "cannot walk the release: %s", strerror(errno));

        while ((errno = 0, node = fts_read(fts))) {
                int r = scan_entry(manifest, node);
                if (r >= 0)
                        continue;

                _cleanup_free_ char *shown = text_sanitize(node->fts_path, PATH_SHOWN_MAX);
                if (r == -EUCLEAN)
                        return refuse(reterr, r, "%s is not what an import makes", text_or_empty(shown));
                return refuse(reterr, r, "cannot read %s: %s", text_or_empty(shown), strerror(-r));
        }
        if (errno != 0)
                return refuse(reterr, -errno, "cannot walk the release: %s", strerror(errno));
        return 0;
}
