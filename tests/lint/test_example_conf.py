#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""deploy.conf.example says what the table of the configuration says.

    test_example_conf.py PROGRAM FILE

PROGRAM is config-example of the build directory. To bring the file up to date: PROGRAM > FILE.
"""

import difflib
import subprocess
import sys


def main() -> int:
    program, path = sys.argv[1:]
    printed = subprocess.run([program], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    with open(path, encoding="utf-8") as file:
        written = file.read()

    difference = difflib.unified_diff(
        written.splitlines(keepends=True), printed.splitlines(keepends=True), path, program
    )
    sys.stdout.writelines(difference)
    return 0 if printed == written else 1


if __name__ == "__main__":
    sys.exit(main())
