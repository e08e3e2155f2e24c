# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tables of settings, as the program of the build prints them: one dictionary for each row."""

import csv
import os
import subprocess

LISTED = subprocess.run([os.environ["SETTING_LIST"]], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
ROWS = list(csv.DictReader(LISTED.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
OF_APPS = [row for row in ROWS if row["noun"] == "app"]
OF_REPOSITORIES = [row for row in ROWS if row["noun"] == "repository"]


def words(rows):
    """What an app or repository that is there already takes."""
    return [row["word"] for row in rows if row["word"] and not row["new"]]
