#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it costs a guest to be watched.

    python3 bench/verify_cost.py [--build build] [--qemu PATH] [--turns N] [--seconds S]

A Linux counts in a loop, under TCG.  By turns of some seconds it is left
alone, and looked at by `vtopo verify --watch`, once a second.  The figure is
how far it counts in a second: medians of all turns of one run, and their
ratio.  The exit status is 0 whether the target is met or not.
"""

import argparse
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/integration"))
import states  # noqa: E402  pylint: disable=wrong-import-position
from states_table import Case, labels  # noqa: E402  pylint: disable=wrong-import-position

TARGET = 0.01
STEP = 200              # it says so whenever it has counted so far


def rate(machine, seconds):
    """How far the guest counts in a second, over so many."""
    def now():
        return machine.said().count("counted"), time.monotonic()

    first, start = now()
    time.sleep(seconds)
    last, end = now()
    return (last - first) * STEP / (end - start)


def watched(bench, machine, seconds):
    """The same, while it is looked at each second."""
    command = [bench.vtopo, "verify", "--watch", "--qmp", machine.folder / "judge"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL) as verify:
        try:
            time.sleep(0.5)
            return rate(machine, seconds)
        finally:
            verify.send_signal(signal.SIGINT)
            verify.wait()


def measure(bench, folder, args):
    """Rates of a guest left alone, and watched."""
    case = Case("amd64", labels(used=args.vcpus),
                       f"states_count={STEP}", cpu="qemu64")
    machine = states.Machine(bench, case, folder)
    alone, looked_at = [], []
    try:
        machine.wait_for_socket()
        while "counted" not in machine.said():
            machine.look()
            time.sleep(0.2)
        time.sleep(3)
        for _ in range(args.turns):
            alone.append(rate(machine, args.seconds))
            looked_at.append(watched(bench, machine, args.seconds))
    finally:
        machine.end()
    return alone, looked_at


def main():
    """Measure by turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=str(ROOT / "build"), metavar="DIR")
    parser.add_argument("--qemu", default="qemu-system-x86_64", metavar="PATH")
    parser.add_argument("--vcpus", type=int, default=1, metavar="N")
    parser.add_argument("--turns", type=int, default=8, metavar="N")
    parser.add_argument("--seconds", type=float, default=10, metavar="S")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        bench = states.Bench(args, work)
        try:
            alone, looked_at = measure(bench, work, args)
        except states.Skip as reason:
            print(f"skipped: {reason}")
            return
    print(f"a Linux with {args.vcpus} vCPU counts, {args.turns} turns of "
          f"{args.seconds:g} s            a second (median)")
    for name, rates in (("left alone", alone), ("watched each second", looked_at)):
        spread = (max(rates) - min(rates)) / statistics.median(rates)
        print(f"  {name:<30}{statistics.median(rates):12.0f}"
              f"   spread {spread * 100:.1f} %")
    ratio = statistics.median(looked_at) / statistics.median(alone)
    print(f"  ratio {ratio:.4f}, target at least {1 - TARGET:g}"
          f"{'' if ratio >= 1 - TARGET else '  target missed'}")


if __name__ == "__main__":
    main()
