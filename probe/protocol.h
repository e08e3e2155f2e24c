/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What deployd and deployd-probe say to each other: one line of text per packet of an AF_UNIX SOCK_SEQPACKET
 * socket, words separated by one space, no newline, numbers decimal, times in microseconds.
 *
 *      listen ID PORT CGROUPID TIMEOUT SUCCESSES
 *              wait until SUCCESSES looks in a row find that the control group with this id (the inode of
 *              its directory, systemd's ControlGroupId=) takes connections to 127.0.0.1:PORT, and nobody
 *              else does to 127.0.0.1:PORT or [::1]:PORT; at most TIMEOUT
 *      http ID PORT CGROUPID TIMEOUT SUCCESSES ATTEMPTS REQUESTTIMEOUT WAIT PATH
 *              the same, and each look that finds it goes on with `GET PATH` (to the end of the packet) of
 *              HTTP there and one more look: wait until SUCCESSES in a row are answered with a status of
 *              200 to 299, each within REQUESTTIMEOUT; at most TIMEOUT, and until ATTEMPTS requests have
 *              failed (0: however many), WAIT after each of those (0: pauses that grow)
 *      holder ID PORT UID
 *              who else than this user holds the port, at whatever address?
 *      busy ID PORT
 *              which of the PROBE_BUSY_PORTS ports from this one on does somebody hold?
 *      crowd ID MAX CGROUPID
 *              which control group with an id above CGROUPID holds more than MAX ports? The lowest of them
 *      elsewhere ID PORT CGROUPID
 *              where does the control group listen, if it takes no connections to 127.0.0.1:PORT?
 *      cancel ID
 *              forget it; nothing is answered, and nothing happens if there is no ID (its answer may be on
 *              the way)
 *
 * Each of them but `cancel` has one answer:
 *
 *      listening ID
 *      foreign ID UID CGROUPID a socket of another control group takes connections there (`holder`: is bound
 *                              there); its owner and its control group
 *      timeout ID              nobody took connections there, often enough
 *      unhealthy ID TEXT       the requests of `http` were not answered as they had to be; TEXT to the end
 *                              of the packet: how the last one ended, as "answered 503 (5 times)"
 *      free ID                 nobody does (`holder`, `crowd`); it listens there, or nowhere (`elsewhere`)
 *      busy ID TEXT            hexadecimal digits, a bit for each port: 8 in the first for PORT itself
 *      crowd ID COUNT CGROUPID that one holds so many ports
 *      elsewhere ID TEXT       "[::1]:20000, 127.0.0.1:3000": the first few of its addresses in the order of
 *                              their characters, to the end of the packet
 *      error ID TEXT           the helper cannot know; TEXT to the end of the packet
 *
 * The client chooses an ID, other than those it still waits for. What a client has asked ends with its
 * connection. A packet of any other form ends the connection. */

#include "base/text.h"

/* The longest packet there is, a NUL behind it not counted: an error's text is cut to fit. */
#define PROBE_PACKET_MAX 511

/* Checks of one client at once: several for each instance of each app that starts at boot. A look costs some
 * 25 microseconds, so that this many, each ten times a second, take an eighth of a core. */
#define PROBE_CHECKS_MAX 512

/* No app is given longer to start; a bound that keeps sums of times from overflowing. */
#define PROBE_TIMEOUT_MAX ((uint64_t) 24 * 60 * 60 * USEC_PER_SEC)

#define PROBE_SUCCESSES_MAX 1000

/* So many ports, of which a digit has four, go into one answer. */
#define PROBE_BUSY_DIGITS 256
#define PROBE_BUSY_PORTS  (4 * PROBE_BUSY_DIGITS)

#define PROBE_ATTEMPTS_MAX 1000

typedef enum ProbeVerb {
        PROBE_VERB_UNSET = 0,
        PROBE_LISTEN,
        PROBE_HTTP,
        PROBE_HOLDER,
        PROBE_BUSY,
        PROBE_CROWD,
        PROBE_ELSEWHERE,
        PROBE_CANCEL,
        PROBE_VERB_MAX,
} ProbeVerb;

typedef struct ProbeRequest {
        ProbeVerb verb;
        uint64_t id;
        uint64_t cgroup_id; /* not of PROBE_BUSY; of PROBE_HOLDER: the uid */
        /* Of PROBE_LISTEN and PROBE_HTTP. */
        uint64_t timeout_usec;
        unsigned successes;
        uint16_t port; /* of PROBE_CROWD: the most that is allowed */
        /* Of PROBE_HTTP. */
        unsigned attempts; /* 0 = no bound */
        uint64_t request_timeout_usec;
        uint64_t wait_usec; /* after a request that failed; 0 = pauses that grow */
        char path[HTTP_TARGET_MAX + 1];
} ProbeRequest;

typedef enum ProbeResult {
        PROBE_RESULT_UNSET = 0,
        PROBE_LISTENING,
        PROBE_FOREIGN,
        PROBE_TIMEOUT,
        PROBE_UNHEALTHY,
        PROBE_FREE,
        PROBE_HELD,
        PROBE_CROWDED,
        PROBE_LISTENS_ELSEWHERE,
        PROBE_FAILED,
        PROBE_RESULT_MAX,
} ProbeResult;

typedef struct ProbeAnswer {
        ProbeResult result;
        uint64_t id;
        uint32_t number; /* of PROBE_FOREIGN the uid, of PROBE_CROWDED the count */
        /* Of PROBE_UNHEALTHY, PROBE_FAILED and PROBE_LISTENS_ELSEWHERE: clean UTF-8; of PROBE_HELD. */
        char text[PROBE_PACKET_MAX + 1];
        uint64_t cgroup_id; /* of PROBE_FOREIGN and PROBE_CROWDED */
} ProbeAnswer;

typedef struct ProbePacket {
        char text[PROBE_PACKET_MAX + 1];
} ProbePacket;

ProbePacket probe_request_format(const ProbeRequest *request);
ProbePacket probe_answer_format(const ProbeAnswer *answer);

/* 0, or -EBADMSG if the packet has not exactly the form above. */
int probe_request_parse(const ProbePacket *packet, ProbeRequest *ret);
int probe_answer_parse(const ProbePacket *packet, ProbeAnswer *ret);

/* Sends one packet without waiting. 0 or -errno (-EAGAIN: the other side does not read). */
int probe_packet_send(int fd, const ProbePacket *packet);

/* Receives one packet without waiting. 0; -EAGAIN if there is none; -ECONNRESET if the other side is gone;
 * -EBADMSG if the packet is too long or has a NUL byte; other -errno. */
int probe_packet_receive(int fd, ProbePacket *ret);
