# SPDX-License-Identifier: LGPL-2.1-or-later
"""The form of the source: the formatter decides, files stay short, each says its licence."""

import subprocess

from conftest import ROOT

# Most files; a file that grows past it is more than one noun.
LINES_MAX = 400


def run(*argv):
    """Runs a tool at the top of the project; what it says is the reason when it is not content."""
    done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_formatter_would_change_nothing(code):
    run("clang-format", "--dry-run", "--Werror", code)


def test_a_file_is_one_noun_and_short(code):
    with open(ROOT / code, encoding="utf-8") as file:
        assert sum(1 for _ in file) <= LINES_MAX


def test_a_file_says_its_licence(source):
    with open(ROOT / source, encoding="utf-8") as file:
        head = [file.readline() for _ in range(3)]
    assert any("SPDX-License-Identifier: LGPL-2.1-or-later" in line for line in head)


def test_shellcheck_is_content(script):
    run("shellcheck", "--external-sources", "--source-path=SCRIPTDIR", script)
