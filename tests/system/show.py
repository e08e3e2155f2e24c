#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The show of ./try: deploys a sample app from a git server, and shows what an administrator sees of it.

    show.py --deb FILE [--here] [--once]
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys

import apps
import repository as repositories
import tree as trees
from host import Host, HostError
from machine import Machine

BOLD, DIM, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")
RATE = 100
CONFIGURATION = "/etc/deployd/deploy.conf.d/50-try.conf"


class Show:
    """Runs commands where the audience can read along, and remembers whether all went well."""

    def __init__(self, host):
        self.host, self.good = host, True

    def title(self, text):
        print(f"\n{BOLD}== {text}{PLAIN}", flush=True)

    def run(self, *argv):
        """Shows a command, and what it prints as it prints it."""
        print(f"{DIM}# {' '.join(argv)}{PLAIN}", flush=True)
        status = subprocess.run(self.host.command(argv), stdin=subprocess.DEVNULL, check=False).returncode
        if status != 0:
            print(f"(exited with status {status})", flush=True)
            self.good = False

    def port(self, app):
        """The port of the app, for life."""
        return self.host.get(f"/org/deployd/Deploy1/app/{app}", "App.Port")

    def ask(self, app):
        """Shows what the app answers."""
        self.run("curl", "--silent", "--show-error", f"http://127.0.0.1:{self.port(app)}/")

    def under_load(self, app, *argv):
        """Shows a command, and how many requests clients of the app have lost meanwhile."""
        with apps.Load(self.host, self.port(app), RATE) as load:
            self.run(*argv)
        print(f"{load.requests} requests meanwhile, {load.failed} of them lost", flush=True)
        self.good &= load.failed == 0


def play(show):
    """The show itself."""
    host = show.host
    repositories.serve(host)
    for path, content in apps.PROGRAMS.items():
        host.write(path, content)
    repository, commit = repositories.deployable(host, "hello")

    show.title("deployd and its own database run")
    show.run("systemctl", "status", "--no-pager", "--lines=0", "deployd.service", "deployd-postgres.service")

    show.title(f"a git repository ({repository.url}) and an app of it")
    show.run("deployctl", "repo", "add", "hello", repository.url)
    show.run("deployctl", "app", "create", "hello", "hello")

    show.title(f"deploy it: commit {commit[:12]}")
    show.run("deployctl", "deploy", "hello")
    show.ask("hello")

    show.title(f"a second commit, while clients ask {RATE} times a second")
    repository.commit(repositories.sample("python", "2"), message="Version 2")
    show.under_load("hello", "deployctl", "deploy", "hello")
    show.ask("hello")

    show.title("and back to the first")
    show.under_load("hello", "deployctl", "rollback", "hello")
    show.ask("hello")
    show.run("deployctl", "releases", "hello")

    show.title("what systemd, the bus and the journal say of it")
    show.run("deployctl", "status")
    for unit in host.units("deployd-app-hello-*.service"):
        show.run("systemctl", "status", "--no-pager", "--lines=3", unit)
    show.run("busctl", "tree", "org.deployd.Deploy1")
    show.run("journalctl", "--no-pager", "--lines=20", "DEPLOYD_APP=hello")


def shell(host):
    """The words that begin a command in the machine, for a person to type."""
    if isinstance(host, Machine):
        return f"sudo nsenter --target={host.leader} --all --wdns=/ -- "
    return "sudo "


def stay(host):
    """Leaves everything running until Ctrl-C."""
    print(f"\n{BOLD}It stays until you press Ctrl-C.{PLAIN} Meanwhile, in another terminal:\n")
    for command in ("deployctl ps", "deployctl logs -f hello", "deployctl deploy hello", "systemctl status deployd",
                    "busctl introspect org.deployd.Deploy1 /org/deployd/Deploy1/app/hello", "bash"):
        print(f"    {shell(host)}{command}")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


@contextlib.contextmanager
def here(deb):
    """This machine, with the package installed by apt; the server of the show is gone afterwards."""
    with Host() as host:
        host.write(CONFIGURATION, repositories.CONFIGURATION)
        try:
            host.run(["apt-get", "install", "--yes", "--no-install-recommends", os.path.abspath(deb)], timeout=1800)
            host.systemctl("reload-or-restart", "deployd.service")
            yield host
        finally:
            host.run(["deployctl", "app", "remove", "--force", "--confirm=hello", "hello"], check=False)
            host.run(["deployctl", "repo", "remove", "hello"], check=False)
            host.systemctl("stop", "test-git.service", check=False)
            host.run(["rm", "-rf", CONFIGURATION, f"{repositories.DIRECTORY}/hello.git", repositories.SERVER,
                      *apps.PROGRAMS])
            host.systemctl("reload", "deployd.service", check=False)


@contextlib.contextmanager
def thrown_away(deb):
    """A machine for the show."""
    with contextlib.closing(trees.tree(deb)) as tree:
        with Machine(tree, files={CONFIGURATION: repositories.CONFIGURATION}) as machine:
            yield machine


def main():
    """Exit status 0: everything that was shown worked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--deb", required=True)
    parser.add_argument("--here", action="store_true")
    parser.add_argument("--once", action="store_true")
    options = parser.parse_args()
    # Both end the show in order: what was started is taken down again.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with (here if options.here else thrown_away)(options.deb) as host:
            show = Show(host)
            play(show)
            if not options.once and sys.stdin.isatty():
                stay(host)
            return 0 if show.good else 1
    except KeyboardInterrupt:
        return 130
    except (HostError, trees.TreeError) as error:
        print(f"try: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
