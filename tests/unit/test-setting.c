/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tables of settings: no row is without a fact that somebody asks it for. */

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "daemon/config-parse.h"
#include "daemon/config.h"
#include "daemon/model/app.h"
#include "daemon/model/repository.h"
#include "daemon/model/setting-value.h"

static const SettingTable *const tables[] = { &app_settings, &repository_settings };

static void walk(void (*visit)(const SettingTable *table, const Setting *setting))
{
        for (size_t i = 0; i < ELEMENTSOF(tables); i++) {
                cr_assert_gt(tables[i]->n, 0);
                for (size_t n = 0; n < tables[i]->n; n++)
                        visit(tables[i], &tables[i]->rows[n]);
        }
}

static void says_all(const SettingTable *table, const Setting *setting)
{
        cr_assert_not_null(setting->property);
        cr_expect(setting->type > SETTING_TYPE_UNSET && setting->type < SETTING_TYPE_MAX, "%s",
                  setting->property);
        cr_expect(setting->effect > SETTING_EFFECT_UNSET && setting->effect < SETTING_EFFECT_MAX, "%s",
                  setting->property);
        cr_expect_not_null(setting_signature(setting), "%s", setting->property);
        cr_expect_neq(setting->is_new_only, setting->column != NULL, "%s", setting->property);
        cr_expect_eq(setting->title != NULL, setting->key != NULL, "%s", setting->property);
        cr_expect_eq(setting->setter != NULL, table == &repository_settings, "%s", setting->property);
        cr_expect_not_null(setting->help, "%s", setting->property);
        cr_expect(!setting->word || setting->meaning, "%s: the manual page does not explain it",
                  setting->property);
        cr_expect(setting->type != SETTING_FORMATION || !setting->word, "%s: deployctl cannot read it",
                  setting->property);
        cr_expect(!setting->help || strlen(setting->help) <= 60, "%s: no few words", setting->property);
}

Test(setting, every_row_says_all_that_a_setting_must_say)
{
        walk(says_all);
}

static void is_held(_unused_ const SettingTable *table, const Setting *setting)
{
        bool number = setting_is_number(setting);

        cr_expect_eq(number, setting->least > 0, "%s: 0 is the default, and no value", setting->property);
        cr_expect_eq(number, setting->most > setting->least, "%s", setting->property);
        cr_expect_eq(number, setting->unit != NULL, "%s", setting->property);
        cr_expect_eq(number, setting->fallback != NULL, "%s", setting->property);
        cr_expect(!setting->limit || number, "%s", setting->property);
        cr_expect(!setting->initial || setting_is_text(setting), "%s", setting->property);
        cr_expect_eq(setting->is_valid != NULL, setting->rule != NULL, "%s", setting->property);
        cr_expect(setting->is_valid || setting->type != SETTING_TEXT || setting->is_new_only,
                  "%s: each text is legal", setting->property);
        if (!setting->is_valid)
                return;
        cr_assert_not_null(setting->initial, "%s", setting->property);
        cr_expect(setting->is_valid(setting->initial), "%s", setting->property);
        cr_expect_not(setting->is_valid("a\nb"), "%s", setting->property);
        /* An empty value clears it, unless it begins with a word. */
        cr_expect_eq(setting->is_valid(""), setting->initial[0] == '\0', "%s", setting->property);
}

Test(setting, every_row_says_what_a_value_may_be)
{
        walk(is_held);
}

static bool is_same(const char *a, const char *b)
{
        return a && b && strcmp(a, b) == 0;
}

static void is_its_own(const SettingTable *table, const Setting *setting)
{
        for (const Setting *other = table->rows; other < setting; other++) {
                cr_expect_not(is_same(setting->property, other->property), "%s", setting->property);
                cr_expect_not(is_same(setting->setter, other->setter), "%s", setting->property);
                cr_expect_not(is_same(setting->column, other->column), "%s", setting->property);
                cr_expect_not(is_same(setting->word, other->word), "%s", setting->property);
                cr_expect_not(is_same(setting->title, other->title), "%s", setting->property);
                cr_expect_not(is_same(setting->key, other->key), "%s", setting->property);
                cr_expect(setting->is_new_only || setting->offset != other->offset, "%s", setting->property);
        }
        cr_expect_eq(setting_by_property(table, setting->property), setting);
        if (setting->word)
                cr_expect_eq(setting_by_word(table, setting->word, strlen(setting->word)), setting);
}

Test(setting, every_row_is_found_by_names_of_its_own)
{
        walk(is_its_own);
        cr_expect_null(setting_by_property(&app_settings, "no such property"));
        cr_expect_null(setting_by_word(&app_settings, "memory-max", strlen("memory")));
        cr_expect_null(setting_by_word(&app_settings, "", 0));
}

/* The key of [runner] that a row names. */
static const ConfigKey *key_of(const Setting *setting, const char *name)
{
        for (size_t i = 0; i < n_config_keys; i++)
                if (strcmp(config_keys[i].section, "runner") == 0 && strcmp(config_keys[i].name, name) == 0)
                        return &config_keys[i];
        cr_assert_fail("%s: deploy.conf has no %s", setting->property, name);
        return NULL;
}

static uint64_t value_of(const ConfigKey *key, const char *text)
{
        uint64_t value = 0;

        cr_assert_eq(key->type->parse(key, text, &value), 0, "%s", key->name);
        return value;
}

static void has_bounds_of_its_default(_unused_ const SettingTable *table, const Setting *setting)
{
        if (setting->fallback) {
                const ConfigKey *key = key_of(setting, setting->fallback);

                cr_expect_eq(value_of(key, key->least), setting->least, "%s", setting->property);
                cr_expect_eq(value_of(key, key->most), setting->most, "%s", setting->property);
        }
        if (setting->limit) {
                const ConfigKey *key = key_of(setting, setting->limit);

                cr_expect_eq(value_of(key, key->most), setting->most, "%s", setting->property);
        }
}

Test(setting, the_bounds_are_those_of_the_configured_default)
{
        walk(has_bounds_of_its_default);
}

/* ---- values ---- */

static size_t size_of(const Setting *setting)
{
        if (setting_is_text(setting))
                return sizeof(char *);
        if (setting->type == SETTING_FORMATION)
                return sizeof(Formation);
        return setting->type == SETTING_NUMBER ? sizeof(uint32_t) : sizeof(uint64_t);
}

Test(setting, every_member_of_the_settings_of_an_app_has_a_row)
{
        char covered[sizeof(AppSettings)] = "";
        size_t missing = 0;

        for (size_t i = 0; i < app_settings.n; i++)
                if (!app_settings.rows[i].is_new_only)
                        memset(covered + app_settings.rows[i].offset, 1, size_of(&app_settings.rows[i]));
        for (size_t i = 0; i < sizeof(AppSettings); i++)
                missing += !covered[i];
        /* Only what the compiler puts in, to align the next. */
        cr_expect_lt(missing, sizeof(uint64_t));
}

/* Each member with a value of its own: the row's number. */
static void fill(AppSettings *settings)
{
        for (size_t i = 0; i < app_settings.n; i++) {
                const Setting *setting = &app_settings.rows[i];
                _cleanup_free_ char *text = text_format("text-%zu", i);

                if (setting->is_new_only)
                        continue;
                if (setting_is_text(setting))
                        cr_assert_eq(text_replace(setting_text(setting, settings), text), 0);
                else if (setting->type == SETTING_FORMATION)
                        cr_assert_eq(formation_set(setting_formation(setting, settings), text, 1), 0);
                else
                        setting_set_number(setting, settings, i + 1);
        }
}

Test(setting, every_value_is_set_read_and_copied_by_its_row)
{
        _cleanup_(app_settings_clear) AppSettings settings = {}, copy = {};

        cr_assert_eq(app_settings_init(&settings), 0);
        cr_assert_eq(app_settings_init(&copy), 0);
        fill(&settings);
        cr_assert_eq(app_settings_copy(&copy, &settings), 0);
        for (size_t i = 0; i < app_settings.n; i++) {
                const Setting *setting = &app_settings.rows[i];
                _cleanup_free_ char *text = text_format("text-%zu", i);

                if (setting->is_new_only)
                        continue;
                if (setting_is_text(setting)) {
                        cr_expect_str_eq(setting_get_text(setting, &copy), text);
                        cr_expect_neq(setting_get_text(setting, &copy),
                                      setting_get_text(setting, &settings));
                } else if (setting->type == SETTING_FORMATION) {
                        cr_expect(formation_has(setting_get_formation(setting, &copy), text));
                } else {
                        cr_expect_eq(setting_get_number(setting, &copy), i + 1, "%s", setting->property);
                }
        }
}

Test(setting, a_new_app_has_what_the_rows_say_and_nothing_is_left_of_one_that_goes)
{
        static const AppSettings nothing = {};
        AppSettings settings;

        cr_assert_eq(app_settings_init(&settings), 0);
        for (size_t i = 0; i < app_settings.n; i++) {
                const Setting *setting = &app_settings.rows[i];

                if (setting->is_new_only)
                        continue;
                if (setting_is_text(setting))
                        cr_expect_str_eq(setting_get_text(setting, &settings), setting->initial);
                else if (setting->type == SETTING_FORMATION)
                        cr_expect_eq(setting_get_formation(setting, &settings)->n, 0);
                else
                        cr_expect_eq(setting_get_number(setting, &settings), 0, "%s", setting->property);
        }
        fill(&settings);
        app_settings_clear(&settings);
        for (size_t i = 0; i < app_settings.n; i++)
                if (!app_settings.rows[i].is_new_only)
                        cr_expect_eq(memcmp((char *) &settings + app_settings.rows[i].offset, &nothing,
                                            size_of(&app_settings.rows[i])),
                                     0, "%s", app_settings.rows[i].property);
}
