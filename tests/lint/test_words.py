# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plain words in every text; and comments and documents name only what there is."""

import re

import pytest

from conftest import ROOT, sources

# Words of nobody's field, and the field's words for them.
FORBIDDEN = {
    r"\banew\b": "again, replaced, restarted, rebuilt",
    r"\bwhoever\b": "a noun: the caller, the client, the user",
    r"\bwhat is live\b": "the live deployment",
    r"\b(be|is|get) rid of\b": "remove",
    r"\b(is|are) let in\b": "may use, is enabled",
}
TEXTS = (".c", ".h", ".md", ".py", ".xml", ".in", ".catalog", ".example", ".scd", ".service", ".sh", ".sql")
# The dumps of releases are as they were made.
GENERATED = "tests/sql/releases/"

# Names of the kernel, of libraries and of their sources.
FOREIGN = {
    "AF_ALG", "ARG_MAX", "CAP_SYS_ADMIN", "CLONE_NEWUTS", "DEFAULT_PATH", "MAX_ARG_STRLEN", "MAX_SEND_FD", "NLMSG_GOODSIZE",
    "PGRES_POLLING_WRITING", "PID_MAX_LIMIT", "SD_JOURNAL_NOP", "SRV_ADMF_FDRAIN", "SRV_ADMF_FMAINT", "array_recv",
    "array_send", "drop_duplicates", "sock_get_old_sockets", "srv_settings_init", "unit_name_is_valid", "unit_unlink_state_files",
}
FOREIGN_FILES = {
    "include/net/flow.h", "journald-server.c", "src/backend/utils/adt/arrayfuncs.c", "src/cli.c",
    "src/core/namespace.c", "src/core/unit.c", "src/libgit2/path.c", "src/sock.c",
}
COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)
FUNCTION_OR_CONSTANT = re.compile(r"\b([a-z]\w*_\w+)\(\)|\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b(?!\.md)")
FILE = re.compile(r"(?<![\w/.*-])((?:[a-z0-9_-]+/)*[a-z][a-z0-9_-]*\.[ch])\b")


def comments(text):
    return [match[0] for match in COMMENT_OR_STRING.finditer(text) if match[0][0] == "/"]


def code(text):
    """The text without its comments."""
    return COMMENT_OR_STRING.sub(lambda match: " " if match[0][0] == "/" else match[0], text)


@pytest.fixture(scope="session")
def known():
    """Every word of the project but those of C comments and of documents."""
    words = set(FOREIGN)
    for name in sources():
        if not name.endswith((".md", ".png")) and not name.startswith("tests/lint/"):
            text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
            words.update(re.findall(r"\w+", code(text) if name.endswith((".c", ".h")) else text))
    return words


def test_words_are_plain():
    found = []
    for name in sources():
        if name.endswith(TEXTS) and not name.startswith((GENERATED, "tests/lint/")):
            for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1):
                found += [f"{name}:{number}: {line.strip()} — say: {instead}" for word, instead in FORBIDDEN.items()
                          if re.search(word, line, re.IGNORECASE)]
    assert not found, "\n".join(found)


def test_a_name_in_a_comment_is_there(known):
    found = []
    for name in sources():
        if name.endswith((".c", ".h")):
            for comment in comments((ROOT / name).read_text(encoding="utf-8")):
                names = {one or other for one, other in FUNCTION_OR_CONSTANT.findall(comment)}
                found += [f"{name}: {word}" for word in sorted(names - known)]
    assert not found, "\n".join(found)


def test_a_name_in_a_document_is_there(known):
    found, examples = [], {"noun_verb", "x_free"}
    for name in sources():
        if name.endswith(".md"):
            names = set(re.findall(r"`([a-z][a-z0-9]*(?:_[a-z0-9]+)+)(?:\(\))?`", (ROOT / name).read_text(encoding="utf-8")))
            found += [f"{name}: {word}" for word in sorted(names - known - examples)]
    assert not found, "\n".join(found)


def test_a_file_in_a_comment_is_there():
    names, found = [*sources(), *FOREIGN_FILES], []
    for name in sources():
        if name.endswith((".c", ".h")):
            for comment in comments((ROOT / name).read_text(encoding="utf-8")):
                found += [f"{name}: {word}" for word in FILE.findall(comment)
                          if not any(other == word or other.endswith(f"/{word}") for other in names)]
    assert not found, "\n".join(found)
