#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Make a disk that says it is Windows 7, and starts the stand-in guest.

    demo_disk.py --build DIR [--sockets N] [--used N] [--numproc N]
                 [--settings WORDS] OUTPUT

Its NTFS volume holds a SYSTEM and a SOFTWARE hive and a boot store, written
here byte by byte, that say: Windows 7 Professional, licensed for two sockets,
four processors seen and two used by the last boot.  Its boot sector is that
of the stand-in guest, told to count as such a Windows does.  There is nothing
of Windows on it.  OUTPUT is raw, or qcow2 by its name.
"""

import argparse
import os
import shutil
import struct
import tempfile
import uuid
from pathlib import Path

import windows_disks as made

BOOTMGR = "{9dea862c-5cdd-4e70-acc1-f32b344d4795}"
LOADER = "{01234567-89ab-cdef-0123-456789abcdef}"
SETTINGS_SECTOR, SECTOR = 1, 512
PROCESSOR = "Intel64 Family 6 Model 26 Stepping 3"


def policy(values):
    """ProductPolicy: a list of named numbers."""
    body = b""
    for name, number in values.items():
        text = name.encode("utf-16-le")
        size = (16 + len(text) + 4 + 2 + 3) & ~3
        body += struct.pack("<HHHHII", size, len(text), 4, 4, 2, 0) + (
            text + struct.pack("<I", number)).ljust(size - 16, b"\0")
    return struct.pack("<IIIII", 20 + len(body) + 4, len(body), 4, 0, 1) + body + \
        struct.pack("<I", 0x45)


def make_system(path, sockets, used):
    """The SYSTEM hive."""
    hive = made.Hive("\\SystemRoot\\System32\\Config\\SYSTEM")
    control = "ControlSet001\\Control\\"
    hive.key("Select", Current=1, Default=1, Failed=0, LastKnownGood=1)
    hive.key(control + "ProductOptions", ProductType="WinNT", ProductPolicy=policy(
        {"Kernel-ProductInfo": 48, "Kernel-RegisteredProcessors": sockets}))
    hive.key(control + "Windows", CSDVersion=0x100)
    hive.key(control + "Session Manager\\Environment", {
        "NUMBER_OF_PROCESSORS": str(used), "PROCESSOR_ARCHITECTURE": "AMD64",
        "PROCESSOR_IDENTIFIER": PROCESSOR + ", GenuineIntel"})
    for number in range(4):
        hive.key(f"ControlSet001\\Enum\\ACPI\\GenuineIntel_-_{PROCESSOR.replace(' ', '_')}"
                 f"\\_{number}", HardwareID=["ACPI\\GenuineIntel_-_" + PROCESSOR.replace(
                     " ", "_")], Service="intelppm")
    hive.key("ControlSet001\\Enum\\Root\\ACPI_HAL\\0000", HardwareID=["acpiapic"],
             DeviceDesc="ACPI x64-based PC")
    for service in ("atapi", "intelide"):
        hive.key(f"ControlSet001\\services\\{service}", Start=0, Type=1,
                 ImagePath=f"system32\\drivers\\{service}.sys")
    for device, service in (("PCI#VEN_8086&DEV_7010", "intelide"),
                            ("Primary_IDE_Channel", "atapi")):
        hive.key(f"{control}CriticalDeviceDatabase\\{device}", Service=service)
    return hive.write(path)


def make_software(path):
    """The SOFTWARE hive."""
    return made.software_hive(path, {
        "ProductName": "Windows 7 Professional", "EditionID": "Professional",
        "CurrentVersion": "6.1", "CurrentBuild": "7601", "CurrentBuildNumber": "7601",
        "CSDVersion": "Service Pack 1", "InstallationType": "Client"})


def bcd_device(signature, start):
    """The device element of a volume on an MBR disk."""
    return uuid.UUID(int=0).bytes + struct.pack(
        "<IIII", 6, 0, 0x48, 0) + struct.pack("<QQ", start, 0) + struct.pack(
            "<IIII", 0, 1, signature, 0) + bytes(24)


def make_store(path, numproc):
    """The boot store: one entry, and a limit where @numproc is one."""
    hive = made.Hive("\\??\\BCD", "NewStoreRoot")

    def add(entry, element, value):
        hive.key(f"Objects\\{entry}\\Elements\\{element:08x}", Element=value)

    hive.key("Description", KeyName="BCD00000000", System=1, TreatAsSystem=1)
    hive.key(f"Objects\\{BOOTMGR}\\Description", Type=0x10100002)
    hive.key(f"Objects\\{LOADER}\\Description", Type=0x10200003)
    add(BOOTMGR, 0x23000003, LOADER)
    add(BOOTMGR, 0x24000001, [LOADER])
    add(LOADER, 0x12000004, "Windows 7")
    add(LOADER, 0x12000002, "\\Windows\\system32\\winload.exe")
    add(LOADER, 0x22000002, "\\Windows")
    add(LOADER, 0x11000001, bcd_device(0x1234ABCD, made.MIB))
    add(LOADER, 0x21000001, bcd_device(0x1234ABCD, made.MIB))
    if numproc:
        add(LOADER, 0x25000061, struct.pack("<Q", numproc))
    return hive.write(path)


def add_boot_sector(disk, probe, settings):
    """Put the stand-in guest in front of the first partition."""
    image = bytearray(Path(probe).read_bytes())
    magic = b"vtopo-probe-settings\n"
    at = SETTINGS_SECTOR * SECTOR
    if image[at:at + len(magic)] != magic:
        raise SystemExit(f"{probe} has no place for settings")
    text = magic + settings.encode()
    if len(text) > SECTOR:
        raise SystemExit(f"the settings have {len(text)} bytes, they can have {SECTOR}")
    image[at:at + SECTOR] = text.ljust(SECTOR, b"\0")
    with open(disk, "r+b") as file:
        table = file.read(SECTOR)[440:]
        image[440:SECTOR] = table
        file.seek(0)
        file.write(image)


def main():
    """Make the disk."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, metavar="DIR", help="where vtopo was built")
    parser.add_argument("--sockets", type=int, default=2, metavar="N")
    parser.add_argument("--used", type=int, default=2, metavar="N")
    parser.add_argument("--numproc", type=int, default=0, metavar="N")
    parser.add_argument("--settings", metavar="WORDS", help="for the stand-in guest")
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    settings = options.settings
    if settings is None:
        settings = f"arithmetic=cores-pow2 licence=packages:{options.sockets}"
        if options.numproc:
            settings += f" numproc={options.numproc}"
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        orders = [
            f"{make_system(folder / 'SYSTEM', options.sockets, options.used)}"
            ":Windows/System32/config/SYSTEM",
            f"{make_software(folder / 'SOFTWARE')}:Windows/System32/config/SOFTWARE",
            f"{make_store(folder / 'BCD', options.numproc)}:Boot/BCD"]
        for name, content in (
                ("hal.dll", made.make_pe("x86_64", "6.1.7601.17514", "hal.dll")),
                ("ntoskrnl.exe", made.make_kernel(True, "x86_64", "6.1.7601.17514"))):
            (folder / name).write_bytes(content)
            orders.append(f"{folder / name}:Windows/System32/{name}")
        volume, raw = folder / "ntfs", folder / "disk.raw"
        made.make_ntfs(volume, 12 * made.MIB, made.MIB, orders,
                       Path(options.build) / "tests/ntfs-fill")
        made.make_disk(raw, [made.Part(volume, active=True)])
        add_boot_sector(raw, Path(options.build) / "probe/vtopo-probe.disk", settings)
        if options.output.suffix == ".qcow2":
            made.run("qemu-img", "convert", "-O", "qcow2", raw, options.output)
        else:
            shutil.move(raw, options.output)


if __name__ == "__main__":
    main()
