# SPDX-License-Identifier: LGPL-2.1-or-later
"""What deployd stands on goes away and comes back during deployments: the database, the bus, PID 1, the journal."""

import contextlib
import os
import re
import signal
import time

import pytest

import daemon
import storm
from apps import PROGRAMS
from deployd import ROOT, Held, deployment_path

MACHINE_FILES = PROGRAMS
POSTGRES = "deployd-postgres.service"
READY = ["pg_isready", "--quiet", "--host=/run/deployd/postgres"]
# Seconds until deployd has the database again that accepts connections: a bound for "soon", ten times what is seen.
BACK = 20
AWAY = "; the database is away"
JOURNAL = ("systemd-journald.service", "systemd-journald.socket", "systemd-journald-dev-log.socket",
           "systemd-journald-audit.socket")


@pytest.fixture(scope="module")
def deployd(machine):
    return storm.prepare(machine)


@contextlib.contextmanager
def same_daemon(machine):
    """deployd is the same process at the end."""
    before = machine.show(daemon.UNIT, "MainPID", "NRestarts")
    yield
    assert machine.show(daemon.UNIT, "MainPID", "NRestarts") == before


# The database

def connected(machine):
    return machine.get(ROOT, "Manager.DatabaseState") == "connected"


def away(machine):
    return machine.get(ROOT, "Manager.DatabaseState") == "connecting" \
        and daemon.state(machine, "StatusText").endswith(AWAY)


def stop_and_start(machine, chance):
    machine.systemctl("stop", POSTGRES)
    machine.wait(lambda: away(machine), what="the loss being noticed")
    time.sleep(chance.uniform(0, 1))
    machine.systemctl("start", POSTGRES)


def kill(machine, _):
    before = machine.show(POSTGRES, "MainPID")["MainPID"]
    machine.systemctl("kill", "--kill-who=main", "--signal=KILL", POSTGRES)
    machine.wait(lambda: machine.show(POSTGRES, "MainPID")["MainPID"] not in ("0", before)
                 and machine.show(POSTGRES, "ActiveState")["ActiveState"] == "active", what="another PostgreSQL")


def restart(machine, _):
    machine.systemctl("restart", POSTGRES)


FAULTS = (stop_and_start, kill, restart)
def test_the_database_goes_and_comes_back_under_clients(machine, deployd, long):
    chance = storm.seeded()
    with storm.steady(machine, deployd), same_daemon(machine):
        with storm.Clients(machine, chance.name) as clients:
            for number in range(10 if long else 3):
                clients.answers(2)
                time.sleep(chance.uniform(0, 1))
                FAULTS[number % len(FAULTS)](machine, chance)
                machine.run(READY)
                machine.wait(lambda: connected(machine), BACK, "deployd having the database again")
        storm.ended(machine)
        outcomes = storm.kept(machine, clients)
        storm.nothing_doubled(machine)
        assert re.fullmatch(daemon.STATUS, daemon.state(machine, "StatusText"))
    assert {"superseded", "failed"} <= set(outcomes)
    clients.told_only("the database does not answer: .+")


def test_a_deployment_waits_for_the_database_and_says_so(machine, deployd):
    with storm.steady(machine, deployd), same_daemon(machine), Held(machine, "app") as apps:
        number = deployd.deploy("alpha")
        unit = apps.unit(f"alpha-{number}.*")
        machine.systemctl("stop", POSTGRES)
        try:
            machine.wait(lambda: away(machine), what="the loss being noticed")
            apps.release()
            machine.wait(lambda: machine.show(unit, "SubState")["SubState"] == "running", what="the app running")
            path = deployment_path(number)
            machine.wait(lambda: machine.get(path, "Deployment.StatusText") == "waiting: the database is away",
                         what="the sentence of the deployment")
            assert machine.get(path, "Deployment.Status") == "starting"
            # Nobody waits for the past for ever.
            assert daemon.refused(machine, ROOT, "Manager.ListDeployments", "stu", "alpha", 0, 0) == (
                daemon.ERROR + "DatabaseUnavailable", "the database does not answer: try again in a moment")
        finally:
            machine.systemctl("start", POSTGRES)
        assert deployd.end(number)["Status"] == "live"
    storm.nothing_doubled(machine)


# The bus

def deploy(machine, app, request):
    """Deploys, whatever the bus does: the id."""
    return int(machine.sh(f"until deployctl deploy {app} --no-wait --request-id {request}; do sleep 0.1; done",
                          merge=True).splitlines()[-1])


def live(machine, numbers):
    """All of these are live or were, and their processes were never started again."""
    words = storm.sql(machine, "select id, status, error_summary from deployment where id in "
                               f"({', '.join(map(str, numbers))}) and status not in ('live', 'superseded')")
    assert words == []
    for unit in machine.units("deployd-app-*.service"):
        assert machine.show(unit, "NRestarts") == {"NRestarts": "0"}, unit


@pytest.mark.leaves("C9: deployd ends with its bus, and is started again")
def test_the_bus_is_killed_during_deployments(machine, deployd, long):
    chance, numbers = storm.seeded(), []
    with storm.steady(machine, deployd):
        for count in range(20 if long else 4):
            app = ("alpha", "beta")[count % 2]
            numbers.append(deploy(machine, app, f"bus-{count}"))
            time.sleep(chance.uniform(0, 1))
            # The first client starts it again, by its socket; but not more often than its start limit allows.
            machine.systemctl("reset-failed", "dbus.service")
            machine.systemctl("kill", "--signal=KILL", "dbus.service")
            storm.ended(machine)
        daemon.ready(machine)
        deployd.listen()
        live(machine, numbers)
        storm.nothing_doubled(machine)


@pytest.mark.leaves("C9: deployd ends with its bus, and is started again")
def test_a_bus_that_was_given_up_and_is_started_again_has_deployd_again(machine, deployd):
    with storm.steady(machine, deployd):
        # It dies more often than the start limits of its service and its socket allow.
        machine.sh("""
            enough=$(($(systemctl show --property=NRestarts --value deployd) + 10))
            until [ "$(systemctl show --property=NRestarts --value deployd)" -ge $enough ] ||
                  [ "$(systemctl show --property=SubState --value deployd)" = dead ]; do
                    systemctl kill --signal=KILL dbus.service || :
            done""")
        machine.systemctl("reset-failed", "dbus.service", "dbus.socket")
        machine.systemctl("start", "dbus.socket")
        # Without anybody calling it.
        daemon.ready(machine)
        deployd.listen()
        deployd.live("alpha")
        storm.nothing_doubled(machine)


# PID 1

@pytest.mark.parametrize("verb,rounds", [("daemon-reload", 20), ("daemon-reexec", 10)])
def test_pid_1_reads_or_executes_itself_anew_during_deployments(machine, deployd, long, verb, rounds):
    chance, numbers = storm.seeded(), []
    with storm.steady(machine, deployd), same_daemon(machine):
        for count in range(rounds if long else rounds // 5):
            # Two at once: there is more to be hit.
            numbers += [deploy(machine, app, f"{verb}-{app}-{count}") for app in ("alpha", "beta")]
            time.sleep(chance.uniform(0, 1))
            machine.systemctl(verb)
            storm.ended(machine)
        live(machine, numbers)
        storm.nothing_doubled(machine)


def test_pid_1_that_takes_longer_than_a_call_waits_is_asked_again(machine, deployd):
    dropin = "/etc/systemd/system/deployd.service.d/60-timeout.conf"
    machine.write(dropin, "[Service]\nEnvironment=SYSTEMD_BUS_TIMEOUT=1s\n")
    machine.systemctl("daemon-reload")
    machine.systemctl("restart", daemon.UNIT)
    deployd.listen()
    try:
        with machine.follow(_SYSTEMD_UNIT=daemon.UNIT) as journal:
            os.kill(machine.leader, signal.SIGSTOP)
            number = deployd.deploy("alpha")
            journal.wait(lambda entry: entry["MESSAGE"].startswith("systemd does not answer on the bus"))
            os.kill(machine.leader, signal.SIGCONT)
        assert deployd.end(number)["Status"] == "live"
    finally:
        os.kill(machine.leader, signal.SIGCONT)
        machine.run(["rm", dropin])
        machine.systemctl("daemon-reload")
        machine.systemctl("restart", daemon.UNIT)
        deployd.listen()


# The journal

@contextlib.contextmanager
def restarted(machine):
    machine.systemctl("restart", JOURNAL[0])
    yield


@contextlib.contextmanager
def killed(machine):
    machine.systemctl("kill", "--signal=KILL", JOURNAL[0])
    yield


@contextlib.contextmanager
def stopped(machine):
    machine.systemctl("stop", *JOURNAL, merge=True)
    yield
    machine.systemctl("start", *JOURNAL[1:], JOURNAL[0])


@contextlib.contextmanager
def frozen(machine):
    machine.systemctl("kill", "--signal=STOP", JOURNAL[0])
    yield
    machine.systemctl("kill", "--signal=CONT", JOURNAL[0])


@pytest.mark.parametrize("fault", [restarted, killed, stopped, frozen])
def test_the_journal_holds_nothing_up(machine, deployd, fault):
    with storm.steady(machine, deployd), same_daemon(machine):
        numbers = {app: deployd.deploy(app) for app in ("alpha", "gamma")}
        with fault(machine):
            numbers["beta"] = deployd.deploy("beta")
            ends = {app: deployd.end(number) for app, number in numbers.items()}
        assert {app: end["Status"] for app, end in ends.items()} == {
            "alpha": "live", "beta": "live", "gamma": "failed"}
        assert ends["gamma"]["ErrorSummary"].startswith(
            f"web.1 exited with status 1 before it listened on port {ends['gamma']['AssignedPort']}")
    storm.nothing_doubled(machine)
