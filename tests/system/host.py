# SPDX-License-Identifier: LGPL-2.1-or-later
"""A running system to give commands to, and to watch: its files, units, journal, bus and ports."""

import json
import os
import pathlib
import queue
import secrets
import signal
import subprocess
import threading
import time

# A bound for "ends at all", ten times what is seen: no test passes or fails by how fast a machine is.
PATIENCE = 120.0

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root", "LANG": "C.UTF-8", "TERM": "dumb", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0",
}


class HostError(Exception):
    """The system, or a command on it, did not do what it should."""


class Failed(HostError):
    """A command ended with another status than 0."""

    def __init__(self, argv, done):
        super().__init__(f"{' '.join(map(str, argv))}\nexited with status {done.returncode}\n"
                         f"{done.stdout}{done.stderr}")
        self.status, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr


class Stream:
    """The lines of a command that runs until it is closed, as they come."""

    def __init__(self, process, parse=lambda line: line):
        self.process, self.parse = process, parse
        self.seen = []
        self._queue = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def next(self, timeout=PATIENCE):
        """The next item. A HostError when the stream ends or nothing comes in time."""
        try:
            line = self._queue.get(timeout=max(timeout, 0))
        except queue.Empty:
            raise HostError(f"nothing came for {timeout:.0f} s; seen so far: {self.seen[-20:]}") from None
        if line is None:
            self._queue.put(None)
            raise HostError(f"{' '.join(map(str, self.process.args))} has ended; seen: {self.seen[-20:]}")
        item = self.parse(line)
        self.seen.append(item)
        return item

    def wait(self, wanted, timeout=PATIENCE):
        """The first item from now on for which wanted(item) holds."""
        end = time.monotonic() + timeout
        while True:
            item = self.next(end - time.monotonic())
            if wanted(item):
                return item

    def drain(self):
        """All that has come so far, without waiting."""
        while not self._queue.empty():
            try:
                self.next(0)
            except HostError:
                break
        return self.seen

    def close(self):
        """Ends the command."""
        end_group(self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def end_group(process):
    """Kills a process we started in a group of its own, and what it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def parse_message(line):
    """A message of busctl's JSON, with the members that tests ask for: (path, interface, member, arguments)."""
    message = json.loads(line)
    message["arguments"] = message.get("payload", {}).get("data", [])
    return message


class Host:
    """A running system that commands are given to. This class is the machine it runs on; Machine is another."""

    def __init__(self):
        self._streams = []
        # What apps here keep in their environment, and the checker looks for everywhere else.
        self.canary = secrets.token_hex(16)

    def _enter(self, user=None):
        """What goes before a command so that it runs there."""
        become = ["runuser", f"--user={user}", "--"] if user else []
        return ["env", "-i", *(f"{name}={value}" for name, value in ENVIRONMENT.items()), *become]

    def command(self, argv, user=None):
        """The arguments that run a command there, as a user."""
        return [*self._enter(user), *map(str, argv)]

    def root(self, path="/"):
        """The path on this machine of a path there."""
        return pathlib.Path(path)

    def run(self, argv, *, check=True, input=None, timeout=PATIENCE, user=None, merge=False):
        """Runs a command to its end. `input` and the output are text; merge: standard error is in stdout too.
        With check a status other than 0 is Failed."""
        with subprocess.Popen(
                self.command(argv, user), text=True, errors="replace", start_new_session=True,
                stdin=subprocess.DEVNULL if input is None else subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if merge else subprocess.PIPE) as process:
            try:
                stdout, stderr = process.communicate(input, timeout)
            except subprocess.TimeoutExpired as late:
                raise HostError(f"{' '.join(map(str, argv))} had not ended after {timeout:.0f} s: "
                                   f"{late.stdout or ''}") from None
            finally:
                end_group(process)
        done = subprocess.CompletedProcess(argv, process.returncode, stdout, stderr or "")
        if check and done.returncode != 0:
            raise Failed(argv, done)
        return done

    def sh(self, script, **options):
        """Runs a shell script; its standard output, stripped."""
        return self.run(["sh", "-euc", script], **options).stdout.strip()

    def stream(self, argv, *, parse=lambda line: line, user=None):
        """Starts a command that runs on; its standard output and standard error as a Stream."""
        process = subprocess.Popen(
            self.command(argv, user), text=True, errors="replace", start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._streams = [stream for stream in self._streams if stream.process.poll() is None]
        self._streams.append(Stream(process, parse))
        return self._streams[-1]

    # Files

    def read(self, path):
        """The text of a file."""
        return self.run(["cat", path]).stdout

    def write(self, path, content, mode=0o644):
        """Makes a file of text or bytes, and the directories above it."""
        target = self.root(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        target.chmod(mode)

    # systemd

    def systemctl(self, *arguments, **options):
        """systemctl, its standard output stripped."""
        return self.run(["systemctl", *arguments], **options).stdout.strip()

    def show(self, unit, *properties):
        """Properties of a unit as text, by name; all of them when none is named."""
        only = ["--property", ",".join(properties)] if properties else ["--all"]
        return dict(line.split("=", 1) for line in self.systemctl("show", *only, "--", unit).splitlines()
                    if "=" in line)

    def units(self, *patterns):
        """The names of the loaded units that match shell patterns."""
        lines = self.systemctl("list-units", "--all", "--plain", "--no-legend", "--full", "--", *patterns)
        return sorted(line.split()[0] for line in lines.splitlines() if line.strip())

    def journal(self, *matches, **fields):
        """The journal's entries with these fields (DEPLOYD_APP="shop"), as dicts, oldest first."""
        self.run(["journalctl", "--sync"])
        argv = ["journalctl", "--output=json", "--all", "--no-pager", *matches]
        done = self.run([*argv, *(f"{name}={value}" for name, value in fields.items())])
        return [json.loads(line) for line in done.stdout.splitlines()]

    def follow(self, *matches, **fields):
        """The entries with these fields from now on, as a Stream of dicts."""
        # From a cursor on: what comes while journalctl starts is not lost.
        last = self.run(["journalctl", "--output=json", "--no-pager", "--lines=1"]).stdout
        return self.stream(["journalctl", "--output=json", "--all", "--no-pager", "--follow", "--lines=all",
                            f"--after-cursor={json.loads(last)['__CURSOR']}", *matches,
                            *(f"{name}={value}" for name, value in fields.items())], parse=json.loads)

    # The bus

    def busctl(self, *arguments, **options):
        """busctl with JSON answers: the decoded value, or None without one. An error reply is Failed."""
        done = self.run(["busctl", "--json=short", *map(str, arguments)], **options)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def call(self, path, member, signature="", *arguments, **options):
        """Calls INTERFACE.METHOD of deployd, "Manager.Deploy" for short; the list of what it returns."""
        interface, method = member.rsplit(".", 1)
        types = [signature, "--", *arguments] if signature else []
        reply = self.busctl("call", "org.deployd.Deploy1", path, f"org.deployd.Deploy1.{interface}", method,
                            *types, **options)
        return reply["data"] if reply else []

    def get(self, path, name, **options):
        """A property of deployd, "App.Status" for short."""
        interface, member = name.rsplit(".", 1)
        return self.busctl("get-property", "org.deployd.Deploy1", path, f"org.deployd.Deploy1.{interface}",
                           member, **options)["data"]

    def monitor(self, *arguments):
        """The messages of the bus from now on, as a Stream of dicts (see parse_message)."""
        arguments = arguments or ["--match=type='signal',sender='org.deployd.Deploy1'"]
        stream = self.stream(["busctl", "monitor", "--json=short", *arguments])
        # It says on standard error when it listens.
        stream.wait(lambda line: line.startswith("Monitoring bus message stream"))
        stream.seen.clear()
        stream.parse = parse_message
        return stream

    def wait(self, happened, timeout=PATIENCE, what="what was waited for"):
        """Waits until happened() is true: asks at once, then after each signal on the bus and each line of
        the journal. Returns what it returned."""
        news = threading.Event()
        streams = [self.monitor("--match=type='signal'"), self.follow()]

        def pass_on(stream):
            try:
                while True:
                    stream.next(timeout)
                    news.set()
            except (HostError, ValueError):
                news.set()

        try:
            for stream in streams:
                threading.Thread(target=pass_on, args=(stream,), daemon=True).start()
            end = time.monotonic() + timeout
            while True:
                news.clear()
                result = happened()
                if result:
                    return result
                # Looked at here too: news that never ends would put the end off for ever.
                if time.monotonic() > end or not news.wait(max(end - time.monotonic(), 0)):
                    raise HostError(f"{what} did not happen in {timeout:.0f} s")
        finally:
            for stream in streams:
                stream.close()

    # The network

    def curl(self, port, path="/", *arguments, host="127.0.0.1", check=True):
        """GETs a path of a port: (status, body); status 0 when nothing answered and check is off."""
        done = self.run(["curl", "--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code}",
                         *arguments, f"http://{host}:{port}{path}"], check=check)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    def close(self):
        """Ends what was started here."""
        for stream in self._streams:
            stream.close()
        self._streams.clear()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
