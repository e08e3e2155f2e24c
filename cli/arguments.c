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

static const Setting app_settings[] = {
        { "access-mode", "AccessMode", SETTING_TEXT, "who may reach it: private, internal or public" },
        { "branch", "Branch", SETTING_TEXT, "branch to deploy; empty: the repository's" },
        { "directory", "Directory", SETTING_TEXT, "where in the tree the app is; empty: its root" },
        { "keep-releases", "KeepReleases", SETTING_NUMBER, "releases kept to go back to" },
        { "buildpack", "Buildpack", SETTING_TEXT, "what builds it: none, or a name; empty: detected" },
        { "build-command", "BuildCommand", SETTING_TEXT, "builds it; empty: the buildpack does" },
        { "readiness", "Readiness", SETTING_TEXT, "ready by its port, or when it says so: port or notify" },
        { "health-check-path", "HealthCheckPath", SETTING_TEXT,
          "GET it before requests go there; empty: no" },
        { "health-check-timeout", "HealthCheckTimeoutUSec", SETTING_DURATION, "time for that answer" },
        { "check-settle", "CheckSettleUSec", SETTING_DURATION, "time to keep running before it is live" },
        { "stop-timeout", "StopTimeoutUSec", SETTING_DURATION, "time to end after SIGTERM" },
        { "memory-max", "MemoryMax", SETTING_SIZE, "memory of one instance" },
        { "tasks-max", "TasksMax", SETTING_COUNT, "processes and threads of one instance" },
        { "cpu-quota", "CPUQuotaPerSecUSec", SETTING_SHARE, "share of CPUs of one instance" },
        /* For a new app only. */
        { "data", "Data", SETTING_TEXT, "data of a removed app, by its name or number" },
};

/* Of an app that is there already. */
#define N_APP_SETTINGS (ELEMENTSOF(app_settings) - 1)

static const Setting repository_settings[] = {
        { "url", "SetGitUrl", SETTING_TEXT, "where to fetch from" },
        { "branch", "SetDefaultBranch", SETTING_TEXT, "default branch; empty: the remote's HEAD" },
};

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

static char *settings_join(const Setting *settings, size_t n_settings)
{
        char *keys = strdup("");

        for (size_t i = 0; keys && i < n_settings; i++) {
                char *longer = text_format("%s%s%s", keys, i > 0 ? ", " : "", settings[i].key);

                free(keys);
                keys = longer;
        }
        return keys;
}

static int assignment_read(const Setting *settings, size_t n_settings, const char *argument, Assignment *ret)
{
        const char *equals = strchr(argument, '=');
        _cleanup_free_ char *known = NULL;

        if (!equals)
                return usage_error("'%s' is not KEY=VALUE", argument);
        *ret = (Assignment){ .text = equals + 1 };
        for (size_t i = 0; i < n_settings; i++)
                if (strlen(settings[i].key) == (size_t) (equals - argument) &&
                    strncmp(settings[i].key, argument, (size_t) (equals - argument)) == 0)
                        ret->setting = &settings[i];
        if (!ret->setting) {
                known = settings_join(settings, n_settings);
                return usage_error("unknown setting '%.*s'; known are %s", (int) (equals - argument),
                                   argument, text_or_empty(known));
        }
        if (ret->setting->type != SETTING_TEXT) {
                int r = number_read(ret->text, ret->setting->type, &ret->number);

                if (r == -ERANGE)
                        return usage_error("%s=%s is too large", ret->setting->key, ret->text);
                if (r < 0)
                        return usage_error("%s needs %s (above 0), or '" WORD_DEFAULT "', not '%s'",
                                           ret->setting->key, number_forms[ret->setting->type].form,
                                           ret->text);
        }
        return 0;
}

static int settings_read(const Setting *settings, size_t n_settings, char *const arguments[], size_t n,
                         Assignment *ret, size_t *ret_n)
{
        assert(n_settings <= ASSIGNMENTS_MAX);

        *ret_n = 0;
        for (size_t i = 0; i < n; i++) {
                Assignment assignment = { 0 };
                int r = assignment_read(settings, n_settings, arguments[i], &assignment);

                if (r != 0)
                        return r;
                assert(assignment.setting);
                for (size_t j = 0; j < *ret_n; j++)
                        if (ret[j].setting == assignment.setting)
                                return usage_error("setting '%s' is given twice", assignment.setting->key);
                ret[(*ret_n)++] = assignment;
        }
        return 0;
}

static void settings_print(const Setting *settings, size_t n_settings)
{
        int width = 0;

        for (size_t i = 0; i < n_settings; i++)
                width = MAX2(width, (int) strlen(settings[i].key));
        printf("\nSettings:\n");
        for (size_t i = 0; i < n_settings; i++) {
                bool number = settings[i].type != SETTING_TEXT;

                printf("  %-*s %s%s%s\n", width, settings[i].key, settings[i].help, number ? ": " : "",
                       number ? number_forms[settings[i].type].form : "");
        }
}

int settings_read_app(char *const arguments[], size_t n, Assignment *ret, size_t *ret_n)
{
        return settings_read(app_settings, N_APP_SETTINGS, arguments, n, ret, ret_n);
}

int settings_read_new_app(char *const arguments[], size_t n, Assignment *ret, size_t *ret_n)
{
        return settings_read(app_settings, ELEMENTSOF(app_settings), arguments, n, ret, ret_n);
}

int settings_read_repository(char *const arguments[], size_t n, Assignment *ret, size_t *ret_n)
{
        return settings_read(repository_settings, ELEMENTSOF(repository_settings), arguments, n, ret, ret_n);
}

static void settings_print_first(size_t n_settings)
{
        settings_print(app_settings, n_settings);
        printf("'" WORD_DEFAULT "' instead of a time, size or number is what deploy.conf says.\n");
}

void settings_print_app(void)
{
        settings_print_first(N_APP_SETTINGS);
}

void settings_print_new_app(void)
{
        settings_print_first(ELEMENTSOF(app_settings));
}

void settings_print_repository(void)
{
        settings_print(repository_settings, ELEMENTSOF(repository_settings));
}
