#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it costs to inspect the disk of a guest.

    python3 bench/inspect_images.py [--vtopo build/vtopo] [--data ../shared/data]
                                    [--runs N] [--images N] [--with-virt-inspector]

The disk is made here: a qcow2 of 40 GiB with one NTFS partition, 5,000 files
in System32, the real SYSTEM hive of a Windows 7 grown to 14 MB with empty
bins, and a SOFTWARE hive of 100 MB.  The figures:

- bytes and requests read from the disk, as the answer says;
- peak memory of vtopo and of its worker: VmHWM at their end, which strace
  holds back for a moment (without strace: as often as it can be looked at);
- wall time against the floor, `nbdinfo --size` through qemu-nbd on the same
  file: starting the server and asking one question; by turns, medians;
- a thousand such images (copies of an overlay), two at a time: milliseconds
  each, and memory, which must not grow with their number;
- with --with-virt-inspector, virt-inspector on the same image in the same
  run, under TCG.  It must be installed; one run takes a minute.

The page cache is warm.  All figures are of this one run; the exit status is 0
whether the targets are met or not.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import large_image
from large_image import judge, made, timed

ROOT = Path(__file__).resolve().parents[1]

BYTES_TARGET = 2 << 20
MEMORY_TARGET_MIB = 32
RATIO_TARGET = 2.0
EACH_TARGET_MS = 12.0
VIRT_INSPECTOR_TARGET = 500


class Watch:
    """The peak memory of every program below this process, by its name, looked
    at as often as may be while the block runs."""

    def __init__(self):
        self.peaks = {}         # name: MiB of the largest process
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    def _look(self):
        while not self.stop.is_set():
            for process in self._below(os.getpid()):
                self._note(process)
            time.sleep(0.001)

    def _below(self, process):
        try:
            for thread in os.listdir(f"/proc/{process}/task"):
                with open(f"/proc/{process}/task/{thread}/children", encoding="ascii") as list_:
                    for child in list_.read().split():
                        yield child
                        yield from self._below(child)
        except OSError:
            pass

    def _note(self, process):
        try:
            with open(f"/proc/{process}/status", encoding="ascii", errors="replace") as status:
                lines = dict(line.split(":", 1) for line in status if ":" in line)
            name, peak = lines["Name"].strip(), int(lines["VmHWM"].split()[0]) / 1024
            self.peaks[name] = max(self.peaks.get(name, 0), peak)
        except (OSError, KeyError, ValueError):
            pass


def measure_read(vtopo, image):
    """Ask once: what was read, and that the answer is right."""
    done = subprocess.run([vtopo, "inspect", "--json", image], stdout=subprocess.PIPE,
                          check=True)
    answer = json.loads(done.stdout)
    system = answer["systems"][0]
    if (system["osinfo"], system["license"]["sockets"]) != ("win7", 2):
        raise SystemExit(f"the answer is wrong: {system['osinfo']}, {system['license']}")
    read = answer["read"]
    print(f"read: {read['bytes']} bytes ({read['bytes'] / 2**20:.2f} MiB) in "
          f"{read['requests']} requests, target at most {BYTES_TARGET >> 20} MiB"
          f"{judge(read['bytes'] <= BYTES_TARGET)}")


def measure_memory(vtopo, image):
    """Peak memory of each program of one inspection."""
    argv = [vtopo, "inspect", "--json", str(image)]
    how = "looked at while they ran"
    if shutil.which("strace"):
        argv = ["strace", "-f", "-qqq", "-o", os.devnull, "-e", "trace=exit_group", "-e",
                "inject=exit_group:delay_enter=30000", *argv]
        how = "at their end"
    with Watch() as watch:
        for _ in range(5):
            subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    parent, worker = (watch.peaks.get(name, 0) for name in ("vtopo", "vtopo-worker"))
    both = parent + worker
    print(f"memory: vtopo {parent:.1f} MiB, worker {worker:.1f} MiB, both {both:.1f} MiB "
          f"({how}), target at most {MEMORY_TARGET_MIB}{judge(both <= MEMORY_TARGET_MIB)}; "
          f"qemu-nbd {watch.peaks.get('qemu-nbd', 0):.1f} MiB")


def measure_time(vtopo, image, runs):
    """Wall time against the floor, by turns.  Returns our median."""
    floor_argv = large_image.floor(image)
    ours, floor = [], []
    for number in range(runs + 2):
        floor.append(timed(floor_argv))
        ours.append(timed([vtopo, "inspect", "--json", str(image)]))
        if number == 1:         # the first ones only warm the caches
            ours, floor = [], []
    us, them = (statistics.median(wall for wall, _ in list_) for list_ in (ours, floor))
    spent, floor_spent = (statistics.median(processor for _, processor in list_)
                          for list_ in (ours, floor))
    print(f"time: median {us * 1e3:.1f} ms of {runs} runs, nbdinfo --size through qemu-nbd "
          f"{them * 1e3:.1f} ms: ratio {us / them:.2f}, target at most {RATIO_TARGET:g}"
          f"{judge(us / them <= RATIO_TARGET)}")
    print(f"  fastest {min(ours)[0] * 1e3:.1f} and {min(floor)[0] * 1e3:.1f} ms; processor "
          f"{spent * 1e3:.1f} and {floor_spent * 1e3:.1f} ms; load {os.getloadavg()[0]:.1f}")
    return us


def measure_many(vtopo, image, count, jobs):
    """Many overlays in one run: time each, and memory for few and for all."""
    folder = image.parent
    overlay = folder / "overlay-0000.qcow2"
    made.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", image.name, "-F", "qcow2",
             overlay, cwd=folder)
    overlays = [overlay]
    for number in range(1, count):
        overlays.append(folder / f"overlay-{number:04}.qcow2")
        shutil.copyfile(overlay, overlays[-1])
    argv = [vtopo, "inspect", "--json", "--jobs", str(jobs)]
    peaks = {}
    for some in (max(count // 10, 1), count):
        with Watch() as watch:
            timed(argv + [str(path) for path in overlays[:some]])
        peaks[some] = watch.peaks
    wall, processor = timed(argv + [str(path) for path in overlays])
    each = wall * 1e3 / count
    print(f"{count} overlays, {jobs} at a time: {wall:.2f} s, {each:.2f} ms each, target at "
          f"most {EACH_TARGET_MS:g}{judge(each <= EACH_TARGET_MS)}; processor "
          f"{processor * 1e3 / count:.2f} ms each, load {os.getloadavg()[0]:.1f}")
    for some, peak in peaks.items():
        print(f"  memory with {some}: " + ", ".join(
            f"{name} {peak[name]:.1f} MiB" for name in sorted(peak)))


def measure_virt_inspector(image, ours):
    """One run of virt-inspector under TCG."""
    if shutil.which("virt-inspector") is None:
        raise SystemExit("there is no virt-inspector (libguestfs-tools)")
    environment = dict(os.environ, LIBGUESTFS_BACKEND="direct",
                       LIBGUESTFS_BACKEND_SETTINGS="force_tcg")
    start = time.perf_counter()
    done = subprocess.run(["virt-inspector", "--format=qcow2", "-a", image], env=environment,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          check=False)
    wall = time.perf_counter() - start
    if done.returncode != 0:
        print(f"virt-inspector: exit status {done.returncode}: {done.stderr.strip()[-300:]}")
        return
    print(f"virt-inspector under TCG: {wall:.1f} s, {wall / ours:.0f} times as long, target "
          f"at least {VIRT_INSPECTOR_TARGET}{judge(wall / ours >= VIRT_INSPECTOR_TARGET)}")


def main():
    """Make the image and measure everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vtopo", default=ROOT / "build/vtopo", metavar="PATH")
    parser.add_argument("--data", default=os.environ.get(
        "VTOPO_TEST_DATA", ROOT.parent / "shared/data"), metavar="DIR")
    parser.add_argument("--directory", metavar="DIR", help="where there is room for 600 MB")
    parser.add_argument("--runs", type=int, default=41, metavar="N")
    parser.add_argument("--images", type=int, default=1000, metavar="N")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--with-virt-inspector", action="store_true")
    options = parser.parse_args()
    vtopo = os.path.abspath(options.vtopo)
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    with tempfile.TemporaryDirectory(prefix="vtopo-bench-", dir=options.directory) as directory:
        image = large_image.make(directory, options.data)
        measure_read(vtopo, image)
        measure_memory(vtopo, image)
        ours = measure_time(vtopo, image, options.runs)
        if options.images > 0:
            measure_many(vtopo, image, options.images, options.jobs)
        if options.with_virt_inspector:
            measure_virt_inspector(image, ours)


if __name__ == "__main__":
    main()
