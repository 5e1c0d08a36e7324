#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hold what the worker would write to a file system against its makers.

    puts.py --dump build/tests/disk-dump --fill build/tests/ntfs-fill
            --put build/tests/volume-put

mkntfs and ntfs-fill, mkfs.fat and mtools make volumes; volume-put makes files
there and lets them grow and shrink, as the worker proposes it. Then ntfsfix,
ntfscat, ntfsinfo, ntfscmp, ntfssecaudit, fsck.fat and mtools must find what
was put, and nothing else changed. Output is TAP; 77 when a tool is missing.
"""

import argparse
import datetime
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

import volumes
from volumes import MIB, Wrong, check, make_data, run

TOOLS = ["mkntfs", "ntfscat", "ntfscmp", "ntfsfix", "ntfsinfo", "ntfssecaudit",
         "fsck.fat", "mkfs.fat", "mattrib", "mcopy", "mmd", "mtype"]
SIZES = (0, 100, 5000, 2200000)
FOLDER = "WINDOWS/system32"

# Records of NTFS itself that may change: $MFT, $MFTMirr, $Bitmap. Not $LogFile
# (2), whose emptying a mount would be, nor $Secure (9).
SYSTEM = {0, 1, 6}


class Bench(volumes.Bench):
    """The programs under test, and a folder to work in."""

    def __init__(self, options, folder):
        super().__init__(options, folder)
        self.put_path = os.path.abspath(options.put)
        self.old = self.folder / "old"
        self.milliseconds = 0.0
        self.checks = 0

    def keep(self, disk):
        """Remember a volume as it is."""
        run("cp", "--sparse=always", disk, self.old)

    def put(self, disk, *orders):
        """Put files: (path, neighbour or None, data)."""
        self.keep(disk)
        words = []
        for number, (path, like, data) in enumerate(orders):
            words += [path, like or "-", self.file(f"source{number}", data)]
        out = run(self.put_path, disk, 0, *words).decode()
        self.milliseconds = float(re.search(r"ms=([\d.]+)", out).group(1))
        for path, _, data in orders:
            self.same(disk, 0, path, data)

    def refuse(self, disk, why, path, like, data):
        """A file that cannot be put, and a volume that stays as it is."""
        before = hashlib.sha256(disk.read_bytes()).digest()
        source = self.file("refused", data)
        done = subprocess.run([self.put_path, str(disk), "0", path, like or "-", str(source)],
                              capture_output=True, text=True, check=False, timeout=60)
        check(done.returncode == 1 and re.search(why, done.stderr),
              f"{path}: not '{why}' but {done.returncode} {done.stdout}{done.stderr}")
        check(hashlib.sha256(disk.read_bytes()).digest() == before, f"{path}: was written to")
        self.checks += 1


# --------------------------------------------------------------- NTFS


def make_volume(bench, size, *options):
    """An NTFS volume that is the whole disk."""
    disk = bench.image("ntfs", size)
    run("mkntfs", "-q", "-F", "-p", 0, "-H", 255, "-S", 63, *options, disk)
    return disk


def info(disk, path):
    """What ntfsinfo says of a file, as its lines; an attribute each."""
    done = subprocess.run(["ntfsinfo", "-v", "-F", path, str(disk)], capture_output=True,
                          text=True, check=False)
    check(done.returncode == 0, f"ntfsinfo {path}: {done.stderr}")
    return done.stdout


def field(text, name):
    """The values of a line of ntfsinfo."""
    return [value.strip() for value in re.findall(rf"^\s*{name}:(.*)$", text, re.M)]


def inode(disk, path):
    """The number of the record of a file."""
    return int(re.match(r"Dumping Inode (\d+)", info(disk, path)).group(1))


def now():
    """The time, UTC, as a plain value."""
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


def folders(path):
    """A path and all folders above it."""
    parts = path.split("/")
    return ["/".join(parts[:count]) or "/" for count in range(len(parts) + 1)]


def check_ntfs(bench, disk, *orders):
    """The makers find what was put, and nothing else changed."""
    said = run("ntfsfix", "--no-action", disk).decode()
    check("processed successfully" in said, f"ntfsfix: {said}")
    said = run("ntfssecaudit", "-a", disk).decode()
    check("No errors were found" in said, f"ntfssecaudit: {said}")
    for path, _, data in orders:
        check(run("ntfscat", disk, path) == data, f"ntfscat {path}: other bytes")
    allowed = SYSTEM | {inode(disk, part) for path, _, _ in orders for part in folders(path)}
    done = subprocess.run(["ntfscmp", "-P", str(bench.old), str(disk)], capture_output=True,
                          text=True, check=False)
    differ = {int(number) for number in re.findall(r"^Inode (\d+)", done.stdout, re.M)}
    # It shows at least that the modification time of a file changes.
    check(differ and differ <= allowed,
          f"ntfscmp: {sorted(differ - allowed)} of {sorted(differ)} differ: {done.stdout}")
    state = bench.lines(disk, "state", 0)
    check(state == ["volume=ntfs dirty=0 log_unclean=0 hibernation=none"], str(state))
    bench.checks += 1


def check_like(disk, path, like):
    """A new file has the protection and the attributes of its neighbour."""
    new, old = info(disk, path), info(disk, like)
    for name in ("Security ID", "Owner SID", "Group SID", "ACE", "Control"):
        check(field(new, name) == field(old, name),
              f"{path}: {name} {field(new, name)}, {like} has {field(old, name)}")
    check(len(field(old, "Security ID") + field(old, "Owner SID")) == 1, f"{like}: {old}")
    attribute = set(field(new, "File attributes"))
    check(attribute == set(field(old, "File attributes")), f"{path}: {attribute}")
    check(field(new, "Namespace") == ["Win32 & DOS"], f"{path}: {field(new, 'Namespace')}")
    made = datetime.datetime.strptime(field(new, "File Creation Time")[0],
                                      "%a %b %d %H:%M:%S %Y UTC")
    age = now() - made
    check(abs(age.total_seconds()) < 600, f"{path}: made {made}")


def test_ntfs_new(bench):
    """NTFS: new files of 0 to 2,200,000 bytes, of four kinds of volumes"""
    for options in ([], ["-c", 512], ["-c", 65536], ["-s", 4096]):
        for security in (0x101, 0):
            disk = make_volume(bench, 64 * MIB, *options)
            hal = bench.file("hal", make_data(1, 9000))
            bench.fill(disk, 0, f"--security={security}", "--attributes=0x21",
                       f"{hal}:{FOLDER}/hal.dll", "--attributes=0x20", f"{hal}:boot.ini")
            for size in SIZES:
                order = (f"{FOLDER}/n{size}.dll", "hal.dll", make_data(size, size)
                         if size > 8 else b"")
                bench.put(disk, order)
                check_ntfs(bench, disk, order)
                check_like(disk, order[0], f"{FOLDER}/hal.dll")
    order = ("HALMACPI.dll", None, b"x")            # of nobody, in the root
    bench.put(disk, order)
    check_ntfs(bench, disk, order)
    names = bench.lines(disk, "list", 0, "")
    check("HALMACPI.dll" in names, f"{names}")


def test_ntfs_large_folder(bench):
    """NTFS: new files in a folder of 5,000, which sort first, last and between"""
    disk = make_volume(bench, 64 * MIB)
    hal = bench.file("hal", make_data(2, 9000))
    bench.fill(disk, 0, "--security=0x100", f"{hal}:{FOLDER}/hal.dll", f":{FOLDER}/x*5000")
    names = set(bench.lines(disk, "list", 0, FOLDER))
    spent = []
    for number in range(60):
        # The index must split now and then: many names, some at one place.
        order = (f"{FOLDER}/{'ahxz'[number % 4]}{2500 + number}q.exe", "HAL.DLL",
                 make_data(number, SIZES[3] if number == 0 else 700 * number + 9))
        bench.put(disk, order)
        spent.append(bench.milliseconds)
        names.add(order[0].rpartition("/")[2])
        if number % 10 == 0:
            check_ntfs(bench, disk, order)
            check_like(disk, order[0], f"{FOLDER}/hal.dll")
    check_ntfs(bench, disk, order)
    check(set(bench.lines(disk, "list", 0, FOLDER)) == names, "other names than were put")
    print(f"# 2,200,000 bytes: {spent[0]} ms; the others at most {max(spent[1:])} ms")
    check(spent[0] < 100, f"2,200,000 bytes take {spent[0]} ms")


def test_ntfs_change(bench):
    """NTFS: boot.ini grows out of its record, in pieces, and shrinks; it keeps the rest"""
    for options in ([], ["-c", 512]):
        disk = make_volume(bench, 32 * MIB, *options)
        ini, other = bench.file("ini", make_data(3, 300)), bench.file("other", make_data(4, 9000))
        bench.fill(disk, 0, "--security=0x101", "--attributes=0x27", f"{ini}:boot.ini",
                   "--attributes=0", f"{other}:next.bin")
        kept = [field(info(disk, "boot.ini"), name)
                for name in ("Security ID", "File attributes", "File Creation Time")]
        for size in (310, 5000, 6000, 100, 40000, 2200000, 2200001, 20, 0, 700, 699, 4096):
            order = ("boot.ini", None, make_data(size, size) if size > 8 else b"")
            bench.put(disk, order)
            check_ntfs(bench, disk, order)
            if size == 5000:    # what is behind it is taken now
                bench.fill(disk, 0, f"{other}:taken.bin")
            if size == 40000:
                runs = int(re.search(r"Total runs: (\d+)", info(disk, "boot.ini")).group(1))
        check(runs > 1, "boot.ini is in one piece: nothing was in its way")
        now = [field(info(disk, "boot.ini"), name)
               for name in ("Security ID", "File attributes", "File Creation Time")]
        check(now == kept, f"{now}, not {kept}")


def room(bench, disk):
    """The bytes that are free, as a refusal says."""
    done = subprocess.run([bench.put_path, str(disk), "0", "big.bin", "-",
                           str(bench.file("big", bytes(os.path.getsize(disk))))],
                          capture_output=True, text=True, check=False)
    return int(re.search(r"(\d+) are free", done.stderr).group(1))


def test_ntfs_pieces(bench):
    """NTFS: a file of hundreds of pieces, which one record does not hold"""
    disk = make_volume(bench, 12 * MIB)
    piece = bench.file("piece", make_data(5, 4096))
    hal = bench.file("hal", make_data(6, 9000))
    bench.fill(disk, 0, "--security=0x101", f"{hal}:{FOLDER}/hal.dll", f"{piece}:many/x*1500")
    rest = bench.file("rest", make_data(6, room(bench, disk) // 4096 * 4096 - 65536))
    bench.fill(disk, 0, f"{rest}:rest.bin", "-many/x*1500:")
    size = 2200000
    order = (f"{FOLDER}/ntkrnlmp.exe", "hal.dll", make_data(7, size))
    bench.put(disk, order)
    check_ntfs(bench, disk, order)
    check_like(disk, order[0], f"{FOLDER}/hal.dll")
    runs = int(re.search(r"Total runs: (\d+)", info(disk, order[0])).group(1))
    print(f"# {runs} pieces in {bench.milliseconds} ms")
    check(runs > 400, f"{runs} pieces")
    for again in (100000, size, 10):    # the pieces go, and come back
        order = (order[0], None, make_data(8, again))
        bench.put(disk, order)
        check_ntfs(bench, disk, order)


def test_ntfs_full(bench):
    """NTFS: a volume without room is left alone, one with just enough is not"""
    disk = make_volume(bench, 8 * MIB)
    hal = bench.file("hal", make_data(9, 5 * MIB))
    bench.fill(disk, 0, "--security=0x101", f"{hal}:{FOLDER}/hal.dll",
               f"{bench.file('ini', make_data(10, 300))}:boot.ini")
    why = r"error impossible: the volume has no room: \d+ bytes are needed, and \d+ are free"
    bench.refuse(disk, why, f"{FOLDER}/ntkrnlmp.exe", "hal.dll", make_data(11, SIZES[3]))
    bench.refuse(disk, why, "boot.ini", None, make_data(11, SIZES[3]))
    bench.refuse(disk, why, f"{FOLDER}/hal.dll", None, make_data(11, 5 * MIB + SIZES[3]))
    for name, size in (("a", 300000), ("b", 200000), ("c", 100000), ("d", 50000)):
        order = (f"{FOLDER}/{name}.dll", "hal.dll", make_data(12, size))
        try:
            bench.put(disk, order)
        except Wrong as wrong:
            check("no room" in str(wrong), str(wrong))
            continue
        check_ntfs(bench, disk, order)
    order = ("boot.ini", None, make_data(13, 310))      # it fits into its record
    bench.put(disk, order)
    check_ntfs(bench, disk, order)


def test_ntfs_refused(bench):
    """NTFS: what is not written says why"""
    disk = make_volume(bench, 48 * MIB)
    hal = bench.file("hal", make_data(14, 9000))
    bench.fill(disk, 0, f"{hal}:{FOLDER}/hal.dll", f"{hal}:link", "=link:0xa000000c",
               "--compress", f"{hal}:packed")
    for why, path, like in (
            ("bad-input: there is no folder for nowhere/a.dll", "nowhere/a.dll", None),
            ("bad-input: there is no folder for link/a.dll", "link/a.dll", None),
            ("bad-input: there is no file /none.dll", "a.dll", "none.dll"),
            ("bad-input: there is no file /WINDOWS", "a.dll", "WINDOWS"),
            ("impossible: a new file must have a name of DOS.*'longer than that.dll'",
             "longer than that.dll", None),
            ("impossible: a new file must have a name of DOS.*'a.text'", "a.text", None),
            ("impossible: a file cannot be read: it is a directory", FOLDER, None),
            ("impossible: a file cannot be read: it is a link", "link", None),
            ("impossible: the file is compressed or sparse", "packed", None)):
        bench.refuse(disk, f"^error {why}", path, like, b"x" * 100)
    bench.put(disk, *[(f"{FOLDER}/k{number}.exe", "hal.dll", make_data(number + 1, MIB))
                      for number in range(10)])
    bench.refuse(disk, "more than 16777216 bytes would have to be written",
                 "huge", None, bytes(range(1, 256)) * 70000)


# ---------------------------------------------------------------- FAT

FATS = [(12, 4, 512, 8), (16, 40, 512, 2), (32, 60, 512, 1), (32, 300, 512, 8),
        (16, 60, 2048, 1), (32, 300, 4096, 1)]


def make_fat(bench, bits, size, sector, cluster, *options):
    """A FAT file system that is the whole disk, with some of Windows."""
    disk = bench.image("fat", size * MIB)
    run("mkfs.fat", "-F", bits, "-S", sector, "-s", cluster, *options, disk)
    run("mmd", "-i", disk, "::/WINDOWS", "::/WINDOWS/system32")
    run("mcopy", "-i", disk, bench.file("hal", make_data(20, 9000)), f"::/{FOLDER}/hal.dll")
    run("mcopy", "-i", disk, bench.file("ini", make_data(21, 300)), "::/boot.ini")
    run("mcopy", "-i", disk, bench.file("long", make_data(22, 30000)),
        "::/A long name with Capitals.text")
    run("mattrib", "-i", disk, "+r", "+h", "+s", "::/boot.ini")
    run("mattrib", "-i", disk, "+r", f"::/{FOLDER}/hal.dll")
    return disk


def everything(bench, disk):
    """The hash of every file, as mtools sees them."""
    folder = bench.folder / "all"
    folder.mkdir()
    run("mcopy", "-s", "-n", "-i", disk, "::/", folder)
    hashes = {str(path.relative_to(folder)).lower():
              hashlib.sha256(path.read_bytes()).hexdigest()
              for path in folder.rglob("*") if path.is_file()}
    shutil.rmtree(folder)
    return hashes


def attributes(disk, path):
    """The letters of mattrib."""
    return "".join(run("mattrib", "-i", disk, f"::/{path}").decode()[:11].split())


def check_fat(bench, disk, *orders):
    """The same of a FAT file system."""
    done = subprocess.run(["fsck.fat", "-n", str(disk)], capture_output=True, text=True,
                          check=False)
    check(done.returncode == 0, f"fsck.fat: {done.stdout}{done.stderr}")
    for path, _, data in orders:
        check(run("mtype", "-i", disk, f"::/{path}") == data, f"mtype {path}: other bytes")
    put = {path.lower() for path, _, _ in orders}
    old, new = everything(bench, bench.old), everything(bench, disk)
    check(set(new) == set(old) | put, f"other files: {set(new) ^ set(old) ^ put}")
    check(all(new[name] == old[name] for name in old if name not in put),
          "other files changed")
    bench.checks += 1


def test_fat_new(bench):
    """FAT: new files of 0 to 2,200,000 bytes, of six kinds of volumes"""
    for kind in FATS:
        disk = make_fat(bench, *kind)
        for size in SIZES:
            order = (f"{FOLDER}/n{size}.dll", "hal.dll",
                     make_data(size, size) if size > 8 else b"")
            bench.put(disk, order)
            check_fat(bench, disk, order)
            check(attributes(disk, order[0]) == attributes(disk, f"{FOLDER}/hal.dll"),
                  f"{order[0]}: {attributes(disk, order[0])}")
        names = bench.lines(disk, "list", 0, FOLDER)
        check("n100.dll" in names, f"{names}")        # in small letters
        orders = [(f"{FOLDER}/UPPER.DLL", None, b"u"), (f"{FOLDER}/lower.DLL", None, b"l"),
                  (f"{FOLDER}/Mixed.dll", None, b"m"), (f"{FOLDER}/nothing", None, b"n")]
        bench.put(disk, *orders)
        check_fat(bench, disk, *orders)
        names = set(bench.lines(disk, "list", 0, FOLDER))
        check({"UPPER.DLL", "lower.DLL", "MIXED.dll", "nothing"} <= names, f"{names}")
        listed = run("mdir", "-i", disk, f"::/{FOLDER}/upper.dll").decode()
        check(now().strftime("%Y-%m-%d") in listed, listed)


def test_fat_folder(bench):
    """FAT: 700 files in a folder, which grows; one place of a file that is gone"""
    for kind in FATS[:4]:
        disk = make_fat(bench, *kind)
        orders = [(f"{FOLDER}/x{number}.dll", "hal.dll", b"%d" % number)
                  for number in range(700)]
        bench.put(disk, *orders)
        check_fat(bench, disk, *orders)
        run("mdel", "-i", disk, f"::/{FOLDER}/x300.dll")
        order = (f"{FOLDER}/again.dll", "hal.dll", make_data(23, 5000))
        bench.put(disk, order)
        check_fat(bench, disk, order)
        check(len(bench.lines(disk, "list", 0, FOLDER)) == 701, "files are missing")


def test_fat_change(bench):
    """FAT: boot.ini grows in pieces and shrinks, and keeps its attributes"""
    for kind in FATS:
        disk = make_fat(bench, *kind)
        for size in (310, 5000, 6000, 100, 40000, 2200000, 2200001, 20, 0, 700, 4096):
            order = ("boot.ini", None, make_data(size, size) if size > 8 else b"")
            bench.put(disk, order)
            check_fat(bench, disk, order)
            if size == 5000:    # what is behind it is taken now
                run("mcopy", "-i", disk, bench.file("taken", make_data(24, 9000)),
                    "::/taken.bin")
        check(attributes(disk, "boot.ini") == "ASHR", attributes(disk, "boot.ini"))


def test_fat_full(bench):
    """FAT: a full volume and a full root directory are left alone"""
    no_room = r"error impossible: the volume has no room: \d+ bytes are needed, and \d+ are free"
    for kind in FATS[:3]:
        disk = make_fat(bench, *kind)
        run("mcopy", "-i", disk, bench.file("most", make_data(25, (kind[1] - 1) * MIB)),
            "::/most.bin")
        bench.refuse(disk, no_room, f"{FOLDER}/ntkrnlmp.exe", "hal.dll", make_data(26, SIZES[3]))
        bench.refuse(disk, no_room, "boot.ini", None, make_data(26, SIZES[3]))
        free = int(run("mdir", "-i", disk, "::/").decode().rpartition("bytes free")[0]
                   .rpartition("\n")[2].replace(" ", ""))
        order = (f"{FOLDER}/ntkrnlmp.exe", "hal.dll", make_data(26, free))
        bench.put(disk, order)      # to the last cluster
        check_fat(bench, disk, order)
    disk = make_fat(bench, 12, 4, 512, 8, "-r", 112)
    used = 5            # the long name has three entries, and one for itself
    orders = [(f"f{number}", None, b"x") for number in range(112 - 1 - 1 - used + 1)]
    bench.put(disk, *orders)
    check_fat(bench, disk, orders[0], orders[-1], *orders)
    bench.refuse(disk, "impossible: the root directory has no room: all of its 112 entries",
                 "onemore", None, b"x")
    bench.put(disk, ("f0", None, make_data(27, 5000)))      # those that are there grow
    check_fat(bench, disk, ("f0", None, make_data(27, 5000)))


def test_fat_refused(bench):
    """FAT: what is not written says why"""
    disk = make_fat(bench, *FATS[1])
    for why, path, like in (
            ("bad-input: there is no folder for nowhere/a.dll", "nowhere/a.dll", None),
            ("bad-input: there is no folder for boot.ini/a.dll", "boot.ini/a.dll", None),
            ("bad-input: there is no file /none.dll", "a.dll", "none.dll"),
            ("bad-input: there is no file /WINDOWS", "a.dll", "WINDOWS"),
            ("impossible: a new file must have a name of DOS.*'longer than that.dll'",
             "longer than that.dll", None),
            ("impossible: a file cannot be read: it is a directory", FOLDER, None)):
        bench.refuse(disk, f"^error {why}", path, like, b"x" * 100)


TESTS = [test_ntfs_new, test_ntfs_large_folder, test_ntfs_change, test_ntfs_pieces,
         test_ntfs_full, test_ntfs_refused, test_fat_new, test_fat_folder, test_fat_change,
         test_fat_full, test_fat_refused]


def main():
    """Run the tests; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dump", required=True, metavar="PATH")
    parser.add_argument("--fill", required=True, metavar="PATH")
    parser.add_argument("--put", required=True, metavar="PATH")
    parser.add_argument("--only", metavar="NAME", help="one test")
    options = parser.parse_args()

    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        print(f"1..0 # SKIP missing: {', '.join(missing)}")
        return 77
    tests = [test for test in TESTS if options.only in (None, test.__name__)]
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, test in enumerate(tests, start=1):
        with tempfile.TemporaryDirectory(prefix="vtopo-puts-") as folder:
            bench = Bench(options, folder)
            try:
                test(bench)
                print(f"ok {number} - {test.__doc__}: {bench.checks} checks", flush=True)
            except Wrong as wrong:
                failed += 1
                print(f"not ok {number} - {test.__doc__}\n# {wrong}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
