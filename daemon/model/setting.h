/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What can be set of an app and of a repository: one table each, whose rows are all that the bus, the
 * database, deployctl and the manual page know of a setting. The values are members of AppSettings and
 * Repository. deployctl includes this header too, so it includes no other one of the model. */

#include "base/macro.h"

typedef enum SettingType {
        SETTING_TYPE_UNSET = 0,
        SETTING_TEXT,      /* char *, as `is_valid` has it */
        SETTING_REVISION,  /* char *, as revision_is_valid() has it, or "" */
        SETTING_URL,       /* char *, as the configuration allows it */
        SETTING_DURATION,  /* uint64_t, microseconds */
        SETTING_SIZE,      /* uint64_t, bytes */
        SETTING_COUNT,     /* uint64_t */
        SETTING_NUMBER,    /* uint32_t */
        SETTING_SHARE,     /* uint64_t, microseconds of CPU time per second */
        SETTING_FORMATION, /* Formation */
        SETTING_TYPE_MAX,
} SettingType;

typedef enum SettingEffect {
        SETTING_EFFECT_UNSET = 0,
        SETTING_AT_ONCE,
        SETTING_NEXT_START,      /* of an instance */
        SETTING_NEXT_DEPLOYMENT, /* a deployment has its own copy, in the same column of its table */
        SETTING_NEXT_FETCH,
        SETTING_EFFECT_MAX,
} SettingEffect;

/* 0 and "" are the configured or built-in default; what has no such value says so by `initial`. */
typedef struct Setting {
        SettingType type;
        SettingEffect effect;
        size_t offset;        /* of the member; 0 with `is_new_only` */
        const char *property; /* on the bus; also the key of SetProperties and CreateApp */
        const char *setter;   /* the method of Repository that sets it; NULL for apps */
        const char *column;   /* in the database; NULL = none */
        bool is_new_only;     /* an argument of CreateApp, and no member */

        /* What a value may be. */
        bool (*is_valid)(const char *text); /* of SETTING_TEXT; NULL = each text */
        const char *rule;                   /* what is legal, behind the property's name */
        uint64_t least, most;               /* of a number, besides 0 */
        const char *unit;                   /* of a number, in words */
        const char *limit; /* key of [runner] that lowers `most`, 0 = it does not; NULL = none */

        const char *initial;  /* of a text: what a new app has; NULL = it has to be given */
        const char *fallback; /* of a number: key of [runner] that counts instead of 0 */

        /* For people. */
        const char *word;    /* of deployctl; NULL = a verb of its own sets it */
        const char *title;   /* of deployctl's tables; NULL = not shown */
        const char *key;     /* in JSON */
        const char *help;    /* a few words */
        const char *meaning; /* of the manual page, with the marks of scdoc(5) */
} Setting;

typedef struct SettingTable {
        const Setting *rows;
        size_t n;
} SettingTable;

/* Room for every row of a table. */
#define SETTINGS_MAX 32

/* In the order of the bus. */
extern const SettingTable app_settings;
extern const SettingTable repository_settings;

/* The row with that property, or that word of `length` bytes; NULL if there is none. */
const Setting *setting_by_property(const SettingTable *table, const char *property);
const Setting *setting_by_word(const SettingTable *table, const char *word, size_t length);

/* The type on the bus. */
const char *setting_signature(const Setting *setting);

bool setting_is_text(const Setting *setting);
bool setting_is_number(const Setting *setting);

/* Whether a deployment keeps the value that the app had when it began. */
bool setting_is_of_deployment(const Setting *setting);
