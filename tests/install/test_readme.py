# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands of the README do what it says, on machines that have nothing but Debian."""

import re

import fresh

# Where systemd cannot hold a build by its limits the README has another line.
CREATE = "deployctl app create shop shop\n"
NO_BUILD = "deployctl app set shop buildpack=none\n"


def answers(output):
    """What the app answered to each curl, in order."""
    return re.findall(r"^an? \w+ is \d+$", output, re.MULTILINE)


def test_the_package_is_built_and_its_unit_tests_are_run(built):
    _, output = built
    assert re.search(r"^Ok: +[1-9]", output, re.MULTILINE)
    assert re.search(r"^Fail: +0\b", output, re.MULTILINE)


def test_the_server_has_deployd_running_and_no_other_database(server):
    assert server.systemctl("is-active", "deployd.service") == "active"
    assert server.run(["pg_lsclusters", "--no-header"]).stdout == ""
    assert server.systemctl("list-units", "--failed", "--no-legend", "--plain") == ""


def test_the_first_app_is_deployed_changed_and_removed(server, app_commands):
    assert app_commands.count(CREATE) == 1
    holds = server.get("/org/deployd/Deploy1", "Manager.SandboxState") == "full"
    script = app_commands if holds else app_commands.replace(CREATE, CREATE + NO_BUILD)
    output = fresh.follow(server.command(["env", "--chdir=/root"]), script)
    assert answers(output) == ["an apple is 1", "a pear is 1", "an apple is 1", "a pear is 2"]
    # Its last instances finish their requests, and then nothing of it is left.
    server.wait(lambda: server.units("deployd-app-*") == [], what="the end of the app")
    assert server.call("/org/deployd/Deploy1", "Manager.ListApps")[0] == []
