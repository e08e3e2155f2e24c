# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the virtual machine are given. There is one machine for all of them: emulation is slow."""

import pathlib
import random
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]

import image as images  # noqa: E402
import vm as vms  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--deb", help="the package to test")
    parser.addoption("--long", action="store_true", help="the same tests with the big numbers")
    parser.addoption("--seed", type=int, help="of what is random, to have it again")


@pytest.fixture(scope="session")
def long(pytestconfig):
    """Whether to use the big numbers."""
    return pytestconfig.getoption("long")


@pytest.fixture(scope="session")
def seed(pytestconfig):
    """What is random, and what is random in the machine, comes from this."""
    chosen = pytestconfig.getoption("seed")
    return random.SystemRandom().randrange(1 << 32) if chosen is None else chosen


@pytest.fixture(scope="session")
def booted(pytestconfig):
    """The machine, whatever state a test has left it in."""
    image = images.image(pytestconfig.getoption("deb") or pytest.exit("--deb is missing", 2))
    with vms.Vm(image) as machine:
        yield machine
    image.close()


@pytest.fixture
def vm(booted):
    """The machine, up, with its five apps live."""
    booted.up()
    return booted


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Shows the end of the machine's journal with a test that failed."""
    report = (yield).get_result()
    machine = getattr(item, "funcargs", {}).get("booted")
    if report.when == "call" and report.failed and machine is not None:
        report.sections.append(("the machine", machine.story()))
