# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may do what, with the real polkit: root, the group, a rule for one app, others with and without a terminal."""

import os
import pty
import select
import termios
import time

import pytest

import daemon
from deployd import ROOT, SILENT, Deployd, app_path

RIGHT = "it takes the right org.deployd.deploy1.operate to restart the app {}: be in the group deployd, or ask root"
PASSWORD = "correct horse"
PATIENCE = 30
# The rule of deployd(8).
MACHINE_FILES = {"/etc/polkit-1/rules.d/40-shop.rules": """\
polkit.addRule(function(action, subject) {
    if ((action.id == "org.deployd.deploy1.deploy" || action.id == "org.deployd.deploy1.operate") &&
        action.lookup("app") == "shop" && subject.isInGroup("shop-team"))
        return polkit.Result.YES;
});
"""}


@pytest.fixture(scope="module")
def deployd(machine):
    """Two apps that are not deployed, and people: who restarts one hears so, if he may."""
    platform = Deployd(machine)
    platform.app("shop", SILENT, Readiness="port")
    platform.app("blog", SILENT)
    machine.sh("groupadd shop-team; useradd anna; useradd -G shop-team boris; useradd clara;"
               f"useradd -G sudo admin; echo 'admin:{PASSWORD}' | chpasswd")
    return platform


def restart(machine, user, app="shop"):
    """deployctl without a terminal: its status, and what it said."""
    done = machine.run(["deployctl", "restart", app], user=user, check=False)
    return done.returncode, done.stderr.removeprefix("deployctl: ").strip()


def is_allowed(machine, user, app="shop"):
    status, said = restart(machine, user, app)
    assert status == 1 and ("is not deployed" in said or "nothing" in said or "it takes the right" in said), said
    return "it takes the right" not in said


class Terminal:
    """deployctl of a user on a terminal of his own."""

    def __init__(self, machine, user, *arguments):
        self.said = b""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            command = machine.command(["deployctl", *arguments], user)
            os.execvp(command[0], command)

    def wait_for(self, text):
        until = time.monotonic() + PATIENCE
        while text.encode() not in self.said:
            ready, _, _ = select.select([self.terminal], [], [], max(0, until - time.monotonic()))
            assert ready, self.said
            try:
                self.said += os.read(self.terminal, 4096)
            except OSError:
                raise AssertionError(self.said) from None

    def type(self, text):
        os.write(self.terminal, text.encode())

    def await_echo(self, wanted):
        """Until what is typed is shown, or is not: the kernel tells nobody when that changes."""
        until = time.monotonic() + PATIENCE
        while bool(termios.tcgetattr(self.terminal)[3] & termios.ECHO) != wanted:
            assert time.monotonic() < until, self.said
            time.sleep(0.01)

    def end(self):
        """The rest; what it said in all."""
        try:
            while data := os.read(self.terminal, 4096):
                self.said += data
        except OSError:
            pass
        os.waitpid(self.pid, 0)
        os.close(self.terminal)
        return self.said.decode()


def test_a_member_of_the_group_deploys_without_a_password(machine, deployd):
    assert not is_allowed(machine, "anna")
    # At once: nobody logs in again.
    machine.run(["usermod", "--append", "--groups", "deployd", "anna"])
    done = machine.run(["deployctl", "deploy", "shop", "--no-wait"], user="anna")
    number = int(done.stdout)
    assert deployd.describe(number)["RequestedBy"] == int(machine.sh("id -u anna"))
    machine.run(["deployctl", "cancel", str(number)], user="anna")
    machine.run(["deployctl", "config", "set", "shop", "--stage", "A=1"], user="anna")
    assert "A        1\n" in machine.run(["deployctl", "config", "shop"], user="anna").stdout
    machine.run(["deployctl", "build-log", str(number)], user="anna", check=False)
    assert machine.run(["deployd", "verify"], user="anna", check=False).returncode != 77


def test_a_rule_gives_one_app_and_no_more(machine, deployd):
    assert is_allowed(machine, "boris", "shop")
    assert restart(machine, "boris", "blog") == (1, RIGHT.format("blog") + "; at a terminal a password would be asked for")
    assert daemon.refused(machine, app_path("shop"), "App.GetEnvironment", user="boris")[0] == daemon.CHALLENGE
    assert daemon.refused(machine, app_path("shop"), "App.Remove", "b", "false", user="boris")[0] == daemon.CHALLENGE


@pytest.mark.parametrize("user", ["clara", "nobody"])
def test_others_are_told_what_would_help(machine, deployd, user):
    assert restart(machine, user) == (1, RIGHT.format("shop") + "; at a terminal a password would be asked for")
    # And they may read.
    assert machine.call(ROOT, "Manager.ListApps", user=user)


def test_at_a_terminal_an_administrators_password_helps_once(machine, deployd):
    for password, wanted in ((PASSWORD, "deployctl: "), ("wrong", RIGHT.format("shop"))):
        terminal = Terminal(machine, "clara", "restart", "shop")
        terminal.wait_for("Password:")
        assert "Authentication is required to restart the app shop." in terminal.said.decode()
        terminal.await_echo(False)
        terminal.type(f"{password}\n")
        said = terminal.end()
        assert wanted in said
        assert ("it takes the right" in said) == (password != PASSWORD)
        assert password not in said


def test_ctrl_c_at_the_question_does_nothing(machine, deployd):
    terminal = Terminal(machine, "clara", "app", "remove", "blog", "--confirm=blog")
    terminal.wait_for("Password:")
    terminal.await_echo(False)
    terminal.type("\x03")
    terminal.await_echo(True)
    assert "nothing was done: the password was not given" in terminal.end()
    assert machine.call(ROOT, "Manager.GetApp", "s", "blog")


def test_what_an_app_prints_is_for_who_may_read_logs(machine, deployd):
    secret = "s3cr3t-canary"
    deployd.app("leak", {"Procfile": f"web: echo cannot log in with {secret}; exit 3\n"})
    number = deployd.deploy("leak")
    assert deployd.end(number)["ErrorSummary"].endswith(f": cannot log in with {secret}")
    for path, interface, method, *words in (
            (ROOT, "org.deployd.Deploy1.Manager", "DescribeDeployment", "t", number),
            (ROOT, "org.deployd.Deploy1.Manager", "ListDeployments", "stu", "leak", 0, 0),
            (ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")):
        said = machine.run(["busctl", "call", "org.deployd.Deploy1", path, interface, method, *words], user="nobody").stdout
        assert "web.1 exited with status 3" in said and secret not in said
    assert secret not in str(deployd.drain())
    assert daemon.refused(machine, ROOT, "Manager.DescribeOutput", "t", number, user="nobody")[0] == daemon.CHALLENGE
    done = machine.run(["deployctl", "deploy", "leak"], user="anna", check=False)
    assert done.returncode == 1 and f": cannot log in with {secret}\n" in done.stderr


def test_without_polkit_only_root_may(machine, deployd):
    only = "only root may restart the app shop: polkit, which gives rights to others, "
    machine.systemctl("mask", "--runtime", "--now", "polkit.service")
    assert restart(machine, "anna") == (1, only + "is masked")
    assert "only root" not in restart(machine, "root")[1]
    machine.systemctl("unmask", "--runtime", "polkit.service")
    service = "/usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service"
    machine.sh(f"mv {service} /root/; busctl call org.freedesktop.DBus / org.freedesktop.DBus ReloadConfig")
    assert restart(machine, "anna") == (1, only + "is not installed")
    machine.sh(f"mv /root/{os.path.basename(service)} {service};"
               "busctl call org.freedesktop.DBus / org.freedesktop.DBus ReloadConfig")
    assert is_allowed(machine, "anna")


def test_a_polkit_that_dies_is_named_and_the_next_one_asked(machine, deployd):
    with machine.stream(["busctl", "monitor", "--match=type='method_call',member='CheckAuthorization'"]) as bus:
        bus.wait(lambda line: "Monitoring" in line)
        machine.systemctl("kill", "--signal=STOP", "polkit.service")
        with machine.stream(["deployctl", "restart", "shop"], user="anna") as waiting:
            bus.wait(lambda line: "CheckAuthorization" in line)
            # Meanwhile root is not held up.
            assert "not" in restart(machine, "root")[1]
            machine.systemctl("kill", "--signal=KILL", "polkit.service")
            assert "ended while it was asked" in waiting.wait(lambda line: "deployctl:" in line)
    assert is_allowed(machine, "anna")


def test_a_group_that_was_there_is_not_taken_over_in_silence(machine, deployd):
    again = ["sh", "/var/lib/dpkg/info/deployd.postinst", "configure"]
    said = machine.run([*again, ""], merge=True).stdout
    assert "the group deployd is there already" in said and "by deployctl: anna. " in said
    # An upgrade, and a group that the package makes itself.
    version = machine.sh("dpkg-query --show --showformat='${Version}' deployd")
    assert "the group deployd" not in machine.run([*again, version], merge=True).stdout
    machine.run(["groupdel", "deployd"])
    assert "the group deployd" not in machine.run([*again, ""], merge=True).stdout
    assert machine.sh("getent group deployd")
