# SPDX-License-Identifier: LGPL-2.1-or-later
"""deployd-detect and `deployctl detect`: what a deployment would make of a tree, as anybody may ask."""

import os
import pathlib
import stat
import subprocess

import pytest
from builder import USER
from packs import PACKS

SCRIPT = """
mount -t overlay -o "lowerdir=$BASE/etc:/etc" overlay /etc &&
for name in lib libexec; do mount -t overlay -o "lowerdir=$BASE/$name:/usr/$name" overlay "/usr/$name" || exit; done &&
cd "$BASE/tree" && unset BASE &&
exec setpriv --reuid=$USER --regid=$USER --clear-groups --no-new-privs "$@"
"""


class Detector:
    def __init__(self, base):
        self.base, self.tree = base, base / "tree"
        for name in ("etc/deployd/buildpacks", "lib/deployd", "libexec/deployd", "tree"):
            (base / name).mkdir(parents=True)
        subprocess.run(["cp", "-r", PACKS, base / "lib/deployd/buildpacks"], check=True)
        for variable, name in (("DEPLOYD_DETECT", "libexec/deployd/deployd-detect"), ("DEPLOYCTL", "deployctl")):
            (base / name).write_bytes(pathlib.Path(os.environ[variable]).read_bytes())
            (base / name).chmod(0o755)

    def __call__(self, files, *arguments, path="/usr/sbin:/usr/bin:/sbin:/bin"):
        for name, content in files.items():
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            (self.tree / name).write_bytes(content)
        before = self.content()
        done = subprocess.run(["unshare", "--mount", "sh", "-c", SCRIPT, "sh", self.base / "deployctl", "detect", *arguments],
                              env={"PATH": path, "BASE": self.base, "USER": str(USER)},
                              capture_output=True, text=True, timeout=60)
        assert self.content() == before
        return done

    def content(self):
        return {path: path.read_bytes() for path in self.tree.rglob("*") if path.is_file()}

    def lines(self, files, *arguments, **options):
        done = self(files, *arguments, **options)
        assert (done.returncode, done.stderr) == (0, ""), done
        return [" ".join(line.split()) for line in done.stdout.splitlines()]

    def error(self, files, *arguments):
        done = self(files, *arguments)
        assert done.returncode == 1 and done.stderr.startswith("deployctl: ")
        return done.stderr.removeprefix("deployctl: ").removesuffix("\n")


@pytest.fixture
def detect(tmp_path):
    # Where a user without rights can get at it.
    for directory in (tmp_path, *tmp_path.parents):
        directory.chmod(stat.S_IMODE(directory.stat().st_mode) | 0o055) if directory.stat().st_uid == os.getuid() else None
    return Detector(tmp_path)


APP_JSON = b"""{"env": {"PRICE": "1", "KEY": {"generator": "secret"}, "URL": {"required": true}}, "apples": 1,
"formation": {"web": {"quantity": 2}}, "scripts": {"dokku": {"predeploy": "./before"}}}"""


def test_all_that_a_deployment_would_take_from_the_tree_is_said(detect):
    assert detect.lines({"requirements.txt": b"", "app.json": APP_JSON,
                         "Procfile": b"web: exec python3 app.py\nworker: run '%s'\nrelease: ./migrate\n"}) == [
        "Buildpacks", "python recognises the tree: Python", f"Python: any; it would be {PYTHON}",
        "Processes", "web exec python3 app.py", "worker run '%s'",
        "Release command", "release (: ./before ) && (: ./migrate )",
        "app.json", "variable PRICE=1", "secret KEY", "needs URL", "setting formation.web=2", "ignored apples"]


def test_the_directory_may_be_named(detect):
    files = {"web/go.mod": b"module x\n"}
    assert detect.lines(files, "web") == [
        "Buildpacks", "go recognises the tree: Go", "Processes", "web what the go buildpack suggests when it has built"]
    assert detect.error({}, "nope") == "nope cannot be opened: No such file or directory"


def test_buildpacks_that_the_tree_names_are_said_in_their_order(detect):
    assert detect.lines({"go.mod": b"", "requirements.txt": b"", ".buildpacks": b"heroku/go\npython\n"})[:3] == [
        "Buildpacks", "go named by .buildpacks", "python named by .buildpacks"]


def machine(*command):
    return subprocess.check_output(command, text=True, env={"PATH": "/usr/bin:/bin"}).split()[-1].removeprefix("v")


PYTHON = machine("python3", "--version")


def test_versions_are_those_that_a_build_would_take(detect):
    node = machine("node", "--version")
    manifest = b'{"engines": {"node": ">=10"}, "packageManager": "yarn@1.22.22"}'
    assert detect.lines({"package.json": manifest, ".nvmrc": b"\xef\xbb\xbf18\n", "yarn.lock": b""})[1:4] == [
        "node recognises the tree: Node.js", f"Node.js: >=10 (package.json), 18 (.nvmrc); this machine has {node}",
        "yarn: 1.22.22, packages of yarn.lock"]


def test_a_version_that_only_warns_is_said(detect):
    lines = detect.lines({"requirements.txt": b"", ".python-version": PYTHON.rpartition(".")[0].encode() + b".999\n"})
    asked = PYTHON.rpartition(".")[0] + ".999"
    assert lines[2:4] == [f"Python: {asked} (.python-version); it would be {PYTHON}",
                          f"warning: .python-version asks for Python {asked}, and it is {PYTHON}"]


def test_those_of_the_administrator_are_asked_first(detect):
    programs = detect.base / "etc/deployd/buildpacks/apples/bin"
    programs.mkdir(parents=True)
    (programs / "detect").write_text("#!/bin/sh\n[ -f \"$1/package.json\" ] && [ \"$PWD\" = \"$1\" ] && echo Apples\n")
    (programs / "detect").chmod(0o755)
    assert detect.lines({"package.json": b"{}", "Procfile": b"web: x\n"})[1] == "apples recognises the tree: Apples"


def test_what_no_buildpack_recognises_is_deployed_as_it_is(detect):
    assert detect.lines({"Procfile": b"\xef\xbb\xbfweb: ./run\n"}) == [
        "Buildpacks", "none no buildpack recognises the tree: it is deployed as it is", "Processes", "web ./run"]


@pytest.mark.parametrize("files, sentence", [
    ({"Procfile": b"web: a\0b\n"}, "Procfile line 1: it has a NUL byte"),
    ({"Procfile": b"web: a\n", "app.json": b"{"}, "app.json ends in the middle"),
    ({"Procfile": b"web: a\n", ".buildpacks": b"me/apples\n"},
     '.buildpacks: there is no buildpack "me/apples", only c, go, node, php, python, ruby, rust, static and none'),
    ({"Dockerfile": b"FROM x\n"},
     "nothing says what is to run: there is no Procfile, and no buildpack knows a program to start in a tree with Dockerfile "
     "(deployd builds no images; COMMAND may be that of its CMD); commit a Procfile with the line 'web: COMMAND'"),
    ({"runtime.txt": b"python-2.7.18\n"},
     f"the python buildpack exited with status 1: runtime.txt asks for Python 2.7.18, and this machine has {PYTHON}"),
    ({"package.json": b"{}", "yarn.lock": b"", "package-lock.json": b""},
     "the node buildpack exited with status 1: there are two lock files, package-lock.json and yarn.lock: remove one of them, "
     "or say in packageManager of package.json which counts"),
    ({"x": b""}, "there is no Procfile, and no buildpack says what is to run"),
    ({"Procfile": b"worker: a\n"}, "the Procfile has no process named web (but worker): name what is to run, as in "
                                   "`deployctl scale APP web=0 worker=1`"),
])
def test_what_a_deployment_would_refuse_is_refused_with_its_sentence(detect, files, sentence):
    assert detect.error(files) == sentence


def test_a_worker_with_a_formation_is_fine(detect):
    assert "worker a" in detect.lines({"Procfile": b"worker: a\n", "app.json": b'{"formation": {"worker": {"quantity": 1}}}'})


def test_text_of_the_tree_is_cleaned(detect):
    detect.tree.joinpath("Procfile").write_bytes(b"web: a\n")
    done = detect({"app.json": b'{"env": {"A": "\\u001b[2J"}}'})
    assert "\x1b" not in done.stdout + done.stderr


UNKNOWN_PYTHON = {"requirements.txt": b"", "app.py": b"", ".python-version": b"3.99\n"}


def test_no_code_of_the_tree_is_run(detect):
    said = detect(UNKNOWN_PYTHON).stderr
    assert "3.99" in said
    # What Python would import from the directory at hand.
    assert detect({**UNKNOWN_PYTHON, "platform.py": b"raise SystemExit(3)\n"}).stderr == said


def test_versions_are_those_that_a_build_finds_not_the_caller_s(detect, tmp_path):
    said = detect(UNKNOWN_PYTHON).stderr
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "python3").write_text("#!/bin/sh\necho 3.99.0\n")
    (mine / "python3").chmod(0o755)
    assert detect(UNKNOWN_PYTHON, path=f"{mine}:/usr/bin:/bin").stderr == said
