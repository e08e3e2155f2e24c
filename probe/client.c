/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/backoff.h"
#include "base/list.h"
#include "base/log.h"

/* Pauses before the helper is tried again: PID 1 has a killed one back in a tenth of a second, and one that
 * does not come back is not worth more than a try a second. */
#define PAUSE_FIRST (50 * USEC_PER_MSEC)
#define PAUSE_MAX   USEC_PER_SEC

/* The helper looks once more at the very end, and its answer has to come here. */
#define ANSWER_GRACE (100 * USEC_PER_MSEC)

/* sd-event may be late by this; nothing here needs its own wake-up. */
#define ACCURACY (10 * USEC_PER_MSEC)

/* What needs no waiting is answered at once, unless the helper is being started again. */
#define ASK_TIMEOUT (2 * USEC_PER_SEC)

struct ProbeClient {
        sd_event *event;
        struct sockaddr_un address;
        int fd;
        sd_event_source *io;    /* while connected */
        sd_event_source *retry; /* while a pause lasts */
        Backoff pause;
        uint64_t last_id;
        LIST_HEAD(ProbeWait, waits); /* under way, the oldest first */
        unsigned n_waits;
};

struct ProbeWait {
        ProbeClient *client; /* NULL when it is over */
        sd_event_source *timer;
        uint64_t deadline; /* CLOCK_MONOTONIC, as in the helper */
        ProbeRequest request;
        bool asked; /* on this connection */
        ProbeDone done;
        void *userdata;
        LIST_FIELDS(ProbeWait, waits);
};

static void client_connect(ProbeClient *client);

int probe_client_new(sd_event *event, const char *socket_path, ProbeClient **ret)
{
        ProbeClient *client;

        assert(event);
        assert(socket_path);
        assert(ret);

        if (strlen(socket_path) >= sizeof(client->address.sun_path))
                return -EINVAL;
        client = calloc(1, sizeof(ProbeClient));
        if (!client)
                return -ENOMEM;
        client->event = sd_event_ref(event);
        client->address.sun_family = AF_UNIX;
        (void) stpcpy(client->address.sun_path, socket_path);
        client->fd = -1;
        client->pause = (Backoff){ .first_usec = PAUSE_FIRST, .max_usec = PAUSE_MAX };
        *ret = client;
        return 0;
}

/* The wait is no longer under way; its owner has it still. */
static void wait_detach(ProbeWait *wait)
{
        assert(wait->client);

        LIST_REMOVE(waits, wait->client->waits, wait);
        wait->client->n_waits--;
        wait->client = NULL;
        wait->timer = sd_event_source_disable_unref(wait->timer);
}

static void client_disconnect(ProbeClient *client)
{
        ProbeWait *wait;

        client->io = sd_event_source_disable_unref(client->io);
        closep(&client->fd);
        client->fd = -1;
        LIST_FOREACH (waits, wait, client->waits)
                wait->asked = false;
}

ProbeClient *probe_client_free(ProbeClient *client)
{
        if (!client)
                return NULL;
        while (client->waits)
                wait_detach(client->waits);
        client_disconnect(client);
        (void) sd_event_source_disable_unref(client->retry);
        (void) sd_event_unref(client->event);
        free(client);
        return NULL;
}

static int client_try_again(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        ProbeClient *client = userdata;

        client->retry = sd_event_source_disable_unref(client->retry);
        client_connect(client);
        return 0;
}

/* The connection is lost or was not to be had: comes back after a pause if anything is waited for. Should
 * even the timer not be had, the waits end by their own. */
static void client_pause(ProbeClient *client, int error)
{
        client_disconnect(client);
        if (!client->waits || client->retry)
                return;
        if (client->pause.n == 0)
                log_warning("deployd-probe cannot be reached, trying again: %s", strerror(-error));
        (void) sd_event_add_time_relative(client->event, &client->retry, CLOCK_MONOTONIC,
                                          backoff_next(&client->pause), ACCURACY, client_try_again, client);
}

/* Asks what has not been asked on this connection, as far as the helper takes it. */
static int client_ask(ProbeClient *client)
{
        ProbeWait *wait;
        uint64_t now;
        int r;

        r = sd_event_now(client->event, CLOCK_MONOTONIC, &now);
        if (r < 0)
                return r;
        LIST_FOREACH (waits, wait, client->waits) {
                if (wait->asked)
                        continue;

                wait->request.timeout_usec = wait->deadline > now ? wait->deadline - now : 0;
                ProbePacket packet = probe_request_format(&wait->request);
                r = probe_packet_send(client->fd, &packet);
                if (r == -EAGAIN)
                        return sd_event_source_set_io_events(client->io, EPOLLIN | EPOLLOUT);
                if (r < 0)
                        return r;
                wait->asked = true;
        }
        return sd_event_source_set_io_events(client->io, EPOLLIN);
}

/* The last thing that happens to a wait; nothing of the client may be touched behind it. */
static void wait_finish(ProbeWait *wait, const ProbeAnswer *answer)
{
        wait_detach(wait);
        wait->done(wait->userdata, answer);
}

static ProbeWait *client_find(ProbeClient *client, uint64_t id)
{
        ProbeWait *wait;

        LIST_FOREACH (waits, wait, client->waits)
                if (wait->request.id == id)
                        return wait;
        return NULL;
}

/* Takes one answer; if there are more the loop comes here again. */
static void client_receive(ProbeClient *client)
{
        ProbeAnswer answer;
        ProbePacket packet;
        ProbeWait *wait;
        int r;

        r = probe_packet_receive(client->fd, &packet);
        if (r == -EAGAIN)
                return;
        if (r >= 0)
                r = probe_answer_parse(&packet, &answer);
        if (r < 0)
                return client_pause(client, r);

        backoff_reset(&client->pause);
        wait = client_find(client, answer.id);
        if (wait) /* Else it was cancelled while its answer was on the way. */
                wait_finish(wait, &answer);
}

static int client_io(sd_event_source *source _unused_, int fd _unused_, uint32_t revents, void *userdata)
{
        ProbeClient *client = userdata;

        if (revents & EPOLLOUT) {
                int r = client_ask(client);
                if (r < 0) {
                        client_pause(client, r);
                        return 0;
                }
        }
        if (revents & (EPOLLIN | EPOLLHUP | EPOLLERR))
                client_receive(client);
        return 0;
}

static void client_connect(ProbeClient *client)
{
        int r = 0;

        client->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (client->fd < 0 ||
            connect(client->fd, (struct sockaddr *) &client->address, sizeof(client->address)) < 0)
                r = -errno;
        if (r >= 0)
                r = sd_event_add_io(client->event, &client->io, client->fd, EPOLLIN, client_io, client);
        if (r >= 0)
                r = client_ask(client);
        if (r < 0)
                client_pause(client, r);
}

static int wait_timeout(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        static const ProbeAnswer answer = { .result = PROBE_TIMEOUT };
        ProbeWait *wait = userdata;

        wait_finish(wait, &answer);
        return 0;
}

static int wait_new(ProbeClient *client, const ProbeRequest *request, ProbeDone done, void *userdata,
                    ProbeWait **ret)
{
        _cleanup_free_ ProbeWait *wait = NULL;
        uint64_t now;
        int r;

        assert(client);
        assert(done);
        assert(ret);

        if (request->port == 0 || request->successes == 0 || request->successes > PROBE_SUCCESSES_MAX ||
            request->timeout_usec > PROBE_TIMEOUT_MAX)
                return -EINVAL;
        if (client->n_waits >= PROBE_CHECKS_MAX)
                return -EBUSY;
        r = sd_event_now(client->event, CLOCK_MONOTONIC, &now);
        if (r < 0)
                return r;
        wait = malloc(sizeof(ProbeWait));
        if (!wait)
                return -ENOMEM;
        *wait = (ProbeWait){
                .client = client,
                .deadline = now + request->timeout_usec,
                .request = *request,
                .done = done,
                .userdata = userdata,
        };
        wait->request.id = ++client->last_id;
        r = sd_event_add_time(client->event, &wait->timer, CLOCK_MONOTONIC, wait->deadline + ANSWER_GRACE,
                              ACCURACY, wait_timeout, wait);
        if (r < 0)
                return r;
        LIST_APPEND(waits, client->waits, wait);
        client->n_waits++;
        *ret = wait;

        if (client->fd >= 0) {
                r = client_ask(client);
                if (r < 0)
                        client_pause(client, r);
        } else if (!client->retry)
                client_connect(client);
        (void) TAKE_PTR(wait);
        return 0;
}

int probe_wait_listening(ProbeClient *client, uint16_t port, uint64_t cgroup_id, uint64_t timeout_usec,
                         unsigned successes, ProbeDone done, void *userdata, ProbeWait **ret)
{
        ProbeRequest request = {
                .verb = PROBE_LISTEN,
                .port = port,
                .cgroup_id = cgroup_id,
                .timeout_usec = timeout_usec,
                .successes = successes,
        };

        return wait_new(client, &request, done, userdata, ret);
}

int probe_wait_healthy(ProbeClient *client, uint16_t port, uint64_t cgroup_id, uint64_t timeout_usec,
                       unsigned successes, const ProbeHealth *health, ProbeDone done, void *userdata,
                       ProbeWait **ret)
{
        ProbeRequest request = {
                .verb = PROBE_HTTP,
                .port = port,
                .cgroup_id = cgroup_id,
                .timeout_usec = timeout_usec,
                .successes = successes,
                .attempts = health->attempts,
                .request_timeout_usec = health->request_timeout_usec,
                .wait_usec = health->wait_usec,
        };

        if (!text_is_http_target(health->path) || health->attempts > PROBE_ATTEMPTS_MAX ||
            health->request_timeout_usec == 0 || health->request_timeout_usec > PROBE_TIMEOUT_MAX ||
            health->wait_usec > PROBE_TIMEOUT_MAX)
                return -EINVAL;
        (void) stpcpy(request.path, health->path);
        return wait_new(client, &request, done, userdata, ret);
}

/* A question whose answer is there at once. */
static int ask_new(ProbeClient *client, ProbeVerb verb, uint16_t port, uint64_t cgroup_id, ProbeDone done,
                   void *userdata, ProbeWait **ret)
{
        ProbeRequest request = {
                .verb = verb,
                .port = port,
                .cgroup_id = cgroup_id,
                .timeout_usec = ASK_TIMEOUT,
                .successes = 1,
        };

        return wait_new(client, &request, done, userdata, ret);
}

int probe_ask_holder(ProbeClient *client, uint16_t port, uid_t uid, ProbeDone done, void *userdata,
                     ProbeWait **ret)
{
        return ask_new(client, PROBE_HOLDER, port, uid, done, userdata, ret);
}

int probe_ask_busy(ProbeClient *client, uint16_t port, ProbeDone done, void *userdata, ProbeWait **ret)
{
        return ask_new(client, PROBE_BUSY, port, 0, done, userdata, ret);
}

int probe_ask_crowd(ProbeClient *client, uint16_t max, uint64_t after, ProbeDone done, void *userdata,
                    ProbeWait **ret)
{
        return ask_new(client, PROBE_CROWD, max, after, done, userdata, ret);
}

int probe_ask_elsewhere(ProbeClient *client, uint16_t port, uint64_t cgroup_id, ProbeDone done,
                        void *userdata, ProbeWait **ret)
{
        return ask_new(client, PROBE_ELSEWHERE, port, cgroup_id, done, userdata, ret);
}

ProbeWait *probe_wait_free(ProbeWait *wait)
{
        if (!wait)
                return NULL;
        if (wait->client) {
                ProbeClient *client = wait->client;
                ProbeRequest cancel = { .verb = PROBE_CANCEL, .id = wait->request.id };
                bool asked = wait->asked;

                wait_detach(wait);
                if (asked) {
                        ProbePacket packet = probe_request_format(&cancel);
                        int r = probe_packet_send(client->fd, &packet);
                        /* The helper forgets what it was asked with the connection, too. */
                        if (r < 0)
                                client_pause(client, r);
                }
        }
        free(wait);
        return NULL;
}
