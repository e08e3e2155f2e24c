# SPDX-License-Identifier: LGPL-2.1-or-later
"""The units of deployd: what they may do, what they see, and that a daemon-reload changes nothing."""

import errno
import json
import pathlib
import re

import pytest

from deployd import PASSING, Deployd, Held, app_path

# Answers what the app can see and do, each as a word.
LOOK = """\
import ctypes, http.server, json, os, socket

def outcome(action, *arguments):
    try:
        return repr(action(*arguments))
    except OSError as error:
        return os.strerror(error.errno)

def write(path):
    open(path, "w").close()
    os.unlink(path)

def write_to(path):
    with open(path, "w") as file:
        file.write("said by name\\n")

def unix(path):
    socket.socket(socket.AF_UNIX).connect(path)

def look():
    with open("/proc/self/status") as file:
        status = dict(line.rstrip("\\n").split(":\\t", 1) for line in file)
    return {
        "uid": os.getuid(), "directory": os.getcwd(), "environment": dict(os.environ),
        "capabilities": [status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
        "no new privileges": status["NoNewPrivs"], "seccomp": status["Seccomp"],
        "tree": sorted(os.listdir("/srv/app")), "srv": os.listdir("/srv"),
        "write tree": outcome(write, "/srv/app/x"), "write etc": outcome(write, "/etc/x"),
        "write home": outcome(write, os.environ["HOME"] + "/x"),
        "write cache": outcome(write, os.environ["CACHE_DIRECTORY"] + "/x"),
        "write tmp": outcome(write, os.environ["TMPDIR"] + "/x"),
        "releases": outcome(os.listdir, "/var/lib/deployd/releases"),
        "spool": outcome(os.listdir, "/var/lib/deployd/spool"),
        "data of the database": outcome(os.listdir, "/var/lib/deployd/postgres"),
        "states of apps": outcome(os.listdir, "/var/lib/private/deployd-apps"),
        "bus": outcome(unix, "/run/dbus/system_bus_socket"),
        "systemd": outcome(unix, "/run/systemd/private"),
        "database": outcome(unix, "/run/deployd/postgres/.s.PGSQL.5432"),
        "environment files": outcome(os.listdir, "/run/deployd/env"),
        "journal": outcome(unix, "/run/systemd/journal/stdout"), "syslog": outcome(unix, "/dev/log"),
        "journal, by entries": outcome(unix, "/run/systemd/journal/socket"),
        "output": outcome(write_to, "/dev/stdout"), "errors": outcome(write_to, "/dev/stderr"),
        "processes of others": len([name for name in os.listdir("/proc") if name.isdigit() and
                                    os.stat("/proc/" + name).st_uid != os.getuid()]),
        "chown": outcome(os.chown, os.environ["HOME"], 0, 0),
        "io_uring": ctypes.CDLL(None, use_errno=True).syscall(425, 1, 0) + ctypes.get_errno(),
        "shared memory": [os.listdir("/dev/shm"), os.statvfs("/dev/shm").f_blocks * os.statvfs("/dev/shm").f_frsize],
        "raw socket": outcome(socket.socket, socket.AF_PACKET, socket.SOCK_RAW),
    }

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(look()).encode())

http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""

# Says that it is ready, and does nothing else.
NOTIFIER = "web: systemd-notify --ready; exec python3 -m http.server --bind $HOST $PORT\n"

# At most so much by `systemd-analyze security`. All processes of a notifier may speak to PID 1, for a child of the shell
# has to; and apps and builds may set their ids to what they are (0.2), as gunicorn and make(1) do.
EXPOSURE = {"app": 1.4, "notifier": 1.5, "fetch": 1.1, "build": 1.4, "import": 0.8, "archive": 0.8, "remove": 0.8, "wipe": 1.1,
            "deployd.service": 1.3, "deployd-probe.service": 1.0}

# What is there as long as the machine runs, and the slice of the app.
RESIDENT = ("deployd.service", "deployd-postgres.service", "deployd-ingress.service", "deployd-probe.service",
            "deployd-probe.socket", "deployd.slice", "deployd-apps.slice", "deployd-builds.slice",
            "deployd-apps-look.slice")

# What systemctl show says of a unit that a daemon-reload may change, and why.
FLEETING = {
    "CPUUsageNSec": "a counter",
    "MemoryCurrent": "a counter",
    "MemoryAvailable": "what the machine has left",
    "TasksCurrent": "a counter",
    "IOReadBytes": "a counter", "IOReadOperations": "a counter",
    "IOWriteBytes": "a counter", "IOWriteOperations": "a counter",
    "IPIngressBytes": "a counter", "IPIngressPackets": "a counter",
    "IPEgressBytes": "a counter", "IPEgressPackets": "a counter",
    "WatchdogTimestamp": "the time of the last sign of life",
    "WatchdogTimestampMonotonic": "the time of the last sign of life",
    "NFileDescriptorStore": "a counter",
}

# What a command of ExecStart= and the like did last: times, its pid, how it ended. PID 1 forgets it at a reload.
RUN = re.compile(r" ; start_time=.*? ; status=\S+")

# Sets of units, which systemctl show prints in the order of a hash table.
SETS = ("After", "Before", "Conflicts", "ConsistsOf", "IPAddressDeny", "PartOf", "ReferencedBy", "References", "RequiredBy",
        "Requires", "RequiresMountsFor", "SliceOf", "TriggeredBy", "Triggers", "WantedBy", "Wants")


@pytest.fixture(scope="module")
def deployd(machine):
    """deployd, with an app that looks around live."""
    machine.write("/dev/shm/of-the-machine", "something")
    platform = Deployd(machine)
    platform.app("look", {"Procfile": "web: python3 look.py\n", "look.py": LOOK})
    platform.live("look")
    return platform


@pytest.fixture(scope="module")
def unit(machine, deployd):
    """The unit of the app that looks around."""
    return machine.get(machine.get(app_path("look"), "App.CurrentDeployment"), "Deployment.Units")[0]


@pytest.fixture(scope="module")
def view(machine, deployd):
    """What the app sees."""
    return json.loads(machine.curl(deployd.get("look", "CurrentPort"))[1])


@pytest.fixture(scope="module")
def kinds(machine, deployd, unit):
    """For each kind of unit: its properties before and after a daemon-reload, and its exposure."""
    found = {}

    def look(kind, unit):
        before = machine.show(unit)
        machine.systemctl("daemon-reload")
        found[kind] = before, machine.show(unit), exposure(machine, unit)

    repository = deployd.app("kinds")
    held = {kind: Held(machine, kind) for kind in ("fetch", "build", "import", "archive", "remove")}

    number = deployd.deploy("kinds")
    for kind in ("fetch", "build", "import"):
        look(kind, held[kind].unit("kinds-*"))
        held[kind].release()
    deployment = deployd.end(number)
    assert deployment["Status"] == "live", deployment["ErrorSummary"]
    look("archive", held["archive"].unit("kinds-*"))
    held["archive"].release()

    # A release that is thrown away, and the directories of an app's user.
    repository.commit({"Procfile": "worker: true\n"})
    assert deployd.end(deployd.deploy("kinds"))["Status"] == "failed"
    look("remove", held["remove"].unit("release-*"))
    deployd.do("kinds", "Remove", "b", "true")
    look("wipe", held["remove"].unit("app-*"))
    held["remove"].release()
    machine.wait(lambda: not machine.units(*PASSING), what="the end of all units of steps")

    look("app", unit)
    deployd.app("notifier", {"Procfile": NOTIFIER}, Readiness="notify")
    look("notifier", deployd.live("notifier")["Units"][0])
    for name in RESIDENT:
        look(name, name)
    return found


def exposure(machine, unit):
    """How exposed `systemd-analyze security` finds a service; None for other units."""
    if not unit.endswith(".service"):
        return None
    text = machine.run(["systemd-analyze", "security", "--no-pager", unit]).stdout
    return float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", text)[1])


@pytest.mark.parametrize("kind", EXPOSURE)
def test_no_unit_is_exposed_more_than_it_may(kinds, kind):
    assert kinds[kind][2] <= EXPOSURE[kind]


@pytest.mark.parametrize("kind", ["fetch", "import", "archive", "app", "notifier", "remove", "wipe", *RESIDENT])
def test_a_unit_is_the_same_after_daemon_reload(kinds, kind):
    before, after = ({name: sorted(value.split()) if name in SETS else RUN.sub("", value)
                      for name, value in properties.items() if name not in FLEETING}
                     for properties in kinds[kind][:2])
    assert before["LoadState"] == "loaded" and "Slice" in before
    assert before == after


# By systemctl show: what is promised of an app's unit.
SANDBOX = {
    "Type": "exec", "RemainAfterExit": "yes", "Restart": "always", "DynamicUser": "yes",
    "Slice": "deployd-apps-look.slice",
    "NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "AmbientCapabilities": "",
    "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateDevices": "yes",
    "PrivateUsers": "yes", "PrivateIPC": "yes", "ProtectProc": "invisible", "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes", "ProtectKernelLogs": "yes", "ProtectControlGroups": "yes", "ProtectClock": "yes",
    "ProtectHostname": "yes", "RestrictNamespaces": "uts", "RestrictSUIDSGID": "yes", "RestrictRealtime": "yes",
    "LockPersonality": "yes", "KeyringMode": "private", "UMask": "0077", "DevicePolicy": "closed",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_NETLINK AF_UNIX", "SystemCallArchitectures": "native",
    "SystemCallErrorNumber": "1", "LimitCORE": "0", "KillMode": "control-group", "SendSIGKILL": "yes",
    "MemoryMax": str(512 << 20), "MemorySwapMax": "0", "TasksMax": "256", "TimeoutStopUSec": "30s",
    "WorkingDirectory": "/srv/app",
}


def test_an_app_runs_as_a_user_of_its_own_in_its_slice_and_sandbox(machine, unit):
    shown = machine.show(unit)
    assert {name: shown.get(name) for name in SANDBOX} == SANDBOX
    assert shown["ControlGroup"] == f"/deployd.slice/deployd-apps.slice/deployd-apps-look.slice/{unit}"
    # A constant: no text of an app's is in a unit.
    assert "argv[]=/usr/libexec/deployd/deployd-launch web 8388608 ;" in shown["ExecStart"]
    # Values of the environment are readable by everybody who reads properties: none is there.
    assert shown["Environment"] == ""


def test_an_app_has_no_rights(view):
    assert view["uid"] != 0
    assert view["capabilities"] == ["0" * 16] * 5
    assert view["no new privileges"] == "1"
    assert view["seccomp"] == "2"
    assert view["chown"] == "Operation not permitted"
    assert view["raw socket"] in ("Operation not permitted", "Address family not supported by protocol")


def test_an_app_asks_the_kernel_for_nothing_that_passes_no_filter(view):
    assert view["io_uring"] == errno.EPERM - 1


def test_the_shared_memory_of_an_app_is_its_own(view):
    assert view["shared memory"] == [[], 64 << 20]


def test_an_app_sees_its_own_tree_and_nothing_of_others(view):
    assert view["directory"] == "/srv/app"
    assert view["tree"] == ["Procfile", "look.py"]
    assert view["srv"] == ["app"]
    for what in ("releases", "spool", "data of the database"):
        assert view[what] == "Permission denied"
    assert view["states of apps"] == repr([pathlib.Path(view["environment"]["HOME"]).name])
    for what in ("bus", "systemd", "database", "environment files", "journal", "syslog", "journal, by entries"):
        assert view[what] in ("No such file or directory", "Permission denied")
    assert view["processes of others"] == 0


def test_an_app_opens_its_output_by_name(machine, view, unit):
    assert (view["output"], view["errors"]) == ("None", "None")
    machine.run(["journalctl", "--sync"])
    said = machine.run(["journalctl", "--unit", unit, "--output=cat"]).stdout.splitlines()
    assert said.count("said by name") == 2


def test_an_app_writes_its_state_cache_and_temporary_files_only(view):
    assert view["write tree"] == "Read-only file system"
    assert view["write etc"] == "Read-only file system"
    assert [view[f"write {where}"] for where in ("home", "cache", "tmp")] == ["None"] * 3


def test_an_app_is_told_what_it_is(machine, deployd, view, unit):
    deployment = deployd.describe(int(unit.removeprefix("deployd-app-look-").split(".")[0]))
    environment = view["environment"]
    expected = {
        "PORT": str(deployment["AssignedPort"]), "HOST": "127.0.0.1", "DYNO": "web.1",
        "GIT_REV": deployment["Revision"], "DEPLOYD_APP": "look", "DEPLOYD_DEPLOYMENT": str(deployment["Id"]),
        "HOME": environment["STATE_DIRECTORY"], "TMPDIR": "/tmp",
    }
    assert {name: environment.get(name) for name in expected} == expected
    assert "CACHE_DIRECTORY" in environment
