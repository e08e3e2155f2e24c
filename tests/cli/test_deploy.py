# SPDX-License-Identifier: LGPL-2.1-or-later
"""deploy: followed to its end, whatever the end, and whatever happens on the way."""

import re
import signal
import time

import pytest

from mock import Failure, path

STEPS = [{"Status": "fetching"}, {"Status": "fetching", "Progress": 0.5, "StatusText": "receiving objects"},
         {"Status": "starting", "Revision": "1f0c" * 10, "AssignedPort": 20007}, {"Status": "checking"}]
LIVE = [*STEPS, {"Status": "live", "StatusText": ""}]
FAILED = [*STEPS, {"Status": "failed", "ErrorSummary": "web.1 exited with status 0 before it listened on port 20007"}]
CANCELLED = [*STEPS, {"Status": "cancelled"}]


@pytest.fixture
def shop(mock):
    mock.app("shop")
    return mock


def steps(out):
    """The steps in the order of their lines, each with its mark."""
    return re.findall(r"^(\S) ([a-z]+) +[0-9.]+s$", out, re.MULTILINE)


def test_live_ends_with_0_after_a_line_for_each_step(shop, deployctl):
    shop.plan = list(LIVE)
    result = deployctl("deploy", "shop", "v1.2")
    assert (result.status, result.err) == (0, "")
    assert shop.wait_call("Deploy")[1:] == ("shop", "v1.2", {})
    assert steps(result.out) == [("✓", s) for s in ("queued", "fetching", "starting", "checking", "live")]
    assert result.out.splitlines()[0] == "deployment 42 of shop"
    assert result.out.splitlines()[-1] == "shop is live on port 20007"


def test_warnings_are_printed_under_the_steps_of_a_success(shop, deployctl):
    shop.plan = [*STEPS, {"Status": "live", "Warnings": ["there is no lock file", "app.json: x\x1b[31m means nothing here"]}]
    result = deployctl("deploy", "shop")
    assert (result.status, result.out.splitlines()[-1]) == (0, "shop is live on port 20007")
    assert result.err == ("deployctl: warning: there is no lock file\n"
                          "deployctl: warning: app.json: x\\x1b[31m means nothing here\n")


def test_one_that_takes_requests_before_it_is_live_says_where(shop, deployctl):
    shop.app("shop", Port=30001, Url="https://shop.example")
    settles = int(time.time() + 90) * 1000000
    shop.plan = [*STEPS, {"Status": "switching", "SettlesAt": settles, "StatusText": "watching it"},
                 {"Status": "switching", "SettlesAt": settles, "Progress": 0.5}, {"Status": "live", "SettlesAt": 0}]
    result = deployctl("deploy", "shop")
    assert (result.status, result.err) == (0, "")
    said, live = result.out.splitlines()[-4], result.out.splitlines()[-1]
    # So long as is left of 90 s, also where this takes some of them.
    assert re.fullmatch(r"shop answers at https://shop\.example and is watched for 1min( [12]?\ds| 30s)?", said), result.out
    assert live == "shop is live at https://shop.example"


@pytest.mark.parametrize("words,method,arguments", [
    (["rollback", "shop"], "Rollback", (0,)), (["rollback", "shop", "7"], "Rollback", (7,)),
    (["redeploy", "shop"], "Redeploy", ())])
def test_what_is_kept_is_followed_as_a_deployment(shop, deployctl, words, method, arguments):
    shop.plan = [{"Status": "starting", "AssignedPort": 20007}, {"Status": "live"}]
    result = deployctl(*words)
    assert (result.status, result.err) == (0, "")
    assert shop.wait_call(method)[1:] == arguments
    assert steps(result.out) == [("✓", s) for s in ("queued", "starting", "live")]
    assert result.out.splitlines()[-1] == "shop is live on port 20007"


def test_the_address_is_the_url_then_the_apps_port(shop, deployctl):
    shop.app("shop", Port=30001)
    shop.plan = list(LIVE)
    assert deployctl("deploy", "shop").out.splitlines()[-1] == "shop is live on port 30001"
    shop.app("shop", Port=30001, Url="https://shop.example")
    shop.plan = list(LIVE)
    assert deployctl("deploy", "shop").out.splitlines()[-1] == "shop is live at https://shop.example"
    shop.plan = [{"Status": "starting"}, {"Status": "live"}]
    assert deployctl("deploy", "shop").out.splitlines()[-1] == "shop is live", "it has no web"


def test_failed_ends_with_1_and_the_reason(shop, deployctl):
    shop.plan = list(FAILED)
    result = deployctl("deploy", "shop")
    assert result.status == 1
    assert steps(result.out)[-2:] == [("✗", "checking"), ("✗", "failed")]
    assert result.err.splitlines()[0] == ("deployctl: deployment 42 of shop failed: "
                                          "web.1 exited with status 0 before it listened on port 20007")


def test_who_may_read_logs_is_told_what_the_output_said(shop, deployctl):
    shop.plan = list(FAILED)
    shop.outputs = {42: {"ErrorSummary": "web.1 exited with status 0: no apples"}}
    result = deployctl("deploy", "shop")
    assert result.err.splitlines()[0] == "deployctl: deployment 42 of shop failed: web.1 exited with status 0: no apples"
    shop.plan = list(LIVE)
    shop.outputs = {43: {"Warnings": ["there is no lock file"]}}
    assert deployctl("deploy", "shop").err == "deployctl: warning: there is no lock file\n"


def test_cancelled_ends_with_3(shop, deployctl):
    shop.plan = list(CANCELLED)
    result = deployctl("deploy", "shop")
    assert (result.status, result.err) == (3, "deployctl: deployment 42 of shop was cancelled\n")


def test_the_reason_counts_that_is_there_at_the_end(shop, start):
    """The status may be told before the reason is."""
    run = start("deploy", "shop")
    run.wait_for("deployment 42")
    shop.objects[path("Deployment", 42)][1]["ErrorSummary"] = "no free port in 20000-20009"
    shop.advance(42, Status="failed")
    result = run.end()
    assert result.status == 1 and "no free port in 20000-20009" in result.err


@pytest.mark.parametrize("arguments, options", [
    ([], {}), (["--rebuild"], {"rebuild": True}),
    (["--rebuild", "--request-id=x"], {"rebuild": True, "request-id": "x"})])
def test_options_of_the_call_are_those_that_were_given(shop, deployctl, arguments, options):
    shop.plan = list(LIVE)
    assert deployctl("deploy", "shop", *arguments).status == 0
    assert shop.wait_call("Deploy")[3] == options


def test_a_deployment_that_has_ended_already_is_told_too(shop, deployctl):
    """The same request id again, long after."""
    shop.plan = list(LIVE)
    assert deployctl("deploy", "shop", "--request-id", "build-7").status == 0
    assert shop.wait_call("Deploy")[3] == {"request-id": "build-7"}
    result = deployctl("deploy", "shop", "--request-id", "build-7")
    assert result.status == 0 and "deployment 42" in result.out
    shop.forget(42)
    result = deployctl("deploy", "shop", "--request-id", "build-7")
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines()[-1] == "shop is live on port 20007"


def test_a_superseded_deployment_was_live(shop, start):
    run = start("deploy", "shop")
    run.wait_for("deployment 42")
    shop.advance(42, Status="superseded")
    assert run.end().status == 0


def test_other_deployments_do_not_end_it(shop, start):
    run = start("deploy", "shop")
    run.wait_for("deployment 42")
    other, _ = shop.do(lambda: shop.deployment("shop"))
    shop.advance(other, Status="failed")
    shop.advance(42, Status="live")
    assert run.end().status == 0


def test_no_wait_prints_the_id(shop, deployctl):
    result = deployctl("deploy", "shop", "--no-wait")
    assert (result.status, result.out, result.err) == (0, "42\n", "")


def test_what_cannot_be_deployed_ends_with_1(mock, deployctl):
    result = deployctl("deploy", "nope")
    assert (result.status, result.out, result.err) == (1, "", "deployctl: there is no app 'nope'\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_ends_the_following_only(shop, start, number):
    run = start("deploy", "shop")
    run.wait_for("deployment 42")
    run.process.send_signal(number)
    result = run.end()
    assert result.status == 130
    assert result.err == ("deployctl: deployment 42 goes on; "
                          "follow with: deployctl logs shop -f --deployment 42, end with: deployctl cancel 42\n")
    assert "Cancel" not in shop.called()


def test_ctrl_c_before_deployd_has_answered(shop, start):
    shop.silent.add("Deploy")
    run = start("deploy", "shop")
    shop.wait_call("Deploy")
    run.process.send_signal(signal.SIGINT)
    result = run.end()
    assert result.status == 130 and "deployctl releases shop" in result.err


def test_a_restart_of_deployd_is_waited_for(shop, start):
    run = start("deploy", "shop")
    shop.wait_call("GetAll")  # so that it has seen it queued
    shop.advance(42, Status="fetching")
    run.wait_for("queued")
    shop.stop()
    run.wait_for("deployd went away", "err")
    shop.objects[path("Deployment", 42)][1]["Status"] = "checking"
    shop.start()
    run.wait_for("fetching")
    shop.advance(42, Status="live")
    result = run.end()
    assert result.status == 0
    assert [s for _, s in steps(result.out)] == ["queued", "fetching", "checking", "live"]


def test_the_end_is_seen_when_it_came_while_deployd_was_away(shop, start):
    run = start("deploy", "shop")
    run.wait_for("deployment 42")
    shop.stop()
    run.wait_for("deployd went away", "err")
    shop.objects[path("Deployment", 42)][1].update(Status="failed", ErrorSummary="it broke")
    shop.start()
    result = run.end()
    assert result.status == 1 and "it broke" in result.err


def test_a_database_that_comes_late_after_a_restart_is_waited_for(shop, start):
    run = start("deploy", "shop")
    run.wait_for("deployment 42")
    shop.stop()
    run.wait_for("deployd went away", "err")
    shop.manager["DatabaseState"] = "connecting"
    shop.called()
    shop.start()
    shop.wait_call("GetAll")
    shop.manager["DatabaseState"] = "connected"
    shop.wait_call("GetAll")
    shop.advance(42, Status="live")
    result = run.end()
    assert result.status == 0
    assert result.err.count("deployd is not ready yet: the database cannot be reached: connection refused\n") == 1


def test_deployd_is_not_asked_without_end_for_a_deployment_that_it_does_not_know(shop, start):
    run = start("deploy", "shop")
    run.wait_for("deployment 42")
    shop.stop()
    run.wait_for("deployd went away", "err")
    del shop.objects[path("Deployment", 42)]
    unknown = Failure("org.freedesktop.DBus.Error.UnknownMethod", "Unknown method DescribeDeployment")
    shop.failures["DescribeDeployment"] = unknown
    shop.called()
    shop.start()
    result = run.end()
    assert result.status != 0 and "Unknown method DescribeDeployment" in result.err
    assert shop.called().count("DescribeDeployment") == 1


def test_deployd_that_dies_over_the_call_is_no_deployment(shop, start):
    shop.silent.add("Deploy")
    run = start("deploy", "shop")
    shop.wait_call("Deploy")
    shop.stop()
    result = run.end()
    assert result.status == 4 and "not known whether it was done" in result.err


def test_an_app_removed_meanwhile_is_an_error(shop, start):
    run = start("deploy", "shop")
    run.wait_for("deployment 42")
    shop.do(lambda: shop.remove(path("Deployment", 42)))
    result = run.end()
    assert (result.status, result.err) == (1, "deployctl: there is no deployment 42\n")


def test_a_reader_that_goes_away_changes_nothing(shop, start):
    run = start("deploy", "shop")
    run.wait_for("deployment 42")
    run.files.pop(run.process.stdout.fileno())
    run.process.stdout.close()
    run.process.stdout = None
    for change in LIVE:
        shop.advance(42, **change)
    result = run.end()
    assert (result.status, result.err) == (0, "")


def test_on_a_terminal_the_running_step_is_written_over(shop, start):
    run = start("deploy", "shop", columns=60)
    run.wait_for("queued")
    shop.advance(42, Status="fetching", Progress=0.5, StatusText="receiving \x1b[31m\u202e")
    run.wait_for("receiving")
    shop.advance(42, Status="live")
    result = run.end()
    assert result.status == 0
    assert "\r\x1b[K  fetching" in result.out
    assert " 50%  receiving \\x1b[31m\\xe2\\x80\\xae" in result.out
    assert "\x1b[32m✓\x1b[0m fetching" in result.out


def test_no_colours_when_asked(shop, start):
    shop.plan = list(LIVE)
    out = start("deploy", "shop", columns=60, env={"NO_COLOR": "1"}).end().out
    assert "✓ live" in out
    assert set(re.findall(r"\x1b\[[0-9;]*[a-zA-Z]", out)) <= {"\x1b[K"}


def test_without_a_terminal_lines_are_plain(shop, deployctl):
    shop.plan = list(LIVE)
    out = deployctl("deploy", "shop").out
    assert "\x1b" not in out and "\r" not in out


def test_without_unicode_marks_are_ascii(shop, deployctl):
    shop.plan = list(LIVE)
    out = deployctl("deploy", "shop", env={"LC_ALL": "C"}).out
    assert out.isascii() and "+ live" in out


@pytest.mark.parametrize("columns", [10, 40])
def test_a_narrow_terminal_is_never_overrun(shop, start, columns):
    run = start("deploy", "shop", columns=columns)
    run.wait_for("queued")
    shop.advance(42, Status="building", StatusText="漢字 and a very long line from the build " * 5)
    run.wait_for("building"[:columns - 4])
    shop.advance(42, Status="live")
    drawn = [part.split("\r")[0] for part in run.end().out.split("\x1b[K")]
    assert any("building"[:columns - 4] in part for part in drawn)
    for part in drawn:
        if part.startswith("  "):
            assert len(part) + sum(c in "漢字" for c in part) < columns


def test_bus_that_ends_says_so(bus, tmp_path, environment, start):
    """A bus of its own, so that it can end."""
    import subprocess

    from conftest import BUS_CONFIG
    from mock import Mock

    (tmp_path / "bus.conf").write_text(BUS_CONFIG.format(directory=tmp_path))
    process = subprocess.Popen(["dbus-daemon", f"--config-file={tmp_path}/bus.conf", "--nofork", "--print-address=1"],
                               stdout=subprocess.PIPE, text=True)
    address = process.stdout.readline().strip()
    mock = Mock(address)
    try:
        mock.app("shop")
        run = start("deploy", "shop", env={"DBUS_SYSTEM_BUS_ADDRESS": address})
        run.wait_for("deployment 42")
        process.terminate()
        process.wait()
        result = run.end()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        mock.loop.quit()
        mock.thread.join()
    assert result.status == 4
    assert "connection to the system bus was lost" in result.err and "deployment 42 goes on" in result.err
