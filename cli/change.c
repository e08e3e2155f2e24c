/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/bus.h"

/* How `config set` names where a value comes from. */
#define SOURCE_FILE  '@'
#define SOURCE_INPUT "-"

/* No more is read: deployd takes less than that. */
#define VALUE_SIZE_MAX ((size_t) 256 * 1024)

static int out_of_memory(void)
{
        (void) bus_report(NULL, -ENOMEM);
        return EXIT_REFUSED;
}

void changes_freep(Change **changes)
{
        for (Change *change = *changes; change && change->name; change++) {
                free(change->name);
                secret_free(change->value);
        }
        free(*changes);
}

/* All that is to be read from `fd`, but for one newline at its end, which editors and `echo` leave there.
 * Returns an exit status; `from` is for the sentence, and `*ret_size` is what there was to be read. */
static int value_read(int fd, const char *from, char **ret, size_t *ret_size)
{
        _cleanup_secret_ char *text = calloc(1, VALUE_SIZE_MAX + 1);
        size_t size = 0;
        ssize_t n;

        if (!text)
                return out_of_memory();
        while ((n = read(fd, text + size, VALUE_SIZE_MAX - size)) > 0)
                size += (size_t) n;
        if (n < 0)
                return usage_error("cannot read %s: %s", from, strerror(errno));
        if (size == VALUE_SIZE_MAX)
                return usage_error("%s is too large for a value", from);
        if (strlen(text) != size)
                return usage_error("%s has a byte 0 in it, which no value can have", from);
        if (size > 0 && text[size - 1] == '\n')
                text[size - 1] = '\0';
        *ret = TAKE_PTR(text);
        *ret_size = size;
        return EXIT_DONE;
}

/* Without a byte there is no input, as in a job of cron, rather than an empty value. */
static int value_read_input(const char *name, char **ret)
{
        size_t size = 0;
        int r = value_read(STDIN_FILENO, "standard input", ret, &size);

        return r == EXIT_DONE && size == 0
                       ? usage_error("%s=%s, but standard input is empty; '%s=' sets an empty value", name,
                                     SOURCE_INPUT, name)
                       : r;
}

static int value_read_file(const char *name, const char *path, char **ret)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        size_t size;

        if (fd < 0)
                return usage_error(
                        "cannot read %s: %s; a value that begins with %c comes from standard input: "
                        "%s=%s",
                        path, strerror(errno), SOURCE_FILE, name, SOURCE_INPUT);
        return value_read(fd, path, ret, &size);
}

/* `text` is what the command line has behind `=`. */
static int value_find(const char *name, const char *text, char **ret)
{
        if (strcmp(text, SOURCE_INPUT) == 0)
                return value_read_input(name, ret);
        if (text[0] == SOURCE_FILE)
                return value_read_file(name, text + 1, ret);
        *ret = strdup(text);
        return *ret ? EXIT_DONE : out_of_memory();
}

/* Standard input has an end, so one value comes from there at most. Nothing is said of what is behind `=`.
 */
static int check_assignments(const Invocation *invocation)
{
        size_t n_inputs = 0;

        for (size_t i = 1; i < invocation->n_arguments; i++) {
                const char *argument = invocation->arguments[i], *equals = strchr(argument, '=');

                if (!equals || equals == argument)
                        return usage_error("argument %zu of 'config set' is not NAME=VALUE", i + 1);
                n_inputs += strcmp(equals + 1, SOURCE_INPUT) == 0;
                for (size_t j = 1; j < i; j++)
                        if (strncmp(invocation->arguments[j], argument, (size_t) (equals - argument) + 1) ==
                            0)
                                return usage_error("%.*s is given twice", (int) (equals - argument),
                                                   argument);
        }
        if (n_inputs > 1)
                return usage_error("only one value can come from standard input");
        return EXIT_DONE;
}

/* All of it before anything is asked of deployd. */
int changes_read_set(const Invocation *invocation, Change **ret)
{
        _cleanup_(changes_freep) Change *changes = calloc(invocation->n_arguments, sizeof(Change));
        int r = changes ? check_assignments(invocation) : out_of_memory();

        for (size_t i = 1; r == EXIT_DONE && i < invocation->n_arguments; i++) {
                const char *argument = invocation->arguments[i];
                Change *change = &changes[i - 1];

                change->name = strndup(argument, strcspn(argument, "="));
                if (!change->name)
                        return out_of_memory();
                r = value_find(change->name, strchr(argument, '=') + 1, &change->value);
                if (r == EXIT_DONE && !text_has_clean_lines(text_or_empty(change->value)))
                        return usage_error("the value of %s has control characters or is not UTF-8",
                                           change->name);
        }
        if (r == EXIT_DONE)
                *ret = TAKE_PTR(changes);
        return r;
}

int changes_read_unset(const Invocation *invocation, Change **ret)
{
        _cleanup_(changes_freep) Change *changes = calloc(invocation->n_arguments, sizeof(Change));

        for (size_t i = 1; changes && i < invocation->n_arguments; i++) {
                changes[i - 1].name = strdup(invocation->arguments[i]);
                if (!changes[i - 1].name)
                        return out_of_memory();
        }
        *ret = TAKE_PTR(changes);
        return *ret ? EXIT_DONE : out_of_memory();
}

int changes_append(const Change *changes, sd_bus_message *call)
{
        int r = sd_bus_message_open_container(call, 'a', "{ss}");

        for (const Change *change = changes; r >= 0 && change->name; change++)
                if (change->value)
                        r = sd_bus_message_append(call, "{ss}", change->name, change->value);
        if (r >= 0)
                r = sd_bus_message_close_container(call);
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "s");
        for (const Change *change = changes; r >= 0 && change->name; change++)
                if (!change->value)
                        r = sd_bus_message_append(call, "s", change->name);
        return r < 0 ? r : sd_bus_message_close_container(call);
}

bool changes_are_in(const Change *changes, const Environment *environment)
{
        for (const Change *change = changes; change->name; change++) {
                const char *value = environment_find(environment, change->name);

                if (change->value ? !value || strcmp(value, change->value) != 0 : value != NULL)
                        return false;
        }
        return true;
}
