# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds: by buildpacks and by a command, what they may and may not do, and that the same is not built twice. Limits
that a container does not enforce are tried in tests/vm."""

import json
import re
import subprocess

import pytest

import daemon
from apps import MIRROR
from deployd import ROOT, Deployd, app_path, deployment_path

CONFIGURATION = "/etc/deployd/deploy.conf.d/55-test.conf"
RUNNER = "[ports]\nrange = 20000-20019\n\n[runner]\nbuild-disk-max = 64M\nbuild-files-max = 2000\n"
PACK = "/etc/deployd/buildpacks"
# An administrator's buildpack: it takes what has a file `own`, and runs what that says.
OWN = {
    f"{PACK}/own/bin/detect": "#!/bin/sh\ntest -f \"$1/own\" && echo own\n",
    f"{PACK}/own/bin/compile": "#!/bin/sh\ncd \"$1\" && exec /bin/sh -c \"$(cat own)\" sh \"$@\"\n",
    f"{PACK}/own/bin/release": "#!/bin/sh\nprintf -- '---\\ndefault_process_types:\\n  web: exec python3 app.py\\n'\n",
}
MACHINE_FILES = {CONFIGURATION: RUNNER, **OWN}

# Packages of the npm registry. npm's own runs with the Node of the machine; Debian's package of it is large.
NPM, NEEDED = "npm-10.9.2.tgz", "is-number-7.0.0.tgz"
REGISTRY = 4873
INTEGRITY = "sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng=="

C = '''\
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "answer.h"

int main(void)
{
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(atoi(getenv("PORT"))) };
        int server = socket(AF_INET, SOCK_STREAM, 0), client;
        char request[4096];

        setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
        inet_pton(AF_INET, getenv("HOST"), &at.sin_addr);
        if (bind(server, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(server, 16) < 0)
                return 1;
        while ((client = accept(server, NULL, NULL)) >= 0) {
                if (read(client, request, sizeof(request)) > 0)
                        dprintf(client, "HTTP/1.0 200 OK\\r\\nContent-Length: %zu\\r\\n\\r\\n%s", strlen(ANSWER), ANSWER);
                close(client);
        }
}
'''
MAKEFILE = "app: app.o other.o\n\tcc -o app app.o other.o\napp.o: app.c answer.h\n"


def c_app(version):
    return {"app.c": C, "answer.h": f'#define ANSWER "c {version}\\n"\n', "other.c": "int other;\n", "Makefile": MAKEFILE,
            "Procfile": "web: exec ./app\n"}


def own(script, **files):
    """A tree that is built by these lines of shell: BUILD, CACHE and ENV are $1, $2 and $3."""
    return {"own": script + "\n", "app.py": MIRROR, "VERSION": "1\n", **files}


def node_app(version):
    package = {"name": "shop", "private": True, "dependencies": {"is-number": "7.0.0"},
               "scripts": {"build": "node -e \"require('fs').writeFileSync('built', 'made')\"", "start": "node app.js"}}
    lock = {"name": "shop", "lockfileVersion": 3, "requires": True, "packages": {
        "": {"name": "shop", "dependencies": package["dependencies"]},
        "node_modules/is-number": {"version": "7.0.0", "integrity": INTEGRITY,
                                   "resolved": f"https://registry.npmjs.org/is-number/-/{NEEDED}"}}}
    return {"package.json": json.dumps(package), "package-lock.json": json.dumps(lock),
            ".npmrc": f"registry=http://127.0.0.1:{REGISTRY}/\nfetch-retries=0\n",
            "app.js": f"""\
const text = `node {version} ${{require("is-number")(5)}} ${{require("fs").readFileSync("built")}}\\n`;
require("http").createServer((request, response) => response.end(text)).listen(process.env.PORT, process.env.HOST);
"""}


@pytest.fixture
def registry(machine, tmp_path):
    """A registry on the machine that has what npm's has, until it is closed; and npm itself, which comes from there."""
    subprocess.run(["npm", "pack", "--silent", "npm@10.9.2", "is-number@7.0.0"], cwd=tmp_path, check=True, timeout=300)
    directory = "/usr/local/lib/deployd-test/registry/is-number/-"
    machine.write(f"{directory}/{NEEDED}", (tmp_path / NEEDED).read_bytes())
    machine.write("/usr/local/lib/npm.tgz", (tmp_path / NPM).read_bytes())
    machine.sh("cd /usr/local/lib && mkdir -p npm && tar -xzf npm.tgz --strip-components=1 -C npm && rm npm.tgz && "
               "chmod -R a+rX npm deployd-test && ln -sf ../lib/npm/bin/npm-cli.js ../bin/npm && chmod 755 npm/bin/npm-cli.js")
    with machine.stream(["python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory",
                         "/usr/local/lib/deployd-test/registry", REGISTRY], user="nobody") as server:
        server.wait(lambda line: line.startswith("Serving"))
        yield server


@pytest.fixture(scope="module")
def deployd(machine):
    machine.sh(f"chmod 755 {PACK}/*/bin/*")
    return Deployd(machine)


def log(deployd, deployment):
    """What its build has said."""
    path = deployment_path(deployment["Id"])
    deployd.machine.wait(lambda: deployd.machine.get(path, "Deployment.LogsPath"), what="its log")
    return deployd.machine.run(["deployctl", "build-log", deployment["Id"]]).stdout


def built(deployd, deployment):
    """Whether a build unit ran for it."""
    return bool(deployd.machine.run(["journalctl", "--no-pager", "--quiet", "--grep",
                                     rf"Starting deployd-build-\w+-{deployment['Id']}\.service", "_PID=1"],
                                    check=False).stdout)


def answer(deployd, app, path="/"):
    return deployd.machine.curl(deployd.get(app, "Port"), path)[1]


def fails(deployd, app):
    """Deploys; the sentence it fails with. Nothing of it stays."""
    failed = deployd.end(deployd.deploy(app))
    assert failed["Status"] == "failed"
    deployd.settled(failed["Id"], app)
    assert deployd.machine.sh("ls -A /var/lib/private/deployd-build/*/ | grep -v :$ || :").strip() == ""
    return failed["ErrorSummary"]


# What is shipped

def test_a_c_app_is_made_and_its_second_build_finds_what_was_compiled(deployd):
    repository = deployd.app("cee", c_app(1))
    first = deployd.live("cee")
    assert deployd.statuses(first["Id"]) == ["queued", "fetching", "building", "starting", "checking", "switching", "live"]
    assert answer(deployd, "cee") == "c 1\n"
    assert "0 of 2 files were compiled before" in log(deployd, first)
    repository.commit(c_app(2))
    second = deployd.live("cee")
    assert answer(deployd, "cee") == "c 2\n"
    assert "1 of 2 files were compiled before" in log(deployd, second)


def test_a_node_app_gets_its_packages_and_then_has_them(deployd, registry):
    repository = deployd.app("node", node_app(1))
    first = deployd.live("node")
    assert answer(deployd, "node") == "node 1 true made\n"
    assert "-----> " in log(deployd, first)
    # What was fetched once is in the app's cache.
    registry.close()
    repository.commit(node_app(2))
    deployd.live("node")
    assert answer(deployd, "node") == "node 2 true made\n"


def test_static_pages_are_served(deployd):
    repository = deployd.app("pages", {"index.html": "<h1>one</h1>\n", "css/main.css": "h1 {}\n"})
    deployd.live("pages")
    assert answer(deployd, "pages") == "<h1>one</h1>\n"
    assert answer(deployd, "pages", "/css/main.css") == "h1 {}\n"
    repository.commit({"index.html": "<h1>two</h1>\n"})
    deployd.live("pages")
    assert answer(deployd, "pages") == "<h1>two</h1>\n"


def test_a_python_app_has_its_virtual_environment(deployd):
    app = "import sys, sysconfig\nprint(sys.prefix, flush=True)\n" + MIRROR
    repository = deployd.app("snake", {"requirements.txt": "", "app.py": app, "VERSION": "1\n",
                                       "Procfile": "web: exec python app.py\n"})
    deployd.live("snake")
    assert answer(deployd, "snake") == "mirror 1\n"
    lines = deployd.machine.run(["journalctl", "--output=cat", "--no-pager", "DEPLOYD_PROCESS=web.1", "DEPLOYD_APP=snake"])
    assert "/srv/app/.venv" in lines.stdout.splitlines()
    repository.commit({"requirements.txt": "", "app.py": app, "VERSION": "2\n", "Procfile": "web: exec python app.py\n"})
    deployd.live("snake")
    assert answer(deployd, "snake") == "mirror 2\n"


# What is built, and with what

def test_an_administrators_buildpack_gets_what_herokus_get(deployd):
    script = ("echo '-----> Looking around'; echo \"$1 $PWD $HOME $TMPDIR\"; cat \"$3/PRICE\"; env | grep -c PRICE; "
              "test ! -e \"$2/seen\" && echo first || echo again; touch \"$2/seen\"; echo made > made.txt")
    repository = deployd.app("own", own(script))
    deployd.do("own", "SetEnvironment", "a{ss}as", 1, "PRICE", "two words", 0)
    live = deployd.live("own")
    text = log(deployd, live)
    assert "/srv/app /srv/app /var/cache/deployd-build/" in text
    assert "two words" in text and "first" in text
    path = f"/var/lib/deployd/releases/{live['Id']}/app/made.txt"
    assert deployd.machine.sh(f"cat {path}; stat -c '%U:%G %a' {path}") == "made\nroot:root 644"
    repository.commit(own(script, VERSION="2\n"))
    assert "again" in log(deployd, deployd.live("own"))
    deployd.do("own", "ClearCache")
    repository.commit(own(script, VERSION="3\n"))
    assert "first" in log(deployd, deployd.live("own"))
    # What it said is shown while it goes on.
    gate = daemon.Gate(deployd.machine, "look")
    repository.commit(own(f"echo '-----> Waiting a while'; {gate.wait}"))
    number = deployd.deploy("own")
    deployd.machine.wait(lambda: deployd.describe(number)["StatusText"] == "Waiting a while",
                         what="its text")
    gate.open()
    assert deployd.end(number)["Status"] == "live"


def test_a_command_builds_instead_and_none_builds_nothing(deployd):
    deployd.app("command", {"app.py": MIRROR, "VERSION": "1\n", "Procfile": "web: exec python3 app.py\n"},
                BuildCommand="echo $PRICE > VERSION")
    deployd.do("command", "SetEnvironment", "a{ss}as", 1, "PRICE", "7", 0)
    deployd.live("command")
    assert answer(deployd, "command") == "mirror 7\n"
    deployd.app("plain", own("exit 9", Procfile="web: exec python3 app.py\n"), Buildpack="none")
    live = deployd.live("plain")
    assert not built(deployd, live) and "building" not in deployd.statuses(live["Id"])


def test_the_same_is_not_built_twice(deployd):
    repository = deployd.app("same", own("date +%N > made.txt"))
    first = deployd.live("same")
    again = deployd.live("same")
    assert again["ImageTag"] == first["ImageTag"] and not built(deployd, again)
    assert "building" not in deployd.statuses(again["Id"])
    # Another environment, another build; and the old one again is the old release.
    deployd.do("same", "SetEnvironment", "a{ss}as", 1, "MODE", "fast", 0)
    deployd.machine.wait(lambda: deployd.get("same", "Status") == "running")
    other = deployd.live("same")
    assert built(deployd, other) and other["ImageTag"] != first["ImageTag"]
    deployd.do("same", "SetEnvironment", "a{ss}as", 0, 1, "MODE")
    back = deployd.live("same")
    assert back["ImageTag"] == first["ImageTag"] and not built(deployd, back)
    repository.commit(own("date +%N > made.txt", VERSION="2\n"))
    assert built(deployd, deployd.live("same"))


# What goes wrong

@pytest.mark.parametrize("name,script,sentence", [
    ("fails", "echo some words; echo ' !     no such thing: frobnicate'; exit 4",
     "build: the own buildpack exited with status 4: no such thing: frobnicate"),
    ("last-line", "echo only this; exit 1", "build: the own buildpack exited with status 1: only this"),
    ("killed", "kill -SEGV $$", "build: the own buildpack was killed by signal SIGSEGV"),
    ("big", "head -c 80M /dev/zero > big",
     "build: it used more than 64.0 MiB of the disk: build-disk-max of [runner] in deploy.conf"),
    ("fills", "i=0; while :; do head -c 4M /dev/zero > $i; i=$((i+1)); done",
     "build: it used more than 64.0 MiB of the disk: build-disk-max of [runner] in deploy.conf"),
    ("many", "seq 3000 | xargs touch", None),
    # What holds a build by its limits is out of its reach.
    ("nobody", "kill -KILL $PPID 2>&- && sleep infinity; exit 9", "build: the own buildpack exited with status 9"),
])
def test_a_build_that_fails_says_why_and_leaves_nothing(deployd, name, script, sentence):
    deployd.app(name, own(script))
    said = fails(deployd, name)
    assert said == sentence if sentence else "build-files-max" in said


def test_a_build_that_never_ends_is_ended(deployd):
    deployd.app("endless", own("sleep infinity & trap '' TERM; while :; do sleep 1; done"))
    with daemon.configured(deployd.machine, "[runner]\nbuild-timeout = 2s\n"):
        assert fails(deployd, "endless") == "build: ran out of time: build-timeout of [runner] in deploy.conf"
    assert not deployd.machine.units("deployd-build-*.service")


def test_a_build_reaches_nothing_that_is_not_its_own(deployd):
    """Each line is one attempt; what succeeds is printed."""
    deployd.app("other", own("true"))
    deployd.live("other")
    attempts = {
        "write /usr": "touch /usr/x", "write /etc": "touch /etc/x", "write /srv": "touch /srv/x",
        "releases": "ls /var/lib/deployd/releases", "the spool": "ls /var/lib/deployd/spool",
        "state of apps": "ls /var/lib/private/deployd-apps", "other caches": "test $(ls /var/cache/private/* | wc -l) -gt 1",
        "the bus": "test -S /run/dbus/system_bus_socket", "the database": "test -S /run/deployd/postgres/.s.PGSQL.5432",
        "PID 1": "test -S /run/systemd/private", "environments": "ls /run/deployd/env", "home": "ls /root",
        "a setuid file": "touch s && chmod 4755 s", "a device": "mknod d c 1 3", "a namespace": "unshare --user true",
        "other processes": "test $(ls -d /proc/[0-9]* | wc -l) -gt 20", "a kernel setting": "echo 1 > /proc/sys/vm/overcommit_memory",
    }
    script = "".join(f"if ({attempt}) >/dev/null 2>&1; then echo 'REACHED {name}'; fi\n" for name, attempt in attempts.items())
    deployd.app("nosy", own(script + "echo looked"))
    text = log(deployd, deployd.live("nosy"))
    assert "looked" in text
    assert re.findall("REACHED (.*)", text) == []


def test_what_a_build_leaves_running_ends_with_it(deployd):
    deployd.app("daemonic", own("(setsid sleep 12345 &) ; echo started"))
    deployd.live("daemonic")
    assert deployd.machine.sh("pgrep -f '[s]leep 12345' || echo none").strip() == "none"


def test_it_is_cancelled_while_it_builds(deployd):
    deployd.app("calm", own("sleep infinity"))
    number = deployd.deploy("calm")
    deployd.status(number, "building")
    deployd.machine.wait(lambda: deployd.machine.units("deployd-build-calm-*.service"), what="its unit")
    deployd.machine.run(["deployctl", "cancel", number])
    assert deployd.describe(number)["Status"] == "cancelled"
    assert not deployd.machine.units("deployd-build-calm-*.service")
    deployd.settled(number, "calm")


def test_the_daemon_dies_while_it_builds(deployd):
    gate = daemon.Gate(deployd.machine, "die")
    deployd.app("die", own(f"{gate.wait}; echo x >> \"$2/runs\""))
    number = deployd.deploy("die")
    deployd.status(number, "building")
    deployd.machine.wait(lambda: deployd.machine.units("deployd-build-die-*.service"), what="its unit")
    daemon.kill(deployd.machine)
    deployd.listen()
    gate.open()
    deployd.machine.wait(lambda: deployd.describe(number)["Status"] in ("live", "failed"), what="its end")
    assert deployd.describe(number)["ErrorSummary"] == ""
    assert answer(deployd, "die") == "mirror 1\n"


def test_a_disk_that_fills_ends_the_build_and_not_the_machine(deployd):
    free = int(deployd.machine.sh("df --output=avail --block-size=1M /var/lib/deployd | tail -n 1"))
    gate = daemon.Gate(deployd.machine, "full")
    deployd.app("squeeze", own(f"{gate.wait}"))
    number = deployd.deploy("squeeze")
    deployd.status(number, "building")
    # Somebody else fills it: then less is left than there must be.
    with daemon.configured(deployd.machine, f"[runner]\nmin-free-space = {free + 100}M\n"):
        failed = deployd.end(number)
    gate.open()
    assert failed["Status"] == "failed" and "min-free-space" in failed["ErrorSummary"]
    deployd.settled(number, "squeeze")


# The limits of this machine

def test_limits_are_tried_and_told(deployd):
    def known():
        return deployd.machine.get(ROOT, "Manager.SandboxState") != "probing"
    deployd.machine.wait(known, what="the limits being known")
    missing = deployd.machine.get(ROOT, "Manager.SandboxMissing")
    # A container has no controller of memory and tasks.
    assert {"memory", "tasks"} <= set(missing) and "disk" not in missing
    assert deployd.machine.get(ROOT, "Manager.SandboxState") == "partial"
    shown = json.loads(deployd.machine.run(["deployctl", "status", "--json"]).stdout)["status"][0]
    assert shown["sandbox_state"] == "partial" and shown["sandbox_missing"] == missing
    before = deployd.machine.sh("journalctl --no-pager --quiet _PID=1 | grep -c 'Starting deployd-limit-' || :")
    daemon.kill(deployd.machine)
    deployd.listen()
    deployd.machine.wait(known, what="the limits being known")
    assert deployd.machine.get(ROOT, "Manager.SandboxMissing") == missing
    after = deployd.machine.sh("journalctl --no-pager --quiet _PID=1 | grep -c 'Starting deployd-limit-' || :")
    assert before == after == "4", "once after the boot"


def test_where_limits_are_missing_builds_are_refused_but_not_what_needs_none(deployd):
    deployd.app("trusted", own("true", Procfile="web: exec python3 app.py\n"))
    with daemon.configured(deployd.machine, "[runner]\nrequire-sandbox = yes\n"):
        error, sentence = daemon.refused(deployd.machine, app_path("trusted"), "App.Deploy", "sa{sv}", "", 0)
        assert error == daemon.ERROR + "SandboxUnavailable"
        assert sentence.startswith("this machine does not hold builds by their limits (memory, tasks")
        assert "require-sandbox" in sentence
        command = re.search("deployctl app set APP [^;]*", sentence)[0]
        deployd.machine.run(command.replace("APP", "trusted").split())
        deployd.live("trusted")
