/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What may be a name: pure rules. */

#include <stdbool.h>

/* Names of apps, repositories and buildpacks: `^[a-z](-?[a-z0-9])*$`, at most so many bytes. */
#define NAME_LENGTH_MAX 50
bool name_is_valid(const char *name);

/* Names of the processes of an app (`web`, `celery_beat`): `^[A-Za-z](-?[A-Za-z0-9_])*$`, at most so many
 * bytes. Heroku and Foreman take the same characters. */
#define PROCESS_NAME_MAX 32
#define PROCESS_NAME_FAULT \
        "its name is not of letters, digits, _ and single dashes, at most 32, from a letter"
bool process_name_is_valid(const char *name);

/* The process that is run once, before the others. */
#define PROCESS_RELEASE "release"

/* The one that gets the requests. */
#define PROCESS_WEB "web"
