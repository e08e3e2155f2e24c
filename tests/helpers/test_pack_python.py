# SPDX-License-Identifier: LGPL-2.1-or-later
"""Apps of Python. Packages are in the tree."""

import hashlib
import io
import json
import platform
import subprocess
import zipfile

import pytest

from packs import PACKS

SERVER = b"""import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{sys.prefix}\\n".encode())
server = http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler)
print("open", flush=True)
server.serve_forever()
"""


def test_python(apps, serve):
    result = apps.good({"requirements.txt": b"# nothing yet\n", "app.py": SERVER})
    assert result.answer["buildpack"] == "python"
    assert result.tree()[".venv/bin/python3"] == "/usr/bin/python3"
    assert serve(result, "open\n")().endswith("\n\n/srv/app/.venv\n")


# A package without dependencies that builds itself (PEP 517, a backend in the tree).
PROJECT = {
    "pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    "backend.py": b"""import zipfile
def build_wheel(directory, *ignored):
    name = "apples-1-py3-none-any.whl"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as wheel:
        wheel.writestr("apples.py", "count = 3")
        wheel.writestr("apples-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: apples\\nVersion: 1\\n")
        wheel.writestr("apples-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("apples-1.dist-info/entry_points.txt", "[console_scripts]\\nsay-apples = apples:count.bit_length\\n")
        wheel.writestr("apples-1.dist-info/RECORD", "")
    return name
""",
}


def test_python_installs_a_project(apps, serve):
    result = apps.good(PROJECT)
    assert "default.web" not in result.answer
    serve(result, "3 /srv/app/.venv\n", line=".venv/bin/python -c 'import apples, sys; print(apples.count, sys.prefix)'")
    # A program of a package finds its interpreter where it was made.
    assert result.tree()[".venv/bin/say-apples"][0].startswith(b"#!/srv/app/.venv/bin/python3\n")


def test_python_modules_are_compiled_for_a_release(apps, serve):
    result = apps.good({"requirements.txt": b"", "module.py": b"x = 1\n"})
    line = ".venv/bin/python -v -c 'import module' 2>&1"
    # Not from the source, though its time is another one.
    serve(result, "/srv/app/__pycache__/module.cpython-", line=line)
    again = apps.good({"requirements.txt": b"", "module.py": b"x = 1\n"})
    assert again.tree()["__pycache__/module.cpython-311.pyc"] == result.tree()["__pycache__/module.cpython-311.pyc"]


@pytest.mark.parametrize(
    "files, sentence",
    [
        ({"requirements.txt": b"", "uv.lock": b""}, "there are uv.lock and requirements.txt: remove one of them, for only one can count"),
        ({"Pipfile": b""}, "Pipfile has no Pipfile.lock, which says what is installed: run 'pipenv lock' and commit it"),
        ({"requirements.txt": b"", ".python-version": b"3.99\n"}, ".python-version asks for Python 3.99, and this machine has 3.11.2"),
        ({"requirements.txt": b"", "runtime.txt": b"python-2.7.18\n"}, "runtime.txt asks for Python 2.7.18, and this machine has 3.11.2"),
        ({"runtime.txt": b"\xef\xbb\xbfpython-2.7.18\n"}, "runtime.txt asks for Python 2.7.18, and this machine has 3.11.2"),
        ({"requirements.txt": b"", ".python-version": b"\xef\xbb\xbf3.99\n"},
         ".python-version asks for Python 3.99, and this machine has 3.11.2"),
        ({"requirements.txt": b"", ".tool-versions": b"\xef\xbb\xbfpython 3.99\n"},
         ".tool-versions asks for Python 3.99, and this machine has 3.11.2"),
    ],
)
def test_python_keeps_to_what_pins_something(apps, files, sentence):
    here = "3." + platform.python_version().split(".", 1)[1]
    assert apps.error(files) == "the python buildpack exited with status 1: " + sentence.replace("3.11.2", here)


def test_a_pyproject_of_tools_is_no_package(apps):
    assert apps.good({"pyproject.toml": b"[tool.black]\nline-length = 100\n", "app.py": b""}).answer == {"buildpack": "none"}


def test_a_pipfile_lock_is_kept_to(apps, serve):
    lock = {"_meta": {"requires": {"python_version": "3.11"}, "sources": []}, "default": {"apples": {"path": "./apples"}}}
    files = {f"apples/{name}": content for name, content in PROJECT.items()}
    result = apps.good({**files, "Pipfile.lock": json.dumps(lock).encode()})
    serve(result, "3\n", line=".venv/bin/python -c 'import apples; print(apples.count)'")


def wheel(name, module=b"", needs=()):
    """A package of one module, with a program of its name that is main() of it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(f"{name}.py", module)
        archive.writestr(f"{name}-1.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n"
                         + "".join(f"Requires-Dist: {other}\n" for other in needs))
        archive.writestr(f"{name}-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{name}-1.dist-info/entry_points.txt", f"[console_scripts]\n{name} = {name}:main\n")
        archive.writestr(f"{name}-1.dist-info/RECORD", "")
    return stream.getvalue()


def test_a_pipfile_lock_has_hashes_and_directories(apps, serve):
    """https://pip.pypa.io/en/stable/topics/secure-installs/: one hash in a file, and all that it names must have one."""
    pears = wheel("pears", b"count = 4", needs=["apples"])
    lock = {"_meta": {"sources": [{"url": "file:///srv/app/index"}]}, "default": {
        "pears": {"version": "==1", "hashes": ["sha256:" + hashlib.sha256(pears).hexdigest()]},
        "apples": {"path": "./apples", "editable": False, "hashes": ["sha256:00"]}}}
    files = {f"apples/{name}": content for name, content in PROJECT.items()}
    files |= {"index/pears/pears-1-py3-none-any.whl": pears,
              "index/pears/index.html": b'<a href="pears-1-py3-none-any.whl">pears-1-py3-none-any.whl</a>'}
    result = apps.good({**files, "Pipfile.lock": json.dumps(lock).encode()})
    serve(result, "3 4\n", line=".venv/bin/python -c 'import apples, pears; print(apples.count, pears.count)'")
    lock["default"]["pears"]["hashes"] = ["sha256:" + 64 * "0"]
    assert "DO NOT MATCH THE HASHES" in apps({**files, "Pipfile.lock": json.dumps(lock).encode()}).log


def test_a_package_of_a_pipfile_lock_may_be_below_a_repository(tmp_path):
    """https://pip.pypa.io/en/stable/topics/vcs-support/#url-fragments"""
    lock = {"default": {"apples": {"git": "https://a.example/b.git", "ref": "0123", "subdirectory": "python/apples"}}}
    (tmp_path / "Pipfile.lock").write_text(json.dumps(lock))
    subprocess.run(["python3", PACKS / "python/lib/requirements.py", "Pipfile.lock", tmp_path], cwd=tmp_path, check=True)
    assert (tmp_path / "others.txt").read_text() == "apples @ git+https://a.example/b.git@0123#subdirectory=python/apples\n"


def test_a_tool_that_an_upgrade_has_broken_is_made_again(apps):
    """Its environment in the cache is of one version of Python."""
    apps.hide("/usr/bin/poetry")
    apps.variables = {"BUILD_ENV_PIP_NO_INDEX": "1", "BUILD_ENV_PIP_FIND_LINKS": "/srv/app/wheels"}
    files = {"poetry.lock": b"", "pyproject.toml": b"[project]\n",
             "wheels/poetry-1-py3-none-any.whl": wheel("poetry", b"def main(): print('poetry 1')")}
    assert "-----> Installing poetry\n" in apps.good(files).log
    [python] = [file for file in (apps.base / "cache").rglob("poetry/bin/*")
                if file.is_symlink() and file.readlink().is_absolute()]
    python.unlink()
    python.symlink_to("/usr/bin/python3.0")
    assert "-----> Installing poetry\n" in apps.good(files).log
    assert python.resolve().exists()


# Of Django only what the buildpack asks it.
MANAGE = """import sys
if sys.argv[1] == "help":
    HELP
else:
    COLLECT
"""


@pytest.mark.parametrize(
    "help, collect, says",
    [
        ("pass", "print('3 static files copied')", "-----> Running manage.py collectstatic\n       3 static files copied\n"),
        # https://github.com/django/django: ManagementUtility.fetch_command(), FileSystemStorage of staticfiles.
        ("sys.exit('Unknown command')", "", "warning: collectstatic is left out: 'manage.py help collectstatic' fails"),
        ("pass", "sys.exit('using the staticfiles app without having set the STATIC_ROOT setting to a filesystem path.')",
         "warning: collectstatic is left out: the settings of the app have no STATIC_ROOT\n"),
    ],
)
def test_the_static_files_of_django(apps, help, collect, says):
    manage = MANAGE.replace("HELP", help).replace("COLLECT", collect or "pass").encode()
    assert says in apps.good({"requirements.txt": b"", "django.py": b"", "manage.py": manage}).log


def test_static_files_that_cannot_be_collected(apps):
    manage = MANAGE.replace("HELP", "pass").replace("COLLECT", "raise ValueError('no apples')").encode()
    assert apps.error({"requirements.txt": b"", "django.py": b"", "manage.py": manage}) == (
        "the python buildpack exited with status 1: manage.py collectstatic: ValueError: no apples "
        "(DISABLE_COLLECTSTATIC=1 leaves it out)")
