/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/flow.h"

static const char *const flow_event_table[FLOW_EVENT_MAX] = {
        [FLOW_SLOT] = "slot",     [FLOW_REUSE] = "reuse",       [FLOW_DONE] = "done",
        [FLOW_BUILD] = "build",   [FLOW_COMMAND] = "command",   [FLOW_FAILED] = "failed",
        [FLOW_CANCEL] = "cancel", [FLOW_REPLACED] = "replaced",
};

DEFINE_STRING_TABLE(flow_event, FlowEvent);

/* The numbers name rows for people: hundreds are the status, 8 its failure, 9 its cancellation. A number is
 * never given to another row. */
const FlowRow flow_table[] = {
        { 101, DEPLOYMENT_QUEUED, FLOW_SLOT, DEPLOYMENT_FETCHING, "its turn has come" },
        { 102, DEPLOYMENT_QUEUED, FLOW_REUSE, DEPLOYMENT_STARTING,
          "its turn has come, and its release is there" },
        { 108, DEPLOYMENT_QUEUED, FLOW_FAILED, DEPLOYMENT_FAILED, "it could not begin" },
        { 109, DEPLOYMENT_QUEUED, FLOW_CANCEL, DEPLOYMENT_CANCELLED, "it had not begun" },

        { 201, DEPLOYMENT_FETCHING, FLOW_DONE, DEPLOYMENT_STARTING, "its release is complete" },
        { 202, DEPLOYMENT_FETCHING, FLOW_BUILD, DEPLOYMENT_BUILDING, "its tree is there" },
        { 203, DEPLOYMENT_FETCHING, FLOW_COMMAND, DEPLOYMENT_RELEASING, "its release is complete" },
        { 208, DEPLOYMENT_FETCHING, FLOW_FAILED, DEPLOYMENT_FAILED,
          "the commit could not be made a release" },
        { 209, DEPLOYMENT_FETCHING, FLOW_CANCEL, DEPLOYMENT_CANCELLED, "it was fetching" },

        { 301, DEPLOYMENT_BUILDING, FLOW_DONE, DEPLOYMENT_STARTING, "its release is complete" },
        { 302, DEPLOYMENT_BUILDING, FLOW_COMMAND, DEPLOYMENT_RELEASING, "its release is complete" },
        { 308, DEPLOYMENT_BUILDING, FLOW_FAILED, DEPLOYMENT_FAILED, "it could not be built" },
        { 309, DEPLOYMENT_BUILDING, FLOW_CANCEL, DEPLOYMENT_CANCELLED, "it was building" },

        { 401, DEPLOYMENT_RELEASING, FLOW_DONE, DEPLOYMENT_STARTING, "its release command has ended well" },
        { 408, DEPLOYMENT_RELEASING, FLOW_FAILED, DEPLOYMENT_FAILED, "its release command failed" },
        { 409, DEPLOYMENT_RELEASING, FLOW_CANCEL, DEPLOYMENT_CANCELLED, "it was releasing" },

        { 501, DEPLOYMENT_STARTING, FLOW_DONE, DEPLOYMENT_CHECKING, "its processes run" },
        { 508, DEPLOYMENT_STARTING, FLOW_FAILED, DEPLOYMENT_FAILED, "a process could not be started" },
        { 509, DEPLOYMENT_STARTING, FLOW_CANCEL, DEPLOYMENT_CANCELLED, "it was starting" },

        { 601, DEPLOYMENT_CHECKING, FLOW_DONE, DEPLOYMENT_SWITCHING, "it listens on its port" },
        { 608, DEPLOYMENT_CHECKING, FLOW_FAILED, DEPLOYMENT_FAILED, "it never became ready" },
        { 609, DEPLOYMENT_CHECKING, FLOW_CANCEL, DEPLOYMENT_CANCELLED, "it was checking" },

        { 701, DEPLOYMENT_SWITCHING, FLOW_DONE, DEPLOYMENT_LIVE, "requests go to it" },
        { 708, DEPLOYMENT_SWITCHING, FLOW_FAILED, DEPLOYMENT_FAILED, "it ended before it was live" },
        { 709, DEPLOYMENT_SWITCHING, FLOW_CANCEL, DEPLOYMENT_CANCELLED, "it was switching" },

        { 801, DEPLOYMENT_LIVE, FLOW_REPLACED, DEPLOYMENT_SUPERSEDED, "a newer deployment is live" },
};

const size_t flow_table_size = ELEMENTSOF(flow_table);

const FlowRow *flow_find(DeploymentStatus from, FlowEvent event)
{
        for (size_t i = 0; i < flow_table_size; i++)
                if (flow_table[i].from == from && flow_table[i].event == event)
                        return &flow_table[i];
        return NULL;
}
