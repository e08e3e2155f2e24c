/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/status-line.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/text.h"
#include "daemon/model/app.h"

/* While it is not ready it asks every ten seconds for another thirty. */
#define EXTEND_EVERY_USEC (10 * USEC_PER_SEC)
#define EXTEND_BY_USEC    (30 * USEC_PER_SEC)

struct StatusLine {
        Model *model;
        const Facts *facts;
        sd_event_source *turn, *extend;
        Observer observer;
};

static char *status_line_compose(const StatusLine *line)
{
        unsigned n_apps = 0;
        const App *app;

        if (!line->facts->ready)
                return text_format("%s", line->facts->sentence);
        if (line->facts->attention)
                return strdup(line->facts->attention);
        LIST_FOREACH (apps, app, line->model->apps)
                n_apps += app->status == APP_RUNNING || app->status == APP_DEGRADED;
        return text_format("%u %s running, %u deploying, %u queued%s%s%s", n_apps,
                           n_apps == 1 ? "app" : "apps", line->model->n_running, line->model->n_queued,
                           strcmp(line->facts->database_state, "connected") == 0 ? ""
                                                                                 : "; the database is away",
                           line->facts->ingress ? "; " : "", text_or_empty(line->facts->ingress));
}

static int on_turn(_unused_ sd_event_source *source, void *userdata)
{
        StatusLine *line = userdata;
        _cleanup_free_ char *text = status_line_compose(line);

        if (text)
                (void) sd_notifyf(false, "STATUS=%s", text);
        return 0;
}

void status_line_changed(StatusLine *line)
{
        assert(line);
        (void) sd_event_source_set_enabled(line->turn, SD_EVENT_ONESHOT);
}

static void on_app(void *userdata, _unused_ App *app)
{
        status_line_changed(userdata);
}

static void on_deployment(void *userdata, _unused_ Deployment *deployment)
{
        status_line_changed(userdata);
}

static int on_extend(sd_event_source *source, _unused_ uint64_t usec, _unused_ void *userdata)
{
        int r;

        (void) sd_notifyf(false, "EXTEND_TIMEOUT_USEC=%" PRIu64, EXTEND_BY_USEC);
        r = sd_event_source_set_time_relative(source, EXTEND_EVERY_USEC);
        return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

void status_line_ready(StatusLine *line)
{
        assert(line);
        line->extend = sd_event_source_disable_unref(line->extend);
        (void) on_turn(NULL, line);
        (void) sd_notify(false, "READY=1");
}

int status_line_new(sd_event *event, Model *model, const Facts *facts, StatusLine **ret)
{
        StatusLine *line;
        int r;

        assert(event);
        assert(model);
        assert(facts);
        assert(ret);

        line = calloc(1, sizeof(StatusLine));
        if (!line)
                return -ENOMEM;
        line->model = model;
        line->facts = facts;
        line->observer = (Observer){
                .app_changed = on_app,
                .app_removed = on_app,
                .deployment_added = on_deployment,
                .deployment_changed = on_deployment,
                .userdata = line,
        };
        model_observe(model, &line->observer);
        r = sd_event_add_defer(event, &line->turn, on_turn, line);
        if (r >= 0)
                r = sd_event_source_set_priority(line->turn, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &line->extend, CLOCK_MONOTONIC, 0, 0, on_extend, line);
        if (r < 0) {
                status_line_free(line);
                return r;
        }
        *ret = line;
        return 0;
}

StatusLine *status_line_free(StatusLine *line)
{
        if (!line)
                return NULL;
        sd_event_source_disable_unref(line->turn);
        sd_event_source_disable_unref(line->extend);
        model_unobserve(line->model, &line->observer);
        free(line);
        return NULL;
}
