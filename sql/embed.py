#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the migrations as C: embed.py OUTPUT NNNN_name.sql…"""

import hashlib
import re
import sys
from pathlib import Path


def quoted(line):
    # Octal escapes end after three digits, unlike hexadecimal ones.
    return '"' + "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}" for byte in line) + '"'


def main(output, *names):
    paths = sorted(map(Path, names), key=lambda path: path.name)
    rows = []
    for version, path in enumerate(paths, 1):
        match = re.fullmatch(r"(\d{4})_[a-z0-9_]+\.sql", path.name)
        if not match or int(match[1]) != version:
            sys.exit(f"{path}: migration {version} must be named {version:04}_name.sql (name: a-z, 0-9, _)")
        data = path.read_bytes()
        text = "\n".join(" " * 10 + quoted(line) for line in data.splitlines(keepends=True))
        rows.append(f'        {{ "{path.stem}", "{hashlib.sha256(data).hexdigest()}",\n{text} }},\n')
    Path(output).write_text('#include "sql/migration.h"\n\nconst Migration migrations[] = {\n' + "".join(rows) +
                            "};\nconst size_t n_migrations = sizeof(migrations) / sizeof(migrations[0]);\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
