# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machine is rebooted in order, in the middle of deployments."""

import fleet
import pytest

DAEMON, INGRESS, DATABASE = "deployd.service", "deployd-ingress.service", "deployd-postgres.service"
PROBE = "deployd-probe.service"

# Of what PID 1 logs of its units: SD_MESSAGE_UNIT_STOPPING_STR and so on in sd-messages.h.
UNIT_STOPPING = "de5b426a63be47a7b6ac3eaac82e2f6f"
UNIT_STOPPED = "9d1aaa27d60140bd96365438aad20286"
UNIT_FAILED = "d9b373ed55a64feb8242e02dbe79a49c"
WARNING = 4


class Rebooted:
    """A machine that was rebooted with three deployments under way and one waiting for its turn."""

    def __init__(self, vm):
        self.vm, self.before = vm, vm.up()
        under_way = {"ant": "patient", "bee": "patient", "cat": "once"}
        self.numbers = {name: vm.call("deploy", name, tag) for name, tag in under_way.items()}
        for number in self.numbers.values():
            vm.call("reach", number, "checking")
        # It must have got so far as to find itself there the second time.
        vm.call("wait_for_file", "cat", "once")
        self.numbers["dog"] = vm.call("deploy", "dog", "v2")
        assert vm.call("describe", self.numbers["dog"])["Status"] == "queued"
        vm.reboot("sh", "systemctl reboot")
        self.journal = vm.call("journal", "--boot=-1")

    def end(self, name):
        """How the deployment of an app ended."""
        return self.vm.call("reach", self.numbers[name], "live", "failed", "cancelled")


@pytest.fixture(scope="module")
def rebooted(booted):
    return Rebooted(booted)


def test_every_app_is_back_on_its_port(rebooted):
    assert rebooted.vm.call("answers", fleet.NAMES) == rebooted.before


def test_apps_stop_before_the_ingress_and_the_daemon_before_its_probe_and_its_database(rebooted):
    stopped = [entry["UNIT"] for entry in rebooted.journal if entry.get("MESSAGE_ID") == UNIT_STOPPED]
    last = {unit: index for index, unit in enumerate(stopped)}
    apps = {unit: index for unit, index in last.items() if unit.startswith("deployd-app-")}
    assert {unit.split("-")[2] for unit in apps} >= set(fleet.NAMES)
    assert max(apps.values()) < min(last[INGRESS], last[DAEMON])
    assert last[DAEMON] < min(last[PROBE], last[DATABASE])


def test_nothing_was_judged_and_nothing_failed_because_the_machine_went_down(rebooted):
    # It is ordered against nothing of deployd's, and stops only then.
    began = next(index for index, entry in enumerate(rebooted.journal)
                 if entry.get("MESSAGE_ID") == UNIT_STOPPING and entry["UNIT"] == "test-agent.service")
    entries = rebooted.journal[began:]
    assert [entry["MESSAGE"] for entry in entries if entry.get("_SYSTEMD_UNIT") == DAEMON
            and int(entry["PRIORITY"]) <= WARNING] == []
    assert [entry["MESSAGE"] for entry in entries if entry.get("MESSAGE_ID") == UNIT_FAILED
            and entry["UNIT"].startswith("deployd")] == []


def test_no_app_was_called_degraded_while_it_came_back(rebooted):
    entries = rebooted.vm.call("journal", "--boot=0")
    assert [entry["MESSAGE"] for entry in entries if entry.get("_SYSTEMD_UNIT") == DAEMON
            and entry["MESSAGE"].startswith("App ") and not entry["MESSAGE"].endswith("is running")] == []


def test_what_was_under_way_goes_on(rebooted):
    for name in ("ant", "bee"):
        assert rebooted.vm.call("describe", rebooted.numbers[name])["ErrorSummary"] == ""
        rebooted.vm.call("touch", name, "go")
        assert rebooted.end(name)["Status"] == "live"
    rebooted.vm.call("touch", "cat", "go")
    ended = rebooted.end("cat")
    assert ended["Status"] == "failed"
    assert "exited with status 3" in ended["ErrorSummary"] and ended["ErrorSummary"].endswith(": once more")
    # Its turn comes when they have ended.
    assert rebooted.end("dog")["Status"] == "live"
    texts = {name: text for name, (_, text) in rebooted.vm.call("answers", fleet.NAMES).items()}
    assert texts == {name: text for name, (_, text) in rebooted.before.items()} | {
        "ant": "python patient", "bee": "python patient", "dog": "python v2"}
