# SPDX-License-Identifier: LGPL-2.1-or-later
"""Record what programs write to a folder, and what of it a power loss leaves.

    trace = record(["vtopo", "repair", ..], folder, "log")
    for _ in range(1000):
        state = trace.state(random)        # {name: bytes} of the folder

The model is that of POSIX with a disk of 512-byte sectors, and none more
friendly: what was written to a file since its last flush is there or not,
sector by sector; so is its size; a name that was made or taken away since the
last flush of the folder is there or not, each for itself.  What was written
behind the old end of a file, and is not there, is zeros or what was deleted
there once.

Nothing runs when this is imported.
"""

import os
import re
import subprocess

SECTOR = 512
CALLS = ("write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,sync_file_range,ftruncate,"
         "truncate,fallocate,link,linkat,unlink,unlinkat,rename,renameat,renameat2,open,openat,"
         "creat,copy_file_range,sendfile")

LINE = re.compile(r"(\d+) +(?:(\w+)\((.*)|<\.\.\. (\w+) resumed>(.*))$", re.S)
RESULT = re.compile(r"\) += (-?\d+)(?:<.*>)?(?: E\w+ \(.*\))?$", re.S)
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
FILE = re.compile(r"(\d+)<((?:\\x[0-9a-f]{2})*)>")
GARBAGE = b"deleted " * (SECTOR // 8)


class Unknown(Exception):
    """Something was done that the model does not know."""


def unescape(text):
    """The bytes that strace -xx has written so."""
    return bytes.fromhex(text.replace("\\x", ""))


class Call:
    """A system call: where in the log it begins and ends."""

    def __init__(self, name, words, start):
        self.name, self.words, self.start = name, words, start
        self.end = self.result = None


def read_log(path):
    """All calls of a log, by where they begin."""
    calls, open_calls = [], {}
    with open(path, encoding="latin-1") as log:
        for number, line in enumerate(log):
            found = LINE.match(line.rstrip("\n"))
            if found is None:
                continue
            pid, name, words, resumed, rest = found.groups()
            if name is not None:
                call = Call(name, words, number)
                calls.append(call)
                if words.endswith("<unfinished ...>"):
                    open_calls[pid] = call
                    continue
                rest = words
            else:
                call = open_calls.pop(pid)
                if resumed != call.name:
                    raise Unknown(f"{resumed} resumed, not {call.name}")
            result = RESULT.search(rest)
            if result is None:      # killed inside
                continue
            call.end, call.result = number, int(result.group(1))
    return calls


class Written:
    """Something that was done to a file or to the folder."""

    def __init__(self, call, kind, target, *what):
        self.start = call.start
        self.end = call.end if call.end is not None else 1 << 60
        self.kind, self.target, self.what = kind, target, what


class File:
    """A file by what it is, not by its name."""

    def __init__(self, content=b""):
        self.content = content


class Trace:
    """What was done to the files of a folder, which had @before in it."""

    def __init__(self, folder, before):
        self.folder = os.path.realpath(folder)
        self.names = {name: File(content) for name, content in before.items()}
        self.before = dict(self.names)
        self.ops = []
        self.writers = 0

    # -- reading the log

    def _inside(self, path):
        """The name in the folder, or None for a file elsewhere."""
        path = os.path.join(self.folder, os.fsdecode(path))
        head, tail = os.path.split(os.path.normpath(path))
        return tail if head == self.folder else None

    def _add(self, call, kind, target, *what):
        self.ops.append(Written(call, kind, target, *what))

    def take(self, calls):
        """Take over what concerns us."""
        for call in calls:
            if call.result is None or call.result >= 0:
                handler = getattr(self, "_" + call.name, self._other)
                handler(call)
        return self

    def _file(self, call):
        """What the first argument has open, if it is ours."""
        found = FILE.match(call.words)
        if found is None:
            return None
        name = self._inside(unescape(found.group(2)))
        return self.names.get(name) if name is not None else None

    def _other(self, call):
        # None of these is used today; were one, nothing here would be true.
        if self._file(call) is not None or call.name in ("truncate", "linkat", "renameat",
                                                         "renameat2"):
            raise Unknown(f"{call.name} of a file of ours")

    def _data(self, call, offset, data):
        if call.result is not None:
            data = data[:call.result]
        self._add(call, "data", self._file(call), offset, data)

    def _write(self, call):
        if self._file(call) is None:
            return
        file = self._file(call)
        at = max([op.what[0] + len(op.what[1]) for op in self.ops
                  if op.target is file and op.kind == "data"], default=0)
        self._data(call, at, unescape(TEXT.search(call.words).group(1)))

    def _pwrite64(self, call):
        if self._file(call) is not None:
            found = re.search(r'"((?:\\x..)*)", (\d+), (\d+)', call.words)
            self._data(call, int(found.group(3)), unescape(found.group(1)))

    def _pwritev(self, call):
        if self._file(call) is not None:
            parts = re.findall(r'iov_base="((?:\\x..)*)"', call.words)
            found = re.search(r"\], (\d+), (\d+)", call.words)
            if len(parts) != int(found.group(1)):
                raise Unknown("strace shortens")
            self._data(call, int(found.group(2)), b"".join(unescape(one) for one in parts))

    def _ftruncate(self, call):
        if self._file(call) is not None:
            self._add(call, "size", self._file(call),
                      int(re.search(r">, (\d+)", call.words).group(1)))

    def _fallocate(self, call):
        file = self._file(call)
        if file is None:
            return
        mode, offset, size = re.search(r">, ([^,]+), (\d+), (\d+)", call.words).groups()
        if "PUNCH_HOLE" in mode or "ZERO_RANGE" in mode:
            self._add(call, "data", file, int(offset), bytes(int(size)))
        elif mode == "0":
            self._add(call, "grow", file, int(offset) + int(size))
        elif "KEEP_SIZE" not in mode:
            raise Unknown(f"fallocate {mode}")

    def _fsync(self, call):
        found = FILE.match(call.words)
        path = os.fsdecode(unescape(found.group(2)))
        if os.path.normpath(path) == self.folder:
            self._add(call, "sync", None, call.name)
        elif self._file(call) is not None:
            self._add(call, "sync", self._file(call), call.name)

    _fdatasync = _fsync

    def _sync_file_range(self, call):
        """It promises nothing."""

    def _named(self, call):
        return [self._inside(unescape(one)) for one in TEXT.findall(call.words)]

    def _openat(self, call):
        names = self._named(call)
        if not names or names[0] is None or call.result is None:
            return
        if "O_CREAT" in call.words and names[0] not in self.names:
            self.names[names[0]] = File()
            self._add(call, "name", None, names[0], self.names[names[0]])
        elif "O_TRUNC" in call.words:
            self._add(call, "size", self.names[names[0]], 0)

    _open = _openat

    def _link(self, call):
        old, new = self._named(call)
        if old is not None or new is not None:
            self.names[new] = self.names[old]
            self._add(call, "name", None, new, self.names[new])

    def _unlink(self, call):
        name = self._named(call)[0]
        if name in self.names:
            del self.names[name]
            self._add(call, "name", None, name, None)

    def _unlinkat(self, call):
        if any(name in self.names for name in self._named(call)):
            raise Unknown("unlinkat")

    def _rename(self, call):
        if any(name is not None for name in self._named(call)):
            raise Unknown("rename")

    # -- what a loss of power leaves

    def moments(self):
        """All that differ: before, amid and after each thing done."""
        times = {0}
        for op in self.ops:
            times |= {op.start, min(op.end, op.start + 1), op.end}
        return sorted(time for time in times if time < 1 << 60)

    def _settled(self, target, moment):
        """Up to where what was done to @target is on the medium."""
        return max([op.start for op in self.ops if op.target is target and op.kind == "sync"
                    and op.end <= moment], default=-1)

    def _ops(self, target, moment):
        """What was done by then: [(op, whether it is settled)]."""
        settled = self._settled(target, moment)
        return [(op, op.end <= settled) for op in self.ops
                if op.target is target and op.kind != "sync" and op.start <= moment]

    def _content(self, file, moment, chance):
        """A file as it may be found."""
        ops = self._ops(file, moment)
        if not ops:
            return file.content
        data = bytearray(file.content)
        stale = chance.random() < 0.3
        # Mostly all or nothing is lost: a state in between is one of many.
        keep = chance.choice((0.0, 0.1, 0.5, 0.5, 0.9, 1.0))
        sizes = [len(data)]
        size = len(data)
        for op, settled in ops:
            if op.kind == "size":
                size = op.what[0]
                if settled or chance.random() < keep:
                    del data[size:]
                    data.extend(bytes(size - len(data)))
            elif op.kind == "grow":
                size = max(size, op.what[0])
                data.extend(bytes(max(0, size - len(data))))
            else:
                size = max(size, op.what[0] + len(op.what[1]))
                self._put(data, op, None if settled else keep, chance, stale)
            if settled:
                sizes = [size]
            else:
                sizes.append(size)
        size = chance.choice(sizes) if chance.random() < 0.8 else chance.randint(
            min(sizes), max(sizes))
        del data[size:]
        data.extend(bytes(size - len(data)))
        return bytes(data)

    @staticmethod
    def _put(data, op, keep, chance, stale):
        """Write; where @keep is a number, each sector with that chance."""
        at, new = op.what
        end = at + len(new)
        # What nobody wrote is zeros in every file; what somebody did, and is not
        # there yet, may be what was there before.
        data.extend(bytes(max(0, at - len(data))))
        while len(data) < end:
            data.extend((GARBAGE if stale else bytes(SECTOR))[:end - len(data)])
        first = at
        while first < end:
            last = min(end, first - first % SECTOR + SECTOR)
            if keep is None or chance.random() < keep:
                data[first:last] = new[first - at:last - at]
            first = last

    def state(self, chance, moment=None):
        """A state of the folder that may be found: (moment, {name: content})."""
        if moment is None:
            moment = chance.choice(self.moments())
        names = dict(self.before)
        keep = chance.choice((0.0, 0.5, 0.5, 1.0))
        for op, settled in self._ops(None, moment):
            if settled or chance.random() < keep:
                name, file = op.what
                names.pop(name, None)
                if file is not None:
                    names[name] = file
        contents = {}
        for file in {id(one): one for one in names.values()}.values():
            contents[id(file)] = self._content(file, moment, chance)
        return moment, {name: contents[id(file)] for name, file in names.items()}

    def sectors(self, name):
        """Where those are that were written to."""
        return sorted({at - at % SECTOR for op in self.ops
                       if op.kind == "data" and op.target is self.before[name]
                       for at in range(op.what[0], op.what[0] + len(op.what[1]), SECTOR)})

    def final(self, name):
        """A file as it is when all went well."""
        data = bytearray(self.names[name].content)
        for op in self.ops:
            if op.target is self.names[name] and op.kind == "data":
                self._put(data, op, None, None, False)
            elif op.target is self.names[name] and op.kind in ("size", "grow"):
                size = op.what[0] if op.kind == "size" else max(len(data), op.what[0])
                del data[size:]
                data.extend(bytes(size - len(data)))
        return bytes(data)

    def time_is_safe(self, name, moment):
        """Whether the time of the last change of @name is on the medium: a
        flush of data alone need not bring it there."""
        file = self.before[name]
        last = max([op.end for op in self.ops if op.target is file and op.kind != "sync"
                    and op.start <= moment], default=-1)
        return any(op.kind == "sync" and op.what[0] == "fsync" and op.target is file
                   and op.start >= last and op.end <= moment for op in self.ops)


def record(words, folder, log):
    """Run @words in @folder, and see what it does there: (what became of it,
    trace)."""
    before = {entry.name: open(entry.path, "rb").read() for entry in os.scandir(folder)}
    done = subprocess.run(
        ["strace", "-f", "-y", "-xx", "-s", "100000000", "-o", str(log), "-e", "trace=" + CALLS,
         "--", *[str(word) for word in words]], cwd=folder, check=False, timeout=120,
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    trace = Trace(folder, before).take(read_log(log))
    for name in trace.names:
        path = os.path.join(folder, name)
        with open(path, "rb") as file:
            if file.read() != trace.final(name):
                raise Unknown(f"{name} is not what was recorded of it")
    if set(os.listdir(folder)) != set(trace.names):
        raise Unknown(f"other files than recorded: {os.listdir(folder)}")
    return done, trace
