/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* deployctl: a client of deployd's D-Bus interface. This file is the table of verbs and what is printed from
 * it; each family of verbs has a file of its own (verb-*.c). */

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/format.h"
#include "cli/terminal.h"
#include "cli/verb.h"

enum {
        NAME_WORDS_MAX = 2,
        VERB_WIDTH = 38, /* of a verb with its arguments in the help */
};

#define JSON      OPTION_BIT(OPTION_JSON)
#define FOLLOWING (OPTION_BIT(OPTION_NO_WAIT) | OPTION_BIT(OPTION_JOURNAL))
#define CHANGING  (FOLLOWING | OPTION_BIT(OPTION_STAGE))

/* Known without any verb. */
#define OPTIONS_GLOBAL (OPTION_BIT(OPTION_HELP) | OPTION_BIT(OPTION_VERSION) | OPTION_BIT(OPTION_LIST_VERBS))

/* clang-format off */
static const Verb verbs[] = {
        /* name          arguments                 min  max            options  help */
        { "repo add",    "NAME URL",               2,   2,             OPTION_BIT(OPTION_BRANCH),
          "make a git repository known",           verb_repo_add },
        { "repo list",   "",                       0,   0,             JSON,
          "list the repositories",                 verb_repo_list },
        { "repo show",   "NAME",                   1,   1,             JSON,
          "show everything about a repository",    verb_repo_show },
        { "repo fetch",  "NAME",                   1,   1,             0,
          "bring the mirror up to date now",       verb_repo_fetch },
        { "repo set",    "NAME KEY=VALUE...",        2,   ARGUMENTS_ANY, 0,
          "change the URL, branch or submodules",  verb_repo_set,      NULL, &settings_of_repository },
        { "repo credential", "NAME",               1,   1,             OPTION_BIT(OPTION_CLEAR),
          "read its password, token or key",       verb_repo_credential },
        { "repo key",    "NAME",                   1,   1,             0,
          "make a key, print its public half",     verb_repo_key },
        { "repo known-hosts", "NAME [FILE]",       1,   2,
          OPTION_BIT(OPTION_CLEAR) | OPTION_BIT(OPTION_SCAN),
          "set the host keys of its server",       verb_repo_known_hosts },
        { "repo remove", "NAME",                   1,   1,             0,
          "forget a repository no app uses",       verb_repo_remove },
        { "app create",  "NAME REPO [KEY=VALUE...]", 2,   ARGUMENTS_ANY, 0,
          "create an app from a repository",       verb_app_create,    NULL, &settings_of_new_app },
        { "app list",    "",                       0,   0,             JSON | OPTION_BIT(OPTION_REMOVED),
          "list the apps",                         verb_app_list },
        { "app show",    "NAME",                   1,   1,             JSON,
          "show everything about an app",          verb_app_show },
        { "app set",     "NAME KEY=VALUE...",        2,   ARGUMENTS_ANY, 0,
          "change settings of an app",             verb_app_set,       NULL, &settings_of_app },
        { "app remove",  "NAME",                   1,   1,
          OPTION_BIT(OPTION_FORCE) | OPTION_BIT(OPTION_CONFIRM),
          "remove an app; its data stays a while", verb_app_remove },
        { "config",      "APP",                    1,   1,             JSON,
          "show an app's environment",             verb_config },
        { "config get",  "APP NAME",               2,   2,             0,
          "print one value of it",                 verb_config_get },
        { "config set",  "APP NAME=VALUE...",      2,   ARGUMENTS_ANY, CHANGING,
          "set values and deploy again with them", verb_config_set,    config_print_set, NULL, true },
        { "config unset", "APP NAME...",           2,   ARGUMENTS_ANY, CHANGING,
          "unset values and deploy again",         verb_config_unset },
        { "detect",      "[DIR]",                  0,   1,             0,
          "say how a tree would be deployed",      verb_detect },
        { "deploy",      "APP [REVISION]",         1,   2,
          FOLLOWING | OPTION_BIT(OPTION_REQUEST_ID) | OPTION_BIT(OPTION_REBUILD),
          "deploy and follow it to the end",       verb_deploy },
        { "redeploy",    "APP|--all",              0,   1,             FOLLOWING | OPTION_BIT(OPTION_ALL),
          "deploy the live release once more",     verb_redeploy },
        { "rollback",    "APP [ID]",               1,   2,             FOLLOWING,
          "deploy an earlier release again",       verb_rollback },
        { "cancel",      "APP|ID",                 1,   1,             0,
          "cancel what is under way",              verb_cancel },
        { "cache clear", "APP",                    1,   1,             0,
          "let the next build begin from nothing", verb_cache_clear },
        { "build-log",   "APP|ID",                 1,   1,             0,
          "print how a release was made",          verb_build_log },
        { "releases",    "APP",                    1,   1,             JSON | OPTION_BIT(OPTION_LINES),
          "show the history of an app",            verb_releases },
        { "ps",          "[APP]",                  0,   1,             JSON,
          "show the running instances",            verb_ps },
        { "scale",       "APP [PROCESS=COUNT...]", 1,   ARGUMENTS_ANY, JSON,
          "show or change how many instances run", verb_scale },
        { "logs",        "APP",                    1,   1,
          OPTION_BIT(OPTION_FOLLOW) | OPTION_BIT(OPTION_LINES) | OPTION_BIT(OPTION_DEPLOYMENT) |
          OPTION_BIT(OPTION_PROCESS) | OPTION_BIT(OPTION_RAW) | OPTION_BIT(OPTION_JOURNAL),
          "show what an app wrote to the journal", verb_logs },
        { "start",       "APP",                    1,   1,             0,
          "start a stopped app",                   verb_start },
        { "stop",        "APP",                    1,   1,             0,
          "stop an app until it is started again", verb_stop },
        { "restart",     "APP",                    1,   1,             0,
          "restart an app's instances in place",   verb_restart },
        { "status",      "",                       0,   0,             JSON,
          "show deployd, its database, all apps",  verb_status },
        { "backup",      "FILE",                   1,   1,
          OPTION_BIT(OPTION_RELEASES) | OPTION_BIT(OPTION_NO_DATA),
          "save all of deployd and its apps",      verb_backup },
        { "restore",     "FILE",                   1,   1,             OPTION_BIT(OPTION_REPLACE),
          "make this deployd what a backup has",   verb_restore },
        { "help",        "[VERB]",                 0,   NAME_WORDS_MAX, 0,
          "say what can be done, or how",          verb_help },
};
/* clang-format on */

static void print_verb(const Verb *verb)
{
        printf("Usage: deployctl %s%s%s%s\n\n  %s\n\nOptions:\n", verb->name, verb->arguments[0] ? " " : "",
               verb->arguments, verb->options ? " [OPTION...]" : "", verb->help);
        options_print(verb->options | OPTION_BIT(OPTION_HELP));
        if (verb->print_details)
                verb->print_details();
        if (verb->settings)
                settings_print(verb->settings);
}

static void print_all(void)
{
        unsigned options = OPTIONS_GLOBAL;

        printf("Usage: deployctl VERB [ARGUMENT...] [OPTION...]\n\n"
               "From a git repository to a running app, by deployd.\n\nVerbs:\n");
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                printf("  %s %-*s %s\n", verbs[i].name, VERB_WIDTH - (int) strlen(verbs[i].name),
                       verbs[i].arguments, verbs[i].help);
                options |= verbs[i].options;
        }
        printf("\nOptions (each verb has its own, 'deployctl help VERB' shows them):\n");
        options_print(options);
        printf("\nSee deployctl(1).\n");
}

static void print_names(void)
{
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                printf("%s", verbs[i].name);
                options_print_names(verbs[i].options | OPTION_BIT(OPTION_HELP));
                if (verbs[i].settings)
                        settings_print_words(verbs[i].settings);
                printf("\n");
        }
}

/* The verb that `words` begins with and, in *ret_words, of how many words its name is. NULL after saying
 * which there are. */
static const Verb *verb_find(char *const words[], size_t n_words, size_t *ret_words)
{
        _cleanup_free_ char *pair = NULL, *family = NULL;
        const Verb *single = NULL;

        if (n_words > 1)
                pair = text_format("%s %s", words[0], words[1]);
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                const char *name = verbs[i].name;
                size_t length = strlen(words[0]);

                *ret_words = 2;
                if (pair && strcmp(name, pair) == 0)
                        return &verbs[i];
                if (strcmp(name, words[0]) == 0)
                        single = &verbs[i];
                if (strncmp(name, words[0], length) == 0 && name[length] == ' ') {
                        char *longer =
                                text_format("%s%s%s", text_or_empty(family), family ? ", " : "", name);

                        free(family);
                        family = longer;
                }
        }

        *ret_words = 1;
        if (single)
                return single;
        if (family)
                (void) usage_error("'%s' needs one of: %s", words[0], family);
        else
                (void) usage_error("unknown verb '%s'; 'deployctl help' lists them", words[0]);
        return NULL;
}

int verb_help(const Invocation *invocation)
{
        const Verb *verb;
        size_t n_words;

        if (invocation->n_arguments == 0) {
                print_all();
                return EXIT_DONE;
        }
        verb = verb_find(invocation->arguments, invocation->n_arguments, &n_words);
        if (!verb)
                return EXIT_USAGE;
        if (n_words < invocation->n_arguments)
                return usage_error("'%s' has no '%s'", verb->name, invocation->arguments[n_words]);
        print_verb(verb);
        return EXIT_DONE;
}

/* `lines`: of a value, behind `=`. */
static bool argument_is_clean(const char *argument, bool lines)
{
        _cleanup_free_ char *name = strndup(argument, strcspn(argument, "="));

        if (!lines)
                return text_is_clean(argument, /* allow_tab= */ false);
        return name && text_is_clean(name, /* allow_tab= */ false) && text_has_clean_lines(argument);
}

/* What is behind a `=` may be a secret and is not shown. */
static int check_arguments(int argc, char *argv[], bool lines)
{
        for (int i = 1; i < argc; i++)
                if (!argument_is_clean(argv[i], lines))
                        return usage_error("argument %d, '%.*s%s', has control characters or is not UTF-8",
                                           i, (int) strcspn(argv[i], "="), argv[i],
                                           strchr(argv[i], '=') ? "=..." : "");
        return 0;
}

static int verb_run_named(int argc, char *argv[])
{
        Invocation invocation = { 0 };
        const Verb *verb;
        size_t n_words;
        int first, r;

        r = check_arguments(argc, argv, /* lines= */ true);
        if (r == 0)
                r = options_read(&invocation.options, argc, argv, &first);
        if (r != 0)
                return r;

        if (invocation_has(&invocation, OPTION_VERSION)) {
                printf("deployctl " DEPLOYD_VERSION "\n");
                return EXIT_DONE;
        }
        if (invocation_has(&invocation, OPTION_LIST_VERBS)) {
                print_names();
                return EXIT_DONE;
        }
        if (first == argc && invocation_has(&invocation, OPTION_HELP)) {
                print_all();
                return EXIT_DONE;
        }
        if (first == argc)
                return usage_error("no verb given; 'deployctl help' lists them");

        verb = verb_find(argv + first, (size_t) (argc - first), &n_words);
        if (!verb)
                return EXIT_USAGE;
        r = check_arguments(argc, argv, verb->lines);
        if (r != 0)
                return r;
        if (invocation_has(&invocation, OPTION_HELP)) {
                print_verb(verb);
                return EXIT_DONE;
        }
        r = options_check(&invocation.options, verb->options, verb->name);
        if (r != 0)
                return r;
        invocation.arguments = argv + first + n_words;
        invocation.n_arguments = (size_t) (argc - first) - n_words;
        if (invocation.n_arguments < verb->min || invocation.n_arguments > verb->max)
                return usage_error("'%s' %s; usage: deployctl %s %s", verb->name,
                                   invocation.n_arguments < verb->min ? "needs more arguments"
                                                                      : "has too many arguments",
                                   verb->name, verb->arguments);
        return verb->run(&invocation);
}

/* A reader that has gone (`deployctl … | head`) is no failure and not worth a word; a full disk is. */
static int finish_output(int status)
{
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        if (errno == EPIPE || output_reader_is_gone())
                return status;
        say("cannot write the output: %s", strerror(errno));
        return status == EXIT_DONE ? EXIT_REFUSED : status;
}

int main(int argc, char *argv[])
{
        (void) setlocale(LC_ALL, "");
        (void) signal(SIGPIPE, SIG_IGN);
        return finish_output(verb_run_named(argc, argv));
}
