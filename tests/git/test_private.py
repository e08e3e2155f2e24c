# SPDX-License-Identifier: LGPL-2.1-or-later
"""deployd-fetch and repositories that want a credential: real servers of ssh and https."""

import base64
import socket
import subprocess
import threading

import pytest
from gitserver import HttpServer
from sshserver import SshServer, fingerprint, make_key, public
from test_fetch import authority, fetcher, made, repo, served  # pylint: disable=unused-import

TOKEN = "canary-token-17x"
MISPLACED = ("authentication is required, and the credential of the repository is for another server or kind of address: "
             "'deployctl repo credential NAME' gives one")


@pytest.fixture
def handed(fetcher, tmp_path):
    """handed(credential, known_hosts): the fetcher's unit has these credentials."""
    directory = tmp_path / "credentials"
    directory.mkdir()

    def hand(credential=None, known_hosts=None, origin=None):
        if credential:
            # What it was given for, as the daemon writes it; of a key it does not count.
            (directory / "credential").write_text(f"{origin or 'ssh://git.example'}\n{credential}")
        if known_hosts:
            (directory / "known-hosts").write_text(known_hosts)
        fetcher.environment["CREDENTIALS_DIRECTORY"] = str(directory)
        return fetcher

    return hand


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return make_key(tmp_path_factory.mktemp("key") / "key")


@pytest.fixture
def served_by_ssh(tmp_path, repo, key):
    """served_by_ssh(**options): a server of the repository, which knows the key."""
    servers = []

    def serve(authorized=key, **options):
        server = SshServer(tmp_path / f"sshd-{len(servers)}", repo.path.parent, public(authorized), **options)
        servers.append(server.__enter__())
        server.address = server.url + "/shop.git"
        return server

    yield serve
    for server in servers:
        server.__exit__()


HARDENED = ("Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com",
            "MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com",
            "KexAlgorithms sntrup761x25519-sha512@openssh.com")


@pytest.mark.parametrize("options", [
    {}, {"options": HARDENED}, {"host_key": "rsa"}, {"host_key": "ecdsa"}], ids=["usual", "hardened", "RSA", "ECDSA"])
def test_a_repository_is_fetched_over_ssh(handed, served_by_ssh, repo, key, options):
    server = served_by_ssh(**options)
    result = handed(key.read_text(), server.known()).good(url=server.address)
    assert result.commit == repo.second and "index.html" in result.files()
    # What was there already is not fetched again, by the same connection.
    assert handed().good(url=server.address).commit == repo.second
    assert server.commands() == ["git-upload-pack '/shop.git'"] * 2


@pytest.mark.parametrize("kind", [("rsa", 2048, ()), ("rsa", 2048, ("-m", "PEM")), ("ecdsa", 256, ())],
                         ids=["RSA", "RSA as PEM", "ECDSA"])
def test_keys_of_every_kind_log_in(handed, served_by_ssh, tmp_path, repo, kind):
    name, bits, form = kind
    other = make_key(tmp_path / "other", name, bits, form=form)
    server = served_by_ssh(other)
    assert handed(other.read_text(), server.known()).good(url=server.address).commit == repo.second


def test_the_short_form_of_an_address_is_one_of_ssh(handed, served_by_ssh, repo, key):
    server = served_by_ssh()
    address = f"[root@127.0.0.1:{server.port}]:shop.git"
    assert handed(key.read_text(), server.known()).good(url=address).commit == repo.second


@pytest.mark.parametrize("lines", [
    "{known}", "# of mine\n\n{known}", "{known_crlf}", "no line of known_hosts\n{known}", "{hashed}", "{authority}",
    "[127.0.0.1]:{port} ssh-rsa AAAA\n{known}"],
    ids=["plain", "comment", "CR LF", "garbage", "hashed", "authority", "another type first"])
def test_the_host_is_known_by_any_line_that_ssh_takes(handed, served_by_ssh, tmp_path, repo, key, lines):
    if lines == "{authority}":
        signer = make_key(tmp_path / "signer")
        server = served_by_ssh(options=("HostCertificate " + str(tmp_path / "sshd-0" / "host-cert.pub"),))
        subprocess.run(["ssh-keygen", "-q", "-s", signer, "-I", "host", "-h", "-n", "127.0.0.1", f"{server.host_key}.pub"],
                       check=True)
        server.__exit__()
        server.__enter__()
    else:
        signer, server = key, served_by_ssh()
    hashed = tmp_path / "hashed"
    hashed.write_text(server.known())
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", hashed], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    text = lines.format(known=server.known(), known_crlf=server.known().replace("\n", "\r\n"), hashed=hashed.read_text(),
                        port=server.port, authority=f"@cert-authority [127.0.0.1]:{server.port} {public(signer)}")
    assert handed(key.read_text(), text).good(url=server.address).commit == repo.second


def test_a_host_that_is_not_known_is_not_logged_in_to(handed, served_by_ssh, key):
    server = served_by_ssh()
    kind, sentence = handed(key.read_text(), "other.example " + " ".join(server.known().split()[1:]) + "\n").bad(
        url=server.address)
    assert (kind, sentence) == ("remote", "127.0.0.1 shows a host key that is not known; compare its fingerprint by "
                                          "'deployctl repo known-hosts NAME --scan'")
    assert server.commands() == [] and "Accepted" not in (server.path / "log").read_text()


def test_a_changed_host_key_is_an_alarm(handed, served_by_ssh, tmp_path, key):
    server = served_by_ssh()
    kind, sentence = handed(key.read_text(), server.known(make_key(tmp_path / "old"))).bad(url=server.address)
    assert kind == "remote" and sentence.startswith("127.0.0.1 shows another host key than the known one: an attack")
    assert sentence.endswith(f"({fingerprint(server.host_key)}.)")
    assert server.commands() == []


def test_a_revoked_host_key_is_refused(handed, served_by_ssh, key):
    server = served_by_ssh()
    _, sentence = handed(key.read_text(), server.known() + "@revoked " + server.known()).bad(url=server.address)
    assert sentence == "127.0.0.1 shows a host key that is revoked"


def test_a_key_that_the_server_does_not_know_is_refused(handed, served_by_ssh, tmp_path):
    server = served_by_ssh()
    stranger = make_key(tmp_path / "stranger")
    assert handed(stranger.read_text(), server.known()).bad(url=server.address) == (
        "remote", "127.0.0.1 refused the key; is its public half a deploy key of this repository?")


def test_a_repository_that_is_not_there_is_said(handed, served_by_ssh, key):
    server = served_by_ssh()
    assert handed(key.read_text(), server.known()).bad(url=server.url + "/none.git") == (
        "remote", "127.0.0.1 has no such repository, or the key may not read it")


def test_without_a_key_nobody_is_asked(handed):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"ssh://git@127.0.0.1:{server.getsockname()[1]}/x"
        assert handed(None, "x y\n").bad(url=url) == (
            "remote", "127.0.0.1 is reached by ssh, which takes a key: 'deployctl repo key NAME' makes one")
        assert handed(TOKEN, "x y\n").bad(url=url) == ("remote", MISPLACED)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("path, asked", [
    ("a%27%3B%20touch%20/tmp/deployd-canary;%27.git", r"'/a'\''; touch /tmp/deployd-canary;'\''.git'"),
    ("a%21b", r"'/a'\!'b'"), ("~ada/x", "'~ada/x'"), ("--upload-pack=x", "'/--upload-pack=x'"), ("a%20b", "'/a b'")])
def test_a_path_is_one_word_for_the_server(handed, served_by_ssh, key, path, asked):
    server = served_by_ssh()
    handed(key.read_text(), server.known()).bad(url=f"{server.url}/{path}")
    assert server.commands() == ["git-upload-pack " + asked]


@pytest.mark.parametrize("speech", [b"", b"SSH-2.0-OpenSSH_9.2\r\n"], ids=["before the banner", "after it"])
def test_a_silent_server_of_ssh_is_given_up(handed, key, speech):
    with socket.create_server(("127.0.0.1", 0)) as server:
        def talk():
            client = server.accept()[0]
            client.sendall(speech)
            while client.recv(4096):
                pass
            client.close()

        threading.Thread(target=talk, daemon=True).start()
        kind, sentence = handed(key.read_text(), "x y\n").bad(
            url=f"ssh://git@127.0.0.1:{server.getsockname()[1]}/x", stall_timeout=2_000_000)
    assert (kind, sentence) == ("remote", "the server has sent nothing for 2 s (fetch-stall-timeout of [runner] in "
                                          "deploy.conf)")


def test_what_a_server_says_on_the_side_is_no_progress(handed, served_by_ssh, key):
    server = served_by_ssh()
    (server.path / "shell").write_text("#!/bin/sh\nexec 3>&2\nwhile echo chatter >&3; do :; done\n")
    kind, sentence = handed(key.read_text(), server.known()).bad(url=server.address, stall_timeout=3_000_000)
    assert kind == "remote" and sentence.startswith("the server has sent nothing for 3 s")


def test_a_server_that_answers_with_text_is_no_repository(handed, served_by_ssh, key):
    server = served_by_ssh()
    (server.path / "shell").write_text("#!/bin/sh\necho welcome to my server\n")
    assert handed(key.read_text(), server.known()).bad(url=server.address)[0] == "remote"


def is_hidden(result, fetcher, *secrets):
    seen = result.text + result.stderr + "".join(
        path.read_bytes().decode(errors="replace") for path in fetcher.cache.rglob("*") if path.is_file())
    return not any(secret in seen for secret in secrets)


def test_a_key_is_seen_by_nobody(handed, served_by_ssh, key):
    """While it is used: not in arguments or environments, nor in what the program leaves behind."""
    server = served_by_ssh()
    (server.path / "shell").write_text(f"#!/bin/sh\nread line <{server.path}/gate\n")
    subprocess.run(["mkfifo", server.path / "gate"], check=True)
    fetcher = handed(key.read_text(), server.known())
    process = fetcher.start("fetch", {"url": server.address})
    body = key.read_text().splitlines()[1]
    with open(server.path / "gate", "w", encoding="ascii") as gate:  # the server has begun its command
        children = subprocess.run(["pgrep", "-P", str(process.pid)], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        assert children
        for pid in (*children, str(process.pid)):
            for what in ("cmdline", "environ"):
                with open(f"/proc/{pid}/{what}", "rb") as file:
                    content = file.read()
                assert content and body.encode() not in content
        gate.write("go\n")
    stderr = process.communicate()[1].decode()
    assert body not in stderr + fetcher.ticket.read_text()
    assert not [path for path in fetcher.cache.rglob("*") if path.is_file() and body.encode() in path.read_bytes()]


@pytest.fixture
def https(repo, authority):
    with HttpServer(repo.path.parent, authority("localhost")) as server:
        server.name = f"localhost:{server.server_address[1]}"
        server.origin = f"https://{server.name}"
        server.path = f"{server.name}/private/shop.git"
        yield server


@pytest.mark.parametrize("user, token", [("", TOKEN), ("ada@", TOKEN), ("", "x" * 255), ("ada@", "pässwörd: %41"), ("", "-")])
def test_a_token_opens_a_repository_of_https(handed, https, repo, authority, user, token):
    https.login = f"{user[:-1] or 'git'}:{token}"
    result = handed(token, origin=https.origin).run(url=f"https://{user}{https.path}", command=authority.trusting)
    assert result.code == 0, result.stderr
    assert result.commit == repo.second
    assert token == "-" or is_hidden(result, handed(), token)


@pytest.mark.parametrize("user", ["", "ada@"])
@pytest.mark.parametrize("token", ["wrong-token-17y", "x" * 255])
def test_a_wrong_token_is_tried_once(handed, https, authority, user, token):
    https.login = "git:" + TOKEN
    result = handed(token, origin=https.origin).run(url=f"https://{user}{https.path}", command=authority.trusting)
    assert (result.code, result.error) == (1, "the server refused the user name and password")
    assert token not in result.text + result.stderr
    wanted = "Basic " + base64.b64encode(f"{user[:-1] or 'git'}:{token}".encode()).decode()
    assert https.logins.count(wanted) == 1 and len(https.requests) <= 3


def test_a_password_of_the_address_is_given_by_the_callback(handed, https, repo, authority):
    https.login = "ada:canary:%17z"
    result = handed().run(url=f"https://ada:canary%3A%2517z@{https.path}", command=authority.trusting)
    assert (result.code, result.commit) == (0, repo.second)
    assert is_hidden(result, handed(), "17z")


def test_a_key_is_of_no_use_over_https(handed, https, authority, key):
    result = handed(key.read_text()).run(url=f"https://{https.path}", command=authority.trusting)
    assert (result.code, result.error) == (1, MISPLACED)


def test_a_token_goes_to_no_other_server(handed, https, authority):
    for origin in ("https://git.example", "https://localhost", f"http://{https.name}"):
        result = handed(TOKEN, origin=origin).run(url=f"https://ada@{https.path}", command=authority.trusting)
        assert (result.code, result.error) == (1, MISPLACED)
    assert not any(TOKEN.encode() in base64.b64decode(login.split()[1]) for login in https.logins)


def test_a_token_does_not_travel_in_the_clear(handed):
    kind, sentence = handed().bad(url=f"http://ada:{TOKEN}@git.example.invalid/x")
    assert (kind, sentence) == ("remote", "a password or token is sent over https only: everybody on the way could read it")


def test_a_submodule_gets_no_credential(handed, served, repo, tmp_path):
    served.login = "git:" + TOKEN
    inner = repo.copy(served.root / "inner.git")
    outer = repo.copy(served.root / "outer.git")
    outer.commit({".gitmodules": f'[submodule "m"]\n\tpath = m\n\turl = {served.url}/private/inner.git\n',
                  "m": (inner.second, "160000")}, parent=repo.second)
    kind, sentence = handed(TOKEN, origin=served.url).bad(url=f"{served.url}/private/outer.git", submodules="yes")
    assert kind == "remote" and "m" in sentence and "a submodule has no credential" in sentence


@pytest.mark.parametrize("scheme", ["http", "https", "git"])
def test_a_silent_server_is_given_up(fetcher, authority, scheme):
    with socket.create_server(("127.0.0.1", 0)) as server:
        kind, sentence = fetcher.bad(url=f"{scheme}://127.0.0.1:{server.getsockname()[1]}/x", stall_timeout=1_000_000)
    assert (kind, sentence) == ("remote", "the server has sent nothing for 1 s (fetch-stall-timeout of [runner] in "
                                          "deploy.conf)")


def test_a_server_that_falls_silent_under_tls_is_given_up(fetcher, authority, repo):
    with HttpServer(repo.path.parent, authority("localhost")) as server:
        result = fetcher.run(url=f"https://localhost:{server.server_address[1]}/silent/x", command=authority.trusting,
                             stall_timeout=1_000_000)
        server.go_on.set()
    assert result.code == 1 and result.error.startswith("the server has sent nothing for 1 s")

