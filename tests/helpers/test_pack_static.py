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


def test_the_404_page_of_a_site(apps, serve):
    get = serve(apps.good({"index.html": b"start", "404.html": b"lost apples"}), "server started")
    assert get("/nowhere").startswith("HTTP/1.1 404 ") and get("/nowhere").endswith("\n\nlost apples")


def test_static_json(apps, serve):
    """https://github.com/heroku/heroku-buildpack-static#configuration"""
    config = b"""{"root": "pages/", "clean_urls": true, "routes": {"/app/**": "index.html"}, "error_page": "lost.html",
        "redirects": {"/old": {"url": "/new", "status": 302}}, "headers": {"/**": {"X-Apples": "3"}}}"""
    get = serve(apps.good({"static.json": config, "pages/index.html": b"start", "pages/about.html": b"about"}), "server started")
    assert get("/about").endswith("\n\nabout") and get("/app/1/2").endswith("\n\nstart")
    assert get("/old").startswith("HTTP/1.1 302 ") and "Location: /new\n" in get("/old") and "X-Apples: 3\n" in get("/")
    assert get("/gone").startswith("HTTP/1.1 404 ")


def test_staticfile(apps, serve):
    """https://docs.cloudfoundry.org/buildpacks/staticfile/"""
    get = serve(apps.good({"Staticfile": b"root: pages\npushstate: enabled\n", "pages/index.html": b"start"}), "server started")
    assert get("/gone").startswith("HTTP/1.1 200 ") and get("/gone").endswith("\n\nstart")


def test_what_static_json_asks_for_and_is_not_done_is_said(apps):
    assert apps.error({"static.json": b'{"proxies": {}}', "index.html": b""}).startswith(
        "bin/release of the static buildpack exited with status 1: static.json says proxies, which is not done here")
