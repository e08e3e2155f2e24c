/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <inttypes.h>

#include "cli/arguments.h"
#include "cli/option.h"

/* What deployctl ends with; the man page says the same. */
enum {
        EXIT_DONE = 0,          /* done; with deploy: live */
        EXIT_REFUSED = 1,       /* refused by deployd, or failed; with deploy: the deployment failed */
        EXIT_USAGE = 2,         /* the command line is wrong; nothing was asked of deployd */
        EXIT_CANCELLED = 3,     /* deploy: somebody cancelled the deployment */
        EXIT_UNREACHABLE = 4,   /* no bus, no deployd, no database, no answer: try again later */
        EXIT_INTERRUPTED = 130, /* deploy: Ctrl-C; the deployment goes on (128 + SIGINT, as shells say it) */
};

/* A call of one verb: the arguments after its name, already clean text (no control characters, valid UTF-8)
 * and of the right number, and the options it knows. */
typedef struct Invocation {
        char *const *arguments;
        size_t n_arguments;
        Options options;
} Invocation;

/* One row of the table in main.c. `run` gives the exit status and has said why when that is not EXIT_DONE.
 */
typedef struct Verb {
        const char *name;      /* one or two words */
        const char *arguments; /* as shown in the help */
        size_t min, max;
        unsigned options; /* mask of OPTION_BIT() */
        const char *help;
        int (*run)(const Invocation *invocation);
        void (*print_details)(void); /* more for `help VERB`, or NULL */
        const SettingsFor *settings; /* that may be arguments; NULL = none */
        bool lines;                  /* a value, behind `=`, may have several lines */
} Verb;

/* No bound for the number of arguments. */
#define ARGUMENTS_ANY SIZE_MAX

/* The argument at `index`, or "" when there are not so many. */
const char *invocation_argument(const Invocation *invocation, size_t index);
bool invocation_has(const Invocation *invocation, Option option);

/* `deployctl: SENTENCE` on standard error, with control characters escaped. */
void say(const char *format, ...) _printf_(1, 2);

/* The same for a wrong command line, with a word on where help is. Returns EXIT_USAGE. */
int usage_error(const char *format, ...) _printf_(1, 2);

int verb_repo_add(const Invocation *invocation);
int verb_repo_list(const Invocation *invocation);
int verb_repo_show(const Invocation *invocation);
int verb_repo_fetch(const Invocation *invocation);
int verb_repo_set(const Invocation *invocation);
int verb_repo_credential(const Invocation *invocation);
int verb_repo_key(const Invocation *invocation);
int verb_repo_known_hosts(const Invocation *invocation);
int verb_repo_remove(const Invocation *invocation);
int verb_app_create(const Invocation *invocation);
int verb_app_list(const Invocation *invocation);
int verb_app_show(const Invocation *invocation);
int verb_app_set(const Invocation *invocation);
int verb_app_remove(const Invocation *invocation);
int verb_config(const Invocation *invocation);
int verb_config_get(const Invocation *invocation);
int verb_config_set(const Invocation *invocation);
int verb_config_unset(const Invocation *invocation);
int verb_detect(const Invocation *invocation);
int verb_deploy(const Invocation *invocation);
int verb_cache_clear(const Invocation *invocation);
int verb_build_log(const Invocation *invocation);
int verb_cancel(const Invocation *invocation);
int verb_rollback(const Invocation *invocation);
int verb_redeploy(const Invocation *invocation);
int verb_releases(const Invocation *invocation);
int verb_ps(const Invocation *invocation);
int verb_logs(const Invocation *invocation);
int verb_start(const Invocation *invocation);
int verb_stop(const Invocation *invocation);
int verb_restart(const Invocation *invocation);
int verb_scale(const Invocation *invocation);
int verb_backup(const Invocation *invocation);
int verb_restore(const Invocation *invocation);
int verb_status(const Invocation *invocation);
int verb_help(const Invocation *invocation);

/* More help for `config set`. */
void config_print_set(void);
