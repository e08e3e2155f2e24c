/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/persist.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/unit-kind.h"

/* Neither is in a name. */
#define SEPARATOR ","
#define MARK      '+' /* stands for each `/`, and between the id and the name */

static_assert(PERSIST_NAME_MAX + sizeof("18446744073709551615+") <= NAME_MAX, "it is the name of one file");

static bool part_is_valid(const char *part, size_t length)
{
        static const char alphabet[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

        return length > 0 && strspn(part, alphabet) >= length && strspn(part, ".") < length;
}

static bool persist_name_is_valid(const char *name)
{
        if (strlen(name) > PERSIST_NAME_MAX)
                return false;
        for (;;) {
                size_t length = strcspn(name, "/");

                if (!part_is_valid(name, length))
                        return false;
                if (name[length] == '\0')
                        return true;
                name += length + 1;
        }
}

/* Whether one is the other, or in it. */
static bool persist_is_inside(const char *name, const char *other)
{
        size_t length = strlen(other);

        return strncmp(name, other, length) == 0 && (name[length] == '\0' || name[length] == '/');
}

int persist_split(const char *persist, char ***ret)
{
        _cleanup_free_ char *copy = strdup(persist);
        char *rest = copy, **names;
        size_t n = 1;

        assert(persist);
        assert(ret);

        for (const char *c = persist; *c; c++)
                n += *c == SEPARATOR[0];
        names = copy ? calloc(n + 1, sizeof(char *)) : NULL;
        if (!names)
                return -ENOMEM;
        for (size_t i = 0; persist[0] != '\0' && i < n; i++) {
                names[i] = strdup(strsep(&rest, SEPARATOR));
                if (!names[i]) {
                        text_free_list(names);
                        return -ENOMEM;
                }
        }
        *ret = names;
        return 0;
}

static bool persist_names_are_valid(char *const *names)
{
        for (size_t i = 0; names[i]; i++) {
                if (i == PERSIST_MAX || !persist_name_is_valid(names[i]))
                        return false;
                for (size_t other = 0; other < i; other++)
                        if (persist_is_inside(names[i], names[other]) ||
                            persist_is_inside(names[other], names[i]))
                                return false;
        }
        return true;
}

bool persist_is_valid(const char *persist)
{
        char **names;
        bool valid;

        assert(persist);

        if (persist_split(persist, &names) < 0)
                return false;
        valid = persist_names_are_valid(names);
        text_free_list(names);
        return valid;
}

char *persist_flatten(const char *name)
{
        char *flat = strdup(name);

        for (char *c = flat; c && *c; c++)
                if (*c == '/')
                        *c = MARK;
        return flat;
}

char *persist_directory(uint64_t app, const char *name)
{
        _cleanup_free_ char *above = unit_kind_directory(UNIT_APP, app), *flat = persist_flatten(name);

        return above && flat ? text_format("%s%c%s", above, MARK, flat) : NULL;
}

int persist_parse(const char *entry, uint64_t *ret_app)
{
        char number[sizeof("18446744073709551615")];
        size_t length = strcspn(entry, (char[]){ MARK, '\0' });

        if (entry[length] != MARK || length >= sizeof(number))
                return -EINVAL;
        (void) stpncpy(number, entry, length);
        number[length] = '\0';
        return text_to_u64(number, INT64_MAX, ret_app) < 0 ? -EINVAL : 0;
}
