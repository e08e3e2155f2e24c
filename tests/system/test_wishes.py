# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was asked for is what happens: values that fail are taken back, staged ones wait, an app that is stopped stays
stopped, and what is asked for during a deployment counts from the release that is live by then."""

import json

import pytest

import apps
import daemon
import repository as repositories
from deployd import Deployd, deployment_path

MACHINE_FILES = apps.PROGRAMS

# The web process ends at once when its PRICE is not a number.
NEEDS_NUMBER = 'test "${PRICE:-1}" -ge 0 || exit 3; '


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


def deployctl(deployd, *words, status=0):
    """Runs deployctl, which must end with this status: what it prints, errors included."""
    done = deployd.machine.run(["deployctl", *words], check=False, merge=True)
    assert done.returncode == status, done.stdout
    return done.stdout


def instances(deployd, app):
    """The processes of the units of an app: {unit: (pid, invocation)}."""
    return daemon.instances(deployd.machine, app.replace("-", "_"))


def deployments(deployd, app):
    """The ids of all deployments of an app."""
    return deployd.sql(f"select d.id from deployment d join app a on a.id = app_id where a.name = '{app}' order by 1")


def environments(deployd, app):
    """The environment of each instance that runs."""
    found = []
    for pid, _ in instances(deployd, app).values():
        text = deployd.machine.run(["cat", f"/proc/{pid}/environ"], check=False).stdout if pid != "0" else ""
        found.append(dict(entry.split("=", 1) for entry in text.split("\0") if entry))
    # A process that is just beginning has the environment of systemd yet.
    return [environment for environment in found if "DYNO" in environment]


def running(deployd, app, n=1):
    """Waits until an app is running with n instances, and is answered: their environments."""
    def look():
        found = environments(deployd, app)
        return (len(found) == n and deployd.get(app, "Status") == "running"
                and deployd.machine.curl(deployd.get(app, "Port"), check=False)[0] == 200 and found)
    return deployd.machine.wait(look, what=f"{app} running with {n} instances")


def prices(deployd, app, n=1):
    """The PRICE of each of its n instances, when it is running."""
    return [environment.get("PRICE") for environment in running(deployd, app, n)]


def restarted(deployd, app, cause):
    """Waits until each instance of an app that ran before cause() is another process."""
    before = instances(deployd, app)
    assert before
    cause()
    deployd.machine.wait(lambda: all(now != before.get(unit) and now[0] != "0" for unit, now in
                                     instances(deployd, app).items()), what=f"{app} started again")


def stopped(deployd, app):
    """Waits until an app is stopped and no unit of it runs."""
    deployd.machine.wait(lambda: deployd.get(app, "Status") == "stopped" and not environments(deployd, app),
                         what=f"{app} being stopped")


def crash(deployd, app):
    units = instances(deployd, app)
    restarted(deployd, app, lambda: deployd.machine.systemctl("kill", "--signal=KILL", *units))


def reboot(deployd):
    deployd.machine.reboot()
    repositories.serve(deployd.machine)
    daemon.ready(deployd.machine)
    deployd.listen()


# A value with which the app does not start

@pytest.fixture(scope="module")
def taken_back(deployd):
    """An app with PRICE=2, for which PRICE=two was asked and has failed: what deployctl said of that."""
    deployd.app("priced", apps.mirror(1, NEEDS_NUMBER), Buildpack="none")
    deployd.live("priced")
    deployctl(deployd, "config", "set", "priced", "PRICE=2")
    return deployctl(deployd, "config", "set", "priced", "PRICE=two", "OTHER=x", status=1)


def test_variables_that_fail_are_taken_back(deployd, taken_back):
    assert "the variables of priced are as they were before: the change is taken back" in taken_back
    assert deployctl(deployd, "config", "get", "priced", "PRICE") == "2\n"
    assert deployd.do("priced", "GetEnvironment") == [{"A_CANARY": deployd.machine.canary, "PRICE": "2"}]
    assert deployd.get("priced", "EnvironmentNames") == ["A_CANARY", "PRICE"]
    assert deployd.get("priced", "EnvironmentStaged") == []
    assert deployd.describe(int(deployments(deployd, "priced")[-1]))["Status"] == "failed"
    assert prices(deployd, "priced") == ["2"]


EVENTS = {
    "restart": lambda deployd: restarted(deployd, "priced", lambda: deployctl(deployd, "restart", "priced")),
    "crash": lambda deployd: crash(deployd, "priced"),
    "scale": lambda deployd: deployctl(deployd, "scale", "priced", "web=2"),
    "crash of deployd": lambda deployd: daemon.kill(deployd.machine),
    "boot": reboot,
}


@pytest.mark.parametrize("event", EVENTS)
def test_what_was_taken_back_is_not_used_later(deployd, taken_back, event):
    EVENTS[event](deployd)
    if event == "crash of deployd":
        deployd.listen()
        crash(deployd, "priced")
    n = deployd.get("priced", "Formation")["web"]
    assert prices(deployd, "priced", n) == ["2"] * n


# Variables that wait for the next deployment

def test_staged_variables_wait_for_the_next_deployment(deployd):
    repository = deployd.app("staged", apps.mirror(1), Buildpack="none")
    deployd.live("staged")
    deployctl(deployd, "config", "set", "staged", "PRICE=1", "OLD=x")
    before = deployments(deployd, "staged")

    assert deployctl(deployd, "config", "set", "--stage", "staged", "PRICE=2") == (
        "staged: they take effect with the next deployment of staged\n")
    deployctl(deployd, "config", "unset", "--stage", "staged", "OLD")
    assert deployments(deployd, "staged") == before
    assert deployd.get("staged", "EnvironmentStaged") == ["OLD", "PRICE"]
    shown = [line.split() for line in deployctl(deployd, "config", "staged").splitlines()]
    assert ["PRICE", "set", "2"] in shown and ["OLD", "unset"] in shown
    rows = {row["name"]: row for row in json.loads(deployctl(deployd, "config", "staged", "--json"))["config"]}
    assert rows["PRICE"] == {"name": "PRICE", "staged": True, "value": "2"}
    assert rows["A_CANARY"]["staged"] is False

    restarted(deployd, "staged", lambda: deployctl(deployd, "restart", "staged"))
    environment, = running(deployd, "staged")
    assert (environment["PRICE"], environment["OLD"]) == ("1", "x")

    repository.commit(apps.mirror(2))
    deployd.live("staged")
    environment, = running(deployd, "staged")
    assert (environment["PRICE"], "OLD" in environment) == ("2", False)
    assert deployd.get("staged", "EnvironmentStaged") == []


# An app that is stopped

WISHES = {
    "config-set": ["config", "set", "APP", "PRICE=2"],
    "app-set": ["app", "set", "APP", "stop-timeout=7s"],
    "redeploy": ["redeploy", "APP"],
    "scale-up": ["scale", "APP", "web=2"],
    "scale-down": ["scale", "APP", "web=1"],
}


@pytest.mark.parametrize("wish", WISHES)
def test_a_stopped_app_stays_stopped_and_starts_with_what_was_asked_for(deployd, wish):
    name = f"still-{wish}"
    deployd.app(name, apps.mirror(1), Buildpack="none")
    if wish == "scale-down":
        deployctl(deployd, "scale", name, "web=3")
    deployd.live(name)
    running(deployd, name, 3 if wish == "scale-down" else 1)
    deployctl(deployd, "stop", name)
    stopped(deployd, name)
    if wish == "redeploy":
        deployctl(deployd, "config", "set", "--stage", name, "PRICE=2")
    before = deployments(deployd, name)

    said = deployctl(deployd, *(name if word == "APP" else word for word in WISHES[wish]))
    assert f"{name} is stopped: " in said and said.endswith("when it starts\n"), said
    daemon.kill(deployd.machine)
    deployd.listen()
    stopped(deployd, name)
    assert deployments(deployd, name) == before

    deployctl(deployd, "start", name)
    n = 2 if wish == "scale-up" else 1
    assert prices(deployd, name, n) == ["2" if wish in ("config-set", "redeploy") else None] * n
    units = instances(deployd, name)
    assert len(units) == n
    if wish == "app-set":
        assert deployd.machine.show(*units, "TimeoutStopUSec") == {"TimeoutStopUSec": "7s"}


# While a deployment is under way

class UnderWay:
    """A deployment of a commit whose web process waits for open()."""

    def __init__(self, deployd, repository, version):
        self.deployd = deployd
        self.gate = daemon.Gate(deployd.machine, f"{repository.name}-{version}")
        self.revision = repository.commit(apps.mirror(version, f"{self.gate.wait}; "))
        self.id = deployd.deploy(repository.name)
        deployd.status(self.id, "checking")

    def open(self):
        """Lets it go on: the deployment as it has ended."""
        self.gate.open()
        return self.deployd.end(self.id)


def ask(deployd, app, wish):
    """Asks for something that makes a deployment: its id."""
    arguments = {"SetEnvironment": ["a{ss}as", 1, "PRICE", "2", 0], "Redeploy": []}[wish]
    number, path = deployd.do(app, wish, *arguments)
    assert number != 0 and path == deployment_path(number)
    return number


@pytest.mark.parametrize("wish", ["SetEnvironment", "Redeploy"])
def test_during_a_deployment_the_new_commit_is_kept(deployd, wish):
    name = f"during-{wish.lower()}"
    repository = deployd.app(name, apps.mirror(1), Buildpack="none")
    deployd.live(name)
    under_way = UnderWay(deployd, repository, 2)
    number = ask(deployd, name, wish)
    new = under_way.open()
    assert new["Status"] == "live"
    again = deployd.end(number)
    assert (again["Status"], again["Revision"], again["ImageTag"]) == ("live", under_way.revision, new["ImageTag"])
    assert deployd.machine.curl(deployd.get(name, "Port")) == (200, "mirror 2\n")
    assert prices(deployd, name) == ["2" if wish == "SetEnvironment" else None]


def test_changes_at_the_same_time_are_kept_or_refused(machine, deployd):
    """No change that was told to be done is lost to another one."""
    deployd.app("crowd", apps.mirror("1"))
    done = machine.sh("for i in 1 2 3 4 5 6 7 8; do (deployctl config set --stage crowd V$i=1 >/dev/null 2>/root/said.$i "
                      "&& echo V$i) & done; wait").split()
    assert done
    assert {name for name in deployd.do("crowd", "GetEnvironment")[0] if name.startswith("V")} == set(done)
    said = machine.sh("cat /root/said.*").splitlines()
    assert said == (8 - len(done)) * ["deployctl: another change of crowd is being stored: try again in a moment"]
    settings = {"stop-timeout": ("StopTimeoutUSec", "7s", 7000000), "tasks-max": ("TasksMax", "77", 77),
                "health-check-path": ("HealthCheckPath", "/up", "/up")}
    done = machine.sh("".join(f"(deployctl app set crowd {key}={text} >/dev/null 2>&1 && echo {key}) & "
                              for key, (_, text, _) in settings.items()) + "wait").split()
    assert done
    for key in done:
        name, _, value = settings[key]
        assert deployd.get("crowd", name) == value
