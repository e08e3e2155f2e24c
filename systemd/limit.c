/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* deployd-limit WHAT: goes beyond a limit of the unit that it runs in. It is killed, or exits with
 * LIMIT_EXIT_HELD, if it was held; with 0 if nothing held it. The limits are those of
 * daemon/pipeline/jobs/sandbox-probe.c. */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "systemd/limit.h"

#define MIB ((size_t) 1024 * 1024)

/* Four times what it may. */
static bool memory_is_held(void)
{
        const size_t size = 64 * MIB, page = 4096;
        volatile char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (memory == MAP_FAILED)
                return true;
        for (size_t i = 0; i < size; i += page)
                memory[i] = 1;
        return false;
}

/* Twice as many. */
static bool tasks_are_held(void)
{
        pid_t children[8];
        size_t n = 0;
        bool held = false;

        while (n < ELEMENTSOF(children) && !held) {
                pid_t child = fork();

                if (child == 0) {
                        (void) pause();
                        _exit(0);
                }
                if (child < 0)
                        held = true;
                else
                        children[n++] = child;
        }
        for (size_t i = 0; i < n; i++) {
                (void) kill(children[i], SIGKILL);
                (void) waitpid(children[i], NULL, 0);
        }
        return held;
}

/* To itself, which is not the public Internet. What is filtered on its way out is an error at once. */
static bool addresses_are_held(void)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        socklen_t length = sizeof(address);

        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
            getsockname(fd, (struct sockaddr *) &address, &length) < 0) {
                log_error("cannot make a socket: %s", strerror(errno));
                return false;
        }
        return sendto(fd, "", 1, 0, (struct sockaddr *) &address, sizeof(address)) < 0 && errno == EPERM;
}

/* Twice as much in one file. */
static bool files_are_held(void)
{
        _cleanup_close_ int fd = open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
        static const char block[64 * 1024];

        (void) signal(SIGXFSZ, SIG_IGN);
        for (size_t i = 0; i < 2 * MIB; i += sizeof(block))
                if (write(fd, block, sizeof(block)) < 0)
                        return errno == EFBIG;
        return false;
}

static const struct {
        const char *name;
        bool (*is_held)(void);
} limits[] = {
        { LIMIT_MEMORY, memory_is_held },
        { LIMIT_TASKS, tasks_are_held },
        { LIMIT_IP_FILTER, addresses_are_held },
        { LIMIT_DISK, files_are_held },
};

int main(int argc, char *argv[])
{
        for (size_t i = 0; argc == 2 && i < ELEMENTSOF(limits); i++)
                if (strcmp(limits[i].name, argv[1]) == 0)
                        return limits[i].is_held() ? LIMIT_EXIT_HELD : EXIT_SUCCESS;
        (void) fprintf(stderr, "Usage: deployd-limit " LIMIT_MEMORY "|" LIMIT_TASKS "|" LIMIT_IP_FILTER
                               "|" LIMIT_DISK "\n");
        return EXIT_FAILURE;
}
