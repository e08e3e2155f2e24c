# SPDX-License-Identifier: LGPL-2.1-or-later
"""What private repositories are reached with: repo credential, key, known-hosts."""

import os
import pathlib
import socket
import subprocess
import sys
import termios

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "git"))
from sshserver import SshServer, fingerprint, make_key, public  # pylint: disable=wrong-import-position

TOKEN = "canary-token-17x"
SSH = "ssh://git@git.example:2222/team/shop.git"


def given(mock):
    return bytes(mock.wait_call("SetCredential")[1])


@pytest.mark.parametrize("text", [TOKEN, TOKEN + "\n", TOKEN + "\r\n"])
def test_a_credential_is_read_from_standard_input(mock, deployctl, tmp_path, text):
    mock.repository("code")
    (tmp_path / "token").write_bytes(text.encode())
    with open(tmp_path / "token", "rb") as token:
        result = deployctl("repo", "credential", "code", stdin=token)
    assert (result.status, result.out, result.err) == (0, "repository code has another credential\n", "")
    assert given(mock) == TOKEN.encode()


def test_a_credential_is_typed_and_not_shown(mock, start):
    mock.repository("code")
    run = start("repo", "credential", "code", asked=True)
    run.wait_for("Password or token", "err")
    assert not termios.tcgetattr(run.terminal)[3] & termios.ECHO
    run.type(TOKEN + "\n")
    result = run.end()
    assert result.status == 0 and TOKEN not in result.err + result.out
    assert given(mock) == TOKEN.encode()


def test_a_credential_is_cleared(mock, deployctl):
    mock.repository("code", HasCredential=True)
    assert deployctl("repo", "credential", "code", "--clear").out == "repository code has no credential any more\n"
    assert given(mock) == b""


@pytest.mark.parametrize("size, status", [(0, 2), (17 * 1024, 1)])
def test_a_credential_has_some_bytes_and_not_many(mock, deployctl, tmp_path, size, status):
    mock.repository("code")
    (tmp_path / "token").write_text("x" * size)
    with open(tmp_path / "token", "rb") as token:
        result = deployctl("repo", "credential", "code", stdin=token)
    assert result.status == status and ("--clear" if size == 0 else "16 KiB") in result.err
    assert "SetCredential" not in mock.called()


@pytest.mark.parametrize("url, place", [
    ("ssh://git@github.com/team/shop.git", "https://github.com/team/shop/settings/keys"),
    ("ssh://git@gitlab.com/team/a/shop", "https://gitlab.com/team/a/shop/-/settings/repository"),
    (SSH, "git.example:2222")])
def test_a_key_is_made_and_its_place_said(mock, deployctl, url, place):
    mock.repository("code", GitUrl=url)
    result = deployctl("repo", "key", "code")
    assert (result.status, result.out) == (0, "ssh-ed25519 AAAA deployd\n")
    assert place in result.err and len(result.err.splitlines()) == 1


def test_a_key_does_not_replace_a_credential(mock, deployctl):
    mock.repository("code", GitUrl=SSH, HasCredential=True)
    result = deployctl("repo", "key", "code")
    assert result.status == 1 and "'deployctl repo credential code --clear'" in result.err
    assert "GenerateKey" not in mock.called()


def test_known_hosts_come_from_a_file(mock, deployctl, tmp_path):
    mock.repository("code", GitUrl=SSH)
    (tmp_path / "hosts").write_text("git.example ssh-ed25519 AAAA\n")
    assert deployctl("repo", "known-hosts", "code", tmp_path / "hosts").status == 0
    assert mock.wait_call("SetKnownHosts")[1:] == ("git.example ssh-ed25519 AAAA\n",)
    (tmp_path / "hosts").write_text(" \n")
    assert deployctl("repo", "known-hosts", "code", tmp_path / "hosts").status == 2
    assert deployctl("repo", "known-hosts", "code", tmp_path / "none").status == 1
    for wrong in ([], [tmp_path / "hosts", "--scan"], ["--scan", "--clear"]):
        result = deployctl("repo", "known-hosts", "code", *wrong)
        assert result.status == 2 and "a file, or --scan, or --clear" in result.err


@pytest.mark.parametrize("answer, status", [("yes", 0), ("no", 1), ("y", 1)])
def test_host_keys_are_asked_for_and_confirmed(mock, start, tmp_path, answer, status):
    with SshServer(tmp_path / "sshd", tmp_path, public(make_key(tmp_path / "key"))) as server:
        mock.repository("code", GitUrl=server.url + "/x")
        run = start("repo", "known-hosts", "code", "--scan", asked=True)
        run.wait_for("(yes/no)", "err")
        run.type(answer + "\n")
        result = run.end()
    assert result.status == status and fingerprint(server.host_key) in result.err
    if status == 0:
        assert server.known().strip() in mock.wait_call("SetKnownHosts")[1]
    assert "SetKnownHosts" not in mock.called()


def test_a_scan_takes_a_terminal_and_a_server(mock, deployctl, start):
    mock.repository("code", GitUrl=SSH)
    assert "no terminal to ask at" in deployctl("repo", "known-hosts", "code", "--scan").err
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        mock.repository("away", GitUrl=f"ssh://git@127.0.0.1:{unused.getsockname()[1]}/x")
        result = start("repo", "known-hosts", "away", "--scan", asked=True).end()
    assert result.status == 1 and "shows no host key" in result.err


def test_the_shipped_host_keys_are_the_published_ones():
    known_hosts = pathlib.Path(__file__).parents[2] / "git/known_hosts"
    listed = subprocess.check_output(["ssh-keygen", "-l", "-f", known_hosts], text=True, env={"PATH": os.environ["PATH"]})
    assert {tuple(line.split()[1:3]) for line in listed.splitlines()} == {
        ("SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU", "github.com"),
        ("SHA256:eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8", "gitlab.com"),
        ("SHA256:mIlxA9k46MmM6qdJOdMnAQpzGxF4WIVVL+fj+wZbw0g", "codeberg.org"),
        ("SHA256:ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM", "bitbucket.org")}
