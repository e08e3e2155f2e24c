# SPDX-License-Identifier: LGPL-2.1-or-later
"""The configuration: what is in the files has effect, and bad files are refused with a sentence."""

import re
import subprocess

import pytest

import daemon
import repository as repositories
from deployd import ROOT, SILENT, Deployd
from host import Failed

FILE = daemon.CONFIGURATION


@pytest.fixture(scope="module")
def deployd(machine):
    """deployd, with one app live."""
    platform = Deployd(machine)
    platform.app("shop")
    platform.live("shop")
    return platform


def said(machine, text):
    """The daemon's lines with a text in them since its start."""
    entries = machine.journal(_SYSTEMD_INVOCATION_ID=daemon.state(machine, "InvocationID"))
    return [entry for entry in entries if text in entry["MESSAGE"]]


# Bad files

BAD = {
    "a range that is none": ("[ports]\nrange = 29999-20000\n", 2),
    "a port too low": ("[log]\nlevel = info\n\n[ports]\nrange = 80-90\n", 5),
    "no number": ("[runner]\nparallel = many\n", 2),
    "a number too large": ("[runner]\n# Comment\nparallel = 65\n", 3),
    "no time": ("[runner]\nstart-timeout = soon\n", 2),
    "no size": ("[runner]\napp-memory-max = 12 bananas\n", 2),
    "no word": ("[log]\nlevel = loud\n", 2),
    "a control character": ("[runner]\nparallel = 2\x07\n", 2),
    "a line too long": ("[git]\nlocal-paths = /" + "a" * 250 + "\n", 2),
    "no key": ("[runner]\nparallel\n", 2),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_fails_the_reload_and_the_old_one_stays(machine, deployd, what):
    text, line = BAD[what]
    machine.write(FILE, text)
    try:
        before = daemon.pid(machine), machine.get(ROOT, "Manager.PortRange")
        error, message = daemon.refused(machine, ROOT, "Manager.Reload")
        assert error == daemon.BUS_ERROR + "InvalidArgs"
        assert re.match(rf"{FILE}:{line}: \S", message)
        # By the name of the program: it is gone so soon that the journal does not always know its unit any more.
        with machine.follow(SYSLOG_IDENTIFIER="busctl") as journal:
            with pytest.raises(Failed):
                machine.systemctl("reload", daemon.UNIT)
            journal.wait(lambda entry: f"{FILE}:{line}: " in entry["MESSAGE"])
        assert daemon.state(machine, "ActiveState") == "active"
        assert (daemon.pid(machine), machine.get(ROOT, "Manager.PortRange")) == before
        assert deployd.get("shop", "Status") == "running"
    finally:
        machine.run(["rm", FILE])
    machine.systemctl("reload", daemon.UNIT)


@pytest.mark.leaves("C9: with a bad file it exits with status 78")
def test_a_bad_file_keeps_it_from_starting_until_it_is_right(machine, deployd):
    machine.write(FILE, "[runner]\nparallel = 0\n")
    with daemon.untouched(machine, "shop"), machine.follow(_SYSTEMD_UNIT=daemon.UNIT) as journal:
        machine.run(["systemctl", "restart", daemon.UNIT], check=False)
        entry = journal.wait(lambda entry: f"{FILE}:2: " in entry["MESSAGE"])
        assert re.search(r"1 to 64", entry["MESSAGE"])
        assert entry["PRIORITY"] == "3"
        machine.wait(lambda: daemon.state(machine, "ExecMainStatus") == "78", what="the exit status of a bad file")
        machine.run(["rm", FILE])
        daemon.ready(machine)
        assert deployd.get("shop", "Status") == "running"


def test_what_is_unknown_is_a_warning_with_file_and_line(machine, deployd):
    before = machine.get(ROOT, "Manager.PortRange")
    with machine.follow(_SYSTEMD_UNIT=daemon.UNIT) as journal, \
            daemon.configured(machine, "[runner]\nparallel = 2\nparalel = 3\n[nothing]\nkey = value\n"):
        for line, name in ((3, "paralel"), (5, "nothing")):
            entry = journal.wait(lambda entry, line=line: f"{FILE}:{line}" in entry["MESSAGE"])
            assert name in entry["MESSAGE"]
            assert entry["PRIORITY"] == "4"
    assert machine.get(ROOT, "Manager.PortRange") == before


# Where the settings are

def test_drop_ins_are_read_after_the_file_in_the_order_of_their_names(machine, deployd):
    files = {"/etc/deployd/deploy.conf": "29001", "/etc/deployd/deploy.conf.d/70-b.conf": "29003",
             "/etc/deployd/deploy.conf.d/61-a.conf": "29002", "/etc/deployd/deploy.conf.d/90-c.txt": "29004"}
    before, kept = machine.get(ROOT, "Manager.PortRange"), machine.read("/etc/deployd/deploy.conf")
    try:
        for path, low in files.items():
            machine.write(path, f"[ports]\nrange = {low}-29999\n")
        machine.systemctl("reload", daemon.UNIT)
        assert machine.get(ROOT, "Manager.PortRange") == [29003, 29999]
        machine.run(["rm", "/etc/deployd/deploy.conf.d/70-b.conf"])
        machine.systemctl("reload", daemon.UNIT)
        assert machine.get(ROOT, "Manager.PortRange") == [29002, 29999]
        machine.run(["rm", "/etc/deployd/deploy.conf.d/61-a.conf"])
        machine.systemctl("reload", daemon.UNIT)
        assert machine.get(ROOT, "Manager.PortRange") == [29001, 29999]
    finally:
        machine.run(["rm", "--force", *list(files)[1:]])
        machine.write("/etc/deployd/deploy.conf", kept)
        machine.systemctl("reload", daemon.UNIT)
    assert machine.get(ROOT, "Manager.PortRange") == before


def example(deb):
    """The example that the package has. (Machines are without documentation.)"""
    archive = subprocess.run(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE, check=True).stdout
    return subprocess.run(["tar", "--extract", "--to-stdout", "./usr/share/doc/deployd/deploy.conf.example"],
                          input=archive, stdout=subprocess.PIPE, check=True).stdout.decode()


def test_the_example_is_the_defaults(machine, deployd, pytestconfig):
    # Every line of it, no longer a comment, is taken without a warning.
    machine.run(["rm", "/etc/deployd/deploy.conf.d/50-test.conf"])
    try:
        machine.systemctl("restart", daemon.UNIT)
        ranges = machine.get(ROOT, "Manager.PortRange")
        machine.write(FILE, re.sub(r"^#(\S+ =)", r"\1", example(pytestconfig.getoption("deb")), flags=re.MULTILINE))
        assert len(re.findall(r"^\S+ =", machine.read(FILE), re.MULTILINE)) > 40
        machine.systemctl("restart", daemon.UNIT)
        assert not said(machine, FILE)
        assert machine.get(ROOT, "Manager.PortRange") == ranges == [20000, 29999]
    finally:
        machine.run(["rm", "--force", FILE])
        machine.write("/etc/deployd/deploy.conf.d/50-test.conf", repositories.CONFIGURATION)
        machine.systemctl("restart", daemon.UNIT)


# What settings do

@pytest.mark.parametrize("how", ["reload", "restart"])
def test_ports_are_assigned_from_the_range(machine, deployd, how):
    with daemon.configured(machine, "[ports]\nrange = 24100-24101\nstable-range = 31500-31599\n", reload=False):
        machine.systemctl(how, daemon.UNIT)
        assert machine.get(ROOT, "Manager.PortRange") == [24100, 24101]
        deployd.app(f"ports-{how}")
        assert 31500 <= deployd.get(f"ports-{how}", "Port") <= 31599
        assert deployd.live(f"ports-{how}")["AssignedPort"] in (24100, 24101)
        # What was assigned before stays.
        assert deployd.get("shop", "CurrentPort") < 24100
    deployd.do(f"ports-{how}", "Remove", "b", "true")


def test_a_range_that_is_used_up_is_a_sentence(machine, deployd):
    deployd.app("full", SILENT)
    port = deployd.get("shop", "CurrentPort")
    with daemon.configured(machine, f"[ports]\nrange = {port}-{port}\n"):
        deployment = deployd.end(deployd.deploy("full"))
        assert deployment["Status"] == "failed"
        assert f"{port}-{port}" in deployment["ErrorSummary"]
        deployd.settled(deployment["Id"], "full")
    assert deployd.get("shop", "CurrentPort") == port


def test_as_many_deployments_run_at_once_as_parallel_says(machine, deployd):
    gate = daemon.Gate(machine, "fetch")
    dropin = "/run/systemd/system/deployd-fetch-.service.d/50-test.conf"
    apps = ["one", "two", "three"]
    for app in apps:
        deployd.app(app)
    machine.write(dropin, f"[Service]\nExecStartPre=+{gate.wait}\n")
    machine.systemctl("daemon-reload")
    try:
        with daemon.configured(machine, "[runner]\nparallel = 1\n"):
            numbers = [deployd.deploy(app) for app in apps]
            deployd.status(numbers[0], "fetching")
            assert [deployd.describe(number)["Status"] for number in numbers] == ["fetching", "queued", "queued"]
            assert machine.get(ROOT, "Manager.DeploymentsRunning") == 1
            assert machine.get(ROOT, "Manager.DeploymentsQueued") == 2
            machine.write(FILE, "[runner]\nparallel = 2\n")
            machine.systemctl("reload", daemon.UNIT)
            deployd.status(numbers[1], "fetching")
            assert [deployd.describe(number)["Status"] for number in numbers] == ["fetching", "fetching", "queued"]
            gate.open()
            assert [deployd.end(number)["Status"] for number in numbers] == ["live"] * 3
    finally:
        machine.run(["rm", dropin])
        machine.systemctl("daemon-reload")


def test_an_app_has_as_long_to_listen_as_start_timeout_says(machine, deployd):
    deployd.app("silent", SILENT)
    with daemon.configured(machine, "[runner]\nstart-timeout = 2s\n"):
        deployment = deployd.end(deployd.deploy("silent"))
        assert deployment["Status"] == "failed"
        assert re.fullmatch(r"web\.1 did not listen on port \d+, its \$PORT, within 2 s", deployment["ErrorSummary"])
        assert 2_000_000 <= deployment["FinishedAt"] - deployment["StartedAt"]
        deployd.settled(deployment["Id"], "silent")


BIG = {"Procfile": SILENT["Procfile"], "big": "x" * 3_000_000, "a/b/c/d/e": "deep", "1": "", "2": "", "3": ""}


@pytest.mark.parametrize("setting, bound", [
    ("fetch-max-bytes = 2M", "2.0 MiB|2097152"), ("fetch-max-files = 4", "4"), ("fetch-max-depth = 3", "3")])
def test_a_tree_beyond_the_bounds_of_a_fetch_is_refused(machine, deployd, setting, bound):
    app = re.sub("[^a-z]+", "-", setting).strip("-").removesuffix("-m")
    deployd.app(app, BIG)
    with daemon.configured(machine, f"[runner]\n{setting}\n"):
        deployment = deployd.end(deployd.deploy(app))
        assert deployment["Status"] == "failed"
        assert deployment["ErrorSummary"].startswith("fetch: ")
        assert re.search(bound, deployment["ErrorSummary"]), deployment["ErrorSummary"]
        deployd.settled(deployment["Id"], app)


def test_a_fetch_takes_no_longer_than_fetch_timeout(machine, deployd):
    machine.run(["systemd-run", "--quiet", "--unit=test-mute", "--socket-property=ListenStream=127.0.0.1:8420",
                 "sleep", "infinity"])
    deployd.create_repository("mute", "http://127.0.0.1:8420/mute.git")
    deployd.create_app("mute", "mute")
    with daemon.configured(machine, "[runner]\nfetch-timeout = 2s\n"):
        deployment = deployd.end(deployd.deploy("mute"))
        assert deployment["Status"] == "failed"
        assert deployment["ErrorSummary"] == "fetch: ran out of time: fetch-timeout of [runner] in deploy.conf"
        assert 2_000_000 <= deployment["FinishedAt"] - deployment["StartedAt"]
        deployd.settled(deployment["Id"], "mute")
    machine.systemctl("stop", "test-mute.socket", "test-mute.service")


def test_the_limits_of_apps_are_those_of_the_file_or_their_own(machine, deployd):
    with daemon.configured(machine, "[runner]\napp-memory-max = 100M\napp-tasks-max = 77\napp-cpu-quota = 50%\n"
                                    "stop-timeout = 7s\napp-memory-limit = 200M\n"):
        deployd.app("limited", MemoryMax=150 << 20)
        deployd.app("unlimited")
        seen = {app: machine.show(deployd.live(app)["Units"][0], "MemoryMax", "TasksMax", "CPUQuotaPerSecUSec",
                                  "TimeoutStopUSec") for app in ("limited", "unlimited")}
        others = {"TasksMax": "77", "CPUQuotaPerSecUSec": "500ms", "TimeoutStopUSec": "7s"}
        assert seen["limited"] == {"MemoryMax": str(150 << 20)} | others
        assert seen["unlimited"] == {"MemoryMax": str(100 << 20)} | others
        error, message = daemon.refused(machine, "/org/deployd/Deploy1/app/limited", "App.SetProperties", "a{sv}", 1,
                                        "MemoryMax", "t", 201 << 20)
        assert error == daemon.BUS_ERROR + "InvalidArgs" and str(200 << 20) in message


def test_a_scheme_that_is_not_allowed_is_refused(machine, deployd):
    with daemon.configured(machine, "[git]\nschemes = https\nlocal-paths = none\n"):
        for url in ("http://127.0.0.1/x.git", "ssh://git@example.com/x", f"{repositories.DIRECTORY}/shop.git"):
            error, message = daemon.refused(machine, ROOT, "Manager.CreateRepository", "sssa{sv}", "x", url, "", 0)
            assert error == daemon.ERROR + "InvalidUrl"
            assert "https://HOST/PATH" in message


# What is logged

def test_the_level_of_the_file_is_what_is_logged(machine, deployd):
    assert machine.systemctl("service-log-level", daemon.UNIT) == "info"
    with daemon.configured(machine, "[log]\nlevel = warning\n"):
        assert machine.systemctl("service-log-level", daemon.UNIT) == "warning"
        deployd.create_repository("unsaid", "https://example.com/x")
        assert not said(machine, "Repository unsaid was created")
    deployd.create_repository("said", "https://example.com/x")
    assert said(machine, "Repository said was created")


def test_root_may_set_the_level_and_nobody_else(machine, deployd):
    machine.systemctl("service-log-level", daemon.UNIT, "debug")
    assert machine.systemctl("service-log-level", daemon.UNIT) == "debug"
    with pytest.raises(Failed):
        machine.systemctl("service-log-level", daemon.UNIT, "err", user="nobody")
    assert machine.systemctl("service-log-level", daemon.UNIT, user="nobody") == "debug"

    path, words = "/org/freedesktop/LogControl1", ["ssv", "org.freedesktop.LogControl1", "LogLevel"]
    member = "org.freedesktop.DBus.Properties.Set"
    assert daemon.refused(machine, path, member, *words, "s", "err", user="nobody")[0] == \
        daemon.BUS_ERROR + "AccessDenied"
    for kind, value in (("s", "loud"), ("s", ""), ("t", "7")):
        error, message = daemon.refused(machine, path, member, *words, kind, value)
        assert error == daemon.BUS_ERROR + "InvalidArgs" and "LogLevel" in message
    assert machine.systemctl("service-log-level", daemon.UNIT) == "debug"
    machine.systemctl("restart", daemon.UNIT)
    assert machine.systemctl("service-log-level", daemon.UNIT) == "info"
