# SPDX-License-Identifier: LGPL-2.1-or-later
"""Daemon and database are killed while the daemon migrates or verifies: the schema is the old or the new one, and the
next start completes. Statement by statement, with what releases have left, in tests/sql/test_upgrade.py."""

import pytest

import daemon
from deployd import ROOT, Deployd

POSTGRES = "deployd-postgres.service"
FILE = "/run/deployd/failpoint"
MACHINE_FILES = {daemon.DROPIN: f"[Service]\nEnvironment=DEPLOYD_FAILPOINT=@{FILE}\n"}


@pytest.fixture
def empty(machine):
    """The daemon is stopped, and its database without any table. Afterwards it is as a start has made it."""
    machine.systemctl("stop", daemon.UNIT)
    admin = ["psql", "--host=/run/deployd/postgres", "--username=postgres", "--quiet", "--command"]
    for command in ("drop database deployd with (force)", "create database deployd owner deployd"):
        machine.run([*admin, command, "postgres"], user="deployd-postgres")
    yield Deployd(machine)
    machine.systemctl("start", POSTGRES, daemon.UNIT)


def reached(machine):
    """Waits until the failpoint has been reached. Nobody tells: the daemon says nothing more."""
    machine.sh(f"while [ -e {FILE} ]; do :; done")


def stands(machine):
    """Waits until the daemon has stopped itself at the failpoint; its pid."""
    reached(machine)
    pid = daemon.pid(machine)
    # Only its parent is told of it.
    machine.sh(f"while ! grep -q '^State:.T' /proc/{pid}/status; do :; done")
    return pid


def whole(machine):
    """The daemon is ready, everything is applied, and as it should be."""
    daemon.ready(machine)
    done = machine.run(["/usr/sbin/deployd", "verify"], check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.parametrize("point", ["send", "sent", "answered"])
def test_a_daemon_killed_at_a_migration_is_started_again_and_completes_it(machine, empty, point):
    machine.write(FILE, f"migration.{point}:kill")
    machine.systemctl("start", daemon.UNIT, check=False)
    reached(machine)
    whole(machine)
    assert int(daemon.state(machine, "NRestarts")) > 0


@pytest.mark.parametrize("point", ["send", "sent", "answered"])
def test_a_database_killed_at_a_migration_is_migrated_when_it_is_back(machine, empty, point):
    machine.write(FILE, f"migration.{point}:pause")
    machine.systemctl("start", "--no-block", daemon.UNIT)
    before = stands(machine)
    machine.systemctl("kill", "--signal=KILL", POSTGRES)
    machine.systemctl("kill", "--signal=CONT", daemon.UNIT)
    machine.systemctl("start", POSTGRES)
    whole(machine)
    assert daemon.pid(machine) == before


@pytest.mark.parametrize("point", ["send", "sent", "answered"])
def test_a_daemon_killed_while_it_verifies_leaves_nothing(machine, point):
    platform = Deployd(machine)
    schemas = "select nspname from pg_namespace order by 1"
    before = platform.sql(schemas)
    machine.write(FILE, f"verify.{point}:kill")
    done = machine.run(["/usr/sbin/deployd", "verify"], check=False)
    # The caller gets an answer.
    assert done.returncode == 2
    assert "the checks marked '-' are not made" in done.stderr
    daemon.ready(machine)
    machine.wait(lambda: platform.sql(schemas) == before, what="the end of the transaction")
    assert machine.call(ROOT, "Manager.Verify")[0] is True


def test_a_database_that_goes_away_while_it_verifies_is_waited_for(machine):
    machine.write(FILE, "verify.answered:pause")
    with machine.stream(["/usr/sbin/deployd", "verify"]) as asking:
        stands(machine)
        machine.systemctl("kill", "--signal=KILL", POSTGRES)
        machine.systemctl("kill", "--signal=CONT", daemon.UNIT)
        machine.systemctl("start", POSTGRES)
        assert asking.wait(lambda line: "systemd agree" in line) == "✓ The database and systemd agree"
        assert [line[0] for line in asking.seen if line[0] != " "] == ["✓"] * 9
