# SPDX-License-Identifier: LGPL-2.1-or-later
"""A line of the Procfile is run as sh runs it: at the first start, and whenever systemd starts it again."""

import json

import pytest

import repository as repositories
from deployd import Deployd

# Answers with the arguments and the variables it was started with, byte by byte; and who it is.
SHOW = repositories.Program(b"""\
#!/usr/bin/python3
import http.server, json, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({
            "pid": os.getpid(),
            "arguments": [os.fsencode(word).hex() for word in sys.argv[1:]],
            "environment": {os.fsencode(name).hex(): os.fsencode(value).hex() for name, value in os.environ.items()},
        }).encode())

    def log_message(self, *arguments):
        pass

server = http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler)
print("listening as", os.getpid(), flush=True)
server.serve_forever()
""")

# In place of it where a shell alone says what it gives to the program.
TELL = repositories.Program(b"""\
#!/usr/bin/python3
import json, os, sys
print(json.dumps({"pid": os.getpid(), "arguments": [os.fsencode(word).hex() for word in sys.argv[1:]]}))
""")

# What is another one at each start.
OF_THE_START = ("INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID")

# name: the command line, the arguments it gives to the program, and what it sets. {PORT} is the port, {PID} the
# program's own number.
LINES = {
    "port": ("./show --port $PORT ${PORT}1 a$PORT", ["--port", "{PORT}", "{PORT}1", "a{PORT}"], {}),
    "semicolon": ("true; ./show a\\;b 'c;d' ; true", ["a;b", "c;d"], {}),
    "single": ("exec ./show 'a  b' 'say \"$PORT\"' ''", ["a  b", 'say "$PORT"', ""], {}),
    "double": ('exec ./show "a  b" "it\'s $PORT" "\\$PORT" "\\\\"', ["a  b", "it's {PORT}", "$PORT", "\\"], {}),
    "percent": ("exec ./show %n %% %i 100% %%h '%s'", ["%n", "%%", "%i", "100%", "%%h", "%s"], {}),
    "backslash": ("exec ./show a\\ b '\\n\\x41' \\\\ \"\\t\"", ["a b", "\\n\\x41", "\\", "\\t"], {}),
    "unicode": ("exec ./show grüße 日本語 '😀 и' \u00a0", ["grüße", "日本語", "😀 и", "\u00a0"], {}),
    "dollar": ("exec ./show $$HOME $ '$' \"$\" a$", ["{PID}HOME", "$", "$", "$", "a$"], {}),
    "variable": ("GREETING='a b;c' OTHER=\"$PORT%\" exec ./show \"$OTHER\"", [""],
                 {"GREETING": "a b;c", "OTHER": "{PORT}%"}),
    "leading": ("-n 2>/dev/null || exec ./show @x -y +z !w :v", ["@x", "-y", "+z", "!w", ":v"], {}),
    "glob": ("exec ./show s?ow *.nothing [P]rocfile # a comment", ["show", "*.nothing", "Procfile"], {}),
    "substitution": ("exec ./show $(printf '%s-%s' $PORT x) `echo y`", ["{PORT}-x", "y"], {}),
}


@pytest.fixture(scope="module")
def deployd(boot):
    machine = boot(files={"/etc/deployd/deploy.conf.d/60-test.conf": "[runner]\nrestart-pause = 100ms\n"})
    repositories.serve(machine)
    return Deployd(machine)


def alone(machine, line, port):
    """What a shell gives to the program when a script of this one line is run."""
    machine.write("/srv/alone/show", TELL, 0o755)
    machine.write("/srv/alone/Procfile", "")
    machine.write("/srv/alone/script", f"{line}\n")
    return json.loads(machine.sh(f"cd /srv/alone && PORT={port} exec sh ./script"))


def arguments(answer, port):
    """The arguments, with {PORT} and {PID} for the numbers."""
    words = [bytes.fromhex(word).decode() for word in answer["arguments"]]
    return [word.replace(port, "{PORT}").replace(str(answer["pid"]), "{PID}") for word in words]


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_run_as_sh_runs_it_at_every_start(deployd, name):
    machine = deployd.machine
    line, expected, settings = LINES[name]
    deployd.app(name, {"Procfile": f"web: {line}\n", "show": SHOW})
    deployment = deployd.live(name)
    unit, port = deployment["Units"][0], str(deployment["AssignedPort"])
    seen = []

    def look():
        """Waits for an answer of another process than before."""
        pids = [answer["pid"] for answer in seen]
        seen.append(json.loads(deployd.answers(name, lambda text: json.loads(text)["pid"] not in pids)))

    look()
    machine.systemctl("daemon-reload")
    deployd.do(name, "Restart")
    look()
    machine.systemctl("daemon-reload")
    machine.systemctl("restart", unit)
    look()
    machine.systemctl("kill", "--kill-whom=all", "--signal=KILL", unit)
    look()

    assert arguments(alone(machine, line, port), port) == expected
    for answer in seen:
        assert arguments(answer, port) == expected
        environment = {bytes.fromhex(key).decode(): bytes.fromhex(value).decode()
                       for key, value in answer["environment"].items()}
        assert settings.items() <= {key: value.replace(port, "{PORT}") for key, value in environment.items()}.items()
        answer["environment"] = {key: value for key, value in environment.items() if key not in OF_THE_START}
        assert answer["environment"] == seen[0]["environment"]
