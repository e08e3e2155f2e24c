# SPDX-License-Identifier: LGPL-2.1-or-later
"""The checker of machines: each fault made by hand has its sentence and no other invariant's, and repaired it is none."""

import re

import pytest

import apps
import checker
from checker import calls
import daemon
import repository as repositories
from deployd import SILENT, Deployd, Held, deployment_path

# What the scripts below have: a statement of the database, a command of the ingress, and the journal without its past.
SHELL = """
sql() { psql --host=/run/deployd/postgres --username=deployd --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --command="$1" deployd; }
ingress() { python3 -c 'import socket, sys
stream = socket.socket(socket.AF_UNIX)
stream.connect("/run/deployd/ingress/admin.sock")
stream.sendall(sys.argv[1].encode() + b"\\n")
sys.stdout.write(stream.makefile().read())' "$1"; }
forget() { journalctl --quiet --sync; journalctl --quiet --rotate --vacuum-time=1us; }
"""

NEXT = "deployd-app-shop-$live.worker.1.service"

# name: (the sentences, as expressions; how the fault is made; how it is repaired; arguments of the checker)
FAULTS = {
    "a deployment's row is gone": (
        [r"C1: there is an object \S+/deployment/_3\d, and no row of it"],
        "sql 'create table kept as select * from deployment where id = '$failed; sql 'delete from deployment where id = '$failed; "
        "rm -f /var/lib/deployd/logs/*/$failed.zst",
        "sql 'insert into deployment overriding system value select * from kept'; sql 'drop table kept'", []),
    "an acknowledged deployment has no row": (
        [r"C1: 4711 was acknowledged, and no deployment has it",
         r"C1: request never was acknowledged, and no deployment has it"],
        "printf '%s\\n' $live 4711 'request never' >/run/acknowledged", "echo $live >/run/acknowledged",
        ["--acknowledged=/run/acknowledged"]),
    "a row has another status than was told": (
        [r"C1: deployment \d of shop is cancelled, and the event log says superseded",
         r"C1: Status of \S+ is 'superseded', and its row says 'cancelled'"],
        "sql \"update deployment set status = 'cancelled' where id = $old\"",
        "sql \"update deployment set status = 'superseded' where id = $old\"", []),
    "a row never ends": (
        [r"C1: deployment \d of shop is still queued"],
        "sql \"update deployment set status = 'queued', started_at = null, finished_at = null, error_summary = '' where id = $failed\"",
        "sql \"update deployment set status = 'failed', started_at = created_at, finished_at = created_at, "
        "error_summary = 'web.1 exited with status 3 before it listened on port '||assigned_port where id = $failed\"", []),
    "deployd does not run": (
        [r"C1: deployd does not answer: .*"],
        "systemctl stop deployd", "systemctl start deployd", []),
    "the database does not run": (
        [r"C1: the database does not answer: .*"],
        "systemctl stop deployd-postgres",
        "systemctl start deployd-postgres; until deployctl status | grep -q connected; do :; done", []),
    "two deployments are live": (
        [r"C2: app shop has 2 live deployments: \d, \d"],
        "sql 'alter table deployment drop constraint deployment_one_live'; "
        "sql \"update deployment set status = 'live' where id = $old\"",
        "sql \"update deployment set status = 'superseded' where id = $old\"; "
        "sql \"alter table deployment add constraint deployment_one_live exclude using btree (app_id with =) "
        "where (status = 'live') deferrable initially immediate\"", ["--unsettled"]),
    "the ingress keeps requests out": (
        [r"C3: the ingress does not let requests to d\d\.web\.1 of app-shop at port \d+"],
        "ingress \"set server app-shop/d$live.web.1 state maint\"",
        "ingress \"set server app-shop/d$live.web.1 state ready\"", ["--grace=0"]),
    "the ingress lets requests to a stranger": (
        [r"C3: the ingress lets requests to stranger of app-shop at port 28000, which is not live or does not run"],
        "ingress 'add server app-shop/stranger 127.0.0.1:28000'; ingress 'enable server app-shop/stranger'",
        "ingress 'set server app-shop/stranger state maint'; ingress 'del server app-shop/stranger'", ["--grace=0"]),
    "the ingress would be another after a restart": (
        [r"C3: \S+/apps.cfg lets requests to stranger of app-shop at port 28000, which is not live or does not run"],
        "cp --preserve /var/lib/deployd/ingress/apps.cfg /root; "
        "echo '    server stranger 127.0.0.1:28000' >>/var/lib/deployd/ingress/apps.cfg",
        "mv /root/apps.cfg /var/lib/deployd/ingress/apps.cfg", []),
    "a unit that no row has": (
        [r"C4: deployd-app-shop-99\.web\.1\.service is there \(active, running\), and no row has it"],
        "systemd-run --quiet --unit=deployd-app-shop-99.web.1 sleep infinity",
        "systemctl stop deployd-app-shop-99.web.1", []),
    "the slice of an app that is not there": (
        [r"C4: deployd-apps-nobody\.slice is there \(active, active\), and no row has it"],
        "systemctl start deployd-apps-nobody.slice", "systemctl stop deployd-apps-nobody.slice", []),
    "an instance without a unit": (
        [r"C4: deployd-app-shop-\d\.worker\.1\.service of app shop should run and is not there"],
        f"sql \"insert into instance (deployment_id, process, number, unit) values ($live, 'worker', 1, '{NEXT}')\"",
        "sql \"delete from instance where process = 'worker'\"", ["--without=C1"]),
    "a leaked lease": (
        [r"C5: port 29998 is leased to deployment \d, which has no instance there"],
        "sql \"insert into port_lease (port, deployment_id, process, number) values (29998, $old, 'web', 1)\"",
        "sql 'delete from port_lease where port = 29998'", []),
    "a port that two apps have": (
        [r"C5: port \d+ is in 2 rows of table app"],
        "sql 'alter table app drop constraint app_port_key'; sql 'update app set port = port - 1 where id = 2'",
        "sql 'update app set port = port + 1 where id = 2'; sql 'alter table app add constraint app_port_key unique (port)'",
        ["--unsettled"]),
    "a release that no row has": (
        [r"C6: /var/lib/deployd/releases/77 is there, and no row has it"],
        "mkdir /var/lib/deployd/releases/77", "rmdir /var/lib/deployd/releases/77", []),
    "a release that was never finished": (
        [r"C6: /var/lib/deployd/releases/\d\.new is there, and no row has it"],
        "mkdir /var/lib/deployd/releases/$live.new", "rmdir /var/lib/deployd/releases/$live.new", []),
    "a release is gone": (
        [r"C6: /var/lib/deployd/releases/\d is not there"],
        "mv /var/lib/deployd/releases/$old /root/kept", "mv /root/kept /var/lib/deployd/releases/$old", []),
    "a release was changed": (
        [r"C6: the digest of /var/lib/deployd/releases/\d is [0-9a-f]{64}, and its row says [0-9a-f]{64}"],
        "cd /var/lib/deployd/releases/$live/app; cp --preserve app.py /root; echo '#' >>app.py",
        "cp --preserve /root/app.py /var/lib/deployd/releases/$live/app/app.py", []),
    "something is left in the spool": (
        [r"C6: /var/lib/deployd/spool/tar is there, and no row has it"],
        ">/var/lib/deployd/spool/tar", "rm /var/lib/deployd/spool/tar", []),
    "the environment of nobody": (
        [r"C6: /run/deployd/env/99\.web\.1 is there, and no row has it"],
        "umask 077; >/run/deployd/env/99.web.1", "rm /run/deployd/env/99.web.1", []),
    "the cache of no app": (
        [r"C6: /var/cache/private/deployd-apps/99 is there, and no row has it"],
        "mkdir /var/cache/private/deployd-apps/99", "rmdir /var/cache/private/deployd-apps/99", []),
    "data that no row has": (
        [r"C6: /var/lib/private/deployd-apps/99 is there, and no row has it"],
        "mkdir /var/lib/private/deployd-apps/99", "rmdir /var/lib/private/deployd-apps/99", []),
    "data of a removed app that should be deleted": (
        [r"C6: /var/lib/private/deployd-apps/99 is there, and no row has it"],
        "sql \"insert into removed_app (id, name, last_deployment, keep_until, data) values (99, 'gone', 1, now(), 'deleted')\"; "
        "mkdir /var/lib/private/deployd-apps/99",
        # As long as it is kept, it is no fault.
        "sql \"update removed_app set data = 'kept'\"", []),
    "a mark of another installation": (
        [r"C6: /var/lib/private/deployd-apps/\.installation begins with 'installation x[0-9a-f]{31}', and the database is of "
         r"'installation [0-9a-f]{32}'"],
        "sed -i '1s/ ./ x/' /var/lib/private/deployd-apps/.installation",
        "cp /var/lib/deployd/installation /var/lib/private/deployd-apps/.installation", []),
    "a mark that misses an app": (
        [r"C6: /var/lib/deployd/installation does not name app 2"],
        "sed -i '/^app 2 /d' /var/lib/deployd/installation",
        "cp /var/lib/private/deployd-apps/.installation /var/lib/deployd/installation", []),
    "a mirror that no row has": (
        [r"C6: /var/cache/private/deployd-fetch/99 is there, and no row has it"],
        "mkdir /var/cache/private/deployd-fetch/99", "rmdir /var/cache/private/deployd-fetch/99", []),
    "an environment that everybody may read": (
        [r"C7: /run/deployd/env/\d\.web\.1 is of user 0 with mode 0644, not of root with 0600"],
        "chmod 644 /run/deployd/env/$live.web.1", "chmod 600 /run/deployd/env/$live.web.1", []),
    "a canary in the journal": (
        [r"C7: a canary is in the journal, in MESSAGE of \S+"],
        "echo \"it is $canary.\" | systemd-cat --identifier=somebody", "forget", []),
    "a canary in an event": (
        [r"C7: a canary is in the tables besides that of the environment"],
        "sql \"insert into event (verb, detail) values ('made-up', '$canary')\"",
        "sql 'alter table event disable trigger event_append_only'; sql \"delete from event where verb = 'made-up'\"; "
        "sql 'alter table event enable trigger event_append_only'", ["--thorough"]),
    "a canary in a property of an app": (
        [r"C7: a canary is in the rows of the database", r"C7: a canary is in the objects of deployd"],
        "busctl call org.deployd.Deploy1 /org/deployd/Deploy1/app/shop org.deployd.Deploy1.App SetProperties 'a{sv}' 1 Branch s $canary",
        "busctl call org.deployd.Deploy1 /org/deployd/Deploy1/app/shop org.deployd.Deploy1.App SetProperties 'a{sv}' 1 Branch s ''", []),
    "a canary among arguments": (
        [r"C7: a canary is among the arguments of process \d+ of test-arguments\.service",
         r"C7: a canary is in /run/systemd/transient/test-arguments\.service"],
        "systemd-run --quiet --unit=test-arguments --description=test sh -c \"sleep infinity # $canary\"; "
        "until [ $(systemctl show -P MainPID test-arguments) != 0 ]; do :; done", "systemctl stop test-arguments", []),
    "a canary in the environment of another unit": (
        [r"C7: a canary is in the environment of process \d+ of test-environment\.service",
         r"C7: a canary is in /run/systemd/transient/test-environment\.service",
         r"C7: a canary is in the properties of units"],
        "systemd-run --quiet --unit=test-environment --setenv=SECRET=$canary sleep infinity", "systemctl stop test-environment",
        ["--thorough"]),
    "a canary in a release": (
        [r"C7: a canary is in /var/lib/deployd/releases/\d/new/file"],
        "mkdir /var/lib/deployd/releases/$old/new; echo $canary >/var/lib/deployd/releases/$old/new/file",
        "rm -r /var/lib/deployd/releases/$old/new", ["--thorough", "--without=C6"]),
    "a file of a dynamic user's": (
        [r"C8: /var/tmp/stray is of user 61500, whom systemd made for one unit"],
        ">/var/tmp/stray; chown 61500 /var/tmp/stray", "rm /var/tmp/stray", ["--thorough"]),
    "a sanitizer's report": (
        [r"C9: deployd-fetch-shop-99\.service wrote: main\.c:7: runtime error: signed integer overflow"],
        "systemd-run --quiet --wait --collect --unit=deployd-fetch-shop-99 sh -c 'echo main.c:7: runtime error: signed integer overflow'",
        "forget", []),
    "an assertion": (
        [r"C9: deployd-fetch-shop-99\.service wrote: fetch: main\.c:7: main: Assertion `n > 0' failed\."],
        "systemd-run --quiet --wait --collect --unit=deployd-fetch-shop-99 sh -c \"echo 'fetch: main.c:7: main: Assertion \\`n > 0'\\'' failed.'\"",
        "forget", []),
    "a helper that crashed": (
        [r"C9: deployd-fetch-shop-99\.service: Main process exited, code=(killed|dumped), status=11/SEGV",
         r"(C9: deployd-fetch-shop-99\.service: Failed with result 'core-dump'\.)?"],
        "systemd-run --quiet --wait --collect --unit=deployd-fetch-shop-99 sh -c 'kill -SEGV $$$$' || :", "forget", []),
    "a core": (
        [r"C9: a core was dumped: /core\.42"], ">/core.42", "rm /core.42", []),
    "an instance of the formation is missing": (
        [r"C12: deployd-app-shop-\d\.web\.2\.service of the formation of app shop is not there"],
        "sql \"update app set formation = '{web=2}' where name = 'shop'\"",
        "sql \"update app set formation = '{}' where name = 'shop'\"", []),
    "an instance that the formation does not have": (
        [r"C12: deployd-app-shop-\d\.web\.1\.service is there, and the formation of app shop does not have it"],
        "sql \"update app set formation = '{worker=0}' where name = 'shop'\"",
        "sql \"update app set formation = '{}' where name = 'shop'\"", []),
}


@pytest.fixture(scope="module")
def machine(boot):
    booted = boot(files=apps.PROGRAMS)
    repositories.serve(booted)
    return booted


@pytest.fixture(scope="module")
def deployd(machine):
    """deployd with two apps: of shop one deployment is superseded, one failed and one live."""
    platform = Deployd(machine)
    repository = platform.app("shop")
    platform.old = platform.live("shop")["Id"]
    repository.commit({"Procfile": "web: exit 3\n"})
    platform.failed = platform.end(platform.deploy("shop"))["Id"]
    platform.settled(platform.failed, "shop")
    repository.commit(repositories.sample("python", "2"))
    platform.current = platform.live("shop")
    platform.app("other")
    platform.live("other")
    # The archives of all logs are there.
    assert checker.check(machine) == []
    platform.numbers = {"old": platform.old, "failed": platform.failed, "live": platform.current["Id"]}
    return platform


def look(machine, *arguments):
    """What the checker finds, with little patience. It remembers its place in the journal between the tests only."""
    return checker.check(machine, "--settle=0.5", "--grace=0.5", f"--canary={machine.canary}", *arguments)


def finds(machine, expressions, *arguments):
    """The checker must find these sentences and no others."""
    found = look(machine, *arguments)
    for line in found:
        assert any(re.fullmatch(expression, line) for expression in expressions), line
    for expression in expressions:
        assert re.fullmatch(expression, "") or any(re.fullmatch(expression, line) for line in found), expression


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_has_its_sentence(machine, deployd, name):
    expressions, make, repair, arguments = FAULTS[name]
    words = "; ".join(f"{word}={number}" for word, number in deployd.numbers.items()) + f"; canary={machine.canary}\n"
    try:
        machine.sh(SHELL + words + make)
        finds(machine, expressions, *arguments)
    finally:
        machine.sh(SHELL + words + repair)
    assert look(machine, *arguments) == []


def test_every_invariant_has_a_fault(deployd):
    """C10 and C11 have their own tests below."""
    named = {expressions[0].partition(":")[0] for expressions, *_ in FAULTS.values()}
    assert named == {f"C{number}" for number in (*range(1, 10), 12)}


@pytest.mark.parametrize("where", ["range", "stable"])
def test_a_stranger_on_a_port_is_named(machine, deployd, where):
    # The ingress has the stable port at 127.0.0.1 and ::1.
    address, port, whose = {"range": ("127.0.0.1", 29999, "nobody has port 29999, and it"),
                            "stable": ("127.0.0.2", deployd.get("shop", "Port"),
                                       rf"port {deployd.get('shop', 'Port')} of deployd-ingress\.service")}[where]
    with apps.stranger(machine, address, port):
        finds(machine, [rf"C5: {whose} is held by python3 \(pid \d+, .*\) at {address}"])
    assert look(machine) == []


def test_an_app_that_somebody_stopped_is_no_fault(machine, deployd):
    machine.systemctl("stop", deployd.current["Units"][0])
    machine.wait(lambda: deployd.get("shop", "Status") == "stopped", what="shop being stopped")
    assert look(machine) == []
    deployd.do("shop", "Start")
    machine.wait(lambda: deployd.get("shop", "Status") == "running", what="shop running")
    assert look(machine) == []


def test_what_is_under_way_is_waited_for(machine, deployd):
    repository = repositories.Repository(machine, "slow")
    repository.commit(SILENT)
    deployd.create_repository("slow", repository.url)
    deployd.create_app("slow", "slow")
    with Held(machine, "import") as imports:
        number = deployd.deploy("slow")
        imports.unit("slow-*")
        machine.write("/run/acknowledged", f"{number}\n")
        acknowledged = "--acknowledged=/run/acknowledged"
        finds(machine, [rf"C1: deployment {number} of slow is still building", r"C1: app slow is still deploying",
                        rf"C1: deployd-import-slow-{number}\.service is still there \(activating, start-pre\)",
                        ], acknowledged)
        assert look(machine, acknowledged, "--unsettled") == []
        machine.call(deployment_path(number), "Deployment.Cancel")
    assert checker.check(machine, acknowledged) == []
    deployd.do("slow", "Remove", "b", "true")
    # What was acknowledged may be removed, and with it its rows.
    assert checker.check(machine, acknowledged) == []


def test_a_daemon_that_was_started_again_is_counted(machine, deployd):
    machine.systemctl("restart", daemon.UNIT)
    assert look(machine, "--restarts=0") == []
    daemon.kill(machine)
    finds(machine, [r"C9: deployd\.service was restarted 1 times, not 0"], "--restarts=0")
    assert look(machine, "--restarts=1") == []


def test_a_daemon_that_crashed_is_found(machine, deployd):
    before = daemon.pid(machine)
    machine.run(["kill", "-ABRT", before])
    daemon.ready(machine, after=before)
    finds(machine, [r"C9: deployd\.service: Main process exited, code=(killed|dumped), status=6/ABRT",
                    r"(C9: deployd\.service: Failed with result 'core-dump'\.)?"])
    machine.sh(SHELL + "forget")
    assert look(machine) == []


def test_a_request_that_is_repeated_without_a_pause_is_found(machine, deployd):
    unit = "deployd-fetch-shop-97.service"
    machine.run(["busctl", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                 "StopUnit", "ss", unit, "replace"], check=False)
    machine.wait(lambda: machine.run(["grep", "-q", unit, calls.FILE], check=False).returncode == 0,
                 what="the call being written down")
    machine.wait(lambda: look(machine) == [], what="the end of what is under way")
    # As one process would that goes on asking.
    machine.sh(f"line=$(grep {unit} {calls.FILE}); for n in $(seq 10); do echo \"$line\" >>{calls.FILE}; done")
    finds(machine, [rf"C11: StopUnit of {re.escape(unit)} was asked for 11 times within 0\.0 s"])
    machine.sh(f": >{calls.FILE}")
    assert look(machine) == []


# More of them than the ingress may have open, for as long as this runs.
CROWD = """
import resource, signal, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
crowd = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(400)]
print("connected", flush=True)
signal.pause()
"""


def test_too_many_open_files_are_found(machine, deployd):
    with machine.stream(["python3", "-c", CROWD, deployd.get("shop", "Port")]) as crowd:
        crowd.wait(lambda line: line == "connected")
        finds(machine, [r"C10: deployd-ingress\.service has \d+ open files, more than 256"])
    assert look(machine) == []
