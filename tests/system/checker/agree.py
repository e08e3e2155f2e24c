# SPDX-License-Identifier: LGPL-2.1-or-later
"""C1 to C6: whether rows, objects, units, ports, files and the ingress agree. Each check yields sentences that begin
with the invariant they are about."""

import collections
import os
import re
import socket
import subprocess

import facts
from facts import entries

ENDED = ("live", "superseded", "failed", "cancelled")
# Units of a step: there while it lasts.
PASSING = re.compile(r"deployd-(fetch|resolve|build|import|release|archive|remove|limit)-.*\.service")
# Statuses of an app that are on their way to another.
MOVING = ("deploying", "degraded")
IMPORT = "/usr/libexec/deployd/deployd-import"
# What says beside the data whose it is, and where `deployd adopt` moves what the database does not know.
MARK, STATE_MARK = ".installation", f"{facts.STATE}/installation"
STAMP = r"\d{8}T\d{6}Z"
ASIDE = re.compile(rf"\d+\.aside-{STAMP}")


# How units write the name of a process (base/process-label.h).
PROCESS_LABEL = str.maketrans({"-": "_", "_": "--"})


def label(text):
    """A label of an object path, as sd_bus_path_encode() makes it."""
    text = str(text)
    return "".join(c if c.isalpha() or c.isdigit() and i > 0 else f"_{ord(c):02x}" for i, c in enumerate(text))


def path_of(word, name):
    return f"{facts.ROOT}/{word.lower()}/{label(name)}"


class World:
    """The facts, with what several checks ask of them."""

    def __init__(self, read):
        self.read, self.rows = read, read.rows
        self.apps = {row["id"]: row for row in self.rows["app"]}
        self.deployments = {row["id"]: row for row in self.rows["deployment"]}
        self.instances = collections.defaultdict(list)
        for row in self.rows["instance"]:
            self.instances[row["deployment_id"]].append(row)
        self.live = {row["app_id"]: row for row in self.rows["deployment"] if row["status"] == "live"}
        self.releases = {row["id"]: row for row in self.rows["release"]}

    def foreign(self):
        """Whether the apps of this machine are not those of the database, as deployd says: it has left all as it was."""
        return bool(self.read.manager["Attention"])

    def formation(self, app):
        """What should run of an app's live deployment: {(process, number)}."""
        release = self.releases[self.live[app["id"]]["release_id"]]
        # What app.json does not name does not run, but for one web.
        said = app["formation"] or [*release["formation"],
                                    *["web=1"] * (not any(item.startswith("web=") for item in release["formation"]))]
        counts = (item.split("=") for item in said)
        return {(process, number) for process, count in counts for number in range(1, int(count) + 1)}

    def removed(self):
        """The ids of removed apps whose data is not deleted."""
        return {str(row["id"]) for row in self.rows["removed_app"] if row["data"] != "deleted"}

    def name(self, deployment):
        """How a deployment is called in a sentence."""
        app = self.apps.get(deployment["app_id"])
        return f"deployment {deployment['id']} of {app['name'] if app else 'no app'}"

    def status(self, app):
        """An app's status on the bus; None without its object."""
        return self.read.objects["App"].get(path_of("App", app["name"]), {}).get("Status")

    def numbers(self):
        """The deployments of each app, by its number."""
        found = {app: [] for app in self.apps}
        for row in self.deployments.values():
            found[row["app_id"]].append(row["id"])
        return found

    def kept(self):
        """The instances that should run: (app, row)."""
        return [(app, row) for app in self.apps.values() if app["wanted"] == "running" and app["id"] in self.live
                for row in self.instances[self.live[app["id"]]["id"]]]


def unsettled(world):
    """What is still under way."""
    if world.foreign():
        return
    for row in world.deployments.values():
        if row["status"] not in ENDED:
            yield f"C1: {world.name(row)} is still {row['status']}"
        elif row["status"] != "live" and world.instances[row["id"]]:
            yield f"C1: {world.name(row)} is {row['status']} and still has instances"
    for app in world.apps.values():
        if world.status(app) in MOVING:
            yield f"C1: app {app['name']} is still {world.status(app)}"
    for name, unit in world.read.units.items():
        if PASSING.fullmatch(name):
            yield f"C1: {name} is still there ({unit['ActiveState']}, {unit['SubState']})"


# What must hold at every moment

def one_live(world):
    """C2."""
    live = [row for row in world.rows["deployment"] if row["status"] == "live"]
    for app in world.apps.values():
        numbers = [row["id"] for row in live if row["app_id"] == app["id"]]
        if len(numbers) > 1:
            yield f"C2: app {app['name']} has {len(numbers)} live deployments: {', '.join(map(str, sorted(numbers)))}"
    shown = world.read.objects["Deployment"].values()
    for name, number in collections.Counter(one["AppName"] for one in shown if one["Status"] == "live").items():
        if number > 1:
            yield f"C2: deployd shows {number} live deployments of app {name}"


def one_lease(world):
    """C5: no port twice."""
    for table, column in (("port_lease", "port"), ("instance", "port"), ("app", "port")):
        ports = collections.Counter(row[column] for row in world.rows[table] if row[column] is not None)
        for port, number in ports.items():
            if number > 1:
                yield f"C5: port {port} is in {number} rows of table {table}"


def acknowledged(world, words):
    """C1 of what callers were told: each word a deployment's id, or `request ID`. (That each ends is asked of all.)"""
    for word in words:
        if word.startswith("request "):
            request = word.removeprefix("request ")
            known = any(row["request_id"] == request for row in world.deployments.values())
        else:
            # Those of an app that was removed are in the event log.
            known = int(word) in world.deployments or int(word) in world.rows["removed"]
        if not known:
            yield f"C1: {word} was acknowledged, and no deployment has it"


def always(world):
    yield from one_live(world)
    yield from one_lease(world)


# What must hold when nothing is under way

def rows_have_reasons(world):
    """C1."""
    for row in world.deployments.values():
        status, detail = world.rows["said"].get(str(row["id"]), ("nothing", ""))
        if status != row["status"]:
            yield f"C1: {world.name(row)} is {row['status']}, and the event log says {status}"
        elif not detail:
            yield f"C1: {world.name(row)} is {row['status']}, and the event log does not say why"
        if row["status"] == "failed" and not row["error_summary"]:
            yield f"C1: {world.name(row)} failed without a sentence"


def objects_are_rows(world):
    """C1: what deployd shows is what the rows say."""
    for word, key in (("Repository", "name"), ("App", "name"), ("Deployment", "id")):
        rows = {path_of(word, row[key]): row for row in world.rows[word.lower()]}
        objects = world.read.objects[word]
        # Past deployments are shown for a while only.
        shown = {path for path, row in rows.items() if word != "Deployment" or row["status"] == "live"}
        for path in sorted(shown - set(objects)):
            yield f"C1: there is no object {path} of {word.lower()} {rows[path][key]}"
        for path in sorted(set(objects) - set(rows)):
            yield f"C1: there is an object {path}, and no row of it"
        for path in sorted(set(objects) & set(rows)):
            for name, (shows, has) in compare(world, word, rows[path], objects[path]).items():
                if shows != has:
                    yield f"C1: {name} of {path} is {shows!r}, and its row says {has!r}"


def compare(world, word, row, shown):
    """{property: (on the bus, by the row)}."""
    if word == "Repository":
        return {"GitUrl": (shown["GitUrl"], row["git_url"])}
    if word == "App":
        live = world.live.get(row["id"])
        return {"Port": (shown["Port"], row["port"]),
                "CurrentPort": (shown["CurrentPort"], row["current_port"] or 0),
                "CurrentDeployment": (shown["CurrentDeployment"], path_of("Deployment", live["id"]) if live else "/"),
                "Draining": (shown["Draining"], 0)}
    return {"Status": (shown["Status"], row["status"]),
            "AssignedPort": (shown["AssignedPort"], row["assigned_port"] or 0),
            "Revision": (shown["Revision"], row["revision"]),
            "ErrorSummary": (shown["ErrorSummary"], row["error_summary"]),
            "Units": (sorted(shown["Units"]), sorted(one["unit"] for one in world.instances[row["id"]]))}


def units_are_rows(world):
    """C4, both ways; and C3: the status of an app is what its units say."""
    units, wanted = world.read.units, {}
    for app, row in world.kept():
        wanted[row["unit"]] = status = world.status(app)
        unit = units.get(row["unit"])
        state = f"{unit['ActiveState']}, {unit['SubState']}" if unit else "not loaded"
        fits = {"running": state == "active, running", "failed": state.startswith("failed"), "stopped": not unit or state.startswith("failed")}
        if not unit and status != "stopped":
            yield f"C4: {row['unit']} of app {app['name']} should run and is not there"
        elif not fits.get(status, False):
            yield f"C3: app {app['name']} is {status}, and {row['unit']} is {state}"
    names = {app["name"].replace("-", "_") for app in world.apps.values()}
    for name, unit in units.items():
        slices = re.fullmatch(r"deployd-apps-(.*)\.slice", name)
        if slices and slices[1] not in names or unit.get("Transient") == "yes" and name not in wanted:
            yield f"C4: {name} is there ({unit['ActiveState']}, {unit['SubState']}), and no row has it"


def ports_are_rows(world):
    """C5."""
    held = collections.defaultdict(list)
    for listener in world.read.listeners:
        held[listener.port].append(listener)
    owners = {}
    for app, row in world.kept():
        if row["port"] and world.status(app) == "running":
            owners[row["port"]] = row["unit"]
    for app in world.apps.values():
        owners[app["port"]] = facts.INGRESS_UNIT
    low, high = world.read.manager["PortRange"]
    for port, listeners in sorted(held.items()):
        for listener in listeners:
            if port in owners and listener.unit != owners[port]:
                yield f"C5: port {port} of {owners[port]} is held by {listener}"
            elif port not in owners and (low <= port <= high or listener.unit == facts.INGRESS_UNIT):
                yield f"C5: nobody has port {port}, and it is held by {listener}"
    # The ingress listens for an app from its first deployment on.
    silent = {app["port"] for app in world.apps.values() if app["id"] not in world.live}
    for port, unit in sorted(owners.items()):
        if port not in silent and not any(listener.unit == unit for listener in held[port]):
            yield f"C5: {unit} does not listen on its port {port}"
    leased = {(row["port"], row["deployment_id"]) for row in world.rows["port_lease"]}
    used = {(row["port"], row["deployment_id"]) for row in world.rows["instance"] if row["port"]}
    for port, number in sorted(leased - used):
        yield f"C5: port {port} is leased to deployment {number}, which has no instance there"
    for port, number in sorted(used - leased):
        yield f"C5: an instance of deployment {number} has port {port}, which is not leased"


def ingress_is_rows(world):
    """C3: requests go to live instances that run and listen, and nowhere else, now and after a restart of the ingress."""
    def server(app, row):
        return f"app-{app['name']}", f"d{row['deployment_id']}.{row['process']}.{row['number']}", row["port"]

    running = [(app, row) for app, row in world.kept()
               if row["port"] and world.read.units.get(row["unit"], {}).get("ActiveState") == "active"]
    allowed = {server(app, row) for app, row in running}
    listening = {(listener.unit, listener.port) for listener in world.read.listeners}
    wanted = {server(app, row) for app, row in running if (row["unit"], row["port"]) in listening}
    frontends, written = world.read.file
    # One that was never live may have one: its first deployment got that far.
    known = {f"app-{app['name']}" for app in world.apps.values()}
    needed = {f"app-{world.apps[number]['name']}" for number in world.live}
    for name in sorted(frontends - known | needed - frontends):
        yield f"C3: {facts.INGRESS_FILE} {'has' if name in frontends else 'does not have'} the frontend {name}"
    hopeless = {f"app-{app['name']}" for app in world.apps.values() if world.status(app) in ("new", "stopped", "failed")}
    for where, has in (("the ingress", world.read.held), (facts.INGRESS_FILE, world.read.file_held)):
        for backend in sorted(has & hopeless):
            yield f"C3: {where} has requests to {backend} wait, and nothing of it is about to run"
        for backend in sorted({backend for backend, _, _ in wanted} - has):
            yield f"C3: {where} does not have requests to {backend} wait while it restarts"
    opened = {one for one, ready in world.read.servers.items() if ready}
    for where, has in (("the ingress", opened), (facts.INGRESS_FILE, written)):
        for backend, name, port in sorted(wanted - has):
            yield f"C3: {where} does not let requests to {name} of {backend} at port {port}"
        for backend, name, port in sorted(has - allowed):
            yield f"C3: {where} lets requests to {name} of {backend} at port {port}, which is not live or does not run"
    for backend, name, port in sorted(set(world.read.servers) - opened - wanted):
        yield f"C3: the ingress still has {name} of {backend} at port {port}, closed"


def files_are_rows(world):
    """C6."""
    releases = {str(row["id"]) for row in world.rows["release"]}
    instances = {f"{row['deployment_id']}.{row['process']}.{row['number']}" for row in world.rows["instance"]}
    running = {f"{row['deployment_id']}.{row['process']}.{row['number']}" for _, row in world.kept()
               if row["unit"] in world.read.units}
    apps = {str(number) for number in world.apps}
    # Only a row is a reason for data of an app to be there, be it of an app that was removed.
    kept = apps | world.removed() | {MARK}
    aside = {name for name in entries("/var/lib/private/deployd-apps") if ASIDE.fullmatch(name)}
    kept |= aside
    # What an app keeps of its tree is beside its directory.
    persisted = {name for name in entries("/var/lib/private/deployd-apps") if name.partition("+")[0] in kept}
    kept |= persisted
    # PID 1 made a link to what was moved aside.
    links = apps | world.removed() | {name.partition(".")[0] for name in aside} | persisted
    notes = {f"{name}.ran" for name in instances}
    private = [(f"/var/{top}/{inner}deployd-{kind}", known) for top in ("lib", "cache") for inner in ("", "private/")
               for kind, known in (("apps", apps if top == "cache" else kept if inner else links), ("build", apps),
                                   ("fetch", {str(row["id"]) for row in world.rows["repository"]}))]
    # Directory, what may be there, what must.
    for directory, may, must in (
            (f"{facts.STATE}/releases", releases, releases),
            (f"{facts.STATE}/spool", set(), set()),
            (f"{facts.STATE}/ingress", {"apps.cfg"}, {"apps.cfg"} if apps else set()),
            (f"{facts.STATE}/logs", apps, set()),
            *((f"{facts.STATE}/logs/{app}", {f"{number}.zst" for number in deployments}, set())
              for app, deployments in world.numbers().items()),
            (facts.ENVIRONMENT, instances | notes, running),
            *((directory, known, set()) for directory, known in private),
            # The work of builds: nothing stays.
            *((f"/var/lib/private/deployd-build/{app}", set(), set()) for app in apps)):
        found = set(entries(directory))
        for name in sorted(found - may):
            yield f"C6: {directory}/{name} is there, and no row has it"
        for name in sorted(must - found):
            yield f"C6: {directory}/{name} is not there"


def formation_runs(world):
    """C12: of an app whose wish is to run its formation is there, no more and no less, but for what somebody stopped."""
    for app in world.apps.values():
        if app["wanted"] != "running" or app["id"] not in world.live or world.status(app) == "failed":
            continue
        live, wanted = world.live[app["id"]], world.formation(app)
        prefix = f"deployd-app-{app['name'].replace('-', '_')}-{live['id']}."
        loaded = {name for name in world.read.units if name.startswith(prefix)}
        units = {f"{prefix}{process.translate(PROCESS_LABEL)}.{number}.service" for process, number in wanted}
        rows = {row["unit"] for row in world.instances[live["id"]]}
        # What somebody has stopped by hand keeps its row, and the status says it.
        for unit in sorted(units - loaded if world.status(app) == "running" else units - rows):
            yield f"C12: {unit} of the formation of app {app['name']} is not there"
        for unit in sorted(loaded - units):
            yield f"C12: {unit} is there, and the formation of app {app['name']} does not have it"


def marks_are_rows(world):
    """C6: who looks at the data sees whose it is."""
    wanted = f"installation {world.rows['installation']}"
    for path in (f"/var/lib/private/deployd-apps/{MARK}", STATE_MARK):
        try:
            with open(path, encoding="utf-8") as file:
                first, *lines = file.read().splitlines()
        except (OSError, ValueError) as error:
            yield f"C6: {path} cannot be read: {error}"
            continue
        if first != wanted:
            yield f"C6: {path} begins with {first!r}, and the database is of {wanted!r}"
        named = {line.split()[1] for line in lines}
        for number in sorted({str(number) for number in world.apps} - named):
            yield f"C6: {path} does not name app {number}"


def settled(world):
    if world.foreign():
        return
    for check in (rows_have_reasons, objects_are_rows, units_are_rows, ports_are_rows, ingress_is_rows, files_are_rows,
                  formation_runs, marks_are_rows):
        yield from check(world)


# What takes longer

def status_line(port):
    """The status of the answer on a port, or how it was not answered."""
    try:
        with socket.create_connection(("127.0.0.1", port), facts.PATIENCE) as stream:
            # No app of the tests does anything for it, and each answers.
            stream.sendall(f"HEAD / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
            words = stream.makefile("rb").readline().split()
    except OSError as error:
        return str(error)
    return words[1].decode() if len(words) > 1 and words[0].startswith(b"HTTP/") else "no answer"


def apps_answer(world):
    """C3: on its stable port it is the app that answers."""
    for app, row in world.kept():
        if world.status(app) == "running" and row["process"] == "web":
            through = status_line(app["port"])
            # The ingress answers 503 for an app that does not.
            if not through.isdigit() or through == "503" and status_line(row["port"]) != "503":
                yield f"C3: app {app['name']} does not answer on its port {app['port']}: {through}"


def releases_are_whole(world, number):
    """C6: the digest of releases is what was recorded; of the live ones and the `number` newest others."""
    live = {row["release_id"] for row in world.live.values()}
    others = sorted({row["id"] for row in world.rows["release"]} - live, reverse=True)
    for row in world.rows["release"]:
        directory = f"{facts.STATE}/releases/{row['id']}"
        if row["id"] not in live and row["id"] not in others[:number] or not os.path.isdir(directory):
            continue
        try:
            digest = facts.output([IMPORT, "--digest", directory]).decode().strip()
        except (OSError, subprocess.SubprocessError) as error:
            digest = str(error)
        if digest != row["digest"]:
            yield f"C6: the digest of {directory} is {digest}, and its row says {row['digest']}"
