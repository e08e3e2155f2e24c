# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a build installs in libexec, and the buildpacks, are what `deployd verify` looks for: it is told by the build.

Run by meson: test_helpers.py BUILD -- HELPER... -- BUILDPACK_FILE..."""

import json
import pathlib
import sys


def differences(what, installed, named):
    """A sentence for each name that is on one side only."""
    return ([f"{what}: '{name}' is installed, and 'deployd verify' does not look for it" for name in installed - named]
            + [f"{what}: 'deployd verify' looks for '{name}', which is not installed" for name in named - installed])


def main(build, *names):
    """Compares the lists with what `meson install` would install. The exit status."""
    end = names.index("--", 1)
    helpers, files = set(names[1:end]), set(names[end + 1:])
    paths = [pathlib.Path(path) for path in json.loads(
        (pathlib.Path(build) / "meson-info/intro-installed.json").read_text(encoding="utf-8")).values()]
    wrong = differences("libexec", {path.name for path in paths if path.parent.match("libexec/deployd")}, helpers)
    packs = {path.name for path in paths if path.parent.match("lib/deployd/buildpacks")}
    wrong += differences("buildpacks", packs, {name.split("/")[0] for name in files})
    for sentence in sorted(wrong):
        print(sentence)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
