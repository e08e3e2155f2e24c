# SPDX-License-Identifier: LGPL-2.1-or-later
"""The environment of an app: config, config get, config set, config unset."""

import subprocess

import pytest

from conftest import BINARY
from mock import TIMEOUT, Failure, path

SECRET = "a b\"c'd$e`f\\g%h;i ü@=-"
LINES = "first line\n\tsecond line\n\n"


@pytest.fixture
def shop(mock):
    """An app of which nothing is live."""
    return mock.app("shop")


@pytest.fixture
def live(mock):
    """One of which something is."""
    return mock.app("shop", CurrentDeployment=path("Deployment", 41), Url="http://127.0.0.1:30000")


def set_by_input(environment, text, *words):
    return subprocess.run([BINARY, "config", "set", "shop", *words], env=environment, input=text,
                          capture_output=True, check=False, timeout=TIMEOUT)


def test_names_and_values_are_a_table_and_exact_in_json(mock, shop, deployctl):
    mock.environments[shop] = {"SECRET": SECRET, "LINES": LINES, "EMPTY": ""}
    lines = deployctl("config", "shop").out.splitlines()
    assert lines[0].split() == ["NAME", "VALUE"]
    assert lines[-1].split(maxsplit=1) == ["SECRET", SECRET]
    shown = deployctl("config", "shop", "--json").json["config"]
    assert {row["name"]: row["value"] or "" for row in shown} == {"EMPTY": "", "LINES": LINES, "SECRET": SECRET}


def test_nothing_set_is_a_sentence_and_empty_json(shop, deployctl):
    assert deployctl("config", "shop").out == "nothing is set; 'deployctl config set APP NAME=VALUE' does so\n"
    assert deployctl("config", "shop", "--json").json == {"config": []}


@pytest.mark.parametrize("value", [SECRET, LINES, ""], ids=["signs", "lines", "empty"])
def test_get_prints_the_value_as_it_is(mock, shop, deployctl, value):
    mock.environments[shop] = {"A": "another", "B": value, "C": "third"}
    result = deployctl("config", "get", "shop", "B")
    assert (result.status, result.out, result.err) == (0, value + "\n", "")


def test_get_of_what_is_not_set_is_a_sentence(mock, shop, deployctl):
    mock.environments[shop] = {"AB": "x"}
    result = deployctl("config", "get", "shop", "A")
    assert (result.status, result.out, result.err) == (1, "", "deployctl: A is not set for shop\n")


def test_set_gives_all_values_in_one_call(mock, shop, deployctl):
    result = deployctl("config", "set", "shop", f"A={SECRET}", "B=", "C=x=y")
    assert mock.wait_call("SetEnvironment") == (shop, {"A": SECRET, "B": "", "C": "x=y"}, [])
    assert (result.status, result.err) == (0, "")
    assert result.out == "the variables of shop are changed: they take effect with its first deployment\n"


def test_unset_gives_all_names_in_one_call(mock, shop, deployctl):
    mock.environments[shop] = {"A": "1", "B": "2", "C": "3"}
    assert deployctl("config", "unset", "shop", "A", "C").status == 0
    assert mock.wait_call("SetEnvironment") == (shop, {}, ["A", "C"])
    assert mock.environments[shop] == {"B": "2"}


def test_nothing_is_deployed_for_names_that_are_not_set(mock, shop, deployctl):
    mock.environments[shop] = {"A": "1"}
    result = deployctl("config", "unset", "shop", "B", "C")
    assert (result.status, result.out, result.err) == (
        0, "", "deployctl: nothing to unset: 'deployctl config shop' shows what is set\n")
    assert "SetEnvironment" not in mock.called()
    assert deployctl("config", "unset", "shop", "B", "A").status == 0
    assert mock.environments[shop] == {}


@pytest.mark.parametrize("content,value", [
    (LINES, LINES[:-1]), ("x", "x"), ("x\n", "x"), ("", ""), ("\n", ""), ("ü$\\\"\n", "ü$\\\""),
], ids=repr)
def test_a_value_comes_from_a_file_or_standard_input_but_for_a_last_newline(mock, shop, deployctl, environment,
                                                                            tmp_path, content, value):
    (tmp_path / "value").write_text(content)
    assert deployctl("config", "set", "shop", f"FILE=@{tmp_path}/value").status == 0
    assert mock.wait_call("SetEnvironment")[1] == {"FILE": value}
    if content:
        assert set_by_input(environment, content.encode(), "INPUT=-", "OTHER=x").returncode == 0
        assert mock.wait_call("SetEnvironment")[1] == {"INPUT": value, "OTHER": "x"}


def test_a_value_of_several_lines_is_set_as_it_is_written(mock, shop, deployctl):
    assert deployctl("config", "set", "shop", "KEY=-----BEGIN X-----\n\tA=B\n").status == 0
    assert mock.wait_call("SetEnvironment")[1] == {"KEY": "-----BEGIN X-----\n\tA=B\n"}


@pytest.mark.parametrize("content,sentence", [
    (b"s3cret\0", "standard input has a byte 0 in it, which no value can have"),
    (b"s3cret\xff", "the value of A has control characters or is not UTF-8"),
    (b"s3cret\x1b[2J", "the value of A has control characters or is not UTF-8"),
    (b"s3cret" * 100000, "standard input is too large for a value"),
], ids=["zero", "not UTF-8", "control characters", "large"])
def test_what_is_no_text_is_refused_and_not_shown(mock, shop, environment, content, sentence):
    run = set_by_input(environment, content, "A=-")
    assert (run.returncode, run.stdout) == (2, b"")
    assert run.stderr.decode() == f"deployctl: {sentence}\n"
    assert mock.called() == []


def test_set_and_unset_follow_the_deployment_they_cause(mock, live, deployctl):
    steps = [{"Status": "starting"}, {"Status": "switching"}, {"Status": "live", "AssignedPort": 20001}]
    for words in ["set", "shop", f"A={SECRET}"], ["unset", "shop", "A"]:
        mock.plan = list(steps)
        number = mock.next_id
        result = deployctl("config", *words)
        assert (result.status, result.err) == (0, "")
        assert result.out.startswith(f"deployment {number} of shop\n")
        assert result.out.endswith("shop is live at http://127.0.0.1:30000\n")
        assert SECRET not in result.out


def test_a_failed_deployment_is_said_as_deploy_says_it(mock, live, deployctl, tmp_path):
    mock.plan = [{"Status": "failed", "ErrorSummary": "web.1 exited with status 1"}]
    result = deployctl("config", "set", "shop", "A=1", "--journal", str(tmp_path))
    assert result.status == 1
    assert result.err.splitlines()[0] == "deployctl: deployment 42 of shop failed: web.1 exited with status 1"


BACK = "deployctl: the variables of shop are as they were before: the change is taken back"


@pytest.mark.parametrize("words", [["set", "shop", "A=2", "C=3"], ["unset", "shop", "A"]], ids=["set", "unset"])
@pytest.mark.parametrize("status,expected", [("failed", 1), ("cancelled", 3)])
def test_a_change_that_is_taken_back_is_said_to_be(mock, live, deployctl, tmp_path, words, status, expected):
    mock.environments[live] = {"A": "1", "B": SECRET}
    mock.plan = [{"Status": status}]
    result = deployctl("config", *words, "--journal", str(tmp_path))
    assert (result.status, result.err.splitlines()[1:]) == (expected, [BACK])
    assert mock.environments[live] == {"A": "1", "B": SECRET}


@pytest.mark.parametrize("words", [["set", "shop", "A=2", "C=3"], ["unset", "shop", "A"]], ids=["set", "unset"])
def test_a_change_that_stays_is_said_to(mock, live, start, tmp_path, words):
    """The first deployment was under way and has failed: nothing is live, and there is nothing to go back to."""
    mock.environments[live] = {"A": "1", "B": "2"}
    run = start("config", *words, "--journal", str(tmp_path))
    run.wait_for("deployment 42")
    mock.before.clear()
    mock.advance(42, Status="failed", ErrorSummary="it broke")
    result = run.end()
    assert result.status == 1
    assert result.err.splitlines()[1:] == [
        "deployctl: the variables of shop stay changed: they take effect with the next deployment"]


def test_neither_is_said_when_somebody_else_has_changed_them(mock, live, start, tmp_path):
    mock.environments[live] = {"A": "1"}
    run = start("config", "set", "shop", "A=2", "--journal", str(tmp_path))
    run.wait_for("deployment 42")
    mock.before[42] = (live, {"A": "1", "D": "4"})
    mock.advance(42, Status="failed", ErrorSummary="it broke")
    result = run.end()
    assert result.err.splitlines()[1:] == [
        "deployctl: the variables of shop were changed by another command meanwhile: 'deployctl config shop' shows them"]


def test_nothing_is_said_of_variables_when_nothing_was_changed(mock, live, start, deployctl):
    mock.failures["SetEnvironment"] = Failure("QueueFull", "too many deployments wait")
    assert deployctl("config", "set", "shop", "A=1").err == "deployctl: too many deployments wait\n"
    mock.failures.clear()
    mock.plan = [{"Status": "live"}]
    assert "variables" not in deployctl("config", "set", "shop", "A=1").err


def test_the_variables_of_a_stopped_app_wait_for_its_start(mock, deployctl):
    where = mock.app("shop", Status="stopped", CurrentDeployment=path("Deployment", 41))
    for words in ["set", "shop", "A=1"], ["set", "shop", "B=1", "--no-wait"], ["unset", "shop", "A"]:
        result = deployctl("config", *words)
        assert (result.status, result.err) == (0, "")
        assert result.out == "shop is stopped: they take effect when it starts\n"
    assert mock.environments[where] == {"B": "1"}


def test_stage_gives_all_in_one_call_and_deploys_nothing(mock, live, deployctl):
    mock.environments[live] = {"A": "1", "B": "2"}
    said = (0, "staged: they take effect with the next deployment of shop\n", "")
    result = deployctl("config", "set", "--stage", "shop", "A=9", "C=x=y")
    assert (result.status, result.out, result.err) == said
    assert mock.wait_call("StageEnvironment") == (live, {"A": "9", "C": "x=y"}, [])
    result = deployctl("config", "unset", "shop", "B", "NONE", "--stage")
    assert (result.status, result.out, result.err) == said
    assert mock.wait_call("StageEnvironment") == (live, {}, ["B", "NONE"])
    assert "SetEnvironment" not in mock.called() and mock.next_id == 42
    assert "nothing to unset" in deployctl("config", "unset", "shop", "NONE", "--stage").err
    assert "StageEnvironment" not in mock.called()


def test_what_is_staged_has_a_mark_also_what_will_be_gone(mock, deployctl):
    where = mock.app("shop", EnvironmentStaged=["A", "GONE"])
    mock.environments[where] = {"A": "new value", "B": "old"}
    lines = [line.split() for line in deployctl("config", "shop").out.splitlines()]
    assert lines == [["NAME", "STAGED", "VALUE"], ["A", "set", "new", "value"], ["B", "old"], ["GONE", "unset"]]
    assert deployctl("config", "shop", "--json").json["config"] == [
        {"name": "A", "staged": True, "value": "new value"}, {"name": "B", "staged": False, "value": "old"}]
    mock.objects[where][1]["EnvironmentStaged"] = []
    assert "STAGED" not in deployctl("config", "shop").out
    assert [row["staged"] for row in deployctl("config", "shop", "--json").json["config"]] == [False, False]


def test_what_is_staged_alone_is_shown_too(mock, deployctl):
    mock.app("shop", EnvironmentStaged=["GONE"])
    assert [line.split() for line in deployctl("config", "shop").out.splitlines()][1:] == [["GONE", "unset"]]
    assert deployctl("config", "shop", "--json").json == {"config": []}


def test_the_table_of_variables_fits_80_columns(mock, start):
    where = mock.app("shop", EnvironmentStaged=["A", "N" * 30])
    mock.environments[where] = {"A": "a long value, " * 20, "B": "x" * 300}
    out = start("config", "shop", columns=80).end().out.replace("\r", "")
    assert "STAGED" in out and max(len(line) for line in out.splitlines()) <= 80


def test_no_wait_prints_the_id(mock, live, shop_other, deployctl):
    for words in ["set", "shop", "A=1"], ["unset", "shop", "A"]:
        number = mock.next_id
        assert deployctl("config", *words, "--no-wait").out == f"{number}\n"
    assert "with its first deployment" in deployctl("config", "set", "other", "A=1", "--no-wait").out


@pytest.fixture
def shop_other(mock):
    return mock.app("other")


def test_a_refusal_is_deployds_sentence(mock, live, deployctl):
    mock.failures["SetEnvironment"] = Failure("org.freedesktop.DBus.Error.InvalidArgs",
                                              "PORT is set by deployd or systemd and cannot be set here")
    result = deployctl("config", "set", "shop", "PORT=s3cret")
    assert (result.status, result.out) == (1, "")
    assert result.err == "deployctl: PORT is set by deployd or systemd and cannot be set here\n"


def test_an_app_that_is_not_there(mock, deployctl):
    for words in ["nope"], ["get", "nope", "A"], ["set", "nope", "A=1"], ["unset", "nope", "A"]:
        result = deployctl("config", *words)
        assert (result.status, result.err) == (1, "deployctl: there is no app 'nope'\n")
