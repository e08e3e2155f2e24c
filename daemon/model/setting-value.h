/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The values of settings, in the object that has them as members: AppSettings or Repository. */

#include "daemon/model/formation.h"
#include "daemon/model/setting.h"

/* The member of a row, by its type: of texts (owned by the object), of numbers, of formations. */
char **setting_text(const Setting *setting, void *object);
const char *setting_get_text(const Setting *setting, const void *object);
uint64_t setting_get_number(const Setting *setting, const void *object);
/* What is above UINT32_MAX becomes that in a member of 32 bits. */
void setting_set_number(const Setting *setting, void *object, uint64_t number);
Formation *setting_formation(const Setting *setting, void *object);
const Formation *setting_get_formation(const Setting *setting, const void *object);

/* All rows at once. Of a new object, which is all zero; 0, or -ENOMEM with some of them set. */
int settings_init(const SettingTable *table, void *object);
/* Into members that are set already, or zero. 0, or -ENOMEM with some of them copied. */
int settings_copy(const SettingTable *table, void *object, const void *source);
/* Frees what they own; all are zero afterwards. */
void settings_clear(const SettingTable *table, void *object);
