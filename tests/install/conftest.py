# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the README are given: the package as it says to build it, a server as it says to set it up."""

import contextlib
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/install"), str(ROOT / "tests/system")]

import fresh  # noqa: E402
from machine import Machine  # noqa: E402


def commands(section):
    """The commands of a section of the README, a script a block."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    body = re.search(rf"^## {section}$(.*?)^## ", text, re.DOTALL | re.MULTILINE)[1]
    return re.findall(r"^```sh\n(.*?)^```$", body, re.DOTALL | re.MULTILINE)


def copy_sources(directory):
    """Copies the files of the project, whether committed already or not."""
    subprocess.run(["bash", "-euc", '. tests/tools.sh; copy_sources "$1"', "bash", directory], cwd=ROOT, check=True)


@pytest.fixture(scope="session")
def build_commands():
    """The commands that build the package."""
    return commands("On a server")[0]


@pytest.fixture(scope="session")
def server_commands():
    """The commands that set a server up."""
    return "".join(commands("On a server")[1:])


@pytest.fixture(scope="session")
def app_commands():
    """The commands of the first app."""
    return "".join(commands("The first app"))


@pytest.fixture(scope="session")
def work(tmp_path_factory):
    """A directory for what is thrown away."""
    directory = tmp_path_factory.mktemp("install")
    yield directory
    subprocess.run(["rm", "-rf", directory], check=True)


@pytest.fixture(scope="session")
def apt(work):
    """Options of systemd-nspawn, with the files of apt; the lists of packages are those of now."""
    with fresh.apt_files(work) as options, contextlib.closing(fresh.tree()) as made:
        fresh.Root(made, work / "update", options).run("sudo apt-get update && sudo apt-get autoclean")
        yield options


@pytest.fixture(scope="session")
def built(work, apt, build_commands):
    """The package, and what its build has printed."""
    with contextlib.closing(fresh.tree()) as made:
        root = fresh.Root(made, work / "build", apt)
        sources = root.upper / f"{fresh.HOME.relative_to('/')}/deployd"
        copy_sources(sources)
        root.run(f"chown -R {fresh.ADMINISTRATOR}: {fresh.HOME}", user="root")
        output = root.run(build_commands, fresh.HOME / "deployd")
        (deb,) = sources.parent.glob("deployd_*.deb")
        return deb, output


@pytest.fixture(scope="session")
def server(work, apt, built, server_commands, app_commands):
    """A server that runs, with the package installed. It has no network: what apt needs was fetched before."""
    deb, _ = built
    with contextlib.closing(fresh.tree("systemd-sysv")) as made:
        root = fresh.Root(made, work / "fetch", apt)
        name = f"{fresh.HOME}/{deb.name}"
        wanted = re.findall(r"^(?:sudo )?(apt install .*)$", server_commands + app_commands, re.MULTILINE)
        (root.upper / fresh.HOME.relative_to("/")).mkdir(parents=True)
        (root.upper / name.lstrip("/")).write_bytes(deb.read_bytes())
        root.run("\n".join(line.replace("install", "install --download-only") for line in wanted), user="root")
        with Machine(made, files={name: deb.read_bytes()}, spawn=apt) as machine:
            fresh.follow(machine.command(["env", f"--chdir={fresh.HOME}"], user=fresh.ADMINISTRATOR), server_commands)
            yield machine
