/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How many instances of each process type an app has: web=2 worker=1, in the order of the names. A type that
 * is not named has none. */

#include "base/cleanup.h"

#define FORMATION_PROCESSES_MAX 64   /* as many as a Procfile may have */
#define FORMATION_COUNT_MAX     9999 /* of one process, as the database has it; and of all together */

typedef struct FormationItem {
        char *process;
        uint32_t count;
} FormationItem;

/* All zero: nothing is said. */
typedef struct Formation {
        FormationItem *items;
        size_t n;
} Formation;

void formation_clear(Formation *formation);
DEFINE_CLEANUP(Formation *, formation_clear);
#define _cleanup_formation_ _cleanup_(formation_clear)

/* Replaces *target by a copy. 0 or -ENOMEM. */
int formation_copy(Formation *target, const Formation *source);

/* Sets one. 0; -E2BIG above FORMATION_PROCESSES_MAX; -ENOMEM. */
int formation_set(Formation *formation, const char *process, uint32_t count);
/* 0 if it is not named. */
uint32_t formation_count(const Formation *formation, const char *process);
/* Whether it is named, be it with 0. */
bool formation_has(const Formation *formation, const char *process);
/* Of all processes together. */
uint64_t formation_total(const Formation *formation);

/* Adds what a text `web=2` says. 0; -EINVAL if it is none; else as formation_set(). */
int formation_parse(Formation *formation, const char *text);
/* The texts, NULL-terminated; one free() releases list and texts. NULL when out of memory. */
char **formation_format(const Formation *formation);
