# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line itself: help, wrong arguments, and no deployd to talk to."""

import os
import re
import subprocess

import pytest

from conftest import BINARY
from settings import OF_APPS, OF_REPOSITORIES, words

VERBS = ["repo add", "repo list", "repo show", "repo fetch", "repo set", "repo credential", "repo key",
         "repo known-hosts", "repo remove", "app create", "app list",
         "app show", "app set", "app remove", "config", "config get", "config set", "config unset", "detect", "deploy", "redeploy", "rollback", "cancel", "cache clear", "build-log", "releases", "ps", "scale", "logs", "start", "stop", "restart",
         "status", "backup", "restore", "help"]
OPTIONS = {"repo add": ["--branch"], "repo credential": ["--clear"], "repo known-hosts": ["--clear", "--scan"],
           "repo list": ["--json"], "repo show": ["--json"], "app list": ["--json", "--removed"],
           "app show": ["--json"], "app remove": ["--force", "--confirm"], "config": ["--json"],
           "config set": ["--no-wait", "--journal", "--stage"], "config unset": ["--no-wait", "--journal", "--stage"], "deploy": ["--no-wait", "--request-id", "--journal", "--rebuild"],
           "redeploy": ["--no-wait", "--journal", "--all"], "rollback": ["--no-wait", "--journal"],
           "releases": ["--json", "--lines"], "ps": ["--json"], "status": ["--json"],
           "scale": ["--json"], "backup": ["--releases", "--no-data"], "restore": ["--replace"],
           "logs": ["--follow", "--lines", "--deployment", "--process", "--raw", "--journal"]}
SETTINGS = words(OF_APPS)


def test_help_lists_every_verb_and_every_option(deployctl):
    for words in ("--help",), ("-h",), ("help",):
        result = deployctl(*words)
        assert (result.status, result.err) == (0, "")
        for verb in VERBS:
            assert re.search(rf"^  {verb} ", result.out, re.MULTILINE), verb
        for option in {"--help", "--version"}.union(*OPTIONS.values()):
            assert re.search(rf"^  (-\w,|   ) {option}\b", result.out, re.MULTILINE), option


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_lists_its_options_and_no_others(deployctl, verb):
    result = deployctl("help", *verb.split())
    assert result.status == 0
    assert result.out == deployctl(*verb.split(), "--help").out
    assert result.out.startswith(f"Usage: deployctl {verb}")
    assert sorted(re.findall(r"^  (?:-\w,|   ) (--[a-z-]+)", result.out, re.MULTILINE)) == \
        sorted(OPTIONS.get(verb, []) + ["--help"])


def test_list_verbs_is_what_there_is(deployctl):
    lines = [line.split(" --") for line in deployctl("--list-verbs").out.splitlines()]
    assert [line[0] for line in lines] == VERBS
    assert {line[0]: sorted("--" + o for o in line[1:] if o != "help") for line in lines if len(line) > 2} == \
        {verb: sorted(options) for verb, options in OPTIONS.items()}
    assert {line[0]: line[-1].split()[1:] for line in lines if line[-1].endswith("=")} == {
        "app set": [f"{word}=" for word in SETTINGS], "app create": [f"{word}=" for word in [*SETTINGS, "data"]],
        "repo set": ["url=", "branch=", "submodules="]}


def test_help_of_settings_names_each(deployctl):
    for key in SETTINGS:
        assert f"\n  {key} " in deployctl("help", "app", "set").out
    begins = {re.match(r"  \S+ +", line).end() for line in deployctl("help", "app", "set").out.splitlines()
              if line.split()[:1] and line.split()[0] in SETTINGS}
    assert len(begins) == 1, "what they mean is one column"
    assert "\n  url " in deployctl("help", "repo", "set").out


def test_version(deployctl):
    assert re.fullmatch(r"deployctl \d+\.\d+\.\d+\n", deployctl("--version").out)


@pytest.mark.parametrize("words,sentence", [
    ([], "no verb given"),
    (["frobnicate"], "unknown verb 'frobnicate'"),
    (["repo"], "'repo' needs one of: repo add, repo list, repo show, repo fetch, repo set, repo credential, repo key, "
               "repo known-hosts, repo remove"),
    (["app", "frob"], "'app' needs one of: app create, "),
    (["ap", "list"], "unknown verb 'ap'"),
    (["help", "frob"], "unknown verb 'frob'"),
    (["help", "ps", "x"], "'ps' has no 'x'"),
    (["repo", "add", "x"], "'repo add' needs more arguments; usage: deployctl repo add NAME URL"),
    (["repo", "list", "x"], "'repo list' has too many arguments"),
    (["deploy"], "'deploy' needs more arguments"),
    (["deploy", "a", "b", "c"], "'deploy' has too many arguments"),
    (["redeploy"], "'redeploy' needs more arguments; usage: deployctl redeploy APP, or deployctl redeploy --all"),
    (["redeploy", "shop", "--all"], "'redeploy' takes an app or --all, not both"),
    (["deploy", "shop", "--stage"], "option --stage is not for 'deploy'"),
    (["app", "remove", "shop", "--confirm="], "option --confirm needs NAME, not an empty text"),
    (["app", "set", "shop"], "'app set' needs more arguments"),
    (["--frob"], "unknown option --frob"),
    (["-x", "ps"], "unknown option -x"),
    (["app", "list", "--force"], "option --force is not for 'app list'"),
    (["ps", "--json=yes"], "option --json takes no value"),
    (["releases", "shop", "-n"], "option --lines needs N"),
    (["releases", "shop", "--lines="], "option --lines needs N"),
    (["releases", "shop", "-n", "0"], "option --lines needs a whole number from 1 to 1000, not '0'"),
    (["releases", "shop", "-n", "1001"], "option --lines needs a whole number from 1 to 1000, not '1001'"),
    (["releases", "shop", "-n", "-1"], "option --lines needs a whole number from 1 to 1000, not '-1'"),
    (["logs", "shop", "--deployment", "x"], "option --deployment needs a whole number"),
    (["scale", "shop", "web"], "'web' is not PROCESS=COUNT, as in web=2"),
    (["scale", "shop", "web=two"], "'web=two' is not PROCESS=COUNT"),
    (["scale", "shop", "web=-1"], "'web=-1' is not PROCESS=COUNT"),
    (["scale", "shop", "=1"], "'=1' is not PROCESS=COUNT"),
    (["scale", "shop", "web=1", "web=2"], "process 'web' is given twice"),
    (["scale", "shop", "web=1", "--json"], "--json is for showing a formation"),
    (["logs", "Shop"], "'Shop' is no name of an app"),
    (["logs", "my_app"], "'my_app' is no name of an app"),
    (["logs", ""], "'' is no name of an app"),
    (["logs", "shop-1.web.1.service"], "is no name of an app"),
    (["rollback", "shop", "main"], "'rollback' goes back to a deployment, by its id: a number"),
    (["rollback", "shop", "0"], "'rollback' goes back to a deployment, by its id: a number"),
    (["build-log", ""], "'build-log' needs an app or the id of a deployment"),
    (["cancel", ""], "'cancel' needs an app or the id of a deployment"),
    (["app", "set", "shop", "branch"], "'branch' is not KEY=VALUE"),
    (["app", "set", "shop", "colour=red"],
     "unknown setting 'colour'; known are " + ", ".join(SETTINGS)),
    (["app", "create", "shop", "code", "=x"], "unknown setting ''; known are " + ", ".join([*SETTINGS, "data"])),
    (["app", "set", "shop", "branch=a", "branch=b"], "setting 'branch' is given twice"),
    (["repo", "set", "code", "name=x"], "unknown setting 'name'; known are url, branch"),
    (["app", "set", "shop", "stop-timeout=soon"], "stop-timeout needs a time span in us, ms, s, min, h, d or w, such as 90s, "),
    (["app", "set", "shop", "stop-timeout=-5s"], "stop-timeout needs a time span in"),
    (["app", "set", "shop", "stop-timeout=5 parsecs"], "stop-timeout needs a time span in"),
    (["app", "set", "shop", "stop-timeout=0"], "stop-timeout needs a time span in us, ms, s, min, h, d or w, "
     "such as 90s, 1.5h or 1h 30min (above 0), or 'default', not '0'"),
    (["app", "set", "shop", "stop-timeout=99999999999999999999s"], "is too large"),
    (["app", "set", "shop", "stop-timeout=18446744073709551615us"], "is too large"),
    (["app", "set", "shop", "health-check-timeout=soon"], "health-check-timeout needs a time span in us, ms, s, min, h, d or w, such as 90s, "),
    (["app", "set", "shop", "check-settle=soon"], "check-settle needs a time span in us, ms, s, min, h, d or w, such as 90s, "),
    (["app", "set", "shop", "memory-max=1X"], "memory-max needs a size in bytes or with K, M, G, T or P, such as 512M, 512MiB or 1.5G "),
    (["app", "set", "shop", "memory-max="], "memory-max needs a size"),
    (["app", "set", "shop", "memory-max=1M 1K"], "memory-max needs a size"),
    (["app", "set", "shop", "memory-max=17179869184G"], "is too large"),
    (["app", "set", "shop", "tasks-max=1.5"], "tasks-max needs a whole number"),
    (["app", "set", "shop", "cpu-quota=1.5"], "cpu-quota needs a share of one CPU's time such as 50% or 150%"),
    (["config"], "'config' needs more arguments; usage: deployctl config APP"),
    (["config", "shop", "KEY"], "'config' has too many arguments"),
    (["config", "get", "shop"], "'config get' needs more arguments"),
    (["config", "set", "shop"], "'config set' needs more arguments"),
    (["config", "unset", "shop"], "'config unset' needs more arguments"),
    (["config", "set", "shop", "A=1", "=s3cret"], "argument 3 of 'config set' is not NAME=VALUE"),
    (["config", "set", "shop", "s3cret"], "argument 2 of 'config set' is not NAME=VALUE"),
    (["config", "set", "shop", "A=s3cret", "B=2", "A="], "A is given twice"),
    (["config", "set", "shop", "A=-", "B=-"], "only one value can come from standard input"),
    (["config", "set", "shop", "A=@/nonexistent"], "cannot read /nonexistent: No such file or directory; a value that begins with @ comes from standard input: A=-"),
    (["config", "set", "shop", "A=@/"], "cannot read /: Is a directory"),
    (["config", "set", "shop", "A=@/dev/zero"], "/dev/zero is too large for a value"),
    (["config", "set", "shop", "A=-"], "A=-, but standard input is empty; 'A=' sets an empty value"),
    (["config", "set", "shop", "A\nB=1"], "argument 4, 'A\\x0aB=...', has control characters or is not UTF-8"),
    (["app", "set", "shop", "branch=a\nb"], "argument 4, 'branch=...', has control characters or is not UTF-8"),
    (["config", "set", "shop", "A=s3cret\x1b[31m"], "argument 4, 'A=...', has control characters or is not UTF-8"),
    (["repo", "add", "x", "a\x1b[31mb"], "argument 4, 'a\\x1b[31mb', has control characters"),
    (["deploy", "shop", b"caf\xe9"], "argument 3, 'caf\\xe9', has control characters or is not UTF-8"),
], ids=lambda v: (" ".join(map(str, v)) if isinstance(v, list) else " "))
def test_a_wrong_command_line_is_a_sentence_and_2(mock, deployctl, words, sentence):
    """With a deployd there: nothing may be asked of it."""
    result = deployctl(*words)
    assert result.status == 2
    assert result.out == ""
    assert len(result.err.splitlines()) == 1 and result.err.startswith("deployctl: ")
    assert sentence in result.err and "s3cret" not in result.err
    assert mock.called() == []


def test_options_may_stand_anywhere(mock, deployctl):
    mock.app("shop")
    for words in ("--json", "app", "list"), ("app", "--json", "list"), ("app", "list", "--json"):
        assert deployctl(*words).json["apps"][0]["name"] == "shop"


def test_without_deployd_it_says_what_to_do(deployctl):
    for words in ("app", "list"), ("deploy", "shop"), ("deploy", "shop", "--no-wait"), ("status",), ("ps",):
        result = deployctl(*words)
        assert (result.status, result.out) == (4, "")
        assert result.err == ("deployctl: deployd is not there: install the package deployd, "
                              "or see 'systemctl status deployd'\n")


def test_without_a_bus_it_says_so(deployctl):
    result = deployctl("app", "list", env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"})
    assert (result.status, result.out) == (4, "")
    assert result.err == ("deployctl: cannot reach the system bus: No such file or directory; "
                          "is dbus.service running?\n")


def test_a_reader_that_went_away_is_not_worth_a_word(mock, environment):
    for i in range(2000):
        mock.objects[f"/x{i}"] = ("App", {"Name": f"app{i}", "Status": "running", "CurrentPort": 20000})
    for words in ["app", "list"], ["help"], ["app", "list", "--json"]:
        read, write = os.pipe()
        os.close(read)
        for blocked in True, False:  # our parent may ignore SIGPIPE, or not
            run = subprocess.run([BINARY, *words], env=environment, stdout=write, stderr=subprocess.PIPE,
                                 restore_signals=blocked)
            assert (run.returncode, run.stderr) == (0, b"")
        os.close(write)


def test_a_full_disk_is(mock, environment):
    with open("/dev/full", "w") as full:
        run = subprocess.run([BINARY, "help"], env=environment, stdout=full, stderr=subprocess.PIPE, text=True)
    assert run.returncode == 1
    assert run.stderr == "deployctl: cannot write the output: No space left on device\n"


@pytest.mark.parametrize("columns", [30, 50, 80])
def test_tables_fit_a_narrow_terminal(mock, start, columns):
    mock.app("shop")
    mock.do(lambda: mock.deployment("shop", Status="failed", ErrorSummary="a sentence that goes on and on " * 3))
    mock.repository("code", GitUrl="https://git.example/a/very/long/path/to/some/repository.git")
    for words in ("releases", "shop"), ("repo", "list"):
        result = start(*words, columns=columns).end()
        assert result.status == 0
        if columns >= 50:
            assert max(len(line.rstrip("\r")) for line in result.out.split("\n")) <= columns
        else:
            assert "shop" in words or "code" in result.out


def test_completion_offers_what_there_is(environment):
    script = os.path.join(os.path.dirname(__file__), "../../cli/completion/deployctl.bash")

    def complete(*words):
        code = (f"source {script}; COMP_WORDS=(deployctl {' '.join(words)}); COMP_CWORD={len(words)}; "
                "_deployctl; printf '%s\\n' \"${COMPREPLY[@]}\"")
        path = os.path.dirname(BINARY) + ":" + environment["PATH"]
        run = subprocess.run(["bash", "-c", code], env={**environment, "PATH": path}, capture_output=True, text=True)
        assert run.stderr == ""
        return run.stdout.split()

    assert complete("re") == ["repo", "redeploy", "releases", "restart", "restore"]
    assert complete("repo", "''") == ["add", "list", "show", "fetch", "set", "credential", "key", "known-hosts", "remove"]
    assert complete("repo", "s") == ["show", "set"]
    assert complete("deploy", "--") == ["--help", "--no-wait", "--request-id", "--journal", "--rebuild"]
    assert complete("app", "list", "--j") == ["--json"]
    assert complete("con") == ["config"]
    assert complete("config", "''") == ["get", "set", "unset"]
    assert complete("config", "set", "--n") == ["--no-wait"]
    assert complete("config", "--j") == ["--json"]
    assert complete("config", "set", "--s") == ["--stage"]
    assert complete("app", "remove", "--c") == ["--confirm"]
    assert complete("redeploy", "--a") == ["--all"]
    settings = [f"{word}=" for word in SETTINGS]
    assert complete("app", "set", "shop", "''") == settings
    assert complete("app", "set", "shop", "branch=x", "mem") == ["memory-max="]
    assert complete("app", "create", "shop", "code", "da") == ["data="]
    assert complete("repo", "set", "code", "''") == [f"{word}=" for word in words(OF_REPOSITORIES)]
    assert complete("app", "set", "--") == ["--help"]
    assert complete("app", "set", "''") == complete("deploy", "''") == complete("deploy", "shop", "''") == []


def test_the_man_page_has_every_verb_option_and_status():
    with open(os.path.join(os.path.dirname(__file__), "../../docs/man/deployctl.1.scd"), encoding="utf-8") as file:
        page = file.read()
    for verb in VERBS:
        assert f"*{verb}*" in page, verb
    for option in {"--help", "--version", "--list-verbs"}.union(*OPTIONS.values()):
        assert re.search(rf"^(\*-\w\*, )?\*{option}\*", page, re.MULTILINE), option
    for status in 0, 1, 2, 3, 4, 130:
        assert f"|  {status}\n" in page
