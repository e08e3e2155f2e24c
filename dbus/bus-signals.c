/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-signals.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/names.h"
#include "daemon/model/app.h"
#include "daemon/model/deployment.h"
#include "daemon/model/repository.h"
#include "dbus/bus-object.h"
#include "dbus/bus-path.h"

static void bus_signals_announce(BusObject *object)
{
        int r;

        if (object->is_dirty) {
                object->is_dirty = false;
                LIST_REMOVE(dirty, object->bus->dirty, object);
        }
        r = bus_object_announce(object);
        if (r < 0)
                log_warning("Cannot announce changes of %s, ignoring: %s", object->path, strerror(-r));
}

void bus_signals_flush(Bus *bus)
{
        assert(bus);

        while (bus->dirty)
                bus_signals_announce(bus->dirty);
}

static int on_turn_end(sd_event_source *source, void *userdata)
{
        (void) source;
        bus_signals_flush(userdata);
        return 0;
}

void bus_signals_changed(BusObject *object)
{
        int r;

        assert(object);

        if (object->class->status && object->class->status(object->noun) != object->status) {
                bus_signals_announce(object);
                return;
        }
        if (object->is_dirty)
                return;
        object->is_dirty = true;
        LIST_APPEND(dirty, object->bus->dirty, object);
        r = sd_event_source_set_enabled(object->bus->flush, SD_EVENT_ONESHOT);
        if (r < 0)
                log_warning("Cannot plan to announce changes, ignoring: %s", strerror(-r));
}

/* All take over the path that they are given, which is NULL when there was no memory for it. */
static void bus_signals_publish(Bus *bus, const BusClass *class, char *given, void *noun)
{
        _cleanup_free_ char *path = given;
        int r = path ? bus_object_publish(bus, class, path, noun) : -ENOMEM;

        if (r < 0)
                log_warning("Cannot publish %s, ignoring: %s", path ? path : class->interface, strerror(-r));
}

static BusObject *bus_signals_find(const Bus *bus, char *given)
{
        _cleanup_free_ char *path = given;

        return path ? bus_object_find(bus, path) : NULL;
}

static void bus_signals_path_changed(Bus *bus, char *path)
{
        BusObject *object = bus_signals_find(bus, path);

        if (object)
                bus_signals_changed(object);
}

static void bus_signals_path_removed(Bus *bus, char *path)
{
        BusObject *object = bus_signals_find(bus, path);

        if (object)
                bus_object_withdraw(object);
}

static void repository_added(void *userdata, Repository *repository)
{
        Bus *bus = userdata;

        if (bus->model_is_shown)
                bus_signals_publish(bus, &repository_class, bus_path_repository(repository->name),
                                    repository);
}

static void repository_changed(void *userdata, Repository *repository)
{
        bus_signals_path_changed(userdata, bus_path_repository(repository->name));
}

static void repository_removed(void *userdata, Repository *repository)
{
        bus_signals_path_removed(userdata, bus_path_repository(repository->name));
}

static void app_added(void *userdata, App *app)
{
        Bus *bus = userdata;

        if (bus->model_is_shown)
                bus_signals_publish(bus, &app_class, bus_path_app(app->name), app);
}

static void app_changed(void *userdata, App *app)
{
        bus_signals_path_changed(userdata, bus_path_app(app->name));
}

static void app_removed(void *userdata, App *app)
{
        bus_signals_path_removed(userdata, bus_path_app(app->name));
}

/* DeploymentNew if `status` is NULL, else DeploymentFinished. */
static void emit_deployment(const Bus *bus, const Deployment *deployment, const char *status)
{
        _cleanup_free_ char *path = bus_path_deployment(deployment->id);
        int r = -ENOMEM;

        if (path && status)
                r = sd_bus_emit_signal(bus->params.bus, BUS_PATH, BUS_INTERFACE_MANAGER,
                                       "DeploymentFinished", "toss", deployment->id, path,
                                       deployment->app->name, status);
        else if (path)
                r = sd_bus_emit_signal(bus->params.bus, BUS_PATH, BUS_INTERFACE_MANAGER, "DeploymentNew",
                                       "tos", deployment->id, path, deployment->app->name);
        if (r < 0)
                log_warning("Cannot announce a deployment, ignoring: %s", strerror(-r));
}

static void deployment_added(void *userdata, Deployment *deployment)
{
        Bus *bus = userdata;

        bus_signals_changed(bus->manager);
        if (!bus->model_is_shown)
                return;
        bus_signals_publish(bus, &deployment_class, bus_path_deployment(deployment->id), deployment);
        emit_deployment(bus, deployment, NULL);
}

static void deployment_changed(void *userdata, Deployment *deployment)
{
        Bus *bus = userdata;

        bus_signals_changed(bus->manager);
        bus_signals_path_changed(bus, bus_path_deployment(deployment->id));
}

static void deployment_finished(void *userdata, Deployment *deployment)
{
        Bus *bus = userdata;

        if (!bus->model_is_shown)
                return;
        bus_signals_flush(bus);
        emit_deployment(bus, deployment, deployment_status_to_string(deployment->status));
}

static void deployment_removed(void *userdata, Deployment *deployment)
{
        Bus *bus = userdata;

        bus_signals_changed(bus->manager);
        bus_signals_path_removed(bus, bus_path_deployment(deployment->id));
}

static void show_model(Bus *bus)
{
        const Model *model = bus->params.model;
        Repository *repository;
        Deployment *deployment;
        App *app;

        LIST_FOREACH (repositories, repository, model->repositories)
                bus_signals_publish(bus, &repository_class, bus_path_repository(repository->name),
                                    repository);
        LIST_FOREACH (apps, app, model->apps)
                bus_signals_publish(bus, &app_class, bus_path_app(app->name), app);
        LIST_FOREACH (deployments, deployment, model->deployments)
                bus_signals_publish(bus, &deployment_class, bus_path_deployment(deployment->id), deployment);
}

static void hide_model(Bus *bus)
{
        BusObject *object, *next;

        LIST_FOREACH_SAFE (objects, object, next, bus->objects)
                if (object->class->many)
                        bus_object_withdraw(object);
}

void bus_signals_follow_facts(Bus *bus)
{
        if (bus->model_is_shown == bus->params.facts->ready)
                return;
        bus->model_is_shown = bus->params.facts->ready;
        if (bus->model_is_shown)
                show_model(bus);
        else
                hide_model(bus);
}

int bus_signals_register(Bus *bus)
{
        int r;

        r = sd_event_add_defer(sd_bus_get_event(bus->params.bus), &bus->flush, on_turn_end, bus);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(bus->flush, SD_EVENT_OFF);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(bus->flush, "changes of bus objects");

        bus->observer = (Observer){
                .repository_added = repository_added,
                .repository_changed = repository_changed,
                .repository_removed = repository_removed,
                .app_added = app_added,
                .app_changed = app_changed,
                .app_removed = app_removed,
                .deployment_added = deployment_added,
                .deployment_changed = deployment_changed,
                .deployment_finished = deployment_finished,
                .deployment_removed = deployment_removed,
                .userdata = bus,
        };
        model_observe(bus->params.model, &bus->observer);
        return 0;
}

void bus_signals_unregister(Bus *bus)
{
        if (bus->observer.userdata)
                model_unobserve(bus->params.model, &bus->observer);
        bus->flush = sd_event_source_disable_unref(bus->flush);
}
