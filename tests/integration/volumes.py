#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hold the worker's readers of disks against the tools that made the disks.

    volumes.py --dump build/tests/disk-dump --fill build/tests/ntfs-fill
               [--data ../shared/data]

sfdisk divides disks, mkntfs and ntfs-fill, mkfs.fat and mtools fill them, and
disk-dump must show what was put in: partitions, names, bytes. The same over
NBD, from a qcow2. Then the real images of the data folder against truth.json,
where that folder is. Output is TAP; 77 when a tool is missing.
"""

import argparse
import hashlib
import json
import lzma
import os
import pathlib
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

os.environ["PATH"] += ":/usr/sbin:/sbin"
os.environ["MTOOLS_SKIP_CHECK"] = "1"
TOOLS = ["fdisk", "sfdisk", "mkntfs", "mkfs.fat", "mcopy", "mmd", "mattrib", "qemu-img", "qemu-nbd"]
MIB = 1 << 20

ESP = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
BASIC = "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"


class Wrong(Exception):
    """What was read is not what was put in."""


def check(condition, text):
    """Complain unless it holds."""
    if not condition:
        raise Wrong(text)


def run(*command, **options):
    """A tool that must succeed; its output."""
    done = subprocess.run([str(part) for part in command], capture_output=True,
                          check=False, **options)
    if done.returncode != 0:
        raise Wrong(f"{command[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


class Bench:
    """The programs under test, and a folder to work in."""

    def __init__(self, options, folder):
        self.dump_path = os.path.abspath(options.dump)
        self.fill_path = os.path.abspath(options.fill)
        self.folder = pathlib.Path(folder)
        self.cost = ""

    def dump(self, disk, *arguments, fails=False):
        """What disk-dump prints of a raw file."""
        done = subprocess.run([self.dump_path, str(disk), *map(str, arguments)],
                              capture_output=True, check=False, timeout=120)
        message = done.stderr.decode(errors="replace")
        if fails:
            check(done.returncode == 1, f"{arguments}: no failure but {done.returncode}")
            return message
        check(done.returncode == 0, f"{arguments}: {message}")
        self.cost = message.strip()
        return done.stdout

    def lines(self, disk, *arguments):
        """The same as lines of text."""
        return self.dump(disk, *arguments).decode().splitlines()

    def table(self, disk):
        """The table and the partitions, as dictionaries."""
        rows = [dict(word.split("=", 1) for word in line.split()[1:])
                for line in self.lines(disk, "table")]
        return rows[0], rows[1:]

    def same(self, disk, part, path, data):
        """The file at the path holds the data."""
        got = self.dump(disk, "cat", part, path)
        check(got == data, f"{path}: {len(got)} bytes, "
              f"sha256 {hashlib.sha256(got).hexdigest()[:16]}, not {len(data)}, "
              f"sha256 {hashlib.sha256(data).hexdigest()[:16]}")

    def file(self, name, data):
        """A file with the data in our folder."""
        path = self.folder / name
        path.write_bytes(data)
        return path

    def image(self, name, size):
        """An empty disk."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        with open(path, "wb") as disk:
            disk.truncate(size)
        return path

    def fill(self, disk, offset, *orders):
        """Put files into an NTFS volume."""
        run(self.fill_path, disk, offset, *orders)


def make_data(seed, size):
    """Bytes that compress a little."""
    rng = random.Random(seed)
    unit = bytes(rng.getrandbits(8) for _ in range(1024)) + bytes(1024)
    return (unit * (size // len(unit) + 1))[:size - 4] + struct.pack("<I", seed)


def make_ntfs(bench, disk, start, size, *options):
    """An NTFS volume in the middle of a disk."""
    part = bench.image("part", size)
    run("mkntfs", "-q", "-F", "-p", start // 512, "-H", 255, "-S", 63, *options, part)
    copy_in(part, disk, start)


def copy_in(part, disk, offset):
    """Put a volume where its partition is, holes as holes."""
    with open(part, "rb") as source, open(disk, "r+b") as target:
        at = 0
        while block := source.read(65536):
            if block.count(0) != len(block):
                target.seek(offset + at)
                target.write(block)
            at += len(block)


def divide(disk, label, script, sector=512):
    """Let sfdisk write a table."""
    lines = f"label: {label}\n" + script
    if sector == 512:
        run("sfdisk", "-q", disk, input=lines.encode())
        return
    # The sfdisk of Debian 12 knows no sector size, but its fdisk does.
    script_path = disk.with_suffix(".script")
    script_path.write_text(lines)
    run("fdisk", "-b", sector, "-w", "never", disk, input=f"I\n{script_path}\nw\n".encode())


# ------------------------------------------------------------- tables


def test_mbr(bench):
    """MBR: two primaries, five logical drives"""
    disk = bench.image("mbr", 64 * MIB)
    divide(disk, "dos", "label-id: 0xcafe1234\n"
           "start=2048, size=8192, type=7, bootable\nstart=10240, size=4096, type=c\n"
           "start=16384, size=100000, type=f\n"
           + "".join(f"start={18432 + 6144 * i}, size=4096, type=7\n" for i in range(5)))
    table, parts = bench.table(disk)
    check(table["kind"] == "mbr" and table["signature"] == "cafe1234"
          and table["damaged"] == "0" and table["sector"] == "512", str(table))
    got = [(int(p["number"]), int(p["offset"]) // 512, int(p["size"]) // 512, p["type"],
            p["active"], p["logical"]) for p in parts]
    want = [(1, 2048, 8192, "07", "1", "0"), (2, 10240, 4096, "0c", "0", "0"),
            (3, 16384, 100000, "0f", "0", "0")]
    want += [(5 + i, 18432 + 6144 * i, 4096, "07", "0", "1") for i in range(5)]
    check(got == want, f"{got}")


def check_gpt(bench, disk, sector, backup):
    """The table that test_gpt() makes."""
    table, parts = bench.table(disk)
    check(table["kind"] == "gpt" and table["sector"] == str(sector)
          and table["backup"] == table["damaged"] == str(backup)
          and table["guid"] == "11111111-2222-3333-4444-555555555555", str(table))
    got = [(int(p["number"]), int(p["offset"]), int(p["size"]), p["type"], p["guid"][:8])
           for p in parts]
    check(got == [(1, 4 * MIB, 8 * MIB, ESP, "aaaaaaa1"),
                  (4, 16 * MIB, 32 * MIB, BASIC, "aaaaaaa4")], f"{got}")


def test_gpt(bench):
    """GPT: sectors of 512 and 4096 bytes, primary and backup"""
    for sector in (512, 4096):
        disk = bench.image("gpt", 64 * MIB)
        unit = MIB // sector
        divide(disk, "gpt", "label-id: 11111111-2222-3333-4444-555555555555\n"
               f"1: start={4 * unit}, size={8 * unit}, type={ESP}, "
               "uuid=AAAAAAA1-0000-4000-8000-000000000001\n"
               f"4: start={16 * unit}, size={32 * unit}, type={BASIC}, "
               "uuid=AAAAAAA4-0000-4000-8000-000000000004\n", sector)
        check_gpt(bench, disk, sector, 0)
        with open(disk, "r+b") as file:
            file.seek(sector * 2 + 48)          # the entries
            file.write(b"\x40")
        check_gpt(bench, disk, sector, 1)
        with open(disk, "r+b") as file:
            file.seek(sector)                   # the header, too
            file.write(bytes(512))
        check_gpt(bench, disk, sector, 1)
        with open(disk, "r+b") as file:
            file.seek(-sector, os.SEEK_END)     # and the backup
            file.write(bytes(512))
        table, parts = bench.table(disk)
        check(table["kind"] == "gpt" and table["damaged"] == "1" and not parts, str(table))


def test_cut_short(bench):
    """A disk that ends too early is read as far as it goes"""
    disk = bench.image("cut", 64 * MIB)
    divide(disk, "dos", "start=2048, size=20480, type=7\nstart=24576, size=100000, type=7\n")
    make_ntfs(bench, disk, MIB, 10 * MIB)
    bench.fill(disk, MIB, f"{bench.file('f', make_data(1, 9000))}:a/b.txt")
    os.truncate(disk, 20 * MIB)
    _, parts = bench.table(disk)
    check([p["cut"] for p in parts] == ["0", "1"], f"{parts}")
    bench.same(disk, 1, "a/b.txt", make_data(1, 9000))
    os.truncate(disk, MIB + 20000)
    _, parts = bench.table(disk)
    check([p["cut"] for p in parts] == ["1", "1"], f"{parts}")
    check("beyond the end" in bench.dump(disk, "list", 1, "", fails=True), "no reason given")


def test_contents(bench):
    """What has no reader has a name"""
    heads = {
        "empty": b"", "bitlocker": b"\xeb\x58\x90-FVE-FS-", "luks": b"LUKS\xba\xbe\0\2",
        "refs": b"\0\0\0ReFS\0\0\0\0", "exfat": b"\xeb\x76\x90EXFAT   ",
        "ext": bytes(1080) + b"\x53\xef", "btrfs": bytes(65600) + b"_BHRfS_M", "xfs": b"XFSB",
        "lvm": bytes(512) + b"LABELONE", "unknown": b"something",
    }
    for name, head in heads.items():
        disk = bench.image("content", 4 * MIB)
        with open(disk, "r+b") as file:
            file.write(head)
        table, parts = bench.table(disk)
        check(table["kind"] == "none" and table["content"] == name and not parts,
              f"{name}: {table}")
        reason = bench.dump(disk, "list", 0, "", fails=True)
        check(reason.startswith("error impossible: the partition holds"), reason)


# --------------------------------------------------------------- NTFS


def test_ntfs(bench):
    """NTFS: cluster and sector sizes; names in any case; plain and compressed files"""
    hive, small = make_data(2, 3000001), make_data(3, 200)
    sources = [bench.file("hive", hive), bench.file("small", small)]
    for options in (["-c", 512], [], ["-c", 65536], ["-s", 4096]):
        disk = bench.image("ntfs", 96 * MIB)
        divide(disk, "dos", "start=2048, type=7\n")
        make_ntfs(bench, disk, MIB, 80 * MIB, *options)
        orders = [f"{sources[0]}:Windows/System32/config/SYSTEM",
                  f"{sources[1]}:Boot/BCD", ":Windows/System32/x*300",
                  f"{sources[1]}:Gr\u00fc\u00dfe/\u65e5\u672c.txt"]
        if options != ["-c", 65536]:        # compression needs clusters up to 4096
            orders += ["--compress", f"{sources[0]}:packed/SYSTEM"]
            bench.fill(disk, MIB, *orders)
            bench.same(disk, 1, "PACKED\\system", hive)
            check("flags=2 " in bench.lines(disk, "stat", 1, "packed/SYSTEM")[0],
                  "not marked as compressed")
        else:
            bench.fill(disk, MIB, *orders)
        bench.same(disk, 1, "wINDOWS/system32\\Config/system", hive)
        bench.same(disk, 1, "/boot/bcd", small)
        bench.same(disk, 1, "gr\u00dc\u00dfe/\u65e5\u672c.txt", small)
        names = set(bench.lines(disk, "list", 1, "Windows/System32"))
        check(names == {f"x{i:04}.dll" for i in range(300)} | {"config/"},
              f"{len(names)} names")
        check(bench.lines(disk, "stat", 1, "Windows/nothing", "Boot/BCD/x")
              == ["not found"] * 2, "found what is not there")
        check(bench.lines(disk, "state", 1)
              == ["volume=ntfs dirty=0 log_unclean=0 hibernation=none"], "a wrong state")


def test_ntfs_unreadable(bench):
    """NTFS: files of compact OS, links and directories are refused with a reason"""
    disk = bench.image("wof", 16 * MIB)
    run("mkntfs", "-q", "-F", "-p", 0, "-H", 255, "-S", 63, disk)
    text = bench.file("text", b"x" * 5000)
    bench.fill(disk, 0, f"{text}:wof.dll", "=wof.dll:0x80000017",
               f"{text}:link", "=link:0xa000000c", ":folder")
    for path, flags, why in (("wof.dll", 8, "compact OS"), ("link", 32, "a link"),
                             ("folder", 1, "a directory")):
        got = bench.lines(disk, "stat", 0, path)[0]
        check(f"flags={flags} " in got, f"{path}: {got}")
        check(why in bench.dump(disk, "cat", 0, path, fails=True), path)


def test_ntfs_state(bench):
    """NTFS: dirty, hibernated, resumed, an unclean journal"""
    for head, want in ((b"hibr", "asleep"), (b"HIBR", "asleep"), (b"RSTR", "asleep"),
                       (b"wake", "resumed"), (b"WAKE", "resumed"), (bytes(4), "none")):
        disk = bench.image("state", 16 * MIB)
        run("mkntfs", "-q", "-F", "-p", 0, "-H", 255, "-S", 63, disk)
        bench.fill(disk, 0, f"{bench.file('hiber', head + bytes(8192))}:hiberfil.sys")
        got = bench.lines(disk, "state", 0)[0]
        check(got.endswith(f"hibernation={want}"), f"{head}: {got}")
    data = bytearray(disk.read_bytes())
    # $VOLUME_INFORMATION of $Volume: the flags behind 8 zeros and "3.1".
    mft, mirror = (at * data[13] * 512 for at in struct.unpack_from("<QQ", data, 48))
    flags = data.index(bytes(8) + b"\3\1", mft + 3 * 1024) + 10
    data[flags] |= 1
    disk.write_bytes(data)
    check("dirty=1" in bench.lines(disk, "state", 0)[0], "$MFTMirr differs, but is not dirty")
    data[flags - mft + mirror] |= 1
    disk.write_bytes(data)
    check("dirty=1" in bench.lines(disk, "state", 0)[0], "dirty is not seen")
    log = data.index(b"\xff" * 65536)       # mkntfs fills $LogFile with it
    data[log:log + 512] = b"RSTR" + bytes(508)
    disk.write_bytes(data)
    check("log_unclean=1" in bench.lines(disk, "state", 0)[0], "the journal is not seen")


def test_ntfs_cost(bench):
    """NTFS: few requests to find the hives among 3,000 files"""
    disk = bench.image("cost", 300 * MIB)
    divide(disk, "dos", "start=2048, type=7\n")
    make_ntfs(bench, disk, MIB, 290 * MIB)
    hive = bench.file("hive", make_data(4, 8 * MIB))
    config = "Windows/System32/config"
    bench.fill(disk, MIB, ":Windows/System32/f*3000", f"{hive}:{config}/SYSTEM",
               f"{hive}:{config}/SOFTWARE", f"{hive}:Windows/System32/hal.dll")
    bench.dump(disk, "stat", 1, f"{config}/SYSTEM", f"{config}/SOFTWARE",
               "Windows/System32/hal.dll")
    requests, count = map(int, re.findall(r"\d+", bench.cost))
    print(f"# {requests} requests, {count} bytes")
    check(requests <= 43 and count <= 377000, f"{requests} requests, {count} bytes")


# ---------------------------------------------------------------- FAT


def fill_fat(disk, sources):
    """Files at known places, by mtools."""
    offset = f"{disk}@@{MIB}"
    run("mmd", "-i", offset, "::/EFI", "::/EFI/Microsoft", "::/EFI/Microsoft/Boot")
    run("mcopy", "-i", offset, sources[0], "::/EFI/Microsoft/Boot/BCD")
    run("mcopy", "-i", offset, sources[1], "::/boot.ini")
    run("mcopy", "-i", offset, sources[1], "::/A long name with Capitals.text")
    run("mcopy", "-i", offset, sources[1], "::/\u00fcml\u00e4ut and more.txt",
        env=os.environ | {"LC_ALL": "C.UTF-8"})
    run("mattrib", "-i", offset, "+r", "+h", "+s", "::/boot.ini")


def test_fat(bench):
    """FAT: 12, 16 and 32; sector and cluster sizes; long and short names"""
    big, small = make_data(5, 700001), make_data(6, 212)
    sources = [bench.file("big", big), bench.file("small", small)]
    kinds = [(12, 4, 512, 8), (16, 40, 512, 2), (32, 60, 512, 1), (32, 300, 512, 8),
             (16, 60, 2048, 1), (32, 300, 4096, 1)]
    for bits, size, sector, cluster in kinds:
        disk = bench.image("fat", (size + 1) * MIB)
        divide(disk, "dos", "start=2048, type=c\n")
        part = bench.image("part", size * MIB)
        run("mkfs.fat", "-F", bits, "-S", sector, "-s", cluster, part)
        copy_in(part, disk, MIB)
        fill_fat(disk, sources)
        what = f"fat{bits}, {sector}, {cluster}"
        bench.same(disk, 1, "efi\\microsoft/BOOT/bcd", big)
        bench.same(disk, 1, "BOOT.INI", small)
        bench.same(disk, 1, "a LONG name with capitals.TEXT", small)
        bench.same(disk, 1, "ALONGN~1.TEX", small)
        names = sorted(bench.lines(disk, "list", 1, ""))
        check(names == ["A long name with Capitals.text", "EFI/", "boot.ini",
                        "\u00fcml\u00e4ut and more.txt"], f"{what}: {names}")
        check(bench.lines(disk, "stat", 1, "boot.ini", "EFI", "EFI/x", "boot.ini/x")
              == ["size=212 flags=0 attributes=27", "size=0 flags=1 attributes=10",
                  "not found", "not found"], what)
        state = bench.lines(disk, "state", 1)[0]
        check(state == f"volume=fat{bits} dirty=0 log_unclean=0 hibernation=none",
              f"{what}: {state}")


def test_fat_fragments(bench):
    """FAT: a file in many pieces, a directory of 300 long names"""
    disk = bench.image("fragments", 65 * MIB)
    divide(disk, "dos", "start=2048, type=c\n")
    part = bench.image("part", 64 * MIB)
    run("mkfs.fat", "-F", 32, "-s", 1, part)
    copy_in(part, disk, MIB)
    offset = f"{disk}@@{MIB}"
    many = bench.folder / "many"
    many.mkdir()
    for i in range(300):
        (many / f"file number {i:04}.dat").write_bytes(bytes([i % 251]) * 50000)
    run("mcopy", "-s", "-i", offset, many, "::/many")
    shutil.rmtree(many)
    run("mdel", "-i", offset, *[f"::/many/file number {i:04}.dat"
                                for i in range(0, 300, 2)])     # holes
    big = make_data(7, 50 * MIB)
    run("mcopy", "-i", offset, bench.file("big", big), "::/big")
    bench.same(disk, 1, "BIG", big)
    names = bench.lines(disk, "list", 1, "many")
    check(sorted(names) == [f"file number {i:04}.dat" for i in range(1, 300, 2)],
          f"{len(names)} names")
    bench.same(disk, 1, "many/file number 0299.dat", bytes([299 % 251]) * 50000)


# ---------------------------------------------------------------- NBD


def serve(bench, disk, kind):
    """qemu-nbd for one client; its process and our end of the connection."""
    path = str(bench.folder / "nbd")
    # The caller ends it.
    server = subprocess.Popen(  # pylint: disable=consider-using-with
        ["qemu-nbd", "-r", "-f", kind, "-k", path, "-e", "1", str(disk)])
    for _ in range(100):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            client.connect(path)
            return server, client
        except OSError:
            client.close()
            time.sleep(0.05)
    server.kill()
    raise Wrong("qemu-nbd does not answer")


def over_nbd(bench, disk, kind, *arguments):
    """disk-dump with the connection as a descriptor."""
    server, client = serve(bench, disk, kind)
    try:
        with client:
            os.set_inheritable(client.fileno(), True)
            done = subprocess.run(
                [bench.dump_path, f"nbd:{client.fileno()}", *map(str, arguments)],
                capture_output=True, check=False, timeout=60, close_fds=False)
    finally:
        server.terminate()
        server.wait()
    message = done.stderr.decode(errors="replace")
    check(done.returncode == 0, message)
    bench.cost = message.strip()
    return done.stdout


def test_nbd(bench):
    """NBD: the same from a qcow2 as from the raw file"""
    disk = bench.image("raw", 64 * MIB)
    divide(disk, "gpt", f"start=2048, size=100000, type={BASIC}\n")
    make_ntfs(bench, disk, MIB, 48 * MIB)
    hive = make_data(8, 5000000)
    bench.fill(disk, MIB, f"{bench.file('hive', hive)}:Windows/System32/config/SYSTEM")
    for kind in ("qcow2", "vmdk", "vhdx", "vdi"):
        other = bench.folder / kind
        run("qemu-img", "convert", "-O", kind, disk, other)
        check(over_nbd(bench, other, kind, "table") == bench.dump(disk, "table"),
              f"{kind}: another table")
        raw = bench.dump(disk, "cat", 1, "windows/system32/config/system")
        cost = bench.cost
        check(over_nbd(bench, other, kind, "cat", 1, "windows/system32/config/system")
              == raw == hive, f"{kind}: other bytes")
        check(bench.cost == cost, f"{kind}: {bench.cost}, raw: {cost}")
    print(f"# a file of 5,000,000 bytes: {cost}")
    # A server that hangs up during the handshake is an error, not a crash.
    ours, theirs = socket.socketpair()
    theirs.close()
    os.set_inheritable(ours.fileno(), True)
    done = subprocess.run([bench.dump_path, f"nbd:{ours.fileno()}", "table"],
                          capture_output=True, check=False, timeout=60, close_fds=False)
    ours.close()
    check(done.returncode == 1 and b"the NBD server hung up" in done.stderr,
          f"{done.returncode} {done.stderr}")


# --------------------------------------------------------- real images


def unpack(bench, data, row):
    """A real image as a raw file."""
    path = bench.folder / "real"
    with lzma.open(data / row["packed"]["file"]) as source:
        content = source.read()
    check(hashlib.sha256(content).hexdigest() == row["sha256"], "another file than it was")
    path.write_bytes(content)
    kind = row["file"].rsplit(".", 1)[1]
    if kind == "raw":
        return path
    raw = bench.folder / "real.raw"
    run("qemu-img", "convert", "-f", kind, "-O", "raw", path, raw)
    return raw


def check_real(bench, disk, facts):
    """One real image against its facts."""
    table, parts = bench.table(disk)
    kinds = {"dos": "mbr", "gpt": "gpt", None: "none"}
    check(table["kind"] == kinds[facts.get("partition_table")] and table["damaged"] == "0",
          str(table))
    offsets = [int(p["offset"]) for p in parts]
    sizes = [int(p["size"]) for p in parts]
    for part in facts.get("partitions", []):
        at = offsets.index(part["start"] * 512)
        check(sizes[at] == part["sectors"] * 512 and parts[at]["content"] == part["fs"],
              str(parts[at]))
    if "starts" in facts:
        files = [p for p in parts if p["type"] not in ("05", "0f")]
        check(sorted(int(p["offset"]) // 512 for p in files) == facts["starts"], str(parts))
        check(sum(p["logical"] == "0" for p in files) == facts["primary"]
              and sum(p["logical"] == "1" for p in files) == facts["logical"], str(parts))
    if "fs" in facts:
        state = bench.lines(disk, "state", 0)[0]
        check(state.startswith(f"volume={facts['fs']} "), state)
        check(bench.lines(disk, "list", 0, ""), "an empty root directory")
    volumes = [p["number"] for p in parts if p["content"] in ("ntfs", "fat")]
    if "fs" in facts:
        volumes.append("0")
    for number in volumes:
        bench.lines(disk, "state", number)
        bench.lines(disk, "list", number, "")
        got = bench.lines(disk, "stat", number, "Windows/System32/config/SYSTEM")
        check(got == ["not found"], f"{number}: {got}")
    return len(volumes)


def test_real(bench, data):
    """Real images, against truth.json"""
    images = json.loads((data / "truth.json").read_text())["images"]
    for name, row in images.items():
        try:
            count = check_real(bench, unpack(bench, data, row), row["facts"])
        except Wrong as wrong:
            raise Wrong(f"{name}: {wrong}") from wrong
        print(f"# {name}: {count} volumes")
        if "with-Windows-dir" in name:
            listed = bench.lines(bench.folder / "real.raw", "list", 0,
                                 "windows/system32/CONFIG")
            check("syslog" in listed, f"{listed}")


TESTS = [test_mbr, test_gpt, test_cut_short, test_contents, test_ntfs, test_ntfs_unreadable,
         test_ntfs_state, test_ntfs_cost, test_fat, test_fat_fragments, test_nbd]


def main():
    """Run the tests; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dump", required=True, metavar="PATH")
    parser.add_argument("--fill", required=True, metavar="PATH")
    parser.add_argument("--data", metavar="DIR", type=pathlib.Path,
                        default=os.environ.get("VTOPO_TEST_DATA", "../shared/data"))
    parser.add_argument("--only", metavar="NAME", help="one test")
    options = parser.parse_args()

    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        print(f"1..0 # SKIP missing: {', '.join(missing)}")
        return 77
    data = pathlib.Path(options.data)
    tests = [test for test in [*TESTS, test_real]
             if options.only in (None, test.__name__)]
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, test in enumerate(tests, start=1):
        if test is test_real and not (data / "truth.json").exists():
            print(f"ok {number} - {test.__doc__} # SKIP there is no {data}")
            continue
        with tempfile.TemporaryDirectory(prefix="vtopo-volumes-") as folder:
            bench = Bench(options, folder)
            try:
                test(bench, data) if test is test_real else test(bench)
                print(f"ok {number} - {test.__doc__}", flush=True)
            except Wrong as wrong:
                failed += 1
                print(f"not ok {number} - {test.__doc__}\n# {wrong}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
