#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An HTTP proxy: tunnels by CONNECT, requests with a whole URL in their first line.

    http_proxy.py PORT LOG [USER:PASSWORD]

Appends a line to LOG for each request, `METHOD TARGET STATUS`, and says READY=1 to the service manager when it listens.
"""

import base64
import contextlib
import http.client
import http.server
import os
import select
import socket
import ssl
import sys
import threading
import urllib.parse

# Of one hop only: RFC 9110, 7.6.1.
HOP = {"connection", "keep-alive", "proxy-authorization", "proxy-authenticate", "proxy-connection", "te",
       "transfer-encoding", "upgrade", "content-length"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def done(self, status):
        self.server.note(f"{self.command} {self.path} {status}")

    def refuse(self, status, **headers):
        self.done(status)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def may(self):
        """Whether the client has said who it is; refuses if it has not."""
        login = self.server.login
        if login and self.headers.get("Proxy-Authorization") != "Basic " + base64.b64encode(login.encode()).decode():
            self.refuse(407, Proxy_Authenticate='Basic realm="proxy"')
            return False
        return True

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        whole = b""
        while size := int(self.rfile.readline(), 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def do_CONNECT(self):
        if not self.may():
            return
        host, _, port = self.path.rpartition(":")
        try:
            upstream = socket.create_connection((host.strip("[]"), int(port)))
        except OSError:
            return self.refuse(502)
        self.done(200)
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        with upstream, contextlib.suppress(OSError):
            pass_on(self.connection, upstream)

    def do_GET(self):
        body = self.body()
        if not self.may():
            return
        url = urllib.parse.urlsplit(self.path)
        if url.scheme != "http":
            return self.refuse(400)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        upstream = http.client.HTTPConnection(url.hostname, url.port or 80)
        try:
            upstream.request(self.command, url._replace(scheme="", netloc="").geturl() or "/", body or None, headers)
            answer = upstream.getresponse()
            content = answer.read()
        except OSError:
            return self.refuse(502)
        finally:
            upstream.close()
        self.done(answer.status)
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET


def pass_on(one, other):
    """Bytes from each to the other until either ends."""
    while True:
        # What TLS has decrypted already makes no descriptor readable.
        pending = [end for end in (one, other) if isinstance(end, ssl.SSLSocket) and end.pending()]
        for end in pending or select.select([one, other], [], [])[0]:
            data = end.recv(65536)
            if not data:
                return
            (other if end is one else one).sendall(data)


class Proxy(http.server.ThreadingHTTPServer):
    """Listens on 127.0.0.1; note(line) is told each request. With a certificate it speaks TLS itself."""

    daemon_threads = True

    def __init__(self, note, login=None, port=0, certificate=None):
        super().__init__(("127.0.0.1", port), Handler)
        self.note, self.login, self.certificate = note, login, certificate
        self.address = f"127.0.0.1:{self.server_address[1]}"
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)

    def finish_request(self, request, client_address):
        if self.certificate:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass  # clients that go in the middle are what some tests are about

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        return self

    def __exit__(self, *arguments):
        self.shutdown()
        self.thread.join()
        self.server_close()


def main():
    """Serves until it is killed."""
    port, path = int(sys.argv[1]), sys.argv[2]
    with open(path, "a", buffering=1, encoding="utf-8") as log:
        server = Proxy(lambda line: log.write(line + "\n"), sys.argv[3] if len(sys.argv) > 3 else None, port)
        if "NOTIFY_SOCKET" in os.environ:
            address = os.environ["NOTIFY_SOCKET"]
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
                notify.sendto(b"READY=1", "\0" + address[1:] if address[0] == "@" else address)
        server.serve_forever()


if __name__ == "__main__":
    main()
