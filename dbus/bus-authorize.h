/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What others than root may do is polkit's to say. It is asked about the connection, never about a process,
 * and of each connection about one call at a time, so that calls of one client keep their order while a
 * person thinks about a password; nobody else's calls wait for that. Only the owner of polkit's name is
 * believed. */

#include "base/cleanup.h"
#include "dbus/bus-private.h"

/* Rights, named as polkit actions. */
#define ACTION_MANAGE      "org.deployd.deploy1.manage"
#define ACTION_DEPLOY      "org.deployd.deploy1.deploy"
#define ACTION_OPERATE     "org.deployd.deploy1.operate"
#define ACTION_ENVIRONMENT "org.deployd.deploy1.environment"
#define ACTION_LOGS        "org.deployd.deploy1.logs"
/* What no right gives: root alone may. */
#define ACTION_ROOT NULL

/* What a call wants to do. Polkit's rules see verb, and name as the detail that `key` says. */
typedef struct BusRight {
        const char *action;
        const char *verb; /* English, lower case, before "the app shop" */
        const char *key;  /* "app", "repository" or "deployment"; NULL = none, and no name */
        const char *name; /* of that: valid, it may be shown to a person */
        char number[sizeof("18446744073709551615")]; /* room for the name of a deployment */
} BusRight;

typedef struct BusQuestion BusQuestion;

/* The end of a question, to free it: `error` is NULL if the caller may, else the answer to the call. */
typedef void (*BusAnswered)(void *userdata, const sd_bus_error *error);

/* Follows who has polkit's name. 0 or -errno. */
int bus_authorize_register(Bus *bus);

/* Asks whether the sender of `call`, who is known (bus-sender.h), may. `right` is copied. 0 when `answered`
 * will be called, later and once, and *ret is the caller's to free; or negative with *reterr filled:
 * LimitsExceeded when so many questions about the user are open already. If the call allows it, a person can
 * be asked for a password, and there is no limit; it ends when the sender leaves the bus. */
int bus_authorize(Bus *bus, sd_bus_message *call, const BusRight *right, BusAnswered answered,
                  void *userdata, BusQuestion **ret, sd_bus_error *reterr);
/* Drops a question that is not answered. NULL is accepted. */
BusQuestion *bus_question_free(BusQuestion *question);

/* Fills *reterr with AccessDenied: "only root may", what the right is about, and `why`. Returns it as
 * -errno. */
int bus_right_refuse(const BusRight *right, const char *why, sd_bus_error *reterr);
