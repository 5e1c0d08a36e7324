# SPDX-License-Identifier: LGPL-2.1-or-later
"""The VMs of states.py, and the label of every vCPU in them.

A label follows from how a guest is started and from what it is told, and from
nothing else.
"""

import dataclasses
import itertools

# Every label, and the state it stands for.
LABELS = {
    "used": "used",
    "busy": "used",
    "brought online": "used",
    "parked at the start": "parked",
    "taken offline": "parked",
    "never started": "never-started",
    "hot-added": "never-started",
}


@dataclasses.dataclass(frozen=True)
class Case:
    """One VM: how it is started, and what that makes of its vCPUs."""

    # pylint: disable=too-many-instance-attributes

    guest: str                  # "probe", or a flavour of get-linux
    labels: tuple               # of each vCPU, once all is done
    words: str = ""             # what the guest is told
    mode: str = "64"            # 32, pae, 64
    idle: str = "hlt"           # for the tables: hlt, mwait, poll
    firmware: str = "seabios"   # seabios, ovmf, ovmf-smm
    machine: str = "q35"
    cpu: str = "qemu64"
    bits: str = "x86_64"        # of QEMU
    wait: int = 60              # seconds to judge it in

    @property
    def name(self):
        """All that makes it what it is."""
        return " ".join(filter(None, (
            self.guest, self.firmware, self.machine, self.bits, self.cpu,
            f"smp={self.present}+{self.added}", self.words)))

    @property
    def added(self):
        """How many vCPUs are hot-added."""
        return sum(label in ("hot-added", "brought online")
                   for label in self.labels)

    @property
    def present(self):
        """How many vCPUs it starts with."""
        return len(self.labels) - self.added


# ----------------------------------------------------------------- the table

def labels(**counts):
    """used=2, never_started=1: labels in that order."""
    names = {label.replace(" ", "_").replace("-", "_"): label for label in LABELS}
    return tuple(names[key] for key, count in counts.items() for _ in range(count))


def cpu_for(idle):
    """A CPU model that can idle like that; MWAIT is never there by itself."""
    return "qemu64,+monitor" if idle == "mwait" else "qemu64,-monitor"


def patience(idle, machine):
    """A guest that never halts counts as started up only after 30 s, so that
    most of these are judged sooner: their states are known, the verdict not.
    """
    return 60 if idle == "hlt" or machine == "q35" else 6


def probe_cases():
    """The stand-in guest: firmware x machine x paging x idle x fates."""
    mixed = {
        "licence=logical:4 left=never offline=1":
            ("used", "taken offline", "used", "used", "never started",
             "never started", "hot-added"),
        "licence=logical:4 left=parked offline=3":
            ("used", "used", "used", "taken offline", "parked at the start",
             "parked at the start", "hot-added"),
    }
    ways = [("seabios", machine) for machine in ("pc", "q35")]
    ways += [("ovmf", machine) for machine in ("pc", "q35")]
    ways += [("ovmf-smm", "q35")]
    for (firmware, machine), mode, idle, (words, fates) in itertools.product(
            ways, ("32", "pae", "64"), ("hlt", "mwait", "poll"), mixed.items()):
        if firmware == "ovmf-smm" and idle == "poll":
            continue            # one host thread for all: nobody gets on
        yield Case("probe", fates, f"mode={mode} idle={idle} {words}",
                   mode, idle, firmware, machine, cpu_for(idle),
                   wait=patience(idle, machine if "never" in words else "pc"))
    for mode, idle in itertools.product(("32", "pae"), ("hlt", "mwait", "poll")):
        words = "licence=logical:2 left=never offline=1"
        yield Case("probe", ("used", "taken offline", "never started",
                             "never started", "hot-added"),
                   f"mode={mode} idle={idle} {words}", mode, idle, "seabios",
                   "pc", "qemu32" + (",+monitor" if idle == "mwait" else ""),
                   "i386", patience(idle, "pc"))


def probe_sizes():
    """The stand-in guest with few vCPUs and with many."""
    for count, mode in itertools.product((1, 2, 3, 16), ("32", "64")):
        yield Case("probe", labels(used=count), f"mode={mode}", mode)
    for mode in ("pae", "64"):
        yield Case("probe", labels(used=32, never_started=32),
                   f"mode={mode} licence=logical:32", mode)
        yield Case("probe", labels(used=2, parked_at_the_start=14),
                   f"mode={mode} licence=logical:2 left=parked", mode,
                   machine="pc")
    for words in ("onecpu", "hal=up", "numproc=1"):
        yield Case("probe", labels(used=1, never_started=3), words)


NEW = "amd64 bookworm-backports"
FLAVOURS = {"amd64": "64", NEW: "64", "686": "32", "686-pae": "pae"}

LINUX = (
    # words, labels, how it idles.  "monitor": by HLT, because QEMU's leaf 5 of
    # CPUID offers no C1; but firmware and CPUs taken offline may use MWAIT.
    ("", labels(used=4), "hlt"),
    ("", labels(used=4), "monitor"),
    ("maxcpus=2", labels(used=2, never_started=2), "hlt"),
    ("maxcpus=2", labels(used=2, never_started=2), "monitor"),
    ("nr_cpus=1", labels(used=1, never_started=3), "hlt"),
    ("nosmp", labels(used=1, never_started=3), "hlt"),
    ("idle=poll", labels(used=3), "poll"),
    ("idle=nomwait", labels(used=3), "hlt"),
    ("idle=halt", labels(used=3), "hlt"),
    ("states_offline=1,3", ("used", "taken offline", "used", "taken offline"),
     "hlt"),
    ("states_offline=1,3", ("used", "taken offline", "used", "taken offline"),
     "monitor"),
    ("states_offline=2 idle=poll", ("used", "used", "taken offline"), "poll"),
    ("", labels(used=2, hot_added=3), "hlt"),
    ("maxcpus=2 states_offline=1", ("used", "taken offline", "never started",
                                    "hot-added"), "hlt"),
    ("states_online=2", labels(used=2, brought_online=1, hot_added=1), "hlt"),
    ("states_busy=1,2", ("used", "busy", "busy", "used"), "hlt"),
    ("states_busy=0,1", labels(busy=2), "hlt"),
)


def linux_case(flavour, row, firmware, machine):
    """A row of LINUX with a kernel, on a machine."""
    words, fates, idle = row
    cpu = "core2duo,+monitor" if idle == "monitor" else "qemu64,-monitor"
    if flavour == NEW:
        cpu += ",-cx16"         # TCG of QEMU 7.2 spoils the flags, and it panics
    idle = "poll" if idle == "poll" else "hlt"
    return Case(flavour, fates, words, FLAVOURS[flavour], idle, firmware, machine,
                cpu, wait=patience(idle, machine))


def linux_cases():
    """Linux: kernels x firmware x machines x what it is told."""
    for flavour, (number, row) in itertools.product(FLAVOURS, enumerate(LINUX)):
        if flavour == NEW and "online=" in row[0]:
            continue            # hot-adds only where it knows the hypervisor
        machine = ("pc", "q35")[number % 2]
        yield linux_case(flavour, row, "seabios", machine)
        if flavour in ("amd64", "686"):
            yield linux_case(flavour, row, "seabios",
                             "q35" if machine == "pc" else "pc")
        else:
            number += 1
        if flavour in ("amd64", NEW):
            yield linux_case(flavour, row, "ovmf", ("q35", "pc")[number % 2])
    # In SMM processors wait for each other; with a thread for each of them a
    # busy host makes that a minute.
    for number in (0, 2, 3, 4, 9, 12):
        yield linux_case("amd64", LINUX[number], "ovmf-smm", "q35")


def linux_sizes():
    """Linux on 1, 2, 3, 16 and 64 vCPUs."""
    for count in (1, 2, 3, 16):
        for flavour, mode in FLAVOURS.items():
            cpu = "qemu64,-cx16" if flavour == NEW else "qemu64"
            yield Case(flavour, labels(used=count), "", mode, cpu=cpu)
    yield Case("686-pae", labels(used=4, never_started=12), "maxcpus=4", "pae")
    for words, fates in (("", labels(used=64)),
                         ("maxcpus=8", labels(used=8, never_started=56)),
                         ("nosmp", labels(used=1, never_started=63))):
        yield Case("amd64", fates, words)


def all_cases():
    """The whole set."""
    return [*probe_cases(), *probe_sizes(), *linux_cases(), *linux_sizes()]


def short_cases():
    """What CI has the time for: each thing once."""
    chosen = [case for number, case in enumerate(probe_cases())
              if number in (0, 9, 40, 60, 81, 86)]
    chosen += [linux_case("amd64", LINUX[number], "seabios", "q35")
               for number in (2, 9, 12)]
    chosen.append(linux_case("686", LINUX[9], "seabios", "pc"))
    chosen.append(linux_case("amd64", LINUX[3], "ovmf", "q35"))
    return chosen


def boot_cases(count):
    """Guests by turns, most of them whole and none of them slow."""
    turns = [linux_case("amd64", LINUX[number], "seabios", machine)
             for number, machine in ((0, "q35"), (2, "pc"), (1, "pc"),
                                     (9, "q35"), (4, "q35"))]
    turns += [linux_case(NEW, LINUX[number], "seabios", "q35")
              for number in (0, 2)]
    turns += [linux_case("amd64", LINUX[0], "ovmf", "q35"),
              linux_case("686", LINUX[0], "seabios", "pc"),
              linux_case("686-pae", LINUX[2], "seabios", "q35")]
    probe = list(probe_cases())
    turns += [probe[0], probe[15], probe[22], probe[40],
              Case("probe", labels(used=4), "mode=64")]
    return list(itertools.islice(itertools.cycle(turns), count))
