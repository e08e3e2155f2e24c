# SPDX-License-Identifier: LGPL-2.1-or-later
"""What runs in the virtual machine: does what the tests ask for on the serial port, a line of JSON each, and answers.

    ["describe", 5]  ->  {"returned": ...}, or {"raised": text}; {"said": ...} at any time before that
"""

import http.client
import json
import pathlib
import random
import sys
import time
import traceback
import tty
import urllib.request

SYSTEM = pathlib.Path(__file__).resolve().parents[1] / "system"
sys.path.insert(0, str(SYSTEM))

import fleet  # noqa: E402
from deployd import ROOT, Deployd  # noqa: E402
from host import PATIENCE, Host, HostError  # noqa: E402
from vm import VM_PATIENCE  # noqa: E402

ACKNOWLEDGED = "/run/test-acknowledged"
QUEUED_MAX = 3
FUNCTIONS = {}
HOST = Host()
DEPLOYD = SIGNALS = None


def offered(function):
    """A function that tests may call."""
    FUNCTIONS[function.__name__] = function
    return function


def answer(**message):
    """A line to the tests."""
    print(json.dumps(message), flush=True)


def say(thing):
    answer(said=thing)


@offered
def sh(script):
    """Runs a script; its standard output."""
    return HOST.sh(script)


def wait(happened, news):
    """Waits until happened() is true: asks at once, then after each item of a stream. Returns what it returned."""
    while True:
        news.drain()
        result = happened()
        if result:
            return result
        news.next(VM_PATIENCE)


def get(port, path=""):
    """What a path of a port answers; None when nobody does."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=VM_PATIENCE) as reply:
            return reply.read().decode().strip()
    except (OSError, http.client.HTTPException):
        return None


@offered
def answers(names):
    """Waits until every app is running and answers on its stable port: {name: [port, text]}."""
    end = time.monotonic() + VM_PATIENCE
    while time.monotonic() < end:
        found = {row[0]: [row[3], get(row[3])] for row in HOST.call(ROOT, "Manager.ListApps")[0]
                 if row[0] in names and row[2] == "running"}
        if len(found) == len(names) and all(text is not None for _, text in found.values()):
            return found
        # Nobody says when a program begins to listen.
        time.sleep(0.5)
    raise HostError(f"{names} do not all answer: {found}")


@offered
def deploy(name, revision):
    """The id of a deployment, when that was acknowledged."""
    return DEPLOYD.deploy(name, revision)


@offered
def describe(number):
    return DEPLOYD.describe(number)


@offered
def reach(number, *statuses):
    """Waits until a deployment has one of the statuses: all of its properties."""
    def reached():
        deployment = DEPLOYD.describe(number)
        return deployment if deployment["Status"] in statuses else None
    return wait(reached, SIGNALS)


def home(name):
    """The home of an app, as root sees it."""
    number = DEPLOYD.sql(f"select id from app where name = '{name}'")[0]
    return pathlib.Path(f"/var/lib/private/deployd-apps/{number}")


@offered
def touch(name, file):
    """Makes a file in the home of an app."""
    (home(name) / file).touch(0o644)


@offered
def wait_for_file(name, file):
    """Waits until an app has made a file in its home; it must say something then, since lines are looked out for."""
    wait((home(name) / file).exists, HOST.follow(DEPLOYD_APP=name))


@offered
def deploy_until_the_end(names, revisions, seed):
    """Deploys one thing after another, and says the id of each when it was acknowledged."""
    chance = random.Random(seed)
    while True:
        number = DEPLOYD.deploy(chance.choice(names), chance.choice(revisions))
        say(number)
        # A few wait in the queue, not all there will ever be.
        wait(lambda: HOST.get(ROOT, "Manager.DeploymentsQueued") < QUEUED_MAX, SIGNALS)


@offered
def violations(acknowledged):
    """What the checker of the system tests finds, when nothing is under way any more."""
    pathlib.Path(ACKNOWLEDGED).write_text("".join(f"{number}\n" for number in acknowledged), encoding="ascii")
    done = HOST.run(["python3", "-B", SYSTEM / "checker", "--thorough", f"--settle={VM_PATIENCE}",
                     f"--grace={PATIENCE}", f"--acknowledged={ACKNOWLEDGED}"], check=False, timeout=2 * VM_PATIENCE)
    if done.returncode != (1 if done.stdout else 0):
        raise HostError(f"the checker itself failed: {done.stderr}")
    return done.stdout.splitlines()


@offered
def journal(*matches):
    """What tests look at of the entries of the journal."""
    wanted = ("MESSAGE", "MESSAGE_ID", "PRIORITY", "UNIT", "_SYSTEMD_UNIT")
    return [{name: entry[name] for name in wanted if name in entry} for entry in HOST.journal(*matches)]


@offered
def sandbox():
    """Which limits of builds hold here, when that is known."""
    wait(lambda: HOST.get(ROOT, "Manager.SandboxState") != "probing", SIGNALS)
    return [HOST.get(ROOT, "Manager.SandboxState"), HOST.get(ROOT, "Manager.SandboxMissing")]


@offered
def send(address):
    """What becomes of a datagram of root's."""
    program = {}
    exec(fleet.SEND, program)
    return program["send"](address)


@offered
def ask(name, path):
    """What an app answers for a path."""
    return get(DEPLOYD.get(name, "Port"), path)


@offered
def set(name, settings):
    """Makes settings of an app."""
    DEPLOYD.set(name, **settings)


def main():
    global DEPLOYD, SIGNALS
    tty.setraw(sys.stdin)
    # Waits for READY=1.
    HOST.systemctl("start", "deployd")
    DEPLOYD, SIGNALS = Deployd(HOST), HOST.monitor()
    answer(ready=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer(returned=FUNCTIONS[name](*arguments))
        except Exception:
            answer(raised=traceback.format_exc())


main()
