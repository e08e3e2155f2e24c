# SPDX-License-Identifier: LGPL-2.1-or-later
"""The conventions of other platforms (tests/apps) on a booted machine: those trees that say so are deployed, all at once, and
run as they are expected to."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "apps"))

import corpus  # noqa: E402
import repository as repositories  # noqa: E402
from deployd import Deployd  # noqa: E402

TREES = [tree for tree in corpus.trees() if tree.get("deployed")]
MACHINE_FILES = {"/etc/deployd/deploy.conf.d/55-test.conf":
                 "[ports]\nrange = 20000-20199\n\n[runner]\nparallel = 8\nstart-timeout = 15s\n"}
SETTINGS = {"directory": "Directory", "buildpack": "Buildpack", "build-command": "BuildCommand"}


def name_of(tree):
    return f"{tree.group}-{tree.name}".replace("app-json", "json")[:32]


def of_repository(tree):
    kinds = {corpus.Executable: repositories.Program, corpus.Link: repositories.Link}
    return {path: kinds.get(type(content), type(content))(content) for path, content in tree.files.items()}


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


@pytest.fixture(scope="module")
def deployments(deployd):
    """The deployment of each tree, all of them under way."""
    for tree in TREES:
        deployd.app(name_of(tree), of_repository(tree),
                    **{SETTINGS[name]: value for name, value in tree.named("setting").items()})
        variables = [word for pair in tree.named("config").items() for word in pair]
        if variables:
            deployd.do(name_of(tree), "SetEnvironment", "a{ss}as", len(variables) // 2, *variables, 0)
    return {str(tree): deployd.deploy(name_of(tree)) for tree in TREES}


@pytest.mark.parametrize("tree", TREES, ids=str)
def test_a_convention_on_a_machine(deployd, deployments, tree):
    ended = deployd.end(deployments[str(tree)])
    if tree.get("fails"):
        assert ended["Status"] == "failed" and corpus.agrees(tree.get("fails"), ended["ErrorSummary"]), ended["ErrorSummary"]
        return
    assert ended["Status"] == "live", ended["ErrorSummary"]
    units = sorted(unit.split(".", 1)[1].removesuffix(".service") for unit in ended["Units"])
    assert units == tree.get("units").split()
    for path, expected in tree.named("get").items():
        status, body = deployd.machine.curl(deployd.get(name_of(tree), "Port"), path)
        assert corpus.agrees(expected, f"{status} {body}".strip()), body
