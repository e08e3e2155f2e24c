# SPDX-License-Identifier: LGPL-2.1-or-later
"""From the schema of a release to the newest, with data in it, whatever happens meanwhile."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess

import pytest
from conftest import SOURCE, Database, make_database

RELEASES = sorted((SOURCE / "tests/sql/releases").glob("*.sql"))
SHIPPED = sorted(path.stem for path in (SOURCE / "sql/migrations").glob("*.sql"))
LEDGER = "select version, name, sha256 from schema_migration order by version"
COLUMNS = """select relname, attname, atttypid::regtype from pg_class join pg_attribute on attrelid = pg_class.oid
             where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped order by 1, 2"""
# Two further migrations behind those that are shipped.
NEXT = {"program": "sql-tool-two"}
STOP_AT = 4711


def restore(database, release):
    subprocess.run(database.psql(user="postgres"), input=release.read_text(), text=True, check=True,
                   stdout=subprocess.DEVNULL)
    return database


def rows(database):
    """All rows of all tables but the ledger: {table: [{column: value}]}."""
    tables = [table for table, in database("select relname from pg_class where relnamespace = 'public'::regnamespace"
                                           " and relkind = 'r' and relname <> 'schema_migration'")]
    return {table: [json.loads("|".join(cells)) for cells in database(f"select to_jsonb({table}) from {table}")]
            for table in tables}


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_release_has_a_row_of_everything(database, release):
    restore(database, release)
    assert [table for table, found in rows(database).items() if not found] == []


def formation_without_a_wish(tables):
    for row in tables["app"]:
        if row["formation"] == ["web=1"]:
            row["formation"] = []


def environment_as_a_version(tables):
    """The variables of an app are those of a version, which has a name of its own."""
    for row in tables["environment"]:
        row["app_id_of_version"] = row.pop("app_id")


def wish_without_a_release(tables):
    """The release of what waits is chosen when it begins; a rollback keeps the number that it goes back to."""
    for row in tables["deployment"]:
        if row["status"] == "queued" and row["kind"] != "deploy":
            row["rollback_to"] = row["release_id"] if row["kind"] == "rollback" else None
            row["release_id"] = None


def quote_apart(before):
    """9: what a program has printed stands behind the sentence, in a column of its own."""
    for row in before["deployment"]:
        sentence, colon, quote = row["error_summary"].partition(": ")
        row["error_summary"], row["error_quote"] = sentence, colon + quote


# What migrations change of rows that are there, on purpose: the first migration that does, and how.
CHANGED = {2: [formation_without_a_wish], 3: [environment_as_a_version, wish_without_a_release],
           9: [quote_apart]}


@pytest.mark.parametrize("program", ["sql-tool", "sql-tool-two"])
@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_release_becomes_the_newest_with_all_that_is_in_it(database, release, program):
    restore(database, release)
    before, applied = rows(database), database(LEDGER)
    assert database.run("migrate", program=program)[0] == 0
    assert database(LEDGER)[:len(applied)] == applied
    assert len(database(LEDGER)) == len(SHIPPED) + 2 * (program == "sql-tool-two")
    status, out, errors = database.run("verify", program=program)
    assert (status, errors) == (2, ""), out
    after = rows(database)
    app_of = {row["id"]: row["app_id"] for row in after["environment_version"]}
    for row in after["environment"]:
        row["app_id_of_version"] = app_of[row["version_id"]]
    for version, changes in CHANGED.items():
        for change in changes if version > len(applied) else []:
            change(before)
    for table, found in before.items():
        assert len(after[table]) == len(found)
        assert [row for row in found if not any(row.items() <= other.items() for other in after[table])] == [], table


COPIED = ["environment_id", "branch", "directory", "buildpack", "build_command", "readiness", "health_check_path",
          "health_check_timeout_usec", "check_settle_usec", "writable_tree", "persist"]


@pytest.mark.parametrize("release", [path for path in RELEASES if path.stem < "0003"], ids=lambda path: path.stem)
def test_what_runs_keeps_the_settings_and_the_variables_that_it_has(database, release):
    """Before versions there was one environment of an app, and its settings were those of all that runs."""
    restore(database, release)
    assert database.run("migrate")[0] == 0
    after = rows(database)
    apps = {app["id"]: app for app in after["app"]}
    with_variables = {row["app_id"] for row in after["environment_version"]}
    assert len(with_variables) == len(after["environment_version"])
    for app in apps.values():
        assert (app["environment_id"] is not None) == (app["id"] in with_variables)
    running = [row for row in after["deployment"] if row["status"] in ("fetching", "starting", "live")]
    assert any(row["environment_id"] for row in running)
    for row in running:
        assert [row[column] for column in COPIED] == [apps[row["app_id"]][column] for column in COPIED]
    for row in after["deployment"]:
        if row not in running:
            assert (row["environment_id"], row["branch"], row["readiness"]) == (None, "", "port")
    assert [(row["only_row"], row["machine"]) for row in after["installation"]] == [(True, None)]
    assert after["removed_app"] == []


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_new_versions_are_watched_for_the_default_until_an_app_says_otherwise(database, release):
    restore(database, release)
    assert database.run("migrate")[0] == 0
    assert {row["check_settle_usec"] for table in ("app", "deployment") for row in rows(database)[table]} == {0}
    database("update app set check_settle_usec = id")
    database("update deployment set status = 'cancelled', finished_at = now() where status in ('fetching', 'starting')")
    database("insert into deployment (app_id) select id from app")
    begun = database("""update deployment set status = 'fetching', started_at = now() where id in
                        (select min(id) from deployment where status = 'queued' group by app_id) returning id""")
    after = rows(database)
    apps = {app["id"]: app for app in after["app"]}
    assert len(begun) == len(apps)
    for row in after["deployment"]:
        if [str(row["id"])] in begun:
            assert [row[column] for column in COPIED] == [apps[row["app_id"]][column] for column in COPIED]
        else:
            assert row["check_settle_usec"] == 0


def stop_at(database, event, number):
    """From now on, the server waits before or after statement `number` that changes the schema, for a lock that we hold."""
    for statement in (
            "create schema stop",
            "create sequence stop.number",
            f"""create function stop.here() returns event_trigger language plpgsql security definer as $$
                begin
                        if nextval('stop.number') = {number} then perform pg_advisory_lock({STOP_AT}); end if;
                end $$""",
            "grant usage on schema stop to deployd",
            f"create event trigger stop on {event} execute function stop.here()"):
        database.admin(statement)


def go_on(database):
    database.admin("drop event trigger if exists stop")
    database.admin("drop schema if exists stop cascade")


@contextlib.contextmanager
def held(database):
    """The lock that stopped statements wait for."""
    with subprocess.Popen(database.psql(user="postgres"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as us:
        us.stdin.write(f"select 'held' from pg_advisory_lock({STOP_AT});\n")
        us.stdin.flush()
        assert us.stdout.readline() == "held\n"
        yield
        with contextlib.suppress(BrokenPipeError):
            us.stdin.close()


WAITING = "select pid from pg_locks where locktype = 'advisory' and not granted"


def kill_deployd(database, process):
    process.send_signal(signal.SIGKILL)
    process.communicate()
    # The dead one's session ends while it still waits: client_connection_check_interval.
    while database.admin(WAITING):
        pass


def kill_server(database, process):
    """The backend, and with it the whole server, which its postmaster starts again; the tool with them."""
    (pid,), = database.admin(WAITING)
    process.send_signal(signal.SIGSTOP)
    os.kill(int(pid), signal.SIGKILL)
    # No new connection is accepted until all that was not committed is taken back.
    while subprocess.run(database.psql("select", user="postgres"), capture_output=True, check=False).returncode != 0:
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate()


def count(server, make):
    """How many statements of the schema's there are on the way to the newest."""
    with make_database(server, "counted") as database:
        make(database)
        stop_at(database, "ddl_command_end", 0)
        assert database.run("migrate", **NEXT)[0] == 0
        return int(database.admin("select last_value from stop.number")[0][0])


def states(server, make):
    """The columns at each version on the way: {ledger: columns}."""
    found = {}
    with make_database(server, "stepped") as database:
        make(database)
        plan = database.run("plan", **NEXT)[1]
        found[ledger(database)] = database.admin(COLUMNS)
        for script in re.split(r"^-- \d{4}_\w+\n(?=begin;)", plan, flags=re.MULTILINE)[1:]:
            database(script)
            found[ledger(database)] = database.admin(COLUMNS)
    return found


def ledger(database):
    if database.admin("select to_regclass('schema_migration') is null") == [["t"]]:
        return 0
    return len(database.admin(LEDGER))


@pytest.mark.parametrize("kill", [kill_deployd, kill_server])
@pytest.mark.parametrize("first", [None, *RELEASES], ids=lambda path: path.stem if path else "nothing")
def test_killed_at_any_statement_it_is_old_or_new_and_the_next_start_completes(server, first, kill):
    def make(database):
        return restore(database, first) if first else database

    n, known = count(server, make), states(server, make)
    # Some from the first to the last, unless all are asked for.
    numbers = range(1, n + 1) if os.environ.get("DEPLOYD_LONG") else sorted({1 + i * (n - 1) // 4 for i in range(5)})
    whole = max(known)
    for event in ("ddl_command_start", "ddl_command_end"):
        for number in numbers:
            with make_database(server, "killed") as database:
                make(database)
                stop_at(database, event, number)
                with held(database):
                    process = database.tool("migrate", **NEXT)
                    while not database.admin(WAITING):
                        assert process.poll() is None, (event, number, process.communicate())
                    kill(database, process)
                assert database.admin(COLUMNS) == known[ledger(database)], (event, number)
                assert ledger(database) < whole
                go_on(database)
                assert database.run("migrate", **NEXT)[0] == 0
                assert (ledger(database), database.admin(COLUMNS)) == (whole, known[whole])
                assert database.run("verify", **NEXT)[0] == 2, (event, number)


def test_a_backend_killed_inside_a_migration_is_no_end_for_the_deployd(database):
    stop_at(database, "ddl_command_end", 9)
    with held(database):
        process = database.tool("migrate", **NEXT)
        while not database.admin(WAITING.replace("pid", "pg_terminate_backend(pid)")):
            assert process.poll() is None, process.communicate()
        out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, ""), out
    assert ledger(database) == len(SHIPPED) + 2


def refused(database, words, error="", **options):
    """Migrating is, with one sentence, and nothing is changed."""
    before = database.dump()
    status, out, errors = database.run("migrate", **options)
    assert (status, len(errors.splitlines())) == (1, 1), (out, errors)
    assert words in errors
    assert error in errors
    assert database.dump() == before


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_foreign_column_in_the_way_changes_nothing(database, release):
    restore(database, release)
    assert database.run("migrate")[0] == 0
    database("alter table app add column colour text")
    refused(database, f"cannot apply migration {len(SHIPPED) + 1:04}_colour: ", 'column "colour" of relation "app"', **NEXT)


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_missing_rights_change_nothing(database, release):
    restore(database, release)
    assert database.run("migrate")[0] == 0
    database.admin("alter table app owner to postgres")
    database.admin("grant all on app to deployd")
    refused(database, f"deployd's role lacks a right for migration {len(SHIPPED) + 1:04}_colour: ",
            "must be owner of table app", **NEXT)


def test_an_older_deployd_refuses_with_both_numbers(database):
    assert database.run("migrate", **NEXT)[0] == 0
    refused(database, f"database is at {len(SHIPPED) + 2}, this deployd knows {len(SHIPPED)}.")


@pytest.fixture
def small(server):
    """A small disk with a tablespace on it."""
    path = server / "small"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48M,mode=0777", "small", path], check=True)
    admin = Database(server, "postgres").admin
    try:
        (path / "tablespace").mkdir()
        shutil.chown(path / "tablespace", "nobody", "nogroup")
        admin(f"create tablespace small location '{path}/tablespace'")
        yield path
        admin("drop tablespace small")
    finally:
        subprocess.run(["umount", path], check=True)
        path.rmdir()


@contextlib.contextmanager
def filled(disk):
    """Nothing more goes onto it."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    try:
        yield
    finally:
        ballast.unlink()


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_full_disk_changes_nothing_and_space_lets_it_go_on(server, small, release):
    with make_database(server, "tiny", "tablespace small") as database:
        restore(database, release)
        assert database.run("migrate")[0] == 0
        with filled(small):
            before = database(COLUMNS), database(LEDGER)
            with database.tool("migrate", program="sql-tool-big") as process:
                out, errors = process.communicate(timeout=60)
            assert process.returncode == 69, (out, errors)
            assert "No space left on device" in errors
            assert len(errors.splitlines()) == 1
            assert (database(COLUMNS), database(LEDGER)) == before
        assert database.run("migrate", program="sql-tool-big")[0] == 0
        assert database.run("verify", program="sql-tool-big")[0] == 2
