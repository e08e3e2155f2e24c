/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/ingress.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "ingress/plan.h"
#include "ingress/port-guard.h"
#include "ingress/runtime.h"
#include "ingress/servers.h"

#define PATH_FILE       PATH_STATE "/ingress/apps.cfg"
#define PATH_FILE_DRAFT PATH_STATE "/ingress/.apps.cfg.new"
#define PATH_ADMIN      PATH_RUN "/ingress/admin.sock"

/* Nothing tells when the last session of a server has ended, or when a reload is over: both are asked for
 * again after a pause, which grows. */
#define PAUSE_MIN_USEC (20 * USEC_PER_MSEC)
#define PAUSE_MAX_USEC (1 * USEC_PER_SEC)
/* A reload that has not shown by then has failed. Ten times the longest that was seen. */
#define RELOAD_PATIENCE_USEC (5 * USEC_PER_SEC)

struct Ingress {
        IngressParams params;
        PortGuard *guard;
        char *file;            /* as it was last written; NULL = not by this process */
        char *generation;      /* that the file asks for */
        uint64_t reload_until; /* CLOCK_MONOTONIC, 0 = none is under way */
        char *backends;        /* that haproxy had when a reload was asked for; NULL = none has been */
        bool retrying; /* the reload under way is of the same file, to bind what could not be bound */

        bool runs;         /* deployd-ingress.service, as PID 1 says; nothing is begun while it does not */
        bool stale;        /* something changed since the round under way began */
        bool opened;       /* the round under way has let in what was to be let in */
        RuntimeCall *call; /* of the round; NULL = none is under way */
        sd_event_source *again;
        Backoff pause;

        char *failure; /* why haproxy does not answer or load, NULL = it does */
};

static void begin(Ingress *ingress);
static void on_servers(void *userdata, int error, const char *answer);

static int on_again(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        begin(userdata);
        return 0;
}

/* Another round after a pause that grows from round to round until something changes. */
static void again(Ingress *ingress)
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
                begin(ingress);
        } else if (more)
                again(ingress);
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
static void fail(Ingress *ingress, int error)
{
        _cleanup_free_ char *sentence = text_format("the ingress does not answer (%s): see systemctl status "
                                                    "deployd-ingress",
                                                    strerror(-error));

        /* A call that was under way when it was stopped: why is said already. */
        if (ingress->runs)
                set_failure(ingress, sentence);
        end_round(ingress, /* more= */ true);
}

static int ask(Ingress *ingress, const char *path, const char *command, RuntimeDone done)
{
        int r = runtime_call(ingress->params.event, path, command, done, ingress, &ingress->call);

        if (r < 0)
                fail(ingress, r);
        return r;
}

/* Writes the file, whole or not at all, readable by haproxy's user. */
static int write_file(const char *text)
{
        _cleanup_close_ int fd =
                open(PATH_FILE_DRAFT, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
        size_t size = strlen(text);

        if (fd < 0 || fchmod(fd, 0644) < 0)
                return -errno;
        for (size_t done = 0; done < size;) {
                ssize_t n = write(fd, text + done, size - done);

                if (n < 0)
                        return -errno;
                done += (size_t) n;
        }
        FAILPOINT("ingress-file.before");
        if (fsync(fd) < 0 || rename(PATH_FILE_DRAFT, PATH_FILE) < 0)
                return -errno;
        FAILPOINT("ingress-file.after");
        return 0;
}

/* The file says what is to be before haproxy is told. */
static int update_file(Ingress *ingress)
{
        PlanParams params = {
                .model = ingress->params.model,
                .config = ingress->params.config(ingress->params.userdata),
        };
        _cleanup_free_ char *frontends = plan_frontends(&params), *file = NULL, *generation = NULL;
        int r;

        file = frontends ? plan_file(&params, frontends) : NULL;
        generation = frontends ? plan_generation(frontends) : NULL;
        if (!file || !generation)
                return -ENOMEM;
        free(ingress->generation);
        ingress->generation = TAKE_PTR(generation);
        if (ingress->file && strcmp(ingress->file, file) == 0)
                return 0;
        r = write_file(file);
        if (r < 0)
                return r;
        free(ingress->file);
        ingress->file = TAKE_PTR(file);
        return 0;
}

static void on_closed(void *userdata, int error, _unused_ const char *answer)
{
        Ingress *ingress = userdata;

        FAILPOINT("ingress-close.after");
        ingress->call = NULL;
        if (error < 0)
                return fail(ingress, error);
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
        (void) ask(ingress, PATH_ADMIN, commands, done);
        return true;
}

/* Looks whether they are in before anything is shut out. */
static void on_opened(void *userdata, int error, _unused_ const char *answer)
{
        Ingress *ingress = userdata;

        FAILPOINT("ingress-open.after");
        ingress->call = NULL;
        if (error < 0)
                return fail(ingress, error);
        ingress->opened = true;
        (void) ask(ingress, PATH_ADMIN, "show servers state", on_servers);
}

/* What haproxy has is known: lets in first, shuts out when nothing is left to be let in. */
static void on_servers(void *userdata, int error, const char *answer)
{
        Ingress *ingress = userdata;
        _cleanup_free_ char *strays = NULL;
        size_t size;
        FILE *file;
        int r;

        ingress->call = NULL;
        if (error < 0)
                return fail(ingress, error);
        file = open_memstream(&strays, &size);
        if (!file)
                return fail(ingress, -ENOMEM);
        r = servers_read(ingress->params.model, answer, file);
        if (fclose(file) != 0 && r >= 0)
                r = -ENOMEM;
        if (r < 0)
                return fail(ingress, r);
        set_failure(ingress, NULL);

        if (!ingress->opened && send_commands(ingress, "", /* opening= */ true, on_opened))
                return;
        if (send_commands(ingress, strays, /* opening= */ false, on_closed))
                return;
        end_round(ingress, /* more= */ false);
}

/* Asks for a reload and looks later whether it has come. */
static void reload(Ingress *ingress, const char *backends)
{
        ingress->reload_until = clock_usec(CLOCK_MONOTONIC) + RELOAD_PATIENCE_USEC;
        if (text_replace(&ingress->backends, backends) < 0)
                return fail(ingress, -ENOMEM);
        FAILPOINT("ingress-reload.before");
        ingress->params.reload(ingress->params.userdata);
        FAILPOINT("ingress-reload.after");
        end_round(ingress, /* more= */ true);
}

/* It is what it is to be. A reload that was to bind more may still be at it. */
static void on_loaded(Ingress *ingress, const char *backends)
{
        if (port_guard_take_retry(ingress->guard)) {
                ingress->retrying = true;
                reload(ingress, backends);
                return;
        }
        if (!ingress->retrying || strcmp(backends, ingress->backends) != 0 ||
            clock_usec(CLOCK_MONOTONIC) >= ingress->reload_until) {
                ingress->reload_until = 0;
                ingress->retrying = false;
        }
        (void) ask(ingress, PATH_ADMIN, "show servers state", on_servers);
}

/* Which generation haproxy runs: not ours yet means that it has to load the file, or is about to have done
 * so. */
static void on_backends(void *userdata, int error, const char *answer)
{
        Ingress *ingress = userdata;
        uint64_t now = clock_usec(CLOCK_MONOTONIC);
        const char *tag;

        ingress->call = NULL;
        if (error < 0)
                return fail(ingress, error);
        error = port_guard_read(ingress->guard);
        /* No list yet: what haproxy has is of an older version of deployd. */
        if (error < 0 && error != -ENOENT)
                return fail(ingress, error);
        tag = port_guard_tag(ingress->guard);
        if (tag && servers_has_backend(answer, ingress->generation) && servers_has_backend(answer, tag))
                return on_loaded(ingress, answer);
        /* Loaded meanwhile is the file as it was before it changed once more. */
        if ((ingress->backends && strcmp(answer, ingress->backends) != 0) ||
            (ingress->retrying && !servers_has_backend(answer, ingress->generation)))
                ingress->reload_until = 0;
        if (ingress->reload_until != 0 && ingress->reload_until <= now) {
                set_failure(
                        ingress,
                        "the ingress did not take its new configuration: see journalctl -u deployd-ingress");
                ingress->reload_until = 0;
        }
        if (ingress->reload_until != 0 && ingress->backends) {
                end_round(ingress, /* more= */ true);
                return;
        }
        ingress->retrying = false;
        reload(ingress, answer);
}

/* One round: the file, what is loaded, which servers there are. */
static void begin(Ingress *ingress)
{
        int r;

        ingress->stale = false;
        r = update_file(ingress);
        if (r >= 0)
                (void) ask(ingress, PATH_ADMIN, "show backend", on_backends);
        else {
                _cleanup_free_ char *sentence =
                        text_format("%s could not be written: %s", PATH_FILE, strerror(-r));

                set_failure(ingress, sentence);
                end_round(ingress, /* more= */ true);
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
        begin(ingress);
}

void ingress_set_control_group(Ingress *ingress, uint64_t id)
{
        assert(ingress);
        port_guard_set_owner(ingress->guard, id);
        ingress->runs = id != 0;
        if (!ingress->runs) {
                set_failure(ingress, "the ingress does not run: see systemctl status deployd-ingress");
                ingress->params.changed(ingress->params.userdata);
        }
        ingress_poll(ingress);
}

const char *ingress_sentence(const Ingress *ingress, const App *app)
{
        const char *sentence = port_guard_sentence(ingress->guard, app);

        return sentence ? sentence : ingress->failure;
}

/* Somebody else may be in the way of a port, or nobody any more. */
static void on_ports(void *userdata)
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
        r = port_guard_new(params->event, params->model, params->probe, on_ports, ingress, &ingress->guard);
        if (r < 0)
                return r;
        r = sd_event_add_time_relative(params->event, &ingress->again, CLOCK_MONOTONIC, 0, 0, on_again,
                                       ingress);
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
        port_guard_free(ingress->guard);
        sd_event_source_disable_unref(ingress->again);
        free(ingress->file);
        free(ingress->generation);
        free(ingress->backends);
        free(ingress->failure);
        free(ingress);
        return NULL;
}
