/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "daemon/model/setting.h"
#include "sql/verify-example.sql.h"
#include "sql/verify-internal.h"

const char *const verify_outcome_create = sql_outcome_create;

/* What the columns hold when nobody says anything. */
static const char *const documented[] = {
        "repository.head_revision=",
        "repository.last_fetched_at=null",
        "repository.fetches=0",
        "app.current_port=null",
        "app.wanted=running",
        "app.status=new",
        "app.domains=[]",
        "app.auto_deploy=false",
        "app.idle_timeout_usec=0",
        "app.connect_to=[]",
        "app.environment_id=null",
        "deployment.kind=deploy",
        "deployment.status=queued",
        "deployment.requested_revision=",
        "deployment.revision=",
        "deployment.image_tag=",
        "deployment.release_id=null",
        "deployment.assigned_port=null",
        "deployment.started_at=null",
        "deployment.finished_at=null",
        "deployment.error_summary=",
        "deployment.error_quote=",
        "deployment.logs_path=",
        "deployment.requested_by=0",
        "deployment.request_id=null",
        "deployment.rollback_to=null",
        "deployment.environment_id=null",
        NULL,
};

/* The same of the settings: filled once, by their tables. */
enum { SETTING_ENTRIES_MAX = 3 * SETTINGS_MAX };
static char setting_entries[SETTING_ENTRIES_MAX][96];
static const char *documented_settings[SETTING_ENTRIES_MAX + 1];

static size_t fill_settings(size_t n, const char *table_name, const SettingTable *table, bool of_deployment)
{
        for (size_t i = 0; i < table->n; i++) {
                const Setting *setting = &table->rows[i];
                const char *initial = setting_is_number(setting)           ? "0"
                                      : setting->type == SETTING_FORMATION ? "[]"
                                                                           : setting->initial;
                int length;

                /* What has to be given has no default. */
                if (!setting->column || !initial || (of_deployment && !setting_is_of_deployment(setting)))
                        continue;
                length = snprintf(setting_entries[n], sizeof(setting_entries[n]), "%s.%s=%s", table_name,
                                  setting->column, initial);
                assert(length > 0 && (size_t) length < sizeof(setting_entries[n]));
                documented_settings[n] = setting_entries[n];
                n++;
        }
        return n;
}

void verify_example_fill(void)
{
        size_t n = fill_settings(0, "repository", &repository_settings, /* of_deployment= */ false);

        n = fill_settings(n, "app", &app_settings, /* of_deployment= */ false);
        (void) fill_settings(n, "deployment", &app_settings, /* of_deployment= */ true);
}

const VerifyQuestion verify_creation = {
        .check = CHECK_CREATION,
        .before = sql_example_changed,
        .sql = sql_creation,
        .lists = { documented, documented_settings },
};

const VerifyQuestion verify_relations = {
        .check = CHECK_RELATIONS,
        .before = sql_example,
        .sql = sql_relations,
};
