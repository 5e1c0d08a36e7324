# SPDX-License-Identifier: LGPL-2.1-or-later
"""The large image that benchmarks work on, and a clock.

    image = make(directory, data)

Nothing runs when this is imported.
"""

import os
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/integration"))
import windows_disks as made  # noqa: E402  pylint: disable=wrong-import-position

DISK_SIZE = 40 << 30
FILES = 5000
SYSTEM_SIZE = 14_000_000
SOFTWARE_KEYS = 96_800          # of 1 KiB each
HIVE = "win7-ultimate-x86_regipy.SYSTEM"
STORE = "windeploy_BCD"


def judge(good):
    """What stands behind a figure that has a target."""
    return "" if good else "  target missed"


def grow_hive(data, size):
    """Add empty bins, as hives have them, so that a hive is that large."""
    at = struct.unpack_from("<I", data, 0x28)[0]
    data = bytearray(data[:4096 + at])
    while len(data) + 4096 <= size:
        data += struct.pack("<4sIIQQIi", b"hbin", len(data) - 4096, 4096, 0, 0, 0,
                            4096 - 32).ljust(4096, b"\0")
    struct.pack_into("<I", data, 0x28, len(data) - 4096)
    checksum = 0
    for word in struct.unpack_from("<127I", data):
        checksum ^= word
    struct.pack_into("<I", data, 0x1FC, checksum)
    return bytes(data)


def find_data(data, name):
    """A file of the data folder, unpacked."""
    found = next(Path(data).glob(f"*/{name}"), None)
    if found is not None:
        return found.read_bytes()
    packed = next(Path(data).glob(f"*/{name}.xz"), None)
    if packed is None:
        raise SystemExit(f"there is no {name} in {data}")
    return subprocess.run(["xz", "-dkc", packed], stdout=subprocess.PIPE, check=True).stdout


def make(directory, data, change_store=None):
    """A qcow2 of 40 GiB with one NTFS partition; its path.  @change_store is
    called with the path of its boot store before that goes in."""
    directory = Path(directory)
    system = directory / "SYSTEM"
    system.write_bytes(grow_hive(find_data(data, HIVE), SYSTEM_SIZE))
    software = made.software_hive(directory / "SOFTWARE", {
        "ProductName": "Windows 7 Ultimate", "CurrentVersion": "6.1",
        "CurrentBuildNumber": "7601", "EditionID": "Ultimate"}, SOFTWARE_KEYS)
    files = {"hal.dll": made.make_pe("x86", "6.1.7601.17514", "halmacpi.dll"),
             "ntoskrnl.exe": made.make_kernel(True, version="6.1.7601.17514"),
             "ntkrnlpa.exe": made.make_kernel(True, version="6.1.7601.17514",
                                              original="ntkrpamp.exe")}
    orders = [f":Windows/System32/f*{FILES - len(files)}"]
    for name, content in files.items():
        (directory / name).write_bytes(content)
        orders.append(f"{directory / name}:Windows/System32/{name}")
    (directory / "BCD").write_bytes(find_data(data, STORE))
    if change_store is not None:
        change_store(directory / "BCD")
    orders += [f"{system}:Windows/System32/config/SYSTEM",
               f"{software}:Windows/System32/config/SOFTWARE", f"{directory / 'BCD'}:Boot/BCD"]
    volume, raw, image = (directory / name for name in ("ntfs", "disk.raw", "win7.qcow2"))
    fill = ROOT / "build/tests/ntfs-fill"
    if not fill.exists():
        fill = made.build_ntfs_fill(ROOT, directory)
    made.make_ntfs(volume, DISK_SIZE - 2 * made.MIB, made.MIB, orders, fill)
    made.make_disk(raw, [made.Part(volume, active=True)], DISK_SIZE)
    made.run("qemu-img", "convert", "-O", "qcow2", raw, image)
    print(f"image: qcow2 of {DISK_SIZE >> 30} GiB, {image.stat().st_size / 1e6:.0f} MB; "
          f"{FILES} files in System32, SYSTEM {system.stat().st_size / 1e6:.1f} MB, "
          f"SOFTWARE {Path(software).stat().st_size / 1e6:.0f} MB")
    for path in (volume, raw, software, system):
        os.unlink(path)
    return image


def timed(argv):
    """Wall and processor seconds of one run without output, of all that it
    started and waited for; its exit status must be 0."""
    quiet = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
             (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    start = time.perf_counter()
    child = os.posix_spawnp(argv[0], argv, os.environ, file_actions=quiet)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"{' '.join(argv)}: exit status {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_utime + usage.ru_stime


def floor(image):
    """What nobody can be faster than: the server starts, and answers once."""
    if shutil.which("nbdinfo") is None:
        raise SystemExit("there is no nbdinfo (libnbd-bin)")
    return ["nbdinfo", "--size", "--", "[", "qemu-nbd", "-r", "-f", "qcow2", str(image), "]"]
