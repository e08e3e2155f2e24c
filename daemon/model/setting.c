/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/setting.h"

#include <string.h>

static const char *const signatures[SETTING_TYPE_MAX] = {
        [SETTING_TEXT] = "s",     [SETTING_REVISION] = "s", [SETTING_URL] = "s",
        [SETTING_DURATION] = "t", [SETTING_SIZE] = "t",     [SETTING_COUNT] = "t",
        [SETTING_NUMBER] = "u",   [SETTING_SHARE] = "t",    [SETTING_FORMATION] = "a{su}",
};

const Setting *setting_by_property(const SettingTable *table, const char *property)
{
        assert(table);
        assert(property);

        for (size_t i = 0; i < table->n; i++)
                if (strcmp(table->rows[i].property, property) == 0)
                        return &table->rows[i];
        return NULL;
}

const Setting *setting_by_word(const SettingTable *table, const char *word, size_t length)
{
        assert(table);
        assert(word);

        for (size_t i = 0; i < table->n; i++) {
                const char *known = table->rows[i].word;

                if (known && strlen(known) == length && strncmp(known, word, length) == 0)
                        return &table->rows[i];
        }
        return NULL;
}

const char *setting_signature(const Setting *setting)
{
        assert(setting);
        assert(setting->type > SETTING_TYPE_UNSET && setting->type < SETTING_TYPE_MAX);
        return signatures[setting->type];
}

bool setting_is_text(const Setting *setting)
{
        return setting_signature(setting)[0] == 's';
}

bool setting_is_number(const Setting *setting)
{
        return !setting_is_text(setting) && setting->type != SETTING_FORMATION;
}

bool setting_is_of_deployment(const Setting *setting)
{
        assert(setting);
        return setting->effect == SETTING_NEXT_DEPLOYMENT;
}
