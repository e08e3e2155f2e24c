# SPDX-License-Identifier: LGPL-2.1-or-later
"""The power goes at a random moment, in the middle of deployments."""

import random
import time

import fleet

CUTS, CUTS_LONG = 1, 10
# Long enough for a few deployments: one takes some seconds here.
MOMENT_MAX = 30.0


def test_what_was_acknowledged_is_there_after_a_power_cut(vm, long, seed):
    print(f"--seed={seed}")
    chance = random.Random(seed)
    ports = {name: port for name, (port, _) in vm.call("answers", fleet.NAMES).items()}
    for _ in range(CUTS_LONG if long else CUTS):
        vm.start("deploy_until_the_end", fleet.NAMES, fleet.VERSIONS, chance.randrange(1 << 32))
        vm.said()
        time.sleep(chance.uniform(0, MOMENT_MAX))
        acknowledged = vm.cut()

        vm.boot()
        assert vm.call("violations", acknowledged) == []
        ended = {number: vm.call("describe", number) for number in acknowledged}
        assert {number: (one["Status"], one["ErrorSummary"]) for number, one in ended.items()
                if one["Status"] not in ("live", "superseded")} == {}
        assert {name: port for name, (port, _) in vm.call("answers", fleet.NAMES).items()} == ports
