/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe/protocol.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

/* The numbers of a request in their order, of which a verb has the first few; `least` and `most` are theirs.
 */
enum { ID, PORT, CGROUP_ID, TIMEOUT, SUCCESSES, ATTEMPTS, REQUEST_TIMEOUT, WAIT, NUMBERS_MAX };

static const struct {
        uint64_t least, most;
} bounds[NUMBERS_MAX] = {
        [ID] = { 0, UINT64_MAX },
        [PORT] = { 1, UINT16_MAX },
        [CGROUP_ID] = { 0, UINT64_MAX },
        [TIMEOUT] = { 0, PROBE_TIMEOUT_MAX },
        [SUCCESSES] = { 1, PROBE_SUCCESSES_MAX },
        [ATTEMPTS] = { 0, PROBE_ATTEMPTS_MAX },
        [REQUEST_TIMEOUT] = { 1, PROBE_TIMEOUT_MAX },
        [WAIT] = { 0, PROBE_TIMEOUT_MAX },
};

/* The verb, its numbers, and a path. */
#define WORDS_MAX (1 + NUMBERS_MAX + 1)

/* Verb and numbers are at most 20 digits each, a path follows. */
_Static_assert(WORDS_MAX * 21 + HTTP_TARGET_MAX <= PROBE_PACKET_MAX, "each request fits a packet");

static const char *const verb_table[PROBE_VERB_MAX] = {
        [PROBE_LISTEN] = "listen", [PROBE_HTTP] = "http",   [PROBE_HOLDER] = "holder",
        [PROBE_BUSY] = "busy",     [PROBE_CROWD] = "crowd", [PROBE_ELSEWHERE] = "elsewhere",
        [PROBE_CANCEL] = "cancel",
};

static const size_t verb_numbers[PROBE_VERB_MAX] = {
        [PROBE_LISTEN] = SUCCESSES + 1, [PROBE_HTTP] = NUMBERS_MAX,    [PROBE_HOLDER] = CGROUP_ID + 1,
        [PROBE_BUSY] = PORT + 1,        [PROBE_CROWD] = CGROUP_ID + 1, [PROBE_ELSEWHERE] = CGROUP_ID + 1,
        [PROBE_CANCEL] = ID + 1,
};

static const char *const result_table[PROBE_RESULT_MAX] = {
        [PROBE_LISTENING] = "listening",
        [PROBE_FOREIGN] = "foreign",
        [PROBE_TIMEOUT] = "timeout",
        [PROBE_UNHEALTHY] = "unhealthy",
        [PROBE_FREE] = "free",
        [PROBE_HELD] = "busy",
        [PROBE_CROWDED] = "crowd",
        [PROBE_FAILED] = "error",
        [PROBE_LISTENS_ELSEWHERE] = "elsewhere",
};

static bool result_has_text(int result)
{
        return result == PROBE_UNHEALTHY || result == PROBE_FAILED || result == PROBE_HELD ||
               result == PROBE_LISTENS_ELSEWHERE;
}

static bool result_has_numbers(int result)
{
        return result == PROBE_FOREIGN || result == PROBE_CROWDED;
}

/* The first row is that of a value which was not set. */
static int word_lookup(const char *const table[], size_t size, const char *word)
{
        for (size_t i = 1; i < size; i++)
                if (strcmp(table[i], word) == 0)
                        return (int) i;
        return -EBADMSG;
}

/* Cuts the packet into at most `max` words, the last of which may have spaces. The number of words. */
static size_t protocol_split(ProbePacket *packet, char *words[], size_t max)
{
        char *rest = packet->text;
        size_t n = 0;

        while (rest && n + 1 < max)
                words[n++] = strsep(&rest, " ");
        if (rest)
                words[n++] = rest;
        return n;
}

ProbePacket probe_request_format(const ProbeRequest *request)
{
        const uint64_t numbers[NUMBERS_MAX] = {
                [ID] = request->id,
                [PORT] = request->port,
                [CGROUP_ID] = request->cgroup_id,
                [TIMEOUT] = request->timeout_usec,
                [SUCCESSES] = request->successes,
                [ATTEMPTS] = request->attempts,
                [REQUEST_TIMEOUT] = request->request_timeout_usec,
                [WAIT] = request->wait_usec,
        };
        ProbePacket packet;
        char *end = stpcpy(packet.text, verb_table[request->verb]);

        for (size_t i = 0; i < verb_numbers[request->verb]; i++)
                end += snprintf(end, (size_t) (packet.text + sizeof(packet.text) - end), " %" PRIu64,
                                numbers[i]);
        if (request->verb == PROBE_HTTP)
                (void) stpcpy(stpcpy(end, " "), request->path);
        return packet;
}

int probe_request_parse(const ProbePacket *packet, ProbeRequest *ret)
{
        uint64_t numbers[NUMBERS_MAX] = { 0 };
        ProbePacket copy = *packet;
        char *words[WORDS_MAX] = { NULL };
        size_t n = protocol_split(&copy, words, ELEMENTSOF(words)), n_numbers;
        int verb = n > 0 ? word_lookup(verb_table, ELEMENTSOF(verb_table), words[0]) : -EBADMSG;
        const char *path = "";

        if (verb < 0)
                return -EBADMSG;
        n_numbers = verb_numbers[verb];
        if (n != 1 + n_numbers + (verb == PROBE_HTTP))
                return -EBADMSG;
        for (size_t i = 0; i < n_numbers; i++)
                if (text_to_u64(words[i + 1], bounds[i].most, &numbers[i]) < 0 ||
                    numbers[i] < bounds[i].least)
                        return -EBADMSG;
        if (verb == PROBE_HTTP) {
                path = words[n - 1];
                if (!text_is_http_target(path))
                        return -EBADMSG;
        }

        *ret = (ProbeRequest){
                .verb = (ProbeVerb) verb,
                .id = numbers[ID],
                .port = (uint16_t) numbers[PORT],
                .cgroup_id = numbers[CGROUP_ID],
                .timeout_usec = numbers[TIMEOUT],
                .successes = (unsigned) numbers[SUCCESSES],
                .attempts = (unsigned) numbers[ATTEMPTS],
                .request_timeout_usec = numbers[REQUEST_TIMEOUT],
                .wait_usec = numbers[WAIT],
        };
        (void) stpcpy(ret->path, path);
        return 0;
}

ProbePacket probe_answer_format(const ProbeAnswer *answer)
{
        const char *word = result_table[answer->result];
        ProbePacket packet;

        if (result_has_numbers(answer->result))
                (void) snprintf(packet.text, sizeof(packet.text), "%s %" PRIu64 " %" PRIu32 " %" PRIu64,
                                word, answer->id, answer->number, answer->cgroup_id);
        else if (result_has_text(answer->result))
                (void) snprintf(packet.text, sizeof(packet.text), "%s %" PRIu64 " %.256s", word, answer->id,
                                answer->text);
        else
                (void) snprintf(packet.text, sizeof(packet.text), "%s %" PRIu64, word, answer->id);
        return packet;
}

/* What follows the id. */
static int answer_rest_parse(char *rest, ProbeAnswer *answer)
{
        uint64_t number = 0;

        if (result_has_text(answer->result)) {
                if (!rest || !text_is_clean(rest, /* allow_tab= */ false))
                        return -EBADMSG;
                (void) stpcpy(answer->text, rest);
                return 0;
        }
        if (!result_has_numbers(answer->result))
                return rest ? -EBADMSG : 0;
        if (!rest || text_to_u64(strsep(&rest, " "), UINT32_MAX, &number) < 0 || !rest ||
            text_to_u64(rest, UINT64_MAX, &answer->cgroup_id) < 0)
                return -EBADMSG;
        answer->number = (uint32_t) number;
        return 0;
}

int probe_answer_parse(const ProbePacket *packet, ProbeAnswer *ret)
{
        ProbePacket copy = *packet;
        ProbeAnswer answer = { 0 };
        char *words[3] = { NULL };
        size_t n = protocol_split(&copy, words, ELEMENTSOF(words));
        int result = n > 0 ? word_lookup(result_table, ELEMENTSOF(result_table), words[0]) : -EBADMSG;

        if (result < 0 || n < 2 || text_to_u64(words[1], UINT64_MAX, &answer.id) < 0)
                return -EBADMSG;
        answer.result = (ProbeResult) result;
        if (answer_rest_parse(words[2], &answer) < 0)
                return -EBADMSG;
        *ret = answer;
        return 0;
}

int probe_packet_send(int fd, const ProbePacket *packet)
{
        ssize_t n = send(fd, packet->text, strlen(packet->text), MSG_DONTWAIT | MSG_NOSIGNAL);

        return n < 0 ? -errno : 0;
}

int probe_packet_receive(int fd, ProbePacket *ret)
{
        ssize_t n = recv(fd, ret->text, PROBE_PACKET_MAX, MSG_DONTWAIT | MSG_TRUNC);

        if (n < 0)
                return errno == EINTR ? -EAGAIN : -errno;
        if (n == 0)
                return -ECONNRESET;
        if (n > PROBE_PACKET_MAX || memchr(ret->text, '\0', (size_t) n))
                return -EBADMSG;
        ret->text[n] = '\0';
        return 0;
}
