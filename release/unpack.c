/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "release/unpack.h"

/* Why libarchive: names longer than 100 bytes come in three dialects (ustar prefix, GNU, pax), and sizes,
 * links and sparse maps in as many; its reader knows them all and has been fuzzed for years, and ours would
 * be a second one to keep right. Only its tar reader is used, on bytes as they are: no other format, no
 * decompression, none of its code that writes to disk. What an entry may be is decided here. */

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/names.h"
#include "base/text.h"
#include "release/beneath.h"
#include "release/refuse.h"

/* How much is read from the archive at once. */
#define BLOCK_SIZE ((size_t) 128 * 1024)

/* How much of a name is shown in a sentence. */
#define PATH_SHOWN_MAX 200

/* The app must be able to name each of its files by an absolute path. */
#define PATH_BYTES_MAX (PATH_MAX - sizeof(PATH_APP_TREE "/"))

/* An archive ends with two blocks of zeros (POSIX.1-2017, pax, ustar), and writers fill up their last record
 * with more: GNU tar to 10 KiB, with --blocking-factor to whatever a tape needs. */
#define ARCHIVE_END_MIN 1024
#define ARCHIVE_END_MAX ((off_t) 1024 * 1024)

typedef struct Unpack {
        struct archive *archive;
        int tree_fd;
        const UnpackLimits *limits;
        Manifest *manifest;
        UnpackCount count;
        char **reterr;
} Unpack;

DEFINE_CLEANUP(struct archive *, archive_read_free);

static int unpack_refuse_entry(Unpack *u, int error, const char *path, const char *fault)
{
        _cleanup_free_ char *shown = text_sanitize(path, PATH_SHOWN_MAX);

        return refuse(u->reterr, error, "archive entry \"%s\" %s", text_or_empty(shown), fault);
}

/* A sentence for an error of the file system. */
static int refuse_errno(Unpack *u, int error, const char *path)
{
        _cleanup_free_ char *shown = NULL;

        if (error == -EEXIST)
                return unpack_refuse_entry(u, -EBADMSG, path, "is there twice");
        if (error == -ELOOP)
                return unpack_refuse_entry(u, -EBADMSG, path, "leads through a symbolic link");
        if (error == -ENOTDIR)
                return unpack_refuse_entry(u, -EBADMSG, path,
                                           "leads through something that is no directory");
        shown = text_sanitize(path, PATH_SHOWN_MAX);
        return refuse(u->reterr, error, "cannot make \"%s\": %s", text_or_empty(shown), strerror(-error));
}

static int unpack_refuse_archive(Unpack *u)
{
        _cleanup_free_ char *why =
                text_sanitize(text_or_empty(archive_error_string(u->archive)), PATH_SHOWN_MAX);

        return refuse(u->reterr, -EBADMSG, "the archive cannot be read: %s", text_or_empty(why));
}

/* What is wrong with a path; NULL if nothing is. */
static const char *path_fault(const char *path)
{
        if (path[0] == '\0')
                return "has no name";
        if (path[0] == '/')
                return "has an absolute path";
        if (!text_is_clean(path, /* allow_tab= */ false))
                return "has a path that is not UTF-8 without control characters";
        if (strlen(path) > PATH_BYTES_MAX)
                return "has a path that is too long";
        for (const char *name = path; name; name = strchr(name, '/')) {
                name += *name == '/';
                size_t length = strcspn(name, "/");

                if (length == 0)
                        return "has an empty name in its path";
                if (length <= 2 && strspn(name, ".") >= length)
                        return "has . or .. in its path";
                if (length > NAME_MAX)
                        return "has a name of more than 255 bytes in its path";
        }
        return NULL;
}

/* What is wrong with an entry besides its path; NULL if nothing is. */
static const char *entry_fault(struct archive_entry *entry)
{
        const char *target = archive_entry_symlink(entry);

        if (archive_entry_hardlink(entry))
                return "is a hard link";
        switch (archive_entry_filetype(entry)) {
        case AE_IFREG:
        case AE_IFDIR:
                break;
        case AE_IFLNK:
                if (text_is_empty(target))
                        return "is a symbolic link without a target";
                if (strlen(target) >= PATH_MAX)
                        return "is a symbolic link with a target that is too long";
                if (!text_is_clean(target, /* allow_tab= */ false))
                        return "is a symbolic link with a target that is not UTF-8 without control "
                               "characters";
                break;
        case AE_IFIFO:
                return "is a fifo";
        case AE_IFCHR:
        case AE_IFBLK:
                return "is a device";
        default:
                return "is of an unknown type";
        }
        if (archive_entry_sparse_reset(entry) > 0)
                return "is a sparse file";
        if (archive_entry_xattr_reset(entry) > 0)
                return "has extended attributes";
        if (archive_entry_acl_types(entry) != 0)
                return "has an access control list";
        return NULL;
}

/* Counts what is about to be made. */
static int unpack_count(Unpack *u, uint64_t bytes)
{
        if (u->count.files >= u->limits->max_files)
                return refuse(u->reterr, -EFBIG, "the archive has more than %" PRIu64 " files",
                              u->limits->max_files);
        if (bytes > u->limits->max_bytes - u->count.bytes)
                return refuse(u->reterr, -EFBIG, "the archive has more than %" PRIu64 " bytes",
                              u->limits->max_bytes);
        u->count.files++;
        u->count.bytes += bytes;
        return 0;
}

static int unpack_list(Unpack *u, EntryKind kind, const char *path, const char *content)
{
        _cleanup_free_ char *full = text_format(RELEASE_TREE "/%s", path);
        int r = full ? manifest_add(u->manifest, kind, full, content) : -ENOMEM;

        if (r == -E2BIG)
                return refuse(u->reterr, -EFBIG, "the archive's paths together have more than %zu bytes",
                              MANIFEST_TEXT_MAX);
        return r < 0 ? refuse_errno(u, r, path) : r;
}

/* Opens the directory that holds `path`, making what is missing of it; *ret_name points into `path`. A
 * descriptor, or -errno with the sentence said. */
static int open_parent(Unpack *u, const char *path, const char **ret_name)
{
        const char *slash = strrchr(path, '/'), *name;
        _cleanup_free_ char *parent = strndup(path, slash ? (size_t) (slash - path) : 0);
        _cleanup_close_ int above_fd = -1;
        int fd, r;

        *ret_name = slash ? slash + 1 : path;
        if (!parent)
                return -ENOMEM;
        fd = open_beneath(u->tree_fd, slash ? parent : ".", O_PATH | O_DIRECTORY, 0);
        if (fd >= 0)
                return fd;
        if (fd != -ENOENT)
                return refuse_errno(u, fd, path);

        /* As deep as max_depth at most. */
        above_fd = open_parent(u, parent, &name);
        if (above_fd < 0)
                return above_fd;
        r = unpack_count(u, 0);
        if (r < 0)
                return r;
        r = unpack_list(u, ENTRY_PARENT, parent, "");
        if (r < 0)
                return r;
        if (mkdirat(above_fd, name, RELEASE_MODE_DIRECTORY) < 0)
                return refuse_errno(u, -errno, parent);
        fd = open_beneath(above_fd, name, O_PATH | O_DIRECTORY, 0);
        return fd < 0 ? refuse_errno(u, fd, parent) : fd;
}

/* Copies the content of the entry at hand and takes its digest on the way. */
static int copy_content(Unpack *u, int fd, const char *path, int64_t size, Sha256Text *ret)
{
        _cleanup_(sha256_freep) Sha256 *sha = sha256_new();
        int64_t copied = 0, offset;
        const void *block;
        size_t length;
        int r;

        if (!sha)
                return -ENOMEM;
        while ((r = archive_read_data_block(u->archive, &block, &length, &offset)) == ARCHIVE_OK) {
                if (offset != copied || (int64_t) length > size - copied)
                        return unpack_refuse_entry(u, -EBADMSG, path, "is a sparse file");
                r = fd_write(fd, block, length);
                if (r < 0)
                        return refuse_errno(u, r, path);
                sha256_add(sha, block, length);
                copied += (int64_t) length;
        }
        if (r != ARCHIVE_EOF)
                return unpack_refuse_archive(u);
        if (copied != size)
                return unpack_refuse_entry(u, -EBADMSG, path, "is a sparse file");
        *ret = sha256_finish(sha);
        return 0;
}

static int unpack_file(Unpack *u, int parent_fd, const char *name, const char *path,
                       struct archive_entry *entry)
{
        bool executable = archive_entry_perm(entry) & 0111;
        int64_t size = archive_entry_size(entry);
        _cleanup_close_ int fd = -1;
        Sha256Text digest;
        int r;

        r = unpack_count(u, (uint64_t) size);
        if (r < 0)
                return r;
        fd = open_beneath(parent_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                          executable ? RELEASE_MODE_EXECUTABLE : RELEASE_MODE_FILE);
        if (fd < 0)
                return refuse_errno(u, fd, path);
        r = copy_content(u, fd, path, size, &digest);
        if (r < 0)
                return r;
        return unpack_list(u, executable ? ENTRY_EXECUTABLE : ENTRY_FILE, path, digest.text);
}

static int unpack_directory(Unpack *u, int parent_fd, const char *name, const char *path)
{
        int r = unpack_list(u, ENTRY_DIRECTORY, path, "");

        if (r != 0)
                return r; /* MANIFEST_HAD_PARENT: it was made and counted then. */
        r = unpack_count(u, 0);
        if (r < 0)
                return r;
        return mkdirat(parent_fd, name, RELEASE_MODE_DIRECTORY) < 0 ? refuse_errno(u, -errno, path) : 0;
}

static int unpack_symlink(Unpack *u, int parent_fd, const char *name, const char *path, const char *target)
{
        int r = unpack_count(u, 0);

        if (r < 0)
                return r;
        if (symlinkat(target, parent_fd, name) < 0)
                return refuse_errno(u, -errno, path);
        return unpack_list(u, ENTRY_SYMLINK, path, target);
}

static int unpack_entry(Unpack *u, struct archive_entry *entry)
{
        _cleanup_free_ char *path = strdup(text_or_empty(archive_entry_pathname(entry)));
        const char *fault, *name;
        _cleanup_close_ int parent_fd = -1;
        uint64_t depth = 1;
        size_t length;

        if (!path)
                return -ENOMEM;
        /* The form of a directory's name in most archives. */
        length = strlen(path);
        if (archive_entry_filetype(entry) == AE_IFDIR && length > 1 && path[length - 1] == '/')
                path[length - 1] = '\0';

        fault = path_fault(path);
        if (!fault)
                fault = entry_fault(entry);
        if (fault)
                return unpack_refuse_entry(u, -EBADMSG, path, fault);
        for (const char *slash = path; (slash = strchr(slash, '/')); slash++)
                depth++;
        if (depth > u->limits->max_depth)
                return unpack_refuse_entry(u, -EFBIG, path, "is too deep");

        parent_fd = open_parent(u, path, &name);
        if (parent_fd < 0)
                return parent_fd;
        switch (archive_entry_filetype(entry)) {
        case AE_IFDIR:
                return unpack_directory(u, parent_fd, name, path);
        case AE_IFLNK:
                return unpack_symlink(u, parent_fd, name, path, archive_entry_symlink(entry));
        default:
                return unpack_file(u, parent_fd, name, path, entry);
        }
}

/* libarchive takes the end of the file for the end of the archive, and nothing behind the end marker into
 * account: a copy that was cut between two entries would pass for a whole one. */
static int check_end(Unpack *u, int fd, off_t end)
{
        _cleanup_free_ char *padding = NULL;
        struct stat st;
        off_t size;

        if (fstat(fd, &st) < 0)
                return -errno;
        size = st.st_size - end;
        if (size < ARCHIVE_END_MIN)
                return refuse(u->reterr, -EBADMSG, "the archive is truncated");
        padding = size <= ARCHIVE_END_MAX ? malloc((size_t) size) : NULL;
        if (size <= ARCHIVE_END_MAX && !padding)
                return -ENOMEM;
        if (!padding || pread(fd, padding, (size_t) size, end) != size || padding[0] != '\0' ||
            memcmp(padding, padding + 1, (size_t) size - 1) != 0)
                return refuse(u->reterr, -EBADMSG, "the archive has something behind its end");
        return 0;
}

int unpack_tar(int archive_fd, int tree_fd, const UnpackLimits *limits, Manifest *manifest, UnpackCount *ret,
               char **reterr)
{
        _cleanup_(archive_read_freep) struct archive *archive = archive_read_new();
        Unpack u = { archive, tree_fd, limits, manifest, { 0, 0 }, reterr };
        off_t start = lseek(archive_fd, 0, SEEK_CUR);
        struct archive_entry *entry;
        int r;

        assert(limits);
        assert(manifest);
        assert(ret);
        assert(reterr);

        if (start < 0)
                return refuse(reterr, -errno, "the archive is not a regular file");
        if (!archive || archive_read_support_format_tar(archive) != ARCHIVE_OK)
                return -ENOMEM;
        if (archive_read_open_fd(archive, archive_fd, BLOCK_SIZE) != ARCHIVE_OK)
                return unpack_refuse_archive(&u);

        while ((r = archive_read_next_header(archive, &entry)) != ARCHIVE_EOF) {
                /* No locale is set, so libarchive cannot convert pax's UTF-8, warns with this error, and
                 * gives the bytes as they are: what is wanted (with a UTF-8 locale it would compose letters
                 * and their accents, and make another name of it). */
                if (r != ARCHIVE_OK && !(r == ARCHIVE_WARN && archive_errno(archive) == EILSEQ))
                        return unpack_refuse_archive(&u);
                r = unpack_entry(&u, entry);
                if (r < 0)
                        return r;
        }
        r = check_end(&u, archive_fd, start + archive_read_header_position(archive));
        if (r < 0)
                return r;
        *ret = u.count;
        return 0;
}
