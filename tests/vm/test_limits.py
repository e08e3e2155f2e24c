# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a container does not enforce and this machine does: the limits of an app."""

MEMORY = 64 << 20
TASKS = 20
# Where clouds have their metadata service.
METADATA = "169.254.169.254"


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
    # The server is there already.
    assert int(text) == TASKS - 1


def test_an_app_reaches_the_network_but_no_metadata_service(vm):
    vm.call("sh", f"ip address add {METADATA}/32 dev lo")
    assert vm.call("reach", vm.call("deploy", "curious", "v1"), "live", "failed")["Status"] == "live"
    assert vm.call("ask", "curious", "127.0.0.1") == "sent"
    assert vm.call("ask", "curious", METADATA) == "Operation not permitted"
    # It is the app's sandbox that forbids it: others may.
    assert vm.call("send", METADATA) == "sent"
