/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "release/tree-files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/names.h"
#include "base/text.h"
#include "release/app-json.h"
#include "release/refuse.h"

/* Reads a whole file of the tree's root, with a NUL behind it. 0; -ENOENT without a sentence if there is
 * none. */
static int read_root_file(int tree_fd, const char *name, size_t max, char **ret, size_t *ret_size,
                          char **reterr)
{
        _cleanup_close_ int fd = openat(tree_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        _cleanup_free_ char *text = NULL;
        struct stat st;

        if (fd < 0 && errno == ENOENT)
                return -ENOENT;
        if (fd < 0 && errno == ELOOP)
                return refuse(reterr, -EINVAL, "the %s is a symbolic link", name);
        if (fd < 0 || fstat(fd, &st) < 0)
                return refuse(reterr, -errno, "cannot open the %s: %s", name, strerror(errno));
        if (!S_ISREG(st.st_mode))
                return refuse(reterr, -EINVAL, "the %s is not a regular file", name);
        if ((size_t) st.st_size > max)
                return refuse(reterr, -EINVAL, "the %s has more than %zu bytes", name, max);
        text = malloc((size_t) st.st_size + 1);
        if (!text)
                return -ENOMEM;
        if (read(fd, text, (size_t) st.st_size) != st.st_size)
                return refuse(reterr, -EIO, "cannot read the %s", name);
        text[st.st_size] = '\0';
        *ret_size = (size_t) st.st_size;
        *ret = TAKE_PTR(text);
        return 0;
}

int tree_files_read_procfile(int tree_fd, Procfile **ret, char **reterr)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r = read_root_file(tree_fd, PROCFILE_NAME, PROCFILE_SIZE_MAX, &text, &size, reterr);

        return r < 0 ? r : procfile_parse(text, size, ret, reterr);
}

int tree_files_read_app_json(int tree_fd, Ticket *answer, AppScripts *scripts, char **reterr)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r = read_root_file(tree_fd, APP_JSON_NAME, APP_JSON_SIZE_MAX, &text, &size, reterr);

        if (r == -ENOENT)
                return 0;
        return r < 0 ? r : app_json_parse(text, size, answer, scripts, reterr);
}

int tree_files_add_scripts(Procfile *procfile, const AppScripts *scripts, char **reterr)
{
        _cleanup_free_ char *line = NULL;
        char **command = NULL;
        const char *fault;
        int r;

        if (!scripts->predeploy && !scripts->postdeploy && !scripts->first)
                return 0;
        for (size_t i = 0; i < procfile->n_processes; i++)
                if (strcmp(procfile->processes[i].name, PROCESS_RELEASE) == 0)
                        command = &procfile->processes[i].command;
        r = app_scripts_join(scripts, command ? *command : NULL, &line);
        if (r < 0)
                return r;
        if (strlen(line) > PROCESS_COMMAND_MAX)
                return refuse(reterr, -EINVAL, APP_JSON_NAME ": scripts are too long");
        if (!command) {
                /* The line has more than one line, which a Procfile cannot have. */
                r = procfile_add(procfile, PROCESS_RELEASE, "-", &fault);
                if (r < 0)
                        return r == -EINVAL ? refuse(reterr, r, APP_JSON_NAME ": scripts: %s", fault) : r;
                command = &procfile->processes[procfile->n_processes - 1].command;
        }
        free(*command);
        *command = TAKE_PTR(line);
        return 0;
}
