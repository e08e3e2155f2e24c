/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "probe/protocol.h"

/* deployd's side of deployd-probe. It needs AF_UNIX only. The connection is made when there is something to
 * ask, without blocking; when the helper is away it is tried again after growing pauses, and what is still
 * waited for is asked again with the time that is left. */

typedef struct ProbeClient ProbeClient;
typedef struct ProbeWait ProbeWait;

/* The end of a wait, called from the event loop, once at most, with the answer of the helper, or one of
 * PROBE_TIMEOUT; valid during the call. The wait, still the caller's, and the client may be freed here. */
typedef void (*ProbeDone)(void *userdata, const ProbeAnswer *answer);

/* `socket_path` is PATH_PROBE_SOCKET but in tests. 0; -EINVAL if it is too long for a socket; -ENOMEM. */
int probe_client_new(sd_event *event, const char *socket_path, ProbeClient **ret);

/* Waits that are left are never called back; they stay to be freed by their owners. */
ProbeClient *probe_client_free(ProbeClient *client);
DEFINE_CLEANUP(ProbeClient *, probe_client_free);

/* Waits until the control group takes connections to 127.0.0.1:port and nobody else does to it or to
 * [::1]:port, `successes` looks in a row (protocol.h, `listen`); PROBE_TIMEOUT after `timeout_usec`, whether
 * or not the helper could be reached. 0; -EINVAL for port or successes 0, or one above PROBE_SUCCESSES_MAX
 * or PROBE_TIMEOUT_MAX; -EBUSY if PROBE_CHECKS_MAX waits are under way; -ENOMEM. */
int probe_wait_listening(ProbeClient *client, uint16_t port, uint64_t cgroup_id, uint64_t timeout_usec,
                         unsigned successes, ProbeDone done, void *userdata, ProbeWait **ret);

/* The same, and it answers `GET health->path` well, `successes` times in a row (protocol.h, `http`);
 * PROBE_UNHEALTHY with a text that says how the last request ended when it has not. 0, and the same errors;
 * -EINVAL as well for a path that is none, a request timeout of 0, or a number above its bound. */
typedef struct ProbeHealth {
        const char *path; /* as text_is_http_target() has it */
        uint64_t request_timeout_usec;
        unsigned attempts;  /* requests that may fail; 0 = as many as there is time for */
        uint64_t wait_usec; /* after each of those; 0 = pauses that grow */
} ProbeHealth;

int probe_wait_healthy(ProbeClient *client, uint16_t port, uint64_t cgroup_id, uint64_t timeout_usec,
                       unsigned successes, const ProbeHealth *health, ProbeDone done, void *userdata,
                       ProbeWait **ret);

/* Who else than this user holds the port, at whatever address? PROBE_FOREIGN or PROBE_FREE; PROBE_TIMEOUT if
 * the helper is away. 0, and the same errors. */
int probe_ask_holder(ProbeClient *client, uint16_t port, uid_t uid, ProbeDone done, void *userdata,
                     ProbeWait **ret);

/* Which of the PROBE_BUSY_PORTS ports from `port` on does somebody hold? PROBE_HELD, PROBE_TIMEOUT. The same
 * errors. */
int probe_ask_busy(ProbeClient *client, uint16_t port, ProbeDone done, void *userdata, ProbeWait **ret);

/* Which control group, of those with an id above `after`, holds more than `max` ports? PROBE_CROWDED with
 * the lowest id, or PROBE_FREE; PROBE_TIMEOUT. The same errors. */
int probe_ask_crowd(ProbeClient *client, uint16_t max, uint64_t after, ProbeDone done, void *userdata,
                    ProbeWait **ret);

/* Where does the control group listen, if it takes no connections to 127.0.0.1:port? PROBE_LISTENS_ELSEWHERE
 * with the addresses as text, PROBE_FREE, PROBE_TIMEOUT. The same errors. */
int probe_ask_elsewhere(ProbeClient *client, uint16_t port, uint64_t cgroup_id, ProbeDone done,
                        void *userdata, ProbeWait **ret);

/* Cancels the wait if it is under way: `done` is never called then. */
ProbeWait *probe_wait_free(ProbeWait *wait);
DEFINE_CLEANUP(ProbeWait *, probe_wait_free);
