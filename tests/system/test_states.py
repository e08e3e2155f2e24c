# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of docs/STATES.md, executed: each event in each state of an app, and what comes of it.

One machine, one app for each cell. The apps are brought into their states side by side, and the events happen side by
side too; deployd is killed and the machine boots once for all of their cells."""

import collections
import concurrent.futures
import json
import pathlib
import re
import types

import pytest

import daemon
import repository as repositories
from deployd import ROOT, Deployd, app_path
from host import HostError

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs/STATES.md"
STATES = ("running", "degraded", "stopped", "failed", "deploying", "nothing live")
# What happens to all apps at once, in this order, after the calls and crashes.
AT_ONCE = ("kill -9", "reboot")

MACHINE_FILES = {
    daemon.CONFIGURATION:
        "[runner]\nparallel = 24\nqueue-max-per-user = 10000\nstart-timeout = 10min\ncheck-successes = 1\n"
        "drain-timeout = 1s\nrestart-pause = 1s\nrestart-burst = 1\nrestart-give-up = 1\n",
}
# Where units see it.
DIRECTORY = "/usr/local/lib/deployd-test/states"
# An instance ends at once while its file is there. Before that, the second version waits while its app has a gate.
BROKEN = f"[ ! -e {DIRECTORY}/$DEPLOYD_APP.$DYNO ] || exit 9; exec ./app"
GATE = f"gate={DIRECTORY}/$DEPLOYD_APP.gate; [ ! -p $gate ] || read -r _ <$gate || :; "
GIVEN_UP = "542b88199b7240b0ac43db1a45987d76"
# Old: what every app has. The value is found nowhere but in the app.
OLD, NEW, HEALTH = "OLD_VARIABLE", "NEW_VARIABLE", "/env"
# A bound for what does not become as the document says.
SETTLE = 60.0
WORKERS = 3


# The document

def tables():
    """The tables of the document: rows of cells."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE):
        rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in block.splitlines()]
        found.append([rows[0], *rows[2:]])
    return found


def table():
    """What the document says: {(event, state): words}."""
    head, *rows = tables()[-1]
    assert head == ["event", *STATES]
    return {(row[0], state): cell.split(", ") for row in rows for state, cell in zip(STATES, row[1:], strict=True)}


def explained():
    """The words that the document explains."""
    return [word for one in tables()[:-1] for row in one[1:] for word in re.findall(r"`([^`]+)`", row[0])]


TABLE = table()
EVENTS = list(dict.fromkeys(event for event, _ in TABLE))


# The words: of which kind each one is, and what holds after the event

def answered(word):
    return "answer", lambda cell, now: cell.answer == word


def has_status(word):
    def holds(cell, now):
        active = [unit in now.units for unit in now.instances]
        fits = {"running": any(active) and all(active), "degraded": any(active) and not all(active)}
        return now.status == word and fits.get(word, not any(active)) and now.strangers == []
    return "status", holds


def is_live(which, revision):
    return "live", lambda cell, now: (now.live, now.revision) == (which(cell), revision(cell))


def asked_for(cell):
    """The commit of the release that the deployment of an event runs."""
    if cell.event in ("deploy", "rollback"):
        return cell.commits["v2" if cell.event == "deploy" else "v1"]
    return cell.commits["v2"] if cell.state == "deploying" else cell.before.revision


def wants(before, after):
    return "wanted", lambda cell, now: (cell.before.wanted, now.wanted) == (before, after)


def has_value(effective):
    def holds(cell, now):
        processes = [pid for pid, _ in now.units.values()]
        if cell.event == "app set":
            return now.path == HEALTH and (now.live_path == HEALTH) == effective
        if cell.event == "config unset":
            live, coming = OLD not in now.live_names, OLD not in now.names
            ran = {pid not in now.processes[OLD] for pid in processes}
        else:
            live, coming = NEW in now.live_names, NEW in now.names
            ran = {pid in now.processes[NEW] for pid in processes}
        return coming and (not now.live or live == effective) and ran <= {effective}
    return "value", holds


def keeps(same):
    def holds(cell, now):
        before = cell.before.units
        return bool(before) and all((now.units.get(unit) == one) == same and unit in now.units
                                    for unit, one in before.items())
    return "processes", holds


WORDS = {
    **{word: answered(word) for word in ("deployment", "0", "done", "AppBusy", "NotDeployed", "NoSuchRelease",
                                         "no call")},
    "impossible": ("answer", lambda cell, now: not cell.before.units),
    **{word: has_status(word) for word in ("running", "degraded", "stopped", "failed", "new", "gone")},
    "same live": is_live(lambda cell: cell.before.live, lambda cell: cell.before.revision),
    "new live": is_live(lambda cell: cell.made, asked_for),
    "second live": is_live(lambda cell: cell.second, lambda cell: cell.commits["v2"]),
    "none live": is_live(lambda cell: 0, lambda cell: ""),
    "now wanted": wants("stopped", "running"),
    "now stopped": wants("running", "stopped"),
    "in effect": has_value(True),
    "next": has_value(False),
    "same processes": keeps(True),
    "new processes": keeps(False),
    "scaled": ("count", lambda cell, now: len(now.instances) == cell.count + 1),
}


def kinds(words):
    return collections.Counter(WORDS[word][0] for word in words)


def differs(cell, now, only=()):
    """The words of a cell that do not hold; of some kinds only."""
    wrong = [word for word in cell.words if (not only or WORDS[word][0] in only) and not WORDS[word][1](cell, now)]
    if not only and "wanted" not in kinds(cell.words) and "gone" not in cell.words and now.wanted != cell.before.wanted:
        wrong.append(f"wanted as before, {cell.before.wanted}")
    return wrong


# The apps

QUERY = """
select coalesce(json_object_agg(a.name, json_build_object(
  'wanted', a.wanted, 'live', coalesce(d.id, 0), 'revision', coalesce(d.revision, ''),
  'path', a.health_check_path, 'live_path', coalesce(d.health_check_path, ''),
  'names', (select coalesce(json_agg(name), '[]') from environment where version_id = a.environment_id),
  'live_names', (select coalesce(json_agg(name), '[]') from environment where version_id = d.environment_id),
  'instances', (select coalesce(json_agg(unit), '[]') from instance where deployment_id = d.id),
  'under_way', (select count(*) from deployment where app_id = a.id and finished_at is null))), '{}')
from app a left join deployment d on d.app_id = a.id and d.status = 'live'
"""
NOTHING = {"wanted": "", "live": 0, "revision": "", "path": "", "live_path": "", "names": [], "live_names": [],
           "instances": [], "under_way": 0}


class Apps:
    """The apps of all cells, on one machine."""

    def __init__(self, machine):
        self.machine, self.deployd = machine, Deployd(machine, canary=False)
        repository = repositories.Repository(machine, "states")
        files = {**repositories.sample("c", "1")}
        commits = {}
        for version, before in (("v1", ""), ("v2", GATE)):
            files |= {"Procfile": f"web: {before}{BROKEN}\n", "VERSION": f"{version}\n"}
            commits[version] = repository.commit(files)
            repository.tag(version)
        self.deployd.create_repository("states", repository.url)
        self.cells = [types.SimpleNamespace(event=event, state=state, words=words, commits=commits, answer="", made=0,
                                            second=0, count=2 if state == "degraded" else 1, before=None,
                                            app=re.sub(r"[^a-z]+", "-", f"{event}-{state}"))
                      for (event, state), words in TABLE.items()]
        machine.run(["mkdir", "-p", DIRECTORY])

    def of(self, *states):
        return [cell for cell in self.cells if cell.state in states]

    def side_by_side(self, function, cells):
        """What a function returns for each of the cells."""
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(function, cells))

    # What is there

    def processes(self, name):
        """The processes that have a variable."""
        out = self.machine.sh(f"grep -lz '^{name}=' /proc/[0-9]*/environ 2>/dev/null || :")
        return set(re.findall(r"/proc/(\d+)/", out))

    def look(self):
        """What there is of each app, {name: facts}. `units`: the instances of its live deployment that run, as
        (process, invocation); `strangers`: other units of it that run."""
        rows = json.loads("".join(self.deployd.sql(" ".join(QUERY.split()))))
        statuses = {row[0]: row[2] for row in self.machine.call(ROOT, "Manager.ListApps")[0]}
        running = collections.defaultdict(dict)
        out = self.machine.systemctl("show", "--property=Id,ActiveState,MainPID,InvocationID", "deployd-app-*.service")
        for block in out.split("\n\n"):
            unit = dict(line.split("=", 1) for line in block.splitlines())
            if unit.get("ActiveState") in ("active", "activating", "deactivating"):
                name = re.match(r"deployd-app-([a-z_]+)-\d", unit["Id"])[1].replace("_", "-")
                running[name][unit["Id"]] = (unit["MainPID"], unit["InvocationID"])
        processes, found = {name: self.processes(name) for name in (OLD, NEW)}, {}
        for cell in self.cells:
            row, units = rows.get(cell.app, NOTHING), running[cell.app]
            live = {unit: units.pop(unit) for unit in row["instances"] if unit in units}
            found[cell.app] = types.SimpleNamespace(**row, status=statuses.get(cell.app, "gone"), units=live,
                                                    strangers=sorted(units), processes=processes)
        return found

    def settle(self, cells, wrong):
        """Waits until wrong(cell, facts) is empty for each of the cells and nothing is under way: what is wrong in the
        end, {cell: (words, facts)}."""
        left = {}

        def settled():
            now = self.look()
            left.clear()
            left.update({(cell.event, cell.state): (words, now[cell.app]) for cell in cells
                         if (words := wrong(cell, now[cell.app]) + ["under way"] * (now[cell.app].under_way > 0))})
            return not left
        try:
            self.machine.wait(settled, timeout=SETTLE)
        except HostError:
            assert left
        return left

    # How they get into their states

    def create(self, cell):
        self.machine.sh(f"deployctl app create {cell.app} states buildpack=none && "
                        f"deployctl config set {cell.app} {OLD}={self.machine.canary}"
                        + f" && deployctl scale {cell.app} web={cell.count}" * (cell.count > 1))

    def deploy(self, cells, revision):
        """Deploys all of these apps: the deployments."""
        return self.side_by_side(lambda cell: self.deployd.deploy(cell.app, revision), cells)

    def live(self, cells, revision):
        for number in self.deploy(cells, revision):
            self.deployd.signal(lambda m, id=number: m.get("member") == "DeploymentFinished" and
                                m["arguments"][:1] == [id])

    def give_up(self):
        """Has deployd give up the last instance of each of the apps that are to be degraded or failed."""
        cells, now = self.of("degraded", "failed"), self.look()
        given_up = self.machine.follow(MESSAGE_ID=GIVEN_UP)
        units = [unit for cell in cells for unit in now[cell.app].units if f".web.{cell.count}." in unit]
        assert len(units) == len(cells)
        self.machine.run(["touch", *(f"{DIRECTORY}/{cell.app}.web.{cell.count}" for cell in cells)])
        self.machine.systemctl("kill", "--signal=KILL", *units)
        missing = {cell.app for cell in cells}
        while missing:
            missing.discard(given_up.next()["DEPLOYD_APP"])
        given_up.close()

    def build(self):
        """Brings all apps into their states."""
        self.side_by_side(self.create, self.cells)
        self.live([cell for cell in self.cells if cell.state != "nothing live"], "v1")
        self.live([cell for cell in self.cells if cell.event == "rollback" and
                   cell.state not in ("deploying", "nothing live")], "v2")
        deploying = self.of("deploying")
        self.machine.run(["mkfifo", *(f"{DIRECTORY}/{cell.app}.gate" for cell in deploying)])
        for cell, number in zip(deploying, self.deploy(deploying, "v2"), strict=True):
            cell.second = number
            self.deployd.status(number, "checking")
        self.side_by_side(lambda cell: self.deployd.do(cell.app, "Stop"), self.of("stopped"))
        self.give_up()

    # What happens to them

    def begin(self, cells):
        """The last moment before the events: what there is then."""
        broken = [f"{DIRECTORY}/{cell.app}.web.{cell.count}" for cell in cells if cell.state in ("degraded", "failed")]
        self.machine.run(["rm", *broken])
        expected = {"deploying": "running", "nothing live": "new"}

        def wrong(cell, now):
            ready = now.status == expected.get(cell.state, cell.state) and (
                len(now.units) == {"stopped": 0, "failed": 0, "nothing live": 0}.get(cell.state, 1))
            return [] if ready else [f"not {cell.state}"]
        now = self.look()
        assert {cell.app: now[cell.app] for cell in cells if wrong(cell, now[cell.app])} == {}
        for cell in cells:
            cell.before = now[cell.app]

    def ask(self, cell, method, *arguments):
        """Calls a method of an app: the word for its answer."""
        done = self.machine.run(["env", "SYSTEMD_LOG_LEVEL=debug", "busctl", "--json=short", "call",
                                 "org.deployd.Deploy1", app_path(cell.app), "org.deployd.Deploy1.App", method,
                                 *arguments], check=False)
        if done.returncode != 0:
            errors = re.findall(r"type=error .* error-name=(\S+)", done.stderr)
            return errors[-1].removeprefix(daemon.ERROR) if errors else done.stderr
        answer = json.loads(done.stdout)["data"] if done.stdout.strip() else []
        if not answer:
            return "done"
        cell.made = answer[0]
        return "deployment" if cell.made else "0"

    def happen(self, cell):
        """The event of a cell."""
        one, stage = ["a{ss}as", 1, NEW, self.machine.canary, 0], "StageEnvironment"
        calls = {
            "config set": ["SetEnvironment", *one],
            "config unset": ["SetEnvironment", "a{ss}as", 0, 1, OLD],
            "config stage": [stage, *one],
            "app set": ["SetProperties", "a{sv}", 1, "HealthCheckPath", "s", HEALTH],
            "scale": ["SetProperties", "a{sv}", 1, "Formation", "a{su}", 1, "web", cell.count + 1],
            "deploy": ["Deploy", "sa{sv}", "v2", 0],
            "rollback": ["Rollback", "t", 0],
            "remove": ["Remove", "b", "false"],
        }
        if cell.event == "crash":
            cell.answer = "no call"
            if cell.before.units:
                self.machine.systemctl("kill", "--signal=KILL", *cell.before.units)
            return
        if cell.event == "redeploy":
            assert self.ask(cell, stage, *one) == "done"
        cell.answer = self.ask(cell, *calls.get(cell.event, [cell.event.capitalize()]))

    def happen_at_once(self, event, cells):
        for cell in cells:
            cell.answer = "no call"
        if event == "reboot":
            self.machine.reboot()
            daemon.ready(self.machine)
            self.deployd.listen()
        else:
            daemon.kill(self.machine)

    def open(self, cells):
        """Lets the second deployments of these cells go on."""
        for cell in cells:
            if cell.state == "deploying":
                gate = f"{DIRECTORY}/{cell.app}.gate"
                self.machine.sh(f"exec 3<>{gate}; rm {gate}")

    def started(self, cells):
        """Starts what is stopped and shows only then what the event has done: what is wrong."""
        late = [cell for cell in cells if cell.state == "stopped" and {"value", "count"} & set(kinds(cell.words))]
        self.side_by_side(lambda cell: self.ask(cell, "Start"), late)
        return self.settle(late, lambda cell, now: differs(cell, now, ("value", "count")) + [
            "running, once started"] * (now.status != "running" or len(now.units) != len(now.instances)))

    def remove(self, cells):
        there = {row[0] for row in self.machine.call(ROOT, "Manager.ListApps")[0]}
        names = " ".join(cell.app for cell in cells if cell.app in there)
        self.machine.sh(f"for app in {names}; do deployctl app remove --force --confirm=$app $app; done")
        self.machine.wait(lambda: not any(self.machine.units(f"deployd-app-{cell.app.replace('-', '_')}-*")
                                          for cell in cells[:1]), what="the end of the apps")


def expected(cell, now):
    """What is wrong before a stopped app is started."""
    late = {"count"} if cell.state == "stopped" else set()
    return [word for word in differs(cell, now) if WORDS.get(word, ("",))[0] not in late]


@pytest.fixture(scope="module")
def wrong(machine):
    """What is not as the document says, {(event, state): (words, facts)}: all events have happened."""
    apps, found = Apps(machine), {}
    apps.build()
    for event in (None, *AT_ONCE):
        cells = [cell for cell in apps.cells if cell.event == event or event is None and cell.event not in AT_ONCE]
        apps.begin(cells)
        if event is None:
            apps.side_by_side(apps.happen, cells)
        else:
            apps.happen_at_once(event, cells)
        apps.open(cells)
        found |= apps.settle(cells, expected)
        for key, value in apps.started(cells).items():
            found.setdefault(key, value)
        apps.remove(cells)
    return found


def test_the_words_of_the_table_are_explained_and_complete():
    assert sorted(explained()) == sorted(WORDS)
    for key, words in TABLE.items():
        assert set(words) <= set(WORDS), key
        if words == ["impossible"]:
            continue
        wanted = {"answer": 1, "status": 1} | ({} if "gone" in words else {"live": 1})
        has = kinds(words)
        assert wanted.items() <= has.items() and max(has.values()) == 1, key
    assert {state for _, state in TABLE} == set(STATES) and len(TABLE) == len(EVENTS) * len(STATES)


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_does_in_each_state_what_the_document_says(event, wrong):
    assert {state: found for (one, state), found in wrong.items() if one == event} == {}
