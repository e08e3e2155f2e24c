# SPDX-License-Identifier: LGPL-2.1-or-later
"""One app's fault is not that of all: what an app, its clients or its changes do to the ingress does not reach the
others, and what a client says of itself does not reach an app."""

import itertools
import re

import pytest

import daemon
from apps import DIRECTORY, HOLD, PROGRAMS, Load, mirror
from deployd import Deployd, repository_path

INGRESS = "deployd-ingress.service"
PACKAGED = "/usr/share/deployd/ingress/base.cfg"
FILE = "/var/lib/deployd/ingress/apps.cfg"
HEALTH = "/run/deployd/ingress/health.sock"
NUMBERS = itertools.count(1)

# Says how many connections it has taken; /events is an answer without end.
COUNTER = {"Procfile": "web: exec python3 app.py\n", "app.py": '''\
import http.server, os, time

class Server(http.server.ThreadingHTTPServer):
    taken = 0

    def process_request(self, *arguments):
        Server.taken += 1
        super().process_request(*arguments)

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/events":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            while True:
                self.wfile.write(b"event\\n")
                time.sleep(0.1)
        body = b"%d\\n" % Server.taken
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

Server((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
'''}

# 200 requests over one connection.
MANY = '''\
import http.client, sys

client = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
for _ in range(200):
    client.request("GET", "/")
    text = client.getresponse().read().decode()
print(text)
'''


MACHINE_FILES = {"/etc/deployd/deploy.conf.d/55-test.conf": "[runner]\ndrain-timeout = 1s\n", **PROGRAMS,
                 f"{DIRECTORY}/hold.py": HOLD, f"{DIRECTORY}/many.py": MANY}


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


@pytest.fixture
def app(machine, deployd):
    """app(files, **settings): the repository of an app of the test's own that is live, with `app` its name and `port`
    its port. Both are gone afterwards."""
    made = []

    def app(files=None, live=True, **settings):
        name = f"app{next(NUMBERS)}"
        repository = deployd.app(name, files or mirror(1), **settings)
        made.append(name)
        repository.app, repository.port = name, deployd.get(name, "Port")
        if live:
            deployd.live(name)
        return repository

    yield app
    for name in made:
        deployd.do(name, "Remove", "b", "true")
        machine.call(repository_path(name), "Repository.Remove")


def workers(machine):
    """The processes of haproxy. A reload makes another one."""
    main = machine.show(INGRESS, "MainPID")["MainPID"]
    return machine.sh(f"ps -o pid= --ppid {main}").split()


def headers(machine, port, *sent, host="127.0.0.1"):
    """What the app is told by headers, {name in small letters: value}."""
    _, text = machine.curl(port, "/headers", *(word for line in sent for word in ("--header", line)), host=host)
    return dict(line.split(": ", 1) for line in text.replace("\r", "").splitlines() if line)


def said(machine, port, *sent, **options):
    """Those of them that are about the client."""
    return {name.lower(): value for name, value in headers(machine, port, *sent, **options).items()
            if "forwarded" in name.lower() or "real" in name.lower() or "_" in name}


def test_a_request_that_ends_an_instance_reaches_no_other(machine, deployd, app):
    repository = app(live=False)
    deployd.do(repository.app, "SetProperties", "a{sv}", 1, "Formation", "a{su}", 1, "web", 3)
    deployd.live(repository.app)
    before = daemon.instances(machine, repository.app)
    status, _ = machine.curl(repository.port, "/die", check=False)
    assert status == 502
    machine.wait(lambda: deployd.get(repository.app, "Status") == "running" and
                 daemon.instances(machine, repository.app) != before, what="the instance being back")
    after = daemon.instances(machine, repository.app)
    assert len([name for name in before if before[name][0] != after[name][0]]) == 1


def test_connections_to_an_instance_are_used_again(machine, app):
    repository = app(COUNTER)
    first = int(machine.curl(repository.port)[1])
    last = int(machine.run(["python3", f"{DIRECTORY}/many.py", repository.port]).stdout)
    assert last - first < 10


FORGED = ("X-Real-IP: 198.51.100.7", "X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.example")


def test_what_a_proxy_says_is_believed_if_it_is_trusted(machine, app):
    repository = app(AccessMode="public")
    port = str(repository.port)
    own = {"x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http", "x-forwarded-port": port}
    assert said(machine, repository.port, *FORGED) == own
    with daemon.configured(machine, "[access]\ntrusted-proxies = 192.0.2.1 127.0.0.0/8\n"):
        wanted = {"x-real-ip": "198.51.100.7", "x-forwarded-for": "198.51.100.7, 127.0.0.1", "x-forwarded-proto": "https",
                  "x-forwarded-host": "shop.example"}
        machine.wait(lambda: said(machine, repository.port, *FORGED) == wanted, what=f"{wanted}")
        # What it does not say is as without it; and per peer.
        assert said(machine, repository.port) == own
        assert said(machine, repository.port, *FORGED, host="[::1]") == {**own, "x-forwarded-for": "::1"}
    machine.wait(lambda: said(machine, repository.port, *FORGED) == own, what="nobody being trusted")


def test_a_header_that_programs_take_for_another_is_dropped(machine, app):
    repository = app()
    sent = ("X_Forwarded_For: 6.6.6.6", "X-Forwarded_Proto: https", "Remote_User: root", "Accept-Language: de")
    found = headers(machine, repository.port, *sent)
    assert not [name for name in found if "_" in name] and found["accept-language"] == "de"


def test_open_connections_outlive_what_is_done_to_other_apps(machine, deployd, app):
    repository, other = app(COUNTER), app()
    stream = machine.stream(["curl", "--silent", "--no-buffer", f"http://127.0.0.1:{repository.port}/events"])
    stream.wait(lambda line: line == "event")
    before = workers(machine)
    for _ in range(24):
        app(live=False)
    assert workers(machine) == before, "what was never deployed takes no reload"

    def everywhere():
        return "0.0.0.0:" in machine.sh(f"ss -Hltn 'sport = :{other.port}' | cut -c1-40")

    for mode in ("public", "private"):
        deployd.set(other.app, AccessMode=mode)
        machine.wait(lambda m=mode: everywhere() == (m == "public"),
                     what=f"the port being {mode}")
    machine.wait(lambda: before[0] in workers(machine) and len(workers(machine)) == 2,
                 what="the end of those in between")
    stream.drain()
    for _ in range(5):
        assert stream.next() == "event"
    stream.close()
    machine.wait(lambda: len(workers(machine)) == 1, what="the end of the old process")


def test_an_old_process_is_kept_for_so_long_and_no_longer(machine, deployd, app):
    repository = app(COUNTER)
    with daemon.configured(machine, "[ingress]\nreload-keep = 1s\n"):
        machine.wait(lambda: "hard-stop-after 1000ms" in machine.sh(f"cat {FILE}"), what="the file")
        app()
        stream = machine.stream(["curl", "--silent", "--no-buffer", f"http://127.0.0.1:{repository.port}/events"])
        stream.wait(lambda line: line == "event")
        before = workers(machine)
        app()
        machine.wait(lambda: not set(before) & set(workers(machine)), what="the end of the old process")
        stream.close()


def test_one_app_with_4300_half_requests_keeps_nobody_from_another(machine, deployd, app):
    flooded, other = app(), app()
    with daemon.configured(machine, "[ingress]\nbody-timeout = 5s\n"):
        machine.wait(lambda: "time 5000ms" in machine.sh(f"cat {FILE}"), what="the file")
        app()  # what is loaded now has it
        with Load(machine, other.port, 100) as load:
            hold = machine.stream(["python3", f"{DIRECTORY}/hold.py", flooded.port, 4300])
            hold.wait(lambda line: line == "held")
            # Deployments go on, which need the socket of the ingress, and so does its own health.
            deployd.live(other.app)
            assert machine.sh(f"curl --silent --unix-socket {HEALTH} http://x/") == "ok"
            assert hold.wait(lambda line: line.startswith("answer")) == "answer HTTP/1.1 408"
            hold.close()
        load.all_served()
    machine.wait(lambda: machine.curl(flooded.port, check=False)[0] == 200, what="an answer of the flooded one")


def test_a_refused_configuration_is_named_with_its_reason(machine, deployd, app):
    repository = app()
    packaged = machine.sh(f"cat {PACKAGED}")
    machine.write(PACKAGED, packaged + "\ndefaults\n    no-such-word\n")
    try:
        deployd.set(repository.app, AccessMode="public")
        machine.wait(lambda: "no-such-word" in machine.show("deployd", "StatusText")["StatusText"], what="the reason")
        sentence = machine.show("deployd", "StatusText")["StatusText"]
        assert "the ingress did not take its new configuration, for haproxy says: " in sentence
        assert re.search(r"unknown keyword 'no-such-word'", sentence)
        assert machine.curl(repository.port)[0] == 200
    finally:
        machine.write(PACKAGED, packaged + "\n")
    deployd.set(repository.app, AccessMode="private")
    machine.wait(lambda: machine.show("deployd", "StatusText")["StatusText"].endswith(" queued"), what="its being over")


@pytest.mark.leaves("C3: one of the apps has no room, which is what the test is about")
def test_apps_that_have_no_room_are_named_and_the_others_served(machine, deployd, app):
    first = app()
    with daemon.configured(machine, "[ingress]\napps-max = 1\n"):
        second = app(live=False)
        number = deployd.deploy(second.app)
        deployd.status(number, "switching")
        sentence = "more apps are deployed than apps-max of [ingress] in deploy.conf"
        machine.wait(lambda: sentence in deployd.describe(number)["StatusText"], what=sentence)
        assert sentence in machine.show("deployd", "StatusText")["StatusText"]
        before = workers(machine)
        first.commit(mirror(2))
        deployd.live(first.app)
        assert machine.curl(first.port)[1] == "mirror 2\n" and workers(machine) == before
    assert deployd.end(number)["Status"] == "live"
    assert machine.curl(second.port)[0] == 200
