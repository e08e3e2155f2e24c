/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/text.h"
#include "sql/pg-internal.h"

/* The limits keep one statement from holding up all others; the server looks every half second whether the
 * client is still there while a statement runs, and asks its machine after five seconds of silence, so that
 * what a dead deployd held is soon free, and the lock of one whose machine lost its power. Migrations set
 * their own statement_timeout. The rest makes the session the same whatever the server's settings. */
static const char session_settings[] = "set statement_timeout = '5s';"
                                       "set lock_timeout = '2s';"
                                       "set idle_in_transaction_session_timeout = '10s';"
                                       "set client_connection_check_interval = '500ms';"
                                       "set tcp_keepalives_idle = '5s';"
                                       "set tcp_keepalives_interval = '2s';"
                                       "set tcp_user_timeout = '10s';"
                                       "set search_path = public;"
                                       "set default_transaction_isolation = 'read committed';"
                                       "set standard_conforming_strings = on;"
                                       "set datestyle = 'ISO, YMD';"
                                       "set timezone = 'UTC'";

static void connect_on(Pg *pg);

uint64_t pg_pause(unsigned attempt)
{
        uint64_t pause = PAUSE_FIRST_USEC, chance = 0;

        if (attempt == 0)
                return 0;
        while (--attempt > 0 && pause < PAUSE_LAST_USEC)
                pause *= 2;
        pause = MIN2(pause, PAUSE_LAST_USEC);
        if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) != sizeof(chance))
                chance = 0;
        return pause - chance % (pause / 2);
}

void pg_set_timer(Pg *pg, uint64_t usec)
{
        if (usec != USEC_INFINITY)
                (void) sd_event_source_set_time_relative(pg->timer, usec);
        (void) sd_event_source_set_enabled(pg->timer,
                                           usec == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

int pg_on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Pg *pg = userdata;

        if (pg->phase == PHASE_PAUSE)
                pg_connect(pg);
        else
                pg_lost(pg, "the database does not answer", pg_pause(pg->attempts));
        return 0;
}

void pg_reconnect_now(Pg *pg)
{
        assert(pg);

        if (pg->phase == PHASE_PAUSE)
                pg_set_timer(pg, 0);
}

static void pg_connect_mask(char *text, const char *secret)
{
        size_t length = strlen(secret);

        while ((text = strstr(text, secret))) {
                memset(text, '*', length);
                text += length;
        }
}

/* The first line of libpq's text, clean and without the password, should it ever be in it. */
static char *sentence_of(const Pg *pg, const char *why)
{
        _cleanup_free_ char *first = NULL;

        first = strndup(why, strcspn(why, "\n"));
        if (!first)
                return NULL;
        if (pg->password)
                pg_connect_mask(first, pg->password);
        return text_sanitize(first, SENTENCE_MAX);
}

/* A request that ends the connection each time must not keep all others waiting for ever. */
static void put_back_in_flight(Pg *pg)
{
        PgRequest *request = TAKE_PTR(pg->in_flight);

        if (!request || request->is_gate)
                return;
        if (++request->losses < PG_LOST_MAX)
                pg_put_back(pg, request);
        else
                pg_finish(request, -ECONNABORTED, NULL, pg->sentence);
}

void pg_lost(Pg *pg, const char *why, uint64_t pause)
{
        _cleanup_free_ char *sentence = NULL;

        sentence = sentence_of(pg, why);
        pg->io = sd_event_source_disable_unref(pg->io);
        PQclear(TAKE_PTR(pg->answer));
        PQfinish(TAKE_PTR(pg->connection));
        free(TAKE_PTR(pg->farewell));
        (void) sd_event_source_set_enabled(pg->retry, SD_EVENT_OFF);
        pg->phase = PHASE_PAUSE;
        pg->attempts++;
        pg_set_timer(pg, pause);

        pg_set_state(pg, PG_CONNECTING, sentence);
        put_back_in_flight(pg);
        if (pg->at_gate)
                pg_finish(pg->at_gate, -ENOTCONN, NULL, sentence);
}

/* Notices are of no interest, but for the last words of a server that closes an idle connection. */
static void on_notice(void *userdata, const PGresult *notice)
{
        const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
        Pg *pg = userdata;

        if (severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))
                (void) text_replace(&pg->farewell, PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY));
}

void pg_open(Pg *pg)
{
        pg->phase = PHASE_OPEN;
        pg_set_timer(pg, USEC_INFINITY);
        pg_set_state(pg, PG_CONNECTED, NULL);
        pg_kick(pg);
}

static void on_session_set(void *userdata, int error, const PgResult *result)
{
        Pg *pg = userdata;

        if (error == -ENOTCONN)
                return;
        if (error < 0)
                pg_lost(pg, pg_result_message(result), pg_pause(pg->attempts));
        else if (pg->gate) {
                pg->phase = PHASE_GATE;
                pg->gate->enter(pg->gate_userdata);
        } else {
                pg_open(pg);
        }
}

static void enter_session(Pg *pg)
{
        int r;

        pg->phase = PHASE_SESSION;
        (void) PQsetnonblocking(pg->connection, 1);
        (void) PQsetNoticeReceiver(pg->connection, on_notice, pg);
        r = pg_gate_submit(pg, &(const PgQuery){ .sql = session_settings }, true, on_session_set, pg);
        if (r < 0)
                pg_lost(pg, strerror(-r), pg_pause(pg->attempts));
}

/* Whether this process may open network sockets at all; deployd.service may not, unless told otherwise. */
static bool has_network_sockets(void)
{
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        return fd >= 0 || errno != EAFNOSUPPORT;
}

static void connect_failed(Pg *pg)
{
        const char *why = PQerrorMessage(pg->connection);

        if (pg->place >= PG_PLACE_LOOPBACK && !has_network_sockets())
                why = "deployd may not open network sockets, which [database] url needs: copy " PG_TCP_DROPIN
                      " to /etc/systemd/system/deployd.service.d";
        pg_lost(pg, why, pg_pause(pg->attempts));
}

static int on_connecting(sd_event_source *source _unused_, int fd _unused_, uint32_t events _unused_,
                         void *userdata)
{
        connect_on(userdata);
        return 0;
}

static void connect_on(Pg *pg)
{
        PostgresPollingStatusType next;
        int r;

        /* First of all, since libpq may close the socket, and epoll goes on with one that is closed as long
         * as anybody has a copy of it. */
        pg->io = sd_event_source_disable_unref(pg->io);
        next = PQconnectPoll(pg->connection);
        if (next == PGRES_POLLING_FAILED) {
                connect_failed(pg);
                return;
        }
        if (next == PGRES_POLLING_OK) {
                r = pg_watch(pg, EPOLLIN, pg_on_io);
                if (r >= 0)
                        enter_session(pg);
        } else
                r = pg_watch(pg, next == PGRES_POLLING_READING ? EPOLLIN : EPOLLOUT, on_connecting);
        if (r < 0)
                pg_lost(pg, strerror(-r), pg_pause(pg->attempts));
}

void pg_connect(Pg *pg)
{
        /* What stands before `dbname` is a default, what stands behind it cannot be overridden by the URL.
         */
        const char *const keywords[] = { pg->place == PG_PLACE_DEFAULT ? "host" : "application_name",
                                         "dbname",
                                         "application_name",
                                         "client_encoding",
                                         "keepalives_idle",
                                         "keepalives_interval",
                                         "tcp_user_timeout",
                                         "gssencmode", /* its library blocks */
                                         NULL };
        const char *const values[] = { pg->place == PG_PLACE_DEFAULT ? DEFAULT_SOCKET_DIRECTORY : "deployd",
                                       pg->conninfo,
                                       "deployd",
                                       "UTF8",
                                       "5",
                                       "2",
                                       "10000",
                                       "disable",
                                       NULL };
        int r;

        pg->phase = PHASE_CONNECTING;
        pg_set_timer(pg, CONNECT_PATIENCE_USEC);
        pg->connection = PQconnectStartParams(keywords, values, true);
        if (!pg->connection) {
                pg_lost(pg, strerror(ENOMEM), pg_pause(pg->attempts));
                return;
        }
        if (PQstatus(pg->connection) == CONNECTION_BAD) {
                connect_failed(pg);
                return;
        }
        r = pg_watch(pg, EPOLLOUT, on_connecting); /* libpq: begin as if PGRES_POLLING_WRITING was said */
        if (r < 0)
                pg_lost(pg, strerror(-r), pg_pause(pg->attempts));
}
