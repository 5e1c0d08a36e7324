#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hold what `vtopo verify` says of each vCPU against what its guest was told.

    states.py [--build DIR] [--qemu PATH] [--cases PATTERN] [--short] [--jobs N]
              [--boots N] [--matrix FILE] [--keep DIR]

Starts real VMs under TCG: the stand-in guest and Linux, by each firmware, on
each machine, 32-bit, PAE and 64-bit, idle by HLT, MWAIT and in a loop.  Every
vCPU has a label that follows from how the guest was started (states_table.py),
which is never shown to vtopo; the guest's own words serve only to see that it
has done as it was told.  Each VM is judged as it runs and once more by its
record; while it boots it is judged as well, when nobody can know yet and
nothing wrong may be said.

One rule: what is said is the label, or "unknown"; unknowns are counted.

--short is what CI runs.  --boots N starts N guests in a row, of all kinds by
turns, and stops for nothing.  --matrix writes the confusion matrix as
Markdown, between two marks where FILE has them.  --keep keeps the records of
those that were wrong or unknown.

Output is TAP, one test for each VM; the exit status is 0 when nothing wrong
was said, 1 when something was, 77 when there is no QEMU.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import fnmatch
import functools
import itertools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import states_table
from record import Qmp
from states_table import LABELS, Case

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OVMF = pathlib.Path("/usr/share/OVMF")

BOOT_SECONDS = 240      # a guest must be there by then
VERIFY_SECONDS = 300
SHOWN = 400             # characters of what went wrong
# How long a guest that boots is looked at, again and again, by turns: a little
# at a time, or from its first moment until it can be judged.
EARLY_WAITS = (1,), (1, 2, 1, 3), (60,)
SAID = "used", "parked", "never-started", "unknown"
MARKS = "<!-- matrix: made by states.py -->\n", "<!-- end of the matrix -->\n"

# What Linux starts as its first process.  It does what the words say that the
# kernel did not know and therefore put into the environment.
INIT = """#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
cpus=/sys/devices/system/cpu
list() { echo "$1" | $b tr , ' '; }
for n in $(list "$states_busy"); do
    $b taskset $($b printf %x $((1 << n))) $b sh -c 'while :; do :; done' &
done
for n in $(list "$states_offline"); do
    echo 0 >$cpus/cpu$n/online
done
echo "states: ready $($b cat $cpus/online)"
for n in $(list "$states_online"); do
    until [ "$($b cat $cpus/cpu$n/online 2>/dev/null)" = 1 ]; do
        echo 1 2>/dev/null >$cpus/cpu$n/online
        $b sleep 0.2
    done
done
[ -z "$states_online" ] || echo "states: online $($b cat $cpus/online)"
n=0
while [ -n "$states_count" ]; do
    n=$((n + 1))
    [ $((n % states_count)) -ne 0 ] || echo "states: counted $n"
done
while :; do $b sleep 1000; done
"""


class Skip(Exception):
    """Something that a case needs is not here."""


class Trouble(Exception):
    """A VM did not do as it was told."""


# -------------------------------------------------------------- what it needs

def newc(name, mode, content=b""):
    """A file of a cpio archive as Linux reads it."""
    name = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + name
    return (head + bytes(-len(head) % 4)
            + content + bytes(-len(content) % 4))


def write_initrd(path, busybox):
    """A first process, and the program that runs it."""
    parts = [newc(name, 0o040755) for name in ("bin", "dev", "proc", "sys")]
    parts.append(newc("bin/busybox", 0o100755, busybox.read_bytes()))
    parts.append(newc("init", 0o100755, INIT.encode()))
    parts.append(newc("TRAILER!!!", 0))
    path.write_bytes(b"".join(parts))


def write_esp(path, program):
    """A FAT disk that an EFI starts `program` from."""
    with open(path, "wb") as disk:
        disk.truncate(4 << 20)
    mkfs = shutil.which("mkfs.vfat", path=os.environ["PATH"] + ":/usr/sbin")
    if mkfs is None or shutil.which("mcopy") is None:
        raise Skip("mkfs.vfat or mcopy is missing")
    for command in ([mkfs, path], ["mmd", "-i", path, "::EFI", "::EFI/BOOT"],
                    ["mcopy", "-i", path, program, "::EFI/BOOT/BOOTX64.EFI"]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class Bench:
    """What all VMs share: programs, kernels, disks; each made when needed."""

    def __init__(self, args, work):
        self.args = args
        self.work = work
        self.vtopo = pathlib.Path(args.build).resolve() / "vtopo"
        self.probe = pathlib.Path(args.build).resolve() / "probe"
        self.lock = threading.Lock()
        self.made = {}

    def qemu(self, bits):
        """The program for x86_64 or i386, the latter beside the former."""
        path = pathlib.Path(self.args.qemu)
        if bits == "i386":
            path = path.with_name(path.name.replace("x86_64", "i386"))
        found = shutil.which(path)
        if found is None:
            raise Skip(f"{path} is missing")
        return found

    def once(self, key, make):
        """What make() returns, which runs once."""
        with self.lock:
            if key not in self.made:
                try:
                    self.made[key] = make()
                except Skip as reason:
                    self.made[key] = reason
            if isinstance(self.made[key], Skip):
                raise self.made[key]
            return self.made[key]

    def linux(self, flavour):
        """A kernel and its initramfs."""
        return self.once(flavour, lambda: self.make_linux(flavour))

    def make_linux(self, flavour):
        """Bring a kernel, and make an initramfs for it."""
        got = subprocess.run([ROOT / "scripts/get-linux", *flavour.split()],
                             stdout=subprocess.PIPE, text=True, check=False)
        if got.returncode != 0:
            raise Skip(f"no kernel {flavour}")
        kernel = pathlib.Path(got.stdout.strip())
        initrd = self.work / f"initrd-{flavour.replace(' ', '-')}"
        write_initrd(initrd, kernel.with_name("busybox"))
        return kernel, initrd

    def esp(self):
        """A disk with the stand-in guest for EFI."""
        path = self.work / "esp"

        def make():
            write_esp(path, self.probe / "BOOTX64.EFI")
            return path

        return self.once("esp", make)


def firmware_options(case, folder):
    """Of QEMU, for a firmware that is not its own."""
    if case.firmware == "seabios":
        return []
    smm = case.firmware == "ovmf-smm"
    code = OVMF / ("OVMF_CODE_4M.secboot.fd" if smm else "OVMF_CODE_4M.fd")
    if not code.exists():
        raise Skip(f"{code} is missing")
    shutil.copy(OVMF / "OVMF_VARS_4M.fd", folder / "vars")
    options = ["-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}",
               "-drive", f"if=pflash,format=raw,unit=1,file={folder}/vars"]
    if smm:
        options += ["-global", "driver=cfi.pflash01,property=secure,value=on"]
    return options


def guest_options(bench, case):
    """Of QEMU, to start the guest."""
    if case.guest != "probe":
        kernel, initrd = bench.linux(case.guest)
        return ["-kernel", kernel, "-initrd", initrd,
                "-append", f"console=ttyS0 quiet {case.words}"]
    if case.firmware == "seabios":
        return ["-kernel", bench.probe / "vtopo-probe.elf", "-append", case.words]
    return ["-drive", f"file={bench.esp()},format=raw,if=none,id=d,readonly=on",
            "-device", "virtio-blk-pci,drive=d",
            "-fw_cfg", f"name=opt/org.vtopo.probe,string={case.words}"]


# ------------------------------------------------------------------- one VM

running = set()


class Machine:
    """A VM that runs, in a folder of its own."""

    def __init__(self, bench, case, folder):
        self.case = case
        self.folder = folder
        self.says = folder / "says"
        total = len(case.labels)
        smp = f"{case.present},maxcpus={total}"
        smm = case.firmware == "ovmf-smm"
        command = [bench.qemu(case.bits), "-nodefaults", "-no-user-config",
                   "-display", "none", "-m", "256" if total <= 16 else "512",
                   "-accel", "tcg,thread=single" if smm else "tcg",
                   "-machine", case.machine + (",smm=on" if smm else ""),
                   "-cpu", case.cpu, "-smp", smp,
                   "-qmp", f"unix:{folder}/judge,server=on,wait=off",
                   "-qmp", f"unix:{folder}/act,server=on,wait=off",
                   *(["-debugcon", f"file:{self.says}"] if case.guest == "probe"
                     else ["-serial", f"file:{self.says}"]),
                   *firmware_options(case, folder), *guest_options(bench, case)]
        with open(folder / "errors", "wb") as errors:
            self.process = subprocess.Popen(   # pylint: disable=consider-using-with
                command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        running.add(self.process)
        self.until = time.monotonic() + BOOT_SECONDS

    def end(self):
        """Stop it, whatever it does."""
        self.process.kill()
        self.process.wait()
        running.discard(self.process)

    def said(self):
        """What the guest has said so far."""
        try:
            return self.says.read_text(errors="replace")
        except OSError:
            return ""

    def look(self):
        """See that it still runs, in time."""
        if self.process.poll() is not None:
            errors = (self.folder / "errors").read_text(errors="replace")
            raise Trouble(f"QEMU ended: {errors[-SHOWN:]}")
        if time.monotonic() > self.until or "Kernel panic" in self.said():
            raise Trouble(f"it did not start: {self.said()[-SHOWN:]}")

    def is_ready(self):
        """Whether the guest has done what it was told at its start."""
        said = self.said()
        if self.case.guest != "probe":
            return "states: ready" in said
        offline = self.case.labels.count("taken offline")
        return '"present":' in said and (offline == 0
                                         or f'"offline":{offline}' in said)

    def check(self):
        """See that it was done as told: labels would be wrong otherwise."""
        used = sum(LABELS[label] == "used" and label != "brought online"
                   for label in self.case.labels)
        said = self.said()
        if self.case.guest == "probe":
            last = json.loads([line for line in said.splitlines()
                               if '"present":' in line][-1])
            ours = used + self.case.labels.count("taken offline")
            good = last["used"] == ours and last["parked"] == (
                self.case.labels.count("parked at the start"))
        else:
            words = said.partition("states: ready")[2].split()
            good = len(expand(words[0])) == used
        if not good:
            raise Trouble(f"the guest did something else: {said[-SHOWN:]}")

    def wait_for_socket(self):
        """Until QEMU listens."""
        while not (self.folder / "act").exists():
            self.look()
            time.sleep(0.05)

    def hot_add(self):
        """Add vCPUs, in the order of their places."""
        if self.case.added == 0:
            return
        qmp = Qmp(str(self.folder / "act"))
        places = [place for place in reversed(qmp.ask("query-hotpluggable-cpus"))
                  if "qom-path" not in place]
        for place in places[:self.case.added]:
            if qmp.ask("device_add", driver=place["type"],
                       **place["props"]) is None:
                raise Trouble(f"QEMU adds no vCPU at {place['props']}")
        if "brought online" not in self.case.labels:
            # The system takes note of it, and that is all it does.
            time.sleep(1)
            return
        while "states: online" not in self.said():
            self.look()
            time.sleep(0.1)


def expand(text):
    """"0,2-3" as a list of numbers."""
    numbers = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


# ------------------------------------------------------------------- judging

@dataclasses.dataclass
class Result:
    """What was said of one VM."""

    # pylint: disable=too-many-instance-attributes

    case: Case
    live: list = None           # a state for each vCPU
    recorded: list = None
    outcomes: tuple = ()
    early: collections.Counter = dataclasses.field(
        default_factory=collections.Counter)
    wrong: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)
    skipped: str = None
    trouble: str = None
    seconds: float = 0


def ask(bench, *options):
    """What vtopo verify answers."""
    got = subprocess.run([bench.vtopo, "verify", "--json", *options], text=True,
                         stdin=subprocess.DEVNULL, capture_output=True,
                         timeout=VERIFY_SECONDS, check=False)
    try:
        return json.loads(got.stdout)
    except ValueError:
        raise Trouble(f"vtopo verify ({got.returncode}): {got.stderr[-SHOWN:]}") \
            from None


def judge_early(bench, machine, result, wait):
    """Judge a guest that may still be starting.

    Nothing firm may be said that its labels do not say as well; what is taken
    offline later was used before.
    """
    labels_now = machine.case.labels[:machine.case.present]
    record = machine.folder / "early"
    answer = ask(bench, "--qmp", machine.folder / "judge", "--wait", str(wait),
                 "--record", record)
    result.early[answer["verdict"]] += 1
    if answer["verdict"] == "unknown":
        return
    for vcpu, label in zip(answer["vcpus"], labels_now):
        if (vcpu["state"] not in ("unknown", LABELS[label])
                and (vcpu["state"], label) != ("used", "taken offline")):
            result.wrong.append(f"early, vCPU {vcpu['id']}: {label}, said "
                                f"{vcpu['state']} ({answer['reason']})")
            keep(bench, result, record, "early")


def boot(bench, machine, result, waits):
    """Wait until the guest is ready, judging it for so long again and again."""
    machine.wait_for_socket()
    waits = itertools.cycle(waits)
    while not machine.is_ready():
        machine.look()
        wait = next(waits)
        if wait > 0:
            judge_early(bench, machine, result, wait)
        else:
            time.sleep(0.1)
    machine.check()
    machine.hot_add()


def note(result, vcpu, label):
    """One that is unknown or wrong, with what was seen of it."""
    signals = {name: signal["value"] for name, signal in vcpu["signals"].items()
               if signal is not None}
    text = (f"vCPU {vcpu['id']}: {label}, said {vcpu['state']} "
            f"({vcpu['reason']}) {json.dumps(signals)}")
    (result.notes if vcpu["state"] == "unknown" else result.wrong).append(text)


def hold(result, answer):
    """Hold an answer against the labels; the states."""
    wanted = result.case.labels
    if [vcpu["id"] for vcpu in answer["vcpus"]] != list(range(len(wanted))):
        raise Trouble(f"vtopo saw vCPUs {[v['id'] for v in answer['vcpus']]}")
    for vcpu, label in zip(answer["vcpus"], wanted):
        if vcpu["state"] != LABELS[label]:
            note(result, vcpu, label)
    good = ("all-used" if all(LABELS[label] == "used" for label in wanted)
            else "wasted")
    if answer["verdict"] not in (good, "unknown"):
        result.wrong.append(f"verdict {answer['verdict']}: {answer['reason']}")
    elif answer["verdict"] == "unknown":
        result.notes.append(f"verdict unknown: {answer['reason']}")
    return [vcpu["state"] for vcpu in answer["vcpus"]]


def keep(bench, result, record, kind):
    """Keep the record of a VM that was judged wrong or not at all."""
    if bench.args.keep and (result.wrong or result.notes):
        os.makedirs(bench.args.keep, exist_ok=True)
        name = "".join(c if c.isalnum() else "-" for c in result.case.name)
        shutil.copy(record, pathlib.Path(bench.args.keep, f"{name}.{kind}.json"))


def run_machine(bench, folder, result, waits):
    """Start a VM, judge it live, and by its record."""
    machine = Machine(bench, result.case, folder)
    try:
        boot(bench, machine, result, waits)
        live = ask(bench, "--qmp", folder / "judge", "--settle", "1",
                   "--wait", str(result.case.wait),
                   "--record", folder / "record")
        result.live = hold(result, live)
        again = ask(bench, "--recorded", folder / "record")
        result.recorded = hold(result, again)
        result.outcomes = live["verdict"], again["verdict"]
        keep(bench, result, folder / "record", "live")
    finally:
        machine.end()


def run_case(bench, case, waits):
    """The result of a case; a VM that does not come up has a second chance."""
    result = try_case(bench, case, waits)
    if result.live is None and result.trouble and not result.wrong:
        first = result.trouble
        result = try_case(bench, case, waits)
        result.notes.append(f"the second try, after {first}")
    if result.trouble:
        result.wrong.append(result.trouble)
    return result


def try_case(bench, case, waits):
    """The result of one VM."""
    result = Result(case)
    start = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(dir=bench.work) as folder:
            run_machine(bench, pathlib.Path(folder), result, waits)
    except Skip as reason:
        result.skipped = str(reason)
    except (Trouble, OSError, ValueError, LookupError, SystemExit,
            subprocess.SubprocessError) as error:
        result.trouble = f"{type(error).__name__}: {error}"
    result.seconds = time.monotonic() - start
    return result


# ----------------------------------------------------------------- reporting

def report(number, result):
    """One line of TAP, and what is behind it."""
    case = result.case
    if result.skipped:
        print(f"ok {number} - {case.name} # SKIP {result.skipped}", flush=True)
        return
    unknown = (result.live or []).count("unknown")
    early = " ".join(f"{count} x {word}" for word, count in result.early.items())
    print(f"{'not ok' if result.wrong else 'ok'} {number} - {case.name}: "
          f"{len(case.labels)} vCPUs, {unknown} unknown, "
          f"{' '.join(result.outcomes)}, early: {early or 'not asked'}, "
          f"{result.seconds:.0f} s")
    for line in result.wrong + result.notes:
        print(f"#   {line}")
    sys.stdout.flush()


def table(head, rows):
    """A table in Markdown; all but the first column are numbers."""
    lines = ["| " + " | ".join(head) + " |",
             "|---|" + "---:|" * (len(head) - 1)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def matrix_of(results, said):
    """{(label, state): count} of one way to judge."""
    counts = collections.Counter()
    for result in results:
        counts.update(zip(result.case.labels, getattr(result, said) or []))
    return counts


def write_tables(results, version):
    """The confusion matrix, and where its states come from."""
    parts = [f"{version}\n"]
    for said in ("live", "recorded"):
        counts = matrix_of(results, said)
        rows = [(label, *(counts[label, state] for state in SAID))
                for label in LABELS]
        wrong = sum(count for (label, state), count in counts.items()
                    if state not in (LABELS[label], "unknown"))
        unknown = sum(count for (_, state), count in counts.items()
                      if state == "unknown")
        parts.append(f"Judged {'live' if said == 'live' else 'by the record'}: "
                     f"{counts.total()} states of {len(results)} VMs, "
                     f"{wrong} wrong, {unknown} unknown.\n")
        parts.append(table(("told, and \\ said", *SAID), rows))
    rows = []
    for field in ("firmware", "machine", "mode", "idle", "guest"):
        groups = collections.defaultdict(collections.Counter)
        for result in results:
            group = groups[getattr(result.case, field)]
            group["VMs"] += 1
            group["states"] += len(result.live or [])
            group["unknown"] += (result.live or []).count("unknown")
        rows += [(f"{field} {name}", group["VMs"], group["states"],
                  group["unknown"]) for name, group in sorted(groups.items())]
    parts.append(table(("where", "VMs", "states", "unknown"), rows))
    return "\n".join(parts)


def write_matrix(path, text):
    """Into a file, between the marks where it has them."""
    path = pathlib.Path(path)
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    before, mark, rest = old.partition(MARKS[0])
    after = rest.partition(MARKS[1])[2] if mark else ""
    path.write_text(before + MARKS[0] + text + MARKS[1] + after, encoding="utf-8")


def sum_up(results, args, version):
    """Totals; the exit status."""
    done = [result for result in results if result.live]
    text = write_tables(done, version)
    for line in text.splitlines():
        print(f"# {line}".rstrip())
    early = sum((result.early for result in results), collections.Counter())
    outcomes = collections.Counter(result.outcomes[0] for result in done)
    print(f"# verdicts: {dict(outcomes)}; while they booted: {dict(early)}")
    bad = sum(bool(result.wrong) for result in results)
    skipped = sum(result.skipped is not None for result in results)
    print(f"# {len(results)} VMs, {bad} judged wrong or not started, "
          f"{skipped} skipped, {sum(r.seconds for r in results):.0f} s of VMs")
    if args.matrix:
        write_matrix(args.matrix, text + "\n"
                     f"While they booted {early.total()} verdicts were asked "
                     f"for: {early['unknown']} unknown, "
                     f"{early['all-used']} all used, {early['wasted']} wasted "
                     "(and all of these right).\n" if bad == 0 else text)
    return 1 if bad else 0


def choose(args):
    """The cases to run."""
    if args.boots:
        cases = states_table.boot_cases(args.boots)
    else:
        cases = states_table.short_cases() if args.short else states_table.all_cases()
    if args.cases:
        cases = [case for case in cases
                 if fnmatch.fnmatch(case.name, args.cases)]
    return cases


def run(args):
    """Run the cases, some at a time; the exit status."""
    cases = choose(args)
    if args.list:
        print("\n".join(case.name for case in cases))
        return 0
    with tempfile.TemporaryDirectory(prefix="states.") as work:
        bench = Bench(args, pathlib.Path(work))
        version = subprocess.run([bench.qemu("x86_64"), "--version"], text=True,
                                 stdout=subprocess.PIPE, check=True,
                                 ).stdout.splitlines()[0]
        print(f"1..{len(cases)}", flush=True)
        waits = itertools.cycle([(0,)] if args.quiet_boot
                                else EARLY_WAITS[1:] if args.boots else EARLY_WAITS[:1])
        results = []
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            jobs = pool.map(functools.partial(run_case, bench), cases, waits)
            for number, result in enumerate(jobs, 1):
                report(number, result)
                results.append(result)
        return sum_up(results, args, version)


def end_all(number, _frame):
    """Leave no QEMU behind."""
    for process in list(running):
        process.kill()
    os.write(1, b"Bail out! ended by signal %d\n" % number)
    os._exit(128 + number)  # pylint: disable=protected-access


def main():
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", default=str(ROOT / "build"))
    parser.add_argument("--qemu", default="qemu-system-x86_64", metavar="PATH")
    parser.add_argument("--cases", metavar="PATTERN", help="by name, as a shell does")
    parser.add_argument("--short", action="store_true", help="a few of each kind")
    parser.add_argument("--boots", type=int, default=0, metavar="N")
    parser.add_argument("--matrix", metavar="FILE")
    parser.add_argument("--keep", metavar="DIR", help="for records of what is not known")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quiet-boot", action="store_true",
                        help="do not judge guests that boot")
    parser.add_argument("--list", action="store_true", help="the names, and no more")
    args = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end_all)
    try:
        return run(args)
    except Skip as reason:
        print(f"1..0 # SKIP {reason}")
        return 77


if __name__ == "__main__":
    sys.exit(main())
