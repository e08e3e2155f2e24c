# SPDX-License-Identifier: LGPL-2.1-or-later
"""The database: the private cluster, an own server, the migrations, and what happens while it is away."""

import re

import pytest

import daemon
from deployd import ROOT, Deployd, repository_path
from host import HostError

STATE = "/var/lib/deployd/postgres"
SOCKET = "/run/deployd/postgres"
POSTGRES = "deployd-postgres.service"
BIN = "/usr/lib/postgresql/15/bin"
LEDGER = "select version, name, sha256, applied_at from schema_migration order by version"
URL = "https://example.com/x"


@pytest.fixture(scope="module")
def deployd(machine):
    """deployd, with one app live."""
    platform = Deployd(machine)
    platform.app("shop")
    platform.live("shop")
    return platform


@pytest.fixture(scope="module")
def bare(boot):
    """A machine without any app, whose database may be thrown away."""
    return boot()


@pytest.fixture
def stopped(machine, deployd):
    """The daemon is stopped; it runs again after the test."""
    machine.systemctl("stop", daemon.UNIT)
    yield
    machine.systemctl("start", POSTGRES, daemon.UNIT)


def psql(machine, query, *, role="deployd", database="deployd"):
    """The rows of a query to the private cluster, unaligned."""
    user = "deployd-postgres" if role == "postgres" else None
    return machine.run(["psql", f"--host={SOCKET}", f"--username={role}", "--no-psqlrc", "--tuples-only",
                        "--no-align", "--quiet", "--command", query, database], user=user).stdout.splitlines()


def tool(machine, verb):
    """Runs `deployd VERB`: (exit status, standard output, standard error)."""
    done = machine.run(["/usr/sbin/deployd", verb], check=False)
    return done.returncode, done.stdout, done.stderr


def begin(machine):
    """Begins to start the daemon; to be given to begun() later."""
    return machine.stream(["systemctl", "start", daemon.UNIT])


def begun(machine, start):
    """Waits until a start has come to its end, a good one."""
    with pytest.raises(HostError, match="has ended"):
        start.wait(lambda line: False)
    assert start.process.wait() == 0
    assert daemon.state(machine, "ActiveState") == "active"


# The private cluster

def whole(machine, *besides):
    """The private cluster is as the design has it, and serves the daemon."""
    assert machine.sh(f"ls -A {STATE}").split() == sorted(["15", *besides])
    assert machine.sh(f"stat --format='%U %a' {STATE}/15") == "deployd-postgres 700"
    assert machine.sh(f"stat --format='%U:%G %a' {SOCKET}") == "deployd-postgres:deployd-postgres 750"
    assert psql(machine, """
        select current_setting('data_checksums'), current_setting('fsync'), current_setting('listen_addresses'),
               pg_get_userbyid(datdba), (select bool_or(rolsuper) from pg_roles where rolname = 'deployd')
        from pg_database where datname = 'deployd'""") == ["on|on||deployd|f"]
    assert len(machine.call(ROOT, "Manager.ListMigrations")[0]) == machine.get(ROOT, "Manager.SchemaVersion") > 0


def test_the_first_start_makes_the_private_cluster(bare):
    whole(bare)
    assert bare.show(POSTGRES, "ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "0"}


# In the place of `postgres`, which both initdb and the setup call: at a step of theirs (a pattern for the arguments)
# it kills the setup with all its processes, once, before or after it has done what it was called for.
KILLER = """\
#!/bin/sh
read -r when pattern </usr/local/lib/deployd-test/step
case "$*" in
$pattern)
        if [ ! -e "$STATE_DIRECTORY/killed" ]; then
                [ "$when" = before ] || "$0.real" "$@"
                >"$STATE_DIRECTORY/killed"
                kill -KILL 0
        fi
        ;;
esac
exec "$0.real" "$@"
"""
STEPS = {
    "initdb begins": "before -V",
    "the catalog is about to be made": "before --boot*",
    "the catalog is made": "after --boot*-X*",
    "initdb is about to fill it": "before --single*template1",
    "initdb has filled it": "after --single*template1",
    "the role is about to be made": "before --single*postgres",
    "the role is made": "after --single*postgres",
}


@pytest.mark.parametrize("step", STEPS)
def test_a_first_start_killed_in_the_middle_begins_anew(bare, step):
    bare.systemctl("stop", daemon.UNIT, POSTGRES)
    bare.sh(f"rm -r {STATE}/*; [ -e {BIN}/postgres.real ] || mv {BIN}/postgres {BIN}/postgres.real")
    bare.write(f"{BIN}/postgres", KILLER, 0o755)
    bare.write("/usr/local/lib/deployd-test/step", STEPS[step] + "\n")
    try:
        bare.systemctl("start", daemon.UNIT)
        whole(bare, "killed")
        assert bare.show(POSTGRES, "NRestarts") == {"NRestarts": "1"}
    finally:
        bare.sh(f"mv {BIN}/postgres.real {BIN}/postgres")


# Migrations

def test_starting_again_applies_nothing_again(machine, deployd):
    before = psql(machine, LEDGER)
    assert before
    machine.systemctl("restart", daemon.UNIT)
    daemon.kill(machine)
    machine.systemctl("restart", POSTGRES, daemon.UNIT)
    assert psql(machine, LEDGER) == before
    assert deployd.get("shop", "Status") == "running"


def test_deployd_migrations_and_migrate_say_how_it_is(machine, deployd, stopped):
    known = [row.split("|")[1] for row in psql(machine, LEDGER)]
    assert tool(machine, "migrations") == (0, "".join(f"[X] {name}\n" for name in known), "")
    assert tool(machine, "migrate") == (0, f"Nothing to apply: the database is at {len(known)}\n", "")


def test_deployd_migrate_leaves_the_database_to_the_one_that_runs(machine, deployd):
    status, out, err = tool(machine, "migrate")
    assert (status, out) == (75, "")
    assert re.fullmatch(r"another deployd uses this database \(pid \d+, since .* UTC\)\.\n", err)
    assert tool(machine, "migrations")[0] == 0


def test_deployd_migrate_makes_the_schema_in_an_empty_database(bare):
    known = [row.split("|")[1] for row in psql(bare, LEDGER)]
    bare.systemctl("stop", daemon.UNIT)
    for command in ("drop database deployd", "create database deployd owner deployd"):
        psql(bare, command, role="postgres", database="postgres")
    assert tool(bare, "migrations") == (1, "".join(f"[ ] {name}\n" for name in known), "")
    applying = "".join(f"Applying migration {i} of {len(known)}: {name}\n" for i, name in enumerate(known, 1))
    assert tool(bare, "migrate") == (0, applying, "")
    assert tool(bare, "migrations") == (0, "".join(f"[X] {name}\n" for name in known), "")
    before = psql(bare, LEDGER)
    bare.systemctl("start", daemon.UNIT)
    assert psql(bare, LEDGER) == before


REFUSED = {
    "changed": (
        "update schema_migration set sha256 = repeat('0', 64) where version = 1",
        "update schema_migration set sha256 = '{sha256}' where version = 1",
        r"migration 0001_initial was changed after it was applied "
        r"\(database has 000000000000…, this deployd has {sha256:.12}…\)",
        "[!] 0001_initial"),
    "newer": (
        "insert into schema_migration (version, name, sha256) values (9999, '9999_future', repeat('0', 64))",
        "delete from schema_migration where version = 9999",
        r"database is at 9999, this deployd knows {known}",
        "[?] 9999_future"),
}


def dump(machine):
    """All that is in the private cluster's database, as SQL."""
    text = machine.run(["pg_dump", f"--host={SOCKET}", "--username=deployd", "deployd"]).stdout
    # These two commands of psql have a key that is another each time.
    return re.sub(r"^\\(un)?restrict .*$", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("how", REFUSED)
def test_a_database_that_does_not_fit_is_refused_and_left_alone(machine, deployd, stopped, how):
    break_it, repair, sentence, line = REFUSED[how]
    before = psql(machine, LEDGER)
    words = {"sha256": before[0].split("|")[2], "known": len(before)}
    psql(machine, break_it)
    try:
        content = dump(machine)
        start = begin(machine)
        said = daemon.says(machine, re.sub(r" ?\\.*", "", sentence).format(**words))
        assert re.fullmatch(sentence.format(**words), said)
        assert daemon.state(machine, "ActiveState") == "activating"
        logged = [entry["MESSAGE"] for entry in machine.journal(_PID=str(daemon.pid(machine)))]
        assert [line for line in logged if said in line] == [said]
        for member, *arguments in (("Manager.ListApps",), ("Manager.Deploy", "ssa{sv}", "shop", "", 0),
                                   ("Manager.CreateRepository", "sssa{sv}", "other", URL, "", 0)):
            assert daemon.refused(machine, ROOT, member, *arguments) == (daemon.ERROR + "DatabaseUnavailable", said)
        assert machine.get(ROOT, "Manager.DatabaseState") == "connecting"

        status, out, _ = tool(machine, "migrations")
        assert status == 1
        assert line in out.splitlines()
        assert tool(machine, "migrate") == (1, "", said + ".\n")
        assert dump(machine) == content
    finally:
        psql(machine, repair.format(**words))
    begun(machine, start)
    assert psql(machine, LEDGER) == before
    assert deployd.get("shop", "Status") == "running"


# Without a database

def test_started_without_a_database_it_waits_for_it(machine, deployd, stopped):
    machine.systemctl("stop", POSTGRES)
    machine.systemctl("mask", "--runtime", POSTGRES)
    with daemon.untouched(machine, "shop"):
        try:
            start = begin(machine)
            daemon.says(machine, "The database is not reached: ")
            for member, *arguments in (("Manager.ListApps",), ("Manager.Deploy", "ssa{sv}", "shop", "", 0)):
                error, message = daemon.refused(machine, ROOT, member, *arguments)
                assert error == daemon.ERROR + "DatabaseUnavailable"
                assert message == daemon.state(machine, "StatusText")
            assert machine.get(ROOT, "Manager.DatabaseState") == "connecting"
            assert machine.get(ROOT, "Manager.Version")
            assert daemon.state(machine, "ActiveState") == "activating"
            for verb in ("migrations", "migrate"):
                status, out, err = tool(machine, verb)
                assert (status, out) == (69, "")
                assert re.fullmatch(r"[^\n]+\.\n", err)
        finally:
            machine.systemctl("unmask", "--runtime", POSTGRES)
        machine.systemctl("start", POSTGRES)
        begun(machine, start)
        assert deployd.get("shop", "Status") == "running"


def created(machine, name):
    """How often a repository was made: (rows, events, objects)."""
    rows, = psql(machine, f"select count(*) from repository where name = '{name}'")
    events, = psql(machine, f"select count(*) from event where repository_name = '{name}'")
    objects = [row[0] for row in machine.call(ROOT, "Manager.ListRepositories")[0]].count(name)
    return int(rows), int(events), objects


def create(machine, name):
    """Begins to make a repository, as a Stream of what that says."""
    return machine.stream(["env", "SYSTEMD_LOG_LEVEL=debug", "busctl", "call", "org.deployd.Deploy1", ROOT,
                           "org.deployd.Deploy1.Manager", "CreateRepository", "sssa{sv}", name, URL, "", "0"])


def reads(machine, deployd):
    """What is read from memory is answered."""
    assert [row[0] for row in machine.call(ROOT, "Manager.ListApps")[0]] == ["shop"]
    assert deployd.get("shop", "Status") == "running"
    assert machine.run(["deployctl", "app", "list"]).stdout
    assert machine.curl(deployd.get("shop", "CurrentPort"))[0] == 200


def test_while_it_is_away_reads_go_on_and_a_change_waits(machine, deployd):
    before = daemon.pid(machine)
    with daemon.untouched(machine, "shop"):
        machine.systemctl("stop", POSTGRES)
        machine.wait(lambda: machine.get(ROOT, "Manager.DatabaseState") == "connecting", what="the loss being noticed")
        machine.wait(lambda: daemon.state(machine, "StatusText").endswith("; the database is away"))
        reads(machine, deployd)
        with create(machine, "patient") as call:
            call.wait(lambda line: "member=CreateRepository" in line)
            reads(machine, deployd)
            machine.systemctl("start", POSTGRES)
            answer = call.wait(lambda line: line.startswith("Got message ") and " destination=:" in line
                               and "signature=o" in line or "type=error" in line)
            assert "type=method_return" in answer
        assert created(machine, "patient") == (1, 1, 1)
        machine.wait(lambda: re.fullmatch(daemon.STATUS, daemon.state(machine, "StatusText")))
        assert machine.get(ROOT, "Manager.DatabaseState") == "connected"
    assert daemon.pid(machine) == before


def test_a_change_that_cannot_be_committed_in_time_is_refused(machine, deployd):
    machine.systemctl("stop", POSTGRES)
    try:
        error, message = daemon.refused(machine, ROOT, "Manager.CreateRepository", "sssa{sv}", "late", URL, "", 0)
        assert error == daemon.ERROR + "DatabaseUnavailable"
        assert message
        reads(machine, deployd)
    finally:
        machine.systemctl("start", POSTGRES)
    machine.wait(lambda: machine.get(ROOT, "Manager.DatabaseState") == "connected")
    # The next change is committed after all before it.
    machine.call(ROOT, "Manager.CreateRepository", "sssa{sv}", "next", URL, "", 0)
    assert created(machine, "next") == (1, 1, 1)
    assert created(machine, "late") == (0, 0, 0)


LOAD = """
for i in $(seq 1 80); do
        said=$(SYSTEMD_LOG_LEVEL=debug busctl call org.deployd.Deploy1 /org/deployd/Deploy1 \\
                       org.deployd.Deploy1.Manager CreateRepository 'sssa{sv}' load$i https://example.com/x '' 0 2>&1) \\
                && echo load$i created || echo load$i $(echo "$said" | grep -o ' error-name=org[^ ]*')
done
"""


def test_restarted_under_load_nothing_is_doubled_or_lost(machine, deployd):
    faults = {"load10": ["restart", POSTGRES], "load30": ["kill", "--signal=KILL", POSTGRES],
              "load50": ["restart", POSTGRES]}
    outcomes = {}
    before = daemon.pid(machine)
    with daemon.untouched(machine, "shop"), machine.stream(["sh", "-uc", LOAD]) as load:
        while len(outcomes) < 80:
            name, outcome = load.next().split()
            outcomes[name] = outcome
            if name in faults:
                machine.systemctl(*faults[name])
                reads(machine, deployd)
    assert daemon.pid(machine) == before
    machine.wait(lambda: machine.get(ROOT, "Manager.DatabaseState") == "connected")
    assert set(outcomes.values()) <= {"created", f"error-name={daemon.ERROR}DatabaseUnavailable"}
    expected = sorted(name for name, outcome in outcomes.items() if outcome == "created")
    assert len(expected) > 40
    assert sorted(psql(machine, "select name from repository where name like 'load%'")) == expected
    assert sorted(psql(machine, "select repository_name from event where repository_name like 'load%'")) == expected
    assert sorted(row[0] for row in machine.call(ROOT, "Manager.ListRepositories")[0]
                  if row[0].startswith("load")) == expected


# A server of one's own

def test_an_own_server_by_unix_socket_is_used_instead(bare):
    bare.run(["pg_createcluster", "--locale=C.UTF-8", "--start", "15", "main"])
    bare.sh("runuser -u postgres -- createuser root; runuser -u postgres -- createdb --owner=root deployd")
    bare.write(daemon.CONFIGURATION, "[database]\nurl = postgresql:///deployd?host=/run/postgresql\n")
    bare.reboot()
    bare.asked = ["--database=host=/run/postgresql dbname=deployd"]
    daemon.ready(bare)
    # Skipped by its condition, which is no failure.
    assert bare.show(POSTGRES, "ActiveState", "Result", "MainPID") == \
        {"ActiveState": "inactive", "Result": "exec-condition", "MainPID": "0"}
    assert bare.systemctl("is-system-running") == "running"
    assert bare.sh(f"[ ! -e {SOCKET}/.s.PGSQL.5432 ] && echo gone") == "gone"

    assert bare.call(ROOT, "Manager.CreateRepository", "sssa{sv}", "own", URL, "", 0) == [repository_path("own")]
    own = ["psql", "--host=/run/postgresql", "--no-psqlrc", "--tuples-only", "--no-align", "--command"]
    assert bare.run([*own, "select name from repository", "deployd"]).stdout == "own\n"
    assert tool(bare, "migrations")[0] == 0
    assert tool(bare, "verify")[0] == 0
    bare.systemctl("restart", daemon.UNIT)
    assert [row[0] for row in bare.call(ROOT, "Manager.ListRepositories")[0]] == ["own"]
