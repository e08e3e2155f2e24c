# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the package's files are given."""

import pathlib
import subprocess

import pytest


def pytest_addoption(parser):
    parser.addoption("--deb", required=True, help="the package to test; that of its debug symbols is beside it")


@pytest.fixture(scope="session")
def deb(pytestconfig):
    """The package."""
    return pathlib.Path(pytestconfig.getoption("deb")).resolve()


@pytest.fixture(scope="session")
def unpacked(deb, tmp_path_factory):
    """The files of the package and of its debug symbols."""
    directory = tmp_path_factory.mktemp("package")
    for package in (deb, deb.with_name(deb.name.replace("_", "-dbgsym_", 1))):
        subprocess.run(["dpkg-deb", "--extract", package, directory], check=True)
    return directory
