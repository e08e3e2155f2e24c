/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The release that a deployment is to run becomes known: from its import, or because another deployment has
 * built the same. It is recorded, and then the deployment goes on. */

#include "daemon/pipeline/flow/attempt.h"

/* It was imported, as `answer` of deployd-import says. `build_key` and `buildpack` as in Release. */
void release_record_import(Attempt *attempt, const Ticket *answer, const char *build_key,
                           const char *buildpack);
/* `builder` has built the same and its release is kept. */
void release_record_reuse(Attempt *attempt, const Deployment *builder);
/* It is recorded: what comes next. */
void release_record_go_on(Pipeline *pipeline, Deployment *deployment);
