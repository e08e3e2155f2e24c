/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether the apps on this machine are those of the database. A disk that is not mounted, another database,
 * and an older one that was restored all look as if apps had been removed: nothing may be deleted or stopped
 * for that. While the two do not belong together deployd leaves everything as it is, says so, and refuses
 * changes until the administrator decides (`deployd adopt`). */

#include "base/list.h"
#include "daemon/pipeline/internal.h"

/* Something on this machine that the database does not know. */
typedef struct ForeignItem {
        const char *what; /* "data of app" */
        uint64_t id;      /* 0 = a unit */
        char *path;       /* of the directory or file; of a unit its name */
        bool of_app;      /* the id is an app's, else a deployment's */
        LIST_FIELDS(struct ForeignItem, items);
} ForeignItem;

struct Ownership {
        bool known;     /* it was judged */
        char *sentence; /* why the two do not belong together; NULL = they do */
        LIST_HEAD(ForeignItem, items);
        StoreNumbers seen; /* the greatest ids on this machine */
        bool must_mark;    /* a mark is missing, or the database names another machine */
};

/* Looks at the marks, the directories and `units` (names, ends with NULL), and fills Pipeline.ownership. 0:
 * they belong together; 1: they do not; -errno. */
int ownership_judge(Pipeline *pipeline, char *const *units);

/* They belong together: missing marks are written, and ids that this machine has are not given out again. 0;
 * 1 if the marks cannot be written, which is a reason to leave everything as it is, too; -errno. */
int ownership_settle(Pipeline *pipeline);

/* Before a change: ForeignData in *reterr if the two do not belong together, or not any more; else 0. */
int ownership_refuse(Pipeline *pipeline, sd_bus_error *reterr);

/* Whether the database has given out the id of that deployment: then a unit or release without a row is left
 * over, else it is foreign. */
bool ownership_has_given_out(const Pipeline *pipeline, uint64_t deployment);

/* This machine, as the database knows it. 0 or -errno. */
int ownership_machine(sd_id128_t *ret);

/* As if nothing had been judged. */
void ownership_clear(Ownership *ownership);
/* NULL is allowed. */
Ownership *ownership_free(Ownership *ownership);
