# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machine is put into another target, and units are stopped by hand: apps outlive the one, and of the other there is
evidence in the journal."""

import pathlib
import subprocess

import pytest

import apps
import daemon
from deployd import Deployd

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = "/usr/local/lib/deployd-test/stop-evidence"
MACHINE_FILES = apps.PROGRAMS

# Says `yes` or `no` of a unit and the id of a run of it.
EVIDENCE = """\
#include <stdio.h>

#include "systemd/stop-evidence.h"

static void on_done(void *userdata, bool stopped)
{
        (void) puts(stopped ? "yes" : "no");
        (void) sd_event_exit(userdata, 0);
}

int main(int argc, char *argv[])
{
        StopEvidence *evidence;
        sd_id128_t invocation;
        sd_event *event;

        return argc != 3 || sd_event_new(&event) < 0 || sd_id128_from_string(argv[2], &invocation) < 0 ||
               stop_evidence_new(event, argv[1], invocation, on_done, event, &evidence) < 0 || sd_event_loop(event) < 0;
}
"""


@pytest.fixture(scope="module")
def deployd(machine):
    platform = Deployd(machine)
    platform.app("shop", apps.mirror("1"))
    platform.live("shop")
    return platform


def test_apps_outlive_other_targets(machine, deployd):
    with daemon.untouched(machine, "shop"):
        machine.systemctl("isolate", "multi-user.target")
        deployd.answers("shop", lambda text: text == "mirror 1\n")
        assert deployd.get("shop", "Status") == "running"

        machine.systemctl("isolate", "rescue.target")
        assert machine.systemctl("is-system-running", check=False) == "maintenance"
        machine.systemctl("default")
        daemon.ready(machine)
        deployd.listen()
        machine.wait(lambda: deployd.get("shop", "Status") == "running", what="shop running")
        machine.wait(lambda: machine.curl(deployd.get("shop", "Port"), check=False) == (200, "mirror 1\n"),
                     what="shop answering at its port")


@pytest.fixture(scope="module")
def evidence(machine, tmp_path_factory):
    """evidence(unit, invocation): what systemd/stop-evidence.c says."""
    directory = tmp_path_factory.mktemp("evidence")
    (directory / "main.c").write_text(EVIDENCE)
    subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", f"-I{ROOT}", "-o", directory / "program", directory / "main.c",
                    *(ROOT / name for name in ("systemd/stop-evidence.c", "systemd/journal-sync.c", "base/text.c")),
                    "-lsystemd"], check=True)
    machine.write(PROGRAM, (directory / "program").read_bytes(), 0o755)
    return lambda unit, invocation: machine.sh(f"{PROGRAM} {unit} {invocation}")


# What happens to a unit that runs (`$unit`), and whether that is somebody's stop of this run.
STORIES = {
    "stopped": ("systemctl stop $unit", "yes"),
    "stopped and started": ("systemctl stop $unit; systemctl start $unit", "yes"),
    "restarted": ("systemctl restart $unit", "no"),
    "killed": ("systemctl kill --signal=KILL $unit; until systemctl is-failed $unit; do sleep 0.1; done", "no"),
    "killed and reset": ("systemctl kill --signal=KILL $unit; until systemctl is-failed $unit; do sleep 0.1; done;"
                         "systemctl reset-failed $unit", "no"),
    "ended by itself": ("systemctl kill $unit; while systemctl is-active $unit; do sleep 0.1; done", "no"),
    "running": ("true", "no"),
}


@pytest.mark.parametrize("story", STORIES)
def test_there_is_evidence_of_a_stop_and_of_nothing_else(machine, evidence, story):
    script, expected = STORIES[story]
    unit = f"test-{story.replace(' ', '-')}.service"
    # A file, so that it can be started again.
    machine.write(f"/run/systemd/system/{unit}", "[Service]\nExecStart=sleep infinity\n")
    machine.systemctl("daemon-reload")
    machine.systemctl("start", unit)
    invocation = machine.show(unit, "InvocationID")["InvocationID"]
    machine.sh(f"unit={unit}; {script}")
    assert evidence(unit, invocation) == expected
    machine.systemctl("stop", unit)
    machine.systemctl("reset-failed", unit, check=False)


def test_there_is_no_evidence_without_a_journal(machine, evidence):
    unit = "test-silent.service"
    machine.run(["systemd-run", "--quiet", f"--unit={unit}", "sleep", "infinity"])
    invocation = machine.show(unit, "InvocationID")["InvocationID"]
    machine.systemctl("stop", unit)
    assert evidence(unit, invocation) == "yes"
    assert machine.sh(f"unshare --mount sh -c 'mount -t tmpfs none /var/log; mount -t tmpfs none /run/log;"
                      f" {PROGRAM} {unit} {invocation}'") == "no"
