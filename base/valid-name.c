/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/valid-name.h"

#include <assert.h>
#include <string.h>

#define LOWER   "abcdefghijklmnopqrstuvwxyz"
#define LETTERS LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

/* Of these characters and single dashes inside, from one of `first`, at most `max` bytes. */
static bool name_has_form(const char *name, const char *first, const char *characters, size_t max)
{
        size_t length = strlen(name);

        return length > 0 && length <= max && strchr(first, name[0]) && name[length - 1] != '-' &&
               !strstr(name, "--") && strspn(name, characters) == length;
}

bool name_is_valid(const char *name)
{
        assert(name);
        return name_has_form(name, LOWER, LOWER DIGITS "-", NAME_LENGTH_MAX);
}

bool process_name_is_valid(const char *name)
{
        assert(name);
        return name_has_form(name, LETTERS, LETTERS DIGITS "_-", PROCESS_NAME_MAX);
}
