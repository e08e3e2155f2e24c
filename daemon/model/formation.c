/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/formation.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "daemon/model/validate.h"

/* `=` and the digits of FORMATION_COUNT_MAX and the end. */
#define COUNT_TEXT_MAX sizeof("=9999")

void formation_clear(Formation *formation)
{
        assert(formation);

        for (size_t i = 0; i < formation->n; i++)
                free(formation->items[i].process);
        free(formation->items);
        *formation = (Formation){};
}

int formation_copy(Formation *target, const Formation *source)
{
        _cleanup_formation_ Formation copy = {};

        assert(target);
        assert(source);

        for (size_t i = 0; i < source->n; i++) {
                int r = formation_set(&copy, source->items[i].process, source->items[i].count);

                if (r < 0)
                        return r;
        }
        formation_clear(target);
        *target = copy;
        copy = (Formation){};
        return 0;
}

int formation_set(Formation *formation, const char *process, uint32_t count)
{
        FormationItem *items;
        char *name;
        size_t i;

        assert(formation);
        assert(process);
        assert(count <= FORMATION_COUNT_MAX);

        for (i = 0; i < formation->n && strcmp(formation->items[i].process, process) < 0; i++)
                ;
        if (i < formation->n && strcmp(formation->items[i].process, process) == 0) {
                formation->items[i].count = count;
                return 0;
        }
        if (formation->n == FORMATION_PROCESSES_MAX)
                return -E2BIG;
        name = strdup(process);
        items = reallocarray(formation->items, formation->n + 1, sizeof(FormationItem));
        if (items)
                formation->items = items;
        if (!name || !items) {
                free(name);
                return -ENOMEM;
        }
        memmove(items + i + 1, items + i, (formation->n - i) * sizeof(FormationItem));
        items[i] = (FormationItem){ name, count };
        formation->n++;
        return 0;
}

uint32_t formation_count(const Formation *formation, const char *process)
{
        assert(formation);

        for (size_t i = 0; i < formation->n; i++)
                if (strcmp(formation->items[i].process, process) == 0)
                        return formation->items[i].count;
        return 0;
}

bool formation_has(const Formation *formation, const char *process)
{
        assert(formation);

        for (size_t i = 0; i < formation->n; i++)
                if (strcmp(formation->items[i].process, process) == 0)
                        return true;
        return false;
}

uint64_t formation_total(const Formation *formation)
{
        uint64_t total = 0;

        assert(formation);

        for (size_t i = 0; i < formation->n; i++)
                total += formation->items[i].count;
        return total;
}

int formation_parse(Formation *formation, const char *text)
{
        const char *equals = strchr(text, '=');
        _cleanup_free_ char *process = equals ? strndup(text, (size_t) (equals - text)) : NULL;
        uint64_t count;

        assert(formation);

        if (!equals)
                return -EINVAL;
        if (!process)
                return -ENOMEM;
        if (!process_name_is_valid(process) || text_to_u64(equals + 1, FORMATION_COUNT_MAX, &count) < 0)
                return -EINVAL;
        return formation_set(formation, process, (uint32_t) count);
}

char **formation_format(const Formation *formation)
{
        size_t size = (formation->n + 1) * sizeof(char *);
        char **texts, *end;

        assert(formation);

        for (size_t i = 0; i < formation->n; i++)
                size += strlen(formation->items[i].process) + COUNT_TEXT_MAX;
        texts = malloc(size);
        if (!texts)
                return NULL;
        end = (char *) (texts + formation->n + 1);
        for (size_t i = 0; i < formation->n; i++) {
                const FormationItem *item = &formation->items[i];

                texts[i] = end;
                end = stpcpy(end, item->process);
                end += snprintf(end, COUNT_TEXT_MAX, "=%u", (unsigned) item->count) + 1;
        }
        texts[formation->n] = NULL;
        return texts;
}
