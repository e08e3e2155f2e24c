/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the files of the store; nobody else includes it. */

#include "base/list.h"
#include "sql/store.h"

typedef struct StoreRequest StoreRequest;

struct Store {
        Pg *pg;
        LIST_HEAD(StoreRequest, requests);
};

/* A request under way; `read` fills the reply from the result of a request that succeeded, and may turn it
 * into an error. */
typedef int (*StoreRead)(StoreRequest *request, const PgResult *result, StoreReply *reply);

struct StoreRequest {
        Store *store;
        PgRequest *pg_request;
        StoreRead read;
        StoreDone done;
        void (*drop)(void *userdata);
        void *userdata;
        /* For the few that need more than a StoreReply. */
        Model *model;
        StoreHistoryDone history_done;
        LIST_FIELDS(StoreRequest, requests);
};

/* Submits `query`; when it has succeeded `read` is asked and then ask->done told. 0, or negative with no
 * callback. */
int store_submit(Store *store, const PgQuery *query, StoreRead read, const StoreAsk *ask,
                 StoreRequest **ret);

/* The usual reply: one row of id, at, number (any of them null); no row is -ESTALE. */
int store_read_row(StoreRequest *request, const PgResult *result, StoreReply *reply);
/* Nothing to read: any success is one. */
int store_read_nothing(StoreRequest *request, const PgResult *result, StoreReply *reply);

static inline PgValue store_actor(const StoreAsk *ask)
{
        return ask->actor == STORE_DEPLOYD ? pg_null() : pg_u64((uint64_t) ask->actor);
}

/* A fresh operation id for one change. */
PgValue store_operation(void);
