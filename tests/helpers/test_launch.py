# SPDX-License-Identifier: LGPL-2.1-or-later
"""deployd-launch: the line of the process reaches the shell as it is."""

import os
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
    def run(files, *arguments, environment=None, shell="", tree=None):
        for name, content in files.items():
            if isinstance(content, bytes):
                (tmp_path / name).write_bytes(content)
            else:
                (tmp_path / name).symlink_to(content)
        return subprocess.run(
            ["unshare", "-m", "sh", "-c", SCRIPT, "sh", *without_capabilities(binary("launch"), *arguments)],
            env={"PATH": os.environ["PATH"], "FILES": str(tmp_path), "SHELL_IS": str(shell), **(environment or {})},
            cwd=tree,
            capture_output=True,
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


@pytest.mark.parametrize("arguments", [(), ("web", "more")])
def test_there_is_exactly_one_argument(launch, arguments):
    done = launch({"web": b"echo ran"}, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (203, b"", b"usage: deployd-launch PROCESS\n")


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
