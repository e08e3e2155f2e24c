#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The conventions of other platforms: a small tree for each, GROUP/NAME.app, with what its documentation promises.

A file begins with facts, `key: value`, one a line, and a fact may be there several times. Then come the files of the tree,
each with `-- PATH` before it. `-- PATH [WORD, ...]`: executable; link (the content is the target); crlf; bom; or
`docs/apps.md#TITLE`, then the content is the first example of that section.

    convention      what the tree stands for
    source          where that is written
    heroku, dokku, deployd    what each makes of it: a row of the table in docs/apps.md
    config NAME     a variable that was set before
    setting NAME    a setting of the app
    built           no: the plan shows it; the buildpack does not compile
    network         yes: packages come from a registry
    deployed        yes: on a booted machine too, where `get`, `units` and `fails` are looked at

What is expected; `…` stands for any text:

    fails           the whole sentence of the failure; nothing else counts then
    buildpack       which one builds
    process NAME    a command. These are all processes
    warning         of the build. These are all warnings
    ignored         the keys of app.json that mean nothing
    formation NAME, sets NAME, secret, required, health NAME    what app.json says. These are all
    says            a line of the build log
    file PATH       a file of the built tree, and its lines, joined by blanks; an empty value is any content
    no file         a file that is not in the built tree
    environment NAME    what each process sees; an empty value: nothing
    get PATH        the status and body of an answer
    units           the instances, on the machine

Run as a program it writes the table: corpus.py DOCUMENT."""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KEYS = {"convention", "source", "heroku", "dokku", "deployd", "built", "network", "deployed", "fails", "buildpack", "warning",
        "ignored", "secret", "required", "says", "no file", "units"}
KEYS_OF_NAMES = {"config", "setting", "process", "formation", "sets", "health", "file", "environment", "get"}
# The groups, in the order of the table.
GROUPS = {"procfile": "Procfile", "app-json": "app.json", "tree": "Any app", "node": "Node.js", "python": "Python", "go": "Go",
          "rust": "Rust", "ruby": "Ruby", "php": "PHP", "c": "C", "static": "Pages", "other": "Other ways to build"}
TITLE = "## Conventions of Heroku and Dokku"


class Executable(bytes):
    """The content of a file that can be executed."""


class Link(str):
    """The target of a link."""


def example(title):
    """The first example of a section of docs/apps.md."""
    section = re.split(rf"^##+ {re.escape(title)}$", (ROOT / "docs/apps.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1]
    block = re.search(r"^```\w*\n((?:.*\n)*?)```$|^((?:    .*\n)+)", section, re.MULTILINE)
    return block[1] or re.sub("^    ", "", block[2], flags=re.MULTILINE)


def content(text, words):
    """What a file of the tree is."""
    kind = bytes
    for word in words:
        if word.startswith("docs/apps.md#"):
            text = example(word.split("#", 1)[1])
        elif word == "crlf":
            text = text.replace("\n", "\r\n")
        elif word == "bom":
            text = "\ufeff" + text
        elif word == "executable":
            kind = Executable
        elif word == "link":
            return Link(text.strip())
        else:
            raise ValueError(f"{word} means nothing")
    return kind(text.encode())


class Tree:
    def __init__(self, path):
        self.group, self.name, self.facts, self.files = path.parent.name, path.stem, [], {}
        head, *parts = re.split(r"^-- (.*)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for line in head.splitlines():
            key, value = re.fullmatch(r"([^:]+): *(.*)", line).groups()
            if key not in KEYS and key.split(" ")[0] not in KEYS_OF_NAMES:
                raise ValueError(f"{path}: {key} means nothing")
            self.facts.append((key, value))
        for title, text in zip(parts[::2], parts[1::2]):
            name, words = re.fullmatch(r"(.*?)(?: \[(.*)\])?", title).groups()
            self.files[name] = content(text, words.split(", ") if words else [])

    def __str__(self):
        return f"{self.group}/{self.name}"

    def get(self, key, default=None):
        return next((value for name, value in self.facts if name == key), default)

    def all(self, key):
        return [value for name, value in self.facts if name == key]

    def named(self, key):
        """{NAME: value} of the facts `key NAME: value`."""
        return {name.split(" ", 1)[1]: value for name, value in self.facts if name.startswith(key + " ")}


def trees():
    return [Tree(path) for group in GROUPS for path in sorted(HERE.glob(f"{group}/*.app"))]


def agrees(expected, text):
    """Whether a text is the expected one, where … stands for any."""
    return re.fullmatch(".*".join(map(re.escape, expected.split("…"))), text, re.DOTALL) is not None


def table():
    """The rows of the table in docs/apps.md."""
    lines = ["| convention | Heroku | Dokku | deployd |", "| --- | --- | --- | --- |"]
    for group, title in GROUPS.items():
        rows = [tree for tree in trees() if tree.group == group and tree.get("deployd")]
        lines += [f"| **{title}** | | | |"] if rows else []
        lines += [f"| {tree.get('convention')} | {tree.get('heroku')} | {tree.get('dokku')} | {tree.get('deployd')} |"
                  for tree in rows]
    return "".join(line + "\n" for line in lines)


def with_table(text):
    """A document with the table as the trees have it."""
    before, section = text.split(f"\n{TITLE}\n")
    return f"{before}\n{TITLE}\n" + re.sub(r"(?:^\|.*\n)+", lambda _: table(), section, count=1, flags=re.MULTILINE)


if __name__ == "__main__":
    document = pathlib.Path(sys.argv[1])
    document.write_text(with_table(document.read_text(encoding="utf-8")), encoding="utf-8")
