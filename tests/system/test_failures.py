# SPDX-License-Identifier: LGPL-2.1-or-later
"""A deployment that fails says why in one sentence, leaves nothing behind, and the live deployment stays live."""

import re

import pytest

import daemon
import repository as repositories
from deployd import SILENT, Deployd, Held, app_path, deployment_path, repository_path

CONFIGURATION = """\
[runner]
start-timeout = 1500ms
stop-timeout = 5s
fetch-max-files = 20
fetch-max-depth = 3
fetch-max-bytes = 1M
"""
OVERRIDE = "/etc/deployd/deploy.conf.d/70-test.conf"

PYTHON = repositories.sample("python", "2")

# What is wrong with a commit: its files, and the sentence. {port} is the assigned port.
COMMITS = {
    "Procfile with a bad line": (
        {"Procfile": "web: python3 app.py\nno colon here\n"},
        "import: Procfile line 2: it is not of the form NAME: command"),
    "exits 0": (
        {"Procfile": "web: exit 0\n"},
        "web.1 exited with status 0 before it listened on port {port}"),
    "exits 1": (
        {"Procfile": "web: echo out of luck >&2; exit 1\n"},
        "web.1 exited with status 1 before it listened on port {port}: out of luck"),
    "says more behind the error": (
        {"Procfile": "web: printf '%s\\n' 'Error: no apples' '    at main (a.js:1:1)' 'Node.js v18.20.4' >&2; exit 1\n"},
        "web.1 exited with status 1 before it listened on port {port}: Error: no apples"),
    "is killed": (
        {"Procfile": "web: kill -SEGV $$\n"},
        "web.1 was killed by signal SIGSEGV before it listened on port {port}"),
    "is terminated": (
        {"Procfile": "web: kill -TERM $$\n"},
        "web.1 was killed by signal SIGTERM before it listened on port {port}"),
    "never listens": (
        SILENT,
        "web.1 did not listen on port {port}, its $PORT, within 1.5 s"),
    "ignores SIGTERM": (
        {"Procfile": "web: trap '' TERM; setsid sleep infinity & while :; do wait; sleep 1; done\n"},
        "web.1 did not listen on port {port}, its $PORT, within 1.5 s"),
    "listens elsewhere": (
        {**PYTHON, "Procfile": "web: PORT=28999 exec python3 app.py\n"},
        "web.1 did not listen on 127.0.0.1:{port}, its $HOST and $PORT: it listens on 127.0.0.1:28999"),
    "listens on IPv6 only": (
        {**PYTHON, "Procfile": "web: python3 -m http.server --bind ::1 $PORT\n"},
        "web.1 did not listen on 127.0.0.1:{port}, its $HOST and $PORT: it listens on [::1]:{port}"),
    "missing program": (
        {"Procfile": "web: ./nothing-here --port $PORT\n"},
        "web.1 exited with status 127 (command not found) before it listened on port {port}: "
        "/bin/sh: 1: ./nothing-here: not found"),
    "not executable": (
        {**PYTHON, "Procfile": "web: ./app.py\n"},
        "web.1 exited with status 126 (command cannot be executed) before it listened on port {port}: "
        "/bin/sh: 1: ./app.py: Permission denied"),
    "too many files": (
        {"Procfile": "web: true\n", **{f"file-{i}": "" for i in range(20)}},
        "fetch: the tree has more than 20 files and directories"),
    "too deep": (
        {"Procfile": "web: true\n", "a/b/c/d/e": ""},
        'fetch: the tree has more than 3 directories inside one another: "a/b/c/d"'),
    "too large": (
        {"Procfile": "web: true\n", "half": b"x" * (600 << 10), "other half": b"y" * (600 << 10)},
        "fetch: the files of the tree are larger than 1.0 MiB together"),
}


@pytest.fixture(scope="module")
def deployd(boot):
    machine = boot(files={"/etc/deployd/deploy.conf.d/60-test.conf": CONFIGURATION})
    repositories.serve(machine)
    platform = Deployd(machine)
    platform.repository = platform.app("steady")
    platform.steady = platform.live("steady")
    platform.main_pid = machine.show(platform.steady["Units"][0], "MainPID")
    return platform


def fails(deployd, sentence, revision="", app="steady"):
    """Deploys; it must fail with the sentence and leave nothing, and the live deployment must be as before."""
    files = deployd.files()
    number = deployd.deploy(app, revision)
    failed = deployd.end(number)
    assert failed["Status"] == "failed"
    assert failed["ErrorSummary"] == sentence.format(port=failed["AssignedPort"])

    deployd.settled(number, app)
    assert deployd.files() == files
    assert deployd.statuses(number)[-1] == "failed"
    stays_live(deployd)
    return failed


def stays_live(deployd):
    """What was live at the beginning still is, and it is the same process that answers."""
    machine, steady = deployd.machine, deployd.steady
    unit = steady["Units"][0]
    assert machine.curl(steady["AssignedPort"]) == (200, "python 1\n")
    assert machine.units("deployd-app-steady-*") == [unit]
    assert machine.show(unit, "MainPID") == deployd.main_pid
    # Its log is archived a moment after it has become live.
    assert {**deployd.describe(steady["Id"]), "LogsPath": ""} == {**steady, "LogsPath": ""}
    assert deployd.get("steady", "Status") == "running"
    assert deployd.get("steady", "CurrentPort") == steady["AssignedPort"]


@pytest.fixture
def elsewhere(deployd):
    """elsewhere(URL) has the repository of the app at another address; afterwards it is where it was."""
    def set_url(url):
        deployd.machine.call(repository_path("steady"), "Repository.SetGitUrl", "s", url)

    yield set_url
    set_url(deployd.repository.url)


@pytest.fixture
def configured(deployd):
    """configured(TEXT) has the configuration overridden by it; afterwards it is as it was."""
    def configure(text):
        deployd.machine.write(OVERRIDE, text)
        deployd.machine.systemctl("reload", "deployd")

    yield configure
    configure("")


@pytest.mark.parametrize("name", COMMITS)
def test_a_commit_that_cannot_run_fails_and_leaves_nothing(deployd, name):
    files, sentence = COMMITS[name]
    commit = deployd.repository.commit(files)
    failed = fails(deployd, sentence)
    assert failed["Revision"] == ("" if sentence.startswith("fetch:") else commit)


# Holds the journal until PID 1 has taken back what it says of the only run of the unit: the journal reads the
# program's line only then.
LATE_JOURNAL = """
journal=$(systemctl show --property=MainPID --value systemd-journald)
kill -STOP "$journal"
trap 'kill -CONT "$journal"' EXIT
echo held
run() { set -- /run/systemd/units/invocation:deployd-app-late-*; [ -L "$1" ]; }
until run; do :; done
while run; do :; done
"""


def test_the_last_line_is_told_when_the_journal_reads_it_late(deployd):
    deployd.app("late", {"Procfile": "web: echo famous last words; exit 4\n"})
    with deployd.machine.stream(["timeout", "20", "sh", "-euc", LATE_JOURNAL]) as holder:
        assert holder.next() == "held"
        fails(deployd, "web.1 exited with status 4 before it listened on port {port}: famous last words",
              app="late")


@pytest.mark.parametrize("revision", ["nope", "refs/heads/nope", "v1.0", "0123456789abcdef0123456789abcdef01234567"])
def test_a_revision_that_is_not_there_fails(deployd, revision):
    fails(deployd, f'fetch: the repository has no branch, tag or commit "{revision}"', revision)


@pytest.mark.parametrize("url,sentence", [
    (f"http://127.0.0.1:{repositories.PORT}/none.git", "the server has no such repository (http status 404)"),
    ("http://127.0.0.1:8499/none.git", "the server refused the connection"),
    (f"{repositories.DIRECTORY}/none.git",
     f'"{repositories.DIRECTORY}/none.git" cannot be opened: No such file or directory'),
])
def test_a_repository_that_is_not_there_fails(deployd, elsewhere, url, sentence):
    elsewhere(url)
    fails(deployd, f"fetch: {sentence}")


def test_a_repository_without_a_commit_fails(deployd, elsewhere):
    elsewhere(repositories.Repository(deployd.machine, "empty").url)
    fails(deployd, "fetch: the repository is empty: it has no commit yet")


def test_without_a_free_port_it_fails(deployd, configured):
    configured("[ports]\nrange = 28500-28500\n")
    deployd.app("greedy")
    greedy = deployd.live("greedy")
    assert greedy["AssignedPort"] == 28500
    for app in ("greedy", "steady"):
        revision = deployd.repository.git("rev-parse", f"main~{len(COMMITS)}") if app == "steady" else ""
        failed = fails(deployd, "no free port in 28500-28500", revision, app)
        assert failed["AssignedPort"] == 0
    assert deployd.machine.curl(28500) == (200, "python 1\n")


def test_without_space_it_is_refused_or_fails(deployd, configured):
    configured("[runner]\nmin-free-space = 1T\n")
    sentence = (r"the disk of /var/lib/deployd has \d+\.\d GiB left: remove something from it, or lower min-free-space "
                r"\(1\.0 TiB\) of \[runner\] in deploy\.conf")
    error, message = daemon.refused(deployd.machine, app_path("steady"), "App.Deploy", "sa{sv}", "", 0)
    assert (error, bool(re.fullmatch(sentence, message))) == (f"{daemon.ERROR}NoSpace", True), message

    configured("")
    deployd.app("behind", SILENT)
    with Held(deployd.machine, "fetch") as held:
        # The second waits in the queue while the space goes.
        first, second = deployd.deploy("behind"), deployd.deploy("behind")
        held.unit("behind-*")
        configured("[runner]\nmin-free-space = 1T\n")
        deployd.machine.call(deployment_path(first), "Deployment.Cancel")
        failed = deployd.end(second)
    assert (failed["Status"], bool(re.fullmatch(sentence, failed["ErrorSummary"]))) == ("failed", True), failed
    stays_live(deployd)
    # A release that is there needs no more.
    again = deployd.do("steady", "Redeploy")[0]
    deployd.steady = deployd.end(again)
    assert deployd.steady["Status"] == "live"
    deployd.settled(second, "behind")
    deployd.main_pid = deployd.machine.show(deployd.steady["Units"][0], "MainPID")


def test_a_port_that_somebody_else_has_fails(deployd, configured):
    with deployd.machine.stream(
            ["python3", "-c", "import signal, socket; s = socket.create_server(('127.0.0.1', 28600));"
             "print('listening', flush=True); signal.pause()"], user="nobody") as stranger:
        assert stranger.next() == "listening"
        configured("[ports]\nrange = 28600-28600\n")
        number = deployd.deploy("steady", deployd.repository.commit(SILENT))
        failed = deployd.end(number)
        assert failed["ErrorSummary"] == "no free port in 28600-28600: other processes hold some, see ss -lntp"
    deployd.settled(number, "steady")
    stays_live(deployd)
