# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the system tests are given. Modules run side by side, each with a machine of its own."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import machine as machines  # noqa: E402
import repository as repositories  # noqa: E402
import tree as trees  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--deb", help="the package to test")
    parser.addoption("--long", action="store_true", help="the same tests with the big numbers")


@pytest.fixture(scope="session")
def tree(pytestconfig):
    """The tree machines boot from, with the package installed."""
    made = trees.tree(pytestconfig.getoption("deb") or pytest.exit("--deb is missing", 2))
    yield made
    made.close()


@pytest.fixture(scope="session")
def long(pytestconfig):
    """Whether to use the big numbers."""
    return pytestconfig.getoption("long")


@pytest.fixture(scope="module")
def boot(tree):
    """boot(**options) boots a machine with the configuration of the tests; it is gone after the module."""
    running = []

    def boot(**options):
        files = {"/etc/deployd/deploy.conf.d/50-test.conf": repositories.CONFIGURATION, **options.pop("files", {})}
        running.append(machines.Machine(tree, files=files, **options))
        return running[-1]

    yield boot
    for machine in running:
        machine.close()


@pytest.fixture(scope="module")
def machine(boot):
    """A booted machine with the package installed and a git server."""
    booted = boot()
    repositories.serve(booted)
    return booted


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Shows the end of the machine's journal with a test that failed."""
    report = (yield).get_result()
    machine = getattr(item, "funcargs", {}).get("machine")
    if report.when == "call" and report.failed and machine is not None and machine.leader is not None:
        report.sections.append(("journal of the machine", machine.story()))
