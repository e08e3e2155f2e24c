# SPDX-License-Identifier: LGPL-2.1-or-later
"""The process: readiness, activation, start, stop, reload, and that the apps do not notice its death."""

import re

import pytest

import daemon
import repository as repositories
from deployd import ROOT, Deployd, app_path
from host import HostError

# Number of the advisory lock that one deployd at a time holds in its database (sql/migrate.c).
LOCK = int.from_bytes(b"deployd1", "big")

# MESSAGE_ID of systemd for a unit that has been started.
STARTED = "39f53479d3a045ac8e11786248231fbf"


@pytest.fixture(scope="module")
def deployd(machine):
    """deployd, with one app live."""
    platform = Deployd(machine)
    platform.repository = platform.app("shop")
    platform.live("shop")
    return platform


@pytest.fixture
def stopped(machine, deployd):
    """The daemon is stopped; it runs again after the test."""
    machine.systemctl("stop", "deployd.service")
    yield
    machine.systemctl("start", "deployd.service")


def version(machine, **options):
    return machine.get(ROOT, "Manager.Version", **options)


# Readiness

def test_the_first_start_is_ready_only_after_the_migrations(machine):
    entries = machine.journal()
    applied = [i for i, entry in enumerate(entries) if entry["MESSAGE"].startswith("Applying migration 1 of ")]
    started = [i for i, entry in enumerate(entries)
               if entry.get("MESSAGE_ID") == STARTED and entry.get("UNIT") == daemon.UNIT]
    assert applied and started
    assert max(applied) < started[0]

    ledger = machine.call(ROOT, "Manager.ListMigrations")[0]
    assert [name for _, name, _, _ in ledger][0] == "0001_initial"
    for _, name, _, applied_at in ledger:
        assert applied_at <= int(entries[started[0]]["__REALTIME_TIMESTAMP"]), name


def test_the_status_line_says_what_it_is_doing(machine, deployd):
    status = machine.systemctl("status", "--no-pager", "deployd.service")
    assert re.search(r"^ +Active: active \(running\)", status, re.MULTILINE)
    assert re.search(rf'^ +Status: "{daemon.STATUS}"$', status, re.MULTILINE)
    assert daemon.state(machine, "StatusText") == "1 app running, 0 deploying, 0 queued"
    deployd.do("shop", "Stop")
    machine.wait(lambda: daemon.state(machine, "StatusText") == "0 apps running, 0 deploying, 0 queued")
    deployd.do("shop", "Start")
    machine.wait(lambda: daemon.state(machine, "StatusText") == "1 app running, 0 deploying, 0 queued")
    # What the next start says of it before it has looked.
    assert deployd.sql("select wanted, status from app where name = 'shop'") == ["running|running"]


def test_held_back_it_says_why_and_is_not_ready(machine, deployd, stopped):
    with machine.stream(["psql", "--host=/run/deployd/postgres", "--username=deployd", "--no-psqlrc",
                         "--command", f"select pg_advisory_lock({LOCK})", "--command", "\\echo held",
                         "--command", "select pg_sleep(3600)", "deployd"]) as holder:
        holder.wait(lambda line: line == "held")
        start = machine.stream(["systemctl", "start", "deployd.service"])
        sentence = daemon.says(machine, "another deployd uses this database (pid ")
        assert re.fullmatch(r"another deployd uses this database \(pid \d+, since [0-9: -]+ UTC\)", sentence)
        assert daemon.state(machine, "ActiveState") == "activating"
        assert start.process.poll() is None

        for path, member, *arguments in (
                (ROOT, "Manager.ListApps"), (ROOT, "Manager.GetApp", "s", "shop"),
                (ROOT, "Manager.CreateRepository", "sssa{sv}", "other", "https://example.com/x", "", 0),
                (ROOT, "Manager.Reload"), (app_path("shop"), "App.Stop"),
                (ROOT, "org.freedesktop.DBus.ObjectManager.GetManagedObjects"),
                (ROOT, "org.freedesktop.DBus.Properties.Get", "ss", "org.deployd.Deploy1.Manager", "PortRange")):
            error, message = daemon.refused(machine, path, member, *arguments)
            assert error == daemon.ERROR + "DatabaseUnavailable", member
            assert message == sentence, member
        assert version(machine, user="nobody")
        assert machine.get(ROOT, "Manager.DatabaseState", user="nobody") == "connecting"
        machine.busctl("call", "org.deployd.Deploy1", ROOT, "org.freedesktop.DBus.Peer", "Ping")
        machine.run(["busctl", "introspect", "--xml-interface", "org.deployd.Deploy1", ROOT])
        assert machine.systemctl("service-log-level", "deployd.service") == "info"
        machine.sh(f'psql -h /run/deployd/postgres -U deployd -Xqc "select pg_terminate_backend(pid) from pg_locks'
                   f' join pg_stat_activity using (pid) where locktype = \'advisory\' and granted" deployd')
    with pytest.raises(HostError, match="has ended"):
        start.wait(lambda line: False)
    assert start.process.wait() == 0
    assert daemon.state(machine, "ActiveState") == "active"
    assert deployd.get("shop", "Status") == "running"


# Activation

@pytest.mark.parametrize("user", ["root", "nobody"])
def test_a_call_activates_a_stopped_daemon(machine, stopped, user):
    assert daemon.state(machine, "ActiveState") == "inactive"
    assert version(machine, user=user)
    daemon.ready(machine)
    assert machine.call(ROOT, "Manager.GetApp", "s", "shop", user=user) == [app_path("shop")]


def test_a_hundred_first_calls_start_one_daemon(machine, stopped):
    with machine.follow(_PID="1", UNIT=daemon.UNIT) as journal:
        answers = machine.sh("""
            for i in $(seq 100); do
                    busctl get-property org.deployd.Deploy1 /org/deployd/Deploy1 org.deployd.Deploy1.Manager Version &
            done
            wait""").splitlines()
        assert answers == [f's "{version(machine)}"'] * 100
        daemon.ready(machine)
        journal.wait(lambda entry: entry.get("MESSAGE_ID") == STARTED)
        starts = [entry for entry in journal.drain() if entry["MESSAGE"].startswith("Starting ")]
    assert len(starts) == 1
    assert machine.sh("pgrep --count --exact deployd") == "1"
    assert daemon.state(machine, "NRestarts") == "0"


# Stop, restart, reload

def test_while_it_is_stopped_the_apps_go_on(machine, deployd):
    port = deployd.get("shop", "CurrentPort")
    with daemon.untouched(machine, "shop"):
        machine.systemctl("stop", "deployd.service")
        assert machine.show(daemon.UNIT, "ActiveState", "Result") == {"ActiveState": "inactive", "Result": "success"}
        assert machine.curl(port) == (200, "python 1\n")
        machine.systemctl("start", "deployd.service")
        assert deployd.get("shop", "Status") == "running"
        assert deployd.get("shop", "CurrentPort") == port


def test_a_restart_is_another_process_that_knows_the_same(machine, deployd):
    before = daemon.pid(machine)
    with daemon.untouched(machine, "shop"):
        machine.systemctl("restart", "deployd.service")
        assert daemon.pid(machine) != before
        assert deployd.get("shop", "Status") == "running"
        assert daemon.state(machine, "NRestarts") == "0"


def test_a_reload_is_the_same_process(machine, deployd):
    before = daemon.pid(machine)
    with machine.follow(_SYSTEMD_UNIT=daemon.UNIT) as journal, daemon.untouched(machine, "shop"):
        machine.systemctl("reload", "deployd.service")
        journal.wait(lambda entry: entry["MESSAGE"] == "The configuration was read again")
    assert daemon.pid(machine) == before


def test_a_second_deployd_ends_with_a_sentence(machine, deployd):
    before = daemon.pid(machine)
    done = machine.run(["/usr/sbin/deployd"], check=False, merge=True)
    assert done.returncode == 1
    assert done.stdout == "The bus name org.deployd.Deploy1 cannot be had: another deployd runs\n"
    assert daemon.pid(machine) == before
    assert deployd.get("shop", "Status") == "running"


# Death

def test_killed_it_takes_the_apps_back(machine, deployd):
    with daemon.untouched(machine, "shop"):
        daemon.kill(machine)
        assert deployd.get("shop", "Status") == "running"
        assert machine.curl(deployd.get("shop", "CurrentPort")) == (200, "python 1\n")
        assert machine.run(["deployctl", "logs", "shop"]).stdout
    # What it does with an app it took back is what it does with any.
    old = machine.get(machine.get(app_path("shop"), "App.CurrentDeployment"), "Deployment.Units")
    deployd.repository.commit(repositories.sample("python", "2"))
    deployment = deployd.live("shop")
    assert machine.curl(deployment["AssignedPort"]) == (200, "python 2\n")
    machine.wait(lambda: machine.units("deployd-app-shop-*.service") == deployment["Units"],
                 what=f"the end of {old}")
    deployd.do("shop", "Restart")
    deployd.answers("shop", lambda text: text == "python 2\n")


@pytest.mark.leaves("C9: the watchdog ends it")
def test_the_watchdog_ends_a_daemon_that_hangs(machine, deployd):
    machine.write(daemon.DROPIN, "[Service]\nWatchdogSec=5s\n")
    machine.systemctl("daemon-reload")
    try:
        machine.systemctl("restart", "deployd.service")
        before = daemon.pid(machine)
        with daemon.untouched(machine, "shop"), machine.follow(_PID="1", UNIT=daemon.UNIT) as journal:
            machine.run(["kill", "-STOP", before])
            journal.wait(lambda entry: "Watchdog timeout" in entry["MESSAGE"])
            daemon.ready(machine, after=before)
            assert daemon.state(machine, "NRestarts") == "1"
            assert deployd.get("shop", "Status") == "running"
    finally:
        machine.run(["rm", daemon.DROPIN])
        machine.systemctl("daemon-reload")
        machine.systemctl("restart", "deployd.service")


def only_live_is_left(machine, deployd, app, number):
    """Waits until of an app there is its live deployment and nothing else."""
    deployment = deployd.describe(number)
    unit = f"deployd-app-{app}-{number}.web.1.service"
    assert deployment["Status"] == "live"
    assert deployment["Units"] == [unit]
    machine.wait(lambda: machine.units(f"deployd-app-{app}-*", "deployd-fetch-*", "deployd-import-*",
                                       "deployd-remove-*") == [unit], what="no unit but that of the app")
    assert machine.sh("ls -A /var/lib/deployd/spool") == ""
    assert deployd.sql(f"select unit from instance where deployment_id = {number}") == [unit]
    assert deployd.sql(f"select port from port_lease where deployment_id = {number}") == \
        [str(deployment["AssignedPort"])]
    assert machine.curl(deployment["AssignedPort"])[0] == 200


def test_killed_while_starting_it_goes_on(machine, deployd):
    gate = daemon.Gate(machine, "start")
    dropin = "/run/systemd/system/deployd-app-held-.service.d/50-test.conf"
    machine.write(dropin, f"[Service]\nExecStartPre=+{gate.wait}\n")
    machine.systemctl("daemon-reload")
    deployd.app("held")
    number = deployd.deploy("held")
    unit = f"deployd-app-held-{number}.web.1.service"
    machine.wait(lambda: machine.show(unit, "SubState")["SubState"] == "start-pre", what="the unit being held")
    assert deployd.describe(number)["Status"] == "starting"
    before = daemon.pid(machine)
    with machine.follow(_PID="1", UNIT=daemon.UNIT) as journal:
        machine.run(["kill", "-KILL", before])
        journal.wait(lambda entry: "Scheduled restart job" in entry["MESSAGE"])
    # The start of an app comes before that of the daemon, so the one that is held holds both.
    gate.open()
    daemon.ready(machine, after=before)
    deployd.end(number)
    only_live_is_left(machine, deployd, "held", number)
