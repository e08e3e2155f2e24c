# SPDX-License-Identifier: LGPL-2.1-or-later
"""app remove: what cannot be undone is confirmed, followed to its end, and its data is found again."""

import signal
import time

import pytest

from mock import Failure, now

DAY = 24 * 3600 * 1000000
QUESTION = "Type the name of the app to remove it: "


@pytest.fixture
def data(tmp_path):
    """A directory with 3 files of 3,500 bytes in all, one of which is a link out of it."""
    directory = tmp_path / "7"
    (directory / "below").mkdir(parents=True)
    (directory / "one").write_bytes(b"x" * 1500)
    (directory / "below" / "two").write_bytes(b"x" * 2000)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "large").write_bytes(b"x" * 100000)
    (directory / "link").symlink_to(tmp_path / "outside")
    return directory


@pytest.fixture
def shop(mock, data):
    return mock.app("shop", Releases=5, DataPath=str(data))


def day(time_usec):
    return time.strftime("%Y-%m-%d", time.gmtime(time_usec // 1000000))


def test_without_a_terminal_it_takes_the_name_once_more(mock, shop, deployctl):
    for words in [], ["--force"]:
        result = deployctl("app", "remove", "shop", *words)
        assert (result.status, result.out) == (2, "")
        assert result.err == ("deployctl: the removal of shop cannot be undone, and there is no terminal to ask at: type "
                              f"'deployctl app remove shop{' --force' if words else ''} --confirm=shop'\n")
    assert mock.called() == []


@pytest.mark.parametrize("name", ["shops", "sho", "Shop", "shop "])
@pytest.mark.parametrize("asked", [False, True])
def test_another_name_does_not_confirm_it(mock, shop, start, name, asked):
    result = start("app", "remove", "shop", f"--confirm={name}", asked=asked).end()
    assert (result.status, result.out) == (2, "")
    assert "type 'deployctl app remove shop --confirm=shop'" in result.err
    assert mock.called() == []


def test_the_end_says_what_went_and_until_when_the_data_stays(mock, shop, deployctl):
    until = day(now() + mock.keep)
    result = deployctl("app", "remove", "shop", "--confirm=shop")
    assert (result.status, result.err) == (0, "")
    assert result.out == (f"app shop removed: 5 releases; its data (3 files, 3.4K) is kept until {until}: "
                          "deployctl app list --removed\n")
    assert mock.wait_call("Remove") == (shop, False)


def test_data_that_is_not_kept_went_with_it(mock, shop, deployctl):
    mock.keep = 0
    result = deployctl("app", "remove", "shop", "--confirm=shop")
    assert result.out == "app shop removed: 5 releases; its data (3 files, 3.4K) went with it\n"
    mock.app("mail", Releases=1)
    mock.keep = -DAY
    assert deployctl("app", "remove", "mail", "--confirm=mail").out == \
        "app mail removed: 1 release; its data (0 files, 0B) went with it\n"


def test_a_size_that_cannot_be_found_out_is_not_known(mock, deployctl):
    mock.app("shop", DataPath="/dev/null/7")
    result = deployctl("app", "remove", "shop", "--confirm=shop")
    assert (result.status, result.err) == (0, "")
    assert "; its data (size not known) is kept until " in result.out


def test_force_is_for_what_runs_and_confirms_nothing(mock, shop, start, deployctl):
    run = start("app", "remove", "shop", "--force", asked=True)
    run.wait_for(QUESTION, "err")
    run.type("shop\n")
    assert run.end().status == 0
    assert mock.wait_call("Remove") == (shop, True)
    mock.app("shop")
    assert deployctl("app", "remove", "shop", "--force", "--confirm=shop").status == 0
    assert mock.wait_call("Remove")[1] is True


def test_on_a_terminal_it_says_what_goes_and_asks(mock, shop, data, start):
    run = start("app", "remove", "shop", asked=True)
    run.wait_for(QUESTION, "err")
    assert "Remove" not in mock.called()
    shown = run.err.decode().replace("\r\n", "\n")
    assert "  5 releases\n" in shown and f"  its data in {data}: 3 files, 3.4K\n" in shown
    assert all(len(line) <= 80 for line in shown.splitlines() if str(data) not in line)
    run.type("shop\n")
    result = run.end()
    assert result.status == 0 and result.out.startswith("app shop removed: 5 releases; its data (3 files, 3.4K) is kept")
    assert mock.wait_call("Remove") == (shop, False)


@pytest.mark.parametrize("answer", ["\n", "y\n", "shops\n", "shop \n", "SHOP\n", "\x04", "sho\x04\x04"],
                         ids=["nothing", "yes", "longer", "blank", "capitals", "end", "end of a part"])
def test_another_answer_removes_nothing(mock, shop, start, answer):
    run = start("app", "remove", "shop", asked=True)
    run.wait_for(QUESTION, "err")
    run.type(answer)
    result = run.end()
    assert (result.status, result.out) == (1, "")
    assert result.err.endswith("deployctl: nothing was removed\r\n")
    assert "Remove" not in mock.called()


def test_confirm_skips_the_question_on_a_terminal(mock, shop, start):
    result = start("app", "remove", "shop", "--confirm=shop", asked=True).end()
    assert (result.status, result.err) == (0, "")
    assert mock.wait_call("Remove") == (shop, False)


def test_a_refusal_is_deployds_sentence(mock, shop, deployctl):
    mock.failures["Remove"] = Failure("AppBusy", "shop is running: stop it first, or remove it by force")
    result = deployctl("app", "remove", "shop", "--confirm=shop")
    assert (result.status, result.out) == (1, "")
    assert result.err == "deployctl: shop is running: stop it first, or remove it by force\n"


def test_the_signal_may_come_before_the_reply(mock, shop, deployctl):
    mock.ends = "before"
    assert deployctl("app", "remove", "shop", "--confirm=shop").status == 0


def test_the_last_instances_are_waited_for_in_so_many_words(mock, shop, start):
    mock.ends = ""
    run = start("app", "remove", "shop", "--confirm=shop")
    begun = time.monotonic()
    run.wait_for("shop is removed; waiting until its last instances have ended", "err")
    assert 1.9 < time.monotonic() - begun < 5
    mock.gone("mail", 8)
    mock.gone("shop-2", 9)
    mock.gone("shop")
    result = run.end()
    assert result.status == 0 and "is kept until" in result.out, "nothing is kept of numbers 8 and 9"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_ends_the_wait_only(mock, shop, start, number):
    mock.ends = ""
    run = start("app", "remove", "shop", "--confirm=shop")
    run.wait_for("waiting", "err")
    run.process.send_signal(number)
    result = run.end()
    assert (result.status, result.out) == (130, "")
    assert result.err.endswith("deployctl: the removal of shop goes on: deployd ends its last instances\n")


def test_ctrl_c_before_deployd_has_answered(mock, shop, start):
    mock.silent.add("Remove")
    run = start("app", "remove", "shop", "--confirm=shop")
    mock.wait_call("Remove")
    run.process.send_signal(signal.SIGINT)
    result = run.end()
    assert result.status == 130
    assert result.err == "deployctl: deployd has not answered yet; 'deployctl app list' shows whether shop is removed\n"


def test_deployd_that_goes_away_ends_the_wait(mock, shop, start):
    mock.ends = ""
    run = start("app", "remove", "shop", "--confirm=shop")
    run.wait_for("waiting", "err")
    mock.stop()
    result = run.end()
    assert (result.status, result.out) == (4, "")
    assert "deployd went away: shop is removed" in result.err and "systemctl status deployd" in result.err


def test_deployd_that_dies_over_the_call_has_perhaps_not_removed_it(mock, shop, start):
    mock.silent.add("Remove")
    run = start("app", "remove", "shop", "--confirm=shop")
    mock.wait_call("Remove")
    mock.stop()
    result = run.end()
    assert result.status == 4 and "not known whether it was done" in result.err


def removed(mock, name="shop", **more):
    mock.removed.append({"Id": 7, "Name": name, "RemovedAt": now() - 2 * DAY, "KeptUntil": now() + 5 * DAY,
                         "DataPath": "/var/lib/private/deployd-apps/7", "RemovedBy": 0, **more})
    return mock.removed[-1]


def test_removed_apps_are_listed_and_exact_in_json(mock, deployctl):
    shop = removed(mock)
    mail = removed(mock, "mail", Id=12, RemovedBy=4000000000)
    del mail["RemovedBy"]
    removed(mock, "blog", Id=13, RemovedBy=4000000000)
    lines = deployctl("app", "list", "--removed", env={"COLUMNS": "120"}).out.splitlines()
    assert lines[0].split() == ["NAME", "NUMBER", "REMOVED", "BY", "KEPT", "UNTIL", "DATA"]
    assert lines[1].split()[:3] == ["shop", "7", day(shop["RemovedAt"])]
    assert lines[1].split()[4:6] == ["root", day(shop["KeptUntil"])]
    assert lines[1].split()[-1] == "/var/lib/private/deployd-apps/7"
    assert (lines[2].split()[4], lines[3].split()[4]) == ("-", "4000000000")
    shown = deployctl("app", "list", "--removed", "--json").json["apps"]
    assert shown[0] == {"name": "shop", "id": 7, "removed": shop["RemovedAt"], "by": "root",
                        "kept_until": shop["KeptUntil"], "data": "/var/lib/private/deployd-apps/7"}
    assert [(a["name"], a["by"]) for a in shown[1:]] == [("mail", None), ("blog", "4000000000")]


@pytest.mark.parametrize("name", ["shop", "an-app-with-a-name-of-thirty"])
def test_the_path_is_shown_where_there_is_room(mock, deployctl, name):
    removed(mock, name)
    for columns in range(60, 120):
        out = deployctl("app", "list", "--removed", env={"COLUMNS": str(columns)}).out
        width = max(len(line) for line in out.splitlines())
        assert "KEPT UNTIL" in out
        assert width <= max(columns, len(name) + 46)  # it is cut only where it is shown
        if columns >= 112:
            assert "/var/lib/private/deployd-apps/7" in out
        if columns == 80:
            assert "DATA" not in out


def test_no_removed_app_is_a_sentence_and_empty_json(mock, deployctl):
    assert deployctl("app", "list", "--removed").out == "no app was removed whose data is still kept\n"
    assert deployctl("app", "list", "--removed", "--json").json == {"apps": []}
    assert mock.called() == ["ListRemovedApps"] * 2


@pytest.mark.parametrize("of", ["shop", "7"])
def test_a_new_app_takes_the_data_of_a_removed_one(mock, deployctl, of):
    mock.repository("code")
    mock.failures["CreateApp"] = Failure("AppBusy", "shop, which was removed, is still being stopped")
    result = deployctl("app", "create", "store", "code", f"data={of}", "branch=main")
    assert mock.wait_call("CreateApp")[1:] == ("store", "code", {"Data": of, "Branch": "main"})
    assert result.err == "deployctl: shop, which was removed, is still being stopped\n"


def test_data_is_for_a_new_app_only(mock, deployctl):
    mock.app("shop")
    assert "\n  data " in deployctl("help", "app", "create").out
    assert "\n  data " not in deployctl("help", "app", "set").out
    result = deployctl("app", "set", "shop", "data=7")
    assert result.status == 2 and "unknown setting 'data'" in result.err and ", data" not in result.err
    assert mock.called() == []
