/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "sql/store-internal.h"
#include "sql/store-start.sql.h"

/* What a deployment gets before it starts: its release, its instances, their ports. */

/* Columns: id, now, what was not there (1 ports, 2 the release), and the ports in the order of the
 * instances. */
static int read_started(StoreRequest *request, const PgResult *result, StoreReply *reply)
{
        size_t rows = pg_result_rows(result);
        int r;

        r = store_read_row(request, result, reply);
        if (r < 0)
                return r;
        if (reply->number != 0)
                return -ESTALE;
        reply->ports = calloc(rows, sizeof(uint16_t));
        if (!reply->ports)
                return -ENOMEM;
        for (size_t i = 0; i < rows; i++)
                reply->ports[i] = (uint16_t) pg_result_u64(result, i, 3);
        reply->n_ports = rows;
        return 0;
}

/* What is asked for as rows with their place among those that want a port; the free ports with their place;
 * and all of it done or nothing. A second run of the statement finds the event and reads the instances back.
 */

static int store_instances_start(Store *store, const Deployment *deployment, DeploymentStatus from,
                                 DeploymentStatus to, const char *detail, uint64_t release,
                                 const StoreInstance *instances, size_t n_instances, const StorePorts *range,
                                 const StoreAsk *ask)
{
        _cleanup_free_ const char **processes = calloc(n_instances + 1, sizeof(char *));
        _cleanup_free_ const char **units = calloc(n_instances + 1, sizeof(char *));
        _cleanup_free_ uint64_t *numbers = calloc(n_instances + 1, sizeof(uint64_t));
        _cleanup_free_ uint64_t *ports = calloc(n_instances + 1, sizeof(uint64_t));

        assert(n_instances > 0);

        if (!processes || !units || !numbers || !ports)
                return -ENOMEM;
        for (size_t i = 0; i < n_instances; i++) {
                processes[i] = instances[i].process;
                units[i] = instances[i].unit;
                numbers[i] = instances[i].number;
                ports[i] = instances[i].port;
        }
        return store_submit(
                store,
                &PG_QUERY(sql_deployment_start, store_operation(), store_actor(ask), pg_u64(deployment->id),
                          pg_text(deployment_status_to_string(from)),
                          pg_text(deployment_status_to_string(to)), pg_texts(processes),
                          pg_numbers(numbers, n_instances), pg_texts(units), pg_numbers(ports, n_instances),
                          pg_u64(range->low), pg_u64(range->high), pg_u64(range->next),
                          pg_text(deployment->app->name), pg_text(detail),
                          release ? pg_u64(release) : pg_null(), pg_numbers(range->held, range->n_held)),
                read_started, ask, NULL);
}

int store_deployment_start(Store *store, const Deployment *deployment, const FlowRow *row, uint64_t release,
                           const StoreInstance *instances, size_t n_instances, const StorePorts *range,
                           const StoreAsk *ask)
{
        return store_instances_start(store, deployment, row->from, row->to, row->sentence, release,
                                     instances, n_instances, range, ask);
}

int store_deployment_scale_up(Store *store, const Deployment *deployment, const StoreInstance *instances,
                              size_t n_instances, const StorePorts *range, const StoreAsk *ask)
{
        return store_instances_start(store, deployment, deployment->status, deployment->status,
                                     "more instances", 0, instances, n_instances, range, ask);
}

int store_deployment_forget_instance(Store *store, const Instance *instance, const StoreAsk *ask)
{
        return store_submit(store,
                            &PG_QUERY(sql_deployment_forget_instance, pg_u64(instance->deployment->id),
                                      pg_text(instance->process), pg_u64(instance->number)),
                            store_read_row, ask, NULL);
}

int store_deployment_set_release(Store *store, const Deployment *deployment, uint64_t release_id,
                                 const StoreRelease *made, const StoreAsk *ask)
{
        _cleanup_(release_freep) Release *none = release_new();
        const Release *release = made ? made->release : none;
        _cleanup_free_ char **formation = release ? formation_format(&release->formation) : NULL;
        const char *processes[FORMATION_PROCESSES_MAX + 1] = {};

        if (!formation)
                return -ENOMEM;
        for (size_t i = 0; i < release->processes.n; i++)
                processes[i] = release->processes.items[i].process;
        return store_submit(
                store,
                &PG_QUERY(sql_deployment_set_release, pg_u64(deployment->id), pg_u64(deployment->app->id),
                          pg_text(deployment->revision), pg_text(deployment->image_tag), pg_u64(release_id),
                          pg_text(made ? made->digest : NULL), pg_u64(made ? made->files : 0),
                          pg_u64(made ? made->bytes : 0), pg_texts(processes), pg_text(release->build_key),
                          pg_text(release->buildpack), pg_texts((const char *const *) formation),
                          pg_text(release->health.path), pg_u64(release->health.attempts),
                          pg_u64(release->health.timeout_usec), pg_u64(release->health.wait_usec)),
                store_read_row, ask, NULL);
}
