/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/arguments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/quantity.h"
#include "base/text.h"
#include "cli/verb.h"

/* What every setting but a text takes for "as configured for the machine", which is 0 on the bus. */
#define WORD_DEFAULT "default"

const SettingsFor settings_of_app = { &app_settings, false };
const SettingsFor settings_of_new_app = { &app_settings, true };
const SettingsFor settings_of_repository = { &repository_settings, false };

/* The types that are numbers: what reads them, how they are written, and one. */
static const struct {
        int (*parse)(const char *text, uint64_t *ret);
        const char *form, *example;
} number_types[SETTING_TYPE_MAX] = {
        [SETTING_DURATION] = { duration_parse, DURATION_FORM, "1h 30min" },
        [SETTING_SIZE] = { size_parse, SIZE_FORM, "1.5G" },
        [SETTING_COUNT] = { count_parse, COUNT_FORM, "100" },
        [SETTING_NUMBER] = { count_parse, COUNT_FORM, "10" },
        [SETTING_SHARE] = { share_parse, SHARE_FORM, "150%" },
};

/* 0 only for WORD_DEFAULT: a limit of nothing would be read as "the default" by deployd. */
static int number_read(const char *text, SettingType type, uint64_t *ret)
{
        uint64_t number;
        int r;

        if (strcmp(text, WORD_DEFAULT) == 0) {
                *ret = 0;
                return 0;
        }
        r = number_types[type].parse(text, &number);
        if (r < 0)
                return r;
        if (number == 0)
                return -EINVAL;
        if (number == UINT64_MAX) /* stands for infinity on the bus */
                return -ERANGE;
        *ret = number;
        return 0;
}

/* The next row after `setting` (NULL: the first) that the verb takes; NULL at the end. */
static const Setting *setting_next(const SettingsFor *what, const Setting *setting)
{
        for (setting = setting ? setting + 1 : what->table->rows;
             setting < what->table->rows + what->table->n; setting++)
                if (setting->word && (what->is_new || !setting->is_new_only))
                        return setting;
        return NULL;
}

static char *settings_join(const SettingsFor *what)
{
        const char *words[SETTINGS_MAX + 1] = { NULL };
        size_t n = 0;

        for (const Setting *setting = NULL; (setting = setting_next(what, setting));)
                words[n++] = setting->word;
        return text_join(words, ", ");
}

static int assignment_read(const SettingsFor *what, const char *argument, Assignment *ret)
{
        const char *equals = strchr(argument, '=');
        const Setting *setting;
        int length, r;

        if (!equals)
                return usage_error("'%s' is not KEY=VALUE", argument);
        length = (int) (equals - argument);
        setting = setting_by_word(what->table, argument, (size_t) length);
        if (!setting || (setting->is_new_only && !what->is_new)) {
                _cleanup_free_ char *known = settings_join(what);

                return usage_error("unknown setting '%.*s'; known are %s", length, argument,
                                   text_or_empty(known));
        }
        *ret = (Assignment){ .setting = setting, .text = equals + 1 };
        if (!setting_is_number(setting))
                return 0;
        r = number_read(ret->text, setting->type, &ret->number);
        if (r == -ERANGE)
                return usage_error("%s=%s is too large", setting->word, ret->text);
        if (r < 0)
                return usage_error("%s needs %s (above 0), or '" WORD_DEFAULT "', not '%s'", setting->word,
                                   number_types[setting->type].form, ret->text);
        return 0;
}

int settings_read(const SettingsFor *what, char *const arguments[], size_t n, Assignment *ret, size_t *ret_n)
{
        assert(what);

        *ret_n = 0;
        for (size_t i = 0; i < n; i++) {
                Assignment assignment = { 0 };
                int r = assignment_read(what, arguments[i], &assignment);

                if (r != 0)
                        return r;
                assert(assignment.setting);
                for (size_t j = 0; j < *ret_n; j++)
                        if (ret[j].setting == assignment.setting)
                                return usage_error("setting '%s' is given twice", assignment.setting->word);
                ret[(*ret_n)++] = assignment;
        }
        return 0;
}

void settings_print(const SettingsFor *what)
{
        bool numbers = false;
        int width = 0;

        assert(what);

        for (const Setting *setting = NULL; (setting = setting_next(what, setting));)
                width = MAX2(width, (int) strlen(setting->word));
        printf("\nSettings:\n");
        for (const Setting *setting = NULL; (setting = setting_next(what, setting));) {
                bool number = setting_is_number(setting);

                printf("  %-*s %s%s%s\n", width, setting->word, setting->help, number ? ", such as " : "",
                       number ? number_types[setting->type].example : "");
                numbers = numbers || number;
        }
        if (numbers)
                printf("A time is in " DURATION_UNITS ", a size in " SIZE_UNITS ".\n"
                       "'" WORD_DEFAULT "' instead of a time, size or number is what deploy.conf says.\n");
}

void settings_print_words(const SettingsFor *what)
{
        assert(what);

        for (const Setting *setting = NULL; (setting = setting_next(what, setting));)
                printf(" %s=", setting->word);
}
