# SPDX-License-Identifier: LGPL-2.1-or-later
"""Floods of the system bus, by hand: no library holds anything back. Run on a machine as root:

    flood.py KIND SECONDS PID

`nobody` floods deployd, whose process is PID, and meanwhile root changes an app again and again, each time on a fresh
connection. Prints what that took and what the process had, as one line of JSON."""

import array
import json
import os
import socket
import struct
import sys
import threading
import time

SOCKET = "/run/dbus/system_bus_socket"
NOBODY = 65534
BUS = "org.freedesktop.DBus"
NAME, PATH = "org.deployd.Deploy1", "/org/deployd/Deploy1"
MANAGER, APP = NAME + ".Manager", NAME + ".App"
NO_REPLY = 1
PATIENCE = 30.0
CHUNK = 1 << 18

# The specification's numbers of header fields, and their types.
FIELDS = {"path": (1, "o"), "interface": (2, "s"), "member": (3, "s"), "destination": (6, "s"), "signature": (8, "g"),
          "unix_fds": (9, "u")}
RETURN, ERROR = 2, 3


def padded(data, size):
    return data + b"\0" * (-len(data) % size)


def text(value):
    value = value.encode()
    return struct.pack("<I", len(value)) + value + b"\0"


def signature(value):
    return bytes([len(value)]) + value.encode() + b"\0"


def message(serial, flags, body, **fields):
    """A method call in bytes; fields by the names of FIELDS."""
    header = b""
    for name, value in fields.items():
        code, kind = FIELDS[name]
        header = padded(header, 8) + bytes([code]) + signature(kind)
        if kind == "g":
            header += signature(value)
        else:
            header = padded(header, 4) + (struct.pack("<I", value) if kind == "u" else text(value))
    return padded(struct.pack("<cBBBIII", b"l", 1, flags, 1, len(body), serial, len(header)) + header, 8) + body


class Connection:
    """A connection to the bus, of the user who runs this."""

    def __init__(self, descriptors=False):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(SOCKET)
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
        self.line()
        if descriptors:
            self.socket.sendall(b"NEGOTIATE_UNIX_FD\r\n")
            self.line()
        self.socket.sendall(b"BEGIN\r\n")
        self.serial = 0
        self.ask(BUS, "/org/freedesktop/DBus", BUS, "Hello")

    def line(self):
        answer = b""
        while not answer.endswith(b"\r\n"):
            answer += self.exactly(1)

    def exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionError("the bus has closed the connection")
            data += more
        return data

    def call(self, destination, path, interface, member, types="", body=b"", flags=0, **fields):
        """The call in bytes, with the next number."""
        self.serial += 1
        if types:
            fields["signature"] = types
        return message(self.serial, flags, body, destination=destination, path=path, interface=interface, member=member,
                       **fields)

    def ask(self, *arguments, **fields):
        """Makes a call and waits for its reply; an error is raised."""
        self.socket.sendall(self.call(*arguments, **fields))
        while True:
            head = self.exactly(16)
            length, _, fields_length = struct.unpack("<III", head[4:])
            fields = self.exactly(fields_length + -fields_length % 8)
            body = self.exactly(length)
            # The number of the call that it answers: field 5, a u.
            if head[1] in (RETURN, ERROR) and b"\5\1u\0" + struct.pack("<I", self.serial) in fields:
                if head[1] == ERROR:
                    raise RuntimeError(f"{fields!r} {body!r}")
                return

    def push(self, data):
        """Sends as much as goes at once; how much."""
        try:
            return self.socket.send(data[:CHUNK])
        except BlockingIOError:
            return 0

    def drop_what_came(self):
        try:
            while self.socket.recv(CHUNK):
                pass
        except BlockingIOError:
            pass


def connections_that_do_not_wait(count, **options):
    connections = [Connection(**options) for _ in range(count)]
    for connection in connections:
        connection.socket.setblocking(False)
    return connections


def list_deployments(connection, flags):
    return connection.call(NAME, PATH, MANAGER, "ListDeployments", "stu",
                           padded(text(""), 8) + struct.pack("<QI", 0, 1000), flags)


def managed_objects(connection, flags):
    return connection.call(NAME, PATH, BUS + ".ObjectManager", "GetManagedObjects", flags=flags)


def deploy(connection, flags):
    return connection.call(NAME, PATH, MANAGER, "Deploy", "ssa{sv}",
                           padded(padded(padded(text("shop"), 4) + text(""), 4) + struct.pack("<I", 0), 8), flags)


def describe(connection, flags):
    return connection.call(NAME, PATH, MANAGER, "DescribeDeployment", "t", struct.pack("<Q", 1), flags)


def stream(end, count, make, reads=lambda number: True):
    """Sends on so many connections what make() gives, as fast as it goes; `reads`: which of them take replies."""
    connections, rest = connections_that_do_not_wait(count), {}
    while time.monotonic() < end and connections:
        sent = 0
        for number, connection in enumerate(list(connections)):
            data = rest.get(connection) or make(connection)
            try:
                done = connection.push(data)
                if reads(number):
                    connection.drop_what_came()
            except OSError:  # the bus has had enough of it
                connections.remove(connection)
                connections += connections_that_do_not_wait(1)
                continue
            rest[connection] = data[done:]
            sent += done
        if not sent:
            time.sleep(0.002)


def descriptors(end):
    """Calls with as many descriptors as the bus lets through."""
    count = 16
    handles = array.array("i", [os.open("/dev/null", os.O_RDONLY) for _ in range(count)])
    connections = connections_that_do_not_wait(16, descriptors=True)
    while time.monotonic() < end and connections:
        for connection in list(connections):
            data = connection.call(NAME, PATH + "/app/shop", APP, "Start", flags=NO_REPLY, unix_fds=count)
            try:
                connection.socket.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)])
            except BlockingIOError:
                pass
            except OSError:  # the bus has had enough of it
                connections.remove(connection)
                connections += connections_that_do_not_wait(1, descriptors=True)


def no_reply(end):
    """Calls that no bound of the bus on replies holds back."""
    kinds = (list_deployments, managed_objects, deploy, describe)
    stream(end, 8, lambda connection: b"".join(make(connection, NO_REPLY) for make in kinds * 12))


def big_replies(end):
    """Calls whose replies are long, which some take and others do not."""
    stream(end, 8, lambda connection: b"".join(make(connection, 0) for make in (list_deployments, managed_objects) * 8),
           reads=lambda number: number % 2)


def matches(end):
    """As many connections and match rules as the bus lets one user have; they take no signals."""
    connections = []
    for number in range(100000):
        if time.monotonic() >= end:
            return
        try:
            if number % 500 == 0:
                connections.append(Connection())
            rule = f"type='signal',sender='{NAME}',arg0='{number}',path_namespace='{PATH}'"
            connections[-1].socket.sendall(connections[-1].call(BUS, "/org/freedesktop/DBus", BUS, "AddMatch", "s",
                                                                text(rule), NO_REPLY))
            if number % 500 == 499:
                connections[-1].socket.sendall(connections[-1].call(
                    BUS, "/org/freedesktop/DBus", BUS, "AddMatch", "s",
                    text(f"type='signal',sender='{NAME}'"), NO_REPLY))
        except (OSError, RuntimeError):
            break
    time.sleep(max(end - time.monotonic(), 0))


def half_calls(end):
    """Calls that begin and do not end."""
    connections = []
    while time.monotonic() < end:
        try:
            connection = Connection()
            data = connection.call(NAME, PATH, MANAGER, "GetApp", "s", text("x" * 100000))
            connection.socket.sendall(data[:len(data) // 2])
            connection.socket.setblocking(False)
            connections.append(connection)
        except (OSError, RuntimeError):  # that is all a user may have: now all go on by a byte
            for connection in connections:
                connection.push(b"x")


def disconnects(end):
    """Connections that ask and are gone before the answer."""
    while time.monotonic() < end:
        connection = Connection()
        connection.socket.sendall(b"".join(make(connection, 0) for make in (managed_objects, deploy, list_deployments)))
        connection.socket.close()


KINDS = {kind.__name__: kind for kind in (descriptors, no_reply, big_replies, matches, half_calls, disconnects)}


def flood(kind, seconds):
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    KINDS[kind](time.monotonic() + seconds)


def memory(pid):
    """What the process has, in KiB; 0 if it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
    except (OSError, StopIteration):
        return 0


class Pings(threading.Thread):
    """Asks the bus itself for something small, again and again: how slow it is by the flood."""

    def __init__(self):
        super().__init__(daemon=True)
        self.connection, self.begun, self.done = Connection(), time.monotonic(), []
        self.start()

    def run(self):
        while True:
            self.begun = time.monotonic()
            self.connection.ask(BUS, "/org/freedesktop/DBus", BUS, "GetId")
            self.done.append((self.begun, time.monotonic()))
            time.sleep(0.01)

    def worst(self, begin, end):
        """The longest one between two times."""
        return max([last - first for first, last in list(self.done) if last > begin and first < end] +
                   [end - max(self.begun, begin)])


def change(number):
    """As root, on a fresh connection, a change of the app and a read of it."""
    connection = Connection()
    value = padded(text("Branch") + signature("s"), 4) + text(f"b{number}")
    connection.ask(NAME, PATH + "/app/shop", APP, "SetProperties", "a{sv}",
                   struct.pack("<II", len(value), 0) + value)
    connection.ask(NAME, PATH, MANAGER, "GetApp", "s", text("shop"))
    connection.socket.close()


def main():
    kind, seconds, pid = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    before = peak = memory(pid)
    took, failed = [(0.0, 0.0)], []
    child = os.fork()
    if child == 0:
        flood(kind, seconds)
        os._exit(0)
    pings, running = Pings(), True
    while running:
        begin = time.monotonic()
        try:
            change(len(took))
        except (OSError, RuntimeError) as error:
            failed.append(repr(error))
        end = time.monotonic()
        took.append((end - begin, end - begin - pings.worst(begin, end)))
        peak = max(peak, memory(pid))
        done, status = os.waitpid(child, os.WNOHANG)
        running = done == 0
    end = time.monotonic()
    while memory(pid) > before + 4096 and time.monotonic() < end + 60:
        time.sleep(0.1)
    print(json.dumps({
        "calls": len(took) - 1, "worst": max(took)[0], "beyond": max(beyond for _, beyond in took), "failed": failed[:3],
        "flooded": status == 0, "before": before, "peak": peak, "after": memory(pid), "back": time.monotonic() - end}),
        flush=True)


if __name__ == "__main__":
    main()
