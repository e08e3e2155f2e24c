# SPDX-License-Identifier: LGPL-2.1-or-later
"""The conventions of other platforms (tests/apps) on a booted machine: those trees that say so are deployed, all at once, and
run as they are expected to."""

import pathlib
import sys

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


def deploy(deployd, tree):
    """Queues the deployment of a new app with this tree; its id."""
    deployd.app(name_of(tree), of_repository(tree),
                **{SETTINGS[name]: value for name, value in tree.named("setting").items()})
    variables = [word for pair in tree.named("config").items() for word in pair]
    if variables:
        deployd.do(name_of(tree), "SetEnvironment", "a{ss}as", len(variables) // 2, *variables, 0)
    return deployd.deploy(name_of(tree))


def differences(deployd, tree, ended):
    """What is not as the tree expects it: (expected, found)."""
    if not corpus.agrees(tree.get("fails", ""), ended["ErrorSummary"]):
        yield tree.get("fails", ""), ended["ErrorSummary"]
    elif ended["Status"] != ("failed" if tree.get("fails") else "live"):
        yield "failed" if tree.get("fails") else "live", ended["Status"]
    elif ended["Status"] == "live":
        units = " ".join(sorted(unit.split(".", 1)[1].removesuffix(".service") for unit in ended["Units"]))
        if units != tree.get("units"):
            yield tree.get("units"), units
        for path, expected in tree.named("get").items():
            status, body = deployd.machine.curl(deployd.get(name_of(tree), "Port"), path)
            if not corpus.agrees(expected, f"{status} {body}".strip()):
                yield expected, f"{status} {body}"


def test_conventions_on_a_machine(machine):
    """One test for all: the machine is looked through after each."""
    deployd = Deployd(machine)
    deployments = {tree: deploy(deployd, tree) for tree in TREES}
    found = {str(tree): list(differences(deployd, tree, deployd.end(number))) for tree, number in deployments.items()}
    wrong = [f"{name}: {one!r}" for name, each in found.items() for one in each]
    assert len(found) >= 12 and not wrong, "\n".join(wrong)
