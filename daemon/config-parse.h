/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The keys of the configuration as data, and the parsers of their values. Only for the files config-*.c and
 * their tests. */

#include "base/macro.h"

typedef struct ConfigKey ConfigKey;

/* A kind of value. */
typedef struct ConfigType {
        const char *form; /* what a value looks like, in words; ends the sentence "it must be …" */

        /* Reads `text`, which is not empty, into the member. 0; -EINVAL if it is malformed or outside of the
         * key's bounds, with the member unchanged; -ENOMEM. */
        int (*parse)(const ConfigKey *key, const char *text, void *member);

        /* Makes the member what an empty value means: zero, an empty text or an empty list. 0 or -ENOMEM. */
        int (*clear)(void *member);

        /* Frees what the member owns; NULL if it owns nothing. */
        void (*release)(void *member);
} ConfigType;

struct ConfigKey {
        const char *section, *name;
        const ConfigType *type;
        size_t offset;            /* of the member in Config */
        const char *least, *most; /* bounds of a number, written as a value; NULL for other types */
        const char *const *words; /* the words a value may have, up to a NULL; NULL for other types */
        bool secret;              /* the value may hold a password and is not shown */
        const char *fallback;     /* the default, written as a value */
        const char *meaning;
};

extern const ConfigType config_type_number;   /* uint64_t */
extern const ConfigType config_type_duration; /* uint64_t, microseconds */
extern const ConfigType config_type_size;     /* uint64_t, bytes */
extern const ConfigType config_type_quota;    /* uint64_t, microseconds per second */
extern const ConfigType config_type_ports;    /* PortRange */
extern const ConfigType config_type_boolean;  /* bool */
extern const ConfigType config_type_word;     /* int or enum: the word's index in `words` */
extern const ConfigType config_type_words;    /* char **: of `words` */
extern const ConfigType config_type_paths;    /* char ** */
extern const ConfigType config_type_networks; /* char ** */
extern const ConfigType config_type_proxy;    /* char * */
extern const ConfigType config_type_hosts;    /* char ** */
extern const ConfigType config_type_address;  /* char * */
extern const ConfigType config_type_base_url; /* char * */
extern const ConfigType config_type_database; /* char * */

extern const ConfigKey config_keys[];
extern const size_t n_config_keys;

static inline void *config_member(const ConfigKey *key, void *config)
{
        return (char *) config + key->offset;
}

/* Reads `text` into the key's member of `config`; an empty text stands for the default. 0, -EINVAL with the
 * member unchanged, -ENOMEM. */
int config_key_set(const ConfigKey *key, const char *text, void *config);

/* What the key's value must be, to end the sentence "it must be …". Caller frees; NULL when out of memory.
 */
char *config_key_allowed(const ConfigKey *key);

/* The words separated by ", ", the last by " or ". Caller frees; NULL when out of memory. */
char *config_words_join(const char *const *words);

/* Appends `word`, which the list then owns, to a list ended by NULL. 0, or -ENOMEM with `word` freed. */
int config_list_append(char ***list, char *word);
char **config_list_free(char **list);
