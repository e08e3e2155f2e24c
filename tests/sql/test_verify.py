# SPDX-License-Identifier: LGPL-2.1-or-later
"""`deployd verify`: each check passes as it should, and one real fault makes exactly that check fail."""

import re
import subprocess

import pytest
from conftest import SOURCE, make_database

CHECKS = ("migrations", "ledger", "schema", "from-nothing", "creation", "relations", "constraints", "configuration",
          "units")
# Without a daemon nobody looks at these.
NOT_MADE = ("configuration", "units")
TITLES = re.findall(r'= \{ "([^"]+)"', (SOURCE / "daemon/model/report.c").read_text())


def verify(database, program="sql-tool", status=None):
    """What it says: by check its sign and the lines below."""
    done = database.run("verify", program=program)
    assert done[2] == "", done
    found, lines = {}, []
    for line in done[1].splitlines():
        if line.startswith("    "):
            lines.append(line.removeprefix("    "))
        else:
            sign, title = line.split(" ", 1)
            assert title == TITLES[len(found)]
            lines = []
            found[CHECKS[len(found)]] = (sign, lines)
    assert tuple(found) == CHECKS
    assert status in (None, done[0])
    return found


def failed(database, program="sql-tool"):
    """The one check that fails, and its lines without the last, which says what to do."""
    found = verify(database, program, status=1)
    wrong = [check for check, (sign, _) in found.items() if sign == "✗"]
    assert len(wrong) == 1, found
    lines = found[wrong[0]][1]
    assert lines[-1].startswith("What to do: ")
    return wrong[0], lines[:-1]


def shipped():
    return sorted(path.stem for path in (SOURCE / "sql/migrations").glob("*.sql"))


def test_a_fresh_database_passes_and_shows_an_example(schema):
    found = verify(schema, status=2)
    assert {check for check, (sign, _) in found.items() if sign == "✓"} == set(CHECKS) - set(NOT_MADE)
    assert all(found[check] == ("-", []) for check in NOT_MADE)
    assert found["migrations"][1] == [f"[X] {name}" for name in shipped()]
    assert found["creation"][1][:3] == ["repository created: example", "app created: example", "deployment created: 1"]
    assert re.fullmatch(r"defaults as documented: [1-9]\d", found["creation"][1][3])
    assert found["relations"][1] == [
        "app → repository: example", "deployment → app: example", "app deployments: 1", "repository apps: 1",
        "deleting a repository in use: refused by app_repository_id_fkey"]


def test_nothing_is_changed_by_it(schema):
    schema("insert into repository (name, git_url) values ('code', 'https://example.com/code.git')")
    state = """select array_agg(format('%s %s', sequencename, last_value) order by sequencename) from pg_sequences union all
               select array_agg(nspname::text order by nspname) from pg_namespace union all
               select array_agg(format('%s %s', relname, relfilenode) order by relname) from pg_class where oid > 16383"""
    before = schema.dump(), schema.admin(state)
    verify(schema, status=2)
    assert (schema.dump(), schema.admin(state)) == before


def test_it_looks_while_a_deployd_holds_the_lock_and_tables_are_in_use(schema):
    with subprocess.Popen(schema.psql(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        other.stdin.write(f"""select 'held' from pg_advisory_lock({0x6465706c6f796431});
            begin; insert into repository (name, git_url) values ('code', 'https://example.com/code.git');
            lock table app in row exclusive mode; select 'busy';\n""")
        other.stdin.flush()
        assert [other.stdout.readline() for _ in range(2)] == ["held\n", "busy\n"]
        verify(schema, status=2)
        other.stdin.close()


def test_many_at_once_are_not_in_each_others_way(schema):
    processes = [schema.tool("verify") for _ in range(6)]
    for process in processes:
        out, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (2, ""), out


def test_what_is_dumped_and_restored_passes(schema, server):
    with make_database(server, "restored") as restored:
        script = schema.dump()
        subprocess.run(restored.psql(user="postgres"), input=script, text=True, check=True, stdout=subprocess.DEVNULL)
        verify(restored, status=2)


def test_what_belongs_to_an_extension_is_nobodys_change(schema):
    schema.admin("create extension citext")
    verify(schema, status=2)


SCHEMA_FAULTS = {
    "dropped column": (
        "alter table deployment drop column logs_path", ["column deployment.logs_path is missing"]),
    "extra column": (
        "alter table app add column colour text", ["column app.colour is of no migration"]),
    "changed type": (
        "alter table app alter column port type integer", ["type of column app.port is integer, should be port"]),
    "changed default": (
        "alter table app alter column access_mode set default 'public'",
        ["default of column app.access_mode is 'public'::text, should be 'private'::text"]),
    "dropped default": (
        "alter table deployment alter column kind drop default",
        ["default of column deployment.kind is missing: 'deploy'::text"]),
    "nullable column": (
        "alter table app alter column status drop not null",
        ["nullability of column app.status is null, should be not null"]),
    "changed identity": (
        "alter table event alter column id set increment by 2",
        ["identity of column event.id is always as bigint from 1 by 2 within 1 and 9223372036854775807,"
         " should be always as bigint from 1 by 1 within 1 and 9223372036854775807"]),
    "dropped constraint": (
        "alter table app drop constraint app_wanted_word",
        ["constraint app_wanted_word of table app is missing:"
         " CHECK (wanted = ANY (ARRAY['running'::text, 'stopped'::text]))"]),
    "weakened foreign key": (
        "alter table app drop constraint app_repository_id_fkey, add constraint app_repository_id_fkey"
        " foreign key (repository_id) references repository on delete cascade",
        ["constraint app_repository_id_fkey of table app is FOREIGN KEY (repository_id) REFERENCES repository(id)"
         " ON DELETE CASCADE, should be FOREIGN KEY (repository_id) REFERENCES repository(id) ON DELETE RESTRICT"]),
    "constraint that was not looked at": (
        "alter table app drop constraint app_wanted_word, add constraint app_wanted_word"
        " check (wanted = any (array['running'::text, 'stopped'::text])) not valid",
        ["constraint app_wanted_word of table app is"
         " CHECK (wanted = ANY (ARRAY['running'::text, 'stopped'::text])) NOT VALID,"
         " should be CHECK (wanted = ANY (ARRAY['running'::text, 'stopped'::text]))"]),
    "dropped index": (
        "drop index deployment_finished_at_idx",
        ["index deployment_finished_at_idx is missing: CREATE INDEX deployment_finished_at_idx ON deployment"
         " USING btree (finished_at) WHERE finished_at IS NOT NULL"]),
    "extra index": (
        "create index mine on app (status)", ["index mine is of no migration: CREATE INDEX mine ON app USING btree (status)"]),
    "extra table": ("create table mine (id integer primary key)", ["table mine is of no migration"]),
    "dropped table": ("drop table retired_port", ["table retired_port is missing"]),
    "unlogged table": ("alter table retired_port set unlogged", ["table retired_port is unlogged, should be plain"]),
    "view": ("create view mine as select 1 as one", ["view mine is of no migration: SELECT 1 AS one;"]),
    "dropped constraint of a domain": (
        "alter domain port drop constraint port_range",
        ["constraint port_range of domain port is missing: CHECK (VALUE >= 1 AND VALUE <= 65535)"]),
    "extra type": ("create type mine as enum ('a', 'b')", ["type mine is of no migration: 'a', 'b'"]),
    "other function": (
        "create or replace function all_match(list text[], form text) returns boolean language sql immutable as"
        " 'select true'",
        [r"function all_match\(list text\[\], form text\) is returns boolean language sql volatility i parallel u as"
         r" select true, should be returns boolean language sql volatility i parallel u as "
         r" ?select coalesce\(bool_and\(.*"]),
    "dropped trigger": (
        "drop trigger event_append_only on event",
        ["trigger event_append_only of table event is missing: CREATE TRIGGER event_append_only BEFORE DELETE OR"
         " UPDATE OR TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION event_append_only()"]),
    "disabled trigger": (
        "alter table event disable trigger event_append_only",
        [r"trigger event_append_only of table event is CREATE TRIGGER .* \(disabled\), should be CREATE TRIGGER .*\)"]),
    "rule": (
        "create rule mine as on delete to event do instead nothing",
        ["rule mine of table event is of no migration: CREATE RULE mine AS ON DELETE TO event DO INSTEAD NOTHING;"]),
    "table of another name": (
        "alter table retired_port rename to retired",
        ["table retired is of no migration", "table retired_port is missing"]),
}


@pytest.mark.parametrize("fault", SCHEMA_FAULTS)
def test_a_change_by_hand_is_named(schema, fault):
    sql, lines = SCHEMA_FAULTS[fault]
    schema(sql)
    check, found = failed(schema)
    assert check == "schema"
    assert len(found) == len(lines), found
    for line, expected in zip(found, lines):
        assert line == expected or re.fullmatch(expected, line)


LEDGER = "select version, name, sha256 from schema_migration order by version"


def test_an_edited_ledger_is_named(schema):
    sha256 = schema(LEDGER)[0][2]
    schema("update schema_migration set sha256 = repeat('1f', 32) where version = 1")
    assert failed(schema) == ("ledger", [f"migration 0001_initial was changed after it was applied (database has"
                                         f" 1f1f1f1f1f1f…, this deployd has {sha256[:12]}…)"])


def test_a_missing_row_of_the_ledger_is_named(schema):
    schema("delete from schema_migration where version = (select max(version) from schema_migration)")
    assert failed(schema) == ("ledger", [f"migration {shipped()[-1]} is not applied"])


def test_a_newer_database_is_named(schema):
    known = len(shipped())
    schema(f"insert into schema_migration (version, name, sha256) values ({known + 1}, '{known + 1:04}_later', 'x')")
    assert failed(schema) == ("ledger", [f"database is at {known + 1}, this deployd knows {known}"])


def test_a_migration_edited_after_its_release_is_named(schema):
    assert failed(schema, "sql-tool-edited")[0] == "ledger"
    _, lines = failed(schema, "sql-tool-edited")
    assert len(lines) == 1
    assert re.fullmatch(rf"migration {shipped()[-1]} was changed after it was applied"
                        r" \(database has [0-9a-f]{12}…, this deployd has [0-9a-f]{12}…\)", lines[0])


def test_a_gap_is_named(database):
    assert database.run("migrate", program="sql-tool-two")[0] == 0
    known = len(shipped())
    database(f"delete from schema_migration where version = {known + 1}")
    check, lines = failed(database, "sql-tool-two")
    assert check == "migrations"
    assert lines == [*(f"[X] {name}" for name in shipped()),
                     f"migration {known + 1:04}_colour is missing in the database, which is at {known + 2} already",
                     f"[ ] {known + 1:04}_colour", f"[X] {known + 2:04}_taste"]


def test_a_row_that_no_deployd_wrote_is_named(schema):
    schema("insert into schema_migration (version, name, sha256) values (0, '0000_mine', 'x')")
    check, lines = failed(schema)
    assert check == "migrations"
    assert "the ledger schema_migration has a row of version 0, which no deployd wrote" in lines


def test_migrations_that_do_not_apply_are_named_and_the_rest_is_left_out(schema):
    plan = schema.run("plan", program="sql-tool-broken")[1]
    schema(re.search(r"^insert into schema_migration .*?;$", plan, re.MULTILINE | re.DOTALL)[0])
    assert failed(schema, "sql-tool-broken") == (
        "from-nothing", [f"migration {len(shipped()) + 1:04}_broken: function no_such_function() does not exist"])
    found = verify(schema, "sql-tool-broken")
    assert all(found[check] == ("-", []) for check in ("schema", "creation", "relations", "constraints"))


def test_without_the_right_to_make_a_schema_it_says_so(schema):
    schema.admin("alter database test owner to postgres")
    assert failed(schema) == ("from-nothing", ["a schema to try them in: permission denied for database test"])


@pytest.mark.parametrize("program, check, line", [
    ("public", "creation", "default of app.access_mode is 'public', should be 'private'"),
    ("cascade", "relations",
     "deleting a repository in use is accepted, should be refused by app_repository_id_fkey"),
    ("wordless", "constraints",
     "\"update app set status = 'fine'\" is accepted, should be refused by app_status_word"),
])
def test_a_migration_that_makes_something_else_than_is_promised_is_named(database, program, check, line):
    assert database.run("migrate", program=f"sql-tool-{program}")[0] == 0
    wrong, lines = failed(database, f"sql-tool-{program}")
    assert wrong == check
    assert [found for found in lines if " is " in found] == [line]


def test_every_constraint_is_tried(schema):
    """Each constraint, unique index and trigger of the schema has a statement that it must refuse."""
    text = (SOURCE / "sql/verify-constraints.c").read_text() + (SOURCE / "sql/verify-example.c").read_text()
    tried = set(re.findall(r'^        "([a-z_]+): ', text, re.MULTILINE))
    there = {row[0] for row in schema("""
        select conname from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
        and conrelid <> 'schema_migration'::regclass
        union select relname from pg_index join pg_class on pg_class.oid = indexrelid
        where relnamespace = 'public'::regnamespace and indisunique and indrelid <> 'schema_migration'::regclass""")}
    # That what other rows refer to is unique follows from the constraints beside these; an exact copy of a row is
    # refused by the first.
    implied = {"release_of_app", "environment_version_of_app", "port_lease_whole"}
    assert there - tried - implied == set()


def test_a_server_that_is_restarted_meanwhile_is_asked_again(schema, directory):
    """The connection is lost in the middle: it begins again."""
    with subprocess.Popen(schema.psql(user="postgres"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as us:
        us.stdin.write("begin; lock table pg_namespace in share row exclusive mode; select 'held';\n")
        us.stdin.flush()
        assert us.stdout.readline() == "held\n"
        process = schema.tool("verify")
        while not schema.admin("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'deployd'"
                               " and wait_event_type = 'Lock'"):
            assert process.poll() is None, process.communicate()
        us.stdin.write("rollback;\n")
        us.stdin.close()
        out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (2, ""), out
    assert schema.admin("select count(*) from pg_namespace where nspname like 'deployd%'") == [["0"]]


def test_without_a_server_it_says_so(database):
    database.conninfo = lambda user: f"host={database.server}/nowhere"
    status, out, errors = database.run("verify")
    assert (status, out) == (69, "")
    assert "No such file or directory" in errors
