# SPDX-License-Identifier: LGPL-2.1-or-later
"""An app that has ended, in whatever way, is started again when somebody asks for it."""

import pytest

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
