# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another app tries to take the ports of all instances whenever they are free for a moment: no request goes to it."""

import pytest

from apps import PROGRAMS, Load, mirror
from deployd import Deployd, Held

# Few ports to try.
MACHINE_FILES = {
    "/etc/deployd/deploy.conf.d/55-test.conf": "[ports]\nrange = 20000-20029\n\n[runner]\nrestart-pause = 100ms\n",
    **PROGRAMS,
}
RATE = 200
# Each round is a try at each of the instances: with five things that happen 100 in all.
INSTANCES = 5
ROUNDS, LONG_ROUNDS = 4, 20

# Asked for /take/N it tries to bind the port N of 127.0.0.1 again and again, without a pause, until it has it or is asked for
# /leave; what it has taken, it answers with "stolen". /taken says which it has, after all that are tried were.
THIEF = '''\
import http.server, os, socket, threading

class Stolen(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"stolen\\n")

    def log_message(self, *_):
        pass

wanted, taken, lock = threading.Event(), {}, threading.Lock()

def take(port):
    while True:
        with lock:
            if not wanted.is_set():
                return
            try:
                taken[port] = http.server.ThreadingHTTPServer(("127.0.0.1", port), Stolen)
                break
            except OSError:
                pass
    taken[port].serve_forever()

class Handler(Stolen):
    def do_GET(self):
        word, _, port = self.path.strip("/").partition("/")
        if word == "take":
            wanted.set()
            threading.Thread(target=take, args=[int(port)]).start()
        elif word == "leave":
            with lock:
                wanted.clear()
            for server in list(taken.values()):
                server.shutdown()
                server.server_close()
        body = "".join(f"{port}\\n" for port in taken).encode()
        if word == "leave":
            taken.clear()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
'''


@pytest.fixture(scope="module")
def deployd(machine):
    deployd = Deployd(machine)
    deployd.app("thief", {"Procfile": "web: exec python3 app.py\n", "app.py": THIEF})
    deployd.live("thief")
    deployd.app("shop", mirror(1))
    deployd.do("shop", "SetProperties", "a{sv}", 1, "Formation", "a{su}", 1, "web", INSTANCES)
    deployd.live("shop")
    return deployd


class Thief:
    """It tries to take the ports of the app's instances until the end of the `with`; then `taken`: how many it got."""

    def __init__(self, deployd, app):
        self.deployd, self.app, self.taken = deployd, app, 0

    def ask(self, path):
        status, text = self.deployd.machine.curl(self.deployd.get("thief", "Port"), path)
        assert status == 200
        return text.split()

    def __enter__(self):
        ports = self.deployd.ports(self.app)
        assert len(ports) == INSTANCES
        for port in ports:
            self.ask(f"/take/{port}")
        return self

    def __exit__(self, *_):
        self.taken = len(self.ask("/leave"))


def restart(deployd):
    deployd.machine.run(["deployctl", "restart", "shop"])


def redeploy(deployd):
    deployd.machine.run(["deployctl", "redeploy", "shop"], check=False)


def stop(deployd):
    deployd.machine.run(["deployctl", "stop", "shop"])
    deployd.machine.wait(lambda: not deployd.machine.units("deployd-app-shop-*"), what="shop being stopped")
    deployd.machine.run(["deployctl", "start", "shop"])


def scale(deployd):
    for number in (1, INSTANCES):
        deployd.machine.run(["deployctl", "scale", "shop", f"web={number}"])
        deployd.machine.wait(lambda n=number: len(deployd.ports("shop")) == n, what=f"{number} instances")


@pytest.mark.parametrize("happens", [restart, redeploy, stop, scale])
def test_no_request_goes_to_another_app(deployd, long, happens):
    with Load(deployd.machine, deployd.get("shop", "Port"), RATE) as load:
        load.answered("mirror 1")
        for _ in range(LONG_ROUNDS if long else ROUNDS):
            with Thief(deployd, "shop"):
                happens(deployd)
            deployd.machine.wait(lambda: deployd.get("shop", "Status") == "running" and
                                 deployd.machine.curl(deployd.get("shop", "Port"), check=False) == (200, "mirror 1\n"),
                                 what="shop being back")
    assert load.answers <= {"mirror 1"}, load.answers
    assert load.requests > RATE


def test_after_a_crash_the_route_is_closed_until_the_app_is_back(deployd, long):
    """What a thief gets in the moment before deployd hears of a crash is not deployd's; from then on it gets nothing."""
    machine, stable = deployd.machine, deployd.get("shop", "Port")
    for _ in range(LONG_ROUNDS if long else ROUNDS):
        units, ports = machine.units("deployd-app-shop-*.service"), deployd.ports("shop")
        with Held(machine, "app") as held:
            with Thief(deployd, "shop") as thief:
                machine.systemctl("kill", "--signal=KILL", *units)
                for unit in units:
                    held.unit(unit.removeprefix("deployd-app-").removesuffix(".service"))
                machine.wait(lambda p=ports: {str(port) for port in p} <= set(thief.ask("/taken")), what="the ports being taken")
                assert {machine.curl(port)[1] for port in ports} == {"stolen\n"}
                assert machine.curl(stable, "/", "--max-time", "1", check=False)[1] != "stolen\n"
            held.release()
            machine.wait(lambda: deployd.get("shop", "Status") == "running" and
                         machine.curl(stable, check=False) == (200, "mirror 1\n"), what="shop being back")
