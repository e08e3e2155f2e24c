# SPDX-License-Identifier: LGPL-2.1-or-later
"""The listening sockets outlive haproxy: whatever ends it, connections wait, and nobody else gets a port."""

import contextlib
import itertools

import pytest

from apps import CLIENTS, DIRECTORY, PROGRAMS, Load, mirror
from deployd import Deployd, repository_path

INGRESS = "deployd-ingress.service"
DROP_IN = f"/run/systemd/system/{INGRESS}.d"
NUMBERS = itertools.count(1)
TIMES = 3
PRIVATE, PUBLIC = ["127.0.0.1", "[::1]"], ["0.0.0.0", "[::]"]

# Somebody else who wants a port, all the time, at each address, alone and shared. Says "trying" when he has tried all
# of that once, and "got" when he has it.
TAKER = '''\
import itertools, socket, sys

PORT = int(sys.argv[1])
for number in itertools.count():
    for address, shared in itertools.product(("127.0.0.1", "0.0.0.0", "::1", "::"), (0, 1)):
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
            try:
                taken.bind((address, PORT))
                taken.listen()
                print("got", address, flush=True)
                sys.exit()
            except OSError:
                pass
    if number == 0:
        print("trying", flush=True)
'''

# An app that answers a request when there is a file, and says when it has one.
PATIENT = {"Procfile": "web: exec python3 app.py\n", "app.py": '''\
import http.server, os, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/wait":
            print("asked", flush=True)
            while not os.path.exists("/tmp/go"):
                time.sleep(0.02)
        elif self.path == "/go":
            open("/tmp/go", "w").close()
        self.send_response(200)
        self.send_header("Content-Length", "8")
        self.end_headers()
        self.wfile.write(b"patient\\n")

http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
'''}


MACHINE_FILES = {f"{DIRECTORY}/taker.py": TAKER, **PROGRAMS}


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


@pytest.fixture
def app(machine, deployd):
    """app(files): a live app of the test's own: its repository with `app` its name, `port` its port and `live` its
    deployment. It is gone afterwards."""
    made = []

    def app(files=None, **settings):
        name = f"app{next(NUMBERS)}"
        repository = deployd.app(name, files or mirror(1), **settings)
        made.append(repository)
        repository.app, repository.port = name, deployd.get(name, "Port")
        repository.live = deployd.live(name)
        # It is live when haproxy has its port, and that is kept when the reload is over.
        settle(machine)
        return repository

    yield app
    for repository in made:
        remove(machine, deployd, repository)


def settle(machine):
    """Waits until a reload that is under way is over."""
    machine.wait(lambda: machine.show(INGRESS, "ActiveState")["ActiveState"] == "active", what="the end of the reload")


def remove(machine, deployd, repository):
    """Removes an app and its repository, once."""
    if repository.app:
        deployd.do(repository.app, "Remove", "b", "true")
        machine.call(repository_path(repository.app), "Repository.Remove")
        repository.app = None


@contextlib.contextmanager
def drop_in(machine, text):
    """Other settings of the ingress, which count from its next start on."""
    machine.write(f"{DROP_IN}/50-test.conf", f"[Service]\n{text}")
    machine.systemctl("daemon-reload")
    try:
        yield
    finally:
        machine.run(["rm", "-r", DROP_IN])
        machine.systemctl("daemon-reload")


@contextlib.contextmanager
def taker(machine, port):
    """Somebody else who tries to get a port. He gets it when the ingress is stopped, and not before."""
    with machine.stream(["python3", f"{DIRECTORY}/taker.py", port], user="nobody") as stream:
        stream.wait(lambda line: line == "trying")
        yield
        assert stream.drain() == ["trying"]
        machine.systemctl("stop", INGRESS)
        try:
            stream.wait(lambda line: line.startswith("got "))
        finally:
            machine.systemctl("start", INGRESS)


def ask(machine, port, host="127.0.0.1", path="/"):
    """What is answered on a port: its text, or None when nobody does."""
    status, text = machine.curl(port, path, host=host, check=False)
    return text.strip() if status == 200 else None


def kill(machine):
    """Kills all of the ingress, and waits until another one runs."""
    main = machine.show(INGRESS, "MainPID")["MainPID"]
    machine.run(["systemctl", "kill", "--kill-who=all", "--signal=KILL", INGRESS])
    machine.wait(lambda: machine.show(INGRESS, "MainPID")["MainPID"] not in (main, "0"), what="the ingress being back")
    settle(machine)


def restart(machine):
    machine.systemctl("restart", INGRESS)


ENDS = pytest.mark.parametrize("end", [restart, kill])


def addresses(machine, port):
    """Where somebody listens on a port, each as often as there are sockets."""
    lines = machine.sh(f"ss --no-header --listening --tcp --numeric 'sport = :{port}'").splitlines()
    return sorted(line.split()[3].rpartition(":")[0] for line in lines)


def listens(machine, port, wanted):
    machine.wait(lambda: addresses(machine, port) == sorted(wanted), what=f"{port} at {wanted}")


def stored(machine):
    return int(machine.show(INGRESS, "NFileDescriptorStore")["NFileDescriptorStore"])


# What ends haproxy.

def test_a_restart_refuses_nobody_and_gives_no_port_away(machine, app):
    shop = app()
    with taker(machine, shop.port):
        with Load(machine, shop.port, rate=300, new=True) as load:
            for _ in range(TIMES):
                restart(machine)
                assert ask(machine, shop.port) == ask(machine, shop.port, "[::1]") == "mirror 1"
        load.all_served()


def test_a_kill_fails_only_what_the_killed_had_and_gives_no_port_away(machine, app):
    shop = app()
    with taker(machine, shop.port):
        with Load(machine, shop.port, rate=300) as load:
            for _ in range(TIMES):
                kill(machine)
                assert ask(machine, shop.port) == ask(machine, shop.port, "[::1]") == "mirror 1"
        assert load.refused == 0, load.failures
        # Each client had one connection at most.
        assert load.failed <= CLIENTS * TIMES, load.failures
        assert load.requests > load.rate / 5


def test_a_restart_lets_requests_end_while_new_ones_wait(machine, deployd, app):
    shop = app(PATIENT)
    with drop_in(machine, "ExecStop=\nExecStop=/usr/libexec/deployd/deployd-ports finish 120 $MAINPID\n"):
        with machine.follow(_SYSTEMD_UNIT=shop.live["Units"][0]) as said, \
                machine.follow(_SYSTEMD_UNIT=INGRESS) as ingress, \
                machine.stream(["curl", "--silent", f"http://127.0.0.1:{shop.port}/wait"]) as old:
            said.wait(lambda entry: entry["MESSAGE"] == "asked")
            machine.systemctl("restart", "--no-block", INGRESS)
            # haproxy takes no connection any more.
            ingress.wait(lambda entry: f"Proxy app-{shop.app} stopped" in entry["MESSAGE"])
            with machine.stream(["curl", "--silent", f"http://127.0.0.1:{shop.port}/"]) as new:
                assert ask(machine, deployd.get(shop.app, "CurrentPort"), path="/go") == "patient"
                assert old.next() == "patient"
                assert new.next() == "patient"


def test_a_restart_and_a_stop_cut_what_does_not_end(machine, app):
    shop = app()
    for verb in ("restart", "stop"):
        client = machine.stream(["python3", f"{DIRECTORY}/websocket.py", shop.port])
        client.wait(lambda line: line == "1 hello")
        machine.systemctl(verb, INGRESS)
        client.wait(lambda line: line.startswith("closed"))
        client.close()
        assert machine.show(INGRESS, "Result")["Result"] == "success"
    machine.systemctl("start", INGRESS)


# What is kept, and what is not.

@ENDS
def test_what_was_opened_by_a_reload_is_kept(machine, app, end):
    app()
    shop = app()
    with Load(machine, shop.port, rate=100, new=True) as load:
        end(machine)
    assert load.refused == 0, load.failures
    listens(machine, shop.port, PRIVATE)


@ENDS
def test_the_port_of_a_removed_app_is_closed(machine, deployd, app, end):
    shop, other = app(), app()
    end(machine)
    remove(machine, deployd, shop)
    listens(machine, shop.port, [])
    settle(machine)
    end(machine)
    listens(machine, shop.port, [])
    listens(machine, other.port, PRIVATE)


@ENDS
def test_no_address_of_another_access_mode_is_kept(machine, deployd, app, end):
    shop = app()
    for mode, wanted in (("public", PUBLIC), ("private", PRIVATE), ("internal", PUBLIC), ("private", PRIVATE)):
        deployd.set(shop.app, AccessMode=mode)
        listens(machine, shop.port, wanted)
        settle(machine)
        end(machine)
        listens(machine, shop.port, wanted)
        assert ask(machine, shop.port) == ask(machine, shop.port, "[::1]") == "mirror 1"


def test_without_ipv6_its_addresses_are_not_kept(machine, app):
    shop = app()
    machine.sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.lo.disable_ipv6=1")
    try:
        restart(machine)
        listens(machine, shop.port, ["127.0.0.1"])
        assert ask(machine, shop.port) == "mirror 1"
    finally:
        machine.sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.lo.disable_ipv6=0")
    machine.wait(lambda: ask(machine, shop.port, "[::1]") == "mirror 1", what="IPv6 being taken up again")


def test_what_pid_1_keeps_does_not_grow(machine, deployd, app):
    assert stored(machine) == 1
    shop = app()
    for end in (restart, kill) * TIMES:
        deployd.set(shop.app, AccessMode="public")
        listens(machine, shop.port, PUBLIC)
        settle(machine)
        end(machine)
        deployd.set(shop.app, AccessMode="private")
        listens(machine, shop.port, PRIVATE)
        machine.systemctl("reload", INGRESS)
        assert stored(machine) == 1
        listens(machine, shop.port, PRIVATE)
    # Nobody has one but haproxy and PID 1.
    assert machine.sh(f"ss --no-header --listening --tcp --processes 'sport = :{shop.port}'").count('"haproxy"') == 2


def test_a_stop_closes_all(machine, app):
    shop = app()
    machine.systemctl("stop", INGRESS)
    assert stored(machine) == 0
    assert addresses(machine, shop.port) == []
    machine.systemctl("start", INGRESS)
    assert ask(machine, shop.port) == ask(machine, shop.port, "[::1]") == "mirror 1"


def test_sockets_that_cannot_be_handed_over_are_bound_as_ever(machine, app):
    shop = app()
    with drop_in(machine, "ExecStartPre=/bin/mkdir -p /run/deployd/ingress/offer.sock/x\n"), \
            machine.follow(_SYSTEMD_UNIT=INGRESS) as said:
        for end in (restart, kill):
            end(machine)
            said.wait(lambda entry: "started without the sockets that were kept" in entry["MESSAGE"])
            listens(machine, shop.port, PRIVATE)
            assert ask(machine, shop.port) == ask(machine, shop.port, "[::1]") == "mirror 1"
    restart(machine)
    listens(machine, shop.port, PRIVATE)
