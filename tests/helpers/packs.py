# SPDX-License-Identifier: LGPL-2.1-or-later
"""The buildpacks of deployd as they are installed, over those of the machine."""

import os
import pathlib
import shutil
import stat
import subprocess
import tarfile

from builder import USER, Builder

PACKS = pathlib.Path(__file__).resolve().parents[2] / "buildpacks"
PORT = 20999

# Where the app runs: read-only at the path where it was built, in a network of its own.
RUN = """
ip link set lo up && mount -t tmpfs tmpfs /srv && mkdir /srv/app && mount --bind -o ro "$RELEASE" /srv/app &&
mount -t overlay -o "lowerdir=$BASE/lib:/usr/lib" overlay /usr/lib && cd /srv/app && unset RELEASE BASE &&
exec setpriv --reuid=$USER --regid=$USER --clear-groups --no-new-privs /bin/sh -c -- "$1"
"""

# As the launcher does it.
PROFILE = """for file in .profile.d/*.sh; do [ ! -f "$file" ] || . "$file"; done; [ ! -f .profile ] || . ./.profile
"""


class Apps(Builder):
    def __init__(self, program, base):
        super().__init__(program, base)
        shutil.copytree(PACKS, base / "lib/deployd/buildpacks", dirs_exist_ok=True)

    def hide(self, path):
        """Has a program of the machine missing."""
        above = self.base / os.path.relpath(path, "/usr")
        above.parent.mkdir(parents=True, exist_ok=True)
        # A whiteout of overlayfs.
        os.mknod(above, stat.S_IFCHR | 0o644, os.makedev(0, 0))

    def unpack(self, result):
        release = self.base / "release"
        shutil.rmtree(release, ignore_errors=True)
        release.mkdir()
        with tarfile.open(self.base / "archive.tar") as archive:
            archive.extractall(release)
        return release


def environment_of(apps, result):
    """The variables that a process of what was built sees."""
    done = subprocess.run(
        ["unshare", "--mount", "--net", "sh", "-c", RUN, "sh", PROFILE + "env --null"], stdout=subprocess.PIPE, check=True, text=True,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "USER": str(USER), "RELEASE": apps.unpack(result), "BASE": apps.base})
    return dict(line.split("=", 1) for line in done.stdout.split("\0") if line)


def text(content):
    return content.encode()
