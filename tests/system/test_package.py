# SPDX-License-Identifier: LGPL-2.1-or-later
"""The package: what is there after it was installed into a tree where no systemd ran, and that tree was booted."""

import re

import pytest
from host import Failed

BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
MANAGER = "/org/deployd/Deploy1"
ACTIONS = ("manage", "deploy", "operate", "environment", "logs")
BAD = "/etc/deployd/deploy.conf.d/99-bad.conf"


@pytest.fixture
def package(pytestconfig, machine):
    """The package on the machine, to be installed again."""
    with open(pytestconfig.getoption("deb"), "rb") as file:
        machine.write("/root/deployd.deb", file.read())
    return "/root/deployd.deb"


def pids(machine):
    return {unit: machine.show(unit, "MainPID")["MainPID"] for unit in ("deployd.service", "deployd-postgres.service")}


def test_the_first_boot_is_healthy(machine):
    assert machine.systemctl("is-system-running") == "running"
    assert machine.get(MANAGER, "Manager.DatabaseState") == "connected"


@pytest.mark.parametrize("path, wanted", {
    "/run/deployd": "root:root 755",
    "/run/deployd/env": "root:root 700",
    "/run/deployd/probe.sock": "root:root 600",
    "/run/deployd/postgres": "deployd-postgres:deployd-postgres 750",
    "/var/lib/deployd": "root:root 755",
    "/var/lib/deployd/releases": "root:root 700",
    "/var/lib/deployd/spool": "root:root 700",
    "/var/lib/deployd/postgres": "deployd-postgres:deployd-postgres 700",
    "/etc/deployd/deploy.conf": "root:root 644",
}.items())
def test_a_path_belongs_to_one_identity(machine, path, wanted):
    assert machine.sh(f"stat --format='%U:%G %a' {path}") == wanted


@pytest.mark.parametrize("unit, most", [("deployd.service", 1.3), ("deployd-probe.service", 1.0),
                                        ("deployd-postgres.service", 0.4)])
def test_a_unit_is_no_more_exposed_than_designed(machine, unit, most):
    verdict = machine.run(["systemd-analyze", "security", "--no-pager", unit]).stdout.splitlines()[-1]
    assert float(re.search(r": ([\d.]+) ", verdict)[1]) <= most


def test_only_root_may_own_the_name(machine):
    machine.systemctl("stop", "deployd.service")
    with pytest.raises(Failed, match="Access denied"):
        machine.busctl("call", *BUS, "RequestName", "su", "org.deployd.Deploy1", "4", user="nobody")
    machine.systemctl("start", "deployd.service")


def test_a_call_by_anybody_starts_a_stopped_daemon(machine):
    machine.systemctl("stop", "deployd.service")
    assert machine.get(MANAGER, "Manager.Version", user="nobody")
    assert machine.show("deployd.service", "ActiveState")["ActiveState"] in ("activating", "active")
    machine.systemctl("start", "deployd.service")


@pytest.mark.parametrize("action", ACTIONS)
def test_polkit_knows_the_action(machine, action):
    shown = machine.run(["pkaction", "--verbose", "--action-id", f"org.deployd.deploy1.{action}"]).stdout
    assert re.findall(r"implicit (\w+): +(\w+)", shown) == [
        (who, "auth_admin_keep") for who in ("any", "inactive", "active")]


@pytest.fixture
def bad_configuration(machine):
    machine.write(BAD, "[ports]\nrange = nonsense\n")
    yield
    machine.run(["rm", BAD])
    machine.systemctl("reload", "deployd.service")


def test_a_bad_configuration_fails_the_reload_and_the_journal_says_why(machine, bad_configuration):
    with pytest.raises(Failed):
        machine.systemctl("reload", "deployd.service")
    said = [entry["MESSAGE"] for entry in machine.journal(SYSLOG_IDENTIFIER="busctl")]
    assert any(f"{BAD}:2" in message for message in said), said
    assert machine.show("deployd.service", "ActiveState")["ActiveState"] == "active"


def test_the_journal_explains_a_message(machine):
    explained = machine.sh("journalctl --catalog --no-pager --unit=deployd.service")
    assert "Subject: deployd is ready" in explained


def test_an_upgrade_restarts_the_daemon_and_leaves_the_database_alone(machine, package):
    before = pids(machine)
    machine.run(["dpkg", "--install", package])
    after = pids(machine)
    assert after["deployd.service"] not in (before["deployd.service"], "0")
    assert after["deployd-postgres.service"] == before["deployd-postgres.service"]
    assert machine.systemctl("is-system-running") == "running"


def test_purging_stops_everything_and_keeps_the_data(machine, package):
    machine.run(["dpkg", "--purge", "deployd"])
    assert machine.systemctl("list-units", "deployd*", "--no-legend", "--plain", "--state=active") == ""
    assert machine.sh("ls /var/lib/deployd/postgres") == "15"
    assert machine.run(["test", "-e", "/etc/deployd/deploy.conf"], check=False).returncode != 0
    machine.run(["dpkg", "--install", package])
    assert machine.get(MANAGER, "Manager.DatabaseState") in ("connecting", "connected")
    assert machine.systemctl("is-system-running") == "running"
