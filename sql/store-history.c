/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "sql/store-history.sql.h"
#include "sql/store-internal.h"

static int read_history(StoreRequest *request, const PgResult *result, _unused_ StoreReply *reply)
{
        size_t n = pg_result_rows(result);
        _cleanup_free_ DeploymentRecord *records = calloc(n + 1, sizeof(DeploymentRecord));

        if (!records)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                records[i] = (DeploymentRecord){
                        .id = pg_result_u64(result, i, 0),
                        .app = pg_result_text(result, i, 1),
                        .status = deployment_status_from_string(pg_result_text(result, i, 2)),
                        .requested_revision = pg_result_text(result, i, 3),
                        .revision = pg_result_text(result, i, 4),
                        .image_tag = pg_result_text(result, i, 5),
                        .assigned_port = (uint16_t) pg_result_u64(result, i, 6),
                        .created_at = pg_result_usec(result, i, 7),
                        .started_at = pg_result_usec(result, i, 8),
                        .finished_at = pg_result_usec(result, i, 9),
                        .error_summary = pg_result_text(result, i, 10),
                        .logs_path = pg_result_text(result, i, 11),
                        .requested_by = (uint32_t) pg_result_u64(result, i, 12),
                        .release_id = pg_result_u64(result, i, 13),
                        .error_quote = pg_result_text(result, i, 14),
                };
        request->history_done(request->userdata, 0, records, n);
        request->history_done = NULL;
        return 0;
}

int store_history(Store *store, uint64_t app, uint64_t before, uint64_t id, unsigned limit,
                  uint64_t deadline, StoreHistoryDone done, void *userdata, void (*drop)(void *userdata))
{
        StoreAsk ask = { .actor = STORE_DEPLOYD, .deadline = deadline, .userdata = userdata, .drop = drop };
        StoreRequest *request;
        int r;

        assert(done);

        r = store_submit(store,
                         &PG_READ(sql_history, app ? pg_u64(app) : pg_null(),
                                  before ? pg_u64(before) : pg_null(), id ? pg_u64(id) : pg_null(),
                                  pg_u64(limit)),
                         read_history, &ask, &request);
        if (r < 0)
                return r;
        request->history_done = done;
        return 0;
}
