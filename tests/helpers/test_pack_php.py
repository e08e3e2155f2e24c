# SPDX-License-Identifier: LGPL-2.1-or-later
"""Apps of PHP, by php-fpm behind lighttpd."""

import os
import pathlib
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


def processes(above):
    """The processes below one, by their names."""
    for child in pathlib.Path(f"/proc/{above}/task/{above}/children").read_text().split():
        yield pathlib.Path(f"/proc/{child}/comm").read_text().strip(), int(child)
        yield from processes(child)


@pytest.mark.parametrize("name", ["php-fpm", "lighttpd"])
def test_php_ends_when_one_of_its_programs_does(apps, serve, name):
    get = serve(apps.good(PHP), "server started")
    assert get().startswith("HTTP/1.1 200 OK\n")
    os.kill(next(process for comm, process in processes(get.process.pid) if comm.startswith(name)), signal.SIGKILL)
    get.process.communicate(timeout=60)
    assert get.process.returncode == 1


def test_php_ends_when_php_fpm_does_not_start(apps, serve):
    result = apps.good(PHP)
    get = serve(result, "pm.max_children", line="export WEB_CONCURRENCY=auto; " + result.answer["default.web"])
    get.process.communicate(timeout=60)
    assert get.process.returncode == 1


@pytest.mark.parametrize("directory", ["", "public/"])
def test_a_directory_with_an_index_is_served_as_it_is(apps, serve, directory):
    """As by try_files $uri $uri/ /index.php (https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files)."""
    pages = {"index.php": b"<?php echo 'route ', $_GET['a'] ?? '';",
             "admin.d/index.php": b"<?php echo 'admin ', $_GET['a'] ?? '';",
             "docs/a/index.html": b"docs", "empty/a.css": b"p {}", "adminXd/a.css": b""}
    get = serve(apps.good({directory + name: content for name, content in pages.items()}), "server started")
    assert get("/admin.d/?a=1").endswith("\n\nadmin 1") and get("/docs/a/").endswith("\n\ndocs")
    assert get("/admin.d").startswith("HTTP/1.1 301 ") and "Location: /admin.d/\n" in get("/admin.d")
    for path in ("/", "/empty/", "/adminXd/", "/admin.d/x"):
        assert get(path + "?a=2").endswith("\n\nroute 2")


def test_the_first_page_of_an_app_of_php_may_have_no_php(apps, serve):
    pages = {"composer.json": b"{}", "index.html": b"start", "mail.php": b"<?php echo 'sent';"}
    get = serve(apps.good(pages), "server started")
    assert get().endswith("\n\nstart") and get("/mail.php").endswith("\n\nsent")


def test_many_directories_with_an_index(apps, serve):
    pages = {f"plugins/plugin-number-{n}/index.php": b"<?php echo 'plugin';" for n in range(3000)}
    get = serve(apps.good({"index.php": b"<?php echo 'route';", **pages}), "server started")
    for n in (0, 1500, 2999):
        assert get(f"/plugins/plugin-number-{n}/").endswith("\n\nplugin")
    assert get("/plugins/").endswith("\n\nroute")


@pytest.mark.parametrize("directory, seen", [("", False), ("public/", True)])
def test_what_composer_installs_is_seen_only_below_a_document_root(apps, serve, directory, seen):
    """Of the whole tree nobody sees vendor/; in public/ it is what the app publishes there (Laravel: php artisan
    vendor:publish)."""
    get = serve(apps.good({directory + "index.php": b"<?php", directory + "vendor/a.css": b"p {}"}), "server started")
    assert ("p {}" in get("/vendor/a.css")) == seen
