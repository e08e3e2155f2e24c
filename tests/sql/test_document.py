# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/MIGRATIONS.md is true: its schema is that of the catalog, its messages are those of the programs."""

import importlib.util
import re

from conftest import SOURCE

spec = importlib.util.spec_from_file_location("schema", SOURCE / "docs/schema.py")
schema_script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(schema_script)

DOCUMENT = SOURCE / "docs/MIGRATIONS.md"


def test_the_schema_is_that_of_the_migrations(schema):
    assert schema_script.written() == schema_script.schema(schema.conninfo()), \
        "docs/schema.py --write CONNINFO, with a database that has all migrations applied"


def said():
    """The texts of the programs, `…` for each part that varies."""
    code = "".join(path.read_text() for room in ("sql", "daemon", "dbus") for path in (SOURCE / room).rglob("*.c"))
    varying = re.compile(r'%[-+ #0-9.*]*(?:" (?:PRI|SCN)\w+\s*"?|[a-z]+)')
    return re.sub(r"…+", "…", varying.sub("…", re.sub(r'(?<!PRI...)"\s+"', "", code)))


def test_every_message_is_one_that_is_said():
    source = said()
    rows = re.findall(r"^\| (`.*?`(?:, `.*?`)*) \| ", DOCUMENT.read_text(), re.MULTILINE)
    assert len(rows) > 15
    for message in re.findall(r"`(.*?)`", " ".join(rows)):
        for piece in message.split("…"):
            assert piece.strip() in source, f"{message!r}: nobody says {piece!r}"


def test_the_example_is_what_is_printed(schema):
    """Checks 1 to 7, which have the same lines on every machine."""
    example = DOCUMENT.read_text().split("# deployd verify\n")[1].split("✓ The configuration")[0]
    out = schema.run("verify")[1].split("- The configuration")[0]
    numbers = re.compile(r"(documented|refused): \d+$", re.MULTILINE)
    ledger = re.compile(r"^    \[X\] .*\n", re.MULTILINE)
    assert numbers.sub("", ledger.sub("", example)) == numbers.sub("", ledger.sub("", out))
