/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* One row of the migration ledger. */
typedef struct AppliedMigration {
        uint32_t version;
        char *name;
        char *sha256; /* 64 hexadecimal digits */
        uint64_t applied_at;
} AppliedMigration;

/* What the process knows of itself and shows on the bus and in its status line. Written by the manager, read
 * by all. */
typedef struct Facts {
        bool ready;                 /* the database is reached, migrated and read */
        const char *database_state; /* connected, connecting, out-of-space */
        char *sentence;             /* the status line; while not ready, what callers are told */
        char *ingress;              /* what is in the way of requests; NULL = nothing */
        char *attention;            /* why the administrator has to decide something; NULL = nothing */
        AppliedMigration *migrations;
        size_t n_migrations;
        uint32_t schema_version; /* version of the last one, 0 = none */
        uint16_t port_low, port_high;
        const char *sandbox_state;          /* probing, enforced, partial */
        const char *const *sandbox_missing; /* limits that are not enforced; ends with NULL */
} Facts;
