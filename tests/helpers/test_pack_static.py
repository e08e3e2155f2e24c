# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pages as they are in git."""

import json

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


def test_static_json(apps, serve):
    """https://github.com/heroku/heroku-buildpack-static#configuration"""
    config = b"""{"root": "pages/", "clean_urls": true, "routes": {"/app/**": "index.html"}, "error_page": "lost.html",
        "redirects": {"/old": {"url": "/new", "status": 302}}, "headers": {"/**": {"X-Apples": "3"}}}"""
    get = serve(apps.good({"static.json": config, "pages/index.html": b"start", "pages/about.html": b"about"}), "server started")
    assert get("/about").endswith("\n\nabout") and get("/app/1/2").endswith("\n\nstart")
    assert get("/old").startswith("HTTP/1.1 302 ") and "Location: /new\n" in get("/old") and "X-Apples: 3\n" in get("/")
    assert get("/gone").startswith("HTTP/1.1 404 ")


def test_all_headers_of_static_json_that_match_count(apps, serve):
    """https://github.com/heroku/heroku-buildpack-static#custom-headers: those of each pattern that matches; where two say
    the same, the closer one."""
    headers = {"/a/b/*.css": {"X-One": "css", "x-all": "css"}, "/**": {"X-All": "3", "Cache-Control": "no-cache"},
               "/a/**": {"Cache-Control": "max-age=9"}, "/*": {"X-Top": "1"}}
    get = serve(apps.good({"static.json": json.dumps({"root": ".", "headers": headers}).encode(), "index.html": b"start",
                           "a/b/c.css": b"", "a/c.js": b""}), "server started")

    def of(path):
        lines = get(path).split("\n\n")[0].split("\n")[1:]
        found = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        return {name: value for name, value in found.items() if name.startswith("x-") or name == "cache-control"}

    assert of("/index.html") == {"x-all": "3", "cache-control": "no-cache", "x-top": "1"}
    assert of("/a/c.js") == {"x-all": "3", "cache-control": "max-age=9"}
    assert of("/a/b/c.css") == {"x-all": "css", "cache-control": "max-age=9", "x-one": "css"}


def test_the_address_of_a_redirect_is_taken_as_it_is(apps, serve):
    config = b'{"root": ".", "redirects": {"/old/**": "/new%20page?of=%2Fa&price=$1"}}'
    get = serve(apps.good({"static.json": config, "index.html": b""}), "server started")
    assert "Location: /new%20page?of=%2Fa&price=$1\n" in get("/old/a")


def test_thousands_of_pages_without_their_suffix(apps, serve):
    pages = {f"a-page-with-a-name-as-they-are/{n}.html": f"page {n}".encode() for n in range(3000)}
    pages |= {"static.json": b'{"root": ".", "clean_urls": true}', "index.html": b""}
    get = serve(apps.good(pages), "server started")
    for n in (0, 1500, 2999):
        assert get(f"/a-page-with-a-name-as-they-are/{n}").endswith(f"\n\npage {n}")
