#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints deploy.conf.5.scd with its settings filled in.

    settings.py PAGE EXAMPLE

PAGE has a line `@SETTINGS@ SECTION/KEY...`, which names the settings that have no effect yet. EXAMPLE is
deploy.conf.example, which is printed from the table of the parser.
"""

import re
import sys

SETTING = re.compile(r"((?:^# .*\n)+)^#([a-z-]+) =(.*)$", re.MULTILINE)
WITHOUT_EFFECT = "Read and checked, but without effect in this version."


def escape(text):
    """The text as scdoc shows it unchanged."""
    return re.sub(r"([\\*_]|^[-.#|\[\]])", r"\\\1", text)


def sections(example):
    """(section, [(key, default, help)]) in the order of the file."""
    parts = re.split(r"^\[([a-z]+)\]$", example, flags=re.MULTILINE)
    for name, text in zip(parts[1::2], parts[2::2]):
        yield name, [(key, default.strip(), re.sub(r"\n?# ", " ", comment).strip())
                     for comment, key, default in SETTING.findall(text)]


def main():
    """Fills the page in."""
    page, example = (open(path, encoding="utf-8").read() for path in sys.argv[1:])
    later = set(re.search(r"^@SETTINGS@(.*)$", page, re.MULTILINE).group(1).split())
    lines = []
    for section, settings in sections(example):
        lines.append(f"## [{section}]\n")
        for key, default, text in settings:
            lines.append(f"*{key}* = {escape(default)}".rstrip() + f"\n\t{escape(text)}")
            if f"{section}/{key}" in later:
                later.discard(f"{section}/{key}")
                lines.append(f"\n\t_{WITHOUT_EFFECT}_")
            lines.append("")
    if later:
        sys.exit(f"no such setting: {', '.join(sorted(later))}")
    print(re.sub(r"^@SETTINGS@.*$", lambda _: "\n".join(lines).rstrip(), page, flags=re.MULTILINE), end="")


main()
