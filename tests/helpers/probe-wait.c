/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* probe-wait SOCKET PORT CGROUPID TIMEOUT SUCCESSES [REQUESTTIMEOUT ATTEMPTS PATH]: one wait of the client
 * library, for its tests; with the last three for a healthy one. Prints the result, then stays until
 * standard input ends. A line on standard input cancels the wait. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "probe/client.h"

typedef struct Waiting {
        sd_event *event;
        ProbeWait *wait;
} Waiting;

static void done(void *userdata, const ProbeAnswer *answer)
{
        static const char *const words[] = {
                [PROBE_LISTENING] = "listening", [PROBE_FOREIGN] = "foreign", [PROBE_TIMEOUT] = "timeout",
                [PROBE_UNHEALTHY] = "unhealthy", [PROBE_FAILED] = "error",
        };
        Waiting *waiting = userdata;

        waiting->wait = probe_wait_free(waiting->wait);
        (void) printf("%s %u %s\n", words[answer->result], answer->number, answer->text);
        (void) fflush(stdout);
}

static int told(sd_event_source *source _unused_, int fd, uint32_t revents _unused_, void *userdata)
{
        Waiting *waiting = userdata;
        char line[64];
        ssize_t n = read(fd, line, sizeof(line));

        if (n <= 0)
                return sd_event_exit(waiting->event, 0);
        waiting->wait = probe_wait_free(waiting->wait);
        (void) printf("cancelled\n");
        (void) fflush(stdout);
        return 0;
}

int main(int argc, char *argv[])
{
        _cleanup_(probe_client_freep) ProbeClient *client = NULL;
        bool healthy = argc == 9;
        uint64_t numbers[6] = { 0 };
        ProbeHealth health;
        Waiting waiting = { 0 };
        int r;

        if (argc != 6 && !healthy)
                return EXIT_FAILURE;
        for (size_t i = 0; i < (healthy ? 6 : 4); i++)
                if (text_to_u64(argv[i + 2], UINT64_MAX, &numbers[i]) < 0)
                        return EXIT_FAILURE;

        health = (ProbeHealth){ argv[argc - 1], numbers[4], (unsigned) numbers[5] };
        r = sd_event_new(&waiting.event);
        if (r >= 0)
                r = sd_event_add_io(waiting.event, NULL, STDIN_FILENO, EPOLLIN, told, &waiting);
        if (r >= 0)
                r = probe_client_new(waiting.event, argv[1], &client);
        if (r >= 0 && healthy)
                r = probe_wait_healthy(client, (uint16_t) numbers[0], numbers[1], numbers[2],
                                       (unsigned) numbers[3], &health, done, &waiting, &waiting.wait);
        else if (r >= 0)
                r = probe_wait_listening(client, (uint16_t) numbers[0], numbers[1], numbers[2],
                                         (unsigned) numbers[3], done, &waiting, &waiting.wait);
        if (r >= 0)
                r = sd_event_loop(waiting.event);
        if (r < 0)
                (void) fprintf(stderr, "%s\n", strerror(-r));
        (void) probe_wait_free(waiting.wait);
        (void) sd_event_unref(waiting.event);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
