/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sql/store-settings.h"

#include <errno.h>
#include <stdlib.h>

#include "base/text.h"

static char *piece_of(const StoreSettings *settings, const Setting *setting, unsigned parameter,
                      ColumnForm form)
{
        switch (form) {
        case COLUMN_NAME:
                return strdup(setting->column);
        case COLUMN_PARAMETER:
                return text_format("$%u", parameter);
        case COLUMN_SET:
                return text_format("%s = $%u", setting->column, parameter);
        case COLUMN_COPY:
                return text_format("%s = %s.%s", setting->column, settings->from, setting->column);
        case COLUMN_READ:
                return text_format("%s.%s%s", settings->from, setting->column,
                                   setting_is_number(setting) ? "::bigint" : "");
        }
        return NULL;
}

char *store_settings_columns(const StoreSettings *settings, ColumnForm form)
{
        char *pieces[SETTINGS_MAX + 1] = { NULL }, *list = NULL;
        unsigned parameter = settings->first;
        bool failed = false;
        size_t n = 0;

        for (size_t i = 0; !failed && i < settings->table->n; i++) {
                const Setting *setting = &settings->table->rows[i];

                if (!setting->column)
                        continue;
                if (!settings->of_deployment || setting_is_of_deployment(setting)) {
                        pieces[n] = piece_of(settings, setting, parameter, form);
                        failed = !pieces[n++];
                }
                parameter++;
        }
        if (!failed)
                list = text_join((const char *const *) pieces, ", ");
        while (n > 0)
                free(pieces[--n]);
        return list;
}

void store_values_clear(StoreValues *values)
{
        while (values->n_lists > 0)
                free(values->lists[--values->n_lists]);
        values->n = 0;
}

int store_values_append(StoreValues *values, const SettingTable *table, const void *object)
{
        for (size_t i = 0; i < table->n; i++) {
                const Setting *setting = &table->rows[i];
                char **list;

                if (!setting->column)
                        continue;
                assert(values->n < ELEMENTSOF(values->values));
                if (setting_is_text(setting)) {
                        values->values[values->n++] = pg_text(setting_get_text(setting, object));
                } else if (setting_is_number(setting)) {
                        values->values[values->n++] = pg_u64(setting_get_number(setting, object));
                } else {
                        list = formation_format(setting_get_formation(setting, object));
                        if (!list)
                                return -ENOMEM;
                        values->lists[values->n_lists++] = list;
                        values->values[values->n++] = pg_texts((const char *const *) list);
                }
        }
        return 0;
}

int store_formation_read(const PgResult *result, size_t row, unsigned column, Formation *formation)
{
        _cleanup_free_ char **texts = NULL;
        int r = pg_result_texts(result, row, column, &texts);

        for (char **text = texts; r >= 0 && *text; text++)
                r = formation_parse(formation, *text);
        return r == -EINVAL ? -EBADMSG : r;
}

int store_settings_read(const StoreSettings *settings, const PgResult *result, size_t row, unsigned first,
                        void *object)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < settings->table->n; i++) {
                const Setting *setting = &settings->table->rows[i];

                if (!setting->column || (settings->of_deployment && !setting_is_of_deployment(setting)))
                        continue;
                if (setting_is_text(setting))
                        r = text_replace(setting_text(setting, object), pg_result_text(result, row, first));
                else if (setting_is_number(setting))
                        setting_set_number(setting, object, pg_result_u64(result, row, first));
                else
                        r = store_formation_read(result, row, first, setting_formation(setting, object));
                first++;
        }
        return r;
}
