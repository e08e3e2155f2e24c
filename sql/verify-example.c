/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "daemon/model/setting.h"
#include "sql/verify-internal.h"

#define EXAMPLE                                                                                         \
        "insert into repository (name, git_url) values ('example', 'https://example.com/example.git');" \
        "insert into app (name, repository_id, port) select 'example', id, 30000 from repository;"      \
        "insert into deployment (app_id) select id from app;"

const char *const verify_outcome_create =
        "create function verify_outcome(statement text) returns text language plpgsql as $$\n"
        "declare\n"
        "        by_constraint text; by_table text; by_column text;\n"
        "begin\n"
        "        execute statement;\n"
        "        set constraints all immediate;\n"
        "        raise exception using errcode = 'ZZ000';\n" /* takes it back */
        "exception\n"
        "        when sqlstate 'ZZ000' then\n"
        "                return 'accepted';\n"
        "        when others then\n"
        "                get stacked diagnostics by_constraint = constraint_name, by_table = table_name,\n"
        "                        by_column = column_name;\n"
        "                return 'refused by ' || coalesce(nullif(by_constraint, ''),\n"
        "                        nullif(by_table || '.' || by_column, '.'), sqlerrm);\n"
        "end $$;";

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

/* That they are saved is seen by reading them back after a change. */
const VerifyQuestion verify_creation = {
        .check = CHECK_CREATION,
        .before = EXAMPLE "update app set branch = 'main'; update app set branch = '';",
        .sql = "with documented as (select substring(entry from '^[^=]*') as name,"
               "  substring(entry from '=(.*)$') as value from unnest($1 || $2) entry),"
               " found as (select 'repository.' || key as name, coalesce(value, 'null') as value"
               "  from repository, jsonb_each_text(to_jsonb(repository))"
               "  union all select 'app.' || key, coalesce(value, 'null') from app, jsonb_each_text(to_jsonb(app))"
               "  union all select 'deployment.' || key, coalesce(value, 'null')"
               "  from deployment, jsonb_each_text(to_jsonb(deployment))),"
               " compared as (select documented.name, documented.value as should, found.value as found"
               "  from documented left join found using (name))"
               " select 'repository created', 'example', (select name::text from repository)"
               " union all select 'app created', 'example', (select name::text from app)"
               " union all select 'deployment created', '1', (select id::text from deployment)"
               " union all select 'defaults as documented', count(*)::text, count(*)::text from compared"
               "  having bool_and(should is not distinct from found)"
               " union all select 'default of ' || name, quote_literal(should), quote_literal(found)"
               "  from compared where should is distinct from found",
        .lists = { documented, documented_settings },
};

const VerifyQuestion verify_relations = {
        .check = CHECK_RELATIONS,
        .before = EXAMPLE,
        .sql = "select 'app → repository', 'example', (select repository.name::text"
               "  from app join repository on repository.id = repository_id where app.name = 'example')"
               " union all select 'deployment → app', 'example', (select app.name::text"
               "  from deployment join app on app.id = app_id)"
               " union all select 'app deployments', '1', (select count(*)::text"
               "  from app join deployment on app_id = app.id where app.name = 'example')"
               " union all select 'repository apps', '1', (select count(*)::text"
               "  from repository join app on repository_id = repository.id where repository.name = 'example')"
               " union all select 'deleting a repository in use', 'refused by app_repository_id_fkey',"
               "  verify_outcome('delete from repository')",
};
