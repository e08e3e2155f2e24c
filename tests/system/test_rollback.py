# SPDX-License-Identifier: LGPL-2.1-or-later
"""Releases are kept, so many of each app, and can be gone back to: without a fetch, at once."""

import re

import pytest

import daemon
import repository as repositories
from deployd import Deployd, Held, app_path

RELEASES = "/var/lib/deployd/releases"
KEEP = 3


@pytest.fixture(scope="module")
def deployd(boot):
    machine = boot(files={daemon.CONFIGURATION: f"[runner]\nkeep-releases = {KEEP}\n"})
    repositories.serve(machine)
    return Deployd(machine)


def commit(deployd, repository, version):
    """Deploys a new commit: the deployment."""
    repository.commit(repositories.sample("python", str(version)))
    return deployd.live(repository.name)


def history(deployd, app, n):
    """An app with n releases, answering python 1 to n."""
    repository = deployd.app(app)
    live = [deployd.live(app)]
    for version in range(2, n + 1):
        live.append(commit(deployd, repository, version))
    return repository, live


def rollback(deployd, app, to=0):
    """Goes back, and waits until that is live: the deployment."""
    deployment = deployd.end(deployd.do(app, "Rollback", "t", to)[0])
    assert deployment["Status"] == "live", deployment["ErrorSummary"]
    return deployment


def answer(deployd, app):
    return deployd.machine.curl(deployd.get(app, "Port"))


def kept(deployd, app):
    """The releases of an app whose files are there."""
    rows = deployd.sql(f"select d.id from deployment d join app a on a.id = d.app_id where a.name = '{app}'")
    there = deployd.machine.sh(f"ls {RELEASES}").split()
    return sorted(int(row) for row in rows if row in there)


def units_started(deployd, deployment):
    """The kinds of units that were started for a deployment."""
    text = deployd.machine.run(["journalctl", "--no-pager", "--output=cat", "_PID=1"]).stdout
    names = re.findall(r"Started (deployd-\S+)\.|Finished (deployd-\S+)\.", text)
    return {name.split("-")[1] for pair in names for name in pair if re.search(rf"-{deployment['Id']}\.", name)}


def test_back_and_back_again_without_a_fetch(deployd):
    repository, live = history(deployd, "back", 3)
    fetches = deployd.sql("select fetches from repository where name = 'back'")
    # The commits are gone upstream: the branch has a new history.
    repository.git("update-ref", "-d", "refs/heads/main")
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--prune=now", "--quiet")

    first = rollback(deployd, "back")
    assert answer(deployd, "back") == (200, "python 2\n")
    assert (first["Revision"], first["ImageTag"]) == (live[1]["Revision"], live[1]["ImageTag"])
    assert deployd.statuses(first["Id"]) [-4:] == ["starting", "checking", "switching", "live"]
    assert "fetching" not in deployd.statuses(first["Id"])
    rollback(deployd, "back")
    assert answer(deployd, "back") == (200, "python 1\n")
    forward = rollback(deployd, "back", live[2]["Id"])
    assert answer(deployd, "back") == (200, "python 3\n")

    assert deployd.sql("select fetches from repository where name = 'back'") == fetches
    assert units_started(deployd, forward) == {"app"}


def test_right_after_a_deployment_that_failed(deployd):
    repository, _ = history(deployd, "after", 2)
    repository.commit({"Procfile": "web: exit 1\n"})
    assert deployd.end(deployd.deploy("after"))["Status"] == "failed"
    assert answer(deployd, "after") == (200, "python 2\n")
    rollback(deployd, "after")
    assert answer(deployd, "after") == (200, "python 1\n")


def test_it_has_todays_environment(deployd):
    history(deployd, "today", 2)
    number = deployd.do("today", "SetEnvironment", "a{ss}as", 1, "GREETING", "now", 0)[0]
    assert deployd.end(number)["Status"] == "live"
    unit = rollback(deployd, "today")["Units"][0]
    pid = deployd.machine.show(unit, "MainPID")["MainPID"]
    assert "GREETING=now" in deployd.machine.sh(f"tr '\\0' '\\n' </proc/{pid}/environ").splitlines()


@pytest.mark.parametrize("to", ["failed", "unknown", "of another app", "before the first"])
def test_what_is_not_kept_is_refused(deployd, to):
    name = "picky-" + to.replace(" ", "-")
    repository, live = history(deployd, name, 1)
    number = {"unknown": 123456, "before the first": 0}.get(to)
    if to == "failed":
        repository.commit({"Procfile": "web: exit 1\n"})
        number = deployd.deploy(name)
        deployd.end(number)
    elif to == "of another app":
        number = history(deployd, "another", 1)[1][0]["Id"]
    error, sentence = daemon.refused(deployd.machine, app_path(name), "App.Rollback", "t", number)
    assert error == daemon.ERROR + "NoSuchRelease"
    assert sentence == (f"{name} has no release from before the one that is live" if number == 0 else
                        f"{name} has no deployment {number} with a release that is kept: "
                        f"deployctl releases {name} shows what there is")
    assert deployd.get(name, "CurrentPort") == live[0]["AssignedPort"]


def test_an_app_that_was_never_live_has_nothing_to_go_back_to(deployd):
    deployd.app("new")
    _, sentence = daemon.refused(deployd.machine, app_path("new"), "App.Rollback", "t", 0)
    assert sentence == "new has never been live: there is nothing to go back to"


def test_the_newest_releases_are_kept_and_what_runs(deployd):
    repository, live = history(deployd, "kept", KEEP + 2)
    numbers = [deployment["Id"] for deployment in live]
    deployd.machine.wait(lambda: kept(deployd, "kept") == numbers[-KEEP:], what="the oldest releases being removed")
    # The live release is kept however old it is.
    rollback(deployd, "kept", numbers[-KEEP])
    deployd.machine.run(["deployctl", "app", "set", "kept", "keep-releases=1"])
    deployd.machine.wait(lambda: kept(deployd, "kept") == [numbers[-KEEP], numbers[-1]],
                         what="all but the newest and the one that is live being removed")
    assert answer(deployd, "kept") == (200, f"python {numbers.index(numbers[-KEEP]) + 1}\n")


def test_an_app_may_keep_fewer(deployd):
    _, live = history(deployd, "own", 3)
    numbers = [deployment["Id"] for deployment in live]
    deployd.machine.run(["deployctl", "app", "set", "own", "keep-releases=1"])
    assert deployd.get("own", "KeepReleases") == 1
    deployd.machine.wait(lambda: kept(deployd, "own") == numbers[-1:], what="all but the newest being removed")
    error, _ = daemon.refused(deployd.machine, app_path("own"), "App.Rollback", "t", 0)
    assert error == daemon.ERROR + "NoSuchRelease"


def test_what_is_about_to_run_is_kept(deployd):
    _, live = history(deployd, "pinned", 2)
    with Held(deployd.machine, "app") as held:
        number = deployd.do("pinned", "Rollback", "t", live[0]["Id"])[0]
        held.unit(f"pinned-{number}.*")
        deployd.machine.run(["deployctl", "app", "set", "pinned", "keep-releases=1"])
        assert kept(deployd, "pinned") == [deployment["Id"] for deployment in live]
        held.release()
        assert deployd.end(number)["Status"] == "live"
    assert answer(deployd, "pinned") == (200, "python 1\n")


def test_deployctl_goes_back_and_says_so(deployd):
    history(deployd, "person", 2)
    said = deployd.machine.run(["deployctl", "rollback", "person"]).stdout
    assert said.splitlines()[-1] == f"person is live at http://127.0.0.1:{deployd.get('person', 'Port')}"
    assert answer(deployd, "person") == (200, "python 1\n")
