# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad input to every method and to deployctl gets its error and changes nothing; only root changes anything."""

import unicodedata
import xml.etree.ElementTree as xml

import pytest

import daemon
from daemon import BUS_ERROR, ERROR
from deployd import ROOT, SILENT, Deployd, app_path, deployment_path, repository_path

CANARY = "/canary"

# Text that means something to somebody: to a shell, a unit file, a path, a terminal, SQL, an option parser.
TEXTS = {
    "nothing": "",
    "lines of a unit file": f"a\n[Service]\nExecStartPre=+/usr/bin/touch {CANARY}",
    "a carriage return": f"a\rExecStartPre=/usr/bin/touch {CANARY}",
    "a specifier": "%n",
    "a variable": "$HOME",
    "an option": "--help",
    "right to left": "\u202egnp.exe",
    "much": "a" * 50_000,
    "a list of commands": f"a; touch {CANARY}",
    "a substitution": f"$(touch {CANARY})",
    "a substitution without a blank": f"$(touch${{IFS}}{CANARY})",
    "a pipe": f"|touch {CANARY}",
    "quotes": "'\"",
    "a path upwards": "../../etc/passwd",
    "the root": "/",
    "an escape sequence": "a\x1b[31mred",
    "a control character of C1": "a\u009b31mred",
    "a tab": "a\tb",
    "a backslash": "a\\x0ab",
    "a blank": " ",
    "SQL": "a'; drop table app; --",
    "a unit": "dbus.service",
    "a template": "a@b",
    "capitals": "SHOP",
}

# What some kinds of text may be, and what is refused for the others.
REVISIONS = {"nothing", "a specifier", "a variable", "a substitution without a blank", "a unit",
             "quotes", "a template", "capitals"}
DIRECTORIES = set(TEXTS) - {"lines of a unit file", "a carriage return", "much", "a path upwards", "the root", "a tab",
                            "an escape sequence", "a control character of C1", "right to left", "a substitution", "a pipe",
                            "a list of commands", "a substitution without a blank"}

KNOWN_HOSTS = set(TEXTS) - {"right to left", "an escape sequence", "a control character of C1"}

# Arguments that are text: (method, argument) or just argument, what it refuses it with, the texts it takes.
ARGUMENTS = {
    ("CreateRepository", "name"): (ERROR + "InvalidName", ()),
    ("CreateApp", "name"): (ERROR + "InvalidName", ()),
    ("GetRepository", "name"): (ERROR + "NoSuchRepository", ()),
    ("GetApp", "name"): (ERROR + "NoSuchApp", ()),
    ("ListDeployments", "app"): (ERROR + "NoSuchApp", {"nothing"}),
    "app": (ERROR + "NoSuchApp", ()),
    "repository": (ERROR + "NoSuchRepository", ()),
    "git_url": (ERROR + "InvalidUrl", ()),
    "default_branch": (ERROR + "InvalidRevision", REVISIONS),
    "revision": (ERROR + "InvalidRevision", REVISIONS),
    "submodules": (BUS_ERROR + "InvalidArgs", ()),
    "known_hosts": (BUS_ERROR + "InvalidArgs", KNOWN_HOSTS),
}

# Good values of all arguments, by name and else by type.
GOOD = {"name": ["fine"], "git_url": ["https://example.com/x"], "default_branch": [""], "repository": ["shop"],
        "app": ["shop"], "revision": [""], "submodules": ["no"]}
GOOD_OF_TYPE = {"s": ["x"], "t": ["1"], "u": ["1"], "b": ["false"], "a{sv}": ["0"], "a{ss}": ["0"], "as": ["0"],
                "v": ["s", "x"]}

# What everybody may call.
READS = {"GetRepository", "GetApp", "GetDeployment", "DescribeDeployment", "ListRepositories", "ListApps",
         "ListRemovedApps", "ListDeployments", "ListMigrations"}

# The options of SetProperties that have an effect, with their types.
SETTINGS = {"Branch": "s", "Directory": "s", "StopTimeoutUSec": "t", "MemoryMax": "t", "TasksMax": "t",
            "CPUQuotaPerSecUSec": "t"}


@pytest.fixture(scope="module")
def deployd(machine):
    """deployd, with an app live and one that has failed."""
    platform = Deployd(machine)
    platform.app("shop")
    platform.number = platform.live("shop")["Id"]
    return platform


@pytest.fixture(scope="module")
def methods(machine, deployd):
    """All methods of deployd's own interfaces: [(path, interface, method, [(argument, type)])]."""
    found = []
    for path in (ROOT, repository_path("shop"), app_path("shop"), deployment_path(deployd.number)):
        text = machine.run(["busctl", "introspect", "--xml-interface", "org.deployd.Deploy1", path]).stdout
        for interface in xml.fromstring(text).iter("interface"):
            if interface.get("name").startswith("org.deployd."):
                found += [(path, interface.get("name"), method.get("name"),
                           [(argument.get("name"), argument.get("type")) for argument in method.iter("arg")
                            if argument.get("direction") != "out"]) for method in interface.iter("method")]
    assert {method for _, _, method, _ in found} > READS
    return found


@pytest.fixture
def unharmed(machine, deployd):
    """Fails when a test has changed a row, or the daemon is not the process it was."""
    def look():
        tables = ("repository", "app", "deployment", "release", "instance", "port_lease", "event", "schema_migration")
        return {table: deployd.sql(f"select * from {table} order by 1") for table in tables} | \
            machine.show(daemon.UNIT, "MainPID", "NRestarts", "ActiveState")
    before = look()
    assert before["NRestarts"] == "0"
    yield
    assert look() == before


def shown(message):
    """Whether a sentence is fit to be shown on a terminal."""
    return 0 < len(message) < 1000 and not any(unicodedata.category(c) == "Cc" for c in message)


def sentences(text):
    """Whether what deployctl says is fit for a terminal. It may repeat its arguments at length, and tabs in them."""
    return text.startswith("deployctl: ") and text.endswith("\n") and \
        not any(unicodedata.category(c) == "Cc" for c in text if c not in "\n\t")


def arguments(kinds, **others):
    """The words of busctl for a call with good arguments but the given ones."""
    words = ["".join(kind for _, kind in kinds)]
    for name, kind in kinds:
        words += others.get(name) or GOOD.get(name) or GOOD_OF_TYPE[kind]
    return words if kinds else []


# Who may

def test_only_root_may_change_anything(machine, methods, unharmed):
    for path, interface, method, kinds in methods:
        if method not in READS:
            error, message = daemon.refused(machine, path, f"{interface}.{method}", *arguments(kinds), user="nobody")
            assert (method, error) == (method, daemon.CHALLENGE)
            assert shown(message)


def test_everybody_may_read(machine, deployd, unharmed):
    for member, *words in (("GetRepository", "s", "shop"), ("GetApp", "s", "shop"), ("ListRepositories",),
                           ("GetDeployment", "t", deployd.number), ("ListApps",), ("ListMigrations",),
                           ("DescribeDeployment", "t", deployd.number), ("ListDeployments", "stu", "", 0, 0)):
        assert machine.call(ROOT, f"Manager.{member}", *words, user="nobody")
    machine.run(["busctl", "introspect", "org.deployd.Deploy1", app_path("shop")], user="nobody")
    for verb in (["status"], ["app", "list"], ["repo", "list"], ["ps"], ["releases", "shop"]):
        assert machine.run(["deployctl", *verb], user="nobody").stdout


# Bad text

def test_every_argument_that_is_text_refuses_what_it_may_not_be(machine, methods, unharmed):
    tried = 0
    for path, interface, method, kinds in methods:
        for name in (name for name, kind in kinds if kind == "s"):
            expected, takes = ARGUMENTS.get((method, name)) or ARGUMENTS[name]
            for what, text in TEXTS.items():
                if what not in takes:
                    error, message = daemon.refused(machine, path, f"{interface}.{method}",
                                                    *arguments(kinds, **{name: [text]}))
                    assert (method, name, what, error) == (method, name, what, expected)
                    assert shown(message), (method, name, what, message)
                    tried += 1
    assert tried > 200


@pytest.mark.parametrize("name, expected, takes", [
    ("Branch", ERROR + "InvalidRevision", REVISIONS), ("Directory", BUS_ERROR + "InvalidArgs", DIRECTORIES)])
def test_every_setting_that_is_text_refuses_what_it_may_not_be(machine, unharmed, name, expected, takes):
    for what in ("lines of a unit file", "a carriage return", "an escape sequence", "a control character of C1",
                 "much", "a path upwards", "the root", "a tab"):
        assert what not in takes
        for path, member, words in ((app_path("shop"), "App.SetProperties", ["a{sv}", 1]),
                                    (ROOT, "Manager.CreateApp", ["ssa{sv}", "fine", "shop", 1])):
            error, message = daemon.refused(machine, path, member, *words, name, "s", TEXTS[what])
            assert (what, error) == (what, expected)
            assert shown(message)


@pytest.mark.parametrize("what", ["nothing", "much", "a tab", "lines of a unit file", "right to left"])
def test_a_request_id_is_short_and_printable(machine, unharmed, what):
    error, message = daemon.refused(machine, ROOT, "Manager.Deploy", "ssa{sv}", "shop", "", 1,
                                    "request-id", "s", TEXTS[what])
    assert error == BUS_ERROR + "InvalidArgs"
    assert message.startswith("request-id ") and shown(message)


# Wrong types, unknown names, numbers at their ends

def test_arguments_of_another_type_are_refused(machine, methods, unharmed):
    for path, interface, method, kinds in methods:
        wrong = [["ai", "1", "7"]]
        if kinds:
            wrong += [[], [*arguments(kinds), "7"]]
            wrong[-1][0] += "i"
        for words in wrong:
            error, message = daemon.refused(machine, path, f"{interface}.{method}", *words)
            assert (method, words, error) == (method, words, BUS_ERROR + "InvalidArgs")
            assert shown(message)


OTHERS = {"s": ["x"], "t": ["1"], "i": ["-1"], "b": ["true"], "d": ["nan"], "as": ["1", "x"], "v": ["s", "x"],
          "(ss)": ["x", "x"], "a{sv}": ["0"]}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_of_another_type_is_refused(machine, unharmed, name):
    for kind, words in OTHERS.items():
        if kind != SETTINGS[name]:
            for path, member, first in ((app_path("shop"), "App.SetProperties", ["a{sv}", 1]),
                                        (ROOT, "Manager.CreateApp", ["ssa{sv}", "fine", "shop", 1])):
                error, message = daemon.refused(machine, path, member, *first, name, kind, *words)
                assert (kind, error) == (kind, BUS_ERROR + "InvalidArgs")
                assert name in message and shown(message)


@pytest.mark.parametrize("what", sorted(set(TEXTS) - {"much"}))
def test_an_unknown_option_is_refused(machine, unharmed, what):
    for path, member, *first in ((app_path("shop"), "App.SetProperties", "a{sv}", 1),
                                 (app_path("shop"), "App.Deploy", "sa{sv}", "", 1),
                                 (ROOT, "Manager.Deploy", "ssa{sv}", "shop", "", 1),
                                 (ROOT, "Manager.CreateApp", "ssa{sv}", "fine", "shop", 1),
                                 (ROOT, "Manager.CreateRepository", "sssa{sv}", "fine", "https://example.com/x", "", 1)):
        error, message = daemon.refused(machine, path, member, *first, TEXTS[what], "s", "x")
        assert (member, error) == (member, BUS_ERROR + "InvalidArgs")
        assert message.startswith("Unknown option '") and shown(message)


def test_a_good_setting_beside_a_bad_one_is_not_set(machine, unharmed):
    for words in (["Branch", "s", "other", "MemoryMax", "t", 1], ["Branch", "s", "other", "Branch", "s", "main"]):
        error, _ = daemon.refused(machine, app_path("shop"), "App.SetProperties", "a{sv}", 2, *words)
        assert error == BUS_ERROR + "InvalidArgs"


@pytest.mark.parametrize("name, values", [
    ("StopTimeoutUSec", [1, 99_999, 86_400_000_001, 2**63, 2**64 - 1]), ("MemoryMax", [1, 2**20 - 1, 2**63, 2**64 - 1]),
    ("TasksMax", [2**22 + 1, 2**32, 2**64 - 1]), ("CPUQuotaPerSecUSec", [1, 9_999, 2**63, 2**64 - 1])])
def test_a_limit_out_of_its_range_is_refused(machine, unharmed, name, values):
    for value in values:
        error, message = daemon.refused(machine, app_path("shop"), "App.SetProperties", "a{sv}", 1, name, "t", value)
        assert (value, error) == (value, BUS_ERROR + "InvalidArgs")
        assert message.startswith(f"{name} is 0 ") and str(value) in message


@pytest.mark.parametrize("number", [0, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_deployment_that_does_not_exist_is_refused(machine, unharmed, number):
    for member in ("GetDeployment", "DescribeDeployment"):
        error, message = daemon.refused(machine, ROOT, f"Manager.{member}", "t", number)
        assert (member, error) == (member, ERROR + "NoSuchDeployment")
        assert str(number) in message
    assert daemon.refused(machine, deployment_path(number), "Deployment.Cancel")[0] == BUS_ERROR + "UnknownObject"


def test_the_ends_of_a_listing(machine, deployd, unharmed):
    for limit in (1001, 2**31, 2**32 - 1):
        error, message = daemon.refused(machine, ROOT, "Manager.ListDeployments", "stu", "", 0, limit)
        assert error == BUS_ERROR + "InvalidArgs" and "limit" in message
    for before, count in ((0, 1), (1, 0), (2**63 - 1, 1), (2**63, 1), (2**64 - 1, 1)):
        assert len(machine.call(ROOT, "Manager.ListDeployments", "stu", "shop", before, 1000)[0]) == count


def test_what_does_not_exist_has_its_errors(machine, unharmed):
    properties = "org.freedesktop.DBus.Properties"
    manager = "org.deployd.Deploy1.Manager"
    for path, member, words, expected in (
            (ROOT, "Manager.Explode", [], "UnknownMethod"), (ROOT, "Nothing.Deploy", [], "UnknownMethod"),
            (app_path("nothing"), "App.Stop", [], "UnknownObject"), (f"{ROOT}/app/_", "App.Stop", [], "UnknownObject"),
            ("/", "Manager.ListApps", [], "UnknownObject"),
            (ROOT, f"{properties}.Get", ["ss", manager, "Nothing"], "UnknownProperty"),
            (ROOT, f"{properties}.Get", ["ss", manager, TEXTS["lines of a unit file"]], "InvalidArgs"),
            (ROOT, f"{properties}.GetAll", ["s", TEXTS["an escape sequence"]], "InvalidArgs"),
            (ROOT, f"{properties}.Set", ["ssv", manager, "Version", "s", "9"], "PropertyReadOnly")):
        error, message = daemon.refused(machine, path, member, *words)
        assert (path, member, error) == (path, member, BUS_ERROR + expected)
        assert shown(message)


# deployctl

# Verbs with TEXT in the place of one of their arguments, and the texts that this may be.
VERBS = [
    ("repo add TEXT https://example.com/x", ()), ("repo add fine TEXT", ()), ("repo show TEXT", ()),
    ("repo fetch TEXT", ()), ("repo remove TEXT", ()), ("app create TEXT shop", ()), ("app create fine TEXT", ()),
    ("app show TEXT", ()), ("app remove TEXT", ()), ("deploy TEXT", ()), ("deploy shop TEXT", REVISIONS),
    ("cancel TEXT", ()), ("releases TEXT", ()), ("logs TEXT", ()), ("start TEXT", ()), ("stop TEXT", ()),
    ("restart TEXT", ()), ("TEXT", {"nothing"}), ("repo TEXT", ()), ("help TEXT", ()), ("app set shop TEXT", ()),
]


@pytest.mark.parametrize("verb, takes", VERBS, ids=[verb for verb, _ in VERBS])
def test_deployctl_refuses_bad_text_with_a_sentence(machine, unharmed, verb, takes):
    for what, text in TEXTS.items():
        if what in takes:
            continue
        words = [text if word == "TEXT" else word for word in verb.split()]
        confirm = [f"--confirm={text}"] if verb.startswith("app remove") else []
        done = machine.run(["deployctl", *confirm, "--", *words], check=False)
        assert (what, done.returncode) in {(what, status) for status in range(1, 126)}, done
        assert done.stdout == ""
        assert sentences(done.stderr), (what, done.stderr)


@pytest.mark.parametrize("words", [
    ["deploy"], ["deploy", "shop", "main", "more"], ["logs", "shop", "--deployment", "x"], ["logs", "shop", "-n", "-1"],
    ["releases", "shop", "-n", "99999999999999999999"], ["cancel", "18446744073709551616"], ["status", "--nothing"],
    ["app", "set", "shop", "MemoryMax=1"], ["app", "set", "shop", "MemoryMax=x"], ["app", "set", "shop", "Nothing=1"],
    ["repo", "set", "shop", "nothing=1"]])
def test_deployctl_refuses_a_bad_command_line(machine, unharmed, words):
    done = machine.run(["deployctl", *words], check=False)
    assert 0 < done.returncode < 126
    assert done.stdout == ""
    assert sentences(done.stderr)


# What is taken although it looks bad is text, and nothing else

def test_text_that_may_be_a_revision_is_only_text(machine, deployd):
    for what in sorted(REVISIONS & set(TEXTS) - {"nothing"}):
        deployment = deployd.end(deployd.deploy("shop", TEXTS[what]))
        assert (what, deployment["Status"]) == (what, "failed")
        assert shown(deployment["ErrorSummary"])
        deployd.settled(deployment["Id"], "shop")
    assert deployd.get("shop", "Status") == "running"


def test_text_that_may_be_a_directory_is_only_text(machine, deployd):
    for text in ("%n", "$HOME", f"$(touch {CANARY})".replace("/", "_"), "a b", "'\"", "a\\x0ab"):
        deployd.app(f"text{abs(hash(text)) % 10**8}", {f"{text}/Procfile": SILENT["Procfile"]}, Directory=text)


def test_nothing_of_it_is_ever_run(machine, deployd):
    machine.systemctl("daemon-reload")
    for unit in machine.units("deployd-*.service"):
        machine.systemctl("try-restart", unit)
    daemon.ready(machine)
    deployd.answers("shop", lambda text: text == "python 1\n")
    assert machine.sh(f"ls {CANARY} _canary 2>/dev/null || :") == ""
    assert not [unit for unit in machine.units("*") if "canary" in unit or "ExecStart" in unit]
    assert machine.systemctl("is-system-running") == "running"
