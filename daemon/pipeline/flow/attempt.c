/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/flow/attempt.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "base/quote.h"
#include "base/text.h"
#include "daemon/pipeline/flow/cancellation.h"
#include "daemon/pipeline/flow/commit.h"
#include "daemon/pipeline/jobs/fetch.h"
#include "daemon/pipeline/jobs/import.h"

/* error_summary and StatusText: a sentence, not a log. */
#define SENTENCE_MAX 600

static bool takes_slot(FlowEvent event)
{
        return event == FLOW_SLOT || event == FLOW_REUSE;
}

Attempt *attempt_of(Pipeline *pipeline, Deployment *deployment)
{
        Attempt *attempt;

        assert(pipeline);
        assert(deployment);

        if (deployment->step)
                return deployment->step;
        attempt = calloc(1, sizeof(Attempt));
        if (!attempt)
                return NULL;
        *attempt = (Attempt){ .pipeline = pipeline, .deployment = deployment, .tar_fd = -1, .built_fd = -1 };
        deployment->step = attempt;
        return attempt;
}

void attempt_drop_work(Attempt *attempt)
{
        assert(attempt);

        attempt->fetch = fetch_free(attempt->fetch);
        attempt->build = helper_free(attempt->build);
        attempt->import = import_free(attempt->import);
        attempt->command = release_command_free(attempt->command);
        attempt->settle = settle_free(attempt->settle);
        attempt->open = attempt->going_back = false;
        closep(&attempt->built_fd);
        attempt->built_fd = -1;
        closep(&attempt->tar_fd);
        attempt->tar_fd = -1;
        free(attempt->buildpack);
        attempt->buildpack = NULL;
}

/* No row is being committed any more. */
static void stop_moving(Attempt *attempt)
{
        if (attempt->moving && takes_slot(attempt->moving->event))
                attempt->pipeline->n_moving_to_slot--;
        attempt->moving = NULL;
}

Attempt *attempt_free(Attempt *attempt)
{
        if (!attempt)
                return NULL;
        attempt_drop_work(attempt);
        stop_moving(attempt);
        attempt->deployment->step = NULL;
        attempt->pipeline->engine->shutdown_free(attempt->judging);
        free(attempt->failure);
        free(attempt->failure_waits);
        free(attempt);
        return NULL;
}

void attempt_set_text(Deployment *deployment, const char *text, double progress)
{
        _cleanup_free_ char *clean = text_sanitize(text, SENTENCE_MAX);

        if (!clean || (strcmp(clean, deployment->status_text) == 0 && deployment->status_quote[0] == '\0' &&
                       !(progress != deployment->progress)))
                return;
        if (text_replace(&deployment->status_text, clean) < 0)
                return;
        (void) text_replace(&deployment->status_quote, "");
        deployment->progress = progress;
        model_changed_deployment(deployment->model, deployment);
}

void attempt_on_text(void *userdata, const char *text)
{
        Attempt *attempt = userdata;

        attempt_set_text(attempt->deployment, text, -1);
}

void attempt_on_output(void *userdata, const char *text)
{
        Deployment *deployment = ((Attempt *) userdata)->deployment;
        _cleanup_free_ char *clean = text_sanitize(text, SENTENCE_MAX);

        if (clean)
                (void) text_replace(&deployment->status_quote, clean);
}

void attempt_say_waits(Attempt *attempt)
{
        if (attempt && attempt->moving && attempt->pipeline->database_away)
                attempt_set_text(attempt->deployment, "waiting: the database is away", -1);
}

void attempt_enter(Pipeline *pipeline, Deployment *deployment)
{
        assert(pipeline);
        assert(deployment);

        assert(pipeline->steps[deployment->status].enter);
        pipeline->steps[deployment->status].enter(pipeline, deployment);
}

/* It is about to fail or to be cancelled: what cannot wait until that is committed. */
static void attempt_leave(Pipeline *pipeline, Deployment *deployment)
{
        const Step *step = &pipeline->steps[deployment->status];

        if (step->leave)
                step->leave(pipeline, deployment);
}

static void log_move(const Deployment *deployment, const FlowRow *row)
{
        LogSubject subject = {
                .app = deployment->app->name,
                .deployment = deployment->id,
                .revision = deployment->revision[0] ? deployment->revision : NULL,
        };

        if (row->to == DEPLOYMENT_FAILED)
                log_line(LOG_WARNING, MESSAGE_DEPLOYMENT_FAILED, &subject,
                         "Deployment %llu of %s failed: %s%s", (unsigned long long) deployment->id,
                         deployment->app->name, deployment->error_summary, deployment->error_quote);
        else
                log_line(LOG_INFO,
                         row->to == DEPLOYMENT_LIVE        ? MESSAGE_DEPLOYMENT_LIVE
                         : row->to == DEPLOYMENT_CANCELLED ? MESSAGE_DEPLOYMENT_CANCELLED
                                                           : MESSAGE_DEPLOYMENT_MOVED,
                         &subject, "Deployment %llu of %s is %s: %s", (unsigned long long) deployment->id,
                         deployment->app->name, deployment_status_to_string(row->to), row->sentence);
}

/* The row is committed: memory follows, then the work of the new status begins. */
static void attempt_moved(Attempt *attempt, const FlowRow *row)
{
        Pipeline *pipeline = attempt->pipeline;
        Deployment *deployment = attempt->deployment;
        bool cancel = attempt->cancel_waits;
        _cleanup_free_ char *failure = TAKE_PTR(attempt->failure_waits);
        int tree;

        FAILPOINT("move-%s-%s.after", deployment_status_to_string(row->from),
                  deployment_status_to_string(row->to));
        stop_moving(attempt);
        attempt->cancel_waits = false;
        /* What has been fetched is what is built next. */
        tree = row->to == DEPLOYMENT_BUILDING ? TAKE_FD(attempt->tar_fd) : -1;
        attempt_drop_work(attempt);
        attempt->tar_fd = tree;
        (void) text_replace(&deployment->status_text, "");
        (void) text_replace(&deployment->status_quote, "");
        deployment->progress = -1;
        deployment->settles_at = 0;

        model_set_deployment_status(pipeline->model, deployment, row->to);
        log_move(deployment, row);
        attempt_enter(pipeline, deployment);
        if (row->to == DEPLOYMENT_LIVE)
                cancellations_refuse(pipeline, deployment);

        if (cancel)
                attempt_handle(pipeline, deployment, FLOW_CANCEL, NULL);
        else if (failure)
                attempt_handle(pipeline, deployment, FLOW_FAILED, failure);
        pipeline->events->moved(pipeline, deployment, row);
}

static void attempt_on_moved(Pipeline *pipeline, Deployment *deployment, const FlowRow *row,
                             Deployment *superseded)
{
        if (superseded) {
                /* The same transaction made it so: nothing is left to commit. */
                attempt_free(superseded->step);
                model_set_deployment_status(pipeline->model, superseded, DEPLOYMENT_SUPERSEDED);
        }
        attempt_moved(deployment->step, row);
        if (superseded)
                attempt_enter(pipeline, superseded);
}

/* The row cannot be taken: the deployment fails. */
static void on_refused(Pipeline *pipeline, Deployment *deployment, const char *sentence)
{
        stop_moving(deployment->step);
        attempt_handle(pipeline, deployment, FLOW_FAILED, sentence);
}

static void attempt_commit(Attempt *attempt, const char *failure)
{
        static const CommitHandler handler = { .moved = attempt_on_moved, .refused = on_refused };

        commit_move(attempt->pipeline, attempt->deployment, attempt->moving, failure, &handler);
        attempt_say_waits(attempt);
}

static void on_judged(void *userdata)
{
        Attempt *attempt = userdata;
        _cleanup_free_ char *failure = TAKE_PTR(attempt->failure);

        attempt->judging = attempt->pipeline->engine->shutdown_free(attempt->judging);
        attempt_commit(attempt, failure);
}

/* Whatever fails because the machine goes down is begun again when it is up: until PID 1 has said that it is
 * not going down, nothing has failed. */
static void attempt_judge(Attempt *attempt, char *failure)
{
        Pipeline *pipeline = attempt->pipeline;

        attempt->failure = failure;
        if (pipeline->engine->shutdown(pipeline->units, on_judged, attempt, &attempt->judging) < 0)
                pipeline_fatal(pipeline, "systemd could not be asked");
}

/* What is quoted in it stays behind its mark. NULL when out of memory. */
static char *clean_sentence(const Deployment *deployment, const char *sentence)
{
        _cleanup_free_ char *told = strdup(sentence), *head = NULL, *tail = NULL;
        char *quote = quote_cut(told);

        if (!told || variables_redact(deployment_variables(deployment), told) < 0 ||
            variables_redact(deployment_variables(deployment), quote) < 0)
                return NULL;
        head = text_sanitize(told, SENTENCE_MAX);
        tail = head ? text_sanitize(quote, SENTENCE_MAX - MIN2(strlen(head), SENTENCE_MAX / 2)) : NULL;
        return tail ? text_format("%s%s%s", head, tail[0] ? QUOTE_MARK : "", tail) : NULL;
}

void attempt_handle(Pipeline *pipeline, Deployment *deployment, FlowEvent event, const char *sentence)
{
        _cleanup_free_ char *clean = NULL;
        const FlowRow *row;
        Attempt *attempt;

        assert(pipeline);
        assert(deployment);
        assert((event == FLOW_FAILED) == (sentence != NULL));

        if (sentence) {
                clean = clean_sentence(deployment, sentence);
                if (!clean || clean[0] == '\0')
                        return pipeline_oom(pipeline);
        }
        row = flow_find(deployment->status, event);
        if (!row) {
                log_debug("Deployment %llu is %s: %s means nothing to it",
                          (unsigned long long) deployment->id,
                          deployment_status_to_string(deployment->status), flow_event_to_string(event));
                return;
        }
        attempt = attempt_of(pipeline, deployment);
        if (!attempt)
                return pipeline_oom(pipeline);

        if (attempt->moving) {
                if (event == FLOW_CANCEL)
                        attempt->cancel_waits = true;
                else if (event == FLOW_FAILED && !attempt->failure_waits)
                        attempt->failure_waits = TAKE_PTR(clean);
                return;
        }
        if (event == FLOW_FAILED || event == FLOW_CANCEL)
                attempt_leave(pipeline, deployment);
        FAILPOINT("move-%s-%s.before", deployment_status_to_string(row->from),
                  deployment_status_to_string(row->to));
        attempt->moving = row;
        if (takes_slot(event))
                pipeline->n_moving_to_slot++;
        if (event == FLOW_FAILED)
                attempt_judge(attempt, TAKE_PTR(clean));
        else
                attempt_commit(attempt, clean);
}

void attempt_fail(Pipeline *pipeline, Deployment *deployment, const char *format, ...)
{
        _cleanup_free_ char *sentence = NULL;
        va_list arguments;
        int n;

        va_start(arguments, format);
        n = vasprintf(&sentence, format, arguments);
        va_end(arguments);
        if (n < 0) {
                sentence = NULL;
                pipeline_oom(pipeline);
                return;
        }
        attempt_handle(pipeline, deployment, FLOW_FAILED, sentence);
}

void attempt_fail_errno(Attempt *attempt, const char *what, int error)
{
        attempt_fail(attempt->pipeline, attempt->deployment, "%s: %s", what, strerror(-error));
}
