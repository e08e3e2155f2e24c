/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "release/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "release/beneath.h"
#include "release/refuse.h"
#include "release/walk.h"

/* Fewer, larger writes than tar's traditional twenty blocks. */
#define WRITE_SIZE (64 * 1024)

/* How much of a file is read at once. */
#define BLOCK_SIZE ((size_t) 128 * 1024)

/* How much of a name is shown in a sentence. */
#define PATH_SHOWN_MAX 200

/* A tree can have as many sockets as files; the journal need not. */
#define LEFT_OUT_SHOWN 10

DEFINE_CLEANUP(struct archive *, archive_write_free);
DEFINE_CLEANUP(struct archive_entry *, archive_entry_free);

typedef struct Pack {
        int tree_fd;
        const UnpackLimits *limits;
        Manifest *manifest; /* what will be in the archive, sorted; of a link the target */
        UnpackCount count;
        uint64_t left_out;
        struct archive *archive;
        struct archive_entry *entry; /* used again for each */
        char *block;
        char **reterr;
} Pack;

static int pack_refuse_entry(Pack *pack, int error, const char *path, const char *fault)
{
        _cleanup_free_ char *shown = text_sanitize(path, PATH_SHOWN_MAX);

        return refuse(pack->reterr, error, "\"%s\" of the built tree %s", text_or_empty(shown), fault);
}

static int pack_count(Pack *pack, const WalkEntry *entry)
{
        uint64_t bytes = S_ISREG(entry->state->st_mode) ? (uint64_t) entry->state->st_size : 0;
        SizeText text;

        if (entry->depth > pack->limits->max_depth)
                return pack_refuse_entry(pack, -EFBIG, entry->path, "is too deep");
        if (pack->count.files >= pack->limits->max_files)
                return refuse(pack->reterr, -EFBIG,
                              "the built tree has more than %" PRIu64
                              " files: build-files-max of [runner] in deploy.conf",
                              pack->limits->max_files);
        /* Holes have no place on the disk, but bytes in an archive. */
        if (bytes > pack->limits->max_bytes - pack->count.bytes)
                return refuse(pack->reterr, -EFBIG,
                              "the built tree is larger than %s: build-disk-max of [runner] in deploy.conf",
                              text_size(pack->limits->max_bytes, text));
        pack->count.files++;
        pack->count.bytes += bytes;
        return 0;
}

/* The target of a link into `target`. */
static int read_target(const WalkEntry *entry, char target[static PATH_MAX])
{
        ssize_t n = readlinkat(entry->directory_fd, entry->name, target, PATH_MAX - 1);

        if (n < 0)
                return -errno;
        target[n] = '\0';
        return 0;
}

static void leave_out(Pack *pack, const WalkEntry *entry)
{
        _cleanup_free_ char *shown = NULL;

        if (++pack->left_out > LEFT_OUT_SHOWN)
                return;
        shown = text_sanitize(entry->path, PATH_SHOWN_MAX);
        log_warning("Left out of the built tree: %s, a %s.", text_or_empty(shown),
                    S_ISFIFO(entry->state->st_mode)   ? "fifo"
                    : S_ISSOCK(entry->state->st_mode) ? "socket"
                                                      : "device");
}

/* Lists what the walk comes to. */
static int list_entry(const WalkEntry *entry, void *userdata)
{
        mode_t mode = entry->state->st_mode;
        EntryKind kind = ENTRY_DIRECTORY;
        char target[PATH_MAX] = "";
        Pack *pack = userdata;
        int r = 0;

        if (S_ISREG(mode))
                kind = mode & 0100 ? ENTRY_EXECUTABLE : ENTRY_FILE;
        else if (S_ISLNK(mode))
                kind = ENTRY_SYMLINK;
        else if (!S_ISDIR(mode)) {
                leave_out(pack, entry);
                return 0;
        }
        r = pack_count(pack, entry);
        if (r < 0)
                return r;
        if (kind == ENTRY_SYMLINK)
                r = read_target(entry, target);
        else if (kind != ENTRY_DIRECTORY && !(mode & 0400) &&
                 fchmodat(entry->directory_fd, entry->name, (mode & 0777) | 0400, 0) < 0)
                r = -errno;
        if (r < 0)
                return pack_refuse_entry(pack, r, entry->path, strerror(-r));
        if (!text_is_clean(entry->path, /* allow_tab= */ false))
                return pack_refuse_entry(pack, -EBADMSG, entry->path,
                                         "has a path that is not UTF-8 without control characters");
        if (!text_is_clean(target, /* allow_tab= */ false))
                return pack_refuse_entry(
                        pack, -EBADMSG, entry->path,
                        "is a symbolic link with a target that is not UTF-8 without control "
                        "characters");
        r = manifest_add(pack->manifest, kind, entry->path, target);
        if (r == -E2BIG)
                return refuse(pack->reterr, -EFBIG,
                              "the paths of the built tree together have more than %zu bytes",
                              MANIFEST_TEXT_MAX);
        return r;
}

static int pack_refuse_archive(Pack *pack)
{
        int error = archive_errno(pack->archive);

        /* libarchive sets errno's values, and negative ones of its own. */
        return refuse(pack->reterr, error > 0 ? -error : -EIO, "cannot write the built tree: %s",
                      error > 0 ? strerror(error) : text_or_empty(archive_error_string(pack->archive)));
}

static int write_content(Pack *pack, int fd)
{
        ssize_t n;

        while ((n = read(fd, pack->block, BLOCK_SIZE)) != 0) {
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n > 0 && archive_write_data(pack->archive, pack->block, (size_t) n) != n)
                        return pack_refuse_archive(pack);
        }
        return 0;
}

/* Writes an entry of the list. */
static int pack_write_entry(EntryKind kind, const char *path, const char *target, void *userdata)
{
        Pack *pack = userdata;
        struct archive_entry *entry = archive_entry_clear(pack->entry);
        _cleanup_close_ int fd = -1;
        struct stat state;
        int r;

        archive_entry_copy_pathname(entry, path);
        archive_entry_set_mtime(entry, 0, 0);
        archive_entry_set_perm(entry, RELEASE_MODE_DIRECTORY);
        switch (kind) {
        case ENTRY_SYMLINK:
                archive_entry_set_filetype(entry, AE_IFLNK);
                archive_entry_copy_symlink(entry, target);
                break;
        case ENTRY_FILE:
        case ENTRY_EXECUTABLE:
                fd = open_beneath(pack->tree_fd, path, O_RDONLY | O_NONBLOCK, 0);
                if (fd < 0 || fstat(fd, &state) < 0)
                        return pack_refuse_entry(pack, fd < 0 ? fd : -errno, path, "cannot be read");
                archive_entry_set_filetype(entry, AE_IFREG);
                archive_entry_set_perm(entry,
                                       kind == ENTRY_FILE ? RELEASE_MODE_FILE : RELEASE_MODE_EXECUTABLE);
                archive_entry_set_size(entry, state.st_size);
                break;
        default:
                archive_entry_set_filetype(entry, AE_IFDIR);
                break;
        }
        /* A warning would mean that the name was not stored as it is. */
        if (archive_write_header(pack->archive, entry) != ARCHIVE_OK)
                return pack_refuse_archive(pack);
        r = fd < 0 ? 0 : write_content(pack, fd);
        return r < 0 && !*pack->reterr ? pack_refuse_entry(pack, r, path, strerror(-r)) : r;
}

static int write_archive(Pack *pack, int archive_fd)
{
        int r;

        if (archive_write_set_format_pax_restricted(pack->archive) != ARCHIVE_OK ||
            archive_write_add_filter_none(pack->archive) != ARCHIVE_OK ||
            archive_write_set_bytes_per_block(pack->archive, WRITE_SIZE) != ARCHIVE_OK ||
            archive_write_set_bytes_in_last_block(pack->archive, 1) != ARCHIVE_OK ||
            archive_write_open_fd(pack->archive, archive_fd) != ARCHIVE_OK)
                return pack_refuse_archive(pack);
        r = manifest_foreach(pack->manifest, pack_write_entry, pack);
        /* The end mark and what is still buffered. */
        if (r >= 0 && archive_write_close(pack->archive) != ARCHIVE_OK)
                r = pack_refuse_archive(pack);
        return r;
}

/* libarchive stores names that it can read in the character set of the locale. Only here: its reader would
 * compose letters and accents, and make another name of it. */
static int write_in_utf8(Pack *pack, int archive_fd)
{
        locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t) 0), before;
        int r;

        if (!utf8)
                return refuse(pack->reterr, -errno, "the locale C.UTF-8 is missing");
        before = uselocale(utf8);
        r = write_archive(pack, archive_fd);
        (void) uselocale(before);
        freelocale(utf8);
        return r;
}

int pack_tree(int tree_fd, const UnpackLimits *limits, int archive_fd, UnpackCount *ret, char **reterr)
{
        _cleanup_(archive_write_freep) struct archive *archive = archive_write_new();
        _cleanup_(archive_entry_freep) struct archive_entry *entry = archive_entry_new();
        _cleanup_(manifest_freep) Manifest *manifest = manifest_new();
        _cleanup_free_ char *block = malloc(BLOCK_SIZE);
        Pack pack = { tree_fd, limits, manifest, { 0, 0 }, 0, archive, entry, block, reterr };
        int r;

        assert(limits);
        assert(ret);
        assert(reterr);

        if (!archive || !entry || !manifest || !block)
                return -ENOMEM;
        r = walk_tree(tree_fd, list_entry, &pack);
        if (r < 0)
                return *reterr ? r : refuse(reterr, r, "cannot walk the built tree: %s", strerror(-r));
        if (pack.left_out > LEFT_OUT_SHOWN)
                log_warning("Left out of the built tree: %" PRIu64 " more of these.",
                            pack.left_out - LEFT_OUT_SHOWN);
        r = write_in_utf8(&pack, archive_fd);
        if (r < 0)
                return r;
        *ret = pack.count;
        return 0;
}
