#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it costs to inspect the disk of a guest.

    python3 bench/inspect_images.py [--vtopo build/vtopo] [--data ../shared/data]
                                    [--runs N] [--images N] [--with-virt-inspector]

The disk is made here: a qcow2 of 40 GiB with one NTFS partition, 5,000 files
in System32, the real SYSTEM hive of a Windows 7 grown to 14 MB with empty
bins, and a SOFTWARE hive of 100 MB.  The figures:

- bytes and requests read from the disk, as the answer says;
- peak memory of vtopo and of its worker: VmHWM at their end, which strace
  holds back for a moment (without strace: as often as it can be looked at);
- wall time against the floor, `nbdinfo --size` through qemu-nbd on the same
  file: starting the server and asking one question; by turns, medians;
- a thousand such images (copies of an overlay), two at a time: milliseconds
  each, and memory, which must not grow with their number;
- with --with-virt-inspector, virt-inspector on the same image in the same
  run, under TCG.  It must be installed; one run takes a minute.

The page cache is warm.  All figures are of this one run; the exit status is 0
whether the targets are met or not.
"""

import argparse
import json
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/integration"))
import windows_disks as made  # noqa: E402  pylint: disable=wrong-import-position

BYTES_TARGET = 2 << 20
MEMORY_TARGET_MIB = 32
RATIO_TARGET = 2.0
EACH_TARGET_MS = 12.0
VIRT_INSPECTOR_TARGET = 500

DISK_SIZE = 40 << 30
FILES = 5000
SYSTEM_SIZE = 14_000_000
SOFTWARE_KEYS = 96_800          # of 1 KiB each
HIVE = "win7-ultimate-x86_regipy.SYSTEM"


def judge(good):
    """What stands behind a figure that has a target."""
    return "" if good else "  target missed"


# -------------------------------------------------------------------- the disk

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


def make_image(directory, data):
    """The qcow2 of the docstring; returns its path."""
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
    (directory / "BCD").write_bytes(find_data(data, "windeploy_BCD"))
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


# ------------------------------------------------------------------- measuring

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


class Watch:
    """The peak memory of every program below this process, by its name, looked
    at as often as may be while the block runs."""

    def __init__(self):
        self.peaks = {}         # name: MiB of the largest process
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    def _look(self):
        while not self.stop.is_set():
            for process in self._below(os.getpid()):
                self._note(process)
            time.sleep(0.001)

    def _below(self, process):
        try:
            for thread in os.listdir(f"/proc/{process}/task"):
                with open(f"/proc/{process}/task/{thread}/children", encoding="ascii") as list_:
                    for child in list_.read().split():
                        yield child
                        yield from self._below(child)
        except OSError:
            pass

    def _note(self, process):
        try:
            with open(f"/proc/{process}/status", encoding="ascii", errors="replace") as status:
                lines = dict(line.split(":", 1) for line in status if ":" in line)
            name, peak = lines["Name"].strip(), int(lines["VmHWM"].split()[0]) / 1024
            self.peaks[name] = max(self.peaks.get(name, 0), peak)
        except (OSError, KeyError, ValueError):
            pass


def measure_read(vtopo, image):
    """Ask once: what was read, and that the answer is right."""
    done = subprocess.run([vtopo, "inspect", "--json", image], stdout=subprocess.PIPE,
                          check=True)
    answer = json.loads(done.stdout)
    system = answer["systems"][0]
    if (system["osinfo"], system["license"]["sockets"]) != ("win7", 2):
        raise SystemExit(f"the answer is wrong: {system['osinfo']}, {system['license']}")
    read = answer["read"]
    print(f"read: {read['bytes']} bytes ({read['bytes'] / 2**20:.2f} MiB) in "
          f"{read['requests']} requests, target at most {BYTES_TARGET >> 20} MiB"
          f"{judge(read['bytes'] <= BYTES_TARGET)}")


def measure_memory(vtopo, image):
    """Peak memory of each program of one inspection."""
    argv = [vtopo, "inspect", "--json", str(image)]
    how = "looked at while they ran"
    if shutil.which("strace"):
        argv = ["strace", "-f", "-qqq", "-o", os.devnull, "-e", "trace=exit_group", "-e",
                "inject=exit_group:delay_enter=30000", *argv]
        how = "at their end"
    with Watch() as watch:
        for _ in range(5):
            subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    parent, worker = (watch.peaks.get(name, 0) for name in ("vtopo", "vtopo-worker"))
    both = parent + worker
    print(f"memory: vtopo {parent:.1f} MiB, worker {worker:.1f} MiB, both {both:.1f} MiB "
          f"({how}), target at most {MEMORY_TARGET_MIB}{judge(both <= MEMORY_TARGET_MIB)}; "
          f"qemu-nbd {watch.peaks.get('qemu-nbd', 0):.1f} MiB")


def measure_time(vtopo, image, runs):
    """Wall time against the floor, by turns.  Returns our median."""
    floor_argv = ["nbdinfo", "--size", "--", "[", "qemu-nbd", "-r", "-f", "qcow2", str(image), "]"]
    if shutil.which("nbdinfo") is None:
        raise SystemExit("there is no nbdinfo (libnbd-bin)")
    ours, floor = [], []
    for number in range(runs + 2):
        floor.append(timed(floor_argv))
        ours.append(timed([vtopo, "inspect", "--json", str(image)]))
        if number == 1:         # the first ones only warm the caches
            ours, floor = [], []
    us, them = (statistics.median(wall for wall, _ in list_) for list_ in (ours, floor))
    spent, floor_spent = (statistics.median(processor for _, processor in list_)
                          for list_ in (ours, floor))
    print(f"time: median {us * 1e3:.1f} ms of {runs} runs, nbdinfo --size through qemu-nbd "
          f"{them * 1e3:.1f} ms: ratio {us / them:.2f}, target at most {RATIO_TARGET:g}"
          f"{judge(us / them <= RATIO_TARGET)}")
    print(f"  fastest {min(ours)[0] * 1e3:.1f} and {min(floor)[0] * 1e3:.1f} ms; processor "
          f"{spent * 1e3:.1f} and {floor_spent * 1e3:.1f} ms; load {os.getloadavg()[0]:.1f}")
    return us


def measure_many(vtopo, image, count, jobs):
    """Many overlays in one run: time each, and memory for few and for all."""
    folder = image.parent
    overlay = folder / "overlay-0000.qcow2"
    made.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", image.name, "-F", "qcow2",
             overlay, cwd=folder)
    overlays = [overlay]
    for number in range(1, count):
        overlays.append(folder / f"overlay-{number:04}.qcow2")
        shutil.copyfile(overlay, overlays[-1])
    argv = [vtopo, "inspect", "--json", "--jobs", str(jobs)]
    peaks = {}
    for some in (max(count // 10, 1), count):
        with Watch() as watch:
            timed(argv + [str(path) for path in overlays[:some]])
        peaks[some] = watch.peaks
    wall, processor = timed(argv + [str(path) for path in overlays])
    each = wall * 1e3 / count
    print(f"{count} overlays, {jobs} at a time: {wall:.2f} s, {each:.2f} ms each, target at "
          f"most {EACH_TARGET_MS:g}{judge(each <= EACH_TARGET_MS)}; processor "
          f"{processor * 1e3 / count:.2f} ms each, load {os.getloadavg()[0]:.1f}")
    for some, peak in peaks.items():
        print(f"  memory with {some}: " + ", ".join(
            f"{name} {peak[name]:.1f} MiB" for name in sorted(peak)))


def measure_virt_inspector(image, ours):
    """One run of virt-inspector under TCG."""
    if shutil.which("virt-inspector") is None:
        raise SystemExit("there is no virt-inspector (libguestfs-tools)")
    environment = dict(os.environ, LIBGUESTFS_BACKEND="direct",
                       LIBGUESTFS_BACKEND_SETTINGS="force_tcg")
    start = time.perf_counter()
    done = subprocess.run(["virt-inspector", "--format=qcow2", "-a", image], env=environment,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          check=False)
    wall = time.perf_counter() - start
    if done.returncode != 0:
        print(f"virt-inspector: exit status {done.returncode}: {done.stderr.strip()[-300:]}")
        return
    print(f"virt-inspector under TCG: {wall:.1f} s, {wall / ours:.0f} times as long, target "
          f"at least {VIRT_INSPECTOR_TARGET}{judge(wall / ours >= VIRT_INSPECTOR_TARGET)}")


def main():
    """Make the image and measure everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vtopo", default=ROOT / "build/vtopo", metavar="PATH")
    parser.add_argument("--data", default=os.environ.get(
        "VTOPO_TEST_DATA", ROOT.parent / "shared/data"), metavar="DIR")
    parser.add_argument("--directory", metavar="DIR", help="where there is room for 600 MB")
    parser.add_argument("--runs", type=int, default=41, metavar="N")
    parser.add_argument("--images", type=int, default=1000, metavar="N")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--with-virt-inspector", action="store_true")
    options = parser.parse_args()
    vtopo = os.path.abspath(options.vtopo)
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    with tempfile.TemporaryDirectory(prefix="vtopo-bench-", dir=options.directory) as directory:
        image = make_image(directory, options.data)
        measure_read(vtopo, image)
        measure_memory(vtopo, image)
        ours = measure_time(vtopo, image, options.runs)
        if options.images > 0:
            measure_many(vtopo, image, options.images, options.jobs)
        if options.with_virt_inspector:
            measure_virt_inspector(image, ours)


if __name__ == "__main__":
    main()
