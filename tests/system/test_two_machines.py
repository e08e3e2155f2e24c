# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two machines whose deployds use one PostgreSQL server: one works, the other waits for its end. The server runs on the
second machine; both reach it by TCP, as if it were a third."""

import re
import subprocess

import pytest

import daemon
import repository as repositories
from deployd import ROOT, Deployd

CLIENT, SERVER, NAME, CERTIFICATE = "192.0.2.2", "192.0.2.1", "db.example.com", "/etc/deployd/db.crt"
URL = f"postgresql://deployd:secret@{NAME}/deployd?hostaddr={SERVER}&sslmode=verify-full&sslrootcert={CERTIFICATE}"
# The boot does not start deployd: there is no network yet.
FILES = {daemon.CONFIGURATION: f"[database]\nurl = {URL}\n",
         daemon.DROPIN: "[Unit]\nConditionPathExists=/run/test-network\n"}
SERVE = f"""
pg_createcluster --locale=C.UTF-8 15 main
cd /etc/postgresql/15/main
openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN={NAME} -keyout db.key -out db.crt 2>&1
cp db.crt {CERTIFICATE}
chown postgres db.key
cat >>postgresql.conf <<'END'
listen_addresses = '{SERVER}'
ssl_cert_file = '/etc/postgresql/15/main/db.crt'
ssl_key_file = '/etc/postgresql/15/main/db.key'
END
echo 'hostssl deployd deployd 192.0.2.0/24 scram-sha-256' >>pg_hba.conf
pg_ctlcluster 15 main start
"""
# Each command of a migration goes through a gate first.
HOLD = """
create schema test
        create table line (line text);
create function test.hold() returns event_trigger language plpgsql security definer as
        $$ begin copy test.line from program '[ ! -p {gate} ] || cat {gate}'; end $$;
create event trigger hold on ddl_command_start execute function test.hold();
"""
# Rows name releases of the other machine, too.
pytestmark = pytest.mark.leaves("C6: releases are where they were built")
OTHER = r"another deployd uses this database \(pid (\d+), since [0-9: -]+ UTC\)"


def psql(machine, query, database="deployd"):
    """The rows of a query to the server, asked as its superuser."""
    return machine.run(["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command", query, database],
                       user="postgres").stdout.splitlines()


def connect(first, second):
    """Lays a cable between two machines, which goes when one of them does. The server's address does not."""
    subprocess.run(["ip", "link", "add", "lan", "netns", str(first.leader), "type", "veth",
                    "peer", "name", "lan", "netns", str(second.leader)], check=True)
    second.sh(f"ip address add {SERVER}/32 dev lo")
    for machine, own, other in ((first, CLIENT, SERVER), (second, SERVER, CLIENT)):
        machine.sh(f"ip address add {own} peer {other} dev lan; ip link set lan up; touch /run/test-network")


@pytest.fixture(scope="module")
def machines(boot):
    """Two machines without a deployd that runs, and a server with an empty database."""
    first, second = boot(files=FILES), boot(files=FILES)
    connect(first, second)
    second.sh(SERVE)
    psql(second, "create role deployd login password 'secret'", "postgres")
    psql(second, "create database deployd owner deployd", "postgres")
    first.write(CERTIFICATE, second.read(CERTIFICATE))
    for machine in (first, second):
        machine.sh(f"cp /usr/share/deployd/database-tcp.conf {daemon.DROPIN.rsplit('/', 1)[0]}; systemctl daemon-reload")
        machine.asked = [f"--database={URL}"]
        repositories.serve(machine)
    # The same commit.
    repositories.Repository(first, "shop").commit(repositories.sample("python", "1"))
    first.run(["tar", "--create", "--file=/root/git.tar", "--directory=/srv", "git"])
    second.write("/root/git.tar", first.root("/root/git.tar").read_bytes())
    second.run(["tar", "--extract", "--file=/root/git.tar", "--directory=/srv"])
    return first, second


def waits(machine, server):
    """A deployd waits for the end of another, and says so to everybody; the server's process of the other."""
    sentence = daemon.says(machine, "another deployd uses this database (pid ")
    holder, = re.fullmatch(OTHER, sentence).groups()
    assert psql(server, "select pid from pg_locks where locktype = 'advisory' and granted") == [holder]
    assert daemon.state(machine, "ActiveState") == "activating"
    assert f'Status: "{sentence}"' in machine.systemctl("status", "--no-pager", daemon.UNIT, check=False)
    for member, *arguments in (("Manager.ListApps",), ("Manager.Deploy", "ssa{sv}", "shop", "", 0)):
        assert daemon.refused(machine, ROOT, member, *arguments) == (daemon.ERROR + "DatabaseUnavailable", sentence)
    done = machine.run(["deployctl", "status"], check=False)
    assert sentence in done.stdout + done.stderr
    machine.left = True
    return holder


def takes_over(machine, server):
    """A deployd that has waited works: it finds the app and its deployments, builds the live deployment again, and verifies all."""
    daemon.ready(machine)
    machine.left = False
    platform = Deployd(machine)
    machine.wait(lambda: platform.get("shop", "Status") == "running", what="the app running here")
    done = machine.run(["/usr/sbin/deployd", "verify"], check=False)
    assert (done.returncode, re.findall(r"^\S", done.stdout, re.MULTILINE)) == (0, ["✓"] * 9), done.stdout
    statuses = [platform.describe(number)["Status"] for number in psql(server, "select id from deployment order by id")]
    assert statuses == ["superseded"] * (len(statuses) - 1) + ["live"] and len(statuses) > 1
    # Two machines of one installation: neither takes the other's disk for one that is not mounted.
    assert machine.get(ROOT, "Manager.Attention") == ""
    assert machine.curl(platform.get("shop", "Port")) == (200, "python 1\n")


@pytest.fixture(scope="module")
def working(machines):
    """The first machine's deployd has migrated while the second's waited; an app is live on it."""
    first, second = machines
    gate = daemon.Gate(second, "migration")
    psql(second, HOLD.format(gate=gate.path))
    first.systemctl("start", "--no-block", daemon.UNIT)
    daemon.says(first, "Applying migration 1 of ")
    second.systemctl("start", "--no-block", daemon.UNIT)
    holder = waits(second, second)
    assert psql(second, f"select client_addr from pg_stat_activity where pid = {holder}") == [CLIENT]
    gate.open()
    daemon.ready(first)
    psql(second, "drop event trigger hold; drop schema test cascade")
    platform = Deployd(first)
    platform.create_repository("shop", f"http://127.0.0.1:{repositories.PORT}/shop.git")
    platform.create_app("shop", "shop")
    platform.live("shop")
    return first, second


def test_one_migrates_while_the_other_waits(working):
    first, second = working
    assert waits(second, second)
    for machine, applied in ((first, True), (second, False)):
        said = [entry["MESSAGE"] for entry in machine.journal("--unit", daemon.UNIT)]
        assert any(line.startswith("Applying migration ") for line in said) == applied


@pytest.mark.leaves("C9: one that is displaced ends")
def test_one_that_was_cut_off_reads_everything_again_before_it_works_again(working):
    first, second = working
    first.sh("ip link set lan down")
    takes_over(second, second)
    first.sh("ip link set lan up")
    first.wait(lambda: daemon.state(first, "NRestarts") == "1", what="the one that was cut off ending")
    waits(first, second)
    second.systemctl("stop", daemon.UNIT)
    takes_over(first, second)
    second.systemctl("start", "--no-block", daemon.UNIT)
    waits(second, second)


def test_when_the_machine_loses_its_power_the_other_takes_over(working):
    first, second = working
    first.sh("ip link set lan down")
    first.kill()
    takes_over(second, second)
