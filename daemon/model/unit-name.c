/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/unit-name.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/process-label.h"
#include "base/text.h"
#include "daemon/model/validate.h"

#define PREFIX "deployd-"
#define SUFFIX ".service"

static void swap_bytes(char *text, char from, char to)
{
        for (; *text; text++)
                if (*text == from)
                        *text = to;
}

char *unit_label_make(const char *name)
{
        char *label = strdup(name);

        if (label)
                swap_bytes(label, '-', '_');
        return label;
}

char *unit_name_make(UnitKind kind, const char *name, uint64_t id, const char *process, unsigned number)
{
        char process_label[PROCESS_LABEL_MAX + 1];
        _cleanup_free_ char *label = NULL;

        assert(name);
        assert((kind == UNIT_APP) == (process != NULL));

        label = unit_label_make(name);
        if (!label)
                return NULL;
        if (kind != UNIT_APP)
                return text_format(PREFIX "%s-%s-%" PRIu64 SUFFIX, unit_kind_row(kind)->word, label, id);

        process_label_make(process, process_label);
        return text_format(PREFIX "%s-%s-%" PRIu64 ".%s.%u" SUFFIX, unit_kind_row(kind)->word, label, id,
                           process_label, number);
}

char *slice_name_make(const char *app)
{
        char *slice;

        assert(app);

        slice = text_format(PREFIX "apps-%s.slice", app);
        if (slice)
                swap_bytes(slice + strlen(PREFIX "apps-"), '-', '_');
        return slice;
}

/* Cuts `text` at its last `separator` and returns what is behind it; NULL if there is none. */
static char *cut_last(char *text, char separator)
{
        char *found = strrchr(text, separator);

        if (!found)
                return NULL;
        *found = '\0';
        return found + 1;
}

/* Gives a name its dashes back. -EINVAL if it has any already: we write none. */
static int read_label(char *label)
{
        if (strchr(label, '-'))
                return -EINVAL;
        swap_bytes(label, '_', '-');
        return 0;
}

static int parse_parts(char *rest, UnitName *parsed)
{
        char *number = NULL, *label = NULL, process[PROCESS_NAME_MAX + 1], *id;
        uint64_t value;

        if (parsed->kind == UNIT_APP) {
                number = cut_last(rest, '.');
                label = number ? cut_last(rest, '.') : NULL;
                if (!label || text_to_u64(number, UINT32_MAX, &value) < 0 || value == 0)
                        return -EINVAL;
                parsed->number = (unsigned) value;
                if (process_label_read(label, strlen(label), process) < 0)
                        return -EINVAL;
        }
        id = cut_last(rest, '-');
        if (!id || text_to_u64(id, INT64_MAX, &parsed->id) < 0)
                return -EINVAL;
        if (read_label(rest) < 0 || !name_is_valid(rest))
                return -EINVAL;

        parsed->name = strdup(rest);
        parsed->process = label ? strdup(process) : NULL;
        if (!parsed->name || (label && !parsed->process))
                return -ENOMEM;
        return 0;
}

int slice_name_parse(const char *slice, char **ret)
{
        static const char prefix[] = PREFIX "apps-", suffix[] = ".slice";
        size_t length = strlen(slice);
        _cleanup_free_ char *name = NULL;

        assert(ret);

        if (length < strlen(prefix) + strlen(suffix) || strncmp(slice, prefix, strlen(prefix)) != 0 ||
            strcmp(slice + length - strlen(suffix), suffix) != 0)
                return -EINVAL;
        name = strndup(slice + strlen(prefix), length - strlen(prefix) - strlen(suffix));
        if (!name)
                return -ENOMEM;
        if (read_label(name) < 0 || !name_is_valid(name))
                return -EINVAL;
        *ret = TAKE_PTR(name);
        return 0;
}

int unit_name_parse(const char *unit, UnitName *ret)
{
        _cleanup_unit_name_ UnitName parsed = {};
        _cleanup_free_ char *copy = NULL;
        char *kind, *rest;
        size_t length;
        int r;

        assert(unit);
        assert(ret);

        length = strlen(unit);
        if (strncmp(unit, PREFIX, strlen(PREFIX)) != 0 || length < strlen(PREFIX SUFFIX) ||
            strcmp(unit + length - strlen(SUFFIX), SUFFIX) != 0)
                return -EINVAL;
        copy = strndup(unit + strlen(PREFIX), length - strlen(PREFIX SUFFIX));
        if (!copy)
                return -ENOMEM;
        /* What was a `-` of a name is `_` here, so a `_` only stands for a `-` and a `-` only separates. */
        kind = copy;
        rest = strchr(copy, '-');
        if (!rest)
                return -EINVAL;
        *rest++ = '\0';
        parsed.kind = unit_kind_from_string(kind);
        if ((int) parsed.kind < 0)
                return -EINVAL;

        r = parse_parts(rest, &parsed);
        if (r < 0)
                return r;
        *ret = parsed;
        parsed = (UnitName){};
        return 0;
}

void unit_name_done(UnitName *name)
{
        assert(name);
        free(name->name);
        free(name->process);
}
