/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/bag.h"

#include <errno.h>
#include <sys/socket.h>

#include "ports/passing.h"

int bag_pack(const Kept *kept, int *ret)
{
        static const char mark = 0;
        _cleanup_close_ int bag = -1, mouth = -1;
        int pair[2];

        assert(kept);
        assert(ret);

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        bag = pair[0];
        mouth = pair[1];
        for (size_t i = 0; i < kept->n; i += PASSING_MAX) {
                Passing passing = kept_passing(kept, i);
                int r = passing_send(mouth, &passing, &mark, sizeof(mark), MSG_DONTWAIT);

                if (r < 0)
                        return r;
        }
        *ret = TAKE_FD(bag);
        return 0;
}

int bag_look(int bag, Kept *kept)
{
        int from = 0;

        assert(kept);

        /* Each look goes on behind the one before, and the first one begins at the beginning. */
        if (setsockopt(bag, SOL_SOCKET, SO_PEEK_OFF, &from, sizeof(from)) < 0)
                return errno == ENOTSOCK || errno == EOPNOTSUPP ? -EBADMSG : -errno;
        for (;;) {
                Passing passing;
                char mark;
                ssize_t n = passing_receive(bag, &passing, &mark, sizeof(mark), MSG_PEEK | MSG_DONTWAIT);

                if (n > 0 && passing.n == 0)
                        n = -EBADMSG;
                if (kept_add_passing(kept, &passing) < 0)
                        n = -ENOMEM;
                if (n <= 0) {
                        kept_sort(kept);
                        return (int) n;
                }
        }
}
