/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/setting-value.h"

#include <errno.h>
#include <stdlib.h>

#include "base/text.h"

static void *setting_member(const Setting *setting, void *object)
{
        assert(setting);
        assert(!setting->is_new_only);
        assert(object);
        return (char *) object + setting->offset;
}

static const void *member_of(const Setting *setting, const void *object)
{
        return setting_member(setting, (void *) (uintptr_t) object);
}

char **setting_text(const Setting *setting, void *object)
{
        assert(setting_is_text(setting));
        return setting_member(setting, object);
}

const char *setting_get_text(const Setting *setting, const void *object)
{
        assert(setting_is_text(setting));
        return *(char *const *) member_of(setting, object);
}

uint64_t setting_get_number(const Setting *setting, const void *object)
{
        const void *number = member_of(setting, object);

        assert(setting_is_number(setting));
        return setting->type == SETTING_NUMBER ? *(const uint32_t *) number : *(const uint64_t *) number;
}

void setting_set_number(const Setting *setting, void *object, uint64_t number)
{
        assert(setting_is_number(setting));
        if (setting->type == SETTING_NUMBER)
                *(uint32_t *) setting_member(setting, object) = (uint32_t) MIN2(number, UINT32_MAX);
        else
                *(uint64_t *) setting_member(setting, object) = number;
}

Formation *setting_formation(const Setting *setting, void *object)
{
        assert(setting->type == SETTING_FORMATION);
        return setting_member(setting, object);
}

const Formation *setting_get_formation(const Setting *setting, const void *object)
{
        assert(setting->type == SETTING_FORMATION);
        return member_of(setting, object);
}

int settings_init(const SettingTable *table, void *object)
{
        int r = 0;

        assert(table);

        for (size_t i = 0; r >= 0 && i < table->n; i++)
                if (!table->rows[i].is_new_only && setting_is_text(&table->rows[i]))
                        r = text_replace(setting_text(&table->rows[i], object),
                                         text_or_empty(table->rows[i].initial));
        return r;
}

static int copy_value(const Setting *setting, void *object, const void *source)
{
        if (setting_is_text(setting))
                return text_replace(setting_text(setting, object), setting_get_text(setting, source));
        if (setting->type == SETTING_FORMATION)
                return formation_copy(setting_formation(setting, object),
                                      setting_get_formation(setting, source));
        setting_set_number(setting, object, setting_get_number(setting, source));
        return 0;
}

int settings_copy(const SettingTable *table, void *object, const void *source)
{
        int r = 0;

        assert(table);

        for (size_t i = 0; r >= 0 && i < table->n; i++)
                if (!table->rows[i].is_new_only)
                        r = copy_value(&table->rows[i], object, source);
        return r;
}

void settings_clear(const SettingTable *table, void *object)
{
        assert(table);

        for (size_t i = 0; i < table->n; i++) {
                const Setting *setting = &table->rows[i];

                if (setting->is_new_only)
                        continue;
                if (setting_is_text(setting)) {
                        free(*setting_text(setting, object));
                        *setting_text(setting, object) = NULL;
                } else if (setting->type == SETTING_FORMATION) {
                        formation_clear(setting_formation(setting, object));
                } else {
                        setting_set_number(setting, object, 0);
                }
        }
}
