/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The scripts of app.json that run at a deployment, as parts of the release command. */

#include "base/cleanup.h"

typedef struct AppScripts {
        char *predeploy;  /* before the release command of the Procfile */
        char *postdeploy; /* after it */
        char *first;      /* after it, once in the life of the app: Heroku's postdeploy */
} AppScripts;

void app_scripts_clear(AppScripts *scripts);

/* The release command with the scripts around `release`, that of the Procfile (NULL = none). 0 with *ret,
 * which the caller frees: NULL if there is nothing to run; -ENOMEM. */
int app_scripts_join(const AppScripts *scripts, const char *release, char **ret);
