/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/unit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct {
        const char *word;
        UnitKind kind;
} unit_kinds[] = {
        { "app", UNIT_APP },
        { "build", UNIT_DEPLOYMENT },
        { "import", UNIT_DEPLOYMENT },
        { "release", UNIT_DEPLOYMENT },
        { "archive", UNIT_DEPLOYMENT },
        { "fetch", UNIT_REPOSITORY },
        { "resolve", UNIT_REPOSITORY },
};

/* Moves *text behind `literal`. */
static bool take_literal(const char **text, const char *literal)
{
        size_t length = strlen(literal);

        if (strncmp(*text, literal, length) != 0)
                return false;
        *text += length;
        return true;
}

/* Moves *text behind a name as it is written in units, and writes the name into `ret`. */
static bool take_name(const char **text, char *ret, size_t size)
{
        size_t length = strspn(*text, "abcdefghijklmnopqrstuvwxyz0123456789_");

        if (length == 0 || length >= size || (*text)[0] == '_' || (**text >= '0' && **text <= '9'))
                return false;
        for (size_t i = 0; i < length; i++)
                ret[i] = (*text)[i] == '_' ? '-' : (*text)[i];
        ret[length] = '\0';
        *text += length;
        return true;
}

static bool take_number(const char **text, uint64_t *ret)
{
        char digits[sizeof("18446744073709551615")];
        size_t length = strspn(*text, "0123456789");

        if (length == 0 || length >= sizeof(digits))
                return false;
        memcpy(digits, *text, length);
        digits[length] = '\0';
        *text += length;
        return text_to_u64(digits, UINT64_MAX, ret) == 0;
}

int unit_read(const char *unit, Unit *ret)
{
        uint64_t number;

        if (!take_literal(&unit, "deployd-"))
                return -EINVAL;
        for (size_t i = 0; i < ELEMENTSOF(unit_kinds); i++) {
                const char *at = unit;

                if (!take_literal(&at, unit_kinds[i].word) || !take_literal(&at, "-"))
                        continue;
                *ret = (Unit){ .kind = unit_kinds[i].kind };
                if (!take_name(&at, ret->name, sizeof(ret->name)) || !take_literal(&at, "-") ||
                    !take_number(&at, &ret->id))
                        return -EINVAL;
                if (ret->kind == UNIT_APP) {
                        if (!take_literal(&at, ".") || !take_name(&at, ret->process, sizeof(ret->process)) ||
                            !take_literal(&at, ".") || !take_number(&at, &number) ||
                            (size_t) snprintf(ret->label, sizeof(ret->label), "%s.%" PRIu64, ret->process,
                                              number) >= sizeof(ret->label))
                                return -EINVAL;
                } else
                        (void) snprintf(ret->label, sizeof(ret->label), "%s", unit_kinds[i].word);
                return strcmp(at, ".service") == 0 ? 0 : -EINVAL;
        }
        return -EINVAL;
}
