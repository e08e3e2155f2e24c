# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was checked is what runs: settings count from the next deployment on, and whether an app is stopped has one answer."""

import json

import pytest

import daemon
import repository as repositories
from deployd import Deployd, Held, app_path

RELEASES = "/var/lib/deployd/releases"
MACHINE_FILES = {daemon.CONFIGURATION: "[runner]\nstart-timeout = 5s\nrestart-pause = 100ms\n"}

# Answers with its DYNO, with 404 at /missing. With an argument it does not end at SIGTERM.
APP = '''\
import http.server, os, signal, sys

if sys.argv[1:]:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404 if self.path == "/missing" else 200)
        self.end_headers()
        self.wfile.write(os.environ["DYNO"].encode())

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
'''


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


def deploy(deployd, name, n=1, argument="", **settings):
    """An app that is live with n instances: its deployment."""
    deployd.app(name, {"Procfile": f"web: exec python3 app.py {argument}\n", "app.py": APP}, Buildpack="none", **settings)
    deployd.machine.run(["deployctl", "scale", name, f"web={n}"])
    return deployd.live(name)


def status(deployd, app, wanted):
    """Waits until an app has a status."""
    deployd.machine.wait(lambda: deployd.get(app, "Status") == wanted, what=f"{app} being {wanted}")


def who(deployd, app):
    """Which instances of an app answer, of some requests in a row."""
    port = deployd.get(app, "Port")
    return {deployd.machine.curl(port, check=False) for _ in range(8)}


def served(deployd, app):
    """Waits until an app is running, and as many instances as its formation says answer, and no others."""
    dynos = [f"web.{number}" for number in range(1, deployd.get(app, "Formation")["web"] + 1)]
    wanted = {(200, dyno) for dyno in dynos}
    deployd.machine.wait(lambda: deployd.get(app, "Status") == "running" and who(deployd, app) == wanted,
                         what=f"{app} answering as {dynos}")


def kill(deployd, unit):
    """Kills the process of an instance."""
    deployd.machine.systemctl("kill", "--signal=KILL", unit)


def started_again(deployd, app, cause):
    """Waits until each instance of an app that runs before cause() is another process."""
    before = daemon.instances(deployd.machine, app)
    assert before and all(pid != "0" for pid, _ in before.values())
    cause()
    deployd.machine.wait(lambda: all(pid not in ("0", before[unit][0]) for unit, (pid, _) in
                                     daemon.instances(deployd.machine, app).items() if unit in before),
                         what=f"{app} being started again")


def verify(deployd):
    """Runs `deployd verify`: (exit status, what it says of units)."""
    done = deployd.machine.run(["/usr/sbin/deployd", "verify", "--json"], check=False)
    units, = (check for check in json.loads(done.stdout)["checks"] if check["id"] == "units")
    return done.returncode, units["detail"]


def said(deployd, *words):
    """What deployd has said that has all of these words in it."""
    return [entry["MESSAGE"] for entry in deployd.machine.journal(_SYSTEMD_UNIT=daemon.UNIT)
            if all(word in entry["MESSAGE"] for word in words)]


def remove(deployd, app, force):
    """Removes an app, and waits until nothing of it runs any more."""
    deployd.do(app, "Remove", "b", force)
    deployd.signal(lambda message: message.get("member") == "AppRemoved" and app in message["arguments"])


# Settings that are changed after a deployment

@pytest.fixture(scope="module")
def changed(deployd):
    """An app that is live, and has settings now with which no deployment of it would be live."""
    deploy(deployd, "changed")
    deployd.set("changed", Readiness="notify", HealthCheckPath="/missing")


def stop_and_start(deployd):
    deployd.do("changed", "Stop")
    status(deployd, "changed", "stopped")
    deployd.do("changed", "Start")


def reboot(deployd):
    deployd.machine.reboot()
    repositories.serve(deployd.machine)
    daemon.ready(deployd.machine)
    deployd.listen()


EVENTS = {
    "restart": lambda deployd: started_again(deployd, "changed", lambda: deployd.do("changed", "Restart")),
    "stop and start": stop_and_start,
    "crash": lambda deployd: started_again(deployd, "changed",
                                           lambda: kill(deployd, next(iter(daemon.instances(deployd.machine, "changed"))))),
    "reload": lambda deployd: deployd.machine.systemctl("reload", daemon.UNIT),
    "scale": lambda deployd: deployd.machine.run(["deployctl", "scale", "changed", "web=2"]),
    "boot": reboot,
}


@pytest.mark.parametrize("event", EVENTS)
def test_settings_of_the_next_deployment_do_not_judge_the_live_one(deployd, changed, event):
    EVENTS[event](deployd)
    served(deployd, "changed")
    assert not said(deployd, "deployd-app-changed-", "gets no requests")


def test_they_judge_the_next_deployment(deployd, changed):
    deployd.set("changed", Readiness="port")
    failed = deployd.end(deployd.deploy("changed"))
    assert failed["Status"] == "failed"
    assert "the health check GET /missing on port" in failed["ErrorSummary"]
    served(deployd, "changed")


# Whether it is stopped

def test_a_crash_is_no_stop(deployd):
    unit, = deploy(deployd, "crashed")["Units"]
    started_again(deployd, "crashed", lambda: kill(deployd, unit))
    served(deployd, "crashed")
    assert not said(deployd, f"Unit {unit} was stopped by somebody")


@pytest.mark.parametrize("argument", ["", "stubborn"], ids=["that ends", "that has to be killed"])
def test_an_app_whose_units_are_stopped_is_stopped(deployd, argument):
    """Like one that was stopped with deployctl: in its status, for verify, for start and for remove."""
    name = f"byhand{argument}"
    units = deploy(deployd, name, 2, argument, StopTimeoutUSec=500_000)["Units"]
    deployd.machine.systemctl("stop", *units)
    status(deployd, name, "stopped")
    assert deployd.machine.curl(deployd.get(name, "Port"))[0] == 503
    assert verify(deployd)[0] == 0
    daemon.kill(deployd.machine)
    deployd.listen()
    status(deployd, name, "stopped")
    assert all(pid == "0" for pid, _ in daemon.instances(deployd.machine, name).values())

    deployd.do(name, "Start")
    served(deployd, name)
    deployd.machine.systemctl("stop", *units)
    status(deployd, name, "stopped")
    remove(deployd, name, "false")


# What is there

def test_a_release_that_is_lost_while_it_runs_serves_on_until_it_is_built_again(deployd):
    live = deploy(deployd, "lost")
    deployd.machine.run(["rm", "--recursive", f"{RELEASES}/{live['Id']}"])
    with daemon.untouched(deployd.machine, "lost"):
        for method, *arguments in (["Redeploy"], ["Restart"], ["Rollback", "t", live["Id"]]):
            error, sentence = daemon.refused(deployd.machine, app_path("lost"), f"App.{method}", *arguments)
            assert error == daemon.ERROR + "NoSuchRelease", method
            assert sentence == ("its release is not on the disk any more: "
                                f"'deployctl deploy lost {live['Revision'][:12]}' builds it again")
        served(deployd, "lost")
    again = deployd.live("lost", live["Revision"])
    assert deployd.machine.root(f"{RELEASES}/{again['Id']}/app/app.py").exists()
    served(deployd, "lost")
    started_again(deployd, "lost", lambda: deployd.do("lost", "Restart"))
    served(deployd, "lost")
    # The row of the lost release is there as long as that of any other.
    remove(deployd, "lost", "true")


def test_verify_passes_during_a_build(deployd):
    deployd.app("building", {"Procfile": "web: sleep infinity\n"}, BuildCommand="true")
    with Held(deployd.machine, "build") as held:
        number = deployd.deploy("building")
        held.unit("building-*")
        assert verify(deployd)[0] == 0
        deployd.do("building", "Stop")
        assert deployd.end(number)["Status"] == "cancelled"


def test_verify_names_an_instance_that_is_wanted_and_not_there(deployd):
    """There are too few ports for it."""
    live = deploy(deployd, "short")
    with daemon.configured(deployd.machine, f"[ports]\nrange = {live['AssignedPort']}-{live['AssignedPort'] + 1}\n"):
        with deployd.machine.follow("--unit", daemon.UNIT) as journal:
            deployd.machine.run(["deployctl", "scale", "short", "web=4"])
            journal.wait(lambda entry: "short has fewer instances than its formation says" in entry["MESSAGE"])
        code, lines = verify(deployd)
        assert (code, lines) == (1, [f"app short has no web.{number}, which its formation asks for: "
                                     "'systemctl restart deployd' starts it" for number in (2, 3, 4)])
    deployd.machine.systemctl("restart", daemon.UNIT)
    deployd.listen()
    served(deployd, "short")
    assert verify(deployd)[0] == 0
