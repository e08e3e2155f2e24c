# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the system tests are given. Modules run side by side, each with a machine of its own."""

import contextlib
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import checker  # noqa: E402
import machine as machines  # noqa: E402
import repository as repositories  # noqa: E402
import tree as trees  # noqa: E402

# The machines of the test module.
MACHINES = []
# Of a test, whether it has failed.
FAILED = pytest.StashKey[bool]()


def pytest_configure(config):
    config.addinivalue_line("markers", "leaves('CN: reason'): what it leaves is not looked at for that invariant of "
                            "checker/; with `all`, its machines are not looked at any more")


def pytest_addoption(parser):
    parser.addoption("--deb", help="the package to test")
    parser.addoption("--test-deb", help="the package of a test build, with failpoints")
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


@contextlib.contextmanager
def booting(tree, module):
    """boot(**options) boots a machine with the configuration of the tests; it is gone after the module, and was looked
    through before."""
    running = []

    def boot(**options):
        files = {"/etc/deployd/deploy.conf.d/50-test.conf": repositories.CONFIGURATION, **checker.FILES,
                 **options.pop("files", {})}
        machine = machines.Machine(tree, files=files, **options)
        machine.wrong, machine.asked, machine.left = set(), [], False
        running.append(machine)
        MACHINES.append(machine)
        return machine

    yield boot
    try:
        look_at(running, module, "--thorough")
    finally:
        for machine in running:
            MACHINES.remove(machine)
            machine.close()


@pytest.fixture(scope="module")
def boot(tree, request):
    """boot(**options) boots a machine."""
    with booting(tree, request.node) as function:
        yield function


@pytest.fixture(scope="module")
def boot_test_build(pytestconfig, request):
    """As boot(), but of the test build."""
    made = trees.tree(pytestconfig.getoption("test_deb") or pytest.exit("--test-deb is missing", 2))
    with contextlib.closing(made), booting(made, request.node) as function:
        yield function


@pytest.fixture(scope="module")
def machine(boot):
    """A booted machine with the package installed and a git server."""
    booted = boot()
    repositories.serve(booted)
    return booted


def look_at(running, node, *arguments):
    """Fails with what the checker finds on the machines of a test or a module, each sentence once."""
    leaves = [mark.args[0].partition(":")[0] for mark in node.iter_markers("leaves")]
    found = []
    for machine in running:
        machine.left |= "all" in leaves
        if machine.leader is not None and not machine.left:
            sentences = checker.check(machine, f"--canary={machine.canary}", f"--cursor={checker.CURSOR}", *machine.asked,
                                      *(f"--without={one}" for one in leaves), *arguments)
            found += [line for line in sentences if line not in machine.wrong]
            machine.wrong.update(sentences)
    if found:
        pytest.fail("it is not left as it must be:\n" + "\n".join(found), pytrace=False)


@pytest.fixture(autouse=True)
def checked(request):
    """After every test its machines are looked at, when all that the test was given has been taken down."""
    yield
    if not request.node.stash.get(FAILED, False):
        look_at(MACHINES, request.node)


@pytest.fixture
def check_now(request):
    """check_now(machine): looks at a machine in the middle of a test."""
    return lambda machine: look_at([machine], request.node)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Shows the end of the machine's journal with a test that failed."""
    report = (yield).get_result()
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    machine = getattr(item, "funcargs", {}).get("machine")
    if report.when == "call" and report.failed and machine is not None and machine.leader is not None:
        report.sections.append(("journal of the machine", machine.story()))
