# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ask the worker what it would write to a disk, and write it.

    answer = ask("build/vtopo-worker", "disk.raw", entries="all")
    apply(answer, "disk.raw")

Nothing runs when this is imported.
"""

import array
import base64
import json
import socket
import subprocess
import zlib


class Failed(Exception):
    """The worker answered with an error."""


def converse(worker, request, descriptors):
    """The answer to one question, as the worker gives it."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with subprocess.Popen([str(worker)], stdin=its, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        its.close()
        ours.sendmsg([json.dumps(request).encode()],
                     [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                       array.array("i", descriptors))])
        ours.shutdown(socket.SHUT_WR)
        out, said = process.communicate(timeout=120)
        ours.close()
    if process.returncode != 0 or said or not out.endswith(b"\n"):
        raise Failed(f"status {process.returncode}: {said.decode(errors='replace')}")
    answer = json.loads(out)
    if "error" in answer:
        raise Failed(f"{answer['error']['code']}: {answer['error']['message']}")
    return answer["answer"]


def ask(worker, disk, entries="default", **more):
    """What the worker proposes for the raw file @disk."""
    with open(disk, "rb") as file:
        request = {"disk": {"kind": "raw", "fd": 0}, "boot_limits": True,
                   "entries": entries, "files": [], **more}
        return converse(worker, {"repair": request}, [file.fileno()])


def ask_nbd(worker, connected, entries="default"):
    """The same of an NBD server that the socket @connected leads to."""
    request = {"disk": {"kind": "nbd", "fd": 0, "export": ""}, "boot_limits": True,
               "entries": entries, "files": []}
    return converse(worker, {"repair": request}, [connected.fileno()])


def check_writes(answer, disk, unit=512):
    """A line for each promise about the writes that is broken."""
    problems, end, total = [], 0, 0
    with open(disk, "rb") as file:
        for write in answer["writes"]:
            data = base64.b64decode(write["data"], validate=True)
            file.seek(write["offset"])
            old = file.read(len(data))
            if write["offset"] % unit or len(data) % unit or not data:
                problems.append(f"{len(data)} bytes at {write['offset']} are no sectors")
            if write["offset"] < end:
                problems.append(f"{write['offset']} is before {end}")
            if zlib.crc32(old) != write["old_crc32"]:
                problems.append(f"wrong checksum at {write['offset']}")
            if any(old[at:at + unit] == data[at:at + unit]
                   for at in range(0, len(data), unit)):
                problems.append(f"a sector at {write['offset']} does not change")
            end = write["offset"] + len(data)
            total += len(data)
    if total != answer["bytes"]:
        problems.append(f"{total} bytes, not {answer['bytes']}")
    return problems


def apply(answer, disk):
    """Make the writes."""
    with open(disk, "r+b") as file:
        for write in answer["writes"]:
            file.seek(write["offset"])
            file.write(base64.b64decode(write["data"]))
