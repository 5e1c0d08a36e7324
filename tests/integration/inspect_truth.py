#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hold `vtopo inspect` against what real hives, boot stores and disks say.

    inspect_truth.py [--vtopo build/vtopo] [--data ../shared/data]
                     [--fill build/tests/ntfs-fill] [-k WORD] [-v]

What is real: the SYSTEM hives with their logs, the boot stores, the boot.ini
files and the images of the data folder, from Windows XP to 10, and its
truth.json: the same facts as libhivex and libregf read them.  The hives are
asked for by themselves and inside of disks; every fact that vtopo reports and
truth.json has must be equal.

What is made up here: the disks (by mkntfs, mkfs.vfat and qemu-img), the
partition tables, the SOFTWARE hives and the program files (byte by byte, see
windows_disks.py), and whatever has "derived" in its title: a real hive or
store in which hivexsh has changed some values, because no real one has a
limit on processors.  Boot entries find their system in these disks because
the partition tables repeat the GUIDs that the real stores name.

Long, because nearly every case is a few lines on the same laboratory: the real
files, and the disks that are made of them.

To add a case: a function with @case("title"); it returns nothing or yields
what is wrong, and raises Skip where it cannot be asked.  Output is TAP; the
exit status is 0 when all agree, 1 when not, 77 when there is no data.
"""

import argparse
import functools
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import windows_disks as made
from windows_disks import MIB, Part

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 30            # for one call of vtopo

XP = "xp-pro-x86-up_bitcurator.SYSTEM"
WIN7 = "win7-ultimate-x86_regipy.SYSTEM"
WIN81 = "win81-enterprise-x64_regipy.SYSTEM_2"
WIN10 = "win10-1709-education-x64_regipy.SYSTEM_B"
PARTIAL = "win10-10240-partial_qthivex.SYSTEM"
BROKEN = "negative_corrupted-system_regipy.hive"
WIN10_LOGS = (WIN10 + ".LOG1", WIN10 + ".LOG2")

# What SOFTWARE says in each of them: made up, in the words of such systems.
SOFTWARE = {
    XP: {"ProductName": "Microsoft Windows XP", "CurrentVersion": "5.1",
         "CurrentBuildNumber": "2600", "CSDVersion": "Service Pack 3",
         "CurrentBuild": "1.511.1 () (Obsolete data - do not use)"},
    WIN7: {"ProductName": "Windows 7 Ultimate", "CurrentVersion": "6.1",
           "CurrentBuildNumber": "7601", "CurrentBuild": "7601", "EditionID": "Ultimate",
           "CSDVersion": "Service Pack 1", "InstallationType": "Client"},
    WIN81: {"ProductName": "Windows 8.1 Enterprise", "CurrentVersion": "6.3",
            "CurrentBuildNumber": "9600", "CurrentBuild": "9600",
            "EditionID": "Enterprise", "UBR": 17415, "InstallationType": "Client"},
    WIN10: {"ProductName": "Windows 10 Education", "CurrentVersion": "6.3",
            "CurrentBuildNumber": "16299", "CurrentBuild": "16299", "UBR": 309,
            "EditionID": "Education", "ReleaseId": "1709", "InstallationType": "Client",
            "CurrentMajorVersionNumber": 10, "CurrentMinorVersionNumber": 0},
}
IDENTITY = {
    XP: {"osinfo": "winxp", "edition": "professional", "version": "5.1", "build": 2600},
    WIN7: {"osinfo": "win7", "edition": "ultimate", "version": "6.1", "build": 7601},
    WIN81: {"osinfo": "win8.1", "edition": "enterprise", "version": "6.3", "build": 9600,
            "ubr": 17415},
    WIN10: {"osinfo": "win10", "edition": "education", "version": "10.0", "build": 16299,
            "ubr": 309, "display_version": "1709"},
}
ARCH = {"x86": "x86", "AMD64": "x86_64", None: None}

# The files that stand beside: version, machine, HAL's name, kernel for many.
FILES = {
    XP: ("5.1.2600.5512", "x86", "halaacpi.dll", False),
    WIN7: ("6.1.7601.17514", "x86", "halmacpi.dll", True),
    WIN81: ("6.3.9600.17415", "x86_64", "hal.dll", True),
    WIN10: ("10.0.16299.309", "x86_64", "hal.dll", True),
}

# Of bcd/regipy_BCD and bcd/bcdtest_qthivex: the partition and disk that their
# default entry names, as they stand in its device.
REGIPY_PART = bytes.fromhex("382c0f8eeae4ba47b7fc9d8c74dccf0b")
REGIPY_DISK = bytes.fromhex("a994230b5e097d488d48719ecd4d78ca")
BCDTEST_PART = bytes.fromhex("3d96b0d498c6994995cbb4a56ae35e86")
BCDTEST_DISK = bytes.fromhex("da676fec336a43438c34b553d6d44aa6")
REGIPY_ENTRY = "{733b62e5-f608-11eb-825c-c112f60133ab}"
REGIPY_RECOVERY = "{733b62e6-f608-11eb-825c-c112f60133ab}"
WINDEPLOY_ENTRY = "{1b67bffd-e290-11eb-8ffa-f459a0d9b879}"
LOADER_SETTINGS = "{6efb52bf-1766-41db-a6b3-0ee5eff72bd7}"
GLOBAL_SETTINGS = "{7ea2e1ac-2e61-4728-aaa3-896d9d0a9f0e}"
HYPERVISOR_SETTINGS = "{7ff607e0-4395-11db-b0de-0800200c9a66}"

CASES = []


class Skip(Exception):
    """This cannot be asked here; the text says why."""


def case(title):
    """Make a function a line of TAP."""
    def add(function):
        CASES.append((title, function))
        return function
    return add


# ------------------------------------------------------------- comparisons

class Some:
    """An expectation that is not a value: a test of it, and its name."""

    def __init__(self, name, test):
        self.name, self.test = name, test

    def __eq__(self, other):
        return bool(self.test(other))

    def __repr__(self):
        return f"<{self.name}>"

    __hash__ = None


ANY_TEXT = Some("a text", lambda got: isinstance(got, str) and got != "")
ANY_NUMBER = Some("a number", lambda got: isinstance(got, int))


def text_with(*words):
    """Expect a text that has all of these in it, in any case."""
    return Some(f"a text with {' and '.join(words)}",
                lambda got: isinstance(got, str)
                and all(word.lower() in got.lower() for word in words))


def same_name(name):
    """Expect a name in letters of either case."""
    return Some(repr(name), lambda got: isinstance(got, str)
                and got.lower() == name.lower())


class Codes:
    """Expect these codes of findings: no more and no fewer."""

    def __init__(self, *codes):
        self.codes = set(codes)

    def __eq__(self, other):
        return isinstance(other, list) and {one["code"] for one in other} == self.codes

    def __repr__(self):
        return f"findings {sorted(self.codes)}"

    __hash__ = None


def show(got):
    """A value as a report has it: short."""
    if isinstance(got, list) and got and isinstance(got[0], dict) and "code" in got[0]:
        return f"findings {sorted(one['code'] for one in got)}"
    text = json.dumps(got, ensure_ascii=False)
    return text if len(text) < 300 else text[:297] + "..."


# ------------------------------------------------------------------ the lab

class Answer:
    """What vtopo said."""

    def __init__(self, words, status, out, err):
        self.command = " ".join(word.rsplit("/", 1)[-1] for word in words)
        self.status, self.out, self.err = status, out, err
        self.objects, self.malformed = [], None
        for line in out.splitlines():
            try:
                self.objects.append(json.loads(line))
            except ValueError:
                self.malformed = line[:200]

    @property
    def object(self):
        """The only object, or an empty one."""
        return self.objects[0] if len(self.objects) == 1 else {}

    @property
    def system(self):
        """The only system, or an empty one."""
        systems = self.object.get("systems", [])
        return systems[0] if len(systems) == 1 else {}

    def __str__(self):
        return (f"{self.command}: exit status {self.status}, {len(self.objects)} objects"
                + (f", stderr: {self.err.strip()[:300]}" if self.err else ""))


class Lab:
    """The program, the data, and what was made of them: each thing once."""

    def __init__(self, vtopo, data, directory, fill):
        self.vtopo, self.data, self.directory = str(vtopo), Path(data), Path(directory)
        self.given_fill = Path(fill)
        self.truth = json.loads((self.data / "truth.json").read_text())
        self.compared = 0
        self.calls = 0
        self.daemons = []
        self.made = {}

    # -- asking

    def inspect(self, *words):
        """Run vtopo inspect --json."""
        words = [self.vtopo, "inspect", "--json", *map(str, words)]
        self.calls += 1
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, errors="backslashreplace", timeout=SECONDS,
                              check=False)
        return Answer(words, done.returncode, done.stdout, done.stderr)

    def differ(self, got, expected, where=""):
        """Yield what of @expected is not so in @got; other members are free."""
        if isinstance(expected, dict) and isinstance(got, dict):
            for key, value in expected.items():
                yield from self.differ(got.get(key, "(missing)"), value, f"{where}.{key}")
        elif isinstance(expected, list) and isinstance(got, list) \
                and len(got) == len(expected):
            for number, value in enumerate(expected):
                yield from self.differ(got[number], value, f"{where}[{number}]")
        else:
            self.compared += 1
            if not expected == got:
                yield f"{where.lstrip('.')}: got {show(got)}, expected {expected!r}"

    def judge(self, answer, status, expected=None, system=None):
        """Yield what is wrong with an answer about one image."""
        wrong = list(self._judge(answer, status, expected, system))
        if wrong:
            yield str(answer)
            yield from ("  " + line for line in wrong)

    def _judge(self, answer, status, expected, system):
        self.compared += 1
        if answer.malformed:
            yield f"malformed JSON: {answer.malformed}"
        if answer.status != status:
            yield f"exit status: got {answer.status}, expected {status}"
        if expected is not None:
            yield from self.differ(answer.object, expected)
        if system is not None:
            if len(answer.object.get("systems", [])) != 1:
                yield f"systems: got {len(answer.object.get('systems', []))}, expected 1"
            else:
                yield from self.differ(answer.system, system)

    # -- things

    def path(self, name):
        """A file of the data folder, unpacked, or one that was made."""
        found = self.made.get(name)
        if found is None:
            found = next(self.data.glob(f"*/{name}"), None)
            packed = next(self.data.glob(f"*/{name}.xz"), None)
            if found is None and packed is None:
                raise Skip(f"there is no {name}")
            if found is None:
                found = self.directory / name
                with open(found, "wb") as out:
                    subprocess.run(["xz", "-dkc", packed], stdout=out, check=True)
            self.made[name] = found
        return found

    def write(self, name, data):
        """A file with these bytes."""
        if name not in self.made:
            self.made[name] = self.directory / name
            self.made[name].write_bytes(data)
        return self.made[name]

    def software(self, hive):
        """The SOFTWARE hive that goes with a SYSTEM hive."""
        return self.write(f"SOFTWARE of {hive}", _software_bytes(SOFTWARE[hive]))

    def programs(self, hive):
        """hal.dll, ntoskrnl.exe and ntkrnlpa.exe (or None) that go with it."""
        version, machine, original, multiprocessor = FILES[hive]
        kernel = made.make_kernel(multiprocessor, machine, version)
        pae = None
        if machine == "x86":
            pae = self.write(f"pae of {hive}", made.make_kernel(
                multiprocessor, machine, version,
                "ntkrpamp.exe" if multiprocessor else "ntkrnlpa.exe"))
        return (self.write(f"hal of {hive}", made.make_pe(machine, version, original,
                                                          [("ntoskrnl.exe", "KeBugCheck")])),
                self.write(f"kernel of {hive}", kernel), pae)

    def once(self, name, make):
        """What make(path) makes, made when it is first asked for."""
        if name not in self.made:
            target = self.directory / name
            make(target)
            self.made[name] = target
        return self.made[name]

    @functools.cached_property
    def fill(self):
        """The tool that puts files into NTFS."""
        need("mkntfs")
        if self.given_fill.exists():
            return self.given_fill.resolve()
        try:
            return made.build_ntfs_fill(ROOT, self.directory)
        except (OSError, RuntimeError) as error:
            raise Skip(f"ntfs-fill cannot be built: {error}") from error

    def derived(self, name, origin, script):
        """A copy of a hive that hivexsh has changed."""
        def make(target):
            need("hivexsh")
            shutil.copyfile(self.path(origin), target)
            os.chmod(target, 0o600)
            done = subprocess.run(["hivexsh", "-w", target], input=script + "commit\n",
                                  capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise RuntimeError(f"hivexsh: {done.stderr}{done.stdout}")
        return self.once(name, make)

    def daemon(self, words):
        """Start a program that runs until the end of the tests."""
        process = subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.daemons.append(process)
        return process

    def stop(self):
        """End what was started."""
        for process in self.daemons:
            process.kill()
            process.wait()


def need(*programs):
    """Skip where one of these is not installed."""
    for program in programs:
        if shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is None:
            raise Skip(f"there is no {program}")


@functools.cache
def _software_cached(values):
    hive = made.Hive("\\SystemRoot\\System32\\Config\\SOFTWARE")
    hive.key("Microsoft\\Windows NT\\CurrentVersion", dict(values))
    hive.key("Microsoft\\Windows NT\\CurrentVersion\\Fonts", Arial="arial.ttf")
    hive.key("Classes\\.txt", {"": "txtfile"})
    return hive.to_bytes()


def _software_bytes(values):
    return _software_cached(tuple(values.items()))


# ------------------------------------------------- what the truth expects

def from_truth(lab, name):
    """What inspect must say of a hive, in the words of its JSON."""
    facts = lab.truth["system_hives"][f"hives/{name}"]["facts"]
    environment = facts["Environment"]
    policy = facts.get("ProductPolicy", {})
    counts = facts["cpu_counts"]
    devices = next(iter(facts["HAL_enum"].values()), {})
    identifier = environment.get("PROCESSOR_IDENTIFIER")
    csd = facts["Control_Windows"].get("CSDVersion")
    sockets = policy.get("Kernel-RegisteredProcessors",
                         facts["SessionManager"]["RegisteredProcessors"])
    return {
        "control_set": facts["Select"]["Current"],
        "arch": ARCH[environment.get("PROCESSOR_ARCHITECTURE")],
        "service_pack": None if csd is None else csd >> 8,
        "product_type": facts["ProductOptions"].get("ProductType"),
        "product_suite": facts["ProductOptions"].get("ProductSuite"),
        "hal": {
            "registry_id": devices.get("HardwareID", [None])[0],
            "registry_section": facts["HAL_class"]["0000"]["InfSection"],
        },
        "license": {
            "sockets": sockets,
            "source": ANY_TEXT if sockets is not None else None,
            "sku": policy.get("Kernel-ProductInfo"),
            "registered_processors": facts["SessionManager"]["RegisteredProcessors"],
            "licensed_processors": facts["SessionManager"]["LicensedProcessors"],
        },
        "last_boot": {
            "processors_used": counts["NUMBER_OF_PROCESSORS"],
            "processors_enumerated": counts["enum_matching_identifier"]
            if identifier else None,
            "stale_devices": counts["enum_all"] - counts["enum_matching_identifier"]
            if identifier else None,
            "identifier": identifier,
        },
        "system_hive": {"dirty": facts["regf"]["dirty"], "problem": None},
    }


def merge(*dicts):
    """Several expectations as one; later ones win."""
    result = {}
    for one in dicts:
        for key, value in one.items():
            both = isinstance(value, dict) and isinstance(result.get(key), dict)
            result[key] = merge(result[key], value) if both else value
    return result


def hal_in_force(name):
    """Which HAL it is: of the real hives only that of XP is for one CPU."""
    if name == XP:
        return {"hal": {"id": "acpiapic_up", "name": "ACPI Uniprocessor PC",
                        "multiprocessor": False},
                "limits": {"multiprocessor": False, "sockets": 2}}
    return {"hal": {"multiprocessor": True},
            "limits": {"multiprocessor": True, "sockets": 2}}


def installed(lab, name, **more):
    """What inspect must say of a whole system on a disk."""
    hal, kernel = FILES[name][0], FILES[name][0]
    codes = {XP: ("up-hal",), WIN7: (), WIN81: ("hive-dirty",), WIN10: ("hive-dirty",)}
    return merge(from_truth(lab, name), IDENTITY[name], hal_in_force(name), {
        "family": "windows",
        "hal": {"file": {"status": "ok", "version": hal, "original": FILES[name][2],
                         "machine": FILES[name][1]}},
        "kernel": {"status": "ok", "version": kernel, "machine": FILES[name][1],
                   "multiprocessor": FILES[name][3]},
        "software_hive": {"dirty": False, "problem": None},
        "product_name": SOFTWARE[name]["ProductName"],
        "hibernated": False,
        "findings": Codes(*codes[name]),
    }, more)


# --------------------------------------------------------- (a) loose: hives

def check_loose_hive(lab, name):
    """A hive by itself."""
    answer = lab.inspect("--system", lab.path(name))
    yield from lab.judge(answer, 0, {"image": None, "format": None, "disk": None},
                         merge(from_truth(lab, name), {"found_by": "loose", "root": None,
                                                       "partition": None}))
    hal = answer.system.get("hal", {})
    if name != PARTIAL:
        yield from lab.differ(hal, hal_in_force(name)["hal"], "hal")


def check_loose_pair(lab, name):
    """A hive with the SOFTWARE hive and the files that belong to it."""
    hal, kernel, pae = lab.programs(name)
    words = ["--system", lab.path(name), "--software", lab.software(name), "--hal", hal,
             "--kernel", kernel]
    if pae is not None:
        words += ["--kernel-pae", pae]
    if name == WIN10:
        words += ["--system-log", ",".join(str(lab.path(log)) for log in WIN10_LOGS)]
    expected = installed(lab, name)
    expected["hibernated"] = None
    yield from lab.judge(lab.inspect(*words), 0, None, expected)


for _name in (XP, WIN7, WIN81, WIN10, PARTIAL):
    case(f"loose hive {_name}")(functools.partial(check_loose_hive, name=_name))
for _name in (XP, WIN7, WIN81, WIN10):
    case(f"loose hives and files with {_name}")(
        functools.partial(check_loose_pair, name=_name))


@case("loose hive, dirty: LOG1 and LOG2, one of them, none, the wrong ones")
def check_logs(lab):
    log1, log2 = map(str, map(lab.path, WIN10_LOGS))
    hive = lab.path(WIN10)
    replayed = Some("some entries", lambda got: isinstance(got, int) and got > 0)
    facts = from_truth(lab, WIN10)
    for logs, count in ((f"{log1},{log2}", replayed), (f"{log2},{log1}", replayed),
                        (log1, ANY_NUMBER), (log2, ANY_NUMBER)):
        yield from lab.judge(
            lab.inspect("--system", hive, "--system-log", logs), 0, None,
            merge(facts, {"system_hive": {"dirty": True, "replayed": count},
                          "findings": Codes("hive-dirty")}))
    yield from lab.judge(
        lab.inspect("--system", hive), 0, None,
        merge(facts, {"system_hive": {"dirty": True, "replayed": 0},
                      "findings": Some("dirty, no log", lambda got: any(
                          one["code"] == "hive-dirty" and "log" in one["text"]
                          for one in got))}))
    # Whose logs they are cannot be told: these have a later number, as its own
    # would have.  No crash, and no invented licence.
    yield from lab.judge(
        lab.inspect("--system", lab.path(WIN81), "--system-log", f"{log1},{log2}"), 0, None,
        {"system_hive": {"dirty": True}, "license": {"sockets": Some(
            "2 or null", lambda got: got in (2, None))}})


@case("loose hive that is broken, cut, empty or no hive: a clean error")
def check_broken_hives(lab):
    whole = lab.path(WIN7).read_bytes()
    damaged = bytearray(whole)
    damaged[512:4096] = bytes(3584)
    damaged[4096:8192] = os.urandom(4096)
    for path in (lab.path(BROKEN), lab.write("empty.hive", b""),
                 lab.write("cut.hive", whole[:5000]),
                 lab.write("zeros.hive", bytes(65536)),
                 lab.write("damaged.hive", bytes(damaged)),
                 lab.path("xp-pro_numproc2.ini")):
        answer = lab.inspect("--system", path)
        lab.compared += 2
        if answer.status != 1 or "vtopo: error:" not in answer.err:
            yield f"{answer}; expected a clean error and exit status 1"
    answer = lab.inspect("--system", lab.directory / "no such file")
    lab.compared += 1
    if answer.status != 1 or "no such file" not in answer.err.lower():
        yield f"{answer}; expected exit status 1 and the name of the file"


@case("loose files are not given together with an image, and need SYSTEM or more")
def check_loose_usage(lab):
    for words in (("--system", lab.path(XP), lab.path(XP)), ()):
        answer = lab.inspect(*words)
        lab.compared += 1
        if answer.status != 1 or answer.out:
            yield f"{answer}; expected exit status 1 and nothing on stdout"


# ---------------------------------------------------- (a) loose: boot files

def expected_store(lab, name):
    """The entries of a real store: no limits, the default as it is."""
    facts = lab.truth["bcd"][f"bcd/{name}"]["facts"]
    loaders = facts["os_loaders"]
    systems = [guid for guid, one in loaders.items() if one["winpe"] is None]
    default = facts["default"] if facts["default"] in systems else None
    if facts["default"] is None and len(systems) == 1:
        default = systems[0]
    entries = [{"description": one["description"], "default": guid == default,
                "this": guid == default, "numproc": None, "onecpu": None, "groupsize": None,
                "hal": None, "kernel": None} for guid, one in loaders.items()]
    return {"kind": "bcd", "file": ANY_TEXT, "numproc": None,
            "onecpu": None if default is None else False,
            "hal": None, "kernel": None, "entries": entries}


def by_description(entries):
    """Entries in an order that does not depend on the store's."""
    return sorted(entries, key=lambda one: (str(one["description"]), one["default"]))


def check_loose_store(lab, name):
    """A real boot store beside a hive."""
    answer = lab.inspect("--system", lab.path(WIN7), "--software", lab.software(WIN7),
                         "--bcd", lab.path(name))
    boot = answer.system.get("boot", {})
    boot["entries"] = by_description(boot.get("entries", []))
    expected = expected_store(lab, name)
    expected["entries"] = by_description(expected["entries"])
    yield from lab.judge(answer, 0, None, {"boot": expected, "osinfo": "win7",
                                           "limits": {"numproc": None, "onecpu": False}})


for _name in ("BCD-Template_qthivex", "asus_esp_BCD", "bcdtest_qthivex", "ez_BCD",
              "ntloader_bcdvhd", "ntloader_bcdwin", "regipy_BCD", "usbboot_BCD",
              "windeploy_BCD", "windeploy_BCD-efi"):
    case(f"loose store {_name}")(functools.partial(check_loose_store, name=_name))


@case("loose store without objects, and one that is no store: said, hive still read")
def check_bad_stores(lab):
    for path in (lab.path("blankbcd_qthivex"), lab.path(XP), lab.path("xp-pro_numproc2.ini"),
                 lab.write("empty.bcd", b"")):
        answer = lab.inspect("--system", lab.path(WIN7), "--software", lab.software(WIN7),
                             "--bcd", path)
        yield from lab.judge(answer, 0, None, {
            "osinfo": "win7", "boot": {"numproc": None, "onecpu": None, "entries": []},
            "license": {"sockets": 2}})


def parse_boot_ini(text):
    """(entries, default) as NTLDR reads them, by a few lines of our own:
    description, numproc, onecpu, hal, kernel; none of it shared with vtopo."""
    section, default, entries = "", None, []
    for line in text.splitlines():
        line = line.strip()
        if line.startswith(";") or not line:
            continue
        if line.startswith("["):
            section = line.lower()
            continue
        left, _, right = (part.strip() for part in line.partition("="))
        if section == "[boot loader]" and left.lower() == "default":
            default = right
        elif section == "[operating systems]":
            quoted = re.match(r'"([^"]*)"(.*)', right)
            switches = {}
            for word in re.findall(r"/(\S+)", quoted.group(2)):
                key, _, value = word.partition("=")
                switches.setdefault(key.lower(), value)
            entries.append((left, {
                "description": quoted.group(1),
                "numproc": int(switches["numproc"]) if "numproc" in switches else None,
                "onecpu": 1 if "onecpu" in switches else None,
                "hal": switches.get("hal"), "kernel": switches.get("kernel")}))
    index = next((number for number, (path, _) in enumerate(entries)
                  if default and path.lower() == default.lower()), None)
    return [one for _, one in entries], index


def check_boot_ini(lab, name):
    """A real boot.ini, with the line ends that it has and those of DOS."""
    facts = lab.truth["boot_ini"][f"bootini/{name}"]["facts"]
    text = lab.path(name).read_text(encoding="latin-1")
    entries, default = parse_boot_ini(text)
    if len(entries) != facts["entries"] or default != facts["default_index"]:
        yield f"this test reads {name} otherwise than truth.json"
    expected = [dict(one, default=number == default, this=number == default)
                for number, one in enumerate(entries)]
    boot = {"kind": "boot.ini", "numproc": facts["numproc"], "onecpu": facts["onecpu"],
            "hal": facts["hal"], "kernel": facts["kernel"], "entries": expected}
    if "entry1" in facts:
        yield from lab.differ(entries[1], facts["entry1"], "truth.entry1")
    dos = text.replace("\r", "").replace("\n", "\r\n").encode("latin-1")
    for path in (lab.path(name), lab.write(f"dos {name}", dos),
                 lab.write(f"old {name}", dos + b"\x1a")):
        answer = lab.inspect("--system", lab.path(XP), "--software", lab.software(XP),
                             "--boot-ini", path)
        codes = ["up-hal"] + (["numproc"] if facts["numproc"] else [])
        yield from lab.judge(answer, 0, None, {
            "boot": boot, "limits": {"numproc": facts["numproc"]},
            "findings": Codes(*codes)})


for _name in ("2003-enterprise_debug-first.ini", "2003-standard_wrk-hal-override.ini",
              "xp-and-2003-enterprise.ini", "xp-pro_numproc2.ini",
              "xp-pro_plus-c-drive-entry.ini", "xp-pro_usepmtimer.ini",
              "xp-pro_vista-warning-header.ini"):
    case(f"loose {_name}")(functools.partial(check_boot_ini, name=_name))


@case("derived boot.ini: /ONECPU, /HAL=, /KERNEL=, a /NUMPROC without a number")
def check_derived_boot_ini(lab):
    base = lab.path("xp-pro_numproc2.ini").read_text()
    for switch, boot, codes in (
            ("/onecpu", {"onecpu": True, "numproc": None}, ["onecpu"]),
            ("/ONECPU /NumProc=1", {"onecpu": True, "numproc": 1}, ["onecpu", "numproc"]),
            ("/numproc", {"onecpu": False, "numproc": None}, []),
            ("/numproc=0", {"onecpu": False, "numproc": None}, []),
            ("/KERNEL=ntkrnlmp.exe /hal=halmacpi.dll",
             {"kernel": "ntkrnlmp.exe", "hal": "halmacpi.dll", "numproc": None}, [])):
        path = lab.write(f"ini {switch}".replace("/", "_"),
                         base.replace("/numproc=2", switch).encode())
        yield from lab.judge(
            lab.inspect("--system", lab.path(XP), "--software", lab.software(XP),
                        "--boot-ini", path), 0, None,
            {"boot": boot, "findings": Codes("up-hal", *codes)})


# ------------------------------------------------- derived stores and hives

def set_element(guid, element, data):
    """A hivexsh script that gives an object of a store an element."""
    return (f"cd \\Objects\\{guid}\\Elements\nadd {element}\ncd {element}\n"
            f"setval 1\nElement\n{data}\n")


def binary(number, size=8):
    """An integer element as hivexsh takes it."""
    return "hex:3:" + ",".join(f"{byte:02x}" for byte in number.to_bytes(size, "little"))


def sz(text):
    """A string element."""
    return "string:" + text


# title, script, what "boot" is, codes of findings
DERIVED_STORES = [
    ("numproc of its own", set_element(REGIPY_ENTRY, "25000061", binary(2)),
     {"numproc": 2, "onecpu": False, "source": text_with(REGIPY_ENTRY, "25000061")},
     ["numproc"]),
    ("numproc of 1 byte", set_element(REGIPY_ENTRY, "25000061", binary(3, 1)),
     {"numproc": 3}, ["numproc"]),
    ("numproc of 3 bytes", set_element(REGIPY_ENTRY, "25000061", binary(1, 3)),
     {"numproc": 1}, ["numproc"]),
    ("onecpu of its own", set_element(REGIPY_ENTRY, "26000060", binary(1, 1)),
     {"numproc": None, "onecpu": True}, ["onecpu"]),
    ("onecpu that is off", set_element(REGIPY_ENTRY, "26000060", binary(0, 1)),
     {"numproc": None, "onecpu": False}, []),
    ("numproc inherited", set_element(LOADER_SETTINGS, "25000061", binary(2)),
     {"numproc": 2, "source": text_with(LOADER_SETTINGS, "25000061")}, ["numproc"]),
    ("onecpu inherited from far", set_element(GLOBAL_SETTINGS, "26000060", binary(1, 1)),
     {"onecpu": True}, ["onecpu"]),
    ("its own before the inherited",
     set_element(LOADER_SETTINGS, "25000061", binary(1))
     + set_element(REGIPY_ENTRY, "25000061", binary(4)), {"numproc": 4}, ["numproc"]),
    ("limits of the recovery alone", set_element(REGIPY_RECOVERY, "25000061", binary(1))
     + set_element(REGIPY_RECOVERY, "26000060", binary(1, 1)),
     {"numproc": None, "onecpu": False}, []),
    ("limits in loadoptions", set_element(REGIPY_ENTRY, "12000030", sz("/NUMPROC=2 /foo")),
     {"numproc": 2}, ["numproc"]),
    ("groupsize", set_element(REGIPY_ENTRY, "25000066", binary(2)),
     {"numproc": None}, ["groupsize"]),
    ("hypervisor elements, capital hex", set_element(HYPERVISOR_SETTINGS, "250000FA", binary(2)),
     {}, None),
    ("hypervisorrootproc", set_element(REGIPY_ENTRY, "25000113", binary(2))
     + set_element(REGIPY_ENTRY, "250000F0", binary(1)), {"numproc": 2}, ["numproc"]),
    ("hypervisorrootproc, hypervisor off", set_element(REGIPY_ENTRY, "25000113", binary(2))
     + set_element(REGIPY_ENTRY, "250000F0", binary(0)), {"numproc": None}, []),
    ("hal and kernel", set_element(REGIPY_ENTRY, "22000011", sz("ntkrnlmp.exe"))
     + set_element(REGIPY_ENTRY, "22000012", sz("halmacpi.dll")),
     {"kernel": "ntkrnlmp.exe", "hal": "halmacpi.dll"}, []),
]


def check_derived_store(lab, row):
    """A store with limits, of which no real one has any."""
    title, script, boot, codes = row
    store = lab.derived(f"BCD {title}", "regipy_BCD", script)
    answer = lab.inspect("--system", lab.path(WIN7), "--software", lab.software(WIN7),
                         "--bcd", store)
    expected = {"boot": boot}
    if codes is not None:
        expected["findings"] = Codes(*codes)
    if "numproc" in boot:
        expected["limits"] = {"numproc": boot["numproc"]}
    yield from lab.judge(answer, 0, None, expected)


for _row in DERIVED_STORES:
    case(f"derived store: {_row[0]}")(functools.partial(check_derived_store, row=_row))


@case("derived store: numbers of the hypervisor are in the entry, whatever the case")
def check_derived_hypervisor(lab):
    store = lab.derived("BCD hv", "regipy_BCD",
                        set_element(REGIPY_ENTRY, "250000F0", binary(1))
                        + set_element(REGIPY_ENTRY, "250000FA", binary(3)))
    answer = lab.inspect("--system", lab.path(WIN7), "--bcd", store)
    for entry in answer.system.get("boot", {}).get("entries", [{}]):
        if entry.get("default"):
            yield from lab.differ(entry, {"hypervisorlaunchtype": 1, "hypervisornumproc": 3})


def other_values(lab, hive, path, changes):
    """A hivexsh script that changes values of a key and keeps the others:
    "setval" replaces all that a key has."""
    need("hivexsh", "hivexregedit")
    text = made.run("hivexregedit", "--export", "--prefix", "HKLM", lab.path(hive), path)
    values = {}
    for line in re.sub(r"\\\n\s*", "", text.split("]", 1)[1].split("\n[", 1)[0]).splitlines():
        found = re.match(r'"([^"]*)"=(.*)', line)
        if found:
            values[found.group(1)] = re.sub(r"^hex\((\w+)\):", r"hex:0x\1:", found.group(2))
    values.update(changes)
    return (f"cd {path}\nsetval {len(values)}\n"
            + "".join(f"{name}\n{value}\n" for name, value in values.items()))


@case("derived hive: the last boot used 2 of 4: the socket licence")
def check_last_boot(lab):
    hive = lab.derived("SYSTEM 2 of 4", WIN10, other_values(
        lab, WIN10, "\\ControlSet001\\Control\\Session Manager\\Environment",
        {"NUMBER_OF_PROCESSORS": "string:2"}))
    answer = lab.inspect("--system", hive, "--software", lab.software(WIN10))
    yield from lab.judge(answer, 0, None, {
        "last_boot": {"processors_used": 2, "processors_enumerated": 4, "stale_devices": 0},
        "findings": Some("last-boot-unused by the licence", lambda got: any(
            one["code"] == "last-boot-unused" and "socket licence" in one["text"]
            and one["cure"] for one in got))})


@case("derived hive: a disk driver boots only with a start at boot and a known device")
def check_boot_drivers(lab):
    def service(start):
        return ("cd \\ControlSet001\\Services\nadd viostor\ncd viostor\nsetval 3\n"
                f"Type\ndword:1\nStart\ndword:{start}\n"
                "ImagePath\nstring:system32\\drivers\\viostor.sys\n")
    def critical(device, name="viostor"):
        return ("cd \\ControlSet001\\Control\\CriticalDeviceDatabase\n"
                f"add {device}\ncd {device}\nsetval 2\n"
                "ClassGUID\nstring:{4D36E97B-E325-11CE-BFC1-08002BE10318}\n"
                f"Service\nstring:{name}\n")
    known = critical("pci#ven_1af4&dev_1001")
    long = critical("PCI#VEN_1AF4&DEV_1042&SUBSYS_11001AF4&REV_01")
    rare = critical("pci#ven_1af4&dev_1001&subsys_00081af4")
    other = critical("pci#ven_1af4&dev_1001&subsys_00021af4&rev_00", "another")
    device = "VEN_1AF4&DEV_1001&SUBSYS_00021AF4&REV_00"
    database = (f"cd \\DriverDatabase\\DeviceIds\\PCI\nadd {device}\n"
                f"cd {device}\nsetval 1\noem1.inf\nhex:3:01,ff,00,00\n")
    for hive, title, script, start, boot in (
            (WIN7, "no device", service(0), 0, False),
            (WIN7, "starts late", service(3) + known, 3, False),
            (WIN7, "boots", service(0) + known, 0, True),
            (WIN7, "boots by a long name", service(0) + long, 0, True),
            (WIN7, "boots by a rare name", service(0) + rare, 0, True),
            (WIN7, "device of another", service(0) + other, 0, False),
            (XP, "boots XP", service(0) + known, 0, True),
            (WIN81, "no device 8", service(0), 0, False),
            (WIN81, "boots 8", service(0) + database, 0, True)):
        path = lab.derived(f"SYSTEM viostor {title}", hive, script)
        yield from lab.judge(lab.inspect("--system", path), 0, None, {
            "drivers": {"viostor": {"class": "storage", "start": start, "boot": boot}}})


def check_drivers(lab, name):
    """Drivers of the real hives: their start as libhivex reads it."""
    need("hivexregedit")
    answer = lab.inspect("--system", lab.path(name))
    text = made.run("hivexregedit", "--export", "--prefix", "HKLM", lab.path(name),
                    "\\ControlSet001\\Services")
    starts = {}
    for block in text.split("\n[")[1:]:
        key = block.split("]", 1)[0].rsplit("\\", 1)
        start = re.search(r'^"Start"=dword:([0-9a-f]{8})', block, re.M | re.I)
        if key[0].lower().endswith("\\services") and start:
            starts[key[1].lower()] = int(start.group(1), 16)
    got = answer.system.get("drivers", {})
    for driver in ("viostor", "vioscsi", "netkvm", "balloon", "storahci", "msahci", "intelide",
                   "atapi", "pciide", "stornvme", "vmbus", "storvsc", "lsi_sas", "xenbus"):
        expected = {"start": starts[driver]} if driver in starts else None
        yield from lab.differ(got.get(driver), expected, f"drivers.{driver}")
    wrong = [driver for driver, one in got.items() if one["boot"] and one["start"] != 0]
    if wrong:
        yield f"boot drivers that do not start at boot: {wrong}"


for _name in (XP, WIN7, WIN81, WIN10):
    case(f"drivers of {_name}, against libhivex")(
        functools.partial(check_drivers, name=_name))


@case("HAL and kernel: the file is believed, a registry that disagrees is said")
def check_hal_files(lab):
    up_hal, up_kernel, _ = lab.programs(XP)
    mp_hal = lab.write("halmacpi", made.make_pe("x86", "5.1.2600.5512", "halmacpi.dll"))
    mp_kernel = lab.write("ntkrnlmp", made.make_kernel(True))
    old_hal = lab.write("old hal", made.make_pe("x86", "5.0.2195.6717", "halaacpi.dll"))
    words = ["--system", lab.path(XP), "--software", lab.software(XP)]
    for hal, kernel, multiprocessor, codes in (
            (up_hal, up_kernel, False, ["up-hal"]),
            (mp_hal, mp_kernel, True, ["hal-disagrees"]),
            (up_hal, mp_kernel, False, ["up-hal"]),
            (mp_hal, up_kernel, False, ["up-hal", "hal-disagrees"]),
            (old_hal, up_kernel, False, ["up-hal", "builds-differ"])):
        yield from lab.judge(lab.inspect(*words, "--hal", hal, "--kernel", kernel), 0, None, {
            "hal": {"multiprocessor": multiprocessor, "registry_id": "acpiapic_up",
                    "id": "acpiapic_mp" if hal == mp_hal else "acpiapic_up"},
            "kernel": {"multiprocessor": kernel == mp_kernel},
            "limits": {"multiprocessor": multiprocessor}, "findings": Codes(*codes)})


@case("program files that are cut, zeros, or no programs: their status says so")
def check_bad_files(lab):
    whole = lab.programs(XP)[0].read_bytes()
    for title, data, status in (("no program", b"not a program" * 100, "not-pe"),
                                ("zeros", bytes(8192), "unreadable"),
                                ("cut", whole[:64], "not-pe")):
        path = lab.write(f"hal {title}", data)
        yield from lab.judge(
            lab.inspect("--system", lab.path(XP), "--hal", path), 0, None, {
                "hal": {"file": {"status": status, "original": None, "version": None},
                        "id": "acpiapic_up", "multiprocessor": False},
                "kernel": {"status": "none"}})


@case("made-up SOFTWARE: versions of Windows from NT 4 to 11 and Server 2025")
def check_versions(lab):
    def software(version, build, **more):
        return {"ProductName": f"Windows {version}", "CurrentVersion": version,
                "CurrentBuildNumber": str(build), **more}
    ten = {"CurrentMajorVersionNumber": 10, "CurrentMinorVersionNumber": 0}
    rows = [
        (XP, software("4.0", 1381), {"osinfo": "winnt4.0", "version": "4.0"}),
        (XP, software("5.0", 2195), {"osinfo": "win2k", "edition": "professional"}),
        (XP, software("5.2", 3790), {"osinfo": "winxp"}),
        (WIN7, software("6.0", 6002), {"osinfo": "winvista", "edition": "ultimate"}),
        (WIN7, software("6.2", 9200), {"osinfo": "win8"}),
        (WIN10, software("6.3", 22631, UBR=3007, DisplayVersion="23H2",
                         EditionID="Education", **ten),
         {"osinfo": "win11", "version": "10.0", "build": 22631, "ubr": 3007,
          "display_version": "23H2", "edition": "education"}),
        (WIN10, software("6.3", 19045, DisplayVersion="22H2", ReleaseId="2009", **ten),
         {"osinfo": "win10", "display_version": "22H2"}),
    ]
    for number, (hive, values, expected) in enumerate(rows):
        path = lab.write(f"SOFTWARE version {number}", _software_bytes(values))
        yield from lab.judge(lab.inspect("--system", lab.path(hive), "--software", path), 0,
                             None, expected)
    server = lab.derived("SYSTEM server", WIN10, other_values(
        lab, WIN10, "\\ControlSet001\\Control\\ProductOptions",
        {"ProductType": "string:ServerNT", "ProductPolicy": "hex:3:00"}))
    for build, osinfo in ((14393, "win2k16"), (17763, "win2k19"), (20348, "win2k22"),
                          (26100, "win2k25")):
        path = lab.write(f"SOFTWARE server {build}", _software_bytes(
            software("6.3", build, EditionID="ServerStandard", **ten)))
        yield from lab.judge(lab.inspect("--system", server, "--software", path), 0, None, {
            "osinfo": osinfo, "edition": "standard", "product_type": "ServerNT",
            "license": {"sockets": None},
            "findings": Some("policy-unreadable", lambda got: any(
                one["code"] == "policy-unreadable" for one in got))})


@case("text for people: no control characters, and what the page must have")
def check_text(lab):
    values = dict(SOFTWARE[WIN7], ProductName="evil\x1b[31m\u202etext\n", EditionID="\x1b]0;x\x07")
    path = lab.write("SOFTWARE evil", _software_bytes(values))
    for software, words in (
            (lab.software(WIN7), ("Windows 7", "2 sockets", "used 1", "build 7601")),
            (path, ("HAL", "Licensed", "Last boot"))):
        done = subprocess.run([lab.vtopo, "inspect", "--system", lab.path(WIN7), "--software",
                               software], capture_output=True, check=False, timeout=SECONDS)
        text = done.stdout.decode("utf-8", "replace")
        lab.compared += len(words) + 1
        yield from (f"text has no {word!r}" for word in words if word not in text)
        if re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text):
            yield f"text has control characters: {text!r}"


# --------------------------------------------------------------- (b) disks

def windows_orders(lab, name, root="Windows", software=True, logs=True, extra=(),
                   system=None, config="System32/config"):
    """What ntfs-fill puts onto a volume for a whole system."""
    hal, kernel, pae = lab.programs(name)
    system32 = f"{root}/{config.rsplit('/', 1)[0]}"
    orders = [f"{system or lab.path(name)}:{root}/{config}/SYSTEM",
              f"{hal}:{system32}/hal.dll", f"{kernel}:{system32}/ntoskrnl.exe"]
    if pae is not None:
        orders.append(f"{pae}:{system32}/ntkrnlpa.exe")
    if software:
        orders.append(f"{lab.software(name)}:{root}/{config}/SOFTWARE")
    if logs and name == WIN10:
        orders += [f"{lab.path(log)}:{root}/{config}/SYSTEM.LOG{number}"
                   for number, log in enumerate(WIN10_LOGS, 1)]
    return orders + list(extra)


def ntfs(lab, name, size, orders, start=MIB, sector=512):
    """An NTFS volume, made once."""
    return lab.once(name, lambda target: made.make_ntfs(
        target, size, start, orders() if callable(orders) else orders, lab.fill, sector))


def fat(lab, name, size, files, start=MIB, bits=32, sector=512):
    """A FAT volume, made once."""
    need("mkfs.vfat", "mcopy", "mmd")
    return lab.once(name, lambda target: made.make_fat(target, size, start, files, bits, sector))


def win7_volume(lab):
    """Windows 7 and its boot files on one NTFS volume."""
    return ntfs(lab, "win7.ntfs", 32 * MIB, lambda: windows_orders(
        lab, WIN7, extra=[f"{lab.path('windeploy_BCD')}:Boot/BCD"]))


def win7_disk(lab):
    """The BIOS disk of it."""
    volume = win7_volume(lab)
    return lab.once("win7.raw", lambda target: made.make_disk(
        target, [Part(volume, MIB, active=True)]))


def expect_win7(lab, **more):
    """What that disk must say."""
    return installed(lab, WIN7, **merge({
        "root": same_name("Windows"), "partition": 1, "default": True, "found_by": "bcd",
        "firmware": "bios",
        "boot": {"kind": "bcd", "file": same_name("Boot/BCD"), "numproc": None,
                 "onecpu": False,
                 "entries": [{"description": "Windows 10", "default": True, "this": True}]},
        "kernel_pae": {"status": "ok", "original": "ntkrpamp.exe", "multiprocessor": True},
    }, more))


@case("disk: Windows 7, MBR and BIOS, raw")
def check_win7_disk(lab):
    path = win7_disk(lab)
    yield from lab.judge(lab.inspect(path), 0, {
        "image": str(path), "format": "raw", "findings": Codes(), "problems": [],
        "read": {"bytes": Some("at most 2 MiB", lambda got: 0 < got <= 2 * MIB),
                 "requests": ANY_NUMBER},
        "disk": {"table": "mbr", "content": "partitions", "truncated": False,
                 "partitions": [{"number": 1, "type": "07", "filesystem": "ntfs",
                                 "dirty": False, "hibernated": False}]},
    }, expect_win7(lab))


def win7_as(lab, kind):
    """The same disk in another format."""
    return lab.once(f"win7 {kind}.{kind}", lambda target: made.run(
        "qemu-img", "convert", "-O", kind, win7_disk(lab), target))


def check_container(lab, kind):
    """The same disk in another format, or a kind of one."""
    need("qemu-img", "qemu-nbd")
    options = {"vmdk streamOptimized": ("vmdk", "subformat=streamOptimized"),
               "vmdk flat": ("vmdk", "subformat=monolithicFlat"),
               "vmdk split": ("vmdk", "subformat=twoGbMaxExtentSparse"),
               "vpc fixed": ("vpc", "subformat=fixed"),
               "qcow2 compat 0.10": ("qcow2", "compat=0.10"),
               "qcow2 compressed": ("qcow2", "compression_type=zlib")}
    kind_of, option = options.get(kind, (kind, None))
    ending = "vhd" if kind_of == "vpc" else kind_of
    compress = ["-c"] if "compressed" in kind else []
    path = lab.once(f"win7 {kind}.{ending}", lambda target: made.run(
        "qemu-img", "convert", *compress, "-O", kind_of, *(["-o", option] if option else []),
        win7_disk(lab), target))
    yield from lab.judge(lab.inspect(path), 0,
                         {"format": kind_of, "findings": Codes(), "problems": [],
                          "disk": {"table": "mbr", "truncated": False}}, expect_win7(lab))


for _kind in ("qcow2", "qcow2 compat 0.10", "qcow2 compressed", "vhdx", "vmdk",
              "vmdk streamOptimized", "vmdk flat", "vmdk split", "vdi", "vpc", "vpc fixed",
              "qcow", "qed", "parallels"):
    case(f"disk: Windows 7 as {_kind}")(functools.partial(check_container, kind=_kind))


@case("disk: Windows 7 in a qcow2 chain of three, by names from the folder")
def check_chain(lab):
    need("qemu-img", "qemu-nbd")
    base = win7_disk(lab)
    for depth, backing in ((1, base.name), (2, "chain1.qcow2")):
        lab.once(f"chain{depth}.qcow2", lambda target, backing=backing: made.run(
            "qemu-img", "create", "-q", "-f", "qcow2", "-b", backing, "-F",
            "raw" if backing.endswith("raw") else "qcow2", target, cwd=lab.directory))
    for depth in (1, 2):
        yield from lab.judge(lab.inspect(lab.made[f"chain{depth}.qcow2"]), 0,
                             {"format": "qcow2", "findings": Codes()}, expect_win7(lab))


@case("disk: a backing file outside the folder is refused, and read when allowed")
def check_outside(lab):
    need("qemu-img", "qemu-nbd")
    folder = lab.directory / "elsewhere"
    folder.mkdir(exist_ok=True)
    overlay = folder / "overlay.qcow2"
    made.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", win7_disk(lab), "-F", "raw",
             overlay)
    answer = lab.inspect(overlay)
    lab.compared += 1
    if answer.status != 1 or "--allow-outside" not in answer.err:
        yield f"{answer}; expected a refusal that names --allow-outside"
    yield from lab.judge(lab.inspect("--allow-outside", overlay), 0, {"format": "qcow2"},
                         expect_win7(lab))


def start_export(lab, *words):
    """Serve the disk by NBD until the end of the tests."""
    need("qemu-nbd")
    process = lab.daemon(["qemu-nbd", "-r", "-t", "-e", "8", "-f", "raw", *words,
                          win7_disk(lab)])
    return process


@case("disk: Windows 7 by nbd+unix, with and without a name of the export")
def check_nbd_unix(lab):
    for export in ("", "win7"):
        place = lab.directory / f"nbd{export}.sock"
        process = start_export(lab, "-k", place, *(["-x", export] if export else []))
        wait_for(lambda place=place: place.exists(), process)
        answer = lab.inspect(f"nbd+unix:///{export}?socket={place}")
        yield from lab.judge(answer, 0, {"disk": {"table": "mbr"}, "problems": []},
                             expect_win7(lab))


@case("disk: Windows 7 by nbd://127.0.0.1, and a port where nobody listens")
def check_nbd_tcp(lab):
    port = free_port()
    process = start_export(lab, "-b", "127.0.0.1", "-p", port)
    wait_for(lambda: can_connect(port), process)
    yield from lab.judge(lab.inspect(f"nbd://127.0.0.1:{port}"), 0,
                         {"disk": {"table": "mbr"}}, expect_win7(lab))
    answer = lab.inspect(f"nbd://127.0.0.1:{free_port()}/x")
    lab.compared += 1
    if answer.status != 1 or "vtopo: error:" not in answer.err:
        yield f"{answer}; expected a clean error"


def free_port():
    """A port of the loopback that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def can_connect(port):
    """Whether somebody listens there."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def is_up(place):
    """Whether a QEMU that was started has opened its disks: its main loop
    answers (the greeting alone comes from a thread that is there before)."""
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(5)
        try:
            one.connect(str(place))
            one.sendall(b'{"execute":"qmp_capabilities"}{"execute":"query-status"}')
            answer = b""
            while b'"status"' not in answer:
                piece = one.recv(4096)
                if not piece:
                    return False
                answer += piece
            return True
        except OSError:
            return False


def wait_for(ready, process, seconds=10):
    """Wait until a program that was started is ready."""
    end = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{process.args[0]} did not start")
        time.sleep(0.01)


# -------------------------------------------------------------- other disks

def xp_orders(lab, boot_ini, root="WINDOWS", **more):
    """XP with its boot.ini."""
    return windows_orders(lab, XP, root, config="system32/config",
                          extra=[f"{boot_ini}:boot.ini"], **more)


def expect_xp(lab, numproc=None, **more):
    """What a disk with XP must say."""
    return installed(lab, XP, **merge({
        "root": same_name("WINDOWS"), "partition": 1, "default": True,
        "found_by": "boot.ini", "firmware": "bios",
        "boot": {"kind": "boot.ini", "file": same_name("boot.ini"), "numproc": numproc,
                 "onecpu": False},
        "kernel_pae": {"status": "ok", "multiprocessor": False},
        "limits": {"numproc": numproc},
        "findings": Codes("up-hal", *(["numproc"] if numproc else []))}, more))


@case("disk: XP with boot.ini on NTFS")
def check_xp_ntfs(lab):
    volume = ntfs(lab, "xp.ntfs", 16 * MIB,
                  lambda: xp_orders(lab, lab.path("xp-pro_numproc2.ini")))
    path = lab.once("xp-ntfs.raw", lambda target: made.make_disk(
        target, [Part(volume, active=True)]))
    yield from lab.judge(lab.inspect(path), 0, {"disk": {"table": "mbr"}},
                         expect_xp(lab, numproc=2))


def check_xp_fat(lab, bits, size):
    """XP on FAT, of which the names are 8.3 and in capitals."""
    files = [order.rsplit(":", 1) for order in xp_orders(
        lab, lab.path("xp-pro_usepmtimer.ini"))]
    volume = fat(lab, f"xp.fat{bits}", size, files, bits=bits)
    kind = 0x0C if bits == 32 else 6
    path = lab.once(f"xp-fat{bits}.raw", lambda target: made.make_disk(
        target, [Part(volume, active=True, kind=kind)]))
    yield from lab.judge(lab.inspect(path), 0, {
        "disk": {"partitions": [{"filesystem": f"fat{bits}", "type": f"{kind:02x}"}]},
    }, expect_xp(lab, hibernated=Some("false or null", lambda got: not got)))


for _bits, _size in ((32, 40 * MIB), (16, 24 * MIB)):
    case(f"disk: XP with boot.ini on FAT{_bits}")(
        functools.partial(check_xp_fat, bits=_bits, size=_size))


ESP_SIZE = 36 * MIB


def win10_parts(lab, store, sector=512, hive=WIN10, guid=REGIPY_PART, tag="", logs=True):
    """An EFI system partition, a reserved one and Windows."""
    size = ESP_SIZE if sector == 512 else 320 * MIB
    start = MIB + size + 16 * MIB
    esp = fat(lab, f"esp {Path(store).name} {sector}", size,
              [(store, "EFI/Microsoft/Boot/BCD")], sector=sector)
    volume = ntfs(lab, f"{hive}{tag}.ntfs {sector}", 40 * MIB,
                  lambda: windows_orders(lab, hive, logs=logs), start, sector)
    return [Part(esp, MIB, kind=made.GPT_ESP), Part(None, MIB + size, 16 * MIB,
                                                   kind=made.GPT_MSR),
            Part(volume, start, guid=guid)]


def gpt_disk(lab, name, parts, disk_guid=REGIPY_DISK, sector=512, primary=True):
    """A disk of these parts."""
    size = parts[-1].start + parts[-1].size + MIB
    return lab.once(name, lambda target: made.make_disk(
        target, parts, size, made.gpt(parts, size, sector, disk_guid, primary)))


def expect_win10(lab, **more):
    """What a disk with Windows 10 must say."""
    return installed(lab, WIN10, **merge({
        "root": same_name("Windows"), "partition": 3, "default": True, "found_by": "bcd",
        "firmware": "uefi",
        "system_hive": {"replayed": Some("some entries", lambda got: got and got > 0)},
        "boot": {"kind": "bcd", "file": same_name("EFI/Microsoft/Boot/BCD"),
                 "numproc": None, "onecpu": False}}, more))


@case("disk: Windows 10, GPT and UEFI, hive with its logs")
def check_win10_disk(lab):
    path = gpt_disk(lab, "win10.raw", win10_parts(lab, lab.path("regipy_BCD")))
    yield from lab.judge(lab.inspect(path), 0, {
        "disk": {"table": "gpt", "partitions": [
            {"number": 1, "type": "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
             "filesystem": "fat32"},
            {"number": 2, "filesystem": "empty"},
            {"number": 3, "type": "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7",
             "filesystem": "ntfs"}]}, "problems": []}, expect_win10(lab))


@case("disk: Windows 10 where only the backup of the GPT is sound")
def check_gpt_backup(lab):
    path = gpt_disk(lab, "win10-backup.raw", win10_parts(lab, lab.path("regipy_BCD")),
                    primary=False)
    yield from lab.judge(lab.inspect(path), 0, {"disk": {"table": "gpt-backup"}},
                         expect_win10(lab))


@case("disk: Windows 10 with sectors of 4096 bytes")
def check_gpt_4096(lab):
    parts = win10_parts(lab, lab.path("regipy_BCD"), sector=4096)
    path = gpt_disk(lab, "win10-4096.raw", parts, sector=4096)
    yield from lab.judge(lab.inspect(path), 0, {"disk": {"table": "gpt"}}, expect_win10(lab))


@case("disk: Windows 10 as qcow2 over GPT, store derived: numproc inherited")
def check_win10_numproc(lab):
    need("qemu-img", "qemu-nbd")
    store = lab.derived("BCD disk", "regipy_BCD",
                        set_element(GLOBAL_SETTINGS, "25000061", binary(2)))
    raw = gpt_disk(lab, "win10-numproc.raw", win10_parts(lab, store))
    path = lab.once("win10-numproc.qcow2", lambda target: made.run(
        "qemu-img", "convert", "-O", "qcow2", raw, target))
    yield from lab.judge(lab.inspect(path), 0, None, expect_win10(
        lab, boot={"numproc": 2, "source": text_with("BCD", GLOBAL_SETTINGS)},
        limits={"numproc": 2}, findings=Codes("hive-dirty", "numproc")))


@case("disk: Windows 8.1, GPT and UEFI, dirty hive without logs")
def check_win81_disk(lab):
    path = gpt_disk(lab, "win81.raw", win10_parts(
        lab, lab.path("bcdtest_qthivex"), hive=WIN81, guid=BCDTEST_PART), BCDTEST_DISK)
    yield from lab.judge(lab.inspect(path), 0, {"disk": {"table": "gpt"}}, installed(
        lab, WIN81, partition=3, firmware="uefi", default=True,
        system_hive={"dirty": True, "replayed": 0},
        boot={"entries": Some("two entries", lambda got: sorted(
            one["description"] for one in got)
            == ["Windows 8.1", "Windows Recovery Environment"])}))


@case("disk: Windows 10 without its logs on the disk, and with empty ones")
def check_win10_no_logs(lab):
    empty = lab.write("empty log", b"")
    for tag, extra in (("none", []), ("empty", [f"{empty}:Windows/System32/config/SYSTEM.LOG1",
                                                f"{empty}:Windows/System32/config/SYSTEM.LOG2"])):
        volume = ntfs(lab, f"win10 {tag}.ntfs", 40 * MIB,
                      lambda extra=extra: windows_orders(lab, WIN10, logs=False, extra=extra))
        path = lab.once(f"win10-{tag}.raw", lambda target, volume=volume: made.make_disk(
            target, [Part(volume)]))
        yield from lab.judge(lab.inspect(path), 0, None, installed(
            lab, WIN10, found_by="look", default=None,
            system_hive={"dirty": True, "replayed": 0}))


BOOTMGR = "{9dea862c-5cdd-4e70-acc1-f32b344d4795}"
NTLDR = "{466f5a88-0af2-4f76-9038-095b170dc21c}"


def dual_disk(lab, default=None):
    """XP in front, active, with boot.ini and the boot store of 7 behind it.
    The store is derived: its entry is given the device of partition 2."""
    start = 18 * MIB
    device = bytearray(88)
    struct.pack_into("<I", device, 16, 6)
    struct.pack_into("<I", device, 24, 0x48)
    struct.pack_into("<Q", device, 32, start)
    struct.pack_into("<II", device, 52, 1, 0x7A7A1234)
    script = set_element(WINDEPLOY_ENTRY, "21000001", "hex:3:" + ",".join(
        f"{one:02x}" for one in device)).replace("add 21000001\n", "")
    if default is not None:
        script += set_element(BOOTMGR, "23000003", sz(default)).replace("add 23000003\n", "")
    store = lab.derived(f"BCD dual {default}", "windeploy_BCD", script)
    xp = ntfs(lab, f"dual-xp {default}.ntfs", 16 * MIB, lambda: xp_orders(
        lab, lab.path("xp-pro_usepmtimer.ini")) + [f"{store}:Boot/BCD"])
    seven = ntfs(lab, "dual-7.ntfs", 32 * MIB, lambda: windows_orders(lab, WIN7), start)
    parts = [Part(xp, active=True), Part(seven, start)]
    return lab.once(f"dual {default}.raw", lambda target: made.make_disk(
        target, parts, table=made.mbr(parts, 0x7A7A1234)))


@case("disk: XP and 7 on two partitions, store derived: both, and the one default")
def check_dual(lab):
    for default, is_xp in ((None, False), (NTLDR, True)):
        answer = lab.inspect(dual_disk(lab, default))
        systems = sorted(answer.object.get("systems", []), key=lambda one: one["partition"])
        if answer.status != 0 or len(systems) != 2:
            yield f"{answer}: {len(systems)} systems; expected exit status 0 and 2 systems"
            continue
        yield from lab.differ(systems[0], expect_xp(lab, default=is_xp), f"{default} XP")
        yield from lab.differ(systems[1], installed(
            lab, WIN7, partition=2, default=not is_xp, firmware="bios", found_by="bcd",
            boot={"kind": "bcd", "entries": [{"default": not is_xp, "this": True}]}),
            f"{default} 7")


@case("disk: two systems of one boot.ini, XP and another on partition 2")
def check_dual_boot_ini(lab):
    first = ntfs(lab, "two-1.ntfs", 16 * MIB,
                 lambda: xp_orders(lab, lab.path("xp-and-2003-enterprise.ini")))
    second = ntfs(lab, "two-2.ntfs", 16 * MIB, lambda: windows_orders(
        lab, XP, "WINDOWS", config="system32/config"), 18 * MIB)
    path = lab.once("two.raw", lambda target: made.make_disk(
        target, [Part(first, active=True), Part(second, 18 * MIB)]))
    answer = lab.inspect(path)
    systems = sorted(answer.object.get("systems", []), key=lambda one: one["partition"])
    if len(systems) != 2:
        yield f"{answer}: {len(systems)} systems; expected 2"
        return
    for number, description in enumerate(("Microsoft Windows XP Professional",
                                          "Windows Server 2003, Enterprise")):
        entries = [dict(description=one, this=one == description, default=index == 0)
                   for index, one in enumerate(("Microsoft Windows XP Professional",
                                                "Windows Server 2003, Enterprise"))]
        yield from lab.differ(systems[number], {
            "partition": number + 1, "default": number == 0, "found_by": "boot.ini",
            "boot": {"kind": "boot.ini", "entries": entries}}, f"systems[{number}]")


@case("disk: two systems on one volume, of which boot.ini knows one")
def check_two_roots(lab):
    volume = ntfs(lab, "two-roots.ntfs", 24 * MIB, lambda: xp_orders(
        lab, lab.path("xp-pro_usepmtimer.ini")) + windows_orders(lab, XP, "WINNT"))
    answer = lab.inspect(lab.once("two-roots.raw", lambda target: made.make_disk(
        target, [Part(volume, active=True)])))
    systems = sorted(answer.object.get("systems", []), key=lambda one: one["root"])
    yield from lab.differ(systems, [
        {"root": "WINDOWS", "found_by": "boot.ini", "default": True, "partition": 1},
        {"root": "WINNT", "found_by": "look", "default": None, "partition": 1,
         "boot": {"kind": None, "numproc": None, "onecpu": None}}], "systems")


def check_root(lab, root, config, found_by):
    """A system in a directory of another name or case."""
    name = f"root {root} {config.replace('/', ' ')}"
    extra = []
    if found_by == "boot.ini":
        text = lab.path("xp-pro_usepmtimer.ini").read_text().replace("\\WINDOWS", "\\" + root)
        extra = [f"{lab.write(name + ' ini', text.encode())}:BOOT.INI"]
    volume = ntfs(lab, name + ".ntfs", 16 * MIB, lambda: windows_orders(
        lab, XP, root, config=config, extra=extra))
    path = lab.once(name + ".raw", lambda target: made.make_disk(
        target, [Part(volume, active=True)]))
    yield from lab.judge(lab.inspect(path), 0, None, merge(installed(lab, XP), {
        "root": same_name(root), "found_by": found_by, "partition": 1}))


for _root, _config, _found_by in (
        ("WINNT", "system32/config", "boot.ini"), ("WINNT", "SYSTEM32/CONFIG", "look"),
        ("windows", "System32/Config", "look"), ("WiNdOwS", "sYsTeM32/cOnFiG", "look"),
        ("XPPRO", "system32/config", "boot.ini"), ("My System", "system32/config", "look")):
    case(f"disk: root {_root}, {_config}, found by {_found_by}")(functools.partial(
        check_root, root=_root, config=_config, found_by=_found_by))


@case("disk: no partition table, a logical drive, a system on the second of two")
def check_tables(lab):
    volume = win7_volume(lab)
    yield from lab.judge(lab.inspect(lab.once("bare.raw", lambda target: made.make_disk(
        target, [Part(volume, 0)], os.path.getsize(volume), {}))), 0,
        {"disk": {"table": "none", "content": "filesystem"}}, expect_win7(lab, partition=0))
    data = ntfs(lab, "data.ntfs", 8 * MIB, [])
    inner = ntfs(lab, "xp-logical.ntfs", 16 * MIB, lambda: windows_orders(
        lab, XP, config="system32/config"), 21 * MIB)
    parts = [Part(data, active=True), Part(data, 10 * MIB, logical=True),
             Part(inner, 21 * MIB, logical=True)]
    yield from lab.judge(lab.inspect(lab.once("logical.raw", lambda target: made.make_disk(
        target, parts))), 0, {"disk": {"table": "mbr"}},
        installed(lab, XP, partition=6, found_by="look"))


@case("disk: SOFTWARE missing, dirty, or no hive")
def check_software(lab):
    config = "Windows/System32/config"
    bad = lab.write("no SOFTWARE", b"regf" + bytes(8000))
    hive = made.Hive()
    hive.key("Microsoft\\Windows NT\\CurrentVersion", SOFTWARE[XP])
    dirty = lab.write("dirty SOFTWARE.hive", hive.to_bytes(dirty=True))
    for tag, extra, expected in (
            ("missing", [], {"software_hive": {"problem": ANY_TEXT, "dirty": None},
                             "build": 2600, "edition": "professional", "osinfo": "winxp"}),
            ("bad", [f"{bad}:{config}/SOFTWARE"], {"software_hive": {"problem": ANY_TEXT}}),
            ("dirty", [f"{dirty}:{config}/SOFTWARE"],
             {"software_hive": {"problem": None, "dirty": True}, "build": 2600})):
        volume = ntfs(lab, f"software-{tag}.ntfs", 16 * MIB, lambda extra=extra:
                      windows_orders(lab, XP, software=False, extra=extra))
        path = lab.once(f"software-{tag}.raw", lambda target, volume=volume: made.make_disk(
            target, [Part(volume)]))
        yield from lab.judge(lab.inspect(path), 0, None, merge(
            from_truth(lab, XP), hal_in_force(XP), {"limits": Some("any", lambda got: True)},
            expected))


@case("disk: hal.dll compressed by WOF is unreadable, compressed by NTFS is read")
def check_compressed(lab):
    def orders():
        words = windows_orders(lab, WIN10)
        hal = next(word for word in words if word.endswith("hal.dll"))
        words.remove(hal)
        zeros = lab.write("zeros of WOF", bytes(8192))
        return words + [f"{zeros}:Windows/System32/hal.dll",
                        "=Windows/System32/hal.dll:0x80000017"]
    volume = ntfs(lab, "wof.ntfs", 40 * MIB, orders)
    yield from lab.judge(lab.inspect(lab.once("wof.raw", lambda target: made.make_disk(
        target, [Part(volume)]))), 0, None, {
            "hal": {"file": {"status": "unreadable", "original": None, "version": None},
                    "multiprocessor": True}, "kernel": {"status": "ok"}})
    volume = ntfs(lab, "lznt.ntfs", 40 * MIB,
                  lambda: ["--compress"] + windows_orders(lab, WIN7))
    yield from lab.judge(lab.inspect(lab.once("lznt.raw", lambda target: made.make_disk(
        target, [Part(volume)]))), 0, None, installed(lab, WIN7, found_by="look"))


# ----------------------------------------------------------- unhappy images

@case("image: in use by a running QEMU: read, and said to be stale")
def check_in_use(lab):
    need("qemu-system-x86_64", "qemu-img", "qemu-nbd")
    for kind in ("qcow2", "raw"):
        path = lab.once(f"running.{kind}", lambda target, kind=kind: made.run(
            "qemu-img", "convert", "-O", kind, win7_disk(lab), target))
        place = lab.directory / f"qmp {kind}.sock"
        process = lab.daemon([
            "qemu-system-x86_64", "-S", "-nodefaults", "-display", "none", "-accel", "tcg",
            "-m", "64", "-qmp", f"unix:{place},server=on,wait=off",
            "-drive", f"file={path},format={kind},if=ide"])
        wait_for(lambda place=place: is_up(place), process)
        yield from lab.judge(lab.inspect(path), 0, {
            "format": kind, "findings": Some("in-use", lambda got: any(
                one["code"] == "in-use" for one in got))}, expect_win7(lab))
        process.kill()
        process.wait()


@case("image: a name that says raw over the bytes of qcow2, and the other way")
def check_names(lab):
    need("qemu-img", "qemu-nbd")
    for name, kind, options, code, status in (
            ("looks.raw", "qcow2", [], "name-says-raw", 0),
            ("looks.dd", "qcow2", [], "name-says-raw", 0),
            ("looks.vmdk", "qcow2", [], "name-differs", 0),
            ("looks.qcow2", "raw", [], "name-differs", 0),
            ("looks.img", "qcow2", [], None, 0),
            ("stated.raw", "qcow2", ["--format", "raw"], "format-differs", 2)):
        source = win7_disk(lab) if kind == "raw" else win7_as(lab, kind)
        path = lab.once(name, lambda target, source=source: os.link(source, target))
        answer = lab.inspect(*options, path)
        yield from lab.judge(answer, status, {
            "format": "raw" if options else kind,
            "findings": Codes(code) if code else Codes()})


def nothing(lab, name, data, disk, size=None):
    """An image with nothing to read: its kind is named, the status is 2."""
    def make(target):
        target.write_bytes(data)
        if size:
            os.truncate(target, size)
    path = lab.once(name, make)
    yield from lab.judge(lab.inspect(path), 2, {"systems": [], "disk": disk})


@case("image: empty of bytes, all zeros, random")
def check_empty(lab):
    yield from nothing(lab, "zeros.img", b"", {"content": "empty", "table": "none"}, 4 * MIB)
    yield from nothing(lab, "short.img", b"x" * 100, {"content": "unknown"})
    yield from nothing(lab, "random.img", made.zlib.compress(os.urandom(3 * MIB)),
                       {"content": "unknown"})
    path = lab.write("none.img", b"")
    answer = lab.inspect(path)
    lab.compared += 1
    if answer.status not in (1, 2) or (answer.status == 2 and answer.object.get(
            "disk", {}).get("content") != "empty"):
        yield f"{answer}; expected an error, or the content \"empty\""


def bitlocker_sector():
    """A boot sector of BitLocker as Windows 7 makes it: the signature."""
    return (b"\xeb\x58\x90-FVE-FS-" + struct.pack("<HB", 512, 8)).ljust(510, b"\0") + b"\x55\xaa"


@case("image: BitLocker and LUKS, as a whole disk and on a partition, are named")
def check_encrypted(lab):
    bitlocker = bitlocker_sector()
    luks = (b"LUKS\xba\xbe" + struct.pack(">H", 1) + b"aes".ljust(32, b"\0")).ljust(1024, b"\0")
    yield from nothing(lab, "fve.img", bitlocker, {"content": "bitlocker"}, 8 * MIB)
    for name, data in (("bitlocker", bitlocker), ("luks", luks)):
        part = lab.write(f"{name} part", data.ljust(4 * MIB, b"\0"))
        path = lab.once(f"{name} part.img", lambda target, part=part: made.make_disk(
            target, [Part(part)]))
        yield from lab.judge(lab.inspect(path), 2, {
            "systems": [], "disk": {"table": "mbr", "partitions": [{"filesystem": name}]}})
    path = lab.once("luks.img", lambda target: target.write_bytes(luks.ljust(4 * MIB, b"\0")))
    answer = lab.inspect(path)
    lab.compared += 1
    named = answer.err + json.dumps(answer.object)
    if answer.status not in (1, 2) or not re.search("luks|encrypted", named, re.I):
        yield f"{answer}; expected that LUKS is named"


@case("image: BitLocker beside a boot partition is said, not silence")
def check_bitlocker_system(lab):
    part = lab.write("bitlocker part", bitlocker_sector().ljust(4 * MIB, b"\0"))
    esp = fat(lab, "esp alone", ESP_SIZE, [(lab.path("regipy_BCD"), "EFI/Microsoft/Boot/BCD")])
    parts = [Part(esp, kind=made.GPT_ESP), Part(part, MIB + ESP_SIZE, guid=REGIPY_PART)]
    path = gpt_disk(lab, "bitlocker-gpt.raw", parts)
    answer = lab.inspect(path)
    yield from lab.judge(answer, 2, {"systems": [], "disk": {"partitions": [
        {"filesystem": "fat32"}, {"filesystem": "bitlocker"}]}})
    done = subprocess.run([lab.vtopo, "inspect", path], capture_output=True, text=True,
                          check=False, timeout=SECONDS)
    if "bitlocker" not in done.stdout.lower():
        yield f"text does not name BitLocker: {done.stdout!r}"


@case("image: hibernated: read, and said so")
def check_hibernated(lab):
    sleeping = lab.write("hiberfil", b"HIBR".ljust(8192, b"\0"))
    awake = lab.write("hiberfil awake", bytes(8192))
    for tag, source, asleep in (("asleep", sleeping, True), ("awake", awake, False)):
        volume = ntfs(lab, f"hibernated {tag}.ntfs", 32 * MIB, lambda source=source:
                      windows_orders(lab, WIN7, extra=[f"{source}:hiberfil.sys"]))
        path = lab.once(f"hibernated-{tag}.raw", lambda target, volume=volume: made.make_disk(
            target, [Part(volume)]))
        yield from lab.judge(lab.inspect(path), 0, {
            "disk": {"partitions": [{"hibernated": asleep}]}},
            installed(lab, WIN7, hibernated=asleep,
                      findings=Codes(*(["hibernated"] if asleep else []))))


@case("image: truncated, at every quarter and in the tables: said, no crash")
def check_truncated(lab):
    whole = win7_disk(lab)
    size = os.path.getsize(whole)
    for cut in (size - 2 * MIB, size * 3 // 4, size // 2, size // 4, MIB + 4096, MIB, 513, 512):
        def make(target, cut=cut):
            made.run("cp", "--sparse=always", whole, target)
            os.truncate(target, cut)
        path = lab.once(f"cut {cut}.raw", make)
        answer = lab.inspect(path)
        lab.compared += 2
        if answer.status not in (0, 1, 2) or answer.malformed:
            yield f"{answer}; expected an answer"
        if answer.status != 1 and answer.object.get("disk", {}).get("truncated") is not True:
            yield f"{answer}: truncated: got {show(answer.object.get('disk'))}, expected true"


@case("image: encrypted qcow2 is named; a dirty one is read and said")
def check_qcow2_states(lab):
    need("qemu-img", "qemu-nbd")

    def make_encrypted(target):
        """qemu-img times the processor for LUKS, and on a busy one may give up."""
        for attempt in range(20):
            try:
                return made.run(
                    "qemu-img", "create", "-q", "--object", "secret,id=key,data=secret",
                    "-f", "qcow2", "-o", "encrypt.format=luks,encrypt.key-secret=key,"
                    f"encrypt.iter-time={10 + 10 * attempt}", target, "8M")
            except RuntimeError as error:
                if "CPU usage" not in str(error):
                    raise
        raise Skip("qemu-img cannot time this processor")

    path = lab.once("encrypted.qcow2", make_encrypted)
    answer = lab.inspect(path)
    lab.compared += 1
    if answer.status != 1 or "encrypted" not in answer.err:
        yield f"{answer}; expected an error that says encrypted"

    def make_dirty(target):
        made.run("qemu-img", "convert", "-O", "qcow2", "-o", "lazy_refcounts=on",
                 win7_disk(lab), target)
        with open(target, "r+b") as image:
            image.seek(79)              # incompatible features: dirty
            image.write(b"\1")
    yield from lab.judge(lab.inspect(lab.once("dirty.qcow2", make_dirty)), 0,
                         {"findings": Codes("dirty")}, expect_win7(lab))


@case("image: truncated qcow2, vhdx, vmdk: an error or an answer, no crash")
def check_truncated_formats(lab):
    need("qemu-img", "qemu-nbd")
    for kind in ("qcow2", "vhdx", "vmdk", "vdi"):
        source = win7_as(lab, kind)
        size = os.path.getsize(source)
        for cut in (size // 2, 70000, 600):
            def make(target, source=source, cut=cut):
                with open(source, "rb") as read:
                    target.write_bytes(read.read(cut))
            path = lab.once(f"cut {cut}.{kind}", make)
            answer = lab.inspect(path)
            lab.compared += 1
            if answer.status not in (0, 1, 2) or (answer.status == 1 and not answer.err):
                yield f"{answer}; expected an error or an answer"


@case("image: a boot entry leads to a directory without a SYSTEM hive: said")
def check_no_hive(lab):
    volume = ntfs(lab, "nohive.ntfs", 16 * MIB, [
        f"{lab.path('xp-pro_numproc2.ini')}:boot.ini", ":WINDOWS/system32/config"])
    path = lab.once("nohive.raw", lambda target: made.make_disk(
        target, [Part(volume, active=True)]))
    answer = lab.inspect(path)
    lab.compared += 1
    if answer.status != 2 or "hive" not in json.dumps(answer.object).lower():
        yield f"{answer}: {show(answer.object)}; expected 2 and a word on the missing hive"


@case("image: a SYSTEM hive that is broken is a system that could not be told")
def check_broken_on_disk(lab):
    volume = ntfs(lab, "broken.ntfs", 16 * MIB, [
        f"{lab.path(BROKEN)}:Windows/System32/config/SYSTEM",
        f"{lab.software(XP)}:Windows/System32/config/SOFTWARE"])
    path = lab.once("broken.raw", lambda target: made.make_disk(target, [Part(volume)]))
    yield from lab.judge(lab.inspect(path), 0, None, {
        "system_hive": {"problem": ANY_TEXT}, "license": {"sockets": None},
        "last_boot": {"processors_used": None}, "findings": Codes("no-system-hive")})


# ------------------------------------------------------------- real images

def check_real_image(lab, name):
    """A real image of the data folder: none holds a hive."""
    facts = lab.truth["images"][f"images/{name}"]["facts"]
    answer = lab.inspect(lab.path(name))
    table = {"dos": "mbr", "gpt": "gpt", None: "none"}[facts.get("partition_table")]
    expected = {"systems": [], "format": Path(name).suffix[1:],
                "disk": {"table": table, "truncated": False}}
    yield from lab.judge(answer, 2, expected)
    partitions = [one for one in answer.object.get("disk", {}).get("partitions", [])
                  if one["type"] not in ("05", "0f")]
    if "logical" in facts:
        yield from lab.differ(len(partitions), facts["primary"] + facts["logical"],
                              "disk.partitions")
    if "partitions" in facts:
        yield from lab.differ(partitions, [{"filesystem": one["fs"]}
                                           for one in facts["partitions"]], "disk.partitions")
    if "fs" in facts:
        yield from lab.differ(answer.object.get("disk", {}).get("content"), "filesystem",
                              "disk.content")
    if "directory only" in str(facts["windows"]):
        lab.compared += 1
        said = json.dumps([answer.object.get("problems"), answer.object.get("findings")])
        if "SYSTEM" not in said:
            yield f"{answer}: nothing says that there is no SYSTEM hive: {said}"


for _name in ("bare-fat16_dfir-ntfs.raw", "bare-ntfs-vss_plaso.qcow2",
              "bare-ntfs-with-Windows-dir_dfvfs.qcow2", "bare-ntfs_dfir-ntfs_ntfs3.raw",
              "gpt-3-partitions_dfir-ntfs.raw", "gpt-ntfs_velociraptor_test.vhdx",
              "mbr-extended-chain_dfir-ntfs.raw", "mbr-ntfs_dfir-ntfs_ntfs_index.raw"):
    case(f"real image {_name}")(functools.partial(check_real_image, name=_name))


@case("the data folder holds nothing that is not asked about here")
def check_all_asked(lab):
    asked = " ".join(str(function) for _, function in CASES)
    for kind in ("system_hives", "bcd", "boot_ini", "images"):
        for name in lab.truth[kind]:
            lab.compared += 1
            if Path(name).name not in asked and Path(name).name != "blankbcd_qthivex":
                yield f"{name} is in truth.json, but no case asks about it"


@case("facts feed predict: --facts of the JSON and --image say the same")
def check_predict(lab):
    facts = lab.write("win7.facts", lab.inspect(win7_disk(lab)).out.encode())
    answers = []
    for words in (("--facts", facts), ("--image", win7_disk(lab))):
        done = subprocess.run(
            [lab.vtopo, "predict", "--smp", "4", "--machine", "pc-i440fx-2.12", "--json",
             *map(str, words)], capture_output=True, text=True, check=False, timeout=SECONDS)
        lab.calls += 1
        if done.returncode != 2:
            yield f"predict {words[0]}: exit status {done.returncode}, expected 2: {done.stderr}"
            return
        answers.append(json.loads(done.stdout))
    for answer in answers:
        yield from lab.differ(answer, {
            "guest": {"device_manager": 4, "task_manager": 2, "sockets_used": 2},
            "vcpus": [{"fate": fate} for fate in ["used"] * 2 + ["unlicensed-socket"] * 2],
            "wasted": 2})


# ---------------------------------------------------------- (c) many at once

@case("--jobs 2 over many images, some broken: in order, none stops the rest")
def check_jobs(lab):
    need("qemu-img", "qemu-nbd")
    good = [win7_disk(lab), dual_disk(lab)]
    qcow2 = win7_as(lab, "qcow2")
    bad = [lab.directory / "no such image", lab.write("garbage.qcow2", b"QFI\xfb" + b"\xff" * 600),
           lab.directory, lab.write("header.vhdx", b"vhdxfile" + bytes(100))]
    empty = [lab.once("zeros.img", lambda target: made.make_disk(target, [], 4 * MIB, {}))]
    images = [*good, bad[0], qcow2, bad[1], *empty, bad[2], *good, bad[3], qcow2] * 3
    for jobs in (1, 2, 3):
        answer = lab.inspect("--jobs", jobs, *images)
        lab.compared += 2
        if answer.status != 1 or answer.malformed or len(answer.objects) != len(images):
            yield f"jobs {jobs}: exit status {answer.status}, {len(answer.objects)} objects, " \
                  f"{answer.malformed}; expected 1 and {len(images)}"
            continue
        for number, (image, got) in enumerate(zip(images, answer.objects)):
            if image in bad:
                expected = {"image": str(image), "error": {"code": ANY_TEXT, "message": ANY_TEXT}}
            else:
                count = {good[1]: 2, empty[0]: 0}.get(image, 1)
                expected = {"image": str(image), "error": "(missing)", "systems": Some(
                    f"{count} systems", lambda got, count=count: len(got) == count)}
            yield from lab.differ(got, expected, f"jobs {jobs} [{number}]")
    answer = lab.inspect("--jobs", 2, *good, *empty)
    lab.compared += 1
    if answer.status != 2 or len(answer.objects) != 3:
        yield f"{answer}; expected 2: all were read, one has no system"


@case("the answers of --jobs 2 are those of one at a time")
def check_jobs_same(lab):
    images = [path for name, path in sorted(lab.made.items())
              if Path(path).suffix in (".raw", ".qcow2", ".vhdx", ".vmdk")][:40]
    together = lab.inspect("--jobs", 2, *images)
    for image, got in zip(images, together.objects):
        alone = lab.inspect(image)
        lab.compared += 1
        if "error" in got:
            if alone.status != 1:
                yield f"{image.name}: an error among many, {alone} by itself"
        elif alone.object != got:
            yield f"{image.name}: other facts among many than by itself"
    if len(together.objects) != len(images):
        yield f"{len(together.objects)} answers, expected {len(images)}"


# --------------------------------------------------------------------- main

def skip_all(reason):
    """Say that nothing can be asked; to Meson, only 0 ends TAP well."""
    print(f"1..0 # SKIP {reason}")
    return 0 if "MESON_TEST_ITERATION" in os.environ else 77


def run_case(lab, function):
    """(lines of what is wrong, reason to skip)."""
    try:
        return list(function(lab) or []), None
    except Skip as reason:
        return [], str(reason)
    except subprocess.TimeoutExpired:
        return [f"vtopo did not end in {SECONDS} s"], None
    except Exception as error:  # pylint: disable=broad-except
        return [f"{type(error).__name__}: {error}"], None


def run_cases(lab, cases, verbose):
    """Ask everything and print TAP.  Returns how many failed and skipped."""
    failed = skipped = 0
    print(f"1..{len(cases)}", flush=True)
    for number, (title, function) in enumerate(cases, 1):
        begun = time.monotonic()
        wrong, reason = run_case(lab, function)
        for line in wrong[:40]:
            print("# " + line.replace("\n", " | "))
        if verbose:
            print(f"# {time.monotonic() - begun:.2f} s")
        failed += bool(wrong)
        skipped += reason is not None
        end = f" # SKIP {reason}" if reason is not None else ""
        print(f"{'not ok' if wrong else 'ok'} {number} - {title}{end}", flush=True)
    return failed, skipped


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vtopo", default=ROOT / "build/vtopo")
    parser.add_argument("--data", default=os.environ.get(
        "VTOPO_TEST_DATA", ROOT.parent / "shared/data"))
    parser.add_argument("--fill", default=ROOT / "build/tests/ntfs-fill",
                        help="ntfs-fill; compiled where there is none")
    parser.add_argument("-k", dest="word", default="", help="only cases with this in the title")
    parser.add_argument("-v", dest="verbose", action="store_true", help="how long each took")
    parser.add_argument("--keep", metavar="DIR", help="leave what was made in this folder")
    options = parser.parse_args()

    if not (Path(options.data) / "truth.json").exists():
        return skip_all(f"no data of Windows at {options.data}")
    if shutil.which("xz") is None:
        return skip_all("there is no xz")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    cases = [one for one in CASES if options.word in one[0]]
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vtopo-inspect-") as directory:
        if options.keep:
            directory = options.keep
            os.makedirs(directory, exist_ok=True)
        lab = Lab(Path(options.vtopo).resolve(), Path(options.data).resolve(), directory,
                  options.fill)
        try:
            failed, skipped = run_cases(lab, cases, options.verbose)
        finally:
            lab.stop()
    print(f"# {lab.calls} calls of vtopo in {time.monotonic() - begun:.0f} s, "
          f"{skipped} cases skipped, {failed} failed")
    print(f"# {len(cases)} cases, {lab.compared} facts compared")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
