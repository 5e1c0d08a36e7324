#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long `vtopo run` takes until QEMU starts.

    python3 bench/run_start.py [--build build] [--runs N]

`vtopo run IMAGE --vcpus 4` inspects a qcow2 that says it is Windows 7, plans,
and starts QEMU.  Here a program stands in for QEMU that writes down when it
started and ends; the same program is started directly, by turns.  Medians of
this one run; the exit status is 0 whether the target is met or not.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET_MS = 60

# Its name is compiled in: vtopo may start QEMU with another environment.
STAND_IN = r"""
#include <stdio.h>
#include <time.h>

int
main(void)
{
    struct timespec now;
    FILE *file;

    clock_gettime(CLOCK_MONOTONIC, &now);
    file = fopen(WHERE, "w");
    if (file == NULL)
        return 1;
    fprintf(file, "%lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
    return fclose(file);
}
"""


def make_stand_in(folder):
    """The program, and the file that it writes."""
    source, program, started = folder / "qemu.c", folder / "qemu", folder / "started"
    source.write_text(STAND_IN, encoding="ascii")
    subprocess.run(["cc", "-O2", f'-DWHERE="{started}"', "-o", program, source],
                   check=True)
    return program, started


def time_start(command, started):
    """Milliseconds from the start of `command` to that of the program."""
    started.unlink(missing_ok=True)
    start = time.clock_gettime(time.CLOCK_MONOTONIC)
    said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    if not started.exists():
        raise SystemExit(f"{command[0]} started nothing: {said.stderr}")
    return (float(started.read_text(encoding="ascii")) - start) * 1e3


def main():
    """Measure by turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=str(ROOT / "build"), metavar="DIR")
    parser.add_argument("--runs", type=int, default=50, metavar="N")
    options = parser.parse_args()
    os.environ["VTOPO_ACCEL"] = "tcg"
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        image = folder / "win7.qcow2"
        subprocess.run([sys.executable, ROOT / "tests/integration/demo_disk.py",
                        "--build", options.build, image], check=True)
        program, started = make_stand_in(folder)
        run = [os.path.abspath(f"{options.build}/vtopo"), "run", image, "--vcpus", "4",
               "--program", program]
        times = {"directly": [], "vtopo run": []}
        for _ in range(options.runs):
            times["directly"].append(time_start([program], started))
            times["vtopo run"].append(time_start(run, started))
    print(f"until QEMU starts, {options.runs} runs    median ms    fastest ms")
    for name, values in times.items():
        print(f"  {name:<30}{statistics.median(values):10.1f}{min(values):14.1f}")
    over = statistics.median(times["vtopo run"]) - statistics.median(times["directly"])
    print(f"  {over:.1f} ms over it, target at most {TARGET_MS}"
          f"{'' if over <= TARGET_MS else '  target missed'}")


if __name__ == "__main__":
    main()
