# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the system tests are given. Modules run side by side, each with a machine of its own."""

import contextlib
import os
import pathlib
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

# The builds of the package, and the option that names the file of each.
BUILDS = {"plain": "--deb", "sanitized": "--sanitized-deb"}

# Modules that are about one build. Only the plain one has the sandboxes as they are shipped, no memory of a sanitizer's,
# and no drop-ins for units under deployd's names that are not deployd's; only the other has failpoints.
ABOUT = {
    # libgit2 1.5 does not free the URL of a proxy.
    "test_around.py": "plain",
    "test_checker.py": "plain",
    "test_failpoints.py": "sanitized",
    "test_floods.py": "plain",
    "test_kept_loaded.py": "plain",
    "test_memory.py": "plain",
    "test_needrestart.py": "plain",
    "test_package.py": "plain",
    "test_private.py": "plain",
    "test_samples.py": "plain",
    "test_sanitizers.py": "sanitized",
    "test_units.py": "plain",
    "test_upgrade.py": "sanitized",
}


def pytest_configure(config):
    config.addinivalue_line("markers", "leaves('CN: reason'): what it leaves is not looked at for that invariant of "
                            "checker/; with `all`, its machines are not looked at any more")


def pytest_addoption(parser):
    parser.addoption("--deb", help="the package to test")
    parser.addoption("--sanitized-deb", help="the package built with sanitizers and failpoints")
    parser.addoption("--long", action="store_true", help="the same tests with the big numbers, of each build")


def builds(module, config):
    """The builds that a module (a file's name) runs with: of those that are given, the one that it is about;
    otherwise the sanitized one, which finds more, and with --long all."""
    given = [build for build, option in BUILDS.items() if config.getoption(option)]
    if module in ABOUT:
        return [build for build in given if build == ABOUT[module]]
    return given if config.getoption("long") else given[-1:]


def pytest_ignore_collect(collection_path, config):
    """Leaves out what is about a build that is not given."""
    return True if collection_path.name in ABOUT and not builds(collection_path.name, config) else None


def pytest_generate_tests(metafunc):
    """Has what needs a tree run with each of its builds."""
    if "tree" in metafunc.fixturenames:
        found = builds(pathlib.Path(metafunc.module.__file__).name, metafunc.config)
        metafunc.parametrize("tree", found or pytest.exit("--deb is missing", 2), indirect=True, scope="module")


@pytest.fixture(scope="module")
def tree(request, pytestconfig):
    """The tree machines boot from, with the package installed."""
    made = trees.tree(pytestconfig.getoption(BUILDS[request.param]))
    yield made
    made.close()


@pytest.fixture(scope="session")
def long(pytestconfig):
    """Whether to use the big numbers."""
    return pytestconfig.getoption("long")


def close(running):
    """Ends machines. What sanitizers have found there is a failure."""
    with contextlib.ExitStack() as ending:
        for machine in running:
            MACHINES.remove(machine)
            ending.callback(machine.close)
        found = [report for machine in running for report in machine.reports()]
    if found:
        pytest.fail("what sanitizers have found:\n" + "\n".join(found), pytrace=False)


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
        close(running)


@pytest.fixture(scope="module")
def boot(tree, request):
    """boot(**options) boots a machine."""
    with booting(tree, request.node) as function:
        yield function


@pytest.fixture(scope="module")
def machine(request, boot):
    """A booted machine with the package installed, a git server, and the MACHINE_FILES of the module, {path: content}."""
    booted = boot(files=getattr(request.module, "MACHINE_FILES", {}))
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
