# SPDX-License-Identifier: LGPL-2.1-or-later
"""deployd-probe and the daemon's client: who listens on a port is told by control group, in real ones."""

import itertools
import json
import os
import select
import socket
import subprocess
import sys
import tempfile

import pytest

from conftest import without_capabilities

NOBODY = 65534
STRANGER = 12345
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


class App:
    def __init__(self, processes, group, port, *addresses, uid=STRANGER, wait=False):
        self.cgroup_id = os.stat(group).st_ino
        arguments = json.dumps([group, uid, port, [a if isinstance(a, tuple) else (a, 0) for a in addresses]])
        self.process = processes(
            [sys.executable, "-c", APP, arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout.readline() == "ready\n"
        if not wait:
            self.listen()

    def listen(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "listening\n"

    def stop(self):
        self.process.kill()
        self.process.wait()


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
def port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Helper:
    """deployd-probe the way PID 1 starts it: unprivileged, the socket as descriptor 3, readiness by message."""

    def __init__(self, program, directory, processes):
        self.program, self.processes = program, processes
        self.path = str(directory / "probe.sock")
        self.log = directory / "log"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.path)
        self.listener.listen()
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind("\0deployd-test-" + os.urandom(8).hex())
        self.notify.settimeout(PATIENCE)

    def start(self):
        script = f'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@" 3<&{self.listener.fileno()}'
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        self.process = self.processes(
            ["bash", "-c", script, "bash", *user, *without_capabilities(self.program)],
            pass_fds=[self.listener.fileno()],
            env={**os.environ, "NOTIFY_SOCKET": "@" + self.notify.getsockname()[1:].decode()},
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
    helper.notify.close()


@pytest.fixture
def helper(silent):
    return silent.start()


class Requests:
    def __init__(self, helper):
        self.socket = helper.client()
        self.numbers = itertools.count(1)

    def listen(self, port, cgroup_id, timeout=PATIENCE * SECOND, successes=3):
        number = next(self.numbers)
        self.socket.send(f"listen {number} {port} {cgroup_id} {timeout} {successes}".encode())
        return number

    def answer(self):
        return self.socket.recv(4096).decode()

    def look(self, port, cgroup_id, **options):
        """The answer to one request, without its number."""
        number = self.listen(port, cgroup_id, **options)
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
    app(port, address)
    assert ask.look(port, os.stat(groups()).st_ino) == f"foreign {STRANGER}"


@pytest.mark.parametrize("own, other", [("127.0.0.1", "::1"), ("127.0.0.1", "0.0.0.0"), ("::", "::"), ("::", "::1")])
def test_a_stranger_beside_the_own_listener_is_reported(ask, app, port, own, other):
    mine = app(port, own)
    assert ask.look(port, mine.cgroup_id) == "listening"
    # The kernel lets only one user share a port.
    app(port, other)
    assert ask.look(port, mine.cgroup_id) == f"foreign {STRANGER}"


def test_a_stranger_that_comes_while_the_own_listener_is_awaited_ends_the_wait(ask, app, groups, port):
    waiting = ask.listen(port, os.stat(groups()).st_ino)
    assert ask.look(port, NO_GROUP, timeout=0) == "timeout"
    app(port, "0.0.0.0", uid=NOBODY)
    assert ask.answer() == f"foreign {waiting} {NOBODY}"


def test_who_cannot_be_reached_by_loopback_is_no_stranger(ask, app, port):
    app(port, "127.0.0.2")
    app(port + 1, "0.0.0.0")
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

    def start(path, port, cgroup_id, timeout=PATIENCE * SECOND, successes=3):
        return processes(
            [binary("probe-wait"), path, *(str(n) for n in (port, cgroup_id, timeout, successes))],
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
