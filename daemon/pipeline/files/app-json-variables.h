/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What app.json of a release says of the app's environment, by the answer of deployd-import
 * (release/app-json.h): variables that nobody has set get a value once, and stay. */

#include "base/ticket.h"
#include "daemon/model/deployment.h"

/* Those that the app does not have, into *ret, which is empty; secrets are made up. 0; -EINVAL with a
 * sentence in *ret_sentence (caller frees): one is required, or cannot be set; -ENOMEM, other -errno. */
int app_json_variables_find(const Deployment *deployment, const Ticket *answer, Variables *ret,
                            char **ret_sentence);
