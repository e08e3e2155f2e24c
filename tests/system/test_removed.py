# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a removed app has stored: it is kept for keep-removed-data, a new app can take it over, and only the row of the
removed app is a reason to delete it."""

import pytest

import apps
import daemon
from deployd import ROOT, Deployd

DATA = "/var/lib/private/deployd-apps"
DAY_USEC = 24 * 3600 * 1_000_000


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


def opened(deployd, app):
    """An app that is live: the directory of what it has stored, and what that is."""
    if app not in deployd.sql("select name from repository"):
        deployd.app(app, apps.bank(), Buildpack="none")
    deployd.live(app)
    data = deployd.get(app, "DataPath")
    return data, deployd.machine.read(f"{data}/account")


def number(data):
    return int(data.rsplit("/", 1)[1])


def remove(deployd, app):
    """Removes an app, and waits until nothing of it runs any more: the time before and after, in microseconds."""
    before, _, after = (int(deployd.machine.sh("date +%s%6N")), deployd.do(app, "Remove", "b", "true"),
                        int(deployd.machine.sh("date +%s%6N")))
    deployd.signal(lambda message: message.get("member") == "AppRemoved" and app in message["arguments"])
    return before, after


def listed(deployd):
    """The removed apps, by number."""
    found = [{name: value["data"] for name, value in one.items()}
             for one in deployd.machine.call(ROOT, "Manager.ListRemovedApps")[0]]
    return {one["Id"]: one for one in found}


def deleted(deployd, data):
    """Waits until the data of a removed app is deleted, and its row says so."""
    deployd.machine.wait(lambda: deployd.sql(f"select data from removed_app where id = {number(data)}") == ["deleted"],
                         what=f"{data} being deleted")
    assert not deployd.machine.root(data).exists()
    assert number(data) not in listed(deployd)


def test_the_data_of_a_removed_app_is_kept_and_listed(deployd):
    data, account = opened(deployd, "shop")
    before, after = remove(deployd, "shop")
    shown = listed(deployd)[number(data)]
    assert before <= shown["RemovedAt"] <= after
    assert shown == {"Id": number(data), "Name": "shop", "RemovedBy": 0, "DataPath": data, "RemovedAt": shown["RemovedAt"],
                     "KeptUntil": shown["RemovedAt"] + 7 * DAY_USEC}
    assert deployd.machine.read(f"{data}/account") == account
    assert deployd.sql(f"select name, removed_by, data from removed_app where id = {number(data)}") == ["shop|0|kept"]
    daemon.kill(deployd.machine)
    deployd.listen()
    assert listed(deployd)[number(data)] == shown
    assert deployd.machine.read(f"{data}/account") == account


def test_a_new_app_begins_with_nothing_unless_it_asks_for_it(deployd):
    data, account = opened(deployd, "bank")
    remove(deployd, "bank")
    deployd.create_app("bank", "bank", Buildpack="none")
    other, new = opened(deployd, "bank")
    assert other != data and new != account
    remove(deployd, "bank")
    # Two apps had that name: the number says which.
    assert daemon.refused(deployd.machine, ROOT, "Manager.CreateApp", "ssa{sv}", "bank", "bank", 1, "Data", "s", "bank") == (
        daemon.BUS_ERROR + "InvalidArgs",
        "several removed apps had the name bank: take the number of one, 'deployctl app list --removed' shows them")
    deployd.create_app("bank", "bank", Buildpack="none", Data=str(number(other)))
    assert opened(deployd, "bank") == (other, new)
    assert deployd.machine.curl(deployd.get("bank", "Port")) == (200, new)
    assert number(other) not in listed(deployd) and number(data) in listed(deployd)
    deployd.create_app("heir", "bank", Buildpack="none", Data=str(number(data)))
    deployd.live("heir")
    assert deployd.get("heir", "DataPath") == data
    assert deployd.machine.curl(deployd.get("heir", "Port")) == (200, account)
    assert number(data) not in listed(deployd)
    # What an app has is not there for another one.
    for name in ("bank", str(number(data)), "never"):
        assert daemon.refused(deployd.machine, ROOT, "Manager.CreateApp", "ssa{sv}", "third", "bank", 1, "Data", "s", name) == (
            daemon.BUS_ERROR + "InvalidArgs",
            f"no data of a removed app {name} is kept: 'deployctl app list --removed' lists what is")
    # And it is kept once more when that app is removed, too.
    remove(deployd, "heir")
    assert listed(deployd)[number(data)]["Name"] == "heir"
    assert deployd.machine.read(f"{data}/account") == account


def test_with_zero_it_is_deleted_at_once(deployd):
    opened(deployd, "gone")
    other, account = opened(deployd, "stays")
    for app in ("gone", "stays"):
        deployd.set(app, WritableTree="yes", Persist="data,public/uploads")
        deployd.live(app)
    data = deployd.get("gone", "DataPath")
    with daemon.configured(deployd.machine, "[runner]\nkeep-removed-data = 0\n"):
        remove(deployd, "gone")
        deleted(deployd, data)
    assert deployd.machine.read(f"{other}/account") == account
    # The directories of its tree that it kept go too, with the links to them.
    for place in (DATA, "/var/lib/deployd-apps"):
        left = {name for name in deployd.machine.sh(f"ls {place}").split() if "+" in name}
        assert left == {f"{number(other)}+data", f"{number(other)}+public+uploads"}


def test_it_is_deleted_when_its_time_is_over_and_nothing_else_is(deployd):
    kept, account = opened(deployd, "kept")
    remove(deployd, "kept")
    data, _ = opened(deployd, "short")
    with daemon.configured(deployd.machine, "[runner]\nkeep-removed-data = 2s\n"):
        remove(deployd, "short")
        shown = listed(deployd).get(number(data))
        assert shown is None or shown["KeptUntil"] == shown["RemovedAt"] + 2_000_000
        deleted(deployd, data)
    assert deployd.machine.read(f"{kept}/account") == account


def test_its_time_is_over_while_deployd_is_away(deployd):
    data, _ = opened(deployd, "away")
    deployd.machine.write(daemon.CONFIGURATION, "[runner]\nkeep-removed-data = 1h\n")
    deployd.machine.systemctl("reload", daemon.UNIT)
    remove(deployd, "away")
    deployd.machine.systemctl("stop", daemon.UNIT)
    deployd.sql(f"update removed_app set keep_until = now() where id = {number(data)}")
    deployd.machine.run(["rm", daemon.CONFIGURATION])
    deployd.machine.systemctl("start", daemon.UNIT)
    deployd.listen()
    deleted(deployd, data)


def test_data_without_a_row_stays_and_is_told(deployd):
    data, _ = opened(deployd, "told")
    with daemon.configured(deployd.machine, "[runner]\nkeep-removed-data = 0\n"):
        remove(deployd, "told")
        deleted(deployd, data)
    deployd.machine.sh(f"mkdir {data}; echo precious >{data}/account")
    with deployd.machine.follow("--unit", daemon.UNIT) as journal:
        deployd.machine.systemctl("restart", daemon.UNIT)
        journal.wait(lambda entry: f"No row of the database has the data of app {number(data)} in {data}: it is left alone" in
                     entry["MESSAGE"])
    deployd.listen()
    # All that is due has been deleted by then: statements and units keep their order.
    other, _ = opened(deployd, "after")
    with daemon.configured(deployd.machine, "[runner]\nkeep-removed-data = 0\n"):
        remove(deployd, "after")
        deleted(deployd, other)
    assert deployd.machine.read(f"{data}/account") == "precious\n"
    # It is nobody's, and no number of an app is given out twice: the next one does not find it.
    deployd.create_app("told", "told", Buildpack="none")
    assert number(deployd.get("told", "DataPath")) > number(data)
    deployd.machine.run(["rm", "-r", data])


@pytest.mark.parametrize("keep", ["7d", "0"])
def test_an_app_whose_data_is_not_there_can_be_removed(deployd, keep):
    app = f"lost{keep}"
    data, _ = opened(deployd, app)
    deployd.do(app, "Stop")
    deployd.machine.wait(lambda: deployd.get(app, "Status") == "stopped" and not deployd.machine.units(f"deployd-app-{app}-*"),
                         what="its end")
    deployd.machine.run(["rm", "-r", data])
    with daemon.configured(deployd.machine, f"[runner]\nkeep-removed-data = {keep}\n"):
        remove(deployd, app)
        if keep == "0":
            deleted(deployd, data)
        else:
            assert listed(deployd)[number(data)]["DataPath"] == data
            deployd.create_app(app, app, Buildpack="none", Data=app)
            again, account = opened(deployd, app)
            assert again == data and deployd.machine.curl(deployd.get(app, "Port")) == (200, account)


# What deployctl asks first

def releases(deployd):
    return set(deployd.machine.sh("ls /var/lib/deployd/releases").split())


def removed(output, app, account):
    """The app is removed, says the last line, with what became of what it has stored."""
    last = output.splitlines()[-1]
    assert f"app {app} removed: 1 release; its data (1 file, {len(account)}B) is kept until " in last, output
    assert last.endswith(": deployctl app list --removed")


def test_without_a_terminal_a_removal_is_confirmed_with_the_name(deployd):
    data, account = opened(deployd, "silent")
    deployd.do("silent", "Stop")
    for words in ([], ["--force"], ["--confirm=silence"]):
        done = deployd.machine.run(["deployctl", "app", "remove", "silent", *words], check=False, input="silent\n")
        assert done.returncode not in (0, None) and "--confirm=silent" in done.stderr, done
    assert deployd.get("silent", "Status") == "stopped"
    assert deployd.machine.read(f"{data}/account") == account
    assert number(data) not in listed(deployd)
    removed(deployd.machine.run(["deployctl", "app", "remove", "silent", "--confirm=silent"]).stdout, "silent", account)
    assert deployd.machine.read(f"{data}/account") == account


def test_at_a_terminal_the_name_is_asked_for_and_the_data_can_be_taken_over(deployd):
    data, account = opened(deployd, "typed")
    deployd.do("typed", "Stop")
    deployd.machine.wait(lambda: deployd.get("typed", "Status") == "stopped", what="its being stopped")

    def remove_at_terminal(line):
        return deployd.machine.run(["script", "--quiet", "--return", "--command", "deployctl app remove typed", "/dev/null"],
                                   check=False, input=f"{line}\n", merge=True)

    done = remove_at_terminal("y")
    assert done.returncode != 0 and "nothing was removed" in done.stdout, done
    for line in ("1 release", f"its data in {data}: 1 file, {len(account)}B", "Type the name of the app to remove it: "):
        assert line in done.stdout, done.stdout
    assert deployd.get("typed", "Status") == "stopped"

    before = releases(deployd)
    done = remove_at_terminal("typed")
    assert done.returncode == 0, done
    removed(done.stdout, "typed", account)
    assert len(before - releases(deployd)) == 1
    lines = [line.split() for line in deployd.machine.run(["deployctl", "app", "list", "--removed"]).stdout.splitlines()]
    assert [(line[0], line[1], line[-1]) for line in lines if line[0] == "typed"] == [("typed", str(number(data)), data)]

    deployd.machine.run(["deployctl", "app", "create", "taken", "typed", "buildpack=none", "data=typed"])
    deployd.live("taken")
    assert deployd.get("taken", "DataPath") == data
    assert deployd.machine.curl(deployd.get("taken", "Port")) == (200, account)
