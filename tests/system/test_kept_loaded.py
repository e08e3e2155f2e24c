# SPDX-License-Identifier: LGPL-2.1-or-later
"""Units that do not go when they are told to, and units under deployd's names that are not deployd's: nothing is asked for
without a pause, nobody is waited for without an end, and nothing is taken for what it is not."""

import contextlib
import os
import re
import signal
import subprocess
import time

import pytest

import apps
import daemon
from deployd import ROOT, Deployd, app_path

START_TIMEOUT, STOP_TIMEOUT, GRACE = 4, 2, 5
BURST, GIVE_UP = 2, 2
MACHINE_FILES = {
    **apps.PROGRAMS,
    daemon.CONFIGURATION: f"[runner]\nstart-timeout = {START_TIMEOUT}s\nstop-timeout = {STOP_TIMEOUT}s\n"
                          f"restart-pause = 100ms\nrestart-burst = {BURST}\nrestart-give-up = {GIVE_UP}\n",
}

# Asks PID 1 for more time again and again, before it is ready if it is told so, and does not end when it is told to.
ENDLESS = '''\
import http.server, os, signal, socket, sys, threading, time

def notify(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(text, os.environ["NOTIFY_SOCKET"])

def extend():
    while True:
        notify(b"EXTEND_TIMEOUT_USEC=60000000")
        time.sleep(0.2)

signal.signal(signal.SIGTERM, signal.SIG_IGN)
threading.Thread(target=extend, daemon=True).start()
if sys.argv[1] == "never":
    time.sleep(600)
server = http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler)
notify(b"READY=1")
server.serve_forever()
'''


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


def wait_for_status(machine, deployd, app, status):
    machine.wait(lambda: deployd.get(app, "Status") == status, what=f"{app} is {status}")


@contextlib.contextmanager
def kept_loaded(machine, unit, name):
    """A unit of the administrator that is ordered after one of deployd's, which PID 1 therefore keeps loaded."""
    machine.write(f"/run/systemd/system/{name}.service", f"[Unit]\nAfter={unit}\n[Service]\nExecStart=sleep infinity\n")
    machine.systemctl("daemon-reload")
    machine.systemctl("start", name)
    try:
        yield
    finally:
        machine.systemctl("stop", name)
        machine.run(["rm", f"/run/systemd/system/{name}.service"])
        machine.systemctl("daemon-reload")


def ticks(machine):
    """The processor time of PID 1, in hundredths of a second."""
    return sum(map(int, machine.read("/proc/1/stat").rpartition(")")[2].split()[11:13]))


def idle(machine):
    """Checks that nothing keeps PID 1 busy."""
    before = ticks(machine)
    time.sleep(3)
    assert ticks(machine) - before < 30


def invocation(machine, unit):
    return machine.show(unit, "InvocationID")["InvocationID"]


def said(machine, text, since="0"):
    """The lines of deployd with a text in them."""
    return [entry["MESSAGE"] for entry in machine.journal(_SYSTEMD_UNIT=daemon.UNIT)
            if text in entry["MESSAGE"] and entry["__REALTIME_TIMESTAMP"] > since]


def now(machine):
    return machine.sh("date +%s%6N")


def test_an_app_whose_unit_is_kept_loaded_does_all_that_others_do(machine, deployd):
    repository = deployd.app("kept", apps.mirror("1"))
    unit = deployd.live("kept")["Units"][0]
    with kept_loaded(machine, unit, "after-kept"):
        for verb in ("Restart", "Stop", "Start", "Stop", "Restart"):
            before = invocation(machine, unit)
            deployd.do("kept", verb)
            if verb == "Stop":
                wait_for_status(machine, deployd, "kept", "stopped")
                machine.wait(lambda: machine.show(unit, "ActiveState")["ActiveState"] == "inactive", what="its end")
                assert machine.show(unit, "LoadState")["LoadState"] == "loaded"
            else:
                machine.wait(lambda one=before: invocation(machine, unit) != one, what="another run of it")
                wait_for_status(machine, deployd, "kept", "running")
                deployd.answers("kept", lambda text: text == "mirror 1\n")
        # Killed as often as PID 1 may start it, it is started again from nothing.
        before = int(now(machine))
        while not said(machine, "ends again and again", since=str(before)):
            machine.systemctl("kill", "--signal=KILL", unit, check=False)
        wait_for_status(machine, deployd, "kept", "running")
        deployd.answers("kept", lambda text: text == "mirror 1\n")

        repository.commit(apps.mirror("2"))
        deployd.live("kept")
        machine.wait(lambda: machine.show(unit, "ActiveState")["ActiveState"] == "inactive", what="the end of the old one")
        idle(machine)
        before = daemon.pid(machine)
        machine.systemctl("restart", daemon.UNIT, timeout=30)
        daemon.ready(machine, after=before)
        assert machine.show(unit, "LoadState", "ActiveState") == {"LoadState": "loaded", "ActiveState": "inactive"}
        deployd.answers("kept", lambda text: text == "mirror 2\n")


def test_a_unit_that_is_kept_loaded_and_stopped_by_hand_stays_stopped(machine, deployd):
    deployd.app("hand", apps.mirror("1"))
    unit = deployd.live("hand")["Units"][0]
    with kept_loaded(machine, unit, "after-hand"):
        machine.systemctl("stop", unit)
        wait_for_status(machine, deployd, "hand", "stopped")
        machine.systemctl("restart", daemon.UNIT)
        daemon.ready(machine)
        assert deployd.get("hand", "Status") == "stopped"
        deployd.do("hand", "Start")
        wait_for_status(machine, deployd, "hand", "running")


@contextlib.contextmanager
def unkillable(machine, unit):
    """A process that PID 1 of the machine cannot kill, in the control group of a unit: one of outside its pid namespace."""
    groups = machine.control_groups(unit)
    assert groups
    with subprocess.Popen(["sleep", "infinity"]) as process:
        try:
            for group in groups:
                (group / "cgroup.procs").write_text(f"{process.pid}\n")
            yield
        finally:
            os.kill(process.pid, signal.SIGKILL)


def test_a_process_that_cannot_be_killed_holds_up_nobody(machine, deployd):
    deployd.app("stuck", apps.mirror("1"))
    unit = deployd.live("stuck")["Units"][0]
    since = now(machine)
    with unkillable(machine, unit):
        deployd.do("stuck", "Remove", "b", "true")
        machine.wait(lambda: machine.show(unit, "ActiveState")["ActiveState"] == "inactive", what="its end")
        machine.wait(lambda: said(machine, unit, since=since), what="a line about it")
        idle(machine)
        before = daemon.pid(machine)
        machine.systemctl("restart", daemon.UNIT, timeout=30)
        daemon.ready(machine, after=before)
        deployd.app("unstuck", apps.mirror("1"))
        deployd.live("unstuck")
    assert said(machine, unit, since=since)[0] == (
        f"Unit {unit} has ended, but a process of it cannot be killed; going on without it: see "
        f"'systemd-cgls --unit {unit}'")


def test_a_unit_that_takes_its_time_to_end_does_not_hold_up_the_start(machine, deployd):
    deployd.app("prompt", apps.mirror("1"))
    # A number that the database has given out: a unit of another one would be of another database.
    unit, since = f"deployd-app-gone-{deployd.live('prompt')['Id']}.web.1.service", now(machine)
    machine.run(["systemd-run", "--quiet", f"--unit={unit}", "--slice=deployd-apps-gone.slice", "--uid=deployd-a4242",
                 "--property=DynamicUser=yes", "--property=TimeoutStopSec=40s", "sh", "-c",
                 "trap : TERM; while :; do sleep 1; done"])
    before = daemon.pid(machine)
    began = time.monotonic()
    machine.systemctl("restart", daemon.UNIT)
    daemon.ready(machine, after=before)
    assert time.monotonic() - began < 25
    assert machine.show(unit, "ActiveState")["ActiveState"] == "deactivating"
    assert said(machine, "Going on", since=since) == [
        f"Going on without waiting any longer for units that do not end: {unit}; see 'systemctl status' of each"]
    deployd.live("prompt")
    machine.systemctl("kill", "--signal=KILL", unit)


@pytest.mark.parametrize("verb", ["Stop", "Restart", "by hand"])
def test_an_app_cannot_put_off_its_end(machine, deployd, verb):
    name = f"endless-{verb.replace(' ', '-').lower()}"
    deployd.app(name, {"Procfile": "web: exec python3 app.py soon\n", "app.py": ENDLESS}, Readiness="notify")
    unit = deployd.live(name)["Units"][0]
    before, began = invocation(machine, unit), time.monotonic()
    if verb == "by hand":
        machine.systemctl("stop", "--no-block", unit)
    else:
        deployd.do(name, verb)
    machine.wait(lambda: machine.show(unit, "ActiveState")["ActiveState"] in ("failed", "inactive") or
                 invocation(machine, unit) != before, what="the end of it")
    assert time.monotonic() - began < 3 * (STOP_TIMEOUT + GRACE)
    # Its end by SIGKILL is a failure, which does not undo that somebody has stopped it.
    wait_for_status(machine, deployd, name, "running" if verb == "Restart" else "stopped")
    by_hand = f"Unit {unit} was stopped by somebody: it stays stopped until 'deployctl start {name}', a deployment or the next boot"
    assert said(machine, f"Unit {unit}") == [
        f"Unit {unit} is in state 'stop-sigterm' for more than {STOP_TIMEOUT + GRACE} s, longer than its timeout allows: "
        "killing all of its processes", *[by_hand] * (verb == "by hand")]


def test_an_app_cannot_put_off_its_start(machine, deployd):
    deployd.app("never", {"Procfile": "web: exec python3 app.py never\n", "app.py": ENDLESS}, Readiness="notify")
    began = time.monotonic()
    number = deployd.deploy("never")
    assert deployd.end(number)["ErrorSummary"] == f"web.1 did not say READY=1 within {START_TIMEOUT} s"
    deployd.settled(number, "never")
    assert time.monotonic() - began < 3 * (START_TIMEOUT + STOP_TIMEOUT + 2 * GRACE)


def test_a_unit_of_somebody_else_under_the_name_is_not_adopted(machine, deployd):
    deployd.app("mine", apps.mirror("1"))
    number = deployd.live("mine")["Id"] + 1
    unit = f"deployd-app-mine-{number}.web.1.service"
    stranger = ["systemd-run", "--quiet", f"--unit={unit}", "sleep", "infinity"]
    machine.run(stranger)
    assert deployd.deploy("mine") == number
    assert deployd.end(number)["ErrorSummary"] == (
        f"web.1 could not be started: the unit {unit} is not deployd's: somebody else has made it "
        f"(/run/systemd/transient/{unit}); look at it with 'systemctl cat {unit}', and remove it "
        f"('systemctl stop {unit}' if it was made by systemd-run)")
    assert machine.show(unit, "ActiveState")["ActiveState"] == "active"
    machine.systemctl("stop", unit)

    # Of the live deployment.
    unit, since = deployd.live("mine")["Units"][0], now(machine)
    machine.systemctl("stop", unit)
    wait_for_status(machine, deployd, "mine", "stopped")
    machine.run([*stranger[:2], f"--unit={unit}", *stranger[3:]])
    machine.wait(lambda: said(machine, f"web.1 of mine does not run: the unit {unit} is not deployd's", since=since),
                 what="a line about it")
    assert deployd.get("mine", "Status") == "stopped"
    deployd.do("mine", "Start")
    machine.wait(lambda: said(machine, f"web.1 of mine could not be started: the unit {unit} is not", since=since),
                 what="a line about its start")
    wait_for_status(machine, deployd, "mine", "degraded")
    assert machine.show(unit, "ActiveState")["ActiveState"] == "active"
    machine.systemctl("stop", unit)
    deployd.do("mine", "Start")
    wait_for_status(machine, deployd, "mine", "running")


def test_the_end_of_an_earlier_run_is_not_taken_for_that_of_this_one(machine, deployd):
    deployd.app("again", apps.mirror("1"))
    number = deployd.live("again")["Id"] + 1
    unit = f"deployd-import-again-{number}.service"
    machine.run(["systemd-run", "--quiet", f"--unit={unit}", "--slice=deployd.slice", "--property=RemainAfterExit=yes", "true"])
    deployd.set("again", Buildpack="none")
    machine.call(app_path("again"), "App.SetProperties", "a{sv}", 0)
    assert machine.call(ROOT, "Manager.Deploy", "ssa{sv}", "again", "", 0)[0] == number
    assert deployd.end(number)["ErrorSummary"] == (
        f"import: the unit {unit} of an earlier run is still loaded; the units that keep it are in 'systemctl show "
        f"--property=Before,WantedBy,RequiredBy {unit}'")
    assert re.fullmatch(r"(inactive|active)", machine.show(unit, "ActiveState")["ActiveState"])
    machine.systemctl("stop", unit, check=False)
