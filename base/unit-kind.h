/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What deployd's transient units are for: one row for each kind, with all that differs between kinds but the
 * sandbox (systemd/sandbox.c). Daemon, deployctl and deployd-archive read this one table. */

#include <stdbool.h>
#include <stdint.h>

#include "base/string-table.h"

typedef enum UnitKind {
        UNIT_KIND_UNSET = 0,
        UNIT_APP,     /* deployd-app-APP-ID.PROCESS.N.service */
        UNIT_FETCH,   /* deployd-fetch-REPOSITORY-N.service */
        UNIT_RESOLVE, /* deployd-resolve-REPOSITORY-N.service */
        UNIT_BUILD,   /* deployd-build-APP-ID.service */
        UNIT_RELEASE, /* deployd-release-APP-ID.service */
        UNIT_ARCHIVE, /* deployd-archive-APP-ID.service */
        UNIT_IMPORT,  /* deployd-import-APP-ID.service */
        UNIT_REMOVE,  /* deployd-remove-WHAT-ID.service, WHAT one word of ours */
        UNIT_KEYGEN,  /* deployd-keygen-REPOSITORY-N.service */
        UNIT_LIMIT,   /* deployd-limit-WHAT-1.service */
        UNIT_KIND_MAX,
} UnitKind;

/* Whose row of the database a unit belongs to. */
typedef enum UnitOwner {
        UNIT_OWNER_UNSET = 0,
        UNIT_OWNER_INSTANCE,   /* known by the unit's name */
        UNIT_OWNER_REPOSITORY, /* known by the repository's name in it */
        UNIT_OWNER_DEPLOYMENT, /* known by the deployment's id in it */
        UNIT_OWNER_NOBODY,
        UNIT_OWNER_MAX,
} UnitOwner;

/* What a start of the daemon does with a unit that still runs. */
typedef enum UnitResume {
        UNIT_RESUME_UNSET = 0,
        UNIT_RESUME_NEVER,           /* ends it; its work is done again if it is still needed */
        UNIT_RESUME_INSTANCE,        /* keeps it while its instance should run */
        UNIT_RESUME_WHILE_RELEASING, /* keeps it while its deployment is releasing: its work may not bear to
                                        be done twice */
        UNIT_RESUME_MAX,
} UnitResume;

typedef struct UnitKindRow {
        const char *word; /* in the unit's name */
        UnitOwner owner;
        UnitResume resume;
        bool archived;      /* its lines are part of the log that is archived with a deployment */
        const char *slice;  /* NULL = the app's own (slice_name_make()) */
        const char *helper; /* path of its program in PATH_LIBEXEC; NULL = a program of the system */

        /* The directories of its dynamic user, for kinds that have their own; they are removed with the app
         * or the repository. */
        const char *directories; /* directory of a directory each, below CACHE_PRIVATE; NULL = none */
        bool has_state;          /* the same below STATE_PRIVATE */
        char user;               /* letter before the id in the user's name */
        const char *removed;     /* WHAT in the name of the UNIT_REMOVE that removes them */
} UnitKindRow;

/* Where systemd keeps the directories of dynamic users. */
#define CACHE_PRIVATE "/var/cache/private"
#define STATE_PRIVATE "/var/lib/private"

/* The row of a kind, which must be set. */
const UnitKindRow *unit_kind_row(UnitKind kind);

/* The word, `build`; NULL for UNIT_KIND_UNSET. And back: -EINVAL for an unknown word. */
DECLARE_STRING_TABLE(unit_kind, UnitKind);

/* Of a kind with directories, for the app or the repository `id`: the user's name, deployd-b7, and the
 * directory below CACHE_PRIVATE and STATE_PRIVATE, deployd-build/7. Caller frees; NULL when out of memory.
 */
char *unit_kind_user(UnitKind kind, uint64_t id);
char *unit_kind_directory(UnitKind kind, uint64_t id);
