# SPDX-License-Identifier: LGPL-2.1-or-later
"""Apps of Python. Packages are in the tree."""

import json
import platform

import pytest


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
