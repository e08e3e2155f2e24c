#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The disk of the virtual machine: that of a machine of the system tests (tests/system/machine.py), which has booted
once and has five apps live (fleet.py), with a kernel's modules and a unit that runs what a test asks for. Kept in the
same cache:

    kernel-HASH/    Debian's kernel, its modules, and an initrd that does nothing but mount the disk
    image-HASH/     disk.img, ext4, with all of it
"""

import contextlib
import os
import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

import fleet  # noqa: E402
import machine as machines  # noqa: E402
import tree as trees  # noqa: E402

# kmod: kernels load modules by it. busybox is what the initrd consists of.
PACKAGES = ["linux-image-cloud-amd64", "busybox-static", "kmod"]

# What the disk needs before it can be read, in the order in which they need each other. ext4 is built in.
DISK_MODULES = [
    "virtio", "virtio_ring", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "virtio_blk",
]

INIT = """\
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /dev /root
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
for module in $(/bin/busybox cat /modules); do
        /bin/busybox insmod "/$module"
done
while [ ! -b /dev/vda ]; do
        /bin/busybox usleep 10000
done
/bin/busybox mount -t ext4 /dev/vda /root
/bin/busybox umount /proc
/bin/busybox mount --move /dev /root/dev
exec /bin/busybox switch_root /root /lib/systemd/systemd
"""

# The tests are on a disk of their own; the second serial port is theirs alone: on the first one login prompts hang up.
AGENT = """\
[Unit]
Description=Does what the tests of this machine ask for
After=basic.target dbus.socket
Requires=dbus.socket
ConditionPathExists=/dev/vdb

[Service]
ExecStartPre=/bin/mkdir -p /run/test
ExecStartPre=/bin/mount -o ro /dev/vdb /run/test
ExecStart=/usr/bin/python3 -B /run/test/vm/guest.py
StandardInput=tty
StandardOutput=tty
StandardError=journal
TTYPath=/dev/ttyS1
"""

FILES = {
    "etc/fstab": "/dev/vda / ext4 defaults 0 1\n",
    "etc/hostname": "machine\n",
    "etc/systemd/system/test-agent.service": AGENT,
    "etc/deployd/deploy.conf.d/50-test.conf": fleet.CONFIGURATION,
    # A boot is looked at by the next one.
    "etc/systemd/journald.conf.d/50-test.conf": "[Journal]\nStorage=persistent\n",
}

LINKS = {
    "etc/systemd/system/multi-user.target.wants/test-agent.service": "../test-agent.service",
    # Those of Debian's packages, not deployd's: every machine would start them.
    "etc/systemd/system/haproxy.service": "/dev/null",
    "etc/systemd/system/postgresql.service": "/dev/null",
    # The clock is the host's.
    "etc/systemd/system/systemd-timesyncd.service": "/dev/null",
    "etc/systemd/system/serial-getty@.service": "/dev/null",
}

SIZE = "3G"


def write_files(top, files, links=None):
    """Makes files of text or bytes, and links, below a directory."""
    for name, content in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    for name, target in (links or {}).items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)


def apt(program, *arguments):
    """apt-get or apt-cache, of the suite that the tree is of."""
    return [program, "-o", f"APT::Default-Release={trees.SUITE}", "-o", "APT::Sandbox::User=root", *arguments]


def download(directory):
    """Downloads the packages: their files."""
    trees.apt_sources()
    meta = trees.run(apt("apt-cache", "show", "--no-all-versions", PACKAGES[0]))
    kernel = re.search(r"^Depends: (linux-image-[^ ,]+)", meta, re.MULTILINE)
    if not kernel:
        raise trees.TreeError(f"{PACKAGES[0]} depends on no kernel:\n{meta}")
    trees.run(apt("apt-get", "download", kernel[1], *PACKAGES[1:]), cwd=directory)
    return sorted(directory.glob("*.deb"))


def make_initrd(packages, modules, target):
    """Packs busybox and the modules for the disk; cpio is busybox's."""
    busybox = packages / "bin/busybox"
    with contextlib.ExitStack() as undo:
        top = target.with_name("initrd.new")
        undo.callback(shutil.rmtree, top, ignore_errors=True)
        order = []
        for name in DISK_MODULES:
            module = next(modules.glob(f"**/{name}.ko"))
            write_files(top, {module.name: module.read_bytes()})
            order.append(module.name)
        write_files(top, {"init": INIT, "modules": "\n".join(order), "bin/busybox": busybox.read_bytes()})
        (top / "init").chmod(0o755)
        (top / "bin/busybox").chmod(0o755)
        trees.run(["sh", "-euc", 'find . | "$1" cpio -o -H newc >"$2"', "sh", busybox, target], cwd=top)


def make_kernel(new):
    """Fills the directory of a kernel: vmlinuz, initrd, and tree/ with what goes to the disk."""
    packages = new / "packages"
    packages.mkdir()
    for deb in download(packages):
        trees.run(["dpkg-deb", "--extract", deb, packages])
        deb.unlink()
    shutil.move(next((packages / "boot").glob("vmlinuz-*")), new / "vmlinuz")
    modules = new / "tree/usr/lib/modules"
    modules.parent.mkdir(parents=True)
    shutil.move(packages / "lib/modules", modules)
    # Where the tree has directories, the package has others that are links there.
    write_files(new / "tree", {"usr/bin/kmod": (packages / "bin/kmod").read_bytes()},
                {"usr/sbin/modprobe": "../bin/kmod"})
    kmod = new / "tree/usr/bin/kmod"
    kmod.chmod(0o755)
    make_initrd(packages, modules, new / "initrd")
    release = next(modules.iterdir()).name
    trees.run(["bash", "-c", 'exec -a depmod "$@"', "bash", kmod, "-b", new / "tree/usr", release])
    shutil.rmtree(packages)


class Stack:
    """A stack of directories to boot from, as a Tree."""

    def __init__(self, directories):
        self.directories = directories

    lowerdir = trees.Tree.lowerdir


def make_disk(layers, disk):
    """An ext4 file system with the stack of layers, the lowest first, booted once so that the apps are there. In a
    container: there it takes seconds."""
    with contextlib.ExitStack() as undo:
        own = disk.with_name("own.new")
        undo.callback(shutil.rmtree, own, ignore_errors=True)
        write_files(own, FILES, LINKS)
        machine = undo.enter_context(machines.Machine(Stack([*layers, own])))
        fleet.create(machine)
        machine.poweroff()
        # Seen from another process.
        root = str(machine.root()).replace("self", str(os.getpid()), 1)
        trees.run(["mke2fs", "-q", "-t", "ext4", "-d", root, disk, SIZE])


class Image:
    """The disk and the kernel to boot it. As long as it is open, nobody removes them."""

    def __init__(self, kernel, image):
        self._locks = [trees.hold(kernel), trees.hold(image)]
        self.kernel, self.initrd, self.disk = kernel / "vmlinuz", kernel / "initrd", image / "disk.img"

    def close(self):
        for lock in self._locks:
            lock.close()


def image(deb):
    """The image with the package of file `deb` installed; to be closed by the caller."""
    tree = trees.tree(deb)
    with contextlib.closing(tree):
        own = pathlib.Path(__file__).read_bytes()
        kernel = trees.make("kernel", own + str(tree.directories[0]).encode(), "Debian's kernel", make_kernel)
        own += pathlib.Path(fleet.__file__).read_bytes()
        layers = [tree.directories[0], kernel / "tree", *tree.directories[1:]]
        made = trees.make("image", own + "\0".join(map(str, layers)).encode(), "an image to boot",
                          lambda new: make_disk(layers, new / "disk.img"))
        return Image(kernel, made)


if __name__ == "__main__":
    try:
        image(sys.argv[1]).close()
    except trees.TreeError as error:
        sys.exit(f"machine tree: {error}")
