# SPDX-License-Identifier: LGPL-2.1-or-later
"""Migrations are applied once, whole and in order, by one deployd at a time, or refused with one sentence."""

import hashlib
import subprocess

import pytest
from conftest import SOURCE

THREE = {"program": "sql-tool-three"}
LEDGER = "select version, name, sha256 from schema_migration order by version"
EVERYTHING = "select relname from pg_class where relnamespace = 'public'::regnamespace order by relname"


def checksum(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


FILES = sorted((SOURCE / "tests/sql/migrations").glob("*.sql"))
SHIPPED = sorted((SOURCE / "sql/migrations").glob("*.sql"))
WHOLE_LEDGER = [[str(i), file.stem, checksum(file)] for i, file in enumerate(FILES, 1)]


def refused(database, *words):
    """It is, with one sentence that has these words, and nothing is changed."""
    before = database.admin(EVERYTHING)
    status, out, errors = database.run("migrate", **THREE)
    assert status == 1, (out, errors)
    assert out == ""
    assert len(errors.splitlines()) == 1, errors
    for word in words:
        assert word in errors
    assert database.admin(EVERYTHING) == before


def test_all_are_applied_in_order_and_noted(database):
    status, out, errors = database.run("migrate", **THREE)
    assert (status, errors) == (0, "")
    assert out.splitlines() == [f"Applying migration {i} of 3: {name}" for i, name, _ in WHOLE_LEDGER]
    assert database(LEDGER) == WHOLE_LEDGER
    assert database("select word from first") == [["""a 'quoted' "word"; \\ %s $1 ??/"""]]
    assert database("select third(), count(*) from second") == [["3", "1"]]
    assert database("select bool_and(applied_at > now() - interval '1 hour') from schema_migration") == [["t"]]


def test_a_second_start_applies_nothing(database):
    database.run("migrate", **THREE)
    before = database("select xmin, * from schema_migration")
    assert database.run("migrate", **THREE) == (0, "Nothing to apply: the database is at 3\n", "")
    assert database("select xmin, * from schema_migration") == before


def test_the_shipped_ones_apply(database):
    assert database.run("migrate")[0] == 0
    assert database(LEDGER) == [[str(i), file.stem, checksum(file)] for i, file in enumerate(SHIPPED, 1)]


def test_a_formation_that_nobody_chose_becomes_none(database):
    initial, builds = SHIPPED[:2]
    database(initial.read_text())
    database("insert into repository (name, git_url) values ('code', 'https://example.com/code.git')")
    database("insert into app (name, repository_id, port, formation) values ('a', 1, 1, default),"
             " ('b', 1, 2, '{web=2}'), ('c', 1, 3, '{worker=1}'), ('d', 1, 4, '{}')")
    database(builds.read_text())
    assert database("select name, formation from app order by name") == [
        ["a", "{}"], ["b", "{web=2}"], ["c", "{worker=1}"], ["d", "{}"]]


def test_the_list_shows_what_is_applied_missing_changed_and_unknown(database):
    def listed():
        return database.run("migrations", **THREE)

    assert listed() == (1, "[ ] 0001_first\n[ ] 0002_second\n[ ] 0003_third\n", "")
    assert database.admin(EVERYTHING) == [], "looking made something"
    database.run("migrate", **THREE)
    assert listed() == (0, "[X] 0001_first\n[X] 0002_second\n[X] 0003_third\n", "")
    database("update schema_migration set sha256 = md5('') || md5('') where version = 2")
    database("delete from schema_migration where version = 3")
    database("insert into schema_migration (version, name, sha256) values (9, '0009_later', 'x')")
    assert listed() == (1, "[X] 0001_first\n[!] 0002_second\n[ ] 0003_third\n[?] 0009_later\n", "")


def test_the_plan_is_the_sql_that_would_run_and_changes_nothing(database):
    plan = database.run("plan", **THREE)
    assert plan[0::2] == (0, "")
    for file in FILES:
        assert file.read_text() in plan[1]
    assert database.admin(EVERYTHING) == [], "planning made something"
    database(plan[1])
    assert database(LEDGER) == WHOLE_LEDGER
    assert database.run("migrations", **THREE)[0] == 0


def test_the_plan_begins_where_the_database_is(database):
    database.run("migrate", **THREE)
    assert database.run("plan", **THREE) == (0, "", "")
    database("drop function third")
    database("delete from second")
    database("delete from schema_migration where version = 3")
    status, out, _ = database.run("plan", **THREE)
    assert status == 0
    assert [line for line in out.splitlines() if line.startswith("-- 0")] == ["-- 0003_third"]
    database(out)
    assert database(LEDGER) == WHOLE_LEDGER


def test_a_plan_that_would_be_refused_is_refused(database):
    database.run("migrate", **THREE)
    database("delete from schema_migration where version = 2")
    assert database.run("plan", **THREE) == \
        (1, "", "migration 0002_second is missing in the database, which is at 3 already.\n")


def test_looking_needs_no_lock(database):
    database.run("migrate", **THREE)
    with held_lock(database):
        assert database.run("migrations", **THREE)[0] == 0
        assert database.run("plan", **THREE)[0] == 0


def test_a_changed_one_is_refused(database):
    database.run("migrate", **THREE)
    database("update schema_migration set sha256 = repeat('1f', 32) where version = 2")
    refused(database, "migration 0002_second was changed after it was applied",
            f"(database has 1f1f1f1f1f1f…, this deployd has {checksum(FILES[1])[:12]}…)")


def test_a_renamed_one_is_refused(database):
    database.run("migrate", **THREE)
    database("update schema_migration set name = '0002_other' where version = 2")
    refused(database, "migration 0002_second was changed after it was applied")


def test_a_newer_database_is_refused(database):
    database.run("migrate", **THREE)
    database("insert into schema_migration (version, name, sha256) values (9, '0009_later', 'x')")
    refused(database, "database is at 9, this deployd knows 3")


def test_a_gap_is_refused(database):
    database.run("migrate", **THREE)
    database("delete from schema_migration where version = 2")
    refused(database, "migration 0002_second is missing in the database, which is at 3 already")


@pytest.mark.parametrize("thing", [
    "create table second (x int)", "create view second as select 1", "create type second as enum ('x')",
    "create index second on first (id)"])
def test_something_foreign_in_the_way_is_refused_and_named(database, thing):
    database("create table first_one (id int)")
    if " on first " in thing:
        thing = thing.replace("first", "first_one")
    database(thing)
    status, out, errors = database.run("migrate", **THREE)
    assert status == 1
    assert "something foreign is in the way of migration 0002_second" in errors
    assert '"second"' in errors
    assert "a database of its own" in errors
    assert database(LEDGER) == WHOLE_LEDGER[:1]
    assert database("select count(*) from information_schema.columns where table_name = 'first'") == [["2"]], \
        "the refused migration left its first statement"


def test_a_foreign_ledger_is_refused_and_named(database):
    database("create table schema_migration (version text, whatever int)")
    refused(database, "something foreign is in place of the table schema_migration", "a database of its own")


def test_missing_rights_are_refused_and_named(database):
    database.admin("alter database test owner to postgres")
    status, _, errors = database.run("migrate", **THREE)
    assert status == 1
    assert errors == "deployd's role lacks a right for migration 0001_first: permission denied for schema public.\n"
    assert database.admin(EVERYTHING) == []


def test_a_ledger_that_may_not_be_read_is_refused(database):
    database.admin("create table schema_migration (version int, name text, sha256 text, applied_at timestamptz)")
    refused(database, "deployd's role lacks a right for the table schema_migration")


def test_a_database_that_cannot_hold_all_text_is_refused(database):
    database.admin("create database latin owner deployd encoding 'LATIN1' locale 'C' template template0")
    try:
        database.name = "latin"
        refused(database, "the database has the encoding LATIN1, deployd needs UTF8")
    finally:
        database.name = "test"
        database.admin("drop database latin with (force)")


class held_lock:
    """What another deployd holds, for as long as it lives."""

    def __init__(self, database):
        self.database = database

    def __enter__(self):
        self.process = subprocess.Popen(self.database.psql(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(f"select pg_backend_pid() from pg_advisory_lock({0x6465706c6f796431});\n")
        self.process.stdin.flush()
        self.pid = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def test_the_lock_of_another_is_waited_for_and_then_said(database):
    with held_lock(database) as lock:
        status, out, errors = database.run("migrate", **THREE)
    assert status == 75
    assert f"another deployd uses this database (pid {lock.pid}, since 20" in errors
    assert (out, database.admin(EVERYTHING)) == ("", [])


def test_the_lock_of_another_that_dies_is_taken(database):
    with held_lock(database):
        process = database.tool("migrate", **THREE)
        # It has asked for the lock once.
        while database.admin("select count(*) from pg_stat_activity where application_name = 'deployd'"
                             " and query like '%pg_try_advisory_lock%'") == [["0"]]:
            pass
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert database(LEDGER) == WHOLE_LEDGER


def test_of_many_at_once_each_migration_is_applied_by_one(database):
    processes = [database.tool("migrate", **THREE) for _ in range(6)]
    lines = []
    for process in processes:
        out, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
        lines += out.splitlines()
    applied = [line for line in lines if line.startswith("Applying")]
    assert applied == [f"Applying migration {i} of 3: {name}" for i, name, _ in WHOLE_LEDGER]
    assert lines.count("Nothing to apply: the database is at 3") == 5


def test_a_password_in_a_bad_url_is_not_shown(database):
    for url in ("postgresql://deployd:hunter2@db.example.com/deployd", "postgresql://deployd:hunter2%zz@/deployd"):
        database.conninfo = lambda user, url=url: url
        status, out, errors = database.run("migrate")
        assert (status, out) == (78, "")
        assert "[database] url" in errors
        assert "hunter2" not in errors


def test_without_a_server_it_says_so(database):
    database.conninfo = lambda user: f"host={database.server}/nowhere"
    status, out, errors = database.run("migrate")
    assert (status, out) == (69, "")
    assert "No such file or directory" in errors
