# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machine around deployd: where its resolv.conf leads, what its disks do not run, and the proxy before its network."""

import contextlib
import pathlib
import re

import pytest

import daemon
import repository as repositories
from deployd import Deployd

PROXY = "/usr/local/lib/deployd-test/http_proxy.py"
PROXY_PORT = 3128
PROXY_LOG = "/run/proxy.log"
LOGIN = "ada:hunter-17x"
RESOLV = "/etc/resolv.conf"

MACHINE_FILES = {
    PROXY: (pathlib.Path(__file__).parent.parent / "git" / "http_proxy.py").read_text(encoding="utf-8"),
    RESOLV: "nameserver 192.0.2.1\n",
}

# An app that answers with what it sees at a path: a file's text, a directory's names, or the error.
SEER = '''\
import http.server, os

class Seer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = os.path.expandvars(self.path)
        try:
            body = "\\n".join(sorted(os.listdir(path))) if os.path.isdir(path) else open(path).read()
        except OSError as error:
            body = error.strerror
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass

http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Seer).serve_forever()
'''

# Its release command and its build keep what they see.
SEEING = {
    "Procfile": f"web: exec python3 app.py\nrelease: cat {RESOLV} >$STATE_DIRECTORY/released\n",
    "app.py": SEER,
}
BUILD = f"cat {RESOLV} >built"


@pytest.fixture(scope="module")
def deployd(machine):
    return Deployd(machine)


@pytest.fixture(scope="module")
def seer(deployd):
    """see(path): deploys nothing; what the live `seer` sees there. Its repository is `seer.repository`."""
    def see(path):
        return deployd.machine.curl(deployd.get("seer", "CurrentPort"), path)[1].strip()
    see.repository = deployd.app("seer", SEEING, BuildCommand=BUILD)
    return see


@pytest.fixture
def linked(machine):
    """link(target, PATH=TARGET, ...): resolv.conf and other paths as links; as it was after the test."""
    made = []

    def link(target, others=()):
        for path, to in (*others, (RESOLV, target)):
            made.append(path)
            machine.sh(f"mkdir -p $(dirname {path}) && ln -sfnT {to} {path}.new && mv -T {path}.new {path}")
    yield link
    machine.run(["rm", "-rf", *made, "/run/resolvconf", "/run/NetworkManager", "/run/one", "/run/two", "/srv/dns"])
    machine.write(RESOLV, MACHINE_FILES[RESOLV])


def deploy_again(deployd, seer, word):
    """A deployment with a build: nothing is built twice."""
    seer.repository.commit({**SEEING, "word": word})
    return deployd.live("seer")


# Where resolv.conf leads

@pytest.mark.parametrize("number, target, others, file", [
    (2, "/run/resolvconf/resolv.conf", [], "/run/resolvconf/resolv.conf"),
    (3, "../run/NetworkManager/resolv.conf", [], "/run/NetworkManager/resolv.conf"),
    (4, "/run/systemd/resolve/stub-resolv.conf", [], "/run/systemd/resolve/stub-resolv.conf"),
    (5, "/etc/dns/resolv.conf", [("/etc/dns", "/run/one"), ("/run/one/resolv.conf", "../two/three/resolv.conf")],
     "/run/two/three/resolv.conf"),
    (6, "/run/plain-resolv.conf", [], "/run/plain-resolv.conf"),
    (7, "/run/systemd/resolv.conf", [], "/run/systemd/resolv.conf"),
    (8, "/run/now/resolv.conf", [("/run/now", "two/four")], "/run/two/four/resolv.conf"),
    (9, "/srv/dns/resolv.conf", [], "/srv/dns/resolv.conf"),
], ids=["resolvconf", "NetworkManager", "resolved", "a chain", "in /run itself", "beside others", "a link in /run itself",
        "in /srv"])
def test_build_release_command_and_app_have_the_name_server(machine, deployd, seer, linked, number, target, others, file):
    text = f"nameserver 192.0.2.{number}"
    machine.write(file, text + "\n")
    linked(target, others)
    deploy_again(deployd, seer, f"name server {number}")
    assert [seer(path) for path in ("/srv/app/built", "/$STATE_DIRECTORY/released", RESOLV)] == [text] * 3


def test_of_run_an_app_sees_what_it_needs_and_no_more(machine, deployd, seer, linked):
    machine.write("/run/plain-resolv.conf", "nameserver 192.0.2.10\n")
    linked("/run/plain-resolv.conf")
    deploy_again(deployd, seer, "what of /run")
    assert seer("/run").split() == ["deployd", "plain-resolv.conf", "systemd"]
    assert "private" not in seer("/run/systemd").split()
    assert seer("/run/deployd").split() == ["process"]


def test_a_file_that_is_replaced_is_seen_by_what_runs(machine, deployd, seer, linked):
    machine.write("/run/resolvconf/resolv.conf", "nameserver 192.0.2.11\n")
    linked("/run/resolvconf/resolv.conf")
    deploy_again(deployd, seer, "replaced")
    machine.write("/run/resolvconf/new", "nameserver 192.0.2.12\n")
    machine.run(["mv", "/run/resolvconf/new", "/run/resolvconf/resolv.conf"])
    assert seer(RESOLV) == "nameserver 192.0.2.12"


def test_a_file_that_comes_later_is_seen_by_what_runs(machine, deployd, seer, linked):
    machine.run(["mkdir", "-p", "/run/NetworkManager"])
    linked("/run/NetworkManager/resolv.conf")
    seer.repository.commit({**SEEING, "Procfile": "web: exec python3 app.py\n"})
    deployd.set("seer", BuildCommand="true")
    deployd.live("seer")
    assert seer(RESOLV) == "No such file or directory"
    machine.write("/run/NetworkManager/resolv.conf", "nameserver 192.0.2.13\n")
    assert seer(RESOLV) == "nameserver 192.0.2.13"


def test_a_directory_that_comes_later_is_seen_after_a_crash(machine, deployd, seer, linked):
    linked("/run/NetworkManager/resolv.conf")
    deployd.live("seer")
    assert seer(RESOLV) == "No such file or directory"
    machine.write("/run/NetworkManager/resolv.conf", "nameserver 192.0.2.14\n")
    machine.run(["kill", "-KILL", *(pid for pid, _ in daemon.instances(machine, "seer").values())])
    deployd.answers("seer", lambda text: text == "nameserver 192.0.2.14\n", RESOLV)


def test_the_link_is_followed_at_each_start(machine, deployd, seer, linked):
    machine.write("/run/one/resolv.conf", "nameserver 192.0.2.15\n")
    machine.write("/run/two/resolv.conf", "nameserver 192.0.2.16\n")
    linked("/run/one/resolv.conf")
    deployd.live("seer")
    assert seer(RESOLV) == "nameserver 192.0.2.15"
    linked("/run/two/resolv.conf")
    deployd.end(deployd.do("seer", "Redeploy")[0])
    assert seer(RESOLV) == "nameserver 192.0.2.16"


def verified(machine):
    """(whether the installation is sound, what `deployd verify` says about it)."""
    said = machine.run(["/usr/sbin/deployd", "verify"], check=False).stdout
    mark, text = re.search(r"^(.) The configuration and the installation are sound\n((?:    .*\n)*)", said,
                           re.MULTILINE).groups()
    return mark == "✓", text


def test_verify_says_where_it_leads(machine, deployd, linked):
    machine.write("/run/resolvconf/resolv.conf", "nameserver 192.0.2.17\n")
    linked("/run/resolvconf/resolv.conf")
    sound, text = verified(machine)
    assert sound and f"{RESOLV} leads to /run/resolvconf/resolv.conf\n" in text


@pytest.mark.parametrize("target, others, sentence", [
    ("/root/resolv.conf", [], "leads to /root/resolv.conf, which apps and builds cannot see: have it lead into /run or"),
    ("/run/one/resolv.conf", [("/run/one/resolv.conf", "/run/two/resolv.conf"),
                              ("/run/two/resolv.conf", "/run/one/resolv.conf")], "Too many levels of symbolic links"),
], ids=["a home", "a circle"])
def test_what_cannot_be_followed_keeps_no_app_from_starting_and_is_named(machine, deployd, seer, linked, target, others,
                                                                         sentence):
    machine.write("/root/resolv.conf", "nameserver 192.0.2.18\n")
    linked(target, others)
    deployd.live("seer")
    assert "nameserver" not in seer(RESOLV)
    sound, text = verified(machine)
    assert not sound and f"{RESOLV} " in text and sentence in text


@pytest.mark.parametrize("file", ["/etc/hosts", "/etc/localtime", "/etc/nsswitch.conf"])
def test_other_files_that_libc_reads_are_followed_too(machine, deployd, seer, file):
    elsewhere = f"/run/image{file}"
    machine.sh(f"mkdir -p {elsewhere.rpartition('/')[0]}; [ ! -e {file} ] || cp -PL {file} /root/kept; "
               f"cp -L {file} {elsewhere} || :; echo '# elsewhere' >>{elsewhere}; ln -sfn {elsewhere} {file}")
    try:
        deployd.live("seer")
        assert seer(file).endswith("# elsewhere")
    finally:
        machine.sh(f"rm {file}; [ ! -e /root/kept ] || mv /root/kept {file}")


# The proxy

@contextlib.contextmanager
def proxy(machine, *login):
    """A proxy that listens; its requests so far as a function."""
    machine.run(["rm", "-f", PROXY_LOG])
    machine.run(["systemd-run", "--quiet", "--unit=test-proxy", "--service-type=notify", "--collect", "python3", PROXY,
                 PROXY_PORT, PROXY_LOG, *login])
    try:
        yield lambda: machine.read(PROXY_LOG).splitlines()
    finally:
        machine.systemctl("stop", "test-proxy.service")


@pytest.fixture(scope="module")
def fetched(deployd):
    """An app whose repository comes over http."""
    deployd.app("fetched", {"Procfile": "web: exec python3 app.py\n", "app.py": SEER}, Buildpack="none")
    return "fetched"


SETTING = f"[git]\nproxy = http://{LOGIN}@127.0.0.1:{PROXY_PORT}\n"
NAMED = f"the proxy 127.0.0.1:{PROXY_PORT} (proxy of [git] in deploy.conf)"


def test_a_repository_is_fetched_through_the_proxy(machine, deployd, fetched):
    with proxy(machine, LOGIN) as requests, daemon.configured(machine, SETTING):
        deployd.live(fetched)
        url = f"http://127.0.0.1:{repositories.PORT}/fetched.git"
        assert f"GET {url}/info/refs?service=git-upload-pack 200" in requests()
        assert f"POST {url}/git-upload-pack 200" in requests()


def test_its_password_is_nowhere_to_be_read(machine, deployd, fetched):
    with proxy(machine, "ada:another") as requests, daemon.configured(machine, SETTING):
        deployment = deployd.end(deployd.deploy(fetched))
        assert requests()
    assert deployment["ErrorSummary"] == f"fetch: the user name and password were refused by {NAMED}"
    assert machine.run(["systemctl", "reload", daemon.UNIT], check=False).returncode == 0
    secret = LOGIN.partition(":")[2]
    assert not [entry for entry in machine.journal() if secret in str(entry.get("MESSAGE"))
                and entry.get("_SYSTEMD_UNIT", "").startswith("deployd")]
    assert machine.run(["grep", "-r", "-l", secret, "/run/systemd/transient", "/run/deployd", "/var/lib/deployd"],
                       check=False).stdout == ""


def test_https_asks_it_for_a_tunnel(machine, deployd):
    deployd.create_repository("far", "https://192.0.2.9/far.git")
    deployd.create_app("far", "far", Buildpack="none")
    with proxy(machine) as requests, daemon.configured(machine, SETTING):
        deployment = deployd.end(deployd.deploy("far"))
        assert "CONNECT 192.0.2.9:443 502" in requests()
    assert deployment["ErrorSummary"] == ("fetch: the proxy does not connect to the server: proxy returned unexpected "
                                          f"status: 502, through {NAMED}")


def test_one_that_nobody_reaches_is_named_with_its_key(machine, deployd, fetched):
    with daemon.configured(machine, SETTING):
        deployment = deployd.end(deployd.deploy(fetched))
    assert deployment["ErrorSummary"] == ("fetch: the proxy cannot be reached: failed to connect to 127.0.0.1: Connection "
                                          f"refused, through {NAMED}")


@pytest.mark.parametrize("hosts", ["127.0.0.0/8", "git.example.com *"])
def test_a_host_of_no_proxy_is_reached_without_it(machine, deployd, fetched, hosts):
    with daemon.configured(machine, f"{SETTING}no-proxy = {hosts}\n"):
        deployd.live(fetched)


@pytest.mark.parametrize("value, shown", [
    ("socks5://ada:hunter-17y@127.0.0.1:1080", "[git] proxy cannot be this value, it must be http:// or https://"),
    ("http://ada:hunter-17y@/", "[git] proxy cannot be this value, it must be http:// or https://")])
def test_a_wrong_value_is_refused_and_not_shown(machine, deployd, value, shown):
    machine.write(daemon.CONFIGURATION, f"[git]\nproxy = {value}\n")
    try:
        with machine.follow(_SYSTEMD_UNIT=daemon.UNIT) as journal:
            assert machine.run(["systemctl", "reload", daemon.UNIT], check=False).returncode != 0
            assert "hunter" not in journal.wait(lambda entry: shown in entry["MESSAGE"])["MESSAGE"]
    finally:
        machine.run(["rm", daemon.CONFIGURATION])
        machine.systemctl("reload", daemon.UNIT)


@contextlib.contextmanager
def environment(machine, unit, text):
    """Variables for units, by a drop-in."""
    dropin = f"/run/systemd/system/{unit}.d/50-proxy.conf"
    machine.write(dropin, f"[Service]\nEnvironment={text}\n")
    machine.systemctl("daemon-reload")
    try:
        yield
    finally:
        machine.run(["rm", dropin])
        machine.systemctl("daemon-reload")


def test_without_the_setting_the_variables_of_the_fetch_count(machine, deployd, fetched):
    with environment(machine, "deployd-fetch-.service", f"http_proxy=http://127.0.0.1:{PROXY_PORT} no_proxy=example.com"):
        with proxy(machine) as requests:
            deployd.live(fetched)
            assert requests()
        deployment = deployd.end(deployd.deploy(fetched))
    assert deployment["ErrorSummary"].endswith(
        f"through the proxy 127.0.0.1:{PROXY_PORT} (http_proxy in the environment of the fetch)")


def test_the_variables_of_the_daemon_count_for_nothing(machine, deployd, fetched):
    with environment(machine, daemon.UNIT, "http_proxy=http://127.0.0.1:9 all_proxy=http://127.0.0.1:9"):
        machine.systemctl("restart", daemon.UNIT)
        deployd.live(fetched)
    machine.systemctl("restart", daemon.UNIT)


# Disks that are mounted noexec

# Each of these is a program: what runs says so.
PROGRAM = "#!/bin/sh\necho ran $0\n"
TRIES = """\
set -e
for directory in . /tmp /var/tmp "$HOME" "$CACHE_DIRECTORY"; do
        cp prog "$directory/copy"
        "$directory/copy" >>tried
        rm "$directory/copy"
done
"""
HARDENED = ("/var/lib/deployd", "/var/lib/private", "/var/cache/private", "/tmp", "/var/tmp")


@pytest.fixture(scope="module")
def hardened(machine, deployd):
    """Its writable disks are mounted noexec."""
    for path in HARDENED:
        machine.sh(f"mkdir -p {path}; mount --bind {path} {path}; mount -o remount,bind,noexec {path}")
    yield
    for path in HARDENED:
        machine.run(["umount", "--lazy", path])


def test_programs_of_build_release_command_and_app_run_on_a_disk_that_runs_none(machine, deployd, hardened):
    program, app = repositories.Program(PROGRAM.encode()), f"#!/usr/bin/python3\n{SEER}"
    deployd.app("own", {
        "Procfile": "web: exec ./serve\nrelease: ./prog >$STATE_DIRECTORY/released\n",
        "prog": program, "serve": repositories.Program(app.encode()), "try": repositories.Program(TRIES.encode()),
    }, BuildCommand="sh ./try")
    deployd.live("own")
    port = deployd.get("own", "CurrentPort")
    assert len(machine.curl(port, "/srv/app/tried")[1].splitlines()) == 5
    assert machine.curl(port, "/$STATE_DIRECTORY/released") == (200, "ran ./prog\n")


def test_what_an_app_writes_stays_as_the_machine_has_it(machine, deployd, hardened):
    deployd.app("writer", {
        "Procfile": "web: for d in /tmp /var/tmp $STATE_DIRECTORY $CACHE_DIRECTORY; do cp prog $d; $d/prog || echo $d "
                    ">>$STATE_DIRECTORY/refused; done; exec python3 app.py\n",
        "prog": repositories.Program(PROGRAM.encode()), "app.py": SEER}, Buildpack="none")
    deployd.live("writer")
    refused = machine.curl(deployd.get("writer", "CurrentPort"), "/$STATE_DIRECTORY/refused")[1].splitlines()
    assert [path.rpartition("/")[0] for path in refused] == ["", "/var", "/var/lib/deployd-apps", "/var/cache/deployd-apps"]


def test_verify_says_that_the_disk_is_noexec(machine, deployd, hardened):
    # What is mounted after its start deployd does not see; its units do.
    machine.systemctl("restart", daemon.UNIT)
    daemon.ready(machine)
    sound, text = verified(machine)
    assert sound and "the disk of /var/lib/deployd/releases is mounted noexec; the programs of apps and builds run" in text
