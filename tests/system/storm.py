# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes on while the tests break something: clients who deploy, one app that nobody touches; and what must be so
when it is over."""

import contextlib
import json
import os
import random
import re
import time

import daemon
from apps import DIRECTORY, Load, mirror
from deployd import Deployd
from host import PATIENCE

# What the clients deploy: apps that go live, and one whose deployments fail.
APPS, FAILING = ("alpha", "beta", "gamma"), {"Procfile": "web: echo out of luck; exit 1\n"}
STEADY = "steady"
# Requests a second to the app that nobody touches: enough to see a gap, few enough to leave the machine to the storm.
RATE = 50
# What a client may be told at any time.
ORDINARY = (r"deployment \d+ is (live|superseded|failed|cancelled) already", r"deployment \d+ has become live",
            "gamma has never been deployed successfully: there is nothing to deploy again")
UNFINISHED = "status in ('queued', 'fetching', 'building', 'releasing', 'starting', 'checking', 'switching')"


def seeded():
    """A source of chance, whose seed is shown with a test that fails; DEPLOYD_SEED is the one to repeat it with."""
    seed = os.environ.get("DEPLOYD_SEED") or f"{random.SystemRandom().getrandbits(32):x}"
    print(f"DEPLOYD_SEED={seed}")
    chance = random.Random(seed)
    chance.name = seed
    return chance


def prepare(machine):
    """The apps, the good ones live: the Deployd."""
    platform = Deployd(machine)
    for app in APPS:
        platform.app(app, FAILING if app == "gamma" else mirror(app))
    platform.app(STEADY, mirror(STEADY))
    for app in (STEADY, "alpha", "beta"):
        platform.live(app)
    return platform


@contextlib.contextmanager
def steady(machine, deployd):
    """One app that nobody touches keeps its process, and answers each request at its port."""
    with daemon.untouched(machine, STEADY), Load(machine, deployd.get(STEADY, "Port"), RATE) as load:
        yield load
    load.all_served()
    assert load.answers == {f"mirror {STEADY}"}, load.answers


class Clients:
    """Clients of deployd for the time of a `with`; then what they were told is in `told`."""

    def __init__(self, machine, seed, apps=APPS):
        self.machine, self.told = machine, []
        self.before = int(last_deployment(machine))
        # Its pid is that of the shell which becomes it.
        self.stream = machine.stream(["sh", "-c", 'echo $$; exec python3 "$@"', "sh", f"{DIRECTORY}/clients.py", seed,
                                      *apps])
        self.pid = self.stream.next()

    def answers(self, count):
        """Waits until the clients have been promised that many more deployments."""
        for _ in range(count):
            self.stream.wait(lambda line: '"id": ' in line and '"cancel"' not in line)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.machine.run(["kill", "-TERM", self.pid])
                self.stream.wait(lambda line: line == "end")
                self.told = [json.loads(line) for line in self.stream.seen if line.startswith("{")]
        finally:
            self.machine.run(["kill", "-KILL", self.pid], check=False)
            self.stream.close()

    def told_only(self, *sentences):
        """Checks that each error they were told is one of these (patterns), or has to do with what they asked."""
        errors = {answer["error"] for answer in self.told if "error" in answer}
        patterns = "|".join((*ORDINARY, *sentences))
        strange = [error for error in errors if not re.fullmatch(rf"(Call failed|deployctl): ({patterns})", error)]
        assert not strange, strange


def sql(machine, query):
    """The rows of a query to the private database."""
    return machine.run(["psql", "--host=/run/deployd/postgres", "--username=deployd", "--no-psqlrc", "--tuples-only",
                        "--no-align", "--command", query, "deployd"]).stdout.splitlines()


def last_deployment(machine):
    return sql(machine, "select coalesce(max(id), 0) from deployment")[0]


def ended(machine):
    """Waits until nothing is under way any more. Not by the bus: it may be what the storm is about."""
    end = time.monotonic() + PATIENCE
    with machine.follow() as journal:
        while sql(machine, f"select id from deployment where {UNFINISHED}"):
            journal.next(end - time.monotonic())


def kept(machine, clients):
    """What the clients were promised is true, and nothing else has happened."""
    rows = {}
    for line in sql(machine, "select id, status, kind, error_summary, coalesce(request_id, '') from deployment "
                             f"where id > {clients.before}"):
        number, status, kind, reason, request = line.split("|", 4)
        rows[int(number)] = (status, kind, reason, request)

    lost = [answer for answer in clients.told if "lost" in answer]
    assert not lost, lost
    deploys = {answer["id"]: answer["request"] for answer in clients.told
               if answer["verb"] == "deploy" and "id" in answer}
    assert deploys
    found = {number: row[3] for number, row in rows.items() if row[1] == "deploy"}
    assert found == deploys, (found, deploys)
    redeploys = {answer["id"] for answer in clients.told if answer["verb"] == "redeploy" and "id" in answer}
    unknown = sum(answer["verb"] == "redeploy" and "error" in answer for answer in clients.told)
    made = {number for number, row in rows.items() if row[1] == "redeploy"}
    assert redeploys <= made and len(made) <= len(redeploys) + unknown, (made, redeploys, unknown)
    for answer in clients.told:
        if answer["verb"] == "cancel" and "id" in answer:
            assert rows[answer["id"]][0] == "cancelled", answer

    for number, (status, _, reason, _) in rows.items():
        assert status in ("live", "superseded", "failed", "cancelled"), number
        assert (reason != "") == (status == "failed"), number
    return {status: sum(row[0] == status for row in rows.values()) for status in {row[0] for row in rows.values()}}


def nothing_doubled(machine):
    """No deployment came to a status twice. (What else must be so the checker knows.)"""
    doubled = sql(machine, "select deployment_id, to_status from event where deployment_id is not null and "
                           "to_status <> '' group by 1, 2 having count(*) > 1")
    assert not doubled, doubled
