/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints the tables of settings, a line for each row and a tab between two facts: the manual page and tests
 * are made of it. What a row does not have is empty. */

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "daemon/model/setting.h"

static const char *const types[SETTING_TYPE_MAX] = {
        [SETTING_TEXT] = "text",         [SETTING_REVISION] = "revision", [SETTING_URL] = "url",
        [SETTING_DURATION] = "duration", [SETTING_SIZE] = "size",         [SETTING_COUNT] = "count",
        [SETTING_NUMBER] = "number",     [SETTING_SHARE] = "share",       [SETTING_FORMATION] = "formation",
};

static const char *const effects[SETTING_EFFECT_MAX] = {
        [SETTING_AT_ONCE] = "at once",
        [SETTING_NEXT_START] = "next start",
        [SETTING_NEXT_DEPLOYMENT] = "next deployment",
        [SETTING_NEXT_FETCH] = "next fetch",
};

static void setting_list_print(const char *noun, const SettingTable *table)
{
        for (size_t i = 0; i < table->n; i++) {
                const Setting *setting = &table->rows[i];
                const char *const facts[] = {
                        noun,
                        setting->property,
                        setting_signature(setting),
                        types[setting->type],
                        effects[setting->effect],
                        setting->is_new_only ? "new" : "",
                        text_or_empty(setting->setter),
                        text_or_empty(setting->column),
                        text_or_empty(setting->initial),
                        text_or_empty(setting->fallback),
                        text_or_empty(setting->word),
                        text_or_empty(setting->title),
                        text_or_empty(setting->key),
                        text_or_empty(setting->meaning),
                };

                for (size_t fact = 0; fact < ELEMENTSOF(facts); fact++)
                        printf("%s\t", facts[fact]);
                printf("%" PRIu64 "\t%" PRIu64 "\n", setting->least, setting->most);
        }
}

int main(void)
{
        printf("noun\tproperty\tsignature\ttype\teffect\tnew\tsetter\tcolumn\tinitial\tfallback\tword\ttitle\tkey\tmeaning\t"
               "least\tmost\n");
        setting_list_print("app", &app_settings);
        setting_list_print("repository", &repository_settings);
        return fflush(stdout) != 0 || ferror(stdout);
}
