# SPDX-License-Identifier: LGPL-2.1-or-later
"""deployd-build as its unit runs it: a user without any right, directories of its own, nobody else to kill."""

import io
import os
import pathlib
import re
import subprocess
import tarfile
import threading
import time

# A user of systemd's range for dynamic users that nobody has here.
USER = 61999

LIMITS = {"max-bytes": 500_000_000, "max-files": 10000, "max-depth": 16, "max-tasks": 512}

# The paths are constants of the program, so it gets a view of the files in which they are ours. The cache of a dynamic
# user is a link. A process namespace
# besides, for it kills whatever its user runs; not as its first process, which nobody in there could kill.
SCRIPT = """
mount -t tmpfs -o mode=755 tmpfs /srv &&
mkdir /srv/app /srv/private &&
ln -s private /srv/cache &&
touch /srv/program /srv/source.tar &&
mount --bind "$BASE/program" /srv/program &&
mount --bind -o ro "$BASE/source.tar" /srv/source.tar &&
mount --bind "$BASE/cache" /srv/private &&
if [ -n "$WORK_SIZE" ]; then mount -t tmpfs -o "size=$WORK_SIZE,uid=$USER,mode=700" tmpfs /srv/app
else mount --bind "$BASE/work" /srv/app; fi &&
mount -t overlay -o "lowerdir=$BASE/etc:/etc" overlay /etc &&
for name in bin sbin lib; do mount -t overlay -o "lowerdir=$BASE/$name:/usr/$name" overlay "/usr/$name" || exit; done &&
mount -t tmpfs -o mode=1777 tmpfs /tmp &&
unset BASE WORK_SIZE USER name && cd / &&
"$@"
"""


def source(files):
    """A tar of {path: content}: bytes, (bytes, mode), or a str for the target of a link."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            content, entry.mode = content if isinstance(content, tuple) else (content, 0o644)
            if isinstance(content, str):
                entry.type, entry.linkname, content = tarfile.SYMTYPE, content, b""
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


class Result:
    """What a build left: its exit status, its answer, its log, its archive, in bytes and as {path: content}."""

    def __init__(self, status, answer, log, archive):
        self.status, self.answer, self.log, self.archive = status, answer, log, archive

    def members(self):
        with tarfile.open(fileobj=io.BytesIO(self.archive)) as archive:
            return archive.getmembers()

    def tree(self):
        """As source() has it: (bytes, mode) for files, str for links, None for directories."""
        found = {}
        with tarfile.open(fileobj=io.BytesIO(self.archive)) as archive:
            for member in archive.getmembers():
                if member.issym():
                    found[member.name] = member.linkname
                else:
                    assert member.isdir() or member.type == tarfile.REGTYPE
                    found[member.name] = (archive.extractfile(member).read(), member.mode) if member.isreg() else None
        return found


class Builder:
    def __init__(self, program, base):
        self.base = base
        for name in ("cache", "work"):
            (base / name).mkdir(mode=0o700)
            os.chown(base / name, USER, USER)
        for name in ("etc/deployd/buildpacks", "lib/deployd/buildpacks", "bin", "sbin"):
            (base / name).mkdir(parents=True)
        # Where a user without rights can get at it.
        (base / "program").write_bytes(pathlib.Path(program).read_bytes())
        (base / "program").chmod(0o755)
        self.variables = {}
        self.around = ()

    def pack(self, name, compile="exit 0", detect="echo Test", release=None, where="lib", order=True):
        """Adds a buildpack of shell lines; with `order` also to those that are asked."""
        above = self.base / where / "deployd/buildpacks"
        (above / name / "bin").mkdir(parents=True, exist_ok=True)
        for program, lines in {"detect": detect, "compile": compile, "release": release}.items():
            if lines is not None:
                path = above / name / "bin" / program
                path.write_text("#!/bin/sh\n" + lines + "\n")
                path.chmod(0o755)
        if where == "lib" and order:
            with open(above / "order", "a") as file:
                file.write(name + "\n")

    def start(self, files=None, command="", buildpack="", work_size="", limits=LIMITS, uid=USER, **options):
        """Starts a build of the files; (process, ticket, archive, request)."""
        (self.base / "source.tar").write_bytes(files if isinstance(files, bytes) else source(files or {}))
        ticket, archive = self.base / "ticket", self.base / "archive.tar"
        keys = {"buildpack": buildpack, "command": command, **limits}
        request = "".join(f"{key}={value}\n" for key, value in keys.items() if value is not None) + "\n"
        ticket.write_text(request)
        archive.write_bytes(b"")
        with open(ticket, "r+b") as stdin, open(archive, "r+b") as stdout:
            process = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", SCRIPT, "sh",
                 *self.around, "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--bounding-set=-all",
                 "--inh-caps=-all", "--no-new-privs", "/srv/program"],
                stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "CACHE_DIRECTORY": "/srv/cache", "BASE": self.base,
                     "WORK_SIZE": work_size, "USER": str(USER), **self.variables},
                **options)
        return process, ticket, archive, request

    def __call__(self, files=None, **options):
        return self.result(*self.start(files, **options))

    def result(self, process, ticket, archive, request):
        """What a build that was started has left when it has ended."""
        _, log = process.communicate(timeout=280)
        text = ticket.read_text()
        assert text.startswith(request), text
        answer = dict(line.split("=", 1) for line in text[len(request):].splitlines() if line)
        return Result(process.returncode, answer, log.decode(), archive.read_bytes())

    def ended(self, command, number, **options):
        """A build whose program gets a signal from outside, when its command has run."""
        def parent(number):
            status = pathlib.Path(f"/proc/{number}/status").read_text(errors="replace")
            return int(re.search(r"^PPid:\s+(\d+)", status, re.MULTILINE)[1])

        def find(*argv):
            """A program of this build, for others may be under way."""
            for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    if path.read_bytes() != b"".join(word.encode() + b"\0" for word in argv):
                        continue
                    above = int(path.parent.name)
                    while above not in (0, process.pid):
                        above = parent(above)
                    if above:
                        return int(path.parent.name)
                except OSError:  # it has ended
                    pass
            return None

        def end():
            while process.poll() is None and not find("sleep", "1000"):
                time.sleep(0.02)
            if process.poll() is None:
                os.kill(find("/srv/program"), number)

        process, *files = self.start(command=command.rstrip("; \n") + "; exec sleep 1000", **options)
        waiting = threading.Thread(target=end)
        waiting.start()
        result = self.result(process, *files)
        waiting.join()
        return result

    def good(self, files=None, **options):
        """A build that must succeed."""
        result = self(files, **options)
        assert result.status == 0, result.log
        assert "error" not in result.answer
        # The work directory is empty again.
        assert not os.listdir(self.base / "work")
        return result

    def error(self, files=None, **options):
        """The sentence of one that must fail."""
        result = self(files, **options)
        assert (result.status, list(result.answer)[:1], result.archive) == (1, ["error"], b""), result.log
        assert set(result.answer) <= {"error", "quote"}
        assert not os.listdir(self.base / "work")
        assert not result.answer["error"].endswith(".")
        return result.answer["error"] + result.answer.get("quote", "")
