# SPDX-License-Identifier: LGPL-2.1-or-later
"""The files that polkit reads say the same as the code and the documents."""

import re
from xml.etree import ElementTree

from conftest import ROOT

KEPT = "auth_admin_keep"
ASKED = "auth_admin"
# An authorization that is kept holds for all apps: not what shows or changes most.
DEFAULTS = {"deploy": KEPT, "operate": KEPT, "logs": KEPT, "manage": ASKED, "environment": ASKED}


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def actions():
    """The actions of the policy file: id, and its three defaults."""
    tree = ElementTree.parse(ROOT / "dbus/org.deployd.deploy1.policy")
    return {action.get("id"): {default.text for default in action.find("defaults")} for action in tree.iter("action")}


def test_the_rights_of_the_code_are_those_of_the_policy():
    rights = set(re.findall(r'^#define ACTION_\w+ +"(.*)"', text("dbus/bus-authorize.h"), re.MULTILINE))
    assert rights == set(actions())
    assert {name.rsplit(".", 1)[1]: defaults for name, defaults in actions().items()} == \
        {name: {default} for name, default in DEFAULTS.items()}


def test_the_manual_page_has_every_right_and_verb():
    section = text("docs/man/deployd.8.scd").split("# WHO MAY DO WHAT")[1].split("\n# ")[0]
    section = re.sub(r"\s+", " ", section)
    verbs = {verb for path in (ROOT / "dbus").glob("*-bus.c")
             for verb in re.findall(r'\.verb = "(.*?)"', path.read_text(encoding="utf-8"))}
    assert verbs
    for name in [*actions(), *verbs]:
        assert f"_{name}_" in section, name


def test_no_rule_that_is_shown_keeps_an_authorization():
    for name in ("docs/man/deployd.8.scd", "dbus/50-deployd.rules"):
        for rule in re.findall(r"addRule\(.*?\}\);", text(name), re.DOTALL):
            assert "_KEEP" not in rule


def test_the_rule_of_the_manual_page_is_the_one_that_is_tried():
    rules = [re.sub(r"\\n|\s+", " ", rule) for name in ("docs/man/deployd.8.scd", "tests/system/test_access.py")
             for rule in re.findall(r"polkit.addRule\(.*?\n\}\);", text(name), re.DOTALL)]
    assert len(rules) == 2 and rules[0] == rules[1]
