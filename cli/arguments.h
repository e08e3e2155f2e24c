/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* `key=value` arguments. What may be set, in which unit, and how it goes over the bus is a table each for
 * apps and for repositories. */

typedef enum SettingType {
        SETTING_UNSET = 0,
        SETTING_TEXT,
        SETTING_DURATION, /* 30s, 5min, 1h 30min; a number alone is seconds → microseconds */
        SETTING_SIZE,     /* 512M, 1.5G; a number alone is bytes; powers of 1024 → bytes */
        SETTING_COUNT,    /* 256 */
        SETTING_NUMBER,   /* 5; of 32 bits on the bus */
        SETTING_SHARE,    /* 150% of one CPU → microseconds per second */
} SettingType;

typedef struct Setting {
        const char *key;
        const char *member; /* App: the property; Repository: the method that sets it */
        SettingType type;
        const char *help;
} Setting;

typedef struct Assignment {
        const Setting *setting;
        const char *text; /* argv's */
        uint64_t number;  /* when the type is not SETTING_TEXT; 0 = the configured default */
} Assignment;

enum {
        ASSIGNMENTS_MAX = 16, /* more than either table has; each key is taken once */
};

/* Reads `n` arguments into `ret` (room for ASSIGNMENTS_MAX), as many as *ret_n says. 0, or EXIT_USAGE after
 * saying which argument is wrong and what is allowed. */
int settings_read_app(char *const arguments[], size_t n, Assignment *ret, size_t *ret_n);
int settings_read_new_app(char *const arguments[], size_t n, Assignment *ret, size_t *ret_n);
int settings_read_repository(char *const arguments[], size_t n, Assignment *ret, size_t *ret_n);

/* The tables as help. */
void settings_print_app(void);
void settings_print_new_app(void);
void settings_print_repository(void);
