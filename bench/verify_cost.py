#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it costs a guest to be watched.

    python3 bench/verify_cost.py [--build build] [--qemu PATH] [--vcpus N]
                                 [--pairs N] [--seconds S]

A Linux counts in a loop, under TCG.  In pairs of short turns it is left alone,
and looked at by `vtopo verify --watch`, once a second; which of the two comes
first alternates from pair to pair, so that what the host does slowly falls on
both.  Each pair gives two ratios, watched to left alone:

  how far it counts in a second, which is what its user feels, and
  the CPU time that its vCPU threads take for one step, in which no time is
  that they wait for the host, but all is that they spend on those who look.

On a noisy host these two cannot tell 1 %.  So a third figure bounds the cost:
what QEMU's main thread, which answers those who look, runs in a second more
than without them.  A vCPU that waits for an answer to be made waits no longer
than that; what it does itself for one is in its own time.

The figure is the median of the ratios, with the interval that holds that of
all pairs to come with 95 % confidence, by ranks: nothing is supposed of how
they are spread.  Whether the target is met is said where the interval lies on
one side of it.  The exit status is 0 whether it is met or not.
"""

import argparse
import dataclasses
import math
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/integration"))
import states  # noqa: E402  pylint: disable=wrong-import-position
from record import Qmp, thread_seconds  # noqa: E402  pylint: disable=wrong-import-position
from states_table import Case, labels  # noqa: E402  pylint: disable=wrong-import-position

TARGET = 0.01
CONFIDENCE = 0.95
STEP = 200              # it says so whenever it has counted so far
TAIL = 400              # bytes that hold the last of these lines
SETTLE_SECONDS = 3      # before the first turn
WARM_UP_SECONDS = 0.5   # of vtopo, before it counts
PATIENCE_SECONDS = 30   # for one more step


# ---------------------------------------------------------------- one turn

@dataclasses.dataclass
class Moment:
    """A moment at which the guest had just counted up to a number."""
    count: int
    wall: float         # seconds
    cpu: float          # of its vCPU threads
    main: float         # seconds that QEMU's main thread has run


class Counter:
    """Tells how far the guest has come."""

    def __init__(self, machine):
        self.machine = machine
        answer = Qmp(str(machine.folder / "act")).ask("query-cpus-fast")
        self.threads = [vcpu["thread-id"] for vcpu in answer]
        self.pid = machine.process.pid

    def count(self):
        """The last number that it said."""
        with open(self.machine.says, "rb") as said:
            said.seek(max(0, said.seek(0, 2) - TAIL))
            numbers = re.findall(rb"counted (\d+)\r?\n", said.read())
        return int(numbers[-1]) if numbers else 0

    def next(self):
        """Wait until it says the next number, so that no step is cut."""
        before = self.count()
        until = time.monotonic() + PATIENCE_SECONDS
        while (count := self.count()) == before:
            if time.monotonic() > until:
                raise states.Trouble("the guest counts no more")
            time.sleep(0.002)
        return Moment(count, time.monotonic(),
                      sum(thread_seconds(thread) or 0 for thread in self.threads),
                      self.main_seconds())

    def main_seconds(self):
        """How long QEMU's main thread has run, by the scheduler's clock."""
        path = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/schedstat")
        return int(path.read_text().split()[0]) / 1e9

    def turn(self, seconds):
        """Steps in a second, and CPU seconds for a step, over so many seconds."""
        first = self.next()
        time.sleep(seconds)
        last = self.next()
        steps = last.count - first.count
        wall = last.wall - first.wall
        return steps / wall, (last.cpu - first.cpu) / steps, (last.main - first.main) / wall


def watched(bench, counter, seconds):
    """The same, while it is looked at each second."""
    command = [bench.vtopo, "verify", "--watch", "--qmp",
               counter.machine.folder / "judge"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL) as verify:
        try:
            time.sleep(WARM_UP_SECONDS)
            turn = counter.turn(seconds)
            if verify.poll() is not None:
                raise states.Trouble(f"vtopo ended with status {verify.returncode}")
            return turn
        finally:
            verify.send_signal(signal.SIGINT)
            verify.wait()


def measure(bench, folder, args):
    """Pairs of turns: left alone, and watched."""
    case = Case("amd64", labels(used=args.vcpus), f"states_count={STEP}",
                cpu="qemu64")
    machine = states.Machine(bench, case, folder)
    pairs = []
    try:
        machine.wait_for_socket()
        while "counted" not in machine.said():
            machine.look()
            time.sleep(0.2)
        time.sleep(SETTLE_SECONDS)
        counter = Counter(machine)
        for number in range(args.pairs):
            if number % 2 == 0:
                alone = counter.turn(args.seconds)
                looked_at = watched(bench, counter, args.seconds)
            else:
                looked_at = watched(bench, counter, args.seconds)
                alone = counter.turn(args.seconds)
            pairs.append((alone, looked_at))
    finally:
        machine.end()
    return pairs


# -------------------------------------------------------------- the figure

def interval(ratios):
    """Two of the ratios, between which their median is with CONFIDENCE; None
    where there are too few.

    Each new one is above the true median as often as below: that the lowest
    k of n do not reach it is as likely as at most k - 1 heads of n coins.
    """
    ranked, n = sorted(ratios), len(ratios)
    chance, k = 0.0, 0
    while True:
        chance += math.comb(n, k) / 2 ** n
        if chance > (1 - CONFIDENCE) / 2:
            break
        k += 1
    return (ranked[k - 1], ranked[n - k]) if k > 0 else None


def verdict(low, high):
    """What an interval of the cost says."""
    if high <= TARGET:
        return "target met"
    return "target missed" if low > TARGET else "cannot be told"


def show(what, unit, pairs, index, cost_of):
    """One figure, of the part `index` of every turn."""
    ratios = [looked_at[index] / alone[index] for alone, looked_at in pairs]
    print(f"  {what}")
    for name, turns in (("left alone", [alone for alone, _ in pairs]),
                        ("watched", [looked_at for _, looked_at in pairs])):
        values = [turn[index] for turn in turns]
        middle = statistics.median(values)
        print(f"    {name:<12}{middle * unit[1]:12.1f} {unit[0]}   turns differ by "
              f"{(max(values) - min(values)) / middle * 100:.1f} %")
    found = interval(ratios)
    print(f"    ratio       {statistics.median(ratios):12.4f}", end="")
    if found is None:
        print("   too few pairs for an interval")
        return
    low, high = sorted(cost_of(ratio) for ratio in found)
    print(f"   {found[0]:.4f} to {found[1]:.4f} ({CONFIDENCE * 100:g} %)   "
          f"cost {low * 100:.2f} to {high * 100:.2f} %, at most {TARGET * 100:g} %: "
          f"{verdict(low, high)}")


def show_bound(pairs):
    """What waiting for QEMU's main thread can cost."""
    print("  QEMU's main thread runs in a second")
    for name, which in (("left alone", 0), ("watched", 1)):
        middle = statistics.median(pair[which][2] for pair in pairs)
        print(f"    {name:<12}{middle * 1e3:12.2f} ms")
    more = [looked_at[2] - alone[2] for alone, looked_at in pairs]
    print(f"    difference  {statistics.median(more) * 1e3:12.2f} ms", end="")
    found = interval(more)
    if found is None:
        print("   too few pairs for an interval")
        return
    print(f"   {found[0] * 1e3:.2f} to {found[1] * 1e3:.2f} ms ({CONFIDENCE * 100:g} %)   "
          f"{found[0] * 100:.2f} to {found[1] * 100:.2f} % of a second, at most "
          f"{TARGET * 100:g} %: {verdict(*found)}")


def main():
    """Measure in pairs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=str(ROOT / "build"), metavar="DIR")
    parser.add_argument("--qemu", default="qemu-system-x86_64", metavar="PATH")
    parser.add_argument("--vcpus", type=int, default=1, metavar="N")
    parser.add_argument("--pairs", type=int, default=60, metavar="N")
    parser.add_argument("--seconds", type=float, default=3, metavar="S")
    args = parser.parse_args()
    if args.pairs < 1 or args.seconds <= 0 or args.vcpus < 1:
        parser.error("--pairs, --seconds and --vcpus must be above 0")
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        bench = states.Bench(args, work)
        try:
            pairs = measure(bench, work, args)
        except states.Skip as reason:
            print(f"skipped: {reason}")
            return
    print(f"a Linux with {args.vcpus} vCPU counts, {args.pairs} pairs of turns of "
          f"{args.seconds:g} s, medians")
    show("how far in a second", ("steps", 1), pairs, 0, lambda ratio: 1 - ratio)
    show("CPU time of its vCPU threads for a step", ("us", 1e6), pairs, 1,
         lambda ratio: ratio - 1)
    show_bound(pairs)


if __name__ == "__main__":
    main()
