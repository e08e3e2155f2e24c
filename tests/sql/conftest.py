# SPDX-License-Identifier: LGPL-2.1-or-later
"""A throw-away PostgreSQL server for the session, a database of its own for each test."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

BIN = Path("/usr/lib/postgresql/15/bin")
SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["DEPLOYD_BUILD"])


def as_nobody(*command, **options):
    """Runs a program as the server's user, for the server refuses to be root."""
    if os.geteuid() == 0:
        command = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command)
    return subprocess.run(list(map(str, command)), check=True, **options)


class Failed(Exception):
    """What psql said; `code` is the SQLSTATE."""

    def __init__(self, text):
        super().__init__(text)
        self.code = text.split("ERROR:")[1].split(":")[0].strip() if "ERROR:" in text else ""


class Database:
    def __init__(self, server, name):
        self.server, self.name = server, name

    def psql(self, *scripts, user="deployd"):
        return ["psql", "-h", self.server, "-U", user, "-d", self.name, "-XqAt", "-v", "ON_ERROR_STOP=1",
                "-v", "VERBOSITY=verbose", *(part for script in scripts for part in ("-c", script))]

    def __call__(self, sql, user="deployd"):
        """One statement, its cells as text: a list of rows."""
        done = subprocess.run(self.psql(sql, user=user), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(done.stderr)
        return [line.split("|") for line in done.stdout.splitlines()]

    def admin(self, sql):
        return self(sql, user="postgres")

    def conninfo(self, user="deployd"):
        return f"host={self.server} user={user} dbname={self.name}"

    def tool(self, verb, program="sql-tool", user="deployd"):
        return subprocess.Popen([BUILD / "tests/sql" / program, verb, self.conninfo(user)], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def dump(self):
        """All that is in it, as SQL."""
        done = subprocess.run([BIN / "pg_dump", "-h", self.server, "-U", "postgres", self.name], capture_output=True,
                              text=True, check=True)
        # These two commands of psql have a key that is another each time.
        return re.sub(r"^\\(un)?restrict .*$", "", done.stdout, flags=re.MULTILINE)

    def run(self, verb, **options):
        """Exit status, output, errors."""
        with self.tool(verb, **options) as process:
            out, errors = process.communicate(timeout=60)
            return process.returncode, out, errors


@pytest.fixture(scope="session")
def directory():
    path = Path(tempfile.mkdtemp(prefix="deployd-test-sql-"))
    path.chmod(0o755)
    if os.geteuid() == 0:
        shutil.chown(path, "nobody", "nogroup")
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def server(directory):
    data = directory / "data"
    as_nobody(BIN / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
              "--no-sync", "--no-instructions", stdout=subprocess.DEVNULL)
    # After a vacuum of the catalog, the next connection writes a file, and it is refused where the disk is full.
    as_nobody(BIN / "pg_ctl", "-D", data, "-w", "-s", "-l", directory / "log", "-o",
              f"-k {directory} -c listen_addresses= -c fsync=off -c autovacuum=off", "start")
    Database(directory, "postgres").admin("create role deployd login")
    yield directory
    as_nobody(BIN / "pg_ctl", "-D", data, "-w", "-s", "-m", "immediate", "stop")


@contextlib.contextmanager
def make_database(server, name, options=""):
    admin = Database(server, "postgres").admin
    admin(f"create database {name} owner deployd {options}")
    yield Database(server, name)
    admin(f"drop database {name} with (force)")


@pytest.fixture
def database(server):
    with make_database(server, "test") as made:
        yield made


@pytest.fixture
def schema(database):
    """A database with everything applied."""
    assert database.run("migrate")[0] == 0
    return database
