# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the lints look at."""

import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption("--build", help="a build directory, for the analyzers")
    parser.addoption("--long", action="store_true", help="the analyzers look as far as they can")


@pytest.fixture(scope="session")
def build(pytestconfig):
    """A build directory, with the commands of the compiler in it."""
    return pathlib.Path(pytestconfig.getoption("build") or pytest.exit("--build is missing", 2)).resolve()


@pytest.fixture(scope="session")
def long(pytestconfig):
    """Whether to look as far as possible."""
    return pytestconfig.getoption("long")


def sources():
    """The files of the project, relative to its top, whether committed already or not."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    return sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file())


def first_line(name):
    """The first line of a file, for those that say what they are there."""
    with open(ROOT / name, "rb") as file:
        return file.readline()


def pytest_generate_tests(metafunc):
    """A test with one of these arguments is a test for each such file."""
    names = sources()
    wanted = {
        "code": [name for name in names if name.endswith((".c", ".h"))],
        "unit": [name for name in names if name.endswith(".c")],
        "script": [name for name in names if first_line(name).startswith((b"#!/bin/sh", b"#!/bin/bash"))
                   or name.endswith(".sh")],
        "source": [name for name in names if name.endswith(
            (".c", ".h", ".py", ".sh", ".js", ".sql", ".build", ".service", ".socket", ".slice", ".xml", ".policy",
             ".rules"))],
    }
    for argument, values in wanted.items():
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, values)
