/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* app.json in the root of a tree says what the app needs to run. Of Heroku's and Dokku's keys these count:
 *
 *      "formation": { "worker": { "quantity": 2 } }
 *
 *      "env": { "NAME": "default" }, or { "NAME": { "value": "default" } }, with "required": true or false,
 *      or { "NAME": { "generator": "secret" } }
 *
 *      "healthchecks": { "web": [ { "type": "startup", "path": "/up",
 *                                   "attempts": 3, "timeout": 5, "wait": 5 } ] }
 *
 *      "scripts": { "postdeploy": "command", "dokku": { "predeploy": "command", "postdeploy": "command" } }
 *
 * The scripts become a part of the release command (app-scripts.h), the others lines of a ticket:
 *
 *      formation.PROCESS=COUNT
 *      variable.N=NAME=VALUE           N counts; the default of a variable
 *      variable-secret.N=NAME          to be made up
 *      variable-required.N=NAME        somebody has to set it
 *      health.path=PATH health.attempts=N health.timeout-usec=N health.wait-usec=N
 *      ignored=WORDS                   keys that do not count, one blank between two
 */

#include "base/ticket.h"
#include "release/app-scripts.h"

#define APP_JSON_NAME "app.json"

/* The largest ones have a few kilobytes; the rest of the ticket needs room too. */
#define APP_JSON_SIZE_MAX ((size_t) 32 * 1024)

/* Reads the `size` bytes at `text`, adds the lines to `answer` and sets `scripts`, which is empty before. 0;
 * -EINVAL with a sentence in *reterr
 * (`app.json: formation.web.quantity is not a number from 0 to 9999`); -ENOMEM. */
int app_json_parse(const char *text, size_t size, Ticket *answer, AppScripts *scripts, char **reterr);
