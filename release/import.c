/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* deployd-import DIR: makes a release (manifest.h) in the empty directory DIR from the tar archive on
 * standard input. Standard output is a ticket (base/ticket.h), open for reading and writing.
 *
 *      request  max-bytes=N max-files=N max-depth=N    (unpack.h, UnpackLimits)
 *               default.NAME=COMMAND for each process type that the buildpack suggests: a process of the
 *               release where the Procfile has none of that name
 *               directory.N=NAME, from 1 on: directories of the tree, made where they are missing
 *      answer   digest=HEX files=N bytes=N procfile=yes|no, process.NAME= for each process
 *               or error=SENTENCE, and exit status 1; DIR is then half full and for the caller to remove
 *
 * When the answer is there the release is on the disk.
 *
 * deployd-import --digest DIR: prints the digest of the release in DIR. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "base/ticket.h"
#include "release/beneath.h"
#include "release/procfile.h"
#include "release/refuse.h"
#include "release/tree-files.h"
#include "release/unknown-tree.h"
#include "release/unpack.h"

/* How the process types of a buildpack begin in the request. */
#define DEFAULT_PREFIX "default."
/* And the directories that are to be there. */
#define DIRECTORY_PREFIX "directory."

/* Opens DIR, which has nothing in it yet, and changes into it. */
static int enter_empty(const char *path, char **reterr)
{
        _cleanup_dir_ DIR *directory = opendir(path);
        const struct dirent *child;

        if (!directory)
                return refuse(reterr, -errno, "cannot open the release's directory: %s", strerror(errno));
        /* cppcheck-suppress readdirCalled ; nobody else reads from this stream */
        while ((errno = 0, child = readdir(directory)))
                if (strcmp(child->d_name, ".") != 0 && strcmp(child->d_name, "..") != 0)
                        return refuse(reterr, -ENOTEMPTY, "the release's directory is not empty");
        if (errno != 0 || fchdir(dirfd(directory)) < 0)
                return refuse(reterr, -errno, "cannot read the release's directory: %s", strerror(errno));
        return 0;
}

/* Makes a directory of the release and lists it. A descriptor or -errno. */
static int import_make_directory(const char *name, Manifest *manifest, char **reterr)
{
        int fd, r;

        if (mkdir(name, RELEASE_MODE_DIRECTORY) < 0)
                return refuse(reterr, -errno, "cannot make %s: %s", name, strerror(errno));
        r = manifest_add(manifest, ENTRY_DIRECTORY, name, "");
        if (r < 0)
                return r;
        fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return refuse(reterr, -errno, "cannot open the %s: %s", name, strerror(errno));
        return fd;
}

static int write_process(int fd, const Process *process, Manifest *manifest, Ticket *answer, char **reterr)
{
        _cleanup_free_ char *path = text_format(RELEASE_PROCESSES "/%s", process->name);
        _cleanup_free_ char *key = text_format("process.%s", process->name);
        _cleanup_(sha256_freep) Sha256 *sha = sha256_new();
        size_t size = strlen(process->command);
        _cleanup_close_ int file_fd = -1;
        int r;

        if (!path || !key || !sha)
                return -ENOMEM;
        file_fd = openat(fd, process->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                         RELEASE_MODE_FILE);
        if (file_fd < 0)
                return refuse(reterr, -errno, "cannot make %s: %s", path, strerror(errno));
        r = fd_write(file_fd, process->command, size);
        if (r < 0)
                return refuse(reterr, r, "cannot write %s: %s", path, strerror(-r));
        sha256_add(sha, process->command, size);
        r = manifest_add(manifest, ENTRY_FILE, path, sha256_finish(sha).text);
        if (r < 0)
                return r;
        return ticket_set(answer, key, "");
}

/* Adds a suggestion of the buildpack, unless the Procfile has one of that name. */
static int import_add_default(const char *key, const char *command, void *userdata)
{
        Procfile *procfile = userdata;
        const char *fault;
        int r = procfile_add(procfile, key + strlen(DEFAULT_PREFIX), command, &fault);

        return r == -EEXIST ? 0 : r;
}

/* Turns the tree's Procfile, the suggestions of the request and the scripts of app.json into one file per
 * process; -errno, 0. */
static int write_processes(int tree_fd, const Ticket *request, const AppScripts *scripts, Manifest *manifest,
                           Ticket *answer, char **reterr)
{
        _cleanup_(procfile_freep) Procfile *procfile = NULL;
        _cleanup_close_ int fd = -1;
        bool has_procfile;
        int r;

        r = tree_files_read_procfile(tree_fd, &procfile, reterr);
        has_procfile = r >= 0;
        if (r == -ENOENT)
                r = procfile_parse("", 0, &procfile, reterr);
        if (r < 0)
                return r;
        assert(procfile);
        r = ticket_set(answer, "procfile", has_procfile ? "yes" : "no");
        if (r < 0)
                return r;
        r = ticket_foreach(request, DEFAULT_PREFIX, import_add_default, procfile);
        if (r < 0)
                return refuse(reterr, r, "the ticket has no valid process types");
        r = tree_files_add_scripts(procfile, scripts, reterr);
        if (r < 0)
                return r;
        if (!has_procfile && procfile->n_processes == 0)
                return unknown_tree_refuse(tree_fd, reterr);
        fd = import_make_directory(RELEASE_PROCESSES, manifest, reterr);
        if (fd < 0)
                return fd;
        for (size_t i = 0; i < procfile->n_processes && r >= 0; i++)
                r = write_process(fd, &procfile->processes[i], manifest, answer, reterr);
        return r;
}

typedef struct Wanted {
        int tree_fd;
        Manifest *manifest;
        char **reterr;
} Wanted;

/* One directory whose parent is there; 0 if it is there or made, -ELOOP or -ENOTDIR for something else. */
static int wanted_make_one(const Wanted *wanted, const char *path)
{
        _cleanup_free_ char *listed = text_format(RELEASE_TREE "/%s", path);
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        _cleanup_free_ char *above = slash ? strndup(path, (size_t) (slash - path)) : NULL;
        _cleanup_close_ int above_fd = -1, fd = -1;

        if (!listed || (slash && !above))
                return -ENOMEM;
        fd = open_beneath(wanted->tree_fd, path, O_PATH | O_DIRECTORY, 0);
        if (fd != -ENOENT)
                return fd < 0 ? fd : 0;
        if (above)
                above_fd = open_beneath(wanted->tree_fd, above, O_PATH | O_DIRECTORY, 0);
        if (above && above_fd < 0)
                return above_fd;
        if (mkdirat(above ? above_fd : wanted->tree_fd, name, RELEASE_MODE_DIRECTORY) < 0)
                return refuse(wanted->reterr, -errno, "cannot make %s: %s", path, strerror(errno));
        return manifest_add(wanted->manifest, ENTRY_DIRECTORY, listed, "");
}

/* Where the tree has a file or a link, it stays: that the name is no directory is for the app's owner. */
static int wanted_make(_unused_ const char *key, const char *path, void *userdata)
{
        _cleanup_free_ char *part = strdup(path);
        int r = 0;

        if (!part)
                return -ENOMEM;
        for (char *slash = strchr(part, '/'); r >= 0 && slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                r = wanted_make_one(userdata, part);
                *slash = '/';
        }
        if (r >= 0)
                r = wanted_make_one(userdata, path);
        return r == -ELOOP || r == -ENOTDIR ? 0 : r;
}

static int import_read_request(Ticket **ret_request, UnpackLimits *ret, char **reterr)
{
        const struct {
                const char *key;
                uint64_t *value;
        } limits[] = {
                { "max-bytes", &ret->max_bytes },
                { "max-files", &ret->max_files },
                { "max-depth", &ret->max_depth },
        };
        _cleanup_(ticket_freep) Ticket *request = NULL;
        int r;

        r = ticket_read(STDOUT_FILENO, TICKET_REQUEST, &request);
        if (r < 0)
                return refuse(reterr, r, "cannot read the ticket: %s", strerror(-r));
        for (size_t i = 0; i < ELEMENTSOF(limits); i++) {
                r = ticket_get_u64(request, limits[i].key, INT64_MAX, limits[i].value);
                if (r < 0)
                        return refuse(reterr, r, "the ticket has no valid %s", limits[i].key);
        }
        *ret_request = TAKE_PTR(request);
        return 0;
}

static int import_run(const char *path, Ticket *answer, char **reterr)
{
        _cleanup_(manifest_freep) Manifest *manifest = manifest_new();
        _cleanup_(ticket_freep) Ticket *request = NULL;
        _cleanup_(app_scripts_clear) AppScripts scripts = {};
        _cleanup_close_ int tree_fd = -1;
        UnpackLimits limits;
        UnpackCount count;
        Sha256Text digest;
        int r;

        if (!manifest)
                return -ENOMEM;
        r = import_read_request(&request, &limits, reterr);
        if (r < 0)
                return r;
        r = enter_empty(path, reterr);
        if (r < 0)
                return r;
        tree_fd = import_make_directory(RELEASE_TREE, manifest, reterr);
        if (tree_fd < 0)
                return tree_fd;
        r = unpack_tar(STDIN_FILENO, tree_fd, &limits, manifest, &count, reterr);
        if (r < 0)
                return r;
        r = tree_files_read_app_json(tree_fd, answer, &scripts, reterr);
        if (r >= 0)
                r = write_processes(tree_fd, request, &scripts, manifest, answer, reterr);
        if (r >= 0)
                r = ticket_foreach(request, DIRECTORY_PREFIX, wanted_make,
                                   &(Wanted){ tree_fd, manifest, reterr });
        if (r < 0)
                return r;
        if (syncfs(tree_fd) < 0)
                return refuse(reterr, -errno, "cannot sync the release: %s", strerror(errno));

        r = manifest_digest(manifest, &digest);
        if (r >= 0)
                r = ticket_set(answer, "digest", digest.text);
        if (r >= 0)
                r = ticket_set_u64(answer, "files", count.files);
        if (r >= 0)
                r = ticket_set_u64(answer, "bytes", count.bytes);
        return r;
}

static int run_import(const char *path)
{
        _cleanup_(ticket_freep) Ticket *answer = ticket_new(), *refusal = ticket_new();
        _cleanup_free_ char *error = NULL;
        int failed, r;

        if (!answer || !refusal)
                failed = -ENOMEM;
        else
                failed = import_run(path, answer, &error);
        if (failed < 0) {
                const char *sentence = error ? error : strerror(-failed);

                log_error("%s", sentence);
                r = refusal ? ticket_set(refusal, "error", sentence) : -ENOMEM;
                if (r >= 0)
                        r = ticket_write(refusal, STDOUT_FILENO);
        } else
                r = ticket_write(answer, STDOUT_FILENO);
        if (r < 0)
                log_error("cannot write the ticket: %s", strerror(-r));
        return failed < 0 || r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_digest(const char *path)
{
        _cleanup_(manifest_freep) Manifest *manifest = manifest_new();
        _cleanup_free_ char *error = NULL;
        Sha256Text digest;
        int r;

        if (chdir(path) < 0)
                r = -errno;
        else
                r = manifest ? manifest_scan(manifest, &error) : -ENOMEM;
        if (r >= 0)
                r = manifest_digest(manifest, &digest);
        if (r < 0) {
                log_error("%s: %s", path, error ? error : strerror(-r));
                return EXIT_FAILURE;
        }
        return printf("%s\n", digest.text) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
        /* The modes of manifest.h, whatever the unit's UMask= is. */
        (void) umask(0);

        if (argc == 3 && strcmp(argv[1], "--digest") == 0)
                return run_digest(argv[2]);
        if (argc == 2 && argv[1][0] != '-')
                return run_import(argv[1]);
        log_error("usage: deployd-import DIR, or deployd-import --digest DIR");
        return EXIT_FAILURE;
}
