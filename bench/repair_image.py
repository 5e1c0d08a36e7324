#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it costs to take a limit out of the disk of a guest.

    bench/repair_image.py [--vtopo build/vtopo] [--data ../shared/data]
                          [--runs N] [--by-hand N]

The disk is that of inspect_images.py, whose boot store has numproc in it.
By turns, so that all meet the same load:

- the floor, `nbdinfo --size` through qemu-nbd on the same file;
- `vtopo repair --yes`, into a new overlay;
- `vtopo repair --in-place --yes`, which an undo, not measured, takes back;
- one flush of a file in the same folder, which says what the others wait for.

Then the same edit by hand, N times: guestfish under TCG takes the store out,
hivexsh deletes the element, guestfish puts it back.  It takes a minute or more
each; --by-hand 0 leaves it out.

The page cache is warm.  All figures are of this one run; the exit status is 0
whether the targets are met or not.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import large_image
from large_image import judge, timed
from boot_truth import Store, hivex    # large_image says where
from repair_truth import NUMPROC, default_of, number

ROOT = Path(__file__).resolve().parents[1]
FLOOR_TARGET = 5.0
BY_HAND_TARGET = 200
OVERLAY = ".repaired.qcow2"

RECIPE = """run
mount /dev/sda1 /
download /Boot/BCD {store}
! hivexsh -w -f {edit} {store}
upload {store} /Boot/BCD
umount-all
shutdown
"""


class Limit:
    """Puts numproc into a boot store, and knows where it is."""

    def __init__(self):
        self.entry = None

    def __call__(self, path):
        store = Store(path, write=True)
        self.entry = default_of(store) or store.loaders()[0]
        store.put(self.entry, NUMPROC, *number(2))
        store.commit()

    def edit(self):
        """What hivexsh must be told to take it out."""
        return (f"cd \\Objects\\{self.entry}\\Elements\\{NUMPROC}\n"
                "del\ncommit\nquit\n")


def limits(vtopo, image):
    """How many limits vtopo still finds on the boot entry of @image."""
    done = subprocess.run([vtopo, "repair", "--dry-run", "--json", image],
                          stdout=subprocess.PIPE, check=False)
    return len(json.loads(done.stdout)["changes"])


def flush(path):
    """Seconds that it takes to write a block and see it on the medium."""
    with open(path, "wb") as file:
        start = time.perf_counter()
        file.write(bytes(4096))
        file.flush()
        os.fsync(file.fileno())
        return time.perf_counter() - start


def repair_overlay(vtopo, image):
    """One repair into an overlay, which goes again: its seconds."""
    overlay = Path(f"{image}{OVERLAY}")
    wall = timed([vtopo, "repair", "--yes", str(image)])[0]
    overlay.unlink()
    return wall


def repair_in_place(vtopo, image):
    """One repair in place, which is taken back: its seconds."""
    wall = timed([vtopo, "repair", "--in-place", "--yes", str(image)])[0]
    timed([vtopo, "repair", "--undo", str(image)])
    return wall


def check_once(vtopo, image):
    """That what is measured is what should be."""
    timed([vtopo, "repair", "--yes", str(image)])
    overlay = f"{image}{OVERLAY}"
    if limits(vtopo, str(image)) != 1 or limits(vtopo, overlay) != 0:
        raise SystemExit("the repair is wrong")
    os.unlink(overlay)


def measure(vtopo, image, runs):
    """All of them by turns; returns our median into an overlay."""
    ways = {"floor": lambda: timed(large_image.floor(image))[0],
            "overlay": lambda: repair_overlay(vtopo, image),
            "in place": lambda: repair_in_place(vtopo, image),
            "flush": lambda: flush(image.with_name("flush"))}
    seconds = {name: [] for name in ways}
    for turn in range(runs + 1):
        for name, way in ways.items():
            wall = way()
            if turn > 0:            # the first one only warms the caches
                seconds[name].append(wall)
    median = {name: statistics.median(list_) for name, list_ in seconds.items()}
    print(f"floor: nbdinfo --size through qemu-nbd, median {median['floor'] * 1e3:.1f} ms of "
          f"{runs} runs, fastest {min(seconds['floor']) * 1e3:.1f}; load {os.getloadavg()[0]:.1f}")
    print(f"one flush: median {median['flush'] * 1e3:.1f} ms")
    for name in ("overlay", "in place"):
        ratio = median[name] / median["floor"]
        print(f"repair, {name}: median {median[name] * 1e3:.1f} ms, fastest "
              f"{min(seconds[name]) * 1e3:.1f}: ratio {ratio:.2f}, target at most "
              f"{FLOOR_TARGET:g}{judge(ratio <= FLOOR_TARGET)}")
    return median


def measure_by_hand(vtopo, image, limit, runs, ours):
    """The same edit by guestfish and hivexsh."""
    if shutil.which("guestfish") is None or shutil.which("hivexsh") is None:
        print("by hand: there is no guestfish (libguestfs-tools) or no hivexsh (libhivex-bin)")
        return
    environment = dict(os.environ, LIBGUESTFS_BACKEND="direct",
                       LIBGUESTFS_BACKEND_SETTINGS="force_tcg")
    store, edit = image.with_name("store"), image.with_name("edit")
    copy = image.with_name("by-hand.qcow2")
    edit.write_text(limit.edit(), encoding="ascii")
    seconds = []
    for _ in range(runs):
        shutil.copyfile(image, copy)
        start = time.perf_counter()
        done = subprocess.run(["guestfish", "--format=qcow2", "-a", copy], env=environment,
                              input=RECIPE.format(store=store, edit=edit), text=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        seconds.append(time.perf_counter() - start)
        if done.returncode != 0:
            print(f"by hand: exit status {done.returncode}: {done.stderr.strip()[-300:]}")
            return
        if limits(vtopo, str(copy)) != 0:
            raise SystemExit("the edit by hand is wrong")
        copy.unlink()
    wall = statistics.median(seconds)
    for name in ("overlay", "in place"):
        print(f"by hand, guestfish under TCG: median {wall:.1f} s of {runs} runs, "
              f"{wall / ours[name]:.0f} times as long as {name}, target at least "
              f"{BY_HAND_TARGET}{judge(wall / ours[name] >= BY_HAND_TARGET)}")


def main():
    """Make the image and measure everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vtopo", default=ROOT / "build/vtopo", metavar="PATH")
    parser.add_argument("--data", default=os.environ.get(
        "VTOPO_TEST_DATA", ROOT.parent / "shared/data"), metavar="DIR")
    parser.add_argument("--directory", metavar="DIR", help="where there is room for 600 MB")
    parser.add_argument("--runs", type=int, default=41, metavar="N")
    parser.add_argument("--by-hand", type=int, default=1, metavar="N",
                        help="how often guestfish does the same; 0 leaves it out")
    options = parser.parse_args()
    vtopo = os.path.abspath(options.vtopo)
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    os.environ["CI"] = "true"
    if hivex is None:
        raise SystemExit("there is no python3-hivex")
    with tempfile.TemporaryDirectory(prefix="vtopo-bench-", dir=options.directory) as directory:
        limit = Limit()
        image = large_image.make(directory, options.data, limit)
        check_once(vtopo, image)
        ours = measure(vtopo, image, options.runs)
        if options.by_hand > 0:
            measure_by_hand(vtopo, image, limit, options.by_hand, ours)


if __name__ == "__main__":
    main()
