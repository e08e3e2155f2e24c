# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a container does not enforce and this machine does: the limits of an app, and of a build."""

MEMORY = 64 << 20
TASKS = 20
# Where clouds have their metadata service.
METADATA = "169.254.169.254"
PRIVATE = "10.0.0.1"


def test_an_app_over_its_memory_limit_is_killed_and_the_sentence_says_so(vm):
    vm.call("set", "greedy", {"MemoryMax": MEMORY})
    before = vm.call("answers", ["ant"])
    ended = vm.call("reach", vm.call("deploy", "greedy", "v1"), "live", "failed")
    assert ended["Status"] == "failed"
    assert ended["ErrorSummary"].startswith("web.1 ran out of memory (its limit is 64 MiB)")
    assert vm.call("answers", ["ant"]) == before


def test_an_app_gets_no_more_processes_than_its_limit(vm):
    vm.call("set", "many", {"TasksMax": TASKS})
    assert vm.call("reach", vm.call("deploy", "many", "v1"), "live", "failed")["Status"] == "live"
    (_, text), = vm.call("answers", ["many"]).values()
    # The server is there already, and the relay of what it prints.
    assert int(text) == TASKS - 2


def test_an_app_reaches_the_network_but_no_metadata_service(vm):
    vm.call("sh", f"ip address add {METADATA}/32 dev lo")
    assert vm.call("reach", vm.call("deploy", "curious", "v1"), "live", "failed")["Status"] == "live"
    assert vm.call("ask", "curious", "127.0.0.1") == "sent"
    assert vm.call("ask", "curious", METADATA) == "Operation not permitted"
    # It is the app's sandbox that forbids it: others may.
    assert vm.call("send", METADATA) == "sent"


# Builds: they are allowed here, by default, because all limits are enforced.

def build(vm, name):
    """Deploys what is built first: how that ended, while another app goes on."""
    before = vm.call("answers", ["ant"])
    ended = vm.call("reach", vm.call("deploy", name, "v1"), "live", "failed")
    assert vm.call("answers", ["ant"]) == before
    return ended


def test_this_machine_enforces_all_limits(vm):
    assert vm.call("sandbox") == ["enforced", []]


def test_a_build_that_eats_memory_is_killed_and_the_sentence_says_so(vm):
    assert build(vm, "eater")["ErrorSummary"] == \
        "build: ran out of memory (its limit is 128 MiB): build-memory-max of [runner] in deploy.conf"


def test_a_build_that_forks_without_end_is_ended_and_the_sentence_says_so(vm):
    assert build(vm, "bomber")["ErrorSummary"] == \
        "build: it needed more than 64 processes and threads: build-tasks-max of [runner] in deploy.conf"


def test_a_build_reaches_neither_this_machine_nor_a_private_network(vm):
    # Somewhere to go: else nothing is sent for want of a way.
    for address in (PRIVATE, METADATA):
        vm.call("sh", f"ip address replace {address}/32 dev lo")
    ended = build(vm, "caller")
    assert ended["Status"] == "live", ended["ErrorSummary"]
    lines = [entry["MESSAGE"] for entry in vm.call("journal", f"_SYSTEMD_UNIT=deployd-build-caller-{ended['Id']}.service")]
    refused = "Operation not permitted"
    assert [line for line in lines if line[0].isdigit()] == \
        [f"127.0.0.1 {refused}", f"{PRIVATE} {refused}", f"{METADATA} {refused}"]


# A server of one's own

DROPINS = "/etc/systemd/system/deployd.service.d"
# What the daemon gets that connects to where nobody listens. What it sends is thrown away unless that is allowed.
CONNECT = """\
[Service]
ExecStartPre=python3 -c 'import os, socket; s = socket.socket(); s.settimeout(20); \\
        print(os.strerror(s.connect_ex(("127.0.0.1", 9))))'
"""


def test_the_drop_in_for_a_database_by_tcp_lets_deployd_connect(vm):
    try:
        vm.call("sh", f"mkdir -p {DROPINS}; cp /usr/share/deployd/database-tcp.conf {DROPINS}\n"
                      f"cat >{DROPINS}/test.conf <<'END'\n{CONNECT}END\n"
                      "systemctl daemon-reload; systemctl restart deployd")
        invocation = vm.call("sh", "systemctl show --property=InvocationID --value deployd")
        said = [entry["MESSAGE"] for entry in vm.call("journal", f"_SYSTEMD_INVOCATION_ID={invocation}")]
        assert "Connection refused" in said
    finally:
        vm.call("sh", f"rm -r {DROPINS}; systemctl daemon-reload; systemctl restart deployd")
