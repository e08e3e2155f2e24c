# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real sshd on 127.0.0.1 with keys of its own, which ends with the test. Who logs in gets git's own upload-pack below
one directory, and nothing else."""

import os
import pathlib
import socket
import subprocess
import time

from gitserver import ENVIRONMENT, free_port

SSHD = "/usr/sbin/sshd"


def make_key(path, kind="ed25519", bits=None, passphrase="", form=()):
    """A key pair; returns its path."""
    path.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *(["-b", str(bits)] if bits else []), *form, "-N", passphrase, "-C", "test",
                    "-f", path], check=True)
    return path


def public(path):
    return pathlib.Path(f"{path}.pub").read_text()


def fingerprint(path):
    return subprocess.check_output(["ssh-keygen", "-l", "-f", f"{path}.pub"], text=True).split()[1]


class SshServer:
    """Serves the repositories below `root` to who has the private half of `authorized` (a public key); `options` are
    further lines of sshd_config(5)."""

    def __init__(self, path, root, authorized, host_key="ed25519", options=()):
        self.path, self.root = path, root
        path.mkdir(mode=0o755, exist_ok=True)
        self.host_key = make_key(path / "host", host_key, 2048 if host_key == "rsa" else None)
        (path / "authorized").write_text(authorized)
        shell = path / "shell"
        # Relative to the directory, as by the services.
        shell.write_text(f"""#!/bin/sh
echo "$SSH_ORIGINAL_COMMAND" >>{path}/commands
cd {root}
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory 'GIT_CONFIG_VALUE_0=*'
case $SSH_ORIGINAL_COMMAND in
"git-upload-pack '/"*) eval "git upload-pack '.${{SSH_ORIGINAL_COMMAND#git-upload-pack ?}}" ;;
esac
""")
        shell.chmod(0o755)
        self.port = free_port()
        (path / "config").write_text("\n".join([
            f"ListenAddress 127.0.0.1:{self.port}", f"HostKey {self.host_key}", f"AuthorizedKeysFile {path}/authorized",
            "PasswordAuthentication no", "KbdInteractiveAuthentication no", "UsePAM no", "StrictModes no",
            f"PidFile {path}/pid", f"ForceCommand {shell}", "LogLevel DEBUG1", *options, ""]))
        self.url = f"ssh://{self.user}@127.0.0.1:{self.port}"

    user = "root"

    def known(self, key=None):
        """Its line of known_hosts."""
        return f"[127.0.0.1]:{self.port} " + " ".join(public(key or self.host_key).split()[:2]) + "\n"

    def commands(self):
        commands = self.path / "commands"
        return commands.read_text().splitlines() if commands.exists() else []

    def __enter__(self):
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        with open(self.path / "log", "wb") as log:
            self.process = subprocess.Popen([SSHD, "-D", "-e", "-f", self.path / "config"], stderr=log, env=ENVIRONMENT)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except ConnectionRefusedError:
                assert self.process.poll() is None, (self.path / "log").read_text()
                time.sleep(0.01)

    def __exit__(self, *arguments):
        self.process.terminate()
        self.process.wait()
