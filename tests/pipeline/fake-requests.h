/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Stands in for what decides about requests: the probe (probe/client.h) and haproxy (ingress/ingress.h). */

#include "ingress/ingress.h"
#include "probe/client.h"

typedef struct FakeProbe {
        bool hold;              /* checks of instances are not answered before fake_probe_answer() */
        ProbeAnswer answer;     /* else with this; by default it listens */
        int error;              /* a check cannot begin: -errno */
        bool hold_ports;        /* nor what is asked about all ports */
        bool away;              /* nothing else is answered */
        const char *held_ports; /* the first ports of the range that are held; NULL = it is not known */
        const char *elsewhere;  /* where instances listen while their ports are waited for; NULL = nowhere */
        uint64_t crowd;         /* a control group with too many ports; 0 = none */
        unsigned n_checks, n_health_checks; /* that have begun */
} FakeProbe;

typedef struct FakeIngress {
        bool hold;            /* haproxy does nothing before fake_ingress_follow() */
        const char *sentence; /* why it cannot let requests in */
        unsigned n_polls, n_shut;
} FakeIngress;

extern FakeProbe fake_probe;
extern FakeIngress fake_ingress;

/* `changed` is called with `userdata` when routes are different. */
void fake_requests_start(Model *model, void (*changed)(void *userdata), void *userdata);
void fake_requests_end(void);

/* Answers the checks that wait. */
void fake_probe_answer(ProbeResult result);
/* How many checks wait. */
size_t fake_probe_waiting(void);
/* haproxy has the routes that are wanted. */
void fake_ingress_follow(void);
