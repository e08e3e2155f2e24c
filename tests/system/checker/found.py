# SPDX-License-Identifier: LGPL-2.1-or-later
"""C7 to C10: what must be found nowhere. Secrets where others can read them, files outside of the places made for
them, crashes in the journal, and a daemon that grows."""

import glob
import os
import re
import stat
import subprocess

import facts
from facts import entries

# Programs of apps: what they print and do is their own affair.
APP = re.compile(r"deployd-app-.*\.service")
# deployd's own programs that run on. Others end with a status that means something.
RESIDENT = ("deployd.service", "deployd-probe.service", "deployd-postgres.service", facts.INGRESS_UNIT)

# What a crash is in a message: of the programs themselves, and of PID 1 about a unit.
SANITIZERS = r"(Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer|runtime error: "
CRASHES = re.compile(SANITIZERS + r"|Assertion [`'].*' failed|^PANIC: |stack smashing detected|free\(\): |double free")
ENDS = re.compile(r"Watchdog timeout|code=dumped|result 'core-dump'|status=(4/ILL|6/ABRT|7/BUS|8/FPE|11/SEGV|31/SYS)")
EXITS = re.compile(r"Main process exited, code=exited, status=(?!0/|143/)")
COREDUMP = "fc2e22bc6ee647b6b90729ab34a250b1"  # MESSAGE_ID of systemd-coredump
CORES = ["/core", "/core.*", "/var/lib/systemd/coredump/*", f"{facts.STATE}/core*", f"{facts.STATE}/postgres/*/core*"]

# Bounds of a process when nothing is under way, some times what it has after a day: bytes, open files.
MIB = 1 << 20
BOUNDS = {"PID 1": (128 * MIB, 400), "deployd.service": (64 * MIB, 64), "deployd-probe.service": (32 * MIB, 64),
          facts.INGRESS_UNIT: (256 * MIB, 256)}

# Where dynamic users may own files; systemd.exec(5), DynamicUser=, gives them these numbers.
DYNAMIC_USERS = (61184, 65519)
DYNAMIC_PLACES = ("/var/lib/private/", "/var/cache/private/", "/tmp/systemd-private-", "/var/tmp/systemd-private-")

# Files searched for secrets, those left out, and those that have them rightly.
PLACES = ("/run",)
MORE_PLACES = ("/var/lib/deployd", "/var/lib/private", "/var/cache/private", "/etc", "/tmp", "/var/tmp", "/var/log", "/dev/shm")
LEFT_OUT = ("/run/log/journal", "/var/log/journal", "/run/host", "/run/systemd/nspawn", f"{facts.STATE}/postgres")


def read_journal(cursor):
    """The entries of the journal as {field: bytes}, those since the last time if there is a file for the cursor."""
    facts.output(["journalctl", "--sync"])
    since = [f"--cursor-file={cursor}"] if cursor else []
    data = facts.output(["journalctl", "--output=export", "--all", "--no-pager", *since])
    position, entry = 0, {}
    while position < len(data):
        end = data.index(b"\n", position)
        line, position = data[position:end], end + 1
        if not line:
            yield entry
            entry = {}
        elif b"=" in line:
            name, _, value = line.partition(b"=")
            entry[name.decode()] = value
        else:
            size = int.from_bytes(data[position:position + 8], "little")
            entry[line.decode()] = data[position + 8:position + 8 + size]
            position += 8 + size + 1
    if entry:
        yield entry


def journal(cursor, canaries):
    """C7 and C9 of the journal."""
    for entry in read_journal(cursor):
        unit = entry.get("_SYSTEMD_UNIT", b"").decode(errors="replace")
        about = entry.get("UNIT", b"").decode(errors="replace")
        message = entry.get("MESSAGE", b"").decode(errors="replace")
        who = unit or entry.get("SYSLOG_IDENTIFIER", b"?").decode(errors="replace")
        # Of an app only what it says itself is its own.
        if not APP.fullmatch(unit):
            for name, value in entry.items():
                if any(canary in value for canary in canaries):
                    yield f"C7: a canary is in the journal, in {name} of {who}"
        if unit.startswith("deployd") and not APP.fullmatch(unit) and CRASHES.search(message):
            yield f"C9: {unit} wrote: {message}"
        if entry.get("MESSAGE_ID") == COREDUMP.encode() and not APP.fullmatch(entry.get("COREDUMP_UNIT", b"").decode()):
            yield f"C9: {message.splitlines()[0] if message else 'a core was dumped'}"
        if unit == "init.scope" and about.startswith("deployd") and not APP.fullmatch(about) and (
                ENDS.search(message) or about in RESIDENT and EXITS.search(message)):
            yield f"C9: {message}"


def texts(read, canaries):
    """C7 of what everybody may ask the bus and PID 1 for, and of the rows besides the environment's."""
    names = {"rows": "the rows of the database", "objects": "the objects of deployd", "manager": "the manager's properties"}
    for part, text in read.raw.items():
        if any(canary in text for canary in canaries):
            if part == "units":
                for block in text.split(b"\n\n"):
                    name = re.search(rb"^Id=(.*)$", block, re.MULTILINE)
                    for line in block.splitlines():
                        if any(canary in line for canary in canaries):
                            yield f"C7: a canary is in {line.split(b'=')[0].decode()}= of {name[1].decode()}"
            else:
                yield f"C7: a canary is in {names.get(part, part)}"


def has(path, canaries):
    """Whether a file that can be read has a canary."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    with open(descriptor, "rb") as file:
        try:
            data = file.read() if stat.S_ISREG(os.fstat(descriptor).st_mode) or path.startswith("/proc/") else b""
        except OSError:
            return False
    return any(canary in data for canary in canaries)


def ancestors():
    """This process and those that started it: they have the canaries among their arguments."""
    pid, found = os.getpid(), set()
    while pid > 1:
        found.add(pid)
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            pid = int(file.read().rpartition(")")[2].split()[1])
    return found


def processes(canaries):
    """C7: arguments of all processes; the environment of those that are no app."""
    own = ancestors()
    for name in filter(str.isdigit, entries("/proc")):
        if int(name) in own:
            continue
        unit = facts.unit_of_process(name)
        if has(f"/proc/{name}/cmdline", canaries):
            yield f"C7: a canary is among the arguments of process {name} of {unit or 'no unit'}"
        if not APP.fullmatch(unit) and has(f"/proc/{name}/environ", canaries):
            yield f"C7: a canary is in the environment of process {name} of {unit or 'no unit'}"


def files(canaries, places):
    """C7: files, for every user who may read them. The environment of apps is in files of root's alone."""
    for place in places:
        for directory, directories, names in os.walk(place):
            directories[:] = [name for name in directories if os.path.join(directory, name) not in LEFT_OUT]
            if directory == facts.ENVIRONMENT:
                continue
            for path in (os.path.join(directory, name) for name in names):
                if has(path, canaries):
                    yield f"C7: a canary is in {path}"
    for path, mode in [(facts.ENVIRONMENT, 0o700)] + [
            (os.path.join(facts.ENVIRONMENT, name), 0o600) for name in entries(facts.ENVIRONMENT)]:
        try:
            seen = os.lstat(path)
        except FileNotFoundError:
            continue
        if (seen.st_uid, stat.S_IMODE(seen.st_mode)) != (0, mode):
            yield f"C7: {path} is of user {seen.st_uid} with mode {stat.S_IMODE(seen.st_mode):04o}, not of root with {mode:04o}"


def secrets(read, canaries):
    """C7 of what is quickly searched."""
    yield from texts(read, canaries)
    yield from processes(canaries)
    yield from files(canaries, PLACES)


def all_secrets(canaries, database):
    """C7 of the rest: every unit, every row but the environment's, and the disk."""
    commands = {"the properties of units": ["systemctl", "show", "--all", "*"]}
    if database:
        commands["the tables besides that of the environment"] = ["pg_dump", "--exclude-table-data=environment", database]
    for what, argv in commands.items():
        try:
            text = facts.output(argv)
        except (OSError, subprocess.SubprocessError) as error:
            yield f"C7: {what} cannot be searched: {error}"
            continue
        if any(canary in text for canary in canaries):
            yield f"C7: a canary is in {what}"
    yield from files(canaries, MORE_PLACES)


def strangers():
    """C8: nothing that deployd runs has made a file outside of the places made for it."""
    low, high = DYNAMIC_USERS
    found = facts.output(["find", "/", "/tmp", "/run", "/dev/shm", "-xdev", "-uid", f"+{low - 1}", "-uid", f"-{high + 1}"])
    for path in sorted(set(found.decode(errors="replace").splitlines())):
        if not f"{path}/".startswith(DYNAMIC_PLACES):
            yield f"C8: {path} is of user {os.lstat(path).st_uid}, whom systemd made for one unit"


def cores():
    """C9."""
    for path in (path for pattern in CORES for path in glob.glob(pattern)):
        yield f"C9: a core was dumped: {path}"


def restarts(units, expected):
    """C9."""
    seen = int(units.get("deployd.service", {}).get("NRestarts", 0))
    if expected is not None and seen != expected:
        yield f"C9: deployd.service was restarted {seen} times, not {expected}"


def sizes():
    """C10; and what deployd still holds of the spool when nothing is under way."""
    for pid in filter(str.isdigit, entries("/proc")):
        name = "PID 1" if pid == "1" else facts.unit_of_process(pid)
        if name not in BOUNDS:
            continue
        memory, descriptors = BOUNDS[name]
        try:
            with open(f"/proc/{pid}/status", encoding="utf-8") as file:
                resident = int(re.search(r"^VmRSS:\s+(\d+) kB$", file.read(), re.MULTILINE)[1]) << 10
            held = [os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")]
        except (OSError, TypeError):
            continue  # it ends just now
        if resident > memory:
            yield f"C10: {name} has {resident / MIB:.1f} MiB of memory, more than {memory // MIB}"
        if len(held) > descriptors:
            yield f"C10: {name} has {len(held)} open files, more than {descriptors}"
        spooled = sum(path.startswith(f"{facts.STATE}/spool/") for path in held)
        if spooled:
            yield f"C10: {name} still has {spooled} files of the spool open"
