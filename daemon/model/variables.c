/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/variables.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

void variables_clear(Variables *variables)
{
        assert(variables);

        for (size_t i = 0; i < variables->n; i++) {
                free(variables->items[i].name);
                free(variables->items[i].value);
        }
        free(variables->items);
        *variables = (Variables){};
}

/* Where the name is, or where it belongs. */
static size_t variables_find(const Variables *variables, const char *name)
{
        size_t i = 0;

        while (i < variables->n && strcmp(variables->items[i].name, name) < 0)
                i++;
        return i;
}

static bool is_at(const Variables *variables, size_t place, const char *name)
{
        return place < variables->n && strcmp(variables->items[place].name, name) == 0;
}

const char *variables_get(const Variables *variables, const char *name)
{
        size_t i;

        assert(variables);
        assert(name);

        i = variables_find(variables, name);
        return is_at(variables, i, name) ? variables->items[i].value : NULL;
}

static size_t size_of(const Variables *variables)
{
        size_t size = 0;

        for (size_t i = 0; i < variables->n; i++)
                size += strlen(variables->items[i].name) + strlen(variables->items[i].value) + 2;
        return size;
}

int variables_set(Variables *variables, const char *name, const char *value)
{
        size_t size, i;

        assert(variables);
        assert(name);
        assert(value);

        size = size_of(variables) + strlen(name) + strlen(value) + 2;
        i = variables_find(variables, name);
        if (is_at(variables, i, name))
                size -= strlen(name) + strlen(variables->items[i].value) + 2;
        return size > VARIABLES_SIZE_MAX ? -E2BIG : variables_take(variables, name, value);
}

int variables_take(Variables *variables, const char *name, const char *value)
{
        _cleanup_free_ char *name_copy = NULL, *value_copy = NULL;
        Variable *items;
        size_t i;

        assert(variables);
        assert(name);
        assert(value);

        i = variables_find(variables, name);
        if (is_at(variables, i, name))
                return text_replace(&variables->items[i].value, value);
        name_copy = strdup(name);
        value_copy = strdup(value);
        items = reallocarray(variables->items, variables->n + 1, sizeof(Variable));
        if (items)
                variables->items = items;
        if (!name_copy || !value_copy || !items)
                return -ENOMEM;
        memmove(items + i + 1, items + i, (variables->n - i) * sizeof(Variable));
        items[i] = (Variable){ TAKE_PTR(name_copy), TAKE_PTR(value_copy) };
        variables->n++;
        return 0;
}

void variables_unset(Variables *variables, const char *name)
{
        size_t i;

        assert(variables);
        assert(name);

        i = variables_find(variables, name);
        if (!is_at(variables, i, name))
                return;
        free(variables->items[i].name);
        free(variables->items[i].value);
        memmove(variables->items + i, variables->items + i + 1, (variables->n - i - 1) * sizeof(Variable));
        variables->n--;
}

int variables_copy(Variables *target, const Variables *source)
{
        _cleanup_variables_ Variables copy = {};

        assert(target);
        assert(source);

        for (size_t i = 0; i < source->n; i++) {
                int r = variables_take(&copy, source->items[i].name, source->items[i].value);

                if (r < 0)
                        return r;
        }
        variables_clear(target);
        *target = copy;
        copy = (Variables){};
        return 0;
}

bool variable_name_is_valid(const char *name)
{
        static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

        assert(name);
        return name[0] != '\0' && !(name[0] >= '0' && name[0] <= '9') && strlen(name) <= VARIABLE_NAME_MAX &&
               name[strspn(name, letters)] == '\0';
}

bool variable_value_is_valid(const char *value)
{
        assert(value);
        return strlen(value) <= VARIABLE_VALUE_MAX && text_has_clean_lines(value);
}

bool variable_is_reserved(const char *name)
{
        static const char *const names[] = {
                "PORT",
                "HOST",
                "DYNO",
                "GIT_REV",
                "HOME",
                "TMPDIR",
                "USER",
                "LOGNAME",
                "SHELL",
                "JOURNAL_STREAM",
                "NOTIFY_SOCKET",
                "INVOCATION_ID",
                "WATCHDOG_PID",
                "WATCHDOG_USEC",
                "MAINPID",
                "MANAGERPID",
                "STATE_DIRECTORY",
                "CACHE_DIRECTORY",
                "RUNTIME_DIRECTORY",
                "LOGS_DIRECTORY",
                "CONFIGURATION_DIRECTORY",
                "CREDENTIALS_DIRECTORY",
                "LISTEN_FDS",
                "LISTEN_PID",
                "LISTEN_FDNAMES",
                "SERVICE_RESULT",
                "EXIT_CODE",
                "EXIT_STATUS",
                "MEMORY_PRESSURE_WATCH",
                "MEMORY_PRESSURE_WRITE",
        };
        static const char *const prefixes[] = { "LD_", "SYSTEMD_", "DEPLOYD_" };

        assert(name);

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (strcmp(name, names[i]) == 0)
                        return true;
        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++)
                if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
                        return true;
        return false;
}

/* Marks what of the text is a line of the value: a sentence has one line, so the whole of a longer value is
 * never in it. */
static void variables_cover(const char *text, size_t size, const char *value, bool *covered)
{
        size_t length;

        for (const char *line = value; *line; line += length + (line[length] == '\n')) {
                length = strcspn(line, "\n");
                if (length < VARIABLE_SECRET_MIN)
                        continue;
                for (const char *found = text;
                     (found = memmem(found, size - (size_t) (found - text), line, length)); found++)
                        memset(covered + (found - text), true, length * sizeof(bool));
        }
}

int variables_redact(const Variables *variables, char *text)
{
        static const char mask[] = "***";
        _cleanup_free_ bool *covered = NULL;
        size_t size, end = 0;

        assert(variables);
        assert(text);

        size = strlen(text);
        covered = calloc(size + 1, sizeof(bool));
        if (!covered)
                return -ENOMEM;
        /* All are found before any is taken out, since values can overlap. */
        for (size_t i = 0; i < variables->n; i++)
                variables_cover(text, size, variables->items[i].value, covered);
        for (size_t i = 0; i < size; i++)
                if (!covered[i])
                        text[end++] = text[i];
                else if (i == 0 || !covered[i - 1]) {
                        /* Not more than is covered here: VARIABLE_SECRET_MIN. */
                        memcpy(text + end, mask, strlen(mask));
                        end += strlen(mask);
                }
        text[end] = '\0';
        return 0;
}
