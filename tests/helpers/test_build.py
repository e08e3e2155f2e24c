# SPDX-License-Identifier: LGPL-2.1-or-later
"""deployd-build: what it asks of buildpacks, what it makes of a tree, and what no build can do to it."""

import contextlib
import os
import re
import select
import signal
import socket
import stat
import subprocess
import tempfile

import pytest

from builder import LIMITS, Builder, Result, source

PATIENCE = 60  # seconds until a test gives up: many times what anything here takes


@pytest.fixture
def builder(binary, tmp_path):
    return Builder(binary("build"), tmp_path)


# What is built


def test_the_source_is_built_and_packed(builder):
    builder.pack("test", compile='pwd >place; echo "$1 $2" >arguments; cat in/file >out; rm in/file')
    result = builder.good({"in/file": b"bytes\0\n", "run": (b"#!/bin/sh\n", 0o700), "link": "/usr/bin/python3"})
    assert result.tree() == {
        "arguments": (b"/srv/app /srv/cache/build\n", 0o644),
        "in": None,
        "link": "/usr/bin/python3",
        "out": (b"bytes\0\n", 0o644),
        "place": (b"/srv/app\n", 0o644),
        "run": (b"#!/bin/sh\n", 0o755),
    }
    assert result.answer == {"buildpack": "test", "files": "6", "bytes": str(26 + 7 + 9 + 10)}


def test_the_source_can_be_written_to(builder):
    builder.pack("test", compile="echo more >>directory/file; echo new >directory/other")
    result = builder.good({"directory/file": (b"", 0o400)})
    assert result.tree()["directory/file"] == (b"more\n", 0o644)


@pytest.mark.parametrize("program", ["buildpack", "command"])
def test_programs_see_a_small_environment_and_the_variables_of_the_app(builder, program):
    builder.variables = {
        "LANG": "de_DE.UTF-8", "NOTIFY_SOCKET": "@none", "CREDENTIALS_DIRECTORY": "/x", "INVOCATION_ID": "1",
        "BUILD_ENV_KEY": "two\nlines", "BUILD_ENV_EMPTY": "", "BUILD_ENV_HOST_2": "ü=%s",
    }
    lines = 'cat /proc/self/environ >seen; ls -l $3 >listed; for f in $3/*; do cat "$f"; echo .; done >values'
    builder.pack("test", compile=lines)
    result = builder.good(command="cat /proc/self/environ >seen" if program == "command" else "")
    seen = dict(item.split("=", 1) for item in result.tree()["seen"][0].decode().split("\0") if item)
    own = {"KEY": "two\nlines", "EMPTY": "", "HOST_2": "ü=%s"}
    common = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "de_DE.UTF-8", "HOME": "/srv/cache/home", "TMPDIR": "/tmp",
        "CACHE_DIRECTORY": "/srv/cache/build", "STACK": "deployd",
    }
    # The shell's own.
    assert {key: value for key, value in seen.items() if key not in ("PWD", "OLDPWD", "SHLVL", "_")} == (
        {**common, **own} if program == "command" else common)
    if program == "buildpack":
        assert result.tree()["values"][0].decode() == ".\nü=%s.\ntwo\nlines.\n"
        assert re.findall(r"^(\S+) .* (\S+)$", result.tree()["listed"][0].decode(), re.MULTILINE) == [
            ("-rw-------", "EMPTY"), ("-rw-------", "HOST_2"), ("-rw-------", "KEY")]


def test_a_variable_of_the_app_counts_for_its_command(builder):
    builder.variables = {"BUILD_ENV_PATH": "/usr/bin:/bin:/opt", "BUILD_ENV_STACK": "x"}
    result = builder.good(command='echo "$PATH $STACK" >seen')
    assert result.tree()["seen"][0] == b"/usr/bin:/bin:/opt x\n"


def test_names_of_variables_are_names(builder):
    builder.around = ("env", "BUILD_ENV_../../canary=x")
    assert builder.error(command="true") == "a variable of the app has a name that is none"


def test_the_cache_and_home_are_kept(builder):
    builder.pack("test", compile="cat $2/kept $HOME/kept >found 2>/dev/null; echo cache >$2/kept; echo home >~/kept")
    assert builder.good().tree()["found"] == (b"", 0o644)
    assert builder.good().tree()["found"] == (b"cache\nhome\n", 0o644)


def test_a_cache_that_would_fill_the_disk_is_cleared(builder):
    builder.pack("test", compile="ls -A $2 >found; head -c 3000000 /dev/zero >$2/big")
    limits = {**LIMITS, "max-bytes": 5_000_000}
    assert builder.good(limits=limits).tree()["found"] == (b"", 0o644)
    second = builder.good(limits=limits)
    assert second.tree()["found"] == (b"", 0o644)
    assert "-----> Clearing the cache, which has 2.9 MiB\n" in second.log
    assert builder.good().tree()["found"] == (b"big\n", 0o644)


# Which buildpack


def test_the_first_that_recognises_the_app_builds_it(builder):
    builder.pack("never", detect="exit 1")
    builder.pack("last", detect='test -e "$1/file" && echo Named', compile="echo last >built")
    builder.pack("aaa", compile="echo aaa >built")
    result = builder.good({"file": b""})
    assert result.answer["buildpack"] == "last" and result.tree()["built"] == (b"last\n", 0o644)
    assert "-----> Named app detected\n" in result.log


def test_those_of_the_administrator_are_asked_first_and_by_name(builder):
    builder.pack("aaa", compile="echo shipped >built")
    builder.pack("mine", where="etc", compile="echo mine >built")
    builder.pack("later", where="etc", compile="echo later >built")
    assert builder.good().tree()["built"] == (b"later\n", 0o644)
    assert builder.good(buildpack="mine").tree()["built"] == (b"mine\n", 0o644)


def test_that_of_the_administrator_stands_for_the_shipped_one(builder):
    builder.pack("node", compile="echo shipped >built")
    builder.pack("node", where="etc", compile="echo mine >built")
    assert builder.good(buildpack="node").tree()["built"] == (b"mine\n", 0o644)


def test_one_that_is_not_in_the_order_and_what_is_no_name_are_not_asked(builder):
    for name in ("none", "command", "UPPER", "a.b"):
        builder.pack(name, where="etc")
    builder.pack("asleep", order=False)
    assert builder.good().answer == {"buildpack": "none"}


def test_without_a_buildpack_nothing_is_built(builder):
    builder.pack("test", detect="exit 1")
    result = builder.good({"file": b"x"})
    assert (result.answer, result.archive) == ({"buildpack": "none"}, b"")


def test_none_builds_nothing(builder):
    builder.pack("test")
    result = builder.good({"file": b"x"}, buildpack="none")
    assert (result.answer, result.archive) == ({"buildpack": "none"}, b"")


def test_a_name_that_is_none_is_an_error_with_those_that_are(builder):
    builder.pack("node")
    builder.pack("c")
    builder.pack("mine", where="etc")
    assert builder.error(buildpack="ruby") == 'there is no buildpack "ruby", only c, mine, node and none'


def test_a_command_builds_instead_of_the_buildpack(builder):
    builder.pack("test", compile="exit 9", release="printf 'default_process_types:\\n  web: run\\n'")
    result = builder.good({"file": b"x"}, command="mv file \"$STACK\"; echo a >'b c'")
    assert result.answer == {"buildpack": "test", "default.web": "run", "files": "2", "bytes": "3"}
    assert result.tree() == {"b c": (b"a\n", 0o644), "deployd": (b"x", 0o644)}


@pytest.mark.parametrize("buildpack", ["", "none"])
def test_a_command_needs_no_buildpack(builder, buildpack):
    result = builder.good(buildpack=buildpack, command="-x 2>/dev/null; echo a >built")
    assert result.answer == {"buildpack": "command", "files": "1", "bytes": "2"}


def test_process_types_come_from_the_buildpack(builder):
    release = "cat <<'END'\n---\nconfig_vars:\n  A: b\ndefault_process_types:\n  web: a \"b\" 'c' $PORT\n  worker-2:   x: y\nEND"
    builder.pack("test", release=release)
    result = builder.good()
    assert result.answer["default.web"] == "a \"b\" 'c' $PORT"
    assert result.answer["default.worker-2"] == "x: y"
    assert len(result.answer) == 5


# Why it fails


@pytest.mark.parametrize(
    "lines, sentence",
    [
        ("echo one; echo two >&2; echo; exit 3", "exited with status 3: two"),
        ("echo ' !     no package.json'; echo ' !'; echo rest; exit 1", "exited with status 1: no package.json"),
        ("echo ' !     one'; echo ' !     two'; exit 1", "exited with status 1: two"),
        ("exit 1", "exited with status 1"),
        ("echo 'in the end' ; kill -TERM $$", "was killed by signal SIGTERM: in the end"),
        ("sh -c 'kill -KILL $$'", "exited with status 137 (SIGKILL): Killed"),
        ("printf 'unterminated'; exit 1", "exited with status 1: unterminated"),
        ("printf 'a\\033[1mb\\377c\\0d\\n'; exit 1", "exited with status 1: ab?c?d"),
        ("printf '10%%\\r90%%\\rdone\\r\\n'; exit 1", "exited with status 1: done"),
        ("head -c 5000 /dev/zero | tr '\\0' x; exit 1", "exited with status 1: " + "x" * 2045 + "…"),
    ],
)
@pytest.mark.parametrize("program", ["buildpack", "command"])
def test_the_reason_says_how_it_ended_and_what_it_said_last(builder, program, lines, sentence):
    builder.pack("test", compile=lines)
    who = "the build command" if program == "command" else "the test buildpack"
    assert builder.error(command=lines if program == "command" else "") == f"{who} {sentence}"


def test_the_reason_is_of_the_program_that_failed(builder):
    builder.pack("test", detect="echo Found; echo ' !     not this' >&2", compile="exit 1")
    assert builder.error() == "the test buildpack exited with status 1"


def test_a_program_that_cannot_be_executed_says_so(builder):
    builder.pack("test", compile=None)
    path = "/usr/lib/deployd/buildpacks/test/bin/compile"
    assert builder.error(buildpack="test") == (
        f"the test buildpack exited with status 126: cannot execute {path}: No such file or directory")


@pytest.mark.parametrize(
    "release, sentence",
    [
        ("echo nothing >&2; exit 4", "bin/release of the test buildpack exited with status 4: nothing"),
        ("echo default_process_types:; echo '  _web: x'",
         "bin/release of the test buildpack prints, in line 2: its name is not of letters, digits, _ and single dashes, at most 32, "
         "from a letter"),
        ("head -c 20000 /dev/zero | tr '\\0' '#' | fold -w 100", "bin/release of the test buildpack prints too much"),
        ("head -c 10000 /dev/zero | tr '\\0' '#'", "bin/release of the test buildpack prints too much"),
    ],
)
def test_a_bad_release_fails_the_build(builder, release, sentence):
    builder.pack("test", release=release)
    assert builder.error() == sentence


def test_a_bad_source_is_refused_like_by_the_importer(builder):
    assert builder.error(source({"../canary": b"x"})) == 'archive entry "../canary" has . or .. in its path'
    assert builder.error(source({"a": b"x"})[:1024]) == "the archive is truncated"


@pytest.mark.parametrize("key", ["max-bytes", "max-files", "max-depth", "max-tasks"])
@pytest.mark.parametrize("value", [None, "", "x", "-1"])
def test_limits_are_in_the_ticket(builder, key, value):
    assert builder.error(limits={**LIMITS, key: value}) == f"the ticket has no valid {key}"


def test_it_does_not_run_as_root(builder):
    assert builder.error(uid=0) == "deployd-build does not run as root"


# What is seen meanwhile


def test_the_output_is_logged_line_by_line_as_it_is_formed(builder):
    builder.pack("test", compile="echo '-----> Heading'; echo '       details' >&2; echo; printf '\\ttab\\tand\\n'; echo ' !     bad'")
    log = builder.good().log.splitlines()
    assert log[log.index("-----> Heading"):][:4] == ["-----> Heading", "       details", " tab and", " !     bad"]


def test_warnings_are_part_of_the_answer(builder):
    result = builder.good(command="echo ' !     warning: there is no lock file'; echo ' !     Warning:  old'; echo 'warning: not ours'; "
                                  "for i in $(seq 30); do echo \" !     warning: $i\"; done")
    warnings = {key: value for key, value in result.answer.items() if key.startswith("warning.")}
    assert list(warnings.values())[:3] == ["there is no lock file", "old", "1"]
    assert list(warnings) == [f"warning.{n}" for n in range(1, 21)]


LINE_COST = 400  # of each line besides its text: base/tail.h
MUCH = "seq -f 'unit %.0f compiled' 60000; "


def check_much(log, maximum):
    """The lines of MUCH that were logged: the first, a word about those that are missing, and the last."""
    lines = [line for line in log.splitlines() if line.startswith(("unit ", "("))]
    numbers = [int(line.split()[1]) for line in lines if line.startswith("unit ")]
    gap = next(index for index, line in enumerate(lines) if line.startswith("("))
    assert numbers[0] == 1 and numbers[-1] == 60000
    # Each of them once, in order, without another gap.
    assert numbers[:gap] == list(range(1, gap + 1))
    assert numbers[gap:] == list(range(60001 - len(numbers[gap:]), 60001))
    # Other lines of the build count too.
    missing = 60000 - len(numbers)
    assert lines[gap] in (f"({missing + n} lines are missing here: log-max of [runner] in deploy.conf is reached)" for n in range(9))
    # The beginning by what the journal stores, the end by its text.
    assert maximum / 2 * 0.8 < sum(len(line) + LINE_COST for line in lines[:gap]) <= maximum / 2
    assert maximum / 2 * 0.8 < sum(len(line) + 1 for line in lines[gap + 1:]) <= maximum / 2


def test_of_too_much_output_beginning_and_end_are_logged(builder):
    result = builder.good(command=MUCH + "echo 'the end'", limits={**LIMITS, "log-max": 100_000})
    assert "the end" in result.log.splitlines()
    check_much(result.log, 100_000)


def test_what_fits_is_logged_whole(builder):
    log = builder.good(command=MUCH, limits={**LIMITS, "log-max": 60_000_000}).log.splitlines()
    assert [line for line in log if line.startswith(("unit", "("))] == [f"unit {n} compiled" for n in range(1, 60001)]


def test_the_end_is_logged_when_the_build_is_stopped(builder):
    result = builder.ended(MUCH, signal.SIGTERM, limits={**LIMITS, "log-max": 100_000})
    assert result.answer == {"error": "the build was stopped"}
    check_much(result.log, 100_000)


def test_headings_are_the_status_of_the_unit(builder, tmp_path):
    go_on = tmp_path / "work/go-on"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(PATIENCE)
        listener.bind("\0deployd-test-" + str(os.getpid()))
        builder.variables = {"NOTIFY_SOCKET": "@deployd-test-" + str(os.getpid())}
        builder.pack("test", compile="for i in 1 2 3 4 5; do echo \"-----> Step $i\"; done; "
                                     "until [ -e go-on ]; do sleep 0.1; done")
        process, *_ = builder.start()
        told = []
        # The last of several is told, though they come faster than they are told, and nothing follows.
        while "STATUS=Step 5" not in told:
            told.append(listener.recv(4096).decode())
        go_on.touch()
        process.communicate(timeout=PATIENCE)
        listener.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                told.append(listener.recv(4096).decode())
    assert process.returncode == 0
    statuses = [text for text in told if text.startswith("STATUS=")]
    assert "STATUS=Test app detected" in statuses and len(statuses) < 6
    # While a program runs, PID 1 waits for a sign of life.
    feeds = [text for text in told if text not in statuses]
    assert feeds[0] == "WATCHDOG_USEC=60000000\nWATCHDOG=1" and feeds[-1] == "WATCHDOG_USEC=0"


# The packed tree


EVERYTHING = """
mkdir -p a/b empty; echo 1 >a/c; echo 2 >a-b; echo x >run; chmod 4777 run; chmod 600 a/c
ln run hard; ln -s a/c soft; ln -s /etc outside; ln -s gone dangling
mkfifo pipe; mkfifo pipe2; mkdir closed; echo in >closed/file; chmod 000 closed/file; chmod 000 closed
long=$(head -c 200 /dev/zero | tr '\\0' n); mkdir $long; echo l >$long/$long; echo u >"e\u0301 日本"
""".strip().replace("\n", "; ") + "; "


def test_a_tree_becomes_files_directories_and_links(builder):
    builder.pack("test", compile=EVERYTHING)
    result = builder.good()
    long = "n" * 200
    assert result.tree() == {
        "a": None, "a/b": None, "a/c": (b"1\n", 0o644), "a-b": (b"2\n", 0o644), "closed": None, "closed/file": (b"in\n", 0o644),
        "dangling": "gone", "empty": None, "e\u0301 日本": (b"u\n", 0o644), "hard": (b"x\n", 0o755), long: None,
        f"{long}/{long}": (b"l\n", 0o644), "outside": "/etc", "run": (b"x\n", 0o755), "soft": "a/c",
    }
    assert "Left out of the built tree: pipe, a fifo.\n" in result.log


def test_the_archive_is_canonical(builder):
    builder.pack("test", compile=EVERYTHING)
    members = builder.good().members()
    names = [os.fsencode(member.name) for member in members]
    assert names == sorted(names) and len(names) == 15
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in members} == {(0, 0, "", "", 0)}
    assert {m.mode for m in members if not m.issym()} == {0o644, 0o755}


def test_the_same_tree_gives_the_same_bytes(builder):
    first = builder.good(command=EVERYTHING).archive
    backwards = "mkdir x; touch x/z x/y x/a; umask 077; " + EVERYTHING + "rm -r x; touch -d 2001-01-01 a/c"
    assert builder.good(command=backwards).archive == first
    assert builder.good(command=EVERYTHING + "echo 3 >a/c").archive != first


def test_the_importer_takes_what_was_packed(builder, binary, tmp_path):
    result = builder.good(command=EVERYTHING + "mkdir -p .venv/bin; ln -s /usr/bin/python3 .venv/bin/python3")
    release, ticket = tmp_path / "release", tmp_path / "import-ticket"
    release.mkdir()
    ticket.write_text("max-bytes=1000000\nmax-files=1000\nmax-depth=16\n\n")
    with open(tmp_path / "archive.tar", "rb") as stdin, open(ticket, "r+b") as stdout:
        subprocess.run([binary("import"), release], stdin=stdin, stdout=stdout, check=True)
    assert f"files={result.answer['files']}\nbytes={result.answer['bytes']}\n" in ticket.read_text()
    assert os.readlink(release / "app/.venv/bin/python3") == "/usr/bin/python3"
    assert stat.S_IMODE(os.stat(release / "app/run").st_mode) == 0o755


@pytest.mark.parametrize(
    "lines, limit, sentence",
    [
        ("touch 1 2 3 4 5", {"max-files": 4}, "the built tree has more than 4 files: build-files-max of [runner] in deploy.conf"),
        ("truncate -s 1T sparse", {},
         "the built tree is larger than 476.8 MiB: build-disk-max of [runner] in deploy.conf"),
        ("mkdir -p 1/2/3/4", {"max-depth": 3}, '"1/2/3/4" of the built tree is too deep'),
        ("touch $(printf 'a\\001b')", {}, '"a?b" of the built tree has a path that is not UTF-8 without control characters'),
        ("ln -s $(printf '\\377') a", {},
         '"a" of the built tree is a symbolic link with a target that is not UTF-8 without control characters'),
    ],
)
def test_what_no_release_may_have_fails_the_build(builder, lines, limit, sentence):
    assert builder.error(command=lines, limits={**LIMITS, **limit}) == sentence


def test_a_full_disk_is_told_in_words(builder):
    (builder.base / "work").rmdir()
    (builder.base / "work").mkdir()
    assert builder.error({"a": b"x" * 2_000_000}, work_size="1M") == 'cannot make "a": No space left on device'


def test_an_archive_that_the_unit_may_not_write_is_told_in_words(builder):
    # systemd's LimitFSIZE=; the file system refuses in the same way.
    builder.around = ("prlimit", "--fsize=1000000")
    lines = "for i in 1 2 3 4; do head -c 500000 /dev/zero >$i; done"
    assert builder.error(command=lines) == "cannot write the built tree: File too large"


# What a build may try


def test_what_is_left_running_is_killed_before_the_tree_is_packed(builder):
    lines = "(while :; do date +%N >clock; done) & setsid sh -c 'trap \"\" TERM; while :; do date +%N >other; done' >&- 2>&- &"
    result = builder.good(command=lines + " until [ -s clock ] && [ -s other ]; do sleep 0.1; done; cp clock seen")
    assert set(result.tree()) == {"clock", "other", "seen"}


def test_who_kills_the_program_has_no_answer(builder):
    result = builder.ended("true", signal.SIGKILL)
    # Of the shell between us: 128 and the signal.
    assert (result.status, result.answer) == (128 + 9, {})


def test_what_a_killed_build_left_is_cleared(builder, tmp_path):
    canary = tmp_path / "canary"
    canary.write_text("alive")
    left = EVERYTHING + f"ln -s {tmp_path} away; mkdir -p closed2/deep; chmod 0 closed2; touch moved-0; mkdir moved-1; "
    assert builder.ended(left, signal.SIGKILL).answer == {}
    assert os.listdir(tmp_path / "work")
    assert builder.good(command="ls -A >found").tree() == {"found": (b"found\n", 0o644)}
    assert canary.read_text() == "alive"


DEEP = "i=0; while [ $i -lt {0} ]; do mkdir d; cd -P d; i=$((i+1)); done; touch end"


def test_directories_without_end_are_told_and_cleared(builder):
    sentence = "it made more than 256 directories inside one another"
    assert builder.error(command=DEEP.format(20000), limits={**LIMITS, "max-depth": 1000}) == sentence


def test_a_build_that_fills_the_disk_is_killed(builder):
    builder.pack("test", compile="while :; do head -c 1000000 /dev/zero >$(date +%N); done", detect="exit 0")
    assert builder.error(limits={**LIMITS, "max-bytes": 20_000_000}) == (
        "it used more than 19.1 MiB of the disk: build-disk-max of [runner] in deploy.conf")


@pytest.mark.parametrize("place", ["/srv/app", "$CACHE_DIRECTORY", "$HOME", "/tmp"])
def test_what_it_wrote_in_its_last_second_counts_too_wherever(builder, place):
    lines = f"mkdir {place}/closed; head -c 3000000 /dev/zero >{place}/closed/big; chmod 0 {place}/closed"
    assert builder.error(command=lines, limits={**LIMITS, "max-bytes": 2_000_000}) == (
        "it used more than 1.9 MiB of the disk: build-disk-max of [runner] in deploy.conf")


def test_a_file_of_many_names_counts_once(builder):
    lines = "cd $CACHE_DIRECTORY; head -c 1000000 /dev/zero >1; for i in 2 3 4 5 6 7 8 9; do ln 1 $i; done"
    builder.good(command=lines, limits={**LIMITS, "max-bytes": 2_000_000})


def test_a_disk_that_gets_too_full_ends_the_build(builder):
    # A file that has no name any more is not found by a walk.
    (builder.base / "work").rmdir()
    (builder.base / "work").mkdir()
    lines = "exec 3>gone; rm gone; head -c 15000000 /dev/zero >&3; sleep 100"
    assert builder.error(command=lines, work_size="20M", limits={**LIMITS, "min-free": 10_000_000}) == (
        "it left less than 9.5 MiB of the disk: min-free-space of [runner] in deploy.conf")


@pytest.fixture
def group():
    """A control group for at most 30 processes, whose refusals are counted: the pids controller of either kind."""
    lines = [line.split() for line in open("/proc/mounts")]
    mount = next((line[1] for line in lines if line[2] == "cgroup" and "pids" in line[3].split(",")), None)
    if not mount:
        mount = next(line[1] for line in lines if line[2] == "cgroup2")
        with open(mount + "/cgroup.subtree_control", "w") as control:
            control.write("+pids")
    path = tempfile.mkdtemp(prefix="deployd-test-", dir=mount)
    os.chmod(path, 0o755)
    with open(path + "/pids.max", "w") as limit:
        limit.write("30")
    yield path
    os.rmdir(path)


def test_too_many_processes_are_told(builder, group):
    def enter():
        with open(group + "/cgroup.procs", "w") as procs:
            procs.write("0")

    lines = "for i in $(seq 100); do sleep 100 & done; wait"
    assert builder.error(command=lines, limits={**LIMITS, "max-tasks": 30}, preexec_fn=enter) == (
        "it needed more than 30 processes and threads: build-tasks-max of [runner] in deploy.conf")


def test_a_gigabyte_without_a_newline_is_one_line(builder):
    result = builder.good(command="head -c 1G /dev/zero; echo; echo end")
    assert max(map(len, result.log.splitlines())) == len("?" * 4093 + "…")
    assert result.log.splitlines().count("end") == 1


def test_who_fills_the_pipe_and_leaves_ends(builder):
    result = builder.good(command="head -c 10000000 /dev/zero | tr '\\0' '\\n' & yes | head -n 100000; wait")
    assert result.log.splitlines().count("y") == 100000


def test_its_standard_input_is_empty_and_nothing_of_ours_is_open(builder):
    result = builder.good(command="cat >in; ls -l /proc/self/fd >fds")
    assert result.tree()["in"] == (b"", 0o644)
    fds = re.findall(r" (\d+) -> (\S+)", result.tree()["fds"][0].decode())
    assert [number for number, target in fds if not target.startswith("/proc/")] == ["0", "1", "2"]
    assert ("0", "/dev/null") in fds


def test_another_mount_in_the_tree_is_an_empty_directory(builder, tmp_path):
    lines = "mkdir m; echo x >m/under; echo ready; until [ -e m/file ]; do sleep 0.1; done"
    process, ticket, archive, request = builder.start(command=lines)
    log = ""
    while "ready\n" not in log:
        line = process.stderr.readline().decode()
        assert line, log
        log += line
    # The build could not do this itself.
    inside = ["nsenter", f"--mount=/proc/{process.pid}/ns/mnt"]
    subprocess.run([*inside, "sh", "-ec", "mount -t tmpfs -o mode=755 tmpfs /srv/app/m; echo y >/srv/app/m/file"], check=True)
    _, rest = process.communicate(timeout=PATIENCE)
    result = Result(process.returncode, {}, rest.decode(), archive.read_bytes())
    assert (result.status, result.tree()) == (0, {"m": None})
    assert "Cannot clear the work directory, ignoring: Device or resource busy\n" in result.log
    # Where it is gone, so is what was below it.
    assert builder.good(command="ls >found").tree() == {"found": (b"found\n", 0o644)}


def test_a_closed_work_directory_is_packed(builder):
    assert builder.good(command="touch file; chmod 0 .").tree() == {"file": (b"", 0o644)}
    assert builder.error(command="chmod 0 .; echo why; exit 1") == "the build command exited with status 1: why"


@pytest.mark.parametrize("killed", [True, False])
def test_no_build_can_spoil_the_next_one(builder, killed):
    lines = "touch x; rm -r $HOME $CACHE_DIRECTORY; ln -s /etc $HOME; touch $CACHE_DIRECTORY; chmod 0 /srv/app /srv/private; "
    if killed:
        builder.ended(lines, signal.SIGKILL)
    else:
        builder(command=lines + "exit 1")
    result = builder.good(command="touch $HOME/file $CACHE_DIRECTORY/file; ls >found; chmod 0 $HOME $CACHE_DIRECTORY")
    assert result.tree() == {"found": (b"found\n", 0o644)}
    assert builder.good(command="ls $HOME >found").tree() == {"found": (b"file\n", 0o644)}
