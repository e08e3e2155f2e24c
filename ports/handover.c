/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/handover.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/param.h>
#include <sys/socket.h>

#include "ports/passing.h"

#define QUESTION "_getsocks\n"

/* What is said of a socket, and the most there can be. */
#define ABOUT_SIZE     (1 + 1 + sizeof(int))
#define ABOUT_SIZE_MAX (1 + MAXPATHLEN + 1 + IFNAMSIZ + sizeof(int))

/* Two addresses of each port. */
#define SOCKETS_MAX (2 * (UINT16_MAX + 1))

static int send_all(int socket, const void *data, size_t size)
{
        ssize_t n = send(socket, data, size, MSG_NOSIGNAL);

        if (n < 0)
                return -errno;
        return (size_t) n == size ? 0 : -EMSGSIZE;
}

static int receive_all(int socket, void *data, size_t size)
{
        ssize_t n = recv(socket, data, size, MSG_WAITALL);

        if (n < 0)
                return -errno;
        return (size_t) n == size ? 0 : -ECONNRESET;
}

/* The next ones, of which `n_seen` have come before. How many, at least one. */
static int receive_some(int socket, Kept *kept, int n_seen, void *about)
{
        Passing passing;
        ssize_t size =
                passing_receive(socket, &passing, about, PASSING_MAX * ABOUT_SIZE_MAX, /* flags= */ 0);
        int n = (int) passing.n, r;

        r = kept_add_passing(kept, &passing);
        if (size < 0)
                return (int) size;
        if (size == 0)
                return -ECONNRESET;
        if (r >= 0 && n == 0)
                r = -EBADMSG;
        /* If that was all, haproxy does not wait for this, and may be gone. */
        (void) send_all(socket, &n_seen, sizeof(n_seen));
        return r < 0 ? r : n;
}

int handover_ask(int socket, Kept *kept)
{
        _cleanup_free_ char *about = malloc(PASSING_MAX * ABOUT_SIZE_MAX);
        int n, n_seen = 0, r;

        assert(kept);

        if (!about)
                return -ENOMEM;
        r = send_all(socket, QUESTION, strlen(QUESTION));
        if (r >= 0)
                r = receive_all(socket, &n, sizeof(n));
        if (r < 0)
                return r;
        if (n < 0 || n > SOCKETS_MAX)
                return -EBADMSG;
        while (n_seen < n) {
                r = receive_some(socket, kept, n_seen, about);
                if (r < 0)
                        return r;
                n_seen += r;
        }
        kept_sort(kept);
        return 0;
}

int handover_answer(int socket, const Kept *kept)
{
        char about[PASSING_MAX * ABOUT_SIZE] = {}, question[sizeof(QUESTION) - 1];
        int n = (int) kept->n, r;

        assert(kept->n > 0);

        r = receive_all(socket, question, sizeof(question));
        if (r >= 0 && memcmp(question, QUESTION, sizeof(question)) != 0)
                r = -EBADMSG;
        if (r >= 0)
                r = send_all(socket, &n, sizeof(n));
        for (size_t i = 0; r >= 0 && i < kept->n; i += PASSING_MAX) {
                Passing passing = kept_passing(kept, i);

                r = passing_send(socket, &passing, about, passing.n * ABOUT_SIZE, /* flags= */ 0);
                if (r >= 0)
                        r = receive_all(socket, &n, sizeof(n));
        }
        return r;
}
