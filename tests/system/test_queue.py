# SPDX-License-Identifier: LGPL-2.1-or-later
"""Deployments wait for their turn, one at a time for each app and a few altogether, and can be cancelled."""

import pytest

import daemon
import repository as repositories
from deployd import ROOT, SILENT, Deployd, changes, deployment_path

# Seconds within which Cancel replies: it kills at once. A bound for that, ten times what is seen.
REPLY = 10
INGRESS = "deployd-ingress.service"
RUNNING = ("fetching", "building", "releasing", "starting", "checking", "switching")
PARALLEL = 2
# Somebody takes the connections and never answers.
STALLED = "http://127.0.0.1:8420/stalled.git"


@pytest.fixture(scope="module")
def deployd(boot):
    machine = boot(files={
        "/etc/deployd/deploy.conf.d/60-test.conf": f"[runner]\nparallel = {PARALLEL}\nstop-timeout = 2s\n"})
    repositories.serve(machine)
    machine.run(["systemd-run", "--quiet", "--unit=test-stall", "--socket-property=ListenStream=127.0.0.1:8420",
                 "sleep", "infinity"])
    return Deployd(machine)


@pytest.fixture(scope="module")
def steady(deployd):
    """An app with something live, whose next commit never listens: its live deployment."""
    repository = deployd.app("steady")
    live = deployd.live("steady")
    repository.commit(SILENT)
    return live


@pytest.fixture
def stalled(deployd):
    """An app whose repository's server never answers."""
    path = deployd.create_repository("stalled", STALLED)
    deployd.create_app("stalled", "stalled")
    yield "stalled"
    deployd.do("stalled", "Remove", "b", "true")
    deployd.machine.call(path, "Repository.Remove")


def cancel(deployd, number, app):
    """Cancels a deployment: when the reply is there, nothing of it runs any more."""
    machine = deployd.machine
    machine.call(deployment_path(number), "Deployment.Cancel", timeout=REPLY)
    name = app.replace("-", "_")
    assert machine.units(f"deployd-fetch-{name}-*", f"deployd-import-{name}-*", f"deployd-app-{name}-{number}.*") == []
    deployment = deployd.end(number)
    assert (deployment["Status"], deployment["ErrorSummary"]) == ("cancelled", "")
    deployd.settled(number, app)

    error, message = deployd.refuse(deployment_path(number), "Deployment.Cancel")
    assert error == "AlreadyFinished" and str(number) in message
    return deployment


def stays_live(deployd, steady):
    assert deployd.machine.curl(steady["AssignedPort"]) == (200, "python 1\n")
    # Its log is in the archive a moment later.
    assert {**deployd.describe(steady["Id"]), "LogsPath": steady["LogsPath"]} == steady
    assert deployd.get("steady", "Status") == "running"


def test_a_queued_deployment_can_be_cancelled(deployd, stalled):
    first = deployd.deploy(stalled)
    deployd.status(first, "fetching")
    second = deployd.deploy(stalled)
    third = deployd.deploy(stalled)
    assert deployd.describe(third)["StatusText"] == f"waiting for deployment {second} of stalled"
    cancelled = cancel_queued(deployd, second)
    assert deployd.describe(third)["StatusText"] == f"waiting for deployment {first} of stalled"
    cancel_queued(deployd, third)
    assert cancelled["StartedAt"] == 0
    assert deployd.statuses(second) == ["queued", "cancelled"]
    assert deployd.describe(first)["Status"] == "fetching"
    cancel(deployd, first, stalled)


def cancel_queued(deployd, number):
    """Cancels a deployment that has nothing which could run."""
    deployd.machine.call(deployment_path(number), "Deployment.Cancel", timeout=REPLY)
    deployment = deployd.end(number)
    assert deployd.statuses(number)[-1] == "cancelled"
    return deployment


def test_a_fetch_whose_server_stalls_can_be_cancelled(deployd, stalled):
    number = deployd.deploy(stalled)
    unit = deployd.machine.wait(lambda: deployd.machine.units("deployd-fetch-stalled-*"))[0]
    deployd.machine.wait(lambda: deployd.machine.show(unit, "MainPID")["MainPID"] != "0")
    cancelled = cancel(deployd, number, stalled)
    assert deployd.statuses(number) == ["queued", "fetching", "cancelled"]
    assert cancelled["Revision"] == ""
    assert deployd.get(stalled, "Status") != "deploying"


def test_a_check_can_be_cancelled(deployd, steady):
    number = deployd.deploy("steady")
    deployd.status(number, "checking")
    cancel(deployd, number, "steady")
    assert deployd.statuses(number) == ["queued", "fetching", "building", "starting", "checking", "cancelled"]
    stays_live(deployd, steady)


def test_a_switch_can_be_cancelled(deployd, steady):
    machine = deployd.machine
    machine.systemctl("stop", INGRESS)
    try:
        number = deployd.deploy("steady", steady["Revision"])
        deployd.status(number, "switching")
        cancel(deployd, number, "steady")
        assert deployd.statuses(number) == ["queued", "fetching", "building", "starting", "checking", "switching", "cancelled"]
        stays_live(deployd, steady)
    finally:
        machine.systemctl("start", INGRESS)
    # The ingress knows live deployments only.
    machine.wait(lambda: machine.curl(deployd.get("steady", "Port"), check=False) == (200, "python 1\n"))
    stays_live(deployd, steady)


def test_cancel_does_not_wait_for_an_app_that_will_not_end(deployd):
    """It kills at once: the time an app has to end is for one that was live."""
    deployd.app("stubborn", {"Procfile": "web: trap '' TERM; while :; do sleep 1; done\n"}, StopTimeoutUSec=3600000000)
    number = deployd.deploy("stubborn")
    deployd.status(number, "checking")
    cancel(deployd, number, "stubborn")


def test_stop_cancels_what_is_under_way(deployd, steady):
    first = deployd.deploy("steady")
    second = deployd.deploy("steady")
    deployd.status(first, "checking")
    deployd.do("steady", "Stop")
    assert [deployd.end(number)["Status"] for number in (first, second)] == ["cancelled"] * 2
    for number in (first, second):
        deployd.settled(number, "steady")
    assert deployd.get("steady", "Status") == "stopped"
    assert deployd.describe(steady["Id"])["Status"] == "live"
    deployd.do("steady", "Start")
    deployd.answers("steady", lambda text: text == "python 1\n")


def request(deployd, app, revision, name):
    """Deploys with a request id: the id of the deployment."""
    return deployd.machine.call(ROOT, "Manager.Deploy", "ssa{sv}", app, revision, 1, "request-id", "s", name)[0]


def test_the_same_request_twice_is_one_deployment(deployd, steady):
    machine, name = deployd.machine, "twice"
    number = request(deployd, "steady", "", name)
    deployd.status(number, "checking")
    assert request(deployd, "steady", "", name) == number
    assert int(machine.run(["deployctl", "deploy", "steady", "--no-wait", "--request-id", name]).stdout) == number
    assert deployd.sql(f"select id from deployment where request_id = '{name}'") == [str(number)]
    # With other arguments it is another request.
    deployd.app("unsteady")
    for app, revision in (("steady", "main"), ("unsteady", "")):
        error, message = daemon.refused(machine, ROOT, "Manager.Deploy", "ssa{sv}", app, revision, 1,
                                        "request-id", "s", name)
        assert error == daemon.BUS_ERROR + "InvalidArgs" and name in message
    cancel(deployd, number, "steady")
    # And when it has ended.
    assert request(deployd, "steady", "", name) == number
    assert deployd.describe(number)["Status"] == "cancelled"
    assert deployd.sql(f"select id from deployment where request_id = '{name}'") == [str(number)]


def test_the_same_request_ten_times_at_once_is_one_deployment(deployd, steady):
    machine = deployd.machine
    numbers = machine.sh("""
        for i in $(seq 10); do
                deployctl deploy steady --no-wait --request-id together &
        done
        wait""").split()
    assert len(numbers) == 10 and len(set(numbers)) == 1
    assert deployd.sql("select id from deployment where request_id = 'together'") == numbers[:1]
    cancel(deployd, int(numbers[0]), "steady")


def test_only_so_many_run_at_once_and_the_others_follow_in_order(deployd):
    apps = ["wait-a", "wait-b", "wait-c", "wait-d"]
    for app in apps:
        deployd.app(app, SILENT)
    numbers = [deployd.deploy(app) for app in apps]
    for number in numbers[:PARALLEL]:
        deployd.status(number, "checking")

    def counts():
        return [deployd.machine.get(ROOT, f"Manager.Deployments{word}") for word in ("Running", "Queued")]

    assert counts() == [PARALLEL, 2]
    assert [deployd.describe(number)["Status"] for number in numbers] == ["checking"] * 2 + ["queued"] * 2
    assert [deployd.describe(number)["StatusText"] for number in numbers[PARALLEL:]] == [
        f"waiting for other apps: {PARALLEL} deployments are under way, which is parallel of [runner] in deploy.conf"] * 2

    cancel(deployd, numbers[1], "wait-b")
    deployd.status(numbers[2], "checking")
    assert counts() == [PARALLEL, 1]
    assert deployd.describe(numbers[3])["Status"] == "queued"
    cancel(deployd, numbers[0], "wait-a")
    deployd.status(numbers[3], "checking")
    for number, app in zip(numbers[2:], apps[2:]):
        cancel(deployd, number, app)
    assert counts() == [0, 0]


def test_there_never_were_more_than_allowed_at_once(deployd):
    """As the signals said, over all that the tests before this one have done."""
    apps, running, most = {}, set(), 0
    for message in deployd.drain():
        if message.get("member") == "DeploymentNew":
            apps[message["arguments"][1]] = message["arguments"][2]
        path = message.get("path")
        for changed in changes(message, path):
            if path in apps and "Status" in changed:
                (running.add if changed["Status"] in RUNNING else running.discard)(path)
        assert len({apps[path] for path in running}) == len(running) <= PARALLEL
        most = max(most, len(running))
    assert most == PARALLEL
