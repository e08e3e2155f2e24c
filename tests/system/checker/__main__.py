# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks a machine with deployd: one sentence for each violation, which begins with the invariant's number.

C1  every acknowledged deployment has its row; rows end, say why, and are what the bus shows
C2  an app has one live deployment at most
C3  an app that runs is answered by its live deployment, on its stable port
C4  units and rows agree, both ways
C5  ports: one owner each, who listens there; none leaked
C6  files: what rows name is there and whole, and nothing else; no data of an app without a row of it, be it a removed
    one's
C7  no canary (the value of an environment variable) where others can read it
C8  no file of a dynamic user outside of its places
C9  no crash, sanitizer report or watchdog in the journal, no core
C10 memory and open files within bounds
C11 no unit is asked for the same again and again without a pause
C12 of an app that is wanted, the units are those of its formation

While deployd says that the apps here are not those of the database, C1 to C6 and C12 are not asked: it leaves all as it is.

Exit status 0: none. It waits until nothing is under way, and then until all agrees: what comes right by itself in
that time is no violation. It needs Python and the machine's own commands, and changes nothing.
"""

import argparse
import itertools
import sys
import time

import agree
import calls
import facts
import found

# deployd's private server.
DATABASE = "host=/run/deployd/postgres user=deployd dbname=deployd"
# Rows have no event to wait for.
PAUSE = 0.1
# Releases other than the live ones whose digest is looked at without --thorough.
DIGESTS = 3


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settle", type=float, default=60, metavar="SECONDS",
                        help="how long deployments may still take")
    parser.add_argument("--grace", type=float, default=10, metavar="SECONDS",
                        help="how long it may take then until all agrees")
    parser.add_argument("--unsettled", action="store_true", help="do not wait: only what must hold at every moment")
    parser.add_argument("--thorough", action="store_true", help="all releases, units, tables and directories too")
    parser.add_argument("--acknowledged", metavar="FILE", help="lines with a deployment's id, or `request ID`")
    parser.add_argument("--canary", action="append", default=[], metavar="VALUE",
                        help="a secret that must be found nowhere")
    parser.add_argument("--restarts", type=int, metavar="N", help="how often deployd.service was restarted by systemd")
    parser.add_argument("--cursor", metavar="FILE", help="look at the journal since the last time, noted there")
    parser.add_argument("--without", action="append", default=[], metavar="CN", help="do not ask for this invariant")
    parser.add_argument("--database", default=DATABASE, help="where the rows are, in the words of libpq")
    return parser.parse_args()


class Checker:
    """One run: what is asked for, and what was found."""

    def __init__(self, options):
        self.options = options
        self.canaries = [canary.encode() for canary in options.canary]
        self.words = []
        if options.acknowledged:
            with open(options.acknowledged, encoding="utf-8") as file:
                self.words = [line.strip() for line in file if line.strip()]

    def asked(self, sentences):
        """The sentences about what was asked for."""
        return [line for line in sentences if line.partition(":")[0] not in self.options.without]

    def look(self):
        """Reads all: (facts, the world they make or None, what is under way, what is wrong whatever that is, what does
        not agree if nothing is)."""
        read = facts.Facts(self.options.database)
        if None in (read.rows, read.objects, read.manager, read.units, read.listeners):
            return read, None, [], self.asked(read.problems), []
        world = agree.World(read)
        wrong = self.asked([*read.problems, *agree.always(world), *agree.acknowledged(world, self.words)])
        if self.options.unsettled:
            return read, world, [], wrong, []
        differs = self.asked(agree.settled(world)) if not read.problems else []
        return read, world, self.asked(agree.unsettled(world)), wrong, differs

    def wait(self):
        """Looks until nothing is under way and all agrees, or the time is over."""
        began = time.monotonic()
        settled = None
        while True:
            read, world, under_way, wrong, differs = self.look()
            now = time.monotonic()
            if under_way:
                settled, over = None, now - began >= self.options.settle
                differs = under_way
            else:
                settled = settled or now
                over = self.options.unsettled or now - settled >= self.options.grace
            if over or not wrong and not differs:
                return read, world, wrong + differs
            time.sleep(PAUSE)

    def run(self):
        """All sentences."""
        read, world, wrong = self.wait()
        options = self.options
        checks = [found.journal(options.cursor, self.canaries), found.cores(), calls.repeated()]
        if self.canaries:
            checks.append(found.secrets(read, self.canaries))
        if world:
            checks.append(found.restarts(read.units, options.restarts))
            if not options.unsettled and not wrong:
                number = len(world.rows["release"]) if options.thorough else DIGESTS
                checks.append(found.sizes())
                if not world.foreign():
                    checks += [agree.apps_answer(world), agree.releases_are_whole(world, number)]
        if options.thorough:
            checks.append(found.strangers())
            if self.canaries:
                checks.append(found.all_secrets(self.canaries, options.database if world else None))
        return list(dict.fromkeys([*wrong, *self.asked(itertools.chain.from_iterable(checks))]))


def main():
    sentences = Checker(arguments()).run()
    print(*sentences, sep="\n", end="\n" if sentences else "")
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main())
