# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is written for people agrees with what is there."""

import re

import pytest
from conftest import ROOT, sources

DOCUMENTS = [name for name in sources() if name.endswith(".md")]
ROOMS = sorted({name.split("/")[0] for name in sources() if name.endswith(".c")})


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    prose = re.sub(r"`[^`\n]*`", "", text(document))  # code has brackets too
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", prose)
    missing = [target for target in targets if not (ROOT / document).parent.joinpath(target).exists()]
    assert not missing


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_in_the_table_of_the_readme(room):
    assert re.search(rf"^\| \[?`{room}/`", text("README.md"), re.MULTILINE)


def test_settings_without_effect_are_those_that_nobody_reads():
    rows = re.findall(r'\{ "([a-z]+)", "([a-z-]+)", [A-Z_]+\((?:[A-Za-z]+, )?([a-z_]+)', text("daemon/config-table.c"))
    code = "".join(text(name) for name in sources() if name.endswith(".c") and not name.startswith(("daemon/config",
                                                                                                   "tests/")))
    by_settings = set(re.findall(r'\.limit = "([a-z-]+)"', text("daemon/model/setting-table.c")))
    unread = {f"{section}/{key}" for section, key, member in rows
              if not re.search(rf"->{member}\b", code) and key not in by_settings}
    said = re.search(r"^@SETTINGS@(.*)$", text("docs/man/deploy.conf.5.scd"), re.MULTILINE).group(1).split()
    assert len(rows) == len(re.findall(r"^#[a-z-]+ =", text("deploy.conf.example"), re.MULTILINE))
    assert unread == set(said)
