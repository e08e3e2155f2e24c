/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/arguments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/verb.h"

/* What every setting but a text takes for "as configured for the machine", which is 0 on the bus. */
#define WORD_DEFAULT "default"

const SettingsFor settings_of_app = { &app_settings, false };
const SettingsFor settings_of_new_app = { &app_settings, true };
const SettingsFor settings_of_repository = { &repository_settings, false };

typedef struct Unit {
        const char *name;
        uint64_t value;
} Unit;

static const Unit duration_units[] = {
        { "", USEC_PER_SEC },         { "us", 1 },
        { "ms", USEC_PER_MSEC },      { "s", USEC_PER_SEC },
        { "min", 60 * USEC_PER_SEC }, { "m", 60 * USEC_PER_SEC },
        { "h", 3600 * USEC_PER_SEC }, { "d", 24 * 3600 * USEC_PER_SEC },
};

static const Unit size_units[] = {
        { "", 1 },
        { "B", 1 },
        { "K", (uint64_t) 1 << 10 },
        { "M", (uint64_t) 1 << 20 },
        { "G", (uint64_t) 1 << 30 },
        { "T", (uint64_t) 1 << 40 },
};

static const Unit count_units[] = {
        { "", 1 },
};

static const Unit share_units[] = {
        { "%", USEC_PER_SEC / 100 },
};

/* How the types that are numbers are written. `many`: several terms may be added (1h 30min). */
static const struct {
        const Unit *units;
        size_t n_units;
        bool many, fraction;
        const char *form;
} number_forms[] = {
        [SETTING_DURATION] = { duration_units, ELEMENTSOF(duration_units), true, true,
                               "a time, like 30s or 5min" },
        [SETTING_SIZE] = { size_units, ELEMENTSOF(size_units), false, true, "a size, like 512M or 1.5G" },
        [SETTING_COUNT] = { count_units, ELEMENTSOF(count_units), false, false, "a whole number" },
        [SETTING_NUMBER] = { count_units, ELEMENTSOF(count_units), false, false, "a whole number" },
        [SETTING_SHARE] = { share_units, ELEMENTSOF(share_units), false, false,
                            "a share of one CPU, like 150%" },
};

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* One number with its unit, at *text, which is moved behind it. 0, -EINVAL, -ERANGE. */
static int term_read(const char **text, SettingType type, uint64_t *ret)
{
        const char *at = *text;
        uint64_t whole = 0, value = 0, tenths = 0, scale = 1;
        const Unit *unit = NULL;
        size_t length;

        if (!is_digit(*at))
                return -EINVAL;
        for (; is_digit(*at); at++)
                if (__builtin_mul_overflow(whole, 10, &whole) ||
                    __builtin_add_overflow(whole, (uint64_t) (*at - '0'), &whole))
                        return -ERANGE;
        if (*at == '.' && number_forms[type].fraction) {
                at++;
                if (!is_digit(*at))
                        return -EINVAL;
                /* Six digits are a microsecond of a second and less than a byte of a megabyte. */
                for (; is_digit(*at); at++)
                        if (scale < 1000 * 1000) {
                                tenths = tenths * 10 + (uint64_t) (*at - '0');
                                scale *= 10;
                        }
        }

        length = strcspn(at, " .0123456789");
        for (size_t i = 0; i < number_forms[type].n_units; i++)
                if (strlen(number_forms[type].units[i].name) == length &&
                    strncmp(number_forms[type].units[i].name, at, length) == 0)
                        unit = &number_forms[type].units[i];
        if (!unit)
                return -EINVAL;
        if (__builtin_mul_overflow(whole, unit->value, &value) ||
            __builtin_add_overflow(
                    value, (uint64_t) ((double) unit->value * (double) tenths / (double) scale), &value))
                return -ERANGE;

        at += length;
        *text = at + strspn(at, " ");
        *ret = value;
        return 0;
}

/* 0 only for WORD_DEFAULT: a limit of nothing would be read as "the default" by deployd. */
static int number_read(const char *text, SettingType type, uint64_t *ret)
{
        uint64_t sum = 0;

        if (strcmp(text, WORD_DEFAULT) == 0) {
                *ret = 0;
                return 0;
        }
        do {
                uint64_t term = 0;
                int r = term_read(&text, type, &term);

                if (r < 0)
                        return r;
                if (__builtin_add_overflow(sum, term, &sum))
                        return -ERANGE;
        } while (number_forms[type].many && *text);
        if (*text || sum == 0)
                return -EINVAL;
        if (sum == UINT64_MAX) /* stands for infinity on the bus */
                return -ERANGE;
        *ret = sum;
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
                                   number_forms[setting->type].form, ret->text);
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

                printf("  %-*s %s%s%s\n", width, setting->word, setting->help, number ? ": " : "",
                       number ? number_forms[setting->type].form : "");
                numbers = numbers || number;
        }
        if (numbers)
                printf("'" WORD_DEFAULT "' instead of a time, size or number is what deploy.conf says.\n");
}

void settings_print_words(const SettingsFor *what)
{
        assert(what);

        for (const Setting *setting = NULL; (setting = setting_next(what, setting));)
                printf(" %s=", setting->word);
}
