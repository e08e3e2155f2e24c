# SPDX-License-Identifier: LGPL-2.1-or-later
"""No local user keeps deployd from its work, whatever he sends: root's calls are answered, nothing ends, memory comes
back."""

import json
import pathlib

import pytest

import daemon
import flood
from deployd import Deployd

PROGRAM = "/usr/local/lib/deployd-test/flood.py"

# How long each flood lasts, in seconds.
SECONDS = 10

# So long a call of root may take on top of what the machine is slow by, in seconds; so much memory the daemon may have
# more in a flood, in KiB, and so long keep it after that, in seconds.
CALL, MORE_KIB, BACK = 1.0, 50 * 1024, 10

# Past deployments, so that lists are long.
PAST = """\
with past as (
        insert into deployment (app_id, status, error_summary, finished_at)
        select (select min(id) from app), 'failed', repeat('x', 300), now() - interval '1 day' from generate_series(1, 2000)
        returning id)
insert into event (verb, app_name, deployment_id, to_status) select 'deployment-move', 'shop', id, 'failed' from past
"""


@pytest.fixture(scope="module")
def deployd(machine):
    """deployd, with one app live and a long past."""
    platform = Deployd(machine)
    platform.app("shop")
    platform.live("shop")
    platform.sql(PAST)
    machine.write(PROGRAM, pathlib.Path(flood.__file__).read_text(encoding="utf-8"))
    return platform


@pytest.mark.parametrize("kind", flood.KINDS)
def test_root_is_answered_and_memory_comes_back(machine, deployd, kind):
    pid = daemon.pid(machine)
    seen = json.loads(machine.run(["python3", PROGRAM, kind, SECONDS, pid]).stdout)
    print(kind, seen)
    assert daemon.pid(machine) == pid
    assert seen["failed"] == []
    assert seen["flooded"]
    assert seen["worst"] < CALL, seen
    assert seen["peak"] - seen["before"] < MORE_KIB, seen
    assert seen["back"] < BACK, seen
