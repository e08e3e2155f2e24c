/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/unit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/process-label.h"
#include "base/text.h"

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
static bool unit_take_name(const char **text, char *ret, size_t size)
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

/* Moves *text behind the label of a process, which has no dot. */
static bool unit_take_process(const char **text, char ret[static PROCESS_NAME_MAX + 1])
{
        size_t length = strcspn(*text, ".");
        const char *label = *text;

        *text += length;
        return process_label_read(label, length, ret) >= 0;
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

/* Moves *text behind the word of a kind and its `-`. NULL if it is no word of a kind. */
static const UnitKindRow *take_kind(const char **text)
{
        for (UnitKind kind = UNIT_KIND_UNSET + 1; kind < UNIT_KIND_MAX; kind++) {
                const char *at = *text;

                if (!take_literal(&at, unit_kind_row(kind)->word) || !take_literal(&at, "-"))
                        continue;
                *text = at;
                return unit_kind_row(kind);
        }
        return NULL;
}

int unit_read(const char *unit, Unit *ret)
{
        const UnitKindRow *row;
        uint64_t number;

        if (!take_literal(&unit, "deployd-"))
                return -EINVAL;
        row = take_kind(&unit);
        if (!row || row->owner == UNIT_OWNER_NOBODY)
                return -EINVAL;
        *ret = (Unit){ .owner = row->owner };
        if (!unit_take_name(&unit, ret->name, sizeof(ret->name)) || !take_literal(&unit, "-") ||
            !take_number(&unit, &ret->id))
                return -EINVAL;
        if (ret->owner == UNIT_OWNER_INSTANCE) {
                if (!take_literal(&unit, ".") || !unit_take_process(&unit, ret->process) ||
                    !take_literal(&unit, ".") || !take_number(&unit, &number) ||
                    (size_t) snprintf(ret->label, sizeof(ret->label), "%s.%" PRIu64, ret->process, number) >=
                            sizeof(ret->label))
                        return -EINVAL;
        } else
                (void) snprintf(ret->label, sizeof(ret->label), "%s", row->word);
        return strcmp(unit, ".service") == 0 ? 0 : -EINVAL;
}
