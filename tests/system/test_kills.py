# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon is killed at whatever moment: what was promised is kept, nothing is doubled, and the apps do not notice."""

import re
import time

import pytest

import daemon
import storm
from apps import PROGRAMS
from deployd import ROOT

# Seconds from one death to the next, at most: the start is in it, and a deployment takes about as long.
MACHINE_FILES = PROGRAMS
BETWEEN = 3
# What clients may be told meanwhile: by the bus or deployctl when it dies over the call, by one that has just started.
DEAD = ("Message recipient disconnected from message bus without replying", "Remote peer disconnected",
        "deployd gave no answer, so it is not known whether it was done: .*",
        "(Connecting to the database|Reading the database|Looking at what runs)(: see 'systemctl status deployd')?")


@pytest.fixture(scope="module")
def deployd(machine):
    return storm.prepare(machine)


def test_killed_at_random_moments_under_clients(machine, deployd, long):
    chance = storm.seeded()
    with storm.steady(machine, deployd):
        with storm.Clients(machine, chance.name) as clients:
            clients.answers(2)
            for _ in range(30 if long else 5):
                before = daemon.pid(machine)
                machine.run(["kill", "-KILL", before])
                machine.wait(lambda pid=before: daemon.pid(machine) not in (0, pid), what="another daemon")
                time.sleep(chance.uniform(0, BETWEEN))
            daemon.ready(machine)
        storm.ended(machine)
        outcomes = storm.kept(machine, clients)
        storm.nothing_doubled(machine)
    assert {"superseded", "failed"} <= set(outcomes)
    clients.told_only(*DEAD)


def requested(machine, request, app="alpha"):
    """Deploys with a request id: the id of the deployment."""
    return machine.call(ROOT, "Manager.Deploy", "ssa{sv}", app, "", 1, "request-id", "s", request)[0]


def rows(machine, request):
    return storm.sql(machine, f"select id from deployment where request_id = '{request}'")


@pytest.mark.parametrize("moment", ["after the answer", "over the call"])
def test_the_same_request_after_a_death_is_the_same_deployment(machine, deployd, moment):
    request = moment.replace(" ", "-")
    before = daemon.pid(machine)
    if moment == "after the answer":
        number = requested(machine, request)
        daemon.kill(machine)
    else:
        # Stopped, it has not read the call yet; how far it comes before it dies is left to chance.
        machine.run(["kill", "-STOP", before])
        with machine.stream(["env", "SYSTEMD_LOG_LEVEL=debug", "busctl", "call", "org.deployd.Deploy1", ROOT,
                             "org.deployd.Deploy1.Manager", "Deploy", "ssa{sv}", "alpha", "", "1", "request-id", "s",
                             request]) as call:
            call.wait(lambda line: "member=Deploy " in line)
            machine.sh(f"kill -CONT {before}; kill -KILL {before}")
            call.wait(lambda line: re.search(r"Got message type=(error|method_return) .*(signature=to|error-name=)", line))
        daemon.ready(machine, after=before)
        number = requested(machine, request)
    assert requested(machine, request) == number
    assert rows(machine, request) == [str(number)]
    assert deployd.end(number)["Status"] == "live"
    assert requested(machine, request) == number
    assert deployd.describe(number)["Status"] == "live"
    assert rows(machine, request) == [str(number)]
    storm.nothing_doubled(machine)
