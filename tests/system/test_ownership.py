# SPDX-License-Identifier: LGPL-2.1-or-later
"""Absence is not an order to delete: whichever disk or database is missing, is another installation's or is older, what
runs goes on, what is stored stays, and deployd says so in one sentence until the administrator decides."""

import contextlib
import pathlib
import re

import pytest

import apps
import daemon
import repository as repositories
from deployd import ROOT, Deployd

MACHINE_FILES = apps.PROGRAMS
pytestmark = pytest.mark.leaves("C11: each start of deployd takes the units of apps back, and here are many")

DATA = "/var/lib/private/deployd-apps"
STATE = "/var/lib/deployd"
DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs/MIGRATIONS.md"

# Why disk and database do not belong together, and what that means.
REASONS = {
    "mount": f"({DATA}|{STATE}) is not as it was left, as if its disk was not mounted",
    "disk": f"What is in ({DATA}|{STATE}) is of another installation than the database",
    "damaged": f"The file in ({DATA}|{STATE}) that names its installation is damaged",
    "older": r"The database does not know the (data of app|release|logs of app) \d+ in \S+, as if it was an older or another "
             "one",
}
MEANING = ("nothing is deleted or stopped, and changes are refused, until the right disk and database are there or "
           "'deployd adopt' decides")

ADMIN = ["psql", "--host=/run/deployd/postgres", "--username=postgres", "--no-psqlrc", "--quiet"]
DUMP = "runuser -u deployd-postgres -- {} --host=/run/deployd/postgres --username=postgres"


def admin(machine, *statements):
    """Statements that the superuser of the private server sends, one transaction each."""
    words = [word for statement in statements for word in ("--command", statement)]
    return machine.run([*ADMIN, *words, "postgres"], user="deployd-postgres").stdout


def account(platform, app):
    """The file of an app's data, as the rows have it now."""
    number, = platform.sql(f"select id from app where name = '{app}'")
    return f"{DATA}/{number}/account"


def unmount(machine, path):
    """Takes a disk away from those who come later. Who has it open keeps it."""
    machine.sh(f"mount --bind {path} {path}.right && umount --lazy {path}")


def mount(machine, path):
    machine.sh(f"mount --bind {path}.right {path} && umount --lazy {path}.right")


class Bank:
    """deployd on a machine with the apps early and late; the database `older` is of the time before late."""

    def __init__(self, machine):
        self.machine = machine
        # Both directories are disks of their own, and empty below.
        machine.systemctl("stop", daemon.UNIT, "deployd-postgres.service", "deployd-ingress.service")
        machine.sh(f"""
            for disk in {DATA} {STATE}; do
                mkdir $disk.right
                cp -a $disk $disk.copy
                rm -r $disk/* $disk/.[!.]* 2>/dev/null || :
                mount -t tmpfs -o mode=755 disk $disk
                cp -a $disk.copy/. $disk
                rm -r $disk.copy
            done""")
        machine.systemctl("start", "deployd-ingress.service", daemon.UNIT)
        daemon.ready(machine)
        self.platform = Deployd(machine)
        self.open("early")
        self.archived()
        machine.sh(f"cd /; {DUMP.format('pg_dump')} --format=custom deployd >/root/older.database")
        self.open("late")
        self.archived()
        self.files = {app: account(self.platform, app) for app in ("early", "late")}
        self.ports = {app: self.platform.get(app, "Port") for app in self.files}
        self.accounts = {app: machine.read(path) for app, path in self.files.items()}
        assert len(set(self.accounts.values())) == 2
        # Databases to begin with: an older one of this installation, a new one, and another installation's.
        admin(machine, "create database older owner deployd")
        self.migrate("new")
        self.migrate("other")
        machine.sh(f"cd /; {DUMP.format('pg_restore')} --dbname=older --exit-on-error </root/older.database")
        machine.run([*ADMIN, "--command", "update installation set machine = gen_random_uuid()", "other"],
                    user="deployd-postgres")
        # The disk of another installation.
        machine.sh(f"""
            mkdir -p --mode=700 {DATA}.other/1
            echo 'of somebody else' >{DATA}.other/1/account
            cat >{DATA}.other/.installation <<END
installation 0123456789abcdef0123456789abcdef
app 1 1700000000000000 shop
END""")

    def open(self, app):
        """An app that is live and has stored something."""
        self.platform.app(app, apps.bank(), Buildpack="none")
        self.platform.live(app)

    def archived(self):
        """Waits until the logs of all deployments are packed: they are files that a row must know."""
        made, = self.platform.sql("select count(*) from deployment")
        self.machine.wait(lambda: self.machine.sh(f"find {STATE}/logs -name '*.zst' | wc -l") == made,
                          what="the logs being archived")

    def migrate(self, name):
        """A database as a first start of deployd would make it."""
        self.machine.systemctl("stop", daemon.UNIT)
        admin(self.machine, "alter database deployd rename to right_one", "create database deployd owner deployd")
        self.machine.run(["/usr/sbin/deployd", "migrate"])
        admin(self.machine, f"alter database deployd rename to {name}", "alter database right_one rename to deployd")
        self.machine.systemctl("start", daemon.UNIT)

    def stored(self):
        """All that is on the disks, but for the marks."""
        return self.machine.sh(f"find {DATA}* {STATE}/releases {STATE}/logs -type f -not -name .installation -exec md5sum {{}} + | sort")

    def serves(self):
        """Both apps answer with what they have stored."""
        for app, port in self.ports.items():
            assert self.machine.curl(port) == (200, self.accounts[app])

    def attention(self):
        return self.machine.get(ROOT, "Manager.Attention")

    def says(self, *reasons):
        """It is ready and says in one sentence, everywhere, that disk and database do not belong together."""
        daemon.ready(self.machine)
        sentence = self.attention()
        wanted = "|".join(REASONS[reason] for reason in reasons)
        assert re.fullmatch(f"({wanted}): {re.escape(MEANING)}", sentence), sentence
        assert daemon.state(self.machine, "StatusText") == sentence
        done = self.machine.run(["/usr/sbin/deployd", "verify"], check=False)
        assert done.returncode == 1 and sentence in done.stdout
        refused = daemon.refused(self.machine, ROOT, "Manager.CreateRepository", "sssa{sv}", "new", "https://example.com/", "", 0)
        assert refused == (daemon.ERROR + "ForeignData", sentence)

    def agrees(self):
        """It is ready, and has nothing to say."""
        daemon.ready(self.machine)
        assert self.attention() == ""
        self.platform.listen()
        assert re.fullmatch(daemon.STATUS, daemon.state(self.machine, "StatusText"))
        done = self.machine.run(["/usr/sbin/deployd", "verify"], check=False)
        assert done.returncode == 0, done.stdout

    @contextlib.contextmanager
    def exchanged(self, disk, database):
        """Another disk and another database for a while, `present` = the right one. deployd is stopped meanwhile, all
        else runs."""
        self.machine.systemctl("stop", daemon.UNIT)
        if disk != "present":
            unmount(self.machine, DATA)
        if disk == "other":
            self.machine.sh(f"mount --bind {DATA}.other {DATA}")
        if database != "present":
            admin(self.machine, "alter database deployd rename to right_one",
                  f"create database deployd template {database} owner deployd")
        self.machine.systemctl("start", daemon.UNIT)
        yield
        self.machine.systemctl("stop", daemon.UNIT)
        if disk == "other":
            self.machine.sh(f"umount {DATA}")
        if disk != "present":
            mount(self.machine, DATA)
        if database != "present":
            admin(self.machine, "drop database deployd with (force)", "alter database right_one rename to deployd")
        self.machine.systemctl("start", daemon.UNIT)

    @contextlib.contextmanager
    def untouched(self):
        """What is stored and what runs at the beginning is there at the end, and the apps have served all the time."""
        stored, running = self.stored(), daemon.instances(self.machine)
        assert len(running) == 2
        self.serves()
        yield
        self.serves()
        assert daemon.instances(self.machine) == running
        assert self.stored() == stored


@pytest.fixture(scope="module")
def bank(machine):
    return Bank(machine)


# Which reasons are true of each. A new database of the machine's own comes with the directories that it had.
FOREIGN = {
    ("present", "new"): ["disk"], ("present", "other"): ["disk"], ("present", "older"): ["older"],
    ("missing", "present"): ["mount"], ("missing", "new"): ["disk"], ("missing", "other"): ["disk"],
    ("missing", "older"): ["mount", "older"],
    ("other", "present"): ["disk"], ("other", "new"): ["disk"], ("other", "other"): ["disk"], ("other", "older"): ["disk"],
}


@pytest.mark.parametrize("disk", ["present", "missing", "other"])
@pytest.mark.parametrize("database", ["present", "new", "other", "older"])
def test_in_every_order_nothing_is_lost(bank, disk, database):
    with bank.untouched():
        with bank.exchanged(disk, database):
            if (disk, database) in FOREIGN:
                bank.says(*FOREIGN[disk, database])
                bank.serves()
                assert len(daemon.instances(bank.machine)) == 2
                done = bank.machine.run(["deployctl", "backup", "/root/x.backup"], check=False)
                assert done.returncode != 0 and "disk and database do not belong together" in done.stderr
                assert not bank.machine.root("/root/x.backup").exists()
            else:
                bank.agrees()
        bank.agrees()


def test_the_disk_of_the_database_is_not_mounted(bank):
    """Both go, and what a start finds is what the package has installed."""
    machine = bank.machine
    with bank.untouched():
        machine.systemctl("stop", daemon.UNIT, "deployd-postgres.service")
        unmount(machine, STATE)
        machine.run(["systemd-tmpfiles", "--create", "deployd.conf"])
        machine.systemctl("start", daemon.UNIT)
        bank.says("disk")
        bank.serves()
        machine.systemctl("stop", daemon.UNIT, "deployd-postgres.service")
        machine.sh(f"rm -r {STATE}/*")
        mount(machine, STATE)
        machine.systemctl("start", daemon.UNIT)
        bank.agrees()


def test_a_server_of_the_administrators_is_empty(bank):
    """The url of another database."""
    bank.machine.sh("pg_createcluster --locale=C.UTF-8 15 main && pg_ctlcluster 15 main start")
    for command in (["createuser", "--superuser", "root"], ["createdb", "--owner=root", "deployd"]):
        bank.machine.run(command, user="postgres")
    with bank.untouched():
        bank.machine.write(daemon.CONFIGURATION, "[database]\nurl = postgresql:///deployd?host=/var/run/postgresql&user=root\n")
        bank.machine.systemctl("restart", daemon.UNIT)
        bank.says("disk")
        bank.serves()
        bank.machine.run(["rm", daemon.CONFIGURATION])
        bank.machine.systemctl("restart", daemon.UNIT)
        bank.agrees()
    bank.machine.sh("pg_ctlcluster 15 main stop")


def test_a_mark_that_goes_while_it_runs(bank):
    """As when its disk fails. Nothing has to be decided: the mark comes back with the disk."""
    for path in (f"{DATA}/.installation", f"{STATE}/installation"):
        with bank.untouched():
            bank.machine.run(["mv", path, "/root/mark"])
            error, sentence = daemon.refused(bank.machine, ROOT, "Manager.Deploy", "ssa{sv}", "early", "", 0)
            assert (error, sentence) == (
                daemon.ERROR + "ForeignData",
                f"{path.rsplit('/', 1)[0]} is not as deployd left it, as if its disk was not mounted: mount it, then "
                "'systemctl restart deployd'")
            bank.machine.run(["mv", "/root/mark", path])
        bank.platform.set("early", Branch="")


@pytest.mark.parametrize("odd", ["echo installation >$0", "mkdir $0", "ln -s $0 $0", "mkfifo $0"],
                         ids=["damaged", "directory", "loop", "fifo"])
@pytest.mark.parametrize("path", [f"{DATA}/.installation", f"{STATE}/installation"], ids=["data", "state"])
def test_an_odd_mark_is_told(bank, path, odd):
    machine = bank.machine
    with bank.untouched():
        machine.run(["mv", path, "/root/mark"])
        machine.run(["sh", "-c", odd, path])
        # The daemon that runs refuses changes, too.
        assert daemon.refused(machine, ROOT, "Manager.Deploy", "ssa{sv}", "early", "", 0)[0] == daemon.ERROR + "ForeignData"
        machine.systemctl("restart", daemon.UNIT)
        bank.says("damaged")
        bank.serves()
        machine.run(["rm", "-r", path])
        machine.run(["mv", "/root/mark", path])
        machine.systemctl("restart", daemon.UNIT)
        bank.agrees()


@pytest.mark.leaves("C9: it ends, and is started again", "C11: each start of deployd takes the units of apps back")
def test_a_database_that_is_exchanged_while_deployd_runs(bank):
    """What was read of one database is not used with another."""
    machine = bank.machine
    with bank.untouched():
        before = daemon.pid(machine)
        admin(machine, "alter database deployd allow_connections false",
              "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'deployd'",
              "alter database deployd rename to right_one", "create database deployd template new owner deployd")
        machine.wait(lambda: daemon.pid(machine) not in (0, before), what="another process of deployd")
        bank.says("disk")
        bank.serves()
        machine.systemctl("stop", daemon.UNIT)
        admin(machine, "drop database deployd with (force)", "alter database right_one rename to deployd",
              "alter database deployd allow_connections true")
        machine.systemctl("start", daemon.UNIT)
        bank.agrees()


def adopt(machine, *options):
    return machine.run(["/usr/sbin/deployd", "adopt", *options], check=False)


def test_without_a_terminal_and_yes_it_decides_nothing(bank):
    late, early = (bank.files[app].rsplit("/", 1)[0] for app in ("late", "early"))
    with bank.untouched(), bank.exchanged("present", "older"):
        bank.says("older")
        done = adopt(bank.machine)
        assert done.returncode == 1
        assert "Nothing was done: 'deployd adopt --yes' does what is listed" in done.stderr
        lines = done.stdout.splitlines()
        assert lines[0] == bank.attention()
        assert any(re.fullmatch(rf"data of app \d+: {late} is moved to {late}\.aside-\d{{8}}T\d{{6}}Z", line) for line in lines)
        assert not any(early in line for line in lines)
        assert any(re.fullmatch(r"unit deployd-app-late-\d+\.web\.1\.service: is stopped", line) for line in lines)
        assert not any("app-early" in line for line in lines)
        bank.says("older")
    bank.agrees()
    done = adopt(bank.machine)
    assert (done.returncode, done.stdout) == (
        0, "There is nothing to decide: the database knows all that is on this machine.\n")


def test_a_disk_that_is_gone_for_good_and_comes_back(bank):
    """The empty disk is taken. The former one is known again by its mark, which names the apps of the database."""
    with bank.untouched():
        with bank.exchanged("missing", "present"):
            bank.says("mount")
            done = adopt(bank.machine, "--yes")
            assert done.returncode == 0, done.stderr
            bank.agrees()
            bank.serves()
            bank.machine.run(["rm", f"{DATA}/.installation"])
        bank.says("disk")
        assert adopt(bank.machine).stdout.splitlines() == [bank.attention()]
        assert adopt(bank.machine, "--yes").returncode == 0
        bank.agrees()


def test_a_decision_that_fails_can_be_made_again(bank):
    """The marks cannot be written: nothing is decided, and nothing of the apps is moved by the second try."""
    machine, mark = bank.machine, f"{DATA}/.installation"
    with bank.untouched():
        machine.sh(f"rm {mark} && mkdir {mark}")
        machine.systemctl("restart", daemon.UNIT)
        bank.says("damaged")
        done = adopt(machine, "--yes")
        assert done.returncode != 0 and "nothing was decided" in done.stderr
        machine.run(["rmdir", mark])
        machine.systemctl("restart", daemon.UNIT)
        bank.says("mount")
        assert adopt(machine, "--yes").returncode == 0
        bank.agrees()
        machine.systemctl("restart", daemon.UNIT)
        bank.agrees()


def commands(title):
    """The blocks of commands of a paragraph of the document, which begins with this title."""
    text = DOCUMENT.read_text(encoding="utf-8")
    paragraph = text[text.index(f"**{title}**"):]
    end = re.search(r"^(\*\*|## )", paragraph[2:], re.MULTILINE)
    return re.findall(r"^```sh\n(.*?)^```$", paragraph[:end.start() + 2], re.MULTILINE | re.DOTALL)


@pytest.fixture
def gone_back(bank):
    """The database is the one that the document has had saved before the app fresh was deployed."""
    save, = commands("A backup of the database")
    back, decide = commands("Going back")
    bank.machine.sh(save)
    bank.open("fresh")
    bank.archived()
    bank.fresh = account(bank.platform, "fresh")
    bank.fresh_port, bank.fresh_account = bank.platform.get("fresh", "Port"), bank.machine.read(bank.fresh)
    *others, verify = back.strip().splitlines()
    assert verify == "deployd verify"
    with apps.Load(bank.machine, bank.ports["early"], rate=50) as load:
        bank.machine.sh("\n".join(others))
        bank.says("older")
        assert bank.machine.curl(bank.fresh_port) == (200, bank.fresh_account)
        assert decide.strip() == "deployd adopt"
        bank.load = load
        yield bank
    # haproxy is reloaded for the apps that come and go, and closes connections that nobody asks anything on.
    assert all(re.search(r"RemoteDisconnected.* \(kept connection\)$", failure) for failure in load.failures), load.failures
    assert load.answers == {bank.accounts["early"]}


def test_going_back_as_the_document_says_loses_nothing(gone_back):
    bank, machine = gone_back, gone_back.machine
    before = daemon.instances(machine, "early"), daemon.instances(machine, "late")
    directory = bank.fresh.rsplit("/", 1)[0]
    number = int(directory.rsplit("/", 1)[1])
    # There is no terminal here that would ask.
    done = adopt(machine, "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Done: deployd goes on with this database."
    aside = machine.sh(f"echo {directory}.aside-*/account")
    assert machine.read(aside) == bank.fresh_account
    assert machine.sh(f"ls {STATE}/aside-*").split()
    machine.wait(lambda: not machine.units("deployd-app-fresh-*"), what="the unit of the unknown app ending")
    bank.agrees()
    bank.serves()
    assert (daemon.instances(machine, "early"), daemon.instances(machine, "late")) == before
    # Changes are allowed again, and a new app begins with nothing.
    bank.platform.create_repository("fresh", f"http://127.0.0.1:{repositories.PORT}/fresh.git")
    bank.platform.create_app("fresh", "fresh", Buildpack="none")
    bank.platform.live("fresh")
    again = account(bank.platform, "fresh")
    assert int(again.split("/")[-2]) > number
    assert machine.read(again) != bank.fresh_account and machine.read(aside) == bank.fresh_account


def test_a_new_database_gives_no_former_id_again(bank):
    """The last test: this machine has another database afterwards."""
    machine = bank.machine
    machine.systemctl("stop", daemon.UNIT)
    admin(machine, "alter database deployd rename to right_one", "create database deployd template new owner deployd")
    machine.systemctl("start", daemon.UNIT)
    bank.says("disk")
    directories = [path.rsplit("/", 1)[0] for path in bank.files.values()]
    former = [int(name) for name in machine.sh(f"ls {DATA}").split() if name.isdigit()]
    done = adopt(machine, "--yes")
    assert done.returncode == 0, done.stderr
    machine.wait(lambda: not machine.units("deployd-app-*"), what="the units of unknown apps ending")
    bank.agrees()
    for app, directory in zip(bank.files, directories):
        assert machine.read(machine.sh(f"echo {directory}.aside-*/account")) == bank.accounts[app]
        assert not machine.root(directory).exists()
    bank.open("first")
    number = int(account(bank.platform, "first").split("/")[-2])
    assert number > max(former)
    assert machine.read(account(bank.platform, "first")) not in bank.accounts.values()
    # The former database is another installation's now, and nothing of it is touched.
    with daemon.untouched(machine, "first"):
        machine.systemctl("stop", daemon.UNIT)
        admin(machine, "alter database deployd rename to second_one", "alter database right_one rename to deployd")
        machine.systemctl("start", daemon.UNIT)
        bank.says("disk")
        machine.systemctl("stop", daemon.UNIT)
        admin(machine, "alter database deployd rename to right_one", "alter database second_one rename to deployd")
        machine.systemctl("start", daemon.UNIT)
        bank.agrees()
