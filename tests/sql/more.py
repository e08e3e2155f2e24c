#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the shipped migrations and further ones behind them as C, numbered as they come:
more.py EMBED OUTPUT FURTHER… -- SHIPPED…

A further one of the name edited.sql does not follow but is added to the last that is shipped: as if somebody had
edited that after its release."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def main(embed, output, *names):
    further = names[:names.index("--")]
    shipped = sorted(names[names.index("--") + 1:])
    with tempfile.TemporaryDirectory() as directory:
        for name in shipped:
            shutil.copy(name, directory)
        for name in map(Path, further):
            if name.name == "edited.sql":
                with open(Path(directory) / Path(shipped[-1]).name, "a", encoding="utf-8") as last:
                    last.write(name.read_text(encoding="utf-8"))
            else:
                number = len(list(Path(directory).iterdir())) + 1
                shutil.copy(name, Path(directory) / f"{number:04}_{name.name}")
        subprocess.run([sys.executable, embed, output, *map(str, Path(directory).iterdir())], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
