# SPDX-License-Identifier: LGPL-2.1-or-later
"""Apps of PHP, by php-fpm behind lighttpd."""

import signal

import pytest

PHP = {
    "index.php": b"<?php echo json_encode([$_SERVER['REQUEST_URI'], $_GET['a'] ?? null, getenv('GREETING')]);\n",
    "about.php": b"<?php echo 'about';\n",
    "style.css": b"p {}\n",
    "inc/db.inc": b"secret\n",
    ".env": b"secret\n",
}


@pytest.mark.parametrize("directory", ["", "public/", "web/"])
def test_php(apps, serve, directory):
    result = apps.good({directory + name: content for name, content in PHP.items()})
    assert result.answer["buildpack"] == "php"
    get = serve(result, "server started", line="GREETING=hi; export GREETING; " + result.answer["default.web"])
    assert get("/?a=1").endswith('["\\/?a=1","1","hi"]')
    # What is no file is a route of index.php, as with the rules that frameworks give.
    assert get("/pears/3?a=2").endswith('["\\/pears\\/3?a=2","2","hi"]')
    assert get("/about.php").endswith("\n\nabout") and get("/style.css").endswith("\n\np {}\n")
    assert "secret" not in get("/inc/db.inc") and "secret" not in get("/.env")


def test_php_ends_when_it_is_told_to(apps, serve):
    get = serve(apps.good(PHP), "server started")
    assert get().startswith("HTTP/1.1 200 OK\n")
    get.tell(signal.SIGTERM)
    get.process.communicate(timeout=60)
    assert get.process.returncode == 0


def test_php_without_what_is_locked(apps):
    apps_with = {**PHP, "composer.json": b'{"require": {"php": ">=8", "me/apples": "^1"}}'}
    assert apps.error(apps_with) == (
        "the php buildpack exited with status 1: composer.json has no composer.lock, which says what is installed: "
        "run 'composer update' and commit it")
