/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/ingress.h"

#include <errno.h>
#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "ingress/apps-file.h"
#include "ingress/hasty.h"
#include "ingress/plan.h"
#include "ingress/port-guard.h"
#include "ingress/reason.h"
#include "ingress/reload.h"
#include "ingress/runtime.h"
#include "ingress/served.h"
#include "ingress/servers.h"

#define PATH_ADMIN PATH_RUN "/ingress/admin.sock"

/* Nothing tells when the last session of a server has ended, or when a reload is over: both are asked for
 * again after a pause, which grows. */
#define PAUSE_MIN_USEC (20 * USEC_PER_MSEC)
#define PAUSE_MAX_USEC (1 * USEC_PER_SEC)

struct Ingress {
        IngressParams params;
        PortGuard *guard;
        Hasty *hasty;
        AppsFile file;
        Reload reload;

        bool runs;         /* deployd-ingress.service, as PID 1 says; nothing is begun while it does not */
        bool stale;        /* something changed since the round under way began */
        bool opened;       /* the round under way has enabled the new servers */
        bool outdated;     /* haproxy has not loaded the file that the round under way is about */
        RuntimeCall *call; /* of the round; NULL = none is under way */
        sd_event_source *again;
        Backoff pause;

        unsigned n_left_out; /* apps for which there is no room */
        char *failure;       /* why haproxy does not answer or load, NULL = it does */
};

static void ingress_begin(Ingress *ingress);
static void on_servers(void *userdata, int error, const char *answer);

static int ingress_on_again(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        ingress_begin(userdata);
        return 0;
}

/* Another round after a pause that grows from round to round until something changes. */
static void ingress_again(Ingress *ingress)
{
        if (sd_event_source_set_time_relative(ingress->again, backoff_next(&ingress->pause)) >= 0)
                (void) sd_event_source_set_enabled(ingress->again, SD_EVENT_ONESHOT);
}

/* The round is over; `more` if there is something left to do. */
static void end_round(Ingress *ingress, bool more)
{
        ingress->opened = false;
        if (!ingress->runs)
                ingress->stale = false;
        else if (ingress->stale) {
                backoff_reset(&ingress->pause);
                ingress_begin(ingress);
        } else if (more)
                ingress_again(ingress);
        ingress->params.changed(ingress->params.userdata);
}

static void set_failure(Ingress *ingress, const char *sentence)
{
        if (sentence && (!ingress->failure || strcmp(sentence, ingress->failure) != 0))
                log_line(LOG_WARNING, MESSAGE_INGRESS_FAILED, NULL, "%s", sentence);
        (void) text_replace(&ingress->failure, sentence);
}

/* haproxy does not answer. deployd-ingress.service is watched by the manager, which polls when it is back.
 */
static void ingress_fail(Ingress *ingress, int error)
{
        _cleanup_free_ char *sentence = text_format("the ingress does not answer (%s): see systemctl status "
                                                    "deployd-ingress",
                                                    strerror(-error));

        /* A call that was under way when it was stopped: why is said already. */
        if (ingress->runs)
                set_failure(ingress, sentence);
        end_round(ingress, /* more= */ true);
}

static int ingress_ask(Ingress *ingress, const char *path, const char *command, RuntimeDone done)
{
        int r = runtime_call(ingress->params.event, path, command, done, ingress, &ingress->call);

        if (r < 0)
                ingress_fail(ingress, r);
        return r;
}

/* Which apps there is room for; who has none is said once. */
static void update_served(Ingress *ingress)
{
        unsigned n = served_update(ingress->params.model,
                                   ingress->params.config(ingress->params.userdata)->apps_max);

        if (n > ingress->n_left_out)
                log_line(LOG_WARNING, MESSAGE_INGRESS_FAILED, NULL,
                         "%u apps are not reached, for more than apps-max of [ingress] in deploy.conf are "
                         "deployed",
                         n);
        ingress->n_left_out = n;
}

/* The file says what is to be before haproxy is told. */
static int update_file(Ingress *ingress)
{
        PlanParams params = {
                .model = ingress->params.model,
                .config = ingress->params.config(ingress->params.userdata),
        };
        int r = apps_file_update(&ingress->file, &params);

        if (r > 0)
                reload_changed(&ingress->reload);
        return r;
}

static void on_closed(void *userdata, int error, _unused_ const char *answer)
{
        Ingress *ingress = userdata;

        FAILPOINT("ingress-close.after");
        ingress->call = NULL;
        if (error < 0)
                return ingress_fail(ingress, error);
        /* What the answers say does not matter: the next look does. */
        end_round(ingress, /* more= */ true);
}

/* Sends what `write` writes, behind `first`; false if that is nothing. */
static bool send_commands(Ingress *ingress, const char *first, bool opening, RuntimeDone done)
{
        _cleanup_free_ char *commands = NULL;
        size_t size;
        FILE *file = open_memstream(&commands, &size);
        unsigned n;

        if (!file)
                return false;
        (void) fputs(first, file);
        n = opening ? servers_write_opening(ingress->params.model, file)
                    : servers_write_closing(ingress->params.model, clock_usec(CLOCK_MONOTONIC), file);
        if (fclose(file) != 0 || (n == 0 && first[0] == '\0'))
                return false;
        FAILPOINT("ingress-%s.before", opening ? "open" : "close");
        (void) ingress_ask(ingress, PATH_ADMIN, commands, done);
        return true;
}

/* Looks whether the new servers are enabled before an old one is disabled. */
static void on_opened(void *userdata, int error, _unused_ const char *answer)
{
        Ingress *ingress = userdata;

        FAILPOINT("ingress-open.after");
        ingress->call = NULL;
        if (error < 0)
                return ingress_fail(ingress, error);
        ingress->opened = true;
        (void) ingress_ask(ingress, PATH_ADMIN, "show servers state", on_servers);
}

/* haproxy's servers are known: enables first, and disables when nothing is left to enable. */
static void on_servers(void *userdata, int error, const char *answer)
{
        Ingress *ingress = userdata;
        _cleanup_free_ char *strays = NULL;
        size_t size;
        FILE *file;
        int r;

        ingress->call = NULL;
        if (error < 0)
                return ingress_fail(ingress, error);
        file = open_memstream(&strays, &size);
        if (!file)
                return ingress_fail(ingress, -ENOMEM);
        r = servers_read(ingress->params.model, answer, file);
        if (fclose(file) != 0 && r >= 0)
                r = -ENOMEM;
        if (r < 0)
                return ingress_fail(ingress, r);
        if (!ingress->outdated)
                set_failure(ingress, NULL);

        if (!ingress->opened && send_commands(ingress, "", /* opening= */ true, on_opened))
                return;
        if (send_commands(ingress, strays, /* opening= */ false, on_closed))
                return;
        end_round(ingress, ingress->outdated);
}

/* Asks for a reload and looks later whether it has come. */
static void ingress_reload(Ingress *ingress, const char *backends, bool retrying)
{
        if (reload_begin(&ingress->reload, backends, retrying, clock_usec(CLOCK_MONOTONIC)) < 0)
                return ingress_fail(ingress, -ENOMEM);
        FAILPOINT("ingress-reload.before");
        ingress->params.reload(ingress->params.userdata);
        FAILPOINT("ingress-reload.after");
        end_round(ingress, /* more= */ true);
}

/* haproxy goes on as it is. Why is what it has said of the file. */
static void ingress_refused(Ingress *ingress)
{
        _cleanup_free_ char *reason = reason_read(clock_usec(CLOCK_REALTIME) - RELOAD_PAUSE_MAX_USEC);
        _cleanup_free_ char *sentence =
                text_format("the ingress did not take its new configuration%s%s: see "
                            "journalctl -u deployd-ingress",
                            text_is_empty(reason) ? "" : ", for haproxy says: ", text_or_empty(reason));

        if (sentence)
                set_failure(ingress, sentence);
}

/* Which generation haproxy runs: not ours yet means that it has to load the file, or is about to have done
 * so. */
static void on_backends(void *userdata, int error, const char *answer)
{
        Ingress *ingress = userdata;

        ingress->call = NULL;
        if (error < 0)
                return ingress_fail(ingress, error);
        error = port_guard_read(ingress->guard);
        /* No list yet: what haproxy has is of an older version of deployd. */
        if (error < 0 && error != -ENOENT)
                return ingress_fail(ingress, error);
        switch (reload_look(&ingress->reload, answer, ingress->file.generation,
                            port_guard_tag(ingress->guard), clock_usec(CLOCK_MONOTONIC))) {
        case RELOAD_LOADED:
                if (port_guard_take_retry(ingress->guard))
                        return ingress_reload(ingress, answer, /* retrying= */ true);
                (void) ingress_ask(ingress, PATH_ADMIN, "show servers state", on_servers);
                return;
        case RELOAD_WAITS:
                if (!reload_was_refused(&ingress->reload))
                        return end_round(ingress, /* more= */ true);
                /* The haproxy that runs will stay. The other apps' servers must not wait for a file that it
                 * does not take. */
                ingress->outdated = true;
                (void) ingress_ask(ingress, PATH_ADMIN, "show servers state", on_servers);
                return;
        case RELOAD_REFUSED:
                ingress_refused(ingress);
                break;
        default:
                break;
        }
        ingress_reload(ingress, answer, /* retrying= */ false);
}

/* One round: the file, what is loaded, which servers there are. */
static void ingress_begin(Ingress *ingress)
{
        int r;

        ingress->stale = false;
        update_served(ingress);
        r = update_file(ingress);
        ingress->outdated = r < 0;
        if (r >= 0)
                (void) ingress_ask(ingress, PATH_ADMIN, "show backend", on_backends);
        else {
                _cleanup_free_ char *sentence =
                        text_format("%s could not be written: %s", PATH_APPS_FILE, strerror(-r));

                set_failure(ingress, sentence);
                /* A full disk must not keep requests at an instance that has ended. */
                (void) ingress_ask(ingress, PATH_ADMIN, "show servers state", on_servers);
        }
}

void ingress_poll(Ingress *ingress)
{
        assert(ingress);

        if (!ingress->runs)
                return;
        if (ingress->call) {
                ingress->stale = true;
                return;
        }
        backoff_reset(&ingress->pause);
        (void) sd_event_source_set_enabled(ingress->again, SD_EVENT_OFF);
        ingress_begin(ingress);
}

void ingress_shut(Ingress *ingress, const Instance *instance)
{
        assert(ingress);
        assert(instance->route != ROUTE_READY);

        if (!ingress->runs)
                return;
        if (instance->routed == ROUTE_READY)
                hasty_shut(ingress->hasty, instance);
        ingress_poll(ingress);
}

void ingress_set_runs(Ingress *ingress, bool runs)
{
        assert(ingress);
        port_guard_set_runs(ingress->guard, runs);
        ingress->runs = runs;
        if (!runs) {
                (void) sd_event_source_set_enabled(ingress->again, SD_EVENT_OFF);
                servers_forget(ingress->params.model);
                set_failure(ingress, "the ingress does not run: see systemctl status deployd-ingress");
                ingress->params.changed(ingress->params.userdata);
        }
        ingress_poll(ingress);
}

const char *ingress_sentence(const Ingress *ingress, const App *app)
{
        const char *sentence = port_guard_sentence(ingress->guard, app);

        if (sentence)
                return sentence;
        if (app ? app->served == SERVED_NO_ROOM : ingress->n_left_out > 0)
                return "more apps are deployed than apps-max of [ingress] in deploy.conf, and some are not reached";
        return ingress->failure;
}

/* Somebody else may be in the way of a port, or nobody any more. */
static void ingress_on_ports(void *userdata)
{
        Ingress *ingress = userdata;

        ingress_poll(ingress);
        ingress->params.changed(ingress->params.userdata);
}

int ingress_new(const IngressParams *params, Ingress **ret)
{
        _cleanup_(ingress_freep) Ingress *ingress = NULL;
        int r;

        assert(params && params->event && params->model && params->probe && params->config &&
               params->changed && params->reload);
        assert(ret);

        ingress = calloc(1, sizeof(Ingress));
        if (!ingress)
                return -ENOMEM;
        ingress->params = *params;
        ingress->pause = (Backoff){ .first_usec = PAUSE_MIN_USEC, .max_usec = PAUSE_MAX_USEC };
        ingress->hasty = hasty_new(params->event, PATH_ADMIN);
        if (!ingress->hasty)
                return -ENOMEM;
        r = port_guard_new(params->event, params->model, params->probe, ingress_on_ports, ingress,
                           &ingress->guard);
        if (r < 0)
                return r;
        r = sd_event_add_time_relative(params->event, &ingress->again, CLOCK_MONOTONIC, 0, 0,
                                       ingress_on_again, ingress);
        if (r >= 0)
                r = sd_event_source_set_enabled(ingress->again, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(ingress);
        return 0;
}

Ingress *ingress_free(Ingress *ingress)
{
        if (!ingress)
                return NULL;
        runtime_call_free(ingress->call);
        hasty_free(ingress->hasty);
        port_guard_free(ingress->guard);
        sd_event_source_disable_unref(ingress->again);
        apps_file_clear(&ingress->file);
        reload_clear(&ingress->reload);
        free(ingress->failure);
        free(ingress);
        return NULL;
}
