#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Make a disk that says it is Windows XP, and starts the stand-in guest.

    xp_disk.py --build DIR [--settings WORDS] OUTPUT

It has a HAL and kernels for one processor, and those for many among the files
of its service pack, all made here.  OUTPUT is raw, or qcow2 by its name.
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path

import hal_disks
import windows_disks as made
from demo_disk import add_boot_sector


def main():
    """Make the disk."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, metavar="DIR", help="where vtopo was built")
    parser.add_argument("--settings", default="hal=up", metavar="WORDS",
                        help="for the stand-in guest")
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    build = Path(options.build)
    with tempfile.TemporaryDirectory() as folder:
        disk = hal_disks.HalDisk(
            folder, build / "tests/ntfs-fill", hal_disks.installed(),
            beside=hal_disks.inside("WINDOWS/ServicePackFiles/i386", hal_disks.multiprocessor()))
        add_boot_sector(disk.path, build / "probe/vtopo-probe.disk", options.settings)
        if options.output.suffix == ".qcow2":
            made.run("qemu-img", "convert", "-O", "qcow2", disk.path, options.output)
        else:
            shutil.move(disk.path, options.output)


if __name__ == "__main__":
    main()
