#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts the tests of JUnit files: prints "PASSED FAILED", and on standard error the names of the failed ones.

    count.py FILE...

A skipped test has not passed. A program that meson ran as one test but that is pytest inside counts as what pytest
says it ran.
"""

import re
import sys
import xml.etree.ElementTree

PYTEST = re.compile(r"^=* ?((?:\d+ \w+(?:, )?)+) in [\d.]+s.*?=*$", re.MULTILINE)


def inside(case):
    """What pytest says it ran in a test of meson, as (passed, not passed); None when it was not pytest."""
    output = "".join(element.text or "" for element in case.iter("system-out"))
    summaries = PYTEST.findall(output)
    if not summaries:
        return None
    numbers = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", summaries[-1])}
    passed = numbers.pop("passed", 0)
    return passed, sum(numbers.get(word, 0) for word in ("failed", "error", "errors", "skipped", "xfailed"))


def main():
    """Adds the files up."""
    passed = failed = 0
    for path in sys.argv[1:]:
        try:
            cases = xml.etree.ElementTree.parse(path).iter("testcase")
        except (OSError, xml.etree.ElementTree.ParseError) as error:
            print(f"no results: {error}", file=sys.stderr)
            continue
        for case in cases:
            bad = any(case.find(name) is not None for name in ("failure", "error", "skipped"))
            good, wrong = inside(case) or (0 if bad else 1, 1 if bad else 0)
            # pytest can end badly with nothing failed, and so can what runs it.
            wrong = max(wrong, 1 if bad else 0)
            passed, failed = passed + good, failed + wrong
            if wrong:
                print(f"failed: {case.get('classname') or ''} {case.get('name')}", file=sys.stderr)
    print(passed, failed)


main()
