/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The stable address: keeps deployd's haproxy what the model says (App.port, App.access_mode,
 * Instance.route). It looks at what haproxy has, changes what differs and looks again until nothing does; so
 * a restarted haproxy, a lost answer or a restarted deployd need no handling of their own. */

#include <systemd/sd-event.h>

#include "daemon/config.h"
#include "daemon/model/app.h"
#include "probe/client.h"

typedef struct Ingress Ingress;

typedef struct IngressParams {
        sd_event *event;
        Model *model;
        ProbeClient *probe;
        const Config *(*config)(void *userdata);
        /* Instance.routed of some instance, or ingress_sentence() of some app, may be different now. */
        void (*changed)(void *userdata);
        /* Has PID 1 reload deployd-ingress.service; whether haproxy has done so is seen by what it has. */
        void (*reload)(void *userdata);
        void *userdata;
} IngressParams;

/* All borrowed. Does nothing before the first ingress_poll(). 0 or -errno. */
int ingress_new(const IngressParams *params, Ingress **ret);
Ingress *ingress_free(Ingress *ingress);
DEFINE_CLEANUP(Ingress *, ingress_free);

/* Something it depends on is different: the model, the configuration, the state of deployd-ingress.service,
 * or time has come. */
void ingress_poll(Ingress *ingress);

/* The same, and the instance, whose route is not ready any more, gets no new request from now on: what took
 * them has ended. */
void ingress_shut(Ingress *ingress, const Instance *instance);

/* Whether deployd-ingress.service runs. Nothing is done before this is known. */
void ingress_set_runs(Ingress *ingress, bool runs);

/* Why requests to the app (NULL = to any) cannot be let in now; NULL if nothing is known to be in the way.
 * Owned by the ingress, valid until the next turn. */
const char *ingress_sentence(const Ingress *ingress, const App *app);
