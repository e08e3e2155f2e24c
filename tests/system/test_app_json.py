# SPDX-License-Identifier: LGPL-2.1-or-later
"""app.json: how many of each process, variables with their defaults, what must be set; and what is none of it."""

import json
import re

import pytest

import daemon
from apps import MIRROR
from deployd import Deployd

MACHINE_FILES = {"/etc/deployd/deploy.conf.d/55-test.conf": "[ports]\nrange = 20000-20019\n"}


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


def tree(document, version=1):
    text = document if isinstance(document, str) else json.dumps(document)
    return {"Procfile": "web: exec python3 app.py\nworker: exec sleep infinity\n", "app.py": MIRROR,
            "VERSION": f"{version}\n", "app.json": text}


def environment(deployd, app):
    return dict(line.split("=", 1) for line in deployd.answers(
        app, lambda text: "DYNO=" in text, "/environment").rstrip("\0").split("\0"))


def dynos(deployment):
    return [unit.partition(".")[2].removesuffix(".service") for unit in deployment["Units"]]


def test_its_formation_is_the_default(deployd):
    document = {"formation": {"web": {"quantity": 2}, "worker": {"quantity": 1, "size": "x"}}}
    repository = deployd.app("many", tree(document))
    assert dynos(deployd.live("many")) == ["web.1", "web.2", "worker.1"]
    assert deployd.get("many", "Formation") == {"web": 2, "worker": 1}
    # What somebody has said goes before, from then on; and taken back, it is the file's again.
    deployd.do("many", "SetProperties", "a{sv}", 1, "Formation", "a{su}", 1, "web", 1)
    repository.commit(tree(document, 2))
    assert dynos(deployd.live("many")) == ["web.1"]
    deployd.do("many", "SetProperties", "a{sv}", 1, "Formation", "a{su}", 0)
    repository.commit(tree(document, 3))
    assert dynos(deployd.live("many")) == ["web.1", "web.2", "worker.1"]


def test_its_variables_are_set_once_and_stay(deployd):
    repository = deployd.app("vars", tree({"env": {
        "GREETING": "hello \"you\" $HOME", "PRICE": {"value": "3", "description": "of a cup"},
        "SECRET_KEY": {"generator": "secret"}, "MAYBE": {"required": False, "description": "or not"}}}))
    deployd.do("vars", "SetEnvironment", "a{ss}as", 1, "PRICE", "4", 0)
    deployd.live("vars")
    seen = environment(deployd, "vars")
    assert (seen["GREETING"], seen["PRICE"]) == ("hello \"you\" $HOME", "4")
    assert re.fullmatch("[0-9a-f]{64}", seen["SECRET_KEY"]) and "MAYBE" not in seen
    repository.commit(tree({"env": {"GREETING": "another", "SECRET_KEY": {"generator": "secret"}}}, 2))
    deployd.live("vars")
    again = environment(deployd, "vars")
    assert (again["GREETING"], again["SECRET_KEY"]) == (seen["GREETING"], seen["SECRET_KEY"])
    assert {"GREETING", "SECRET_KEY"} < set(deployd.get("vars", "EnvironmentNames"))
    assert not any(seen["SECRET_KEY"] in line for line in deployd.sql("select event::text from event"))


def test_what_is_required_and_not_set_fails_and_says_how_to_set_it(deployd):
    deployd.app("must", tree({"env": {"API_URL": {"required": True}}}))
    failed = deployd.end(deployd.deploy("must"))
    assert failed["ErrorSummary"] == \
        "app.json requires API_URL, which nobody has set: deployctl config set must API_URL=…"
    deployd.do("must", "SetEnvironment", "a{ss}as", 1, "API_URL", "http://127.0.0.1/", 0)
    deployd.live("must")


def test_values_that_are_too_much_with_those_of_the_app_fail(deployd):
    """And deployd reads its database again afterwards."""
    deployd.app("much", tree({"env": {"MORE": "x" * 9000}}))
    values = [word for n in range(9) for word in (f"VALUE{n}", "x" * (116000 if n < 8 else 115000))]
    deployd.do("much", "SetEnvironment", "a{ss}as", 9, *values, 0)
    failed = deployd.end(deployd.deploy("much"))
    assert failed["ErrorSummary"] == "app.json: with its values the variables of much would have more than 1048576 bytes"
    deployd.machine.systemctl("restart", daemon.UNIT)
    daemon.ready(deployd.machine)
    deployd.listen()
    assert "MORE" not in deployd.get("much", "EnvironmentNames")


@pytest.mark.parametrize("name,document,sentence", [
    ("no-json", "{", "import: app.json ends in the middle"),
    ("no-object", "[]", "import: app.json is not an object"),
    ("no-number", {"formation": {"web": {"quantity": "two"}}},
     "import: app.json: formation.web.quantity is not a number from 0 to 9999"),
    ("no-process", {"formation": {"wroker": {"quantity": 1}}},
     "the formation has wroker=1, but neither the Procfile nor the buildpack has a process named wroker "
     "(they have web, worker)"),
    ("no-name", {"env": {"A B": "x"}}, "import: app.json: env.A B is not the name of a variable"),
    ("not-his", {"env": {"PORT": "80"}}, "app.json: PORT cannot be set: it is deployd's own"),
    ("no-path", {"healthchecks": {"web": [{"type": "startup", "path": "up"}]}},
     "import: app.json: healthchecks.web.path is not a text that begins with /"),
    ("blank-path", {"healthchecks": {"web": [{"type": "startup", "path": "/a b"}]}},
     "import: app.json: healthchecks.web.path has more than 256 characters, a blank, a # or something that is not ASCII"),
])
def test_a_bad_one_fails_with_its_place(deployd, name, document, sentence):
    deployd.app(name, tree(document))
    failed = deployd.end(deployd.deploy(name))
    assert (failed["Status"], failed["ErrorSummary"]) == ("failed", sentence)
    deployd.settled(failed["Id"], name)


def test_other_keys_are_named_in_a_warning(deployd):
    deployd.app("more", tree({"name": "More", "addons": ["db"], "scripts": {"test": "x"}, "stack": "heroku-22",
                              "healthchecks": {"web": [{"type": "liveness", "path": "/"}]}}))
    number = deployd.live("more")["Id"]
    lines = deployd.machine.run(["journalctl", "--output=cat", "--no-pager", f"DEPLOYD_DEPLOYMENT={number}"]).stdout
    assert "more: app.json: these keys mean nothing here: addons scripts.test stack healthchecks.web.liveness" in \
        lines.splitlines()
