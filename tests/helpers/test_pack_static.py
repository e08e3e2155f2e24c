# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pages as they are in git."""

import pytest


@pytest.mark.parametrize("directory", ["", "public/", "dist/"])
def test_static(apps, serve, directory):
    pages = {"index.html": b"<p>apples", "a/index.html": b"<p>pears", "m.mjs": b"1", ".secret": b"x", ".well-known/x": b"y"}
    result = apps.good({directory + name: content for name, content in pages.items()})
    assert result.answer["buildpack"] == "static"
    get = serve(result, "server started")
    assert get().startswith("HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\n") and get().endswith("<p>apples")
    assert get("/a/").endswith("<p>pears")
    assert "Content-Type: text/javascript" in get("/m.mjs")
    assert get("/.well-known/x").startswith("HTTP/1.1 200 ")
    assert get("/.secret").startswith("HTTP/1.1 403 ") and get("/gone").startswith("HTTP/1.1 404 ")


def test_pages_of_an_app_are_its_own(apps):
    assert apps.good({"index.html": b"", "Procfile": b"web: x\n"}).answer == {"buildpack": "none"}
