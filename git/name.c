/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/name.h"

#include <limits.h>
#include <string.h>

#include "base/text.h"

/* Code points HFS+ ignores in names. */
static const char *const ignorable[] = {
        "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d",
        "\u202e", "\u206a", "\u206b", "\u206c", "\u206d", "\u206e", "\u206f", "\ufeff",
};

static size_t ignorable_size(const char *text)
{
        for (size_t i = 0; i < ELEMENTSOF(ignorable); i++)
                if (strncmp(text, ignorable[i], strlen(ignorable[i])) == 0)
                        return strlen(ignorable[i]);
        return 0;
}

static bool is_git_for_hfs(const char *name)
{
        char seen[sizeof(".git")] = "";
        size_t n = 0, skip;

        for (; *name; name += skip ? skip : 1) {
                skip = ignorable_size(name);
                if (skip)
                        continue;
                if (n == sizeof(seen) - 1)
                        return false;
                seen[n++] = *name;
        }
        return strcasecmp(seen, ".git") == 0;
}

static bool is_git_for_ntfs(const char *name)
{
        static const char *const reserved[] = { ".git", "git~1" };

        for (size_t i = 0; i < ELEMENTSOF(reserved); i++) {
                const char *rest = name + strlen(reserved[i]);

                if (strncasecmp(name, reserved[i], strlen(reserved[i])) != 0)
                        continue;
                if (*rest == ':' || *rest == '\\' || rest[strspn(rest, ". ")] == '\0')
                        return true;
        }
        return false;
}

NameFault name_check(const char *name)
{
        assert(name);

        if (name[0] == '\0')
                return NAME_EMPTY;
        if (!text_is_clean(name, /* allow_tab= */ false))
                return NAME_UNCLEAN;
        if (strlen(name) > NAME_MAX)
                return NAME_TOO_LONG;
        if (strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || is_git_for_hfs(name) ||
            is_git_for_ntfs(name))
                return NAME_UNSAFE;
        return NAME_GOOD;
}
