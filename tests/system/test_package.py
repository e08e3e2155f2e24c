# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian package: installed into a tree where nothing runs, booted, upgraded, removed, purged."""

import pathlib
import re
import subprocess

import pytest

import daemon
from deployd import ROOT, Deployd

POSTGRES = "deployd-postgres.service"
INGRESS = "deployd-ingress.service"

# Owner, group and mode of what the package brings or makes. The mode of a link is that of what it leads to.
FILES = {
    "/usr/sbin/deployd": "root:root 755",
    "/usr/bin/deployctl": "root:root 755",
    "/usr/libexec/deployd/deployd-fetch": "root:root 755",
    "/usr/libexec/deployd/deployd-import": "root:root 755",
    "/usr/libexec/deployd/deployd-launch": "root:root 755",
    "/usr/libexec/deployd/deployd-probe": "root:root 755",
    "/usr/libexec/deployd/deployd-postgres": "root:root 755",
    "/usr/libexec/deployd/deployd-postgres-setup": "root:root 755",
    "/lib/systemd/system/deployd.service": "root:root 644",
    "/lib/systemd/system/deployd-postgres.service": "root:root 644",
    "/lib/systemd/system/deployd-probe.service": "root:root 644",
    "/lib/systemd/system/deployd-probe.socket": "root:root 644",
    "/lib/systemd/system/deployd.slice": "root:root 644",
    "/lib/systemd/system/deployd-apps.slice": "root:root 644",
    "/lib/systemd/system/deployd-builds.slice": "root:root 644",
    "/usr/share/dbus-1/system.d/org.deployd.Deploy1.conf": "root:root 644",
    "/usr/share/dbus-1/system-services/org.deployd.Deploy1.service": "root:root 644",
    "/usr/share/dbus-1/interfaces/org.deployd.Deploy1.Manager.xml": "root:root 644",
    "/usr/share/polkit-1/actions/org.deployd.deploy1.policy": "root:root 644",
    "/usr/share/polkit-1/rules.d/50-deployd.rules": "root:root 644",
    "/usr/lib/sysusers.d/deployd.conf": "root:root 644",
    "/usr/lib/tmpfiles.d/deployd.conf": "root:root 644",
    "/usr/lib/systemd/catalog/deployd.catalog": "root:root 644",
    "/etc/deployd": "root:root 755",
    "/etc/deployd/deploy.conf": "root:root 644",
    "/etc/deployd/deploy.conf.d": "root:root 755",
    "/etc/needrestart/conf.d/deployd.conf": "root:root 644",
    "/var/lib/deployd": "root:root 755",
    "/var/lib/deployd/releases": "root:root 700",
    "/var/lib/deployd/spool": "root:root 700",
    "/var/lib/deployd/postgres": "deployd-postgres:deployd-postgres 700",
    "/var/lib/deployd/postgres/15": "deployd-postgres:deployd-postgres 700",
    "/run/deployd": "root:root 755",
    "/run/deployd/env": "root:root 700",
    "/run/deployd/postgres": "deployd-postgres:deployd-postgres 750",
}


@pytest.fixture(scope="module")
def deb(pytestconfig):
    return pathlib.Path(pytestconfig.getoption("deb")).resolve()


@pytest.fixture(scope="module")
def unpacked(deb, tmp_path_factory):
    """The files of the package."""
    directory = tmp_path_factory.mktemp("package")
    subprocess.run(["dpkg-deb", "--raw-extract", deb, directory], check=True)
    return directory


@pytest.fixture(scope="module")
def deployd(machine):
    """deployd, with one app live."""
    platform = Deployd(machine)
    platform.app("shop")
    platform.live("shop")
    return platform


# Before the first boot

def test_without_systemd_users_and_enabled_units_are_made(tree):
    """What installing has changed in the tree, which no systemd has run in."""
    layer = tree.directories[-1]
    users = dict(line.split(":", 1) for line in (layer / "etc/passwd").read_text().splitlines())
    assert users["deployd-postgres"].endswith(":/var/lib/deployd/postgres:/usr/sbin/nologin")
    groups = [line.split(":")[0] for line in (layer / "etc/group").read_text().splitlines()]
    assert {"deployd", "deployd-postgres"} <= set(groups)
    wants = layer / "etc/systemd/system"
    for link in ("multi-user.target.wants/deployd.service", f"multi-user.target.wants/{POSTGRES}",
                 "sockets.target.wants/deployd-probe.socket"):
        assert (wants / link).is_symlink(), link
    # Every machine makes a cluster of its own.
    assert not list(layer.glob("var/lib/deployd/postgres/*"))


# The first boot

def test_the_first_boot_is_without_a_failure(machine):
    assert machine.run(["systemctl", "is-system-running", "--wait"], check=False).stdout == "running\n"
    assert machine.systemctl("list-units", "--failed", "--no-legend", "--plain") == ""
    for unit in (daemon.UNIT, POSTGRES, "deployd-probe.socket"):
        assert machine.systemctl("is-enabled", unit) == "enabled"
        assert machine.systemctl("is-active", unit) == "active"
    assert not machine.journal("--priority=err", _SYSTEMD_UNIT=daemon.UNIT)


def test_files_are_where_they_belong_with_owner_and_mode(machine):
    lines = machine.run(["stat", "--dereference", "--format=%n %U:%G %a", *FILES]).stdout.splitlines()
    assert dict(line.split(" ", 1) for line in lines) == FILES


def test_units_and_journal_catalog_are_without_a_fault(machine):
    units = [path for path in FILES if path.startswith("/lib/systemd/system/")]
    done = machine.run(["systemd-analyze", "verify", "--man=no", *units], merge=True)
    assert [line for line in done.stdout.splitlines() if "deployd" in line] == []
    ids = {entry["MESSAGE_ID"] for entry in machine.journal(_SYSTEMD_UNIT=daemon.UNIT) if "MESSAGE_ID" in entry}
    assert ids
    known = machine.run(["journalctl", "--list-catalog"]).stdout
    for message in ids:
        assert message in known


# Upgrade, removal, purge

def with_version(unpacked, deb, version, directory):
    """The same package of another version."""
    copy = directory / "copy"
    subprocess.run(["cp", "--archive", unpacked, copy], check=True)
    control = copy / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*$", f"Version: {version}", control.read_text(), flags=re.MULTILINE))
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", copy, directory / "deployd.deb"], check=True,
                   stdout=subprocess.DEVNULL)
    return (directory / "deployd.deb").read_bytes()


def test_an_upgrade_restarts_the_daemon_and_nothing_else(machine, deployd, unpacked, deb, tmp_path):
    machine.write("/run/newer.deb", with_version(unpacked, deb, "99.0", tmp_path))
    machine.write("/etc/deployd/deploy.conf", "# Mine.\n")
    before, database = daemon.pid(machine), machine.show(POSTGRES, "MainPID", "InvocationID")
    with daemon.untouched(machine, "shop"):
        machine.run(["dpkg", "--install", "/run/newer.deb"])
        assert daemon.ready(machine, after=before)
        assert deployd.get("shop", "Status") == "running"
        assert machine.curl(deployd.get("shop", "CurrentPort")) == (200, "python 1\n")
    assert machine.show(POSTGRES, "MainPID", "InvocationID") == database
    assert machine.run(["dpkg-query", "--show", "--showformat=${Version}", "deployd"]).stdout == "99.0"
    assert machine.read("/etc/deployd/deploy.conf") == "# Mine.\n"
    assert machine.systemctl("is-system-running") == "running"


def test_an_ingress_that_an_older_version_has_started_takes_changes_after_the_upgrade(machine, deployd, deb):
    dropin = "/run/systemd/system/deployd-ingress.service.d/50-test.conf"
    machine.write(dropin, "[Service]\nExecStartPost=\nExecStart=\nExecStart=/usr/sbin/haproxy -Ws "
                          "-S /run/deployd/ingress/master.sock,mode,660 -f /usr/share/deployd/ingress/base.cfg "
                          "-f /var/lib/deployd/ingress\n")
    machine.systemctl("daemon-reload")
    machine.systemctl("restart", INGRESS)
    machine.run(["rm", dropin])
    machine.write("/run/same.deb", deb.read_bytes())
    machine.run(["dpkg", "--install", "/run/same.deb"])
    daemon.ready(machine)
    deployd.app("after")
    deployd.live("after")
    assert machine.curl(deployd.get("after", "Port")) == (200, "python 1\n")
    # Once is enough.
    before = machine.show(INGRESS, "MainPID")
    machine.run(["dpkg", "--install", "/run/same.deb"])
    assert machine.show(INGRESS, "MainPID") == before
    daemon.ready(machine)
    deployd.do("after", "Remove", "b", "true")


def test_removed_it_keeps_its_state_and_installed_again_it_goes_on(machine, deployd, deb):
    port = deployd.get("shop", "CurrentPort")
    content = deployd.sql("select id, name, port, wanted from app")
    kept = "cd /var/lib/deployd && ls -d * postgres/* releases/*"
    state = machine.sh(kept)
    assert {"postgres/15", "releases"} < set(state.split())
    machine.run(["dpkg", "--remove", "deployd"])
    assert machine.units("deployd-app-*.service") == []
    assert machine.curl(port, check=False)[0] == 0
    assert machine.sh("pgrep --list-name 'deployd|postgres' || :") == ""
    assert machine.sh(kept) == state
    assert machine.sh("ls /etc/deployd") == "deploy.conf\ndeploy.conf.d"
    assert machine.systemctl("list-units", "--failed", "--no-legend", "--plain") == ""

    machine.write("/run/same.deb", deb.read_bytes())
    machine.run(["dpkg", "--install", "/run/same.deb"])
    daemon.ready(machine)
    assert deployd.sql("select id, name, port, wanted from app") == content
    deployd.answers("shop", lambda text: text == "python 1\n")
    machine.wait(lambda: deployd.get("shop", "Status") == "running")
    assert machine.systemctl("is-system-running") == "running"


@pytest.mark.leaves("all: there is no deployd on it")
def test_purged_it_keeps_the_data_only(machine, deployd):
    machine.run(["dpkg", "--purge", "deployd"])
    assert machine.sh("ls -d /etc/deployd 2>/dev/null || :") in ("", "/etc/deployd")
    assert machine.sh("find /etc/deployd -name deploy.conf 2>/dev/null || :") == ""
    assert machine.sh("ls /var/lib/deployd/postgres") == "15"
    assert machine.sh("find /etc/systemd/system -name 'deployd*'") == ""
    done = machine.run(["busctl", "call", "org.deployd.Deploy1", ROOT, "org.freedesktop.DBus.Peer", "Ping"], check=False)
    assert done.returncode != 0
    assert "not provided by any .service files" in done.stderr
