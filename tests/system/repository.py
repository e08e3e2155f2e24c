# SPDX-License-Identifier: LGPL-2.1-or-later
"""Git repositories on a machine, a server for them, and the sample apps that go into them."""

import os
import pathlib
import subprocess
import tempfile

SAMPLES = pathlib.Path(__file__).resolve().parent.parent / "samples"
DIRECTORY = "/srv/git"
PORT = 8418
SERVER = "/usr/local/lib/deployd-test/git_http.py"

# What deployd must be told to fetch from a server on the machine itself, where nothing limits an app's memory, and where a
# new version is not watched for long.
CONFIGURATION = f"""\
[git]
schemes = http https ssh
private-networks = yes
local-paths = {DIRECTORY}

[runner]
require-sandbox = no
check-settle = 100ms
"""


class Link(str):
    """A symlink to this target, as the content of a file."""


class Program(bytes):
    """The content of a file that can be executed."""


def sample(name, version):
    """The tree of a sample app, {path: content}, saying that it is of this version.
    That of the C sample is built already: it has the program in it."""
    files = {path.name: path.read_bytes() for path in (SAMPLES / name).iterdir() if path.is_file()}
    files["VERSION"] = f"{version}\n"
    if name == "c":
        with tempfile.TemporaryDirectory() as directory:
            program = os.path.join(directory, "app")
            subprocess.run(["cc", "-O2", "-static", "-o", program, SAMPLES / name / "app.c"], check=True)
            files["app"] = Program(pathlib.Path(program).read_bytes())
    return files


def serve(machine):
    """Starts the git server on a machine; returns when it listens."""
    machine.write(SERVER, pathlib.Path(__file__).with_name("git_http.py").read_bytes(), 0o755)
    machine.run(["mkdir", "-p", DIRECTORY])
    machine.run(["systemd-run", "--quiet", "--unit=test-git", "--service-type=notify", "--collect",
                 SERVER, DIRECTORY, PORT])


class Repository:
    """A bare repository on a machine, empty at first."""

    def __init__(self, machine, name):
        self.machine, self.name = machine, name
        self.path = f"{DIRECTORY}/{name}.git"
        self.url = f"http://127.0.0.1:{PORT}/{name}.git"
        machine.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", self.path])

    def git(self, *arguments, **options):
        """Runs git on it; its standard output, stripped."""
        return self.machine.run(["git", f"--git-dir={self.path}", *arguments], **options).stdout.strip()

    def commit(self, files, *, branch="main", message="A commit"):
        """A commit with exactly these files, {path: text, bytes, Program or Link}, on top of a branch.
        Its id."""
        def data(content):
            raw = content.encode() if isinstance(content, str) else content
            return b"data %d\n%s\n" % (len(raw), raw)

        modes = {Link: "120000", Program: "100755"}
        parent = self.git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", check=False)
        stream = [f"commit refs/heads/{branch}\ncommitter Test <test@example.com> now\n".encode(), data(message)]
        if parent:
            stream.append(f"from {parent}\n".encode())
        stream.append(b"deleteall\n")
        for path, content in files.items():
            stream += [f"M {modes.get(type(content), '100644')} inline {path}\n".encode(), data(content)]
        # By a file: the stream is bytes, what commands are given is text.
        self.machine.write("/run/fast-import", b"".join(stream))
        self.machine.sh(f"git --git-dir={self.path} fast-import --quiet --date-format=now </run/fast-import")
        return self.git("rev-parse", f"refs/heads/{branch}")

    def tag(self, name, commit="refs/heads/main", *, annotated=False):
        """A tag on a commit."""
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        self.git(*identity, "tag", *(["--annotate", "--message", name] if annotated else []), name, commit)


def deployable(machine, name, kind="python", version="1"):
    """A repository with one commit of a sample app: (repository, commit)."""
    repository = Repository(machine, name)
    return repository, repository.commit(sample(kind, version))
