# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every message an administrator would search for has its entry in the journal's catalog."""

import re
import subprocess

from conftest import ROOT

CATALOG = ROOT / "systemd/units/deployd.catalog"


def entries():
    """The catalog as {id: text}."""
    parts = re.split(r"^-- ([0-9a-f]{32})$", CATALOG.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def test_ids_and_entries_are_the_same():
    ids = re.findall(r'"([0-9a-f]{32})"', (ROOT / "base/log-ids.h").read_text(encoding="utf-8"))
    assert ids and len(ids) == len(set(ids))
    assert sorted(ids) == sorted(entries())


def test_an_entry_has_a_subject_and_says_what_to_do():
    for text in entries().values():
        head, _, body = text.strip().partition("\n\n")
        assert re.search(r"^Subject: \S", head, re.MULTILINE)
        assert re.search(r"^Defined-By: deployd$", head, re.MULTILINE)
        assert body.strip()


def test_journalctl_reads_the_catalog(tmp_path):
    directory = tmp_path / "usr/lib/systemd/catalog"
    directory.mkdir(parents=True)
    (tmp_path / "var/lib/systemd/catalog").mkdir(parents=True)
    (directory / "deployd.catalog").write_bytes(CATALOG.read_bytes())
    done = subprocess.run(["journalctl", f"--root={tmp_path}", "--update-catalog"], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0 and done.stdout == "", done.stdout
