#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same edit by hand gives the same registry and files.

    by_hand.py [--build DIR] [--data FOLDER] [--guestfish] [-k WORD]

Of one disk there are two copies.  On one, `vtopo repair --in-place` does its
work; on the other, a person does the same with tools that have nothing in
common with it: the volume is mounted by ntfs-3g, files are copied by cp,
boot.ini is edited by sed, a boot store by hivexsh, a SYSTEM hive by
hivexregedit; on FAT, mtools take the place of the mount.  Then:

1. Both volumes have the same names, sizes and contents, and as much that is
   free; hives are judged by 3.
2. All have the same DOS attributes; what was there before has the same access
   control list, short name and time of creation, which differ from file to
   file here.
3. A hive that was edited has the same keys and values, by libhivex and by
   libregf.
4. ntfsfix, ntfsinfo, fsck.vfat and regfinfo are content with ours.

With --guestfish one of the edits is made by guestfish, which takes a minute.
Output is TAP; 77 when a tool is missing, or nothing can be mounted here.
"""

import argparse
import contextlib
import hashlib
import lzma
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time

import hal_disks
import hal_truth
import repair_truth
import windows_disks as made
from boot_truth import Store, Tap, hivex
from hal_disks import HalDisk, inside, installed, multiprocessor
from repair_truth import NUMPROC, number
from volume_files import check_volume, fat_names, output

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOOLS = (*hal_truth.TOOLS, "ntfs-3g", "umount", "hivexsh", "hivexregedit", "regfexport", "sed",
         "mcopy", "mattrib")
INI = hal_disks.HEAD + hal_disks.XP_LINE.replace(b"\r", b" /NUMPROC=2 /ONECPU\r")
BOOT_FILE, STORE, HIVE = "boot.ini", "Boot/BCD", "WINDOWS/system32/config/SYSTEM"
SYSTEM32 = "WINDOWS/system32/"
KERNELS = ("ntoskrnl.exe", "ntkrnlmp.exe", "ntkrnlup.exe"), (
    "ntkrnlpa.exe", "ntkrpamp.exe", "ntkrpaup.exe")
MOUNT_S = 20

# What is said of a file beside its content: the attributes as ntfs-3g names
# them, and whether they are held for files that are new, too.
SAID = (("system.ntfs_attrib_be", True), ("system.ntfs_acl", False),
        ("system.ntfs_dos_name", False), ("system.ntfs_crtime_be", False))
HIDDEN = 0x26                   # a hidden file of the system, to be archived

LIMITS_OUT = r"s,[[:blank:]]*/(NUMPROC=[0-9]+|ONECPU),,Ig"
ENTRY_IN = (r'/^multi/{h;s/"Windows XP"/"Windows XP (multiprocessor)"/;'
            r"s,\r$, /PAE /KERNEL=ntkrpamp.exe /HAL=halmacpi.dll\r,;p;g}")

REG_FILE = """Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\\SYSTEM\\{set}\\Enum\\Root\\ACPI_HAL\\0000]
"HardwareID"=hex(7):{ids}

[HKEY_LOCAL_MACHINE\\SYSTEM\\{set}\\Control\\Class\\{{4D36E966-E325-11CE-BFC1-08002BE10318}}\\0000]
"InfSection"="ACPIAPIC_MP_HAL"
"MatchingDeviceId"="acpiapic_mp"
"""

GUESTFISH = """run
mount /dev/sda1 /
download /{name} {local}
! hivexsh -w -f {edit} {local}
upload {local} /{name}
umount-all
shutdown
"""


class Unmountable(Exception):
    """Nothing can be mounted here."""


# -------------------------------------------------------------- volumes

@contextlib.contextmanager
def mounted(lab, volume):
    """The folder where an NTFS volume is, as long as the block runs."""
    folder = lab.path("mount")
    folder.mkdir(exist_ok=True)
    with open(lab.path("mount.log"), "w+b") as log, subprocess.Popen(
            ["ntfs-3g", "-o", "no_detach", volume, folder], stdin=subprocess.DEVNULL, stdout=log,
            stderr=log) as server:
        end = time.monotonic() + MOUNT_S
        while not os.path.ismount(folder):
            if server.poll() is not None or time.monotonic() > end:
                server.kill()
                log.seek(0)
                raise Unmountable(log.read().decode(errors="replace").strip().split("\n")[0])
            time.sleep(0.005)
        try:
            yield folder
        finally:
            # It writes what it holds back, and ends.
            output("umount", folder)
            server.wait(timeout=60)


def take_volume(disk, path, target):
    """The volume of a copy of @disk as a file."""
    with open(path, "rb") as whole, open(target, "wb") as volume:
        whole.seek(disk.part.start)
        volume.write(whole.read(disk.part.size))
    return target


def security(member):
    """A descriptor of a protection that no other file has."""
    def sid(*parts):
        return struct.pack(">BBHI", 1, len(parts), 0, 5) + struct.pack(f"<{len(parts)}I", *parts)

    owner, group, who = sid(32, 544), sid(18), sid(21, 1, 2, 3, 1000 + member)
    ace = struct.pack("<BBHI", 0, 0, 8 + len(who), 0x1F01FF) + who
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(ace), 1, 0) + ace
    return struct.pack("<BBHIIII", 1, 0, 0x8004, 20 + len(acl), 20 + len(acl) + len(owner), 0,
                       20) + acl + owner + group


def furnish(lab, disk):
    """Give every file of the disk's volume marks of its own."""
    volume = take_volume(disk, disk.path, lab.path("volume.ntfs"))
    with mounted(lab, volume) as root:
        files = sorted(path for path in root.rglob("*") if path.is_file())
        for member, path in enumerate(files):
            os.setxattr(path, "system.ntfs_acl", security(member))
            os.setxattr(path, "system.ntfs_crtime_be",
                        struct.pack(">Q", 0x01C9000000000000 + (member << 32)))
            attributes = HIDDEN if path.name in ("boot.ini", "BCD") else 0x20
            os.setxattr(path, "system.ntfs_attrib_be", struct.pack(">I", attributes))
    with open(disk.path, "r+b") as whole:
        whole.seek(disk.part.start)
        whole.write(volume.read_bytes())
    return disk


def look(lab, volume, hives):
    """All that there is to say of a volume: {name: {what: value}}."""
    found = {}
    with mounted(lab, volume) as root:
        whole = os.statvfs(root)
        # A hive may grow under the hands of libhivex, and does not under ours.
        own = sum(os.stat(root / name).st_blocks * 512 for name in hives)
        found["the volume"] = {"free but for hives": whole.f_bfree * whole.f_bsize + own}
        for path in root.rglob("*"):
            said = found[str(path.relative_to(root))] = {"is a folder": path.is_dir()}
            if path.is_file():
                data = path.read_bytes()
                said.update({"size": len(data), "content": hashlib.sha256(data).hexdigest()})
            for name, _ in SAID:
                try:
                    said[name] = os.getxattr(path, name)
                except OSError:         # a folder without a short name
                    said[name] = None
    return found


def look_fat(_lab, volume, _hives):
    """The same of a FAT volume."""
    found = {}
    for name in fat_names(volume):
        data = output("mtype", "-i", volume, f"::{name}")
        marks = output("mattrib", "-i", volume, f"::{name}")[:12]
        found[name] = {"size": len(data), "content": hashlib.sha256(data).hexdigest(),
                       "attributes": marks}
    return found


def differences(ours, hand, before, hives):
    """A line for each thing that differs."""
    late = {name for name, new_too in SAID if not new_too}
    problems = [f"{name} is there only after {who}" for who, one, other in (
        ("vtopo", ours, hand), ("the edit by hand", hand, ours)) for name in sorted(one)
                if name not in other]
    for name in sorted(set(ours) & set(hand)):
        for what, value in ours[name].items():
            if what in ("content", "size") and name in hives or what in late and name not in before:
                continue
            if value != hand[name][what]:
                problems.append(f"{name}: {what} is {value}, and by hand {hand[name][what]}")
    return problems


# ------------------------------------------------------------- registries

def tree_of_libregf(lab, path):
    """{key: its values as they are printed}: in which order they are stored is
    of no matter."""
    keys, values = {}, []
    for line in output("regfexport", "-l", lab.path("regf.log"), path).split(b"\n"):
        if line.startswith(b"Key path: "):
            values = keys[line] = []
        elif line.startswith(b"Value: "):
            values.append(line.split(b" ", 2)[2:])
        elif values:
            values[-1].append(line)
    return {name: sorted(list(filter(None, one)) for one in values)
            for name, values in keys.items()}


def compare_hives(lab, ours, hand):
    """A line where two hives do not say the same."""
    one, other = repair_truth.tree(ours), repair_truth.tree(hand)
    problems = [f"{path}: {one.get(path)}, and by hand {other.get(path)}"
                for path in sorted(set(one) | set(other)) if one.get(path) != other.get(path)]
    if not one:
        problems.append("libhivex finds no key")
    one, other = tree_of_libregf(lab, ours), tree_of_libregf(lab, hand)
    problems += [f"libregf, {path}: {one.get(path)}, and by hand {other.get(path)}"
                 for path in sorted(set(one) | set(other)) if one.get(path) != other.get(path)]
    if not one:
        problems.append("libregf finds no key")
    if subprocess.run(["regfinfo", ours], check=False, capture_output=True).returncode != 0:
        problems.append("regfinfo does not like it")
    return problems


def edit_store(lab, entry):
    """What hivexsh must be told to take numproc out of @entry."""
    path = lab.path("edit")
    path.write_text(f"cd \\Objects\\{entry}\\Elements\\{NUMPROC}\ndel\ncommit\nquit\n",
                    encoding="ascii")
    return path


def edit_hal(lab, hive):
    """Have a SYSTEM hive name the multiprocessor HAL, by hivexregedit."""
    keys = repair_truth.tree(hive)
    select = keys["\\Select"]
    orders = lab.path("hal.reg")
    for member in sorted({select[name][1][0] for name in ("Current", "Default")}):
        name = f"ControlSet{member:03}"
        ids = keys[f"\\{name}\\Enum\\Root\\ACPI_HAL\\0000"]["HardwareID"][1]
        ids = ids.replace("_up".encode("utf-16-le"), "_mp".encode("utf-16-le"))
        orders.write_text(REG_FILE.format(set=name, ids=",".join(f"{one:02x}" for one in ids)),
                          encoding="ascii")
        output("hivexregedit", "--merge", "--prefix", "HKEY_LOCAL_MACHINE\\SYSTEM", hive, orders)


# -------------------------------------------------------------------- cases

def sed(script, path, local):
    """Edit a file by sed, in its place: it stays the file that it is."""
    output("cp", path, local)
    path.write_bytes(output("sed", "-E", script, local))


def check_ours(disk, volume):
    """What other programs say of the volume that vtopo has written."""
    return check_volume(disk.kind, volume)


def extract(lab, disk, volume, name, target):
    """A file of a volume as a file of ours."""
    data = output("ntfscat", "-f", volume, name) if disk.kind == "ntfs" else \
        output("mtype", "-i", volume, f"::{name}")
    lab.path(target).write_bytes(data)
    return lab.path(target)


def compare(lab, name, disk, words, by_hand, hives=()):
    """One disk, repaired by vtopo and by @by_hand(place): that is the folder
    where its volume is, or the volume itself where it is a FAT."""
    if lab.word not in name:
        return
    is_ntfs = disk.kind == "ntfs"
    see = look if is_ntfs else look_fat
    disk = furnish(lab, disk) if is_ntfs else disk
    ours, hand = lab.path("ours.volume"), lab.path("hand.volume")
    take_volume(disk, disk.path, hand)
    before = see(lab, hand, hives)
    with mounted(lab, hand) if is_ntfs else contextlib.nullcontext(hand) as place:
        by_hand(place)
    pathlib.Path(f"{disk.path}.vtopo-undo").unlink(missing_ok=True)
    done = subprocess.run([lab.vtopo, "repair", "--in-place", "--yes", *words, disk.path],
                          check=False, capture_output=True, text=True, timeout=60)
    take_volume(disk, disk.path, ours)
    after = see(lab, hand, hives)
    problems = [] if done.returncode == 0 else [f"exit status {done.returncode}: {done.stderr}"]
    if after == before:
        problems.append("by hand nothing was changed")
    problems += check_ours(disk, ours)
    problems += differences(see(lab, ours, hives), after, before, hives)
    for hive in hives:
        problems += compare_hives(lab, extract(lab, disk, ours, hive, "ours.hive"),
                                  extract(lab, disk, hand, hive, "hand.hive"))
    lab.tap.result(name, problems[:8])


def limited_store(lab, source):
    """A copy of a boot store with numproc in it, the entry that has it, and
    what vtopo must be told to find that."""
    copy = lab.path("store")
    shutil.copy(source, copy)
    store = Store(copy, write=True)
    default = repair_truth.default_of(store)
    entry = default or store.loaders()[0]
    store.put(entry, NUMPROC, *number(2))
    store.commit()
    return copy, entry, () if default else ("--entries", entry)


def test_stores(lab):
    """numproc goes out of boot stores."""
    sources = [repair_truth.made_up_store(lab.path("made-up"))]
    sources += [path for path in sorted(lab.data.glob("bcd/*"))
                if Store(path).objects and Store(path).loaders()]
    for source in sources:
        copy, entry, words = limited_store(lab, source)
        edit = edit_store(lab, entry)

        def by_hand(root, edit=edit):
            output("cp", root / STORE, lab.path("taken"))
            output("hivexsh", "-w", "-f", edit, lab.path("taken"))
            output("cp", lab.path("taken"), root / STORE)

        disk = repair_truth.Disk(lab, "ntfs", STORE, copy)
        compare(lab, f"numproc of {pathlib.Path(source).name}", disk, words, by_hand, (STORE,))


def test_guestfish(lab):
    """The same by guestfish, which brings a kernel and a driver of its own."""
    name = "numproc, by guestfish"
    if not lab.guestfish or lab.word not in name:
        return
    copy, entry, words = limited_store(lab, repair_truth.made_up_store(lab.path("made-up")))
    disk = furnish(lab, repair_truth.Disk(lab, "ntfs", STORE, copy))
    whole = lab.path("guestfish.raw")
    shutil.copy(disk.path, whole)

    def by_hand(root):
        subprocess.run(
            ["guestfish", "--format=raw", "-a", whole], check=True, timeout=600, text=True,
            capture_output=True, input=GUESTFISH.format(
                name=STORE, local=lab.path("taken"), edit=edit_store(lab, entry)),
            env={**os.environ, "LIBGUESTFS_BACKEND": "direct",
                 "LIBGUESTFS_BACKEND_SETTINGS": "force_tcg"})
        # What it has made of the store is what is compared.
        volume = take_volume(disk, whole, lab.path("guestfish.volume"))
        output("cp", extract(lab, disk, volume, STORE, "taken"), root / STORE)

    compare(lab, name, disk, words, by_hand, (STORE,))


def test_boot_ini(lab):
    """Switches go out of boot.ini."""
    long = INI + b"; a comment\r\n" * 900
    for says, text in (("short", INI), ("long", long)):
        disk = HalDisk(lab.folder, lab.fill, installed("halmacpi.dll", multiprocessor=True), text)
        compare(lab, f"switches of a {says} boot.ini", disk, (),
                lambda root: sed(LIMITS_OUT, root / BOOT_FILE, lab.path("ini")))


def hal_files(lab):
    """The files that are put in, where cp finds them."""
    for name, data in multiprocessor().items():
        lab.path(name).write_bytes(data)
    return [lab.path(name) for name in multiprocessor()]


def test_beside(lab):
    """HAL and kernels beside the old ones, and an entry for them."""
    files = hal_files(lab)
    place = inside(hal_truth.SPFILES, multiprocessor())

    def by_hand(root):
        output("cp", *files, root / SYSTEM32)
        sed(ENTRY_IN, root / BOOT_FILE, lab.path("ini"))

    compare(lab, "HAL and kernels beside", HalDisk(lab.folder, lab.fill, installed(),
                                                   beside=place), (), by_hand)

    def by_hand_on_fat(volume):
        output("mcopy", "-i", volume, *files, f"::{SYSTEM32}")
        text = output("mtype", "-i", volume, f"::{BOOT_FILE}")
        lab.path("ini").write_bytes(text)
        lab.path("ini").write_bytes(output("sed", "-E", ENTRY_IN, lab.path("ini")))
        output("mcopy", "-o", "-i", volume, lab.path("ini"), f"::{BOOT_FILE}")

    compare(lab, "HAL and kernels beside, on FAT", HalDisk(
        lab.folder, lab.fill, installed(), beside=place, kind="fat16"), (), by_hand_on_fat)


def test_replace(lab):
    """HAL and kernels in the place of the old ones."""
    hal_files(lab)
    hives = [("a made-up registry", None, 24)]
    hives += [(f"the registry of {path.name}", lzma.decompress(path.read_bytes()), 40)
              for path in lab.data.glob("hives/xp-pro-x86-up_bitcurator*.xz")]

    def by_hand(root):
        system32 = root / SYSTEM32
        for old, new, kept in (*KERNELS, ("hal.dll", "halmacpi.dll", "halup.dll")):
            output("cp", system32 / old, system32 / kept)
            output("cp", lab.path(new), system32 / old)
        output("cp", root / HIVE, lab.path("taken"))
        edit_hal(lab, lab.path("taken"))
        output("cp", lab.path("taken"), root / HIVE)

    for says, hive, size in hives:
        disk = HalDisk(lab.folder, lab.fill, installed(hive=hive), size=size,
                       beside=inside(hal_truth.SPFILES, multiprocessor()))
        compare(lab, f"HAL and kernels replaced, {says}", disk, ("--replace",), by_hand, (HIVE,))


TESTS = (test_stores, test_boot_ini, test_beside, test_replace, test_guestfish)


def why_not(lab):
    """What keeps anything from being mounted here, or None."""
    if not os.path.exists("/dev/fuse"):
        return "there is no /dev/fuse"
    made.make_ntfs(lab.path("try.ntfs"), 2 * made.MIB, 0, [], None)
    try:
        with mounted(lab, lab.path("try.ntfs")):
            return None
    except Unmountable as error:
        return f"ntfs-3g mounts nothing here: {error}"


def main():
    """Run what there are tools for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=ROOT / "build", metavar="DIR")
    parser.add_argument("--data", default=os.environ.get(
        "VTOPO_TEST_DATA", ROOT.parent / "shared/data"), metavar="FOLDER")
    parser.add_argument("--guestfish", action="store_true", help="edit by guestfish, too")
    parser.add_argument("-k", dest="word", default="", help="only tests with this in the name")
    options = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    os.environ.update(MTOOLS_SKIP_CHECK="1", LC_ALL="C")
    tools = TOOLS + (("guestfish",) if options.guestfish else ())
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing or hivex is None:
        print(f"1..0 # SKIP there is no {', '.join(missing) or 'libhivex'}")
        return 77
    with tempfile.TemporaryDirectory(prefix="vtopo-hand-") as folder:
        lab = repair_truth.Lab(options, folder)
        lab.tap, lab.guestfish = Tap(), options.guestfish
        lab.fill = lab.tests / "ntfs-fill"
        reason = why_not(lab)
        if reason is not None:
            print(f"1..0 # SKIP {reason}")
            return 77
        for test in TESTS:
            test(lab)
        return lab.tap.finish()


if __name__ == "__main__":
    sys.exit(main())
