/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/model/setting.h"

/* `key=value` arguments, as the tables of settings have them. A number is written as base/quantity.h says,
 * or as `default`, which is 0 on the bus. */

/* What a verb sets. */
typedef struct SettingsFor {
        const SettingTable *table;
        bool is_new; /* of something that it makes: the rows `is_new_only`, too */
} SettingsFor;

extern const SettingsFor settings_of_app, settings_of_new_app, settings_of_repository;

typedef struct Assignment {
        const Setting *setting;
        const char *text; /* argv's */
        uint64_t number;  /* of one that is a number; 0 = the configured default */
} Assignment;

/* Reads `n` arguments into `ret` (room for SETTINGS_MAX: each key is taken once), as many as *ret_n says. 0,
 * or EXIT_USAGE after saying which argument is wrong and what is allowed. */
int settings_read(const SettingsFor *what, char *const arguments[], size_t n, Assignment *ret,
                  size_t *ret_n);

/* The table as help. */
void settings_print(const SettingsFor *what);
/* The words with their `=`, on the line that is being printed, for shell completion. */
void settings_print_words(const SettingsFor *what);
