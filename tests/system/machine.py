# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines to test in: a booted systemd in a container, with a disk that is thrown away.

    with Machine(tree) as machine:
        machine.run(["deployctl", "status"])

Nothing is left behind, however the test ends. The disk is mounted in a mount namespace that only the machine's
processes and an open file of this process hold, and the machine shuts down when this process dies.
"""

import contextlib
import fcntl
import itertools
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import tree as trees
from host import ENVIRONMENT, PATIENCE, Host, HostError

# Mounts the machine's disk: what is written goes to memory, the tree below stays as it is.
MOUNT = """
mount -t tmpfs -o "mode=755,size=$1" tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay -o "lowerdir=$3,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
echo mounted
read -r _
"""

# Puts itself into the control groups before "--" and becomes the command after it.
JOIN = """
while [ "$1" != -- ]; do
        echo $$ >"$1/cgroup.procs"
        shift
done
shift
exec "$@"
"""

# Of every machine of this host, so that the next one finds what a crash left.
DIRECTORY = "/tmp"
PREFIX = "deployd-machine-"
NUMBERS = itertools.count(1)

# So much of a sanitizer's report is shown: the fault, and where the memory came from.
REPORT_LINES = 40


def lock_directory(path):
    """An exclusive lock on a directory, as a descriptor; None when somebody holds it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def control_groups(name):
    """Where a machine's control groups are, on a host without a systemd that would give it a scope. Without ones
    of its own it would share those of all other machines, and stop their services with its own."""
    if os.path.isdir("/run/systemd/system"):
        return []
    top = pathlib.Path("/sys/fs/cgroup")
    hierarchies = [top] if (top / "cgroup.procs").exists() else [top / "unified", top / "systemd"]
    return [hierarchy / name for hierarchy in hierarchies if hierarchy.is_dir()]


def remove_control_groups(name):
    """Removes what a machine that has ended leaves there."""
    with contextlib.suppress(OSError):  # not quite ended yet: sweep() comes by again
        for group in control_groups(name):
            for path, _, _ in os.walk(group, topdown=False):
                os.rmdir(path)


def sweep():
    """Removes the directories of machines whose process died. (The machines shut down by themselves.)"""
    for path in pathlib.Path(DIRECTORY).glob(f"{PREFIX}*"):
        try:
            descriptor = lock_directory(path)
        except FileNotFoundError:
            continue
        # One that is being made is not locked yet, but empty.
        if descriptor is not None:
            if any(path.iterdir()):
                remove_control_groups(path.name)
                shutil.rmtree(path, ignore_errors=True)
            os.close(descriptor)


class Machine(Host):
    """A booted container.

    tree   what it boots from (tree.py); it may be shared
    files  {path: text or bytes} written before the first boot
    disk   how much it can write, in the words of tmpfs
    spawn  further options of systemd-nspawn
    """

    def __init__(self, tree, *, files=None, disk="4G", spawn=()):
        super().__init__()
        self.leader = None
        self._spawn, self._nspawn, self._fds = list(spawn), None, []
        sweep()
        self._directory = pathlib.Path(tempfile.mkdtemp(prefix=PREFIX, dir=DIRECTORY))
        self._fds.append(lock_directory(self._directory))
        try:
            self._mount(tree, disk)
            for path, content in (files or {}).items():
                self.write(path, content)
            self.boot()
        except BaseException:
            self.close()
            raise

    def _mount(self, tree, disk):
        """Makes the disk in a mount namespace of its own, which lives as long as one of self._fds is open."""
        with subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "sh", "-euc", MOUNT, "sh", disk,
                 self._directory, tree.lowerdir()],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            if holder.stdout.readline() != "mounted\n":
                raise HostError("the machine's disk could not be mounted")
            self._mounts = os.open(f"/proc/{holder.pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
            self._root = os.open(f"/proc/{holder.pid}/root{self._directory}/root", os.O_PATH | os.O_CLOEXEC)
            self._fds += [self._mounts, self._root]
            holder.stdin.close()

    def root(self, path="/"):
        """While it runs, what is seen in it (/run too); otherwise its disk. Absolute symlinks lead astray."""
        top = f"/proc/self/fd/{self._root}" if self.leader is None else f"/proc/{self.leader}/root"
        return pathlib.Path(top + path)

    def control_groups(self, unit):
        """The directories of a unit's control group, on the host."""
        group = self.show(unit, "ControlGroup")["ControlGroup"]
        return [path for top in control_groups(self._directory.name)
                if (path := pathlib.Path(f"{top}/payload{group}")).is_dir()]

    def _enter(self, user=None):
        if self.leader is None:
            raise HostError("the machine does not run")
        # nsenter goes when this process goes: it would keep the machine from shutting down.
        return ["setpriv", "--pdeathsig", "KILL", "nsenter", f"--target={self.leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup",
                "--wdns=/", "--", *super()._enter(user)]

    def boot(self, timeout=PATIENCE):
        """Boots, and returns when systemd in it says that it is up."""
        assert self._nspawn is None
        groups = control_groups(self._directory.name)
        for group in groups:
            group.mkdir(exist_ok=True)
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._notify.bind("")  # an abstract address of the kernel's choice
        argv = [
            "sh", "-euc", JOIN, "sh", *groups, "--",
            # systemd-nspawn takes SIGTERM for "shut it down".
            "setpriv", "--pdeathsig", "TERM", "nsenter", f"--mount=/proc/self/fd/{self._mounts}",
            *trees.nspawn("--boot", "--notify-ready=yes", "--console=read-only",
                          f"--machine=deployd-{os.getpid()}-{next(NUMBERS)}", "-D", self._directory / "root", *self._spawn,
                          "--", "--show-status=no"),
        ]
        environment = {"PATH": ENVIRONMENT["PATH"],
                       "NOTIFY_SOCKET": "@" + self._notify.getsockname()[1:].decode()}
        with open(self._directory / "console", "ab") as console:
            self._nspawn = subprocess.Popen(
                [str(word) for word in argv], env=environment, pass_fds=[self._mounts], start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        self._wait_ready(timeout)

    def _wait_ready(self, timeout):
        """Follows what systemd-nspawn says of the machine until systemd in it is ready."""
        end, ready = time.monotonic() + timeout, False
        gone = os.pidfd_open(self._nspawn.pid)
        try:
            while not ready:
                readable, _, _ = select.select([self._notify, gone], [], [], max(end - time.monotonic(), 0))
                if self._notify not in readable:
                    raise HostError(f"the machine did not boot:\n{self.story()}")
                for line in self._notify.recv(4096).decode().splitlines():
                    name, _, value = line.partition("=")
                    if name == "X_NSPAWN_LEADER_PID":
                        self.leader = int(value)
                    ready |= line == "READY=1"
        finally:
            os.close(gone)
            # Closed, it is ignored. Left open and not read, it would fill up, and systemd-nspawn and then systemd
            # in the machine would wait for a reader of what they say of themselves, for ever.
            self._notify.close()

    def story(self):
        """What the machine has printed, and the end of its journal."""
        text = (self._directory / "console").read_text(errors="replace")
        if self.leader is not None:
            text += self.run(["journalctl", "--no-pager", "--lines=100", "--output=short-monotonic"], check=False,
                             merge=True).stdout
        return text

    def _ended(self, timeout=PATIENCE):
        try:
            self._nspawn.wait(timeout)
        except subprocess.TimeoutExpired:
            raise HostError("the machine did not end") from None
        self._nspawn = self.leader = None
        remove_control_groups(self._directory.name)

    def poweroff(self):
        """Shuts the machine down in order. Its disk stays: boot() starts it again."""
        super().close()
        self.run(["systemctl", "poweroff"])
        self._ended()

    def kill(self):
        """Ends the machine at once, as if unplugged (though nothing it has written is lost)."""
        super().close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.leader, signal.SIGKILL)
        self._ended()

    def reboot(self):
        """Shuts down in order and boots again."""
        self.poweroff()
        self.boot()

    def reports(self):
        """What sanitizers have found in programs of a package that is built with them, the beginning of each report.
        Ends those that run on: it is at its end that a program looks for what it has lost."""
        directory = self.root(trees.REPORTS)
        if not directory.is_dir():
            return []
        if self.leader is not None:
            self.systemctl("stop", "deployd.service", "deployd-probe.service", check=False)
        return ["\n".join(path.read_text(errors="replace").splitlines()[:REPORT_LINES])
                for path in sorted(directory.iterdir())]

    def close(self):
        """Ends the machine and throws its disk away."""
        if self.leader is not None:
            self.kill()
        elif self._nspawn is not None:
            self._nspawn.kill()
            self._ended()
        shutil.rmtree(self._directory, ignore_errors=True)
        while self._fds:
            os.close(self._fds.pop())
