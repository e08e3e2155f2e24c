/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The bus side of deployd: objects, authorization, signals. Nothing but main and the manager includes this.
 */

#include <systemd/sd-bus.h>

#include "daemon/config.h"
#include "daemon/facts.h"
#include "daemon/model/report.h"
#include "daemon/pipeline/call.h"

typedef struct Bus Bus;

/* The end of a verification: 0, or -errno with a sentence (-EHOSTDOWN: the database does not answer). The
 * report lives until it returns. */
typedef void (*BusVerified)(void *userdata, int error, const char *sentence, const Report *report);

typedef struct BusParams {
        sd_bus *bus; /* the system bus, attached to the event loop */
        Model *model;
        Pipeline *pipeline;
        const Facts *facts;
        /* The configuration in force; it can change with each reload. */
        const Config *(*config)(void *userdata);
        /* Re-reads the configuration: 0, or negative with *reterr filled and nothing changed. */
        int (*reload)(void *userdata, sd_bus_error *reterr);
        /* Begins the checks of Verify: 0 when `done` will be called, later and once; or negative. */
        int (*verify)(void *userdata, BusVerified done, void *done_userdata);
        void *userdata;
} BusParams;

/* Publishes the objects. The name is not taken here (bus_request_name()), so that nobody sees half of it. 0
 * or -errno. */
int bus_new(const BusParams *params, Bus **ret);
Bus *bus_free(Bus *bus);
DEFINE_CLEANUP(Bus *, bus_free);

/* Asks for the well-known name without queueing or replacing, asynchronously; `lost` is called once if it is
 * somebody else's or the bus refuses. */
int bus_request_name(Bus *bus, void (*lost)(void *userdata, int error), void *userdata);

/* Nothing of a removed app runs any more: sends the signal AppRemoved. */
void bus_app_removed(Bus *bus, uint64_t id, const char *name);

/* Something in Facts, or the counts of the model, is different: the Manager's PropertiesChanged follow,
 * coalesced. When Facts.ready has become true or false, all objects appear or disappear for callers. */
void bus_facts_changed(Bus *bus);
