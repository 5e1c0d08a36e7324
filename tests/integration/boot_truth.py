#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hold our readers of boot files against facts that others read from them.

    boot_truth.py [--dump PROGRAM] [--data FOLDER]

boot-dump says what we make of a boot.ini, a boot store or a program file.

1. The real boot.ini files and boot stores of the data folder must give what
   truth.json says of them.
2. Every element that boot-dump knows, of every system in every real store,
   must be what libhivex reads, inheritance being worked out here anew.
3. No real store has numproc or onecpu.  So stores are DERIVED here from real
   ones, with libhivex writing such an element into the system itself or into
   an object that it inherits from; then as 2.
4. Programs that mingw-w64 builds here, with a version resource and with and
   without the import that makes a multiprocessor kernel, must be told apart.

Output is TAP; the exit status is 0 when all agree, 1 when not, 77 when there
is nothing to compare with.  What is missing (the data, python3-hivex, mingw)
makes its tests skip.
"""

import argparse
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

try:
    import hivex
except ImportError:
    hivex = None

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

BOOTMGR = "{9dea862c-5cdd-4e70-acc1-f32b344d4795}"
LOADER_SETTINGS = "{6efb52bf-1766-41db-a6b3-0ee5eff72bd7}"
GLOBAL_SETTINGS = "{7ea2e1ac-2e61-4728-aaa3-896d9d0a9f0e}"
HYPERVISOR_SETTINGS = "{7ff607e0-4395-11db-b0de-0800200c9a66}"
LOADER = 0x10200003
INHERIT = "14000006"

REG_SZ, REG_BINARY, REG_MULTI_SZ = 1, 3, 7

# bcdedit's names, from the fact sheet and not from our own table.
ELEMENTS = {
    "12000004": "description", "12000002": "path", "21000001": "osdevice",
    "22000002": "systemroot", "26000022": "winpe", "12000030": "loadoptions",
    "25000061": "numproc", "26000060": "onecpu", "26000062": "maxproc",
    "25000063": "configflags", "26000064": "maxgroup",
    "26000065": "groupaware", "25000066": "groupsize",
    "25000050": "clustermodeaddressing", "26000051": "usephysicaldestination",
    "25000052": "restrictapiccluster", "26000054": "uselegacyapicmode",
    "25000055": "x2apicpolicy", "250000f0": "hypervisorlaunchtype",
    "250000fa": "hypervisornumproc", "250000fb": "hypervisorrootprocpernode",
    "25000113": "hypervisorrootproc", "2500011a": "hypervisorschedulertype",
    "26000010": "detecthal", "22000011": "kernel", "22000012": "hal",
    "25000020": "nx", "25000021": "pae",
}
DEVICE, TEXT, NUMBER, BOOLEAN = "1", "2", "5", "6"     # second digit


class Tap:
    """Count the tests, and print them as TAP."""

    def __init__(self):
        self.count = 0
        self.failed = 0
        self.skipped = 0

    def result(self, name, problems):
        self.count += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}")
        for problem in problems:
            print(f"# {problem}")

    def skip(self, name, reason):
        self.count += 1
        self.skipped += 1
        print(f"ok {self.count} - {name} # SKIP {reason}")

    def finish(self):
        print(f"1..{self.count}")
        if self.failed:
            return 1
        return 77 if self.count == self.skipped else 0


def dump(program, what, path):
    """What boot-dump says of a file."""
    done = subprocess.run([program, what, path], check=False, timeout=60,
                          capture_output=True, text=True, encoding="utf-8")
    if done.returncode != 0:
        return {"error": done.stderr.strip()}
    return json.loads(done.stdout)


def differences(wanted, got):
    """A line for each fact that is not as wanted."""
    return [f"{name}: {got.get(name)!r} instead of {value!r}"
            for name, value in wanted.items() if got.get(name) != value]


# ------------------------------------------------------------- boot.ini

def switch(entry, name):
    """The first switch of a name: its value, true without one, or None."""
    for one in entry["switches"]:
        if one["name"] == name:
            if one["number"] is not None:
                return one["number"]
            return True if one["value"] is None else one["value"]
    return None


def places_are_right(text, entries):
    """Whether the bytes of each switch stand where we say."""
    for entry in entries:
        for one in entry["switches"]:
            whole = one["whole"].encode("latin-1")
            before = text[:one["offset"]]
            if (not text[one["offset"]:].startswith(whole)
                    or before.count(b"\n") + 1 != one["line"]):
                return False
    return True


def entry_facts(entry):
    return {"numproc": switch(entry, "NUMPROC"),
            "onecpu": switch(entry, "ONECPU") is not None,
            "hal": switch(entry, "HAL"), "kernel": switch(entry, "KERNEL")}


def test_bootini(tap, args, truth):
    for name, row in sorted(truth["boot_ini"].items()):
        path = args.data / name
        got = dump(args.dump, "bootini", path)
        if "error" in got:
            tap.result(name, [got["error"]])
            continue
        wanted = dict(row["facts"])
        more = {key: wanted.pop(key) for key in list(wanted)
                if key.startswith("entry")
                and key not in ("entries",)}
        seen = {"entries": len(got["entries"]),
                "default_index": got["default_index"]}
        seen.update(entry_facts(got["entries"][got["default_index"]]))
        problems = differences(wanted, seen)
        for key, facts in more.items():
            problems += differences(
                facts, entry_facts(got["entries"][int(key[len("entry"):])]))
        if not places_are_right(path.read_bytes(), got["entries"]):
            problems.append("a switch is not where we say")
        tap.result(name, problems)


# ---------------------------------------------------------- boot stores

class Store:
    """A boot store as libhivex reads it."""

    def __init__(self, path, write=False):
        self.path = path
        self.hive = hivex.Hivex(str(path), write=write)
        self.objects = {}
        top = self.hive.node_get_child(self.hive.root(), "Objects")
        for node in self.hive.node_children(top):
            self.objects[self.hive.node_name(node).lower()] = node

    def type_of(self, guid):
        node = self.hive.node_get_child(self.objects[guid], "Description")
        return self.hive.value_dword(self.hive.node_get_value(node, "Type"))

    def elements(self, guid):
        """The elements of an object: code -> (type, bytes)."""
        if guid not in self.objects:
            return {}
        node = self.hive.node_get_child(self.objects[guid], "Elements")
        found = {}
        for child in self.hive.node_children(node) if node else []:
            value = self.hive.node_get_value(child, "Element")
            found[self.hive.node_name(child).lower()] \
                = self.hive.value_value(value)
        return found

    def loaders(self):
        return sorted(guid for guid in self.objects
                      if self.type_of(guid) == LOADER)

    def resolve(self, guid):
        """What a system has or inherits: name -> (value, object)."""
        found = {}
        queue = [guid]
        for place in queue:
            for code, value in self.elements(place).items():
                if code == INHERIT:
                    parents = value[1].decode("utf-16-le").split("\0")
                    queue += [parent.lower() for parent in parents
                              if parent and parent.lower() not in queue]
                elif code in ELEMENTS and ELEMENTS[code] not in found:
                    found[ELEMENTS[code]] = (decode(code, value[1]), place)
        return found

    def put(self, guid, code, kind, data):
        """Write an element, of an object that need not exist."""
        top = self.hive.node_get_child(self.hive.root(), "Objects")
        node = self.child(self.child(top, guid), "Elements")
        self.hive.node_set_value(self.child(node, code),
                                 {"key": "Element", "t": kind, "value": data})
        self.objects[guid] = self.hive.node_get_child(top, guid)

    def child(self, node, name):
        return (self.hive.node_get_child(node, name)
                or self.hive.node_add_child(node, name))

    def commit(self):
        self.hive.commit(None)


def decode(code, data):
    if code[1] == TEXT:
        return data.decode("utf-16-le").split("\0")[0]
    if code[1] == NUMBER:
        return int.from_bytes(data, "little")
    if code[1] == BOOLEAN:
        return int(int.from_bytes(data, "little") != 0)
    return 0                                    # a device


def our_loaders(got):
    return {loader["guid"].lower(): loader for loader in got["loaders"]}


def against_hivex(path, got):
    """A line for each fact of a store in which we and libhivex differ."""
    store = Store(path)
    ours = our_loaders(got)
    problems = []
    if sorted(ours) != store.loaders():
        return [f"systems: {sorted(ours)} instead of {store.loaders()}"]
    for guid, loader in ours.items():
        wanted = {name: {"value": value, "object": place, "state": "given",
                         "inherited": place != guid}
                  for name, (value, place) in store.resolve(guid).items()}
        seen = {name: {"value": fact["value"], "state": fact["state"],
                       "object": fact["object"].lower(),
                       "inherited": fact["inherited"]}
                for name, fact in loader["facts"].items()}
        problems += [f"{guid} {line}" for line in differences(wanted, seen)]
        problems += [f"{guid} {name}: of our own invention"
                     for name in seen if name not in wanted]
        problems += check_device(guid, store, loader)
    return problems


def guid_text(raw):
    a, b, c = struct.unpack_from("<IHH", raw)
    return f"{{{a:08x}-{b:04x}-{c:04x}-{raw[8:10].hex()}-{raw[10:].hex()}}}"


def check_device(guid, store, loader):
    """Partitions are 88 bytes; the fields are at the same places in all."""
    _, raw = store.elements(guid).get("21000001", (None, b""))
    if len(raw) != 88 or struct.unpack_from("<I", raw, 16)[0] != 6:
        return []
    if struct.unpack_from("<I", raw, 52)[0] == 1:
        wanted = {"offset": struct.unpack_from("<Q", raw, 32)[0],
                  "signature": struct.unpack_from("<I", raw, 56)[0]}
    else:
        wanted = {"partition": guid_text(raw[32:48]),
                  "disk": guid_text(raw[56:72])}
    return differences(wanted, loader)


def fact_value(loader, name):
    fact = loader["facts"].get(name)
    return None if fact is None or fact["inherited"] else fact["value"]


def truth_problems(facts, got):
    problems = differences({"objects": facts["objects"],
                            "bootmgr": facts["bootmgr_present"],
                            "default": facts["default"], "broken": 0}, got)
    ours = our_loaders(got)
    wanted = {guid.lower(): row for guid, row in facts["os_loaders"].items()}
    if sorted(ours) != sorted(wanted):
        return problems + [f"systems: {sorted(ours)}"]
    for guid, row in wanted.items():
        loader = ours[guid]
        seen = {name: fact_value(loader, name)
                for name in ("description", "path", "systemroot")}
        problems += differences({name: row[name] for name in seen}, seen)
        for key in ("winpe", "detecthal_26000010", "numproc_25000061",
                    "onecpu_26000060", "maxproc_26000062"):
            value = fact_value(loader, key.split("_")[0])
            as_hex = None if value is None else f"hex:{value:02x}"
            problems += differences({key: row[key]}, {key: as_hex})
    default = (facts["default"] or "").lower()
    system = got["system_index"]
    if default in ours and not ours[default]["winpe"]:
        if (system is None
                or got["loaders"][system]["guid"].lower() != default):
            problems.append("the default is not the system")
    if system is not None and got["loaders"][system]["winpe"]:
        problems.append("Windows PE is not the system")
    return problems


def test_stores(tap, args, truth):
    for name, row in sorted(truth["bcd"].items()):
        got = dump(args.dump, "bcd", args.data / name)
        if "error" in got:
            tap.result(name, [got["error"]])
            continue
        tap.result(name, truth_problems(row["facts"], got))
        if hivex is None:
            tap.skip(f"{name} against libhivex", "there is no python3-hivex")
            continue
        tap.result(f"{name} against libhivex",
                   against_hivex(args.data / name, got))


def utf16(text):
    return (text + "\0").encode("utf-16-le")


# What is written into a copy: says, [(object or None, code, kind, bytes)],
# and the facts of the system that must come out of it.
DERIVED = (
    ("numproc of its own", [(None, "25000061", REG_BINARY, b"\2" + bytes(7))],
     {"numproc": 2}),
    ("numproc in one byte", [(None, "25000061", REG_BINARY, b"\4")],
     {"numproc": 4}),
    ("numproc in three bytes", [(None, "25000061", REG_BINARY, b"\0\1\0")],
     {"numproc": 256}),
    ("onecpu of its own", [(None, "26000060", REG_BINARY, b"\1")],
     {"onecpu": 1}),
    ("onecpu that says no", [(None, "26000060", REG_BINARY, b"\0")],
     {"onecpu": 0}),
    ("numproc of {bootloadersettings}",
     [(LOADER_SETTINGS, "25000061", REG_BINARY, b"\1" + bytes(7))],
     {"numproc": 1}),
    ("onecpu of {globalsettings}",
     [(GLOBAL_SETTINGS, "26000060", REG_BINARY, b"\1")], {"onecpu": 1}),
    ("hypervisornumproc of {hypervisorsettings}, in capitals",
     [(HYPERVISOR_SETTINGS, "250000FA", REG_BINARY, b"\3" + bytes(7))],
     {"hypervisornumproc": 3}),
    ("its own numproc before that of {globalsettings}",
     [(GLOBAL_SETTINGS, "25000061", REG_BINARY, b"\1" + bytes(7)),
      (None, "25000061", REG_BINARY, b"\6" + bytes(7))], {"numproc": 6}),
    ("groupsize, maxproc and x2apicpolicy",
     [(None, "25000066", REG_BINARY, b"\x10" + bytes(7)),
      (None, "26000062", REG_BINARY, b"\1"),
      (None, "25000055", REG_BINARY, b"\2" + bytes(7))],
     {"groupsize": 16, "maxproc": 1, "x2apicpolicy": 2}),
    ("kernel, hal and load options",
     [(None, "22000011", REG_SZ, utf16("ntkrnlmp.exe")),
      (None, "22000012", REG_SZ, utf16("halmacpi.dll")),
      (None, "12000030", REG_SZ, utf16("/NUMPROC=2 /ONECPU"))],
     {"kernel": "ntkrnlmp.exe", "hal": "halmacpi.dll",
      "loadoptions": "/NUMPROC=2 /ONECPU"}),
    ("a ring of objects",
     [(GLOBAL_SETTINGS, INHERIT, REG_MULTI_SZ,
       utf16(LOADER_SETTINGS + "\0" + GLOBAL_SETTINGS + "\0")),
      (GLOBAL_SETTINGS, "26000060", REG_BINARY, b"\1")], {"onecpu": 1}),
)
DERIVED_FROM = ("bcd/regipy_BCD", "bcd/windeploy_BCD", "bcd/bcdtest_qthivex")


def derive(source, changes, path):
    """A copy of a real store with some elements written into it."""
    shutil.copyfile(source, path)
    store = Store(path, write=True)
    default = store.elements(BOOTMGR)["23000003"][1]
    system = default.decode("utf-16-le").split("\0")[0].lower()
    for guid, code, kind, data in changes:
        store.put(guid or system, code, kind, data)
    store.commit()


def test_derived(tap, args, folder):
    for name in DERIVED_FROM:
        for says, changes, wanted in DERIVED:
            title = f"{name}, derived: {says}"
            if hivex is None:
                tap.skip(title, "there is no python3-hivex")
                continue
            path = folder / "store"
            derive(args.data / name, changes, path)
            got = dump(args.dump, "bcd", path)
            if "error" in got or got["system_index"] is None:
                tap.result(title, [got.get("error", "no system")])
                continue
            system = got["loaders"][got["system_index"]]
            seen = {key: fact["value"]
                    for key, fact in system["facts"].items()}
            problems = differences(wanted, seen)
            if "loadoptions" in wanted:
                names = [one["name"] for one in system["switches"]]
                problems += differences({"words": ["NUMPROC", "ONECPU"]},
                                        {"words": names})
            tap.result(title, problems + against_hivex(path, got))


# ------------------------------------------------------- program files

COMPILERS = ("i686-w64-mingw32", "x86_64-w64-mingw32")
MACHINES = {"i686-w64-mingw32": 0x14c, "x86_64-w64-mingw32": 0x8664}

KERNEL_C = """
__declspec(dllimport) int HalInitSystem(void);
__declspec(dllimport) int HalStartNextProcessor(void);
int start(void) { return HalInitSystem()%s; }
"""

KERNEL_RC = """
1 VERSIONINFO
FILEVERSION 5,1,2600,5512
PRODUCTVERSION 5,1,2600,5512
FILEFLAGSMASK 0x3f
FILEFLAGS %d
FILEOS 0x40004
FILETYPE 1
BEGIN
  BLOCK "StringFileInfo"
  BEGIN
    BLOCK "040904B0"
    BEGIN
      VALUE "FileDescription", "NT Kernel & System"
      VALUE "FileVersion", "5.1.2600.5512 (test)"
      VALUE "InternalName", "%s"
      VALUE "OriginalFilename", "%s"
    END
  END
  BLOCK "VarFileInfo"
  BEGIN
    VALUE "Translation", 0x409, 1200
  END
END
"""


def run(*words):
    subprocess.run(words, check=True, timeout=120, capture_output=True)


def build_kernel(compiler, folder, original, starts, flags):
    """A program that says of itself what a kernel of NT 5.1 does."""
    (folder / "k.c").write_text(
        KERNEL_C % (" + HalStartNextProcessor()" if starts else ""))
    (folder / "k.rc").write_text(KERNEL_RC % (flags, original, original))
    (folder / "hal.def").write_text(
        "LIBRARY HAL.dll\nEXPORTS\nHalInitSystem\nHalStartNextProcessor\n")
    run(f"{compiler}-dlltool", "-d", folder / "hal.def",
        "-l", folder / "libhal.a")
    run(f"{compiler}-windres", folder / "k.rc", folder / "k.res.o")
    entry = "_start" if compiler.startswith("i686") else "start"
    run(f"{compiler}-gcc", "-nostdlib", f"-Wl,--entry,{entry}",
        "-o", folder / "k.exe", folder / "k.c", folder / "k.res.o",
        folder / "libhal.a")
    return folder / "k.exe"


def test_programs(tap, args, folder):
    for compiler in COMPILERS:
        for original, starts, flags, kernel in (
                ("ntkrnlmp.exe", True, 0, "mp"),
                ("ntoskrnl.exe", False, 1, "up"),
                ("ntkrnlmp.exe", False, 0, "unknown")):
            title = (f"{compiler}: {original} that "
                     f"{'starts' if starts else 'does not start'} processors")
            if any(shutil.which(f"{compiler}-{tool}") is None
                   for tool in ("gcc", "windres", "dlltool")):
                tap.skip(title, f"there is no {compiler}-gcc")
                continue
            path = build_kernel(compiler, folder, original, starts, flags)
            tap.result(title, differences(
                {"status": "image", "machine": MACHINES[compiler],
                 "version": "yes", "file": [5, 1, 2600, 5512],
                 "imports_library": "yes", "debug": flags == 1,
                 "imports_symbol": "yes" if starts else "no",
                 "original_filename": original, "internal_name": original,
                 "file_description": "NT Kernel & System",
                 "file_version": "5.1.2600.5512 (test)", "kernel": kernel},
                dump(args.dump, "pe", path)))


# ----------------------------------------------------------------- main

def main():
    parser = argparse.ArgumentParser(description="see the head of the file")
    parser.add_argument("--dump", type=pathlib.Path,
                        default=ROOT / "build/tests/boot-dump")
    parser.add_argument("--data", type=pathlib.Path,
                        default=pathlib.Path(
                            os.environ.get("VTOPO_TEST_DATA",
                                           ROOT.parent / "shared/data")))
    args = parser.parse_args()
    tap = Tap()

    if not args.dump.exists():
        print(f"1..0 # SKIP there is no {args.dump}")
        return 77
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        truth = args.data / "truth.json"
        if truth.exists():
            facts = json.loads(truth.read_text(encoding="utf-8"))
            test_bootini(tap, args, facts)
            test_stores(tap, args, facts)
            test_derived(tap, args, folder)
        else:
            tap.skip("real boot files", f"there is no {truth}")
        test_programs(tap, args, folder)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
