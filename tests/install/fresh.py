# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fresh Debian 12, with nothing installed but what is named here, and an administrator who may use sudo.

    fresh-HASH/    in the cache of the trees of the system tests: made by mmdebstrap, with no package of a build in it
    archives/      beside it: the packages that apt has fetched, for the next time
"""

import contextlib
import fcntl
import pathlib
import subprocess

import tree as trees

ADMINISTRATOR = "admin"
HOME = pathlib.Path("/home") / ADMINISTRATOR

# apt asks nobody, and keeps what it has fetched.
APT = 'APT::Get::Assume-Yes "true"; Binary::apt::APT::Keep-Downloaded-Packages "true";'


def recipe(packages):
    """The arguments of mmdebstrap, without where to and the sources."""
    setup = (f"useradd --create-home --shell=/bin/bash {ADMINISTRATOR}",
             f"echo '{ADMINISTRATOR} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/{ADMINISTRATOR}",
             # As Debian's installer writes it; sudo looks for the name.
             "echo 127.0.1.1 machine >>/etc/hosts",
             f"echo '{' '.join([APT, *trees.apt_options()])}' >/etc/apt/apt.conf.d/99check")
    return ["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(packages)}",
            *(f"--aptopt={option}" for option in trees.apt_options()),
            # The roots are thrown away: dpkg need not wait for the disk.
            "--dpkgopt=force-unsafe-io",
            # Each machine gets an id of its own at boot.
            '--customize-hook=: >"$1/etc/machine-id"', '--customize-hook=rm -f "$1/etc/hostname" "$1/etc/resolv.conf"',
            *(f'--customize-hook=chroot "$1" sh -c "{command}"' for command in setup), trees.SUITE]


def tree(*packages):
    """A tree with sudo, these packages, and what Debian cannot be without; to be closed by the caller."""
    arguments, sources = recipe(["sudo", *packages]), "\n".join(trees.apt_sources()) + "\n"
    made = trees.make("fresh", "\0".join([*arguments, sources]).encode(), f"fresh Debian {trees.SUITE} with sudo"
                      + "".join(f", {package}" for package in packages),
                      lambda new: trees.run([*trees.CONTAINED, *arguments, new, "-"], input=sources))
    return trees.Tree([made])


@contextlib.contextmanager
def apt_files(directory):
    """Options of systemd-nspawn, by which roots share the files of apt. One stage at a time: the others wait here."""
    archives, lists = trees.CACHE / "archives", directory / "lists"
    for path in (archives, lists):
        path.mkdir(parents=True, exist_ok=True)
    with open(trees.CACHE / "archives.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield [f"--bind={archives}:/var/cache/apt/archives", f"--bind={lists}:/var/lib/apt/lists"]


class Failed(Exception):
    """A command of a script failed; the text is what the script has printed last."""


def follow(argv, script):
    """Runs a script by a bash that is started with `argv`, and shows each command as it is run. All it has printed."""
    lines = []
    with subprocess.Popen([*map(str, argv), "bash", "-euxo", "pipefail", "-c", script], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as process:
        for line in process.stdout:
            lines.append(line)
            if line.startswith("+ "):
                print(f"    {line[2:]}", end="", flush=True)
    if process.returncode != 0:
        raise Failed(f"exited with status {process.returncode}:\n{''.join(lines[-60:])}")
    return "".join(lines)


class Root:
    """A fresh root that is thrown away, with the network of this machine. Nothing runs there but the scripts."""

    def __init__(self, made, directory, options):
        self.options, self.work = options, directory / "work"
        # What is written there, and where it is seen while a script runs.
        self.upper, self.root = directory / "upper", directory / "root"
        for path in (self.upper, self.work, self.root):
            path.mkdir(parents=True)
        self.lower = made.lowerdir()

    def run(self, script, where=HOME, user=ADMINISTRATOR):
        """Runs a script of a user in a directory; what it has printed."""
        return follow(trees.stacked(self.lower, self.upper, self.work, self.root, trees.nspawn(
            "--as-pid2", "--pipe", "-D", self.root, f"--user={user}", f"--chdir={where}", *self.options, network=True)),
            script)
