#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hold the CPUID leaves and APIC ids of `vtopo predict` against QEMU's own.

A firmware image of ours (cpuid-rom.S) reads the topology leaves of vCPU 0 and
the APIC id of every vCPU on real QEMUs, without an operating system, in a
tenth of a second each.  The same -smp, machine type and processor go to
`vtopo predict --requests -`; every field and every APIC id must be equal.

    cpuid_differential.py --vtopo build/vtopo [--all] [--seed S] [--count N]
                          [--jobs N] [--rom FILE] [--qemu RELEASE=PROGRAM]...

To cover more, add to MODELS, MACHINES or SHAPES: nothing here knows how QEMU
computes a leaf.  The installed QEMU is used for its own release, scripts/get-qemu
brings the others.  KVM is asked too where a probe says that it works.

Output is TAP, one test for each release and processor model; the exit status
is 0 when all agree, 1 when not, 77 when there is nothing to compare with.
"""

import argparse
import collections
import concurrent.futures
import functools
import json
import math
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

CASE_TIMEOUT = 60       # seconds; 254 vCPUs take 4 on a busy machine
FETCH_TIMEOUT = 600     # of another QEMU
ALL_PRESENT_MAX = 40    # vCPUs to start; of larger guests vCPU 0 alone
MAX_SHOWN = 10          # cases of one test
SHOWN = 300             # characters of a value

# cpu: what -cpu is given; tell: what vtopo is told beside model and vendor.
Model = collections.namedtuple("Model", "name cpu vendor tell")
Shape = collections.namedtuple("Shape", "sockets dies modules cores threads")
Qemu = collections.namedtuple("Qemu", "program version")
Case = collections.namedtuple("Case", "release machine accel model shape cpus")


def models(vendor, names, options="", tell=None):
    """A model for each of the names, with the same -cpu options."""
    return tuple(Model(name, name + options, vendor, tell or {})
                 for name in names.split())


X2APIC = ",x2apic=on", {"x2apic": True}
FORCED = ",x-force-features=on,topoext=on", {"topoext": True, "force_features": True}
MODELS = (models("intel", "core2duo kvm64 Skylake-Client-v1 Skylake-Server-v1")
          + models("amd", "qemu64 max Opteron_G3 EPYC") + models("amd", "EPYC", *FORCED))
MORE_MODELS = (
    models("intel", "486 pentium3 qemu32 kvm32 n270 Nehalem Haswell-noTSX Snowridge")
    + models("amd", "athlon phenom Opteron_G1 Opteron_G5 EPYC-v1 EPYC-IBPB EPYC-Rome"))
WIDE_MODELS = (models("intel", "Skylake-Server-v1", *X2APIC)
               + models("amd", "EPYC", *X2APIC))
KVM_MODELS = (models(None, "qemu64 kvm64 Skylake-Server-v1")
              + models(None, "EPYC", ",topoext=on", {"topoext": True}))

# PC types: of each release the newest, then those around which leaves change.
MACHINES = {
    "5.2": ("q35-5.2", "i440fx-2.12", "q35-2.8", "i440fx-2.7", "i440fx-2.6", "q35-4.2"),
    "7.2": ("q35-7.2", "i440fx-7.2", "q35-6.1", "q35-6.0", "i440fx-3.0", "q35-2.12",
            "i440fx-2.7", "q35-2.6"),
    "10.0": ("q35-10.0", "i440fx-10.0", "q35-9.1", "q35-9.0", "q35-8.1", "i440fx-6.1",
             "q35-6.0", "i440fx-2.12", "i440fx-2.7", "q35-2.6"),
}
HAS_MODULES = HAS_X2APIC = {"10.0"}     # under TCG

# Every model gets the first BASIC shapes on the newest type of each release,
# and some of the others on some of the types.
BASIC = 4
SHAPES = tuple(Shape(*row) for row in (
    (1, 1, 1, 1, 1), (1, 1, 1, 3, 2), (2, 2, 1, 3, 1), (1, 2, 3, 2, 2), (4, 1, 1, 1, 1),
    (1, 1, 1, 2, 1), (1, 1, 1, 4, 3), (2, 1, 1, 6, 1), (1, 1, 1, 7, 4), (1, 1, 1, 12, 2),
    (3, 1, 1, 2, 2), (1, 1, 1, 1, 4), (1, 3, 1, 4, 1), (1, 4, 1, 1, 3), (2, 2, 1, 2, 2),
    (1, 2, 1, 12, 1), (1, 1, 2, 4, 1), (2, 1, 3, 1, 2), (1, 2, 2, 3, 3), (1, 3, 3, 2, 1),
    (1, 1, 1, 64, 1), (1, 1, 1, 64, 3), (1, 1, 1, 65, 1), (1, 1, 1, 96, 2),
    (1, 1, 1, 130, 1), (2, 1, 1, 100, 1), (1, 2, 1, 64, 1), (1, 2, 2, 31, 2),
))
LARGEST = Shape(1, 1, 1, 254, 1)        # whose APIC ids need no x2APIC
WIDE_SHAPES = Shape(1, 1, 1, 128, 2), Shape(1, 2, 3, 65, 3), Shape(1, 1, 1, 4096, 1)
RANDOM = Shape((1, 1, 2, 3, 4), (1, 1, 1, 2, 3, 4), (1, 1, 2, 3),
               (1, 2, 3, 4, 6, 7, 12, 33, 64, 65, 96, 130), (1, 1, 2, 3, 4))

LEVELS_1F = {1: "smt", 2: "core", 3: "module", 5: "die"}
VENDORS = {0x756e6547: "intel", 0x68747541: "amd"}     # by EBX of leaf 0
NOTHING = (0, 0, 0, 0)
FROM_HOST = ("1.edx.htt",)      # what a KVM may show of the host, not of QEMU


class NoAnswer(Exception):
    """A program gave no usable answer."""


class Skip(Exception):
    """There is nothing to compare with."""


def smp_of(case):
    """The -smp of a case, every key spelt out; names no key that is 1 and new."""
    keys = [f"{key}={count}" for key, count in case.shape._asdict().items()
            if count > 1 or key not in ("dies", "modules")]
    return f"{case.cpus},maxcpus={math.prod(case.shape)}," + ",".join(keys)


def make_case(release, machine, accel, model, shape, present=False):
    """A case; modules become cores where the release has none."""
    if release not in HAS_MODULES:
        shape = shape._replace(modules=1, cores=shape.cores * shape.modules)
    total = math.prod(shape)
    cpus = total if present or total <= ALL_PRESENT_MAX else 1
    return Case(release, f"pc-{machine}", accel, model, shape, cpus)


def fits_xapic(shape):
    """Whether the highest APIC id is at most 254."""
    highest = shape.sockets - 1
    for count in shape[1:]:
        highest = highest << (count - 1).bit_length() | count - 1
    return highest <= 254


def default_cases(releases, rng):
    """Every model on every release: the basic shapes and a sample of others."""
    for release in releases:
        machines = MACHINES[release]
        for model in MODELS:
            for shape in SHAPES[:BASIC]:
                yield make_case(release, machines[0], "tcg", model, shape)
            for shape in rng.sample(SHAPES[BASIC:], 6):
                yield make_case(release, rng.choice(machines), "tcg", model, shape)
        yield make_case(release, machines[0], "tcg", MODELS[1], LARGEST, present=True)
        for model in WIDE_MODELS if release in HAS_X2APIC else ():
            for shape in WIDE_SHAPES:
                yield make_case(release, machines[0], "tcg", model, shape)


def random_cases(releases, rng, count):
    """Any model, type and shape whose APIC ids need no x2APIC."""
    while count > 0:
        release = rng.choice(releases)
        case = make_case(release, rng.choice(MACHINES[release]), "tcg",
                         rng.choice(MODELS + MORE_MODELS),
                         Shape(*map(rng.choice, RANDOM)))
        if fits_xapic(case.shape):
            yield case
            count -= 1


def kvm_cases(release, vendor, rng):
    """A few named models, which all take the vendor of the host."""
    for model in KVM_MODELS:
        for shape in SHAPES[:BASIC]:
            yield make_case(release, rng.choice(MACHINES[release]), "kvm",
                            model._replace(vendor=vendor), shape)


def build_rom(directory):
    """Assemble cpuid-rom.S; the path of the image."""
    obj, elf, rom = (str(directory / f"rom.{suffix}") for suffix in ("o", "elf", "bin"))
    for command in (
            ["as", "--32", "-o", obj, str(HERE / "cpuid-rom.S")],
            ["ld", "-m", "elf_i386", "-Ttext=0xffff0000", "-e", "0", "-o", elf, obj],
            ["objcopy", "-O", "binary", "-j", ".text", elf, rom]):
        if shutil.which(command[0]) is None:
            raise Skip(f"{command[0]} is missing")
        subprocess.run(command, check=True, timeout=CASE_TIMEOUT)
    return rom


def version_of(program):
    """A QEMU's version, such as "10.0.2"."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True,
                          check=True, timeout=CASE_TIMEOUT).stdout
    return re.search(r"version (\d+\.\d+\.\d+)", said)[1]


def programs_here():
    """The installed QEMU and those that get-qemu brings, by release."""
    programs = {}
    installed = shutil.which("qemu-system-x86_64")
    if installed:
        programs[version_of(installed).rpartition(".")[0]] = installed
    for release in MACHINES.keys() - programs.keys():
        try:
            programs[release] = subprocess.run(
                [ROOT / "scripts" / "get-qemu", release], check=True, text=True,
                capture_output=True, timeout=FETCH_TIMEOUT).stdout.strip()
        except (OSError, subprocess.SubprocessError) as error:
            print(f"# no QEMU {release} here: {error}")
    return programs


def find_qemus(options):
    """The QEMUs to ask, by release, in the order of MACHINES."""
    programs = dict(option.split("=", 1) for option in options) or programs_here()
    return {release: Qemu(programs[release], version_of(programs[release]))
            for release in MACHINES if release in programs}


def run_rom(qemu, rom, machine, accel, cpu, smp, timeout=CASE_TIMEOUT):
    """The leaves {(leaf, subleaf): registers} and the rows of other vCPUs."""
    command = [qemu, "-nodefaults", "-no-user-config", "-display", "none", "-bios", rom,
               "-debugcon", "stdio", "-device", "isa-debug-exit", "-accel", accel,
               "-machine", machine, "-cpu", cpu, "-smp", smp]
    try:
        got = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=timeout,
                             capture_output=True, text=True, errors="replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoAnswer(str(error)) from error
    if not got.stdout.endswith("end\n"):
        said = [line for line in got.stderr.splitlines() if "warning:" not in line]
        raise NoAnswer(f"QEMU fails ({got.returncode}): {' '.join(said)}")
    leaves, others = {}, []
    for line in got.stdout.splitlines()[:-1]:
        kind, *words = line.split()
        values = tuple(int(word, 16) for word in words)
        if kind == "cpuid":
            leaves[values[:2]] = values[2:]
        else:
            others.append(values)
    return leaves, others


def probe_kvm(qemu, rom):
    """The vendor that guests read under KVM here; None if it cannot be used."""
    try:
        leaves, _ = run_rom(qemu, rom, "pc", "kvm", "qemu64", "1", timeout=10)
    except NoAnswer as error:
        print(f"# no KVM with {qemu}: {error}")
        return None
    return VENDORS.get(leaves[0, 0][1])


def cache_sharing(leaves, leaf):
    """EAX[25:14] of L1d, L1i, L2, L3, None for an absent one; None if all are."""
    eax = [leaves.get((leaf, i), NOTHING)[0] for i in range(4)]
    share = [value >> 14 & 0xfff if value & 0x1f else None for value in eax]
    return share if any(eax) else None


def levels(leaves, leaf):
    """(type, shift, count) of each level of leaf 0xB or 0x1F."""
    return [(ecx >> 8 & 0xff, eax & 0x1f, ebx & 0xffff)
            for (number, _), (eax, ebx, ecx, _) in sorted(leaves.items())
            if number == leaf and ecx >> 8 & 0xff]


def fields_of(leaves):
    """The registers by the names that vtopo gives their fields."""
    _, ebx, _, edx = leaves[1, 0]
    ecx_81 = leaves.get((0x80000001, 0), NOTHING)[2]
    share_4 = cache_sharing(leaves, 4)
    fields = {
        "1.ebx.count": ebx >> 16 & 0xff,
        "1.ebx.apic": ebx >> 24,
        "1.edx.htt": edx >> 28 & 1,
        "4": share_4 and {"cores": leaves[4, 0][0] >> 26, "share": share_4},
        "b": [list(level[1:]) for level in levels(leaves, 0xb)] or None,
        "80000001.ecx.cmp_legacy": ecx_81 >> 1 & 1,
        "80000001.ecx.topoext": ecx_81 >> 22 & 1,
        "80000008.ecx": leaves.get((0x80000008, 0), NOTHING)[2],
        "8000001d.share": cache_sharing(leaves, 0x8000001d),
        "8000001e.ebx": leaves.get((0x8000001e, 0), NOTHING)[1],
        "8000001e.ecx": leaves.get((0x8000001e, 0), NOTHING)[2],
        "1f": [[LEVELS_1F.get(kind, kind), shift, count]
               for kind, shift, count in levels(leaves, 0x1f)],
    }
    return {name: value for name, value in fields.items() if value != []}


def apic_ids_of(leaves, others):
    """The APIC ids of all vCPUs present, sorted; of leaf 1 where there is no 0xB."""
    if levels(leaves, 0xb):
        return sorted([leaves[0xb, 0][3]] + [row[1] for row in others])
    return sorted([leaves[1, 0][1] >> 24] + [row[0] >> 24 for row in others])


def measure(qemus, rom, case):
    """What QEMU shows in a case, as fields; or the reason why it does not."""
    try:
        leaves, others = run_rom(qemus[case.release].program, rom, case.machine,
                                 case.accel, case.model.cpu, smp_of(case))
    except NoAnswer as error:
        return str(error)
    return fields_of(leaves) | {"apic ids": apic_ids_of(leaves, others)}


def ask_vtopo(vtopo, qemus, cases):
    """vtopo's answer to each case, in order."""
    requests = [{
        "smp": smp_of(case), "machine": case.machine, "qemu": qemus[case.release].version,
        "cpu": case.model.tell | {"model": case.model.name, "accel": case.accel,
                                  "vendor": case.model.vendor},
        "show": ["cpuid"]} for case in cases]
    got = subprocess.run([vtopo, "predict", "--requests", "-"], text=True,
                         input="".join(json.dumps(r) + "\n" for r in requests),
                         stdout=subprocess.PIPE, timeout=CASE_TIMEOUT)
    answers = [json.loads(line) for line in got.stdout.splitlines()]
    if len(answers) != len(cases):
        raise NoAnswer(f"vtopo answers {len(answers)} of {len(cases)} requests")
    return answers


def differences(case, real, answer):
    """A line for each field in which vtopo's answer differs from the real ones."""
    if isinstance(real, str):
        return [real]
    if "cpuid" not in answer:
        return [f"vtopo: {json.dumps(answer)[:SHOWN]}"]
    ids = [cpu["apic_id"] for cpu in answer["vcpus"] if cpu["id"] < case.cpus]
    ours = answer["cpuid"] | {"apic ids": sorted(ids)}
    names = (real.keys() | ours.keys()) - set(FROM_HOST if case.accel == "kvm" else ())
    pairs = [(name, json.dumps(real.get(name, "absent")),
              json.dumps(ours.get(name, "absent"))) for name in sorted(names)]
    return [f"{name}: QEMU {theirs[:SHOWN]}, vtopo {own[:SHOWN]}"
            for name, theirs, own in pairs if theirs != own]


def report(cases, lines_of):
    """Print the TAP of all groups; the number of cases that differ."""
    groups = {}
    for case, lines in zip(cases, lines_of):
        group = case.release, case.accel, case.model.cpu
        groups.setdefault(group, []).append((case, lines))
    print(f"1..{len(groups)}")
    for number, ((release, accel, cpu), members) in enumerate(groups.items(), 1):
        bad = [member for member in members if member[1]]
        print(f"{'not ok' if bad else 'ok'} {number} - QEMU {release} {accel} {cpu}: "
              f"{len(bad)} of {len(members)} leaf sets differ")
        for case, lines in bad[:MAX_SHOWN]:
            print(f"# -machine {case.machine} -smp {smp_of(case)}", *lines, sep="\n#   ")
    return sum(1 for lines in lines_of if lines)


def collect_cases(args, qemus, rom):
    """The cases of this run, in the order of the report."""
    rng = random.Random(args.seed)
    cases = list(default_cases(qemus, rng))
    if args.all:
        cases += random_cases(list(qemus), rng, args.count)
    for release, qemu in qemus.items():
        vendor = probe_kvm(qemu.program, rom)
        cases += kvm_cases(release, vendor, rng) if vendor else ()
    return cases


def run(args, directory):
    """Measure, ask, compare; the exit status."""
    if shutil.which(args.vtopo) is None:
        raise Skip(f"{args.vtopo} is missing")
    rom = args.rom or build_rom(directory)
    qemus = find_qemus(args.qemu)
    if not qemus:
        raise Skip("no QEMU of a known release is here")
    cases = collect_cases(args, qemus, rom)
    answers = ask_vtopo(args.vtopo, qemus, cases)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        real = pool.map(functools.partial(measure, qemus, rom), cases)
        lines_of = list(map(differences, cases, real, answers))
    differ = report(cases, lines_of)
    print(f"# {len(cases)} leaf sets compared, {differ} differ")
    return 1 if differ else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--vtopo", default=str(ROOT / "build" / "vtopo"))
    parser.add_argument("--rom", help="image to use instead of building cpuid-rom.S")
    parser.add_argument("--qemu", action="append", default=[], metavar="RELEASE=PROGRAM",
                        help="these QEMUs only")
    parser.add_argument("--all", action="store_true", help="add random cases")
    parser.add_argument("--count", type=int, default=1500, help="of random cases")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="vtopo-cpuid-") as directory:
            return run(args, pathlib.Path(directory))
    except Skip as reason:
        print(f"1..0 # SKIP {reason}")
        return 77
    except (NoAnswer, ValueError, subprocess.SubprocessError) as error:
        print(f"Bail out! {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
