#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hold the fates that `vtopo predict` foretells against a guest that runs.

The stand-in guest (probe/) counts processors as a generation of Windows does,
by settings: it starts those that the licence lets pass and no others.  Random
machines go to it and to `vtopo predict --requests -`; the fate of every vCPU,
its APIC id, on how many sockets the used ones are, and the CPUID leaves of the
first must be the same.

    probe_differential.py [--vtopo build/vtopo] [--probe build/probe]
                          [--count N] [--seed S] [--jobs N] [--case N]

What Windows does is said a second time here, in GUESTS, apart from the tables
that vtopo has: a mistake must be made twice to go unnoticed.

Output is TAP, one test for each guest; the exit status is 0 when all agree, 1
when not, 77 when there is nothing to compare with.
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

from cpuid_differential import fields_of

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
QEMU = "qemu-system-x86_64"

CASE_TIMEOUT = 60       # seconds
LARGEST = 64            # vCPUs
MAX_SHOWN = 10          # cases of one test
SHOWN = 300             # characters of a value

# settings: what the probe is told; what is left out is the default.
Guest = collections.namedtuple("Guest", "os arch settings")
Model = collections.namedtuple("Model", "cpu tell")
Case = collections.namedtuple("Case", "number guest model machine smp cpus limits extra")

# How the generations count: NT 4.0 and 2000 every processor; NT 5.x on x86 by
# leaf 1, on x64 by division; Vista by cores, later systems rounded up.
NT4 = "arithmetic=logical mode=32 ceiling=32"
NT50 = "arithmetic=logical left=parked mode=32 ceiling=32"
NT5_X86 = "arithmetic=htt-mask left=parked mode=pae ceiling=32"
NT5_X64 = "arithmetic=htt-divide left=never mode=64"
VISTA_X86 = "arithmetic=cores mode=pae ceiling=32"
VISTA_X64 = "arithmetic=cores mode=64"
LATER_X86 = "arithmetic=cores-pow2 mode=pae ceiling=32"
LATER_X64 = "arithmetic=cores-pow2 mode=64"

GUESTS = tuple(Guest(*row) for row in (
    ("winnt4.0/workstation", "x86", f"licence=logical:2 {NT4}"),
    ("winnt4.0/server", "x86", f"licence=logical:4 {NT4}"),
    ("win2k/professional", "x86", f"licence=logical:2 {NT50}"),
    ("win2k/advanced-server", "x86", f"licence=logical:8 {NT50}"),
    ("winxp/home", "x86", f"licence=packages:1 {NT5_X86}"),
    ("winxp/professional", "x86", f"licence=packages:2 {NT5_X86}"),
    ("win2k3/standard", "x86", f"licence=packages:4 {NT5_X86}"),
    ("winxp/professional", "x86_64", f"licence=packages:2 {NT5_X64}"),
    ("win2k3/standard", "x86_64", f"licence=packages:4 {NT5_X64}"),
    ("winvista/home-basic", "x86", f"licence=packages:1 {VISTA_X86}"),
    ("winvista/business", "x86_64", f"licence=packages:2 {VISTA_X64}"),
    ("win2k8/standard", "x86_64", f"licence=packages:4 {VISTA_X64}"),
    ("win7/starter", "x86", f"licence=packages:1 {LATER_X86}"),
    ("win7/professional", "x86_64", f"licence=packages:2 {LATER_X64}"),
    ("win2k8r2/standard", "x86_64", f"licence=packages:4 {LATER_X64}"),
    ("win10/home", "x86_64", f"licence=packages:1 {LATER_X64}"),
    ("win10/professional", "x86", f"licence=packages:2 {LATER_X86}"),
    ("win10/workstations", "x86_64", f"licence=packages:4 {LATER_X64}"),
))

MODELS = (
    Model("Skylake-Server-v1", {"vendor": "intel"}),
    Model("Skylake-Server-v1", {"vendor": "intel"}),
    Model("core2duo", {"vendor": "intel"}),
    Model("qemu64", {"vendor": "amd"}),
    Model("EPYC", {"vendor": "amd"}),
    Model("EPYC,x-force-features=on,topoext=on",
          {"vendor": "amd", "topoext": True, "force_features": True}),
)
MACHINES = "pc-q35-7.2", "pc-q35-7.2", "pc-i440fx-7.2", "pc-q35-6.0", "pc-i440fx-2.12"
SOCKETS = 1, 1, 2, 2, 3, 4, 5, 8
DIES = 1, 1, 1, 1, 2, 3
CORES = 1, 1, 2, 3, 4, 4, 6, 7, 8, 12, 16, 33
THREADS = 1, 1, 1, 2, 2, 3, 4


class NoAnswer(Exception):
    """A program gave no usable answer."""


class Skip(Exception):
    """There is nothing to compare with."""


def random_smp(rng):
    """A -smp with every key, and how many vCPUs are present."""
    while True:
        shape = [rng.choice(counts) for counts in (SOCKETS, DIES, CORES, THREADS)]
        total = math.prod(shape)
        if total <= LARGEST:
            break
    cpus = rng.randint(1, total) if rng.random() < 0.2 else total
    keys = zip(("sockets", "dies", "cores", "threads"), shape)
    return f"{cpus},maxcpus={total}," + ",".join(f"{k}={n}" for k, n in keys), cpus


def random_limits(rng):
    """Sometimes a limit of the boot options, or a HAL for one processor."""
    kind = rng.random()
    if kind < 0.15:
        number = rng.randint(1, 6)
        return {"numproc": number}, f"numproc={number}"
    if kind < 0.2:
        return {"onecpu": True}, "onecpu"
    if kind < 0.25:
        return {"multiprocessor": False}, "hal=up"
    return {}, ""


def random_cases(rng, count):
    """Cases, the guests by turns."""
    for number in range(count):
        smp, cpus = random_smp(rng)
        limits, extra = random_limits(rng)
        yield Case(number, GUESTS[number % len(GUESTS)], rng.choice(MODELS),
                   rng.choice(MACHINES), smp, cpus, limits, extra)


def settings_of(case):
    """The words for the probe."""
    return f"{case.guest.settings} {case.extra} after=exit"


def request_of(case, version):
    """The request for vtopo predict."""
    tell = {"model": case.model.cpu.partition(",")[0], "accel": "tcg"}
    return {"smp": case.smp, "machine": case.machine, "qemu": version,
            "cpu": tell | case.model.tell, "os": case.guest.os,
            "arch": case.guest.arch, "limits": case.limits, "show": ["cpuid"]}


def run_probe(probe, case):
    """What the probe reports of a case: its lines, or why there are none."""
    command = [QEMU, "-nodefaults", "-no-user-config", "-display", "none",
               "-accel", "tcg", "-m", "64", "-machine", case.machine,
               "-cpu", case.model.cpu, "-smp", case.smp, "-debugcon", "stdio",
               "-device", "isa-debug-exit", "-kernel", f"{probe}/vtopo-probe.elf",
               "-append", settings_of(case)]
    try:
        got = subprocess.run(command, stdin=subprocess.DEVNULL, check=False,
                             timeout=CASE_TIMEOUT, capture_output=True, text=True)
        lines = [json.loads(line) for line in got.stdout.splitlines()
                 if line.startswith("{")]
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return str(error)
    if not lines or "present" not in lines[-1]:
        said = [line for line in got.stderr.splitlines() if "warning:" not in line]
        return f"QEMU ({got.returncode}): {got.stdout[-SHOWN:]} {' '.join(said)}"
    return lines


def leaves_of(cpu):
    """{(leaf, subleaf): registers}, as cpuid_differential has them."""
    leaves = {}
    for name, registers in cpu["leaves"].items():
        leaf, _, subleaf = name.partition(".")
        leaves[int(leaf, 16), int(subleaf or "0", 16)] = tuple(registers)
    return leaves


def same_fate(real, foretold):
    """Whether a fate is the one foretold, as far as that is known."""
    if foretold["fate"] is None:
        return True
    if foretold["fate"] == "used":
        return real["fate"] == "used"
    return real["fate"] == (foretold["left"] or real["fate"]) != "used"


def fate_differences(cpus, answer):
    """A line for each vCPU of another fate or APIC id."""
    present = [vcpu for vcpu in answer["vcpus"] if vcpu["fate"] != "not-present"]
    if len(present) != len(cpus):
        yield f"present: {len(cpus)}, vtopo {len(present)}"
    for real, foretold in zip(cpus, present):
        if "error" in real:
            yield f"vCPU {real['cpu']}: {real['error']}"
        elif not same_fate(real, foretold):
            yield (f"vCPU {real['cpu']}: {real['fate']}, vtopo {foretold['fate']}, "
                   f"left {foretold.get('left')}")
        if real["apic_id"] != foretold["apic_id"]:
            yield (f"vCPU {real['cpu']}: APIC id {real['apic_id']}, "
                   f"vtopo {foretold['apic_id']}")
        if real["started"] and real["leaves"]["1"][1] >> 24 != real["apic_id"]:
            yield f"vCPU {real['cpu']}: another one was started in its place"


def socket_differences(cpus, guest):
    """A line when the used vCPUs are on another number of sockets."""
    count = len({cpu["package"] for cpu in cpus if cpu["fate"] == "used"})
    if guest["sockets_used"] not in (None, count):
        yield f"sockets used: {count}, vtopo {guest['sockets_used']}"


def differences(lines, answer):
    """A line for each thing in which the probe and vtopo differ."""
    if isinstance(lines, str):
        return [lines]
    if "cpuid" not in answer:
        return [f"vtopo: {json.dumps(answer)[:SHOWN]}"]
    cpus = lines[1:-1]
    found = list(fate_differences(cpus, answer))
    found += socket_differences(cpus, answer["guest"])
    real, ours = fields_of(leaves_of(cpus[0])), answer["cpuid"]
    for name in sorted(real.keys() | ours.keys()):
        if real.get(name, "absent") != ours.get(name, "absent"):
            found.append(f"{name}: {real.get(name, 'absent')}, "
                         f"vtopo {ours.get(name, 'absent')}")
    return found


def ask_vtopo(vtopo, requests):
    """vtopo's answer to each request, in order."""
    got = subprocess.run([vtopo, "predict", "--requests", "-"], text=True, check=False,
                         input="".join(json.dumps(r) + "\n" for r in requests),
                         stdout=subprocess.PIPE, timeout=CASE_TIMEOUT)
    answers = [json.loads(line) for line in got.stdout.splitlines()]
    if len(answers) != len(requests):
        raise NoAnswer(f"vtopo answers {len(answers)} of {len(requests)} requests")
    return answers


def report(cases, requests, lines_of):
    """Print the TAP of all guests; the number of cases that differ."""
    groups = {}
    for case, request, lines in zip(cases, requests, lines_of):
        groups.setdefault(case.guest, []).append((case, request, lines))
    print(f"1..{len(groups)}")
    for number, (guest, members) in enumerate(groups.items(), 1):
        bad = [member for member in members if member[2]]
        print(f"{'not ok' if bad else 'ok'} {number} - {guest.os} {guest.arch}: "
              f"{len(bad)} of {len(members)} machines differ")
        for case, request, lines in bad[:MAX_SHOWN]:
            print(f"# case {case.number}: {json.dumps(request)}",
                  f"probe: {settings_of(case)}",
                  *(line[:SHOWN] for line in lines[:MAX_SHOWN]), sep="\n#   ")
    return sum(1 for lines in lines_of if lines)


def qemu_version():
    """The version of the installed QEMU."""
    if shutil.which(QEMU) is None:
        raise Skip(f"{QEMU} is missing")
    said = subprocess.run([QEMU, "--version"], capture_output=True, text=True,
                          check=True, timeout=CASE_TIMEOUT).stdout
    return re.search(r"version (\d+\.\d+\.\d+)", said)[1]


def run(args):
    """Start the probe, ask vtopo, compare; the exit status."""
    if not pathlib.Path(args.probe, "vtopo-probe.elf").exists():
        raise Skip(f"{args.probe}/vtopo-probe.elf is missing")
    version = qemu_version()
    cases = list(random_cases(random.Random(args.seed), args.count))
    if args.case is not None:
        cases = cases[args.case:args.case + 1]
    requests = [request_of(case, version) for case in cases]
    answers = ask_vtopo(args.vtopo, requests)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        real = pool.map(functools.partial(run_probe, args.probe), cases)
        lines_of = list(map(differences, real, answers))
    differ = report(cases, requests, lines_of)
    vcpus = sum(case.cpus for case in cases)
    print(f"# {len(cases)} machines with {vcpus} vCPUs compared, {differ} differ")
    return 1 if differ else 0


def main():
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--vtopo", default=str(ROOT / "build" / "vtopo"))
    parser.add_argument("--probe", default=str(ROOT / "build" / "probe"),
                        help="folder with the built probe")
    parser.add_argument("--count", type=int, default=300, help="of machines")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--case", type=int, help="this machine alone")
    args = parser.parse_args()
    try:
        return run(args)
    except Skip as reason:
        print(f"1..0 # SKIP {reason}")
        return 77
    except (NoAnswer, OSError, ValueError, subprocess.SubprocessError) as error:
        print(f"Bail out! {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
