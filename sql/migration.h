/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* sql/migrations, compiled in (embed.py): versions 1 to n_migrations without a gap, at index version - 1. */
typedef struct Migration {
        const char *name;   /* 0001_initial */
        const char *sha256; /* of the file, 64 hex digits */
        const char *sql;
} Migration;

extern const Migration migrations[];
extern const size_t n_migrations;
