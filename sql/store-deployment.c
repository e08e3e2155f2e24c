/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/quote.h"
#include "base/text.h"
#include "sql/store-deployment.sql.h"
#include "sql/store-internal.h"

/* Columns: id, created_at, kind of row: 0 made, 1 the same request again, 2 that request id with other
 * arguments. */
static int read_inserted(StoreRequest *request, const PgResult *result, StoreReply *reply)
{
        int r = store_read_row(request, result, reply);

        return r == 0 && reply->number == 2 ? -EINVAL : r;
}

int store_deployment_insert(Store *store, const App *app, const char *revision, const char *request_id,
                            DeploymentKind kind, uint64_t queue_max, const StoreAsk *ask)
{
        return store_submit(store,
                            &PG_QUERY(sql_deployment_insert, store_operation(), store_actor(ask),
                                      pg_u64(app->id), pg_text(revision), pg_text(request_id),
                                      pg_u64(queue_max), pg_text(app->name), pg_u64(ask->queue_share),
                                      pg_text(deployment_kind_to_string(kind))),
                            read_inserted, ask, NULL);
}

int store_deployment_redeploy(Store *store, const App *app, DeploymentKind kind, uint64_t rollback_to,
                              uint64_t queue_max, const StoreAsk *ask)
{
        assert(app);
        assert(kind == DEPLOYMENT_ROLLBACK || kind == DEPLOYMENT_REDEPLOY);

        return store_submit(store,
                            &PG_QUERY(sql_deployment_redeploy, store_operation(), store_actor(ask),
                                      pg_u64(app->id), pg_text(deployment_kind_to_string(kind)),
                                      rollback_to ? pg_u64(rollback_to) : pg_null(), pg_u64(queue_max),
                                      pg_text(app->name), pg_u64(ask->queue_share)),
                            store_read_row, ask, NULL);
}

int store_deployment_move(Store *store, const Deployment *deployment, const FlowRow *row,
                          const char *error_summary, AppStatus app_status, const StoreAsk *ask)
{
        _cleanup_free_ char *summary = strdup(text_or_empty(error_summary));
        const char *quote = quote_cut(summary);

        if (!summary)
                return -ENOMEM;
        return store_submit(
                store,
                &PG_QUERY(sql_deployment_move, store_operation(), store_actor(ask), pg_u64(deployment->id),
                          pg_text(deployment_status_to_string(row->from)),
                          pg_text(deployment_status_to_string(row->to)), pg_text(summary),
                          pg_bool(deployment_status_is_running(row->to)),
                          pg_bool(deployment_status_is_finished(row->to)),
                          pg_text(app_status_to_string(app_status)), pg_text(deployment->app->name),
                          pg_text(row->sentence), pg_text(deployment->revision),
                          pg_bool(row->to == DEPLOYMENT_FAILED || row->to == DEPLOYMENT_CANCELLED),
                          pg_text(quote)),
                store_read_row, ask, NULL);
}

int store_deployment_go_live(Store *store, const Deployment *deployment, const FlowRow *row,
                             const FlowRow *replaced, const StoreAsk *ask)
{
        return store_submit(
                store,
                &PG_QUERY(sql_deployment_go_live, store_operation(), store_actor(ask),
                          pg_u64(deployment->id), pg_text(deployment_status_to_string(row->from)),
                          pg_text(deployment_status_to_string(row->to)),
                          pg_text(deployment_status_to_string(replaced->from)),
                          pg_text(deployment_status_to_string(replaced->to)), pg_text(deployment->app->name),
                          pg_text(row->sentence), pg_text(replaced->sentence),
                          pg_bool(deployment->kind != DEPLOYMENT_REDEPLOY)),
                store_read_row, ask, NULL);
}

int store_deployment_forget_instances(Store *store, const Deployment *deployment, const StoreAsk *ask)
{
        return store_submit(store, &PG_QUERY(sql_deployment_forget_instances, pg_u64(deployment->id)),
                            store_read_row, ask, NULL);
}

int store_deployment_forget_release(Store *store, uint64_t id, const StoreAsk *ask)
{
        return store_submit(store, &PG_QUERY(sql_deployment_forget_release, pg_u64(id)), store_read_row, ask,
                            NULL);
}

int store_deployment_set_logs_path(Store *store, uint64_t id, const char *path, const StoreAsk *ask)
{
        return store_submit(store, &PG_QUERY(sql_deployment_set_logs_path, pg_u64(id), pg_text(path)),
                            store_read_nothing, ask, NULL);
}
