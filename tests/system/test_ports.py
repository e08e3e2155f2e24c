# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody else has a port: the app that it belongs to is left out and named, and nobody else notices."""

import contextlib
import itertools

import pytest

import daemon
from apps import DIRECTORY, PROGRAMS, Load, mirror, stranger
from deployd import Deployd, repository_path

INGRESS = "deployd-ingress.service"
BASE = "/usr/share/deployd/ingress/base.cfg"
RANGE = range(20000, 20010)
PORTS_MAX = 20
CONFIGURATION = f"""\
[ports]
range = {RANGE.start}-{RANGE.stop - 1}

[runner]
app-ports-max = {PORTS_MAX}
"""
NUMBERS = itertools.count(1)

# An app that takes ports besides its own: the path of a request to it is an address and the ports.
GREEDY = '''\
import http.server, os, socket

held = []

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/":
            address, *ports = self.path[1:].split("/")
            for port in map(int, ports):
                listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
                # Connections of the instance before may be in TIME_WAIT.
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((address, port))
                listener.listen()
                held.append(listener)
        body = b"greedy\\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
'''
GREEDY_FILES = {"Procfile": "web: exec python3 app.py\n", "app.py": GREEDY}


MACHINE_FILES = {"/etc/deployd/deploy.conf.d/55-test.conf": CONFIGURATION, **PROGRAMS}


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


@pytest.fixture
def app(machine, deployd):
    """app(files): the repository of an app of the test's own, with `app` its name and `port` its port. Both are gone
    afterwards."""
    made = []

    def app(files=None, **settings):
        name = f"app{next(NUMBERS)}"
        repository = deployd.app(name, files or mirror(1), **settings)
        made.append(name)
        repository.app, repository.port = name, deployd.get(name, "Port")
        return repository

    yield app
    for name in made:
        deployd.do(name, "Remove", "b", "true")
        machine.call(repository_path(name), "Repository.Remove")


def ask(machine, port, host="127.0.0.1"):
    """What is answered on a port: its text, or None when nobody does."""
    status, text = machine.curl(port, host=host, check=False)
    return text.strip() if status == 200 else None


def nobody(machine):
    return f"another process (uid {machine.sh('id -u nobody')})"


def says(machine, sentence):
    """Waits until the status line of the daemon ends with a sentence."""
    machine.wait(lambda: machine.show("deployd", "StatusText")["StatusText"].endswith(f"; {sentence}"), what=sentence)


def quiet(machine):
    """Waits until the status line says nothing of the ingress."""
    machine.wait(lambda: machine.show("deployd", "StatusText")["StatusText"].endswith(" queued"), what="nothing being said")


@contextlib.contextmanager
def taken(machine, address, port):
    """Somebody else takes a port while the ingress does not run."""
    machine.systemctl("stop", INGRESS)
    with stranger(machine, address, port):
        yield


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::"])
@pytest.mark.parametrize("deployd_runs", [True, False], ids=["with deployd", "alone"])
def test_a_port_that_is_taken_at_the_start_of_the_ingress_is_left_out_alone(machine, deployd, app, address, deployd_runs):
    shop, other = app(), app()
    deployd.live(shop.app)
    deployd.live(other.app)
    with taken(machine, address, shop.port):
        if not deployd_runs:
            machine.systemctl("stop", "deployd.service", "deployd-postgres.service")
        machine.systemctl("start", INGRESS)
        assert ask(machine, other.port) == ask(machine, other.port, "[::1]") == "mirror 1"
        machine.systemctl("start", "deployd-postgres.service", "deployd.service")
        says(machine, f"port {shop.port} of {shop.app} is held by {nobody(machine)}")
        # The others can be deployed, and the daemon goes on asking.
        other.commit(mirror(2))
        deployd.live(other.app)
        assert ask(machine, other.port) == "mirror 2"
    machine.wait(lambda: ask(machine, shop.port) == "mirror 1", what="the port being free again")
    quiet(machine)


def test_a_port_that_is_taken_when_an_ingress_without_kept_sockets_crashes_is_left_out_alone(machine, deployd, app):
    shop, other = app(), app()
    deployd.live(shop.app)
    deployd.live(other.app)
    # A stranger who tries as long as it takes.
    taker = machine.stream(["sh", "-c", f"until python3 {DIRECTORY}/stranger.py 127.0.0.1 {shop.port}; do :; done 2>/dev/null"],
                           user="nobody")
    machine.write("/run/systemd/system/deployd-ingress.service.d/50-test.conf", "[Service]\nRestartSec=2s\nFileDescriptorStoreMax=0\n")
    machine.systemctl("daemon-reload")
    # What PID 1 has kept until now is dropped by a stop.
    machine.systemctl("stop", INGRESS)
    machine.systemctl("start", INGRESS)
    with taker:
        machine.run(["systemctl", "kill", "--kill-who=all", "--signal=KILL", INGRESS])
        taker.wait(lambda line: line == "listening")
        machine.wait(lambda: ask(machine, other.port) == "mirror 1", what="the other app")
        assert ask(machine, shop.port) == "stranger"
        says(machine, f"port {shop.port} of {shop.app} is held by {nobody(machine)}")
    machine.run(["rm", "-r", "/run/systemd/system/deployd-ingress.service.d"])
    machine.systemctl("daemon-reload")
    machine.wait(lambda: ask(machine, shop.port) == "mirror 1", what="the port being free again")


def test_one_address_that_is_taken_is_left_out_and_the_app_answers_at_the_other(machine, deployd, app):
    shop = app()
    deployd.live(shop.app)
    with taken(machine, "::1", shop.port):
        machine.systemctl("start", INGRESS)
        assert ask(machine, shop.port) == "mirror 1"
        says(machine, f"port {shop.port} of {shop.app} is held by {nobody(machine)} at [::1]")
        shop.commit(mirror(2))
        deployd.live(shop.app)
        assert ask(machine, shop.port) == "mirror 2"
    machine.wait(lambda: ask(machine, shop.port, "[::1]") == "mirror 2", what="the other address")
    quiet(machine)


def test_an_app_whose_port_is_taken_elsewhere_is_public_where_it_can_be(machine, deployd, app):
    machine.sh("ip addr add 192.0.2.1/32 dev lo")
    shop, other = app(), app()
    deployd.live(shop.app)
    deployd.live(other.app)
    with stranger(machine, "192.0.2.1", shop.port), Load(machine, other.port) as load:
        deployd.set(shop.app, AccessMode="public")
        says(machine, f"port {shop.port} of {shop.app} is held by {nobody(machine)} at *")
        assert ask(machine, shop.port) == ask(machine, shop.port, "[::1]") == "mirror 1"
        deployd.live(other.app)
    load.all_served()
    machine.wait(lambda: ask(machine, shop.port, "192.0.2.1") == "mirror 1", what="the app at every address")


def test_what_haproxy_has_from_before_a_restart_is_not_taken_for_a_stranger(machine, deployd, app):
    machine.sh("ip addr replace 192.0.2.1/32 dev lo")
    shop = app()
    deployd.live(shop.app)
    with stranger(machine, "192.0.2.1", shop.port):
        deployd.set(shop.app, AccessMode="public")
        says(machine, f"port {shop.port} of {shop.app} is held by {nobody(machine)} at *")
        machine.systemctl("restart", INGRESS)
        says(machine, f"port {shop.port} of {shop.app} is held by {nobody(machine)} at *")
        assert ask(machine, shop.port) == ask(machine, shop.port, "[::1]") == "mirror 1"
    machine.wait(lambda: ask(machine, shop.port, "192.0.2.1") == "mirror 1", what="the app at every address")
    quiet(machine)


def test_without_ipv6_the_apps_are_reached_by_ipv4(machine, deployd, app):
    shop = app()
    deployd.live(shop.app)
    with Load(machine, shop.port) as load:
        machine.sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.lo.disable_ipv6=1")
        try:
            new = app()
            deployd.live(new.app)
            assert ask(machine, new.port) == "mirror 1"
            assert ask(machine, new.port, "[::1]") is None
        finally:
            machine.sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.lo.disable_ipv6=0")
        machine.systemctl("try-restart", "deployd.service")
    load.all_served()
    machine.wait(lambda: ask(machine, new.port, "[::1]") == "mirror 1", what="IPv6 being taken up again")


def test_a_reload_that_haproxy_refuses_changes_nothing(machine, deployd, app):
    shop = app()
    live = deployd.live(shop.app)
    machine.sh(f"cp {BASE} /run/base.cfg; echo '    nonsense' >>/run/base.cfg; mount --bind /run/base.cfg {BASE}")
    try:
        with machine.follow(_SYSTEMD_UNIT=INGRESS) as said, Load(machine, shop.port) as load:
            new = app()
            number = deployd.deploy(new.app)
            said.wait(lambda entry: "unknown keyword 'nonsense'" in entry["MESSAGE"])
            machine.wait(lambda: "; the ingress did not take its new configuration, for haproxy says: " in
                         machine.show("deployd", "StatusText")["StatusText"], what="the reason of the refusal")
        load.all_served()
        # The haproxy that runs goes on serving whatever starts again.
        machine.systemctl("kill", "--signal=KILL", deployd.describe(live["Id"])["Units"][0])
        machine.wait(lambda: ask(machine, shop.port) == "mirror 1", what="the app after a crash")
    finally:
        machine.sh(f"umount {BASE}; rm /run/base.cfg")
    assert deployd.end(number)["Status"] == "live"
    quiet(machine)


def test_a_file_that_cannot_be_written_does_not_keep_requests_at_a_dead_instance(machine, deployd, app):
    shop, other = app(), app()
    live = deployd.live(shop.app)
    deployd.live(other.app)
    draft = "/var/lib/deployd/ingress/.apps.cfg.new"
    machine.sh(f"mkdir {draft}")
    try:
        # From here on the file is not what it should be.
        deployd.do(other.app, "Stop")
        says(machine, "/var/lib/deployd/ingress/apps.cfg could not be written: Is a directory")
        # Closed when it is killed, and opened again for its next run.
        unit = deployd.describe(live["Id"])["Units"][0]
        before = machine.show(unit, "InvocationID")
        machine.systemctl("kill", "--signal=KILL", unit)
        machine.wait(lambda: machine.show(unit, "InvocationID") != before, what="another run")
        machine.wait(lambda: ask(machine, shop.port) == "mirror 1", what="the app after a crash")
    finally:
        machine.sh(f"rmdir {draft}")
    quiet(machine)


def test_a_file_that_was_removed_is_written_again(machine, deployd, app):
    shop = app()
    deployd.live(shop.app)
    machine.sh("rm /var/lib/deployd/ingress/apps.cfg")
    machine.systemctl("restart", INGRESS)
    machine.wait(lambda: ask(machine, shop.port) == "mirror 1", what="the app after a restart of the ingress")
    assert f":{shop.port}" in machine.sh("cat /var/lib/deployd/ingress/apps.cfg")


# An app that takes ports.

def take(machine, greedy, address, *ports):
    """Has the app take ports at an address."""
    assert machine.curl(greedy.port, "/".join(map(str, ("", address, *ports)))) == (200, "greedy\n")


def listeners(machine):
    """The ports of the range that somebody listens on."""
    lines = machine.sh("ss --no-header --listening --tcp --numeric").splitlines()
    return {port for line in lines if (port := int(line.split()[3].rpartition(":")[2])) in RANGE}


def test_who_has_a_port_is_named_by_its_app(machine, deployd, app):
    greedy = app(GREEDY_FILES)
    deployd.live(greedy.app)
    shop = app()
    take(machine, greedy, "127.0.0.1", shop.port)
    number = deployd.deploy(shop.app)
    says(machine, f"port {shop.port} of {shop.app} is held by {greedy.app} (web.1)")
    deployd.do(greedy.app, "Redeploy")
    assert deployd.end(number)["Status"] == "live"


def test_ports_that_are_held_are_passed_over(machine, deployd, app):
    greedy, shop = app(GREEDY_FILES), app()
    own = deployd.live(greedy.app)["AssignedPort"]
    free = next(port for port in reversed(RANGE) if port != own)
    # Instances of earlier tests are gone.
    machine.wait(lambda: listeners(machine) == {own}, what="the range being free")
    take(machine, greedy, "127.0.0.1", *(port for port in RANGE if port not in (own, free)))
    assert deployd.live(shop.app)["AssignedPort"] == free
    assert ask(machine, shop.port) == "mirror 1"
    # The last one is not free any more.
    shop.commit(mirror(2))
    assert deployd.end(deployd.deploy(shop.app))["ErrorSummary"] == (
        f"no free port in {RANGE.start}-{RANGE.stop - 1}: other processes hold some, see ss -lntp")
    assert ask(machine, shop.port) == "mirror 1"


def test_an_instance_that_holds_too_many_ports_is_killed(machine, deployd, app):
    greedy, other = app(GREEDY_FILES), app()
    unit = deployd.live(greedy.app)["Units"][0]
    deployd.live(other.app)
    before = machine.show(unit, "InvocationID")
    with machine.follow(_SYSTEMD_UNIT="deployd.service") as said, Load(machine, other.port) as load:
        # As many as it may.
        take(machine, greedy, "127.0.0.1", *range(25000, 25000 + PORTS_MAX - 1))
        take(machine, greedy, "::1", *range(25000, 25000 + PORTS_MAX - 1))
        # One more.
        take(machine, greedy, "127.0.0.1", 26000)
        said.wait(lambda entry: entry["MESSAGE"] == (
            f"web.1 of {greedy.app} holds {PORTS_MAX + 1} ports and is killed: app-ports-max allows {PORTS_MAX}"))
        machine.wait(lambda: ask(machine, greedy.port) == "greedy", what="the app being back")
    load.all_served()
    assert machine.show(unit, "InvocationID") != before
    assert not machine.sh("ss --no-header --listening --tcp 'sport = :25000'")
    assert not [entry for entry in said.seen if "ports and is killed" in entry["MESSAGE"]][1:]
