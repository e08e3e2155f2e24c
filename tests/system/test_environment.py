# SPDX-License-Identifier: LGPL-2.1-or-later
"""The environment of an app: byte for byte in the app, and nowhere else."""

import json
import re
import secrets

import pytest

import daemon
from apps import PROGRAMS, mirror
from deployd import Deployd, app_path, deployment_path

MACHINE_FILES = PROGRAMS
VALUES = {
    "SPACES": "  a  b  ",
    "QUOTES": "it's \"quoted\" `here` ''\"\"",
    "DOLLARS": "$HOME ${HOME} $$ $(id) $",
    "PERCENTS": "%n %% %i %h %",
    "BACKSLASHES": "\\ \\\\ \\n \\t \\x41 \\\" \\",
    "SIGNS": "#;=&|<>*?[]{}()!~^@,:'-",
    "COMMENT": "# not a comment",
    "UNICODE": "naïve 漢字 🙂 \u200b",
    "LINES": "first\nsecond\n\n\tfourth \\\n fifth\n",
    "EMPTY": "",
    "ASSIGNMENT": "A=1 B=2\nC=3",
    "LONG": "0123456789abcdef" * 6000,
    "_lower_Case9": "x",
}
# A name each of what a caller may not set, and what is no name at all.
RESERVED = ["PORT", "HOST", "DYNO", "GIT_REV", "HOME", "LD_PRELOAD", "LD_LIBRARY_PATH", "SYSTEMD_LOG_LEVEL",
            "NOTIFY_SOCKET", "LISTEN_FDS", "DEPLOYD_APP", "JOURNAL_STREAM"]
NO_NAMES = ["", "1A", "A-B", "A B", "A.B", "Ä", "A\n", "A=B", "A" * 256]


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine, canary=False)


def set_environment(deployd, app, values, *gone):
    """SetEnvironment: (id, path)."""
    words = [word for pair in values.items() for word in pair]
    return deployd.do(app, "SetEnvironment", "a{ss}as", len(values), *words, len(gone), *gone)


def get_environment(deployd, app):
    return deployd.do(app, "GetEnvironment")[0]


def seen(machine, deployd, app):
    """The environment of the process that answers on the app's port."""
    text = machine.run(["curl", "--silent", "--fail", "--max-time", "20",
                        f"http://127.0.0.1:{deployd.get(app, 'Port')}/environment"]).stdout
    return dict(entry.split("=", 1) for entry in text.split("\0") if entry)


def end(deployd, answer):
    """Waits for the end of the deployment that a call has caused; it must be live."""
    assert answer[1] == deployment_path(answer[0])
    deployment = deployd.end(answer[0])
    assert deployment["Status"] == "live", deployment["ErrorSummary"]
    return deployment


def test_values_are_in_the_app_byte_for_byte(machine, deployd):
    deployd.app("exact", mirror(1))
    early = {name: VALUES[name] for name in ("QUOTES", "LINES")}
    assert set_environment(deployd, "exact", early) == [0, "/"]  # nothing is live
    first = deployd.live("exact")
    before = seen(machine, deployd, "exact")
    assert {name: before.get(name) for name in early} == early

    deployment = end(deployd, set_environment(deployd, "exact", VALUES))
    assert (deployment["Revision"], deployment["ImageTag"]) == (first["Revision"], first["ImageTag"])
    now = seen(machine, deployd, "exact")
    assert {name: now.get(name) for name in VALUES} == VALUES
    assert get_environment(deployd, "exact") == VALUES
    assert deployd.get("exact", "EnvironmentNames") == sorted(VALUES)
    # What deployd itself sets is not changed by it.
    own = {"PORT": str(deployment["AssignedPort"]), "HOST": "127.0.0.1", "DYNO": "web.1",
           "GIT_REV": deployment["Revision"], "DEPLOYD_APP": "exact", "DEPLOYD_DEPLOYMENT": str(deployment["Id"])}
    assert {name: now.get(name) for name in own} == own

    end(deployd, set_environment(deployd, "exact", {"EMPTY": "full"}, "LONG", "LINES", "NEVER_SET"))
    left = {name: value for name, value in {**VALUES, "EMPTY": "full"}.items() if name not in ("LONG", "LINES")}
    now = seen(machine, deployd, "exact")
    assert {name: now.get(name) for name in VALUES} == {name: left.get(name) for name in VALUES}
    assert get_environment(deployd, "exact") == left


def test_deployctl_sets_what_is_in_a_file(machine, deployd):
    deployd.app("client", mirror(1))
    deployd.live("client")
    machine.write("/root/value", VALUES["LINES"] + "\n", 0o600)
    out = machine.run(["deployctl", "config", "set", "client", "FILE=@/root/value", "INPUT=-", f"WORD={VALUES['SIGNS']}"],
                      input=VALUES["BACKSLASHES"]).stdout
    assert f"client is live at http://127.0.0.1:{deployd.get('client', 'Port')}\n" in out
    assert VALUES["BACKSLASHES"] not in out and "first" not in out
    now = seen(machine, deployd, "client")
    wanted = {"FILE": VALUES["LINES"], "INPUT": VALUES["BACKSLASHES"], "WORD": VALUES["SIGNS"]}
    assert {name: now.get(name) for name in wanted} == wanted
    assert machine.run(["deployctl", "config", "get", "client", "FILE"]).stdout == VALUES["LINES"] + "\n"
    shown = json.loads(machine.run(["deployctl", "config", "client", "--json"]).stdout)["config"]
    assert {row["name"]: row["value"] for row in shown} == wanted
    machine.run(["deployctl", "config", "unset", "client", "FILE", "WORD"])
    assert get_environment(deployd, "client") == {"INPUT": VALUES["BACKSLASHES"]}
    machine.run(["rm", "/root/value"])


def refused(machine, values, *gone):
    """A change of the environment of `picky` that must be refused with InvalidArgs: the sentence."""
    words = [word for pair in values for word in pair]
    error, message = daemon.refused(machine, app_path("picky"), "App.SetEnvironment", "a{ss}as", len(values), *words,
                                    len(gone), *gone)
    assert error == daemon.BUS_ERROR + "InvalidArgs"
    return message


def test_what_may_not_be_set_has_its_sentence_and_changes_nothing(machine, deployd):
    deployd.app("picky", mirror(1))
    set_environment(deployd, "picky", {"KEPT": "as it is", "OTHER": "too"})
    live = deployd.live("picky")
    canary = secrets.token_hex(8)
    for name in RESERVED:
        assert refused(machine, [("A_GOOD_ONE", canary), (name, canary)]) == (
            f"{name} is set by deployd or systemd and cannot be set here")
        assert "cannot be set" in refused(machine, [], name)
    for name in NO_NAMES:
        message = refused(machine, [("KEPT", canary), (name, canary)], "OTHER")
        assert "is no name of a variable: a name begins with a letter or _" in message
        assert canary not in message and "\n" not in message
    for value in (f"{canary}\x1b[2J", f"{canary}\x01", f"{canary}\r", canary + "x" * 130900):
        message = refused(machine, [("A_GOOD_ONE", "x"), ("BAD", value)])
        assert message.startswith("the value of BAD is not allowed: a value is UTF-8")
        assert canary not in message
    message = refused(machine, [(f"BIG_{number}", canary * 1000) for number in range(70)])
    assert "the environment of an app has at most 1048576 bytes" in message and canary not in message

    assert get_environment(deployd, "picky") == {"KEPT": "as it is", "OTHER": "too"}
    assert deployd.get("picky", "CurrentDeployment") == deployment_path(live["Id"])
    assert [row[0] for row in machine.call("/org/deployd/Deploy1", "Manager.ListDeployments", "stu", "picky", 0, 0)[0]
            ] == [live["Id"]]
    error, _ = daemon.refused(machine, app_path("picky"), "App.GetEnvironment", user="nobody")
    assert error == daemon.CHALLENGE


def test_a_value_is_found_nowhere_but_in_the_app(machine, deployd):
    canary = secrets.token_hex(16)
    repository = deployd.app("canary", mirror(1))
    deployd.live("canary")
    signals = machine.monitor()
    machine.run(["deployctl", "config", "set", "canary", "CANARY=-", "LONGER=-x" + canary[:3]], input=f"{canary} and\nmore")
    live = deployd.describe(deployd.get("canary", "CurrentDeployment").rpartition("_3")[2])
    repository.commit({"Procfile": 'web: echo "cannot use $CANARY" >&2; exit 3\n'})
    deployd.settled(deployd.end(deployd.deploy("canary"))["Id"], "canary")
    repository.commit({"Procfile": 'web: echo "cannot use $CANARY" >&2; sleep infinity\n'})
    deployd.do("canary", "Restart")
    deployd.do("canary", "Redeploy")
    daemon.kill(machine)
    assert live["Status"] == "live"

    # It is where it belongs: else nothing below would say anything.
    assert canary in seen(machine, deployd, "canary")["CANARY"]
    assert canary in machine.sh("cat /run/deployd/env/*")

    texts = {
        "the properties of units": machine.sh("systemctl show --all '*'"),
        "the unit files": machine.sh("cat /run/systemd/transient/* /etc/systemd/system/* 2>/dev/null || :"),
        "the properties of deployd": json.dumps(machine.busctl(
            "call", "org.deployd.Deploy1", "/org/deployd/Deploy1", "org.freedesktop.DBus.ObjectManager",
            "GetManagedObjects")),
        "the history": "".join(json.dumps(deployd.describe(row[0])) for row in machine.call(
            "/org/deployd/Deploy1", "Manager.ListDeployments", "stu", "canary", 0, 0)[0]),
        "the signals": json.dumps(signals.drain()),
        "the status line": machine.systemctl("status", "--no-pager", "--full", "--lines=0", "deployd*",
                                            check=False),
        "the arguments of processes": machine.sh("cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'"),
        "what everybody may read": machine.run(
            ["grep", "-rlsF", "--devices=skip", "--file=-", "/etc", "/run", "/var", "/tmp", "/home", "/srv", "/opt",
             "/usr/local", "/dev/shm"], input=canary, user="nobody", check=False).stdout,
    }
    assert len(signals.seen) > 0
    # An app may print its own values; nobody else may.
    for entry in machine.journal():
        if not entry.get("_SYSTEMD_UNIT", "").startswith("deployd-app-canary-"):
            texts.setdefault("the journal", "")
            texts["the journal"] += json.dumps(entry)
    for where, text in texts.items():
        assert canary not in text, f"in {where}"
    assert texts["what everybody may read"] == ""
    # Files of root's that have it are root's alone.
    found = machine.run(["grep", "-rlsF", "--devices=skip", "--file=-", "/etc", "/run", "/var/lib/deployd", "/tmp", "/srv"],
                        input=canary, check=False).stdout.splitlines()
    assert any(path.startswith("/run/deployd/env/") for path in found)
    for path in found:
        assert path.startswith(("/run/deployd/env/", "/var/lib/deployd/postgres/", "/run/log/journal/")), path
    assert machine.sh("stat --format=%a:%U /run/deployd/env /run/deployd/env/* | sort -u").split() == ["600:root", "700:root"]


LONG = secrets.token_hex(300)


@pytest.mark.parametrize("value,line,told", [
    ("s3cret", "four: $LONGER, not $TOKEN.", "four: ***, not ***."),
    ("geheim $x\\", "four: $LONGER, not $TOKEN.", "four: ***, not ***."),
    ("ü" * 40, "four: $LONGER, not $TOKEN.", "four: ***, not ***."),
    (LONG, "x" * 250 + " $TOKEN.", "x" * 250 + " ***."),
    (f"--begin--\n{LONG[:60]}\n--end--", f"line {LONG[:60]} of $SHORT", "line *** of four"),
], ids=["short", "signs", "unicode", "cut", "lines"])
def test_the_last_line_is_told_without_values(machine, deployd, value, line, told, request):
    name = f"last-{request.node.callspec.id}"
    repository = deployd.app(name, mirror(1))
    deployd.live(name)
    end(deployd, set_environment(deployd, name, {"SHORT": "four", "TOKEN": value, "LONGER": value + "er"}))
    repository.commit({"Procfile": f"web: printf '%s\\n' \"first $TOKEN\" \"{line}\"; exit 3\n"})
    failed = deployd.end(deployd.deploy(name))
    sentence = r"web\.1 exited with status 3 before it listened on port \d+: " + re.escape(told)
    assert re.fullmatch(sentence, failed["ErrorSummary"]), failed["ErrorSummary"]
    said = [entry["MESSAGE"] for entry in machine.journal(DEPLOYD_DEPLOYMENT=failed["Id"])
            if entry.get("_SYSTEMD_UNIT") == "deployd.service"]
    assert any(told in message for message in said)
    assert not any(part in message for message in said for part in value.split("\n"))


def test_values_outlive_the_daemon_and_the_crash_of_the_app(machine, deployd):
    deployd.app("lasting", mirror(1))
    deployd.live("lasting")
    live = end(deployd, set_environment(deployd, "lasting", VALUES))
    port, unit = deployd.get("lasting", "Port"), live["Units"][0]
    machine.systemctl("stop", "deployd.service")
    try:
        before = machine.show(unit, "MainPID")["MainPID"]
        machine.curl(port, "/die", check=False)
        machine.wait(lambda: machine.show(unit, "MainPID")["MainPID"] not in ("0", before)
                     and machine.curl(port, check=False)[0] == 200, what="the app being started again by PID 1")
        text = machine.run(["curl", "--silent", "--fail", f"http://127.0.0.1:{port}/environment"]).stdout
        now = dict(entry.split("=", 1) for entry in text.split("\0") if entry)
        assert {name: now.get(name) for name in VALUES} == VALUES
    finally:
        machine.systemctl("start", "deployd.service")
    assert get_environment(deployd, "lasting") == VALUES
    assert deployd.get("lasting", "EnvironmentNames") == sorted(VALUES)
    machine.sh(f"rm /run/deployd/env/{live['Id']}.*")  # as after a boot
    deployd.do("lasting", "Restart")
    machine.wait(lambda: machine.curl(port, check=False) == (200, "mirror 1\n"))
    now = seen(machine, deployd, "lasting")
    assert {name: now.get(name) for name in VALUES} == VALUES
