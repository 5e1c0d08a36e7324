#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hold what the worker proposes to write against what must come of it.

    repair_truth.py [--build DIR] [--data FOLDER] [-k WORD]

Limits on processors are written into copies of real boot stores (by
libhivex), into made-up ones and into every boot.ini of the data folder; each
goes onto a disk, NTFS or FAT, MBR or GPT.  The worker proposes, the writes
are made on a copy of the disk, and then:

1. The file, taken out by ntfscat or mtype, has exactly the wanted keys and
   values, by libhivex and by our own reader; a boot.ini has exactly the
   wanted bytes.  What is wanted is worked out here, from the fact sheet.
2. regfinfo, ntfsfix, ntfsinfo and fsck.vfat are content.  A store has the
   size it had.
3. For a store, no sector that is not its own has changed; and to propose
   again proposes nothing.

And what must not be written to is refused, each with its code.  Output is
TAP; 77 when a tool is missing.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib

import demo_disk
import proposals
import windows_disks as made
from boot_truth import (BOOTMGR, GLOBAL_SETTINGS, HYPERVISOR_SETTINGS, INHERIT,
                        LOADER_SETTINGS, REG_BINARY, REG_MULTI_SZ, REG_SZ, Store, Tap, hivex, utf16)
from volume_files import check_volume, output

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MIB = made.MIB
TOOLS = ("mkntfs", "ntfscat", "ntfsfix", "ntfsinfo", "mkfs.vfat", "fsck.vfat", "mcopy", "mtype",
         "mmd", "mattrib")

NUMPROC, ONECPU, GROUPSIZE = "25000061", "26000060", "25000066"
HV_NUMPROC, HV_ROOT, HV_NODE = "250000fa", "25000113", "250000fb"
OPTIONS = "12000030"
LIMITS = (NUMPROC, ONECPU, GROUPSIZE, HV_NUMPROC, HV_ROOT, HV_NODE)


def number(value):
    """An element that is a number."""
    return REG_BINARY, struct.pack("<Q", value)


def flag(value=1):
    """An element that is a truth."""
    return REG_BINARY, bytes([value])


def text(value):
    """An element that is a text."""
    return REG_SZ, utf16(value)


# What is written into a store: says, [(object or None for the entry itself,
# code, (type, data))], and what becomes of each of the load options.
LIMITED = (
    ("numproc", [(None, NUMPROC, number(2))], {}),
    ("onecpu", [(None, ONECPU, flag())], {}),
    ("onecpu that says no stays", [(None, ONECPU, flag(0)), (None, NUMPROC, number(1))], {}),
    ("all six, in capitals", [(None, code.upper(), flag() if code == ONECPU else number(3))
                              for code in LIMITS], {}),
    ("in what it inherits from",
     [(LOADER_SETTINGS, NUMPROC, number(1)), (GLOBAL_SETTINGS, ONECPU, flag()),
      (HYPERVISOR_SETTINGS, HV_NUMPROC, number(3)), (None, INHERIT, (REG_MULTI_SZ, utf16(
          LOADER_SETTINGS + "\0" + GLOBAL_SETTINGS + "\0" + HYPERVISOR_SETTINGS + "\0")))], {}),
    ("its own and an inherited one", [(GLOBAL_SETTINGS, NUMPROC, number(1)), (
        None, NUMPROC, number(6)), (None, INHERIT, (REG_MULTI_SZ, utf16(
            GLOBAL_SETTINGS + "\0")))], {}),
    ("a ring of objects", [(None, INHERIT, (REG_MULTI_SZ, utf16(GLOBAL_SETTINGS + "\0"))), (
        GLOBAL_SETTINGS, INHERIT, (REG_MULTI_SZ, utf16(GLOBAL_SETTINGS + "\0"))),
                           (GLOBAL_SETTINGS, GROUPSIZE, number(2))], {}),
    ("load options that go", [(None, OPTIONS, text("/NUMPROC=2 /ONECPU"))],
     {"/NUMPROC=2 /ONECPU": None}),
    ("load options that stay", [(None, OPTIONS, text("DDISABLE  numproc=2 /x:\u00e4\u4e2d HAL"))],
     {"DDISABLE  numproc=2 /x:\u00e4\u4e2d HAL": "DDISABLE /x:\u00e4\u4e2d HAL"}),
    ("a word at the head of load options", [(None, OPTIONS, text(" OneCPU  hypervisornumproc=4 a  b"))],
     {" OneCPU  hypervisornumproc=4 a  b": "a  b"}),
    ("load options of a letter", [(None, OPTIONS, text("/ONECPU A"))], {"/ONECPU A": "A"}),
    ("load options without a limit", [(None, OPTIONS, text("/NUMPROCX=2 ONECPUS")),
                                      (None, NUMPROC, number(1))], {}),
    ("nothing", [], {}),
)


class Lab:
    """The programs, a folder to work in, and who counts."""

    def __init__(self, options, folder):
        self.tap = Tap()
        self.worker = pathlib.Path(options.build).resolve() / "vtopo-worker"
        self.vtopo = pathlib.Path(options.build).resolve() / "vtopo"
        self.tests = pathlib.Path(options.build).resolve() / "tests"
        self.data = pathlib.Path(options.data)
        self.folder = pathlib.Path(folder)
        self.word = options.word

    def path(self, name):
        """A file of ours."""
        return self.folder / name


# ------------------------------------------------------------------- disks

class Disk:
    """A disk with one volume, and a file in it."""

    def __init__(self, lab, kind, name, source, **more):
        self.lab, self.kind, self.name = lab, kind, name
        self.path, self.volume = lab.path("disk"), lab.path("volume")
        self.unit = more.get("unit", 512)
        start, files = MIB, [(source, name)] + more.get("files", [])
        if kind == "ntfs":
            made.make_ntfs(self.volume, 8 * MIB, start,
                           more.get("orders", []) + [f"{one}:{to}" for one, to in files],
                           lab.tests / "ntfs-fill", self.unit)
        else:
            made.make_fat(self.volume, more.get("size", 8 * MIB), start, files,
                          int(kind[3:]), self.unit)
        self.part = made.Part(self.volume, start, active=True,
                              kind=made.GPT_ESP if more.get("gpt") and kind != "ntfs" else 7)
        size = start + self.part.size + MIB
        table = made.gpt([self.part], size, self.unit) if more.get("gpt") else made.mbr(
            [self.part], sector=self.unit)
        made.make_disk(self.path, [self.part], size, table)

    def ask(self, entries="default"):
        """What the worker proposes."""
        return proposals.ask(self.lab.worker, self.path, entries)

    def extract(self, name=None):
        """The file as other programs see it."""
        with open(self.path, "rb") as disk, open(self.volume, "wb") as volume:
            disk.seek(self.part.start)
            volume.write(disk.read(self.part.size))
        if self.kind == "ntfs":
            return output("ntfscat", "-f", self.volume, name or self.name)
        return output("mtype", "-i", self.volume, f"::/{name or self.name}")

    def check_volume(self):
        """A line for each program that complains of the volume."""
        return check_volume(self.kind, self.volume)


def changed_elsewhere(whole, disk, before, after):
    """A line where a sector has changed that was none of the file."""
    unit = disk.unit
    pieces = {data[at:at + unit].ljust(unit, b"\0") for data in (before, after)
              for at in range(0, len(data), unit)}
    now = disk.path.read_bytes()
    return [f"a sector at {at} is none of the file" for at in range(0, len(now), unit)
            if now[at:at + unit] != whole[at:at + unit]
            and not {now[at:at + unit], whole[at:at + unit]} <= pieces]


def repair(disk, entries="default"):
    """Propose, check, write, propose again: the answer, and what is wrong."""
    answer = disk.ask(entries)
    problems = proposals.check_writes(answer, disk.path, disk.unit)
    if bool(answer["changes"]) != bool(answer["writes"]):
        problems.append(f"{len(answer['changes'])} changes, {len(answer['writes'])} writes")
    if answer["refused"]:
        problems.append(f"refused: {answer['refused']}")
    proposals.apply(answer, disk.path)
    again = disk.ask(entries)
    if again["changes"] or again["writes"] or again["refused"] or again["bytes"]:
        problems.append(f"proposed again: {again['changes']} {again['refused']}")
    return answer, problems


# ------------------------------------------------------------- boot stores

def tree(path):
    """All keys and values of a hive: {path: {name: (type, data)}}."""
    hive = hivex.Hivex(str(path))
    found = {}

    def walk(node, name):
        found[name] = {hive.value_key(value): hive.value_value(value)
                       for value in hive.node_values(node)}
        for child in hive.node_children(node):
            walk(child, name + "\\" + hive.node_name(child))

    walk(hive.root(), "")
    return found


def our_tree(lab, path):
    """The same by our own reader, with sums for the bytes: a set."""
    done = subprocess.run([str(lab.tests / "hive-dump"), str(path)], input=b"walk\n",
                          check=True, timeout=60, capture_output=True)
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    return {tuple(row[:2]) if row[0] == "key" else tuple(row) for row in rows
            if row[0] in ("key", "value")}


def as_rows(keys):
    """A tree of libhivex in the form of ours."""
    rows = {("key", path) for path in keys}
    for path, values in keys.items():
        rows |= {("value", path, name, str(kind), str(len(data)), f"{zlib.crc32(data):08x}")
                 for name, (kind, data) in values.items()}
    return rows


def inherited(keys, entry):
    """The entry and the objects that it inherits from."""
    queue = [entry.lower()]
    for guid in queue:
        for path, values in keys.items():
            if path.lower() == f"\\objects\\{guid}\\elements\\{INHERIT}":
                parents = values["Element"][1].decode("utf-16-le").split("\0")
                queue += [one.lower() for one in parents if one and one.lower() not in queue]
    return queue


def wanted_tree(keys, entries, options):
    """What must be left of @keys when @entries are repaired, and how many
    elements of it differ."""
    wanted, count = {}, 0
    objects = {guid for entry in entries for guid in inherited(keys, entry)}
    for path, values in keys.items():
        parts = path.lower().split("\\")
        wanted[path] = dict(values)
        if len(parts) != 5 or parts[3] != "elements" or parts[2] not in objects:
            continue
        kind, data = values["Element"]
        if parts[4] in LIMITS and not (parts[4] == ONECPU and not any(data)):
            del wanted[path]
            count += 1
        if parts[4] == OPTIONS:
            old = data.decode("utf-16-le").split("\0")[0]
            if options.get(old, old) is None:
                del wanted[path]
                count += 1
            elif old in options:
                wanted[path]["Element"] = (kind, utf16(options[old]))
                count += 1
    return wanted, count


def check_store(lab, disk, before, entries, options):
    """What is wrong with the store on @disk, whose bytes were @before."""
    old, new = lab.path("old"), lab.path("new")
    old.write_bytes(before)
    new.write_bytes(disk.extract())
    wanted, count = wanted_tree(tree(old), entries, options)
    got = tree(new)
    problems = []
    if len(before) != new.stat().st_size:
        problems.append(f"{new.stat().st_size} bytes, not {len(before)}")
    problems += [f"{path} should be gone" for path in got if path not in wanted]
    problems += [f"{path} is gone" for path in wanted if path not in got]
    problems += [f"{path} is {got[path]}, not {wanted[path]}" for path in wanted
                 if path in got and got[path] != wanted[path]]
    ours = our_tree(lab, new) ^ as_rows(wanted)
    if ours:
        problems.append(f"our reader differs: {sorted(ours)[:2]}")
    if shutil.which("regfinfo") and subprocess.run(
            ["regfinfo", str(new)], check=False, capture_output=True).returncode != 0:
        problems.append("regfinfo does not like it")
    first, second = struct.unpack_from("<4xII", new.read_bytes())
    if first != second or (count and first <= struct.unpack_from("<4xI", before)[0]):
        problems.append(f"sequence numbers {first} and {second}")
    return problems, count


def limits_left(lab, path, entries):
    """The limits that our reader still finds in the entries."""
    ours = json.loads(output(lab.tests / "boot-dump", "bcd", path))
    return [f"{loader['guid']} has still {name}" for loader in ours["loaders"]
            if loader["guid"].lower() in entries
            for name, fact in loader["facts"].items()
            if name in ("numproc", "groupsize", "hypervisornumproc", "hypervisorrootproc",
                        "hypervisorrootprocpernode") or (name == "onecpu" and fact["value"])]


# Where a store may lie: file system, name, and more for the disk.
PLACES = (
    ("ntfs", "Boot/BCD", {}),
    ("fat32", "EFI/Microsoft/Boot/BCD", {"gpt": True, "size": 40 * MIB}),
    ("ntfs", "Boot/BCD", {"gpt": True, "unit": 4096}),
    ("fat16", "Boot/BCD", {"size": 16 * MIB}),
)


def made_up_store(path):
    """A store with nothing of Windows in it."""
    return demo_disk.make_store(path, 0)


def default_of(store):
    """The entry that a store starts, or None."""
    found = store.elements(BOOTMGR).get("23000003")
    entry = found[1].decode("utf-16-le").split("\0")[0].lower() if found else None
    return entry if entry in store.loaders() else None


def test_store(lab, source, title, index):
    """One store, with every limit, each on another kind of disk."""
    for step, (says, changes, options) in enumerate(LIMITED):
        name = f"{title}: {says}"
        if lab.word not in name:
            continue
        copy = lab.path("store")
        shutil.copy(source, copy)
        store = Store(copy, write=True)
        entries = store.loaders()
        entry = default_of(store)
        chosen = "default" if entry and step % 3 else [entry or entries[0]] \
            if step % 3 else "all"
        for guid, code, (kind, data) in changes:
            for one in [guid] if guid else entries:
                store.put(one, code, kind, data)
        store.commit()
        kind, place, more = PLACES[(index + step) % len(PLACES)]
        disk = Disk(lab, kind, place, copy, **more)
        whole = disk.path.read_bytes()
        answer, problems = repair(disk, chosen)
        wanted = entries if chosen == "all" else [entry or entries[0]]
        wrong, count = check_store(lab, disk, copy.read_bytes(), wanted, options)
        problems += changed_elsewhere(whole, disk, copy.read_bytes(),
                                      lab.path("new").read_bytes())
        problems += wrong + disk.check_volume() + limits_left(lab, lab.path("new"), wanted)
        if count != len(answer["changes"]):
            problems.append(f"{len(answer['changes'])} changes, not {count}: {answer['changes']}")
        if not changes and whole != disk.path.read_bytes():
            problems.append("something was written")
        lab.tap.result(f"{name} ({kind}, {chosen if isinstance(chosen, str) else 'named'})",
                       problems)


def test_stores(lab):
    """Real stores and a made-up one."""
    if hivex is None:
        lab.tap.skip("boot stores", "there is no python3-hivex")
        return
    stores = [("a made-up store", made_up_store(lab.path("made-up")))]
    stores += [(path.name, path) for path in sorted(lab.data.glob("bcd/*"))]
    for index, (title, path) in enumerate(stores):
        if not Store(path).objects or not Store(path).loaders():
            continue
        test_store(lab, path, title, index)


# ---------------------------------------------------------------- boot.ini

HEAD = b"[boot loader]\r\ntimeout=3\r\ndefault=multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS\r\n" \
       b"[operating systems]\r\n"
LINE = b"multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS"
OTHER = b"multi(0)disk(0)rdisk(0)partition(2)\\WINDOWS=\"Other\" /NUMPROC=1 /ONECPU\r\n"

# Made-up ones: says, bytes before, bytes after with the default repaired.
FILES = (
    ("numproc alone", HEAD + LINE + b'="XP" /NUMPROC=2\r\n', HEAD + LINE + b'="XP"\r\n'),
    ("in the middle", HEAD + LINE + b'="XP" /fastdetect  /numproc=2 /NoExecute=OptIn\r\n',
     HEAD + LINE + b'="XP" /fastdetect /NoExecute=OptIn\r\n'),
    ("no blanks", HEAD + LINE + b'="XP"/ONECPU/fastdetect/NumProc=4/sos\r\n',
     HEAD + LINE + b'="XP"/fastdetect/sos\r\n'),
    ("before one without a blank", HEAD + LINE + b'="XP" /sos /ONECPU/fastdetect\r\n',
     HEAD + LINE + b'="XP" /sos /fastdetect\r\n'),
    ("tabs, twice, blanks behind", HEAD + LINE + b'="XP"\t/onecpu\t/NUMPROC=1 /NUMPROC=2 \t \n',
     HEAD + LINE + b'="XP" \t \n'),
    ("the other entry stays", HEAD + OTHER + LINE + b'="XP" /ONECPU\r' + OTHER,
     HEAD + OTHER + LINE + b'="XP"\r' + OTHER),
    ("in a comment and in a description", HEAD + b"; /NUMPROC=1\r\n" + LINE
     + b'="/ONECPU" /numproc=8\r\n', HEAD + b"; /NUMPROC=1\r\n" + LINE + b'="/ONECPU"\r\n'),
    ("no end of line, a description without quotes", HEAD + LINE + b"=XP /NUMPROC=2 /sos",
     HEAD + LINE + b"=XP /sos"),
    ("other words", HEAD + LINE + b'="XP" /NUMPROCS=2 /MAXPROCSPERCLUSTER=4 /BOOTPROC=1\r\n',
     HEAD + LINE + b'="XP" /NUMPROCS=2 /MAXPROCSPERCLUSTER=4 /BOOTPROC=1\r\n'),
    ("a long one, with what is behind Ctrl-Z", HEAD + LINE + b'="XP" /ONECPU /sos\r\n'
     + b"; long\r\n" * 300 + b"\x1a/ONECPU",
     HEAD + LINE + b'="XP" /sos\r\n' + b"; long\r\n" * 300 + b"\x1a/ONECPU"),
)
INI_PLACES = ("ntfs", "fat16", "fat32", "fat12")


def attributes(disk):
    """Those of the file, as other programs see them."""
    if disk.kind == "ntfs":
        found = output("ntfsinfo", "-f", "-F", disk.name, disk.volume)
        return re.findall(rb"File attributes:\s+(.*)", found)[:1]
    return output("mattrib", "-i", disk.volume, f"::/{disk.name}")[:12]


def test_file(lab, title, before, after, entries="default"):
    """One boot.ini, on every kind of volume."""
    for kind in INI_PLACES:
        name = f"boot.ini: {title} ({kind})"
        if lab.word not in name:
            continue
        source = lab.path("boot.ini")
        source.write_bytes(before)
        sizes = {"fat12": 2 * MIB, "fat16": 16 * MIB, "fat32": 40 * MIB}
        disk = Disk(lab, kind, "boot.ini", source, size=sizes.get(kind, 0))
        if kind != "ntfs":
            output("mattrib", "+r", "+h", "+s", "-i", disk.volume, "::/boot.ini")
            made.copy_sparse(disk.volume, disk.path, disk.part.start)
        marks = attributes(disk)
        answer, problems = repair(disk, entries)
        got = disk.extract()
        if got != after:
            problems.append(f"{got[-120:]!r} instead of {after[-120:]!r}")
        if attributes(disk) != marks:
            problems.append(f"attributes {attributes(disk)}, not {marks}")
        if (before != after) != bool(answer["changes"]):
            problems.append(f"changes: {answer['changes']}")
        if (len(before) + 511) // 512 == (len(after) + 511) // 512 or kind == "ntfs":
            problems += disk.check_volume()
        lab.tap.result(name, problems)


def without_limits(line):
    """A line without the two switches, as a person would do it."""
    return re.sub(rb"(?i)[ \t]+/(numproc=\d+|onecpu)(?=[ \t\r\n]|$)", b"", line)


def test_files(lab):
    """Made-up and real ones."""
    for title, before, after in FILES:
        test_file(lab, title, before, after)
    both = HEAD + OTHER + LINE + b'="XP" /ONECPU\r\n'
    test_file(lab, "all entries", both, HEAD + OTHER.replace(b" /NUMPROC=1 /ONECPU", b"")
              + LINE + b'="XP"\r\n', "all")
    test_file(lab, "entry 0", both, HEAD + OTHER.replace(b" /NUMPROC=1 /ONECPU", b"")
              + LINE + b'="XP" /ONECPU\r\n', [0])
    test_file(lab, "entry 1 by a text", both, HEAD + OTHER + LINE + b'="XP"\r\n', ["1"])
    for path in sorted(lab.data.glob("bootini/*.ini")):
        before = path.read_bytes()
        test_file(lab, path.name, before, without_limits(before), "all")
        more = re.sub(rb"(?m)^((?:multi|signature|scsi)\S*=.*?)([ \t]*\r?)$",
                      rb"\1 /OneCpu /NUMPROC=3\2", before)
        test_file(lab, f"{path.name} with more", more, without_limits(more), "all")


# ---------------------------------------------------------------- refusals

def limited_store(lab, dirty=False):
    """A made-up store with a limit."""
    path = lab.path("limited")
    demo_disk.make_store(path, 2)
    if dirty:
        data = bytearray(path.read_bytes())
        struct.pack_into("<I", data, 4, struct.unpack_from("<I", data, 4)[0] + 1)
        put_sum(data)
        path.write_bytes(data)
    return path


def put_sum(block):
    """The checksum of a base block."""
    value = 0
    for word in struct.unpack_from("<127I", block):
        value ^= word
    struct.pack_into("<I", block, 508, {0: 1, 0xFFFFFFFF: 0xFFFFFFFE}.get(value, value))


def mark_dirty(disk):
    """Mark an NTFS volume to be checked: in $Volume and its mirror."""
    with open(disk.path, "r+b") as file:
        file.seek(disk.part.start)
        boot = file.read(512)
        cluster = struct.unpack_from("<H", boot, 11)[0] * boot[13]
        for where in struct.unpack_from("<QQ", boot, 48):
            at = disk.part.start + where * cluster + 3 * 1024
            file.seek(at)
            record = bytearray(file.read(1024))
            place = struct.unpack_from("<H", record, 20)[0]
            while struct.unpack_from("<I", record, place)[0] != 0x70:
                place += struct.unpack_from("<I", record, place + 4)[0]
            place += struct.unpack_from("<H", record, place + 20)[0] + 10
            record[place] |= 1
            file.seek(at)
            file.write(record)


def mark_log(disk):
    """Put a restart area into the journal that says it has work to do."""
    with open(disk.path, "r+b") as file:
        data = file.read()
        page = bytearray(4096)
        struct.pack_into("<4sHHQIIHHHH", page, 0, b"RSTR", 30, 9, 0, 4096, 4096, 48, 0, 1, 1)
        # The area: one client, in use, and not closed.
        struct.pack_into("<QHHHHIHHQIHH", page, 48, 100, 1, 0xFFFF, 0, 0, 0, 224, 64, 1 << 22,
                         0, 48, 8)
        struct.pack_into("<QQHHHHI8s", page, 48 + 64, 0, 0, 0xFFFF, 0xFFFF, 0, 0, 8,
                         "NTFS".encode("utf-16-le"))
        for sector in range(8):
            page[30 + 2 + 2 * sector:34 + 2 * sector] = page[512 * sector + 510:512 * sector + 512]
            page[512 * sector + 510:512 * sector + 512] = b"\1\0"
        page[30:32] = b"\1\0"
        # mkntfs fills the journal with 0xff.
        at = data.find(b"\xff" * (1 << 16), disk.part.start)
        at -= (at - disk.part.start) % 512
        while data[at:at + 8192] != b"\xff" * 8192:
            at += 512
        for copy in (at, at + 4096):
            file.seek(copy)
            file.write(page)


def refused(lab, name, disk, code, entries="default"):
    """@disk must be refused with @code, and nothing else."""
    if lab.word not in name:
        return
    answer = disk.ask(entries) if isinstance(disk, Disk) else proposals.ask(
        lab.worker, disk, entries)
    codes = [one["code"] for one in answer["refused"]]
    problems = [] if codes == [code] else [f"{codes}: {answer['refused']}"]
    if answer["writes"] or answer["changes"] or answer["bytes"]:
        problems.append(f"and yet changes: {answer['changes']}")
    lab.tap.result(f"refused: {name}", problems)


def test_refusals(lab):
    """What must not be written to."""
    store = limited_store(lab)
    disk = Disk(lab, "ntfs", "Boot/BCD", store)
    mark_dirty(disk)
    refused(lab, "NTFS marked dirty", disk, "ntfs-dirty")
    disk = Disk(lab, "ntfs", "Boot/BCD", store)
    mark_log(disk)
    refused(lab, "a journal with work to do", disk, "log-unclean")
    disk = Disk(lab, "fat16", "Boot/BCD", store, size=16 * MIB)
    with open(disk.path, "r+b") as file:
        file.seek(disk.part.start + 37)
        file.write(b"\1")
    refused(lab, "FAT marked dirty", disk, "fat-dirty")
    sleeping = lab.path("hiberfil.sys")
    for head in (b"hibr", b"HIBR", b"RSTR"):
        sleeping.write_bytes(head + bytes(8188))
        disk = Disk(lab, "ntfs", "Boot/BCD", store, files=[(sleeping, "hiberfil.sys")])
        refused(lab, f"hibernated: {head.decode()}", disk, "hibernated")
    sleeping.write_bytes(b"wake" + bytes(8188))
    disk = Disk(lab, "ntfs", "Boot/BCD", store, files=[(sleeping, "hiberfil.sys")])
    lab.tap.result("a system that woke up again is repaired", repair(disk)[1])
    refused(lab, "a dirty store", Disk(lab, "ntfs", "Boot/BCD", limited_store(lab, True)),
            "hive-dirty")
    store = limited_store(lab)
    data = bytearray(store.read_bytes())
    data[4096 + 32:4096 + 36] = struct.pack("<i", -12)
    broken = lab.path("broken")
    broken.write_bytes(data)
    refused(lab, "a damaged store", Disk(lab, "ntfs", "Boot/BCD", broken), "damaged")
    disk = Disk(lab, "ntfs", "other", store, orders=["--compress", f"{store}:Boot/BCD"])
    refused(lab, "a compressed store", disk, "unsupported")
    refused(lab, "an entry that is not there", Disk(lab, "ntfs", "Boot/BCD", store), "no-entry",
            ["{00000000-0000-0000-0000-000000000000}"])
    several = lab.path("several")
    several.write_bytes(HEAD.replace(b"default", b"defect") + OTHER + OTHER)
    refused(lab, "no default", Disk(lab, "ntfs", "boot.ini", several), "no-default")
    refused(lab, "no system", Disk(lab, "ntfs", "readme", several), "no-system")
    hive = lab.path("SYSTEM")
    demo_disk.make_system(hive, 2, 2)
    refused(lab, "a system without a store",
            Disk(lab, "ntfs", "Windows/System32/config/SYSTEM", hive), "no-store")
    test_bitlocker(lab, store)


def test_bitlocker(lab, store):
    """A boot store beside a volume that BitLocker encrypts."""
    Disk(lab, "ntfs", "Boot/BCD", store)
    locked = lab.path("locked")
    locked.write_bytes(b"\xeb\x58\x90-FVE-FS-".ljust(510, b"\0") + b"\x55\xaa" + bytes(MIB - 512))
    parts = [made.Part(lab.path("volume"), MIB, active=True), made.Part(locked, 16 * MIB)]
    refused(lab, "BitLocker", made.make_disk(lab.path("disk"), parts), "bitlocker")


# ------------------------------------------------------------------- others

def test_logs(lab):
    """The number of a store is above all that its logs have."""
    store = limited_store(lab)
    for kind, says, entry in ((6, "base block", False), (6, "entry", True), (1, "old log", False)):
        log = bytearray(4096)
        log[:512] = store.read_bytes()[:512]
        struct.pack_into("<III", log, 4, 5000, 5000, 0)
        struct.pack_into("<I", log, 28, kind)
        put_sum(log)
        last = 5000
        if entry:
            last = 7000
            struct.pack_into("<4sIIIII", log, 1024, b"HvLE", 512, 0, last, 4096, 0)
            struct.pack_into("<Q", log, 1024 + 32, marvin(log[1024:1024 + 32]))
        path = lab.path("log")
        path.write_bytes(log)
        disk = Disk(lab, "ntfs", "Boot/BCD", store, files=[(path, "Boot/BCD.LOG1")])
        _, problems = repair(disk)
        first = struct.unpack_from("<4xI", disk.extract())[0]
        if first != last + 1:
            problems.append(f"number {first}, not {last + 1}")
        if disk.extract("Boot/BCD.LOG1") != bytes(log):
            problems.append("the log has changed")
        lab.tap.result(f"a stale log that is ahead: {says}", problems)


def marvin(data):
    """Windows' hash for logs of hives."""
    low, high = 0x7A4E55C5, 0x82EF4D88
    for word in [*struct.unpack(f"<{len(data) // 4}I", data), 0x80, 0]:
        low = (low + word) & 0xFFFFFFFF
        high ^= low
        low = ((low << 20 | low >> 12) + high) & 0xFFFFFFFF
        high = (high << 9 | high >> 23) & 0xFFFFFFFF ^ low
        low = ((low << 27 | low >> 5) + high) & 0xFFFFFFFF
        high = (high << 19 | high >> 13) & 0xFFFFFFFF
    return high << 32 | low


def test_nbd(lab):
    """The same proposals over NBD, from a qcow2."""
    if shutil.which("qemu-nbd") is None or shutil.which("qemu-img") is None:
        lab.tap.skip("over NBD", "there is no qemu-nbd")
        return
    disk = Disk(lab, "ntfs", "Boot/BCD", limited_store(lab))
    image, place = lab.path("disk.qcow2"), str(lab.path("nbd"))
    output("qemu-img", "convert", "-O", "qcow2", disk.path, image)
    with subprocess.Popen(["qemu-nbd", "-r", "-f", "qcow2", "-k", place, str(image)]) as server:
        client = None
        for _ in range(100):
            try:
                client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                client.connect(place)
                break
            except OSError:
                client.close()
                client = None
                time.sleep(0.05)
        try:
            answer = proposals.ask_nbd(lab.worker, client)
            client.close()
        finally:
            server.terminate()
    lab.tap.result("over NBD", [] if answer == disk.ask() and answer["writes"]
                   else ["another answer than of the raw disk"])


def test_inspect(lab):
    """After a repair, inspect shows no limit."""
    disk = lab.path("demo.raw")
    subprocess.run([sys.executable, HERE / "demo_disk.py", "--build", lab.tests.parent,
                    "--numproc", "1", disk], check=True, capture_output=True)

    def numproc():
        found = json.loads(subprocess.run(
            [lab.vtopo, "inspect", "--json", disk], check=False, capture_output=True).stdout)
        return found["systems"][0]["boot"]["numproc"]

    before = numproc()
    proposals.apply(proposals.ask(lab.worker, disk), disk)
    lab.tap.result("inspect shows the limit gone",
                   [] if before == 1 and numproc() is None else [f"{before} -> {numproc()}"])


def main():
    """Run what there are tools for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=ROOT / "build", metavar="DIR")
    parser.add_argument("--data", default=os.environ.get(
        "VTOPO_TEST_DATA", ROOT.parent / "shared/data"), metavar="FOLDER")
    parser.add_argument("-k", dest="word", default="", help="only tests with this in the name")
    options = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    os.environ["MTOOLS_SKIP_CHECK"] = "1"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        print(f"1..0 # SKIP there is no {', '.join(missing)}")
        return 77
    with tempfile.TemporaryDirectory(prefix="vtopo-repair-") as folder:
        lab = Lab(options, folder)
        for test in (test_refusals, test_logs, test_nbd, test_inspect, test_files, test_stores):
            if not lab.word or test not in (test_logs, test_nbd, test_inspect):
                test(lab)
        return lab.tap.finish()


if __name__ == "__main__":
    sys.exit(main())
