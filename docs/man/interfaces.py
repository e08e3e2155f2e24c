#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints org.deployd.Deploy1.5.scd with its interfaces filled in.

    interfaces.py PAGE XML...

PAGE has a line `@INTERFACES@`. What is said of an interface or a member is the comment before it.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

PREFIX = "org.deployd.Deploy1."
KINDS = {"property": "Properties", "method": "Methods", "signal": "Signals"}
CONSTANT = "org.freedesktop.DBus.Property.EmitsChangedSignal"


def escape(text):
    """The text as scdoc shows it unchanged."""
    return re.sub(r"([\\*_]|^[-.#|\[\]])", r"\\\1", text)


def paragraphs(comment, indent=""):
    """A comment as paragraphs of one line each."""
    parts = re.split(r"\n\s*\n", comment.strip())
    return "\n\n".join(indent + escape(re.sub(r"\s+", " ", part.strip())) for part in parts)


def arguments(element, direction):
    """The arguments of a method or signal that go in a direction."""
    return ", ".join(f"{escape(argument.get('type'))} _{escape(argument.get('name'))}_"
                     for argument in element.iter("arg") if argument.get("direction", "in") == direction)


def heading(element):
    """A member as it is declared."""
    name = f"*{element.get('name')}*"
    if element.tag == "property":
        constant = any(note.get("name") == CONSTANT for note in element.iter("annotation"))
        return f"{name} {escape(element.get('type'))}{', constant' if constant else ''}"
    answer = arguments(element, "out")
    return f"{name}({arguments(element, 'in')}){' → ' + answer if answer else ''}"


def members(interface):
    """{kind: [(heading, text)]}"""
    found, comment = {kind: [] for kind in KINDS}, ""
    for element in interface:
        if element.tag is ElementTree.Comment:
            comment = element.text
        else:
            found[element.tag].append((heading(element), comment))
            comment = ""
    return found


def main():
    """Fills the page in."""
    lines = []
    for path in sys.argv[2:]:
        parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
        root, about = ElementTree.parse(path, parser).getroot(), ""
        for element in root:
            if element.tag is ElementTree.Comment:
                about = element.text
                continue
            lines.append(f"# {element.get('name').removeprefix(PREFIX).upper()}\n\n{paragraphs(about)}\n")
            for kind, found in members(element).items():
                if found:
                    lines.append(f"## {KINDS[kind]}\n")
                lines += [f"{title}\n{paragraphs(text, chr(9))}\n" for title, text in found]
    page = open(sys.argv[1], encoding="utf-8").read()
    print(re.sub(r"^@INTERFACES@$", lambda _: "\n".join(lines).rstrip(), page, flags=re.MULTILINE), end="")


main()
