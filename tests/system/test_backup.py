# SPDX-License-Identifier: LGPL-2.1-or-later
"""A backup of one machine, restored on others."""

import os
import re
import signal

import pytest

import daemon
import repository as repositories
from deployd import ROOT, Deployd

SECRET = "nobody may read this"
FILE = "/root/deployd.backup"
# Like one of a machine with its time.
NAME = "-my shop:21:45.backup"
MINE = "/etc/deployd/deploy.conf.d/70-mine.conf"

MARKS = ("/var/lib/private/deployd-apps/.installation", "/var/lib/deployd/installation")

# An app that remembers when it was started first, and says that and its price.
APP = '''\
import http.server, os, uuid

MADE = os.path.join(os.environ["HOME"], "made")
if not os.path.exists(MADE):
    with open(MADE, "w") as file:
        file.write(uuid.uuid4().hex)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(MADE) as file:
            body = f"{open('VERSION').read().strip()} {os.environ.get('PRICE')} {file.read()}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
'''

# What a backup has of the database when the releases are in it: all. And what does not depend on them.
TABLES = ("repository", "app", "environment_version", "environment", "removed_app", "deployment", "event", "release", "instance", "port_lease", "retired_port")
LASTING = {
    "repository": "*",
    "environment": "*",
    "app": "id, name, repository_id, port, wanted, formation, access_mode, keep_releases, created_at",
    "deployment": "id, app_id, kind, requested_revision, revision, created_at, started_at, error_summary, requested_by",
    "event": "*",
}


def tree(version):
    return {"Procfile": "web: exec python3 app.py\n", "app.py": APP, "VERSION": f"{version}\n"}


def rows(deployd, tables=TABLES):
    """What is in tables, or in columns of them."""
    columns = tables if isinstance(tables, dict) else dict.fromkeys(tables, "*")
    # Each machine notes that it has marked its disk.
    only = {"event": "where verb <> 'installation-note'"}
    return {table: deployd.sql(f"select {names} from {table} {only.get(table, '')} order by 1, 2")
            for table, names in columns.items()}


def belongs(old, deployd):
    """Disk and database belong together, and to the installation that was saved."""
    assert deployd.machine.get(ROOT, "Manager.Attention") == ""
    for mark in MARKS:
        assert deployd.machine.read(mark).splitlines()[0] == f"installation {old.installation}"


def answer(deployd, app):
    """What its stable port answers; status 0 as long as nothing does."""
    return deployd.machine.curl(deployd.get(app, "Port"), check=False)


def home(deployd, app):
    number, = deployd.sql(f"select id from app where name = '{app}'")
    return f"/var/lib/private/deployd-apps/{number}"


def files(deployd, app):
    """What an app has written."""
    return deployd.machine.sh(f"cd {home(deployd, app)} && find . -printf '%y %m %U %n %s %l %p\\n' | sort && find . -type f -size -9 -exec md5sum {{}} + | sort")


class Old:
    """The machine that was saved: what it had, and the archives."""

    def __init__(self, machine):
        self.deployd = deployd = Deployd(machine)
        shop = deployd.app("shop", tree(1))
        deployd.do("shop", "SetEnvironment", "a{ss}as", 2, "PRICE", "two", "KEY", SECRET, 0)
        self.first = deployd.live("shop")
        shop.commit({"Procfile": "web: echo no; exit 3\n"})
        self.failed = deployd.end(deployd.deploy("shop"))
        shop.commit(tree(2))
        deployd.live("shop")
        deployd.machine.run(["deployctl", "scale", "shop", "web=2"])
        deployd.app("shut", tree(1))
        deployd.live("shut")
        deployd.do("shut", "Stop")
        machine.sh(f"cd {home(deployd, 'shop')} && mkdir -p etc/deployd var && ln made etc/deployd/hard && ln -s var/lib/x soft && "
                   "mkfifo fifo && truncate -s 1G sparse && echo mine >deployd-backup && chmod 0 deployd-backup && chown -h "
                   "--reference=made etc etc/deployd var soft fifo sparse deployd-backup")
        self.files = files(deployd, "shop")
        machine.wait(lambda: not machine.units("deployd-app-shut-*") and len(machine.units("deployd-app-shop-*")) == 2 and
                     len(machine.sh("ls /var/lib/deployd/logs/*").split()) >= 4 and deployd.get("shop", "Draining") == 0,
                     what="nothing being under way any more")
        self.answer = answer(deployd, "shop")
        self.log = machine.run(["deployctl", "build-log", self.first["Id"]]).stdout
        self.installation, = deployd.sql("select replace(id::text, '-', '') from installation")
        self.rows, self.lasting = rows(deployd), rows(deployd, LASTING)
        self.said = machine.run(["deployctl", "backup", "--releases", FILE], merge=True).stdout
        self.whole = machine.root(FILE).read_bytes()
        self.mode = machine.root(FILE).stat().st_mode & 0o777
        machine.run(["sh", "-c", f"deployctl backup - >{FILE}.piped"])
        self.small = machine.root(f"{FILE}.piped").read_bytes()
        # The repositories, for where they have to be fetched again.
        machine.run(["tar", "--create", "--file=/root/git.tar", "--directory=/srv", "git"])
        self.git = machine.root("/root/git.tar").read_bytes()


@pytest.fixture(scope="module")
def old(boot):
    machine = boot(files={MINE: "[runner]\ndrain-timeout = 1s\n"})
    repositories.serve(machine)
    return Old(machine)


def restore(machine, archive, *options, **run):
    machine.write(f"/root/{NAME}", archive)
    return machine.run(["sh", "-c", 'cd /root; exec deployctl restore "$@"', "sh", *options, "--", NAME], merge=True, **run)


def runs(deployd, app):
    deployd.machine.wait(lambda: deployd.get(app, "Status") == "running", what=f"{app} running")


def test_what_a_backup_says_and_has(old):
    assert old.said.splitlines()[-1].startswith(f"{FILE}: 2 repositories and 2 apps, ")
    assert old.said.splitlines()[-1].endswith("It has the secrets of apps and repositories in it.")
    assert old.mode == 0o600
    listed = set(old.deployd.machine.run(["tar", "--list", "--zstd", "--ignore-zeros", f"--file={FILE}"]).stdout.splitlines())
    made = f"var/lib/private/deployd-apps/{old.deployd.sql('select id from app order by id')[0]}/made"
    assert {"deployd-backup/manifest", MINE[1:], made, f"var/lib/deployd/releases/{old.first['Id']}/",
            f"var/lib/deployd/logs/1/{old.failed['Id']}.zst", *(mark[1:] for mark in MARKS)} <= listed
    assert len(old.small) < len(old.whole)


def test_with_the_releases_it_goes_on_at_once(old, boot):
    # There is no git server, and nothing is fetched or built.
    machine = boot()
    said = restore(machine, old.whole).stdout
    assert said.splitlines()[-1] == ("restored: 2 repositories and 2 apps. What ran is started: see 'deployctl status'")
    deployd = Deployd(machine, canary=False)
    runs(deployd, "shop")
    assert rows(deployd) == old.rows
    belongs(old, deployd)
    assert answer(deployd, "shop") == old.answer and files(deployd, "shop") == old.files
    assert len(machine.units("deployd-app-shop-*")) == 2
    assert not machine.units("deployd-app-shut-*") and deployd.get("shut", "Status") == "stopped"
    assert machine.run(["deployctl", "build-log", old.first["Id"]]).stdout == old.log
    assert machine.run(["deployctl", "config", "get", "shop", "KEY"]).stdout == SECRET + "\n"
    assert machine.read(MINE) == old.deployd.machine.read(MINE)
    # It can be gone back to what was kept; and what was stopped has its release.
    ended = deployd.end(deployd.do("shop", "Rollback", "t", 0)[0])
    assert ended["Status"] == "live" and answer(deployd, "shop")[1].startswith("1 two ")
    deployd.do("shut", "Start")
    runs(deployd, "shut")
    assert machine.run(["deployd", "verify"], check=False).returncode == 0
    assert machine.systemctl("is-enabled", "deployd") == "enabled"


def test_without_them_live_deployments_are_built_again(old, boot):
    machine = boot()
    machine.write("/root/git.tar", old.git)
    machine.run(["tar", "--extract", "--file=/root/git.tar", "--directory=/srv"])
    repositories.serve(machine)
    said = restore(machine, old.small).stdout
    assert said.splitlines()[-1] == ("restored: 2 repositories and 2 apps. What ran is started, from releases that are "
                                     "rebuilt: see 'deployctl status'")
    deployd = Deployd(machine, canary=False)
    runs(deployd, "shop")
    assert answer(deployd, "shop") == old.answer
    belongs(old, deployd)
    now = rows(deployd, LASTING)
    assert now["app"] == old.lasting["app"] and now["environment"] == old.lasting["environment"]
    for table in ("event", "deployment"):
        assert now[table][:len(old.lasting[table])] == old.lasting[table]
    assert deployd.get("shut", "Status") == "stopped"
    deployd.live("shut")
    # Rows name releases that were not in the backup.
    machine.left = True


def test_a_machine_with_apps_is_left_alone_unless_told(old, boot):
    machine = boot()
    repositories.serve(machine)
    deployd = Deployd(machine)
    deployd.app("mine")
    deployd.live("mine")
    with daemon.untouched(machine, "mine"):
        before = daemon.pid(machine)
        done = restore(machine, old.whole, check=False)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (1, (
            "deployctl: this deployd has 1 repository and 1 app, which a restore would replace: save them with "
            "'deployctl backup', then 'deployctl restore --replace'"))
        assert daemon.pid(machine) == before
    machine.write(MINE, "[runner]\ndrain-timeout = 2s\n")
    # There is no room for both.
    machine.sh("mkdir -p /root/full; mount -t tmpfs -o size=64k tmpfs /root/full; mount --bind /root/full /var/tmp")
    with daemon.untouched(machine, "mine"):
        done = restore(machine, old.whole, "--replace", check=False)
        assert done.returncode == 1 and re.fullmatch(r"deployctl: .* cannot be unpacked: .*(No space left on device|Wrote only \d+ of \d+ bytes)",
                                                     done.stdout.splitlines()[-1])
    machine.sh("umount /var/tmp /root/full")
    # Another deployd has the database as soon as this one is stopped.
    other = machine.stream(["psql", "--host=/run/deployd/postgres", "--username=deployd", "--no-psqlrc", "--quiet", "--command",
                            "select pg_advisory_lock(('x' || encode('deployd1', 'hex'))::bit(64)::bigint), 'held'",
                            "--command", "select pg_sleep(1000)", "deployd"])
    deployd.machine.wait(lambda: deployd.sql("select count(*) from pg_locks where not granted") == ["1"], what="its waiting")
    before = (rows(deployd, LASTING), files(deployd, "mine"), machine.sh("cd /var/lib/deployd && ls releases logs/*"))
    done = restore(machine, old.whole, "--replace", check=False)
    assert done.returncode == 1 and "another deployd uses this database" in done.stdout
    assert done.stdout.splitlines()[-1] == (
        "deployctl: the restore was broken off, and what was there is there again: begin it again")
    other.close()
    daemon.ready(machine)
    deployd.listen()
    runs(deployd, "mine")
    assert before == (rows(deployd, LASTING), files(deployd, "mine"), machine.sh("cd /var/lib/deployd && ls releases logs/*"))
    assert answer(deployd, "mine") == (200, "python 1\n") and machine.read(MINE) == "[runner]\ndrain-timeout = 2s\n"
    said = restore(machine, old.whole, "--replace").stdout
    kept, = re.findall("what was in /etc/deployd is in (/etc/deployd.before-restore-.*) now\n", said)
    assert machine.read(f"{kept}/deploy.conf.d/70-mine.conf") == "[runner]\ndrain-timeout = 2s\n"
    deployd.listen()
    runs(deployd, "shop")
    assert rows(deployd) == old.rows and answer(deployd, "shop") == old.answer
    assert not machine.units("deployd-app-mine-*")


@pytest.fixture(scope="module")
def empty(boot):
    return boot()


def cut(old, machine):
    return old.whole[:len(old.whole) * 2 // 3]


def endless(old, machine):
    """Whole to zstd and to tar, and still not all of it."""
    machine.write(FILE, old.small)
    machine.sh(f"mkdir /root/part; cd /root/part; tar -x --zstd -i -f {FILE}; "
               f"tar -c deployd-backup/manifest deployd-backup/database etc | zstd -q >{FILE}; rm -r /root/part")
    return machine.root(FILE).read_bytes()


def newer(old, machine):
    machine.write(FILE, old.small)
    machine.sh(f"mkdir /root/newer; cd /root/newer; tar -x --zstd -i -f {FILE}; "
               f"sed -i 's/^schema=.*/schema=9999/; s/^deployd=.*/deployd=99/' deployd-backup/manifest; "
               f"tar -c * | zstd -q >{FILE}; rm -r /root/newer")
    return machine.root(FILE).read_bytes()


@pytest.mark.parametrize("make,sentence", [
    (cut, "cannot be unpacked: "),
    (lambda *_: b"not this one", "cannot be unpacked: "),
    (endless, "is not whole: its end is missing"),
    (newer, "the backup has a database of version 9999, this deployd knows "),
])
def test_what_is_no_backup_changes_nothing(old, empty, make, sentence):
    archive = make(old, empty)
    before = daemon.ready(empty)
    done = restore(empty, archive, check=False)
    assert done.returncode == 1 and done.stdout.splitlines()[-1].startswith("deployctl: ")
    assert sentence in done.stdout.splitlines()[-1]
    assert daemon.pid(empty) == before
    assert empty.sh("ls /var/lib/private/deployd-apps") == ""


def broken_off(machine, archive, number):
    """Sends a signal to a restore, as a terminal does, when the files are there and the database is about to change."""
    machine.write(FILE, archive)
    held = machine.stream(["psql", "--host=/run/deployd/postgres", "--username=deployd", "--no-psqlrc", "--quiet", "--command",
                           "begin; lock table app in share mode", "--command", "select 'held'", "--command",
                           "select pg_sleep(1000)", "deployd"])
    held.wait(lambda line: line.strip() == "held")
    stream = machine.stream(["setsid", "sh", "-c", f"echo $$; exec deployctl restore {FILE} 2>&1"])
    group = stream.wait(str.isdigit)
    stream.wait(lambda line: line.startswith("restoring the database"))
    machine.wait(lambda: Deployd(machine, canary=False).sql("select count(*) from pg_locks where not granted") == ["1"],
                 what="its waiting")
    machine.run(["kill", f"-{number}", "--", f"-{group}"])
    held.close()
    machine.wait(lambda: machine.run(["kill", "-0", group], check=False).returncode != 0, what="its end")


def test_ended_by_hand_it_leaves_a_deployd_that_runs(old, empty):
    broken_off(empty, old.whole, signal.SIGINT)
    daemon.ready(empty)
    assert Deployd(empty).sql("select count(*) from app") == ["0"]
    assert empty.systemctl("is-enabled", "deployd") == "enabled"


def test_killed_it_is_begun_again(old, empty):
    broken_off(empty, old.whole, signal.SIGKILL)
    # deployd is not started on half of it, and says why.
    done = empty.run(["deployctl", "status"], check=False, merge=True)
    assert done.returncode == 4
    assert done.stdout.startswith("deployctl: deployd may not be started now: a backup is being restored")
    # Nor after a boot.
    empty.reboot()
    assert daemon.state(empty, "LoadState") == "masked"
    restore(empty, old.whole)
    deployd = Deployd(empty, canary=False)
    runs(deployd, "shop")
    assert rows(deployd) == old.rows and answer(deployd, "shop") == old.answer


def repacked(machine, archive, script):
    """An archive after a script has run where its files are."""
    machine.write(FILE, archive)
    machine.sh(f"mkdir /root/repacked; cd /root/repacked; tar -x --zstd -i -p -f {FILE}; {script}; "
               f"tar -c * | zstd -q >{FILE}; rm -r /root/repacked")
    return machine.root(FILE).read_bytes()


def test_an_app_that_was_created_while_it_was_made_is_left_alone(old, boot):
    """Files of it are in the archive, and no row: the database was saved before."""
    machine = boot()
    archive = repacked(machine, old.whole, "mkdir var/lib/private/deployd-apps/9999 var/lib/deployd/releases/7777; "
                       "echo precious >var/lib/private/deployd-apps/9999/file; echo 7777 >>deployd-backup/releases")
    restore(machine, archive)
    deployd = Deployd(machine, canary=False)
    runs(deployd, "shop")
    belongs(old, deployd)
    machine.wait(lambda: answer(deployd, "shop") == old.answer, what="shop answering as before")
    assert machine.read("/var/lib/private/deployd-apps/9999/file") == "precious\n"
    deployd.create_app("new", "shop")
    assert deployd.get("new", "DataPath") == "/var/lib/private/deployd-apps/10000"
    machine.run(["rm", "-r", "/var/lib/private/deployd-apps/9999"])


def test_without_data_the_disk_is_marked_again(old, boot):
    machine = boot()
    old.deployd.machine.run(["deployctl", "backup", "--releases", "--no-data", f"{FILE}.bare"])
    restore(machine, old.deployd.machine.root(f"{FILE}.bare").read_bytes())
    deployd = Deployd(machine, canary=False)
    runs(deployd, "shop")
    belongs(old, deployd)
    machine.wait(lambda: answer(deployd, "shop")[0] == 200, what="shop answering")
    # The app has begun with nothing.
    version, price, made = answer(deployd, "shop")[1].split()
    assert [version, price] == old.answer[1].split()[:2] and made != old.answer[1].split()[2]


@pytest.mark.parametrize("verb", ["backup", "restore"])
def test_it_is_for_root(empty, verb):
    done = empty.run(["deployctl", verb, FILE], user="nobody", check=False, merge=True)
    assert (done.returncode, done.stdout) == (
        1, "deployctl: this reads or writes everything of all apps: run it as root\n")


def test_a_backup_of_nothing_and_to_nowhere(boot):
    machine = boot()
    machine.systemctl("stop", "deployd")
    machine.sh("mkdir /root/small; mount -t tmpfs -o size=4k tmpfs /root/small")
    for file, sentence in (("/root", "/root is a directory: name a file"), ("/no/where", "/no/where cannot be written"),
                           ("/dev/null", "/dev/null is no file: name one, or - for standard output"),
                           ("/root/small/file", "No space left on device")):
        done = machine.run(["deployctl", "backup", file], check=False, merge=True)
        assert done.returncode == 1 and sentence in done.stdout
    assert machine.sh("ls -A /root/small; test -c /dev/null") == ""
    # It needs no deployd that runs, and starts none.
    said = machine.run(["deployctl", "backup", FILE], merge=True).stdout
    assert f"{FILE}: no app, " in said
    assert daemon.state(machine, "ActiveState") == "inactive"
    # A release goes while the data of the apps is read.
    said = machine.sh(f"""
        mkdir -p /var/lib/private/deployd-apps/9 /var/lib/deployd/releases/7 /var/lib/deployd/releases/8
        head -c 64M /dev/urandom >/var/lib/private/deployd-apps/9/big
        mkfifo /root/pipe
        deployctl backup --releases - >/root/pipe &
        exec 3</root/pipe
        dd bs=1 count=1 status=none <&3 >{FILE}
        rmdir /var/lib/deployd/releases/7
        cat <&3 >>{FILE}
        wait $!
        rm -r /var/lib/private/deployd-apps/9 /var/lib/deployd/releases/8
        tar --extract --to-stdout --zstd --ignore-zeros --file={FILE} deployd-backup/releases""")
    assert said == "8"
    machine.systemctl("start", "deployd")
