# SPDX-License-Identifier: LGPL-2.1-or-later
"""A new version takes the requests and is watched: the old one stays ready behind it until the new one has stayed up."""

import pytest

import daemon
from apps import CLIENTS, PROGRAMS, Load, mirror
from deployd import Deployd, changes, deployment_path

MACHINE_FILES = dict(PROGRAMS)
# Longer than any test: what is watched ends by what the test does.
LONG = "[runner]\ncheck-settle = 10min\n"
WATCHED = "requests go to it: watching it for 600 s"
# After a request for it, it ends or stops listening.
FICKLE = '''\
import http.server, os, signal, socket, sys, threading

VERSION = open("VERSION").read().strip()

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        body = f"fickle {VERSION}\\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if self.path == "/end":
            print("OperationalError: cannot reach the database", file=sys.stderr, flush=True)
            os._exit(3)
        if self.path == "/close":
            server.socket.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler)
threading.Thread(target=server.serve_forever).start()
signal.pause()
'''


def fickle(version):
    return {"Procfile": "web: exec python3 app.py\n", "app.py": FICKLE, "VERSION": f"{version}\n"}


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


def watched(deployd, number):
    """Waits until a deployment takes the requests."""
    deployd.signal(lambda m: any(c.get("StatusText") == WATCHED for c in changes(m, deployment_path(number))))


def ask(deployd, app, path="/"):
    return deployd.machine.curl(deployd.get(app, "Port"), path, check=False)


def ask_newest(deployd, number, path):
    """Asks an instance itself, past the ingress."""
    return deployd.machine.curl(deployd.describe(number)["AssignedPort"], path, check=False)


def servers(deployd, app):
    """The app's servers as haproxy has them: {server: admin state}."""
    text = deployd.machine.sh(r"""echo 'show servers state' | python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect("/run/deployd/ingress/admin.sock")
s.sendall(sys.stdin.buffer.read())
while data := s.recv(65536): sys.stdout.buffer.write(data)'""")
    rows = [line.split() for line in text.splitlines()[2:] if line.strip()]
    return {row[3]: int(row[6]) for row in rows if row[1] == f"app-{app}" and row[3] != "hold"}


def two_versions(deployd, app, old, new):
    """An app whose first version is live and whose second is committed: its repository."""
    repository = deployd.app(app, old)
    deployd.live(app)
    repository.commit(new)
    return repository


def test_the_old_one_stays_ready_behind_it_and_cancel_goes_back(deployd):
    repository = two_versions(deployd, "shop", mirror(1), mirror(2))
    old = daemon.instances(deployd.machine, "shop")
    with daemon.configured(deployd.machine, LONG):
        number = deployd.deploy("shop")
        with Load(deployd.machine, deployd.get("shop", "Port"), 100) as load:
            load.answered("mirror 2")
            watched(deployd, number)
            assert ask(deployd, "shop") == (200, "mirror 2\n")
            assert old.items() <= daemon.instances(deployd.machine, "shop").items()
            assert deployd.describe(number)["Status"] == "switching" and deployd.get("shop", "Status") == "running"
            assert sorted(servers(deployd, "shop").values()) == [0, 8], "the old one is there, and gets no new requests"
            deployd.machine.run(["deployctl", "cancel", str(number)])
            deployd.settled(number, "shop")
            assert ask(deployd, "shop") == (200, "mirror 1\n")
        # Cancel kills at once, with what the new one is answering then.
        load.all_served_but_the_cut(1)
    assert daemon.instances(deployd.machine, "shop") == old
    repository.commit(mirror(3))
    deployd.live("shop")
    assert ask(deployd, "shop") == (200, "mirror 3\n")


@pytest.mark.parametrize("path,reason", [
    ("/end", "web.1 exited with status 3: OperationalError: cannot reach the database"),
    ("/close", "web.1 stopped listening on port {port}, its $PORT, although it still runs"),
])
def test_one_that_ends_or_stops_listening_gives_way_to_the_old_one(deployd, path, reason):
    app = f"way-{path[1:]}"
    two_versions(deployd, app, mirror(1), fickle(2))
    with daemon.configured(deployd.machine, LONG):
        with Load(deployd.machine, deployd.get(app, "Port"), 200) as load:
            load.answered("mirror 1")
            number = deployd.deploy(app)
            load.answered("fickle 2")
            watched(deployd, number)
            ask_newest(deployd, number, path)
            end = deployd.end(number)
            assert ask(deployd, app) == (200, "mirror 1\n")
        # Only requests that were under way there when it ended.
        assert load.failed <= CLIENTS, load.failures
    assert (end["Status"], end["ErrorSummary"]) == ("failed", reason.format(port=end["AssignedPort"]))
    assert deployd.get(app, "Status") == "running"
    deployd.settled(number, app)


def test_a_restart_of_the_daemon_watches_again(deployd):
    two_versions(deployd, "again", mirror(1), fickle(2))
    machine = deployd.machine
    with daemon.configured(machine, LONG):
        number = deployd.deploy("again")
        watched(deployd, number)
        with Load(machine, deployd.get("again", "Port"), 100) as load:
            load.answered("fickle 2")
            daemon.kill(machine)
            deployd.listen()
            machine.wait(lambda: deployd.describe(number)["StatusText"] == WATCHED, what="being watched again")
            assert ask(deployd, "again") == (200, "fickle 2\n")
        load.all_served()
        ask_newest(deployd, number, "/end")
        assert deployd.end(number)["Status"] == "failed"
    assert ask(deployd, "again") == (200, "mirror 1\n")


def test_deployctl_says_where_it_answers_before_it_is_live(deployd):
    deployd.app("told", mirror(1))
    with daemon.configured(deployd.machine, LONG):
        with deployd.machine.stream(["sh", "-c", "deployctl deploy told 2>&1"]) as command:
            line = command.wait(lambda text: text.startswith("told answers at "))
            assert f":{deployd.get('told', 'Port')} and is watched for " in line
            deployd.machine.run(["deployctl", "cancel", "told"])
            command.wait(lambda text: text.endswith("was cancelled"))
