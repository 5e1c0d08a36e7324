# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks of Windows 2000, XP and Server 2003 with one processor's files.

    disk = HalDisk(folder, "tests/ntfs-fill", files=xp(hal="halaacpi.dll"),
                   boot_ini=BOOT_INI)

Kernels and HALs are real program files with version resources and imports,
written here, with a few kilobytes that differ for each; nothing of Windows is
in them.  Nothing runs when this is imported.
"""

import hashlib
import struct
import subprocess
from pathlib import Path

import windows_disks as made

XP3 = "5.1.2600.5512 (xpsp.080413-2111)"
XP2 = "5.1.2600.2180 (xpsp_sp2_rtm.040803-2158)"
XP3_GDR = "5.1.2600.5755 (xpsp_sp3_gdr.090206-1234)"
XP3_QFE = "5.1.2600.5755 (xpsp_sp3_qfe.090206-1316)"
W2K4, W2K4_HAL = "5.00.2195.6717", "5.00.2195.6691"
S2003_2 = "5.2.3790.3959 (srv03_sp2_rtm.070216-1710)"

HEAD = b"[boot loader]\r\ntimeout=30\r\ndefault=multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS\r\n" \
       b"[operating systems]\r\n"
XP_LINE = b'multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS="Windows XP" /fastdetect /NoExecute=OptIn\r\n'
BOOT_INI = HEAD + XP_LINE

HALS = {"halaacpi.dll": "acpiapic_up", "halmacpi.dll": "acpiapic_mp", "halacpi.dll": "acpipic_up",
        "halapic.dll": "mps_up", "halmps.dll": "mps_mp", "hal.dll": "e_isa_up"}


def bulk(name, version, size=6000):
    """Bytes that are like code in that they do not compress well."""
    seed = f"{name} {version}".encode()
    return b"".join(hashlib.sha256(seed + struct.pack("<I", count)).digest()
                    for count in range(size // 32 + 1))[:size & ~1]


def hal(original, version=XP3, machine="x86"):
    """A HAL file."""
    return made.make_pe(machine, version, original, more=bulk(original, version))


def kernel(original, version=XP3, machine="x86", size=20000):
    """A kernel file: by its name for one processor or for many."""
    return made.make_kernel(original in ("ntkrnlmp.exe", "ntkrpamp.exe"), machine, version,
                            original, bulk(original, version, size))


def damaged(program):
    """The same with a bit that is wrong."""
    return program[:-1] + bytes([program[-1] ^ 1])


def grown(program, size=made.MIB):
    """The same with @size bytes more, and the right checksum."""
    image = bytearray(program) + bulk("grown", len(program), size)
    made.put_checksum(image)
    return bytes(image)


def system_hive(hal_file="halaacpi.dll", pae=0, machine="x86"):
    """A SYSTEM hive of such a system."""
    hive = made.Hive("\\SystemRoot\\System32\\Config\\SYSTEM")
    control = "ControlSet001\\Control\\"
    name = HALS.get(hal_file, "e_isa_up")
    hive.key("Select", Current=1, Default=1, Failed=0, LastKnownGood=1)
    hive.key(control + "ProductOptions", ProductType="WinNT")
    hive.key(control + "Windows", CSDVersion=0x300)
    hive.key(control + "Session Manager", RegisteredProcessors=2, LicensedProcessors=2)
    hive.key(control + "Session Manager\\Memory Management", PhysicalAddressExtension=pae)
    hive.key(control + "Session Manager\\Environment", {
        "NUMBER_OF_PROCESSORS": "1",
        "PROCESSOR_ARCHITECTURE": "x86" if machine == "x86" else "AMD64",
        "PROCESSOR_IDENTIFIER": "x86 Family 6 Model 26 Stepping 3, GenuineIntel"})
    device = "ACPI_HAL" if name.startswith("acpi") else "PCI_HAL"
    hive.key(f"ControlSet001\\Enum\\Root\\{device}\\0000", HardwareID=[name],
             DeviceDesc="ACPI Uniprocessor PC", Service="\\Driver\\" + device,
             Driver="{4D36E966-E325-11CE-BFC1-08002BE10318}\\0000")
    hive.key(control + "Class\\{4D36E966-E325-11CE-BFC1-08002BE10318}\\0000",
             DriverDesc="ACPI Uniprocessor PC", InfSection=name.upper() + "_HAL",
             MatchingDeviceId=name)
    return hive.to_bytes()


def software(version="5.1", build="2600", product="Microsoft Windows XP"):
    """A SOFTWARE hive."""
    hive = made.Hive("\\SystemRoot\\System32\\Config\\SOFTWARE")
    hive.key("Microsoft\\Windows NT\\CurrentVersion", ProductName=product,
             CurrentVersion=version, CurrentBuildNumber=build, CSDVersion="Service Pack 3")
    return hive.to_bytes()


def installed(hal_file="halaacpi.dll", kernel_version=XP3, hal_version=None, **more):
    """The files in a system's folder, {"system32/hal.dll": bytes}."""
    machine = more.get("machine", "x86")
    up = "ntoskrnl.exe", "ntkrnlpa.exe"
    if more.get("multiprocessor"):
        up = "ntkrnlmp.exe", "ntkrpamp.exe"
    files = {
        "system32/config/SYSTEM": more.get("hive") or system_hive(hal_file, more.get("pae", 0),
                                                                  machine),
        "system32/config/SOFTWARE": software(),
        "system32/hal.dll": hal(hal_file, hal_version or kernel_version, machine),
        "system32/ntoskrnl.exe": kernel(up[0], kernel_version, machine),
    }
    if machine == "x86" and more.get("has_pae", True):
        files["system32/ntkrnlpa.exe"] = kernel(up[1], kernel_version, machine)
    return files


def multiprocessor(hal_file="halmacpi.dll", version=XP3, hal_version=None, machine="x86"):
    """The files that are to be put in, {"halmacpi.dll": bytes}."""
    files = {"ntkrnlmp.exe": kernel("ntkrnlmp.exe", version, machine)}
    if machine == "x86":
        files["ntkrpamp.exe"] = kernel("ntkrpamp.exe", version, machine)
        files[hal_file] = hal(hal_file, hal_version or version, machine)
    return files


def inside(folder, files):
    """The same files in another folder."""
    return {f"{folder}/{name}": data for name, data in files.items()}


class HalDisk:
    """A disk of one volume: boot.ini, a system's folder, and more.  With @first,
    a boot.ini, a small volume of FAT that holds it stands before that."""

    def __init__(self, folder, fill, files, boot_ini=BOOT_INI, **more):
        self.folder, self.kind = Path(folder), more.get("kind", "ntfs")
        self.path, self.volume = self.folder / "disk.raw", self.folder / "volume"
        files = {**inside(more.get("root", "WINDOWS"), files), **more.get("beside", {})}
        if boot_ini:
            files["boot.ini"] = boot_ini
        orders = []
        for number, (name, data) in enumerate(files.items()):
            source = self.folder / f"source{number}"
            source.write_bytes(data)
            orders.append((source, name))
        size = more.get("size", 24) * made.MIB
        if self.kind == "ntfs":
            made.make_ntfs(self.volume, size, made.MIB,
                           [f"{source}:{name}" for source, name in orders], fill)
        else:
            made.make_fat(self.volume, size, made.MIB, orders, int(self.kind[3:]))
        first = [self.make_first(more["first"])] if "first" in more else []
        self.part = made.Part(self.volume, active=not first, start=made.MIB if not first
                              else 2 * made.MIB + first[0].size)
        made.make_disk(self.path, first + [self.part])
        for source, _ in orders:
            source.unlink()

    def make_first(self, boot_ini):
        """A volume of FAT with a boot.ini alone."""
        source, volume = self.folder / "source", self.folder / "first"
        source.write_bytes(boot_ini)
        made.make_fat(volume, 8 * made.MIB, made.MIB, [(source, "boot.ini")], 16)
        source.unlink()
        return made.Part(volume, active=True)

    def first_boot_ini(self):
        """The boot.ini of the first volume."""
        with open(self.path, "rb") as whole, open(self.folder / "first", "wb") as volume:
            whole.seek(made.MIB)
            volume.write(whole.read(8 * made.MIB))
        return subprocess.run(["mtype", "-i", str(self.folder / "first"), "::boot.ini"],
                              check=True, capture_output=True).stdout

    def take_volume(self, disk=None):
        """The volume of the disk as a file of its own."""
        with open(disk or self.path, "rb") as whole, open(self.volume, "wb") as volume:
            whole.seek(self.part.start)
            volume.write(whole.read(self.part.size))
        return self.volume
