/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* load PORT CONNECTIONS SECONDS: GETs / of 127.0.0.1:PORT over kept connections, one request after the other
 * on each, and prints how many were answered in a second. */

#include <arpa/inet.h>
#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static atomic_ulong n_answers;
static struct sockaddr_in address = { .sin_family = AF_INET };
static time_t end;

static void *ask(void *argument)
{
        static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char answer[4096];

        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                err(EXIT_FAILURE, "connect");
        while (time(NULL) < end) {
                ssize_t n;

                if (write(fd, request, strlen(request)) < 0)
                        err(EXIT_FAILURE, "write");
                n = read(fd, answer, sizeof(answer));
                if (n < 12 || memcmp(answer, "HTTP/1.1 200", 12) != 0)
                        errx(EXIT_FAILURE, "no answer");
                atomic_fetch_add(&n_answers, 1);
        }
        (void) close(fd);
        return argument;
}

int main(int argc, char **argv)
{
        unsigned long connections, seconds;
        pthread_t *threads;

        if (argc != 4)
                errx(EXIT_FAILURE, "usage: load PORT CONNECTIONS SECONDS");
        address.sin_port = htons((uint16_t) strtoul(argv[1], NULL, 10));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connections = strtoul(argv[2], NULL, 10);
        seconds = strtoul(argv[3], NULL, 10);
        end = time(NULL) + (time_t) seconds;
        threads = calloc(connections, sizeof(pthread_t));
        for (unsigned long i = 0; threads && i < connections; i++)
                if (pthread_create(&threads[i], NULL, ask, NULL) != 0)
                        errx(EXIT_FAILURE, "pthread_create");
        for (unsigned long i = 0; threads && i < connections; i++)
                (void) pthread_join(threads[i], NULL);
        free(threads);
        (void) printf("%lu\n", atomic_load(&n_answers) / seconds);
        return EXIT_SUCCESS;
}
