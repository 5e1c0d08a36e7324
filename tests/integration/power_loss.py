#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lose power at any moment of a repair, and see that nothing is lost.

    power_loss.py [--build DIR] [--all N] [--seconds S] [-k WORD]

Every write, flush and name that `vtopo repair` and its helpers make is
recorded; replay.py then says what a loss of power may leave of them.  Each
such state is made, and must be one of these:

1. the old disk, without an undo file;
2. the new disk, with an undo file that says so and leads back;
3. one of which inspect and repair say that a repair was interrupted.

From 2 and 3 `vtopo repair --undo` must lead to the old disk, byte for byte
(as the guest sees it, where the image is a qcow2), and qemu-img check may find
leaks, but no errors, in one that is not marked as not closed.  An overlay is there and whole, or is
not there; its image is never written.  That the recording is right is seen by
replaying all of it.

Without --all a sample is taken that fits into some seconds.  Output is TAP; 77
when a tool is missing.
"""

import argparse
import hashlib
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

import hal_disks
import hal_truth
import replay
import repair_truth
from boot_truth import Tap
from repair_truth import MIB, Disk, limited_store

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TOOLS = (*repair_truth.TOOLS, "strace", "qemu-img", "qemu-nbd")
SEED = 20
INI = repair_truth.HEAD + repair_truth.LINE + b'="XP" /fastdetect /NUMPROC=2 /ONECPU\r\n'
UNDO = ".vtopo-undo"
STATE_AT = 28
FORMS = ("raw", "qcow2", "compressed qcow2")
STATES = 60                     # of each scene, where there is time

# What is repaired: name, kind of volume, file, and more for the disk.
DISKS = {
    "BCD on NTFS": ("ntfs", "Boot/BCD", {}),
    "BCD on NTFS, sectors of 4096": ("ntfs", "Boot/BCD", {"gpt": True, "unit": 4096}),
    "boot.ini on NTFS": ("ntfs", "boot.ini", {}),
    "long boot.ini on FAT": ("fat12", "boot.ini", {"size": 2 * MIB, "long": True}),
    "HAL on NTFS": ("ntfs", "boot.ini", {"hal": True, "size": 4}),
    "HAL on NTFS, replaced": ("ntfs", "boot.ini", {"hal": True, "size": 4}),
    "HAL on FAT": ("fat16", "boot.ini", {"hal": True, "size": 4}),
}
WORDS = {"HAL on NTFS, replaced": ["--replace"]}
# The one that is tried in each of FORMS; HALs as raw, the others as qcow2, too.
EACH = "long boot.ini on FAT"


def make_disk(lab, title):
    """One of DISKS as a raw file, which the next one replaces."""
    kind, name, more = DISKS[title]
    more = dict(more)
    if more.pop("hal", False):
        return hal_disks.HalDisk(
            lab.folder, lab.tests / "ntfs-fill", hal_disks.installed(), kind=kind, **more,
            beside=hal_disks.inside(hal_truth.SPFILES, hal_disks.multiprocessor()))
    if name == "boot.ini":
        source = lab.path("source.ini")
        # The words that go move all that is behind them: many sectors change.
        source.write_bytes(INI + (b"; and more\r\n" * 1500 if more.pop("long", False) else b""))
    else:
        source = limited_store(lab)
    return Disk(lab, kind, name, source, **more)


def run(*words, **more):
    """A program that may fail."""
    return subprocess.run([str(word) for word in words], check=False, timeout=120,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", **more)


class Scene:
    """A command on an image, recorded, and how to judge what is left of it."""

    def __init__(self, lab, title, name, old, image, files, words):
        self.lab, self.old, self.image = lab, old, image
        self.name, self.more = f"{title}, {name}", WORDS.get(title, [])
        self.folder = lab.path("scene")
        self.put(files)
        self.start = files
        done, self.trace = replay.record([lab.vtopo, "repair", *words], self.folder,
                                         lab.path("log"))
        self.problems = [] if done.returncode == 0 else [f"the command failed: {done.stderr}"]
        self.result = {entry.name: entry.read_bytes() for entry in self.folder.iterdir()}
        self.changed = (self.folder / image).stat().st_mtime_ns
        self.seen = {}
        self.counts = {}

    @property
    def format(self):
        """That of the image."""
        return self.image.rsplit(".", 1)[1]

    def put(self, files):
        """Make the folder hold @files, and nothing else."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        for name, content in files.items():
            (self.folder / name).write_bytes(content)

    def vtopo(self, *words):
        """Run vtopo there."""
        return run(self.lab.vtopo, *words, cwd=self.folder)

    def is_old(self, name):
        """Whether a guest sees the old disk."""
        if name.endswith(".raw"):
            return (self.folder / name).read_bytes() == self.old
        return run("qemu-img", "compare", "-q", "-f", name.rsplit(".", 1)[1], "-F", "raw", name,
                   self.lab.path("old.raw"), cwd=self.folder).returncode == 0

    def check_qcow2(self, name, when):
        """A line where qemu-img finds more than leaks.  One that is marked as not
        closed is mended by QEMU, before anybody writes to it."""
        with open(self.folder / name, "rb") as file:
            if file.read(80)[79] & 1:
                return []
        done = run("qemu-img", "check", "-q", "-f", "qcow2", name, cwd=self.folder)
        return [] if done.returncode in (0, 3) else [f"{when}: qemu-img check: {done.stdout}"]

    def key(self, moment, state):
        """What tells states apart."""
        total = hashlib.blake2b(str(self.trace.time_is_safe(self.image, moment)).encode())
        for name in sorted(state):
            total.update(f"{name} {len(state[name])} ".encode())
            total.update(state[name])
        return total.digest()

    def try_one(self, chance, number):
        """One state; what is wrong with it."""
        moment, state = self.trace.state(chance)
        return self.judge(moment, state, number)

    def judge(self, moment, state, number):
        """The same of a given one."""
        key = self.key(moment, state)
        if key not in self.seen:
            kind, problems = self.look(moment, state, number)
            self.seen[key] = kind
            self.counts[kind] = self.counts.get(kind, 0) + 1
            if problems:
                self.problems.append(f"state {number}, at line {moment} of the log ({kind}): "
                                     + "; ".join(problems))

    def interrupted(self, state, number):
        """Whether vtopo says so."""
        problems = []
        letter = state[self.image + UNDO][STATE_AT:STATE_AT + 1]
        done = self.vtopo("inspect", self.image)
        if "was interrupted" not in done.stdout + done.stderr:
            problems.append(f"inspect does not say that it was interrupted ({letter}): "
                            f"{done.stderr.strip()}")
        if number % 4 == 0:
            done = self.vtopo("repair", self.image)
            if done.returncode != 1 or "was interrupted" not in done.stderr:
                problems.append(f"repair goes on: {done.returncode} {done.stderr.strip()}")
        return problems

    def look(self, moment, state, number):
        """What a state is, and what is wrong with it."""
        image, undo = self.image, self.image + UNDO
        raw_old = state[image] == self.old if self.format == "raw" \
            else state[image] == self.start[image] and undo not in self.start
        if undo not in state and raw_old:
            return "old", []
        self.put(state)
        if self.trace.time_is_safe(image, moment):
            os.utime(self.folder / image, ns=(self.changed, self.changed))
        problems = [] if self.format == "raw" else self.check_qcow2(image, "before")
        if undo not in state:
            if not self.is_old(image):
                problems.append("there is no undo file, and it is not the old disk")
            return "old", problems
        if state[undo][STATE_AT:STATE_AT + 1] == b"D":
            kind = "new"
            new = self.start if undo in self.start else self.result
            if state[image] != new[image]:
                problems.append("it says that it is done, and is not")
        else:
            kind = "interrupted"
            problems += self.interrupted(state, number)
        return kind, problems + self.take_back(number)

    def take_back(self, number):
        """Undo; then it must be the old one."""
        done = self.vtopo("repair", "--undo", self.image)
        if done.returncode != 0:
            return [f"--undo: {done.stderr.strip()}"]
        problems = [] if self.is_old(self.image) else ["--undo does not lead to the old disk"]
        if (self.folder / (self.image + UNDO)).exists():
            problems.append("--undo leaves its file")
        if self.format == "qcow2":
            problems += self.check_qcow2(self.image, "after")
        if number % 8 == 0:
            done = self.vtopo("repair", "--in-place", "--yes", *self.more, self.image)
            if done.returncode != 0:
                problems.append(f"it cannot be repaired again: {done.stderr.strip()}")
        return problems


class OverlayScene(Scene):
    """A repair into an overlay."""

    def look(self, moment, state, number):
        image, overlay = self.image, self.image + ".repaired.qcow2"
        if state[image] != self.start[image]:
            return "changed", ["the image was written to"]
        if overlay not in state:
            return "old", []
        if state[overlay] == self.result[overlay]:
            return "new", []
        self.put({image: state[image], overlay: state[overlay], "whole": self.result[overlay]})
        problems = self.check_qcow2(overlay, "overlay")
        done = run("qemu-img", "compare", "-q", "-f", "qcow2", "-F", "qcow2", overlay, "whole",
                   cwd=self.folder)
        if done.returncode != 0:
            problems.append("the overlay is there, and is not whole")
        return "new", problems


def pack(lab, disk, form):
    """The content of the disk as a raw file or as a qcow2."""
    if form == "raw":
        return disk.path.read_bytes()
    # Clusters that are compressed are written elsewhere: the tables change, too.
    more = ["-c", "-o", "cluster_size=4096"] if "compressed" in form else []
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", *more, disk.path, lab.path("packed"))
    return lab.path("packed").read_bytes()


def differ(one, other, sectors):
    """In how many of these."""
    return sum(one[at:at + replay.SECTOR] != other[at:at + replay.SECTOR] for at in sectors)


def half_done(scene, chance):
    """A state of a repair that was interrupted when about half was written."""
    best, most = None, 0
    undo, image = scene.image + UNDO, scene.image
    sectors = scene.trace.sectors(image)
    for _ in range(200):
        _, state = scene.trace.state(chance)
        if undo in state and state[undo][STATE_AT:STATE_AT + 1] == b"P":
            far = min(differ(state[image], scene.start[image], sectors),
                      differ(state[image], scene.result[image], sectors))
            if far > most:
                best, most = state, far
    return best


def scenes(lab, title, form):
    """All that is done with one disk in one format."""
    disk = make_disk(lab, title)
    old = disk.path.read_bytes()
    lab.path("old.raw").write_bytes(old)
    image = "a.raw" if form == "raw" else "a.qcow2"
    files = {image: pack(lab, disk, form)}
    repair = Scene(lab, title, f"{form}: in place", old, image, files,
                   ["--in-place", "--yes", *WORDS.get(title, []), image])
    yield repair
    done = dict(repair.result)
    yield Taken(lab, title, f"{form}: taken back", old, image, done, repair.changed)
    half = half_done(repair, random.Random(SEED))
    if half is None:
        repair.problems.append("no state is half-way")
    else:
        yield Scene(lab, title, f"{form}: taken back, half-way", old, image, half,
                    ["--undo", image])
    yield OverlayScene(lab, title, f"{form}: into an overlay", old, image, files,
                       ["--yes", *WORDS.get(title, []), image])


class Taken(Scene):
    """An undo of a repair that was complete."""

    def __init__(self, lab, title, name, old, image, files, changed):
        self.was_changed = changed
        super().__init__(lab, title, name, old, image, files, ["--undo", image])
        self.changed = changed

    def put(self, files):
        super().put(files)
        os.utime(self.folder / self.image, ns=(self.was_changed, self.was_changed))


def check_others(lab, title, scene):
    """What programs of others say of the disk after the last undo."""
    kind, name, _ = DISKS[title]
    disk = Disk.__new__(Disk)
    disk.lab, disk.kind, disk.name = lab, kind, name
    disk.path, disk.volume = lab.path("check.raw"), lab.path("check.volume")
    run("qemu-img", "convert", "-f", scene.format, "-O", "raw", scene.folder / scene.image,
        disk.path)
    disk.part = repair_truth.made.Part(lab.path("volume"), MIB)
    content = disk.extract()
    problems = disk.check_volume()
    if name.endswith("BCD") and shutil.which("regfinfo"):
        lab.path("check.hive").write_bytes(content)
        if run("regfinfo", lab.path("check.hive")).returncode != 0:
            problems.append("regfinfo does not like the store")
    return problems


def try_scene(lab, scene, states, deadline, totals):
    """So many states of one scene, and all that lies at the two ends."""
    chance = random.Random(f"{SEED} {scene.name}")
    tried = 0
    for number in range(states):
        if time.monotonic() > deadline or len(scene.problems) > 5:
            break
        scene.try_one(chance, number)
        tried += 1
    for kind, count in scene.counts.items():
        totals[kind] = totals.get(kind, 0) + count
    totals["states"] = totals.get("states", 0) + tried
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(scene.counts.items()))
    lab.tap.result(f"{scene.name}: {tried} states, of them differ {counts}", scene.problems)


def main():
    """Run what there are tools for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=ROOT / "build", metavar="DIR")
    parser.add_argument("--all", type=int, default=0, metavar="N",
                        help="states in total, however long it takes")
    parser.add_argument("--seconds", type=float, default=35, metavar="S",
                        help="at most so long, without --all")
    parser.add_argument("-k", dest="word", default="", help="only scenes with this in the name")
    options = parser.parse_args()
    options.data = "."
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    os.environ["MTOOLS_SKIP_CHECK"] = "1"
    os.environ["CI"] = "true"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing or run("strace", "-o", "/dev/null", "true").returncode != 0:
        print(f"1..0 # SKIP there is no {', '.join(missing) or 'tracing here'}")
        return 77
    # Where flushing costs nothing, if there is such a place.
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="vtopo-power-", dir=place) as folder:
        lab = repair_truth.Lab(options, folder)
        lab.tap = Tap()
        try_all(lab, options)
        return lab.tap.finish()


def try_all(lab, options):
    """Every disk in every format."""
    rows = [(title, form) for title in DISKS for form in FORMS
            if form == "raw" or title == EACH or form == "qcow2" and not DISKS[title][2].get("hal")]
    left = len(rows) * 4
    states = -(-options.all // left) if options.all else STATES
    end = time.monotonic() + (1e9 if options.all else options.seconds)
    totals = {}
    for title, form in rows:
        last = None
        for scene in scenes(lab, title, form):
            now = time.monotonic()
            if options.word in scene.name:
                try_scene(lab, scene, states, now + max(0.2, (end - now) / left), totals)
                last = scene if type(scene) is Scene else last
            left -= 1
        if last is not None:
            last.put(last.start)
            problems = last.take_back(1) if last.image + UNDO in last.start else []
            problems += check_others(lab, title, last)
            lab.tap.result(f"{title}, {form}: other programs are content", problems)
    print("# " + ", ".join(f"{count} {kind}" for kind, count in totals.items()), flush=True)


if __name__ == "__main__":
    sys.exit(main())
