#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A git server as others run it: git-http-backend behind HTTP, for the bare repositories of one directory.

    git_http.py DIRECTORY PORT [PEM LOGIN_FILE]

With PEM, a certificate and its key, behind HTTPS, for who logs in as the file says, USER:PASSWORD.
Says READY=1 to the service manager when it listens.
"""

import base64
import http.server
import os
import socket
import ssl
import subprocess
import sys
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    """One request is one run of git-http-backend, by the rules of CGI."""

    protocol_version = "HTTP/1.0"

    def do_GET(self):
        """Passes a request on, and the answer back."""
        if len(sys.argv) > 3 and self.headers.get("Authorization") != wanted():
            self.send_response_only(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
            return
        url = urllib.parse.urlsplit(self.path)
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": sys.argv[1],
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": urllib.parse.unquote(url.path),
            "QUERY_STRING": url.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": self.headers.get("Content-Length", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_ADDR": self.client_address[0],
        }
        length = int(self.headers.get("Content-Length") or 0)
        done = subprocess.run(["git", "http-backend"], input=self.rfile.read(length), env=environment,
                              stdout=subprocess.PIPE, check=False)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self.send_response_only(int(fields.pop("Status", "200 OK").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET


def wanted():
    """What a client has to say."""
    with open(sys.argv[4], "rb") as login:
        return "Basic " + base64.b64encode(login.read()).decode()


def main():
    """Serves until it is killed."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler)
    if len(sys.argv) > 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    if "NOTIFY_SOCKET" in os.environ:
        address = os.environ["NOTIFY_SOCKET"]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(b"READY=1", "\0" + address[1:] if address[0] == "@" else address)
    server.serve_forever()


main()
