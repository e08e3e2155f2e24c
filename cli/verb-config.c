/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The environment of an app: config, config get, set, unset. Values are printed by the first two only. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/bus.h"
#include "cli/deploy.h"
#include "cli/table.h"
#include "cli/verb.h"

/* How `config set` names where a value comes from. */
#define SOURCE_FILE  '@'
#define SOURCE_INPUT "-"

/* No more is read: deployd takes less than that. */
#define VALUE_SIZE_MAX ((size_t) 256 * 1024)

static const Column columns[] = {
        { "NAME", "name", NULL, CELL_TEXT },
        { "VALUE", "value", NULL, CELL_LONG_TEXT },
};

DEFINE_CLEANUP(Table *, table_free);

static int out_of_memory(void)
{
        (void) bus_report(NULL, -ENOMEM);
        return EXIT_REFUSED;
}

/* A value in memory that is not needed any more. */
static void secret_freep(char **secret)
{
        if (*secret)
                explicit_bzero(*secret, strlen(*secret));
        free(*secret);
}

/* A list of them that ends with NULL. */
static void secrets_freep(char ***secrets)
{
        for (char **secret = *secrets; secret && *secret; secret++)
                secret_freep(secret);
        free(*secrets);
}

/* A call of a method of the app that is the first argument. Its message is erased when it is released. */
static int call_new(sd_bus **ret_bus, const Invocation *invocation, const char *method, sd_bus_message **ret)
{
        _cleanup_free_ char *path = NULL;
        int r = bus_open(ret_bus);

        if (r == EXIT_DONE)
                r = bus_find(*ret_bus, "GetApp", invocation_argument(invocation, 0), &path);
        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_new_method_call(*ret_bus, ret, BUS_NAME, path, BUS_INTERFACE_APP, method);
        if (r >= 0)
                r = sd_bus_message_sensitive(*ret);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

/* The reply stands before the first entry of the a{ss}. */
static int environment_get(sd_bus **ret_bus, const Invocation *invocation, sd_bus_message **ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r = call_new(ret_bus, invocation, "GetEnvironment", &call);

        if (r == EXIT_DONE)
                r = bus_send(*ret_bus, CALL_TIMEOUT, call, ret);
        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_enter_container(*ret, 'a', "{ss}");
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

int verb_config(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(table_freep) Table *table = NULL;
        const char *name, *value;
        int r = environment_get(&bus, invocation, &reply);

        if (r != EXIT_DONE)
                return r;
        r = table_new(&table, "config", columns, ELEMENTSOF(columns),
                      invocation_has(invocation, OPTION_JSON));
        while (r >= 0 && (r = sd_bus_message_read(reply, "{ss}", &name, &value)) > 0) {
                r = table_add_line(table);
                if (r >= 0)
                        r = table_set_text(table, 0, name);
                if (r >= 0)
                        r = table_set_text(table, 1, value);
        }
        if (r >= 0)
                r = table_print(table, "nothing is set; 'deployctl config set APP NAME=VALUE' does so");
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

/* The value of the first variable that is one of those named behind the app, NULL if none of them is set; it
 * lives as long as the reply. Returns an exit status. */
static int environment_find(const Invocation *invocation, sd_bus_message **ret_reply, const char **ret)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        const char *name, *value;
        int r = environment_get(&bus, invocation, ret_reply);

        if (r != EXIT_DONE)
                return r;
        while ((r = sd_bus_message_read(*ret_reply, "{ss}", &name, &value)) > 0)
                for (size_t i = 1; i < invocation->n_arguments; i++)
                        if (strcmp(name, invocation->arguments[i]) == 0) {
                                *ret = value;
                                return EXIT_DONE;
                        }
        *ret = NULL;
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

int verb_config_get(const Invocation *invocation)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *value;
        int r = environment_find(invocation, &reply, &value);

        if (r != EXIT_DONE)
                return r;
        if (!value) {
                say("%s is not set for %s", invocation_argument(invocation, 1),
                    invocation_argument(invocation, 0));
                return EXIT_REFUSED;
        }
        printf("%s\n", value);
        return EXIT_DONE;
}

/* All that is to be read from `fd`, but for one newline at its end, which editors and `echo` leave there.
 * Returns an exit status; `from` is for the sentence. */
static int value_read(int fd, const char *from, char **ret)
{
        _cleanup_(secret_freep) char *text = calloc(1, VALUE_SIZE_MAX + 1);
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
        return EXIT_DONE;
}

static int value_find(const char *text, char **ret)
{
        _cleanup_close_ int fd = -1;

        if (strcmp(text, SOURCE_INPUT) == 0)
                return value_read(STDIN_FILENO, "standard input", ret);
        if (text[0] == SOURCE_FILE) {
                fd = open(text + 1, O_RDONLY | O_CLOEXEC);
                if (fd < 0)
                        return usage_error("cannot read %s: %s", text + 1, strerror(errno));
                return value_read(fd, text + 1, ret);
        }
        *ret = strdup(text);
        return *ret ? EXIT_DONE : out_of_memory();
}

/* As text_is_clean(), of several lines. */
static bool value_is_text(const char *value)
{
        _cleanup_(secret_freep) char *line = strdup(value);

        for (char *c = line; c && *c; c++)
                if (*c == '\n')
                        *c = '\t';
        return line && text_is_clean(line, /* allow_tab= */ true);
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
static int values_read(const Invocation *invocation, char **values)
{
        for (size_t i = 1; i < invocation->n_arguments; i++) {
                const char *argument = invocation->arguments[i], *equals = strchr(argument, '=');
                int r = value_find(equals + 1, &values[i - 1]);

                if (r != EXIT_DONE)
                        return r;
                if (!values[i - 1] || !value_is_text(values[i - 1]))
                        return usage_error("the value of %.*s has control characters or is not UTF-8",
                                           (int) (equals - argument), argument);
        }
        return EXIT_DONE;
}

static int values_append(sd_bus_message *call, const Invocation *invocation, char *const *values)
{
        int r = sd_bus_message_open_container(call, 'a', "{ss}");

        for (size_t i = 1; r >= 0 && i < invocation->n_arguments; i++) {
                const char *argument = invocation->arguments[i];
                _cleanup_free_ char *name = strndup(argument, strcspn(argument, "="));

                r = name ? sd_bus_message_append(call, "{ss}", name, values[i - 1]) : -ENOMEM;
        }
        if (r >= 0)
                r = sd_bus_message_close_container(call);
        return r < 0 ? r : sd_bus_message_append(call, "as", 0);
}

static int environment_send(sd_bus *bus, sd_bus_message *call, const Invocation *invocation)
{
        bool none;
        int r = deploy_run(bus, call, invocation, &none);

        if (r == EXIT_DONE && none)
                printf("the environment of %s is changed; nothing of it is live that would have to be "
                       "deployed again\n",
                       invocation_argument(invocation, 0));
        return r;
}

int verb_config_set(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        _cleanup_(secrets_freep) char **values = calloc(invocation->n_arguments + 1, sizeof(char *));
        int r = values ? check_assignments(invocation) : out_of_memory();

        if (r == EXIT_DONE)
                r = values_read(invocation, values);
        if (r == EXIT_DONE)
                r = call_new(&bus, invocation, "SetEnvironment", &call);
        if (r != EXIT_DONE)
                return r;
        r = values_append(call, invocation, values);
        return r < 0 ? bus_report(NULL, r) : environment_send(bus, call, invocation);
}

int verb_config_unset(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        const char *value;
        int r = environment_find(invocation, &reply, &value);

        /* SetEnvironment deploys what is live again, whatever it changes. */
        if (r == EXIT_DONE && !value) {
                say("nothing to unset: 'deployctl config %s' shows what is set",
                    invocation_argument(invocation, 0));
                return EXIT_DONE;
        }
        if (r == EXIT_DONE)
                r = call_new(&bus, invocation, "SetEnvironment", &call);
        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_append(call, "a{ss}", 0);
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "s");
        for (size_t i = 1; r >= 0 && i < invocation->n_arguments; i++)
                r = sd_bus_message_append(call, "s", invocation->arguments[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(call);
        return r < 0 ? bus_report(NULL, r) : environment_send(bus, call, invocation);
}

void config_print_set(void)
{
        printf("\nValues:\n"
               "  NAME=VALUE     as it is written; others may see it in the list of processes\n"
               "  NAME=@FILE     what is in FILE, but for a newline at its end\n"
               "  NAME=-         what comes from standard input, but for a newline at its end\n");
}
