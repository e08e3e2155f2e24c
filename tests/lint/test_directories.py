# SPDX-License-Identifier: LGPL-2.1-or-later
"""The directories of the daemon are written in three places, which say the same: base/names.h, systemd/units/deployd.tmpfiles,
which makes them, and daemon/verify-installation.c, by which `deployd verify` looks at them."""

import re

from conftest import ROOT

# Not of the daemon alone: the mode of the first is systemd's, the second belongs to the units of the apps.
OTHERS = {"/var/lib/private", "/var/lib/private/deployd-apps"}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def made():
    """The mode of each directory that systemd-tmpfiles makes."""
    return {path: int(mode, 8) for path, mode in
            re.findall(r"^d (\S+) +(\d+) ", read("systemd/units/deployd.tmpfiles"), re.MULTILINE) if path not in OTHERS}


def text_of(expression, macros):
    """What a C expression of macros and strings is."""
    return "".join(word[1:-1] if word[0] == '"' else text_of(macros[word], macros)
                   for word in re.findall(r'"[^"]*"|\w+', expression))


def looked_at():
    """The mode of each directory that `deployd verify` wants."""
    macros = dict(re.findall(r"^#define (PATH_\w+) +(.+)$", read("base/names.h"), re.MULTILINE))
    table = re.search(r"\} directories\[\] = \{(.*?)\n\};", read("daemon/verify-installation.c"), re.DOTALL)[1]
    return {text_of(path, macros): int(mode, 8) for path, mode in re.findall(r"\{ ([^{}]+), (\d+) \}", table)}


def test_verify_looks_at_the_directories_that_are_made():
    assert made() == looked_at() and made()
