# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a machine with deployd is like at this moment, as rows, the bus, PID 1, the kernel, the ingress and the disk
each say it. Nothing is judged here, and nothing is changed: a deployd that does not run is not activated."""

import json
import os
import re
import socket
import subprocess

BUS_NAME = "org.deployd.Deploy1"
ROOT = "/org/deployd/Deploy1"
STATE = "/var/lib/deployd"
ENVIRONMENT = "/run/deployd/env"
INGRESS_FILE = f"{STATE}/ingress/apps.cfg"
INGRESS_SOCKET = "/run/deployd/ingress/admin.sock"
INGRESS_UNIT = "deployd-ingress.service"

# Seconds that a command, the ingress or an app may take for an answer.
PATIENCE = 20

# One statement: all rows are of the same moment.
ROWS = """
select json_build_object(
        'repository', (select coalesce(json_agg(r), '[]') from repository r),
        'app', (select coalesce(json_agg(a), '[]') from app a),
        'deployment', (select coalesce(json_agg(d), '[]') from deployment d),
        'release', (select coalesce(json_agg(r), '[]') from release r),
        'instance', (select coalesce(json_agg(i), '[]') from instance i),
        'installation', (select replace(id::text, '-', '') from installation),
        'removed_app', (select coalesce(json_agg(r), '[]') from removed_app r),
        'port_lease', (select coalesce(json_agg(l), '[]') from port_lease l),
        'said', (select coalesce(json_object_agg(deployment_id, json_build_array(to_status, detail)), '{}') from (
                select distinct on (deployment_id) deployment_id, to_status, detail from event
                where deployment_id is not null and to_status <> '' order by deployment_id, id desc) last),
        'removed', (select coalesce(json_agg(distinct e.deployment_id), '[]') from event e
                where e.deployment_id is not null and exists (select from event r
                        where r.verb = 'app-remove' and r.app_name = e.app_name and r.id > e.id)))
"""

BUSCTL = ["busctl", "--auto-start=no", "--json=short", "call", BUS_NAME, ROOT]

COMMANDS = {
    "objects": [*BUSCTL, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"],
    "manager": [*BUSCTL, "org.freedesktop.DBus.Properties", "GetAll", "s", f"{BUS_NAME}.Manager"],
    "units": ["systemctl", "show", "--all", "deployd*"],
    "listeners": ["ss", "--no-header", "--numeric", "--listening", "--tcp", "--processes", "--cgroup"],
}

# How each says in a sentence that it does not answer.
SILENT = {
    "rows": "C1: the database does not answer",
    "objects": "C1: deployd does not answer",
    "manager": "C1: deployd does not answer",
    "units": "C4: systemctl failed",
    "listeners": "C5: ss failed",
}

# Columns of `show servers state`, version 1, and the bits of the admin state that keep requests out
# (management.txt of haproxy 2.6, 9.3).
BACKEND, SERVER, ADMIN_STATE, SERVER_PORT = 1, 3, 6, 18
# Where requests wait for a server.
HOLD = "hold"
ADMIN_CLOSED = 0x01 | 0x08


class Unreadable(Exception):
    """Something does not answer; the text is the sentence about it."""


class Listener:
    """A listening TCP socket: the address and port, the unit and a process that has it."""

    def __init__(self, line):
        local = line.split()[3]
        self.address, _, port = local.rpartition(":")
        self.port = int(port)
        process = re.search(r'users:\(\("([^"]*)",pid=(\d+)', line)
        self.program, self.pid = (process[1], int(process[2])) if process else ("?", 0)
        group = re.search(r"cgroup:(\S+)", line)
        # Of a socket that has outlived the run of its unit, the control group is gone.
        self.unit = (unit_of(group[1]) if group else "") or unit_of_process(self.pid)

    def __str__(self):
        return f"{self.program} (pid {self.pid}, {self.unit or 'no unit'}) at {self.address}"


def unit_of(group):
    """The unit that a control group is of or in: its innermost service or scope."""
    units = [part for part in group.split("/") if part.endswith((".service", ".scope"))]
    return units[-1] if units else ""


def unit_of_process(pid):
    """The unit of a process; empty when it is in none, or gone."""
    try:
        with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
            groups = [line.rstrip("\n").split(":", 2)[1:] for line in file]
    except OSError:
        return ""
    return next((unit_of(path) for names, path in groups if names in ("", "name=systemd") and unit_of(path)), "")


def output(argv):
    """What a command prints. OSError or subprocess.SubprocessError when it fails."""
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=PATIENCE, check=True).stdout


def plain(value):
    """A value of busctl's JSON without the types of its variants."""
    if isinstance(value, dict):
        return plain(value["data"]) if set(value) == {"type", "data"} else {k: plain(v) for k, v in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def parse_objects(text):
    """Objects of deployd by interface, last part of it, and path."""
    found = {"App": {}, "Deployment": {}, "Repository": {}}
    for path, interfaces in json.loads(text)["data"][0].items():
        for word, objects in found.items():
            if f"{BUS_NAME}.{word}" in interfaces:
                objects[path] = plain(interfaces[f"{BUS_NAME}.{word}"])
    return found


def parse_units(text):
    """The loaded units by name, each a dict of its properties as text."""
    blocks = (dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
              for block in text.decode(errors="replace").split("\n\n"))
    return {block["Id"]: block for block in blocks if block.get("LoadState") not in (None, "not-found")}


PARSERS = {
    "rows": json.loads,
    "objects": parse_objects,
    "manager": lambda text: plain(json.loads(text)["data"][0]),
    "units": parse_units,
    "listeners": lambda text: [Listener(line) for line in text.decode().splitlines()],
}


def ask_ingress(command):
    """The answer of the ingress to a command."""
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(PATIENCE)
        stream.connect(INGRESS_SOCKET)
        stream.sendall(f"{command}\n".encode())
        with stream.makefile(encoding="utf-8") as file:
            return file.read()


def read_servers():
    """What the ingress runs with now: {(backend, server, port): whether it takes requests}, and the backends where requests
    wait for a server."""
    found, held = {}, set()
    for line in ask_ingress("show servers state").splitlines()[1:]:
        columns = line.split()
        if columns and columns[0] != "#" and columns[BACKEND].startswith("app-"):
            key = columns[BACKEND], columns[SERVER], int(columns[SERVER_PORT])
            opened = not int(columns[ADMIN_STATE]) & ADMIN_CLOSED
            if columns[SERVER] != HOLD:
                found[key] = opened
            elif opened:
                held.add(columns[BACKEND])
    return found, held


def read_ingress_file():
    """What the ingress would be after a restart: its frontends, its servers as (backend, server, port), and the backends where
    requests wait for a server."""
    frontends, servers, held, backend = set(), set(), set(), ""
    with open(INGRESS_FILE, encoding="utf-8") as file:
        for line in file:
            word, *rest = line.split() or [""]
            if word == "frontend":
                frontends.add(rest[0])
            elif word == "backend":
                backend = rest[0]
            elif word == "server" and rest[0] != HOLD:
                servers.add((backend, rest[0], int(rest[1].rpartition(":")[2])))
            elif word == "server" and "disabled" not in rest:
                held.add(backend)
    return (frontends, servers), held


class Facts:
    """All of it, read once. `problems` has a sentence for each part that could not be read; that part is None.

    rows       {table: [row]}, and what the event log says last of each deployment
    objects    {"App"|"Deployment"|"Repository": {path: properties}}
    manager    properties of the manager
    units      {name: properties} of the loaded units deployd*
    listeners  [Listener]
    servers, held      see read_servers()
    file, file_held    see read_ingress_file()
    raw        {part: bytes} as it was answered
    """

    def __init__(self, database):
        self.problems, self.raw = [], {}
        # First: asked anything, deployd may look at the ingress again, and mend it.
        self.servers, self.held = self._read(read_servers) or (None, None)
        self.file, self.file_held = self._read(read_ingress_file) or (None, None)
        psql = ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--command", ROWS, database]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        running = {name: subprocess.Popen(argv, **pipes) for name, argv in {**COMMANDS, "rows": psql}.items()}
        for name, process in running.items():
            setattr(self, name, self._finish(name, process))
        self.problems = list(dict.fromkeys(self.problems))

    def _finish(self, name, process):
        try:
            out, error = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, error = process.communicate()
            error = b"no answer in time"
        if process.returncode == 0:
            self.raw[name] = out
            return PARSERS[name](out)
        lines = error.decode(errors="replace").strip().splitlines() or [f"exit status {process.returncode}"]
        self.problems.append(f"{SILENT[name]}: {lines[-1]}")
        return None

    def _read(self, read):
        try:
            return read()
        except OSError as error:
            self.problems.append(f"C3: the ingress cannot be looked at: {error}")
            return None


def entries(path):
    """The names in a directory; none when it is not there."""
    try:
        return sorted(os.listdir(path))
    except (FileNotFoundError, NotADirectoryError):
        return []
