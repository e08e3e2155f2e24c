# SPDX-License-Identifier: LGPL-2.1-or-later
"""The static analyzers find nothing."""

import json
import pathlib
import subprocess

import pytest
from conftest import ROOT

# Its own trouble with C it cannot read, the macros of criterion; readdir_r, which nobody should use; and what it
# finds where nothing is: it does not know the attribute cleanup, nor a descriptor that is returned, a NULL that
# accept4 takes, a loop that sets its variable. clang-tidy and the sanitizers look for the latter.
NOT_BY_CPPCHECK = ("internalAstError", "missingIncludeSystem", "unknownMacro", "readdirCalled", "memleak",
                   "resourceLeak", "nullPointer", "uninitvar", "uninitStructMember")

# How far the analyzer of clang follows the paths of one function: states, of 225,000 with --long. Two thirds of the time of
# clang-tidy went into the few functions that need more, and it reaches each return statement of those with this, too.
NODES_MAX = 20000


@pytest.fixture(scope="session")
def compiled(build):
    """The files that are compiled."""
    commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    return {(pathlib.Path(command["directory"]) / command["file"]).resolve() for command in commands}


def run(*argv):
    done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def analyzer_options(long):
    """What tells clang's analyzer, which clang-tidy runs, how far to go."""
    words = [] if long else ["-Xclang", "-analyzer-config", "-Xclang", f"max-nodes={NODES_MAX}"]
    return [f"--extra-arg={word}" for word in words]


def test_clang_tidy_finds_nothing(unit, build, compiled, long):
    # A sample app is built by its repository, not with deployd.
    if not unit.startswith("tests/samples/"):
        assert ROOT / unit in compiled, "this file is not compiled"
    run("clang-tidy", "--quiet", "-p", build, *analyzer_options(long), unit)


def test_cppcheck_finds_nothing(build):
    run("cppcheck", "--quiet", "--error-exitcode=1", "--inline-suppr", "--std=c11", "-j2",
        "--enable=warning,performance,portability", "--library=posix", "--library=gnu",
        f"--project={build / 'compile_commands.json'}", f"-i{ROOT / 'tests'}",
        *(f"--suppress={kind}" for kind in NOT_BY_CPPCHECK))
