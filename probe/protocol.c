/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe/protocol.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

/* `listen` and its five numbers. */
#define WORDS_MAX 6

static const char *const verb_table[] = {
        [PROBE_LISTEN] = "listen",
        [PROBE_CANCEL] = "cancel",
};

static const char *const result_table[] = {
        [PROBE_LISTENING] = "listening",
        [PROBE_FOREIGN] = "foreign",
        [PROBE_TIMEOUT] = "timeout",
        [PROBE_FAILED] = "error",
};

static int word_lookup(const char *const table[], size_t size, const char *word)
{
        for (size_t i = 0; i < size; i++)
                if (strcmp(table[i], word) == 0)
                        return (int) i;
        return -EBADMSG;
}

/* Cuts the packet into at most `max` words, the last of which may have spaces. The number of words. */
static size_t split(ProbePacket *packet, char *words[], size_t max)
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
        ProbePacket packet;

        if (request->verb == PROBE_LISTEN)
                (void) snprintf(packet.text, sizeof(packet.text),
                                "%s %" PRIu64 " %" PRIu16 " %" PRIu64 " %" PRIu64 " %u",
                                verb_table[request->verb], request->id, request->port, request->cgroup_id,
                                request->timeout_usec, request->successes);
        else
                (void) snprintf(packet.text, sizeof(packet.text), "%s %" PRIu64, verb_table[request->verb],
                                request->id);
        return packet;
}

int probe_request_parse(const ProbePacket *packet, ProbeRequest *ret)
{
        static const uint64_t max[WORDS_MAX] = { 0,          UINT64_MAX,        UINT16_MAX,
                                                 UINT64_MAX, PROBE_TIMEOUT_MAX, PROBE_SUCCESSES_MAX };
        uint64_t numbers[WORDS_MAX] = { 0 };
        ProbePacket copy = *packet;
        char *words[WORDS_MAX];
        size_t n = split(&copy, words, ELEMENTSOF(words));
        int verb = n > 0 ? word_lookup(verb_table, ELEMENTSOF(verb_table), words[0]) : -EBADMSG;

        if (verb < 0 || n != (verb == PROBE_LISTEN ? WORDS_MAX : 2))
                return -EBADMSG;
        for (size_t i = 1; i < n; i++)
                if (text_to_u64(words[i], max[i], &numbers[i]) < 0)
                        return -EBADMSG;
        if (verb == PROBE_LISTEN && (numbers[2] == 0 || numbers[5] == 0))
                return -EBADMSG;

        *ret = (ProbeRequest){
                .verb = (ProbeVerb) verb,
                .id = numbers[1],
                .port = (uint16_t) numbers[2],
                .cgroup_id = numbers[3],
                .timeout_usec = numbers[4],
                .successes = (unsigned) numbers[5],
        };
        return 0;
}

ProbePacket probe_answer_format(const ProbeAnswer *answer)
{
        const char *word = result_table[answer->result];
        ProbePacket packet;

        if (answer->result == PROBE_FOREIGN)
                (void) snprintf(packet.text, sizeof(packet.text), "%s %" PRIu64 " %u", word, answer->id,
                                answer->uid);
        else if (answer->result == PROBE_FAILED)
                (void) snprintf(packet.text, sizeof(packet.text), "%s %" PRIu64 " %.256s", word, answer->id,
                                answer->text);
        else
                (void) snprintf(packet.text, sizeof(packet.text), "%s %" PRIu64, word, answer->id);
        return packet;
}

int probe_answer_parse(const ProbePacket *packet, ProbeAnswer *ret)
{
        ProbePacket copy = *packet;
        ProbeAnswer answer = { 0 };
        char *words[3];
        size_t n = split(&copy, words, ELEMENTSOF(words));
        int result = n > 0 ? word_lookup(result_table, ELEMENTSOF(result_table), words[0]) : -EBADMSG;
        uint64_t uid = 0;

        if (result < 0 || n != (result == PROBE_FOREIGN || result == PROBE_FAILED ? 3 : 2))
                return -EBADMSG;
        if (text_to_u64(words[1], UINT64_MAX, &answer.id) < 0)
                return -EBADMSG;
        if (result == PROBE_FOREIGN && text_to_u64(words[2], UINT32_MAX, &uid) < 0)
                return -EBADMSG;
        if (result == PROBE_FAILED && !text_is_clean(words[2], /* allow_tab= */ false))
                return -EBADMSG;

        answer.result = (ProbeResult) result;
        answer.uid = (uid_t) uid;
        if (result == PROBE_FAILED)
                (void) stpcpy(answer.text, words[2]);
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
