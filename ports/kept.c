/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/kept.h"

#include <errno.h>
#include <sys/socket.h>

#define ROOM_FIRST ((size_t) 64)

/* `fd` is taken. */
static int kept_add(Kept *kept, const Endpoint *endpoint, int fd)
{
        if (kept->n == kept->room) {
                size_t room = MAX2(kept->room * 2, ROOM_FIRST);
                KeptSocket *sockets = reallocarray(kept->sockets, room, sizeof(KeptSocket));

                if (!sockets) {
                        closep(&fd);
                        return -ENOMEM;
                }
                kept->sockets = sockets;
                kept->room = room;
        }
        kept->sockets[kept->n++] = (KeptSocket){ .endpoint = *endpoint, .fd = fd };
        return 0;
}

int kept_add_endpoint(Kept *kept, const Endpoint *endpoint)
{
        assert(kept);
        assert(endpoint);
        return kept_add(kept, endpoint, -1);
}

int kept_add_passing(Kept *kept, Passing *passing)
{
        Endpoint endpoint;
        int r = 0;

        assert(kept);
        assert(passing);

        for (size_t i = 0; i < passing->n; i++)
                if (endpoint_of_listener(passing->fds[i], &endpoint) < 0)
                        (void) close(passing->fds[i]);
                else if (kept_add(kept, &endpoint, passing->fds[i]) < 0)
                        r = -ENOMEM;
        passing->n = 0;
        return r;
}

Passing kept_passing(const Kept *kept, size_t from)
{
        Passing passing = { .n = MIN2(PASSING_MAX, kept->n - from) };

        assert(from < kept->n);

        for (size_t i = 0; i < passing.n; i++)
                passing.fds[i] = kept->sockets[from + i].fd;
        return passing;
}

static int kept_compare(const void *one, const void *other)
{
        return endpoint_compare(&((const KeptSocket *) one)->endpoint,
                                &((const KeptSocket *) other)->endpoint);
}

void kept_sort(Kept *kept)
{
        size_t n = 0;

        assert(kept);

        if (kept->n == 0)
                return;
        qsort(kept->sockets, kept->n, sizeof(KeptSocket), kept_compare);
        for (size_t i = 1; i < kept->n; i++)
                if (kept_compare(&kept->sockets[n], &kept->sockets[i]) == 0)
                        closep(&kept->sockets[i].fd);
                else
                        kept->sockets[++n] = kept->sockets[i];
        kept->n = n + 1;
}

void kept_limit(Kept *kept, const Kept *wanted)
{
        size_t n = 0;

        assert(kept);
        assert(wanted);

        for (size_t i = 0; i < kept->n; i++)
                if (wanted->n > 0 &&
                    bsearch(&kept->sockets[i], wanted->sockets, wanted->n, sizeof(KeptSocket), kept_compare))
                        kept->sockets[n++] = kept->sockets[i];
                else
                        closep(&kept->sockets[i].fd);
        kept->n = n;
}

bool kept_is_same(const Kept *one, const Kept *other)
{
        assert(one);
        assert(other);

        if (one->n != other->n)
                return false;
        for (size_t i = 0; i < one->n; i++)
                if (kept_compare(&one->sockets[i], &other->sockets[i]) != 0)
                        return false;
        return true;
}

void kept_clear(Kept *kept)
{
        for (size_t i = 0; i < kept->n; i++)
                closep(&kept->sockets[i].fd);
        free(kept->sockets);
        *kept = (Kept){};
}
