# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every constraint of the schema refuses what it must, and nothing else."""

import pytest
from conftest import Failed, make_database

UNIQUE, EXCLUDED, FOREIGN, CHECK, NOT_NULL, RESTRICTED = "23505", "23P01", "23503", "23514", "23502", "23001"

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = "ab" * 32


def furnish(schema):
    """Two apps of one repository, each with a version of its environment; the first has a live deployment, a starting
    one and a queued one."""
    schema(f"""
        insert into repository (name, git_url) values ('code', 'https://example.com/code.git');
        insert into app (name, repository_id, port) values ('shop', 1, 30000), ('blog', 1, 30001);
        insert into deployment (app_id) values (1), (1), (1), (2);
        insert into environment_version (app_id) values (1), (2);
        update deployment set status = 'fetching', started_at = now() where id = 1;
        insert into release (id, app_id, revision, image_tag, digest, files, bytes)
                select id, app_id, '{COMMIT}', 'x:0123456789ab-' || id, '{DIGEST}', 3, 3000 from deployment;
        update deployment set status = 'live', release_id = id, finished_at = now() where id = 1;
        update deployment set status = 'starting', release_id = id, started_at = now() where id = 2;
        insert into port_lease (port, deployment_id, process, number) values (20000, 1, 'web', 1);
        insert into instance (deployment_id, process, number, port, unit)
                values (1, 'web', 1, 20000, 'deployd-app-shop-1.web.1.service')""")
    return schema


@pytest.fixture
def house(schema):
    return furnish(schema)


@pytest.fixture(scope="module")
def untouched(server):
    """For what fails, and so changes nothing."""
    with make_database(server, "untouched") as database:
        assert database.run("migrate")[0] == 0
        yield furnish(database)


@pytest.mark.parametrize("sql, code, constraint", [
    # names
    *((f"insert into repository (name, git_url) values ('{name}', 'https://example.com')", CHECK, "slug_form")
      for name in ("", "a--b", "-a", "a-", "A", "1a", "a_b", "a b", "a\n", "ä", "a" * 51)),
    ("insert into repository (name, git_url) values ('code', 'https://example.com')", UNIQUE, "repository_name_key"),
    ("insert into app (name, repository_id, port) values ('shop', 1, 30002)", UNIQUE, "app_name_key"),
    ("insert into app (name, repository_id, port) values ('Shop', 1, 30002)", CHECK, "slug_form"),
    # repositories
    ("update repository set git_url = ''", CHECK, "repository_git_url_given"),
    ("update repository set git_url = 'https://me:secret@example.com/x'", CHECK, "repository_git_url_without_password"),
    ("update repository set git_url = E'https://example.com/\\nx'", CHECK, "one_line_is_clean"),
    ("update repository set git_url = U&'https://example.com/\\0085'", CHECK, "one_line_is_clean"),
    ("update repository set git_url = 'https://' || repeat('x', 2048)", CHECK, "one_line_is_bounded"),
    ("update repository set head_revision = 'main'", CHECK, "revision_form"),
    ("update repository set head_revision = upper('" + COMMIT + "')", CHECK, "revision_form"),
    ("update repository set fetches = -1", CHECK, "amount_not_negative"),
    ("delete from repository", FOREIGN, "app_repository_id_fkey"),
    # apps
    ("insert into app (name, repository_id, port) values ('third', 7, 30002)", FOREIGN, "app_repository_id_fkey"),
    ("insert into app (name, repository_id, port) values ('third', 1, 30000)", UNIQUE, "app_port_key"),
    ("insert into app (name, repository_id) values ('third', 1)", NOT_NULL, ""),
    ("update app set port = 0 where id = 1", CHECK, "port_range"),
    ("update app set port = 65536 where id = 1", CHECK, "port_range"),
    ("update app set access_mode = 'secret'", CHECK, "app_access_mode_word"),
    ("update app set status = 'fine'", CHECK, "app_status_word"),
    ("update app set wanted = 'gone'", CHECK, "app_wanted_word"),
    ("update app set readiness = 'http'", CHECK, "app_readiness_word"),
    *((f"update app set directory = '{path}'", CHECK, "app_directory_beneath")
      for path in ("/etc", "..", "a/../b", "a/..", "./a", ".")),
    *((f"update app set formation = '{value}'", CHECK, "app_formation_form")
      for value in ('{web}', '{web=}', '{web=-1}', '{web=01}', '{web=10000}', '{web=1 worker=1}', '{_web=1}', '{NULL}',
                    '{""}', '{-a=1}', '{a--b=1}', '{=1}')),
    ("update app set formation = null", NOT_NULL, ""),
    *((f"update app set domains = '{value}' where id = 1", CHECK, "app_domains_form")
      for value in ('{""}', '{Example.com}', '{"a b"}', '{-a}', '{a/b}', '{*}', '{NULL}')),
    ("update app set domains = '{shop.example}'", UNIQUE, "app_domains_key"),
    *((f"update {table} set persist = '{value}' where id = 2", CHECK, f"{table}_persist_form")
      for table in ("app", "deployment")
      for value in ("/data", "data,", "data/../..", "..", ".", "a//b", "a,,b", "a b", "data/.", "./data", "a,..")),
    *((f"update {table} set persist = E'a\\nb' where id = 2", CHECK, "one_line_is_clean") for table in ("app", "deployment")),
    *((f"update {table} set writable_tree = 'maybe' where id = 2", CHECK, f"{table}_writable_tree_word")
      for table in ("app", "deployment")),
    ("update app set health_check_path = 'up'", CHECK, "app_health_check_path_form"),
    ("update app set health_check_path = '/a b'", CHECK, "app_health_check_path_form"),
    ("update app set connect_to = '{Blog}'", CHECK, "app_connect_to_form"),
    *((f"update app set environment_id = {version} where id = 1", FOREIGN, "app_environment_of_app")
      for version in (2, 7)),
    *((f"update app set {column} = -1", CHECK, "amount_not_negative")
      for column in ("keep_releases", "health_check_timeout_usec", "check_settle_usec", "stop_timeout_usec", "memory_max",
                     "tasks_max", "cpu_quota_usec", "idle_timeout_usec")),
    # deployments
    ("insert into deployment (app_id) values (7)", FOREIGN, "deployment_app_id_fkey"),
    ("insert into deployment (app_id, status, started_at) values (1, 'done', now())", CHECK, "deployment_status_word"),
    ("update deployment set kind = 'magic' where id = 3", CHECK, "deployment_kind_word"),
    ("update deployment set status = 'live', release_id = 2, finished_at = now() where id = 2", EXCLUDED,
     "deployment_one_live"),
    ("update deployment set status = 'fetching', started_at = now() where id = 3", UNIQUE, "deployment_one_running"),
    ("update deployment set status = 'failed', finished_at = now() where id = 2", CHECK,
     "deployment_error_summary_if_failed"),
    ("update deployment set error_summary = 'x' where id = 2", CHECK, "deployment_error_summary_if_failed"),
    ("update deployment set status = 'failed', finished_at = now(), error_summary = repeat('x', 1001) where id = 2",
     CHECK, "deployment_error_summary_length"),
    ("update deployment set status = 'failed', finished_at = now(), error_summary = E'a\\nb' where id = 2",
     CHECK, "one_line_is_clean"),
    ("update deployment set status = 'failed', error_summary = 'x' where id = 2", CHECK,
     "deployment_finished_at_if_ended"),
    ("update deployment set finished_at = now() where id = 2", CHECK, "deployment_finished_at_if_ended"),
    ("update deployment set started_at = now() where id = 3", CHECK, "deployment_started_at_unless_queued"),
    ("update deployment set started_at = null where id = 2", CHECK, "deployment_started_at_unless_queued"),
    ("update deployment set release_id = null where id = 2", CHECK, "deployment_release_if_started"),
    ("update deployment set release_id = 4 where id = 2", FOREIGN, "deployment_release_of_app"),
    ("update deployment set revision = 'abc' where id = 2", CHECK, "revision_form"),
    ("update deployment set requested_by = -1 where id = 2", CHECK, "uid_range"),
    ("update deployment set requested_by = 4294967296 where id = 2", CHECK, "uid_range"),
    ("insert into deployment (app_id, requested_by, request_id) values (1, 5, 'a'), (2, 5, 'a')", UNIQUE,
     "deployment_request_id_key"),
    ("insert into deployment (app_id, request_id) values (1, '')", CHECK, "deployment_request_id_length"),
    ("insert into deployment (app_id, request_id) values (1, repeat('x', 129))", CHECK, "deployment_request_id_length"),
    ("insert into deployment (id, app_id) values (99, 1)", "428C9", ""),
    *((f"update deployment set environment_id = {version} where id = 2", FOREIGN, "deployment_environment_of_app")
      for version in (2, 7)),
    *((f"update deployment set kind = '{kind}', rollback_to = 1 where id = 3", CHECK,
       "deployment_rollback_to_if_rollback") for kind in ("deploy", "redeploy")),
    ("update deployment set readiness = 'http' where id = 2", CHECK, "deployment_readiness_word"),
    *((f"update deployment set health_check_path = '{path}' where id = 2", CHECK,
       "deployment_health_check_path_form") for path in ("up", "/a b")),
    *((f"update deployment set {column} = -1 where id = 2", CHECK, "amount_not_negative")
      for column in ("health_check_timeout_usec", "check_settle_usec")),
    *((f"update deployment set {column} = E'a\\nb' where id = 2", CHECK, "one_line_is_clean")
      for column in ("branch", "directory", "buildpack", "build_command", "health_check_path")),
    # releases
    ("delete from release where id = 1", CHECK, "deployment_release_if_started"),
    ("update release set revision = '' where id = 1", CHECK, "release_revision_known"),
    ("update release set image_tag = 'x:0123456789ab-2' where id = 1", UNIQUE, "release_image_tag_key"),
    ("update release set image_tag = 'x' where id = 1", CHECK, "release_image_tag_form"),
    ("update release set digest = 'x' where id = 1", CHECK, "release_digest_form"),
    ("update release set processes = '{_web}' where id = 1", CHECK, "release_processes_form"),
    ("update release set bytes = -1 where id = 1", CHECK, "amount_not_negative"),
    *((f"update release set build_key = '{key}' where id = 1", CHECK, "release_build_key_form")
      for key in ("x", DIGEST[1:], DIGEST + "0", DIGEST.upper())),
    ("update release set buildpack = E'a\\nb' where id = 1", CHECK, "one_line_is_clean"),
    *((f"update release set formation = '{value}' where id = 1", CHECK, "release_formation_form")
      for value in ('{web}', '{web=01}', '{web=10000}', '{_web=1}', '{NULL}')),
    ("update release set health_check_path = 'up' where id = 1", CHECK, "release_health_check_path_form"),
    ("update release set health_check_path = '/a b' where id = 1", CHECK, "release_health_check_path_form"),
    *((f"update release set {column} = -1 where id = 1", CHECK, "amount_not_negative")
      for column in ("health_check_attempts", "health_check_timeout_usec", "health_check_wait_usec")),
    *((f"update release set {column} = null where id = 1", NOT_NULL, "")
      for column in ("build_key", "buildpack", "formation", "health_check_path", "health_check_attempts",
                     "health_check_timeout_usec", "health_check_wait_usec")),
    ("update release set id = 77 where id = 4", FOREIGN, "release_id_fkey"),
    # ports and instances
    ("insert into port_lease (port, deployment_id, process, number) values (20000, 2, 'web', 1)", UNIQUE,
     "port_lease_pkey"),
    ("insert into port_lease (port, deployment_id, process, number) values (20001, 1, 'web', 1)", UNIQUE,
     "port_lease_of_instance"),
    ("insert into port_lease (port, deployment_id, process, number) values (20001, 1, 'web', 0)", CHECK,
     "port_lease_number_range"),
    ("insert into port_lease (port, deployment_id, process, number) values (20001, 1, '_web', 2)", CHECK,
     "process_type_form"),
    ("insert into port_lease (port, deployment_id, process, number) values (20001, 77, 'web', 1)", FOREIGN,
     "port_lease_deployment_id_fkey"),
    ("delete from port_lease", FOREIGN, "instance_port_leased"),
    ("insert into instance values (2, 'web', 1, 20000, 'deployd-app-shop-2.web.1.service')", UNIQUE,
     "instance_port_key"),
    ("insert into instance values (2, 'web', 1, 20005, 'deployd-app-shop-2.web.1.service')", FOREIGN,
     "instance_port_leased"),
    ("insert into instance values (1, 'web', 1, null, 'deployd-app-shop-1.web.9.service')", UNIQUE, "instance_pkey"),
    ("insert into instance values (2, 'web', 1, null, 'deployd-app-shop-1.web.1.service')", UNIQUE,
     "instance_unit_key"),
    *((f"insert into instance values (2, 'worker', 1, null, '{unit}')", CHECK, "instance_unit_form")
      for unit in ("sshd.service", "deployd-app-a b.service", "deployd-app-x.socket")),
    ("insert into retired_port values (0)", CHECK, "port_range"),
    # environment
    *((f"insert into environment (version_id, name, value) values (1, '{name}', 'x')", CHECK, "environment_name_form")
      for name in ("", "1A", "A-B", "A=B", "A B", "A" * 256)),
    ("insert into environment (version_id, name, value) values (1, 'A', 'x'), (1, 'A', 'y')", UNIQUE,
     "environment_pkey"),
    ("insert into environment (version_id, name, value) values (7, 'A', 'x')", FOREIGN, "environment_version_id_fkey"),
    ("insert into environment (version_id, name, value) values (1, 'A', null)", NOT_NULL, ""),
    ("insert into environment (version_id, name, value) values (1, 'A', repeat('x', 131073)::bytea)", CHECK,
     "environment_value_length"),
    ("insert into environment (version_id, name, value, key_id) values (1, 'A', 'x', -1)", CHECK,
     "environment_key_id_range"),
    ("insert into environment_version (app_id) values (7)", FOREIGN, "environment_version_app_id_fkey"),
    ("insert into environment_version (app_id, base_id) values (1, 7)", FOREIGN, "environment_version_base_id_fkey"),
    ("insert into environment_version (app_id, deployment_id) values (1, 77)", FOREIGN,
     "environment_version_deployment_id_fkey"),
    ("insert into environment_version (app_id, deployment_id) values (1, 1), (1, 1)", UNIQUE,
     "environment_version_deployment_id_key"),
    # what is kept of apps, and whose it is
    ("insert into installation default values", UNIQUE, "installation_pkey"),
    ("insert into installation (only_row) values (false)", CHECK, "installation_one_row"),
    ("update installation set id = null", NOT_NULL, ""),
    *((f"insert into removed_app (id, name, last_deployment, keep_until, data) values (7, 'x', 0, now(), '{word}')",
       CHECK, "removed_app_data_word") for word in ("", "lost")),
    ("insert into removed_app (id, name, last_deployment, keep_until) select 7, 'x', 0, now() from"
     " generate_series(1, 2)", UNIQUE, "removed_app_pkey"),
    ("insert into removed_app (id, name, last_deployment) values (7, 'x', 0)", NOT_NULL, ""),
    # events
    ("insert into event (verb, operation) select 'stop', '00000000-0000-0000-0000-000000000001' from"
     " generate_series(1, 2)", UNIQUE, "event_operation_key"),
    ("insert into event (verb) values ('Stop!')", CHECK, "event_verb_form"),
    ("insert into event (verb, detail) values ('stop', E'a\\tb')", CHECK, "one_line_is_clean"),
])
def test_refuses(untouched, sql, code, constraint):
    with pytest.raises(Failed) as failure:
        untouched(sql)
    assert failure.value.code == code, failure.value
    assert constraint in str(failure.value)


@pytest.mark.parametrize("sql", ["update event set verb = 'x'", "delete from event", "truncate event"])
def test_events_are_only_ever_appended(house, sql):
    house("insert into event (verb) values ('stop')")
    with pytest.raises(Failed) as failure:
        house(sql)
    assert failure.value.code == RESTRICTED
    assert house("select count(*) from event") == [["1"]]


def test_events_without_an_operation_are_many(house):
    house("insert into event (verb) values ('stop'), ('stop')")


@pytest.mark.parametrize("first, second", [("made", "replaced"), ("replaced", "made")])
def test_live_and_superseded_change_in_one_statement_in_either_order(house, first, second):
    parts = {"made": "made as (update deployment set status = 'live', finished_at = now()"
                     " where id = 2 and status = 'starting' returning id)",
             "replaced": "replaced as (update deployment set status = 'superseded'"
                         " where app_id = 1 and status = 'live' returning id)"}
    house(f"with {parts[first]}, {parts[second]} select from {first}, {second}")
    assert house("select id, status from deployment where id < 3 order by id") == [["1", "superseded"], ["2", "live"]]


def test_two_apps_have_one_live_and_one_running_each(house):
    house("update deployment set status = 'fetching', started_at = now() where id = 4")
    house("update deployment set status = 'live', release_id = 4, finished_at = now() where id = 4")
    assert house("select count(*) from deployment where status = 'live'") == [["2"]]


def test_a_lease_and_its_instance_go_in_one_statement(house):
    house("with gone as (delete from port_lease) delete from instance")
    assert house("select count(*) from instance") == [["0"]]


def test_a_kept_release_that_goes_leaves_its_deployments(house):
    house("update deployment set status = 'failed', finished_at = now(), error_summary = 'x' where id = 2")
    house("delete from release where id = 2")
    assert house("select release_id is null, app_id from deployment where id = 2") == [["t", "1"]]


def test_an_app_takes_all_that_is_its_own_and_leaves_the_events(house):
    house("insert into environment (version_id, name, value) values (1, 'A', 'x')")
    house("insert into environment_version (app_id, base_id, deployment_id) values (1, 1, 3)")
    house("update app set environment_id = 3 where id = 1")
    house("update deployment set environment_id = 1 where id = 1")
    house("insert into event (verb, app_name, deployment_id) values ('stop', 'shop', 1)")
    house("delete from app where id = 1")
    for table, left in (("deployment", "1"), ("release", "1"), ("instance", "0"), ("port_lease", "0"),
                        ("environment", "0"), ("environment_version", "1"), ("event", "1")):
        assert house(f"select count(*) from {table}") == [[left]], table
    house("delete from app")
    house("delete from repository")


def test_the_defaults_are_the_documented_ones(house):
    row = house("""select access_mode, wanted, status, branch, directory, formation, domains, auto_deploy,
                   keep_releases, buildpack, build_command, readiness, health_check_path, memory_max, connect_to,
                   check_settle_usec, writable_tree, persist from app where id = 1""")
    assert row == [["private", "running", "new", "", "", "{}", "{}", "f", "0", "", "", "port", "", "0", "{}", "0", "no", ""]]
    row = house("""select processes, build_key, buildpack, formation, health_check_path, health_check_attempts,
                   health_check_timeout_usec, health_check_wait_usec from release where id = 1""")
    assert row == [["{}", "", "", "{}", "", "0", "0", "0"]]


def test_times_have_microseconds(house):
    house("update repository set last_fetched_at = '2026-01-02 03:04:05.678901+00'")
    assert house("select extract(microseconds from last_fetched_at) from repository") == [["5678901"]]


def test_a_million_past_deployments_are_no_burden(schema):
    """The questions asked at start and for a list are answered from an index."""
    schema("""
        insert into repository (name, git_url) values ('code', 'https://example.com/code.git');
        insert into app (name, repository_id, port) select 'a' || i, 1, 30000 + i from generate_series(1, 100) i;
        insert into deployment (app_id, status, started_at, finished_at)
                select 1 + i % 100, 'superseded', now() - interval '1 year', now() - interval '1 year'
                from generate_series(1, 1000000) i;
        insert into deployment (app_id) values (1);
        analyze""")
    for question in (
            "select * from deployment where status in ('queued', 'fetching', 'building', 'releasing', 'starting',"
            " 'checking', 'switching') order by id",
            "select * from deployment where status = 'live'",
            "select * from deployment where app_id = 3 order by id desc limit 50",
            "select * from deployment where app_id = 3 and id < 500000 order by id desc limit 50",
            "select * from deployment order by id desc limit 50",
            "select * from deployment where release_id is not null",
            "select * from deployment where finished_at > now() - interval '10 minutes'"):
        plan = "\n".join(cell for row in schema(f"explain {question}") for cell in row)
        assert "Seq Scan" not in plan, f"{question}\n{plan}"


def test_a_version_that_goes_leaves_those_that_were_made_from_it(house):
    house("insert into environment_version (app_id, base_id) values (1, 1)")
    house("insert into environment (version_id, name, value) values (1, 'A', 'x'), (3, 'A', 'x')")
    house("delete from environment_version where id = 1")
    assert house("select id, base_id from environment_version order by id") == [["2", ""], ["3", ""]]
    assert house("select version_id from environment") == [["3"]]


COPIES = """branch, directory, buildpack, build_command, readiness, health_check_path, health_check_timeout_usec,
            check_settle_usec, writable_tree, persist, environment_id"""


@pytest.mark.parametrize("status, began", [("fetching", True), ("starting", True), ("cancelled", False), ("failed", False)])
def test_a_deployment_that_begins_has_what_the_app_has(house, status, began):
    house("update deployment set status = 'superseded', finished_at = now() where id = 2")
    house("""update app set (branch, directory, buildpack, build_command, readiness, health_check_path,
             health_check_timeout_usec, check_settle_usec, writable_tree, persist, environment_id) =
             ('b', 'd', 'p', 'c', 'notify', '/h', 7, 8, 'yes', '.data,a-b/..c', 1) where id = 1""")
    ended = "finished_at = now()" if not began else "started_at = now(), release_id = 1"
    reason = ", error_summary = 'x'" if status == "failed" else ""
    house(f"update deployment set status = '{status}', {ended}{reason} where id = 3")
    copied = ["b", "d", "p", "c", "notify", "/h", "7", "8", "yes", ".data,a-b/..c", "1"]
    assert house(f"select {COPIES} from deployment where id = 3") == \
        [copied if began else ["", "", "", "", "port", "", "0", "0", "no", "", ""]]
    # No later step, and nothing that is set for the app, changes them.
    house("update app set branch = 'other', environment_id = null where id = 1")
    if began:
        house("update deployment set status = 'switching' where id = 3")
        assert house(f"select {COPIES} from deployment where id = 3") == [copied]


def test_a_deployment_that_brings_a_version_begins_with_it(house):
    house("update deployment set status = 'superseded', finished_at = now() where id = 2")
    house("insert into environment_version (app_id, deployment_id) values (1, 3)")
    house("update app set environment_id = 1 where id = 1")
    house("update deployment set status = 'fetching', started_at = now() where id = 3")
    assert house("select environment_id from deployment where id = 3") == [["3"]]
