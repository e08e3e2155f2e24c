# SPDX-License-Identifier: LGPL-2.1-or-later
"""requirements.py FILE: what Pipfile.lock or pyproject.toml asks for, as pip reads it. Names of the lock file are installed
at the locked versions, and only if their hashes are right."""

import json
import sys


def of_pipfile_lock(lock):
    for source in lock.get("_meta", {}).get("sources", [])[:1]:
        yield f"--index-url {source['url']}"
    for source in lock.get("_meta", {}).get("sources", [])[1:]:
        yield f"--extra-index-url {source['url']}"
    for name, package in sorted(lock.get("default", {}).items()):
        extras = f"[{','.join(package['extras'])}]" if package.get("extras") else ""
        marker = f" ; {package['markers']}" if package.get("markers") else ""
        hashes = "".join(f" --hash={value}" for value in package.get("hashes", []))
        if "git" in package:
            yield f"{name}{extras} @ git+{package['git']}@{package['ref']}{marker}"
        elif "path" in package or "file" in package:
            place = package.get("path") or package["file"]
            yield ("-e " if package.get("editable") else "") + place + extras + marker + hashes
        elif "version" in package:
            yield f"{name}{extras}{package['version']}{marker}{hashes}"
        else:
            sys.exit(f" !     Pipfile.lock has no version of {name}")


def main():
    name = sys.argv[1]
    try:
        if name == "Pipfile.lock":
            with open(name, encoding="utf-8-sig") as file:
                lines = list(of_pipfile_lock(json.load(file)))
        else:
            import tomllib

            with open(name, "rb") as file:
                lines = tomllib.load(file).get("project", {}).get("dependencies", [])
    except (ValueError, KeyError) as error:
        sys.exit(f" !     {name} cannot be read: {error}")
    print("\n".join(lines))


main()
