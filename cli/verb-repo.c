/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Repositories: repo add, list, show, fetch, set, remove. */

#include <stdio.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/bus.h"
#include "cli/listing.h"
#include "cli/verb.h"

static const Column list_columns[] = {
        { "NAME", "name", NULL, CELL_TEXT },
        { "URL", "url", NULL, CELL_LONG_TEXT },
        { "BRANCH", "branch", NULL, CELL_TEXT },
        { "PATH", "path", NULL, CELL_HIDDEN },
};

static const Column show_columns[] = {
        { "Name", "name", "Name", CELL_TEXT },
        COLUMNS_OF_SETTINGS,
        { "Head", "head", "HeadRevision", CELL_REVISION },
        { "Fetched", "fetched", "LastFetchedAt", CELL_TIME },
        { "Created", "created", "CreatedAt", CELL_TIME },
        { "Credential", "credential", "HasCredential", CELL_FLAG },
        { "Apps", "apps", "Apps", CELL_LIST },
};

/* A call of a method of the repository `name`, with one text or none. */
static int repository_call(const char *name, uint64_t timeout, const char *method, const char *text)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_free_ char *path = NULL;
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = bus_find(bus, "GetRepository", name, &path);
        if (r == EXIT_DONE)
                r = bus_call(bus, timeout, path, BUS_INTERFACE_REPOSITORY, method, NULL, text ? "s" : "",
                             text);
        return r;
}

int verb_repo_add(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        const char *name = invocation_argument(invocation, 0), *url = invocation_argument(invocation, 1);
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = bus_call(bus, CALL_TIMEOUT, BUS_PATH, BUS_INTERFACE_MANAGER, "CreateRepository", NULL,
                             "sssa{sv}", name, url, text_or_empty(invocation->options.values[OPTION_BRANCH]),
                             0);
        if (r == EXIT_DONE)
                printf("repository %s added\n", name);
        return r;
}

int verb_repo_list(const Invocation *invocation)
{
        static const Listing listing = {
                "ListRepositories",
                "ssso",
                "repositories",
                list_columns,
                ELEMENTSOF(list_columns),
                "there is no repository yet; 'deployctl repo add NAME URL' makes one known",
        };
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r = bus_open(&bus);

        return r != EXIT_DONE ? r
                              : listing_print(bus, &listing, invocation_has(invocation, OPTION_JSON), "");
}

int verb_repo_show(const Invocation *invocation)
{
        static const Kind kind = { "GetRepository", BUS_INTERFACE_REPOSITORY, "repository",
                                   show_columns,    ELEMENTSOF(show_columns), &repository_settings };

        return object_print(&kind, invocation_argument(invocation, 0),
                            invocation_has(invocation, OPTION_JSON));
}

int verb_repo_fetch(const Invocation *invocation)
{
        const char *name = invocation_argument(invocation, 0);
        int r = repository_call(name, CALL_TIMEOUT_NONE, "Fetch", NULL);

        if (r == EXIT_DONE)
                printf("repository %s is up to date\n", name);
        return r;
}

int verb_repo_set(const Invocation *invocation)
{
        const char *name = invocation_argument(invocation, 0);
        Assignment assignments[SETTINGS_MAX];
        size_t n;
        int r = settings_read(&settings_of_repository, invocation->arguments + 1,
                              invocation->n_arguments - 1, assignments, &n);

        for (size_t i = 0; r == EXIT_DONE && i < n; i++) {
                r = repository_call(name, CALL_TIMEOUT, assignments[i].setting->setter, assignments[i].text);
                if (r == EXIT_DONE)
                        printf("%s of repository %s set\n", assignments[i].setting->word, name);
        }
        return r;
}

int verb_repo_remove(const Invocation *invocation)
{
        const char *name = invocation_argument(invocation, 0);
        int r = repository_call(name, CALL_TIMEOUT, "Remove", NULL);

        if (r == EXIT_DONE)
                printf("repository %s removed\n", name);
        return r;
}
