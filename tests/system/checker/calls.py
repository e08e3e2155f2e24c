# SPDX-License-Identifier: LGPL-2.1-or-later
"""C11: what deployd asks PID 1 for, unit by unit. A service of the machine (checker/__init__.py) writes the calls down as
they pass the bus; where there is none, nothing is looked at."""

import collections
import re

# One method call a line, as `busctl monitor --json=short` prints them.
FILE = "/usr/local/lib/deployd-test/checker/calls"
CALL = re.compile(rb'"timestamp-realtime":(\d+),"sender":"([^"]+)",.*?"member":"(\w+)",'
                  rb'"payload":\{"type":"s[^"]*","data":\["(deployd-[^"]+)"')

# What a loop would ask for. The rest follows one to one from what somebody asks deployd for.
MEMBERS = ("StartTransientUnit", "StartUnit", "RestartUnit", "StopUnit", "KillUnit", "ResetFailedUnit", "CleanUnit",
           "UnrefUnit")
# So often within so many microseconds a unit may be asked for one thing, by one process: a daemon that is started again
# asks again.
CALLS_MAX, WINDOW = 10, 60 * 10**6


def repeated():
    """C11."""
    times = collections.defaultdict(list)
    try:
        with open(FILE, "rb") as file:
            for line in file:
                found = CALL.search(line)
                if found:
                    times[found[4].decode(), found[3].decode(), found[2]].append(int(found[1]))
    except FileNotFoundError:
        return
    for (unit, member, _), when in sorted(times.items()):
        for first, last in zip(when, when[CALLS_MAX:]):
            if last - first < WINDOW:
                yield f"C11: {member} of {unit} was asked for {CALLS_MAX + 1} times within {(last - first) / 10**6:.1f} s"
                break
