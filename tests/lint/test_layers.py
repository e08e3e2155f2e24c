# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rooms of the house: who may include whom, and the one home of each library."""

import re

import pytest
from conftest import ROOT, sources

# What a room may include besides itself: rooms, and single files. A room is the longest prefix that a file's name begins with.
BELOW = {
    "base/": [],
    "daemon/model/": ["base/"],
    "daemon/config": ["base/", "daemon/model/"],
    "daemon/facts": ["base/", "daemon/model/"],
    "git/": ["base/"],
    "release/": ["base/"],
    "builder/": ["base/", "release/"],
    "archive/": ["base/"],
    "probe/": ["base/"],
    "ports/": ["base/"],
    "cli/": ["base/", "daemon/model/setting.h"],  # what can be set, and nothing else of the daemon
    "sql/": ["base/", "daemon/model/", "daemon/config"],
    "systemd/": ["base/", "daemon/model/", "daemon/config", "release/"],
    "ingress/": ["base/", "daemon/model/", "daemon/config", "probe/", "ports/"],
    "dbus/": ["base/", "daemon/model/", "daemon/config", "daemon/facts", "daemon/pipeline/call.",
              "daemon/pipeline/pipeline.h"],
    "daemon/": ["base/", "daemon/model/", "daemon/config", "daemon/facts", "sql/", "systemd/", "ingress/", "probe/",
                "daemon/pipeline/pipeline.h", "dbus/"],
}

# The rooms within daemon/pipeline: what each may include of the others; all of them what the whole may, and what is
# said outside.
OUTSIDE = ["base/", "daemon/model/", "daemon/config", "sql/", "systemd/", "ingress/", "probe/",
           "daemon/pipeline/call.", "daemon/pipeline/pipeline.h"]
WITHIN = {
    "internal.h": [],
    "files/": [],
    "jobs/": ["files/"],
    "instances/": ["files/", "jobs/"],
    "upkeep/": ["files/", "jobs/"],
    "flow/": ["files/", "jobs/", "instances/", "upkeep/"],
    "calls/": ["files/", "jobs/", "instances/", "upkeep/", "flow/"],
    "": ["files/", "jobs/", "instances/", "upkeep/", "flow/", "calls/"],
}
BELOW |= {"daemon/pipeline/" + name: [*OUTSIDE, "daemon/pipeline/internal.h", *("daemon/pipeline/" + one for one in below)]
          for name, below in WITHIN.items()}
BELOW |= {name: OUTSIDE for name in ("daemon/pipeline/call.", "daemon/pipeline/pipeline.h")}

# Where a library may be included; of the bus the messages, which the command line client makes too.
HOMES = {
    r'#include [<"](postgresql/)?libpq-fe\.h': ["sql/"],
    r'#include [<"]git2[./]': ["git/"],
    r'#include [<"]curl/': ["probe/"],
    r'#include [<"]ini\.h': ["daemon/config"],
    r'#include [<"]archive(_entry)?\.h': ["git/", "release/"],
    r'#include [<"]zstd': ["archive/"],
    r'#include [<"]json': ["builder/wanted", "daemon/report-print", "release/app-json"],
    r'#include [<"](libsmartcols/)?libsmartcols\.h': ["cli/"],
    r"\bsd_bus_message\b": ["dbus/", "systemd/", "cli/"],
}


def room(name):
    """The room a file is in; None for what is no part of the programs."""
    return max((prefix for prefix in BELOW if name.startswith(prefix)), key=len, default=None)


def test_a_file_includes_only_what_is_below_it(code):
    here = room(code)
    if here is None:
        assert code.startswith("tests/"), "this file is in no room of tests/lint/test_layers.py"
        return
    text = (ROOT / code).read_text(encoding="utf-8")
    wrong = [name for name in re.findall(r'^#include "([^"]+)"', text, re.MULTILINE)
             if room(name) != here and room(name) not in BELOW[here] and name not in BELOW[here]]
    assert not wrong, f"{here} does not include these"


# The library of unit specs, which a program without the daemon can be linked with.
SPECS = ("systemd/follow.", "systemd/sandbox", "systemd/unit-places", "systemd/unit-property", "systemd/unit-spec", "systemd/unit-text.")


def test_unit_specs_need_nothing_of_the_daemon():
    wrong = [(name, other) for name in sources() if name.startswith(SPECS) and name.endswith((".c", ".h"))
             for other in re.findall(r'^#include "([^"]+)"', (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
             if not other.startswith(("base/", *SPECS))]
    assert not wrong, "these includes lead out of the library"


@pytest.mark.parametrize("pattern", HOMES)
def test_a_library_has_one_home(pattern):
    def is_stranger(name):
        return name.endswith((".c", ".h")) and room(name) and not name.startswith(tuple(HOMES[pattern]))

    found = [name for name in sources()
             if is_stranger(name) and re.search(pattern, (ROOT / name).read_text(encoding="utf-8"))]
    assert not found, f"only {', '.join(HOMES[pattern])} may"


def test_instances_ask_for_units_through_the_engine():
    asked = re.compile(r"(?<![.>\w])((units|unit_watch|unit_call|shutdown_wait|last_line|stop_evidence)_\w+)\(")
    found = {name: asked.findall((ROOT / name).read_text(encoding="utf-8"))
             for name in sources() if name.startswith("daemon/pipeline/instances/") and name.endswith(".c")}
    assert found
    assert not any(found.values()), found
