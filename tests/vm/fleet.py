# SPDX-License-Identifier: LGPL-2.1-or-later
"""The five apps of the virtual machine, each with a repository on it whose tags are what can be deployed."""

import repository as repositories
from deployd import Deployd

NAMES = ("ant", "bee", "cat", "dog", "eel")
VERSIONS = ("v1", "v2", "v3", "v4")

CONFIGURATION = f"""\
[git]
local-paths = {repositories.DIRECTORY}

[runner]
parallel = 3
# Emulation is slow; no test waits for its end.
start-timeout = 10min
check-settle = 100ms
build-memory-max = 128M
build-tasks-max = 64
"""

# Serves when it is told to by a file in its home.
PATIENT = 'web: while [ ! -e "$HOME/go" ]; do sleep 0.2; done; exec python3 app.py\n'

# Never listens; started once more it gives up, when it is told to.
ONCE = ('web: if [ -e "$HOME/once" ]; then while [ ! -e "$HOME/go" ]; do sleep 0.2; done; echo once more; exit 3; fi; '
        'touch "$HOME/once"; echo once; exec sleep infinity\n')

# Uses memory until it has no more.
GREEDY = "web: exec python3 -c 'b = bytearray(); [b.extend(bytes(1 << 20)) for _ in range(1 << 20)]'\n"

# Takes its time to stop, and serves until then.
SLOW_TO_STOP = ("web: trap 'sleep 3; kill $!; exit 0' TERM; python3 app.py & while :; do wait; done\n")

# Answers how many processes it could have beside itself.
MANY = {"Procfile": "web: exec python3 app.py\n", "app.py": '''\
import http.server, os, signal

def processes():
    children = []
    try:
        while len(children) < 1000:
            child = os.fork()
            if child == 0:
                signal.pause()
            children.append(child)
    except BlockingIOError:
        pass
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return len(children)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(processes()).encode())

http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
'''}

# What became of a datagram to an address. (TCP tells nobody that its packets are thrown away.)
SEND = """\
import os, socket

def send(address):
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"hello", (address, 80))
        return "sent"
    except OSError as error:
        return os.strerror(error.errno)
"""

# Answers that for its path.
CURIOUS = {"Procfile": "web: exec python3 app.py\n", "send.py": SEND, "app.py": '''\
import http.server, os, send

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(send.send(self.path[1:]).encode() if self.path != "/" else b"")

http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
'''}


# Programs that build an app, and go beyond a limit. The last says what it could send to.
BUILDS = {
    "eater": "data = bytearray()\nwhile True:\n    data.extend(bytes(1 << 20))\n",
    "bomber": "import os, time\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        time.sleep(1)\n",
    "caller": "import send\nfor address in ('127.0.0.1', '10.0.0.1', '169.254.169.254'):\n"
              "    print(address, send.send(address), flush=True)\n",
}


def version(tag, procfile=None):
    """The tree of a version, which answers "python TAG"."""
    files = repositories.sample("python", tag)
    return files | {"Procfile": procfile} if procfile else files


def repository(host, name, trees):
    """A repository with a commit for each tag, as {tag: files}."""
    made = repositories.Repository(host, name)
    for tag, files in trees.items():
        made.commit(files)
        made.tag(tag)
    return made


def create(host):
    """Makes the five apps, with their first version live; and repositories of others that nobody has deployed."""
    deployd = Deployd(host)
    host.run(["mkdir", "--parents", repositories.DIRECTORY])
    trees = {tag: version(tag) for tag in VERSIONS}
    trees |= {"patient": version("patient", PATIENT), "once": {"Procfile": ONCE}}
    for name in NAMES:
        own = trees | ({"v1": version("v1", SLOW_TO_STOP)} if name == "eel" else {})
        deployd.create_repository(name, repository(host, name, own).path)
        # This is still a container, which holds no build by its limits.
        deployd.create_app(name, name, Buildpack="none")
    others = {"greedy": {"Procfile": GREEDY}, "many": MANY, "curious": CURIOUS}
    for name, files in others.items():
        deployd.create_repository(name, repository(host, name, {"v1": files}).path)
        deployd.create_app(name, name, Buildpack="none")
    for name, program in BUILDS.items():
        tree = version("v1") | {"send.py": SEND, "build.py": program}
        deployd.create_repository(name, repository(host, name, {"v1": tree}).path)
        deployd.create_app(name, name, BuildCommand="python3 build.py")
    for number in [deployd.deploy(name, "v1") for name in NAMES]:
        deployment = deployd.end(number)
        assert deployment["Status"] == "live", deployment["ErrorSummary"]
