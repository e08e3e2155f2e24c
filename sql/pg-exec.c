/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/epoll.h>

#include "base/failpoint.h"
#include "base/text.h"
#include "sql/pg-internal.h"

int pg_watch(Pg *pg, uint32_t events, sd_event_io_handler_t handler)
{
        int r;

        /* Replaced, not changed: while connecting, libpq closes sockets and opens others, perhaps with the
         * same number. */
        pg->io = sd_event_source_disable_unref(pg->io);
        r = sd_event_add_io(pg->event, &pg->io, PQsocket(pg->connection), events, handler, pg);
        if (r >= 0)
                (void) sd_event_source_set_description(pg->io, "database");
        return r;
}

static bool is_failure(const PGresult *result)
{
        ExecStatusType status = PQresultStatus(result);

        return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
}

static const char *message_of(const PGresult *result)
{
        const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

        /* Never the detail: it quotes rows, and so an app's environment. */
        return message ? message : PQresultErrorMessage(result);
}

/* What to say about a connection that is gone. */
static void pg_exec_lost(Pg *pg)
{
        _cleanup_free_ char *why = NULL;

        if (pg->answer && is_failure(pg->answer))
                why = strdup(message_of(pg->answer));
        else
                why = strdup(pg->farewell ? pg->farewell : PQerrorMessage(pg->connection));
        pg_lost(pg, why ? why : strerror(ENOMEM), pg_pause(pg->attempts));
}

/* Sends what libpq still holds back; waits for the socket to take more only as long as there is some. */
static bool flush_output(Pg *pg)
{
        int left = PQflush(pg->connection);

        if (left >= 0)
                (void) sd_event_source_set_io_events(pg->io, left > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
        return left >= 0;
}

static void try_again(Pg *pg, PgRequest *request)
{
        request->sent = false;
        pg_put_back(pg, request);
        (void) sd_event_source_set_time_relative(pg->retry, pg_pause(request->tries));
        (void) sd_event_source_set_enabled(pg->retry, SD_EVENT_ONESHOT);
        pg_kick(pg); /* for those that may overtake */
}

static void judge_failure(Pg *pg, PgRequest *request, const PGresult *failure)
{
        int error;
        PgAction action = pg_error_action(failure, &error);

        request->tries++;
        if (action == PG_RETRY && request->tries >= PG_TRIES_MAX)
                action = PG_FAIL;

        switch (action) {
        case PG_FAIL:
                pg_finish(request, error, failure, message_of(failure));
                pg_kick(pg);
                return;
        case PG_RETRY:
                try_again(pg, request);
                return;
        case PG_WAIT: {
                _cleanup_free_ char *sentence = text_sanitize(message_of(failure), SENTENCE_MAX);

                request->refused = true;
                try_again(pg, request);
                pg_set_state(pg, PG_OUT_OF_SPACE, sentence);
                return;
        }
        case PG_RECONNECT: {
                _cleanup_free_ char *why = strdup(message_of(failure));

                if (error == -EROFS) { /* certainly without effect */
                        request->sent = false;
                        pg_put_back(pg, request);
                } else
                        pg->in_flight = request;
                pg_lost(pg, why ? why : strerror(ENOMEM), pg_pause(pg->attempts));
                return;
        }
        }
}

/* The server has said all about the request in flight, its commit included. */
static void pg_exec_complete(Pg *pg)
{
        PgRequest *request = TAKE_PTR(pg->in_flight);
        PGresult *answer = TAKE_PTR(pg->answer);
        bool failed = !answer || is_failure(answer);

        FAILPOINT("%s.answered", request->name);
        pg_set_timer(pg, USEC_INFINITY);
        if (request->is_gate)
                pg_finish(request, failed ? -EIO : 0, answer, failed && answer ? message_of(answer) : NULL);
        else if (!answer)
                pg_finish(request, -EIO, NULL, "the database gave no answer");
        else if (failed)
                judge_failure(pg, request, answer);
        else {
                pg->attempts = 0;
                if (!request->read_only && pg->state == PG_OUT_OF_SPACE)
                        pg_set_state(pg, PG_CONNECTED, NULL);
                pg_finish(request, 0, answer, NULL);
                pg_kick(pg);
        }
        PQclear(answer);
}

/* A statement can fail after its rows have come, when it commits: the last failure counts. */
static void take_answer(Pg *pg, PGresult *answer)
{
        if (!pg->answer || is_failure(answer)) {
                PQclear(pg->answer);
                pg->answer = answer;
        } else
                PQclear(answer);
}

static void pg_exec_receive(Pg *pg)
{
        /* Also with nothing in flight: libpq reads here what the server says by itself. */
        while (!PQisBusy(pg->connection) && pg->in_flight) {
                PGresult *answer = PQgetResult(pg->connection);

                if (!answer) {
                        pg_exec_complete(pg); /* the next one is sent by the kick */
                        return;
                }
                take_answer(pg, answer);
        }
}

int pg_on_io(sd_event_source *source _unused_, int fd _unused_, uint32_t events _unused_, void *userdata)
{
        Pg *pg = userdata;
        bool alive = PQconsumeInput(pg->connection) == 1 && flush_output(pg);

        /* Also when the connection is gone: the last answer may have come whole. */
        pg_exec_receive(pg);
        if (!alive && pg->connection)
                pg_exec_lost(pg);
        return 0;
}

static bool send_request(Pg *pg, const PgRequest *request)
{
        const PgParams *params = request->params;

        if (request->is_script)
                return PQsendQuery(pg->connection, request->sql) == 1;
        /* 1: the answer in binary form, as pg-result.c reads it. */
        return PQsendQueryParams(pg->connection, request->sql, params->n, params->types, params->values,
                                 params->lengths, params->formats, 1) == 1;
}

void pg_send_next(Pg *pg)
{
        PgRequest *request = NULL;

        if (pg->in_flight)
                return;
        if (pg->phase == PHASE_SESSION || pg->phase == PHASE_GATE)
                request = pg->at_gate;
        else if (pg->phase == PHASE_OPEN)
                request = pg_take_next(pg);
        if (!request)
                return;

        pg->in_flight = request;
        request->sent = true;
        pg_set_timer(pg,
                     request->is_script && pg->phase == PHASE_GATE ? USEC_INFINITY : ANSWER_PATIENCE_USEC);
        FAILPOINT("%s.send", request->name);
        if (!send_request(pg, request) || !flush_output(pg))
                pg_exec_lost(pg);
        else
                FAILPOINT("%s.sent", request->name);
}
