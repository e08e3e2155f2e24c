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

# So long may a change and a read by root take together, beyond what a question to the bus itself takes at that time: it
# has the flood, too. (It is less than 1 s where nothing else runs; here other machines do.) So much memory the daemon may
# have more in a flood, in KiB, and so long keep it after that, in seconds.
CALL, MORE_KIB, BACK = 2.0, 50 * 1024, 10

# Past deployments, so that lists are long.
PAST = """\
with past as (
        insert into deployment (app_id, status, error_summary, finished_at)
        select min(id), 'failed', repeat('x', 300), now() - interval '1 day' from app cross join generate_series(1, 1000) i
        group by i
        returning id, error_summary)
insert into event (verb, app_name, deployment_id, to_status, detail)
select 'deployment-move', 'shop', id, 'failed', error_summary from past
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


def test_root_is_answered_and_memory_comes_back_in_every_flood(machine, deployd):
    pid, seen = daemon.pid(machine), {}
    for kind in flood.KINDS:
        seen[kind] = json.loads(machine.run(["python3", PROGRAM, kind, SECONDS, pid]).stdout)
        print(kind, seen[kind])
    assert daemon.pid(machine) == pid
    for kind, figures in seen.items():
        assert figures["flooded"], (kind, figures)
        assert figures["failed"] == [], (kind, figures)
        assert figures["beyond"] < CALL, (kind, figures)
        assert figures["peak"] - figures["before"] < MORE_KIB, (kind, figures)
        assert figures["back"] < BACK, (kind, figures)
