# SPDX-License-Identifier: LGPL-2.1-or-later
"""`deployd verify` on a machine: asked of the daemon, or without one; what it says when installation, units or database
are not as they should be. The faults of the schema, one by one, are in tests/sql/test_verify.py."""

import contextlib
import json
import pathlib
import re

import pytest

import daemon
from deployd import ROOT, SILENT, Deployd, Held, deployment_path

CHECKS = ["migrations", "ledger", "schema", "from-nothing", "creation", "relations", "constraints", "configuration",
          "units"]
EXAMPLE = """\
✓ A repository, an app and a deployment can be created
    repository created: example
    app created: example
    deployment created: 1
"""
RELATIONS = """\
✓ The relations lead both ways
    app → repository: example
    deployment → app: example
    app deployments: 1
    repository apps: 1
"""
POLICY = "/usr/share/dbus-1/system.d/org.deployd.Deploy1.conf"
# Of a number that the database has given out: another one would be of another database.
GHOST = "deployd-app-ghost-1.web.1.service"
GHOST_SLICE = "deployd-apps-ghost.slice"
# As units of deployd have it: the sanitized build only adds to it.
HAUNT = ["systemd-run", f"--unit={GHOST}", f"--slice={GHOST_SLICE}", "--uid=deployd-a4242",
         "--property=DynamicUser=yes", "--property=SystemCallFilter=@system-service", "sleep", "infinity"]


@pytest.fixture(scope="module")
def deployd(machine):
    """deployd, with one app live."""
    platform = Deployd(machine)
    platform.app("shop")
    platform.live("shop")
    return platform


def run(machine, *options, user=None):
    """Runs `deployd verify`: (exit status, standard output, standard error)."""
    done = machine.run(["/usr/sbin/deployd", "verify", *options], user=user, check=False)
    return done.returncode, done.stdout, done.stderr


def verify(machine):
    """What `deployd verify --json` has found: its exit status, and {id: (passed, lines)}."""
    status, out, _ = run(machine, "--json")
    report = json.loads(out)
    assert [check["id"] for check in report["checks"]] == CHECKS
    assert report["passed"] == (status == 0)
    return status, {check["id"]: (check["passed"], check["detail"]) for check in report["checks"]}


def failed(machine):
    """The one check that fails, with its lines; all others pass."""
    status, found = verify(machine)
    assert status == 1
    wrong = [check for check in CHECKS if found[check][0] is not True]
    assert len(wrong) == 1, found
    return wrong[0], found[wrong[0]][1]


def passes(machine):
    """All nine do."""
    status, found = verify(machine)
    assert (status, [check for check in CHECKS if found[check][0] is not True]) == (0, []), found


# As it should be

def test_a_fresh_install_passes_and_shows_an_example(machine):
    status, out, err = run(machine)
    assert (status, err) == (0, "")
    assert re.findall(r"^\S", out, re.MULTILINE) == ["✓"] * 9
    assert EXAMPLE in out
    assert RELATIONS in out
    assert "[X] 0001_initial\n" in out
    assert re.search(r"^    systemd: 252", out, re.MULTILINE)
    # A container has no controller of memory and tasks; the tests' configuration takes that.
    assert re.search(r"^    limits of builds: partial, without memory, tasks", out, re.MULTILINE)
    assert re.search(r"^    ports of deployments: 20000-29999, of apps: 30000-32767, of the kernel: 32768-60999$", out,
                     re.MULTILINE)


def test_it_changes_nothing(machine, deployd):
    state = "select array_agg(format('%s %s', sequencename, last_value) order by 1) from pg_sequences"
    before = deployd.sql(state), machine.show(daemon.UNIT, "MainPID", "InvocationID")
    passes(machine)
    assert (deployd.sql(state), machine.show(daemon.UNIT, "MainPID", "InvocationID")) == before


def test_over_the_bus_it_is_the_same(machine, deployd):
    passed, checks = machine.call(ROOT, "Manager.Verify")
    assert passed is True
    assert [check[0] for check in checks] == CHECKS
    out = run(machine)[1]
    assert out == "".join(f"✓ {title}\n" + "".join(f"    {line}\n" for line in detail.splitlines())
                          for _, title, _, detail in checks)


def test_only_root_may_ask(machine, deployd):
    assert daemon.refused(machine, ROOT, "Manager.Verify", user="nobody")[0] == daemon.CHALLENGE
    status, out, err = run(machine, user="nobody")
    assert (status, out) == (77, "")
    assert "org.deployd.deploy1.manage" in err


def test_deployments_under_way_make_nothing_fail(machine, deployd):
    deployd.app("busy", SILENT)
    for _ in range(3):
        number = deployd.deploy("shop")
        silent = deployd.deploy("busy")
        passes(machine)
        assert deployd.end(number)["Status"] == "live"
        machine.call(f"{ROOT}/deployment/_{ord(str(silent)[0]):02x}{str(silent)[1:]}", "Deployment.Cancel")
        passes(machine)
    deployd.do("shop", "Restart")
    passes(machine)
    deployd.do("shop", "Stop")
    passes(machine)
    deployd.do("shop", "Start")
    passes(machine)


def test_a_step_under_way_belongs_to_its_deployment(machine, deployd):
    """What would end a running build or release command is never advised."""
    deployd.app("held", {"Procfile": "release: true\n" + SILENT["Procfile"]}, BuildCommand="true")
    with contextlib.ExitStack() as stack:
        held = {kind: stack.enter_context(Held(machine, kind))
                for kind in ("fetch", "build", "import", "release", "archive")}
        number = deployd.deploy("held")
        for kind in ("fetch", "build", "import", "release"):
            held[kind].unit("held-*")
            passes(machine)
            held[kind].release()
        machine.call(deployment_path(number), "Deployment.Cancel")
        held["archive"].unit("held-*")
        passes(machine)


def test_a_unit_that_belongs_to_nobody_needs_no_row(machine, deployd):
    """The daemon tries the limits of builds before it says what it found, so a name has to stand for such a unit."""
    unit = "deployd-limit-memory-1.service"
    machine.run(["systemd-run", f"--unit={unit}", *HAUNT[2:]])
    try:
        passes(machine)
    finally:
        machine.systemctl("stop", unit, GHOST_SLICE)


def test_meanwhile_others_are_answered(machine, deployd):
    """The checks wait for the database; nothing else does."""
    with machine.stream(["psql", "--host=/run/deployd/postgres", "--username=postgres", "--no-psqlrc",
                         "--command", "begin", "--command", "lock table pg_namespace in share row exclusive mode",
                         "--command", "\\echo held", "--command", "select pg_sleep(3600)", "deployd"],
                        user="deployd-postgres") as holder:
        holder.wait(lambda line: line == "held")
        with machine.stream(["/usr/sbin/deployd", "verify"]) as asking:
            machine.wait(lambda: deployd.sql("select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
                                             " and application_name = 'deployd'") == ["1"])
            machine.call(ROOT, "Manager.CreateRepository", "sssa{sv}", "meanwhile", "https://example.com/x", "", 0)
            assert deployd.get("shop", "Status") == "running"
            holder.close()
            deployd.sql("select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep%'"
                        " and pid <> pg_backend_pid()")
            assert asking.wait(lambda line: line[0] in "✗-" or "systemd agree" in line) == \
                "✓ The database and systemd agree"


# Without a daemon

@pytest.fixture
def stopped(machine, deployd):
    """The daemon is stopped; it runs again after the test."""
    machine.systemctl("stop", daemon.UNIT)
    yield
    machine.systemctl("start", "deployd-postgres.service", daemon.UNIT)


def alone(machine, why):
    """It makes checks 1 to 7 itself, and says why."""
    status, out, err = run(machine)
    assert status == 2
    assert re.findall(r"^\S", out, re.MULTILINE) == ["✓"] * 7 + ["-"] * 2
    assert re.search(rf"deployd was not asked \(.*{why}.*\): the checks marked '-' are not made\n", err), err
    assert verify(machine)[1]["units"] == (None, [])


def test_without_a_daemon_it_looks_itself_and_starts_none(machine, deployd, stopped):
    alone(machine, "")
    assert daemon.state(machine, "ActiveState") == "inactive"


def test_beside_a_daemon_that_is_not_ready_it_looks_itself(machine, deployd, stopped):
    with machine.stream(["psql", "--host=/run/deployd/postgres", "--username=deployd", "--no-psqlrc",
                         "--command", f"select pg_advisory_lock({0x6465706c6f796431})", "--command", "\\echo held",
                         "--command", "select pg_sleep(3600)", "deployd"]) as holder:
        holder.wait(lambda line: line == "held")
        machine.systemctl("start", "--no-block", daemon.UNIT)
        daemon.says(machine, "another deployd uses this database")
        alone(machine, "another deployd uses this database")
        deployd.sql("select pg_terminate_backend(pid) from pg_locks join pg_stat_activity using (pid)"
                    " where locktype = 'advisory' and granted")
    daemon.ready(machine)


def test_without_a_database_it_says_so(machine, deployd, stopped):
    machine.systemctl("stop", "deployd-postgres.service")
    status, out, err = run(machine)
    assert (status, out) == (69, "")
    assert "connection to server on socket" in err


# What is wrong

@contextlib.contextmanager
def moved(machine, path):
    """A file is not there for the time of a test."""
    machine.run(["mv", path, f"{path}.away"])
    try:
        yield
    finally:
        machine.run(["mv", f"{path}.away", path])


def test_a_port_range_inside_that_of_the_kernel_is_named(machine, deployd):
    with daemon.configured(machine, "[ports]\nrange = 40000-49999\n"):
        check, lines = failed(machine)
    assert check == "configuration"
    assert lines[0] == ("[ports] range 40000-49999 is in the range that the kernel takes ports of outgoing connections"
                        " from, 32768-60999: move it in deploy.conf, or set net.ipv4.ip_local_port_range by sysctl")


def test_a_kernel_that_takes_our_ports_is_named(machine, deployd):
    machine.sh("echo 32000 60999 >/proc/sys/net/ipv4/ip_local_port_range")
    try:
        check, lines = failed(machine)
    finally:
        machine.sh("echo 32768 60999 >/proc/sys/net/ipv4/ip_local_port_range")
    assert check == "configuration"
    assert lines[0].startswith("[ports] stable-range 30000-32767 is in the range that the kernel takes ports of")


@pytest.mark.parametrize("broken, repaired, line", [
    ("chmod 0755 /var/lib/deployd/releases", "chmod 0700 /var/lib/deployd/releases",
     "/var/lib/deployd/releases has the mode 0755, should have 0700:"
     " 'systemd-tmpfiles --create deployd.conf' puts it right"),
    ("chown nobody /var/lib/deployd/spool", "chown root /var/lib/deployd/spool",
     "/var/lib/deployd/spool is of user 65534, should be root's:"
     " 'systemd-tmpfiles --create deployd.conf' puts it right"),
    ("mv /usr/libexec/deployd/deployd-import /root", "mv /root/deployd-import /usr/libexec/deployd",
     "/usr/libexec/deployd/deployd-import: No such file or directory: install the package deployd again"),
])
def test_an_installation_that_is_not_whole_is_named(machine, deployd, broken, repaired, line):
    machine.sh(broken)
    try:
        assert failed(machine)[0] == "configuration"
        assert line in failed(machine)[1]
    finally:
        machine.sh(repaired)
    passes(machine)


@pytest.mark.parametrize("directory, names", [
    ("/usr/libexec/deployd", "-type f"),
    ("/usr/lib/deployd/buildpacks", "-type f ( -name detect -o -name compile -o -name order -o -name functions.sh "
                                    "-o -name with-variables )"),
])
def test_every_missing_helper_is_named(machine, deployd, directory, names):
    found = machine.run(["find", directory, *names.split()]).stdout.split()
    assert len(found) >= 10
    with moved(machine, directory):
        check, lines = failed(machine)
    assert check == "configuration"
    assert sorted(line for line in lines if line.startswith(directory)) == sorted(
        f"{path}: No such file or directory: install the package deployd again" for path in found)
    passes(machine)


def test_a_missing_policy_of_the_bus_is_named(machine, deployd):
    with moved(machine, POLICY):
        machine.run(["busctl", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                     "ReloadConfig"])
        status, found = verify(machine)
        assert status == 1
        assert [check for check in CHECKS if found[check][0] is False] == ["configuration"]
        assert re.fullmatch(rf"the bus refuses to ask deployd, as if {re.escape(POLICY)} was missing \(.*\):"
                            r" install the package deployd again", found["configuration"][1][0])
        assert found["units"][0] is None
    machine.run(["busctl", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                 "ReloadConfig"])
    passes(machine)


def test_a_unit_without_a_row_is_named(machine, deployd):
    machine.run(HAUNT)
    try:
        assert failed(machine) == ("units", [f"unit {GHOST} has no row: 'systemctl restart deployd' ends it"])
    finally:
        machine.systemctl("restart", daemon.UNIT)
    passes(machine)


def test_what_agrees_a_moment_later_is_no_fault(machine, deployd):
    """Units and rows are read one after the other, while deployments go on."""
    calls = machine.monitor("--match=type='method_call',member='ListUnitsByPatterns'")
    machine.run(HAUNT)
    with machine.stream(["/usr/sbin/deployd", "verify"]) as asking:
        calls.wait(lambda message: message.get("member") == "ListUnitsByPatterns")
        machine.systemctl("stop", GHOST, GHOST_SLICE)
        assert asking.wait(lambda line: "systemd agree" in line) == "✓ The database and systemd agree"


def test_a_unit_whose_row_is_gone_is_named(machine, deployd):
    unit, = daemon.instances(machine, "shop")
    deployd.sql(f"with gone as (delete from instance where unit = '{unit}' returning port)"
                " delete from port_lease where port in (select port from gone)")
    assert failed(machine) == ("units", [f"unit {unit} has no row: 'systemctl restart deployd' ends it"])
    machine.systemctl("restart", daemon.UNIT)
    machine.wait(lambda: machine.curl(deployd.get("shop", "Port"), check=False)[0] == 200, what="shop answering again")
    passes(machine)


def test_a_unit_that_was_stopped_by_hand_is_no_fault(machine, deployd):
    unit, = daemon.instances(machine, "shop")
    machine.systemctl("stop", unit)
    machine.wait(lambda: deployd.get("shop", "Status") == "stopped", what="shop being stopped")
    passes(machine)
    machine.run(["deployctl", "start", "shop"])
    passes(machine)


def test_a_change_of_the_schema_by_hand_is_named(machine, deployd):
    deployd.sql("create index mine on app (status)")
    try:
        assert failed(machine) == ("schema", [
            "index mine is of no migration: CREATE INDEX mine ON app USING btree (status)",
            "What to do: when every migration is applied, undo by hand what was changed by hand, or go back to a backup"])
    finally:
        deployd.sql("drop index mine")


def test_the_words_of_the_command_line(machine):
    for words in (["verify", "--plan"], ["migrations", "--json"], ["verify", "now"], ["--json"]):
        done = machine.run(["/usr/sbin/deployd", *words], check=False)
        assert (done.returncode, done.stdout) == (64, ""), words


def test_the_plan_of_a_migration_is_printed_beside_a_running_daemon(machine, deployd):
    done = machine.run(["/usr/sbin/deployd", "migrate", "--plan"])
    assert (done.stdout, done.stderr) == ("", "")


# docs/MIGRATIONS.md

def commands(heading, which=0):
    """One of the blocks of shell commands below the words of docs/MIGRATIONS.md."""
    document = (pathlib.Path(__file__).resolve().parents[2] / "docs/MIGRATIONS.md").read_text(encoding="utf-8")
    return document.split(heading)[1].split("```sh\n")[which + 1].split("```")[0]


def test_the_documented_way_back(machine, deployd):
    """A backup is made, the database goes on, and is thrown away for the backup: the apps notice nothing."""
    assert machine.run(["sh", "-euc", "cd /root\n" + commands("**A backup of the database**")]).stderr == ""
    known = deployd.sql("select name from repository order by 1")
    deployd.app("later")
    deployd.live("later")
    later, = daemon.instances(machine, "later")
    created, = deployd.sql("select id from app where name = 'later'")
    with daemon.untouched(machine, "shop"):
        done = machine.run(["sh", "-euc", "cd /root\n" + commands("**Going back**")], check=False)
        # The last one is deployd verify, which says what the backup does not know.
        assert (done.returncode, done.stderr) == (1, "")
        assert f"The database does not know the data of app {created} " in done.stdout
        assert later in daemon.instances(machine)
        assert commands("**Going back**", 1) == "deployd adopt\n"
        machine.run(["deployd", "adopt", "--yes"])
        daemon.ready(machine)
    deployd.listen()
    assert deployd.sql("select name from repository order by 1") == known
    assert later not in daemon.instances(machine)
    assert deployd.get("shop", "Status") == "running"
    passes(machine)
    deployd.live("shop")
