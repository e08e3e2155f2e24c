/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Polkit's question for a password, on this terminal. It is asked only when deployd has refused the call
 * without it, so that those who need no password pay nothing for it. */

#include <systemd/sd-bus.h>

#include "base/cleanup.h"

typedef struct Agent Agent;

/* Whether deployd refused a call for want of a password, and there is a terminal to ask for it. */
bool agent_can_help(const sd_bus_error *error);

/* Whether it refused it so, terminal or not; and what to say then behind the sentence of the error. */
bool agent_is_wanted(const sd_bus_error *error);
const char *agent_advice(void);

/* Starts pkttyagent(1) for this process and waits until it is ready, or has failed, which the next answer
 * shows. *ret_call is the call once more, as one that may ask: send it without a limit of time, and free the
 * agent when it is answered. 0 or -errno. */
int agent_new(sd_bus_message *call, sd_bus_message **ret_call, Agent **ret);
/* Ends it, and gives the terminal back as it was. NULL is accepted. */
Agent *agent_free(Agent *agent);
DEFINE_CLEANUP(Agent *, agent_free);
