# SPDX-License-Identifier: LGPL-2.1-or-later
"""10,000 requests to an app that nobody touches, while other apps, their clients and the machine do their worst: each
is served."""

import contextlib

import pytest

import repository as repositories
from apps import DIRECTORY, HOLD, PROGRAMS, Load, mirror, stranger
from deployd import Deployd

BASE = "/usr/share/deployd/ingress/base.cfg"
REQUESTS = 10_000
CONNECTIONS = 4000
CREATED, DEPLOYED = 50, 5

MACHINE_FILES = {"/etc/deployd/deploy.conf.d/55-test.conf": "[runner]\ndrain-timeout = 1s\n", **PROGRAMS,
                 f"{DIRECTORY}/hold.py": HOLD}


@pytest.fixture(scope="module")
def deployd(machine):
    deployd = Deployd(machine)
    machine.sh("ip addr add 192.0.2.1/32 dev lo")
    for name in ("steady", "shop", "flooded"):
        deployd.app(name, mirror(name))
        deployd.live(name)
    return deployd


def says(machine, *texts):
    """Waits until the status line of the daemon has these texts in it."""
    machine.wait(lambda: all(text in machine.show("deployd", "StatusText")["StatusText"] for text in texts),
                 what=f"the status line {texts}")


def quiet(machine):
    """Waits until the status line says nothing of the ingress."""
    machine.wait(lambda: machine.show("deployd", "StatusText")["StatusText"].endswith(" queued"), what="nothing being said")


@contextlib.contextmanager
def a_stolen_port(deployd):
    """Somebody else has the port of an app before its frontend can."""
    machine, port = deployd.machine, deployd.get("shop", "Port")
    with stranger(machine, "192.0.2.1", port):
        deployd.set("shop", AccessMode="public")
        says(machine, f"port {port} of shop is held by ")
        yield
    quiet(machine)


@contextlib.contextmanager
def a_refused_reload(deployd):
    machine = deployd.machine
    machine.sh(f"cp {BASE} /run/base.cfg; echo '    nonsense' >>/run/base.cfg; mount --bind /run/base.cfg {BASE}")
    deployd.set("shop", AccessMode="private")
    says(machine, "for haproxy says: ")
    yield
    machine.sh(f"umount {BASE}; rm /run/base.cfg")
    quiet(machine)


@contextlib.contextmanager
def many_new_apps(deployd):
    apps = [f"new{number}" for number in range(CREATED)]
    repository = repositories.Repository(deployd.machine, "new")
    repository.commit(mirror("new"))
    deployd.create_repository("new", repository.url)
    for app in apps:
        deployd.create_app(app, "new")
    for app in apps[:DEPLOYED]:
        deployd.live(app)
    yield


@contextlib.contextmanager
def no_ipv6(deployd):
    machine, switch = deployd.machine, "net.ipv6.conf.{all,lo}.disable_ipv6"
    machine.run(["bash", "-c", f"sysctl -qw {switch}=1"])
    deployd.live("shop")
    yield
    machine.run(["bash", "-c", f"sysctl -qw {switch}=0"])


@contextlib.contextmanager
def held_connections(deployd):
    """A client of another app opens as many connections as he can, and ends none of his requests."""
    machine = deployd.machine
    with machine.stream(["python3", f"{DIRECTORY}/hold.py", deployd.get("flooded", "Port"), CONNECTIONS]) as hold:
        hold.wait(lambda line: line == "held")
        deployd.live("shop")
        yield


def test_ten_thousand_requests_of_a_bystander_are_served(deployd):
    machine = deployd.machine
    events = (a_stolen_port, a_refused_reload, many_new_apps, no_ipv6, held_connections)
    with Load(machine, deployd.get("steady", "Port")) as load:
        for event in events:
            with event(deployd):
                load.served(REQUESTS // len(events))
    load.all_served()
    assert load.requests >= REQUESTS
