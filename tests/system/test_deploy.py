# SPDX-License-Identifier: LGPL-2.1-or-later
"""From a git repository to a running app, by the bus alone."""

import pathlib
import re
import xml.etree.ElementTree as xml

import pytest

import repository as repositories
from deployd import ROOT, Deployd, app_path, deployment_path, repository_path

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


class Watcher:
    """A client without any right that matches the signals of deployd: what dbus-monitor prints, as
    (member, path, [the values that are strings, paths or numbers, in order])."""

    VALUE = re.compile(r'(?:string|object path) "(.*)"$|uint64 (\d+)$')

    def __init__(self, machine, user):
        self.stream = machine.stream(["dbus-monitor", "--system", "type='signal',sender='org.deployd.Deploy1'"],
                                     user=user)
        # It is told its own name after its match is known to the bus.
        self.stream.wait(lambda line: "member=NameAcquired" in line)

    def messages(self, until):
        """All messages up to the first with a member and a first value, which it waits for."""
        found = []
        while True:
            line = self.stream.next()
            head = re.match(r"signal .* path=([^;]*); .*member=(\w+)", line)
            if head:
                found.append((head[2], head[1], []))
            value = self.VALUE.search(line)
            if value and found:
                found[-1][2].append(value[1] if value[1] is not None else int(value[2]))
            # DeploymentFinished has four values, the last a string.
            if found and found[-1][0] == until and len(found[-1][2]) == 4:
                return found


def test_every_step_is_a_signal_that_every_local_user_sees(machine, deployd):
    repository, commit = repositories.deployable(machine, "shop")
    watcher = Watcher(machine, "nobody")

    assert deployd.create_repository("shop", repository.url) == repository_path("shop")
    assert deployd.create_app("shop", "shop") == app_path("shop")
    assert deployd.get("shop", "Status") == "new"
    number, path = machine.call(ROOT, "Manager.Deploy", "ssa{sv}", "shop", "", 0)
    assert path == deployment_path(number)

    seen = watcher.messages("DeploymentFinished")
    assert seen[-1] == ("DeploymentFinished", ROOT, [number, path, "shop", "live"])
    assert ("DeploymentNew", ROOT, [number, path, "shop"]) in seen
    added = [values[0] for member, _, values in seen if member == "InterfacesAdded"]
    assert added == [repository_path("shop"), app_path("shop"), path]

    def words(of, name):
        """The values a property was said to have, in order."""
        return [values[values.index(name) + 1] for member, at, values in seen
                if name in values and (at == of or member == "InterfacesAdded" and values[0] == of)]

    assert words(path, "Status") == ["queued", "fetching", "building", "starting", "checking", "switching", "live"]
    app = words(app_path("shop"), "Status")
    assert (app[0], app[-1]) == ("new", "running") and "deploying" in app
    assert words(path, "Revision")[-1] == commit
    assert words(repository_path("shop"), "HeadRevision")[-1] == commit

    deployment = deployd.describe(number)
    assert machine.curl(deployment["AssignedPort"]) == (200, "python 1\n")
    assert deployd.get("shop", "CurrentPort") == deployment["AssignedPort"]
    assert deployd.get("shop", "CurrentDeployment") == path


def test_a_repository_in_a_local_directory_is_deployed(machine, deployd):
    repository, commit = repositories.deployable(machine, "local", "python", "7")
    for name, url in (("local", repository.path), ("local-url", f"file://{repository.path}")):
        deployd.create_repository(name, url)
        deployd.create_app(name, name)
        deployment = deployd.live(name)
        assert deployment["Revision"] == commit
        assert machine.curl(deployment["AssignedPort"]) == (200, "python 7\n")


def test_a_deployment_says_what_it_is(machine, deployd):
    commit = deployd.app("told").git("rev-parse", "main")
    before = int(machine.sh("date +%s%6N"))
    number = machine.call(app_path("told"), "App.Deploy", "sa{sv}", "main", 0)[0]
    deployment = deployd.end(number)
    after = int(machine.sh("date +%s%6N"))

    assert deployment["Id"] == number
    assert (deployment["App"], deployment["AppName"]) == (app_path("told"), "told")
    assert (deployment["RequestedRevision"], deployment["Revision"]) == ("main", commit)
    assert deployment["ImageTag"] == f"told:{commit[:12]}-{number}"
    assert 20000 <= deployment["AssignedPort"] <= 29999
    assert deployment["Units"] == [f"deployd-app-told-{number}.web.1.service"]
    assert deployment["ErrorSummary"] == ""
    assert deployment["RequestedBy"] == 0
    assert (before <= deployment["CreatedAt"] <= deployment["StartedAt"] <= deployment["FinishedAt"] <= after)
    rows = machine.call(ROOT, "Manager.ListDeployments", "stu", "told", 0, 0)[0]
    assert rows == [[number, "told", "live", commit, deployment["AssignedPort"], deployment["CreatedAt"],
                    deployment["FinishedAt"], ""]]


def test_a_past_deployment_reads_the_same_after_a_restart_of_the_daemon(machine, deployd):
    repository = deployd.app("past")
    numbers = [deployd.live("past")["Id"]]
    repository.commit({"Procfile": "web: false\n"})
    numbers.append(deployd.end(deployd.deploy("past"))["Id"])
    deployd.settled(numbers[-1], "past")
    repository.commit(repositories.sample("python", "2"))
    numbers.append(deployd.live("past")["Id"])
    machine.wait(lambda: deployd.describe(numbers[0])["Units"] == [])
    machine.wait(lambda: all(deployd.describe(number)["LogsPath"] for number in numbers), what="their logs")

    before = [deployd.describe(number) for number in numbers]
    assert [deployment["Status"] for deployment in before] == ["superseded", "failed", "live"]
    assert len({deployment["AssignedPort"] for deployment in before} - {0}) == 3
    rows = machine.call(ROOT, "Manager.ListDeployments", "stu", "past", 0, 0)[0]
    assert [[row[0], row[2], row[4], row[7]] for row in reversed(rows)] == [
        [one["Id"], one["Status"], one["AssignedPort"], one["ErrorSummary"]] for one in before]
    machine.systemctl("restart", "deployd")
    assert [deployd.describe(number) for number in numbers] == before
    assert machine.call(ROOT, "Manager.ListDeployments", "stu", "past", 0, 0)[0] == rows


def test_the_journal_finds_an_apps_lines_by_app_and_by_deployment(machine, deployd):
    repository = deployd.app("talker")
    first = deployd.live("talker")
    repository.commit(repositories.sample("python", "2"))
    second = deployd.live("talker")

    lines = {}
    for deployment in (first, second):
        found = machine.journal(DEPLOYD_DEPLOYMENT=deployment["Id"], _SYSTEMD_UNIT=deployment_unit(deployment))
        lines[deployment["Id"]] = [entry["MESSAGE"] for entry in found]
        assert {(entry["DEPLOYD_APP"], entry["DEPLOYD_PROCESS"], entry["DEPLOYD_REVISION"],
                 entry["SYSLOG_IDENTIFIER"]) for entry in found} == {
                     ("talker", "web.1", deployment["Revision"], "talker/web.1")}
    assert f"python 1 on http://127.0.0.1:{first['AssignedPort']}" in lines[first["Id"]]
    assert f"python 2 on http://127.0.0.1:{second['AssignedPort']}" in lines[second["Id"]]
    assert not set(lines[first["Id"]]) & set(lines[second["Id"]])

    both = [entry["MESSAGE"] for entry in machine.journal(DEPLOYD_APP="talker")]
    assert set(lines[first["Id"]]) | set(lines[second["Id"]]) <= set(both)
    # The daemon's own lines of the deployment are among them, with what an administrator searches for.
    said = [entry for entry in machine.journal(DEPLOYD_DEPLOYMENT=second["Id"])
            if entry.get("_SYSTEMD_UNIT") == "deployd.service"]
    assert said and all("MESSAGE_ID" in entry for entry in said)


def deployment_unit(deployment):
    return f"deployd-app-{deployment['AppName']}-{deployment['Id']}.web.1.service"


# Introspection

def members(interface):
    """What an interface in introspection XML has, in no order: (kind, name, details)."""
    found = set()
    for member in interface:
        if member.tag not in ("method", "signal", "property"):
            continue
        arguments = tuple((a.get("name"), a.get("type"), a.get("direction", "in" if member.tag == "method" else "out"))
                          for a in member.iter("arg"))
        notes = frozenset((a.get("name"), a.get("value")) for a in member.iter("annotation"))
        found.add((member.tag, member.get("name"), member.get("type"), member.get("access"), arguments, notes))
    return found


def written():
    """The interfaces of dbus/*.xml, by name."""
    return {interface.get("name"): members(interface) for path in PROJECT.glob("dbus/*.xml")
            for interface in xml.parse(path).getroot().iter("interface")}


@pytest.mark.parametrize("word", ["Manager", "Repository", "App", "Deployment"])
def test_live_introspection_is_what_the_xml_says(machine, deployd, word):
    path = {"Manager": ROOT, "Repository": repository_path("shop"), "App": app_path("shop"),
            "Deployment": machine.get(app_path("shop"), "App.CurrentDeployment")}[word]
    live = xml.fromstring(machine.run(["busctl", "introspect", "--xml-interface", "org.deployd.Deploy1", path],
                                      user="nobody").stdout)
    interfaces = {interface.get("name"): members(interface) for interface in live.iter("interface")}
    name = f"org.deployd.Deploy1.{word}"
    assert interfaces[name] == written()[name]
