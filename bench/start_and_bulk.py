#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How fast vtopo starts, and how fast it predicts in bulk.

    python3 bench/start_and_bulk.py [--vtopo build/vtopo] [--starts N] [--lines N] [--runs N]

Start: `vtopo plan --vcpus 8 --os win10` against /bin/true, from posix_spawn to
wait4, by turns. Bulk: `vtopo predict --requests FILE` on a file of requests
for 4 vCPUs. All figures are medians of this one run; the exit status is 0
whether the targets are met or not.

Peak memory is the kernel's VmHWM while vtopo runs. The ru_maxrss of wait4 is
printed beside it: it also counts this script, whose memory the child shares
until exec, so it is an upper bound.
"""

import argparse
import itertools
import json
import os
import random
import statistics
import subprocess
import tempfile
import time

START_TARGET = 3.0
LINES_TARGET = 100_000
MEMORY_TARGET_MIB = 16

SMP = (
    "4", "cpus=4", "4,sockets=4", "4,sockets=2", "4,cores=4", "4,cores=2", "4,threads=2",
    "4,sockets=1,cores=4,threads=1", "4,sockets=2,cores=2,threads=1",
    "4,sockets=1,cores=2,threads=2", "4,sockets=2,cores=1,threads=2", "4,sockets=4,maxcpus=8",
    "4,maxcpus=8,sockets=2,cores=4", "4,maxcpus=16,sockets=2,cores=4,threads=2",
    "4,dies=2,cores=2",
)
MACHINES = (
    "pc-i440fx-5.2", "pc-i440fx-6.1", "pc-i440fx-6.2", "pc-i440fx-7.2",
    "pc-q35-5.2", "pc-q35-6.1", "pc-q35-6.2", "pc-q35-7.2", "pc", "q35",
)
SYSTEMS = (
    (None, None), ("winxp", "professional"), ("winxp", "home"), ("winvista", "home-premium"),
    ("win7", "professional"), ("win7", "home-premium"), ("win7", "ultimate"), ("win10", "home"),
    ("win10", "professional"), ("win10", None), ("win2k3", "enterprise"), ("win2k22", "standard"),
)


def run(argv, watch_memory=False):
    """One run without output: wall and processor seconds, ru_maxrss and VmHWM in MiB."""
    quiet = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
             (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    start = time.perf_counter()
    child = os.posix_spawn(argv[0], argv, os.environ, file_actions=quiet)
    peak = 0
    while watch_memory:
        peak = max(peak, high_water(child))
        done = os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if done is not None:
            break
        time.sleep(0.005)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"{' '.join(argv)}: exit status {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, peak


def high_water(process):
    """The most memory a running process has had, in MiB; 0 once it is gone."""
    try:
        with open(f"/proc/{process}/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0


def judge(good):
    """What stands behind a figure that has a target."""
    return "" if good else "  below target"


def first_answers(argv, lines):
    """The answers to some lines that are given on standard input."""
    done = subprocess.run(argv + ["--requests", "-"], input="".join(lines), text=True,
                          stdout=subprocess.PIPE, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


def write_lines(directory, name, lines, count, seed=1):
    """A file of `count` lines drawn from `lines`."""
    path = os.path.join(directory, name)
    rng = random.Random(seed)
    with open(path, "w", encoding="ascii") as output:
        while count > 0:
            some = min(count, 1000)
            output.writelines(rng.choices(lines, k=some))
            count -= some
    return path


def predict_lines():
    """Every combination of the tables above as a request."""
    lines = []
    for smp, machine, (system, edition) in itertools.product(SMP, MACHINES, SYSTEMS):
        request = {"smp": smp, "machine": machine, "qemu": "7.2"}
        if system is not None:
            request["os"] = system
        if edition is not None:
            request["edition"] = edition
        lines.append(json.dumps(request) + "\n")
    return lines


def measure_start(vtopo, count):
    """Time vtopo and /bin/true by turns, and print it."""
    programs = {"/bin/true": ["/bin/true"],
                "vtopo plan": [vtopo, "plan", "--vcpus", "8", "--os", "win10"]}
    times = {name: [] for name in programs}
    for _ in range(count):
        for name, argv in programs.items():
            times[name].append(run(argv)[0])
    print(f"start, {count} runs each            median ms    fastest ms")
    for name, walls in times.items():
        print(f"  {name:<30}{statistics.median(walls) * 1e3:10.3f}{min(walls) * 1e3:14.3f}")
    true, plan = (statistics.median(walls) for walls in times.values())
    print(f"  ratio {plan / true:.2f}, target at most {START_TARGET:g}"
          f"{judge(plan / true <= START_TARGET)}")


def measure_bulk(vtopo, count, runs):
    """Predict a file of requests, and print lines a second and peak memory."""
    argv = [vtopo, "predict"]
    lines = predict_lines()
    answers = first_answers(argv, lines)
    errors = sum("error" in answer for answer in answers)
    if len(answers) != len(lines):
        raise SystemExit(f"{len(answers)} answers to {len(lines)} requests")
    with tempfile.TemporaryDirectory() as directory:
        path = write_lines(directory, "predict.jsonl", lines, count)
        size = os.path.getsize(path) / 1e6
        results = [run(argv + ["--requests", path], watch_memory=True) for _ in range(runs)]
    wall, processor = (statistics.median(result[i] for result in results) for i in (0, 1))
    usage, peak = (max(result[i] for result in results) for i in (2, 3))
    print(f"bulk predict, {count} lines, {size:.0f} MB, median of {runs} runs")
    print(f"  {len(lines)} different requests, {errors} of them refused")
    print(f"  wall {wall:.2f} s, user and system {processor:.2f} s")
    print(f"  {count / wall:.0f} lines/s, target {LINES_TARGET}"
          f"{judge(count / wall >= LINES_TARGET)}")
    print(f"  peak memory {peak:.1f} MiB (wait4 with this script: {usage:.1f}),"
          f" target under {MEMORY_TARGET_MIB}{judge(peak < MEMORY_TARGET_MIB)}")


def main():
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vtopo", default="build/vtopo", metavar="PATH")
    parser.add_argument("--starts", type=int, default=500, metavar="N")
    parser.add_argument("--lines", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--runs", type=int, default=3, metavar="N")
    options = parser.parse_args()
    vtopo = os.path.abspath(options.vtopo)
    measure_start(vtopo, options.starts)
    print()
    measure_bulk(vtopo, options.lines, options.runs)


if __name__ == "__main__":
    main()
