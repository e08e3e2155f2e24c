# SPDX-License-Identifier: LGPL-2.1-or-later
"""What deployctl does when deployd wants a password: a person at a terminal is asked, others are told."""

import os
import pathlib
import signal
import tempfile
import termios
import time

import pytest

from mock import TIMEOUT

NOBODY = 65534
# Says that it is ready, switches the echo off as the real one does while it waits for a password, and ends when told to.
AGENT = """#!/usr/bin/python3
import os, signal, sys, termios
signal.pthread_sigmask(signal.SIG_BLOCK, {{signal.SIGTERM}})
with open("{directory}/agent", "w") as file:
    print(os.getpid(), *sys.argv[1:], file=file, flush=True)
    mode = termios.tcgetattr(2)
    mode[3] &= ~termios.ECHO
    termios.tcsetattr(2, termios.TCSANOW, mode)
    os.close(int(sys.argv[2]))
    os.write(2, b"Password:")
    signal.sigwait({{signal.SIGTERM}})
    print("ended", file=file)
"""


@pytest.fixture
def directory():
    """Where an ordinary user gets to."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)
        yield pathlib.Path(name)


@pytest.fixture
def agent(directory):
    """A pkttyagent that needs no polkit: the variables for who is to find it."""
    program = directory / "pkttyagent"
    program.write_text(AGENT.format(directory=directory))
    program.chmod(0o755)
    return {"PATH": f"{directory}:{os.environ['PATH']}"}


def end_of(directory):
    """What the agent was started with, and that it was told to end."""
    first, ended = (directory / "agent").read_text().splitlines()
    assert ended == "ended"
    return first.split()


def test_without_a_terminal_the_sentence_says_what_would_help(mock, deployctl):
    mock.passwords = {"Start": None}
    mock.app("shop")
    done = deployctl("start", "shop", user=NOBODY)
    assert (done.status, done.out, done.err) == (
        1, "", "deployctl: it takes the right x: ask root; at a terminal a password would be asked for\n")
    assert mock.interactive == [False]


@pytest.mark.parametrize("arguments, method", [
    (("start", "shop"), "Start"), (("deploy", "shop", "--no-wait"), "Deploy"), (("deploy", "shop"), "Deploy"),
    (("app", "remove", "shop", "--force", "--confirm=shop"), "Remove")])
def test_at_a_terminal_the_call_is_made_again_with_an_agent(mock, start, agent, directory, arguments, method):
    mock.passwords = {method: None}
    mock.app("shop")
    mock.plan = [{"Status": "live"}]
    running = start(*arguments, user=NOBODY, asked=True, env=agent)
    done = running.end()
    assert done.status == 0, done.err
    assert mock.interactive == [False, True]
    assert end_of(directory)[1:] == ["--notify-fd", end_of(directory)[2], "--process", str(running.process.pid)]


def test_a_value_from_standard_input_and_a_password_go_together(mock, start, agent, directory):
    mock.passwords = {"SetEnvironment": None}
    shop = mock.app("shop")
    (directory / "value").write_text("one\n")
    with open(directory / "value", "rb") as value:
        done = start("config", "set", "shop", "A=-", user=NOBODY, asked=True, stdin=value, env=agent).end()
    assert done.status == 0, done.err
    assert mock.environments[shop] == {"A": "one"}
    assert mock.interactive == [False, True]
    end_of(directory)


def test_a_wrong_password_is_no_second_question(mock, deployctl, agent, directory):
    mock.passwords = {"Start": "AccessDenied"}
    mock.app("shop")
    done = deployctl("start", "shop", user=NOBODY, asked=True, env=agent)
    assert done.status == 1
    assert done.err.replace("\r", "").endswith("deployctl: it takes the right x: ask root\n")
    assert mock.interactive == [False, True]
    end_of(directory)


def test_without_the_program_the_sentence_names_it(mock, deployctl, directory):
    mock.passwords = {"Start": "InteractiveAuthorizationRequired"}
    mock.app("shop")
    done = deployctl("start", "shop", user=NOBODY, asked=True, env={"PATH": str(directory)})
    assert done.status == 1
    assert "pkttyagent, of the package polkitd, would ask for a password" in done.err


def test_root_and_those_who_need_no_password_have_no_agent(mock, deployctl, agent, directory):
    mock.app("shop")
    assert deployctl("start", "shop", user=NOBODY, asked=True, env=agent).status == 0
    mock.passwords = {"Start": None}
    assert deployctl("start", "shop", asked=True, env=agent).status == 1
    assert not (directory / "agent").exists()
    assert mock.interactive == [False]


@pytest.mark.parametrize("arguments, method", [
    (("start", "shop"), "Start"), (("deploy", "shop"), "Deploy"),
    (("app", "remove", "shop", "--force", "--confirm=shop"), "Remove")])
def test_ctrl_c_ends_the_agent_and_gives_the_terminal_back(mock, start, agent, directory, arguments, method):
    mock.passwords = {method: "silent"}
    mock.app("shop")
    running = start(*arguments, user=NOBODY, asked=True, env=agent)
    running.wait_for("Password:", "err")
    while mock.interactive != [False, True]:
        mock.wait_call(method)
    assert not termios.tcgetattr(running.terminal)[3] & termios.ECHO
    terminal = os.dup(running.terminal)
    os.kill(running.process.pid, signal.SIGINT)
    running.process.wait(TIMEOUT)
    assert termios.tcgetattr(terminal)[3] & termios.ECHO
    os.close(terminal)
    until = time.monotonic() + TIMEOUT
    pid = int((directory / "agent").read_text().split()[0])
    while os.path.exists(f"/proc/{pid}"):
        assert time.monotonic() < until, "the agent is still there"
        time.sleep(0.01)
    done = running.end()
    assert done.status in (130, -signal.SIGINT)
    if method != "Start":
        assert "nothing was done: the password was not given" in done.err
