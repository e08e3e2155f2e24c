#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients of deployd, who ask for one thing after another and write down what they were told.

    clients.py SEED APP...

Four at once: two by deployctl, two by busctl. Each deploys an app, deploys its live deployment once more, cancels what
it was promised, or lists. Prints one line of JSON for each answer: verb, and what is known of app, request, id, error.
A Deploy has a request id, and is repeated until there is an answer; nothing else is. On SIGTERM each client brings to
its end what it has begun, and the last line is "end".
"""

import json
import random
import signal
import subprocess
import sys
import threading
import time

CLIENTS = 4
# Seconds: between two calls of a client, and until the next try of a call that came to nothing.
PAUSE, RETRY = 0.5, 0.2
# Deployments of an app that have not ended: with more nothing is added, so that the end is near at any time.
WAITING_MAX = 3
# Cancel answers when nothing runs any more.
TIMEOUT = "--timeout=120"

SEED, *APPS = sys.argv[1:]
NAME, ROOT = "org.deployd.Deploy1", "/org/deployd/Deploy1"
stop = threading.Event()
lock = threading.Lock()


def tell(**what):
    """Writes down what a client was told."""
    with lock:
        print(json.dumps(what), flush=True)


class Refused(Exception):
    """No answer, or an error."""


def run(*argv):
    """What a program printed."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(done.stderr.strip())
    return done.stdout


def call(path, interface, method, *arguments):
    """What a method returns."""
    text = run("busctl", "--json=short", TIMEOUT, "call", NAME, path, f"{NAME}.{interface}", method, *arguments)
    return json.loads(text)["data"] if text.strip() else []


def deploy_by_busctl(app, request):
    return call(ROOT, "Manager", "Deploy", "ssa{sv}", app, "", "1", "request-id", "s", request)[0]


def deploy_by_deployctl(app, request):
    return int(run("deployctl", "deploy", app, "--no-wait", "--request-id", request))


def cancel_by_busctl(number):
    call(f"{ROOT}/deployment/_3{str(number)[0]}{str(number)[1:]}", "Deployment", "Cancel")


def cancel_by_deployctl(number):
    run("deployctl", "cancel", str(number))


class Client:
    """One of them."""

    def __init__(self, number):
        self.number, self.random = number, random.Random(f"{SEED}-{number}")
        self.count, self.promised, self.room = 0, [], True
        by_busctl = number % 2 == 0
        self.deploy_call = deploy_by_busctl if by_busctl else deploy_by_deployctl
        self.cancel_call = cancel_by_busctl if by_busctl else cancel_by_deployctl

    def deploy(self, app):
        self.count += 1
        request, number = f"{SEED}-{self.number}-{self.count}", None
        while number is None:
            try:
                number = self.deploy_call(app, request)
                tell(verb="deploy", app=app, request=request, id=number)
            except Refused as error:
                tell(verb="deploy", app=app, request=request, error=str(error))
                time.sleep(RETRY)
        self.promised.append(number)

    def redeploy(self, app):
        number = call(f"{ROOT}/app/{app}", "App", "Redeploy")[0]
        self.promised.append(number)
        tell(verb="redeploy", app=app, id=number)

    def cancel(self, app):
        if self.promised:
            number = self.promised[-1]
            self.cancel_call(number)
            tell(verb="cancel", app=app, id=number)

    def list(self, app):
        """What it was promised must be in the list. Whether there is room for one more is what it comes for."""
        rows = call(ROOT, "Manager", "ListDeployments", "stu", "", "0", "1000")[0]
        lost = set(self.promised) - {row[0] for row in rows}
        if lost:
            tell(verb="list", app=app, lost=sorted(lost))
        self.room = sum(row[1] == app and row[6] == 0 for row in rows) < WAITING_MAX

    def go_on(self):
        """Asks until it is told to stop."""
        while not stop.wait(self.random.uniform(0, PAUSE)):
            app = self.random.choice(APPS)
            verb = self.random.choice([self.deploy, self.deploy, self.redeploy, self.cancel])
            for one in (self.list, verb):
                try:
                    if one != verb or verb == self.cancel or self.room:
                        one(app)
                except Refused as error:
                    tell(verb=one.__name__, app=app, error=str(error))
                    break


def main():
    """Runs the clients."""
    # Blocked in all threads and waited for in this one: a handler runs only when its thread happens to wake up.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    threads = [threading.Thread(target=Client(number).go_on) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    signal.sigwait({signal.SIGTERM})
    stop.set()
    for thread in threads:
        thread.join()
    print("end", flush=True)


main()
