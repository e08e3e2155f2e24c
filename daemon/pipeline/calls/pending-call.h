/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A call that waits for its transaction. It knows the object by name and id, not by pointer: objects may go
 * meanwhile. */

#include "daemon/pipeline/internal.h"

/* How long a call waits for the database before its caller is told DatabaseUnavailable. */
#define REQUEST_PATIENCE_USEC (10 * USEC_PER_SEC)

typedef struct Request Request;

struct Request {
        Pipeline *pipeline;
        Call call;
        /* Committed (error 0), or refused by a constraint: makes memory follow, and answers by
         * pending_call_answer() or pending_call_refuse(). Errors of the database itself are answered before.
         */
        void (*apply)(Request *request, int error, const StoreReply *reply);

        /* What `apply` needs, as the call has it. */
        char *name, *text, *more;
        char *credential, *known_hosts; /* as RepositoryAccess has them */
        uint64_t id, rollback;
        DeploymentKind kind;
        StoreEnvironmentUse use;
        uint64_t data;      /* the removed app whose data is taken over */
        uint64_t keep_usec; /* how long the data of the app is kept */
        bool changes;       /* it is what App.changing says */
        bool apply_to_live; /* settings count for the live deployment, too: nothing of it runs */
        AppSettings settings;
        Variables environment;
};

/* With copies of the texts (NULL allowed). NULL when out of memory. */
Request *pending_call_new(Pipeline *pipeline, const Call *call,
                          void (*apply)(Request *request, int error, const StoreReply *reply),
                          const char *name, const char *text, const char *more, uint64_t id);
Request *pending_call_free(Request *request);
DEFINE_CLEANUP(Request *, pending_call_free);

/* The app that the request is about, if it is still the same one; else NULL. */
App *pending_call_app(const Request *request);

/* What is written was made from what memory has, so one change of an app at a time: AppBusy in *reterr, and
 * the request freed, while another one is on its way; else 0. */
int pending_call_change(Request **request, App *app, sd_bus_error *reterr);

/* For the verb of the store that carries the request. */
StoreAsk pending_call_ask(Request *request);

/* After the verb: 0 with the request handed over, or its error with *reterr filled and the request freed. */
int pending_call_sent(Request **request, int r, sd_bus_error *reterr);

/* Answer, and free the request. */
void pending_call_answer(Request *request, uint64_t id);
void pending_call_refuse(Request *request, const char *name, const char *format, ...) _printf_(3, 4);
/* The change was not made for a reason that a caller cannot act on. */
void pending_call_fail(Request *request, int error, const StoreReply *reply);
/* The row of a deployment was not made because queue-max, or queue-max-per-user of that user, are waiting.
 */
void pending_call_refuse_full(Request *request);
