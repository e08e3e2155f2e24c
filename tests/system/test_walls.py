# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a program reaches that has taken over a helper: a probe runs in the very unit that deployd makes for it, as uid 0 too."""

import json

import pytest

import repository as repositories
from deployd import Deployd, Held

PROBE = "/usr/local/lib/deployd-test-look.py"

# Files with something that no helper may read, made for the test where the machine has none.
SECRETS = ("/etc/shadow", "/etc/gshadow", "/etc/ssh/ssh_host_test_key", "/etc/ssl/private/test.pem", "/etc/deployd/deploy.conf.d/test",
           "/var/backups/test", "/root/test", "/home/test", "/data/test", "/var/lib/postgresql/test")

# Directories with something of others.
OTHERS = ("/run/deployd", "/run/deployd/env", "/var/lib/deployd", "/var/lib/deployd/logs", "/var/lib/private", "/var/cache/private",
          "/var/log", "/run/log/journal", "/var/log/journal", "/run/systemd/transient", "/etc/systemd", "/srv/git")

SOCKETS = ("/run/dbus/system_bus_socket", "/run/systemd/private", "/run/systemd/notify", "/run/systemd/journal/socket",
           "/run/systemd/journal/stdout", "/run/systemd/journal/dev-log", "/run/systemd/journal/io.systemd.journal", "/dev/log",
           "/run/deployd/postgres/.s.PGSQL.5432", "/run/deployd/ingress/admin.sock", "/run/deployd/probe.sock",
           "/run/systemd/userdb/io.systemd.DynamicUser")

LOOK = f"""\
import json, os, socket, sys

def read(path):
    with open(path, "rb") as file:
        if not file.read(1): # as of a process that has ended
            raise OSError

def find(path):
    # Not only the mount points of other units.
    if not any(os.path.getsize(os.path.join(top, name)) for top, _, names in os.walk(path) for name in names):
        raise OSError

def enter(pid):
    # A process of others, by what /proc has of it.
    for name in "root", "environ", "maps":
        try:
            return os.listdir(f"/proc/{{pid}}/root") if name == "root" else read(f"/proc/{{pid}}/{{name}}")
        except OSError as error:
            last = error
    raise last

def connect(path):
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        with socket.socket(socket.AF_UNIX, kind) as here:
            try:
                return here.connect(path)
            except OSError as error:
                last = error
    raise last

reached = []
for look, paths in (read, {SECRETS}), (find, {OTHERS}), (connect, {SOCKETS}):
    for path in paths:
        try:
            look(path)
            reached.append(path)
        except OSError:
            pass
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        if int(pid) != os.getpid():
            enter(pid)
            reached.append("/proc/" + pid)
    except OSError:
        pass
print("LOOK", json.dumps({{"uid": os.getuid(), "reached": sorted(reached), "root": os.listdir("/")}}), file=sys.stderr)
"""

# Of the list above, what a helper is there for: PID 1's socket for what its own unit says, its own name, the journal.
REACHED = {
    "fetch": ["/run/systemd/notify", "/run/systemd/userdb/io.systemd.DynamicUser", "/srv/git"],
    "resolve": ["/run/systemd/notify", "/run/systemd/userdb/io.systemd.DynamicUser", "/srv/git"],
    "import": [],
    "archive": ["/run/log/journal", "/run/systemd/journal/io.systemd.journal", "/var/log", "/var/log/journal"],
    "remove": [],
}

ROOT = {"bin", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "proc", "root", "run", "sbin", "srv", "sys", "tmp", "usr", "var"}


@pytest.fixture(scope="module")
def looks(machine):
    """For each kind of helper what the probe has found, as the helper's user and as root."""
    for path in SECRETS:
        machine.sh(f"[ -e {path} ] || {{ mkdir -p $(dirname {path}) && echo secret >{path}; }}")
    machine.write(PROBE, LOOK)
    for kind in REACHED:
        machine.write(f"/run/systemd/system/deployd-{kind}-.service.d/50-look.conf",
                      f"[Service]\nExecStartPre=/usr/bin/python3 {PROBE}\nExecStartPre=!/usr/bin/python3 {PROBE}\n")
    machine.systemctl("daemon-reload")
    machine.write("/etc/deployd/deploy.conf.d/60-walls.conf", "[runner]\nparallel = 3\n")
    machine.systemctl("reload", "deployd")

    deployd = Deployd(machine)
    repository = deployd.app("walls")
    deployd.live("walls")
    repository.commit({"Procfile": "worker: true\n"})
    assert deployd.end(deployd.deploy("walls"))["Status"] == "failed"
    # Of those who wait when a fetch begins, one fetches; the others look into the mirror.
    repository.commit(repositories.sample("python", "2"))
    for name in "walls2", "walls3":
        deployd.create_app(name, "walls")
    with Held(machine, "fetch") as held:
        first = deployd.deploy("walls")
        held.unit("walls-*")
        numbers = [first, deployd.deploy("walls2"), deployd.deploy("walls3")]
    for number in numbers:
        assert deployd.end(number)["Status"] == "live"
    deployd.do("walls2", "Remove", "b", "true")

    def found():
        lines = {kind: [] for kind in REACHED}
        for entry in machine.journal("--grep=^LOOK "):
            kind = entry["_SYSTEMD_UNIT"].split("-")[1]
            lines[kind].append(json.loads(entry["MESSAGE"].removeprefix("LOOK ")))
        return lines if all(len({look["uid"] for look in lines[kind]}) >= (1 if kind in ("import", "archive") else 2)
                            for kind in lines) else None
    return machine.wait(found, what="a look of each kind")


@pytest.mark.parametrize("kind", REACHED)
def test_a_helper_reaches_nothing_but_its_own_whatever_its_uid(looks, kind):
    for look in looks[kind]:
        assert set(look["reached"]) <= set(REACHED[kind])
        assert set(look["root"]) <= ROOT
