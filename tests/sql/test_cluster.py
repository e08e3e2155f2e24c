# SPDX-License-Identifier: LGPL-2.1-or-later
"""The private cluster's two scripts and its settings, with the paths of a test in place of the system's."""

import os
import pwd
import shutil
import signal
import subprocess
import time

import pytest
from conftest import SOURCE, as_nobody

ROOM = SOURCE / "sql/postgres"
DIRECTORIES = ("share", "socket", "state")


@pytest.fixture
def place(directory):
    """The installed files, the unit's directories; all of them the server's user's."""
    place = directory / "place"
    for name in DIRECTORIES:
        (place / name).mkdir(parents=True)
    install(place)
    if os.geteuid() == 0:
        for path in (place, *(place / name for name in DIRECTORIES)):
            shutil.chown(path, "nobody", "nogroup")
    (place / "state").chmod(0o700)
    yield place
    shutil.rmtree(place)


def install(place, postgresql="/usr/lib/postgresql", major="15"):
    for source in ROOM.iterdir():
        text = source.read_text()
        for name, value in (("postgresql", postgresql), ("major", major), ("share", place / "share"),
                            ("socket", place / "socket")):
            text = text.replace(f"@{name}@", str(value))
        # The map names the service's user; here it is another.
        text = text.replace("deployd-postgres    postgres", "nobody              postgres")
        target = place / "share" / source.name.removesuffix(".in")
        target.write_text(text)
        target.chmod(0o755)


def command(place, program):
    user = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups") if os.geteuid() == 0 else ()
    return [*user, "env", f"STATE_DIRECTORY={place / 'state'}", "LC_ALL=C.UTF-8", str(place / "share" / program)]


def set_up(place):
    return subprocess.run(command(place, "deployd-postgres-setup"), capture_output=True, text=True, check=False)


class running:
    """The server, as the unit starts it."""

    def __init__(self, place):
        self.place = place

    def __enter__(self):
        self.process = subprocess.Popen(command(self.place, "deployd-postgres"), stderr=subprocess.PIPE, text=True)
        while "ready to accept connections" not in (line := self.process.stderr.readline()):
            assert line, "the server ended"
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)

    def psql(self, sql, role="deployd", database="deployd", user="root"):
        ids = pwd.getpwnam(user)
        return subprocess.run(
            ["setpriv", f"--reuid={user}", f"--regid={ids.pw_gid}", "--clear-groups", "psql", "-h",
             self.place / "socket", "-U", role, "-d", database, "-XqAtc", sql],
            capture_output=True, text=True, check=False)


def complete(place):
    with running(place) as server:
        done = server.psql("select current_user, current_database(), current_setting('data_checksums'),"
                           " current_setting('fsync'), pg_encoding_to_char(encoding), datcollate,"
                           " pg_get_userbyid(datdba), rolsuper from pg_database, pg_roles"
                           " where datname = current_database() and rolname = current_user")
        assert (done.stdout, done.stderr) == ("deployd|deployd|on|on|UTF8|C.UTF-8|deployd|f\n", "")


def test_the_first_start_makes_a_cluster_and_the_next_leaves_it(place):
    assert set_up(place).returncode == 0
    complete(place)
    inode = (place / "state/15").stat().st_ino
    assert set_up(place).returncode == 0
    assert [path.name for path in (place / "state").iterdir()] == ["15"]
    assert (place / "state/15").stat().st_ino == inode
    complete(place)


def test_who_may_connect_as_whom(place):
    set_up(place)
    with running(place) as server:
        assert server.psql("select 1").returncode == 0
        assert server.psql("create schema x; drop schema x").returncode == 0
        assert server.psql("select 1", role="postgres", database="postgres", user="nobody").returncode == 0
        for refused in ({"role": "postgres"}, {"role": "postgres", "database": "postgres"},
                        {"database": "postgres"}, {"database": "template1"}):
            done = server.psql("select 1", **refused)
            assert done.returncode != 0
            assert "FATAL" in done.stderr, refused
        done = server.psql("select 1", user="nobody")
        assert "Peer authentication failed" in done.stderr


def test_the_socket_is_for_the_group_and_there_is_no_other(place):
    set_up(place)
    with running(place) as server:
        assert (place / "socket/.s.PGSQL.5432").stat().st_mode & 0o777 == 0o770
        done = server.psql("select current_setting('listen_addresses') || current_setting('log_error_verbosity')")
        assert done.stdout == "terse\n"


def test_a_refused_row_is_not_in_the_log(place):
    set_up(place)
    with running(place) as server:
        server.psql("create table secret (value text check (value = ''))")
        assert "violates check" in server.psql("insert into secret values ('hunter2')").stderr
        server.process.send_signal(signal.SIGINT)
        log = server.process.stderr.read()
    assert "violates check" in log
    assert "DETAIL" not in log


@pytest.mark.parametrize("part", [0.02, 0.3, 0.7, 0.97] + [0.1, 0.5, 0.8, 0.9] * bool(os.environ.get("DEPLOYD_LONG")))
def test_killed_anywhere_it_begins_anew_and_completes(place, part):
    begin = time.monotonic()
    assert set_up(place).returncode == 0
    whole = time.monotonic() - begin
    shutil.rmtree(place / "state/15")

    process = subprocess.Popen(command(place, "deployd-postgres-setup"), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        process.wait(whole * part)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()

    assert set_up(place).returncode == 0
    assert [path.name for path in (place / "state").iterdir()] == ["15"]
    complete(place)


def test_a_disk_that_is_full_makes_no_half_cluster(place):
    # A wrapper that ends like a program that could not write.
    fake = place / "postgresql/15/bin"
    fake.mkdir(parents=True)
    for program in ("initdb", "postgres"):
        (fake / program).write_text(
            "#!/bin/sh\n" + ('[ "$1" != --single ] || { cat >/dev/null; exit 1; }\n' if program == "postgres" else "")
            + f'exec /usr/lib/postgresql/15/bin/{program} "$@"\n')
        (fake / program).chmod(0o755)
    install(place, postgresql=place / "postgresql")
    assert set_up(place).returncode != 0
    assert [path.name for path in (place / "state").iterdir()] == ["15.new"]
    install(place)
    assert set_up(place).returncode == 0
    complete(place)


def start_fails(place):
    done = subprocess.run(command(place, "deployd-postgres"), capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_data_of_a_version_that_is_not_installed_is_refused_by_the_main_process(place):
    for major in ("14", "99"):
        as_nobody("mkdir", place / "state" / major)
        as_nobody("sh", "-c", f"echo {major} > {place / 'state' / major / 'PG_VERSION'}")
    assert set_up(place).returncode == 0, "setup is no place to refuse: its status would not be heeded"
    status, errors = start_fails(place)
    assert status == 78
    assert errors == ("<3>The database is of PostgreSQL 99, which is not installed:"
                      " apt install postgresql-99\n")


def test_without_programs_the_main_process_refuses(place):
    install(place, postgresql=place / "nowhere")
    assert set_up(place).returncode == 0
    assert start_fails(place) == (78, "<3>PostgreSQL 15 is not installed: apt install postgresql-15\n")


def test_a_half_made_cluster_is_never_started(place):
    as_nobody("mkdir", place / "state/15.new")
    as_nobody("sh", "-c", f"echo 15 > {place / 'state/15.new/PG_VERSION'}")
    assert start_fails(place)[0] == 78
