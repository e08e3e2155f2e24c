/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <string.h>

#include "base/macro.h"

/* An enum and its words, written once: DEFINE_STRING_TABLE(app_status, AppStatus) over `static const char
 * *const app_status_table[]` defines app_status_to_string() (NULL for a value outside the table) and
 * app_status_from_string() (-EINVAL for an unknown word). Declare both with DECLARE_STRING_TABLE in the
 * header. Zero means that no value was set: it has no row, no word, and none leads to it. */
#define DECLARE_STRING_TABLE(name, type)          \
        const char *name##_to_string(type value); \
        type name##_from_string(const char *word)

#define DEFINE_STRING_TABLE(name, type)                                             \
        const char *name##_to_string(type value)                                    \
        {                                                                           \
                if ((int) value <= 0 || (size_t) value >= ELEMENTSOF(name##_table)) \
                        return NULL;                                                \
                return name##_table[value];                                         \
        }                                                                           \
        type name##_from_string(const char *word)                                   \
        {                                                                           \
                for (size_t i = 1; word && i < ELEMENTSOF(name##_table); i++)       \
                        if (name##_table[i] && strcmp(name##_table[i], word) == 0)  \
                                return (type) i;                                    \
                return (type) -EINVAL;                                              \
        }                                                                           \
        struct name##_string_table_needs_semicolon
