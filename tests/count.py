#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts tests: prints "PASSED FAILED", and on standard error the names of those that failed.

    count.py FILE...

A file is the JUnit XML of pytest, or testlog.json of meson: there a test that is TAP or pytest inside counts as what
it ran, and at least one has failed where meson says that the test did. A skipped test has not passed.
"""

import json
import re
import sys
import xml.etree.ElementTree

PLAN = re.compile(r"^1\.\.\d+$", re.MULTILINE)
POINT = re.compile(r"^(not )?ok\b *\d*([^#\n]*)(# *(?:SKIP|TODO))?", re.MULTILINE | re.IGNORECASE)
PYTEST = re.compile(r"^(?:=+ )?(\d+ \w+(?:, \d+ \w+)*) in [\d.]+s", re.MULTILINE)


def of_pytest(path):
    """(name, passed) of each test in a JUnit file."""
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        bad = any(case.find(name) is not None for name in ("failure", "error", "skipped"))
        yield f"{case.get('classname')} {case.get('name')}", not bad


def inside(output):
    """(name, passed) of each test that the output of a test of meson tells of."""
    if PLAN.search(output):
        for no, name, skipped in POINT.findall(output):
            yield name.strip(" -"), not (no or skipped)
    for summary in PYTEST.findall(output)[-1:]:
        for number, word in re.findall(r"(\d+) (\w+)", summary):
            if word not in ("deselected", "warning", "warnings"):
                yield from [(word, word == "passed")] * int(number)


def of_meson(path):
    """(name, passed) of each test in the log of meson."""
    with open(path, encoding="utf-8") as log:
        for test in map(json.loads, log):
            good = test["result"] == "OK"
            found = list(inside(test.get("stdout", "")))
            if not found or (not good and all(passed for _, passed in found)):
                found.append((test["result"], good))
            for name, passed in found:
                yield f"{test['name']}: {name}", passed


def main():
    """Adds the files up."""
    passed = failed = 0
    for path in sys.argv[1:]:
        try:
            for name, good in (of_meson if path.endswith(".json") else of_pytest)(path):
                passed, failed = passed + good, failed + (not good)
                if not good:
                    print(f"failed: {name}", file=sys.stderr)
        except (OSError, ValueError, xml.etree.ElementTree.ParseError) as error:
            failed += 1
            print(f"no results: {error}", file=sys.stderr)
    print(passed, failed)


main()
