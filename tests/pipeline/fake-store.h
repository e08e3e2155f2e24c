/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Stands in for sql/store.h: commits what it is asked, at once or when the test says so, and remembers it. A
 * request has a name: the number of a row of the flow table, as "501", or what follows "store_" in the name
 * of its verb. */

#include "sql/store.h"

typedef struct FakeStore {
        const char *hold;   /* requests of this name wait for fake_store_release(); "*" = all */
        const char *refuse; /* the next of this name is answered with: */
        int error;
        uint64_t number; /* StoreReply.number of that answer */
        const char *sentence;
        const char *unsent; /* requests of this name cannot be sent: -EPIPE */
        uint64_t next_id, next_number;
        uint16_t next_port;
        /* The names of those that were answered with success, in order: "101 201 ", and "deployment_insert
         * ". */
        char *rows, *verbs;
} FakeStore;

extern FakeStore fake_store;

void fake_store_start(void);
/* Drops what waits, as store_free() does. */
void fake_store_end(void);
/* Whether a request of that name waits. */
bool fake_store_holds(const char *name);
/* Holds nothing any more, and answers what waits. */
void fake_store_release(void);
