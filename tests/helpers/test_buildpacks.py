# SPDX-License-Identifier: LGPL-2.1-or-later
"""All buildpacks: which of them builds, what they have in common, and what the documentation says of them."""

import json
import re
import subprocess

import pytest

from packs import PACKS, text
from test_pack_compiled import GO, RUST


def test_they_are_asked_in_their_order(apps):
    everything = {**GO, **RUST, "Gemfile": b"", "index.php": b"", "requirements.txt": b"", "package.json": b"{}", "index.html": b"", "Makefile": b"", "a.c": b""}
    for name, files in [("node", ["package.json"]), ("python", ["requirements.txt"]), ("go", ["go.mod", "main.go"]),
                        ("rust", ["Cargo.toml"]), ("ruby", ["Gemfile"]), ("php", ["index.php"]), ("c", ["Makefile"]), ("static", ["index.html"])]:
        # All of them stay from detect: only who is asked first counts.
        assert apps.good(everything, command="true").answer["buildpack"] == name
        for file in files:
            del everything[file]


@pytest.mark.parametrize(
    "files, hidden, sentence",
    [
        ({"package.json": b"{}"}, "/usr/bin/npm", "node buildpack exited with status 1: npm is missing on this machine: apt install npm"),
        ({"package.json": b"{}"}, "/usr/bin/node",
         "node buildpack exited with status 1: node is missing on this machine: apt install nodejs"),
        ({"requirements.txt": b""}, "/usr/lib/python3.11/ensurepip",
         "python buildpack exited with status 1: venv is missing on this machine: apt install python3-venv"),
        (GO, "/usr/bin/go", "go buildpack exited with status 1: go is missing on this machine: apt install golang-go"),
        (RUST, "/usr/bin/cargo", "rust buildpack exited with status 1: cargo is missing on this machine: apt install cargo"),
        ({"Makefile": b"", "a.c": b""}, "/usr/bin/make",
         "c buildpack exited with status 1: make is missing on this machine: apt install make"),
        ({"Makefile": b"", "a.c": b""}, "/usr/bin/cc", "c buildpack exited with status 1: cc is missing on this machine: apt install gcc"),
        ({"index.html": b""}, "/usr/sbin/lighttpd",
         "static buildpack exited with status 1: /usr/sbin/lighttpd is missing on this machine: apt install lighttpd"),
    ],
)
def test_a_tool_that_is_missing_is_named_with_its_package(apps, files, hidden, sentence):
    apps.hide(hidden)
    assert apps.error(files) == f"the {sentence}"


def test_the_app_s_variables_reach_the_tools(apps):
    """Byte for byte, also those whose names mean something to a shell."""
    variables = {"CFLAGS": "-DCOUNT=3 -DTEXT=\"ü 'x'\"", "PEM": "-----BEGIN-----\nabc\n-----END-----\n\n", "EMPTY": "",
                 "GROUPS": "staff,admin", "DIRSTACK": "x", "output": "o", "pattern": "p", "file": "f", "status": "s",
                 "LINENO": "line", "RANDOM": "fixed", "HISTCMD": "x", "UID": "1"}
    apps.variables = {"BUILD_ENV_" + name: value for name, value in variables.items()}
    apps.variables |= {"BUILD_ENV_PATH": "/nowhere", "BUILD_ENV_OPTIND": "x", "BUILD_ENV_BASH_ENV": "/etc/passwd"}
    see = b"import json, os; json.dump(dict(os.environ), open('seen', 'w'))\n"
    seen = json.loads(apps.good({"Makefile": b"out:\n\tpython3 see.py\n", "see.py": see, "a.c": b""}).tree()["seen"][0])
    assert {name: seen.get(name) for name in variables} == variables
    assert seen["PATH"] != "/nowhere" and "BASH_ENV" not in seen


# What is written for people

DOCUMENTS = PACKS.parent / "docs"


def example(title, directory):
    """Does what docs/apps.md says in the section of a title, until the commit; the files, and what is said to be seen."""
    section = (DOCUMENTS / "apps.md").read_text().split(f"\n### {title}\n")[1].split("\n### ")[0].split("\n## ")[0]
    commands, seen = re.findall(r"```(?:sh)?\n(.*?)```", section, re.DOTALL)[:2]
    script = re.split(r"^git init", commands, flags=re.MULTILINE)[0]
    if title == "Python":
        script += re.search(r"cat > app.py <<'END'\n.*?\nEND\n", (DOCUMENTS.parent / "README.md").read_text(), re.DOTALL)[0]
    subprocess.run(["sh", "-euc", script], cwd=directory, check=True)
    files = {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*")
             if path.is_file() and "node_modules" not in path.parts}
    return files, seen


@pytest.mark.parametrize("title, says", [("Node.js", "open\n"), ("Python", "open on port"), ("C", "start\n")])
def test_the_examples_of_the_documentation(apps, serve, tmp_path, title, says):
    directory = tmp_path / "example"
    directory.mkdir()
    files, seen = example(title, directory)
    result = apps.good(files)
    # Versions and times are those of another machine.
    headings = [line.split(", with")[0] for line in seen.splitlines() if line.startswith("-----> ")]
    assert [line.split(", with")[0] for line in result.log.splitlines() if line.startswith("-----> ")] == headings
    assert "0 of 0 files" not in result.log
    web = files["Procfile"].decode().removeprefix("web: ") if "Procfile" in files else result.answer["default.web"]
    get = serve(result, says, line="echo start; " + web)
    assert get().endswith("\n\nan apple is 1\n")


def test_the_error_in_the_documentation(apps, tmp_path):
    directory = tmp_path / "example"
    directory.mkdir()
    files, _ = example("C", directory)
    files["shop.c"] = files["shop.c"].replace(b"static", b"statc")
    sentence = re.search(r"`(the c buildpack exited [^`]*)`", (DOCUMENTS / "apps.md").read_text())[1]
    assert apps.error(files) == sentence


def test_the_example_of_a_buildpack(apps, tmp_path):
    section = (DOCUMENTS / "apps.md").read_text().split("\n### A buildpack of your own\n")[1]
    script = re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1].replace("/etc/", f"{apps.base}/etc/")
    subprocess.run(["sh", "-euc", script], check=True)
    # Hugo itself is not here; who cannot run it is told so.
    assert apps.error({"hugo.toml": b"", "public/index.html": b""}) == (
        "the hugo buildpack exited with status 1: hugo could not build the pages")
    result = apps.good({"hugo.toml": b"", "public/index.html": b""}, command="true")
    assert (result.answer["buildpack"], "lighttpd" in result.answer["default.web"]) == ("hugo", True)


# Several of them

HEROKU = "https://github.com/heroku/heroku-buildpack-"
BOTH = {"package.json": b'{"scripts": {"build": "echo made >asset"}}', "requirements.txt": b"# none\n", "app.py": b""}


@pytest.mark.parametrize(
    "files",
    [
        {".buildpacks": text(f"{HEROKU}nodejs\n{HEROKU}python.git#v200\n")},
        {".buildpacks": b"# assets first\nnode\n\npython\n"},
        {".buildpacks": b"\xef\xbb\xbfnode\npython\n"},
        {"app.json": b'\xef\xbb\xbf{"buildpacks": ["node", "python"]}'},
        {"app.json": b'{"buildpacks": [{"url": "heroku/nodejs"}, {"url": "heroku/python"}]}'},
    ],
)
def test_buildpacks_that_the_app_names(apps, files):
    """https://github.com/ddollar/heroku-buildpack-multi and
    https://devcenter.heroku.com/articles/app-json-schema#buildpacks: in this order, and what the last one suggests."""
    for name in ("node", "python"):
        apps.pack(name, compile=f'echo {name} >>"$1/asked"', release=f"printf 'default_process_types:\\n  web: {name}\\n'",
                  order=False)
    result = apps.good({**BOTH, **files})
    assert result.tree()["asked"][0] == b"node\npython\n"
    assert (result.answer["buildpack"], result.answer["default.web"]) == ("python", "python")


def test_node_and_python_build_one_app(apps):
    result = apps.good({**BOTH, ".buildpacks": b"node\npython\n"})
    tree = result.tree()
    assert tree["asset"][0] == b"made\n" and ".venv/bin/python3" in tree
    assert (result.answer["buildpack"], result.answer["default.web"]) == ("python", "exec .venv/bin/python app.py")


@pytest.mark.parametrize(
    "files, sentence",
    [
        ({".buildpacks": b"https://github.com/me/heroku-buildpack-apples\n"},
         '.buildpacks: there is no buildpack "https://github.com/me/heroku-buildpack-apples", only '
         "c, go, node, php, python, ruby, rust, static and none"),
        ({"app.json": b'{"buildpacks": [{}]}'}, "app.json: buildpacks.0 has no url"),
        ({".buildpacks": b"node\n" * 9}, ".buildpacks names more than 8 buildpacks"),
    ],
)
def test_a_buildpack_that_is_not_there_is_refused(apps, files, sentence):
    assert apps.error({**BOTH, **files}) == sentence


def test_the_setting_counts_before_what_the_app_names(apps):
    result = apps.good({**BOTH, ".buildpacks": b"apples\n"}, buildpack="node")
    assert result.answer["buildpack"] == "node"
