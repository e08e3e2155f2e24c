# SPDX-License-Identifier: LGPL-2.1-or-later
"""The memory of the daemon: none is used wrongly, none is lost, and many deployments take no more than one."""

import re

import pytest

import daemon
import repository as repositories
from deployd import PASSING, Deployd

LOG = "/var/lib/deployd/valgrind"

# valgrind makes code as it goes, and asks the kernel for more than a daemon does.
VALGRIND = f"""\
[Service]
ExecStart=
ExecStart=/usr/bin/valgrind --leak-check=full --show-leak-kinds=definite,indirect \
--errors-for-leak-kinds=definite,indirect --error-exitcode=99 --vgdb=no --log-file={LOG} /usr/sbin/deployd
MemoryDenyWriteExecute=no
SystemCallFilter=
"""

# What a deployment that has ended may take. It stays published for ten minutes (PIPELINE_PUBLISHED_USEC), longer than
# this test: its struct and its texts, about 1 KiB. And what the pages of malloc() may differ by at any time.
ENDED_KIB, PAGES_KIB = 2, 64

# Of [runner] in deploy.conf.
KEEP_RELEASES, KEEP_LOGS = 5, 100

# Until then lists have grown, and everything that is made once is there.
WARM_UP = 10


@pytest.fixture(scope="module")
def deployd(machine):
    """deployd, with one app live."""
    platform = Deployd(machine)
    platform.repository = platform.app("shop")
    platform.live("shop")
    return platform


def test_valgrind_finds_no_error_and_no_leak_in_a_deployment(machine, deployd):
    machine.write(daemon.DROPIN, VALGRIND)
    machine.systemctl("daemon-reload")
    machine.systemctl("restart", daemon.UNIT)
    try:
        repository = deployd.app("checked")
        deployd.live("checked")
        repository.commit(repositories.sample("python", "2"))
        deployd.live("checked")
        assert deployd.end(deployd.do("checked", "Redeploy")[0])["Status"] == "live"
        deployd.do("checked", "Remove", "b", "true")
        machine.wait(lambda: not machine.units("deployd-apps-checked.slice", *PASSING) and
                     machine.sh("ls /var/cache/private/deployd-apps | wc --lines") == "1", what="the end of all of it")
        machine.systemctl("stop", daemon.UNIT)
        seen = machine.show(daemon.UNIT, "Result", "ExecMainStatus")
        log = machine.read(LOG)
    finally:
        machine.run(["rm", daemon.DROPIN])
        machine.systemctl("daemon-reload")
        machine.systemctl("restart", daemon.UNIT)
    assert re.search(r"ERROR SUMMARY: 0 errors ", log), log
    assert "All heap blocks were freed" in log or re.search(
        r"definitely lost: 0 bytes .*\n.*indirectly lost: 0 bytes ", log), log
    assert seen == {"Result": "success", "ExecMainStatus": "0"}


def usage(machine, pid):
    """(memory of the daemon in KiB, {what there must never be more of: number})."""
    def count(script):
        return int(machine.sh(script))
    memory = count(f"awk '$1 == \"Anonymous:\" {{ print $2 }}' /proc/{pid}/smaps_rollup")
    return memory, {
        "descriptors of deployd": count(f"ls /proc/{pid}/fd | wc --lines"),
        "descriptors of PID 1": count("ls /proc/1/fd | wc --lines"),
        "units": count("systemctl list-units --all --no-legend | wc --lines"),
        "releases": count("ls /var/lib/deployd/releases | wc --lines"),
        "files on their way": count("ls /var/lib/deployd/spool /run/deployd/env | wc --lines"),
        "listeners": count("ss --no-header --listening --tcp | wc --lines"),
    }


def test_many_deployments_take_no_more_than_one(machine, deployd, long):
    pid = daemon.pid(machine)

    def deploy(times):
        for _ in range(times):
            live = deployd.live("shop")
        machine.wait(lambda: machine.units("deployd-app-shop-*.service", *PASSING) == live["Units"],
                     what="the end of all that went before")
        return usage(machine, pid)

    more = 1000 if long else 100
    memory, numbers = deploy(WARM_UP)
    memory_after, numbers_after = deploy(more)
    assert numbers_after == numbers
    assert deployd.sql("select count(*) from release") == [str(KEEP_RELEASES)]
    assert deployd.sql("select count(*) from port_lease") == ["1"]
    assert len(machine.sh("ls /var/lib/deployd/logs/1").split()) <= KEEP_LOGS
    assert memory_after - memory <= more * ENDED_KIB + PAGES_KIB
    assert daemon.pid(machine) == pid
