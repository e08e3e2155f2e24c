# SPDX-License-Identifier: LGPL-2.1-or-later
"""logs: from real journal files, written by systemd-journal-remote from entries with the fields journald sets."""

import pwd
import re
import shutil
import subprocess

import pytest

from conftest import BINARY

REMOTE = "/lib/systemd/systemd-journal-remote"
BOOT = "1" * 32


class Journal:
    """A directory with a journal; entries are there to be read once written."""

    def __init__(self, directory):
        self.directory = directory
        self.n = 0
        self.files = 0

    def write(self, *entries):
        """Each entry is a unit, a message and more fields."""
        data = b""
        for unit, message, *fields in entries:
            self.n += 1
            message = message if isinstance(message, bytes) else message.encode()
            lines = [f"__REALTIME_TIMESTAMP={1772373600000000 + self.n * 1000000}",
                     f"__MONOTONIC_TIMESTAMP={self.n * 1000000}", f"_BOOT_ID={BOOT}", f"_SYSTEMD_UNIT={unit}", *fields]
            data += "".join(line + "\n" for line in lines).encode()
            if message:
                data += b"MESSAGE\n" + len(message).to_bytes(8, "little") + message + b"\n\n"
            else:
                data += b"MESSAGE=\n\n"
        self.files += 1
        subprocess.run([REMOTE, f"--output={self.directory}/part{self.files}.journal", "-"], input=data, check=True,
                       stderr=subprocess.DEVNULL)


@pytest.fixture
def journal(tmp_path):
    tmp_path.chmod(0o755)
    return Journal(tmp_path)


@pytest.fixture
def logs(journal, deployctl):
    return lambda *arguments, **options: deployctl("logs", *arguments, f"--journal={journal.directory}", **options)


WEB = "deployd-app-shop-42.web.1.service"


def test_lines_of_the_app_with_time_process_and_deployment(journal, logs):
    journal.write((WEB, "listening"), ("deployd-app-shop-43.worker.2.service", "working"), ("ssh.service", "no"))
    result = logs("shop")
    assert (result.status, result.err) == (0, "")
    assert result.out == ("2026-03-01 14:00:01 web.1[42]: listening\n"
                          "2026-03-01 14:00:02 worker.2[43]: working\n")


def test_an_app_cannot_pass_for_another(journal, logs):
    """Units of `my` and `my-app`, names that only look alike, and fields an app made up."""
    forged = ["DEPLOYD_APP=my", "DEPLOYD_DEPLOYMENT=1", "UNIT=deployd-app-my-1.web.1.service",
              "OBJECT_SYSTEMD_UNIT=deployd-app-my-1.web.1.service"]
    units = ["deployd-app-my_app-1.web.1.service", "deployd-app-my_app-1.my.1.service", "evil.service",
             "deployd-app-my-1.web.1.service.service", "xdeployd-app-my-1.web.1.service",
             "deployd-app-my-1.web.1.scope", "deployd-app-my-1.web.service", "deployd-app-my-1-1.web.1.service",
             "deployd-app-my--1.web.1.service", "deployd-app-my-01.web.1.service", "deployd-app-my-1..1.service",
             "deployd-app-my-99999999999999999999.web.1.service", "deployd-build-my-1.service",
             "deployd-app-my-1.web.1.service\\x0a", "deployd-app-MY-1.web.1.service", "deployd-app-my-1.web.1service",
             "deployd-app-my-1.we/b.1.service"]
    journal.write(("deployd-app-my-1.web.1.service", "mine"), *((unit, unit, *forged) for unit in units))
    assert logs("my", "--raw").out == "mine\n"
    assert logs("my-app", "--raw").out.split() == units[:2]
    assert logs("my", "--raw", "--deployment", "1").out.split() == ["mine", "deployd-build-my-1.service"]


def test_a_deployment_has_what_was_done_for_it(journal, logs):
    journal.write(("deployd-fetch-code-7.service", "fetched", "DEPLOYD_DEPLOYMENT=42"),
                  ("deployd-fetch-code-8.service", "other fetch", "DEPLOYD_DEPLOYMENT=43"),
                  ("deployd-resolve-code-7.service", "resolved", "DEPLOYD_DEPLOYMENT=42"),
                  ("deployd.service", "told", "DEPLOYD_DEPLOYMENT=42"),
                  ("deployd.service", "other told", "DEPLOYD_DEPLOYMENT=43"),
                  ("deployd-build-shop-42.service", "built"), ("deployd-build-shop-43.service", "other build"),
                  ("deployd-import-shop-42.service", "imported"), ("deployd-release-shop-42.service", "released"),
                  (WEB, "served"), ("evil.service", "forged", "DEPLOYD_DEPLOYMENT=42", "DEPLOYD_APP=shop"),
                  ("deployd-app-evil-9.web.1.service", "forged", "DEPLOYD_DEPLOYMENT=42", "DEPLOYD_APP=shop"))
    result = logs("shop", "--deployment", "42")
    assert [line.split(" ", 2)[2] for line in result.out.splitlines()] == [
        "fetch[42]: fetched", "resolve[42]: resolved", "deployd[42]: told", "build[42]: built", "import[42]: imported",
        "release[42]: released", "web.1[42]: served"]
    assert logs("shop", "-d", "42", "-n", "2", "--raw").out == "released\nserved\n"
    assert logs("shop", "-d", "42", "-p", "web", "--raw").out == "served\n"


def test_one_process_or_one_type(journal, logs):
    journal.write((WEB, "one"), ("deployd-app-shop-42.web.2.service", "two"),
                  ("deployd-app-shop-42.web_x.1.service", "other"), ("deployd-app-shop-42.web--x.1.service", "another"),
                  ("deployd-app-shop-42.Web--X.1.service", "big"))
    assert logs("shop", "-p", "web.1", "--raw").out == "one\n"
    assert logs("shop", "-p", "web", "--raw").out == "one\ntwo\n"
    assert [logs("shop", "-p", name, "--raw").out for name in ("web-x", "web_x", "Web_X.1")] == ["other\n", "another\n", "big\n"]
    assert logs("shop", "-p", "we", "--raw").out == ""


def test_only_the_newest_lines(journal, logs):
    journal.write(*((WEB, str(i)) for i in range(250)))
    assert logs("shop", "--raw", "-n", "3").out == "247\n248\n249\n"
    assert logs("shop", "--raw").out.splitlines() == [str(i) for i in range(150, 250)]
    assert len(logs("shop", "-n", "9999").out.splitlines()) == 250


def test_control_characters_are_shown_escaped_but_raw_is_raw(journal, logs):
    message = b"red \x1b[31m bell \x07 tab\t \xff\xc2\x9b caf\xc3\xa9\r"
    journal.write((WEB, message))
    shown = logs("shop").out.split(": ", 1)[1]
    assert shown == "red \\x1b[31m bell \\x07 tab\t \\xff\\xc2\\x9b café\\x0d\n"
    assert logs("shop", env={"LC_ALL": "C"}).out.isascii()
    raw = logs("shop", "--raw").out.encode(errors="surrogateescape")
    assert raw == message + b"\n"


def test_every_line_of_a_message_says_whose_it_is(journal, logs):
    journal.write((WEB, "first\n2026-03-01 14:00:01 other[1]: forged\n\nlast"), (WEB, ""))
    lines = logs("shop").out.splitlines()
    assert len(lines) == 5
    assert all(line.startswith("2026-03-01 14:00:0") and " web.1[42]: " in line for line in lines)


def test_no_lines_is_said(journal, logs):
    journal.write(("ssh.service", "x"))
    result = logs("shop")
    assert (result.status, result.out) == (0, "")
    assert result.err == "deployctl: the journal has no such lines of app shop\n"


def test_a_journal_that_cannot_be_read_says_which_group(journal, tmp_path):
    journal.write((WEB, "secret"))
    for entry in tmp_path.iterdir():
        entry.chmod(0o600)
    nobody = pwd.getpwnam("nobody")
    # A copy where everybody may go: the build directory may be private.
    for parent in tmp_path.parents:
        if parent.name.startswith("pytest-"):
            parent.chmod(0o755)
    binary = tmp_path / "deployctl"
    shutil.copy(BINARY, binary)
    run = subprocess.run([binary, "logs", "shop", f"--journal={tmp_path}"], capture_output=True, text=True,
                         user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], env={"LC_ALL": "C.UTF-8"})
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "deployctl: the journal cannot be read: add yourself to group systemd-journal or adm\n"


def test_a_journal_that_is_not_there(deployctl):
    result = deployctl("logs", "shop", "--journal=/nonexistent")
    assert (result.status, result.err) == (1, "deployctl: the journal cannot be read: No such file or directory\n")


def test_follow_shows_what_comes_from_units_there_are_and_new_ones(journal, start):
    journal.write((WEB, "before"), ("ssh.service", "no"))
    run = start("logs", "shop", "-f", f"--journal={journal.directory}")
    run.wait_for("before")
    journal.write((WEB, "again"), ("ssh.service", "no"))
    run.wait_for("again")
    journal.write(("deployd-app-shop-43.web.1.service", "next deployment"), ("deployd-app-my-1.web.1.service", "no"))
    run.wait_for("next deployment")
    journal.write((WEB, "still here"))
    run.wait_for("still here")
    run.process.terminate()
    result = run.end()
    assert [line.split(": ")[1] for line in result.out.splitlines()] == ["before", "again", "next deployment",
                                                                         "still here"]


def test_follow_begins_before_the_app_has_written_anything(journal, start):
    journal.write(("ssh.service", "no"))
    run = start("logs", "shop", "-f", "--raw", f"--journal={journal.directory}")
    journal.write(("deployd-app-other-1.web.1.service", "no"))
    journal.write((WEB, "first"))
    run.wait_for("first")
    run.process.terminate()
    assert run.end().out == "first\n"


def test_follow_ends_quietly_when_its_reader_goes(journal, start):
    journal.write((WEB, "before"))
    run = start("logs", "shop", "-f", f"--journal={journal.directory}")
    run.wait_for("before")
    run.files.pop(run.process.stdout.fileno())
    run.process.stdout.close()
    run.process.stdout = None
    result = run.end()
    assert (result.status, result.err) == (0, "")


def test_follow_into_a_file(journal, start, tmp_path_factory):
    """A file cannot be watched for its reader; it has none."""
    journal.write((WEB, "before"))
    target = tmp_path_factory.mktemp("out") / "log"
    with target.open("w") as file:
        process = subprocess.Popen([BINARY, "logs", "shop", "-f", f"--journal={journal.directory}"], stdout=file)
        try:
            journal.write((WEB, "after"))
            while "after" not in target.read_text():
                assert process.poll() is None
        finally:
            process.terminate()
            process.wait()


def test_a_failed_deployment_shows_its_last_lines(journal, mock, deployctl):
    mock.app("shop")
    journal.write(("deployd-build-shop-42.service", "compiling"), ("evil.service", "forged", "DEPLOYD_DEPLOYMENT=42"),
                  (WEB, "cannot open \x1b[31mdatabase"), ("deployd-app-shop-41.web.1.service", "the live one"))
    mock.plan = [{"Status": "failed", "ErrorSummary": "web.1 exited with status 1"}]
    result = deployctl("deploy", "shop", f"--journal={journal.directory}")
    assert result.status == 1
    lines = result.err.splitlines()
    assert lines[0] == "deployctl: deployment 42 of shop failed: web.1 exited with status 1"
    assert [re.sub("^.* ([a-z.1]+\\[)", "\\1", line) for line in lines[1:3]] == [
        "build[42]: compiling", "web.1[42]: cannot open \\x1b[31mdatabase"]
    assert lines[3] == "More: deployctl logs shop --deployment 42"
    assert len(lines) == 4
