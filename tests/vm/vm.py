# SPDX-License-Identifier: LGPL-2.1-or-later
"""A virtual machine: a kernel of its own, which enforces limits, loses power, and boots again.

    with Vm(image) as vm:
        vm.boot()
        vm.call("deploy", "ant", "v2")
        vm.cut()
        vm.boot()

Emulated, not by KVM: that may be there and not work. What runs in it is guest.py, which is told by the second serial
port which of its functions to call.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import fleet
import image as images
from host import ENVIRONMENT, PATIENCE, HostError, Stream

TESTS = pathlib.Path(__file__).resolve().parents[1]

# Emulation is ten times slower than what PATIENCE was thought for.
VM_PATIENCE = 5 * PATIENCE

MEMORY = "1024"
PROCESSORS = "2"


def parse_line(line):
    """A message of guest.py. The last one may be cut off in the middle: it says nothing."""
    try:
        return json.loads(line)
    except ValueError:
        return {}


class Vm:
    """A virtual machine with a disk of its own, off at first.

    image  what its disk is a copy of (image.py)
    """

    def __init__(self, image):
        self._image, self._qemu, self._port = image, None, None
        self._directory = pathlib.Path(tempfile.mkdtemp(prefix="deployd-vm-"))
        try:
            images.trees.run(["cp", "--sparse=always", "--reflink=auto", image.disk, self._directory / "disk"])
            # The tests, on a second disk.
            tests = self._directory / "tests"
            for part in ("system", "vm", "samples"):
                shutil.copytree(TESTS / part, tests / part, ignore=shutil.ignore_patterns("__pycache__"))
            images.trees.run(["mke2fs", "-q", "-t", "ext4", "-d", tests, self._directory / "tests.disk", "16M"])
        except BaseException:
            self.close()
            raise

    def _arguments(self):
        def drive(name, *more):
            return ["-drive", ",".join([f"file={self._directory / name}", "format=raw", "if=virtio", *more])]
        return [
            "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", PROCESSORS, "-m", MEMORY,
            "-nodefaults", "-no-user-config", "-display", "none", "-nic", "none",
            # It ends instead: boot() boots again.
            "-no-reboot",
            "-kernel", self._image.kernel, "-initrd", self._image.initrd, "-append",
            "console=ttyS0 panic=-1 quiet loglevel=3 systemd.show_status=no mitigations=off",
            # What the machine has flushed is with the kernel here, which outlives qemu.
            *drive("disk", "cache=unsafe"), *drive("tests.disk", "readonly=on"), "-device", "virtio-rng-pci",
            "-serial", f"file:{self._directory / 'console'}",
            "-chardev", "stdio,id=tests,signal=off", "-serial", "chardev:tests",
        ]

    def boot(self):
        """Boots from its disk, and returns when deployd in it is ready."""
        assert self._qemu is None
        # It goes when this process goes.
        self._qemu = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *map(str, self._arguments())], env={"PATH": ENVIRONMENT["PATH"]},
            text=True, errors="replace", start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._port = Stream(self._qemu, parse=parse_line)
        self._answer(lambda message: "ready" in message)

    def _answer(self, wanted):
        try:
            return self._port.wait(wanted, VM_PATIENCE)
        except HostError as error:
            raise HostError(f"{error}\n{self.console()}") from None

    def console(self):
        """The end of what the machine has printed."""
        with contextlib.suppress(FileNotFoundError):
            return (self._directory / "console").read_text(errors="replace")[-4000:]
        return ""

    def up(self):
        """Sees to it that it runs and its five apps answer: what they do, {name: [port, text]}."""
        if self._qemu is None or self._qemu.poll() is not None:
            self._qemu = None
            self.boot()
        return self.call("answers", fleet.NAMES)

    def story(self):
        """What the machine has printed, and the end of its journal."""
        try:
            return self.console() + self.call("sh", "journalctl --no-pager --lines=150 --output=short-monotonic")
        except (HostError, OSError) as error:
            return f"{self.console()}\nit does not answer: {error}"

    def start(self, function, *arguments):
        """Has a function of guest.py called; does not wait for it."""
        self._qemu.stdin.write(json.dumps([function, *arguments]) + "\n")
        self._qemu.stdin.flush()

    def said(self):
        """The next thing that guest.py says before it has an answer."""
        return self._answer(lambda message: "said" in message)["said"]

    def call(self, function, *arguments):
        """What a function of guest.py returns. What it raised is in a HostError."""
        self.start(function, *arguments)
        message = self._answer(lambda message: "returned" in message or "raised" in message)
        if "raised" in message:
            raise HostError(f"{function}{arguments}: {message['raised']}")
        return message["returned"]

    def ended(self):
        """Waits until the machine has switched itself off, or would boot again."""
        try:
            self._qemu.wait(VM_PATIENCE)
        except subprocess.TimeoutExpired:
            raise HostError(f"the machine did not end\n{self.console()}") from None
        self._qemu = None

    def reboot(self, function, *arguments):
        """Has a function called that reboots the machine in order, and boots again."""
        self.start(function, *arguments)
        self.ended()
        self.boot()

    def cut(self):
        """Ends the machine at once: what it has not written to its disk is lost. All that it had said since its boot."""
        os.kill(self._qemu.pid, signal.SIGKILL)
        self._qemu.wait()
        self._qemu = None
        with contextlib.suppress(HostError):
            while True:
                self._port.next()
        return [message["said"] for message in self._port.seen if "said" in message]

    def close(self):
        """Ends the machine and throws its disk away."""
        if self._qemu is not None:
            self.cut()
        shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
