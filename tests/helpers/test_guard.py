# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs of a build can do nothing to deployd-build, which holds them by their limits and has their uid."""

import os
import re

import pytest

from builder import Builder

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of system calls are those of x86-64")


@pytest.fixture
def builder(binary, tmp_path):
    return Builder(binary("build"), tmp_path)


# What a program of the build tries on deployd-build: each is to be refused, and ends with status 0 otherwise.
ATTACK = """\
import ctypes, errno, fcntl, os, resource, signal, socket, struct, sys

libc = ctypes.CDLL(None, use_errno=True)
guard = os.getppid()
with open(f"/proc/{guard}/cmdline") as file:
    assert file.read() == "/srv/program\\0"

def call(number, *arguments):
    if libc.syscall(ctypes.c_long(number), *(ctypes.c_long(argument) for argument in arguments)) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

def own_signal(owner):
    # The kernel sends the signal that a socket is readable to its owner: any, to anybody of this user.
    one, other = socket.socketpair()
    fcntl.fcntl(one, fcntl.F_SETSIG, signal.SIGSTOP)
    owner(one)
    fcntl.fcntl(one, fcntl.F_SETFL, fcntl.fcntl(one, fcntl.F_GETFL) | os.O_ASYNC)
    other.send(b"x")

buffer = ctypes.create_string_buffer(64)
attacks = {
    "kill": lambda: os.kill(guard, signal.SIGKILL),
    "stop": lambda: os.kill(guard, signal.SIGSTOP),
    "stop its group": lambda: os.kill(-guard, signal.SIGSTOP),
    "stop all": lambda: os.kill(-1, signal.SIGSTOP),
    "tkill": lambda: call(200, guard, signal.SIGSTOP),
    "tgkill": lambda: call(234, guard, guard, signal.SIGSTOP),
    "sigqueue": lambda: call(129, guard, signal.SIGSTOP, ctypes.addressof(buffer)),
    "pidfd": lambda: signal.pidfd_send_signal(os.pidfd_open(guard), signal.SIGSTOP),
    "its directory": lambda: signal.pidfd_send_signal(os.open(f"/proc/{guard}", os.O_RDONLY), signal.SIGSTOP),
    "owner": lambda: own_signal(lambda end: fcntl.fcntl(end, fcntl.F_SETOWN, guard)),
    "owner, extended": lambda: own_signal(lambda end: fcntl.fcntl(end, 15, struct.pack("ii", 1, guard))),
    "owner, by ioctl": lambda: own_signal(lambda end: fcntl.ioctl(end, 0x8901, struct.pack("i", guard))),
    "limits": lambda: resource.prlimit(guard, resource.RLIMIT_CPU, (1, 1)),
    "processors": lambda: os.sched_setaffinity(guard, {0}),
    "scheduler": lambda: os.sched_setscheduler(guard, os.SCHED_IDLE, os.sched_param(0)),
    "niceness": lambda: os.setpriority(os.PRIO_PROCESS, guard, 19),
    "niceness of all": lambda: os.setpriority(os.PRIO_USER, 0, 19),
    "disk": lambda: call(251, 1, guard, 3 << 13),
    "trace": lambda: call(101, 0x4206, guard, 0, 0),
    "attach": lambda: call(101, 16, guard, 0, 0),
    "memory": lambda: open(f"/proc/{guard}/mem", "r+b"),
    "map": lambda: open(f"/proc/{guard}/maps").read(),
    "environment": lambda: open(f"/proc/{guard}/environ", "rb").read(),
    "ticket": lambda: open(f"/proc/{guard}/fd/0", "rb").read(),
    "descriptor": lambda: call(438, os.pidfd_open(guard), 0, 0),
    "badness": lambda: open(f"/proc/{guard}/oom_score_adj", "w").write("1000"),
}
try:
    attacks[sys.argv[1]]()
except OSError as error:
    print("refused:", os.strerror(error.errno))
    sys.exit(error.errno not in (errno.EPERM, errno.EACCES, errno.ENOSYS))
sys.exit(2)
"""

NAMES = re.findall(r'^    "(.*)": lambda', ATTACK, re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_an_attack_is_refused(builder, name):
    result = builder.good({"attack.py": ATTACK.encode()}, command=f"exec python3 attack.py '{name}'")
    assert "refused: " in result.log


def test_what_a_program_of_the_build_starts_is_held_too(builder):
    attack = ATTACK.replace("os.getppid()", "int(sys.argv[2])", 1).encode()
    result = builder.good({"attack.py": attack}, command="nice python3 attack.py kill $PPID; exit $?")
    assert "refused: " in result.log


def test_signals_of_a_build_reach_its_own_processes(builder):
    builder.good(command="sleep 100 & kill -STOP $!; kill -KILL $!; wait $!; [ $? = 137 ]")
