# SPDX-License-Identifier: LGPL-2.1-or-later
"""The stable port: who may use it and who may not, and that no request is lost whatever goes on behind it."""

import contextlib
import itertools
import re

import pytest

import daemon
from apps import DIRECTORY, PROGRAMS, Load, mirror, stranger
from deployd import SILENT, Deployd, app_path, deployment_path, repository_path

DRAIN_SECONDS = 5
PORTS = range(20000, 20010)
CONFIGURATION = f"""\
[ports]
range = {PORTS.start}-{PORTS.stop - 1}

[runner]
drain-timeout = {DRAIN_SECONDS}s
"""
INGRESS = "deployd-ingress.service"
NUMBERS = itertools.count(1)


MACHINE_FILES = {"/etc/deployd/deploy.conf.d/55-test.conf": CONFIGURATION, **PROGRAMS}


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


@pytest.fixture
def app(machine, deployd):
    """app(files): the repository of an app of the test's own, with `app` its name and `port` its port, where nobody
    answers before its first deployment. Both are gone afterwards."""
    made = []

    def app(files=None, **settings):
        name = f"app{next(NUMBERS)}"
        repository = deployd.app(name, files or mirror(1), **settings)
        made.append(name)
        repository.app, repository.port = name, deployd.get(name, "Port")
        return repository

    yield app
    for name in made:
        deployd.do(name, "Remove", "b", "true")
        machine.call(repository_path(name), "Repository.Remove")


def workers(machine):
    """The processes of haproxy. A reload makes another one."""
    main = machine.show(INGRESS, "MainPID")["MainPID"]
    return machine.sh(f"ps -o pid= --ppid {main}").split()


@contextlib.contextmanager
def no_reload(machine):
    before = workers(machine)
    assert len(before) == 1
    yield
    assert workers(machine) == before


def ask(machine, port, host="127.0.0.1"):
    """What is answered on a port: its text, or None when nobody does."""
    status, text = machine.curl(port, host=host, check=False)
    return text.strip() if status == 200 else None


def test_the_port_answers_the_old_release_until_the_new_one_answers(machine, deployd, app):
    repository = app()
    # Nothing was live yet.
    assert machine.curl(repository.port, check=False)[0] == 0
    deployd.live(repository.app)
    assert ask(machine, repository.port) == ask(machine, repository.port, "[::1]") == "mirror 1"

    gate = daemon.Gate(machine, "slow")
    repository.commit(mirror(2, f"{gate.wait}; "))
    number = deployd.deploy(repository.app)
    deployd.status(number, "checking")
    for _ in range(20):
        assert ask(machine, repository.port) == "mirror 1"
    gate.open()
    assert deployd.end(number)["Status"] == "live"
    for _ in range(20):
        assert ask(machine, repository.port) == "mirror 2"
    assert deployd.get(repository.app, "Port") == repository.port


def test_redeploys_and_failing_deployments_lose_no_request(machine, deployd, app, long):
    repository = app()
    deployd.live(repository.app)
    port = repository.port
    with no_reload(machine), Load(machine, port) as load:
        for version in range(2, 52 if long else 7):
            repository.commit(mirror(version))
            deployd.live(repository.app)
            load.answered(f"mirror {version}")
            if version % 5 in (0, 2):
                repository.commit({"Procfile": "web: exit 1\n"})
                assert deployd.end(deployd.deploy(repository.app))["Status"] == "failed"
    load.all_served()
    assert load.answers == {f"mirror {n}" for n in range(1, version + 1)}


def test_redeploy_is_a_deployment_of_the_same_release_without_a_gap(machine, deployd, app, long):
    repository = app()
    first = deployd.live(repository.app)
    repository.commit(mirror(2))  # is not what Redeploy is about
    with no_reload(machine), Load(machine, repository.port) as load:
        for _ in range(10 if long else 2):
            number = deployd.do(repository.app, "Redeploy")[0]
            again = deployd.end(number)
            assert (again["Status"], again["Revision"], again["ImageTag"]) == (
                "live", first["Revision"], first["ImageTag"])
            assert number != first["Id"]
    load.all_served()
    assert load.answers == {"mirror 1"}


@pytest.mark.parametrize("moment", ["switching", "live"])
def test_the_old_instance_killed_at_the_switch_costs_only_what_it_had(machine, deployd, app, long, moment):
    repository = app()
    old = deployd.live(repository.app)
    with Load(machine, repository.port) as load:
        for version in range(2, 12 if long else 4):
            repository.commit(mirror(version))
            number = deployd.deploy(repository.app)
            deployd.signal(lambda m, n=number: moment in status_words(m, n))
            machine.run(["systemctl", "kill", "--signal=KILL", old["Units"][0]], check=False)
            old = deployd.end(number)
            assert old["Status"] == "live", old["ErrorSummary"]
            load.answered(f"mirror {version}")
    load.all_served_but_the_cut(version - 1)


def status_words(message, number):
    """What a signal says of the status of a deployment, or of a later one than was asked for."""
    arguments = message.get("arguments")
    if message.get("member") == "DeploymentFinished" and arguments[0] == number:
        return ["switching", arguments[3]]
    if message.get("member") == "PropertiesChanged" and message["path"] == deployment_path(number):
        return [value["data"] for name, value in arguments[1].items() if name == "Status"]
    return []


def test_a_websocket_lives_until_the_drain_ends(machine, deployd, app):
    repository = app()
    old = deployd.live(repository.app)
    client = machine.stream(["python3", f"{DIRECTORY}/websocket.py", repository.port])
    client.wait(lambda line: line == "1 hello")

    repository.commit(mirror(2))
    new = deployd.live(repository.app)
    assert ask(machine, repository.port) == "mirror 2"
    assert deployd.get(repository.app, "Draining") == 1
    client.drain()
    for _ in range(10):
        assert client.next() == "1 hello"
    closed = client.wait(lambda line: line.startswith("closed"))
    assert float(closed.split()[1]) - new["FinishedAt"] / 1e6 >= DRAIN_SECONDS
    machine.wait(lambda: deployd.get(repository.app, "Draining") == 0, what="Draining being 0")
    machine.wait(lambda: not machine.units(*old["Units"]), what="the end of the old unit")
    assert ask(machine, repository.port) == "mirror 2"


def test_the_old_instance_goes_when_its_last_client_has_gone(machine, deployd, app):
    repository = app()
    with daemon.configured(machine, "[runner]\ndrain-timeout = 1h\n"):
        old = deployd.live(repository.app)
        client = machine.stream(["python3", f"{DIRECTORY}/websocket.py", repository.port])
        client.wait(lambda line: line == "1 hello")
        repository.commit(mirror(2))
        deployd.live(repository.app)
        assert deployd.get(repository.app, "Draining") == 1
        client.close()
        machine.wait(lambda: deployd.get(repository.app, "Draining") == 0, what="Draining being 0")
        machine.wait(lambda: not machine.units(*old["Units"]), what="the end of the old unit")


# Who may reach an app: addresses of another machine, which is a network namespace.

INTERNAL, OUTSIDE = "10.99.0.2", "203.0.113.2"
NETWORK = f"""
ip netns add elsewhere
ip link add uplink type veth peer name client netns elsewhere
ip addr add 10.99.0.1/24 dev uplink
ip addr add 203.0.113.1/24 dev uplink
ip link set uplink up
ip -n elsewhere addr add {INTERNAL}/24 dev client
ip -n elsewhere addr add {OUTSIDE}/24 dev client
ip -n elsewhere link set client up
ip -n elsewhere link set lo up
"""
REFUSED, CLOSED, ANSWERED = "refused", "closed", "answered"
# curl(1): 7 could not connect, 52 empty reply, 55 failure when sending, 56 when receiving.
CURL = {0: ANSWERED, 7: REFUSED, 52: CLOSED, 55: CLOSED, 56: CLOSED}


@pytest.fixture(scope="module")
def elsewhere(machine):
    """elsewhere(ADDRESS, PORT): what happens to a request from there."""
    machine.sh(NETWORK)

    def elsewhere(address, port):
        target = address.rpartition(".")[0] + ".1"
        done = machine.run(["ip", "netns", "exec", "elsewhere", "curl", "--silent", "--max-time", "20",
                            "--interface", address, f"http://{target}:{port}/"], check=False)
        assert done.returncode in CURL, done
        assert done.stdout in ("", "mirror 1\n")
        return CURL[done.returncode]

    return elsewhere


def test_access_mode_says_who_is_let_in(machine, deployd, app, elsewhere):
    repository = app()
    deployd.live(repository.app)
    port = repository.port

    def seen():
        return elsewhere(INTERNAL, port), elsewhere(OUTSIDE, port), ask(machine, port), ask(machine, port, "[::1]")

    here = ("mirror 1", "mirror 1")
    assert seen() == (REFUSED, REFUSED, *here)  # private is the default
    assert deployd.get(repository.app, "Url") == f"http://127.0.0.1:{port}"
    for mode, wanted in (("internal", (ANSWERED, CLOSED)), ("public", (ANSWERED, ANSWERED)),
                         ("internal", (ANSWERED, CLOSED)), ("private", (REFUSED, REFUSED))):
        deployd.set(repository.app, AccessMode=mode)
        assert deployd.get(repository.app, "AccessMode") == mode
        machine.wait(lambda w=wanted: seen() == (*w, *here), what=f"{wanted} from elsewhere with {mode}")
        assert deployd.get(repository.app, "Url") == (
            f"http://{'127.0.0.1' if mode == 'private' else 'machine'}:{port}")
    error, message = daemon.refused(machine, app_path(repository.app), "App.SetProperties", "a{sv}", 1, "AccessMode", "s", "open")
    assert error == daemon.BUS_ERROR + "InvalidArgs"
    assert all(word in message for word in ("private", "internal", "public"))
    assert deployd.get(repository.app, "AccessMode") == "private"


def test_the_assigned_port_is_not_reached_from_elsewhere(machine, deployd, app, elsewhere):
    repository = app(AccessMode="public")
    deployment = deployd.live(repository.app)
    machine.wait(lambda: elsewhere(OUTSIDE, repository.port) == ANSWERED)
    assert elsewhere(OUTSIDE, deployment["AssignedPort"]) == REFUSED
    assert elsewhere(INTERNAL, deployment["AssignedPort"]) == REFUSED


def test_who_asks_is_what_the_ingress_says(machine, deployd, app):
    repository = app()
    deployd.live(repository.app)
    forged = ["X-Forwarded-For: 192.0.2.66", "X-Forwarded-Host: evil", "X-Forwarded-Proto: https", "Proxy: evil",
              "Forwarded: for=192.0.2.66"]
    _, text = machine.curl(repository.port, "/headers", *(word for h in forged for word in ("--header", h)))
    headers = [line.split(": ", 1) for line in text.lower().splitlines() if line]
    assert sorted(h for h in headers if "forwarded" in h[0] or h[0] == "proxy") == [
        ["x-forwarded-for", "127.0.0.1"], ["x-forwarded-port", str(repository.port)], ["x-forwarded-proto", "http"]]


# Somebody else where deployd wants to be.

def held(machine, deployment):
    """Checks that a deployment has failed because somebody else has its port: that port."""
    assert deployment["Status"] == "failed"
    sentence = re.fullmatch(r"port (\d+) is held by another process \(uid (\d+)\)", deployment["ErrorSummary"])
    assert sentence, deployment["ErrorSummary"]
    assert int(sentence[2]) == int(machine.sh("id -u nobody")) and int(sentence[1]) in PORTS
    return int(sentence[1])


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::"])
def test_a_stranger_on_the_stable_port_is_never_taken_for_the_app(machine, deployd, app, address):
    other = app()
    deployd.live(other.app)
    with stranger(machine, address, *range(other.port + 1, other.port + 3)):
        repository = app()
        assert other.port < repository.port < other.port + 3
        number = deployd.deploy(repository.app)
        deployd.status(number, "switching")
        sentence = (f"waiting: port {repository.port} of {repository.app} is held by another process "
                    f"(uid {machine.sh('id -u nobody')})")
        machine.wait(lambda: deployd.describe(number)["StatusText"] == sentence, what=sentence)
        assert deployd.describe(number)["Status"] == "switching"
        assert machine.show("deployd", "StatusText")["StatusText"].endswith(sentence.replace("waiting: ", "; "))
        assert deployd.get(repository.app, "Status") == "deploying"
        # The others are served as before, and can be deployed.
        other.commit(mirror(2))
        deployd.live(other.app)
        assert ask(machine, other.port) == "mirror 2"
    assert deployd.end(number)["Status"] == "live"
    assert ask(machine, repository.port) == ask(machine, repository.port, "[::1]") == "mirror 1"


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::", "::1"])
def test_a_stranger_on_the_assigned_port_has_his_sentence(machine, deployd, app, address):
    repository = app()
    live = deployd.live(repository.app)
    repository.commit(SILENT)
    number = deployd.deploy(repository.app)
    deployd.status(number, "checking")
    with stranger(machine, address, deployd.describe(number)["AssignedPort"]):
        held(machine, deployd.end(number))
    assert ask(machine, repository.port) == "mirror 1"
    assert deployd.get(repository.app, "CurrentPort") == live["AssignedPort"]


# The ingress and the daemon come and go.

def test_without_the_ingress_a_deployment_waits_and_then_goes_on(machine, deployd, app):
    repository = app()
    old = deployd.live(repository.app)
    repository.commit(mirror(2))
    machine.systemctl("stop", INGRESS)
    try:
        number = deployd.deploy(repository.app)
        deployd.status(number, "switching")
        machine.wait(lambda: deployd.describe(number)["StatusText"] ==
                     "waiting: the ingress does not run: see systemctl status deployd-ingress",
                     what="the sentence of the ingress")
        assert machine.show("deployd", "StatusText")["StatusText"].endswith(
            "; the ingress does not run: see systemctl status deployd-ingress")
        # Apps go on meanwhile.
        assert ask(machine, old["AssignedPort"]) == "mirror 1"
        assert deployd.get(repository.app, "CurrentPort") == old["AssignedPort"]
    finally:
        machine.systemctl("start", INGRESS)
    assert deployd.end(number)["Status"] == "live"
    assert ask(machine, repository.port) == "mirror 2"
    machine.wait(lambda: machine.show("deployd", "StatusText")["StatusText"].endswith(" queued"), what="nothing being said of it")


def test_what_changes_while_haproxy_reloads_is_taken_up_by_the_next_reload(machine, deployd, app):
    repository = app()
    with machine.follow(_SYSTEMD_UNIT="deployd.service") as said:
        for mode in ("internal", "public", "private", "internal", "public"):
            deployd.set(repository.app, AccessMode=mode)
        number = deployd.live(repository.app)["Id"]
        said.wait(lambda entry: f"Deployment {number} of {repository.app} is live" in entry["MESSAGE"])
    assert not [entry["MESSAGE"] for entry in said.seen if "did not take" in entry["MESSAGE"]]


def test_an_ingress_that_died_is_what_it_was(machine, deployd, app):
    repository = app()
    deployd.live(repository.app)
    main = machine.show(INGRESS, "MainPID")["MainPID"]
    machine.run(["kill", "-KILL", main])
    machine.wait(lambda: ask(machine, repository.port) == "mirror 1"
                 and machine.show(INGRESS, "MainPID")["MainPID"] != main, what="the ingress being back")
    repository.commit(mirror(2))
    deployd.live(repository.app)
    assert ask(machine, repository.port) == "mirror 2"


@pytest.mark.parametrize("end", ["restarted", "killed"])
def test_clients_do_not_notice_that_the_daemon_is(machine, deployd, app, end):
    repository = app()
    deployd.live(repository.app)
    with no_reload(machine), Load(machine, repository.port) as load:
        with daemon.untouched(machine, repository.app):
            if end == "killed":
                daemon.kill(machine)
            else:
                machine.systemctl("restart", daemon.UNIT)
        # It knows the ingress again when it can switch.
        repository.commit(mirror(2))
        deployd.live(repository.app)
        load.answered("mirror 2")
    load.all_served()
