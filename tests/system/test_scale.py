# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processes: a formation of several, more and fewer of them under load, a command before the release, apps without web."""

import json
import re

import pytest

import daemon
from apps import MIRROR, PROGRAMS, Load
from deployd import Deployd, app_path, deployment_path

MACHINE_FILES = {
    "/etc/deployd/deploy.conf.d/55-test.conf": "[ports]\nrange = 20000-20019\n\n"
                                               "[runner]\ndrain-timeout = 5s\ncheck-settle = 1s\nrestart-pause = 100ms\n",
    **PROGRAMS,
}
WORKER = "exec python3 -c 'import os, signal; print(\"works as\", os.environ[\"DYNO\"], flush=True); signal.pause()'"
RATE = 100

# Answers in two halves, the second when it is told to. Says what it was asked.
HALVES = {"Procfile": "web: exec python3 app.py\n", "app.py": '''\
import http.server, os, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "12")
        self.end_headers()
        self.wfile.write(b"first ")
        print("half", flush=True)
        while not os.path.exists(os.environ["HOME"] + "/go"):
            time.sleep(0.05)
        self.wfile.write(b"second")

http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
'''}


def tree(version, **processes):
    """An app with a web process, and others by name."""
    lines = {"web": "exec python3 app.py", **processes}
    return {"Procfile": "".join(f"{name}: {line}\n" for name, line in lines.items() if line), "app.py": MIRROR,
            "VERSION": f"{version}\n"}


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


def formation(**counts):
    """In the words of busctl."""
    return ["a{sv}", 1, "Formation", "a{su}", len(counts), *(word for pair in counts.items() for word in pair)]


def scale(deployd, app, *wishes):
    return deployd.machine.run(["deployctl", "scale", app, *wishes]).stdout


def units(deployd, app):
    """The processes of the instances that run: {dyno: pid}."""
    return {name.partition(".")[2].removesuffix(".service"): pid
            for name, (pid, _) in daemon.instances(deployd.machine, app).items()}


def runs(deployd, app, *dynos):
    """Waits until these instances run, and no others, and the app is as it should be."""
    def look():
        return sorted(units(deployd, app)) == sorted(dynos) and deployd.get(app, "Status") == "running" and \
            [row.replace("|", ".") for row in deployd.sql(
                "select process, number from instance i join deployment d on d.id = i.deployment_id join app a on "
                f"a.id = d.app_id where a.name = '{app}' order by process, number")] == sorted(dynos)
    deployd.machine.wait(look, what=f"{app} being {dynos} and no more")


def test_three_web_and_two_workers(deployd):
    repository = deployd.app("shop", tree(1, worker=WORKER))
    deployd.do("shop", "SetProperties", *formation(web=3, worker=2))
    live = deployd.live("shop")
    dynos = ["web.1", "web.2", "web.3", "worker.1", "worker.2"]
    assert [unit.partition(".")[2].removesuffix(".service") for unit in live["Units"]] == dynos
    runs(deployd, "shop", *dynos)
    ports = deployd.sql(f"select port from port_lease where deployment_id = {live['Id']} order by number")
    assert len(set(ports)) == 3 and live["AssignedPort"] == int(ports[0])
    # Every one of them is asked, and each is itself.
    seen = set()
    def ask():
        text = deployd.machine.curl(deployd.get("shop", "Port"), "/environment")[1]
        seen.add(re.search(r"DYNO=(web\.\d)", text)[1])
        return len(seen) == 3
    deployd.machine.wait(ask, what="all three answering")
    lines = deployd.machine.run(["journalctl", "--output=json", "--no-pager", "DEPLOYD_PROCESS=worker.2"]).stdout
    assert [json.loads(line)["MESSAGE"] for line in lines.splitlines()
            if json.loads(line).get("_COMM") != "systemd"][-1] == "works as worker.2"

    # Redeployed, with both old ones killed at the switch.
    repository.commit(tree(2, worker=WORKER))
    with Load(deployd.machine, deployd.get("shop", "Port"), RATE) as load:
        load.answered("mirror 1")
        number = deployd.deploy("shop")
        deployd.status(number, "switching")
        for unit in live["Units"]:
            if ".web." in unit:
                deployd.machine.run(["systemctl", "kill", "--signal=KILL", unit], check=False)
        assert deployd.end(number)["Status"] == "live"
        load.answered("mirror 2")
    load.all_served_but_the_cut(3)
    runs(deployd, "shop", *dynos)


def test_more_and_fewer_under_load_lose_no_request(deployd):
    deployd.app("grow", tree(1, worker=WORKER))
    deployd.live("grow")
    runs(deployd, "grow", "web.1")
    first = units(deployd, "grow")["web.1"]
    with Load(deployd.machine, deployd.get("grow", "Port"), RATE) as load:
        load.answered("mirror 1")
        for wishes, dynos in (
                (["web=3", "worker=2"], ["web.1", "web.2", "web.3", "worker.1", "worker.2"]),
                (["web=2"], ["web.1", "web.2", "worker.1", "worker.2"]),
                (["worker=0"], ["web.1", "web.2"]),
                (["web=4", "worker=1"], ["web.1", "web.2", "web.3", "web.4", "worker.1"]),
                (["web=1", "worker=0"], ["web.1"])):
            scale(deployd, "grow", *wishes)
            runs(deployd, "grow", *dynos)
    load.all_served()
    # What was there all the time was not touched.
    assert units(deployd, "grow") == {"web.1": first}
    assert deployd.sql("select count(*) from port_lease l join deployment d on d.id = l.deployment_id "
                       "join app a on a.id = d.app_id where a.name = 'grow'") == ["1"]


def test_a_web_instance_that_is_killed_comes_back_and_the_others_serve(deployd):
    deployd.app("three", tree(1))
    deployd.do("three", "SetProperties", *formation(web=3))
    live = deployd.live("three")
    with Load(deployd.machine, deployd.get("three", "Port"), RATE) as load:
        load.answered("mirror 1")
        for unit in live["Units"]:
            before = units(deployd, "three")
            deployd.machine.run(["systemctl", "kill", "--signal=KILL", unit])
            dyno = unit.partition(".")[2].removesuffix(".service")
            deployd.machine.wait(lambda: units(deployd, "three").get(dyno) not in (None, "0", before[dyno]) and
                                 deployd.get("three", "Status") == "running", what=f"{dyno} being back")
    load.all_served_but_the_cut(len(live["Units"]))


def test_a_restart_takes_one_after_another(deployd):
    deployd.app("again", tree(1, worker=WORKER))
    deployd.do("again", "SetProperties", *formation(web=2, worker=1))
    deployd.live("again")
    runs(deployd, "again", "web.1", "web.2", "worker.1")
    before = units(deployd, "again")
    with Load(deployd.machine, deployd.get("again", "Port"), RATE) as load:
        load.answered("mirror 1")
        deployd.do("again", "Restart")
        deployd.machine.wait(lambda: not set(units(deployd, "again").values()) & (set(before.values()) | {"0"}) and
                             len(units(deployd, "again")) == 3 and deployd.get("again", "Status") == "running",
                             what="all being others")
    load.all_served()


def test_a_restart_lets_requests_finish(deployd):
    deployd.app("halves", HALVES)
    deployd.do("halves", "SetProperties", *formation(web=2))
    deployd.live("halves")
    before = units(deployd, "halves")
    lines = deployd.machine.follow(DEPLOYD_APP="halves")
    # Each has one.
    asked = [deployd.machine.stream(["curl", "--silent", "--show-error", f"http://127.0.0.1:{deployd.get('halves', 'Port')}/"])
             for _ in before]
    for _ in before:
        lines.wait(lambda line: line.get("MESSAGE") == "half")
    deployd.do("halves", "Restart")
    deployd.machine.wait(lambda: deployd.get("halves", "Draining") == 1, what="the first one out of the way of requests")
    assert units(deployd, "halves") == before
    number = deployd.sql("select id from app where name = 'halves'")[0]
    deployd.machine.sh(f"touch /var/lib/private/deployd-apps/{number}/go")
    for stream in asked:
        stream.wait(lambda line: line == "first second")
    deployd.machine.wait(lambda: not set(units(deployd, "halves").values()) & set(before.values()) and
                         deployd.get("halves", "Status") == "running", what="both being others")


def test_the_formation_outlives_the_daemon(deployd):
    deployd.app("stay", tree(1, worker=WORKER))
    deployd.live("stay")
    scale(deployd, "stay", "web=2", "worker=1")
    runs(deployd, "stay", "web.1", "web.2", "worker.1")
    with daemon.untouched(deployd.machine, "stay"):
        daemon.kill(deployd.machine)
        deployd.listen()
        runs(deployd, "stay", "web.1", "web.2", "worker.1")
    scale(deployd, "stay", "web=1")
    runs(deployd, "stay", "web.1", "worker.1")
    assert deployd.get("stay", "Formation") == {"web": 1, "worker": 1}
    # Taken back.
    assert scale(deployd, "stay", "default").split() == ["PROCESS", "COUNT", "web", "1"]
    runs(deployd, "stay", "web.1")


def test_nothing_named_web_says_what_there_is(deployd):
    deployd.app("webless", tree(1, web=None, worker=WORKER))
    failed = deployd.end(deployd.deploy("webless"))
    said, command, _ = failed["ErrorSummary"].split("`")
    assert said == "the Procfile has no process named web (but worker): name what is to run, as in "
    assert command == "deployctl scale webless web=0 worker=1"
    deployd.machine.run(command.split())
    deployd.live("webless")


def test_a_live_deployment_refuses_a_process_that_it_lacks(deployd):
    deployd.app("typo", tree(1))
    deployd.live("typo")
    error, sentence = daemon.refused(deployd.machine, app_path("typo"), "App.SetProperties", *formation(web=1, wroker=1))
    assert error == daemon.BUS_ERROR + "InvalidArgs"
    assert sentence == "the live deployment of typo has no process named wroker; it has: web"
    error, sentence = daemon.refused(deployd.machine, app_path("typo"), "App.SetProperties", *formation(web=0))
    assert error == daemon.BUS_ERROR + "InvalidArgs" and "Stop stops an app" in sentence


# The release command

def test_the_release_command_runs_before_anything_starts(deployd):
    release = "echo ran with $PRICE on $GIT_REV; echo \"$DYNO\" >> $HOME/releases; test -z \"$PORT\""
    repository = deployd.app("shift", tree(1, release=release))
    deployd.do("shift", "SetEnvironment", "a{ss}as", 1, "PRICE", "two", 0)
    live = deployd.live("shift")
    statuses = deployd.statuses(live["Id"])
    assert statuses[-5:] == ["releasing", "starting", "checking", "switching", "live"]
    path = deployment_path(live["Id"])
    deployd.machine.wait(lambda: deployd.machine.get(path, "Deployment.LogsPath"), what="its log")
    log = deployd.machine.run(["deployctl", "build-log", live["Id"]]).stdout
    assert f"ran with two on {live['Revision']}" in log
    # On Deploy only.
    state = deployd.machine.sh("cat /var/lib/private/deployd-apps/*/releases").split()
    assert state == ["release.1"]
    number = deployd.do("shift", "Redeploy")[0]
    assert deployd.end(number)["Status"] == "live"
    assert "releasing" not in deployd.statuses(number)
    repository.commit(tree(2, release=release))
    deployd.live("shift")
    assert deployd.machine.sh("cat /var/lib/private/deployd-apps/*/releases").split() == ["release.1"] * 2


def test_a_release_command_that_fails_leaves_what_is_live_alone(deployd):
    repository = deployd.app("mend", tree(1))
    deployd.live("mend")
    with daemon.untouched(deployd.machine, "mend"):
        repository.commit(tree(2, release="echo no table named orders; exit 7"))
        failed = deployd.end(deployd.deploy("mend"))
        assert (failed["Status"], failed["ErrorSummary"]) == (
            "failed", "the release command exited with status 7: no table named orders")
        deployd.settled(failed["Id"], "mend")
    assert deployd.machine.curl(deployd.get("mend", "Port"))[1] == "mirror 1\n"


def test_a_release_command_that_never_ends(deployd):
    deployd.app("endless", tree(1, release="exec sleep infinity"))
    with daemon.configured(deployd.machine, "[runner]\nrelease-timeout = 1s\n"):
        failed = deployd.end(deployd.deploy("endless"))
    assert failed["ErrorSummary"] == "the release command ran out of time: release-timeout of [runner] in deploy.conf"
    deployd.settled(failed["Id"], "endless")


def test_a_release_command_is_not_run_twice_when_the_daemon_dies(deployd):
    gate = daemon.Gate(deployd.machine, "once")
    deployd.app("once", tree(1, release=f"echo x >> $HOME/runs; {gate.wait}; test $(wc -l < $HOME/runs) = 1"))
    number = deployd.deploy("once")
    deployd.status(number, "releasing")
    deployd.machine.wait(lambda: deployd.machine.units("deployd-release-once-*.service"), what="its unit")
    daemon.kill(deployd.machine)
    deployd.listen()
    gate.open()
    deployd.machine.wait(lambda: deployd.describe(number)["Status"] in ("live", "failed"), what="its end")
    assert deployd.describe(number)["ErrorSummary"] == ""
