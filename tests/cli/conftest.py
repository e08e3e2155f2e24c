# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of deployctl share: a private bus with the mock on it, and ways to run the real binary."""

import json
import os
import pty
import re
import select
import subprocess
import time

import pytest

from mock import TIMEOUT, Mock

BINARY = os.environ["DEPLOYCTL"]
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow eavesdrop="false"/>
<allow receive_sender="*"/></policy></busconfig>
"""


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    @property
    def json(self):
        return json.loads(self.out)


class Running:
    """A deployctl under way, its output in pipes. With `columns` its standard output is on a terminal, with `asked`
    its standard input and error are."""

    def __init__(self, arguments, environment, columns=None, asked=False, **options):
        self.out = self.err = b""
        self.terminal = None
        files = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        if columns:
            environment = {**environment, "COLUMNS": str(columns), "TERM": "xterm"}
        if columns or asked:
            self.terminal, end = pty.openpty()
            files.update({"stdin": end, "stderr": end} if asked else {"stdout": end})
        self.process = subprocess.Popen([BINARY, *arguments], env=environment, **{**files, **options})
        if self.terminal is not None:
            os.close(end)
        self.files = {(pipe.fileno() if pipe else self.terminal): where
                      for pipe, where in ((self.process.stdout, "out"), (self.process.stderr, "err"))}

    def type(self, text):
        """As somebody at the terminal does."""
        os.write(self.terminal, text.encode())

    def _read(self, until):
        ready, _, _ = select.select(list(self.files), [], [], max(0, until - time.monotonic()))
        assert ready, f"nothing more came; so far: {self.out!r} {self.err!r}"
        for fd in ready:
            try:
                data = os.read(fd, 65536)
            except OSError:  # a terminal without a program
                data = b""
            if data:
                setattr(self, self.files[fd], getattr(self, self.files[fd]) + data)
            else:
                del self.files[fd]

    def wait_for(self, text, where="out"):
        """Until standard output (or error) has the text."""
        until = time.monotonic() + TIMEOUT
        while text not in getattr(self, where).decode(errors="replace"):
            assert self.files, f"ended without {text!r}: {self.out!r} {self.err!r}"
            self._read(until)

    def end(self):
        until = time.monotonic() + TIMEOUT
        while self.files:
            self._read(until)
        self.process.wait(TIMEOUT)
        if self.terminal is not None:
            os.close(self.terminal)
        for pipe in self.process.stdout, self.process.stderr:
            if pipe:
                pipe.close()
        return Result(self.process.returncode, self.out.decode(errors="surrogateescape"),
                      self.err.decode(errors="surrogateescape"))


@pytest.fixture(scope="session")
def bus(tmp_path_factory):
    directory = tmp_path_factory.mktemp("bus")
    (directory / "bus.conf").write_text(BUS_CONFIG)
    process = subprocess.Popen(["dbus-daemon", f"--config-file={directory}/bus.conf", "--nofork", "--print-address=1"],
                               stdout=subprocess.PIPE, text=True)
    yield process.stdout.readline().strip()
    process.terminate()
    process.wait()
    process.stdout.close()


@pytest.fixture
def environment(bus):
    keep = {key: value for key, value in os.environ.items() if re.match("(PATH|.*SAN_OPTIONS)$", key)}
    return {**keep, "DBUS_SYSTEM_BUS_ADDRESS": bus, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


@pytest.fixture
def mock(bus):
    mock = Mock(bus)
    yield mock
    mock.close()


@pytest.fixture
def start(environment):
    """start("deploy", "shop"): a Running; killed at the end if need be."""
    runs = []

    def start(*arguments, env=None, **options):
        runs.append(Running(arguments, {**environment, **(env or {})}, **options))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()


@pytest.fixture
def deployctl(start):
    """deployctl("app", "list"): its Result."""
    return lambda *arguments, **options: start(*arguments, **options).end()
