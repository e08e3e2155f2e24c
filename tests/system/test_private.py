# SPDX-License-Identifier: LGPL-2.1-or-later
"""Private repositories, from the address to the live app: over ssh with a key that deployd makes, over https with a token."""

import re

import pytest

import repository as repositories
from deployd import Deployd, repository_path

TOKEN = "canary-token-17x"
PEM = "/run/test-git.pem"
LOGIN = "/run/test-git.login"
PORT = 8443
SSH_PORT = 2222


@pytest.fixture(scope="module")
def deployd(machine):
    """deployd, a git server of ssh, and one of https whose authority the machine trusts."""
    machine.write("/run/test-sshd.conf", f"""\
ListenAddress 127.0.0.1:{SSH_PORT}
HostKey /run/test-host-key
AuthorizedKeysFile /run/test-authorized
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
""")
    machine.run(["sh", "-ec", f"""
mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N '' -f /run/test-host-key
systemd-run --quiet --unit=test-sshd --service-type=notify --collect /usr/sbin/sshd -D -f /run/test-sshd.conf
cd /run
new='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 $new -subj /CN=Authority -keyout ca.key -out /usr/local/share/ca-certificates/test.crt -days 2
openssl req $new -subj /CN=localhost -keyout key -out csr
echo subjectAltName=DNS:localhost >ext
openssl x509 -req -in csr -CA /usr/local/share/ca-certificates/test.crt -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out crt
cat key crt >{PEM}
update-ca-certificates
"""])
    machine.write(LOGIN, f"git:{TOKEN}")
    machine.run(["systemd-run", "--quiet", "--unit=test-git-tls", "--service-type=notify", "--collect", repositories.SERVER,
                 repositories.DIRECTORY, PORT, PEM, LOGIN])
    return Deployd(machine)


def deployctl(machine, *words, **options):
    return machine.run(["deployctl", *words], **options)


def failure(deployd, name):
    """Why a deployment fails."""
    return deployd.end(deployd.deploy(name))["ErrorSummary"]


def repository(deployd, name, address):
    """A repository with one commit, known under that address, and an app of it."""
    repositories.Repository(deployd.machine, name).commit(repositories.sample("python", "1"))
    deployctl(deployd.machine, "repo", "add", name, address)
    deployd.create_app(name, name)
    return deployd.machine.get(repository_path(name), "Repository.GitUrl")


def secret_of(machine, name):
    """The file of a repository's credential: its path and text."""
    paths = machine.run(["find", "/var/lib/deployd/credentials", "-name", "credential"]).stdout.split()
    assert len(paths) == 1, (name, paths)
    return paths[0], machine.run(["cat", paths[0]]).stdout


def is_hidden(machine, secret):
    """Whether it is in no line of the journal, and nowhere below /run but in what is open to root alone."""
    assert secret not in machine.run(["journalctl", "--output=export", "--no-pager"]).stdout
    found = machine.run(["grep", "-rslF", "--", secret, "/run", "/var/cache/private/deployd-fetch", "/var/lib/deployd/spool"],
                        check=False).stdout
    return not [path for path in found.split() if path != LOGIN]


def test_a_repository_of_ssh_is_deployed_with_a_key_that_deployd_makes(machine, deployd):
    address = f"[root@127.0.0.1:{SSH_PORT}]:{repositories.DIRECTORY}/keyed.git"
    assert repository(deployd, "keyed", address) == f"ssh://root@127.0.0.1:{SSH_PORT}{repositories.DIRECTORY}/keyed.git"
    assert failure(deployd, "keyed") == ("fetch: 127.0.0.1 is reached by ssh, which takes a key: 'deployctl repo key NAME' "
                                         "makes one")
    public = deployctl(machine, "repo", "key", "keyed").stdout
    assert re.fullmatch(r"ssh-ed25519 [A-Za-z0-9+/]+=* deployd\n", public)
    assert machine.get(repository_path("keyed"), "Repository.HasCredential") is True
    assert "shows a host key that is not known" in failure(deployd, "keyed")
    known = machine.run(["cat", "/run/test-host-key.pub"]).stdout
    deployctl(machine, "repo", "known-hosts", "keyed", "-", input=f"[127.0.0.1]:{SSH_PORT} {known}")
    assert "refused the key" in failure(deployd, "keyed")
    machine.write("/run/test-authorized", public)
    deployd.live("keyed")

    path, text = secret_of(machine, "keyed")
    assert machine.run(["stat", "--format=%U %a", path, path.rsplit("/", 1)[0]]).stdout == "root 600\nroot 700\n"
    assert is_hidden(machine, text.splitlines()[4])  # those before are the same in all keys
    deployctl(machine, "app", "remove", "keyed", "--force", "--confirm=keyed")
    deployctl(machine, "repo", "remove", "keyed")
    assert machine.run(["find", "/var/lib/deployd/credentials", "-mindepth", "1"]).stdout == ""


def test_a_repository_of_https_is_deployed_with_a_token(machine, deployd):
    address = f"https://ada:wrong-token@localhost:{PORT}/token.git"
    assert repository(deployd, "token", address) == f"https://ada@localhost:{PORT}/token.git"
    assert failure(deployd, "token") == "fetch: the server refused the user name and password"
    deployctl(machine, "repo", "set", "token", f"url=https://localhost:{PORT}/token.git")
    deployctl(machine, "repo", "credential", "token", input=TOKEN + "\n")
    deployd.live("token")
    assert is_hidden(machine, TOKEN)
    assert TOKEN not in machine.run(["ps", "-eo", "args"]).stdout

    # To another server it does not go; to its own it does again.
    deployctl(machine, "repo", "set", "token", f"url=https://127.0.0.1:{PORT}/token.git")
    assert machine.get(repository_path("token"), "Repository.HasCredential") is False
    deployctl(machine, "repo", "set", "token", f"url=https://localhost:{PORT}/token.git")
    machine.systemctl("restart", "deployd")
    assert machine.get(repository_path("token"), "Repository.HasCredential") is True
    deployctl(machine, "repo", "fetch", "token")
    deployctl(machine, "repo", "credential", "token", "--clear")
    assert "no credential is known" in failure(deployd, "token")
