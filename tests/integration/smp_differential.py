#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ask real QEMUs whether vtopo reads and completes -smp as they do.

Random -smp strings go to stopped QEMUs (no disk, no guest code runs) and, in
one go, to `vtopo predict --requests -`.  Both must give the same shape and the
same ids for every vCPU, or refuse for the same reason.  Where QEMU cuts a
number to 32 bits or lets a product wrap, vtopo refuses on purpose: those
strings are listed in WRAPS and asked as well, to show that QEMU still does so.

To add a machine type: MACHINES.  To add a refusal: REASONS.
"""

import argparse
import concurrent.futures
import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

LEVELS = ["drawers", "books", "sockets", "dies", "clusters", "modules",
          "cores", "threads"]

# The machine types of each architecture, asked where a QEMU has them; {} is
# its own release.
MACHINES = {
    "x86_64": ["pc-i440fx-2.4", "pc-q35-2.12", "pc-i440fx-6.1", "pc-q35-6.1",
               "pc-i440fx-6.2", "pc-q35-8.0", "pc-q35-8.1", "pc", "pc-q35-{}",
               "microvm", "isapc"],
    "aarch64": ["virt-2.12", "virt-6.1", "virt-{}"],
    "s390x": ["s390-ccw-virtio-6.1", "s390-ccw-virtio-7.1",
              "s390-ccw-virtio-{}"],
    "ppc64": ["pseries-6.1", "pseries-{}"],
    "riscv64": ["virt"],
}

# CPU models to ask with; of the x86 ones only max has x2APIC, from 9.0 on.
MODELS = {"x86_64": ["qemu64", "max"], "aarch64": ["max"]}
# Older releases take a GIC for 8 vCPUs unless told otherwise.
MORE_OPTIONS = {"aarch64": ["-machine", "gic-version=max"]}

# QEMU's words and vtopo's name for that refusal; the first match counts.
REASONS = [
    (r"expects (a number|integer)|too large for parameter", "smp-not-a-number"),
    (r"Expected '=' after parameter", "smp-syntax"),
    (r"Invalid parameter '|unexpected|used inconsistently", "smp-unknown-key"),
    (r"parameters must be greater than zero", "smp-zero"),
    (r"not supported by this machine's CPU topology", "smp-unsupported-level"),
    (r"must match maxcpus|sockets .* != maxcpus", "smp-product"),
    (r"maxcpus must be equal to or greater than smp", "smp-maxcpus-below-cpus"),
    (r"cpu topology: sockets .* < smp_cpus", "smp-less-than-cpus"),
    (r"The min CPUs supported by machine", "smp-too-few-cpus"),
    (r"The max CPUs supported by machine", "smp-too-many-cpus"),
    (r"X2APIC API support|Extended Interrupt Mode|APIC ID \d+ is invalid|"
     r"APIC ID \d+ requires x2APIC|APIC ID of last CPU is", "smp-x2apic"),
    (r"S390 does not support|SMBIOS 2\.0 doesn't support", "smp-machine-rule"),
    # These depend on more than -smp and the machine type: vtopo does not
    # claim to know them, so such a string says nothing about it.
    (r"threads?/core on a pseries machine|must be multiple of threads|"
     r"redist region number|FDT_ERR_NOSPACE", "beyond"),
]

# What a PC before 6.2 makes of dies=0, which vtopo calls smp-zero.
DIES_ZERO = ["killed by SIGFPE", "smp-too-few-cpus", "smp-less-than-cpus",
             "smp-product"]

# Known wrap-arounds, and what QEMU 5.2, 7.2 and 10.0 make of them, in the
# words of outcome().
WRAPS = {
    # Two levels multiply to 2^32, which is 0 in 32 bits, and a divisor.
    "8,sockets=65536,threads=65536": "killed by SIGFPE",
    "4,sockets=65536,cores=65536": "killed by SIGFPE",
    # A number is cut to its low 32 bits; 0 then passes as omitted.
    "4294967297": "1 of 1 vCPUs",
    "4294967296,cores=2": "2 of 2 vCPUs",
    "4,cores=4294967298,sockets=2": "4 of 4 vCPUs",
    "4,sockets=4294967297,cores=4,threads=1": "4 of 4 vCPUs",
    "4,maxcpus=4294967304,cores=8": "4 of 8 vCPUs",
    # A negative number becomes a large one.
    "-1": "smp-too-many-cpus",
}

ASK_TIMEOUT = 60        # seconds; 255 vCPUs take 3, the rest 0.05
ODD_NUMBERS = ["4k", "1.5", "abc", "", "0x", "08", "4 ", "++1", "- 1", "on"]
ODD_ELEMENTS = ["foo=1", "CPUS=2", "cores", "foo", "8", " cores=2", "cores =2",
                "=2", "", "1x=2", "_x=1", "cores.0=1", "nocores"]


class Qemu:
    """One QEMU program: its release, architecture and machine types."""

    def __init__(self, path, release=None):
        """Ask the program what it is.  Raises ValueError for a wrong one."""
        self.path = path
        answer = self.ask(["-machine", "none"], version="query-version",
                          target="query-target", machines="query-machines")
        if "machines" not in answer:
            raise ValueError(f"{path} does not answer: {answer['stderr']}")
        number = answer["version"]["qemu"]
        self.release = f"{number['major']}.{number['minor']}"
        self.arch = answer["target"]["arch"]
        self.max_cpus = {}
        for machine in answer["machines"]:
            for name in (machine["name"], machine.get("alias")):
                self.max_cpus[name] = machine["cpu-max"]
        if release not in (None, self.release) or self.arch not in MACHINES:
            raise ValueError(f"{path} is QEMU {self.release} for {self.arch}")

    def ask(self, arguments, **commands):
        """Start the program, give it the named QMP commands and wait for its
        end.  Returns the answers by name, as far as it came, "smp" (the
        property, from 6.1 on), "stderr" and "status" (None: killed)."""
        lines = [{"execute": "qmp_capabilities"},
                 *({"execute": command, "id": name}
                   for name, command in commands.items()),
                 {"execute": "qom-get", "id": "smp",
                  "arguments": {"path": "/machine", "property": "smp"}},
                 {"execute": "quit"}]
        argv = [self.path, "-nodefaults", "-no-user-config", "-display", "none",
                "-S", "-accel", "tcg", "-qmp", "stdio", *arguments]
        # A file, as QEMU quits without waiting for a full pipe to drain.
        with tempfile.TemporaryFile("w+") as output:
            try:
                run = subprocess.run(
                    argv, input="\n".join(map(json.dumps, lines)),
                    stdout=output, stderr=subprocess.PIPE, text=True,
                    errors="replace", timeout=ASK_TIMEOUT)
            except subprocess.TimeoutExpired:
                return {"stderr": "", "status": None}
            output.seek(0)
            replies = [json.loads(line) for line in output]
        return {"status": run.returncode,
                "stderr": "\n".join(line for line in run.stderr.splitlines()
                                    if "warning:" not in line),
                **{reply["id"]: reply["return"] for reply in replies
                   if "return" in reply and "id" in reply}}

    def ask_smp(self, machine, model, smp):
        """The raw answer to one -smp string."""
        return self.ask(
            ["-machine", machine, "-smp", smp,
             *(["-cpu", model] if model else []),
             *MORE_OPTIONS.get(self.arch, [])],
            slots="query-hotpluggable-cpus", cpus="query-cpus-fast")


def judge(answer):
    """What a raw answer means: {"error", "text"} for a refusal, otherwise
    {"shape" (before 6.1 only its counts of vCPUs) and "vcpus" (the ids of
    each, in the order of their indexes)}."""
    if "cpus" in answer:        # slots descend; none without hotplug
        slots = answer.get("slots", [])[::-1]
        present = sorted(answer["cpus"], key=lambda cpu: cpu["cpu-index"])
        shape = answer.get("smp") or ({"maxcpus": len(slots)} if slots else {})
        return {"shape": {**shape, "cpus": len(present)},
                "vcpus": [cpu["props"] for cpu in slots or present]}
    if answer["status"] is None:
        return {"error": "hangs", "text": f"{ASK_TIMEOUT} s"}
    code = "unlisted refusal" if answer["status"] >= 0 \
        else f"killed by {signal.Signals(-answer['status']).name}"
    return {"error": next((code for pattern, code in REASONS
                           if re.search(pattern, answer["stderr"])), code),
            "text": answer["stderr"].strip()}


def outcome(qemu):
    """A judged answer of QEMU in a few words, as WRAPS has it."""
    return qemu.get("error") \
        or "{cpus} of {maxcpus} vCPUs".format(**qemu["shape"])


def differences(qemu, vtopo):
    """Sentences that say where the two answers differ; none if they agree."""
    told = vtopo.get("error", {}).get("code")
    if "error" in qemu or told:
        if qemu.get("error") == told or \
                told == "smp-zero" and qemu.get("error") in DIES_ZERO:
            return []
        here = f"{qemu['error']} ({qemu['text']})" if "error" in qemu \
            else f"takes it: {json.dumps(qemu['shape'])}"
        there = f"{told} ({vtopo['error']['message']})" if told \
            else f"takes it: {json.dumps(vtopo['shape'])}"
        return [f"QEMU {here}; vtopo {there}"]

    shape, vcpus = vtopo["shape"], vtopo["vcpus"]
    found = [f"{key}: QEMU {count}, vtopo {shape.get(key)}"
             for key, count in qemu["shape"].items() if shape.get(key) != count]
    if shape["maxcpus"] != len(vcpus):
        found.append(f"vtopo lists {len(vcpus)} of {shape['maxcpus']} vCPUs")
    for index, (ids, vcpu) in enumerate(zip(qemu["vcpus"], vcpus)):
        # s390x and old Arm boards number through, pseries lists cores.
        if not {"core-id", "thread-id"} <= ids.keys():
            break
        found += [f"{key}-id of vCPU {index}: QEMU {ids[key + '-id']}, "
                  f"vtopo {vcpu.get(key)}"
                  for key in ("socket", "die", "core", "thread")
                  if ids.get(key + "-id", vcpu.get(key)) != vcpu.get(key)]
    return found[:4]


def spell(rng, number):
    """A number in one of the notations that QEMU takes."""
    notations = ["{}"] * 8 + ["0x{:x}", "0{:o}", "+{}", " {}"]
    return rng.choice(notations).format(number)


def spell_all(rng, numbers):
    """An -smp string from {key: number}, in any order."""
    keys = list(numbers)
    rng.shuffle(keys)
    if "cpus" in keys and rng.random() < 0.7:
        keys.remove("cpus")
        keys.insert(0, "")
    return ",".join(f"{key}={spell(rng, numbers[key])}" if key else
                    spell(rng, numbers["cpus"]) for key in keys)


def consistent(rng, most):
    """{key: number} that multiplies out, mostly with keys left out."""
    numbers = {key: rng.choice([1, 1, 2, 2, 3, 4])
               for key in ("sockets", "cores", "threads")}
    if rng.random() < 0.4:
        numbers[rng.choice(["dies", *LEVELS])] = rng.choice([1, 1, 2, 3])
    total = 1
    for key, number in numbers.items():
        numbers[key] = number if total * number <= most else 1
        total *= numbers[key]
    numbers["cpus"] = total
    if rng.random() < 0.4:
        numbers["maxcpus"] = total
        numbers["cpus"] = rng.randint(1, total)
    return {key: number for key, number in numbers.items()
            if rng.random() < 0.7}


def around_maximum(rng, max_cpus):
    """{key: number} with as many vCPUs as the machine, or its APIC ids, can
    just have or just not have.  Seldom are many present: that is slow."""
    limit = rng.choice([max_cpus, max_cpus, 255, 256])
    total = min(limit + rng.choice([-1, 0, 0, 1]), 4096)
    numbers = {"cpus": rng.randint(1, 4), "maxcpus": total}
    if total <= 289 and rng.random() < 0.1:
        numbers = {"cpus": total}
    if rng.random() < 0.6:
        numbers[rng.choice(["sockets", "cores", "threads"])] = rng.choice(
            [part for part in (1, 2, 3, 4, 5, 8, 9) if total % part == 0])
    return numbers


def make_string(rng, max_cpus):
    """One random -smp string for a machine with that maximum; about half of
    them are to be accepted."""
    numbers = consistent(rng, min(max_cpus, 32))
    some = rng.choice(list(numbers) or ["cpus"])
    kind = rng.choices(["good", "near", "plain", "maximum", "zero", "odd",
                        "twice"], [32, 18, 12, 11, 8, 12, 7])[0]
    if kind == "plain":
        return rng.choice(["", "{0}", "cpus={0}", "maxcpus={0}", "{0},",
                           "{0},maxcpus={1}"]) \
            .format(spell(rng, rng.randint(1, 12)), rng.randint(1, 16))
    if kind == "near":
        numbers[some] = max(1, numbers.get(some, 1) + rng.choice([-1, 1, 2]))
    elif kind == "maximum":
        numbers = around_maximum(rng, max_cpus)
    elif kind == "zero":
        numbers[rng.choice([some, *LEVELS, "cpus", "maxcpus"])] = 0
    text = spell_all(rng, numbers)
    if kind == "odd":
        odd = rng.choice(ODD_ELEMENTS + [f"{some}={n}" for n in ODD_NUMBERS])
        text = rng.choice([f"{text},{odd}", f"{odd},{text}"])
    elif kind == "twice":
        text = f"{some}={rng.choice(['1', '2', '3', 'x'])},{text}"
    return text


def predict(vtopo, questions):
    """vtopo's answers to (qemu, machine, model, smp), asked in one go."""
    requests = [{"smp": smp, "machine": machine, "arch": qemu.arch,
                 "qemu": qemu.release,
                 "cpu": {"accel": "tcg", "model": model}
                        if qemu.arch == "x86_64" else {}}
                for qemu, machine, model, smp in questions]
    run = subprocess.run([vtopo, "predict", "--requests", "-"],
                         input="\n".join(map(json.dumps, requests)) + "\n",
                         capture_output=True, text=True, timeout=ASK_TIMEOUT)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    if len(answers) != len(questions):
        sys.exit(f"{vtopo} answered {len(answers)} of {len(questions)} "
                 f"requests, exit {run.returncode}: {run.stderr.strip()}")
    return answers


def find_qemus(given):
    """The QEMUs of RELEASE=PATH arguments, else those installed."""
    if given:
        return [Qemu(path, release) for release, _, path in
                (item.partition("=") for item in given)]
    paths = [shutil.which(f"qemu-system-{arch}") for arch in MACHINES]
    return [Qemu(path) for path in paths if path]


def check_wraps(answers, _):
    """Sentences on the members of WRAPS that are no longer so, or accepted."""
    for (*_, smp), real, ours in answers:
        told = ours.get("error", {}).get("code", "takes it")
        if outcome(real) != WRAPS[smp] or told != "smp-out-of-range":
            yield f"-smp '{smp}': QEMU {outcome(real)}, vtopo {told}"


def check_strings(answers, count):
    """Sentences on strings that are answered differently; adds to @count."""
    for (qemu, machine, model, smp), real, ours in answers:
        if real.get("error") == "beyond":
            count["left_out"] += 1
            continue
        found = differences(real, ours)
        count["compared"] += 1
        count["refusals" if "error" in real else "shapes"] += 1
        count["differ"] += bool(found)
        if found:
            yield (f"-smp '{smp}' on {machine} of QEMU {qemu.release}"
                   f" with {model or 'its CPU'}: " + "; ".join(found))


def make_groups(qemus, count, seed):
    """What is asked: (title, check, questions), a TAP line each, with at
    least @count random strings in all."""
    rng = random.Random(seed)
    machines = [(qemu, name) for qemu in qemus for name in
                (name.format(qemu.release) for name in MACHINES[qemu.arch])
                if name in qemu.max_cpus]
    share = -(-count // len(machines))
    groups = [(f"QEMU {qemu.release} {qemu.arch} {name}", check_strings,
               [(qemu, name, rng.choice(MODELS.get(qemu.arch, [None])),
                 make_string(rng, qemu.max_cpus[name]))
                for _ in range(share)]) for qemu, name in machines]
    groups += [(f"QEMU {qemu.release} wrap-arounds", check_wraps,
                [(qemu, "q35", "qemu64", smp) for smp in WRAPS])
               for qemu in qemus if qemu.arch == "x86_64"]
    return groups


def run_groups(groups, vtopo, jobs):
    """Ask everybody and print TAP as answers come.  Returns the counts."""
    count = dict.fromkeys(("compared", "differ", "shapes", "refusals",
                           "left_out", "not_ok"), 0)
    questions = [question for *_, group in groups for question in group]
    told = predict(vtopo, questions)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        asked = pool.map(lambda one: judge(one[0].ask_smp(*one[1:])), questions)
        answers = zip(questions, asked, told)
        print(f"1..{len(groups)}")
        for number, (title, check, group) in enumerate(groups, 1):
            lines = list(check(itertools.islice(answers, len(group)), count))
            for line in lines:
                print("# " + line.replace("\n", " | "))
            print(f"{'not ok' if lines else 'ok'} {number} - {title}, "
                  f"{len(group)} strings", flush=True)
            count["not_ok"] += bool(lines)
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--vtopo", default=Path(__file__).resolve().parents[2] / "build/vtopo")
    parser.add_argument("--count", type=int, default=300,
                        help="random strings over all machine types")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--qemu", action="append", metavar="RELEASE=PATH",
                        help="instead of those installed; repeatable")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()

    try:
        qemus = find_qemus(options.qemu)
    except (ValueError, OSError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
    if not qemus:
        print("1..0 # SKIP no QEMU is installed")
        # To Meson, a TAP test that ends with anything but 0 is an error.
        return 0 if "MESON_TEST_ITERATION" in os.environ else 77
    count = run_groups(make_groups(qemus, options.count, options.seed),
                       options.vtopo, options.jobs)
    print("# seed {}; {left_out} left out, refused for more than -smp\n"
          "# {compared} compared, {differ} differ ({shapes} shapes, {refusals} "
          "refusals)".format(options.seed, **count))
    return 1 if count["not_ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
