# SPDX-License-Identifier: LGPL-2.1-or-later
"""An app that has ended, in whatever way, is started again when somebody asks for it."""

import pytest

import apps
import daemon
from deployd import Deployd

# Takes its time to end, and dies when it is told to.
SLOW = {
    "Procfile": "web: exec python3 app.py\n",
    "app.py": '''\
import http.server, os, signal, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        os._exit(1)

def end(*_):
    time.sleep(1)
    os._exit(0)

signal.signal(signal.SIGTERM, end)
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
''',
}


# As often as this, and no more.
BURST, GIVE_UP = 2, 3
MACHINE_FILES = {
    **apps.PROGRAMS,
    daemon.CONFIGURATION:
        f"[runner]\nrestart-pause = 100ms\nrestart-burst = {BURST}\nrestart-give-up = {GIVE_UP}\n",
}

# Runs until it is told to die; from then on it dies at once, each time, until its file is gone.
MORTAL = {
    "Procfile": "web: test ! -e $HOME/dead || exit 9; exec python3 app.py\n",
    "app.py": '''\
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            open(os.environ["HOME"] + "/dead", "w").close()
            os._exit(9)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"alive\\n")

http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
''',
}


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


def wait_for_status(machine, deployd, app, status):
    machine.wait(lambda: deployd.get(app, "Status") == status, what=f"{app} is {status}")


@pytest.mark.parametrize("verb", ["Start", "Restart"])
def test_an_app_runs_again_right_after_its_stop(machine, deployd, verb):
    name = f"slow-{verb.lower()}"
    deployd.app(name, SLOW)
    deployd.live(name)
    deployd.do(name, "Stop")
    deployd.do(name, verb)
    wait_for_status(machine, deployd, name, "running")


@pytest.mark.parametrize("verb", ["Start", "Restart"])
def test_an_app_that_was_started_too_often_runs_again(machine, deployd, verb):
    name = f"dying-{verb.lower()}"
    deployd.app(name, SLOW)
    port = deployd.live(name)["AssignedPort"]

    def die():
        machine.curl(port, check=False)
        return deployd.get(name, "Status") == "failed"

    machine.wait(die, what=f"{name} is failed")
    deployd.do(name, verb)
    wait_for_status(machine, deployd, name, "running")


def test_an_app_that_dies_each_time_is_given_up_after_pauses_that_double(machine, deployd):
    name = "mortal"
    deployd.app(name, MORTAL)
    deployd.live(name)
    identity = deployd.sql(f"select id from app where name = '{name}'")[0]
    home = f"/var/lib/private/deployd-apps/{identity}"
    deployd.app("well", apps.mirror("1"))
    deployd.live("well")

    with apps.Load(machine, deployd.get("well", "Port"), 100) as load:
        machine.curl(deployd.get(name, "Port"), "/die", check=False)
        wait_for_status(machine, deployd, name, "failed")
    load.all_served()

    said = [entry["MESSAGE"] for entry in machine.journal(DEPLOYD_APP=name, _SYSTEMD_UNIT=daemon.UNIT)
            if entry.get("DEPLOYD_PROCESS")]
    assert said == [
        *(f"web.1 of {name} ends again and again: it is started again in {0.1 * 2 ** n:g} s ({n} of {GIVE_UP})"
          for n in range(1, GIVE_UP + 1)),
        f"web.1 of {name} has ended each of the {GIVE_UP} times it was started again: it is given up"]
    status = [entry["MESSAGE"] for entry in machine.journal(DEPLOYD_APP=name, _SYSTEMD_UNIT=daemon.UNIT)
              if entry["MESSAGE"].startswith("App ")]
    assert status[-2:] == [f"App {name} is degraded", f"App {name} is failed"]

    machine.run(["rm", f"{home}/dead"])
    deployd.do(name, "Start")
    wait_for_status(machine, deployd, name, "running")
    machine.wait(lambda: machine.curl(deployd.get(name, "Port"), check=False) == (200, "alive\n"),
                 what=f"{name} answering")


def test_an_app_that_ends_well_each_time_is_given_up_too(machine, deployd):
    tree = {name: text.replace("exit 9", "exit 0").replace("_exit(9)", "_exit(0)") for name, text in MORTAL.items()}
    deployd.app("content", tree)
    unit = deployd.live("content")["Units"][0]
    identity = deployd.sql("select id from app where name = 'content'")[0]

    # Once is no reason for more than the pause.
    def ended():
        return [entry["MESSAGE"] for entry in machine.journal(DEPLOYD_APP="content", _SYSTEMD_UNIT=daemon.UNIT)
                if entry.get("DEPLOYD_PROCESS")]

    before = machine.show(unit, "InvocationID")
    machine.systemctl("kill", unit)
    machine.wait(lambda: machine.show(unit, "InvocationID") != before, what="another run of it")
    wait_for_status(machine, deployd, "content", "running")
    assert not ended()

    machine.curl(deployd.get("content", "Port"), "/die", check=False)
    wait_for_status(machine, deployd, "content", "failed")
    assert ended() == [
        *(f"web.1 of content ends again and again: it is started again in {0.1 * 2 ** n:g} s ({n} of {GIVE_UP})"
          for n in range(1, GIVE_UP + 1)),
        f"web.1 of content has ended each of the {GIVE_UP} times it was started again: it is given up"]

    machine.run(["rm", f"/var/lib/private/deployd-apps/{identity}/dead"])
    deployd.do("content", "Start")
    wait_for_status(machine, deployd, "content", "running")
