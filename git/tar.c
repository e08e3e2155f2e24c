/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

/* Fewer, larger writes than tar's traditional twenty blocks. */
#define WRITE_SIZE (64 * 1024)

/* A tree can have as many submodules, or pointers of Git LFS, as files; the journal need not. */
#define NAMES_SHOWN 10

/* How the pointer of Git LFS begins that is in the tree instead of a file, and its size at most. */
#define POINTER_BEGIN    "version https://git-lfs.github.com/spec/v1\n"
#define POINTER_SIZE_MAX ((size_t) 1024)

DEFINE_CLEANUP(struct archive *, archive_write_free);
DEFINE_CLEANUP(struct archive_entry *, archive_entry_free);

typedef struct Tar {
        struct archive *archive;
        struct archive_entry *entry; /* used again for each */
        git_odb *objects;            /* of the repository whose tree is written */
        Modules *modules;
        Remarks *remarks;
        uint64_t submodules, pointers;
} Tar;

static int archive_problem(Tar *tar, Problem *problem)
{
        int error = archive_errno(tar->archive);

        /* libarchive sets errno's values, and negative ones of its own. */
        return problem_set(problem, PROBLEM_INTERNAL, "cannot write the tree: %s",
                           error > 0 ? strerror(error) : archive_error_string(tar->archive));
}

static int write_header(Tar *tar, Problem *problem)
{
        /* A warning would mean that the name was not stored as it is. */
        return archive_write_header(tar->archive, tar->entry) == ARCHIVE_OK ? 0
                                                                            : archive_problem(tar, problem);
}

static int write_symlink(Tar *tar, const TreeEntry *entry, const void *data, size_t size, Problem *problem)
{
        char target[PATH_MAX];

        if (size == 0 || size >= sizeof(target))
                return problem_set(problem, PROBLEM_TREE, "the symlink \"%s\" is empty or too long",
                                   entry->path);
        memcpy(target, data, size);
        target[size] = '\0';
        if (strlen(target) != size || !text_is_clean(target, /* allow_tab= */ false))
                return problem_set(
                        problem, PROBLEM_TREE,
                        "the target of the symlink \"%s\" has control characters or invalid UTF-8",
                        entry->path);
        archive_entry_set_filetype(tar->entry, AE_IFLNK);
        archive_entry_set_perm(tar->entry, 0777);
        archive_entry_copy_symlink(tar->entry, target);
        return write_header(tar, problem);
}

static bool is_pointer(const void *data, size_t size)
{
        return size > strlen(POINTER_BEGIN) && size < POINTER_SIZE_MAX &&
               memcmp(data, POINTER_BEGIN, strlen(POINTER_BEGIN)) == 0;
}

static int tar_write_file(Tar *tar, const TreeEntry *entry, const void *data, size_t size, Problem *problem)
{
        bool executable = entry->mode == GIT_FILEMODE_BLOB_EXECUTABLE;
        int r;

        if (is_pointer(data, size) && ++tar->pointers <= NAMES_SHOWN)
                remarks_add(
                        tar->remarks,
                        "%s is a pointer of Git LFS, not the file: files of Git LFS are not fetched. Commit "
                        "the file itself ('git lfs untrack', 'git add --renormalize .'), or let the build "
                        "download it.",
                        entry->path);

        archive_entry_set_filetype(tar->entry, AE_IFREG);
        archive_entry_set_perm(tar->entry, executable ? 0755 : 0644);
        archive_entry_set_size(tar->entry, (la_int64_t) size);
        r = write_header(tar, problem);
        if (r < 0)
                return r;
        return size == 0 || archive_write_data(tar->archive, data, size) == (la_ssize_t) size
                       ? 0
                       : archive_problem(tar, problem);
}

static int write_directory(Tar *tar, Problem *problem)
{
        archive_entry_set_filetype(tar->entry, AE_IFDIR);
        archive_entry_set_perm(tar->entry, 0755);
        return write_header(tar, problem);
}

static int tar_write_entry(git_repository *repository, const TreeEntry *entry, void *userdata,
                           Problem *problem);

static int write_tree(Tar *tar, git_repository *repository, const git_oid *tree, const char *below,
                      Problem *problem)
{
        git_odb *outer = tar->objects;
        int r;

        if (git_repository_odb(&tar->objects, repository) < 0)
                return problem_set_git(problem, PROBLEM_MIRROR);
        r = tree_walk(repository, tree, below, TREE_DEPTH_MAX, tar_write_entry, tar, problem);
        git_odb_free(tar->objects);
        tar->objects = outer;
        return r;
}

static int write_submodule(Tar *tar, const TreeEntry *entry, Problem *problem)
{
        Module *module = modules_find(tar->modules, entry->path);
        int r;

        if (!module && ++tar->submodules <= NAMES_SHOWN)
                remarks_add(
                        tar->remarks,
                        "The submodule %s is not fetched, its directory is empty. The setting submodules=yes "
                        "of the repository has it fetched: 'deployctl repo set REPOSITORY submodules=yes'.",
                        entry->path);
        r = write_directory(tar, problem);
        if (r < 0 || !module)
                return r;
        r = write_tree(tar, module->mirror.repository, &module->tree, module->path, problem);
        if (r < 0 && problem->kind == PROBLEM_MIRROR)
                mirror_mark_damaged(&module->mirror);
        return r;
}

static int tar_write_entry(git_repository *repository, const TreeEntry *entry, void *userdata,
                           Problem *problem)
{
        git_odb_object *object = NULL;
        Tar *tar = userdata;
        const void *data;
        size_t size;
        int r;

        (void) repository;
        archive_entry_clear(tar->entry);
        /* As bytes of the locale's UTF-8: libarchive's functions for UTF-8 compose what is decomposed, so
         * that two names become one. */
        archive_entry_copy_pathname(tar->entry, entry->path);
        archive_entry_set_mtime(tar->entry, 0, 0);

        if (entry->mode == GIT_FILEMODE_COMMIT)
                return write_submodule(tar, entry, problem);
        if (entry->mode == GIT_FILEMODE_TREE)
                return write_directory(tar, problem);

        if (git_odb_read(&object, tar->objects, entry->id) < 0)
                return problem_set_git(problem, PROBLEM_MIRROR);
        data = git_odb_object_data(object);
        size = git_odb_object_size(object);
        r = entry->mode == GIT_FILEMODE_LINK ? write_symlink(tar, entry, data, size, problem)
                                             : tar_write_file(tar, entry, data, size, problem);
        git_odb_object_free(object);
        return r;
}

static int open_archive(struct archive *archive, int fd)
{
        if (archive_write_set_format_pax_restricted(archive) != ARCHIVE_OK ||
            archive_write_add_filter_none(archive) != ARCHIVE_OK ||
            archive_write_set_bytes_per_block(archive, WRITE_SIZE) != ARCHIVE_OK ||
            archive_write_set_bytes_in_last_block(archive, 1) != ARCHIVE_OK)
                return ARCHIVE_FATAL;
        return archive_write_open_fd(archive, fd);
}

int tar_write(git_repository *repository, const git_oid *tree, Modules *modules, int fd, Remarks *remarks,
              Problem *problem)
{
        _cleanup_(archive_write_freep) struct archive *archive = NULL;
        _cleanup_(archive_entry_freep) struct archive_entry *entry = NULL;
        Tar tar;
        int r;

        assert(repository);
        assert(tree);
        assert(fd >= 0);
        assert(remarks);
        assert(problem);

        if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
                return problem_set(problem, PROBLEM_INTERNAL, "cannot write the tree: %s", strerror(errno));
        archive = archive_write_new();
        entry = archive_entry_new();
        if (!archive || !entry)
                return problem_out_of_memory(problem);

        tar = (Tar){ .archive = archive, .entry = entry, .modules = modules, .remarks = remarks };
        if (open_archive(archive, fd) != ARCHIVE_OK)
                return archive_problem(&tar, problem);
        r = write_tree(&tar, repository, tree, "", problem);
        if (r < 0)
                return r;
        if (tar.pointers > NAMES_SHOWN)
                remarks_add(remarks, "%" PRIu64 " more files are pointers of Git LFS.",
                            tar.pointers - NAMES_SHOWN);
        if (tar.submodules > NAMES_SHOWN)
                remarks_add(remarks, "%" PRIu64 " more submodules are not fetched.",
                            tar.submodules - NAMES_SHOWN);
        /* The end mark and what is still buffered. */
        return archive_write_close(archive) == ARCHIVE_OK ? 0 : archive_problem(&tar, problem);
}
