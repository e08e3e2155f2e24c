/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sql/pg-gate.h"

#include <errno.h>

#include "base/text.h"
#include "sql/pg-internal.h"

void pg_gate_set(Pg *pg, const PgGate *gate, void *userdata)
{
        assert(pg);
        assert(!pg->gate || !gate);

        /* At the gate may also be the connection's own: the session's settings. */
        if (pg->at_gate && pg->gate && pg->at_gate->userdata == pg->gate_userdata)
                (void) pg_request_free(pg->at_gate);
        pg->gate = gate;
        pg->gate_userdata = userdata;
}

sd_event *pg_event(const Pg *pg)
{
        assert(pg);
        return pg->event;
}

int pg_gate_submit(Pg *pg, const PgQuery *query, bool script, PgDone done, void *userdata)
{
        PgRequest *request;
        int r;

        assert(pg);
        assert(query);
        assert(!script || query->n_values == 0);

        if (pg->phase != PHASE_SESSION && pg->phase != PHASE_GATE)
                return -ENOTCONN;
        if (pg->at_gate)
                return -EBUSY;
        r = pg_request_new(pg, query, done, userdata, &request);
        if (r < 0)
                return r;
        request->is_gate = true;
        request->is_script = script;
        pg->at_gate = request;
        pg_kick(pg);
        return 0;
}

void pg_gate_say(Pg *pg, const char *sentence)
{
        assert(pg);

        if (pg->phase == PHASE_GATE)
                (void) text_replace(&pg->sentence, sentence);
}

void pg_gate_open(Pg *pg)
{
        assert(pg);

        if (pg->phase == PHASE_GATE)
                pg_open(pg);
}

void pg_gate_refuse(Pg *pg, const char *sentence)
{
        assert(pg);

        pg_gate_say(pg, sentence);
        if (pg->phase == PHASE_GATE)
                pg_lost(pg, sentence, PAUSE_LAST_USEC);
}

void pg_gate_again(Pg *pg, const char *sentence)
{
        assert(pg);

        if (pg->phase == PHASE_GATE)
                pg_lost(pg, sentence, pg_pause(pg->attempts));
}

bool pg_result_may_pass(const PgResult *result)
{
        int error;

        assert(result);
        return result->rows && pg_error_action(result->rows, &error) != PG_FAIL;
}
