# SPDX-License-Identifier: LGPL-2.1-or-later
"""Static functions have names to search for: `keeper_start`, not `start`. In a backtrace, in gdb and in grep nothing else
says whose they are."""

import collections
import re

from conftest import ROOT, sources
from test_circles import NO_CODE
from test_layers import room

# Shares of all static functions of the programs, in percent.
ONE_WORD_MAX = 2
SHARED_MAX = 6

# The name of a static function where it is defined; those of headers are inline.
STATIC = re.compile(r"^static\b[^;{}()=]*?\b(\w+)\([^;{}]*?\)[^;{}()]*\n\{", re.MULTILINE)


def names(text):
    """The static functions that a file defines."""
    return STATIC.findall(NO_CODE.sub(" ", text))


def homes():
    """For each name the files of the programs that have a static function of that name."""
    found = collections.defaultdict(list)
    for file in sources():
        if file.endswith((".c", ".h")) and room(file):
            for name in names((ROOT / file).read_text(encoding="utf-8")):
                found[name].append(file)
    return found


def check(wrong, n, most):
    """Whether the functions of `wrong`, names with their files, are at most so many percent of n."""
    functions = sorted(f"{file}: {name}" for name, files in wrong.items() for file in files)
    assert len(functions) * 100 <= most * n, f"{len(functions)} of {n}, at most {most} %:\n" + "\n".join(functions)


def test_few_names_are_one_word():
    found = homes()
    check({name: files for name, files in found.items() if "_" not in name}, sum(map(len, found.values())), ONE_WORD_MAX)


def test_few_names_are_in_another_file_too():
    found = homes()
    check({name: files for name, files in found.items() if len(set(files)) > 1}, sum(map(len, found.values())), SHARED_MAX)


def test_a_static_function_is_found():
    assert names("static int a_b(int c)\n{\n}\n\nint d(void)\n{\n}\n/* static int e(void)\n{ */\n"
                 "static const char *f(const char *g,\n        int h)\n{\n}\nstatic int i(void);\n"
                 "static int j = 1;\n") == ["a_b", "f"]
