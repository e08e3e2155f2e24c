# SPDX-License-Identifier: LGPL-2.1-or-later
"""deployd-import: what a release is made of, and what no archive can make it do."""

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import stat
import subprocess
import sys
import tarfile

import pytest

from conftest import without_capabilities

LIMITS = {"max-bytes": 10_000_000, "max-files": 1000, "max-depth": 16}
BLOCK = 512


class Entry(tarfile.TarInfo):
    """One member: Entry("a/b", b"content"), Entry("link", type=tarfile.SYMTYPE, linkname="x")."""

    def __init__(self, name, content=b"", **members):
        super().__init__(name)
        self.content = content
        self.size = len(content)
        self.mode = 0o755 if members.get("type") == tarfile.DIRTYPE else 0o644
        for key, value in members.items():
            setattr(self, key, value)


def directory(name, **members):
    return Entry(name, type=tarfile.DIRTYPE, **members)


def link(name, target):
    return Entry(name, type=tarfile.SYMTYPE, linkname=target)


def pack(*entries, form=tarfile.GNU_FORMAT):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for entry in entries:
            archive.addfile(entry, io.BytesIO(entry.content))
    return stream.getvalue()


class Importer:
    def __init__(self, program, directory):
        self.program = program
        self.base = directory
        self.number = 0

    def __call__(self, archive, offset=0, limits=LIMITS, around=(), **options):
        """Imports the bytes into a new directory; the answer of the ticket, with `status` and `path`."""
        self.number += 1
        self.release = self.base / f"release-{self.number}"
        self.release.mkdir()
        data = self.base / "archive.tar"
        data.write_bytes(archive)
        ticket = self.base / "ticket"
        request = "".join(f"{key}={value}\n" for key, value in limits.items()) + "\n"
        ticket.write_text(request)
        with open(data, "rb") as stdin, open(ticket, "r+b") as stdout:
            os.lseek(stdin.fileno(), offset, os.SEEK_SET)
            done = subprocess.run(
                [*around, *without_capabilities(self.program, str(self.release))],
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.PIPE,
                **options,
            )
        text = ticket.read_text()
        assert text.startswith(request) and text.endswith("\n\n"), text
        answer = dict(line.split("=", 1) for line in text[len(request) :].splitlines() if line)
        assert ("error" in answer) == (done.returncode != 0), done
        assert done.returncode in (0, 1)
        return answer

    def error(self, archive, **options):
        answer = self(archive, **options)
        assert list(answer) == ["error"], answer
        assert not answer["error"].endswith(".")
        return answer["error"]

    def digest(self, release=None):
        done = subprocess.run([self.program, "--digest", release or self.release], capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else "refused: " + done.stderr.strip()


@pytest.fixture
def importer(binary, tmp_path):
    return Importer(binary("import"), tmp_path)


def tree(path):
    """Everything below a directory: name, kind, mode, content."""
    found = {}
    for where, directories, files in os.walk(path):
        for name in directories + files:
            full = os.path.join(where, name)
            state = os.lstat(full)
            if stat.S_ISLNK(state.st_mode):
                content = os.readlink(full)
            else:
                content = open(full, "rb").read() if stat.S_ISREG(state.st_mode) else None
            mode = None if stat.S_ISLNK(state.st_mode) else stat.S_IMODE(state.st_mode)
            found[os.path.relpath(full, path)] = (stat.S_IFMT(state.st_mode), mode, content)
    return found


def digest_of(path):
    """The digest as manifest.h defines it, made a second time."""
    lines = []
    for name, (kind, mode, content) in tree(path).items():
        if kind == stat.S_IFDIR:
            word, value = b"d", b""
        elif kind == stat.S_IFLNK:
            word, value = b"l", os.fsencode(content)
        else:
            word = b"x" if mode & 0o111 else b"f"
            value = hashlib.sha256(content).hexdigest().encode()
        lines.append((os.fsencode(name), word + b" " + os.fsencode(name) + b"\0" + value + b"\n"))
    return hashlib.sha256(b"".join(line for _, line in sorted(lines))).hexdigest()


# What an archive becomes


def test_files_directories_and_links_arrive_as_they_are(importer):
    answer = importer(
        pack(
            directory("bin"),
            Entry("bin/run", b"#!/bin/sh\n", mode=0o700),
            Entry("empty"),
            Entry("deep/er/file", b"x" * 300_000),
            link("current", "bin/run"),
            link("away", "/etc/shadow"),
            link("dangling", "../../nowhere at all"),
        )
    )
    assert tree(importer.release / "app") == {
        "bin": (stat.S_IFDIR, 0o755, None),
        "bin/run": (stat.S_IFREG, 0o755, b"#!/bin/sh\n"),
        "empty": (stat.S_IFREG, 0o644, b""),
        "deep": (stat.S_IFDIR, 0o755, None),
        "deep/er": (stat.S_IFDIR, 0o755, None),
        "deep/er/file": (stat.S_IFREG, 0o644, b"x" * 300_000),
        "current": (stat.S_IFLNK, None, "bin/run"),
        "away": (stat.S_IFLNK, None, "/etc/shadow"),
        "dangling": (stat.S_IFLNK, None, "../../nowhere at all"),
    }
    assert answer["files"] == "9"
    assert answer["bytes"] == str(len(b"#!/bin/sh\n") + 300_000)
    assert answer["procfile"] == "no"
    assert not (importer.release / "process").exists()


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o777])
def test_modes_come_from_nothing_but_the_executable_bit(importer, mask):
    importer(
        pack(
            directory("closed", mode=0),
            Entry("closed/inside", b"x", mode=0),
            Entry("setuid", b"x", mode=0o6755),
            Entry("open", b"x", mode=0o666),
            directory("sticky", mode=0o3777),
            Entry("other", b"x", mode=0o001),
        ),
        preexec_fn=lambda: os.umask(mask),
    )
    assert {name: oct(mode) for name, (_, mode, _) in tree(importer.release / "app").items()} == {
        "closed": "0o755",
        "closed/inside": "0o644",
        "setuid": "0o755",
        "open": "0o644",
        "sticky": "0o755",
        "other": "0o755",
    }


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_all_dialects_of_tar_are_read(importer, form):
    long = "d" * 90 + "/" + "e" * 90
    importer(pack(Entry(long, b"1"), link("l", "t" * 90), form=form))
    assert tree(importer.release / "app")[long][2] == b"1"
    assert tree(importer.release / "app")["l"][2] == "t" * 90


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("name", ["e\u0301.txt", "\u00e9.txt", "日本語/ファイル", "n" * 200 + "/" + "\u00fc" * 120], ids=["NFD", "NFC", "wide", "long"])
def test_names_beyond_ascii_stay_byte_for_byte(importer, form, name):
    importer(pack(Entry(name, b"1"), link("zu", name), form=form))
    found = tree(importer.release / "app")
    assert found[name][2] == b"1"
    assert found["zu"][2] == name


def test_names_at_the_limits_fit(importer):
    path = "/".join(["n" * 255] * 15 + ["m" * 200])
    answer = importer(pack(Entry(path, b"1"), form=tarfile.PAX_FORMAT))
    assert answer["files"] == "16" and answer["digest"] == importer.digest()


def test_a_directory_may_be_named_after_what_is_in_it(importer):
    answer = importer(pack(Entry("a/b", b"x"), directory("a")))
    assert answer["files"] == "2"


def test_an_archive_of_nothing_is_an_empty_release(importer):
    answer = importer(pack())
    assert (answer["files"], answer["bytes"]) == ("0", "0")
    assert tree(importer.release) == {"app": (stat.S_IFDIR, 0o755, None)}


def test_reading_begins_at_the_offset_of_the_descriptor(importer):
    answer = importer(b"other things" * 100 + pack(Entry("a", b"x")), offset=1200)
    assert answer["files"] == "1"


def test_comments_of_git_archive_are_skipped(importer):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "1" * 40}) as archive:
        archive.addfile(Entry("a", b"x"), io.BytesIO(b"x"))
    importer(stream.getvalue())
    assert list(tree(importer.release / "app")) == ["a"]


MEASURE = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status)
"""


def test_memory_does_not_grow_with_the_archive(importer, tmp_path):
    size = 128 * 1024 * 1024
    peak = tmp_path / "peak"
    answer = importer(
        Entry("big", size=size).tobuf(tarfile.GNU_FORMAT) + b"\0" * (size + 2 * BLOCK),
        limits={**LIMITS, "max-bytes": size},
        around=[sys.executable, "-c", MEASURE, peak],
    )
    assert answer["bytes"] == str(size)
    assert int(peak.read_text()) * 1024 < size / 2


# What is refused


def pax(name, **headers):
    return Entry(name, b"x", pax_headers={key.replace("_", "."): value for key, value in headers.items()})


REFUSED = {
    "absolute": ([Entry("/etc/canary", b"x")], 'archive entry "/etc/canary" has an absolute path'),
    "parent": ([Entry("../canary", b"x")], 'archive entry "../canary" has . or .. in its path'),
    "parent inside": ([Entry("a/../../canary", b"x")], 'archive entry "a/../../canary" has . or .. in its path'),
    "parent at the end": ([directory("a/..")], 'archive entry "a/.." has . or .. in its path'),
    "current directory": ([directory(".")], 'archive entry "." has . or .. in its path'),
    "current inside": ([Entry("./a", b"x")], 'archive entry "./a" has . or .. in its path'),
    "empty name": ([Entry("a//b", b"x")], 'archive entry "a//b" has an empty name in its path'),
    "hard link": (
        [Entry("shadow", type=tarfile.LNKTYPE, linkname="/etc/shadow")],
        'archive entry "shadow" is a hard link',
    ),
    "hard link inside": (
        [Entry("a", b"x"), Entry("b", type=tarfile.LNKTYPE, linkname="a")],
        'archive entry "b" is a hard link',
    ),
    "character device": (
        [Entry("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3)],
        'archive entry "null" is a device',
    ),
    "block device": ([Entry("sda", type=tarfile.BLKTYPE, devmajor=8)], 'archive entry "sda" is a device'),
    "fifo": ([Entry("pipe", type=tarfile.FIFOTYPE)], 'archive entry "pipe" is a fifo'),
    "twice": ([Entry("a", b"1"), Entry("a", b"2")], 'archive entry "a" is there twice'),
    "directory twice": ([directory("a"), directory("a")], 'archive entry "a" is there twice'),
    "file for directory": ([Entry("a/b", b"1"), Entry("a", b"2")], 'archive entry "a" is there twice'),
    "link for directory": ([Entry("a/b", b"1"), link("a", "/tmp")], 'archive entry "a" is there twice'),
    "link for file": ([Entry("a", b"1"), link("a", "/etc/passwd")], 'archive entry "a" is there twice'),
    "file for link": ([link("a", "/tmp/canary"), Entry("a", b"1")], 'archive entry "a" is there twice'),
    "directory for link": ([link("a", "/tmp"), directory("a")], 'archive entry "a" is there twice'),
    "below a file": (
        [Entry("a", b"1"), Entry("a/b", b"2")],
        'archive entry "a/b" leads through something that is no directory',
    ),
    "control character": (
        [Entry("a\n/etc/passwd", b"x")],
        'archive entry "a /etc/passwd" has a path that is not UTF-8 without control characters',
    ),
    "escape sequence": (
        [Entry("\x1b[2Jx", b"x")],
        'archive entry "?[2Jx" has a path that is not UTF-8 without control characters',
    ),
    "Latin-1": (
        [Entry("caf\udce9", b"x")],
        'archive entry "caf?" has a path that is not UTF-8 without control characters',
    ),
    "long name": (
        [Entry("a/" + "n" * 256, b"x")],
        f'archive entry "a/{"n" * 195}…" has a name of more than 255 bytes in its path',
    ),
    "long path": (
        [Entry("/".join(["n" * 255] * 16), b"x")],
        f'archive entry "{"n" * 197}…" has a path that is too long',
    ),
    "long target": ([link("a", "t" * 4096)], 'archive entry "a" is a symbolic link with a target that is too long'),
    "empty target": ([link("a", "")], 'archive entry "a" is a symbolic link without a target'),
    "control character in a target": (
        [link("a", "x\ty")],
        'archive entry "a" is a symbolic link with a target that is not UTF-8 without control characters',
    ),
    "extended attribute": (
        [pax("a", **{"SCHILY_xattr_security_capability": "AQAAAgAgAAAAAAAAAAAAAAAAAAA="})],
        'archive entry "a" has extended attributes',
    ),
    "access control list": (
        [pax("a", SCHILY_acl_access="user::rw-,user:1000:rwx,group::r--,mask::rwx,other::r--")],
        'archive entry "a" has an access control list',
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_entry_is_refused_with_its_name_and_nothing_is_made_outside(importer, tmp_path, case):
    entries, sentence = REFUSED[case]
    before = {name for name in tree(tmp_path)}
    form = tarfile.PAX_FORMAT if any(entry.pax_headers for entry in entries) else tarfile.GNU_FORMAT
    assert importer.error(pack(Entry("first", b"x"), *entries, Entry("last", b"x"), form=form)) == sentence
    made = {name for name in tree(tmp_path) if not name.startswith(importer.release.name + "/app")}
    assert made - before == {"archive.tar", "ticket", importer.release.name}
    assert not os.path.lexists("/etc/canary") and not os.path.lexists("/tmp/canary")
    assert not (importer.release / "app/last").exists()


@pytest.mark.parametrize("target", ["outside", "..", ".", "/", "/proc/self/cwd", "inside"])
def test_nothing_is_written_through_a_link(importer, tmp_path, target):
    outside = tmp_path / "outside"
    outside.mkdir()
    to = str(outside) if target == "outside" else target
    entries = [directory("inside"), link("inside/link", to), Entry("inside/link/canary", b"x")]
    assert importer.error(pack(*entries)) == 'archive entry "inside/link/canary" leads through a symbolic link'
    deeper = [link("link", to), Entry("link/deep/er/canary", b"x")]
    assert importer.error(pack(*deeper)) == 'archive entry "link/deep/er/canary" leads through a symbolic link'
    assert tree(outside) == {}
    assert not any(name.endswith("canary") for name in tree(tmp_path))


def test_a_sparse_file_is_refused(importer, tmp_path):
    holes = tmp_path / "holes"
    with open(holes, "wb") as file:
        file.truncate(1024 * 1024)
        file.seek(512 * 1024)
        file.write(b"x")
    for form in ["gnu", "posix"]:
        archive = subprocess.run(
            ["tar", "-C", tmp_path, f"--format={form}", "-Scf", "-", "holes"], stdout=subprocess.PIPE, check=True
        ).stdout
        assert importer.error(archive) == 'archive entry "holes" is a sparse file'


@pytest.mark.parametrize("form", [gzip, lzma, bz2], ids=lambda module: module.__name__)
def test_nothing_is_decompressed(importer, form):
    archive = form.compress(pack(Entry("a", b"x")))
    assert importer.error(archive) == "the archive cannot be read: Unrecognized archive format"


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"PK\x03\x04" + b"\0" * 2000, b"070701" + b"0" * 2000, bytes(range(256)) * 10],
    ids=["nothing", "byte", "zip", "cpio", "bytes"],
)
def test_what_is_no_tar_is_refused(importer, data):
    assert importer.error(data).startswith("the archive ")


def test_a_damaged_header_is_refused(importer):
    archive = bytearray(pack(Entry("a", b"x"), Entry("b", b"x")))
    archive[2 * BLOCK + 200] ^= 1
    assert importer.error(bytes(archive)) == "the archive cannot be read: Damaged tar archive"


def test_an_archive_cut_anywhere_is_refused(importer):
    archive = pack(directory("d"), Entry("d/a", b"x" * 700), Entry("b", b"y"), link("l", "b"))
    end = len(archive.rstrip(b"\0"))
    end += -end % BLOCK + 2 * BLOCK
    assert "digest" in importer(archive[:end])
    for cut in list(range(0, end, BLOCK)) + [1, 100, 3 * BLOCK + 17, end - 1]:
        assert importer.error(archive[:cut]).startswith("the archive "), cut


@pytest.mark.parametrize(
    "more", [pack(Entry("b", b"x")), b"x", b"\0" * (2 * 1024 * 1024)], ids=["archive", "byte", "zeros"]
)
def test_nothing_may_follow_the_end(importer, more):
    assert importer.error(pack(Entry("a", b"x")) + more) == "the archive has something behind its end"


def test_limits_hold_to_the_last_one(importer):
    files = [directory("d"), Entry("d/a", b"12345"), link("l", "x"), Entry("implied/b", b"12345")]
    exact = {"max-bytes": 10, "max-files": 5, "max-depth": 2}
    assert importer(pack(*files), limits=exact)["files"] == "5"
    assert importer.error(pack(*files), limits={**exact, "max-bytes": 9}) == "the archive has more than 9 bytes"
    assert importer.error(pack(*files), limits={**exact, "max-files": 4}) == "the archive has more than 4 files"
    assert importer.error(pack(*files), limits={**exact, "max-depth": 1}) == 'archive entry "d/a" is too deep'


def test_a_size_is_believed_before_anything_is_written(importer):
    head = Entry("bomb", size=8_000_000_000).tobuf(tarfile.GNU_FORMAT)
    assert importer.error(head + b"\0" * 1024) == "the archive has more than 10000000 bytes"
    assert not (importer.release / "app/bomb").exists()


def test_a_full_disk_is_said(importer):
    script = 'for directory; do :; done; mount -t tmpfs -o size=64k tmpfs "$directory" && exec "$@"'
    error = importer.error(pack(Entry("big", b"x" * 200_000)), around=["unshare", "-m", "sh", "-c", script, "sh"])
    assert error == 'cannot make "big": No space left on device'


def test_the_directory_must_be_empty_and_the_ticket_whole(importer, binary, tmp_path):
    assert importer.error(pack(), limits={"max-bytes": 1, "max-files": 1}) == "the ticket has no valid max-depth"
    assert importer.error(pack(), limits={**LIMITS, "max-files": -1}) == "the ticket has no valid max-files"
    ticket = tmp_path / "ticket"
    for path, sentence in [
        (importer.base, "the release's directory is not empty"),
        (tmp_path / "none", "cannot open the release's directory: No such file or directory"),
    ]:
        ticket.write_text("max-bytes=1\nmax-files=1\nmax-depth=1\n\n")
        with open(ticket, "r+b") as stdout:
            done = subprocess.run([binary("import"), path], stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE)
        assert done.returncode == 1
        assert ticket.read_text().endswith(f"\n\nerror={sentence}\n\n")


def test_a_pipe_is_no_archive(importer, binary, tmp_path):
    release = tmp_path / "release"
    release.mkdir()
    ticket = tmp_path / "ticket"
    ticket.write_text("max-bytes=1\nmax-files=1\nmax-depth=1\n\n")
    with open(ticket, "r+b") as stdout:
        subprocess.run([binary("import"), release], input=pack(), stdout=stdout, stderr=subprocess.PIPE)
    assert "error=the archive is not a regular file\n" in ticket.read_text()


# The digest


def sample(content=b"x", mode=0o644, name="file", target="to", procfile=b"web: run\n"):
    # "a-b" sorts before "a/c" as bytes and behind it in a walk.
    return pack(
        Entry("a/c", b"1"), Entry("a-b", b"2"), Entry(name, content, mode=mode), link("link", target), Entry("Procfile", procfile)
    )


def test_the_digest_is_the_same_from_the_archive_from_the_directory_and_by_its_definition(importer):
    answer = importer(sample())
    assert answer["digest"] == importer.digest() == digest_of(importer.release)


def test_the_order_of_the_archive_does_not_count(importer):
    entries = [Entry("a/c", b"1"), Entry("b", b"2"), directory("a")]
    assert importer(pack(*entries))["digest"] == importer(pack(*reversed(entries)))["digest"]


def test_the_digest_changes_with_content_mode_path_target_and_commands(importer):
    digests = [
        importer(archive)["digest"]
        for archive in [
            sample(),
            sample(content=b"y"),
            sample(mode=0o755),
            sample(name="file2"),
            sample(target="fro"),
            sample(procfile=b"web: run2\n"),
        ]
    ]
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize(
    "change",
    [
        lambda release: (release / "app/file").write_bytes(b"y"),
        lambda release: (release / "app/file").chmod(0o755),
        lambda release: (release / "app/file").rename(release / "app/file2"),
        lambda release: (release / "app/file").unlink(),
        lambda release: (release / "app/more").mkdir(mode=0o755),
        lambda release: (release / "process/web").write_bytes(b"other"),
        lambda release: (release / "process/other").write_bytes(b"run"),
    ],
)
def test_a_change_of_the_release_changes_what_is_computed_from_it(importer, change):
    answer = importer(sample())
    change(importer.release)
    digest = importer.digest()
    assert digest == digest_of(importer.release) and digest != answer["digest"]


@pytest.mark.parametrize(
    "change, name",
    [
        (lambda release: (release / "app/file").chmod(0o4755), "app/file"),
        (lambda release: (release / "app/a").chmod(0o700), "app/a"),
        (lambda release: os.mkfifo(release / "app/fifo"), "app/fifo"),
        (lambda release: (release / "app/tab\there").write_bytes(b""), "app/tab here"),
    ],
)
def test_what_an_import_never_makes_has_no_digest(importer, change, name):
    importer(sample())
    change(importer.release)
    assert importer.digest() == f"refused: {importer.release}: {name} is not what an import makes"


# The Procfile


def test_commands_are_stored_byte_for_byte(importer):
    commands = {
        "web": "exec node server.js --port \"$PORT\" --name 'a b'; echo %s %% \\n \\\\ `id` | cat > /dev/null &",
        "worker-2": "grün --日本\tx  ",
        "release": "./migrate",
    }
    text = "# comment\r\n\r\n" + "".join(f"{name}: {command}\r\n" for name, command in commands.items())
    answer = importer(pack(Entry("Procfile", text.encode())))
    assert answer["procfile"] == "yes"
    assert {key: value for key, value in answer.items() if key.startswith("process.")} == {
        "process.web": "",
        "process.worker-2": "",
        "process.release": "",
    }
    assert tree(importer.release / "process") == {
        name: (stat.S_IFREG, 0o644, command.encode()) for name, command in commands.items()
    }


def test_a_byte_order_mark_is_no_part_of_what_is_read(importer):
    mark = b"\xef\xbb\xbf"
    answer = importer(pack(Entry("Procfile", mark + b"web: run\n"), Entry("app.json", mark + b'{"formation": {"web": {"quantity": 3}}}')))
    assert processes_of(importer) == {"web": "run"} and answer["formation.web"] == "3"
    assert tree(importer.release / "app")["Procfile"][2] == mark + b"web: run\n"


def test_a_bad_app_json_with_a_mark_names_its_line(importer):
    assert importer.error(pack(Entry("app.json", b"\xef\xbb\xbf{1}"))).startswith("app.json line 1 is not JSON: ")


def test_a_bad_procfile_fails_the_import_with_its_line(importer):
    archive = pack(Entry("Procfile", b"web: run\n\n_worker: x\n"))
    assert importer.error(archive).startswith("Procfile line 3: ")
    assert importer.error(pack(Entry("Procfile", b"web: a\0b\n"))) == "Procfile line 1: it has a NUL byte"


def test_the_procfile_must_be_a_file_of_the_archive(importer):
    assert importer.error(pack(link("Procfile", "/etc/passwd"))) == "the Procfile is a symbolic link"
    assert importer.error(pack(directory("Procfile"))) == "the Procfile is not a regular file"
    big = pack(Entry("Procfile", b"#" * (1024 * 1024 + 1)))
    assert importer.error(big) == "the Procfile has more than 1048576 bytes"


def test_a_procfile_without_processes_is_one(importer):
    answer = importer(pack(Entry("Procfile", b"# none yet\n")))
    assert answer["procfile"] == "yes" and not any(key.startswith("process.") for key in answer)


# The process types of a buildpack


def processes_of(importer):
    return {name: content.decode() for name, (_, _, content) in tree(importer.release / "process").items()}


def test_process_types_of_a_buildpack_are_there_where_the_procfile_has_none(importer):
    command = "export A=\"${B:-c}\"; exec run 'x'=$PORT\t%s  "
    limits = {**LIMITS, "default.web": "not this", "default.worker-2": command}
    answer = importer(pack(Entry("Procfile", b"web: mine\n")), limits=limits)
    assert processes_of(importer) == {"web": "mine", "worker-2": command}
    assert answer["procfile"] == "yes" and {"process.web", "process.worker-2"} <= set(answer)
    assert answer["digest"] == importer.digest() == digest_of(importer.release)


def test_an_app_without_a_procfile_has_the_process_types_of_its_buildpack(importer):
    answer = importer(pack(), limits={**LIMITS, "default.web": "run"})
    assert processes_of(importer) == {"web": "run"}
    assert answer["procfile"] == "no" and "process.web" in answer and answer["files"] == "0"


@pytest.mark.parametrize("name, command", [("_web", "x"), ("a--b", "x"), ("", "x"), ("web", "")])
def test_process_types_of_the_ticket_are_checked_as_those_of_a_procfile(importer, name, command):
    limits = {**LIMITS, f"default.{name}": command}
    assert importer.error(pack(), limits=limits) in (
        "the ticket has no valid process types", "cannot read the ticket: Bad message")


def test_there_are_not_more_processes_than_a_procfile_has(importer):
    procfile = "".join(f"p{number}: x\n" for number in range(63)).encode()
    importer(pack(Entry("Procfile", procfile)), limits={**LIMITS, "default.web": "x"})
    assert importer.error(pack(Entry("Procfile", procfile)), limits={**LIMITS, "default.web": "x", "default.more": "x"}) == (
        "the ticket has no valid process types")


def test_wanted_directories_are_made_where_they_are_missing(importer):
    wanted = {**LIMITS, "directory.1": "data", "directory.2": "public/up/loads", "directory.3": "there/in"}
    answer = importer(pack(Entry("Procfile", b"web: x\n"), directory("there"), Entry("there/file", b"x")), limits=wanted)
    found = tree(importer.release / "app")
    assert {name: mode for name, (kind, mode, _) in found.items() if kind == stat.S_IFDIR} == dict.fromkeys(
        ["data", "public", "public/up", "public/up/loads", "there", "there/in"], 0o755)
    assert sorted(name for name, (kind, _, _) in found.items() if kind == stat.S_IFREG) == ["Procfile", "there/file"]
    assert answer["digest"] == importer.digest() == digest_of(importer.release)


@pytest.mark.parametrize("entry", [Entry("data", b"x"), link("data", "Procfile"), link("data", "/tmp"), link("data", "there")],
                         ids=["file", "link", "link outside", "link to a directory"])
def test_what_stands_in_the_place_of_a_wanted_directory_stays(importer, entry):
    wanted = {**LIMITS, "directory.1": "data", "directory.2": "data/more"}
    importer(pack(Entry("Procfile", b"web: x\n"), directory("there"), entry), limits=wanted)
    assert sorted(os.listdir(importer.release / "app")) == ["Procfile", "data", "there"]
    assert not (importer.release / "app" / "data").is_dir() or (importer.release / "app" / "data").is_symlink()
    assert os.listdir(importer.release / "app" / "there") == []


def test_the_links_of_a_virtual_environment_arrive(importer):
    importer(pack(link(".venv/bin/python3", "/usr/bin/python3"), link(".venv/bin/python", "python3"), link(".venv/lib64", "lib")))
    assert {name: content for name, (kind, _, content) in tree(importer.release / "app").items() if kind == stat.S_IFLNK} == {
        ".venv/bin/python3": "/usr/bin/python3", ".venv/bin/python": "python3", ".venv/lib64": "lib"}


@pytest.mark.parametrize("target", ["/etc", ".", "..", "/srv/app"])
def test_a_target_is_text_and_nothing_is_made_through_it(importer, target):
    assert importer.error(pack(link("l", target), Entry("l/canary", b"x"))) == (
        'archive entry "l/canary" leads through a symbolic link')
    assert importer.error(pack(link("Procfile", target))) == "the Procfile is a symbolic link"


# Scripts of app.json

SCRIPTS = {
    "postdeploy": "echo first >>$OUT # Heroku's: once in the life of the app",
    "dokku": {"predeploy": "echo before >>$OUT", "postdeploy": "echo after >>$OUT; exit 0"},
}


@pytest.mark.parametrize(
    "scripts, release, said",
    [
        (SCRIPTS, "echo release >>$OUT", ["before release after first", "before release after"]),
        (SCRIPTS, None, ["before after first", "before after"]),
        ({"postdeploy": "echo first >>$OUT"}, None, ["first", ""]),
        ({"predeploy": "echo before >>$OUT"}, "exec echo release >>$OUT", ["before release", "before release"]),
        # What fails ends the command, and the first one counts only when it has succeeded.
        ({"predeploy": "echo before >>$OUT; exit 3", "postdeploy": "echo no >>$OUT"}, "echo release >>$OUT", [3, 3]),
        ({"predeploy": "true", "postdeploy": "echo first >>$OUT; false"}, None, [1, 1]),
        ({"predeploy": "", "postdeploy": " "}, "echo release >>$OUT", ["release", "release"]),
        ({"predeploy": "# nothing yet"}, "echo release >>$OUT", ["release", "release"]),
    ],
    ids=["all", "without release", "first alone", "before", "before fails", "first fails", "blank", "a comment"],
)
def test_scripts_run_around_the_release_command(importer, tmp_path, scripts, release, said):
    procfile = "web: run\n" + (f"release: {release}\n" if release else "")
    answer = importer(pack(Entry("Procfile", procfile.encode()), Entry("app.json", json.dumps({"scripts": scripts}).encode())))
    assert "process.release" in answer and "ignored" not in answer
    line = (importer.release / "process/release").read_text()
    home = tmp_path / "home"
    home.mkdir()
    for expected in said:
        out = tmp_path / "out"
        out.write_text("")
        done = subprocess.run(["sh", "-c", "--", line], check=False,
                              env={"PATH": os.environ["PATH"], "HOME": str(home), "OUT": str(out)})
        if isinstance(expected, int):
            assert done.returncode == expected
        else:
            assert (done.returncode, out.read_text().split()) == (0, expected.split())


def test_without_scripts_the_release_command_is_that_of_the_procfile(importer):
    importer(pack(Entry("Procfile", b"web: run\nrelease: a b\n"), Entry("app.json", b'{"scripts": {"test": "make check"}}')))
    assert (importer.release / "process/release").read_text() == "a b"


@pytest.mark.parametrize(
    "scripts, sentence",
    [
        ("make", "scripts is not an object"),
        ({"predeploy": ["make"]}, "scripts.predeploy is not one line of UTF-8 without control characters"),
        ({"predeploy": "a\0b"}, "scripts.predeploy is not one line of UTF-8 without control characters"),
        ({"postdeploy": "a\nb"}, "scripts.postdeploy is not one line of UTF-8 without control characters"),
        ({"dokku": "make"}, "scripts.dokku is not an object"),
        ({"dokku": {"predeploy": 1}}, "scripts.dokku.predeploy is not one line of UTF-8 without control characters"),
    ],
)
def test_scripts_that_are_none_are_refused(importer, scripts, sentence):
    archive = pack(Entry("Procfile", b"web: run\n"), Entry("app.json", json.dumps({"scripts": scripts}).encode()))
    assert importer.error(archive) == f"app.json: {sentence}"


def test_scripts_and_a_release_command_that_are_too_long_together_are_refused(importer):
    document = json.dumps({"scripts": {"predeploy": "x" * 20000}}).encode()
    longest = 64 * 1024 - 1 - len("(:\n") * 2 - len("\n)") * 2 - len(" && ") - 20000
    for more, fits in ((0, True), (1, False)):
        archive = pack(Entry("Procfile", b"web: run\nrelease: " + b"y" * (longest + more)), Entry("app.json", document))
        assert importer(archive).get("error") == (None if fits else "app.json: scripts are too long")


def test_scripts_that_do_not_count_are_named(importer):
    archive = pack(Entry("Procfile", b"web: run\n"),
                   Entry("app.json", b'{"scripts": {"test": "x", "dokku": {"predeploy": "x", "more": "x"}}}'))
    assert importer(archive)["ignored"] == "scripts.test scripts.dokku.more"


@pytest.mark.parametrize("value", ["a\0b", {"value": "a\0b"}, "a\nb"])
def test_a_variable_is_not_cut_at_a_nul(importer, value):
    archive = pack(Entry("Procfile", b"web: run\n"), Entry("app.json", json.dumps({"env": {"A": value}}).encode()))
    assert importer.error(archive) == "app.json: env.A has a value that is not one line of UTF-8 without control characters"
