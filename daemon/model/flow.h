/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The life of a deployment as a table: pure, no clock, no I/O. daemon/pipeline/flow/attempt.c drives it. */

#include "daemon/model/deployment-status.h"

typedef enum FlowEvent {
        FLOW_EVENT_UNSET = 0,
        FLOW_SLOT,     /* its turn has come: no other deployment of the app runs and the machine has room */
        FLOW_REUSE,    /* the same, and the release it is to run is there */
        FLOW_DONE,     /* the step of the present status has ended well */
        FLOW_BUILD,    /* the same, and its tree is to be built */
        FLOW_COMMAND,  /* the same, and its release has a command that is to be run before it */
        FLOW_FAILED,   /* the step has failed; a sentence says why */
        FLOW_CANCEL,   /* somebody asked for its end */
        FLOW_REPLACED, /* another deployment of the app became live */
        FLOW_EVENT_MAX,
} FlowEvent;

DECLARE_STRING_TABLE(flow_event, FlowEvent);

typedef struct FlowRow {
        unsigned row; /* its number, as docs/STATE_MACHINE.md has it */
        DeploymentStatus from;
        FlowEvent event;
        DeploymentStatus to;
        /* Goes into the event log when it is taken, and into the journal: Deployment N of APP is TO:
         * SENTENCE. The journal has the error summary instead when TO is failed. */
        const char *sentence;
} FlowRow;

extern const FlowRow flow_table[];
extern const size_t flow_table_size;

/* The row for `event` in `from`; NULL if that event means nothing there (late events are normal). */
const FlowRow *flow_find(DeploymentStatus from, FlowEvent event);
