#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The file trees machines boot from: Debian 12 with what deployd depends on, and over it the installed package.

Both are made once and kept in a cache, named by a hash of what went in:

    base-HASH/    made by mmdebstrap from the apt sources of this machine
    layer-HASH/   what installing the .deb changed in it (the upper directory of an overlay)

A machine stacks them and writes to neither, so many run on one tree at once.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

SUITE = "bookworm"
CACHE = pathlib.Path(os.environ.get("DEPLOYD_CHECK_CACHE", "/var/cache/deployd-check"))

# What a machine has beyond the Depends of the package: an init, what the tests call, what the samples run on.
PACKAGES = [
    # What buildpacks use.
    "ccache", "gcc", "libc6-dev", "lighttpd", "make", "python3-venv",
    "ca-certificates", "curl", "git", "haproxy", "iproute2", "nftables", "nodejs", "procps", "python3",
    "systemd", "systemd-sysv", "zstd",
    # Recommended, and for test_access.py.
    "polkitd",
    # For test_needrestart.py.
    "needrestart",
    # For test_private.py, which has a server of its own.
    "openssh-server",
    # For a package that is built with sanitizers, here so that there is one tree below both; for test_memory.py.
    "libasan8", "valgrind",
]

# Nothing that wakes up by itself or waits for a terminal.
MASKED = [
    "apt-daily.timer", "apt-daily-upgrade.timer", "console-getty.service", "dpkg-db-backup.timer",
    "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer", "getty@.service",
    "lighttpd.service",
]

# Where programs that are built with sanitizers report what they find (tests/sanitizers.h says so to them), and
# what units get in their layer so that they can: a sandbox that lets reports out, and lets LeakSanitizer stop the
# threads of its own program. A SIGABRT of the watchdog would be taken for a fault of the program.
REPORTS = "/var/log/deployd-sanitizers"
SANITIZED = f"""\
[Service]
BindPaths={REPORTS}
SystemCallFilter=ptrace
WatchdogSignal=SIGKILL
"""
SANITIZED_UNITS = ("deployd.service", "deployd-.service")
# PID 1 sends SIGCONT after SIGTERM. When it comes after the program has begun to look for leaks, it undoes the SIGSTOP by
# which LeakSanitizer stops the program, which then waits for ever. So these programs are told to end without a SIGCONT,
# outside the sandbox (+): of a masked unit only the part in the drop-ins is known.
ENDED = """\
[Service]
ExecStop=+/bin/sh -c '[ -z "$MAINPID" ] || { kill -TERM $MAINPID; exec tail --pid=$MAINPID --sleep-interval=0.02 -f /dev/null; }'
"""
ENDED_UNITS = ("deployd.service", "deployd-probe.service")

# What mmdebstrap mounts, and whatever it starts, ends with us: who removes what we have left must not come into a
# /proc or /dev of the host, nor find it being written.
CONTAINED = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child"]

# How many trees of each kind are kept. The newest stay; one that a machine runs on is never removed.
KEPT = {"base": 2, "layer": 4, "kernel": 2, "image": 2, "fresh": 4}


class TreeError(Exception):
    """The tree could not be made; the text says what failed."""


class Tree:
    """A stack of directories to boot from. As long as it is open, nobody removes them."""

    def __init__(self, directories):
        self.directories = directories
        self.locks = [hold(directory) for directory in directories]

    def lowerdir(self):
        """The stack as overlayfs wants it, uppermost first."""
        return ":".join(str(directory) for directory in reversed(self.directories))

    def close(self):
        for lock in self.locks:
            lock.close()


def run(argv, **options):
    """Runs a command; what it printed is in the error when it fails."""
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          check=False, **options)
    if done.returncode != 0:
        raise TreeError(f"{' '.join(map(str, argv))}\nexited with status {done.returncode}:\n{done.stdout}")
    return done.stdout


def hold(directory):
    """A shared lock on a tree, as an open file."""
    lock = open(f"{directory}.lock", "w", encoding="ascii")
    fcntl.flock(lock, fcntl.LOCK_SH)
    os.utime(lock.name)
    return lock


@contextlib.contextmanager
def building():
    """One builder at a time; the others wait here and then find the tree made."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in CACHE.glob("*.new"):
            shutil.rmtree(left)
        yield


def prune(kind):
    """Removes the oldest trees of a kind that nobody holds."""
    oldest_last = sorted(CACHE.glob(f"{kind}-*.lock"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in oldest_last[KEPT[kind]:]:
        with open(path, "w", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            path.unlink()


def apt_sources():
    """The sources of this machine that are Debian's own, one "deb" line each."""
    def lines():
        return sorted(set(run([
            "apt-get", "indextargets", "--format", "deb $(REPO_URI) $(RELEASE) $(COMPONENT)",
            "Created-By: Packages", "Origin: Debian"]).splitlines()))
    found = lines()
    if not any(f" {SUITE} " in line for line in found):
        run(["apt-get", "update"])
        found = lines()
    if not any(f" {SUITE} " in line for line in found):
        raise TreeError(f"apt on this machine has no source for Debian {SUITE}.")
    return [line for line in found if SUITE in line]


def apt_options():
    """What this machine needs to reach its sources (proxies and the like)."""
    dump = run(["apt-config", "dump", "--format", '%F "%v";%n', "Acquire"])
    return [line for line in dump.splitlines()
            if re.match(r'Acquire::(https?|Check-\S+|Retries|ForceIPv[46])\b.* "(?!")', line)]


def dependencies(deb):
    """The packages a .deb depends on; of alternatives the first."""
    field = run(["dpkg-deb", "--field", deb, "Depends"])
    return [re.split(r"[\s(|:]", item.strip())[0] for item in field.split(",")]


def is_sanitized(deb):
    """Whether a .deb is built with sanitizers."""
    return "libasan8" in dependencies(deb)


def base_recipe(deb):
    """The arguments of mmdebstrap, without where to and the sources."""
    packages = sorted(set(PACKAGES + dependencies(deb)))
    return [
        "mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(packages)}",
        *(f"--aptopt={option}" for option in apt_options()),
        *(f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("man", "locale", "doc", "info")),
        # deployd has a cluster of its own: none of Debian's, which every machine would start.
        "--dpkgopt=force-confold",
        '--essential-hook=mkdir -p "$1/etc/postgresql-common"',
        '--customize-hook=systemctl --root="$1" disable ssh.service',
        '--essential-hook=echo create_main_cluster = false >"$1/etc/postgresql-common/createcluster.conf"',
        f'--customize-hook=systemctl --quiet --root="$1" mask {" ".join(MASKED)}',
        # Empty: each machine gets an id of its own at boot, and none takes its boot for the first.
        '--customize-hook=: >"$1/etc/machine-id"',
        # Copied from this machine.
        '--customize-hook=rm -f "$1/etc/hostname" "$1/etc/resolv.conf"',
        SUITE,
    ]


def make(kind, key, title, build):
    """The directory kind-HASH of a key (bytes), made by build(directory) unless it is there."""
    directory = CACHE / f"{kind}-{hashlib.sha256(key).hexdigest()[:16]}"
    with building():
        if not directory.exists():
            print(f"machine tree: {title}", file=sys.stderr, flush=True)
            began = time.monotonic()
            new = directory.with_suffix(".new")
            new.mkdir(mode=0o755)
            build(new)
            new.rename(directory)
            print(f"machine tree: made in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        hold(directory).close()
        prune(kind)
    return directory


def nspawn(*arguments, network=False):
    """systemd-nspawn with what every use of it here shares; with the network of this machine, or without any."""
    reach = ["--resolv-conf=copy-host"] if network else ["--resolv-conf=off", "--private-network"]
    # Where systemd runs, it gives the machine a scope of its own; where not, there is none to be had.
    unit = [] if os.path.isdir("/run/systemd/system") else ["--keep-unit"]
    return ["systemd-nspawn", "--quiet", "--register=no", *unit, *reach, "--timezone=off", "--link-journal=no",
            "--hostname=machine", *arguments]


def stacked(lower, upper, work, root, argv):
    """The arguments that mount an overlay at `root` and become the command `argv`. The mount lives in a namespace of its
    own and is gone with it, however the command ends."""
    return ["unshare", "--mount", "sh", "-euc",
            'mount -t overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" overlay "$4"; shift 4; exec "$@"', "sh",
            lower, upper, work, root, *argv]


def install(deb, base, layer):
    """Installs the package into a tree where no systemd runs; what that changes ends up in `layer`."""
    with contextlib.ExitStack() as undo:
        work = layer.with_name("work.new")
        undo.callback(shutil.rmtree, work, ignore_errors=True)
        root = work / "root"
        (work / "work").mkdir(parents=True)
        root.mkdir()
        run(stacked(base, layer, work / "work", root,
                    nspawn("--as-pid2", "--pipe", "-D", root, f"--bind-ro={deb}:/run/deployd.deb",
                           "--setenv=DEBIAN_FRONTEND=noninteractive", "dpkg", "--install", "/run/deployd.deb")),
            stdin=subprocess.DEVNULL)


def let_report(layer):
    """Has the units of a package that is built with sanitizers report."""
    dropins = [*((unit, "sanitizers", SANITIZED) for unit in SANITIZED_UNITS),
               *((unit, "ended", ENDED) for unit in ENDED_UNITS)]
    for unit, name, text in dropins:
        directory = layer / f"etc/systemd/system/{unit}.d"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"50-{name}.conf").write_text(text, encoding="ascii")
    reports = layer / REPORTS.lstrip("/")
    reports.mkdir(parents=True)
    # Programs run as users of their own.
    reports.chmod(0o1777)


def tree(deb):
    """The tree with the package of file `deb` installed; to be closed by the caller."""
    deb = pathlib.Path(deb).resolve()
    recipe, sources = base_recipe(deb), "\n".join(apt_sources()) + "\n"
    base = make("base", "\0".join([*recipe, sources]).encode(),
                f"Debian {SUITE} with systemd, PostgreSQL and the tools of the tests",
                lambda new: run([*CONTAINED, *recipe, new, "-"], input=sources))
    sanitized = is_sanitized(deb)

    def build(new):
        install(deb, base, new)
        if sanitized:
            let_report(new)

    key = f"{base}{SANITIZED + ENDED if sanitized else ''}".encode() + deb.read_bytes()
    # Held: machines of other versions of these files may build, and prune, at the same time.
    with hold(base):
        layer = make("layer", key, f"installing {deb.name}", build)
    return Tree([base, layer])


if __name__ == "__main__":
    try:
        tree(sys.argv[1]).close()
    except TreeError as error:
        sys.exit(f"machine tree: {error}")
