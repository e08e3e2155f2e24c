# SPDX-License-Identifier: LGPL-2.1-or-later
"""The test suites that ./check runs are all that there are: a package build configures fewer."""

import json
import subprocess

from conftest import ROOT


def test_every_suite_is_configured_with_a_test(build):
    tests = json.loads(subprocess.run(["meson", "introspect", "--tests", build], check=True,
                                      stdout=subprocess.PIPE).stdout)
    configured = {suite.removeprefix("deployd:") for test in tests for suite in test["suite"]}
    # bench measures, and tests nothing.
    assert configured == {path.parent.name for path in ROOT.glob("tests/*/meson.build")} - {"bench"}
