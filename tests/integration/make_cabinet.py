#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Make cabinets as Windows has them: LZX, MSZIP or not compressed.

    make_cabinet.py [--method lzx|mszip|none] [--window BITS] [--folder-size N]
                    [--break HOW] OUTPUT FILE...

Other tests import cabinet() from here.  Nothing that Debian has makes LZX,
which the cabinets of Windows use.  Written after the published formats; the
encoder of LZX uses verbatim and uncompressed blocks, and compresses enough to
be believed.
"""

import argparse
import heapq
import itertools
import os
import struct
import sys
import zlib

BLOCK = 32768                   # of CFDATA, unpacked; LZX calls it a frame
METHODS = {"none": 0, "mszip": 1, "lzx": 3}
SPANS = {"from-previous": 0xfffd, "to-next": 0xfffe, "both": 0xffff}


# ------------------------------------------------------------------- LZX

MIN_MATCH, MAX_MATCH = 2, 257
LENGTHS = 249                   # codes for lengths of 9 and more
SLOTS = {15: 30, 16: 32, 17: 34, 18: 36, 19: 38, 20: 42, 21: 50}


def slot_table():
    """(the first offset of a slot, its extra bits), for every slot."""
    table, base = [], 0
    for slot in range(max(SLOTS.values())):
        bits = 0 if slot < 4 else min(slot // 2 - 1, 17)
        table.append((base, bits))
        base += 1 << bits
    return table


SLOT_TABLE = slot_table()


def slot_of(formatted):
    """The slot of an offset that has the 2 added to it."""
    low, high = 0, len(SLOT_TABLE) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if SLOT_TABLE[middle][0] <= formatted:
            low = middle
        else:
            high = middle - 1
    return low


class Bits:
    """Bits, the highest first, in little-endian words of 16."""

    def __init__(self):
        self.out = bytearray()
        self.value = self.count = 0

    def put(self, value, count):
        """Add @count bits."""
        self.value = self.value << count | value
        self.count += count
        while self.count >= 16:
            self.count -= 16
            word = self.value >> self.count
            self.out += bytes((word & 255, word >> 8))
            self.value &= (1 << self.count) - 1

    def align(self):
        """Fill up the word."""
        if self.count:
            self.put(0, 16 - self.count)


def code_lengths(counts, longest):
    """Lengths of Huffman codes, @longest at most; a whole tree or none."""
    used = [symbol for symbol, count in enumerate(counts) if count]
    lengths = [0] * len(counts)
    if not used:
        return lengths
    for symbol in range(2):     # one code alone is no tree
        if len(used) < 2 and symbol not in used:
            used.append(symbol)
    weight = {symbol: max(counts[symbol], 1) for symbol in used}
    while True:
        order = itertools.count()
        heap = [(weight[symbol], next(order), (symbol,)) for symbol in used]
        heapq.heapify(heap)
        depth = dict.fromkeys(used, 0)
        while len(heap) > 1:
            first, second = heapq.heappop(heap), heapq.heappop(heap)
            group = first[2] + second[2]
            for symbol in group:
                depth[symbol] += 1
            heapq.heappush(heap, (first[0] + second[0], next(order), group))
        if max(depth.values()) <= longest:
            break
        weight = {symbol: count + 1 >> 1 for symbol, count in weight.items()}
    for symbol in used:
        lengths[symbol] = depth[symbol]
    return lengths


def codes_of(lengths):
    """The canonical code of each symbol: (code, bits)."""
    codes, code, last = [(0, 0)] * len(lengths), 0, 0
    for length, symbol in sorted((n, s) for s, n in enumerate(lengths) if n):
        code <<= length - last
        codes[symbol] = (code, length)
        code, last = code + 1, length
    return codes


def put_lengths(bits, before, lengths):
    """Write lengths of codes as differences to those of the last block."""
    symbols, at = [], 0
    while at < len(lengths):
        run = 1
        while at + run < len(lengths) and lengths[at + run] == lengths[at]:
            run += 1
        change = (before[at] - lengths[at]) % 17
        if lengths[at] == 0 and run >= 20:
            run = min(run, 51)
            symbols.append((18, [(run - 20, 5)]))
        elif lengths[at] == 0 and run >= 4:
            run = min(run, 19)
            symbols.append((17, [(run - 4, 4)]))
        elif run >= 4:
            run = min(run, 5)
            symbols.append((19, [(run - 4, 1), change]))
        else:
            run = 1
            symbols.append((change, []))
        at += run
    counts = [0] * 20
    for symbol, more in symbols:
        counts[symbol] += 1
        for item in more:
            if isinstance(item, int):
                counts[item] += 1
    tree = code_lengths(counts, 15)
    codes = codes_of(tree)
    for length in tree:
        bits.put(length, 4)
    for symbol, more in symbols:
        bits.put(*codes[symbol])
        for item in more:
            bits.put(*(codes[item] if isinstance(item, int) else item))


class Lzx:
    """The compressor of one folder."""

    def __init__(self, data, window):
        self.data, self.window = data, 1 << window
        self.mains = 256 + 8 * SLOTS[window]
        self.main, self.length = [0] * self.mains, [0] * LENGTHS
        self.recent = [1, 1, 1]
        self.seen = {}          # where three bytes stood last
        self.bits, self.frames = Bits(), []
        self.bits.put(0, 1)     # calls of 386 code are left as they are

    def find(self, at, end):
        """The longest match that was looked for: (length, offset)."""
        data = self.data
        key = data[at:at + 3]
        places = [at - offset for offset in self.recent]
        if len(key) == 3:
            places.append(self.seen.get(key, -1))
        best, found = 0, 0
        limit = min(MAX_MATCH, end - at)
        for place in places:
            if place < 0 or at - place > self.window - 3:
                continue
            size = 0
            while size < limit and data[place + size] == data[at + size]:
                size += 1
            if size > best:
                best, found = size, at - place
        return (best, found) if best >= 3 or best == 2 and found in self.recent else (0, 0)

    def tokens(self, start, end):
        """Literals and matches of one block: (frame's end, symbol, ...)."""
        at, out = start, []
        while at < end:
            frame = (at // BLOCK + 1) * BLOCK
            size, offset = self.find(at, min(frame, end))
            if size == 0:
                out.append((self.data[at],))
                size = 1
            else:
                out.append(self.match(size, offset))
            for place in range(at, at + size):
                self.seen[self.data[place:place + 3]] = place
            at += size
            if at % BLOCK == 0 or at == end:
                out.append(None)        # a frame may end here
        return out

    def match(self, size, offset):
        """(main symbol, length symbol or None, extra bits)."""
        recent = self.recent
        if offset in recent:
            slot = recent.index(offset)
            recent[0], recent[slot] = recent[slot], recent[0]
            extra = (0, 0)
        else:
            slot = slot_of(offset + 2)
            base, bits = SLOT_TABLE[slot]
            extra = (offset + 2 - base, bits)
            self.recent = [offset, recent[0], recent[1]]
        head = min(size - MIN_MATCH, 7)
        tail = size - MIN_MATCH - 7 if head == 7 else None
        return 256 + slot * 8 + head, tail, extra

    def put_verbatim(self, start, end):
        """A block with trees."""
        tokens = self.tokens(start, end)
        mains, lengths = [0] * self.mains, [0] * LENGTHS
        for token in tokens:
            if token is not None:
                mains[token[0]] += 1
                if len(token) == 3 and token[1] is not None:
                    lengths[token[1]] += 1
        main, length = code_lengths(mains, 16), code_lengths(lengths, 16)
        self.head(1, end - start)
        put_lengths(self.bits, self.main[:256], main[:256])
        put_lengths(self.bits, self.main[256:], main[256:])
        put_lengths(self.bits, self.length, length)
        self.main, self.length = main, length
        main, length = codes_of(main), codes_of(length)
        at = start
        for token in tokens:
            if token is None:
                if at % BLOCK == 0 or at == len(self.data):
                    self.end_frame()
                continue
            self.bits.put(*main[token[0]])
            if len(token) == 1:
                at += 1
                continue
            at += MIN_MATCH + (token[0] & 7) + (token[1] or 0)
            if token[1] is not None:
                self.bits.put(*length[token[1]])
            self.bits.put(*token[2])

    def put_plain(self, start, end):
        """A block that is not compressed."""
        self.head(3, end - start)
        if self.bits.count:
            self.bits.align()
        else:
            self.bits.put(0, 16)        # a word at least
        self.bits.out += struct.pack("<III", *self.recent)
        at = start
        while at < end:
            stop = min((at // BLOCK + 1) * BLOCK, end)
            self.bits.out += self.data[at:stop]
            at = stop
            if at == end and (end - start) % 2:
                self.bits.out.append(0)
            if at % BLOCK == 0 or at == len(self.data):
                self.end_frame()
        for place in range(start, end):
            self.seen[self.data[place:place + 3]] = place

    def head(self, kind, size):
        """What a block begins with."""
        self.bits.put(kind, 3)
        self.bits.put(size >> 8, 16)
        self.bits.put(size & 255, 8)

    def end_frame(self):
        """The data of a CFDATA end with a whole word."""
        self.bits.align()
        self.frames.append(bytes(self.bits.out))
        self.bits.out = bytearray()


def is_dense(data):
    """Whether compressing would only make it longer."""
    return len(zlib.compress(data, 1)) > len(data) * 98 // 100


def lzx(data, window, block=100001):
    """The frames of a folder.  Blocks begin and end inside of frames."""
    packer = Lzx(data, window)
    for start in range(0, len(data), block):
        end = min(start + block, len(data))
        if is_dense(data[start:end]):
            packer.put_plain(start, end)
        else:
            packer.put_verbatim(start, end)
    return packer.frames


# -------------------------------------------------------------- cabinets

def mszip(data):
    """Each block may refer to the one before."""
    frames, before = [], b""
    for start in range(0, len(data), BLOCK):
        piece = data[start:start + BLOCK]
        packer = zlib.compressobj(9, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY, before) \
            if before else zlib.compressobj(9, zlib.DEFLATED, -15)
        frames.append(b"CK" + packer.compress(piece) + packer.flush())
        before = piece
    return frames


def plain(data):
    """As it is."""
    return [data[at:at + BLOCK] for at in range(0, len(data), BLOCK)]


def checksum(data, seed=0):
    """Words of 32 bits, exclusive or; what is left over the other way round."""
    even = len(data) & ~3
    for word in struct.unpack(f"<{even // 4}I", data[:even]):
        seed ^= word
    return seed ^ int.from_bytes(data[even:], "big")


def block_of(packed, size, broken=None):
    """A CFDATA."""
    head = struct.pack("<HH", len(packed), size)
    total = checksum(head, checksum(packed))
    if broken == "checksum":
        total = (total + 1) & 0xffffffff or 1
    return struct.pack("<I", 0 if broken == "no-checksum" else total) + head + packed


def folder_of(data, method, window, broken=None):
    """The blocks of a folder, and how many."""
    frames = {"lzx": lambda: lzx(data, window), "mszip": lambda: mszip(data),
              "none": lambda: plain(data)}[method]()
    sizes = [min(BLOCK, len(data) - at) for at in range(0, len(data), BLOCK)]
    assert len(frames) == len(sizes)
    blocks = [block_of(frame, size, broken if broken == "no-checksum" or index + 1 == len(frames)
                       else None) for index, (frame, size) in enumerate(zip(frames, sizes))]
    return b"".join(blocks), len(blocks)


def split(files, folder_size):
    """Names and data by folder: a folder is full at @folder_size bytes."""
    folders, room = [], 0
    for name, data in files:
        if not folders or room <= 0:
            folders.append([])
            room = folder_size
        folders[-1].append((name, data))
        room -= len(data)
    return folders


def cabinet(files, method="lzx", window=21, folder_size=1 << 62, broken=None):
    """A cabinet of @files, pairs of a name and its bytes, as bytes.

    @broken is None or one of BREAKS: what is wrong with it.
    """
    kind = METHODS[method] | (window << 8 if method == "lzx" else 0)
    packed, listed = [], []
    for number, content in enumerate(split(files, folder_size)):
        data = b"".join(item for _, item in content)
        packed.append(folder_of(data, method, window, broken))
        offset = 0
        for name, item in content:
            listed.append((name, len(item), offset, number))
            offset += len(item)
    if broken in SPANS:
        listed[-1] = listed[-1][:3] + (SPANS[broken],)
    if broken == "folder":
        listed[-1] = listed[-1][:3] + (len(packed),)
    if broken == "size":
        listed[-1] = (listed[-1][0], listed[-1][1] + 100000) + listed[-1][2:]
    names = b"".join(struct.pack("<IIHHHH", size, offset, number, 0x3c21, 0, 0x20) +
                     name.encode() + b"\0" for name, size, offset, number in listed)
    flags, set_names = 0, b""
    if broken in SPANS:
        flags = {"from-previous": 1, "to-next": 2, "both": 3}[broken]
        set_names = b"other.cab\0disk\0" * bin(flags).count("1")
    files_at = 36 + len(set_names) + 8 * len(packed)
    at, folders = files_at + len(names), b""
    for blocks, count in packed:
        folders += struct.pack("<IHH", at, count, kind)
        at += len(blocks)
    count = 20001 if broken == "many" else len(listed)
    data = struct.pack("<4sIIIIIBBHHHHH", b"MSCF", 0, at, 0, files_at, 0, 3, 1, len(packed),
                       count, flags, 1, 0) + set_names + folders + names + \
        b"".join(blocks for blocks, _ in packed)
    return data[:-7] if broken == "cut" else data


BREAKS = ("checksum", "no-checksum", "cut", "size", "folder", "many", *SPANS)


def szdd(data, letter="L"):
    """A file as setup media had it before Windows 2000: literals alone."""
    out = b"SZDD\x88\xf0\x27\x33A" + letter.encode() + struct.pack("<I", len(data))
    return out + b"".join(b"\xff" + data[at:at + 8] for at in range(0, len(data), 8))


def main():
    """Make one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--method", choices=sorted(METHODS), default="lzx")
    parser.add_argument("--window", type=int, choices=sorted(SLOTS), default=21)
    parser.add_argument("--folder-size", type=int, default=1 << 62)
    parser.add_argument("--break", dest="broken", choices=BREAKS)
    parser.add_argument("output")
    parser.add_argument("file", nargs="+")
    options = parser.parse_args()
    files = []
    for path in options.file:
        with open(path, "rb") as source:
            files.append((os.path.basename(path), source.read()))
    made = cabinet(files, options.method, options.window, options.folder_size, options.broken)
    with open(options.output, "wb") as target:
        target.write(made)


if __name__ == "__main__":
    sys.exit(main())
