# SPDX-License-Identifier: LGPL-2.1-or-later
"""Apps that the tests deploy besides the samples, as trees of files; and programs that talk to them on a machine."""

import json
import pathlib

DIRECTORY = "/usr/local/lib/deployd-test"

# An app that says what it was asked and with which environment, and echoes WebSocket messages (RFC 6455) with its
# version before them.
MIRROR = '''\
import base64, hashlib, http.server, os, struct

VERSION = open("VERSION").read().strip()

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer is one write: when the process is killed, a request is answered whole or not at all.
    wbufsize = -1

    def do_GET(self):
        if self.headers.get("Upgrade") == "websocket":
            return self.echo()
        if self.path == "/environment":
            body = open("/proc/self/environ", "rb").read()
        elif self.path == "/headers":
            body = str(self.headers).encode()
        elif self.path == "/die":
            os._exit(1)
        else:
            body = f"mirror {VERSION}\\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def echo(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        while len(head := self.rfile.read(6)) == 6:
            data = self.rfile.read(head[1] & 0x7f)
            text = VERSION.encode() + b" " + bytes(byte ^ head[2 + i % 4] for i, byte in enumerate(data))
            self.wfile.write(struct.pack("BB", 0x81, len(text)) + text)
            self.wfile.flush()

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
'''

# A client of it: sends "hello" again and again, and prints what comes back; "closed" and when, at the end.
WEBSOCKET = '''\
import base64, os, socket, struct, sys, time

stream = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=60)
file = stream.makefile("rb")
stream.sendall(b"GET / HTTP/1.1\\r\\nHost: machine\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
               b"Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: " + base64.b64encode(os.urandom(16)) + b"\\r\\n\\r\\n")
status = file.readline()
assert b" 101 " in status, status
while file.readline().strip():
    pass
try:
    while True:
        mask = os.urandom(4)
        text = bytes(byte ^ mask[i % 4] for i, byte in enumerate(b"hello"))
        stream.sendall(struct.pack("BB", 0x81, 0x80 | len(text)) + mask + text)
        head = file.read(2)
        if len(head) < 2:
            break
        print(file.read(head[1]).decode(), flush=True)
        time.sleep(0.05)
except ConnectionError:
    pass
print("closed", time.time(), flush=True)
'''

# An app that gives out what it has stored; its disk stays open, as that of a running program does.
BANK = '''\
import http.server, os, uuid

HOME = os.open(os.environ["STATE_DIRECTORY"], os.O_RDONLY)

def opener(path, flags):
    return os.open(path, flags, 0o600, dir_fd=HOME)

if "account" not in os.listdir(HOME):
    with open("account", "w", opener=opener) as file:
        file.write(uuid.uuid4().hex)

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        with open("account", "rb", opener=opener) as file:
            body = file.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
'''

# Somebody else who listens: at ADDRESS on all of PORT..., and answers "stranger" to whatever he is asked.
STRANGER = '''\
import http.server, socket, sys, threading

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "9")
        self.end_headers()
        self.wfile.write(b"stranger\\n")

class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET

for port in sys.argv[2:]:
    threading.Thread(target=Server((sys.argv[1], int(port)), Handler).serve_forever).start()
print("listening", flush=True)
'''

# Opens as many connections as it is told to PORT, with requests whose bodies never come; then prints "held", and at
# the end what was answered on the first.
HOLD = '''\
import resource, socket, sys

resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
held = []
for _ in range(int(sys.argv[2])):
    stream = socket.socket()
    stream.setblocking(False)
    stream.connect_ex(("127.0.0.1", int(sys.argv[1])))
    held.append(stream)
for stream in held:
    try:
        stream.send(b"POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 1000000\\r\\n\\r\\n")
    except OSError:
        pass
print("held", flush=True)
held[0].settimeout(60)
print("answer", held[0].recv(12).decode(), flush=True)
sys.stdin.read()
'''

PROGRAMS = {
    f"{DIRECTORY}/websocket.py": WEBSOCKET,
    f"{DIRECTORY}/stranger.py": STRANGER,
    **{f"{DIRECTORY}/{name}": pathlib.Path(__file__).with_name(name).read_text(encoding="utf-8")
       for name in ("load.py", "clients.py")},
}

# How long load may last at most: every test ends it itself.
LOAD_SECONDS = 1800
# How many clients it has: each has one request under way at most.
CLIENTS = 16


def mirror(version, before=""):
    """The tree of the mirror; `before` is what its process runs first, in the words of sh."""
    return {"Procfile": f"web: {before}exec python3 app.py\n", "app.py": MIRROR, "VERSION": f"{version}\n"}


def bank():
    """The tree of the bank."""
    return {"Procfile": "web: exec python3 bank.py\n", "bank.py": BANK}


def stranger(machine, address, *ports):
    """Has somebody else listen; returns when he does, and he goes with the stream."""
    stream = machine.stream(["python3", f"{DIRECTORY}/stranger.py", address, *ports], user="nobody")
    stream.wait(lambda line: line == "listening")
    return stream


class Load:
    """Clients that ask a port until the end of the `with`; then `requests`, `failed`, `refused`, `failures`, `answers`.
    With `new` each request has a connection of its own."""

    def __init__(self, machine, port, rate=500, new=False):
        self.machine, self.rate = machine, rate
        self.stream = machine.stream(["python3", f"{DIRECTORY}/load.py", port, rate, LOAD_SECONDS, CLIENTS,
                                      *(["new"] if new else [])])
        self.pid = self.stream.wait(str.isdigit)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.machine.run(["kill", "-TERM", self.pid])
        end = json.loads(self.stream.wait(lambda line: line.startswith("{")))
        self.requests, self.failed, self.failures = end["requests"], end["failed"], end["failures"]
        self.refused = end["refused"]
        self.answers = {line for line in self.stream.seen if not line.isdigit() and line[0] not in "{#"}
        self.stream.close()

    def served(self, number):
        """Waits until that many more requests were made: a multiple of 500."""
        self.stream.drain()
        for _ in range(number // 500):
            self.stream.wait(lambda line: line[0] == "#")

    def answered(self, text):
        """Waits until some client was answered this."""
        if text not in self.stream.drain():
            self.stream.wait(lambda line: line == text)

    def all_served_but_the_cut(self, kills):
        """Checks that no request has failed but those that an instance had when it was killed: nobody knows what it has
        done of them, so they are not sent to another. Each client had one at most."""
        assert self.failed <= CLIENTS * kills, f"{self.failed} of {self.requests} failed: {self.failures}"
        assert all("502 " in failure or "RemoteDisconnected" in failure for failure in self.failures), self.failures
        assert self.requests > self.rate / 5, self.requests

    def all_served(self):
        """Checks that no request has failed, and that there were some."""
        assert self.failed == 0, f"{self.failed} of {self.requests} failed: {self.failures}"
        assert self.requests > self.rate / 5, self.requests
