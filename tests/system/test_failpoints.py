# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon is killed before, in and after every step that lasts: nothing acknowledged is lost, nothing is left over,
and what nobody touched runs on as the same process. Needs a package with failpoints."""

import itertools
import json
import re

import pytest

import daemon
import repository as repositories
from deployd import ENDED, PASSING, ROOT, SILENT, Deployd, app_path, deployment_path, options
from host import Failed, HostError

FILE = "/run/deployd/failpoint"
MACHINE_FILES = {daemon.DROPIN: f"[Service]\nEnvironment=DEPLOYD_FAILPOINT=@{FILE}\n"}
# What a call says when the daemon died over it, or is not back yet.
AWAY = re.compile(r"disconnected|not provided|Connection reset|did not receive a reply|timed out|Could not activate|"
                  r"[Dd]atabase|Looking at what runs")
TRIES = 30
# A bound for what does not come to a point, in seconds.
REACH = 10.0
requests = itertools.count()


class Client:
    """Somebody who asks again until there is an answer, and the one app they ask for."""

    def __init__(self, machine, app):
        self.machine, self.platform, self.app = machine, Deployd(machine), app
        self.repository, self.version = None, 1

    def insist(self, path, member, *arguments, done=""):
        """A call, again and again while the daemon is away; `done` = the error that says it was done before."""
        for _ in range(TRIES):
            try:
                return self.machine.call(path, member, *arguments)
            except Failed as failure:
                said = str(failure)
            if done and re.search(done, said):
                return None
            assert AWAY.search(said), said
            daemon.ready(self.machine)
        raise AssertionError(f"{member}: {said}")

    def ended(self, number, *statuses):
        """Waits for the end of a deployment, which must be one of these."""
        def look():
            try:
                return self.platform.describe(number)
            except Failed:
                return daemon.ready(self.machine) and None
        found = self.machine.wait(lambda: (look() or {}).get("Status") in ENDED and look(),
                                  what=f"the end of deployment {number}")
        assert found["Status"] in statuses, found
        return found

    def deploy(self, *statuses):
        request = f"request-{next(requests)}"
        number = self.insist(app_path(self.app), "App.Deploy", "sa{sv}", "", *options({"request-id": request}))[0]
        return self.ended(number, *statuses) if statuses else number

    def create(self):
        if not self.repository:
            self.repository = repositories.Repository(self.machine, self.app)
        self.repository.commit(repositories.sample("python", "1"))
        self.insist(ROOT, "Manager.CreateRepository", "sssa{sv}", self.app, self.repository.url, "", 0,
                    done="exists|there is a")
        self.insist(ROOT, "Manager.CreateApp", "ssa{sv}", self.app, self.app, 0, done="exists|there is a")

    def answers(self, version):
        """Waits until the stable port answers, and as that release."""
        def look():
            try:
                port = self.platform.get(self.app, "Port")
            except Failed:
                return False
            return self.machine.curl(port, check=False) == (200, f"python {version}\n")
        self.machine.wait(look, what=f"{self.app} answering as {version}")

    def kept(self):
        """The releases of the app whose files are there."""
        rows = self.platform.sql(f"select d.id from deployment d join app a on a.id = d.app_id where a.name = '{self.app}'")
        return set(rows) & set(self.machine.sh("ls /var/lib/deployd/releases").split())


# What is done while the daemon is killed: (what is so before, what is done).

def nothing(_client):
    pass


def create(client):
    client.create()


def remove(client):
    client.insist(app_path(client.app), "App.Remove", "b", "true", done="Unknown object|NoSuchApp|no app named")
    client.insist(ROOT.replace("Deploy1", "Deploy1/repository/") + app_path(client.app).rsplit("/", 1)[1],
                  "Repository.Remove", done="Unknown object|NoSuchRepository|no repository named")


def is_live(client):
    client.create()
    client.deploy("live")


def first(client):
    client.deploy("live")
    client.answers(1)


def second(client):
    client.version = 3 - client.version
    client.repository.commit(repositories.sample("python", str(client.version)))
    client.deploy("live")
    client.answers(client.version)


def fail(client):
    client.repository.commit({"Procfile": "web: echo alas; exit 7\n"})
    failed = client.deploy("failed")
    assert re.fullmatch(r"web\.1 .*", failed["ErrorSummary"])
    client.answers(1)


def cancel(client):
    client.repository.commit(SILENT)
    number = client.deploy()
    client.insist(deployment_path(number), "Deployment.Cancel", done="is cancelled already")
    client.ended(number, "cancelled")
    client.answers(1)


def configure(client):
    number = client.insist(app_path(client.app), "App.SetEnvironment", "a{ss}as", 1, "GREETING", "hi", 0)[0]
    client.ended(number, "live", "superseded")
    assert client.insist(app_path(client.app), "App.GetEnvironment")[0] == {"GREETING": "hi"}
    client.answers(1)


def has_two(client):
    is_live(client)
    second(client)
    client.insist(app_path(client.app), "App.SetProperties", "a{sv}", 1, "KeepReleases", "u", 2)


def roll_back(client):
    # There and back again. By number: a call that is made again goes back once more, to the one before.
    before, now = client.platform.sql("select r.id from release r join app a on a.id = r.app_id "
                                      f"where a.name = '{client.app}' order by r.id desc limit 2")[::-1]
    number = client.insist(app_path(client.app), "App.Rollback", "t", before)[0]
    client.ended(number, "live", "superseded")
    client.answers(3 - client.version)
    number = client.insist(app_path(client.app), "App.Rollback", "t", now)[0]
    client.ended(number, "live", "superseded")
    client.answers(client.version)


def collect(client):
    second(client)
    client.machine.wait(lambda: len(client.kept()) == 2, what="the oldest release being removed")


def stop_and_start(client):
    client.insist(app_path(client.app), "App.Stop", done="NotDeployed")
    client.insist(app_path(client.app), "App.Start")
    client.answers(1)


def restart(client):
    client.insist(app_path(client.app), "App.Restart", done="NotDeployed")
    client.answers(1)


def settings(client):
    client.insist(app_path(client.app), "App.SetProperties", "a{sv}", *options({"TasksMax": 100}))
    client.answers(1)
    assert client.platform.get(client.app, "TasksMax") == 100


def built(version):
    """A tree that is built, and has a command that runs before it."""
    files = repositories.sample("python", str(version))
    return files | {"Procfile": b"release: test -f built\n" + files["Procfile"]}


def is_built(client):
    client.create()
    client.insist(app_path(client.app), "App.SetProperties", "a{sv}", *options({"BuildCommand": "cp VERSION built"}))
    client.repository.commit(built(1))
    client.deploy("live")


def build(client):
    client.version = 3 - client.version
    client.repository.commit(built(client.version))
    client.deploy("live")
    client.answers(client.version)


def scale(client):
    for count in (3, 1):
        client.insist(app_path(client.app), "App.SetProperties", "a{sv}", 1, "Formation", "a{su}", 1, "web", count)
        client.machine.wait(lambda: len(client.machine.units(f"deployd-app-{client.app.replace('-', '_')}-*")) == count,
                            what=f"{count} instances")
    client.answers(1)


def start_again(client):
    # It fails when the first start does.
    client.machine.systemctl("restart", daemon.UNIT, check=False)
    client.answers(1)


OPERATIONS = {
    "start of the daemon": (is_live, start_again), "create": (nothing, create), "first deployment": (create, first),
    "next deployment": (is_live, second), "failure": (is_live, fail), "cancel": (is_live, cancel),
    "environment": (is_live, configure), "rollback": (has_two, roll_back), "cleaning up": (has_two, collect),
    "build": (is_built, build), "scale": (is_live, scale), "stop and start": (is_live, stop_and_start), "restart": (is_live, restart),
    "settings": (is_live, settings), "remove": (is_live, remove),
}
# After these it is not as before: each time they need an app of its own.
ONCE = (create, first, remove)


@pytest.fixture(scope="module")
def bystander(machine):
    """An app that nobody touches."""
    platform = Deployd(machine)
    platform.app("bystander")
    live = platform.live("bystander")
    platform.main_pid = machine.show(live["Units"][0], "MainPID")
    platform.stable = platform.get("bystander", "Port")
    platform.unit = live["Units"][0]
    return platform


def passed(machine, client, operation):
    """The failpoints that are passed while the operation goes on, in order."""
    settled(machine)
    last = machine.run(["journalctl", "--output=json", "--no-pager", "--lines=1"]).stdout
    machine.write(FILE, "*:trace\n")
    operation(client)
    settled(machine)
    machine.sh(f"rm {FILE}")
    found = [entry["MESSAGE"].removeprefix("failpoint ")
             for entry in machine.journal(f"--after-cursor={json.loads(last)['__CURSOR']}", _SYSTEMD_UNIT=daemon.UNIT)
             if entry["MESSAGE"].startswith("failpoint ")]
    assert found
    return list(dict.fromkeys(found))


def settled(machine):
    """Waits until nothing is under way."""
    def look():
        try:
            return not (machine.get(ROOT, "Manager.DeploymentsQueued") or machine.units(*PASSING) or
                        machine.get(ROOT, "Manager.DeploymentsRunning"))
        except Failed:
            return False
    machine.wait(look, what="the end of all helpers")


def kill_there(machine, client, operation, point):
    """The operation, with the daemon killed at a point of it; False if it was not reached."""
    settled(machine)
    before = int(daemon.state(machine, "NRestarts"))
    machine.write(FILE, f"{point}:kill\n")
    try:
        operation(client)
        # The ingress, which is told last, has no end that could be seen.
        machine.sh(f"while [ -e {FILE} ]; do :; done", timeout=REACH)
    except HostError:
        machine.run(["rm", FILE])
        return False
    # systemctl has set the counter back.
    if operation is not start_again:
        machine.wait(lambda: int(daemon.state(machine, "NRestarts")) != before, what="the daemon being started again")
    daemon.ready(machine)
    settled(machine)
    return True


SEEN = set()


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_kill_at_every_step_of(machine, bystander, check_now, long, name):
    prepare, operation = OPERATIONS[name]
    label = name.replace(" ", "-")
    client = Client(machine, f"{label}-traced")
    prepare(client)
    points = passed(machine, client, operation)
    for number, point in enumerate(points):
        if point in SEEN and not long:
            continue
        SEEN.add(point)
        try:
            for letter in "abc":
                if operation in ONCE:
                    remove(client)
                    client = Client(machine, f"{label}-{number}{letter}")
                    prepare(client)
                reached = kill_there(machine, client, operation, point)
                if reached:
                    break
            assert reached, "it was not reached"
            check_now(machine)
        except BaseException as failure:
            failure.add_note(f"killed at {point}")
            raise
        assert machine.show(bystander.unit, "MainPID") == bystander.main_pid, point
        assert machine.curl(bystander.stable) == (200, "python 1\n"), point
    remove(client)
