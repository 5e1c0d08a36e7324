#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keep what a QEMU shows of its vCPUs, as `vtopo verify --recorded` reads it.

    record.py SOCKET [--samples N] [--seconds S] [--lapic] [--output FILE]

Asks over QMP only, so nothing inside the guest takes part, and writes one JSON
object.  Of the registers only what a verdict looks at is kept (--whole keeps
the text as it is).  This made the files of tests/records/.
"""

import argparse
import json
import os
import re
import socket
import sys
import time

# Lines of "info registers" that a verdict does not look at.
IDLE_LINES = re.compile(r"^(FPR|XMM|YMM|ZMM|Opmask|FCW|DR)")


class Qmp:
    """One connection; an event that comes between is passed over."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r", encoding="utf-8")
        self.greeting = json.loads(self.lines.readline())
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        """The answer, or None where QEMU refuses."""
        request = {"execute": command}
        if arguments:
            request["arguments"] = arguments
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        while True:
            line = self.lines.readline()
            if not line:
                sys.exit(f"QEMU hung up at {command}")
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                return None

    def monitor(self, line):
        return self.ask("human-monitor-command", **{"command-line": line})


def thread_seconds(tid):
    """CPU time of a thread of this host, or None."""
    try:
        with open(f"/proc/{tid}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        return None


def registers(qmp, whole):
    text = qmp.monitor("info registers -a").replace("\r", "")
    if whole:
        return text
    return "\n".join(line for line in text.split("\n")
                     if not IDLE_LINES.match(line))


def lapics(qmp, cpus):
    texts = {}
    for cpu in cpus:
        apic_id = qmp.ask("qom-get", path=cpu["qom-path"],
                          property="apic-id")
        if apic_id is None:
            continue
        text = qmp.monitor(f"info lapic {apic_id}").replace("\r", "")
        texts[str(cpu["cpu-index"])] = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return texts


def sample(qmp, start, args):
    cpus = qmp.ask("query-cpus-fast")
    # Times first: asking for registers costs every vCPU some.
    times = {str(cpu["cpu-index"]): thread_seconds(cpu["thread-id"])
             for cpu in cpus}
    taken = {
        "at_s": round(time.monotonic() - start, 3),
        "query-status": qmp.ask("query-status"),
        "query-cpus-fast": cpus,
        "thread_s": {cpu: round(spent, 6) for cpu, spent in times.items()
                     if spent is not None},
        "query-stats": qmp.ask("query-stats", target="vcpu"),
        "query-sev": qmp.ask("query-sev"),
        "info registers -a": registers(qmp, args.whole),
    }
    if args.lapic:
        taken["info lapic"] = lapics(qmp, cpus)
    return {key: value for key, value in taken.items()
            if value not in (None, [], {})}


def record(qmp, args):
    kvm = qmp.ask("query-kvm")
    start = time.monotonic()
    samples = []
    for number in range(args.samples):
        if number > 0:
            time.sleep(args.seconds)
        samples.append(sample(qmp, start, args))
    return {
        "accel": "kvm" if kvm and kvm["enabled"] else "tcg",
        "status": qmp.ask("query-status")["status"],
        "label": args.label,
        "qemu": qmp.greeting["QMP"]["version"]["qemu"],
        "samples": samples,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("socket")
    parser.add_argument("--samples", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--lapic", action="store_true")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--label", default="", help="what the guest is")
    parser.add_argument("--output", default="-")
    args = parser.parse_args()
    text = json.dumps(record(Qmp(args.socket), args), indent=1) + "\n"
    if args.output == "-":
        sys.stdout.write(text)
    else:
        with open(args.output + ".part", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(args.output + ".part", args.output)


if __name__ == "__main__":
    main()
