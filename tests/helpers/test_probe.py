# SPDX-License-Identifier: LGPL-2.1-or-later
"""deployd-probe and the daemon's client: who listens on a port is told by control group, in real ones, and what
it answers."""

import itertools
import json
import os
import re
import select
import socket
import struct
import subprocess
import sys
import tempfile

import pytest

from conftest import without_capabilities

NOBODY = 65534
STRANGER = 12345
NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, NLM_F_DUMP, TCP_LISTEN = 4, 20, 0x1, 0x300, 10
NO_GROUP = 2**64 - 1  # the id of no control group
SECOND = 1_000_000
PATIENCE = 20  # seconds until a test gives up: many times what anything here takes

# An app: enters its control group, gives up root, says it is ready, listens when it is told to, says so.
APP = """
import json, os, socket, sys
group, uid, port, addresses = json.loads(sys.argv[1])
open(group + "/cgroup.procs", "w").write(str(os.getpid()))
os.setresuid(uid, uid, uid)
print("ready", flush=True)
sys.stdin.readline()
kept = []
for address, only in addresses:
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if ":" in address:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
    s.bind((address, port))
    s.listen()
    kept.append(s)
print("listening", flush=True)
sys.stdin.readline()
"""


# A server: as above, and tells the head of each request it gets. What it answers to the first connection, the second
# and so on (the last answer serves for all that follow) is a list of parts: a text is sent, a number is waited for in
# seconds, "again" repeats the part before it until nobody reads it, "hold" waits until the client is gone and tells
# that, "reset" closes hard, "deaf" stops to listen.
WEB = """
import itertools, json, os, socket, struct, sys, threading, time
group, uid, port, answers = json.loads(sys.argv[1])
open(group + "/cgroup.procs", "w").write(str(os.getpid()))
os.setresuid(uid, uid, uid)
s = socket.create_server(("127.0.0.1", port), backlog=64)
print("ready", flush=True)
sys.stdin.readline()
print("listening", flush=True)

def tell(line):
    os.write(1, json.dumps(line).encode() + b"\\n")

def serve(c, parts):
    head = b""
    while not head.endswith(b"\\r\\n\\r\\n"):
        head += c.recv(4096)
    tell(head.decode())
    before = None
    for part in parts:
        if part == "hold":
            try:
                c.recv(1)
            except ConnectionResetError: # it had not read all
                pass
            tell("gone")
        elif part == "deaf":
            s.shutdown(socket.SHUT_RDWR)
        elif part == "reset":
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif part == "again":
            while True:
                c.sendall(before.encode("latin-1"))
        elif isinstance(part, str):
            c.sendall(part.encode("latin-1"))
            before = part
        else:
            time.sleep(part)
    c.close()

def guarded(function, *arguments):
    try:
        function(*arguments)
    except OSError:
        pass

def listen():
    for parts in itertools.chain(answers, itertools.repeat(answers[-1])):
        threading.Thread(target=guarded, args=(serve, s.accept()[0], parts), daemon=True).start()

guarded(listen)
threading.Event().wait()
"""


class App:
    program = APP

    def __init__(self, processes, group, port, *addresses, uid=STRANGER, wait=False):
        self.start(processes, group, uid, port, [a if isinstance(a, tuple) else (a, 0) for a in addresses])
        if not wait:
            self.listen()

    def start(self, processes, group, *arguments):
        self.cgroup_id = os.stat(group).st_ino
        self.process = processes(
            [sys.executable, "-c", self.program, json.dumps([group, *arguments])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        assert self.process.stdout.readline() == "ready\n"

    def listen(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "listening\n"

    def stop(self):
        self.process.kill()
        self.process.wait()


class Web(App):
    """A server that gives these answers, each a text or a list of parts."""

    program = WEB

    def __init__(self, processes, group, port, *answers):
        self.start(processes, group, STRANGER, port, [[a] if isinstance(a, str) else a for a in answers])
        self.listen()

    def requests(self):
        """The heads of the requests so far; it serves no more."""
        self.stop()
        return [line for line in map(json.loads, self.process.stdout) if line != "gone"]

    def told(self):
        """The head of the next request, or that its client is gone."""
        return json.loads(self.process.stdout.readline())


@pytest.fixture
def groups():
    """Makes control groups that end with the test, and what is in them too."""
    mount = next(line.split()[1] for line in open("/proc/mounts") if line.split()[2] == "cgroup2")
    made = []

    def make():
        made.append(tempfile.mkdtemp(prefix="deployd-test-", dir=mount))
        return made[-1]

    yield make
    for path in made:
        with open(path + "/cgroup.events") as events, open(path + "/cgroup.kill", "w") as kill:
            changed = select.poll()
            changed.register(events, select.POLLPRI)
            kill.write("1")
            kill.flush()
            while "populated 1" in events.read():
                assert changed.poll(PATIENCE * 1000), "a process of the test cannot be ended"
                events.seek(0)
        os.rmdir(path)


@pytest.fixture
def app(groups, processes):
    """app(port, address...) listens in a control group of its own."""
    return lambda port, *addresses, **options: App(processes, groups(), port, *addresses, **options)


@pytest.fixture
def web(groups, processes, port):
    """web(answer...) serves in a control group of its own."""
    return lambda *answers: Web(processes, groups(), port, *answers)


@pytest.fixture
def ports():
    """Two that nobody has."""
    with socket.socket() as one, socket.socket() as two:
        for s in one, two:
            s.bind(("0.0.0.0", 0))
        return one.getsockname()[1], two.getsockname()[1]


@pytest.fixture
def port(ports):
    return ports[0]


@pytest.fixture
def other_port(ports):
    return ports[1]


class Helper:
    """deployd-probe the way PID 1 starts it: unprivileged, in a user namespace of its own, two sockets from descriptor
    3 on, readiness by message."""

    def __init__(self, program, directory, processes):
        self.program, self.processes = program, processes
        self.path = str(directory / "probe.sock")
        self.log = directory / "log"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.path)
        self.listener.listen()
        self.diag = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind("\0deployd-test-" + os.urandom(8).hex())
        self.notify.settimeout(PATIENCE)

    def start(self):
        sockets = [self.listener.fileno(), self.diag.fileno()]
        script = 'export LISTEN_PID=$$ LISTEN_FDS=2; exec "$@" 3<&{} 4<&{}'.format(*sockets)
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        self.process = self.processes(
            ["bash", "-c", script, "bash", *user, *without_capabilities("unshare", "--user", self.program)],
            pass_fds=sockets,
            # A proxy of the environment that nobody is at: nothing could be asked through it.
            env={**os.environ, "http_proxy": "http://127.0.0.1:1", "NOTIFY_SOCKET": "@" + self.notify.getsockname()[1:].decode()},
            stderr=open(self.log, "ab"),
        )
        assert self.notify.recv(4096) == b"READY=1"
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def client(self):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        client.settimeout(PATIENCE)
        client.connect(self.path)
        return client


@pytest.fixture
def silent(binary, processes, tmp_path):
    """The socket of the helper, which is not started."""
    helper = Helper(binary("probe"), tmp_path, processes)
    yield helper
    helper.listener.close()
    helper.diag.close()
    helper.notify.close()


@pytest.fixture
def helper(silent):
    return silent.start()


BUSY_PORTS = 1024


class Requests:
    def __init__(self, helper):
        self.socket = helper.client()
        self.numbers = itertools.count(1)

    def listen(self, port, cgroup_id, timeout=PATIENCE * SECOND, successes=3):
        number = next(self.numbers)
        self.socket.send(f"listen {number} {port} {cgroup_id} {timeout} {successes}".encode())
        return number

    def http(self, port, cgroup_id, path="/up", timeout=PATIENCE * SECOND, successes=2, attempts=0, patience=5 * SECOND,
             wait=0):
        number = next(self.numbers)
        numbers = f"{number} {port} {cgroup_id} {timeout} {successes} {attempts} {patience} {wait}"
        self.socket.send(f"http {numbers} {path}".encode())
        return number

    def answer(self):
        return self.socket.recv(4096).decode()

    def look(self, port, cgroup_id, **options):
        """The answer to one request, without its number."""
        return self.result(self.listen(port, cgroup_id, **options))

    def healthy(self, port, cgroup_id, **options):
        return self.result(self.http(port, cgroup_id, **options))

    def survey(self, verb, *numbers):
        """The answer to a question that needs no waiting, without its number."""
        number = next(self.numbers)
        self.socket.send(" ".join(map(str, (verb, number, *numbers))).encode())
        return self.result(number)

    def busy(self, port):
        """Those of the ports from this one on that somebody holds."""
        digits = self.survey("busy", port).removeprefix("busy ")
        assert len(digits) * 4 == BUSY_PORTS
        return {port + place for place, bit in enumerate(f"{int(digits, 16):0{BUSY_PORTS}b}") if bit == "1"}

    def result(self, number):
        word, answered, *rest = self.answer().split(" ", 2)
        assert int(answered) == number
        return " ".join([word, *rest])


@pytest.fixture
def ask(helper):
    return Requests(helper)


# What is seen


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0"])
def test_the_listener_of_the_own_control_group_is_found(ask, app, port, address):
    assert ask.look(port, app(port, address).cgroup_id) == "listening"


def test_a_listener_that_appears_late_is_found(ask, app, port):
    late = app(port, "127.0.0.1", wait=True)
    waiting = ask.listen(port, late.cgroup_id)
    # Answered in the meantime: the first one has looked and goes on waiting.
    assert ask.look(port, late.cgroup_id, timeout=50_000) == "timeout"
    late.listen()
    assert ask.answer() == f"listening {waiting}"


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "0.0.0.0", "::", "::1", ("::", 1), ("::1", 1), "::ffff:127.0.0.1"], ids=str
)
def test_a_stranger_is_reported_with_its_owner(ask, app, groups, port, address):
    other = app(port, address)
    assert ask.look(port, os.stat(groups()).st_ino) == f"foreign {STRANGER} {other.cgroup_id}"


@pytest.mark.parametrize("own, other", [("127.0.0.1", "::1"), ("127.0.0.1", "0.0.0.0"), ("::", "::"), ("::", "::1")])
def test_a_stranger_beside_the_own_listener_is_reported(ask, app, port, own, other):
    mine = app(port, own)
    assert ask.look(port, mine.cgroup_id) == "listening"
    # The kernel lets only one user share a port.
    beside = app(port, other)
    assert ask.look(port, mine.cgroup_id) == f"foreign {STRANGER} {beside.cgroup_id}"


def test_a_stranger_that_comes_while_the_own_listener_is_awaited_ends_the_wait(ask, app, groups, port):
    waiting = ask.listen(port, os.stat(groups()).st_ino)
    assert ask.look(port, NO_GROUP, timeout=0) == "timeout"
    other = app(port, "0.0.0.0", uid=NOBODY)
    assert ask.answer() == f"foreign {waiting} {NOBODY} {other.cgroup_id}"


# Who holds which ports


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "0.0.0.0", "::", "::1"])
def test_the_holder_of_a_port_is_told_whatever_its_address_is(ask, app, port, other_port, address):
    assert ask.survey("holder", port, NOBODY) == "free"
    holder = app(port, address)
    assert ask.survey("holder", port, NOBODY) == f"foreign {STRANGER} {holder.cgroup_id}"
    assert ask.survey("holder", port, STRANGER) == "free"
    assert ask.survey("holder", other_port, NOBODY) == "free"


def test_a_user_is_told_who_else_holds_a_port(ask, app, port):
    own, other = app(port, "127.0.0.1"), app(port, "127.0.0.2", uid=NOBODY)
    assert ask.survey("holder", port, STRANGER) == f"foreign {NOBODY} {other.cgroup_id}"
    assert ask.survey("holder", port, NOBODY) == f"foreign {STRANGER} {own.cgroup_id}"


def test_ports_that_are_held_are_told_with_those_between(ask, app, port):
    assert port not in ask.busy(port)
    app(port, "127.0.0.2")
    assert port in ask.busy(port)
    assert port in ask.busy(port - 1) and port in ask.busy(port - BUSY_PORTS + 1)
    assert port not in ask.busy(port + 1) and port not in ask.busy(port - BUSY_PORTS)
    # Beyond the last port there is nothing.
    assert max(ask.busy(65535), default=65535) == 65535


def test_who_holds_more_ports_than_allowed_is_told(ask, groups, processes, port, other_port):
    group = groups()
    one = App(processes, group, port, "127.0.0.1", "::1")
    before = one.cgroup_id - 1
    assert ask.survey("crowd", 1, before) == "free"
    two = App(processes, group, other_port, "127.0.0.1")
    assert ask.survey("crowd", 1, before) == f"crowd 2 {one.cgroup_id}"
    assert ask.survey("crowd", 2, before) == "free"
    assert ask.survey("crowd", 1, one.cgroup_id) == "free"
    two.stop()
    assert ask.survey("crowd", 1, before) == "free"


# Where a control group listens instead


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1"])
def test_one_that_listens_on_its_port_listens_nowhere_else(ask, groups, processes, port, other_port, address):
    group = groups()
    assert ask.survey("elsewhere", port, os.stat(group).st_ino) == "free"
    one = App(processes, group, other_port, "127.0.0.1")
    assert ask.survey("elsewhere", port, one.cgroup_id) == f"elsewhere 127.0.0.1:{other_port}"
    App(processes, group, port, address)
    assert ask.survey("elsewhere", port, one.cgroup_id) == "free"


@pytest.mark.parametrize("address, text", [("127.0.0.2", "127.0.0.2"), ("::1", "[::1]"), (("::", 1), "[::]")], ids=str)
def test_the_own_port_at_an_address_that_127_0_0_1_does_not_reach_is_told(ask, app, port, address, text):
    app(port, "127.0.0.1")  # another control group is of no interest
    listening = app(port, address)
    assert ask.survey("elsewhere", port, listening.cgroup_id) == f"elsewhere {text}:{port}"


def test_the_first_addresses_are_told_in_order_and_each_once(ask, groups, processes, port, other_port):
    group = groups()
    one = App(processes, group, other_port, "127.0.0.9", "::1", "127.0.0.3")
    App(processes, group, other_port, "127.0.0.3", "127.0.0.2")
    addresses = [f"127.0.0.{last}:{other_port}" for last in (2, 3, 9)] + [f"[::1]:{other_port}"]
    assert ask.survey("elsewhere", port, one.cgroup_id) == "elsewhere " + ", ".join(addresses)
    App(processes, group, other_port, "127.0.0.1")
    first = [f"127.0.0.1:{other_port}", *addresses[:-1]]
    assert ask.survey("elsewhere", port, one.cgroup_id) == "elsewhere " + ", ".join(first) + " and others"


def test_who_cannot_be_reached_by_loopback_is_no_stranger(ask, app, port, other_port):
    app(port, "127.0.0.2")
    app(other_port, "0.0.0.0")
    assert ask.look(port, app(port, "127.0.0.1").cgroup_id) == "listening"


@pytest.mark.parametrize("address", [("::", 1), ("::1", 0), "127.0.0.2"], ids=str)
def test_an_app_that_127_0_0_1_does_not_reach_is_not_listening(ask, app, port, address):
    assert ask.look(port, app(port, address).cgroup_id, timeout=200_000) == "timeout"


def test_all_successes_have_to_be_in_a_row(ask, app, groups, processes, port):
    group = groups()
    before = App(processes, group, port, "127.0.0.1")
    almost, waiting = ask.listen(port, before.cgroup_id, successes=38), ask.listen(port, before.cgroup_id, successes=44)
    assert ask.answer() == f"listening {almost}"
    before.stop()
    # Longer than any pause between two looks: the gap is seen.
    assert ask.look(port, before.cgroup_id, timeout=300_000) == "timeout"
    after = App(processes, group, port, "127.0.0.1")
    # Thirty looks from the beginning come before 44 with long pauses, but not before the six that were missing.
    assert ask.look(port, after.cgroup_id, successes=30) == "listening"
    after.stop()
    ask.socket.send(f"cancel {waiting}".encode())
    assert ask.look(port, after.cgroup_id, timeout=0) == "timeout"


def test_what_was_answered_to_the_one_before_is_not_taken(silent, app, port):
    """The kernel is asked for the listeners of no port, as the first question of a helper is, and nobody reads."""
    mine = app(port, "127.0.0.1")
    question = struct.pack("=BBBBI48x", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 1 << TCP_LISTEN)
    header = struct.pack("=IHHII", 16 + len(question), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0)
    silent.diag.sendto(header + question, (0, 0))
    assert Requests(silent.start()).look(port, mine.cgroup_id, timeout=0, successes=1) == "listening"


def test_the_time_ends_the_wait(ask, port):
    assert ask.look(port, NO_GROUP, timeout=1) == "timeout"
    assert ask.look(port, NO_GROUP, timeout=100_000) == "timeout"


def test_what_is_cancelled_has_no_answer(ask, app, port):
    late = app(port, "127.0.0.1", wait=True)
    cancelled, kept = ask.listen(port, late.cgroup_id), ask.listen(port, late.cgroup_id)
    ask.socket.send(f"cancel {cancelled}".encode())
    ask.socket.send(b"cancel 4711")
    late.listen()
    assert ask.answer() == f"listening {kept}"
    assert ask.look(port, late.cgroup_id) == "listening"


def test_clients_do_not_know_of_one_another(helper, app, port):
    one, two = Requests(helper), Requests(helper)
    late = app(port, "127.0.0.1", wait=True)
    assert one.listen(port, late.cgroup_id) == two.listen(port, late.cgroup_id)
    one.socket.close()
    late.listen()
    assert two.answer() == "listening 1"


# What is answered

OK = "HTTP/1.1 200 OK\r\n\r\n"
BUSY = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nlater"
REDIRECT = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{}/\r\n\r\n"


def test_an_app_that_answers_well_is_healthy_after_as_many_requests_as_asked_for(ask, web, port):
    app = web(OK)
    assert ask.healthy(port, app.cgroup_id, path="/up?a=%20b//../c", successes=3) == "listening"
    assert app.requests() == 3 * [f"GET /up?a=%20b//../c HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                                  "User-Agent: deployd-probe\r\nAccept: */*\r\n\r\n"]


GOOD = {
    "without a reason": "HTTP/1.0 200\r\n\r\n",
    "no content": "HTTP/1.1 204 No Content\r\n\r\n",
    "the last of them": "HTTP/1.1 299 Fine\r\n\r\n",
    "after interim answers": "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK,
    "an endless body": [OK, "x" * 65536, "again"],
    "a body that never comes": ["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "hold"],
    "garbage that is said to be gzip": "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    "garbage that is said to be chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnothing",
    "a body in the same packet, then a reset": [OK + "x" * 1000, "reset"],
    "a big header": "HTTP/1.1 200 OK\r\n" + "A: " + "x" * 60_000 + "\r\n\r\n",
    "a header in pieces": ["HTTP/1.1 20", 0.05, "0 OK\r\nA:", 0.05, " b\r\n", 0.05, "\r\n"],
}


@pytest.mark.parametrize("answer", GOOD.values(), ids=GOOD)
def test_an_answer_is_good_as_soon_as_its_header_is_whole(ask, web, port, answer):
    # Waiting for more would take all of the time.
    assert ask.healthy(port, web(answer).cgroup_id, patience=PATIENCE * SECOND) == "listening"


BAD = {
    "503": (BUSY, "answered 503"),
    "500 without a body": ("HTTP/1.1 500 Oh\r\n\r\n", "answered 500"),
    "404": ("HTTP/1.1 404 Not Found\r\n\r\n", "answered 404"),
    "a redirect": ("HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", "answered 302, a redirect"),
    "a redirect to itself": ("HTTP/1.1 301 Moved\r\nLocation: /up\r\n\r\n", "answered 301, a redirect"),
    "a reason with control characters": ("HTTP/1.1 500 \x1b[2J\xff\r\n\r\n", "answered 500"),
    "an upgrade": ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", "answered 101"),
    "an interim answer alone": ("HTTP/1.1 100 Continue\r\n\r\n", "closed the connection without an answer"),
    "nothing": ([], "closed the connection without an answer"),
    "a reset": (["reset"], "closed the connection without an answer"),
    "half a header": ("HTTP/1.1 200 OK\r\nA: b", "closed the connection without an answer"),
    "half a header, a reset": (["HTTP/1.1 200 OK\r\nA: b\r\n", 0.05, "reset"], "closed the connection without an answer"),
    "silence": (["hold"], "did not answer within 0.3 s"),
    "half a header, silence": (["HTTP/1.1 200 OK\r\n", "hold"], "did not answer within 0.3 s"),
    "byte by byte": (["HTTP/1.1 200 OK\r\nA: "] + 100 * ["x", 0.02], "did not answer within 0.3 s"),
    "an endless header": (["HTTP/1.1 200 OK\r\n", "A: b\r\n" * 1000, "again"], "sent a header of more than 64 KiB"),
    "an endless line": (["HTTP/1.1 200 OK\r\nA: ", "x" * 65536, "again"], "sent a header of more than 64 KiB"),
    "endless interim answers": (["HTTP/1.1 100 Continue\r\n\r\n" * 100, "again"], "sent a header of more than 64 KiB"),
    "no HTTP": ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "answered something that is not HTTP"),
    "HTTP/0.9": ("<html>hello</html>", "answered something that is not HTTP"),
    "endless garbage": (["\0" * 1000, "again"], "answered something that is not HTTP"),
    "a status that is none": ("HTTP/1.1 x OK\r\n\r\n", "answered something that is not HTTP"),
}


@pytest.mark.parametrize("answer, text", BAD.values(), ids=BAD)
def test_another_answer_is_told_after_as_many_as_may_fail(ask, web, port, answer, text):
    app = web(answer)
    assert ask.healthy(port, app.cgroup_id, attempts=2, patience=300_000) == f"unhealthy {text} (2 times)"
    assert ask.healthy(port, app.cgroup_id, attempts=1, patience=300_000) == f"unhealthy {text}"
    assert len(app.requests()) == 3


def test_a_redirect_is_not_followed(ask, web, app, groups, processes, port, other_port):
    other = Web(processes, groups(), other_port, OK)
    assert ask.healthy(port, web(REDIRECT.format(other_port)).cgroup_id, attempts=1) == "unhealthy answered 302, a redirect"
    assert other.requests() == []


def test_an_app_that_answers_well_after_a_while_is_healthy(ask, web, port):
    app = web(BUSY, BUSY, ["reset"], OK)
    assert ask.healthy(port, app.cgroup_id) == "listening"
    assert len(app.requests()) == 5


def test_between_bad_answers_it_waits_as_long_as_it_is_told(ask, web, port):
    app = web(BUSY)
    assert ask.healthy(port, app.cgroup_id, timeout=1 * SECOND, wait=400_000).startswith("unhealthy answered 503")
    # At 0, 0.4 and 0.8 seconds, and once at the end; without it there are dozens.
    assert len(app.requests()) <= 4


def test_good_answers_have_to_be_in_a_row(ask, web, port):
    app = web(OK, BUSY, OK, OK, BUSY, OK)
    assert ask.healthy(port, app.cgroup_id, successes=3) == "listening"
    assert len(app.requests()) == 8


def test_only_answers_that_were_alike_at_the_end_are_counted(ask, web, port):
    assert ask.healthy(port, web(["reset"], "HTTP/1.1 500 Oh\r\n\r\n", BUSY).cgroup_id, attempts=5) == (
        "unhealthy answered 503 (3 times)")


def test_the_time_ends_the_wait_for_health(ask, web, port):
    answer = ask.healthy(port, web(BUSY).cgroup_id, timeout=SECOND)
    times = int(re.fullmatch(r"unhealthy answered 503 \((\d+) times\)", answer)[1])
    # Pauses double from 10 ms: the seventh request is sent after at least 0.63 s, the eighth after 1.27 s.
    assert 2 <= times <= 8


def test_too_few_good_answers_are_told(ask, web, port):
    assert ask.healthy(port, web(BUSY, OK, ["hold"]).cgroup_id, timeout=SECOND) == (
        "unhealthy answered 200, but only 1 of 2 times in a row")


def test_the_time_ends_a_request_too_and_tells_how_the_one_before_ended(ask, web, port):
    assert ask.healthy(port, web(BUSY, ["hold"]).cgroup_id, timeout=500_000) == "unhealthy answered 503"


def test_a_single_request_that_the_time_ends_is_told(ask, web, port):
    assert re.fullmatch(r"unhealthy did not answer within 0\.[45]\d* s",
                        ask.healthy(port, web(["hold"]).cgroup_id, timeout=500_000))


def test_who_does_not_listen_is_not_asked(ask, groups, port):
    assert ask.healthy(port, os.stat(groups()).st_ino, timeout=200_000) == "timeout"


def test_a_stranger_is_not_asked(ask, web, groups, port):
    stranger = web(OK)
    assert ask.healthy(port, os.stat(groups()).st_ino) == f"foreign {STRANGER} {stranger.cgroup_id}"
    assert stranger.requests() == []


def test_a_stranger_that_comes_while_the_answer_is_awaited_ends_the_wait(ask, web, app, port):
    mine = web([0.3, OK])
    waiting = ask.http(port, mine.cgroup_id)
    assert mine.told().startswith("GET /up")
    other = app(port, "::1", uid=NOBODY)
    assert ask.answer() == f"foreign {waiting} {NOBODY} {other.cgroup_id}"


def test_an_answer_does_not_count_when_what_listened_is_gone(ask, web, port):
    assert ask.healthy(port, web(["deaf", OK]).cgroup_id, successes=1, timeout=SECOND) == "timeout"


def test_who_is_not_waited_for_any_more_is_hung_up_on(helper, web, port):
    app, asked = web(["HTTP/1.1 200 OK\r\n", "hold"]), Requests(helper)
    cancelled = asked.http(port, app.cgroup_id)
    assert app.told().startswith("GET /up")
    asked.socket.send(f"cancel {cancelled}".encode())
    assert app.told() == "gone"
    asked.http(port, app.cgroup_id)
    assert app.told().startswith("GET /up")
    asked.socket.close()
    assert app.told() == "gone"


def test_many_are_asked_at_once(ask, web, port):
    mine = web(["HTTP/1.1 200 OK\r\n", 0.2, "\r\n"])
    waiting = [ask.http(port, mine.cgroup_id) for _ in range(50)]
    assert sorted(ask.answer() for _ in waiting) == sorted(f"listening {number}" for number in waiting)


# Who misbehaves


@pytest.mark.parametrize(
    "packet",
    [
        b"x",
        b"listen",
        b"listen 1 80 1 1",
        b"listen 1 80 1 1 1 1",
        b"listen 1 0 1 1 1",
        b"listen 1 65536 1 1 1",
        b"listen 1 80 1 1 0",
        b"listen 1 80 1 1 1001",
        b"listen 1 80 1 86400000001 1",
        b"listen 1 80 18446744073709551616 1 1",
        b"listen -1 80 1 1 1",
        b"listen 01 80 1 1 1",
        b"listen  1 80 1 1 1",
        b"listen 1 80 1 1 1 ",
        b"listen 1 80 1 1 1\n",
        b"listen 1 80 1 1 1\0",
        b"LISTEN 1 80 1 1 1",
        b"http 1 80 1 1 1",
        b"http 1 80 1 1 1 0 1 0",
        b"http 1 80 1 1 1 0 1 0 ",
        b"http 1 80 1 1 1 0 1 0 up",
        b"http 1 80 1 1 1 0 1 0 /a b",
        b"http 1 80 1 1 1 0 1 0 /a#b",
        b"http 1 80 1 1 1 0 1 0 /\r\nX: y",
        b"http 1 80 1 1 1 0 1 0 /\xc3\xa9",
        b"http 1 80 1 1 1 0 1 0 /" + b"a" * 256,
        b"http 1 80 1 1 1 0 0 0 /",
        b"http 1 80 1 1 1 1001 1 0 /",
        b"http 1 80 1 1 0 0 1 0 /",
        b"http 1 80 1 1 1 0 86400000001 0 /",
        b"http 1 80 1 1 1 0 1 86400000001 /",
        b"cancel",
        b"cancel 1 2",
        b"listening 1",
        b"\xff\xfe",
        b"\0",
        b"listen 1 80 1 1 1" + b" " * 1000,
        b"x" * 100_000,
    ],
    ids=lambda packet: ascii(packet[:30])[2:-1],
)
def test_who_sends_something_else_is_dropped_and_nobody_else(helper, app, port, packet):
    good, bad = Requests(helper), helper.client()
    late = app(port, "127.0.0.1", wait=True)
    waiting = good.listen(port, late.cgroup_id)
    bad.send(packet)
    assert bad.recv(4096) == b""
    assert helper.log.read_text() == "Dropping a client: it sent something that is no request\n"
    late.listen()
    assert good.answer() == f"listening {waiting}"


def test_who_uses_an_id_twice_is_dropped(ask, helper, port):
    for _ in range(2):
        ask.socket.send(f"listen 7 {port} {NO_GROUP} {SECOND} 1".encode())
    assert ask.answer() == ""
    assert "it uses one id for two requests" in helper.log.read_text()


def test_a_client_has_so_many_checks_and_no_more(ask, port):
    last = [ask.listen(port, NO_GROUP) for _ in range(513)][-1]
    assert ask.answer() == f"error {last} too many checks at once"


def test_there_are_so_many_clients_and_no_more(helper, port):
    clients = [Requests(helper) for _ in range(16)]
    assert [client.look(port, NO_GROUP, timeout=0) for client in clients] == ["timeout"] * 16
    with helper.client() as one_more:
        assert one_more.recv(4096) == b""
    clients.pop().socket.close()
    assert clients[0].look(port, NO_GROUP, timeout=0) == "timeout"
    assert Requests(helper).look(port, NO_GROUP, timeout=0) == "timeout"


def test_who_does_not_read_its_answers_is_dropped(helper, port):
    deaf = Requests(helper)
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        while True:
            deaf.listen(port, NO_GROUP, timeout=0)
    assert "it does not read its answers" in helper.log.read_text()
    assert Requests(helper).look(port, NO_GROUP, timeout=0) == "timeout"


def test_it_ends_when_it_is_told_to(helper):
    helper.process.terminate()
    assert helper.process.wait(PATIENCE) == 0
    assert helper.notify.recv(4096) == b"STOPPING=1"


def test_without_its_socket_it_does_not_start(binary):
    done = subprocess.run([binary("probe")], capture_output=True)
    assert (done.returncode, done.stderr) == (1, b"deployd-probe has to be started by its socket\n")


# The client


@pytest.fixture
def wait(binary, processes):
    """Starts a wait of the client library; its lines are read with readline()."""

    def start(path, port, cgroup_id, timeout=PATIENCE * SECOND, successes=3, health=()):
        return processes(
            [binary("probe-wait"), path, *(str(n) for n in (port, cgroup_id, timeout, successes, *health))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def end(waiting):
    """Ends the process of a wait; it must have nothing more to say."""
    out, _ = waiting.communicate(timeout=PATIENCE)
    return out, waiting.returncode


def accept(helper):
    helper.listener.settimeout(PATIENCE)
    connection = helper.listener.accept()[0]
    connection.settimeout(PATIENCE)
    return connection


def test_a_wait_ends_with_the_listener(helper, wait, app, port):
    waiting = wait(helper.path, port, app(port, "127.0.0.1").cgroup_id)
    assert waiting.stdout.readline() == "listening 0 \n"
    assert end(waiting) == ("", 0)


def test_a_wait_ends_with_a_stranger(helper, wait, app, port):
    app(port, "::1")
    assert wait(helper.path, port, NO_GROUP).stdout.readline() == f"foreign {STRANGER} \n"


def test_a_wait_ends_with_its_time(helper, wait, port):
    assert wait(helper.path, port, NO_GROUP, timeout=50_000).stdout.readline() == "timeout 0 \n"


def test_a_wait_ends_with_good_answers(helper, wait, web, port):
    app = web(BUSY, OK)
    waiting = wait(helper.path, port, app.cgroup_id, health=(SECOND, 0, "/up"))
    assert waiting.stdout.readline() == "listening 0 \n"
    assert len(app.requests()) == 4


def test_a_wait_ends_with_bad_answers(helper, wait, web, port):
    waiting = wait(helper.path, port, web(BUSY).cgroup_id, health=(SECOND, 2, "/up"))
    assert waiting.stdout.readline() == "unhealthy 0 answered 503 (2 times)\n"


@pytest.mark.parametrize("health", [(SECOND, 0, "up"), (SECOND, 0, "/a b"), (SECOND, 0, "/" + "a" * 256), (0, 0, "/"),
                                    (SECOND, 1001, "/"), (24 * 3600 * SECOND + 1, 0, "/")], ids=lambda h: str(h)[:30])
def test_a_wait_for_health_that_cannot_be_asked_for_is_refused(silent, wait, port, health):
    waiting = wait(silent.path, port, NO_GROUP, health=health)
    assert waiting.stderr.readline() == "Invalid argument\n"
    assert end(waiting)[1] == 1


def test_a_wait_outlives_the_helper(helper, wait, app, port):
    late = app(port, "127.0.0.1", wait=True)
    waiting = wait(helper.path, port, late.cgroup_id)
    assert Requests(helper).look(port, NO_GROUP, timeout=50_000) == "timeout"
    helper.kill()
    helper.start()
    late.listen()
    assert waiting.stdout.readline() == "listening 0 \n"


def test_a_wait_begins_without_the_helper(silent, wait, app, port):
    waiting = wait(silent.path, port, app(port, "127.0.0.1").cgroup_id)
    silent.start()
    assert waiting.stdout.readline() == "listening 0 \n"


def test_a_wait_begins_without_the_socket(binary, processes, wait, app, port, tmp_path):
    waiting = wait(str(tmp_path / "probe.sock"), port, app(port, "127.0.0.1").cgroup_id)
    assert waiting.stderr.readline().startswith("deployd-probe cannot be reached, trying again: No such file")
    Helper(binary("probe"), tmp_path, processes).start()
    assert waiting.stdout.readline() == "listening 0 \n"


def test_a_wait_ends_with_its_time_when_the_helper_is_away_or_says_nothing(silent, wait, port, tmp_path):
    assert wait(str(tmp_path / "none"), port, NO_GROUP, timeout=100_000).stdout.readline() == "timeout 0 \n"
    assert wait(silent.path, port, NO_GROUP, timeout=100_000).stdout.readline() == "timeout 0 \n"


def test_what_is_asked_again_is_given_the_time_that_is_left(silent, wait, port):
    waiting = wait(silent.path, port, 7, timeout=PATIENCE * SECOND, successes=9)
    times = []
    for _ in range(3):
        with accept(silent) as connection:
            word, number, *numbers, left, successes = connection.recv(4096).decode().split(" ")
            assert (word, numbers, successes) == ("listen", [str(port), "7"], "9")
            times.append(int(left))
    assert PATIENCE * SECOND >= times[0] > times[1] > times[2] > 0
    with accept(silent) as connection:
        connection.recv(4096)
        connection.send(f"listening {number}".encode())
        assert waiting.stdout.readline() == "listening 0 \n"


@pytest.mark.parametrize(
    "answer", [b"x", b"listening", b"listening x", b"foreign 1", b"error 1 \x1b[2J", b"timeout 1 1", b"\0", b"x" * 9999],
    ids=lambda answer: ascii(answer[:30])[2:-1],
)
def test_an_answer_that_is_none_makes_the_client_ask_again(silent, wait, port, answer):
    waiting = wait(silent.path, port, NO_GROUP)
    with accept(silent) as connection:
        connection.recv(4096)
        connection.send(answer)
        assert connection.recv(4096) == b""
    with accept(silent) as connection:
        number = connection.recv(4096).decode().split(" ")[1]
        connection.send(b"listening 4711")
        connection.send(f"error {number} the kernel is out".encode())
        assert waiting.stdout.readline() == "error 0 the kernel is out\n"


def test_a_freed_wait_is_cancelled_and_never_called_back(silent, wait, port):
    waiting = wait(silent.path, port, NO_GROUP)
    with accept(silent) as connection:
        number = connection.recv(4096).decode().split(" ")[1]
        waiting.stdin.write("\n")
        waiting.stdin.flush()
        assert waiting.stdout.readline() == "cancelled\n"
        assert connection.recv(4096).decode() == f"cancel {number}"
        connection.send(f"listening {number}".encode())
        assert end(waiting) == ("", 0)
