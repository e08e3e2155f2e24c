/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sql/verify-internal.h"

/* The ids begin again: what was taken from a sequence is not given back. */
#define FROM_ONE                                            \
        "alter table repository alter id restart;"          \
        "alter table app alter id restart;"                 \
        "alter table deployment alter id restart;"          \
        "alter table environment_version alter id restart;" \
        "alter table event alter id restart;"

/* Two apps of one repository, each with a version of its environment; the first has a live deployment, a
 * starting one and a queued one. */
#define FURNISH                                                                                                    \
        "insert into repository (name, git_url) values ('code', 'https://example.com/code.git');"                  \
        "insert into app (name, repository_id, port) values ('shop', 1, 30000), ('blog', 1, 30001);"               \
        "insert into deployment (app_id) values (1), (1), (1), (2);"                                               \
        "insert into release (id, app_id, revision, image_tag, digest, files, bytes)"                              \
        " select id, app_id, repeat('0', 40), 'x:0123456789ab-' || id, repeat('ab', 32), 3, 3000 from deployment;" \
        "update deployment set status = 'live', release_id = id, started_at = now(), finished_at = now()"          \
        " where id = 1;"                                                                                           \
        "update deployment set status = 'starting', release_id = id, started_at = now() where id = 2;"             \
        "insert into environment_version (app_id) values (1), (2);"                                                \
        "insert into port_lease (port, deployment_id, process, number) values (20000, 1, 'web', 1);"               \
        "insert into instance (deployment_id, process, number, port, unit)"                                        \
        " values (1, 'web', 1, 20000, 'deployd-app-shop-1.web.1.service');"                                        \
        "insert into event (verb) values ('start');"

/* CONSTRAINT: STATEMENT that it must refuse; also TABLE.COLUMN for one that has to be given, and the words
 * of a trigger. Each constraint of the schema has a row: tests/sql/test_verify.py looks. */
static const char *const refusals[] = {
        "slug_form: insert into repository (name, git_url) values ('a--b', 'https://example.com')",
        "process_type_form: insert into port_lease (port, deployment_id, process, number) values (20001, 1, 'web.1', 2)",
        "one_line_is_clean: update repository set git_url = E'https://example.com/\\n'",
        "one_line_is_bounded: update repository set git_url = 'https://' || repeat('x', 2048)",
        "revision_form: update repository set head_revision = 'main'",
        "port_range: update app set port = 65536 where id = 1",
        "amount_not_negative: update app set memory_max = -1",
        "uid_range: update deployment set requested_by = -1 where id = 2",
        "repository_pkey: insert into repository (id, name, git_url) overriding system value values (1, 'other', 'https://example.com')",
        "repository_name_key: insert into repository (name, git_url) values ('code', 'https://example.com')",
        "repository_git_url_given: update repository set git_url = ''",
        "repository_git_url_without_password: update repository set git_url = 'https://me:secret@example.com/x'",
        "app_pkey: insert into app (id, name, repository_id, port) overriding system value values (1, 'other', 1, 30002)",
        "app_name_key: insert into app (name, repository_id, port) values ('shop', 1, 30002)",
        "app_repository_id_fkey: insert into app (name, repository_id, port) values ('other', 7, 30002)",
        "app_port_key: insert into app (name, repository_id, port) values ('other', 1, 30000)",
        "app.port: insert into app (name, repository_id) values ('other', 1)",
        "app_access_mode_word: update app set access_mode = 'secret'",
        "app_wanted_word: update app set wanted = 'gone'",
        "app_status_word: update app set status = 'fine'",
        "app_directory_beneath: update app set directory = 'a/../b'",
        "app_formation_form: update app set formation = '{web=-1}'",
        "app_domains_form: update app set domains = '{a/b}' where id = 1",
        "app_domains_key: update app set domains = '{shop.example}'",
        "app_readiness_word: update app set readiness = 'http'",
        "app_health_check_path_form: update app set health_check_path = 'up'",
        "app_connect_to_form: update app set connect_to = '{Blog}'",
        "app_environment_of_app: update app set environment_id = 2 where id = 1",
        "retired_port_pkey: insert into retired_port (port) values (30010), (30010)",
        "deployment_pkey: insert into deployment (id, app_id) overriding system value values (1, 1)",
        "deployment_app_id_fkey: insert into deployment (app_id) values (7)",
        "deployment_kind_word: update deployment set kind = 'magic' where id = 3",
        "deployment_status_word: insert into deployment (app_id, status, started_at) values (1, 'done', now())",
        "deployment_error_summary_length: update deployment set status = 'failed', finished_at = now(), error_summary = repeat('x', 1001) where id = 2",
        "deployment_error_summary_if_failed: update deployment set error_summary = 'x' where id = 2",
        "deployment_started_at_unless_queued: update deployment set started_at = null where id = 2",
        "deployment_finished_at_if_ended: update deployment set finished_at = now() where id = 2",
        "deployment_release_if_started: update deployment set release_id = null where id = 2",
        "deployment_release_of_app: update deployment set release_id = 4 where id = 2",
        "deployment_request_id_length: insert into deployment (app_id, request_id) values (1, '')",
        "deployment_request_id_key: insert into deployment (app_id, request_id) values (1, 'a'), (2, 'a')",
        "deployment_one_live: update deployment set status = 'live', finished_at = now() where id = 2",
        "deployment_one_running: update deployment set status = 'fetching', started_at = now() where id = 3",
        "deployment_rollback_to_if_rollback: update deployment set rollback_to = 1 where id = 3",
        "deployment_environment_of_app: update deployment set environment_id = 2 where id = 2",
        "deployment_readiness_word: update deployment set readiness = 'http' where id = 2",
        "deployment_health_check_path_form: update deployment set health_check_path = 'up' where id = 2",
        "release_pkey: insert into release (id, app_id, revision, image_tag, digest, files, bytes) select id, app_id, revision, 'x:0123456789ab-9', digest, files, bytes from release where id = 1",
        "release_id_fkey: insert into release (id, app_id, revision, image_tag, digest, files, bytes) select 77, app_id, revision, 'x:0123456789ab-9', digest, files, bytes from release where id = 1",
        "release_app_id_fkey: update release set app_id = 77 where id = 4",
        "release_revision_known: update release set revision = '' where id = 1",
        "release_image_tag_key: update release set image_tag = 'x:0123456789ab-1' where id = 4",
        "release_image_tag_form: update release set image_tag = 'latest' where id = 1",
        "release_digest_form: update release set digest = 'sha256' where id = 1",
        "release_processes_form: update release set processes = '{web.1}' where id = 1",
        "release_build_key_form: update release set build_key = 'sha256' where id = 1",
        "release_formation_form: update release set formation = '{web}' where id = 1",
        "release_health_check_path_form: update release set health_check_path = 'up' where id = 1",
        "port_lease_pkey: insert into port_lease (port, deployment_id, process, number) values (20000, 2, 'web', 1)",
        "port_lease_deployment_id_fkey: insert into port_lease (port, deployment_id, process, number) values (20001, 77, 'web', 1)",
        "port_lease_number_range: insert into port_lease (port, deployment_id, process, number) values (20001, 1, 'web', 0)",
        "port_lease_of_instance: insert into port_lease (port, deployment_id, process, number) values (20001, 1, 'web', 1)",
        "instance_pkey: insert into instance values (1, 'web', 1, null, 'deployd-app-shop-1.web.9.service')",
        "instance_deployment_id_fkey: insert into instance values (77, 'web', 1, null, 'deployd-app-shop-77.web.1.service')",
        "instance_number_range: insert into instance values (2, 'web', 0, null, 'deployd-app-shop-2.web.0.service')",
        "instance_port_key: insert into instance values (2, 'web', 1, 20000, 'deployd-app-shop-2.web.1.service')",
        "instance_port_leased: insert into instance values (2, 'web', 1, 20005, 'deployd-app-shop-2.web.1.service')",
        "instance_unit_key: insert into instance values (2, 'web', 1, null, 'deployd-app-shop-1.web.1.service')",
        "instance_unit_form: insert into instance values (2, 'web', 1, null, 'sshd.service')",
        "environment_version_pkey: insert into environment_version (id, app_id) overriding system value values (1, 2)",
        "environment_version_app_id_fkey: insert into environment_version (app_id) values (7)",
        "environment_version_base_id_fkey: insert into environment_version (app_id, base_id) values (1, 7)",
        "environment_version_deployment_id_fkey: insert into environment_version (app_id, deployment_id) values (1, 77)",
        "environment_version_deployment_id_key: insert into environment_version (app_id, deployment_id) values (1, 1), (1, 1)",
        "environment_pkey: insert into environment (version_id, name, value) values (1, 'A', 'x'), (1, 'A', 'y')",
        "environment_version_id_fkey: insert into environment (version_id, name, value) values (7, 'A', 'x')",
        "environment_name_form: insert into environment (version_id, name, value) values (1, 'A=B', 'x')",
        "environment_value_length: insert into environment (version_id, name, value) values (1, 'A', repeat('x', 131073)::bytea)",
        "environment_key_id_range: insert into environment (version_id, name, value, key_id) values (1, 'A', 'x', -1)",
        "installation_pkey: insert into installation default values",
        "installation_one_row: insert into installation (only_row) values (false)",
        "removed_app_pkey: insert into removed_app (id, name, last_deployment, keep_until) select 7, 'x', 0, now() from generate_series(1, 2)",
        "removed_app_data_word: insert into removed_app (id, name, last_deployment, keep_until, data) values (7, 'x', 0, now(), 'lost')",
        "event_pkey: insert into event (id, verb) overriding system value values (1, 'stop')",
        "event_operation_key: insert into event (verb, operation) select 'stop', '00000000-0000-0000-0000-000000000001' from generate_series(1, 2)",
        "event_verb_form: insert into event (verb) values ('Stop!')",
        "events are only ever appended: delete from event",
        NULL,
};

const VerifyQuestion verify_constraints = {
        .check = CHECK_CONSTRAINTS,
        .before = FROM_ONE FURNISH,
        .sql = "with refusal as (select substring(entry from ': (.*)$') as statement,"
               "  'refused by ' || substring(entry from '^[^:]*') as should from unnest($1) entry),"
               " tried as materialized (select statement, should, verify_outcome(statement) as found from refusal)"
               " select 'statements refused', count(*)::text, count(*)::text from tried"
               "  having bool_and(should = found)"
               " union all select format('\"%s\"', statement), should, found from tried where should <> found",
        .lists = { refusals },
};
