# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon of a machine as systemd sees it, the errors it answers with, and what holds others up."""

import contextlib
import re

BUS_ERROR = "org.freedesktop.DBus.Error."
# Who asks has not the right, and polkit would want a password.
CHALLENGE = BUS_ERROR + "InteractiveAuthorizationRequired"
ERROR = "org.deployd.Deploy1.Error."
UNIT = "deployd.service"
DROPIN = "/etc/systemd/system/deployd.service.d/50-test.conf"
CONFIGURATION = "/etc/deployd/deploy.conf.d/60-test.conf"

# How the status line of a daemon that is ready reads.
STATUS = r"\d+ apps? running, \d+ deploying, \d+ queued"


def state(machine, name):
    """One property of the daemon's unit, as text."""
    return machine.show(UNIT, name)[name]


def pid(machine):
    return int(state(machine, "MainPID"))


def ready(machine, *, after=0):
    """Waits until the daemon is ready, and is another process than the one of pid `after`; its pid."""
    def look():
        seen = machine.show(UNIT, "ActiveState", "MainPID")
        return seen["ActiveState"] == "active" and seen["MainPID"] != str(after) and int(seen["MainPID"])
    return machine.wait(look, what="deployd being ready")


def kill(machine):
    """Kills the daemon and waits until systemd has started another one; its pid."""
    before = pid(machine)
    machine.run(["kill", "-KILL", before])
    return ready(machine, after=before)


def says(machine, text):
    """Waits until the status line of a daemon that is not ready has a text in it; the line."""
    def look():
        seen = machine.show(UNIT, "ActiveState", "StatusText")
        assert seen["ActiveState"] != "active", f"it is ready, and says: {seen['StatusText']}"
        return text in seen["StatusText"] and seen["StatusText"]
    return machine.wait(look, what=f"the status line {text!r}")


def instances(machine, app="*"):
    """The processes of the units of apps: {unit: (pid, invocation)}."""
    return {unit: tuple(machine.show(unit, "MainPID", "InvocationID").values())
            for unit in machine.units(f"deployd-app-{app}-*.service")}


@contextlib.contextmanager
def untouched(machine, app):
    """Fails unless the instances of an app that run at its beginning do so at its end, as the same processes."""
    before = instances(machine, app)
    assert before
    yield
    assert instances(machine, app) == before


@contextlib.contextmanager
def configured(machine, text, *, reload=True):
    """A drop-in of deploy.conf for the time of a test."""
    machine.write(CONFIGURATION, text)
    try:
        if reload:
            machine.systemctl("reload", UNIT)
        yield
    finally:
        machine.run(["rm", CONFIGURATION])
        machine.systemctl("reload-or-restart", UNIT)


def refused(machine, path, member, *arguments, user=None):
    """A call that must be refused: (name of the error, its message). As machine.call(), except that a member
    with a full interface name is left as it is."""
    interface, method = member.rsplit(".", 1)
    if "." not in interface:
        interface = f"org.deployd.Deploy1.{interface}"
    types = [arguments[0], "--", *arguments[1:]] if arguments else []
    done = machine.run(["env", "SYSTEMD_LOG_LEVEL=debug", "busctl", "call", "org.deployd.Deploy1", path, interface,
                        method, *types], user=user, check=False)
    assert done.returncode != 0, f"{member} of {path} took {arguments}: {done.stdout}"
    # busctl shows the message; the name is only in what sd-bus logs.
    errors = re.findall(r"^Got message type=error .* error-name=(\S+) error-message=(.*)$", done.stderr, re.MULTILINE)
    assert errors, done.stderr
    return errors[-1][0], errors[-1][1]


class Gate:
    """A place on the machine where units wait: what runs `self.wait` ends when open() is called."""

    def __init__(self, machine, name):
        # Below /usr, which units that do not see /run or /var see too.
        self.machine, self.path = machine, f"/usr/local/lib/deployd-test/gate-{name}"
        self.wait = f"/bin/sh -c '[ ! -p {self.path} ] || read -r _ <{self.path} || :'"
        machine.sh(f"mkdir -p {self.path.rsplit('/', 1)[0]}; mkfifo {self.path}")

    def open(self):
        """Lets everybody through, those too who come later."""
        self.machine.sh(f"exec 3<>{self.path}; rm {self.path}")
