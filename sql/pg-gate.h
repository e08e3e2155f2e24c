/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who stands at the gate of a Pg is asked on every new connection, before requests are let through, and may
 * use it alone meanwhile. For sql/ only. */

#include "sql/pg.h"

typedef struct PgGate {
        /* A connection is there. Ends with pg_gate_open() or pg_gate_refuse(), now or later; or by itself
         * when the connection is lost, and is then entered again with the next one. */
        void (*enter)(void *userdata);
} PgGate;

/* `gate` NULL: nobody stands there; connections go straight through from the next one on. What the former
 * one has under way is dropped without callback. */
void pg_gate_set(Pg *pg, const PgGate *gate, void *userdata);

sd_event *pg_event(const Pg *pg);

/* One request at a time, and only while the gate is entered. It is never sent twice: `done` is told
 * -ENOTCONN when the connection is lost under it, and the SQLSTATE of every failure is for the gate to
 * judge. With `script` the text is several statements, without values; only for texts compiled in, for there
 * is nothing between it and the server. 0, -ENOTCONN if the gate is not entered, -EBUSY, -ENOMEM. */
int pg_gate_submit(Pg *pg, const PgQuery *query, bool script, PgDone done, void *userdata);

/* What the gate waits for or does, for pg_sentence(). The caller reports it; PgStateFn
 * does not. */
void pg_gate_say(Pg *pg, const char *sentence);

void pg_gate_open(Pg *pg);

/* Closes the connection, whereby the server takes back what is not committed. The next one is tried after
 * PAUSE_LAST_USEC, for somebody has to do something first. */
void pg_gate_refuse(Pg *pg, const char *sentence);

/* The same for what may pass: the next one is tried after the pauses of a lost connection. */
void pg_gate_again(Pg *pg, const char *sentence);

/* Whether what failed may succeed at a later try without anybody doing something about it. */
bool pg_result_may_pass(const PgResult *result);
