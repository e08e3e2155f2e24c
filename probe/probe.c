/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* deployd-probe: looks at the sockets of apps, and asks them, for deployd, which may not (it has AF_UNIX
 * only). Started by its socket, stays, needs no capability; the requests are in protocol.h. It asks apps in
 * the network namespace it is in; that it sees all their sockets, and the owners by their own numbers, comes
 * with the other socket it is given, which belongs to the namespaces of the machine. */

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "probe/check.h"
#include "probe/listener.h"
#include "probe/sockets.h"
#include "probe/survey.h"

/* deployd is one, its successor while it restarts another; the rest is for people who look into a fault. */
#define CLIENTS_MAX 16

typedef struct Client Client;
typedef struct Item Item;

typedef struct Server {
        sd_event *event;
        sd_event_source *accept_source;
        int netlink_fd;
        Http *http;
        LIST_HEAD(Client, clients);
        unsigned n_clients;
} Server;

struct Client {
        Server *server;
        sd_event_source *source;
        int fd;
        LIST_HEAD(Item, items);
        unsigned n_items;
        LIST_FIELDS(Client, clients);
};

/* A check and the client that has asked for it. */
struct Item {
        Client *client;
        Check *check;
        LIST_FIELDS(Item, items);
};

static Item *item_free(Item *item)
{
        LIST_REMOVE(items, item->client->items, item);
        item->client->n_items--;
        (void) check_free(item->check);
        free(item);
        return NULL;
}

static Client *client_free(Client *client)
{
        Item *item, *next;

        if (!client)
                return NULL;
        LIST_FOREACH_SAFE (items, item, next, client->items)
                (void) item_free(item);
        LIST_REMOVE(clients, client->server->clients, client);
        client->server->n_clients--;
        (void) sd_event_source_disable_unref(client->source);
        (void) close(client->fd);
        free(client);
        return NULL;
}

static void client_drop(Client *client, const char *why)
{
        log_warning("Dropping a client: %s", why);
        (void) client_free(client);
}

/* Sends the answer, or drops a client that does not take it: it will come again and ask. */
static void client_answer(Client *client, const ProbeAnswer *answer)
{
        ProbePacket packet = probe_answer_format(answer);
        int r = probe_packet_send(client->fd, &packet);

        if (r < 0)
                client_drop(client, r == -EAGAIN ? "it does not read its answers" : strerror(-r));
}

static void item_done(Check *check _unused_, const ProbeAnswer *answer, void *userdata)
{
        Item *item = userdata;
        Client *client = item->client;

        (void) item_free(item);
        client_answer(client, answer);
}

static Item *probe_client_find(Client *client, uint64_t id)
{
        Item *item;

        LIST_FOREACH (items, item, client->items)
                if (check_id(item->check) == id)
                        return item;
        return NULL;
}

static void client_check(Client *client, const ProbeRequest *request)
{
        ProbeAnswer failure = { .result = PROBE_FAILED, .id = request->id };
        Item *item;
        int r;

        if (probe_client_find(client, request->id))
                return client_drop(client, "it uses one id for two requests");
        if (client->n_items >= PROBE_CHECKS_MAX) {
                (void) stpcpy(failure.text, "too many checks at once");
                return client_answer(client, &failure);
        }
        item = calloc(1, sizeof(Item));
        if (!item)
                return client_drop(client, strerror(ENOMEM));
        item->client = client;
        LIST_PREPEND(items, client->items, item);
        client->n_items++;
        r = check_new(client->server->event, client->server->netlink_fd, client->server->http, request,
                      item_done, item, &item->check);
        if (r < 0) {
                (void) item_free(item);
                client_drop(client, strerror(-r));
        }
}

/* What needs no waiting: 0 or -errno. */
static int probe_survey(int fd, const ProbeRequest *request, ProbeAnswer *answer)
{
        Holder holder = { 0 };
        int r;

        switch (request->verb) {
        case PROBE_HOLDER:
                r = survey_holder(fd, request->port, request->cgroup_id, &holder);
                answer->result = r > 0 ? PROBE_FOREIGN : PROBE_FREE;
                answer->number = holder.uid;
                answer->cgroup_id = holder.cgroup_id;
                return r;
        case PROBE_CROWD:
                r = survey_crowd(fd, request->port, request->cgroup_id, &answer->cgroup_id);
                answer->result = r > 0 ? PROBE_CROWDED : PROBE_FREE;
                answer->number = (uint32_t) MAX2(r, 0);
                return r;
        case PROBE_ELSEWHERE:
                r = listener_elsewhere(fd, request->port, request->cgroup_id, answer->text);
                answer->result = r > 0 ? PROBE_LISTENS_ELSEWHERE : PROBE_FREE;
                return r;
        default:
                answer->result = PROBE_HELD;
                return survey_busy(fd, request->port, answer->text, PROBE_BUSY_DIGITS);
        }
}

static void client_survey(Client *client, const ProbeRequest *request)
{
        ProbeAnswer answer = { .id = request->id };
        int r = probe_survey(client->server->netlink_fd, request, &answer);

        if (r < 0) {
                answer.result = PROBE_FAILED;
                (void) snprintf(answer.text, sizeof(answer.text), "cannot see who holds ports: %s",
                                strerror(-r));
        }
        client_answer(client, &answer);
}

static void client_cancel(Client *client, const ProbeRequest *request)
{
        Item *item = probe_client_find(client, request->id);

        if (item)
                (void) item_free(item);
}

static void (*const verb_table[PROBE_VERB_MAX])(Client *client, const ProbeRequest *request) = {
        [PROBE_LISTEN] = client_check,  [PROBE_HTTP] = client_check,   [PROBE_HOLDER] = client_survey,
        [PROBE_BUSY] = client_survey,   [PROBE_CROWD] = client_survey, [PROBE_ELSEWHERE] = client_survey,
        [PROBE_CANCEL] = client_cancel,
};

/* Takes one packet; if there are more the loop comes here again. */
static int client_readable(sd_event_source *source _unused_, int fd, uint32_t revents _unused_,
                           void *userdata)
{
        Client *client = userdata;
        ProbeRequest request;
        ProbePacket packet;
        int r;

        r = probe_packet_receive(fd, &packet);
        if (r >= 0)
                r = probe_request_parse(&packet, &request);
        if (r >= 0)
                verb_table[request.verb](client, &request);
        else if (r == -EBADMSG)
                client_drop(client, "it sent something that is no request");
        else if (r != -EAGAIN)
                (void) client_free(client);
        return 0;
}

static int client_new(Server *server, int fd)
{
        Client *client = calloc(1, sizeof(Client));
        int r;

        if (!client) {
                (void) close(fd);
                return -ENOMEM;
        }
        client->server = server;
        client->fd = fd;
        LIST_PREPEND(clients, server->clients, client);
        server->n_clients++;
        r = sd_event_add_io(server->event, &client->source, fd, EPOLLIN, client_readable, client);
        if (r < 0)
                (void) client_free(client);
        return r;
}

static int server_accept(sd_event_source *source _unused_, int fd, uint32_t revents _unused_, void *userdata)
{
        Server *server = userdata;
        /* cppcheck-suppress nullPointer ; accept(2): the address is not asked for */
        int client_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), r;

        if (client_fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
                return 0;
        if (client_fd < 0)
                return sd_event_exit(server->event, -errno);
        if (server->n_clients >= CLIENTS_MAX) {
                log_warning("Refusing a client: there are %u already", server->n_clients);
                (void) close(client_fd);
                return 0;
        }
        r = client_new(server, client_fd);
        return r < 0 ? sd_event_exit(server->event, r) : 0;
}

/* Takes the two sockets that PID 1 has opened. 0 or -errno. */
static int probe_inherit(int *ret_listen, int *ret_netlink)
{
        int n = sd_listen_fds(/* unset_environment= */ 1);

        *ret_listen = *ret_netlink = -1;
        for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++)
                if (sd_is_socket(fd, AF_UNIX, SOCK_SEQPACKET, /* listening= */ 1) > 0)
                        *ret_listen = fd;
                else if (sd_is_socket(fd, AF_NETLINK, SOCK_RAW, /* listening= */ -1) > 0)
                        *ret_netlink = fd;
        return *ret_listen < 0 || *ret_netlink < 0 ? -EINVAL : 0;
}

static int server_run(Server *server, int listen_fd)
{
        sigset_t signals;
        int r;

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGTERM);
        (void) sigaddset(&signals, SIGINT);
        (void) sigprocmask(SIG_BLOCK, &signals, NULL);

        r = sockets_adopt(server->netlink_fd);
        if (r >= 0)
                r = sd_event_new(&server->event);
        if (r >= 0)
                r = http_new(server->event, &server->http);
        if (r >= 0)
                r = sd_event_add_signal(server->event, NULL, SIGTERM, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(server->event, NULL, SIGINT, NULL, NULL);
        if (r >= 0)
                r = sd_event_set_watchdog(server->event, true);
        if (r >= 0)
                r = sd_event_add_io(server->event, &server->accept_source, listen_fd, EPOLLIN, server_accept,
                                    server);
        if (r < 0)
                return r;

        (void) sd_notify(0, "READY=1");
        r = sd_event_loop(server->event);
        (void) sd_notify(0, "STOPPING=1");
        return r;
}

int main(void)
{
        Server server = { 0 };
        Client *client, *next;
        int listen_fd, r;

        if (probe_inherit(&listen_fd, &server.netlink_fd) < 0) {
                log_error("deployd-probe has to be started by its socket");
                return EXIT_FAILURE;
        }
        r = server_run(&server, listen_fd);
        if (r < 0)
                log_error("deployd-probe cannot go on: %s", strerror(-r));

        LIST_FOREACH_SAFE (clients, client, next, server.clients)
                (void) client_free(client);
        (void) sd_event_source_disable_unref(server.accept_source);
        (void) http_free(server.http);
        (void) sd_event_unref(server.event);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
