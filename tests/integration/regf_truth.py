#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hold our reader of registry hives against facts that others read from them.

    regf_truth.py [--dump PROGRAM] [--data FOLDER]

hive-dump says what we make of a hive.

1. Every real SYSTEM hive of the data folder must give what truth.json says of
   it, and reading that must take less than 300,000 bytes of it.
2. The hive that comes with its logs must give the same with them, whatever
   their order, and all their entries must be applied.
3. The hive that other libraries refuse must be refused with one line.
4. Every key and every value (its type, size and sum) of every real hive and
   boot store must be what libhivex reads; of the hive with logs, also after
   they were replayed, here anew, into a copy.

Output is TAP; the exit status is 0 when all agree, 1 when not, 77 when there
is nothing to compare with.  Without python3-hivex the last part skips.
"""

import argparse
import collections
import datetime
import json
import lzma
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zlib

try:
    import hivex
except ImportError:
    hivex = None

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BYTES_MAX = 300000
ARRIVAL = r"Properties\{83da6326-97a6-4088-9453-a1923f573b29}\0066"
CLASS = r"Control\Class\{4D36E966-E325-11CE-BFC1-08002BE10318}"


class Tap:
    """Results, counted."""

    def __init__(self):
        self.count = 0
        self.failed = 0
        self.skipped = 0

    def check(self, name, problems):
        self.count += 1
        for problem in problems[:10]:
            print(f"# {problem}")
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}",
              flush=True)

    def skip(self, name, reason):
        self.count += 1
        self.skipped += 1
        print(f"ok {self.count} - {name} # SKIP {reason}", flush=True)

    def finish(self):
        print(f"1..{self.count}")
        if self.failed:
            return 1
        return 77 if self.count == self.skipped else 0


class Dump:
    """One hive, asked through hive-dump."""

    def __init__(self, program, hive, logs=()):
        self.command = [program, hive, *logs]
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            encoding="utf-8")

    def ask(self, request):
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def value(self, path, name):
        return self.ask(f"value {path}\t{name}")["value"]

    def key(self, path):
        return self.ask(f"key {path}")

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait()


def iso_time(filetime):
    if filetime is None:
        return None
    seconds = filetime // 10000000 - 11644473600
    return (datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
            .strftime("%Y-%m-%dT%H:%M:%SZ"))


def compare(problems, what, got, want):
    if got != want:
        problems.append(f"{what}: {got!r}, not {want!r}")


# ------------------------------------------------------------------ 1 and 2

def check_values(dump, problems, path, want):
    """@want: the values of one key, by name."""
    for name, value in want.items():
        if value == "<blob>":
            continue
        compare(problems, f"{path}\\{name}", dump.value(path, name), value)


def check_processors(dump, problems, control, facts):
    """The devices below Enum\\ACPI whose names have a family and a model."""
    enum = rf"{control}\Enum\ACPI"
    paths = []
    for name in dump.key(enum).get("children", []):
        if re.search(r"Family_\d+_Model_\d+", name):
            paths += [rf"ACPI\{name}\{instance}"
                      for instance in dump.key(rf"{enum}\{name}")["children"]]
    compare(problems, "processor devices", sorted(paths),
            sorted(device["path"] for device in facts["cpu_devices"]))
    for device in facts["cpu_devices"]:
        path = rf"{control}\Enum\{device['path']}"
        check_values(dump, problems, path,
                     {name: device[name] for name in
                      ("Service", "FriendlyName", "DeviceDesc")
                      if device.get(name) is not None})
        # Of the ids the first three were written down.
        compare(problems, f"ids of {path}",
                (dump.value(path, "HardwareID") or [])[:3],
                device["HardwareID"])
        arrival = dump.ask(rf"time {path}\{ARRIVAL}")["time"]
        compare(problems, f"arrival of {path}", iso_time(arrival),
                device["times"].get("LastArrivalDate"))


def check_policy(dump, problems, facts):
    policy = facts.get("ProductPolicy")
    if policy is None:
        compare(problems, "policy",
                dump.ask("policy Kernel-RegisteredProcessors")["value"], None)
        return
    for name, value in policy["kernel_values"].items():
        if isinstance(value, str) and value.startswith("hex:"):
            value = (len(value) - 4) // 2
        compare(problems, name, dump.ask(f"policy {name}")["value"], value)


def check_state(dump, problems, facts):
    state = dump.ask("state")
    regf = dict(facts["regf"])
    compare(problems, "version", state["version"],
            [int(part) for part in regf.pop("version").split(".")])
    for name, value in regf.items():
        compare(problems, name, state[name], value)


def check_facts(dump, problems, facts):
    control = facts["current_control_set"]
    manager = rf"{control}\Control\Session Manager"
    check_state(dump, problems, facts)
    root = dump.key("")
    compare(problems, "root", root["name"], facts["root_name"])
    compare(problems, "control sets",
            [name for name in root["children"]
             if re.fullmatch(r"ControlSet\d+", name)],
            facts["control_sets_present"])
    check_values(dump, problems, "Select", facts["Select"])
    check_values(dump, problems, "Setup", facts["Setup"])
    check_values(dump, problems, rf"{manager}\Environment",
                 facts["Environment"])
    check_values(dump, problems, manager, facts["SessionManager"])
    check_values(dump, problems, rf"{control}\Control\ProductOptions",
                 facts["ProductOptions"])
    check_values(dump, problems, rf"{control}\Control\Windows",
                 facts["Control_Windows"])
    shutdown = dump.value(rf"{control}\Control\Windows", "ShutdownTime")
    if shutdown is not None:
        shutdown = int.from_bytes(bytes.fromhex(shutdown[4:]), "little")
    compare(problems, "ShutdownTime", iso_time(shutdown),
            facts["ShutdownTime"])
    compare(problems, "SystemStartOptions",
            dump.value(rf"{control}\Control", "SystemStartOptions"),
            facts["SystemStartOptions"])
    for path, values in facts["HAL_enum"].items():
        check_values(dump, problems, rf"{control}\Enum\Root\{path}", values)
    for path, values in facts["HAL_class"].items():
        check_values(dump, problems, rf"{control}\{CLASS}\{path}", values)
    for path, values in (facts["HardwareConfig"] or {}).items():
        check_values(dump, problems, rf"HardwareConfig\{path}", values)
    check_processors(dump, problems, control, facts)
    check_policy(dump, problems, facts)


def check_hive(tap, program, name, hive, facts, logs=(), entries=0):
    dump = Dump(program, hive, logs)
    problems = []
    check_facts(dump, problems, facts)
    state = dump.ask("state")
    compare(problems, "log entries applied", state["replayed"], entries)
    if logs:
        compare(problems, "problem", state["log_problem"], "")
    if state["bytes_read"] >= BYTES_MAX:
        problems.append(f"{state['bytes_read']} bytes were read")
    compare(problems, "exit status", dump.close(), 0)
    tap.check(f"{name} ({state['bytes_read']} bytes of {state['size']} read)",
              problems)


def check_refused(tap, program, name, hive):
    done = subprocess.run([program, hive], input="state\n", encoding="utf-8",
                          capture_output=True)
    problems = []
    compare(problems, "exit status", done.returncode, 1)
    compare(problems, "lines of answer", done.stdout.count("\n"), 0)
    compare(problems, "lines of error", done.stderr.count("\n"), 1)
    tap.check(f"{name} is refused", problems)


# ------------------------------------------------------------------------ 4

def our_walk(program, hive, logs):
    done = subprocess.run([program, hive, *logs], input="walk\n",
                          encoding="utf-8", stdout=subprocess.PIPE,
                          check=True)
    records = []
    for line in done.stdout.split("\n"):
        if re.match(r"(key|value|error)\t|end$", line):
            records.append(line)
        elif line or records[-1] != "end":
            records[-1] += "\n" + line      # a line feed in a name
    if records.pop() != "end":
        raise RuntimeError("the walk did not end")
    return collections.Counter(records)


def their_walk(path):
    hive = hivex.Hivex(path)
    records = collections.Counter()
    todo = [(hive.root(), "")]
    while todo:
        node, path = todo.pop()
        records[f"key\t{path}\t{hive.node_timestamp(node)}"] += 1
        for value in hive.node_values(node):
            kind, data = hive.value_value(value)
            records[f"value\t{path}\t{hive.value_key(value)}"
                    f"\t{kind & 0xffffffff}\t{len(data)}"
                    f"\t{zlib.crc32(data):08x}"] += 1
        todo += [(child, rf"{path}\{hive.node_name(child)}")
                 for child in hive.node_children(node)]
    return records


def check_walk(tap, program, name, hive, logs=(), replayed=None):
    if hivex is None:
        tap.skip(f"{name} against libhivex", "there is no python3-hivex")
        return
    ours = our_walk(program, hive, logs)
    theirs = their_walk(replayed or hive)
    problems = [f"only ours: {record!r}" for record in ours - theirs]
    problems += [f"only theirs: {record!r}" for record in theirs - ours]
    tap.check(f"{name} against libhivex ({sum(theirs.values())} keys and"
              " values)", problems)


def replay(hive, logs):
    """The hive with the entries of its logs, in the order of their numbers.

    Hashes are not looked at; that a page fits is all that is asked.
    """
    data = bytearray(pathlib.Path(hive).read_bytes())
    entries = []
    for log in logs:
        log = pathlib.Path(log).read_bytes()
        at = 512
        while log[at:at + 4] == b"HvLE":
            size, _, number, bins, pages = struct.unpack_from("<5I", log,
                                                              at + 4)
            entries.append((number, bins, pages, log[at:at + size]))
            at += size
    for number, bins, pages, entry in sorted(entries):
        data.extend(bytes(max(0, 4096 + bins - len(data))))
        struct.pack_into("<I", data, 40, bins)
        at = 40 + 8 * pages
        for i in range(pages):
            to, size = struct.unpack_from("<2I", entry, 40 + 8 * i)
            data[4096 + to:4096 + to + size] = entry[at:at + size]
            at += size
        struct.pack_into("<2I", data, 4, number, number)
    checksum = 0
    for (word,) in struct.iter_unpack("<I", data[:508]):
        checksum ^= word
    struct.pack_into("<I", data, 508, checksum)
    return bytes(data), len(entries)


# --------------------------------------------------------------------- main

def unpack(source, folder):
    target = pathlib.Path(folder) / source.name.removesuffix(".xz")
    if source.suffix == ".xz":
        target.write_bytes(lzma.decompress(source.read_bytes()))
    else:
        target.write_bytes(source.read_bytes())
    return str(target)


def run(tap, program, data, folder):
    truth = json.loads((data / "truth.json").read_text(encoding="utf-8"))
    files = {path.name.removesuffix(".xz"): unpack(path, folder)
             for path in sorted((data / "hives").iterdir())}
    for file, entry in truth["system_hives"].items():
        name = pathlib.PurePath(file).name
        hive = files[name]
        logs = [files[log] for log in (f"{name}.LOG1", f"{name}.LOG2")
                if log in files]
        check_hive(tap, program, name, hive, entry["facts"])
        check_walk(tap, program, name, hive)
        if logs:
            replayed = os.path.join(folder, "replayed")
            copy, entries = replay(hive, logs)
            pathlib.Path(replayed).write_bytes(copy)
            check_hive(tap, program, f"{name} with logs", hive,
                       entry["facts"], logs, entries)
            check_hive(tap, program, f"{name} with logs the other way round",
                       hive, entry["facts"], logs[::-1], entries)
            check_walk(tap, program, f"{name} with logs", hive, logs,
                       replayed)
    for name, hive in files.items():
        if name.startswith("negative"):
            check_refused(tap, program, name, hive)
    for store in sorted((data / "bcd").iterdir()):
        check_walk(tap, program, store.name, str(store))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dump", default=str(ROOT / "build/tests/hive-dump"))
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path(
        os.environ.get("VTOPO_TEST_DATA", ROOT / "../shared/data")))
    options = parser.parse_args()
    tap = Tap()
    if not os.access(options.dump, os.X_OK):
        print(f"1..0 # SKIP there is no {options.dump}")
        return 77
    if not (options.data / "truth.json").is_file():
        print(f"1..0 # SKIP there is no real data in {options.data}")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        run(tap, options.dump, options.data, folder)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
