# SPDX-License-Identifier: LGPL-2.1-or-later
"""needrestart after the upgrade of a library that everything uses: it restarts the daemon, and nothing that serves."""

import re

import pytest

import apps
import daemon
from deployd import Deployd

LIBRARY = "/lib/x86_64-linux-gnu/libc.so.6"
OURS = "/etc/needrestart/conf.d/deployd.conf"
INGRESS, POSTGRES, PROBE = "deployd-ingress.service", "deployd-postgres.service", "deployd-probe.service"
RATE = 50

MACHINE_FILES = apps.PROGRAMS


@pytest.fixture(scope="module")
def deployd(machine):
    """deployd, with one app live."""
    platform = Deployd(machine)
    platform.app("shop")
    platform.live("shop")
    return platform


@pytest.fixture(scope="module")
def serving(machine, deployd):
    """The units that needrestart must leave alone: those of the app, the ingress and the database."""
    return [*daemon.instances(machine, "shop"), INGRESS, POSTGRES]


def replace(machine):
    """Replaces the library as dpkg does: what runs has the old one mapped, which has no name any more."""
    machine.sh(f"cp --archive $(realpath {LIBRARY}) /run/library && mv /run/library $(realpath {LIBRARY})")


def outdated(machine):
    """The units that needrestart finds outdated."""
    return set(re.findall(r"^NEEDRESTART-SVC: (\S+)$", machine.run(["needrestart", "-b", "-l"]).stdout, re.MULTILINE))


def needrestart(machine):
    """Has needrestart restart what it finds."""
    return machine.run(["env", "DEBIAN_FRONTEND=noninteractive", "needrestart", "-r", "a", "-l"], merge=True).stdout


def processes(machine, units):
    return {unit: machine.show(unit, "MainPID")["MainPID"] for unit in units}


def test_nothing_is_outdated_before_an_upgrade(machine, serving):
    assert outdated(machine) & {daemon.UNIT, PROBE, *serving} == set()


def test_an_upgrade_restarts_the_daemon_and_loses_no_request(machine, deployd, serving):
    replace(machine)
    assert outdated(machine) >= {daemon.UNIT, *serving}
    before, pid = processes(machine, serving), daemon.pid(machine)
    with apps.Load(machine, deployd.get("shop", "Port"), RATE) as load:
        said = needrestart(machine)
        daemon.ready(machine, after=pid)
    load.all_served()
    assert processes(machine, serving) == before
    _, deferred = said.split("Service restarts being deferred:")
    assert all(unit in deferred for unit in serving)
    assert outdated(machine) & {daemon.UNIT, PROBE} == set()


def test_a_reload_of_the_ingress_takes_the_upgrade_up(machine, deployd):
    assert INGRESS in outdated(machine)
    with apps.Load(machine, deployd.get("shop", "Port"), RATE) as load:
        machine.systemctl("reload", INGRESS)
        machine.wait(lambda: INGRESS not in outdated(machine), what="the ingress with the new library")
    load.all_served()


def test_without_the_file_the_app_the_ingress_and_the_database_are_restarted(machine, deployd, serving):
    replace(machine)
    before = processes(machine, serving)
    machine.run(["mv", OURS, f"{OURS}.off"])
    try:
        needrestart(machine)
    finally:
        machine.run(["mv", f"{OURS}.off", OURS])
    after = processes(machine, serving)
    assert [unit for unit in serving if before[unit] == after[unit]] == []
    daemon.ready(machine)
    deployd.listen()
    assert machine.wait(lambda: machine.curl(deployd.get("shop", "Port"), check=False)[0] == 200, what="the app")
