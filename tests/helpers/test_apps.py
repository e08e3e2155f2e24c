# SPDX-License-Identifier: LGPL-2.1-or-later
"""The conventions of other platforms (tests/apps): what deployd-build and deployd-import make of each tree."""

import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "apps"))

import corpus  # noqa: E402
import test_buildpacks  # noqa: E402
from builder import LIMITS, source  # noqa: E402
from packs import Apps, environment_of  # noqa: E402
from test_import import Importer  # noqa: E402

OFFLINE = ("unshare", "--net")


@pytest.fixture(scope="module")
def apps(binary, tmp_path_factory):
    """One for all trees: what one of them has compiled or downloaded is in the cache of the next."""
    return Apps(binary("build"), tmp_path_factory.mktemp("apps"))


@pytest.fixture
def importer(binary, tmp_path):
    return Importer(binary("import"), tmp_path)


def of_builder(tree):
    """The files as source() takes them: those of the directory that is deployed."""
    below = tree.named("setting").get("directory", "")
    below += "/" if below else ""
    return {path.removeprefix(below): str(content) if isinstance(content, corpus.Link) else
            (bytes(content), 0o755 if isinstance(content, corpus.Executable) else 0o644)
            for path, content in tree.files.items() if path.startswith(below)}


def said_by_app_json(answer):
    """What an answer of deployd-import says of app.json, in the words of the trees."""
    words = {"variable-secret": "secret", "variable-required": "required", "formation": "formation ", "health": "health "}
    for key, value in answer.items():
        kind, _, name = key.partition(".")
        if kind == "variable":
            name, value = value.split("=", 1)
            yield f"sets {name}", value
        elif kind in ("variable-secret", "variable-required"):
            yield words[kind], value
        elif kind in words:
            yield words[kind] + name, value


def failure(result, answer):
    """The sentence of a deployment that fails, as the daemon has it; None."""
    error = result.answer.get("error")
    return f"build: {error}{result.answer.get('quote', '')}" if error else f"import: {answer['error']}" if answer and "error" in answer else None


@pytest.mark.parametrize("tree", corpus.trees(), ids=str)
def test_a_convention(apps, importer, serve, tree):
    files, settings = of_builder(tree), tree.named("setting")
    apps.around = () if tree.get("network") else OFFLINE
    apps.variables = {"BUILD_ENV_" + name: value for name, value in tree.named("config").items()}
    if apps.around:
        apps.variables["BUILD_ENV_npm_config_fetch_retries"] = "0"
    result = apps(files, buildpack=settings.get("buildpack", ""),
                  command="true" if tree.get("built") == "no" else settings.get("build-command", ""))
    answer = None
    if result.status == 0:
        archive = result.archive or source(files)
        (apps.base / "archive.tar").write_bytes(archive)
        defaults = {key: value for key, value in result.answer.items() if key.startswith("default.")}
        answer = importer(archive, limits={**LIMITS, **defaults})

    error, expected = failure(result, answer), tree.get("fails")
    if error or (expected and not tree.get("deployed")):
        assert error and expected and corpus.agrees(expected, error), f"{error}\n{result.log}"
        return
    assert result.answer["buildpack"] == tree.get("buildpack"), result.log

    processes = {path.name: path.read_text() for path in (importer.release / "process").glob("*")}
    assert processes.keys() == tree.named("process").keys(), processes
    for name, command in tree.named("process").items():
        assert corpus.agrees(command, processes[name]), processes[name]

    warnings, lines = re.findall(r"^ !     warning: (.*)$", result.log, re.MULTILINE), tree.all("warning")
    assert len(warnings) == len(lines) and all(map(corpus.agrees, lines, warnings)), warnings
    assert answer.get("ignored") == tree.get("ignored")
    kinds = ("secret", "required", "formation ", "sets ", "health ")
    assert sorted(said_by_app_json(answer)) == sorted(fact for fact in tree.facts if fact[0].startswith(kinds))
    for line in tree.all("says"):
        assert any(corpus.agrees(line, said) for said in result.log.splitlines()), result.log

    release = importer.release / "app"
    for name, content in tree.named("file").items():
        assert release.joinpath(name).exists() or release.joinpath(name).is_symlink(), name
        assert not content or release.joinpath(name).read_text().split() == content.split()
    for name in tree.all("no file"):
        assert not release.joinpath(name).exists(), name
    if tree.named("environment"):
        seen = environment_of(apps, result)
        for name, value in tree.named("environment").items():
            assert corpus.agrees(value, seen.get(name, "")), seen
    if tree.named("get") and not tree.get("deployed"):
        get = serve(result, "", line=processes["web"])
        for path, expected in tree.named("get").items():
            head, body = get(path).split("\n\n", 1)
            assert corpus.agrees(expected, f"{head.split(' ')[1]} {body}".strip()), head + body


def test_what_a_tree_stands_for_is_said_once():
    found = [tree.get("convention") for tree in corpus.trees()]
    assert len(found) >= 60 and all(found) and len(set(found)) == len(found)
    assert all(tree.get("source") and (tree.get("fails") or tree.get("buildpack")) for tree in corpus.trees())
    rows = [[tree.get(key) for key in ("heroku", "dokku", "deployd")] for tree in corpus.trees()]
    assert all(all(row) or not any(row) for row in rows), "a row of the table has all its cells"


def test_the_table_of_the_documentation_is_made_of_the_trees():
    text = (corpus.ROOT / "docs/apps.md").read_text(encoding="utf-8")
    assert corpus.with_table(text) == text, "tests/apps/corpus.py docs/apps.md makes it again"


def examples_of_the_documentation():
    """(title of the section, kind) of each example in docs/apps.md."""
    title, fence = "", False
    for line in (corpus.ROOT / "docs/apps.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            fence = not fence
            if fence:
                yield title, line[3:]
        elif not fence and re.match("##+ ", line):
            title = line.split(" ", 1)[1]
        elif not fence and re.match(r"    \S", line):
            yield title, "lines"


def test_every_example_of_the_documentation_is_run():
    """By a tree, or by a test of the buildpacks: the second block there is what one sees of the first."""
    trees = re.findall(r"^-- .* \[docs/apps.md#(.*)\]$", "".join(
        path.read_text(encoding="utf-8") for path in corpus.HERE.glob("*/*.app")), re.MULTILINE)
    [languages] = [mark.args[1] for mark in test_buildpacks.test_the_examples_of_the_documentation.pytestmark]
    assert hasattr(test_buildpacks, "test_the_example_of_a_buildpack")
    run = [(title, kind) for title, *_ in languages for kind in ("sh", "")]
    run += [("A buildpack of your own", "sh")] + [(title, "json" if title == "app.json" else "lines") for title in trees]
    assert {*examples_of_the_documentation()} == {*run}
