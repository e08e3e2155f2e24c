/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "sql/store-internal.h"

Store *store_new(Pg *pg)
{
        Store *store = calloc(1, sizeof(Store));

        assert(pg);

        if (store)
                store->pg = pg;
        return store;
}

static StoreRequest *store_request_free(StoreRequest *request)
{
        LIST_REMOVE(requests, request->store->requests, request);
        pg_request_free(request->pg_request);
        free(request);
        return NULL;
}

Store *store_free(Store *store)
{
        if (!store)
                return NULL;
        while (store->requests) {
                StoreRequest *request = store->requests;

                if (request->drop)
                        request->drop(request->userdata);
                store_request_free(request);
        }
        free(store);
        return NULL;
}

static void store_on_done(void *userdata, int error, const PgResult *result)
{
        StoreRequest *request = userdata;
        StoreReply reply = {
                .text = "",
                .sentence = pg_result_message(result),
                .constraint = pg_result_constraint(result),
        };

        if (error == 0)
                error = request->read(request, result, &reply);
        if (request->done)
                request->done(request->userdata, error, &reply);
        else if (request->history_done && error < 0)
                request->history_done(request->userdata, error, NULL, 0);
        free(reply.ports);
        request->pg_request = NULL; /* it ends with its callback */
        store_request_free(request);
}

int store_submit(Store *store, const PgQuery *query, StoreRead read, const StoreAsk *ask, StoreRequest **ret)
{
        StoreRequest *request;
        int r;

        assert(store);
        assert(query);
        assert(read);
        assert(ask);

        request = calloc(1, sizeof(StoreRequest));
        if (!request)
                return -ENOMEM;
        *request = (StoreRequest){
                .store = store, .read = read, .done = ask->done, .drop = ask->drop, .userdata = ask->userdata
        };
        LIST_PREPEND(requests, store->requests, request);

        r = pg_submit(store->pg, query, ask->deadline, store_on_done, request, &request->pg_request);
        if (r < 0) {
                store_request_free(request);
                return r;
        }
        if (ret)
                *ret = request;
        return 0;
}

int store_read_row(_unused_ StoreRequest *request, const PgResult *result, StoreReply *reply)
{
        if (pg_result_rows(result) == 0)
                return -ESTALE;
        reply->id = pg_result_u64(result, 0, 0);
        reply->at = pg_result_usec(result, 0, 1);
        reply->number = pg_result_u64(result, 0, 2);
        return 0;
}

int store_read_nothing(_unused_ StoreRequest *request, _unused_ const PgResult *result,
                       _unused_ StoreReply *reply)
{
        return 0;
}

PgValue store_operation(void)
{
        sd_id128_t id;

        /* It fails only where the kernel has no random numbers; then the statement goes without an id, and
         * is refused by nobody: sent twice it would compare with a row that has changed already. */
        if (sd_id128_randomize(&id) < 0)
                return pg_null();
        return pg_id(id);
}
