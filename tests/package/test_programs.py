# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every program of the package is built with the protections that the compiler and the linker have."""

import re
import subprocess

import pytest

# Of the compiler, as debug symbols name them. The note of a program itself (IBT, SHSTK) says nothing: the linker writes
# it only when all objects have it, and those of Debian's C library that begin a program have none.
PROTECTIONS = {"-O2", "-fstack-protector-strong", "-fstack-clash-protection", "-fcf-protection=full"}


@pytest.fixture(scope="module")
def programs(unpacked):
    """The programs by name. Scripts are none."""
    files = [path for directory in ("usr/bin", "usr/sbin", "usr/libexec") for path in (unpacked / directory).rglob("*")]
    return {path.name: path for path in files if path.is_file() and path.read_bytes().startswith(b"\x7fELF")}


def readelf(options, program):
    """What readelf says of a program, or of a file of debug symbols."""
    return subprocess.run(["readelf", "--wide", *options, program], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=True).stdout


def test_daemon_client_and_helpers_are_looked_at(programs):
    assert {"deployd", "deployctl", "deployd-build", "deployd-fetch", "deployd-import"} <= set(programs)


def test_no_stack_is_executable(programs):
    for name, program in programs.items():
        flags = re.findall(r"GNU_STACK +(?:0x\w+ +){5}(\S+)", readelf(["--program-headers"], program))
        assert flags == ["RW"], name


def test_addresses_are_random_and_tables_read_only_from_the_start(programs):
    for name, program in programs.items():
        assert "GNU_RELRO" in readelf(["--program-headers"], program), name
        dynamic = readelf(["--dynamic"], program)
        assert re.search(r"\(FLAGS\).*\bBIND_NOW\b", dynamic), name
        assert re.search(r"\(FLAGS_1\).*\bPIE\b", dynamic), name


def test_calls_with_buffers_are_checked(programs):
    checked = {name: set(re.findall(r"\b__(\w+)_chk@", readelf(["--dyn-syms"], program)))
               for name, program in programs.items()}
    assert [name for name, calls in checked.items() if not calls] == []
    # Only level 3 of _FORTIFY_SOURCE knows the size of memory that is allocated at run time.
    assert "memcpy" in checked["deployd"]


def test_all_code_is_compiled_with_the_protections(unpacked, programs):
    symbols = list((unpacked / "usr/lib/debug").rglob("*.debug"))
    assert len(symbols) >= len(programs)
    # Names that several programs share are in a file of their own.
    producers = {line for path in symbols for line in re.findall(
        r"\] +(GNU C.*)", readelf(["--string-dump=.debug_str", "--decompress"], path))}
    assert producers
    for producer in producers:
        assert PROTECTIONS <= set(producer.split()), producer
