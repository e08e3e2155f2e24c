/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/files/app-json-variables.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"

/* As long as Heroku's. */
#define SECRET_BYTES 32

typedef struct Search {
        const Deployment *deployment;
        Variables *variables;
        char *sentence;
} Search;

/* Positive: it is for us; 0: the app has it; -EINVAL with a sentence. */
static int app_json_variables_consider(Search *search, const char *name)
{
        if (!variable_name_is_valid(name) || variable_is_reserved(name)) {
                search->sentence = text_format("app.json: %s cannot be set: it is deployd's own", name);
                return search->sentence ? -EINVAL : -ENOMEM;
        }
        return !variables_get(deployment_variables(search->deployment), name) &&
               !variables_get(search->variables, name);
}

static int app_json_variables_add_default(const char *key, const char *line, void *userdata)
{
        Search *search = userdata;
        const char *equals = strchr(line, '=');
        _cleanup_free_ char *name = equals ? strndup(line, (size_t) (equals - line)) : NULL;
        int r;

        (void) key;
        if (!equals)
                return -EBADMSG;
        r = name ? app_json_variables_consider(search, name) : -ENOMEM;
        return r > 0 ? variables_set(search->variables, name, equals + 1) : r;
}

static int add_secret(const char *key, const char *name, void *userdata)
{
        Search *search = userdata;
        unsigned char bytes[SECRET_BYTES];
        char text[2 * SECRET_BYTES + 1];
        int r = app_json_variables_consider(search, name);

        (void) key;
        if (r <= 0)
                return r;
        if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
                return -errno;
        for (size_t i = 0; i < SECRET_BYTES; i++)
                (void) snprintf(text + 2 * i, 3, "%02x", bytes[i]);
        return variables_set(search->variables, name, text);
}

static int check_required(const char *key, const char *name, void *userdata)
{
        Search *search = userdata;
        int r = app_json_variables_consider(search, name);

        (void) key;
        if (r <= 0)
                return r;
        search->sentence =
                text_format("app.json requires %s, which nobody has set: deployctl config set %s %s=…", name,
                            search->deployment->app->name, name);
        return search->sentence ? -EINVAL : -ENOMEM;
}

/* With what the app has they must not be more than an app may have. */
static int check_size(Search *search)
{
        _cleanup_variables_ Variables all = {};
        int r = variables_copy(&all, deployment_variables(search->deployment));

        for (size_t i = 0; r >= 0 && i < search->variables->n; i++)
                r = variables_set(&all, search->variables->items[i].name, search->variables->items[i].value);
        if (r != -E2BIG)
                return r;
        search->sentence =
                text_format("app.json: with its values the variables of %s would have more than %zu bytes",
                            search->deployment->app->name, VARIABLES_SIZE_MAX);
        return search->sentence ? -EINVAL : -ENOMEM;
}

int app_json_variables_find(const Deployment *deployment, const Ticket *answer, Variables *ret,
                            char **ret_sentence)
{
        Search search = { .deployment = deployment, .variables = ret };
        int r;

        assert(deployment);
        assert(answer);
        assert(ret && ret->n == 0);
        assert(ret_sentence);

        r = ticket_foreach(answer, "variable.", app_json_variables_add_default, &search);
        if (r >= 0)
                r = ticket_foreach(answer, "variable-secret.", add_secret, &search);
        if (r >= 0)
                r = ticket_foreach(answer, "variable-required.", check_required, &search);
        if (r >= 0)
                r = check_size(&search);
        *ret_sentence = search.sentence;
        return r;
}
