#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Let the disk fail under a repair, and see that it is whole or not at all.

    disk_faults.py [--build DIR] [--full] [--kills N] [-k WORD]

Each call that a repair, an overlay and an undo write with is made to fail in
its turn, by strace: those of vtopo itself, and those of QEMU's programs.  With
the sandbox off they fail with ENOSPC or EIO, once or from then on; with the
sandbox on, the server is killed by its own filters at that place, which is how
a server dies in the midst of it.  Then:

1. The command succeeded, and the image is the new one, but for the times of
   files; or it has the exit
   status 1 and one error, and the image is the old one, or --undo makes it
   that.  No other file is left behind.
2. qemu-img check may find leaks, but no errors, in a qcow2 that is not marked
   as not closed; after a command that succeeded none is marked.

And vtopo is killed by SIGKILL at N random moments of a repair and of an undo.
Without --full a part of the failures is tried.  Output is TAP; 77 when a tool
is missing.
"""

import argparse
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import power_loss
import repair_truth
from boot_truth import Tap
from power_loss import SEED, UNDO, run

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MOST = 400                      # calls of one kind that a thread can make
FIRST = 2                       # of which so many fail in any case
OVERLAY = ".repaired.qcow2"

# What is made to fail: whose, by which options of strace, which calls.
OWN = ("vtopo", [], ("write", "pwrite64", "fsync", "link", "unlink"))
QEMU = ("QEMU", ["-f"], ("pwrite64", "pwritev", "fdatasync", "ftruncate", "fallocate"))

# title, form, each how-many-th call fails with --full and (0: not) without;
# where that is not each of a few, only a repair in place is tried without
# --full, and nothing is killed
FEW = 3
DISKS = (
    ("BCD on NTFS", "raw", 1, 2),
    ("BCD on NTFS", "compressed qcow2", 1, 3),
    ("boot.ini on NTFS", "qcow2", 1, 0),
    ("BCD on NTFS, sectors of 4096", "raw", 1, 0),
    ("HAL on NTFS", "raw", 4, 0),
    ("HAL on NTFS, replaced", "raw", 4, 120),
    ("HAL on FAT", "raw", 4, 0),
)


HOUR = 3600 * 10**7             # in units of Windows
TIMES = 0x01D5 << 48, 0x0300 << 48      # from 2019 on
FAT_TIMES = slice(0x0D, 0x1A)   # in an entry of a folder


def is_time(one, other, at):
    """Whether 8 bytes, at @at of a disk, are two times of the same hour."""
    one, other = int.from_bytes(one, "little"), int.from_bytes(other, "little")
    # The last two bytes of a sector are kept elsewhere, in NTFS.
    known = TIMES[0] < one < TIMES[1] or at % 512 == 504
    return known and one >> 48 == other >> 48 and abs(one - other) < HOUR


def only_times(one, other, at, kind):
    """Whether 32 bytes that differ do so in the times of files."""
    if kind != "ntfs":
        one, other = bytearray(one), bytearray(other)
        one[FAT_TIMES] = other[FAT_TIMES] = bytes(0x1A - 0x0D)
        return one == other
    return all(one[k:k + 8] == other[k:k + 8] or is_time(one[k:k + 8], other[k:k + 8], at + k)
               for k in range(0, 32, 8))


def same(one, other, kind):
    """Whether two disks are the same, made in two runs: but for the times of
    files."""
    if len(one) != len(other):
        return False
    pages = [page for page in range(0, len(one), 4096)
             if one[page:page + 4096] != other[page:page + 4096]]
    return all(one[at:at + 32] == other[at:at + 32]
               or only_times(one[at:at + 32], other[at:at + 32], at, kind)
               for page in pages for at in range(page, min(page + 4096, len(one)), 32))


class Bench:
    """A folder with an image in it, and what may become of that."""

    def __init__(self, lab, title, form):
        self.lab = lab
        self.disk = power_loss.make_disk(lab, title)
        self.more = power_loss.WORDS.get(title, [])
        self.old = self.disk.path.read_bytes()
        self.image = "a.raw" if form == "raw" else "a.qcow2"
        self.files = {self.image: power_loss.pack(lab, self.disk, form)}
        self.folder = lab.path("bench")
        lab.path("old.raw").write_bytes(self.old)
        self.put(self.files)
        done = self.vtopo("--in-place", "--yes", self.image)
        assert done.returncode == 0, done.stderr
        self.done = {entry.name: entry.read_bytes() for entry in self.folder.iterdir()}
        self.changed = (self.folder / self.image).stat().st_mtime_ns
        self.new = self.guest(self.image)

    def put(self, files):
        """Make the folder hold these."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        for name, content in files.items():
            (self.folder / name).write_bytes(content)
        if UNDO in "".join(files):
            os.utime(self.folder / self.image, ns=(self.changed, self.changed))

    def vtopo(self, *words, strace=()):
        """Run `vtopo repair`."""
        more = [] if "--undo" in words else self.more
        return run(*strace, self.lab.vtopo, "repair", *more, *words, cwd=self.folder)

    def guest(self, name):
        """What a guest sees."""
        if name.endswith(".raw"):
            return (self.folder / name).read_bytes()
        run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", name, self.lab.path("seen"),
            cwd=self.folder)
        return self.lab.path("seen").read_bytes()

    def is_new(self, name):
        """Whether a guest sees the repaired disk."""
        return same(self.guest(name), self.new, self.disk.kind)

    def is_marked(self, name):
        """Whether that is a qcow2 which says that it was not closed."""
        return name.endswith("qcow2") and (self.folder / name).read_bytes()[79] & 1 != 0

    def names(self):
        """All that is in the folder."""
        return {entry.name for entry in self.folder.iterdir()}

    def check_way_back(self):
        """A line where the image is not the old one, nor can become it."""
        if self.image + UNDO in self.names():
            for _ in range(50):
                done = self.vtopo("--undo", self.image)
                if "in use" not in done.stderr and "lock" not in done.stderr:
                    break
                time.sleep(0.1)
            if done.returncode != 0:
                return [f"--undo: {done.stderr.strip()}"]
        return [] if self.guest(self.image) == self.old else ["the image is not the old one"]


# What is tried: name, words, whether the repair was made before.
COMMANDS = (
    ("in place", ("--in-place", "--yes"), False),
    ("overlay", ("--yes",), False),
    ("undo", ("--undo",), True),
)


def judge(bench, name, done, before):
    """What is wrong after a command that may have failed."""
    problems = []
    names = bench.names()
    if done.returncode == 0:
        wanted = {"in place": bench.image, "overlay": bench.image + OVERLAY}.get(name)
        if wanted is not None and not bench.is_new(wanted):
            problems.append("it says that it is done, and is not")
        if bench.is_marked(wanted or bench.image):
            problems.append("it says that it is done, and was not closed")
        if name == "undo" and bench.guest(bench.image) != bench.old:
            problems.append("it says that it is taken back, and is not")
    elif done.returncode == 1 and "standard output" in done.stderr:
        # It is done, and could not say so.
        return judge(bench, name, subprocess.CompletedProcess([], 0, "", ""), before)
    elif done.returncode != 1 or done.stderr.count("vtopo: error: ") != 1:
        problems.append(f"exit status {done.returncode}: {done.stderr.strip()}")
    elif name == "overlay" and names != set(before):
        problems.append(f"it leaves {names - set(before)} behind")
    other = names - {bench.image, bench.image + UNDO, bench.image + OVERLAY}
    if other:
        problems.append(f"it leaves {other} behind")
    problems += bench.check_way_back()
    if bench.image.endswith("qcow2") and not bench.is_marked(bench.image):
        found = run("qemu-img", "check", "-q", bench.image, cwd=bench.folder)
        if found.returncode not in (0, 3):
            problems.append(f"qemu-img check: {found.stdout.strip()} {found.stderr.strip()}")
    return problems


def fail_at(bench, command, whose, call, number, how):
    """One call fails: whether there was such a one, what is wrong."""
    name, words, is_done = command
    _, options, _ = whose
    error, onwards, sandbox = how
    before = bench.done if is_done else bench.files
    bench.put(before)
    log = bench.lab.path("log")
    strace = ["strace", *options, "-o", log, "-e", f"trace={call}", "-e",
              f"inject={call}:error={error}:when={number}{'+' if onwards else ''}", "--"]
    done = bench.vtopo(*words, *([] if sandbox else ["--no-sandbox"]), bench.image,
                       strace=strace)
    if b"(INJECTED)" not in log.read_bytes():
        return False, []
    problems = judge(bench, name, done, before)
    if call == "unlink":
        # Then it cannot be helped: only that nothing else is wrong counts.
        problems = [line for line in problems if "behind" not in line]
    return True, [f"{call} {number}{'+' if onwards else ''} {error}"
                  f"{' in the sandbox' if sandbox else ''}: {line}" for line in problems]


def manners(whose, call, full):
    """In which ways: (error, from then on, sandbox)."""
    for error in ("ENOSPC", "EIO"):
        for onwards in (False, True):
            # What writes the error itself must not fail for ever.
            if call == "write" and onwards:
                continue
            if full or call == "write" or (error == "EIO") == onwards:
                yield error, onwards, False
    if whose is QEMU:
        yield "EIO", False, True


def try_calls(bench, command, whose, call, how, step):
    """The first calls and each @step-th: how many there were, what is wrong."""
    tried, problems = 0, []
    for number in range(1, MOST):
        if number > FIRST and number % step != 0:
            continue
        there, wrong = fail_at(bench, command, whose, call, number, how)
        problems += wrong
        if not there:
            return tried, problems
        tried += 1
    return tried, problems + [f"there are more than {MOST} calls of {call}"]


def try_failures(bench, title, full, step):
    """Every call of every command, or each @step-th."""
    for command in COMMANDS if full or step <= FEW else COMMANDS[:1]:
        for whose in (OWN, QEMU):
            tried, problems = 0, []
            for call in whose[2]:
                for how in manners(whose, call, full):
                    count, wrong = try_calls(bench, command, whose, call, how, step)
                    tried += count
                    problems += wrong
            if tried == 0:
                problems.append("nothing failed")
            bench.lab.tap.result(f"{title}: {command[0]}: {tried} failures of {whose[0]}",
                                 problems[:8])


def kill_at(bench, command, delay):
    """Kill vtopo after a while: what is wrong, and whether it was in time."""
    name, words, is_done = command
    before = bench.done if is_done else bench.files
    bench.put(before)
    more = [] if is_done else bench.more
    with subprocess.Popen([bench.lab.vtopo, "repair", *more, *words, bench.image], cwd=bench.folder,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
    # The server may write a moment longer, and holds the image meanwhile.
    for _ in range(100):
        done = run(bench.lab.vtopo, "inspect", bench.image, cwd=bench.folder)
        if "in use" not in done.stdout + done.stderr:
            break
        time.sleep(0.05)
    problems = []
    if bench.image + OVERLAY in bench.names() and not bench.is_new(bench.image + OVERLAY):
        problems.append("the overlay is there, and is not whole")
    if name == "overlay" and (bench.folder / bench.image).read_bytes() != before[bench.image]:
        problems.append("the image was written to")
    problems += bench.check_way_back()
    return [f"{name}, after {delay * 1000:.1f} ms: {line}" for line in problems], \
        process.returncode == -signal.SIGKILL


def try_kills(bench, title, count):
    """So many kills, spread over the commands."""
    chance = random.Random(f"{SEED} {title}")
    problems, hits = [], 0
    longest = {}
    for command in COMMANDS:
        bench.put(bench.done if command[2] else bench.files)
        start = time.monotonic()
        bench.vtopo(*command[1], bench.image)
        longest[command[0]] = time.monotonic() - start
    for number in range(count):
        command = COMMANDS[number % len(COMMANDS)]
        wrong, hit = kill_at(bench, command, chance.random() * longest[command[0]])
        problems += wrong
        hits += hit
    bench.lab.tap.result(f"{title}: killed at {count} moments, {hits} of them before the end",
                         problems[:8])


def main():
    """Run what there are tools for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=ROOT / "build", metavar="DIR")
    parser.add_argument("--full", action="store_true", help="every failure on every disk")
    parser.add_argument("--kills", type=int, default=12, metavar="N",
                        help="at so many moments for each disk")
    parser.add_argument("-k", dest="word", default="", help="only disks with this in the name")
    options = parser.parse_args()
    options.data = "."
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    os.environ.update(MTOOLS_SKIP_CHECK="1", CI="true", LC_ALL="C")
    missing = [tool for tool in power_loss.TOOLS if shutil.which(tool) is None]
    if missing or run("strace", "-o", "/dev/null", "true").returncode != 0:
        print(f"1..0 # SKIP there is no {', '.join(missing) or 'tracing here'}")
        return 77
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="vtopo-faults-", dir=place) as folder:
        lab = repair_truth.Lab(options, folder)
        lab.tap = Tap()
        for title, form, *steps in DISKS:
            name, step = f"{title}, {form}", steps[0 if options.full else 1]
            if step and options.word in name:
                bench = Bench(lab, title, form)
                try_failures(bench, name, options.full, step)
                if options.full or step <= FEW:
                    try_kills(bench, name, options.kills)
        return lab.tap.finish()


if __name__ == "__main__":
    sys.exit(main())
