#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients of one port, all the time: half of them over one connection each, half with a new one for each request;
with `new` all of them.

    load.py PORT RATE SECONDS CLIENTS [new]

GETs / RATE times a second in all, as far as the machine can, for at most SECONDS. Prints its process id when each
client has had an answer; then each new text that is answered, and "#N" after each 500 requests; on SIGTERM one line of
JSON: how many requests there were, how many of them failed, how many of those since the connection was refused, and how
the first did. A request has failed when it is not answered with 200, or only
after 10 s. None is ever sent again.
"""

import http.client
import json
import os
import signal
import sys
import threading
import time

PATIENCE = 10
SHOWN = 10
TOLD = 500

PORT, RATE, SECONDS, CLIENTS = (int(word) for word in sys.argv[1:5])
KEEP = sys.argv[5:] != ["new"]
END = time.monotonic() + SECONDS
stop = threading.Event()
lock = threading.Lock()
counts = {"requests": 0, "failed": 0, "refused": 0, "failures": []}
answers = set()
had_answer = threading.Barrier(CLIENTS + 1)


def note(text, failure):
    """Counts one request: what was answered, or how it failed."""
    with lock:
        counts["requests"] += 1
        if counts["requests"] % TOLD == 0:
            print(f"#{counts['requests']}", flush=True)
        if failure:
            counts["failed"] += 1
            counts["refused"] += "ConnectionRefused" in failure
            if len(counts["failures"]) < SHOWN:
                counts["failures"].append(f"{time.time():.3f} {failure}")
        elif text not in answers:
            answers.add(text)
            print(text, flush=True)


def client(number):
    """One client, at its share of the rate."""
    keeps, first = KEEP and number % 2 == 0, True
    connection, due = None, time.monotonic() + number / RATE
    while not stop.wait(max(due - time.monotonic(), 0)) and time.monotonic() < END:
        due = max(due + CLIENTS / RATE, time.monotonic())
        connection = connection or http.client.HTTPConnection("127.0.0.1", PORT, timeout=PATIENCE)
        text = failure = None
        try:
            connection.request("GET", "/", headers={} if keeps else {"Connection": "close"})
            answer = connection.getresponse()
            text = answer.read().decode().strip()
            if answer.status != 200:
                failure = f"{answer.status} {text}"
        except (OSError, http.client.HTTPException) as error:
            failure = f"{type(error).__name__}: {error}{' (kept connection)' if keeps else ''}"
        note(text, failure)
        if first:
            had_answer.wait()
            first = False
        if failure or not keeps:
            connection.close()
            connection = None


def main():
    """Runs the clients."""
    # Blocked in all threads and waited for in this one: a handler runs only when its thread happens to wake up.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    had_answer.wait()
    print(os.getpid(), flush=True)
    signal.sigtimedwait({signal.SIGTERM}, max(END - time.monotonic(), 0))
    stop.set()
    for thread in threads:
        thread.join()
    print(json.dumps(counts), flush=True)


main()
