# SPDX-License-Identifier: LGPL-2.1-or-later
"""The helper programs as they were built: each by the path in its variable, which meson sets."""

import os
import pathlib
import signal
import subprocess

import pytest

from builder import USER
from packs import PORT, PROFILE, RUN, Apps


# Says when the app has a network of its own.
UP = "ip link set lo up &&"
APART = RUN.replace(UP, UP + " echo apart &&")


def pytest_sessionstart(session):
    assert os.geteuid() == 0, "these tests start programs as root without capabilities, and need root for it"


def without_capabilities(*command):
    """The way the units run: nothing left of what root may do, and no way to get it back."""
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", *command]


@pytest.fixture(scope="session")
def binary():
    """binary("import") is the path of deployd-import."""
    return lambda name: os.environ["DEPLOYD_" + name.upper().replace("-", "_")]


@pytest.fixture
def processes():
    """Starts programs that end with the test: processes(command, **options)."""
    started = []

    def start(command, **options):
        process = subprocess.Popen(command, **options)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def apps(binary, tmp_path):
    return Apps(binary("build"), tmp_path)


@pytest.fixture
def serve(apps, processes):
    """serve(result) runs the process type web of what was built until it says so, and gives what asks it for a path."""

    started = []

    def tell(process, number):
        """Sends a signal to the first process of the app, which all others end with when it is killed."""
        for child in pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            os.kill(int(child), number)

    def start(result, says, line=None):
        process = processes(
            ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", APART, "sh",
             PROFILE + (line or result.answer["default.web"])],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOST": "127.0.0.1", "PORT": str(PORT), "USER": str(USER),
                 "RELEASE": apps.unpack(result), "BASE": apps.base})
        started.append(process)
        # Before that it may have the network of the test still.
        assert process.stdout.readline() == "apart\n"
        said = ""
        while says not in said:
            line = process.stdout.readline()
            assert line, said
            said += line

        def get(path="/"):
            # From the network of the app.
            return subprocess.run(
                ["nsenter", f"--net=/proc/{process.pid}/ns/net", "curl", "--silent", "--show-error", "--dump-header", "-",
                 "--retry", "60", "--retry-delay", "1", "--retry-connrefused", "--max-time", "60", f"http://127.0.0.1:{PORT}{path}"],
                check=True, stdout=subprocess.PIPE, text=True).stdout

        get.process, get.tell = process, lambda number: tell(process, number)
        return get

    yield start
    for process in started:
        if process.poll() is None:
            tell(process, signal.SIGKILL)
