/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/key.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/credential-kind.h"
#include "base/fd.h"
#include "base/text.h"

#define SSH_KEYGEN "/usr/bin/ssh-keygen"

/* The unit has a /tmp of its own. */
#define DIRECTORY_FORM "/tmp/deployd-key.XXXXXX"

static int run(const char *path)
{
        static char variable[] = "PATH=/usr/bin:/bin", locale[] = "LC_ALL=C.UTF-8",
                    home[] = "HOME=/nonexistent";
        char *environment[] = { variable, locale, home, NULL };
        const char *arguments[] = { SSH_KEYGEN, "-q",      "-t", "ed25519", "-N", "",
                                    "-C",       "deployd", "-f", path,      NULL };
        int r, status;
        pid_t pid;

        r = posix_spawn(&pid, SSH_KEYGEN, NULL, NULL, (char **) (uintptr_t) arguments, environment);
        if (r != 0)
                return -r;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

/* Reads the file, which is text and small, and removes it. Its size or -errno. */
static ssize_t take(const char *path, char text[static CREDENTIAL_SIZE_MAX])
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, CREDENTIAL_SIZE_MAX - 1);

        if (n < 0)
                return -errno;
        (void) unlink(path);
        text[n] = '\0';
        return n;
}

static int make_in(const char *directory, int fd, char **ret)
{
        _cleanup_free_ char *path = text_format("%s/key", directory),
                            *public_path = text_format("%s/key.pub", directory);
        char text[CREDENTIAL_SIZE_MAX];
        ssize_t n;
        int r;

        if (!path || !public_path)
                return -ENOMEM;
        r = run(path);
        if (r < 0)
                return r;
        n = take(path, text);
        if (n < 0)
                return (int) n;
        r = fd_write(fd, text, (size_t) n);
        explicit_bzero(text, sizeof(text));
        if (r < 0)
                return r;
        n = take(public_path, text);
        if (n <= 0)
                return n < 0 ? (int) n : -EIO;
        text[strcspn(text, "\n")] = '\0';
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}

int key_make(int fd, char **ret, Problem *problem)
{
        char directory[] = DIRECTORY_FORM;
        int r;

        assert(fd >= 0);
        assert(ret);
        assert(problem);

        r = mkdtemp(directory) ? make_in(directory, fd, ret) : -errno;
        (void) rmdir(directory);
        return r < 0 ? problem_set(problem, PROBLEM_INTERNAL, "no key was made: %s", strerror(-r)) : 0;
}
