#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hold what takes files out of cabinets and ISO images against their makers.

    cabinets.py --cabinet build/tests/cabinet-dump --disk build/tests/disk-dump

make_cabinet.py and gcab make cabinets, xorriso makes images; cabextract is a
second reader. What our readers take out must be what was put in, also in the
cage of the worker. Output is TAP; 77 when a tool is missing.
"""

import argparse
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

from make_cabinet import BREAKS, SLOTS, cabinet, szdd
from volumes import MIB, Wrong, check, run

TOOLS = ["cabextract", "gcab", "xorriso"]
PLENTY = 20                     # seconds that nothing here may take


class Bench:
    """The programs under test, and a folder to work in."""

    def __init__(self, options, folder):
        self.cabinet_path = os.path.abspath(options.cabinet)
        self.disk_path = os.path.abspath(options.disk)
        self.folder = pathlib.Path(folder)

    def file(self, name, data):
        """A file with the data in our folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def dump(self, *arguments):
        """What cabinet-dump does: (status, bytes, message)."""
        done = subprocess.run([self.cabinet_path, *map(str, arguments)], capture_output=True,
                              check=False, timeout=4 * PLENTY)
        return done.returncode, done.stdout, done.stderr.decode(errors="replace").strip()

    def same(self, path, name, data):
        """The file of that name holds the data, with the cage and without."""
        for cage in ([], ["--caged"]):
            status, got, message = self.dump(*cage, path, name)
            check(status == 0, f"{path.name}: {name} {cage}: {status} {message}")
            check(got == data, f"{path.name}: {name}: {len(got)} bytes, not {len(data)} "
                  "or others")

    def fails(self, path, name, words, *more):
        """It says so, and why; nothing comes out."""
        status, got, message = self.dump(path, name, *more)
        check(status == 1 and got == b"" and words in message,
              f"{path.name}: {name}: {status}, {len(got)} bytes, '{message}', not '{words}'")

    def extracts(self, path, files):
        """cabextract agrees."""
        target = self.folder / "out"
        shutil.rmtree(target, ignore_errors=True)
        run("cabextract", "-q", "-d", target, path)
        for name, data in files:
            got = (target / name.replace("\\", "/")).read_bytes()
            check(got == data, f"cabextract of {path.name}: {name} differs")

    def disk(self, *arguments):
        """What disk-dump prints of an image."""
        done = subprocess.run([self.disk_path, *map(str, arguments)], capture_output=True,
                              check=False, timeout=PLENTY)
        check(done.returncode == 0, f"{arguments}: {done.stderr.decode(errors='replace')}")
        return done.stdout


def some_files():
    """Text, code and noise, small and empty, over many blocks."""
    rng = random.Random(7)
    text = "".join(f"processor {rng.randrange(64)} of {i} is {rng.choice(['used', 'parked'])}\n"
                   for i in range(6000)).encode()
    code = b"".join(struct.pack("<BIBH", 0xe8, rng.randrange(1 << 17), 0x8b, rng.randrange(256))
                    for _ in range(25000))
    return [("kernel.exe", code), ("i386\\HALMACPI.DLL", code[50000:51234]), ("empty.txt", b""),
            ("noise.bin", rng.randbytes(250001)), ("one", b"1"), ("readme.txt", text),
            ("zeros.bin", bytes(100000)), ("ntkrnlmp.exe", code[::-1])]


def kinds():
    """Ways to make a cabinet: what, method, window, folder size."""
    yield from ((f"lzx-{window}", "lzx", window, 1 << 62) for window in SLOTS)
    for method in ("lzx", "mszip", "none"):
        yield f"{method}-folders", method, 15, 150000
    yield "mszip", "mszip", 0, 1 << 62
    yield "none", "none", 0, 1 << 62


def test_ours(bench):
    """cabinets of LZX, MSZIP and none: cabextract and we read them alike"""
    files = some_files()
    for name, method, window, size in kinds():
        path = bench.file(f"{name}.cab", cabinet(files, method, window, size))
        bench.extracts(path, files)
        for number, (inner, data) in enumerate(files):
            # All of them where folders differ, a few for each window.
            if "folders" in name or number in (1, 5, 7):
                bench.same(path, inner.rsplit("\\", 1)[-1].upper(), data)
        status, got, message = bench.dump(path, "hal.dll")
        check((status, got, message) == (2, b"", "no such file"), f"{name}: {status} {message}")


def test_gcab(bench):
    """cabinets that gcab made"""
    files = some_files()
    paths = [bench.file(f"in/{name}".replace("\\", "/"), data) for name, data in files if data]
    for name, options in (("stored", []), ("zipped", ["--zip"])):
        path = bench.folder / f"{name}.cab"
        run("gcab", "--create", "--nopath", *options, path, *paths)
        for inner, data in files:
            if data:
                bench.same(path, inner.rsplit("\\", 1)[-1], data)


def test_setup_media(bench):
    """compressed single files of setup media"""
    data = some_files()[0][1]
    for name, packed in (("lzx", cabinet([("halmacpi.dll", data)], "lzx", 21)),
                         ("mszip", cabinet([("halmacpi.dll", data)], "mszip")),
                         ("szdd", szdd(data)), ("plain", data)):
        bench.same(bench.file(f"{name}.dl_", packed), "--expand", data)
    two = bench.file("two.dl_", cabinet([("a", b"1"), ("b", b"2")]))
    bench.fails(two, "--expand", "bad-input: a cabinet of setup media holds 2 files")
    cut = bench.file("cut.dl_", szdd(data)[:-1000])
    bench.fails(cut, "--expand", "bad-input: a compressed file cannot be unpacked: it is cut")


BROKEN = {
    "checksum": "bad-input: 'last.sys' cannot be unpacked: a checksum in it is wrong",
    "cut": "bad-input: a cabinet of ",
    "size": "bad-input: 'last.sys' cannot be unpacked: it is damaged",
    "folder": "bad-input: 'last.sys' is in folder 1 of a cabinet that has 1",
    "many": "bad-input: a cabinet lists 20001 files",
    "from-previous": "impossible: a part of 'last.sys' is in another cabinet",
    "to-next": "impossible: a part of 'last.sys' is in another cabinet",
    "both": "impossible: a part of 'last.sys' is in another cabinet",
}


def test_broken(bench):
    """broken cabinets are refused with the reason"""
    files = [*some_files()[:2], ("last.sys", b"the last one")]
    for method in ("lzx", "mszip", "none"):
        for how in BREAKS:
            path = bench.file(f"{method}-{how}.cab", cabinet(files, method, broken=how))
            if how == "no-checksum":
                bench.same(path, "last.sys", files[-1][1])
            else:
                bench.fails(path, "last.sys", BROKEN[how])
    bench.fails(bench.file("max.cab", cabinet(files)), "kernel.exe",
                "bad-input: 'kernel.exe' has 200000 bytes, at most 199999 are", 199999)


def test_flips(bench):
    """a bit changed anywhere in the data is noticed"""
    files = [("kernel.exe", some_files()[0][1][:60000]), ("last.sys", b"the last one")]
    rng = random.Random(11)
    for method in ("lzx", "mszip", "none"):
        good = cabinet(files, method)
        start, = struct.unpack_from("<I", good, 36)
        for _ in range(25):
            bad = bytearray(good)
            bad[rng.randrange(start, len(bad))] ^= 1 << rng.randrange(8)
            status, got, message = bench.dump(bench.file("flip.cab", bytes(bad)), "last.sys")
            check(status == 1 and got == b"" and "bad-input" in message,
                  f"{method}: {status} {len(got)} {message}")


def test_bombs(bench):
    """much work is done in time, or refused"""
    many = [(f"file{number:05}.dll", b"x") for number in range(20000)]
    before = time.monotonic()
    bench.same(bench.file("many.cab", cabinet(many, "mszip")), "FILE19999.DLL", b"x")
    far = [("zeros", bytes(250 * MIB)), ("last.sys", b"the last one")]
    packed = cabinet(far, "mszip")
    bench.same(bench.file("far.cab", packed), "last.sys", b"the last one")
    check(time.monotonic() - before < PLENTY, "it took long")
    far[0] = ("zeros", bytes(256 * MIB))
    bench.fails(bench.file("too-far.cab", cabinet(far, "none")), "last.sys",
                "impossible: 'last.sys' ends 268435468 bytes into its folder")
    bench.fails(bench.file("far.cab", packed), "zeros",
                "bad-input: 'zeros' has 262144000 bytes, at most 67108864")


def test_iso(bench):
    """files of an ISO image, and what they hold"""
    data = some_files()[0][1]
    media = {"I386/HALMACPI.DL_": cabinet([("halmacpi.dll", data)]),
             "I386/SP3.CAB": cabinet(some_files()), "I386/NTLDR": data,
             "WIN51": b"Windows\r\n", "EMPTY.TXT": b"",
             "A/B/C/D/E/DEEP.INF": b"[deep]", **{f"I386/FILE{number:04}.SY_": b"%d" % number
                                                 for number in range(500)}}
    for path, content in media.items():
        bench.file(f"media/{path}", content)
    for name, options in (("plain", ["-iso-level", 2]), ("joliet", ["-J", "-R"]),
                          ("hybrid", ["-partition_offset", 16])):
        image = bench.folder / f"{name}.iso"
        run("xorriso", "-as", "mkisofs", "-quiet", "-V", "SETUP", *options, "-o", image,
            bench.folder / "media")
        check(b"content=iso9660" in bench.disk(image, "table") or name == "hybrid",
              f"{name}: {bench.disk(image, 'table')}")
        check(bench.disk(image, "state", 0).split()[:2] == [b"volume=iso9660", b"dirty=0"],
              f"{name}: {bench.disk(image, 'state', 0)}")
        for path, content in media.items():
            if not path.startswith("I386/FILE") or path.endswith("77.SY_"):
                check(bench.disk(image, "cat", 0, path.lower()) == content,
                      f"{name}: {path} differs")
        listed = bench.disk(image, "list", 0, "i386").decode().split()
        check(sorted(listed) == sorted(path[5:] for path in media if path.startswith("I386/")),
              f"{name}: {len(listed)} names, {listed[:5]}")
        check(bench.disk(image, "list", 0, "i386/nothing") == b"not found\n", name)
        taken = bench.file("taken.dl_", bench.disk(image, "cat", 0, "i386/halmacpi.dl_"))
        bench.same(taken, "--expand", data)


TESTS = [test_ours, test_gcab, test_setup_media, test_broken, test_flips, test_bombs, test_iso]


def main():
    """Run the tests; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cabinet", required=True, metavar="PATH")
    parser.add_argument("--disk", required=True, metavar="PATH")
    parser.add_argument("--only", metavar="NAME", help="one test")
    options = parser.parse_args()

    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        print(f"1..0 # SKIP missing: {', '.join(missing)}")
        return 77
    tests = [test for test in TESTS if options.only in (None, test.__name__)]
    if not tests:
        parser.error(f"there is no test '{options.only}'")
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, test in enumerate(tests, start=1):
        with tempfile.TemporaryDirectory(prefix="vtopo-cabinets-") as folder:
            try:
                test(Bench(options, folder))
                print(f"ok {number} - {test.__doc__}", flush=True)
            except Wrong as wrong:
                failed += 1
                print(f"not ok {number} - {test.__doc__}\n# {wrong}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
