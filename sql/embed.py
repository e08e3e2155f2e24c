#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes SQL as C.

embed.py OUTPUT NNNN_name.sql…: the migrations, a table.

embed.py --statements OUTPUT FILE.sql: a text sql_NAME for each part of the file that begins with a line `-- name: NAME`.
A line `-- include: NAME` stands for the part of that name, which is above it; a part `-- part: NAME` is for that only.
Other comments have a line of their own, and are left out."""

import hashlib
import re
import sys
from pathlib import Path


def quoted(line):
    # Octal escapes end after three digits, unlike hexadecimal ones.
    return '"' + "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}" for byte in line) + '"'


def statements(output, path):
    parts, named = {}, []
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        mark = re.fullmatch(r"-- (name|part|include): (\w+)", line)
        if mark and mark[1] == "include":
            parts[name] += parts[mark[2]]
        elif mark:
            name = mark[2]
            parts[name] = []
            named += [name] if mark[1] == "name" else []
        elif line.strip() and not line.lstrip().startswith("--"):
            parts[name].append(line.encode() + b"\n")
    texts = ["\n".join([f"static const char sql_{name}[] =", *(" " * 8 + quoted(line) for line in parts[name])]) + ";\n"
             for name in named]
    Path(output).write_text("\n".join(texts))


def migrations(output, *names):
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
    if sys.argv[1] == "--statements":
        statements(*sys.argv[2:])
    else:
        migrations(*sys.argv[1:])
