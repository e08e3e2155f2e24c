# SPDX-License-Identifier: LGPL-2.1-or-later
"""requirements.py FILE DIRECTORY: what Pipfile.lock or pyproject.toml asks for, as pip reads it, in requirements.txt of the
directory. What a lock file has no hashes of is in others.txt: one hash makes pip ask for hashes of all in the same file."""

import json
import os
import sys


def indexes(lock):
    for i, source in enumerate(lock.get("_meta", {}).get("sources", [])):
        yield f"--{'extra-' if i else ''}index-url {source['url']}"


def requirement(name, package):
    """A line for pip, without hashes."""
    extras = f"[{','.join(package['extras'])}]" if package.get("extras") else ""
    marker = f" ; {package['markers']}" if package.get("markers") else ""
    if "git" in package:
        within = f"#subdirectory={package['subdirectory']}" if package.get("subdirectory") else ""
        return f"{name}{extras} @ git+{package['git']}@{package['ref']}{within}{marker}"
    if "path" in package or "file" in package:
        return ("-e " if package.get("editable") else "") + (package.get("path") or package["file"]) + extras + marker
    if "version" in package:
        return f"{name}{extras}{package['version']}{marker}"
    sys.exit(f" !     Pipfile.lock has no version of {name}")


def of_pipfile_lock(lock):
    """The lines with hashes, and those without."""
    hashed, others = [], []
    for name, package in sorted(lock.get("default", {}).items()):
        line = requirement(name, package)
        # pip takes no hash of a repository or a directory.
        place = package.get("path") or package.get("file") or ""
        if package.get("hashes") and "git" not in package and not os.path.isdir(place):
            hashed.append(line + "".join(f" --hash={value}" for value in package["hashes"]))
        else:
            others.append(line)
    where = list(indexes(lock))
    return where + hashed, where + others if others else []


def main():
    name, directory = sys.argv[1:]
    others = []
    try:
        if name == "Pipfile.lock":
            with open(name, encoding="utf-8-sig") as file:
                lines, others = of_pipfile_lock(json.load(file))
        else:
            import tomllib

            with open(name, "rb") as file:
                lines = tomllib.load(file).get("project", {}).get("dependencies", [])
    except (ValueError, KeyError) as error:
        sys.exit(f" !     {name} cannot be read: {error}")
    for target, content in ("requirements.txt", lines), ("others.txt", others):
        with open(os.path.join(directory, target), "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in content)


main()
