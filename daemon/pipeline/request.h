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
         * request_answer() or request_refuse(). Errors of the database itself are answered before. */
        void (*apply)(Request *request, int error, const StoreReply *reply);

        /* What `apply` needs, as the call has it. */
        char *name, *text, *more;
        uint64_t id, rollback;
        bool flag;
        AppSettings settings;
        Variables environment;
};

/* With copies of the texts (NULL allowed). NULL when out of memory. */
Request *request_new(Pipeline *pipeline, const Call *call,
                     void (*apply)(Request *request, int error, const StoreReply *reply), const char *name,
                     const char *text, const char *more, uint64_t id);
Request *request_free(Request *request);
DEFINE_CLEANUP(Request *, request_free);

/* For the verb of the store that carries the request. */
StoreAsk request_ask(Request *request);

/* After the verb: 0 with the request handed over, or its error with *reterr filled and the request freed. */
int request_sent(Request **request, int r, sd_bus_error *reterr);

/* Answer, and free the request. */
void request_answer(Request *request, uint64_t id);
void request_refuse(Request *request, const char *name, const char *format, ...) _printf_(3, 4);
/* The change was not made for a reason that a caller cannot act on. */
void request_fail(Request *request, int error, const StoreReply *reply);

/* Answers a call that has no request. */
void call_answer(const Call *call, uint64_t id);
void call_refuse(const Call *call, const char *name, const char *format, ...) _printf_(3, 4);
