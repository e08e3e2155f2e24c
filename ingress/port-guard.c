/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/port-guard.h"

#include <errno.h>

#include "base/text.h"

/* The first look is what counts: nobody there is as good as haproxy itself. */
#define LOOK_TIMEOUT_USEC (1 * USEC_PER_MSEC)
/* No control group has it: while haproxy does not run, everybody is a stranger. */
#define NOBODY UINT64_MAX

struct PortGuard {
        Model *model;
        ProbeClient *probe;
        uint64_t owner;
        uint64_t app; /* id of the one that is looked at */
        ProbeWait *wait;
        char *sentence;
        void (*done)(void *userdata);
        void *userdata;
};

static void look_at_next(PortGuard *guard);

static App *find_app(const PortGuard *guard, uint64_t id)
{
        App *app;

        LIST_FOREACH (apps, app, guard->model->apps)
                if (app->id == id)
                        return app;
        return NULL;
}

static void on_looked(void *userdata, ProbeResult result, uid_t uid, _unused_ const char *text)
{
        PortGuard *guard = userdata;
        App *app = find_app(guard, guard->app);

        guard->wait = probe_wait_free(guard->wait);
        if (app) {
                app->port_state = result == PROBE_FOREIGN ? PORT_HELD : PORT_FREE;
                app->port_holder = uid;
                app->port_looked_at = true;
        }
        look_at_next(guard);
}

/* One after another: a machine has tens of apps, and each look takes microseconds. */
static void look_at_next(PortGuard *guard)
{
        App *app;

        LIST_FOREACH (apps, app, guard->model->apps) {
                if (app->port_state == PORT_FREE || app->port_looked_at)
                        continue;
                guard->app = app->id;
                if (probe_wait_listening(guard->probe, app->port, guard->owner, LOOK_TIMEOUT_USEC, 1,
                                         on_looked, guard, &guard->wait) >= 0)
                        return;
                app->port_looked_at = true;
        }
        LIST_FOREACH (apps, app, guard->model->apps)
                app->port_looked_at = false;
        guard->done(guard->userdata);
}

void port_guard_check(PortGuard *guard, void (*done)(void *userdata), void *userdata)
{
        assert(guard && !guard->wait);
        assert(done);

        guard->done = done;
        guard->userdata = userdata;
        look_at_next(guard);
}

bool port_guard_is_checking(const PortGuard *guard)
{
        return guard->wait;
}

void port_guard_set_owner(PortGuard *guard, uint64_t id)
{
        guard->owner = id ? id : NOBODY;
}

bool port_guard_is_blocked(_unused_ const PortGuard *guard, const App *app)
{
        return app->port_state == PORT_HELD;
}

bool port_guard_any_blocked(const PortGuard *guard)
{
        const App *app;

        LIST_FOREACH (apps, app, guard->model->apps)
                if (app->port_state == PORT_HELD)
                        return true;
        return false;
}

const char *port_guard_sentence(PortGuard *guard, const App *app)
{
        if (app->port_state != PORT_HELD)
                return NULL;
        free(guard->sentence);
        guard->sentence = text_format("port %u of %s is held by another process (uid %u)", app->port,
                                      app->name, (unsigned) app->port_holder);
        return guard->sentence;
}

void port_guard_forget(PortGuard *guard)
{
        App *app;

        LIST_FOREACH (apps, app, guard->model->apps)
                app->port_state = PORT_UNKNOWN;
}

int port_guard_new(Model *model, ProbeClient *probe, PortGuard **ret)
{
        PortGuard *guard;

        assert(model);
        assert(probe);
        assert(ret);

        guard = calloc(1, sizeof(PortGuard));
        if (!guard)
                return -ENOMEM;
        *guard = (PortGuard){ .model = model, .probe = probe, .owner = NOBODY };
        *ret = guard;
        return 0;
}

PortGuard *port_guard_free(PortGuard *guard)
{
        if (!guard)
                return NULL;
        probe_wait_free(guard->wait);
        free(guard->sentence);
        free(guard);
        return NULL;
}
