# SPDX-License-Identifier: LGPL-2.1-or-later
"""The calls of a room go one way: from no file a way by its calls leads back to it.

A function that is named without being called counts, too; a callback that is handed over does not, for who calls it does
not know it, and neither does a table of data. A file is a noun, x.c with x.h; files that share x-internal.h can be one
noun, see noun()."""

import re

import pytest
from conftest import ROOT, sources
from test_layers import room

# The circles that are there still. One that is broken goes from here; none grows.
KNOWN = {
    # Each object frees, copies or looks up the others.
    "daemon/model/": {"daemon/model/app.c", "daemon/model/deployment.c", "daemon/model/model.c"},
}

# The rooms of a room whose files are looked at together.
WHOLE = "daemon/pipeline/"

# What is no code: comments, strings, characters.
NO_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
# The name of a function that is defined for other files: its type is at the beginning of a line.
DEFINED = re.compile(r"^(?!static\b|typedef\b|_|#)[A-Za-z_][\w \t*]*?\b(\w+)\([^;{}]*?\)[^;{}()]*\n\{", re.MULTILINE)


def code_of(name):
    """The code of a file, without what is none."""
    return NO_CODE.sub(" ", (ROOT / name).read_text(encoding="utf-8"))


def house(name):
    """The room whose files are looked at together with this one; None for what is no part of the programs."""
    return WHOLE if name.startswith(WHOLE) else room(name)


def noun(name):
    """The file that stands for the noun, x.c. Another belongs to it if it has x-internal.h, and is named x-… or
    implements x.h, that is, has no header of its own."""
    shared = re.search(r'^#include "(.*)-internal\.h"', (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    if shared and (name.startswith(shared.group(1) + "-") or not (ROOT / name).with_suffix(".h").exists()):
        return shared.group(1) + ".c"
    return name


def graph(files):
    """For each noun those that its files name functions of."""
    code = {name: code_of(name) for name in files}
    homes = {function: noun(name) for name in files for function in DEFINED.findall(code[name])}
    edges = {noun(name): set() for name in files}
    for name in files:
        words = set(re.findall(r"(?<![\w.>])\w+", code[name]))
        edges[noun(name)] |= {homes[word] for word in words & homes.keys()} - {noun(name)}
    return edges


def reached(edges, begin):
    """All that can be got to from there, in one step or more."""
    found, ahead = set(), [begin]
    while ahead:
        new = edges[ahead.pop()] - found
        found |= new
        ahead += new
    return found


def circles(edges):
    """The groups of nouns of which each leads to each."""
    far = {name: reached(edges, name) for name in edges}
    groups = {frozenset(other for other in far[name] if name in far[other]) for name in edges}
    return sorted(sorted(group) for group in groups if group)


ROOMS = sorted({house(name) for name in sources() if name.endswith(".c") and house(name)})


@pytest.mark.parametrize("whole", ROOMS)
def test_from_no_file_a_way_leads_back_to_it(whole):
    edges = graph([name for name in sources() if name.endswith(".c") and house(name) == whole])
    found = circles(edges)
    ways = [f"{name} -> {', '.join(sorted(edges[name] & set(group)))}" for group in found for name in group]
    assert set().union(*found) == KNOWN.get(whole, set()), "\n".join([str([len(group) for group in found]), *ways])


def test_a_circle_is_found():
    """And what only leads to it, or away from it, is not of it."""
    edges = {"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": {"b", "e"}, "e": set()}
    assert circles(edges) == [["b", "c", "d"]]
