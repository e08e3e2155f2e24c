#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints deployctl.1.scd with the settings of apps filled in.

    app-settings.py PAGE LIST

PAGE has the lines `@APP-SETTINGS@` and `@WHEN@`. LIST is what setting-list prints of the tables of settings.
"""

import csv
import re
import sys
import textwrap

# When a value counts from, in the order of the page.
WHEN = {
    "at once": "At once:",
    "next start": "From the next start of an instance on:",
    "next deployment": "From the next deployment on, or when the app is stopped from its next start on:",
}


def table(settings):
    """A line for each: the word, and what it means."""
    lines = ["[[ *Key*", ":[ *Value*"]
    for setting in settings:
        lines += [f"|  *{setting['word']}*", f":  {setting['meaning']}"]
    return "\n".join(lines)


def when(settings):
    """Which of them count from when on."""
    sentences = []
    for effect, begin in WHEN.items():
        words = ", ".join(f"*{setting['word']}*" for setting in settings
                          if setting["effect"] == effect and not setting["new"])
        sentences.append(f"{begin} {words}.")
    return "\n".join(textwrap.wrap(" ".join(sentences), 118, break_on_hyphens=False))


def main():
    """Fills the page in."""
    page, listed = (open(path, encoding="utf-8").read() for path in sys.argv[1:])
    settings = [row for row in csv.DictReader(listed.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
                if row["noun"] == "app" and row["word"]]
    unknown = {setting["effect"] for setting in settings} - set(WHEN)
    if unknown:
        sys.exit(f"no words for when it counts: {', '.join(sorted(unknown))}")
    for mark, text in ("@APP-SETTINGS@", table(settings)), ("@WHEN@", when(settings)):
        page = re.sub(rf"^{mark}$", lambda _, text=text: text, page, flags=re.MULTILINE)
    print(page, end="")


main()
