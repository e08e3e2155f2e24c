# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real git repositories and real servers for them: git's own http-backend behind a small HTTP server, and git's
own daemon. Everything listens on 127.0.0.1 and ends with the test."""

import base64
import contextlib
import copy
import http.server
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import threading
import time

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}


class Repository:
    """A bare repository that is written object by object, so that it can hold what no checkout can."""

    def __init__(self, path, branch="main"):
        self.path = pathlib.Path(path)
        self.clock = 1_700_000_000
        self.blobs = {}
        subprocess.run(["git", "init", "-q", "--bare", "-b", branch, path], check=True, env=ENVIRONMENT)
        self.git("config", "http.receivepack", "false")
        # So that a test can ask for any commit by its name only through what was fetched.
        self.git("config", "uploadpack.allowAnySHA1InWant", "false")

    def copy(self, path):
        """The same at another place."""
        shutil.copytree(self.path, path, symlinks=True)
        other = copy.copy(self)
        other.path, other.blobs = path, dict(self.blobs)
        return other

    def git(self, *arguments, data=None, raw=False):
        env = dict(ENVIRONMENT, GIT_DIR=str(self.path), GIT_AUTHOR_DATE=f"{self.clock} +0000",
                   GIT_COMMITTER_DATE=f"{self.clock} +0000")
        data = data.encode() if isinstance(data, str) else data
        out = subprocess.run(["git", *arguments], check=True, env=env, input=data, stdout=subprocess.PIPE).stdout
        return out if raw else out.decode().strip()

    def blob(self, content):
        if content not in self.blobs:
            self.blobs[content] = self.git("hash-object", "-w", "--stdin", data=content)
        return self.blobs[content]

    def raw_tree(self, entries):
        """A tree of (mode, name, id), in the order given, whatever the names are."""
        data = b"".join(mode.encode() + b" " + (name if isinstance(name, bytes) else name.encode()) + b"\0" +
                        bytes.fromhex(oid) for mode, name, oid in entries)
        return self.git("hash-object", "-w", "--literally", "-t", "tree", "--stdin", data=data)

    def tree(self, files):
        """A tree of {name: content, (content, mode) or a dict for a directory}."""
        entries = []
        for name, value in files.items():
            if isinstance(value, dict):
                entries.append(("40000", name, self.tree(value)))
            else:
                content, mode = value if isinstance(value, tuple) else (value, "100644")
                entries.append((mode, name, content if mode == "160000" else self.blob(content)))
        entries.sort(key=lambda e: e[1].encode() + (b"/" if e[0] == "40000" else b""))
        return self.raw_tree(entries)

    def commit(self, tree, branch="main", parent=None, message="change"):
        """Commits a tree (an id, or what tree() takes) onto a branch."""
        self.clock += 1
        if isinstance(tree, dict):
            tree = self.tree(tree)
        parents = ["-p", parent] if parent else []
        oid = self.git("commit-tree", tree, *parents, data=message)
        self.git("update-ref", f"refs/heads/{branch}", oid)
        return oid


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def plain(self, status, content=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def answer(self):
        path, _, query = self.path.partition("?")
        self.server.requests.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

        what, _, rest = path[1:].partition("/")
        if what == "moved":
            return self.plain(301, Location=f"{self.server.redirect}/{rest}?{query}")
        if what == "broken":
            return self.plain(500)
        if what == "forbidden":
            return self.plain(403)
        if what == "page":
            return self.plain(200, b"<html>hello</html>", Content_Type="text/html")
        if what == "cut":
            self.send_response(200)
            self.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"001e# service=git-upload-pack\n")
            self.close_connection = True
            return None
        if what == "silent":
            self.server.go_on.wait()
            return self.plain(200)
        if what == "private":
            if "Authorization" in self.headers:
                self.server.logins.append(self.headers["Authorization"])
            wanted = "Basic " + base64.b64encode(self.server.login.encode()).decode()
            if self.headers.get("Authorization") != wanted:
                return self.plain(401, WWW_Authenticate='Basic realm="git"')
            path = "/" + rest
        return self.backend(path, query, body)

    do_GET = do_POST = answer

    def backend(self, path, query, body):
        env = dict(ENVIRONMENT, GIT_PROJECT_ROOT=str(self.server.root), GIT_HTTP_EXPORT_ALL="1", PATH_INFO=path,
                   QUERY_STRING=query, REQUEST_METHOD=self.command, REMOTE_ADDR="127.0.0.1",
                   CONTENT_TYPE=self.headers.get("Content-Type", ""), CONTENT_LENGTH=str(len(body)),
                   GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="safe.directory", GIT_CONFIG_VALUE_0="*")
        if encoding := self.headers.get("Content-Encoding"):
            env["HTTP_CONTENT_ENCODING"] = encoding
        out = subprocess.run(["git", "http-backend"], env=env, input=body, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL).stdout
        head, _, content = out.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        status = int(headers.pop("Status", "200").split()[0])
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.plain(status, content, **{k.replace("-", "_"): v for k, v in headers.items()})


class HttpServer(http.server.ThreadingHTTPServer):
    """Serves the bare repositories below `root`. /private/… asks for `login`, /moved/… redirects to `redirect`;
    /broken, /forbidden, /page, /cut and /silent (until `go_on`) are what their names say."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, root, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.root, self.requests, self.login, self.logins = root, [], "ada:hunter-17x", []
        self.go_on = threading.Event()
        self.redirect = "http://elsewhere.invalid"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        pass  # clients that are killed or refuse a certificate are what the tests are about

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        return self

    def __exit__(self, *arguments):
        self.shutdown()
        self.thread.join()
        self.server_close()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def git_daemon(root):
    """git's own server; yields its URL."""
    port = free_port()
    # The program itself, not git's wrapper, which would leave it behind when it is ended.
    program = pathlib.Path(subprocess.check_output(["git", "--exec-path"], text=True).strip()) / "git-daemon"
    env = dict(ENVIRONMENT, GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="safe.directory", GIT_CONFIG_VALUE_0="*")
    daemon = subprocess.Popen([program, "--listen=127.0.0.1", f"--port={port}", f"--base-path={root}", "--export-all",
                               "--reuseaddr", root], env=env, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                assert daemon.poll() is None
                time.sleep(0.01)
        yield f"git://127.0.0.1:{port}"
    finally:
        daemon.terminate()
        daemon.wait()
