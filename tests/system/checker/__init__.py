# SPDX-License-Identifier: LGPL-2.1-or-later
"""Looks at a machine from inside and says what is not as it must be (__main__.py says what that is). This module puts
the program there and runs it; the others are the program, for Python on any machine with deployd:

    python3 /usr/local/lib/deployd-test/checker --help
"""

import pathlib

from checker import calls

DIRECTORY = "/usr/local/lib/deployd-test/checker"
# How far the journal has been looked at.
CURSOR = f"{DIRECTORY}/cursor"

# Writes down what passes the bus for calls.py.
SERVICE = "test-calls.service"
WRITER = f"""\
[Unit]
After=dbus.service
Before=deployd.service
IgnoreOnIsolate=yes
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=busctl monitor --json=short {' '.join(
    f"--match=type='method_call',destination='org.freedesktop.systemd1',member='{member}'" for member in calls.MEMBERS)}
StandardOutput=append:{calls.FILE}
StandardError=null
Restart=always
RestartSec=100ms
"""

FILES = {f"{DIRECTORY}/{path.name}": path.read_bytes() for path in sorted(pathlib.Path(__file__).parent.glob("*.py"))
         if path.name != "__init__.py"}
FILES[f"/etc/systemd/system/{SERVICE}"] = WRITER
FILES["/etc/systemd/system/multi-user.target.d/50-test.conf"] = f"[Unit]\nWants={SERVICE}\n"


def check(machine, *arguments):
    """What is wrong on a machine: sentences, none if all is well."""
    for path, content in FILES.items():
        if not machine.root(path).exists():
            machine.write(path, content)
    done = machine.run(["python3", DIRECTORY, *arguments], check=False, timeout=300)
    assert done.returncode == (1 if done.stdout else 0), f"the checker itself failed:\n{done.stdout}{done.stderr}"
    return done.stdout.splitlines()
