/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/start.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "ports/configuration.h"
#include "ports/handover.h"
#include "ports/local-socket.h"
#include "ports/store.h"

/* haproxy asks when it has read its configuration, which takes seconds if there are thousands of apps. */
#define PATIENCE_MSEC (60 * 1000)

static int find_sockets(const char *configuration, Kept *ret)
{
        _cleanup_kept_ Kept wanted = {};
        int r = store_look(ret);

        if (r >= 0)
                r = configuration_addresses(configuration, &wanted);
        if (r >= 0)
                kept_limit(ret, &wanted);
        return r;
}

static int start_serve(int listener, const char *path, const Kept *kept)
{
        _cleanup_close_ int connection = -1;
        int r = local_socket_accept(listener, PATIENCE_MSEC, &connection);

        (void) unlink(path);
        return r < 0 ? r : handover_answer(connection, kept);
}

/* Has another process answer at `path`. It is not a child of this one, for haproxy takes notice of children
 * that it does not know. */
static int offer_sockets(const char *path, const Kept *kept)
{
        _cleanup_close_ int listener = -1;
        int r = local_socket_listen(path, &listener);
        pid_t child;

        if (r < 0)
                return r;
        child = fork();
        if (child < 0)
                return -errno;
        if (child == 0) {
                if (fork() != 0)
                        _exit(EXIT_SUCCESS);
                r = start_serve(listener, path, kept);
                if (r < 0)
                        log_warning("haproxy did not take the sockets that were kept: %s", strerror(-r));
                _exit(EXIT_SUCCESS);
        }
        return waitpid(child, NULL, 0) < 0 ? -errno : 0;
}

/* `argv` with an option more behind the program's name. */
static int start_execute(char **argv, const char *option, const char *value)
{
        _cleanup_free_ const char **longer = NULL;
        size_t n = 1;

        while (argv[n])
                n++;
        longer = calloc(n + 3, sizeof(*longer));
        if (!longer)
                return -ENOMEM;
        longer[0] = argv[0];
        longer[1] = option;
        longer[2] = value;
        for (size_t i = 1; i < n; i++)
                longer[i + 2] = argv[i];
        /* execv(3) changes nothing of it. */
        (void) execv(argv[0], (char *const *) (uintptr_t) longer);
        return -errno;
}

int start(const char *configuration, const char *offer, char **argv)
{
        _cleanup_kept_ Kept kept = {};
        int r = find_sockets(configuration, &kept);

        if (r >= 0 && kept.n > 0)
                r = offer_sockets(offer, &kept);
        if (r >= 0 && kept.n > 0)
                return start_execute(argv, "-x", offer);
        if (r < 0) {
                log_warning("haproxy is started without the sockets that were kept: %s", strerror(-r));
                /* Beside those that haproxy binds they would take half of the connections. */
                (void) store_clear();
        }
        (void) execv(argv[0], argv);
        return -errno;
}
