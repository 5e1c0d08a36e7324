# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks as Windows leaves them, made in a second: for tests and benchmarks.

Hives and program files are written here byte by byte, so that no data of
Windows is needed; file systems are made by mkntfs, ntfs-fill (beside the
tests), mkfs.vfat and mtools; partition tables here.  A layout is given in
bytes and never larger than it must be: files are sparse.

    hive = Hive()
    hive.key("Microsoft\\\\Windows NT\\\\CurrentVersion", ProductName="Windows 7")
    hive.write("SOFTWARE")

Nothing runs when this is imported.
"""

import os
import shutil
import struct
import subprocess
import uuid
import zlib
from pathlib import Path

MIB = 1 << 20
NOTHING = 0xFFFFFFFF

SZ, BINARY, DWORD, MULTI_SZ = 1, 3, 4, 7


# ------------------------------------------------------------------- hives

def name_hash(name):
    """The hash of a key's name in a leaf of kind "lh"."""
    value = 0
    for letter in name.upper():
        value = (value * 37 + ord(letter)) & 0xFFFFFFFF
    return value


def text_bytes(text):
    """A string as REG_SZ has it."""
    return (text + "\0").encode("utf-16-le")


def typed(value):
    """A Python value as (type, data): str, int, list of str, bytes."""
    if isinstance(value, tuple):
        return value
    if isinstance(value, str):
        return SZ, text_bytes(value)
    if isinstance(value, int):
        return DWORD, struct.pack("<I", value)
    if isinstance(value, list):
        return MULTI_SZ, b"".join(text_bytes(text) for text in value) + b"\0\0"
    return BINARY, bytes(value)


class Hive:
    """A registry hive of version 1.5, written from a tree of keys."""

    LEAF = 500              # children in a leaf; more make an index of leaves
    SEGMENT = 16344         # bytes of a value before it becomes big data

    def __init__(self, name="", root_name="ROOT"):
        self.name, self.root_name = name, root_name
        self.tree = {"values": {}, "keys": {}, "ballast": 0}

    def key(self, path, values=None, **more):
        """Make the key at @path and give it values.  Returns its node."""
        node = self.tree
        for part in filter(None, path.split("\\")):
            same = next((name for name in node["keys"]
                         if name.lower() == part.lower()), part)
            node = node["keys"].setdefault(
                same, {"values": {}, "keys": {}, "ballast": 0})
        node["values"].update(values or {})
        node["values"].update(more)
        return node

    def ballast(self, path, count):
        """Give the key @path that many children of 1016 bytes each: what
        makes real hives large."""
        self.key(path)["ballast"] = count

    # -- cells

    def _bin(self, payload):
        """Begin a bin with room for @payload bytes of cells."""
        self._close_bin()
        size = (payload + 32 + 4095) & ~4095
        start = len(self.data)
        self.data += struct.pack("<4sIIQQI", b"hbin", start, size, 0, 0, 0)
        self.data += bytes(size - 32)
        self.free, self.end = start + 32, start + size

    def _close_bin(self):
        if self.free < self.end:
            struct.pack_into("<i", self.data, self.free, self.end - self.free)
        self.free = self.end

    def _cell(self, content):
        """Put a cell somewhere; returns where, as other cells name it."""
        size = (len(content) + 4 + 7) & ~7
        if self.end - self.free < size:
            self._bin(size)
        at = self.free
        struct.pack_into("<i", self.data, at, -size)
        self.data[at + 4:at + 4 + len(content)] = content
        self.free += size
        return at

    def _data_cell(self, data):
        if len(data) <= self.SEGMENT:
            return self._cell(data)
        parts = [self._cell(data[at:at + self.SEGMENT])
                 for at in range(0, len(data), self.SEGMENT)]
        places = self._cell(struct.pack(f"<{len(parts)}I", *parts))
        return self._cell(struct.pack("<2sHI", b"db", len(parts), places))

    def _value(self, name, value):
        kind, data = typed(value)
        if len(data) <= 4:
            size, place = len(data) | 0x80000000, \
                struct.unpack("<I", data.ljust(4, b"\0"))[0]
        else:
            size, place = len(data), self._data_cell(data)
        raw = name.encode("latin-1")
        return self._cell(struct.pack("<2sHIIIHH", b"vk", len(raw), size, place,
                                      kind, 1 if raw else 0, 0) + raw)

    def _list(self, children):
        """A leaf, or an index of leaves, of (name, place, hash) in order."""
        leaves = []
        for start in range(0, len(children), self.LEAF):
            some = children[start:start + self.LEAF]
            leaves.append(self._cell(struct.pack("<2sH", b"lh", len(some)) + b"".join(
                struct.pack("<II", place, hashed) for _, place, hashed in some)))
        if len(leaves) == 1:
            return leaves[0]
        return self._cell(struct.pack(f"<2sH{len(leaves)}I", b"ri", len(leaves), *leaves))

    def _key_record(self, name, parent, flags):
        raw = name.encode("latin-1")
        return struct.pack("<2sHQIIIIIIIIIIIIIIIHH", b"nk", flags | 0x20, 0x01CA000000000000,
                           0, parent, 0, 0, NOTHING, NOTHING, 0, NOTHING, self.security,
                           NOTHING, 0, 0, 0, 0, 0, len(raw), 0) + raw

    def _key(self, name, node, parent, flags=0):
        place = self._cell(self._key_record(name, parent, flags))
        values = [self._value(*item) for item in node["values"].items()]
        if values:
            listed = self._cell(struct.pack(f"<{len(values)}I", *values))
            struct.pack_into("<II", self.data, place + 4 + 0x24, len(values), listed)
        children = sorted((child.upper(), child) for child in node["keys"])
        children = [(child, self._key(child, node["keys"][child], place),
                     name_hash(child)) for _, child in children]
        children = self._ballast(node["ballast"], place) + children
        if children:
            listed = self._list(children)
            struct.pack_into("<I", self.data, place + 4 + 0x14, len(children))
            struct.pack_into("<I", self.data, place + 4 + 0x1C, listed)
        return place

    def _ballast(self, count, parent):
        """Keys as a class has them, four in a bin: fast, so by a template."""
        tail = "-0000-0000-C000-000000000046}"
        last = name_hash(tail)
        factor = pow(37, len(tail), 1 << 32)
        unit, names, fixes = self._template(parent, tail)
        four = bytearray(4064)
        for part in range(4):
            four[part * 1016:part * 1016 + 1016] = unit
        children = []
        for start in range(0, count, 4):
            self._bin(4064)
            base = self.free
            self.data[base:base + 4064] = four
            self.free = self.end
            for part in range(min(4, count - start)):
                at = base + 1016 * part
                head = f"{{{start + part:08X}"
                self.data[at + names:at + names + 9] = head.encode()
                for fix, relative in fixes:
                    struct.pack_into("<I", self.data, at + fix, at + relative)
                hashed = (name_hash(head) * factor + last) & 0xFFFFFFFF
                children.append((head, at, hashed))
        return children

    def _template(self, parent, tail):
        """One key of 1016 bytes, where its name is, and its inner offsets."""
        raw = bytearray()
        fixes = []

        def cell(content, size=None):
            at = len(raw)
            size = size or (len(content) + 4 + 7) & ~7
            raw.extend(struct.pack("<i", -size) + content.ljust(size - 4, b"\0"))
            return at

        key = cell(self._key_record("{00000000" + tail, parent, 0))
        listed = cell(bytes(12))
        struct.pack_into("<I", raw, key + 4 + 0x24, 3)
        fixes.append((key + 4 + 0x28, listed))
        for number, name in enumerate((b"", b"ThreadingModel", b"InprocServer32")):
            size = 1016 - len(raw) - 72 if number == 2 else 120
            data = cell(b"C\0:\0\\\0w\0i\0n\0d\0o\0w\0s\0" * ((size - 4) // 20), size)
            value = cell(struct.pack("<2sHIIIHH", b"vk", len(name), size - 4, 0, SZ,
                                     1 if name else 0, 0) + name)
            fixes.append((value + 4 + 8, data))
            fixes.append((listed + 4 + 4 * number, value))
        cell(b"", 1016 - len(raw))
        return bytes(raw), key + 4 + 0x4C, fixes

    def to_bytes(self, dirty=False):
        """The whole hive.  A dirty one says so and has no logs."""
        self.data, self.free, self.end = bytearray(), 0, 0
        self.security = NOTHING
        self.security = self._cell(struct.pack("<2sHIIII", b"sk", 0, 0, 0, 1, 20)
                                   + struct.pack("<BBHIIII", 1, 0, 0x8000, 0, 0, 0, 0))
        struct.pack_into("<II", self.data, self.security + 8, self.security, self.security)
        root = self._key(self.root_name, self.tree, NOTHING, 0x0C)
        self._close_bin()
        head = bytearray(4096)
        struct.pack_into("<4sIIQIIIIIII", head, 0, b"regf", 7, 6 if dirty else 7,
                         0x01CA000000000000, 1, 5, 0, 1, root, len(self.data), 1)
        name = self.name.encode("utf-16-le")[:62]
        head[0x30:0x30 + len(name)] = name
        checksum = 0
        for word in struct.unpack_from("<127I", head):
            checksum ^= word
        checksum = {0: 1, 0xFFFFFFFF: 0xFFFFFFFE}.get(checksum, checksum)
        struct.pack_into("<I", head, 0x1FC, checksum)
        return bytes(head) + bytes(self.data)

    def write(self, path, dirty=False):
        """Write the hive; returns the path."""
        Path(path).write_bytes(self.to_bytes(dirty))
        return path


def software_hive(path, values, ballast=0, dirty=False):
    """A SOFTWARE hive that says @values of the system.  With @ballast classes
    (1 KiB each) in front of and behind what is looked for."""
    hive = Hive("\\SystemRoot\\System32\\Config\\SOFTWARE")
    if ballast:
        hive.ballast("Classes", ballast // 2)
        hive.ballast("Wow6432Node", ballast - ballast // 2)
        for number in range(600):
            hive.key(f"Microsoft\\Component {number:03}", Version=number)
    hive.key("Microsoft\\Windows NT\\CurrentVersion", values)
    return hive.write(path, dirty)


# ------------------------------------------------------------ program files

RAW, RVA, IMPORTS, NAMES, RESOURCES, VERSION = 0x400, 0x1000, 0, 0x200, 0x800, 0x900
PE_SIZE = 0x2000
MACHINES = {"x86": 0x14C, "x86_64": 0x8664, "aarch64": 0xAA64, "ia64": 0x200}


def _version_node(key, value=b"", is_text=False, inside=()):
    head = key.encode("utf-16-le") + b"\0\0"
    head += bytes(-(6 + len(head)) % 4)
    body = value
    for child in inside:
        body += bytes(-len(body) % 4) + child
    units = len(value) // 2 if is_text else len(value)
    return struct.pack("<HHH", 6 + len(head) + len(body), units, int(is_text)) + head + body


def _version_resource(version, strings):
    numbers = [int(part) for part in version.split(".")]
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, numbers[0] << 16 | numbers[1],
                        numbers[2] << 16 | numbers[3], numbers[0] << 16 | numbers[1],
                        numbers[2] << 16 | numbers[3], 0x3F, 0, 0x40004, 3, 7, 0, 0)
    texts = [_version_node(key, text_bytes(text), True) for key, text in strings.items()]
    table = _version_node("040904b0", inside=texts)
    return _version_node("VS_VERSION_INFO", fixed,
                         inside=[_version_node("StringFileInfo", inside=[table])])


def _import_table(image, optional, wide, imports):
    """Write what the file takes from other files: [(library, symbol)]."""
    entry = 8 if wide else 4
    names = NAMES
    struct.pack_into("<II", image, optional + (112 if wide else 96) + 8,
                     RVA + IMPORTS, 20 * (len(imports) + 1))
    for number, (library, symbol) in enumerate(imports):
        table = names
        names += 2 * entry
        place = RVA + names
        image[RAW + names:RAW + names + len(library)] = library.encode()
        names += len(library) + 1
        hint = RVA + names
        image[RAW + names + 2:RAW + names + 2 + len(symbol)] = symbol.encode()
        names = (names + len(symbol) + 3 + 7) & ~7
        struct.pack_into("<Q" if wide else "<I", image, RAW + table, hint)
        struct.pack_into("<5I", image, RAW + IMPORTS + 20 * number,
                         RVA + table, 0, 0, place, RVA + table)


def put_checksum(image):
    """The checksum of a program file, as its header has it."""
    at = struct.unpack_from("<I", image, 60)[0] + 88
    struct.pack_into("<I", image, at, 0)
    total = sum(struct.unpack(f"<{len(image) // 2}H", image))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    struct.pack_into("<I", image, at, total + len(image))


def make_pe(machine="x86", version="5.1.2600.5512", original="hal.dll", imports=(),
            description="Hardware Abstraction Layer DLL", more=b""):
    """A program file that has a version resource and imports, and no code.
    @version may have a branch, "5.1.2600.5512 (xpsp.080413-2111)"; the bytes
    @more, an even number, stand behind all else."""
    wide = machine != "x86"
    stated, version = version, version.split()[0]
    image = bytearray(PE_SIZE) + more
    optional, size = 0x98, 240 if wide else 224
    struct.pack_into("<2s58xI", image, 0, b"MZ", 0x80)
    struct.pack_into("<4sHHIIIHH", image, 0x80, b"PE\0\0", MACHINES[machine], 1,
                     0x4802533D, 0, 0, size, 0x210E)
    struct.pack_into("<H", image, optional, 0x20B if wide else 0x10B)
    struct.pack_into("<II", image, optional + 32, 0x1000, 0x200)
    struct.pack_into("<IIIH", image, optional + 56, RVA + PE_SIZE, RAW, 0, 1)
    struct.pack_into("<I", image, optional + (112 if wide else 96) - 4, 16)
    struct.pack_into("<8sIIII", image, optional + size, b".rsrc", PE_SIZE - RAW, RVA,
                     PE_SIZE - RAW, RAW)
    if imports:
        _import_table(image, optional, wide, imports)
    resource = _version_resource(version, {
        "FileDescription": description, "FileVersion": stated,
        "InternalName": original, "OriginalFilename": original})
    base = RAW + RESOURCES
    struct.pack_into("<II", image, optional + (112 if wide else 96) + 16,
                     RVA + RESOURCES, 0x1000)
    struct.pack_into("<14xHII", image, base, 1, 16, 0x80000018)
    struct.pack_into("<14xHII", image, base + 0x18, 1, 1, 0x80000030)
    struct.pack_into("<14xHII", image, base + 0x30, 1, 0x409, 0x48)
    struct.pack_into("<IIII", image, base + 0x48, RVA + VERSION, len(resource), 0, 0)
    image[RAW + VERSION:RAW + VERSION + len(resource)] = resource
    put_checksum(image)
    return bytes(image)


def make_kernel(multiprocessor, machine="x86", version="5.1.2600.5512", original=None,
                more=b""):
    """A kernel: only a multiprocessor one starts other processors."""
    imports = [("BOOTVID.dll", "VidInitialize"), ("HAL.dll", "HalInitSystem")]
    if multiprocessor:
        imports.append(("HAL.dll", "HalStartNextProcessor"))
    return make_pe(machine, version,
                   original or ("ntkrnlmp.exe" if multiprocessor else "ntoskrnl.exe"),
                   imports, "NT Kernel & System", more)


# -------------------------------------------------------- partition tables

GPT_BASIC = uuid.UUID("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7").bytes_le
GPT_ESP = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b").bytes_le
GPT_MSR = uuid.UUID("e3c9e316-0b5c-4db8-817d-f92df00215ae").bytes_le


class Part:
    """A partition: what is in it, where it begins, and what the table says."""

    def __init__(self, volume, start=MIB, size=None, kind=7, active=False, guid=None,
                 logical=False):
        self.volume, self.start, self.kind, self.active = volume, start, kind, active
        self.size = size or os.path.getsize(volume)
        self.guid = guid or uuid.uuid5(uuid.NAMESPACE_OID, f"vtopo {start}").bytes_le
        self.logical = logical


def _mbr_entry(active, kind, start, sectors):
    return struct.pack("<B3sB3sII", 0x80 if active else 0, b"\xfe\xff\xff", kind,
                       b"\xfe\xff\xff", start, sectors)


def mbr(parts, signature=0x1234ABCD, sector=512):
    """{offset: bytes} of an MBR and, for logical parts, its chain.  Each link
    of the chain is a MiB in front of its drive."""
    primary = [part for part in parts if not part.logical]
    logical = [part for part in parts if part.logical]
    entries = [_mbr_entry(part.active, part.kind, part.start // sector,
                          part.size // sector) for part in primary]
    blocks = {}
    if logical:
        base = logical[0].start - MIB
        end = logical[-1].start + logical[-1].size
        entries.append(_mbr_entry(False, 15, base // sector, (end - base) // sector))
        for number, part in enumerate(logical):
            link = [_mbr_entry(False, part.kind, MIB // sector, part.size // sector)]
            if number + 1 < len(logical):
                after = logical[number + 1]
                link.append(_mbr_entry(False, 5, (after.start - MIB - base) // sector,
                                       (after.size + MIB) // sector))
            blocks[part.start - MIB] = _boot_sector(link, 0)
    blocks[0] = _boot_sector(entries, signature)
    return blocks


def _boot_sector(entries, signature):
    table = b"".join(entries).ljust(64, b"\0")
    return bytes(440) + struct.pack("<IH", signature, 0) + table + b"\x55\xaa"


def gpt(parts, size, sector=512, disk_guid=None, primary=True):
    """{offset: bytes} of a GPT on a disk of @size bytes: protective MBR, the
    table at the front and its backup; without @primary the front is bad."""
    disk_guid = disk_guid or uuid.uuid5(uuid.NAMESPACE_OID, "vtopo disk").bytes_le
    last = size // sector - 1
    table_sectors = 128 * 128 // sector
    table = bytearray(128 * 128)
    for number, part in enumerate(parts):
        kind = part.kind if isinstance(part.kind, bytes) else GPT_BASIC
        first = part.start // sector
        struct.pack_into("<16s16sQQQ72s", table, 128 * number, kind, part.guid, first,
                         first + part.size // sector - 1, 0,
                         f"part {number + 1}".encode("utf-16-le"))

    def header(here, other, entries):
        head = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, here, other,
                           2 + table_sectors, last - table_sectors - 1, disk_guid, entries,
                           128, 128, zlib.crc32(table))
        return head[:16] + struct.pack("<I", zlib.crc32(head)) + head[20:]

    protective = _boot_sector([_mbr_entry(False, 0xEE, 1, min(last, NOTHING))], 0)
    front = header(1, last, 2)
    if not primary:
        front = front[:40] + b"damaged!" + front[48:]
    return {0: protective, sector: front, 2 * sector: bytes(table),
            (last - table_sectors) * sector: bytes(table),
            last * sector: header(last, 1, last - table_sectors)}


def copy_sparse(source, target, offset):
    """Copy a file into another at @offset, holes left out."""
    with open(source, "rb") as read, open(target, "r+b") as write:
        end = os.fstat(read.fileno()).st_size
        at = 0
        while at < end:
            try:
                at = os.lseek(read.fileno(), at, os.SEEK_DATA)
            except OSError:
                break
            stop = os.lseek(read.fileno(), at, os.SEEK_HOLE)
            read.seek(at)
            write.seek(offset + at)
            shutil.copyfileobj(_Limited(read, stop - at), write, MIB)
            at = stop


class _Limited:
    """So many bytes of a file."""

    def __init__(self, file, left):
        self.file, self.left = file, left

    def read(self, size):
        """At most @size bytes."""
        data = self.file.read(min(size, self.left))
        self.left -= len(data)
        return data


def make_disk(path, parts, size=None, table=None):
    """A raw disk of @parts.  @table is {offset: bytes}, an MBR when None."""
    size = size or max(part.start + part.size for part in parts) + MIB
    with open(path, "wb") as disk:
        disk.truncate(size)
        for offset, data in (mbr(parts) if table is None else table).items():
            disk.seek(offset)
            disk.write(data)
    for part in parts:
        if part.volume:
            copy_sparse(part.volume, path, part.start)
    return path


# ------------------------------------------------------------ file systems

def run(*words, **options):
    """Run a tool; what it says is only of interest when it fails."""
    words = [str(word) for word in words]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace",
                          check=False, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words[:4])}: exit status {done.returncode}: "
                           f"{done.stdout.strip()[-300:]}")
    return done.stdout


def build_ntfs_fill(source_root, directory):
    """Compile the tool that puts files into NTFS; returns its path."""
    target = Path(directory) / "ntfs-fill"
    run(os.environ.get("CC", "cc").split()[0], "-O1", "-std=gnu11", "-D_GNU_SOURCE", "-w",
        f"-I{source_root}/include", f"-I{source_root}/lib",
        f"{source_root}/tests/tools/ntfs-fill.c", "-o", target, "-lntfs-3g")
    return target


def make_ntfs(path, size, start, orders, fill, sector=512):
    """An NTFS volume that begins at byte @start of its disk.  @orders are
    those of ntfs-fill."""
    with open(path, "wb") as volume:
        volume.truncate(size)
    run("mkntfs", "-F", "-Q", "-q", "-s", sector, "-p", start // sector, "-H", 255, "-S", 63,
        path)
    if orders:
        run(fill, path, 0, *orders)
    return path


def make_fat(path, size, start, files, bits=32, sector=512):
    """A FAT volume; @files is [(source, "dir/dir/name")]."""
    with open(path, "wb") as volume:
        volume.truncate(size)
    run("mkfs.vfat", "-F", bits, "-s", 1, "-S", sector, "-h", start // sector, path)
    made = set()
    for source, target in files:
        parts = target.split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            if folder.lower() not in made:
                run("mmd", "-i", path, f"::/{folder}")
                made.add(folder.lower())
        run("mcopy", "-i", path, source, f"::/{target}")
    return path
