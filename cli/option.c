/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/option.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/verb.h"

/* Codes of getopt_long() for long options: above every character. */
enum { CODE_FIRST = 256 };

typedef struct OptionRow {
        const char *name; /* with its dashes */
        char letter;      /* 0 = none */
        const char *value;
        const char *help;
} OptionRow;

static const OptionRow option_rows[OPTION_MAX] = {
        [OPTION_HELP] = { "--help", 'h', NULL, "say what can be done, or how this verb is used" },
        [OPTION_VERSION] = { "--version", 0, NULL, "print the version of deployctl" },
        [OPTION_LIST_VERBS] = { "--list-verbs", 0, NULL,
                                "print verbs and their options for shell completion" },
        [OPTION_JSON] = { "--json", 0, NULL, "print JSON instead of a table" },
        [OPTION_BRANCH] = { "--branch", 'b', "BRANCH", "branch to deploy; without it the remote's HEAD" },
        [OPTION_FORCE] = { "--force", 0, NULL, "also while the app runs" },
        [OPTION_NO_WAIT] = { "--no-wait", 0, NULL, "print the deployment's id and do not follow it" },
        [OPTION_REQUEST_ID] = { "--request-id", 0, "ID", "the same ID again returns the same deployment" },
        [OPTION_FOLLOW] = { "--follow", 'f', NULL, "go on with new lines as they are written" },
        [OPTION_LINES] = { "--lines", 'n', "N", "show the newest N" },
        [OPTION_DEPLOYMENT] = { "--deployment", 'd', "ID",
                                "only this deployment, with its fetch and build" },
        [OPTION_PROCESS] = { "--process", 'p', "PROCESS",
                             "only this process (web.1), or all of a type (web)" },
        [OPTION_RAW] = { "--raw", 0, NULL, "only the messages, byte for byte as they were written" },
        [OPTION_JOURNAL] = { "--journal", 0, "DIRECTORY",
                             "read the journal files there, not this machine's" },
        [OPTION_RELEASES] = { "--releases", 0, NULL, "with the releases, so that none is rebuilt" },
        [OPTION_NO_DATA] = { "--no-data", 0, NULL, "without what the apps have written" },
        [OPTION_REPLACE] = { "--replace", 0, NULL, "also if there are apps, which it replaces" },
        [OPTION_CONFIRM] = { "--confirm", 0, "NAME", "the app's name once more, instead of a question" },
        [OPTION_REMOVED] = { "--removed", 0, NULL, "removed apps whose data is kept" },
        [OPTION_STAGE] = { "--stage", 0, NULL, "for the next deployment; deploy nothing now" },
        [OPTION_REBUILD] = { "--rebuild", 0, NULL, "build it again, also if that was done before" },
        [OPTION_CLEAR] = { "--clear", 0, NULL, "remove what there is" },
        [OPTION_SCAN] = { "--scan", 0, NULL, "ask the server, and confirm what it shows" },
        [OPTION_ALL] = { "--all", 0, NULL, "all apps that run, one after another" },
};

const char *option_name(Option option)
{
        return option_rows[option].name;
}

int options_read(Options *options, int argc, char *argv[], int *ret_first)
{
        struct option long_options[OPTION_MAX] = { 0 };
        char letters[2 * OPTION_MAX + 2] = ":"; /* a missing value is told apart from an unknown option */
        size_t n_letters = 1;
        int code;

        for (size_t i = OPTION_UNSET + 1; i < OPTION_MAX; i++) {
                const OptionRow *row = &option_rows[i];

                long_options[i - 1] = (struct option){
                        .name = row->name + strlen("--"),
                        .has_arg = row->value ? required_argument : no_argument,
                        .val = CODE_FIRST + (int) i,
                };
                if (row->letter) {
                        letters[n_letters++] = row->letter;
                        if (row->value)
                                letters[n_letters++] = ':';
                }
        }

        opterr = 0;
        while ((code = getopt_long(argc, argv, letters, long_options, NULL)) >= 0) {
                size_t which = OPTION_UNSET;

                for (size_t i = OPTION_UNSET + 1; i < OPTION_MAX; i++) {
                        int given = code == '?' || code == ':' ? optopt : code;

                        if (given == CODE_FIRST + (int) i || (given && given == option_rows[i].letter))
                                which = i;
                }
                if (code == ':')
                        return usage_error("option %s needs %s", option_rows[which].name,
                                           option_rows[which].value);
                if (code == '?' && which != OPTION_UNSET)
                        return usage_error("option %s takes no value", option_rows[which].name);
                if (code == '?' && optopt)
                        return usage_error("unknown option -%c", optopt);
                if (code == '?')
                        return usage_error("unknown option %s", argv[optind - 1]);
                if (option_rows[which].value && text_is_empty(optarg))
                        return usage_error("option %s needs %s, not an empty text", option_rows[which].name,
                                           option_rows[which].value);
                options->values[which] = option_rows[which].value ? optarg : "";
        }

        *ret_first = optind;
        return 0;
}

int options_check(const Options *options, unsigned mask, const char *verb)
{
        for (size_t i = OPTION_UNSET + 1; i < OPTION_MAX; i++)
                if (options->values[i] && !(mask & OPTION_BIT(i)))
                        return usage_error("option %s is not for '%s'; 'deployctl help %s' shows which are",
                                           option_rows[i].name, verb, verb);
        return 0;
}

int option_read_number(const Options *options, Option option, uint64_t max, uint64_t *ret)
{
        const char *text = options->values[option];
        uint64_t number;

        if (!text)
                return 0;
        if (text_to_u64(text, max, &number) < 0 || number == 0)
                return usage_error("option %s needs a whole number from 1 to %" PRIu64 ", not '%s'",
                                   option_rows[option].name, max, text);
        *ret = number;
        return 0;
}

void options_print(unsigned mask)
{
        for (size_t i = OPTION_UNSET + 1; i < OPTION_MAX; i++) {
                const OptionRow *row = &option_rows[i];
                char left[64];

                if (!(mask & OPTION_BIT(i)))
                        continue;
                (void) snprintf(left, sizeof(left), "%c%c%s%s%s%s", row->letter ? '-' : ' ',
                                row->letter ? row->letter : ' ', row->letter ? ", " : "  ", row->name,
                                row->value ? "=" : "", text_or_empty(row->value));
                printf("  %-28s %s\n", left, row->help);
        }
}

void options_print_names(unsigned mask)
{
        for (size_t i = OPTION_UNSET + 1; i < OPTION_MAX; i++)
                if (mask & OPTION_BIT(i))
                        printf(" %s", option_rows[i].name);
}
