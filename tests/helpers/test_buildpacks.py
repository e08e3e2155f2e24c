# SPDX-License-Identifier: LGPL-2.1-or-later
"""The buildpacks of deployd: each builds a real app with the real tools, and the app runs. Packages of Node.js come from
the npm registry."""

import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tarfile

import pytest

from builder import USER, Builder

PACKS = pathlib.Path(__file__).resolve().parents[2] / "buildpacks"
PORT = 20999

# Where the app runs: read-only at the path where it was built, in a network of its own.
RUN = """
ip link set lo up && mount -t tmpfs tmpfs /srv && mkdir /srv/app && mount --bind -o ro "$RELEASE" /srv/app &&
mount -t overlay -o "lowerdir=$BASE/lib:/usr/lib" overlay /usr/lib && cd /srv/app && unset RELEASE BASE &&
exec setpriv --reuid=$USER --regid=$USER --clear-groups --no-new-privs /bin/sh -c -- "$1"
"""


class Apps(Builder):
    def __init__(self, program, base):
        super().__init__(program, base)
        shutil.copytree(PACKS, base / "lib/deployd/buildpacks", dirs_exist_ok=True)

    def hide(self, path):
        """Has a program of the machine missing."""
        above = self.base / os.path.relpath(path, "/usr")
        above.parent.mkdir(parents=True, exist_ok=True)
        # A whiteout of overlayfs.
        os.mknod(above, stat.S_IFCHR | 0o644, os.makedev(0, 0))

    def unpack(self, result):
        release = self.base / "release"
        shutil.rmtree(release, ignore_errors=True)
        release.mkdir()
        with tarfile.open(self.base / "archive.tar") as archive:
            archive.extractall(release)
        return release


@pytest.fixture
def apps(binary, tmp_path):
    return Apps(binary("build"), tmp_path)


@pytest.fixture
def serve(apps, processes):
    """serve(result) runs the process type web of what was built until it says so, and gives what asks it for a path."""

    def start(result, says, line=None):
        process = processes(
            ["unshare", "--mount", "--net", "sh", "-c", RUN, "sh", line or result.answer["default.web"]],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOST": "127.0.0.1", "PORT": str(PORT), "USER": str(USER),
                 "RELEASE": apps.unpack(result), "BASE": apps.base})
        said = ""
        while says not in said:
            line = process.stdout.readline()
            assert line, said
            said += line

        def get(path="/"):
            # From the network of the app.
            return subprocess.run(
                ["nsenter", f"--net=/proc/{process.pid}/ns/net", "curl", "--silent", "--show-error", "--dump-header", "-",
                 "--retry", "10", "--retry-connrefused", f"http://127.0.0.1:{PORT}{path}"],
                check=True, stdout=subprocess.PIPE, text=True).stdout

        get.process = process
        return get

    return start


def text(content):
    return content.encode()


# Node.js

PACKAGE = {
    "name": "shop",
    "private": True,
    "scripts": {"build": "node build.js", "start": "node server.js"},
    "dependencies": {"ms": "2.1.3"},
    "devDependencies": {"is-number": "7.0.0"},
}
LOCK = {
    "name": "shop",
    "lockfileVersion": 3,
    "requires": True,
    "packages": {
        "": {key: PACKAGE[key] for key in ("name", "dependencies", "devDependencies")},
        "node_modules/is-number": {
            "version": "7.0.0",
            "resolved": "https://registry.npmjs.org/is-number/-/is-number-7.0.0.tgz",
            "integrity": "sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==",
            "dev": True,
        },
        "node_modules/ms": {
            "version": "2.1.3",
            "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
            "integrity": "sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA==",
        },
    },
}
NODE = {
    "package.json": text(json.dumps(PACKAGE)),
    "package-lock.json": text(json.dumps(LOCK)),
    # The build has what only it needs, and is told that it is for production.
    "build.js": b"""require("fs").writeFileSync("built.json", JSON.stringify(
        [require("is-number")(1), process.env.NODE_ENV, process.env.GREETING]))""",
    "server.js": b"""const [, , greeting] = require("./built.json")
require("http").createServer((request, response) => response.end(
        `${greeting} ${require("ms")("1m")} ${process.env.NODE_ENV}\\n`)).listen(
        process.env.PORT, process.env.HOST, () => console.log("open"))
process.on("SIGTERM", () => { console.log("told to end"); process.exit(0) })
""",
}


def test_node(apps, serve):
    apps.variables = {"BUILD_ENV_GREETING": "hello"}
    result = apps.good(NODE)
    tree = result.tree()
    assert result.answer["buildpack"] == "node"
    assert json.loads(tree["built.json"][0]) == [True, "production", "hello"]
    assert "node_modules/ms/index.js" in tree and "node_modules/is-number" not in tree
    get = serve(result, "open\n")
    assert get().endswith("\n\nhello 60000 production\n")
    # The signal reaches the app itself: nothing stands between it and its unit.
    get.process.terminate()
    assert get.process.communicate(timeout=60)[0] == "told to end\n" and get.process.returncode == 0


def test_node_needs_no_download_for_what_is_in_the_cache(apps):
    offline = ("unshare", "--net")
    apps.around, apps.variables = offline, {"BUILD_ENV_npm_config_fetch_retries": "0"}
    assert apps.error(NODE).startswith(
        "the node buildpack exited with status 1: npm error request to https://registry.npmjs.org/")
    apps.around = ()
    first = apps.good(NODE).archive
    apps.around = offline
    assert apps.good(NODE).archive == first


def test_node_without_a_lock_file_or_scripts(apps):
    result = apps.good({"package.json": b'{"dependencies": {"ms": "2.1.3"}}', "server.js": b""})
    assert " !     warning: there is no package-lock.json: each build may get other versions of the packages\n" in result.log
    assert "node_modules/ms/index.js" in result.tree()
    assert result.answer["default.web"].endswith("; exec node server.js")


@pytest.mark.parametrize(
    "scripts, end",
    [
        ({}, None),
        ({"start": "node a.js | tee \"$HOME/log\""}, '; node a.js | tee "$HOME/log"'),
        ({"start": "node a.js", "prestart": "node b.js"}, "; exec npm start"),
        ({"start": "node a.js\nnode b.js"}, "; exec npm start"),
    ],
)
def test_node_starts_the_script(apps, scripts, end):
    web = apps.good({"package.json": text(json.dumps({"scripts": scripts}))}).answer.get("default.web")
    assert web == (end and 'export NODE_ENV="${NODE_ENV:-production}" PATH="$PWD/node_modules/.bin:$PATH"' + end)


@pytest.mark.parametrize(
    "build, reason",
    [
        ("echo no apples && exit 3", "no apples"),
        ("node -e 'throw new TypeError(\"no pears\")'", "TypeError: no pears"),
        ("echo begin && bundler exec nothing", "sh: 1: bundler: not found"),
        ("false", "npm run --silent build exited with status 1"),
    ],
)
def test_node_says_what_the_script_said(apps, build, reason):
    files = {"package.json": text(json.dumps({"scripts": {"build": build}}))}
    assert apps.error(files) == f"the node buildpack exited with status 1: {reason}"


def test_node_says_what_a_script_of_npm_said(apps):
    files = {"package.json": text(json.dumps({"scripts": {"postinstall": "echo begin && bundler exec nothing && echo end"}}))}
    assert apps.error(files) == "the node buildpack exited with status 1: sh: 1: bundler: not found"


# Python

SERVER = b"""import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{sys.prefix}\\n".encode())
server = http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler)
print("open", flush=True)
server.serve_forever()
"""


def test_python(apps, serve):
    result = apps.good({"requirements.txt": b"# nothing yet\n", "app.py": SERVER})
    assert result.answer["buildpack"] == "python"
    assert result.tree()[".venv/bin/python3"] == "/usr/bin/python3"
    assert serve(result, "open\n")().endswith("\n\n/srv/app/.venv\n")


# A package without dependencies that builds itself (PEP 517, a backend in the tree).
PROJECT = {
    "pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    "backend.py": b"""import zipfile
def build_wheel(directory, *ignored):
    name = "apples-1-py3-none-any.whl"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as wheel:
        wheel.writestr("apples.py", "count = 3")
        wheel.writestr("apples-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: apples\\nVersion: 1\\n")
        wheel.writestr("apples-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("apples-1.dist-info/entry_points.txt", "[console_scripts]\\nsay-apples = apples:count.bit_length\\n")
        wheel.writestr("apples-1.dist-info/RECORD", "")
    return name
""",
}


def test_python_installs_a_project(apps, serve):
    result = apps.good(PROJECT)
    assert "default.web" not in result.answer
    serve(result, "3 /srv/app/.venv\n", line=".venv/bin/python -c 'import apples, sys; print(apples.count, sys.prefix)'")
    # A program of a package finds its interpreter where it was made.
    assert result.tree()[".venv/bin/say-apples"][0].startswith(b"#!/srv/app/.venv/bin/python3\n")


def test_python_modules_are_compiled_for_a_release(apps, serve):
    result = apps.good({"requirements.txt": b"", "module.py": b"x = 1\n"})
    line = ".venv/bin/python -v -c 'import module' 2>&1"
    # Not from the source, though its time is another one.
    serve(result, "/srv/app/__pycache__/module.cpython-", line=line)
    again = apps.good({"requirements.txt": b"", "module.py": b"x = 1\n"})
    assert again.tree()["__pycache__/module.cpython-311.pyc"] == result.tree()["__pycache__/module.cpython-311.pyc"]


# Compiled languages

GO = {
    "go.mod": b"module example.com/fruit/shop/v2\n\ngo 1.19\n",
    "main.go": b"""package main
import ("fmt"; "net/http"; "net"; "os"; "example.com/fruit/shop/v2/apples")
func main() {
        listener, err := net.Listen("tcp", os.Getenv("HOST")+":"+os.Getenv("PORT"))
        if err != nil { panic(err) }
        fmt.Println("open")
        http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, apples.Count) }))
}
""",
    "apples/apples.go": b"package apples\nconst Count = 3\n",
    "cmd/worker/main.go": b"package main\nfunc main() {}\n",
}


def test_go(apps, serve):
    result = apps.good(GO)
    assert (result.answer["buildpack"], result.answer["default.web"]) == ("go", "exec bin/shop")
    assert {name for name in result.tree() if name.startswith("bin/")} == {"bin/shop", "bin/worker"}
    assert serve(result, "open\n")().endswith("\n\n3\n")


def test_go_without_a_program(apps):
    files = {name: GO[name] for name in ("go.mod", "apples/apples.go")}
    assert apps.error(files) == (
        'the go buildpack exited with status 1: go: no main packages to build')


RUST = {
    "Cargo.toml": b'[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n',
    "Cargo.lock": b'version = 3\n\n[[package]]\nname = "shop"\nversion = "0.1.0"\n',
    "src/main.rs": b"""use std::{env, io::{Read, Write}, net::TcpListener};
fn main() {
    let listener = TcpListener::bind(format!("{}:{}", env::var("HOST").unwrap(), env::var("PORT").unwrap())).unwrap();
    println!("open");
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(b"HTTP/1.0 200 OK\\r\\n\\r\\nrust\\n").unwrap();
    }
}
""",
}


def test_rust(apps, serve):
    result = apps.good(RUST)
    assert (result.answer["buildpack"], result.answer["default.web"]) == ("rust", "exec bin/shop")
    assert serve(result, "open\n")().endswith("\n\nrust\n")


def test_c(apps, serve):
    result = apps.good({"Makefile": b"app: app.c\n\tcc -Wall -o $@ $<\n", "app.c": b"""#include <stdio.h>
int main(void) { return puts("it runs") < 0; }
"""})
    assert result.answer["buildpack"] == "c" and "default.web" not in result.answer
    serve(result, "it runs\n", line="exec ./app")


def test_c_says_what_the_compiler_said(apps):
    assert apps.error({"Makefile": b"app: app.c\n\tcc -o $@ $<\n", "app.c": b"int main(void) { return apples; }"}) == (
        "the c buildpack exited with status 1: app.c:1:25: error: ‘apples’ undeclared (first use in this function)")


def test_a_makefile_alone_is_not_built(apps):
    assert apps.good({"Makefile": b"all:\n\tfalse\n", "app.py": b""}).answer == {"buildpack": "none"}


# Pages


@pytest.mark.parametrize("directory", ["", "public/", "dist/"])
def test_static(apps, serve, directory):
    pages = {"index.html": b"<p>apples", "a/index.html": b"<p>pears", "m.mjs": b"1", ".secret": b"x", ".well-known/x": b"y"}
    result = apps.good({directory + name: content for name, content in pages.items()})
    assert result.answer["buildpack"] == "static"
    get = serve(result, "server started")
    assert get().startswith("HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\n") and get().endswith("<p>apples")
    assert get("/a/").endswith("<p>pears")
    assert "Content-Type: text/javascript" in get("/m.mjs")
    assert get("/.well-known/x").startswith("HTTP/1.1 200 ")
    assert get("/.secret").startswith("HTTP/1.1 403 ") and get("/gone").startswith("HTTP/1.1 404 ")


def test_pages_of_an_app_are_its_own(apps):
    assert apps.good({"index.html": b"", "Procfile": b"web: x\n"}).answer == {"buildpack": "none"}


# Which, and without what


def test_they_are_asked_in_their_order(apps):
    everything = {**GO, **RUST, "requirements.txt": b"", "package.json": b"{}", "index.html": b"", "Makefile": b"", "a.c": b""}
    for name, files in [("node", ["package.json"]), ("python", ["requirements.txt"]), ("go", ["go.mod"]),
                        ("rust", ["Cargo.toml"]), ("c", ["Makefile"]), ("static", ["index.html"])]:
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
    apps.variables = {"BUILD_ENV_CFLAGS": "-DCOUNT=3 -DTEXT=\"ü 'x'\"", "BUILD_ENV_PATH": "/nowhere",
                      "BUILD_ENV_UID": "1", "BUILD_ENV_BASH_ENV": "/etc/passwd", "BUILD_ENV_EMPTY": ""}
    result = apps.good({"Makefile": b"out:\n\tprintf '%s' \"$$CFLAGS\" >out\n", "a.c": b""})
    assert result.tree()["out"][0].decode() == "-DCOUNT=3 -DTEXT=\"ü 'x'\""


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
