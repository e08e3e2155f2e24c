# SPDX-License-Identifier: LGPL-2.1-or-later
"""A deployd and a systemd to talk to: the D-Bus interface without anything behind it.

It runs in a thread of its own, keeps what it was told in dictionaries, and writes down every call. What
happens to a deployment is said by the test, with advance() or, before the deployment is asked for, as `plan`.
GDBus refuses calls whose arguments have not the signatures below.
"""

import os
import queue
import threading
import time
from xml.etree import ElementTree

from gi.repository import Gio, GLib

NAME = "org.deployd.Deploy1"
ROOT = "/org/deployd/Deploy1"
ERROR = NAME + ".Error."
SYSTEMD = "org.freedesktop.systemd1"
TIMEOUT = 20

METHODS = {
    "Manager": {
        "CreateRepository": ("sssa{sv}", "o"), "CreateApp": ("ssa{sv}", "o"), "GetRepository": ("s", "o"),
        "GetApp": ("s", "o"), "GetDeployment": ("t", "o"), "DescribeDeployment": ("t", "a{sv}"),
        "ListRepositories": ("", "a(ssso)"), "ListApps": ("", "a(sssqqo)"), "ListRemovedApps": ("", "aa{sv}"),
        "ListDeployments": ("stu", "a(tsssqtts)"), "OpenLog": ("t", "h"), "Deploy": ("ssa{sv}", "to"),
    },
    "Repository": {"Fetch": ("", ""), "SetGitUrl": ("s", ""), "SetDefaultBranch": ("s", ""), "SetSubmodules": ("s", ""),
                   "SetCredential": ("v", ""), "GenerateKey": ("", "s"), "SetKnownHosts": ("s", ""), "Remove": ("", "")},
    "App": {
        "Start": ("", ""), "Stop": ("", ""), "Restart": ("", ""), "ClearCache": ("", ""), "SetProperties": ("a{sv}", ""), "Remove": ("b", ""),
        "Redeploy": ("", "to"), "Rollback": ("t", "to"), "SetEnvironment": ("a{ss}as", "to"),
        "StageEnvironment": ("a{ss}as", ""), "GetEnvironment": ("", "a{ss}"),
    },
    "Deployment": {"Cancel": ("", "")},
    "ObjectManager": {"GetManagedObjects": ("", "a{oa{sa{sv}}}")},
    "Properties": {"Get": ("ss", "v"), "GetAll": ("s", "a{sv}")},
}


def property_types(noun):
    """Names and types of the properties, as the description of the interface has them."""
    xml = os.path.join(os.path.dirname(__file__), f"../../dbus/{NAME}.{noun}.xml")
    return {row.get("name"): row.get("type") for row in ElementTree.parse(xml).iter("property")}


TYPES = {
    "Manager": {"Version": "s", "SchemaVersion": "u", "PortRange": "(qq)", "PortsAssigned": "u", "DatabaseState": "s",
                "DeploymentsQueued": "u", "DeploymentsRunning": "u", "SandboxState": "s", "SandboxMissing": "as",
                "Attention": "s"},
    "Repository": {"Name": "s", "GitUrl": "s", "DefaultBranch": "s", "Submodules": "s", "HeadRevision": "s", "LastFetchedAt": "t",
                   "CreatedAt": "t", "Apps": "ao", "HasCredential": "b"},
    "App": property_types("App"),
    "Deployment": {"Id": "t", "App": "o", "AppName": "s", "Status": "s", "RequestedRevision": "s", "Revision": "s",
                   "ImageTag": "s", "AssignedPort": "q", "Units": "as", "Progress": "d", "SettlesAt": "t", "StatusText": "s", "Warnings": "as",
                   "CreatedAt": "t", "StartedAt": "t", "FinishedAt": "t", "ErrorSummary": "s", "LogsPath": "s",
                   "RequestedBy": "u"},
}

REMOVED = {"Id": "t", "Name": "s", "RemovedAt": "t", "KeptUntil": "t", "DataPath": "s", "RemovedBy": "u"}

ENDED = ("live", "failed", "cancelled", "superseded")


def interface(noun):
    return ("org.freedesktop.DBus." if noun in ("ObjectManager", "Properties") else NAME + ".") + noun


def interface_info(noun):
    methods = ""
    for method, (takes, gives) in METHODS[noun].items():
        args = "".join(f'<arg type="{t}" direction="in"/>' for t in signature_split(takes))
        args += "".join(f'<arg type="{t}" direction="out"/>' for t in signature_split(gives))
        methods += f'<method name="{method}">{args}</method>'
    xml = f'<node><interface name="{interface(noun)}">{methods}</interface></node>'
    return Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0]


def signature_split(signature):
    """"sa{sv}" as ["s", "a{sv}"]."""
    parts, depth, begin = [], 0, 0
    for i, c in enumerate(signature):
        depth += (c in "({") - (c in ")}")
        if depth == 0 and c != "a":
            parts.append(signature[begin:i + 1])
            begin = i + 1
    return parts


def encode(label):
    """As sd_bus_path_encode() writes the last part of a path."""
    return "".join(c if c.isascii() and c.isalpha() or (c.isdigit() and i > 0) else f"_{ord(c):02x}"
                   for i, c in enumerate(label)) or "_"


def path(noun, name):
    return f"{ROOT}/{noun.lower()}/{encode(str(name))}"


def now():
    return int(time.time() * 1000000)


class Failure(Exception):
    def __init__(self, name, message):
        super().__init__(message)
        self.name = name if "." in name else ERROR + name
        self.message = message


class Mock:
    def __init__(self, address):
        self.address = address
        self.calls = queue.Queue()
        self.manager = {"Version": "0.1.0", "SchemaVersion": 1, "PortRange": (20000, 29999), "PortsAssigned": 1,
                        "DatabaseState": "connected", "DeploymentsQueued": 0, "DeploymentsRunning": 0,
                        "SandboxState": "enforced", "SandboxMissing": [], "Attention": ""}
        self.objects = {}   # path: (noun, properties)
        self.failures = {}  # method: Failure
        self.silent = set() # methods that never answer
        self.plan = []      # what happens to the next deployment: dictionaries of properties
        self.planned = None  # the path and id of the deployment to which it will happen
        self.units = {}     # unit: properties, for systemd
        self.old = {}       # deployments that are not published any more
        self.logs = {}  # of deployments, by id
        self.requests = {}
        self.environments = {} # of apps: by path
        self.before = {}    # deployment: what its failure takes back, a path and its environment
        self.removed = []   # apps whose data is kept: dictionaries
        self.keep = 7 * 24 * 3600 * 1000000  # microseconds, for the data of an app that is removed
        self.ends = "after the reply"  # when the last instance of a removed app does; or "before" it, or "" = by gone()
        self.next_id = 42
        self.connection = self.systemd = None
        self.context = GLib.MainContext()
        self.loop = GLib.MainLoop(self.context)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        self.do(self._connect_systemd)
        self.start()

    def _run(self):
        self.context.push_thread_default()
        self.loop.run()
        self.context.pop_thread_default()

    def do(self, function, *arguments):
        """Calls the function in the thread of the service and gives its result."""
        result = queue.Queue()

        def call():
            try:
                result.put((function(*arguments), None))
            except BaseException as error:  # shown in the test's thread
                result.put((None, error))
            return False

        source = GLib.Idle()
        source.set_callback(lambda *_: call())
        source.attach(self.context)
        value, error = result.get(timeout=TIMEOUT)
        if error:
            raise error
        return value

    def _connect(self):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        connection = Gio.DBusConnection.new_for_address_sync(self.address, flags, None, None)
        connection.set_exit_on_close(False)
        return connection

    @staticmethod
    def _own(connection, name):
        reply = connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                     "RequestName", GLib.Variant("(su)", (name, 4)), None, 0, -1, None)
        assert reply[0] == 1, f"{name} is taken"

    def _connect_systemd(self):
        self.systemd = self._connect()
        self._own(self.systemd, SYSTEMD)

    # The service comes and goes; what it knows stays.

    def start(self):
        def start():
            self.connection = self._connect()
            self.registered = {}
            self._register(ROOT, "Manager", "ObjectManager", "Properties")
            for where, (noun, _) in self.objects.items():
                self._register(where, noun, "Properties")
            self._own(self.connection, NAME)  # the last, so that nobody finds it half done
        self.do(start)

    def stop(self):
        def stop():
            if self.connection:
                self.connection.close_sync(None)
                self.connection = None
        self.do(stop)

    def close(self):
        self.stop()
        self.do(lambda: self.systemd.close_sync(None))
        self.loop.quit()
        self.thread.join()

    def _register(self, where, *nouns):
        self.registered[where] = [self.connection.register_object(where, interface_info(noun), self._on_call, None, None)
                                  for noun in nouns]

    # Objects

    def variants(self, noun, properties):
        types = TYPES[noun]
        return {name: GLib.Variant(types[name], value) for name, value in properties.items()}

    def emit(self, where, noun, member, value):
        self.connection.emit_signal(None, where, interface(noun), member, value)

    def add(self, noun, name, **properties):
        where = path(noun, name)

        def add():
            self.objects[where] = (noun, properties)
            if self.connection and where not in self.registered:
                self._register(where, noun, "Properties")
                self.emit(ROOT, "ObjectManager", "InterfacesAdded",
                          GLib.Variant("(oa{sa{sv}})", (where, {interface(noun): self.variants(noun, properties)})))
        self.here(add)
        return where

    def remove(self, where):
        noun, _ = self.objects.pop(where)
        for registration in self.registered.pop(where):
            self.connection.unregister_object(registration)
        self.emit(ROOT, "ObjectManager", "InterfacesRemoved", GLib.Variant("(oas)", (where, [interface(noun)])))

    def here(self, function, *arguments):
        return function(*arguments) if threading.current_thread() is self.thread else self.do(function, *arguments)

    def repository(self, name="code", **properties):
        return self.add("Repository", name, **{
            "Name": name, "GitUrl": f"https://git.example/{name}.git", "DefaultBranch": "", "Submodules": "no", "HeadRevision": "",
            "LastFetchedAt": 0, "CreatedAt": now(), "Apps": [], **properties})

    def app(self, name="shop", repository="code", **properties):
        return self.add("App", name, **{
            "Name": name, "Repository": path("Repository", repository), "Status": "new", "CurrentPort": 0,
            "CurrentDeployment": "/", "Deployments": [], "Slice": f"deployd-apps-{name.replace('-', '_')}.slice",
            "CreatedAt": now(), "Branch": "", "Directory": "", "StopTimeoutUSec": 0, "MemoryMax": 0, "TasksMax": 0,
            "CPUQuotaPerSecUSec": 0, "KeepReleases": 0, "Formation": {"web": 1}, "Buildpack": "", "BuildCommand": "",
            "Readiness": "port", "HealthCheckPath": "", "HealthCheckTimeoutUSec": 0, "CheckSettleUSec": 0,
            "WritableTree": "no", "Persist": "",
            "EnvironmentStaged": [], "DataPath": "/nonexistent/7", "Releases": 0, **properties})

    def deployment(self, app="shop", revision="", **properties):
        number = self.next_id
        self.next_id += 1
        where = self.add("Deployment", number, **{
            "Id": number, "App": path("App", app), "AppName": app, "Status": "queued", "RequestedRevision": revision,
            "Revision": "", "ImageTag": "", "AssignedPort": 0, "Units": [], "Progress": -1.0, "SettlesAt": 0, "StatusText": "", "Warnings": [],
            "CreatedAt": now(), "StartedAt": 0, "FinishedAt": 0, "ErrorSummary": "", "LogsPath": "", "RequestedBy": 0,
            **properties})
        self.emit(ROOT, "Manager", "DeploymentNew", GLib.Variant("(tos)", (number, where, app)))
        return number, where

    def advance(self, number, **changes):
        """Something happened to a deployment."""
        def advance():
            where = path("Deployment", number)
            properties = self.objects[where][1]
            properties.update(changes)
            if changes.get("Status") in ("failed", "cancelled") and number in self.before:
                app, environment = self.before.pop(number)
                self.environments[app] = environment
            if not self.connection:
                return
            self.emit(where, "Properties", "PropertiesChanged",
                      GLib.Variant("(sa{sv}as)", (interface("Deployment"), self.variants("Deployment", changes), [])))
            if changes.get("Status") in ENDED[:3]:
                self.emit(ROOT, "Manager", "DeploymentFinished",
                          GLib.Variant("(toss)", (number, where, properties["AppName"], properties["Status"])))
        self.here(advance)

    def forget(self, number):
        """An ended deployment is not published any more."""
        def forget():
            where = path("Deployment", number)
            self.old[number] = self.objects[where][1]
            self.remove(where)
        self.here(forget)

    def wait_call(self, method):
        """The arguments of the next call of the method."""
        while True:
            name, arguments = self.calls.get(timeout=TIMEOUT)
            if name == method:
                return arguments

    def called(self):
        names = []
        while not self.calls.empty():
            names.append(self.calls.get()[0])
        return names

    # Calls

    def _on_call(self, _connection, _sender, where, interface_name, method, parameters, invocation):
        noun = interface_name.rsplit(".", 1)[1]
        arguments = parameters.unpack()
        called = method, (where, *arguments)
        if method in self.silent:
            self.calls.put(called)
            return
        # Who waits for a call may change what the next one is answered: this one's answer is decided before.
        try:
            if method in self.failures:
                raise self.failures[method]
            if self.manager["DatabaseState"] != "connected" and method != "Get":
                raise Failure("DatabaseUnavailable", "the database cannot be reached: connection refused")
            result = getattr(self, f"{noun}_{method}")(where, *arguments)
        except Failure as failure:
            self.calls.put(called)
            invocation.return_dbus_error(failure.name, failure.message)
            return
        self.calls.put(called)
        gives = METHODS[noun][method][1]
        if gives == "h":
            descriptors = Gio.UnixFDList.new_from_array([result])
            invocation.return_value_with_unix_fd_list(GLib.Variant("(h)", (0,)), descriptors)
            return
        invocation.return_value(GLib.Variant(f"({gives})", result if isinstance(result, tuple) else (result,))
                                if gives else None)
        if method in ("Deploy", "Redeploy", "Rollback", "SetEnvironment") and result[0] != 0 and self.plan:
            self.planned = path("Deployment", result[0]), result[0]
        # Nothing happens to it before the client has seen how it begins.
        if method == "GetAll" and self.planned and self.planned[0] == where:
            self._follow_plan(self.planned[1])
            self.planned = None
        if (noun, method) == ("App", "Remove") and self.ends == "after the reply":
            self.gone(self.removed[-1]["Name"])

    def _follow_plan(self, number):
        def step(*_):
            change = self.plan.pop(0)
            self.advance(number, **change)
            return bool(self.plan) and change.get("Status") not in ENDED  # the rest is the next one's

        source = GLib.Timeout(20)  # one turn of the loop each, so that each is seen
        source.set_callback(step)
        source.attach(self.context)

    def _find(self, noun, name):
        where = path(noun, name)
        if where not in self.objects:
            raise Failure(f"NoSuch{noun}", f"there is no {noun.lower()} '{name}'")
        return where

    def _all(self, noun):
        return [(where, p) for where, (kind, p) in self.objects.items() if kind == noun]

    def Properties_Get(self, where, _interface, name):
        noun, properties = ("Manager", self.manager) if where == ROOT else self.objects[where]
        return self.variants(noun, {name: properties[name]})[name]

    def Properties_GetAll(self, where, _interface):
        noun, properties = ("Manager", self.manager) if where == ROOT else self.objects[where]
        return self.variants(noun, properties)

    def ObjectManager_GetManagedObjects(self, _where):
        return {where: {interface(noun): self.variants(noun, p)} for where, (noun, p) in self.objects.items()}

    def Manager_CreateRepository(self, _where, name, url, branch, _options):
        if path("Repository", name) in self.objects:
            raise Failure("AlreadyExists", f"there is a repository '{name}' already")
        return self.repository(name, GitUrl=url, DefaultBranch=branch)

    def Manager_CreateApp(self, _where, name, repository, options):
        self._find("Repository", repository)
        return self.app(name, repository, **{key: value for key, value in options.items() if key != "Data"})

    def Manager_GetRepository(self, _where, name):
        return self._find("Repository", name)

    def Manager_GetApp(self, _where, name):
        return self._find("App", name)

    def Manager_GetDeployment(self, _where, number):
        return self._find("Deployment", number)

    def Manager_DescribeDeployment(self, _where, number):
        if number not in self.old:
            raise Failure("NoSuchDeployment", f"there is no deployment {number}")
        return self.variants("Deployment", self.old[number])

    def Manager_OpenLog(self, _where, number):
        if number not in self.logs:
            raise Failure("NoSuchDeployment", f"there is no deployment {number}")
        log = os.memfd_create("log")
        os.write(log, self.logs[number].encode())
        os.lseek(log, 0, os.SEEK_SET)
        return log

    def Manager_ListRepositories(self, _where):
        return [(p["Name"], p["GitUrl"], p["DefaultBranch"], where) for where, p in self._all("Repository")]

    def Manager_ListApps(self, _where):
        return [(p["Name"], p.get("AccessMode", ""), p["Status"], p.get("Port", 0), p["CurrentPort"], where)
                for where, p in self._all("App")]

    def Manager_ListDeployments(self, _where, app, _before, limit):
        if app:
            self._find("App", app)
        found = [p for _, p in self._all("Deployment") if app in ("", p["AppName"])]
        found.sort(key=lambda p: -p["Id"])
        return [(p["Id"], p["AppName"], p["Status"], p["Revision"], p["AssignedPort"], p["CreatedAt"], p["FinishedAt"],
                 p["ErrorSummary"]) for p in found[:limit or 50]]

    def Manager_Deploy(self, _where, app, revision, options):
        self._find("App", app)
        request = options.get("request-id")
        if request not in self.requests:
            self.requests[request] = self.deployment(app, revision)
        return self.requests.pop(None) if request is None else self.requests[request]

    def Repository_Fetch(self, where):
        pass

    def Repository_SetGitUrl(self, where, url):
        self.objects[where][1]["GitUrl"] = url

    def Repository_SetDefaultBranch(self, where, branch):
        self.objects[where][1]["DefaultBranch"] = branch

    def Repository_SetSubmodules(self, where, submodules):
        self.objects[where][1]["Submodules"] = submodules

    def Repository_SetCredential(self, where, credential):
        self.objects[where][1]["HasCredential"] = len(credential) > 0

    def Repository_SetKnownHosts(self, where, known_hosts):
        pass

    def Repository_GenerateKey(self, where):
        return "ssh-ed25519 AAAA deployd"

    def Repository_Remove(self, where):
        self.remove(where)

    def App_Redeploy(self, where):
        properties = self.objects[where][1]
        return (0, "/") if properties["Status"] == "stopped" else self.deployment(properties["Name"])

    def App_Rollback(self, where, _to):
        return self.deployment(self.objects[where][1]["Name"])

    def App_Start(self, where):
        pass

    App_Stop = App_Restart = App_ClearCache = App_Start

    def App_SetProperties(self, where, properties):
        self.objects[where][1].update(properties)

    def App_GetEnvironment(self, where):
        return dict(sorted(self.environments.get(where, {}).items()))

    def App_SetEnvironment(self, where, new, gone):
        before = self.environments.get(where, {})
        self._set_environment(where, new, gone)
        properties = self.objects[where][1]
        if properties["CurrentDeployment"] == "/" or properties["Status"] == "stopped":
            return (0, "/")
        number, deployment = self.deployment(properties["Name"])
        self.before[number] = (where, before)
        return number, deployment

    def App_StageEnvironment(self, where, new, gone):
        self._set_environment(where, new, gone)
        self.objects[where][1]["EnvironmentStaged"] = sorted([*new, *gone])

    def _set_environment(self, where, new, gone):
        kept = {**self.environments.get(where, {}), **new}
        self.environments[where] = {name: value for name, value in kept.items() if name not in gone}

    def App_Remove(self, where, _force):
        properties = self.objects[where][1]
        self.remove(where)
        self.removed.append({"Id": 7, "Name": properties["Name"], "RemovedAt": now(), "KeptUntil": now() + self.keep,
                             "DataPath": properties["DataPath"], "RemovedBy": 0})
        if self.ends == "before":
            self.gone(properties["Name"])

    def gone(self, app, number=7):
        """Nothing of a removed app runs any more."""
        self.here(lambda: self.emit(ROOT, "Manager", "AppRemoved", GLib.Variant("(ts)", (number, app))))

    def Manager_ListRemovedApps(self, _where):
        return [{key: GLib.Variant(REMOVED[key], value) for key, value in removed.items()} for removed in self.removed]

    def Deployment_Cancel(self, where):
        properties = self.objects[where][1]
        if properties["Status"] in ENDED:
            raise Failure("AlreadyFinished", f"deployment {properties['Id']} is {properties['Status']} already")
        self.advance(properties["Id"], Status="cancelled", FinishedAt=now())

    # systemd

    def unit(self, name, sub_state="running", load_state="loaded", changed=None):
        values = {"LoadState": GLib.Variant("s", load_state), "SubState": GLib.Variant("s", sub_state),
                  "StateChangeTimestamp": GLib.Variant("t", now() if changed is None else changed)}

        def on_call(_connection, _sender, _where, _interface, method, _parameters, invocation):
            assert method == "GetAll"
            invocation.return_value(GLib.Variant("(a{sv})", (values,)))

        self.do(lambda: self.systemd.register_object(f"/org/freedesktop/systemd1/unit/{encode(name)}",
                                                     interface_info("Properties"), on_call, None, None))
