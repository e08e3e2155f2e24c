/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is wrong with a deployment, and does not keep it from being live: logged, and shown by who follows
 * it. */

#include "base/ticket.h"
#include "daemon/model/deployment.h"

/* Logs and adds a sentence, without values of the app's variables. It is made clean, and cut if it is long;
 * more than 20 sentences are logged only. */
void warning_add(Deployment *deployment, const char *text);

/* The same with what a helper has answered as warning.1, warning.2 and so on, and has logged itself. */
void warning_add_answer(Deployment *deployment, const Ticket *answer);

/* The same of a build: they are what its programs have printed, for who may read logs. */
void warning_add_output(Deployment *deployment, const Ticket *answer);
