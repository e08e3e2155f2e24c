# SPDX-License-Identifier: LGPL-2.1-or-later
"""Releases that are not on the disk any more, though the database has them: live ones are built again. The rows stay,
since the disk may come back."""

import pytest

import daemon
import repository as repositories
from deployd import Deployd, app_path

RELEASES = "/var/lib/deployd/releases"
pytestmark = pytest.mark.leaves("C6: rows name releases that are lost")


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


def lose(deployd):
    """Boots the machine without any release, as after a restore."""
    deployd.machine.run(["systemctl", "stop", "deployd.service"])
    deployd.machine.sh(f"rm -rf {RELEASES}/*")
    deployd.machine.reboot()


def found_lost(deployd, app):
    """The machine is up again, and deployd has nothing to run of the app."""
    daemon.ready(deployd.machine)
    deployd.listen()
    deployd.machine.wait(lambda: deployd.get(app, "Status") == "failed", what="its being seen")


def find_again(deployd, *apps):
    """There is a git server again, and each start of the daemon tries it."""
    repositories.serve(deployd.machine)
    deployd.machine.systemctl("restart", "deployd")
    deployd.listen()
    for app in apps:
        deployd.machine.wait(lambda name=app: deployd.get(name, "Status") == "running", what=f"{app} being back")


def test_a_live_deployment_is_deployed_again(deployd):
    repository = deployd.app("shop")
    first = deployd.live("shop")
    repository.commit(repositories.sample("python", "2"))
    live = deployd.live("shop")
    # The branch has gone on; the commit of the live one counts.
    repository.commit(repositories.sample("python", "3"))
    deployd.app("shut")
    deployd.live("shut")
    deployd.do("shut", "Stop")

    lose(deployd)
    found_lost(deployd, "shop")
    # There is no git server yet. What cannot run is not started either, and says what to do.
    deployd.machine.wait(lambda: deployd.sql("select error_summary from deployment where requested_revision = "
                                             f"'{live['Revision']}'") == ["fetch: the server refused the connection"],
                         what="its being deployed again having failed")
    wanted = (daemon.ERROR + "NoSuchRelease",
              f"its release is not on the disk any more: 'deployctl deploy shop {live['Revision'][:12]}' builds it again")
    for method in ("Start", "Restart", "Redeploy"):
        assert daemon.refused(deployd.machine, app_path("shop"), f"App.{method}") == wanted
    assert deployd.sql(f"select count(*) from release where id = {first['Id']}") == ["1"]
    error, _ = daemon.refused(deployd.machine, app_path("shop"), "App.Rollback", "t", first["Id"])
    assert error == daemon.ERROR + "NoSuchRelease"
    number = deployd.do("shop", "SetEnvironment", "a{ss}as", 1, "PRICE", "two", 0)[0]
    ended = deployd.end(number)
    assert (ended["Status"], ended["ErrorSummary"]) == ("failed", wanted[1])

    find_again(deployd, "shop")
    assert deployd.machine.curl(deployd.get("shop", "Port")) == (200, "python 2\n")
    assert deployd.sql("select d.revision from deployment d join app a on a.id = app_id where a.name = 'shop' and "
                       "d.status = 'live'") == [live["Revision"]]
    # Nobody wants that one.
    assert deployd.get("shut", "Status") == "stopped"
    assert deployd.sql("select count(*) from deployment d join app a on a.id = app_id where a.name = 'shut'") == ["1"]
    assert daemon.refused(deployd.machine, app_path("shut"), "App.Start")[0] == daemon.ERROR + "NoSuchRelease"
    deployd.live("shut")
    assert deployd.machine.curl(deployd.get("shut", "Port")) == (200, "python 1\n")


def test_a_release_that_is_back_runs_again(deployd):
    deployd.app("back")
    live = deployd.live("back")
    deployd.do("back", "Stop")
    deployd.machine.wait(lambda: deployd.get("back", "Status") == "stopped", what="its being stopped")
    deployd.machine.sh(f"mkdir -p /root/disk; mv {RELEASES}/{live['Id']} /root/disk")
    daemon.kill(deployd.machine)
    deployd.listen()
    assert daemon.refused(deployd.machine, app_path("back"), "App.Start")[0] == daemon.ERROR + "NoSuchRelease"
    deployd.machine.sh(f"mv /root/disk/{live['Id']} {RELEASES}")
    deployd.do("back", "Start")
    deployd.machine.wait(lambda: deployd.get("back", "Status") == "running", what="its running")
    assert deployd.describe(live["Id"])["Status"] == "live"
    assert deployd.machine.curl(deployd.get("back", "Port")) == (200, "python 1\n")


def test_a_deployment_that_was_under_way_says_so(deployd):
    gate = daemon.Gate(deployd.machine, "way")
    deployd.app("way", {"Procfile": f"web: {gate.wait}; exec python3 app.py\n",
                        **{path: content for path, content in repositories.sample("python", "1").items()
                           if path != "Procfile"}})
    number = deployd.deploy("way")
    deployd.status(number, "checking")
    lose(deployd)
    daemon.ready(deployd.machine)
    deployd.listen()
    deployd.machine.wait(lambda: deployd.describe(number)["Status"] == "failed", what="its end")
    ended = deployd.describe(number)
    assert ended["ErrorSummary"] == ("its release is not on the disk any more: "
                                     f"'deployctl deploy way {ended['Revision'][:12]}' builds it again")
    deployd.settled(number, "way")
    find_again(deployd, "shop", "shut")
