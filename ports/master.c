/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/master.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>

#include "base/backoff.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "ports/local-socket.h"

/* With TimeoutStartSec= of the unit in mind. */
#define PATIENCE_USEC  (60 * USEC_PER_SEC)
#define PAUSE_MIN_USEC (10 * USEC_PER_MSEC)
#define PAUSE_MAX_USEC (500 * USEC_PER_MSEC)

#define FINISH_MAX_SEC 3600

static int parse_pid(const char *text, pid_t *ret)
{
        uint64_t number;
        int r = text_to_u64(text, INT32_MAX, &number);

        if (r < 0 || number == 0)
                return -EINVAL;
        *ret = (pid_t) number;
        return 0;
}

/* Reads all that is said. Caller frees. */
static int master_read_answer(int connection, char **ret)
{
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);
        char part[4096];
        ssize_t n;

        if (!file)
                return -errno;
        while ((n = recv(connection, part, sizeof(part), 0)) > 0)
                (void) fwrite(part, 1, (size_t) n, file);
        n = n < 0 ? -errno : 0;
        if (fclose(file) != 0)
                n = -ENOMEM;
        if (n < 0)
                free(text);
        else
                *ret = text;
        return (int) n;
}

/* How many reloads it has done and tried: "3 [failed: 0". */
typedef char Reloads[64];

static int ask_reloads(const char *path, Reloads ret)
{
        static const char question[] = "show proc\n";
        _cleanup_close_ int connection = -1;
        _cleanup_free_ char *answer = NULL;
        const char *line;
        int r = local_socket_connect(path, &connection);

        /* It waits for another question until none can come. */
        if (r >= 0 && (send(connection, question, strlen(question), MSG_NOSIGNAL) < 0 ||
                       shutdown(connection, SHUT_WR) < 0))
                r = -errno;
        if (r >= 0)
                r = master_read_answer(connection, &answer);
        if (r < 0)
                return r;
        line = answer ? strstr(answer, " master ") : NULL;
        return line && sscanf(line, " master %63[^]]", ret) == 1 ? 0 : -EBADMSG;
}

int master_reload(const char *pid, const char *socket)
{
        Backoff pause = { .first_usec = PAUSE_MIN_USEC, .max_usec = PAUSE_MAX_USEC };
        uint64_t end = clock_usec(CLOCK_MONOTONIC) + PATIENCE_USEC;
        Reloads before = "", now;
        pid_t process;
        int r = parse_pid(pid, &process);

        if (r < 0)
                return r;
        (void) ask_reloads(socket, before);
        if (kill(process, SIGUSR2) < 0)
                return -errno;
        do {
                (void) usleep((useconds_t) backoff_next(&pause));
                r = ask_reloads(socket, now);
                if (r >= 0 && strcmp(now, before) != 0)
                        return 0;
        } while (clock_usec(CLOCK_MONOTONIC) < end);
        return r < 0 ? r : -ETIMEDOUT;
}

int master_finish(const char *seconds, const char *pid)
{
        _cleanup_close_ int fd = -1;
        uint64_t patience;
        pid_t process;

        if (text_to_u64(seconds, FINISH_MAX_SEC, &patience) < 0)
                return -EINVAL;
        if (!pid)
                return 0;
        if (parse_pid(pid, &process) < 0)
                return -EINVAL;
        fd = pidfd_open(process, 0);
        if (fd >= 0 && pidfd_send_signal(fd, SIGUSR1, NULL, 0) >= 0 &&
            poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, (int) patience * 1000) >= 0)
                return 0;
        return errno == ESRCH ? 0 : -errno;
}
