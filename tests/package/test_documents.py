# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manual pages of the package, and what Debian's own linter says of it."""

import subprocess


def test_manual_pages_are_there_and_render_without_a_warning(unpacked):
    pages = sorted(path for path in (unpacked / "usr/share/man").rglob("*.gz"))
    assert {path.name for path in pages} >= {"deployctl.1.gz", "deployd.8.gz"}
    for page in pages:
        done = subprocess.run(["man", "--warnings=w", "--encoding=UTF-8", "--local-file", page],
                              env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"},
                              capture_output=True, text=True, check=True)
        assert done.stdout.count("\n") > 20
        assert done.stderr == "", page.name


def test_lintian_finds_neither_error_nor_warning(deb):
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", deb], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout
