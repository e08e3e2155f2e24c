# SPDX-License-Identifier: LGPL-2.1-or-later
"""The helper programs as they were built: each by the path in its variable, which meson sets."""

import os
import subprocess

import pytest


def pytest_sessionstart(session):
    assert os.geteuid() == 0, "these tests start programs as root without capabilities, and need root for it"


def without_capabilities(*command):
    """The way the units run: nothing left of what root may do, and no way to get it back."""
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", *command]


@pytest.fixture
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
