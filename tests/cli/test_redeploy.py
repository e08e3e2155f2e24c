# SPDX-License-Identifier: LGPL-2.1-or-later
"""redeploy --all: every app that runs, one after another, whatever becomes of each."""

import signal

import pytest

from mock import Failure, path

LIVE = [{"Status": "starting", "AssignedPort": 20007}, {"Status": "live"}]
FAILED = [{"Status": "starting"}, {"Status": "failed", "ErrorSummary": "web.1 exited with status 1"}]


@pytest.fixture
def apps(mock):
    """All that an app can be."""
    def app(name, status, live=True):
        mock.app(name, Status=status, CurrentDeployment=path("Deployment", 1) if live else "/")

    app("blog", "running")
    app("fresh", "new", live=False)
    app("first", "deploying", live=False)
    app("mail", "degraded")
    app("old", "stopped")
    app("quiet", "stopped")
    app("shop", "failed")
    app("wreck", "failed", live=False)
    return mock


def redeployed(mock):
    names = []
    while not mock.calls.empty():
        method, arguments = mock.calls.get()
        if method == "Redeploy":
            names.append(arguments[0].rsplit("/", 1)[1])
    return names


def test_each_app_that_runs_is_followed_to_its_end(apps, deployctl):
    apps.plan = LIVE * 3
    result = deployctl("redeploy", "--all")
    assert (result.status, result.err) == (0, "")
    assert redeployed(apps) == ["blog", "mail", "shop"]
    lines = result.out.splitlines()
    assert [line for line in lines if line.startswith("deployment ")] == \
        ["deployment 42 of blog", "deployment 43 of mail", "deployment 44 of shop"]
    assert "mail is live on port 20007" in lines
    assert lines[-1] == "3 apps redeployed; 2 stopped, and left alone: old, quiet"


@pytest.mark.parametrize("end,said", [
    ({"Status": "failed", "ErrorSummary": "web.1 exited with status 1"},
     "deployment 43 of mail failed: web.1 exited with status 1"),
    ({"Status": "cancelled"}, "deployment 43 of mail was cancelled")], ids=["failed", "cancelled"])
def test_it_goes_on_when_one_fails(apps, deployctl, tmp_path, end, said):
    apps.plan = LIVE + [end] + LIVE
    result = deployctl("redeploy", "--all", "--journal", str(tmp_path))
    assert result.status == 1
    assert result.err == f"deployctl: {said}\n"
    assert redeployed(apps) == ["blog", "mail", "shop"]
    assert result.out.splitlines()[-1] == "2 apps redeployed; 1 failed: mail; 2 stopped, and left alone: old, quiet"


def test_an_app_that_deployd_refuses_counts_as_failed(apps, deployctl):
    apps.failures["Redeploy"] = Failure("QueueFull", "too many deployments wait")
    result = deployctl("redeploy", "--all")
    assert (result.status, result.err) == (1, "deployctl: too many deployments wait\n" * 3)
    assert result.out == "0 apps redeployed; 3 failed: blog, mail, shop; 2 stopped, and left alone: old, quiet\n"


def test_each_app_is_looked_at_in_its_turn(apps, start):
    run = start("redeploy", "--all")
    run.wait_for("deployment 42 of blog")
    apps.do(lambda: apps.objects[path("App", "mail")][1].update(Status="stopped"))
    apps.plan = list(LIVE)
    apps.advance(42, Status="live")
    result = run.end()
    assert result.status == 0
    assert result.out.splitlines()[-1] == "2 apps redeployed; 3 stopped, and left alone: mail, old, quiet"


def test_ctrl_c_leaves_the_current_one_going_on_and_begins_no_other(apps, start):
    run = start("redeploy", "--all")
    run.wait_for("deployment 42 of blog")
    apps.advance(42, Status="live")
    run.wait_for("deployment 43 of mail")
    run.process.send_signal(signal.SIGINT)
    result = run.end()
    assert result.status == 130
    assert result.out.splitlines()[-1] == "1 app redeployed"
    assert result.err.splitlines()[0].startswith("deployctl: deployment 43 goes on; ")
    assert result.err.splitlines()[1] == "deployctl: 4 more after mail not redeployed, from old on"
    called = redeployed(apps)
    assert called == ["blog", "mail"]


def test_a_deployd_that_is_not_there_ends_it(apps, start):
    apps.silent.add("Redeploy")
    run = start("redeploy", "--all")
    apps.wait_call("Redeploy")
    apps.stop()
    result = run.end()
    assert (result.status, result.out) == (4, "0 apps redeployed\n")
    assert result.err.splitlines()[-1] == "deployctl: 7 more after blog not redeployed, from fresh on"


def test_no_wait_prints_the_ids_and_nothing_else(apps, deployctl):
    result = deployctl("redeploy", "--all", "--no-wait")
    assert (result.status, result.out) == (0, "42\n43\n44\n")
    assert result.err == "deployctl: 3 deployments asked for; 2 stopped, and left alone: old, quiet\n"


def test_no_app_is_no_failure(mock, deployctl):
    result = deployctl("redeploy", "--all")
    assert (result.status, result.out, result.err) == (0, "0 apps redeployed\n", "")


def test_a_stopped_app_is_not_deployed_and_takes_it_up_when_it_starts(mock, deployctl):
    mock.app("shop", Status="stopped", CurrentDeployment=path("Deployment", 41))
    for words in [], ["--no-wait"]:
        result = deployctl("redeploy", "shop", *words)
        assert (result.status, result.err) == (0, "")
        assert result.out == "shop is stopped: it takes effect when it starts\n"
