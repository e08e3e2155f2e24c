# SPDX-License-Identifier: LGPL-2.1-or-later
"""When a new instance is live: it answers its health check, and it says that it is ready, where an app wants that."""

import re

import pytest

import repository as repositories
from deployd import Deployd, app_path, changes, deployment_path

CONFIGURATION = """\
[runner]
start-timeout = 3s
stop-timeout = 5s
restart-pause = 500ms
"""

# A server that behaves at /up as its second argument says, and as its first says about being ready. Elsewhere it answers
# well: at / with both, at /asked how often /up was asked, at /die not at all, and at /reload and /reloaded it says to
# systemd that it reads its configuration again, and has.
APP = '''\
import http.server, os, socket, sys, threading, time

SAID = {"/reload": b"RELOADING=1", "/reloaded": b"READY=1"}
ready, health = sys.argv[1:]
asked = 0

def notify(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(text, os.environ["NOTIFY_SOCKET"])

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/up":
            return self.up()
        if self.path == "/die":
            os._exit(4)
        if self.path in SAID:
            notify(SAID[self.path])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"%d" % asked if self.path == "/asked" else " ".join(sys.argv[1:]).encode())

    def up(self):
        global asked
        asked += 1
        behaviour = os.environ.get("HEALTH", health)
        status = {"late": 503 if asked <= 3 else 200, "busy": 503}.get(behaviour, 200)
        if behaviour == "dying" and asked > 1:
            print("no strength", flush=True)
            os._exit(3)
        self.send_response(status)
        self.end_headers()
        while behaviour == "endless":
            self.wfile.write(b"x" * 65536)

    def log_message(self, *_):
        pass

if ready == "dumb":
    time.sleep(60)
if ready == "broken":
    print("no strength", flush=True)
    sys.exit(3)
server = http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler)
if ready == "notify":
    notify(b"READY=1\\nSTATUS=up")
elif ready == "slow":
    # What listens is not ready: nothing is asked before it says so.
    threading.Timer(1, lambda: notify(b"READY=%d" % (asked == 0))).start()
server.serve_forever()
'''


def tree(ready, health, before="exec "):
    """The tree of that app; `before` is what the shell does before it."""
    return {"Procfile": f"web: {before}python3 app.py {ready} {health}\n", "app.py": APP}


@pytest.fixture(scope="module")
def deployd(boot):
    machine = boot(files={"/etc/deployd/deploy.conf.d/60-test.conf": CONFIGURATION})
    repositories.serve(machine)
    return Deployd(machine)


@pytest.fixture(scope="module")
def steady(deployd):
    """An app with a health check: its repository, and its live deployment."""
    repository = deployd.app("steady", tree("port", "well"), HealthCheckPath="/up")
    return repository, deployd.live("steady")


@pytest.fixture(scope="module")
def willing(deployd):
    """The same for one that says when it is ready."""
    repository = deployd.app("willing", tree("notify", "well"), Readiness="notify")
    return repository, deployd.live("willing")


def fails(deployd, live, sentence):
    """Deploys the newest commit of the app of `live`: it must fail with a sentence, and that one stay as it is."""
    unit, app = live["Units"][0], live["AppName"]
    pid = deployd.machine.show(unit, "MainPID")
    number = deployd.deploy(app)
    failed = deployd.end(number)
    assert failed["Status"] == "failed"
    assert re.fullmatch(sentence.format(port=failed["AssignedPort"]), failed["ErrorSummary"]), failed["ErrorSummary"]
    deployd.settled(number, app)
    stays_live(deployd, live, pid)


def stays_live(deployd, live, pid):
    """It is the same process that answers."""
    unit, app = live["Units"][0], live["AppName"]
    assert deployd.machine.show(unit, "MainPID") == pid
    assert deployd.machine.curl(live["AssignedPort"])[0] == 200
    assert deployd.get(app, "Status") == "running"
    assert deployd.get(app, "CurrentPort") == live["AssignedPort"]


# The health check

CHECK = r"the health check GET /up on port {port} "
BAD = {
    "busy": CHECK + r"answered 503 \(\d+ times\)",
    "dying": r"web\.1 exited with status 3 before the health check GET /up on port {port} succeeded: no strength",
}


@pytest.mark.parametrize("health", BAD)
def test_an_instance_that_fails_its_health_check_is_not_live_and_what_was_goes_on(deployd, steady, health):
    repository, live = steady
    repository.commit(tree("port", health))
    fails(deployd, live, BAD[health])


@pytest.mark.parametrize("health", ["late", "endless"])
def test_an_instance_that_answers_well_at_last_is_live(deployd, health):
    deployd.app(f"well-{health}", tree("port", health), HealthCheckPath="/up")
    deployment = deployd.live(f"well-{health}")
    path = deployment_path(deployment["Id"])
    said = [changed.get("StatusText") for message in deployd.drain() for changed in changes(message, path)]
    assert "waiting until GET /up answers" in said
    asked = deployd.machine.curl(deployment["AssignedPort"], "/asked")
    # check-successes of them were good; afterwards nobody asks.
    assert asked == (200, {"late": "7", "endless": "4"}[health])


def test_a_rollback_is_checked_too(deployd):
    repository = deployd.app("back", tree("port", "well"), HealthCheckPath="/up")
    first = deployd.live("back")
    repository.commit(tree("port", "endless"))
    second = deployd.live("back")
    rolled = deployd.end(deployd.do("back", "Rollback", "t", first["Id"])[0])
    assert rolled["Status"] == "live", rolled["ErrorSummary"]
    assert deployd.machine.curl(rolled["AssignedPort"]) == (200, "port well")
    # With that environment it is not well any more, and the environment is taken back.
    failed = deployd.end(deployd.do("back", "SetEnvironment", "a{ss}as", 1, "HEALTH", "busy", 0)[0])
    assert failed["ErrorSummary"].startswith(f"the health check GET /up on port {failed['AssignedPort']} answered 503")
    pid = deployd.machine.show(rolled["Units"][0], "MainPID")
    deployd.do("back", "StageEnvironment", "a{ss}as", 1, "HEALTH", "busy", 0)
    failed = deployd.end(deployd.do("back", "Rollback", "t", second["Id"])[0])
    assert failed["Status"] == "failed"
    assert failed["ErrorSummary"].startswith(f"the health check GET /up on port {failed['AssignedPort']} answered 503")
    stays_live(deployd, rolled, pid)


# Readiness


@pytest.mark.parametrize("before", ["exec ", ""], ids=["main process", "child"])
def test_an_app_that_says_that_it_is_ready_is_live_then(deployd, before):
    name = "ready-main" if before else "ready-child"
    deployd.app(name, tree("slow", "well", before), Readiness="notify", HealthCheckPath="/up")
    deployment = deployd.live(name)
    shown = deployd.machine.show(deployment["Units"][0])
    assert (shown["Type"], shown["NotifyAccess"], shown["TimeoutStartUSec"]) == ("notify", "all", "3s")
    assert int(deployment["FinishedAt"]) - int(deployment["StartedAt"]) > 1_000_000


def test_an_app_that_is_not_asked_to_cannot_say_anything_to_systemd(deployd, steady):
    assert deployd.machine.show(steady[1]["Units"][0], "NotifyAccess")["NotifyAccess"] == "none"


@pytest.mark.parametrize("ready, sentence", [
    ("dumb", r"web\.1 did not say READY=1 within 3 s"),
    ("broken", r"web\.1 exited with status 3 before it said READY=1: no strength"),
])
def test_an_app_that_does_not_become_ready_fails(deployd, willing, ready, sentence):
    repository, live = willing
    repository.commit(tree(ready, "well"))
    fails(deployd, live, sentence)


def test_an_app_that_is_not_ready_and_does_not_end_fails_at_once(deployd, willing):
    """It does not end at SIGTERM: nobody waits for that before saying so."""
    repository, live = willing
    repository.commit({"Procfile": "web: trap '' TERM; while :; do sleep 1; done\n"})
    number = deployd.deploy("willing")
    failed = deployd.end(number)
    assert failed["ErrorSummary"] == "web.1 did not say READY=1 within 3 s"
    deployd.settled(number, "willing")
    killed, = [entry for entry in deployd.machine.journal() if "timed out. Killing" in entry["MESSAGE"]
               and entry.get("UNIT") == f"deployd-app-willing-{number}.web.1.service"]
    assert int(killed["__REALTIME_TIMESTAMP"]) > failed["FinishedAt"]
    assert deployd.get("willing", "CurrentPort") == live["AssignedPort"]


def test_what_an_app_says_of_itself_is_told_nowhere(deployd, willing):
    deployment = deployd.describe(willing[1]["Id"])
    assert deployment["StatusText"] == ""


def test_an_app_that_says_that_it_reloads_runs(deployd):
    deployd.app("reload", tree("notify", "well"), Readiness="notify")
    deployment = deployd.live("reload")
    before = len(deployd.drain())
    assert deployd.machine.curl(deployment["AssignedPort"], "/reload")[0] == 200
    unit = deployment["Units"][0]

    def state(word):
        deployd.machine.wait(lambda: deployd.machine.show(unit, "ActiveState")["ActiveState"] == word, what=word)

    state("reloading")
    # The signal is judged: an answer of PID 1 comes later than its signal.
    deployd.app("later", tree("port", "well"))
    deployd.live("later")
    said = [c for m in deployd.drain()[before:] for c in changes(m, app_path("reload"))]
    assert [c["Status"] for c in said if "Status" in c] == []
    assert deployd.get("reload", "Status") == "running"
    assert deployd.machine.curl(deployment["AssignedPort"], "/reloaded")[0] == 200
    state("active")


def test_an_app_that_crashes_is_live_again_when_it_is_ready(deployd):
    deployd.app("crash", tree("slow", "well"), Readiness="notify")
    deployment = deployd.live("crash")
    unit, machine = deployment["Units"][0], deployd.machine
    pid, before = machine.show(unit, "MainPID")["MainPID"], len(deployd.drain())
    machine.curl(deployment["AssignedPort"], "/die", check=False)

    def statuses():
        return [c["Status"] for m in deployd.drain()[before:] for c in changes(m, app_path("crash")) if "Status" in c]

    machine.wait(lambda: statuses() == ["degraded", "running"], what="the app being degraded, then running")
    # Only when it has said so: not before the second that it takes for that is over.
    shown = machine.show(unit)
    assert shown["MainPID"] != pid and shown["NRestarts"] == "1"
    started, active = (int(machine.show(unit, name)[name]) for name in
                       ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic"))
    assert active - started > 1_000_000
    assert machine.curl(deployment["AssignedPort"])[0] == 200
