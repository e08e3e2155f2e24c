# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each row of the tables of settings: deployctl sets it, shows it, clears it and explains it."""

import os
import re
import subprocess

import pytest

from settings import LISTED, OF_APPS, OF_REPOSITORIES

ROOT = os.path.join(os.path.dirname(__file__), "../..")

# Of each type: what is typed, what goes over the bus, and what people see of it.
SAMPLES = {
    "text": ("some text", "some text", "some text"),
    "revision": ("v1.2", "v1.2", "v1.2"),
    "url": ("https://git.example/a.git", "https://git.example/a.git", "https://git.example/a.git"),
    "duration": ("1min 30s", 90 * 1000000, "1min 30s"),
    "size": ("1.5G", 3 * 512 * 1024 * 1024, "1.5G"),
    "count": ("64", 64, "64"),
    "number": ("7", 7, "7"),
    "share": ("150%", 1500000, "150%"),
}

typed = pytest.mark.parametrize("row", [row for row in OF_APPS if row["word"]], ids=lambda row: row["word"])
of_repositories = pytest.mark.parametrize("row", OF_REPOSITORIES, ids=lambda row: row["word"])
shown = pytest.mark.parametrize("row", [row for row in OF_APPS if row["title"]], ids=lambda row: row["key"])


def is_text(row):
    return row["signature"] == "s"


@typed
def test_a_setting_is_set_and_cleared(mock, deployctl, row):
    mock.repository("code")
    argument, value, _ = SAMPLES[row["type"]]
    assert deployctl("app", "create", "new", "code", f"{row['word']}={argument}").status == 0
    assert mock.wait_call("CreateApp")[1:] == ("new", "code", {row["property"]: value})
    where = mock.app("shop")
    cleared, nothing = ("", "") if is_text(row) else ("default", 0)
    for text, sent in (argument, value), (cleared, nothing):
        result = deployctl("app", "set", "shop", f"{row['word']}={text}")
        if row["new"]:
            assert result.status == 2 and f"unknown setting '{row['word']}'" in result.err
        else:
            assert result.status == 0
            assert mock.wait_call("SetProperties") == (where, {row["property"]: sent})


@typed
def test_a_number_is_never_zero(mock, deployctl, row):
    mock.app("shop")
    if not is_text(row):
        zero = "0%" if row["type"] == "share" else "0"
        result = deployctl("app", "set", "shop", f"{row['word']}={zero}")
        assert result.status == 2 and f"{row['word']} needs " in result.err and "'default'" in result.err
        assert mock.called() == []


@shown
def test_a_setting_is_shown(mock, deployctl, row):
    _, value, text = SAMPLES.get(row["type"], (None, {"web": 2}, "web=2"))
    mock.app("shop", **{row["property"]: value})
    lines = [re.split(": +", line, maxsplit=1) for line in deployctl("app", "show", "shop").out.splitlines()]
    assert [row["title"], text] in [[part.strip() for part in line] for line in lines]
    exact = deployctl("app", "show", "shop", "--json").json["app"][0]
    assert exact[row["key"]] == (value if row["type"] != "formation" else ["web=2"])


@of_repositories
def test_a_setting_of_a_repository_is_set_and_shown(mock, deployctl, row):
    where = mock.repository("code", **{row["property"]: SAMPLES[row["type"]][1]})
    argument, value, text = SAMPLES[row["type"]]
    assert deployctl("repo", "set", "code", f"{row['word']}={argument}").out == \
        f"{row['word']} of repository code set\n"
    assert mock.wait_call(row["setter"]) == (where, value)
    assert re.search(rf"^{row['title']}: +{re.escape(text)}$", deployctl("repo", "show", "code").out, re.MULTILINE)
    assert deployctl("repo", "show", "code", "--json").json["repository"][0][row["key"]] == value


def test_each_is_shown_once_where_it_was(mock, deployctl):
    mock.app("shop")
    titles = [line.split(":")[0] for line in deployctl("app", "show", "shop").out.splitlines()]
    assert sorted(titles) == sorted(set(titles))
    assert titles[titles.index("Releases"):] == [
        "Releases", "Releases kept", "Formation", "Staged", "Readiness", "Writable tree", "Persist", "Health check",
        "Health check timeout",
        "Check settle", "Stop timeout", "Memory limit", "Tasks limit", "CPU limit", "Slice", "Data", "Created"]


def test_the_manual_page_explains_each_and_when_it_counts(tmp_path):
    listed = tmp_path / "settings.tsv"
    listed.write_text(LISTED, encoding="utf-8")
    page = subprocess.run(["/usr/bin/python3", f"{ROOT}/docs/man/app-settings.py", f"{ROOT}/docs/man/deployctl.1.scd",
                           listed], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    for row in OF_APPS:
        if row["word"]:
            assert f"|  *{row['word']}*\n:  {row['meaning']}\n" in page
    begin = page.index("At once: ")
    counting = page[begin:page.index("\n\n", begin)]
    assert sorted(re.findall(r"\*([a-z-]+)\*", counting)) == sorted(
        row["word"] for row in OF_APPS if row["word"] and not row["new"])
    assert "@" not in re.sub(r"@\w*[^A-Z]", "", page), "each mark was filled in"
