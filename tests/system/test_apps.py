# SPDX-License-Identifier: LGPL-2.1-or-later
"""Apps beside each other: starting, stopping, their settings, and removing them without a trace."""

import pytest

import repository as repositories
from deployd import PASSING, ROOT, SILENT, Deployd, app_path, repository_path

# Takes its time to end: it ignores SIGTERM.
STUBBORN = {
    **repositories.sample("python", "1"),
    "Procfile": "web: trap '' TERM; python3 app.py\n",
}


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


def unit_of(deployd, app):
    """The unit of an app's live deployment."""
    return deployd.machine.get(deployd.get(app, "CurrentDeployment"), "Deployment.Units")[0]


def status(deployd, app, wanted):
    """Waits until an app has a status."""
    deployd.machine.wait(lambda: deployd.get(app, "Status") == wanted, what=f"{app} being {wanted}")


def pid(deployd, app):
    return deployd.machine.show(unit_of(deployd, app), "MainPID")["MainPID"]


# Two apps, one name the beginning of the other

@pytest.fixture(scope="module")
def pair(deployd):
    """The apps my and my-app, live."""
    for app in ("my", "my-app"):
        deployd.app(app)
        deployd.live(app)
    return ("my", "my-app")


def test_slices_of_apps_do_not_nest(deployd, pair):
    groups = []
    for app in pair:
        name = f"deployd-apps-{app.replace('-', '_')}.slice"
        assert deployd.get(app, "Slice") == name
        groups.append(deployd.machine.show(unit_of(deployd, app), "ControlGroup")["ControlGroup"])
        assert groups[-1] == f"/deployd.slice/deployd-apps.slice/{name}/{unit_of(deployd, app)}"
    assert groups[0].rsplit("/", 1)[0] not in groups[1]


@pytest.mark.parametrize("by", ["App.Stop", "its unit", "its slice", "a pattern of its units"])
def test_stopping_one_app_leaves_the_other(deployd, pair, by):
    machine, other = deployd.machine, pid(deployd, "my-app")
    unit = unit_of(deployd, "my")
    if by == "App.Stop":
        deployd.do("my", "Stop")
    else:
        machine.systemctl("stop", {"its unit": unit, "its slice": "deployd-apps-my.slice",
                                   "a pattern of its units": "deployd-app-my-*"}[by])
    machine.wait(lambda: not machine.units("deployd-app-my-*"), what="the end of my")
    status(deployd, "my", "stopped")

    assert pid(deployd, "my-app") == other
    assert deployd.get("my-app", "Status") == "running"
    assert machine.curl(deployd.get("my-app", "CurrentPort")) == (200, "python 1\n")
    assert machine.curl(deployd.get("my", "CurrentPort"), check=False)[0] == 0
    deployd.do("my", "Start")
    deployd.answers("my", lambda text: text == "python 1\n")


def test_logs_of_one_app_never_show_lines_of_the_other(deployd, pair):
    machine = deployd.machine
    ports = {app: deployd.get(app, "CurrentPort") for app in pair}
    for app in pair:
        machine.curl(ports[app], f"/asked/{app}/")
    machine.run(["journalctl", "--sync"])
    for app, other in (pair, reversed(pair)):
        for text in ("\n".join(entry["MESSAGE"] for entry in machine.journal(DEPLOYD_APP=app)),
                     machine.run(["deployctl", "logs", app]).stdout):
            assert f"GET /asked/{app}/" in text
            assert f"GET /asked/{other}/" not in text


# Start, Stop, Restart

def test_a_stopped_app_starts_again_where_it_was(deployd, pair):
    deployment, port = deployd.get("my", "CurrentDeployment"), deployd.get("my", "CurrentPort")
    deployd.do("my", "Stop")
    assert deployd.get("my", "Status") == "stopped"
    assert deployd.machine.get(deployment, "Deployment.Status") == "live"
    deployd.machine.wait(lambda: not deployd.machine.units("deployd-app-my-*"), what="the end of my")
    deployd.do("my", "Stop")
    assert deployd.get("my", "Status") == "stopped"

    deployd.do("my", "Start")
    deployd.answers("my", lambda text: text == "python 1\n")
    status(deployd, "my", "running")
    assert (deployd.get("my", "CurrentDeployment"), deployd.get("my", "CurrentPort")) == (deployment, port)


def test_starting_what_runs_changes_nothing(deployd, pair):
    before = pid(deployd, "my")
    deployd.do("my", "Start")
    # Calls are taken in order, and so is what they ask of PID 1: the answer to this one comes after.
    deployd.set("my", TasksMax=100)
    deployd.machine.wait(lambda: deployd.machine.show(unit_of(deployd, "my"), "TasksMax")["TasksMax"] == "100")
    assert pid(deployd, "my") == before
    deployd.set("my", TasksMax=0)


def test_a_restart_is_another_process_at_the_same_port(deployd, pair):
    before, port = pid(deployd, "my"), deployd.get("my", "CurrentPort")
    deployd.do("my", "Restart")
    deployd.machine.wait(lambda: pid(deployd, "my") not in (before, "0"), what="another process")
    deployd.answers("my", lambda text: text == "python 1\n")
    assert deployd.get("my", "CurrentPort") == port
    status(deployd, "my", "running")


def test_a_restart_starts_what_is_stopped(deployd, pair):
    deployd.do("my", "Stop")
    deployd.do("my", "Restart")
    deployd.answers("my", lambda text: text == "python 1\n")
    status(deployd, "my", "running")


def test_a_deployment_starts_what_is_stopped(deployd, pair):
    deployd.do("my", "Stop")
    live = deployd.live("my")
    assert deployd.machine.curl(live["AssignedPort"]) == (200, "python 1\n")
    assert deployd.get("my", "Status") == "running"
    deployd.machine.wait(lambda: deployd.machine.units("deployd-app-my-*") == live["Units"])


@pytest.mark.parametrize("method", ["Start", "Stop", "Restart"])
def test_what_was_never_deployed_cannot_be_started(deployd, method):
    if method == "Start":
        deployd.app("fresh")
    error, message = deployd.refuse(app_path("fresh"), f"App.{method}")
    assert error == "NotDeployed" and "fresh" in message


def test_one_that_dies_is_started_again(deployd, pair):
    before = pid(deployd, "my")
    deployd.machine.run(["kill", "-SEGV", before])
    deployd.machine.wait(lambda: pid(deployd, "my") not in (before, "0"), what="another process")
    deployd.answers("my", lambda text: text == "python 1\n")
    status(deployd, "my", "running")


# Settings

def limits(deployd, app):
    return deployd.machine.show(unit_of(deployd, app), "MemoryMax", "TasksMax", "CPUQuotaPerSecUSec", "TimeoutStopUSec")


DEFAULT = {"MemoryMax": str(512 << 20), "TasksMax": "256", "CPUQuotaPerSecUSec": "infinity", "TimeoutStopUSec": "30s"}
OWN = {"MemoryMax": str(200 << 20), "TasksMax": "99", "CPUQuotaPerSecUSec": "500ms"}


def test_limits_reach_what_runs_and_what_starts(deployd):
    deployd.app("limited")
    deployd.live("limited")
    assert DEFAULT.items() <= limits(deployd, "limited").items()
    before = pid(deployd, "limited")

    deployd.set("limited", MemoryMax=200 << 20, TasksMax=99, CPUQuotaPerSecUSec=500000)
    deployd.machine.wait(lambda: OWN.items() <= limits(deployd, "limited").items(), what="the limits")
    assert pid(deployd, "limited") == before
    deployd.machine.systemctl("daemon-reload")
    assert OWN.items() <= limits(deployd, "limited").items()

    deployd.live("limited")
    assert OWN.items() <= limits(deployd, "limited").items()
    deployd.do("limited", "Stop")
    deployd.machine.wait(lambda: not deployd.machine.units("deployd-app-limited-*"))
    deployd.do("limited", "Start")
    deployd.answers("limited", lambda text: True)
    assert OWN.items() <= limits(deployd, "limited").items()

    # 0 is the configured default again.
    deployd.set("limited", MemoryMax=0, TasksMax=0, CPUQuotaPerSecUSec=0)
    deployd.machine.wait(lambda: DEFAULT.items() <= limits(deployd, "limited").items(), what="the defaults")


def test_options_of_create_app_are_its_settings(deployd):
    deployd.app("optional", MemoryMax=200 << 20, TasksMax=99, CPUQuotaPerSecUSec=500000, StopTimeoutUSec=7000000)
    deployd.live("optional")
    assert {**OWN, "TimeoutStopUSec": "7s"} == limits(deployd, "optional")


def test_the_stop_timeout_ends_what_ignores_sigterm(deployd):
    deployd.app("stubborn", STUBBORN, StopTimeoutUSec=1000000)
    deployd.live("stubborn")
    assert limits(deployd, "stubborn")["TimeoutStopUSec"] == "1s"
    deployd.set("stubborn", StopTimeoutUSec=300000)
    deployd.live("stubborn")
    assert limits(deployd, "stubborn")["TimeoutStopUSec"] == "300ms"

    unit = unit_of(deployd, "stubborn")
    deployd.do("stubborn", "Stop")
    deployd.machine.wait(lambda: unit not in deployd.machine.units("deployd-app-stubborn-*"), what="the end of it")
    messages = [entry["MESSAGE"] for entry in deployd.machine.journal(UNIT=unit)]
    assert any("Killing process" in message and "SIGKILL" in message for message in messages)
    # And so does the first, after its own.
    deployd.machine.wait(lambda: not deployd.machine.units("deployd-app-stubborn-*"), what="the end of the first")


def test_the_branch_is_what_is_deployed(deployd):
    repository = deployd.app("branched")
    repository.commit(repositories.sample("python", "other"), branch="other")
    repository.commit(repositories.sample("python", "third"), branch="third")

    assert deployd.machine.curl(deployd.live("branched")["AssignedPort"])[1] == "python 1\n"
    deployd.set("branched", Branch="other")
    assert deployd.get("branched", "Branch") == "other"
    assert deployd.machine.curl(deployd.live("branched")["AssignedPort"])[1] == "python other\n"
    # What is asked for goes first, and the repository's branch comes last.
    assert deployd.machine.curl(deployd.live("branched", "main")["AssignedPort"])[1] == "python 1\n"
    deployd.machine.call(repository_path("branched"), "Repository.SetDefaultBranch", "s", "third")
    assert deployd.machine.curl(deployd.live("branched")["AssignedPort"])[1] == "python other\n"
    deployd.set("branched", Branch="")
    assert deployd.machine.curl(deployd.live("branched")["AssignedPort"])[1] == "python third\n"


def test_the_directory_is_the_apps_root(deployd):
    files = {f"apps/inner/{name}": content for name, content in repositories.sample("python", "inner").items()}
    deployd.app("nested", {**files, **repositories.sample("python", "outer")})
    assert deployd.machine.curl(deployd.live("nested")["AssignedPort"])[1] == "python outer\n"
    deployd.set("nested", Directory="apps/inner")
    live = deployd.live("nested")
    assert deployd.machine.curl(live["AssignedPort"])[1] == "python inner\n"

    deployd.set("nested", Directory="apps/none")
    failed = deployd.end(deployd.deploy("nested"))
    assert failed["ErrorSummary"] == f"fetch: there is no directory \"apps/none\" in commit {live['Revision'][:12]}…"
    deployd.set("nested", Directory="apps")
    failed = deployd.end(deployd.deploy("nested"))
    assert failed["ErrorSummary"] == f"there is no Procfile in directory apps of commit {live['Revision'][:12]}, " \
        "and no buildpack says what is to run"


def test_settings_outlive_the_daemon(deployd):
    deployd.set("nested", Directory="apps/inner", MemoryMax=300 << 20)
    deployd.machine.systemctl("restart", "deployd")
    assert deployd.get("nested", "Directory") == "apps/inner"
    assert deployd.get("nested", "MemoryMax") == 300 << 20


# Where an app may write

WRITER = """\
import http.server, os
seen = []
for name in ("data/log", "public/uploads/list", "made"):
    try:
        with open(name, "a") as file:
            file.write("web\\n")
        seen.append(open(name).read())
    except OSError as error:
        seen.append(str(error.errno))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write("|".join([*seen, os.environ["STATE_DIRECTORY"]]).encode())
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""
WRITES = {"Procfile": "release: echo release >>data/log; echo lost >other || :\nweb: exec python3 writer.py\n", "writer.py": WRITER,
          "data/log": "git\n"}


def written(deployd, app, deployment):
    """What the app has found in data/log, public/uploads/list and made, when it had written there."""
    *found, state = deployd.machine.curl(deployment["AssignedPort"])[1].split("|")
    # The same directory, by the link that HOME has.
    assert state == deployd.get(app, "DataPath").replace("/private/", "/")
    return found


def test_what_is_kept_of_the_tree_outlives_deployments(deployd):
    repository = deployd.app("keeper", WRITES, Persist="data,public/uploads")
    live = deployd.live("keeper")
    assert written(deployd, "keeper", live) == ["git\nrelease\nweb\n", "web\n", "30"]
    repository.commit({**WRITES, "data/log": "another\n"})
    live = deployd.live("keeper")
    assert written(deployd, "keeper", live) == ["git\nrelease\nweb\nrelease\nweb\n", "web\nweb\n", "30"]
    release = f"/var/lib/deployd/releases/{live['Id']}/app"
    assert deployd.machine.sh(f"cat {release}/data/log; find {release} -newer {release}/writer.py -type f") == "another"


def test_a_writable_tree_is_forgotten_with_the_instance(deployd):
    deployd.app("writer", WRITES, WritableTree="yes", Persist="public/uploads")
    assert written(deployd, "writer", deployd.live("writer")) == ["git\nweb\n", "web\n", "web\n"]
    unit = unit_of(deployd, "writer")
    assert deployd.machine.show(unit, "NRestarts")["NRestarts"] == "0"
    deployd.machine.run(["systemctl", "kill", "--signal=KILL", unit])
    deployd.machine.wait(lambda: deployd.machine.show(unit, "NRestarts")["NRestarts"] == "1", what="a restart")
    deployd.answers("writer", lambda text: text.split("|")[:3] == ["git\nweb\n", "web\nweb\n", "web\n"])


def test_a_tree_that_is_read_only_is_named_with_the_settings(deployd):
    deployd.app("sealed", {"Procfile": "web: echo x >data\n"})
    failed = deployd.end(deployd.deploy("sealed"))
    assert "Read-only file system (its tree is read-only: 'deployctl app set sealed persist=DIRECTORY'" in failed["ErrorSummary"]


# Removal

STATE = """\
import http.server, os, pathlib
for name in ("HOME", "CACHE_DIRECTORY"):
    directory = pathlib.Path(os.environ[name], "deep", "er")
    directory.mkdir(parents=True)
    (directory / "file").write_text("mine")
    directory.chmod(0)
address = (os.environ["HOST"], int(os.environ["PORT"]))
http.server.HTTPServer(address, http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def traces(deployd, identity):
    """The directories that belong to the app with this number in the database."""
    return deployd.machine.sh(f"find /var/lib /var/cache -path '*/deployd-apps/{identity}' -prune").split()


def test_a_running_app_is_removed_by_force_only(deployd, pair):
    error, message = deployd.refuse(app_path("my"), "App.Remove", "boolean:false")
    assert error == "AppBusy" and "my" in message
    assert deployd.get("my", "Status") == "running"


def test_a_removed_app_leaves_what_it_has_stored_and_nothing_else(deployd):
    machine = deployd.machine
    before, units = deployd.files(), machine.units("deployd-*")
    repository = deployd.app("leaving", {"Procfile": "web: exec python3 state.py\n", "state.py": STATE})
    deployd.live("leaving")
    identity = deployd.sql("select id from app where name = 'leaving'")[0]
    assert len(traces(deployd, identity)) >= 2
    repository.commit(SILENT)
    number = deployd.deploy("leaving")
    deployd.status(number, "checking")
    stable = [row[3] for row in machine.call(ROOT, "Manager.ListApps")[0] if row[0] == "leaving"][0]

    deployd.do("leaving", "Remove", "b", "true")
    assert deployd.refuse(ROOT, "Manager.GetApp", "string:leaving")[0] == "NoSuchApp"
    assert "leaving" not in [row[0] for row in machine.call(ROOT, "Manager.ListApps")[0]]
    for table, column in (("app", "id"), ("deployment", "app_id"), ("release", "app_id")):
        assert deployd.sql(f"select * from {table} where {column} = {identity}") == []
    deployd.signal(lambda m: m.get("member") == "InterfacesRemoved" and m["arguments"][0] == app_path("leaving"))
    # The directory, and the link to it that systemd has made.
    stored = {f"/var/lib/private/deployd-apps/{identity}", f"/var/lib/deployd-apps/{identity}"}
    machine.wait(lambda: not machine.units(*PASSING, "deployd-app-leaving-*", "deployd-apps-leaving.slice") and
                 deployd.files() == before and set(traces(deployd, identity)) == stored, what="the end of all traces")
    assert machine.units("deployd-*") == units
    assert deployd.sql("select * from port_lease l where not exists "
                       "(select from deployment d where d.id = l.deployment_id)") == []
    # Its port is kept from the next ones, and its name may be used again.
    deployd.create_app("leaving", "leaving")
    assert stable not in [row[3] for row in machine.call(ROOT, "Manager.ListApps")[0]]
    repository.commit({"Procfile": "web: exec python3 state.py\n", "state.py": STATE})
    deployd.live("leaving")


def test_a_stopped_app_is_removed_without_force(deployd):
    deployd.do("leaving", "Stop")
    deployd.do("leaving", "Remove", "b", "false")
    assert deployd.refuse(ROOT, "Manager.GetApp", "string:leaving")[0] == "NoSuchApp"


def test_a_repository_in_use_is_not_removed(deployd, pair):
    error, message = deployd.refuse(repository_path("my"), "Repository.Remove")
    assert error == "RepositoryInUse" and "my" in message


def test_a_removed_repository_leaves_nothing(deployd):
    machine = deployd.machine
    identity = deployd.sql("select id from repository where name = 'leaving'")[0]

    def mirrors():
        return machine.sh(f"find /var/cache -path '*/deployd-fetch/{identity}' -prune").split()

    assert mirrors()
    machine.call(repository_path("leaving"), "Repository.Remove")
    assert deployd.refuse(ROOT, "Manager.GetRepository", "string:leaving")[0] == "NoSuchRepository"
    assert deployd.sql(f"select * from repository where id = {identity}") == []
    machine.wait(lambda: not mirrors() and not machine.units(*PASSING), what="the end of the mirror")


def test_units_and_rows_agree_at_the_end(deployd):
    machine = deployd.machine
    machine.wait(lambda: not machine.units(*PASSING))
    rows = deployd.sql("select unit from instance i join deployment d on d.id = i.deployment_id "
                       "join app a on a.id = d.app_id where a.wanted = 'running' order by unit")
    assert machine.units("deployd-app-*") == sorted(rows)
