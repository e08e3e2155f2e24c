# SPDX-License-Identifier: LGPL-2.1-or-later
"""deployd on a machine, spoken to over the bus only; and what it leaves behind."""

import re

import repository as repositories

ROOT = "/org/deployd/Deploy1"
ENDED = ("live", "superseded", "failed", "cancelled")

# Units of a deployment's steps: they are there for moments only.
PASSING = tuple(f"deployd-{kind}-*.service" for kind in (
    "fetch", "resolve", "keygen", "build", "import", "release", "archive", "remove", "limit"))

# An app that never listens, and says what it was started as.
SILENT = {"Procfile": "web: echo silent on $PORT; exec sleep infinity\n"}


def label(text):
    """A label of an object path, as sd_bus_path_encode() makes it of a name or a number."""
    text = str(text)
    return "".join(c if c.isalpha() or c.isdigit() and i > 0 else f"_{ord(c):02x}" for i, c in enumerate(text))


def app_path(name):
    return f"{ROOT}/app/{label(name)}"


def repository_path(name):
    return f"{ROOT}/repository/{label(name)}"


def deployment_path(number):
    return f"{ROOT}/deployment/{label(number)}"


def options(values):
    """An a{sv} in the words of busctl."""
    types = {str: "s", int: "t", bool: "b"}
    words = [len(values)]
    for name, value in values.items():
        words += [name, types[type(value)], value]
    return words


class Deployd:
    """deployd on a machine. Apps have the machine's canary in their environment, for the checker to look for."""

    def __init__(self, machine, canary=True):
        self.machine, self._canary = machine, canary
        self.listen()

    def listen(self):
        """Listens to the signals from now on: again, when the bus is another one."""
        self._signals = self.machine.monitor()

    # What clients do

    def create_repository(self, name, url, branch=""):
        return self.machine.call(ROOT, "Manager.CreateRepository", "sssa{sv}", name, url, branch, 0)[0]

    def create_app(self, name, repository, **settings):
        path = self.machine.call(ROOT, "Manager.CreateApp", "ssa{sv}", name, repository, *options(settings))[0]
        if self._canary:
            self.do(name, "SetEnvironment", "a{ss}as", 1, "A_CANARY", self.machine.canary, 0)
        return path

    def app(self, name, files=None, **settings):
        """An app and its repository of the same name, with one commit of these files: the Repository."""
        repository = repositories.Repository(self.machine, name)
        repository.commit(files or repositories.sample("python", "1"))
        self.create_repository(name, repository.url)
        self.create_app(name, name, **settings)
        return repository

    def deploy(self, app, revision=""):
        """Queues a deployment; its id."""
        return self.machine.call(ROOT, "Manager.Deploy", "ssa{sv}", app, revision, 0)[0]

    def live(self, app, revision=""):
        """Deploys, and waits until that is live: the deployment."""
        deployment = self.end(self.deploy(app, revision))
        assert deployment["Status"] == "live", deployment["ErrorSummary"]
        return deployment

    def do(self, app, method, *arguments):
        """Calls a method of an app."""
        return self.machine.call(app_path(app), f"App.{method}", *arguments)

    def get(self, app, name):
        """A property of an app."""
        return self.machine.get(app_path(app), f"App.{name}")

    def set(self, app, **settings):
        self.do(app, "SetProperties", "a{sv}", *options(settings))

    def describe(self, number):
        """All properties of a deployment, by name."""
        reply = self.machine.call(ROOT, "Manager.DescribeDeployment", "t", number)[0]
        return {name: variant["data"] for name, variant in reply.items()}

    def refuse(self, path, member, *arguments):
        """A call that must be refused, its arguments in the words of dbus-send: (name of the error, message)."""
        interface, method = member.rsplit(".", 1)
        done = self.machine.run(
            ["dbus-send", "--system", "--print-reply", "--dest=org.deployd.Deploy1", path,
             f"org.deployd.Deploy1.{interface}.{method}", *arguments], check=False)
        error = re.fullmatch(r"Error (\S+): (.*)\n", done.stderr)
        assert error, f"not refused: {done}"
        return error[1].removeprefix("org.deployd.Deploy1.Error."), error[2]

    # What is waited for

    def drain(self):
        """All signals since the start of the test module that have come so far."""
        return list(self._signals.drain())

    def signal(self, wanted):
        """The first signal since the start of the test module for which wanted(signal) holds; waits for it."""
        for message in self.drain():
            if wanted(message):
                return message
        return self._signals.wait(wanted)

    def statuses(self, number):
        """The statuses a deployment has had so far, as signals said them, in order."""
        path, words = deployment_path(number), []
        for message in self.drain():
            for changed in changes(message, path):
                if "Status" in changed:
                    words.append(changed["Status"])
        return words

    def status(self, number, status):
        """Waits until a signal has said that a deployment has a status."""
        path = deployment_path(number)
        self.signal(lambda message: any(c.get("Status") == status for c in changes(message, path)))

    def end(self, number):
        """Waits until a deployment is live, failed or cancelled; all of its properties."""
        self.signal(lambda m: m.get("member") == "DeploymentFinished" and m["arguments"][0] == number)
        return self.describe(number)

    def ports(self, app):
        """The ports of the instances of an app's live deployment."""
        return [int(port) for port in self.sql(
            "select i.port from instance i join deployment d on d.id = i.deployment_id join app a on a.id = d.app_id "
            f"where d.status = 'live' and a.name = '{app}' and i.port is not null")]

    def answers(self, app, happened, path="/"):
        """Waits until what an app answers on its current port makes happened(text) true; the text."""
        def ask():
            status, text = self.machine.curl(self.get(app, "CurrentPort"), path, check=False)
            return text if status == 200 and happened(text) else None
        return self.machine.wait(ask, what=f"the wanted answer of {app}")

    # What it leaves behind

    def sql(self, query):
        """The rows of a query to the private database, unaligned."""
        return self.machine.run(["psql", "--host=/run/deployd/postgres", "--username=deployd", "--no-psqlrc",
                                 "--tuples-only", "--no-align", "--command", query, "deployd"]).stdout.splitlines()

    def files(self):
        """What is in the directories where the files of deployments are."""
        return set(self.machine.sh("cd /var/lib/deployd && find releases spool /run/deployd/env "
                                   "-ignore_readdir_race -mindepth 1 -maxdepth 1").splitlines())

    def settled(self, number, app):
        """Waits until a deployment that failed or was cancelled has left nothing behind: no unit, file, row or
        listener."""
        def leftovers():
            units = self.machine.units(*PASSING, f"deployd-app-{app.replace('-', '_')}-{number}.*")
            files = {path for path in self.files()
                     if re.search(rf"/{number}(\.|$)", path) or path.startswith("spool/") or "trash" in path}
            return units + sorted(files)

        # `wait` looks again after every signal and line of the journal: PID 1 signals the end of each unit.
        self.machine.wait(lambda: not leftovers(), what=f"the end of {leftovers()}")
        deployment = self.describe(number)
        assert deployment["Units"] == []
        assert not self.machine.sh(f"ss --no-header --listening --tcp 'sport = :{deployment['AssignedPort']}'")
        # Statements are sent in order: after the reply to this change the earlier ones are committed.
        self.machine.call(app_path(app), "App.SetProperties", "a{sv}", 0)
        for table in ("instance", "port_lease"):
            assert self.sql(f"select * from {table} where deployment_id = {number}") == []
        assert self.sql(f"select * from release where id = {number}") == []


class Held:
    """Units of a kind wait before their program, as a drop-in for all of the kind tells them to, until release()."""

    def __init__(self, machine, kind):
        self.machine, self.kind = machine, kind
        # Where every unit sees it.
        lock = f"/usr/local/lib/deployd-test-{kind}"
        self.lock = machine.stream(["flock", "--exclusive", lock, "sh", "-c", "echo locked; exec sleep infinity"])
        assert self.lock.next() == "locked"
        machine.write(f"/run/systemd/system/deployd-{kind}-.service.d/50-test.conf",
                      f"[Service]\nExecStartPre=+flock --shared {lock} true\n")
        machine.systemctl("daemon-reload")

    def unit(self, pattern):
        """Waits for a unit that is held: its name."""
        def held():
            return next((unit for unit in self.machine.units(f"deployd-{self.kind}-{pattern}.service")
                         if self.machine.show(unit, "SubState")["SubState"] == "start-pre"), None)
        return self.machine.wait(held, what=f"deployd-{self.kind}-{pattern} being held")

    def release(self):
        """Lets all units of the kind go on."""
        self.lock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release()
        self.machine.run(["rm", "-r", f"/run/systemd/system/deployd-{self.kind}-.service.d"])
        self.machine.systemctl("daemon-reload")


def changes(message, path):
    """What a signal says of the properties of an object: dicts by name."""
    arguments, member = message.get("arguments"), message.get("member")
    if member == "InterfacesAdded" and arguments[0] == path:
        found = arguments[1].values()
    elif member == "PropertiesChanged" and message["path"] == path:
        found = [arguments[1]]
    else:
        found = []
    return [{name: variant["data"] for name, variant in properties.items()} for properties in found]
