#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures an app's stable port: README.md has what and how.

    ports.py --deb FILE [--rounds N] [--redeploys N]
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "system"))

# pylint: disable=wrong-import-position
import repository as repositories
import machine as machines
import tree as trees
from deployd import Deployd

# The fastest server at hand: a haproxy that answers by itself.
FAST = {"Procfile": "web: exec haproxy -db -f app.cfg\n", "app.cfg": '''\
global
    nbthread 1
defaults
    mode http
    timeout client 1m
    timeout server 1m
    timeout connect 1s
frontend app
    bind "${HOST}:${PORT}"
    http-request return status 200 content-type text/plain string hello
'''}
QUEUE_OF_5 = {"Procfile": "web: exec python3 -m http.server --bind $HOST $PORT\n", "index.html": "hello\n"}

PACED = '''\
import http.client, signal, sys, threading, time

PORT, RATE, CLIENTS = int(sys.argv[1]), 400, 16
stop, lock, times, failures = threading.Event(), threading.Lock(), [], []

def client(number):
    keeps, connection, due = number % 2 == 0, None, time.monotonic() + number / RATE
    while not stop.wait(max(due - time.monotonic(), 0)):
        begin = time.monotonic()
        due, failure = max(due + CLIENTS / RATE, begin), None
        try:
            connection = connection or http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
            connection.request("GET", "/", headers={} if keeps else {"Connection": "close"})
            answer = connection.getresponse()
            answer.read()
            failure = answer.status if answer.status != 200 else None
        except (OSError, http.client.HTTPException) as error:
            failure = repr(error)
        with lock:
            times.append(time.monotonic() - begin)
            if failure:
                failures.append(failure)
        if failure or not keeps:
            connection.close()
            connection = None

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
threads = [threading.Thread(target=client, args=(n,)) for n in range(CLIENTS)]
for thread in threads:
    thread.start()
print("runs", flush=True)
signal.sigwait({signal.SIGTERM})
stop.set()
for thread in threads:
    thread.join()
times.sort()
print(f"{len(times)} requests, {len(failures)} failed {failures[:3] or ''}, "
      f"median {times[len(times) // 2] * 1e3:.1f} ms, 99.9% within {times[int(len(times) * 0.999)] * 1e3:.0f} ms, slowest {times[-1] * 1e3:.0f} ms, "
      f"{sum(t > 0.1 for t in times)} over 100 ms", flush=True)
'''


def reuse(machine, deployd, rounds):
    """Requests per second: of a server that was added, and of the same one in the file."""
    deployd.app("fast", FAST)
    port = deployd.get("fast", "Port")
    deployd.live("fast")
    added, written = [], []
    for _ in range(rounds):
        deployd.end(deployd.do("fast", "Redeploy")[0])
        added.append(int(machine.run(["/usr/local/bin/load", port, 16, 5]).stdout))
        machine.systemctl("restart", "deployd-ingress")
        machine.wait(lambda: machine.curl(port, check=False)[0] == 200, what="an answer")
        written.append(int(machine.run(["/usr/local/bin/load", port, 16, 5]).stdout))
    deployd.do("fast", "Stop")
    ratio = statistics.median(added) / statistics.median(written)
    print(f"reuse: added {added}, in the file {written}, ratio {ratio:.2f}", flush=True)


def redeploys(machine, deployd, number):
    """The load with nothing done, with redeploys of another app, and with its own."""
    for app in ("queue", "other"):
        deployd.app(app, QUEUE_OF_5)
        deployd.live(app)
    for what in (None, "other", "queue"):
        port = deployd.get("queue", "Port")
        load = machine.stream(["sh", "-c", f"echo $$; exec python3 /usr/local/bin/paced.py {port}"])
        pid = load.next()
        load.wait(lambda line: line == "runs")
        for _ in range(number):
            if what:
                deployd.end(deployd.do(what, "Redeploy")[0])
            else:
                machine.run(["sleep", "1"])
        machine.run(["kill", "-TERM", pid])
        print(f"{number} redeploys of {what or 'nothing'}: {load.wait(lambda line: 'requests' in line)}", flush=True)
        load.close()


def main():
    """Boots a machine and measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deb", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--redeploys", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["cc", "-O2", "-pthread", "-o", f"{directory}/load", HERE / "load.c"], check=True)
        program = pathlib.Path(directory, "load").read_bytes()
    tree = trees.tree(arguments.deb)
    files = {"/etc/deployd/deploy.conf.d/50-test.conf": repositories.CONFIGURATION + "\n[runner]\ndrain-timeout = 1s\n",
             "/usr/local/bin/paced.py": PACED, "/usr/local/bin/load": program}
    with machines.Machine(tree, files=files) as machine:
        machine.run(["chmod", "755", "/usr/local/bin/load"])
        machine.canary = "bench"
        repositories.serve(machine)
        deployd = Deployd(machine, canary=False)
        reuse(machine, deployd, arguments.rounds)
        redeploys(machine, deployd, arguments.redeploys)


main()
