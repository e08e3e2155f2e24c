/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/key-scan.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/credential-kind.h"
#include "base/git-address.h"
#include "base/text.h"
#include "cli/verb.h"

extern char **environ;

/* Runs a program with `in_fd` as standard input, and its output to `out_fd`. 0; -EIO if it failed; other
 * -errno. */
static int run(const char *const arguments[], int in_fd, int out_fd)
{
        posix_spawn_file_actions_t files;
        int r, status;
        pid_t pid;

        r = posix_spawn_file_actions_init(&files);
        if (r != 0)
                return -r;
        r = posix_spawn_file_actions_adddup2(&files, in_fd, STDIN_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&files, out_fd, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawnp(&pid, arguments[0], &files, NULL, (char **) (uintptr_t) arguments, environ);
        (void) posix_spawn_file_actions_destroy(&files);
        if (r != 0)
                return -r;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

/* What the server shows, into the file. An exit status. */
static int scan(const char *host, const char *port, int fd)
{
        _cleanup_close_ int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
        int r = nothing < 0 ? -errno
                            : run((const char *const[]){ "ssh-keyscan", "-T", "15", "-p", port, "--", host,
                                                         NULL },
                                  nothing, fd);

        if (r >= 0 && lseek(fd, 0, SEEK_END) > 0)
                return EXIT_DONE;
        say("%s shows no host key: %s", host,
            r < 0 && r != -EIO ? strerror(-r) : "see what ssh-keyscan says");
        return EXIT_REFUSED;
}

static int keys_confirm(const char *host, int fd)
{
        char answer[16];

        (void) fprintf(stderr, "%s shows these host keys:\n", host);
        (void) fflush(stderr);
        if (lseek(fd, 0, SEEK_SET) < 0 ||
            run((const char *const[]){ "ssh-keygen", "-l", "-f", "-", NULL }, fd, STDERR_FILENO) < 0) {
                say("their fingerprints cannot be shown: see what ssh-keygen says");
                return EXIT_REFUSED;
        }
        (void) fprintf(stderr,
                       "Compare them with those that are published, or that its administrator tells you.\n"
                       "Are they right? (yes/no) ");
        if (fgets(answer, sizeof(answer), stdin) && strcmp(answer, "yes\n") == 0)
                return EXIT_DONE;
        say("nothing was changed");
        return EXIT_REFUSED;
}

static int text_take(int fd, char **ret)
{
        char *text = calloc(1, KNOWN_HOSTS_SIZE_MAX + 1);
        ssize_t n = text ? pread(fd, text, KNOWN_HOSTS_SIZE_MAX, 0) : -1;

        if (n <= 0) {
                free(text);
                say("the host keys cannot be read: %s", strerror(errno));
                return EXIT_REFUSED;
        }
        *ret = text;
        return EXIT_DONE;
}

int key_scan(const char *url, char **ret)
{
        _cleanup_close_ int fd = memfd_create("known_hosts", MFD_CLOEXEC);
        _cleanup_free_ char *origin = NULL;
        char *host, *port;
        int r;

        assert(url);
        assert(ret);

        if (!git_address_is_ssh(url))
                return usage_error(
                        "only addresses of ssh:// have host keys, and this repository has another one");
        if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
                return usage_error(
                        "the fingerprints are to be compared, and there is no terminal to ask at: give a "
                        "file instead of --scan");
        origin = git_address_origin(url);
        if (!origin || fd < 0) {
                say("%s", strerror(errno));
                return EXIT_REFUSED;
        }
        /* HOST, HOST:PORT or [IPV6]:PORT. */
        host = origin + strlen("ssh://");
        port = strrchr(host, host[0] == '[' ? ']' : ':');
        if (host[0] == '[' && port) {
                host++;
                *port++ = '\0';
                port = *port == ':' ? port : NULL;
        }
        if (port)
                *port++ = '\0';
        r = scan(host, port ? port : "22", fd);
        if (r == EXIT_DONE)
                r = keys_confirm(host, fd);
        return r == EXIT_DONE ? text_take(fd, ret) : r;
}
