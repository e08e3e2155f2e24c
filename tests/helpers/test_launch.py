# SPDX-License-Identifier: LGPL-2.1-or-later
"""deployd-launch: the line of the process reaches the shell as it is, and its output the journal."""

import os
import socket
import subprocess

import pytest

from conftest import without_capabilities

# The directory is a constant of the program: it gets a /run of its own, made from $FILES, and with $SHELL_IS
# another /bin/sh.
SCRIPT = """
mount -t tmpfs tmpfs /run &&
mkdir -p /run/deployd/process &&
cp -a "$FILES"/. /run/deployd/process &&
if [ -n "$SHELL_IS" ]; then mount --bind "$SHELL_IS" /bin/sh; fi &&
unset FILES SHELL_IS &&
exec "$@"
"""

# A shell that says what it was given.
RECORDER = """#!/usr/bin/python3
import os, sys
sys.stdout.buffer.write(b"\\0".join(map(os.fsencode, sys.argv)))
"""


@pytest.fixture
def launch(binary, tmp_path):
    def run(files, *arguments, environment=None, shell="", tree=None, rate=("1000000",), **options):
        for name, content in files.items():
            if isinstance(content, bytes):
                (tmp_path / name).write_bytes(content)
            else:
                (tmp_path / name).symlink_to(content)
        return subprocess.run(
            ["unshare", "-m", "sh", "-c", SCRIPT, "sh", *without_capabilities(binary("launch"), *arguments, *rate)],
            env={"PATH": os.environ["PATH"], "FILES": str(tmp_path), "SHELL_IS": str(shell), **(environment or {})},
            cwd=tree,
            **{"capture_output": True, **options},
        )

    return run


@pytest.fixture
def recorder(tmp_path_factory):
    path = tmp_path_factory.mktemp("shell") / "recorder"
    path.write_text(RECORDER)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    "line",
    [
        "exec node server.js --port \"$PORT\" --name 'a b'; echo %s %% \\n \\\\ `id` | cat > /dev/null &",
        "%n %% $$ ${HOME} $HOME \\; ; \\$",
        "grün 日本 e\u0301\t tab  and blanks at the end  ",
        "-x --version",
        "@!+:-echo",
        "# only a comment",
        "x" * (64 * 1024 - 1),
    ],
    ids=["shell", "unit", "text", "dash", "prefixes", "comment", "longest"],
)
def test_the_line_reaches_the_shell_byte_for_byte(launch, recorder, line):
    done = launch({"web": line.encode()}, "web", shell=recorder)
    assert done.stdout.split(b"\0") == [b"/bin/sh", b"-c", b"--", line.encode()]
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_shell_runs_it_and_its_status_is_the_program_s(launch):
    done = launch({"web": b"printf '<%s>' \"$A\" 'b;c'; exit 42"}, "web", environment={"A": "x  y"})
    assert (done.returncode, done.stdout, done.stderr) == (42, b"<x  y><b;c>", b"")


def test_the_environment_is_unchanged(launch):
    environment = {"A": "x y\n$HOME `id` \\", "PORT": "20001", "EMPTY": "", "UMLAUT": "ü", "LD_BIND_NOW": "1"}
    done = launch({"web": b"exec cat /proc/self/environ"}, "web", environment=environment)
    found = dict(item.split("=", 1) for item in done.stdout.decode().split("\0") if item)
    # What the shell of the test and dash itself add.
    assert {key: found.get(key) for key in environment} == environment
    assert set(found) - set(environment) <= {"PATH", "PWD", "OLDPWD", "SHLVL", "_"}


def test_a_line_that_begins_with_a_dash_is_a_command_and_no_option(launch):
    done = launch({"web": b"-c"}, "web")
    assert done.returncode == 127 and b"not found" in done.stderr


@pytest.mark.parametrize(
    "name", ["", "..", "../web", "/etc/passwd", "_web", "web.1", "a--b", "-a", "a-", "1a", "a" * 33, "we b", "web\n"]
)
def test_only_the_name_of_a_process_is_taken(launch, name):
    done = launch({"web": b"echo ran"}, name)
    assert (done.returncode, done.stdout) == (203, b"")
    assert done.stderr == b"deployd-launch: not the name of a process\n"


@pytest.mark.parametrize("arguments, said", [
    ((), b"usage: deployd-launch PROCESS LOG-RATE [--writable] [--persist=NAME:NAME...]\n"),
    (("web", "1", "more"), b"deployd-launch: no option: more\n")])
def test_other_arguments_are_refused(launch, arguments, said):
    done = launch({"web": b"echo ran"}, *arguments, rate=())
    assert (done.returncode, done.stdout, done.stderr) == (203, b"", said)


def test_the_rate_is_a_number(launch):
    done = launch({"web": b"echo ran"}, "web", rate=("8M",))
    assert (done.returncode, done.stdout, done.stderr) == (203, b"", b"deployd-launch: not a number of bytes\n")


@pytest.mark.parametrize(
    "files, why",
    [
        ({}, "No such file or directory"),
        ({"web": b""}, "Bad message"),
        ({"web": b"echo \0ran"}, "Bad message"),
        ({"web": b"x" * (64 * 1024)}, "Bad message"),
        ({"web": "other", "other": b"echo ran"}, "Too many levels of symbolic links"),
    ],
)
def test_what_is_no_line_is_not_run(launch, files, why):
    done = launch(files, "web")
    assert (done.returncode, done.stdout) == (203, b"")
    assert done.stderr.decode() == f"deployd-launch: cannot read /run/deployd/process/web: {why}\n"


PROFILED = b'printf "<%s>" "$A" "$B" "$C" "$file" "$#"'


@pytest.mark.parametrize(
    "tree, said",
    [
        ({".profile.d/a.sh": "export A=a B=x\n", ".profile.d/b.sh": "[[ $A = a ]] && export B=b\n"}, "<a><b><><><0>"),
        ({".profile.d/a.sh": "export A=a\n", ".profile": "export C=$A.c\n"}, "<a><><a.c><><0>"),
        ({".profile": "export A='x  y'\n"}, "<x  y><><><><0>"),
        ({".profile.d/note.txt": "export A=a\n"}, "<><><><><0>"),
        ({".profile.d/a.sh": "false\n", ".profile.d/b.sh": "export B=b\n"}, "<><b><><><0>"),
        ({".profile": "set -- x y\nshift\nexport A=a file=f\n"}, "<a><><><f><0>"),
    ],
    ids=["bash", "profile after", "profile alone", "no script", "a failure", "arguments"],
)
def test_profiles_of_the_tree_are_read_before(launch, tmp_path_factory, tree, said):
    """As on Heroku: .profile.d/*.sh in the order of their names, then .profile, by bash."""
    directory = tmp_path_factory.mktemp("tree")
    for name, content in tree.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(content)
    done = launch({"web": PROFILED}, "web", tree=directory)
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, said, b"")


def test_profiles_leave_the_line_as_it_is(launch, tmp_path_factory):
    directory = tmp_path_factory.mktemp("tree")
    (directory / ".profile").write_text("export A=a\n")
    line = "printf '<%s>' \"$A\" '%n' '\\n' `echo x` \"$0\""
    assert launch({"web": line.encode()}, "web", tree=directory).stdout == b"<a><%n><\\n><x></bin/sh>"


# The relay


@pytest.fixture
def socket_pair():
    """What the journal's end is: a stream socket, which cannot be opened by a name."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def read_all(end):
    return b"".join(iter(lambda: end.recv(65536), b""))


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/stderr", "/proc/self/fd/1", "/dev/fd/2"])
def test_standard_output_and_error_can_be_opened_by_name(launch, socket_pair, name):
    ours, theirs = socket_pair
    done = launch({"web": f"echo before; echo opened >{name}".encode()}, "web", capture_output=False, stdout=theirs, stderr=theirs)
    theirs.close()
    assert (done.returncode, read_all(ours)) == (0, b"before\nopened\n")


def test_lines_of_both_keep_their_order_where_both_are_the_same(launch, socket_pair):
    ours, theirs = socket_pair
    launch({"web": b"for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done"}, "web", capture_output=False,
           stdout=theirs, stderr=theirs)
    theirs.close()
    assert read_all(ours).decode().splitlines() == [f"{name} {i}" for i in range(1, 6) for name in ("out", "err")]


def test_a_unit_that_an_older_deployd_has_made_runs_as_it_did(launch, socket_pair):
    """PID 1 starts it again as it is: without a rate, and so without a relay."""
    ours, theirs = socket_pair
    done = launch({"web": b"readlink /proc/self/fd/1"}, "web", rate=(), capture_output=False, stdout=theirs, stderr=theirs)
    theirs.close()
    assert done.returncode == 0 and read_all(ours).startswith(b"socket:")


def test_without_a_newline_the_last_words_are_passed_on_too(launch):
    assert launch({"web": b"printf 'one\\ntwo'; printf err >&2"}, "web").stdout == b"one\ntwo"


def test_whatever_bytes_are_passed_on_as_they_are(launch, tmp_path_factory):
    path = tmp_path_factory.mktemp("bytes") / "bytes"
    path.write_bytes(bytes(range(256)) * 4 + b"x" * 200_000 + b"\n" + os.urandom(100_000))
    assert launch({"web": f"exec cat {path}".encode()}, "web").stdout == path.read_bytes()


def test_the_relay_is_no_child_and_in_another_session(launch):
    """A shell that waits for its children, and one that signals its group, have nothing to do with it."""
    done = launch({"web": b"trap '' TERM; sleep 0 & wait; echo waited; kill -TERM 0; echo on"}, "web", start_new_session=True)
    assert (done.returncode, done.stdout) == (0, b"waited\non\n")


def test_what_is_told_by_signals_is_still_passed_on(launch):
    """systemd signals all processes of a unit: the relay passes on what is said in the end."""
    line = ("trap 'echo relays: $n; exit 7' TERM; n=none; for p in /proc/[0-9]*; do "
            "if [ \"$(cat $p/comm 2>/dev/null)\" = deployd-relay ]; then kill -TERM ${p#/proc/} && n=told; fi; "
            "done; kill -TERM $$; sleep 100")
    done = launch({"web": line.encode()}, "web")
    assert (done.returncode, done.stdout) == (7, b"relays: told\n")


def test_what_stays_behind_in_the_background_is_still_heard(launch):
    done = launch({"web": b"(sleep 0.2; echo late) & echo early"}, "web")
    assert done.stdout == b"early\nlate\n"


def test_the_journal_s_stream_is_not_named(launch):
    done = launch({"web": b"echo ${JOURNAL_STREAM-none}"}, "web", environment={"JOURNAL_STREAM": "1:2"})
    assert done.stdout == b"none\n"


LINE_COST = 400  # of each line besides its text: base/tail.h


@pytest.mark.parametrize("line, n", [("", 60000), (990 * "x", 3000)], ids=["short", "long"])
def test_of_too_much_the_beginning_and_the_end_are_passed_on(launch, line, n):
    program = f"for i in range({n}): print(i, '{line}')"
    done = launch({"web": f'python3 -c "{program}"; echo no apples left >&2; exit 3'.encode()}, "web", rate=("500000",))
    assert (done.returncode, done.stderr) == (3, b"no apples left\n")
    lines = done.stdout.decode().splitlines()
    gap = next(index for index, text in enumerate(lines) if text.startswith("("))
    before, after = ([int(text.split()[0]) for text in part] for part in (lines[:gap], lines[gap + 1:]))
    assert before == list(range(gap)) and after == list(range(n - len(after), n)) and after
    assert 490_000 < sum(len(text) + 1 + LINE_COST for text in lines[:gap]) <= 500_000
    assert lines[gap] == (f"({n - len(before) - len(after)} lines are missing here: "
                          "log-rate of [runner] in deploy.conf is reached)")


def test_what_a_program_of_deployd_logs_goes_through_the_stream_where_the_journal_s_socket_is_not_seen(launch, socket_pair):
    ours, theirs = socket_pair
    stream = os.fstat(theirs.fileno())
    done = launch({}, "web", environment={"JOURNAL_STREAM": f"{stream.st_dev}:{stream.st_ino}"}, capture_output=False,
                  stdout=theirs, stderr=theirs)
    theirs.close()
    assert done.returncode == 203
    assert read_all(ours) == b"<3>deployd-launch: cannot read /run/deployd/process/web: No such file or directory\n"


def test_nobody_to_read_it_does_not_end_the_program(launch, socket_pair, tmp_path_factory):
    ours, theirs = socket_pair
    ours.close()
    path = tmp_path_factory.mktemp("done") / "done"
    done = launch({"web": f"seq 100000; echo done >{path}".encode()}, "web", capture_output=False, stdout=theirs, stderr=theirs)
    assert (done.returncode, path.read_text()) == (0, "done\n")


# Where the process may write. In a mount namespace: a release at /srv/release, and the tree as PID 1 mounts it.
PLACES = """
mount -t tmpfs tmpfs /srv && mkdir /srv/app /srv/release /srv/kept /srv/state &&
mkdir -p /srv/release/public/css /srv/release/data/deep /srv/kept/data /srv/kept/public+uploads &&
echo 1 >/srv/release/data/deep/one && echo css >/srv/release/public/css/a && ln -s data/deep/one /srv/release/link &&
printf '#!/bin/sh\n' >/srv/release/run && chmod 755 /srv/release/run && touch -d @1000000000 /srv/release/run &&
"""


@pytest.fixture
def places(binary, tmp_path):
    """places(before, option...) runs the line in /srv/app, behind what the shell does before."""
    def run(before, line, *options, state="/srv/state"):
        (tmp_path / "web").write_text(line)
        script = SCRIPT.replace('mount -t', PLACES + before + ' mount -t', 1).replace('exec "$@"', 'cd /srv/app && exec "$@"')
        return subprocess.run(
            ["unshare", "-m", "sh", "-c", script, "sh", *without_capabilities(binary("launch"), "web", "1000000", *options)],
            env={"PATH": os.environ["PATH"], "FILES": str(tmp_path), "SHELL_IS": "", "STATE_DIRECTORY": state},
            capture_output=True, text=True)

    return run


def test_a_writable_tree_is_a_copy(places):
    done = places("", "cat link public/css/a; readlink link; stat -c %Y run; test -x run && test ! -x link && echo x >link && "
                  "cat /srv/release/link", "--writable")
    assert (done.stdout, done.stderr) == ("1\ncss\ndata/deep/one\n1000000000\n1\n", "")


def test_a_tree_that_has_no_room_is_not_run(places):
    done = places("mount -t tmpfs -o size=16k tmpfs /srv/app && head -c 100000 /dev/zero >/srv/release/big &&", "echo ran",
                  "--writable")
    assert (done.returncode, done.stdout) == (203, "")
    assert done.stderr == "deployd-launch: there is no room for a copy of the tree: see writable-tree-max and build-files-max of [runner]\n"


KEPT = "mkdir -p /srv/app/data /srv/app/public/uploads &&"


def test_what_is_kept_begins_with_what_the_tree_has(places):
    done = places(KEPT, "cat data/deep/one; ls -A public/uploads; ls -A /srv/state", "--persist=data:public/uploads")
    assert (done.stdout, done.stderr) == ("1\n.persist-data\n.persist-public+uploads\n", "")


def test_what_is_kept_is_copied_once(places):
    done = places(KEPT + "echo >/srv/state/.persist-data &&", "ls -A data", "--persist=data")
    assert (done.stdout, done.stderr) == ("", "")


def test_what_is_there_already_is_the_app_s_though_the_mark_is_gone(places):
    done = places(KEPT + "mkdir /srv/app/data/deep && echo mine >/srv/app/data/deep/one &&", "cat data/deep/one", "--persist=data")
    assert (done.stdout, done.stderr) == ("mine\n", "")


def test_a_copy_that_was_cut_short_is_made_again(places):
    done = places(KEPT + ">/srv/state/.persist-data && mkdir /srv/app/data/deep && echo half >/srv/app/data/deep/one &&",
                  "cat data/deep/one", "--persist=data")
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_in_a_copy_links_lead_to_what_is_kept(places):
    done = places("", "cat data/deep/one public/css/a; echo 2 >public/uploads/two; readlink data; ls /srv/kept/public+uploads",
                  "--writable", "--persist=data:public/uploads")
    assert (done.stdout, done.stderr) == ("1\ncss\n/srv/kept/data\ntwo\n", "")


def test_what_cannot_be_kept_is_not_run(places):
    done = places(KEPT, "echo ran", "--persist=data", state="/nonexistent")
    assert (done.returncode, done.stdout) == (203, "")
    assert done.stderr == "deployd-launch: cannot copy data: No such file or directory\n"
