# SPDX-License-Identifier: LGPL-2.1-or-later
"""Answers / with what it is and of which version, /env with the settings it was started with."""

import http.server
import os
import pathlib

VERSION = pathlib.Path(__file__).with_name("VERSION").read_text(encoding="utf-8").strip()
NAMES = ("PORT", "HOST", "HOME", "DYNO", "GIT_REV", "DEPLOYD_APP", "DEPLOYD_DEPLOYMENT", "GREETING")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/":
            status, text = 200, f"python {VERSION}\n"
        elif self.path == "/env":
            status, text = 200, "".join(f"{name}={os.environ.get(name, '')}\n" for name in NAMES)
        else:
            status, text = 404, "there is / and /env\n"
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        print(format % arguments, flush=True)


address = (os.environ["HOST"], int(os.environ["PORT"]))
print(f"python {VERSION} on http://{address[0]}:{address[1]}", flush=True)
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
