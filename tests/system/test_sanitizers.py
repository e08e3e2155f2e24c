# SPDX-License-Identifier: LGPL-2.1-or-later
"""A package that is built with sanitizers: what they find in a program is found by the tests, in whatever sandbox."""

import pathlib
import subprocess

import pytest

import tree as trees
from deployd import Deployd

# The checker would find in the journal what programs say here when they fail.
pytestmark = pytest.mark.leaves("C9: programs fail")

OPTIONS = pathlib.Path(__file__).resolve().parent.parent / "sanitizers.h"

# Loses memory, writes beyond its end, does what C leaves undefined, and asserts what is wrong: each in a process of its own.
FAULTY = """\
#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *volatile memory;
static volatile int number = INT_MAX;

static void lose(void)
{
        for (int i = 0; i < 10; i++)
                memory = malloc(10);
}

static void overflow(void)
{
        memory = malloc(10);
        ((volatile char *) memory)[10] = 0;
}

static void count(void)
{
        number++;
}

static void claim(void)
{
        assert(number < 0);
}

int main(void)
{
        static void (*const faults[])(void) = { lose, overflow, count, claim };

        for (unsigned i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
                if (fork() == 0) {
                        faults[i]();
                        return 1;
                }
                (void) wait(NULL);
        }
        return 1;
}
"""
FOUND = ("LeakSanitizer: detected memory leaks", "AddressSanitizer: heap-buffer-overflow",
         "AddressSanitizer: ILL", "AddressSanitizer: ABRT")


@pytest.fixture(scope="module")
def deployd(machine):
    """deployd, with one app that was never deployed."""
    platform = Deployd(machine)
    platform.app("shop")
    return platform


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """A program that has all three faults, built like the package."""
    program = tmp_path_factory.mktemp("faulty") / "faulty"
    subprocess.run(["cc", "-fsanitize=address,undefined", "-fsanitize-undefined-trap-on-error", "-include", OPTIONS,
                    "-o", program, "-x", "c", "-"], input=FAULTY, text=True, check=True)
    return program.read_bytes()


def restart(unit):
    """Restarts a unit, which does not come up."""
    return lambda machine, _: machine.systemctl("restart", unit, check=False)


def deploy(machine, deployd):
    """Has the helpers of a deployment run, which does not come far."""
    number = deployd.deploy("shop")
    assert deployd.end(number)["Status"] == "failed"
    deployd.settled(number, "shop")


# What runs each program.
PROGRAMS = {
    "/usr/sbin/deployd": restart("deployd.service"),
    "/usr/bin/deployctl": lambda machine, _: machine.run(["deployctl"], user="nobody", check=False),
    "/usr/libexec/deployd/deployd-probe": restart("deployd-probe.service"),
    "/usr/libexec/deployd/deployd-fetch": deploy,
    "/usr/libexec/deployd/deployd-import": deploy,
    "/usr/libexec/deployd/deployd-launch": deploy,
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_fault_of_a_program_is_reported(machine, deployd, faulty, program):
    machine.run(["mv", program, f"{program}.good"])
    machine.write(program, faulty, 0o755)
    PROGRAMS[program](machine, deployd)
    machine.run(["mv", f"{program}.good", program])
    # From here on nothing runs the other one.
    machine.systemctl("restart", "deployd.service", "deployd-probe.service")
    reports = machine.reports()
    machine.sh(f"rm {trees.REPORTS}/*")
    machine.systemctl("start", "deployd.service")
    assert [fault for fault in FOUND if not any(fault in report for report in reports)] == []
