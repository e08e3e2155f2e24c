/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the connection share. libpq's header is included here and nowhere else. */

#include <libpq-fe.h>

#include "base/list.h"
#include "sql/pg-gate.h"
#include "sql/pg.h"

/* Pauses between two attempts, of a connection as of a statement: doubled each time from the first up to the
 * last, then a random part of up to a half taken off, so that many clients do not come back in step. */
#define PAUSE_FIRST_USEC (50 * USEC_PER_MSEC)
#define PAUSE_LAST_USEC  (5 * USEC_PER_SEC)

/* A connection that is not there after this time is given up; libpq's connect_timeout is only for its
 * blocking calls. */
#define CONNECT_PATIENCE_USEC (10 * USEC_PER_SEC)

/* Without an answer to a statement for this long the connection is given up. The server's own
 * statement_timeout is well below, so this is a server that hangs as a whole (stopped, its disk gone). */
#define ANSWER_PATIENCE_USEC (30 * USEC_PER_SEC)

/* The shipped drop-in that lets deployd.service open network sockets. */
#define PG_TCP_DROPIN "/usr/share/deployd/database-tcp.conf"

/* Longest sentence about a failure, in bytes. */
#define SENTENCE_MAX 300

/* Object ids of built-in types: src/include/catalog/pg_type.dat of PostgreSQL, the same in every version. */
enum {
        OID_BOOL = 16,
        OID_BYTEA = 17,
        OID_INT8 = 20,
        OID_INT2 = 21,
        OID_INT4 = 23,
        OID_TEXT = 25,
        OID_TEXT_ARRAY = 1009,
        OID_INT8_ARRAY = 1016,
        OID_VARCHAR = 1043,
        OID_TIMESTAMPTZ = 1184,
        OID_UUID = 2950,
};

/* PostgreSQL counts microseconds from 2000-01-01 00:00:00 UTC. */
#define EPOCH_2000_USEC ((uint64_t) 946684800 * USEC_PER_SEC)

/* Values in PostgreSQL's binary form (pg-value.c). All arrays are in the one allocation. */
typedef struct PgParams {
        int n;
        Oid *types;
        const char **values;
        int *lengths;
        int *formats;
} PgParams;

int pg_params_new(const PgValue *values, size_t n, PgParams **ret);

struct PgResult {
        const PGresult *rows; /* NULL if the failure is not the server's */
        char *message;
};

struct PgRequest {
        Pg *pg;
        const char *name; /* for failpoints */
        char *sql;
        PgParams *params;
        uint64_t deadline;
        PgDone done;
        void *userdata;
        unsigned tries, losses;
        bool read_only;
        bool is_gate;
        bool is_script; /* several statements without values */
        bool sent;      /* it may have taken effect */
        bool ended;     /* its callback runs */
        bool refused;   /* its last try failed for lack of space */
        LIST_FIELDS(PgRequest, queue);
};

typedef enum PgPhase {
        PHASE_PAUSE,      /* no connection; the timer runs */
        PHASE_CONNECTING, /* libpq is at it */
        PHASE_SESSION,    /* session settings are being made */
        PHASE_GATE,       /* the gate is at it */
        PHASE_OPEN,
} PgPhase;

/* pg-url.c: where the server is, from near to far; of several hosts the farthest. */
typedef enum PgPlace {
        PG_PLACE_DEFAULT, /* not said */
        PG_PLACE_SOCKET,
        PG_PLACE_LOOPBACK,
        PG_PLACE_NETWORK,
        PG_PLACE_NAME, /* would have to be looked up */
} PgPlace;

/* Where Debian's own clusters have their socket; for a URL that names no host. Said here, not left to libpq,
 * which would ask the environment first. */
#define DEFAULT_SOCKET_DIRECTORY "/run/postgresql"

/* pg_check_url(), and what the connection must know. The return values may be NULL; the password stays as it
 * is if there is none in the URL. */
int pg_parse_url(const char *url, PgPlace *ret_place, char **ret_password, char **reterr);

struct Pg {
        sd_event *event;
        char *conninfo;
        char *password; /* never to be shown */
        PgPlace place;
        PgStateFn on_state;
        void *userdata;

        PgState state;
        char *sentence;
        char *farewell; /* what the server said last before it closed the connection */

        PgPhase phase;
        PGconn *connection;
        unsigned attempts; /* to connect, since requests last flowed */
        sd_event_source *io;
        sd_event_source *timer;    /* pause, or patience */
        sd_event_source *deadline; /* the next one of the queue: */
        uint64_t next_deadline;
        sd_event_source *retry; /* the first of the queue waits for its next try */
        sd_event_source *kick;  /* there is something to send */

        LIST_HEAD(PgRequest, queue);
        PgRequest *queue_tail;
        PgRequest *in_flight;
        PGresult *answer; /* of the one in flight: the first result, or the first failure */

        const PgGate *gate;
        void *gate_userdata;
        PgRequest *at_gate;
};

/* pg.c */
void pg_set_state(Pg *pg, PgState state, const char *sentence);

/* Calls the request's callback and frees it; it must be in no list. `rows` is the server's answer or NULL,
 * `message` raw text. */
void pg_finish(PgRequest *request, int error, const PGresult *rows, const char *message);

/* Puts a request that was taken out back to the head of the queue. */
void pg_put_back(Pg *pg, PgRequest *request);

/* Takes the next request to be sent out of the queue; NULL if there is none that may go. */
PgRequest *pg_take_next(Pg *pg);

/* Sends what waits, in the next turn of the loop. */
void pg_kick(Pg *pg);

int pg_request_new(Pg *pg, const PgQuery *query, PgDone done, void *userdata, PgRequest **ret);

/* pg-connect.c */
void pg_connect(Pg *pg);

/* Closes the connection because of `why` (raw text) and tries the next one after `pause`. A request in
 * flight goes back to the queue, one of the gate is told -ENOTCONN. */
void pg_lost(Pg *pg, const char *why, uint64_t pause);

/* How long to wait before try `attempt`; before the first of all not at all. */
uint64_t pg_pause(unsigned attempt);

/* The end of the pause, or of patience with the server: the phase says which. USEC_INFINITY: never. */
void pg_set_timer(Pg *pg, uint64_t usec);
int pg_on_timer(sd_event_source *source, uint64_t usec, void *userdata);

void pg_open(Pg *pg);

/* pg-exec.c */
void pg_send_next(Pg *pg);
int pg_on_io(sd_event_source *source, int fd, uint32_t events, void *userdata);

/* Waits for the connection's socket, whichever that is now. */
int pg_watch(Pg *pg, uint32_t events, sd_event_io_handler_t handler);

/* pg-error.c */
typedef enum PgAction {
        PG_FAIL,      /* tell the caller */
        PG_RETRY,     /* it had no effect; try again, PG_TRIES_MAX times in all */
        PG_WAIT,      /* it had no effect; try again until its deadline */
        PG_RECONNECT, /* this connection is of no more use; try again on the next one */
} PgAction;

PgAction pg_error_action(const PGresult *failure, int *ret_error);
