/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/manager.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/ingress-unit.h"
#include "daemon/migration-facts.h"
#include "daemon/pipeline/pipeline.h"
#include "daemon/status-line.h"
#include "daemon/verification.h"
#include "dbus/bus-connection.h"
#include "dbus/bus.h"
#include "ingress/ingress.h"
#include "sql/migrate.h"

struct Manager {
        sd_event *event;
        sd_bus *bus_connection, *units_connection;
        char *config_path;
        Config *config;
        Facts facts;
        bool loading; /* the model is being read, or has been */

        Model *model;
        Pg *pg;
        Migrate *migrate;
        Store *store;
        Units *units;
        ProbeClient *probe;
        Ingress *ingress;
        IngressUnit *ingress_unit;
        Pipeline *pipeline;
        Verifications *verifications;
        Bus *bus;
        StatusLine *status;
};

static const Config *get_config(void *userdata)
{
        return ((Manager *) userdata)->config;
}

/* Memory cannot be trusted any more: systemd starts the process again, which reads everything again. */
static void manager_end(void *userdata, const char *sentence)
{
        Manager *manager = userdata;

        log_error("%s; starting again", sentence);
        (void) sd_event_exit(manager->event, EXIT_FAILURE);
}

/* What callers are told and the status line shows while it is not ready. */
static void manager_say(Manager *manager, const char *sentence)
{
        if (text_replace(&manager->facts.sentence, sentence) < 0)
                return;
        status_line_changed(manager->status);
        bus_facts_changed(manager->bus);
}

static void on_ingress(void *userdata)
{
        Manager *manager = userdata;

        (void) text_replace(&manager->facts.ingress, ingress_sentence(manager->ingress, NULL));
        status_line_changed(manager->status);
        pipeline_ingress_changed(manager->pipeline);
}

static void reload_ingress(void *userdata)
{
        ingress_unit_reload(((Manager *) userdata)->ingress_unit);
}

static void on_resumed(void *userdata, int error)
{
        Manager *manager = userdata;

        if (error < 0) {
                manager_end(manager, "The units of systemd could not be listed");
                return;
        }
        (void) text_replace(&manager->facts.attention, pipeline_attention(manager->pipeline));
        /* The ingress goes on as it is while the apps are not those of the database. */
        error = manager->facts.attention
                        ? 0
                        : ingress_unit_new(manager->units, manager->ingress, &manager->ingress_unit);
        if (error < 0) {
                manager_end(manager, "The ingress could not be watched");
                return;
        }
        manager->facts.ready = true;
        log_line(LOG_INFO, MESSAGE_READY, NULL, "deployd %s is ready", DEPLOYD_VERSION);
        status_line_ready(manager->status);
        bus_facts_changed(manager->bus);
}

/* As long as nothing is known. */
static const char *const nothing_missing[] = { NULL };

static void on_sandbox_known(void *userdata)
{
        Manager *manager = userdata;
        const SandboxReport *report = pipeline_sandbox(manager->pipeline);

        manager->facts.sandbox_state = report->state;
        manager->facts.sandbox_missing = report->missing;
        verifications_poll(manager->verifications);
        bus_facts_changed(manager->bus);
}

static void on_app_gone(void *userdata, uint64_t id, const char *name)
{
        Manager *manager = userdata;

        bus_app_removed(manager->bus, id, name);
}

static void on_loaded(void *userdata, int error, const StoreReply *reply)
{
        Manager *manager = userdata;
        int r;

        if (error < 0) {
                _cleanup_free_ char *sentence =
                        text_format("The database could not be read: %s",
                                    reply && reply->sentence[0] ? reply->sentence : strerror(-error));

                manager_end(manager, sentence ? sentence : "The database could not be read");
                return;
        }
        manager_say(manager, "Looking at what runs");
        r = pipeline_resume(manager->pipeline, on_resumed, manager);
        if (r < 0)
                on_resumed(manager, r);
}

/* What the gate says, each time that it is something else: a refusal is repeated with each connection. */
static void manager_tell(Manager *manager, int level, const char *sentence)
{
        if (strcmp(text_or_empty(manager->facts.sentence), sentence) == 0)
                return;
        log_line(level, MESSAGE_DATABASE_STATE, NULL, "%s", sentence);
        manager_say(manager, sentence);
}

static void on_migrate_progress(void *userdata, const char *sentence)
{
        Manager *manager = userdata;

        if (migrate_is_displaced(manager->migrate))
                return manager_end(manager, sentence);
        manager_tell(manager, LOG_INFO, sentence);
}

static void manager_on_migrated(void *userdata, int error, const char *sentence)
{
        Manager *manager = userdata;
        StoreAsk ask = { STORE_DEPLOYD, USEC_INFINITY, on_loaded, manager, NULL };

        if (error < 0) {
                manager_tell(manager, LOG_ERR, sentence);
                return;
        }
        if (migration_facts_learn(&manager->facts, manager->migrate) < 0) {
                manager_end(manager, "Out of memory");
                return;
        }
        bus_facts_changed(manager->bus);
        /* On a later connection the schema has been looked at again, but what memory has is still right:
         * requests that were under way are sent again by pg. */
        if (manager->loading)
                return;
        manager->loading = true;
        manager_say(manager, "Reading the database");
        if (store_load(manager->store, manager->model, PIPELINE_PUBLISHED_USEC, &ask) < 0)
                manager_end(manager, "The database could not be read");
}

static void on_database(void *userdata, PgState state, const char *sentence)
{
        Manager *manager = userdata;

        manager->facts.database_state = pg_state_to_string(state);
        pipeline_database_changed(manager->pipeline, state != PG_CONNECTED);
        if (sentence)
                log_line(LOG_WARNING, MESSAGE_DATABASE_STATE, NULL, "The database is %s: %s",
                         manager->facts.database_state, sentence);
        if (sentence && !manager->facts.ready) {
                _cleanup_free_ char *text = text_format("The database is not reached: %s", sentence);

                manager_say(manager, text_or_empty(text));
        } else {
                status_line_changed(manager->status);
                bus_facts_changed(manager->bus);
        }
}

static void apply_config(Manager *manager)
{
        log_set_level(manager->config->log_level);
        for (size_t i = 0; i < manager->config->n_warnings; i++)
                log_warning("%s", manager->config->warnings[i]);
        manager->model->base_url = manager->config->frontend_base_url;
        manager->facts.port_low = manager->config->port_range.low;
        manager->facts.port_high = manager->config->port_range.high;
}

static int manager_reload(void *userdata, sd_bus_error *reterr)
{
        Manager *manager = userdata;
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *sentence = NULL;
        Config *old;

        if (config_load(manager->config_path, &config, &sentence) < 0)
                return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS, "%s",
                                         sentence ? sentence : "the configuration could not be read");
        if (strcmp(config->database_url, manager->config->database_url) != 0)
                log_warning("The new [database] url is used from the next start of deployd on");
        old = manager->config;
        manager->config = TAKE_PTR(config);
        apply_config(manager);
        config_free(old);
        bus_facts_changed(manager->bus);
        pipeline_config_changed(manager->pipeline);
        log_info("The configuration was read again");
        return 0;
}

static int manager_verify(void *userdata, BusVerified done, void *done_userdata)
{
        return verification_begin(((Manager *) userdata)->verifications, done, done_userdata);
}

static void on_name_lost(void *userdata, int error)
{
        Manager *manager = userdata;

        log_error("The bus name %s cannot be had: %s", BUS_NAME,
                  error == -EEXIST ? "another deployd runs" : strerror(-error));
        (void) sd_event_exit(manager->event, EXIT_FAILURE);
}

/* Everything that is joined by the loop. */
static int manager_build(Manager *manager)
{
        int r;

        r = status_line_new(manager->event, manager->model, &manager->facts, &manager->status);
        if (r < 0)
                return r;
        manager->store = store_new(manager->pg);
        if (!manager->store)
                return -ENOMEM;
        r = units_new(manager->units_connection, &manager->units);
        if (r < 0)
                return r;
        r = probe_client_new(manager->event, PATH_PROBE_SOCKET, &manager->probe);
        if (r < 0)
                return r;
        r = ingress_new(&(IngressParams){ .event = manager->event,
                                          .model = manager->model,
                                          .probe = manager->probe,
                                          .config = get_config,
                                          .changed = on_ingress,
                                          .reload = reload_ingress,
                                          .userdata = manager },
                        &manager->ingress);
        if (r < 0)
                return r;
        r = pipeline_new(&(PipelineParams){ .event = manager->event,
                                            .model = manager->model,
                                            .store = manager->store,
                                            .units = manager->units,
                                            .engine = &engine_local,
                                            .probe = manager->probe,
                                            .ingress = manager->ingress,
                                            .config = get_config,
                                            .fatal = manager_end,
                                            .app_gone = on_app_gone,
                                            .sandbox_known = on_sandbox_known,
                                            .userdata = manager },
                         &manager->pipeline);
        if (r < 0)
                return r;
        r = verifications_new(&(VerificationParams){ .event = manager->event,
                                                     .units = manager->units,
                                                     .pg = manager->pg,
                                                     .pipeline = manager->pipeline,
                                                     .conninfo = manager->config->database_url,
                                                     .facts = &manager->facts,
                                                     .config = get_config,
                                                     .userdata = manager },
                              &manager->verifications);
        if (r < 0)
                return r;
        r = bus_new(&(BusParams){ .bus = manager->bus_connection,
                                  .model = manager->model,
                                  .pipeline = manager->pipeline,
                                  .facts = &manager->facts,
                                  .config = get_config,
                                  .reload = manager_reload,
                                  .verify = manager_verify,
                                  .userdata = manager },
                    &manager->bus);
        if (r < 0)
                return r;
        r = migrate_start(manager->pg, on_migrate_progress, manager_on_migrated, manager, &manager->migrate);
        if (r < 0)
                return r;
        migrate_expect(manager->migrate, &manager->model->installation.id);
        return bus_request_name(manager->bus, on_name_lost, manager);
}

int manager_new(sd_event *event, Config *config, const char *config_path, Manager **ret, char **reterr)
{
        _cleanup_(manager_freep) Manager *manager = calloc(1, sizeof(Manager));
        int r;

        assert(event);
        assert(config);
        assert(config_path);
        assert(ret);
        assert(reterr);

        if (!manager) {
                config_free(config);
                return -ENOMEM;
        }
        manager->config = config;
        manager->event = sd_event_ref(event);
        manager->facts.database_state = pg_state_to_string(PG_CONNECTING);
        manager->facts.sandbox_state = SANDBOX_PROBING;
        manager->facts.sandbox_missing = nothing_missing;
        manager->model = model_new();
        if (!manager->model || text_replace(&manager->config_path, config_path) < 0 ||
            text_replace(&manager->facts.sentence, "Connecting to the database") < 0)
                return -ENOMEM;
        apply_config(manager);

        r = pg_check_url(config->database_url, reterr);
        if (r < 0)
                return r;
        r = bus_connection_open(event, "deployd", &manager->bus_connection);
        if (r >= 0)
                r = bus_connection_open_units(event, &manager->units_connection);
        if (r < 0) {
                *reterr = text_format("Cannot connect to the system bus: %s", strerror(-r));
                return r;
        }
        r = pg_new(event, config->database_url, on_database, manager, &manager->pg);
        if (r >= 0)
                r = manager_build(manager);
        if (r < 0) {
                *reterr = text_format("Cannot start: %s", strerror(-r));
                return r;
        }
        *ret = TAKE_PTR(manager);
        return 0;
}

Manager *manager_free(Manager *manager)
{
        if (!manager)
                return NULL;
        verifications_free(manager->verifications);
        store_free(manager->store);
        pipeline_free(manager->pipeline);
        ingress_unit_free(manager->ingress_unit);
        ingress_free(manager->ingress);
        bus_free(manager->bus);
        status_line_free(manager->status);
        migrate_free(manager->migrate);
        pg_free(manager->pg);
        probe_client_free(manager->probe);
        units_free(manager->units);
        model_free(manager->model);
        migration_facts_forget(&manager->facts);
        free(manager->facts.sentence);
        free(manager->facts.ingress);
        free(manager->facts.attention);
        config_free(manager->config);
        free(manager->config_path);
        sd_bus_flush_close_unref(manager->bus_connection);
        sd_bus_flush_close_unref(manager->units_connection);
        sd_event_unref(manager->event);
        free(manager);
        return NULL;
}
