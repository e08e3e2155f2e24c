# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sample applications, from their first commit on: by branch, tag and commit, without a moment of silence."""

import pytest

import repository as repositories
from deployd import Deployd

# Few ports, so that all of them can be asked again and again.
PORTS = range(20000, 20006)

# Asks all ports until it is killed, and says who answers whenever that is another than before, or "silent". One
# port after the other is asked: a round in which the new instance came up behind it and the old one went before
# it is no silence, so a second round has to agree.
KNOCK = """\
import sys, urllib.request

def answer():
    for port in range(int(sys.argv[1]), int(sys.argv[2])):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).read().decode().strip()
        except OSError:
            pass
    return None

last = ""
while True:
    text = answer() or answer() or "silent"
    if text != last:
        print(text, flush=True)
    last = text
"""


@pytest.fixture(scope="module")
def deployd(boot):
    machine = boot(files={
        "/etc/deployd/deploy.conf.d/60-test.conf": f"[ports]\nrange = {PORTS.start}-{PORTS.stop - 1}\n",
        "/usr/local/lib/deployd-test/knock.py": KNOCK,
    })
    repositories.serve(machine)
    return Deployd(machine)


@pytest.mark.parametrize("kind", ["python", "node", "c"])
def test_a_sample_goes_from_commit_to_commit_without_silence(deployd, kind):
    machine = deployd.machine
    repository = deployd.app(kind, repositories.sample(kind, "1"))
    first = repository.git("rev-parse", "main")

    # revision asked for, version it answers with
    before = deployd.live(kind)
    assert before["Revision"] == first
    assert machine.curl(before["AssignedPort"]) == (200, f"{kind} 1\n")
    knocking = machine.stream(["python3", "/usr/local/lib/deployd-test/knock.py", PORTS.start, PORTS.stop])
    assert knocking.next() == f"{kind} 1"

    second = repository.commit(repositories.sample(kind, "2"))
    repository.git("branch", "release/2", second)
    third = repository.commit(repositories.sample(kind, "3"))
    repository.tag("v3", third, annotated=True)
    repository.commit(repositories.sample(kind, "4"))

    for revision, commit, version in (("release/2", second, "2"), ("v3", third, "3"), (first, first, "1"),
                                      (third[:7], third, "3"), ("", repository.git("rev-parse", "main"), "4")):
        after = deployd.live(kind, revision)
        assert after["Revision"] == commit
        assert after["RequestedRevision"] == revision
        assert machine.curl(after["AssignedPort"]) == (200, f"{kind} {version}\n")
        knocking.wait(lambda line, version=version: line == f"{kind} {version}")

        # The old one is retired: its unit is gone and its port is free.
        machine.wait(lambda after=after: machine.units(f"deployd-app-{kind}-*") == after["Units"],
                     what="the end of the old instance")
        old = deployd.describe(before["Id"])
        assert (old["Status"], old["Units"]) == ("superseded", [])
        assert machine.curl(before["AssignedPort"], check=False)[0] == 0
        before = after

    assert "silent" not in knocking.drain()
    assert deployd.get(kind, "Status") == "running"
    deployd.do(kind, "Stop")
    # What would have been said of a moment without an answer.
    knocking.wait(lambda line: line == "silent")
    knocking.close()
    deployd.do(kind, "Remove", "b", "false")
