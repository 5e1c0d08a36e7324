#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Put multiprocessor HALs into disks, and hold what came of it against truth.

    hal_truth.py [--build DIR] [--data FOLDER] [-k WORD]

Each case is a disk with the files of one processor, and with multiprocessor
ones in one of the places where Windows keeps them, or on setup media.  `vtopo
repair` works on it as a user would call it.  Then:

1. Every file of the volume is read by the tools of ntfs-3g or by mtools: those
   that should be new or other ones are, byte for byte, and no other has
   changed.  What boot.ini should be is worked out here.
2. ntfsfix, ntfsinfo and fsck.vfat are content; regfinfo is, where the registry
   was written.
3. vtopo inspect says that the HAL is a multiprocessor one, and a second repair
   finds nothing to do.
4. The undo makes the disk the old one, to the byte.

And what must not be changed is refused, each with its code, and nothing is.
Output is TAP; 77 when a tool is missing.
"""

import argparse
import json
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import hal_disks
import make_cabinet
import windows_disks as made
from boot_truth import Tap, hivex
from hal_disks import (BOOT_INI, HEAD, S2003_2, W2K4, W2K4_HAL, XP2, XP3, XP3_GDR, XP3_QFE,
                       XP_LINE, HalDisk, hal, inside, installed, kernel, multiprocessor)
from volume_files import check_volume, compare, contents, output

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TOOLS = ("mkntfs", "ntfscat", "ntfsfix", "ntfsinfo", "ntfsls", "mkfs.vfat", "fsck.vfat", "mtype",
         "mdir", "regfinfo", "qemu-img")
SPFILES, CACHE = "WINDOWS/ServicePackFiles/i386", "WINDOWS/Driver Cache/i386"
NEW_LINE = (b'multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS="Windows XP (multiprocessor)" '
            b"/fastdetect /NoExecute=OptIn /PAE /KERNEL=ntkrpamp.exe /HAL=%s\r\n")
AFTER = HEAD + NEW_LINE % b"halmacpi.dll" + XP_LINE


class Lab:
    """The programs, a folder to work in, and who counts."""

    def __init__(self, options, folder):
        build = pathlib.Path(options.build).resolve()
        self.tap, self.vtopo, self.fill = Tap(), build / "vtopo", build / "tests/ntfs-fill"
        self.folder, self.word = pathlib.Path(folder), options.word
        self.data = pathlib.Path(options.data)

    def disk(self, files, boot_ini=BOOT_INI, **more):
        """A fresh disk; nothing of an earlier one is left."""
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return HalDisk(self.folder, self.fill, files, boot_ini, **more)

    def run(self, *words):
        """vtopo COMMAND... with JSON: exit status, answer, what else it said."""
        done = subprocess.run([self.vtopo, *[str(word) for word in words], "--json"], check=False,
                              capture_output=True, timeout=120, env={**os.environ, "CI": "true"})
        answer = json.loads(done.stdout) if done.stdout.startswith(b"{") else {}
        return done.returncode, answer, done.stderr.decode(errors="replace")


# ------------------------------------------------------------------- repairs

def check_after(lab, disk, words):
    """What must hold of a repaired disk, whatever was put in."""
    problems = check_volume(disk.kind, disk.volume)
    _, facts, _ = lab.run("inspect", disk.path)
    found = facts.get("systems", [{}])[0]
    # An entry that is not the default is not what inspect speaks of.
    if found.get("hal", {}).get("multiprocessor") is not True and not any(
            word in ("x64", "1") for word in words):
        problems.append(f"inspect: {found.get('hal')}")
    status, answer, said = lab.run("repair", "--dry-run", disk.path, *[
        word for word in words if word != "x64"])
    if status != 2 or answer.get("changes"):
        problems.append(f"repaired again: {status}, {answer.get('changes')} {said}")
    return problems


def check_undo(lab, disk, old):
    """The way back."""
    status, _, said = lab.run("repair", "--undo", disk.path)
    if status != 0 or disk.path.read_bytes() != old:
        return [f"--undo: {status}, not the old disk: {said}"]
    return []


def repaired(lab, name, disk, changed, words=()):
    """Repair @disk in place: the files of @changed, and no others, become so."""
    if lab.word not in name:
        return
    old, before = disk.path.read_bytes(), contents(disk)
    options = [word for word in words if word != "x64"]
    status, answer, said = lab.run("repair", "--in-place", disk.path, *options)
    problems = [] if status == 0 else [f"exit status {status}: {said}"]
    if status == 0:
        if answer["refused"]:
            problems.append(f"refused: {answer['refused']}")
        problems += compare(before, contents(disk), changed)
        problems += check_after(lab, disk, words) + check_undo(lab, disk, old)
    lab.tap.result(name, problems)


def refused(lab, name, disk, code, words=(), found=()):
    """@disk must be refused with @code, and stay as it is."""
    if lab.word not in name:
        return
    old = disk.path.read_bytes()
    status, answer, said = lab.run("repair", "--in-place", disk.path, *words)
    codes = [one["code"] for one in answer.get("refused", [])]
    problems = []
    if codes != [code] or status != 1 or answer["changes"]:
        problems.append(f"exit status {status}, {answer.get('refused')}, "
                        f"{answer.get('changes')}: {said}")
    for text in found:
        if not any(text in line for line in answer.get("advice", [])):
            problems.append(f"no word of '{text}' in {answer.get('advice')}")
    if disk.path.read_bytes() != old or pathlib.Path(f"{disk.path}.vtopo-undo").exists():
        problems.append("and yet something was written")
    lab.tap.result(f"refused: {name}", problems)


def failed(lab, name, disk, text, words=()):
    """It cannot be done, @text says why, and @disk stays as it is."""
    if lab.word not in name:
        return
    old = disk.path.read_bytes()
    status, answer, said = lab.run("repair", "--in-place", disk.path, *words)
    problems = [] if status == 1 and not answer and text in said else [
        f"exit status {status}: {answer} {said}"]
    if disk.path.read_bytes() != old or pathlib.Path(f"{disk.path}.vtopo-undo").exists():
        problems.append("and yet something was written")
    lab.tap.result(f"failed: {name}", problems)


def nothing_to_do(lab, name, disk, words=(), advice=None):
    """Nothing is proposed, and nothing refused."""
    if lab.word not in name:
        return
    status, answer, said = lab.run("repair", disk.path, *words)
    problems = [] if status == 2 and not answer["changes"] and not answer["refused"] else [
        f"exit status {status}: {answer} {said}"]
    if advice is not None and not any(advice in line for line in answer.get("advice", [])):
        problems.append(f"no word of '{advice}'")
    lab.tap.result(f"nothing to do: {name}", problems)


def beside(files, boot_ini=AFTER, root="WINDOWS"):
    """What the gentle way makes of a disk."""
    return {"boot.ini": boot_ini, **inside(f"{root}/system32", files)}


# ---------------------------------------------------------------- where from

def cabinet(files, method="lzx"):
    """A cabinet of @files, {name: bytes}."""
    return make_cabinet.cabinet(list(files.items()), method=method)


def test_places(lab):
    """Files come from each place where Windows keeps them."""
    new, old = multiprocessor(), multiprocessor(version=XP2)
    many = {f"driver{number:03}.sys": hal_disks.bulk(number, "x", 3000) for number in range(40)}
    places = (
        ("loose, of the service pack", inside(SPFILES, new)),
        ("loose, in the driver cache", inside(CACHE, new)),
        ("in an LZX cabinet", {f"{CACHE}/driver.cab": cabinet({**many, **new})}),
        ("in an MSZIP cabinet", {f"{CACHE}/sp3.cab": cabinet(new, "mszip")}),
        ("in the newer of two cabinets", {f"{CACHE}/sp3.cab": cabinet(new),
                                          f"{CACHE}/driver.cab": cabinet(old)}),
        ("in the older of two cabinets", {f"{CACHE}/sp3.cab": cabinet(old),
                                          f"{CACHE}/driver.cab": cabinet(new)}),
        ("in I386 of the volume, compressed", {
            f"I386/{name[:-1]}_": cabinet({name: data}) for name, data in new.items()}),
        ("in I386 of the system, as SZDD", {
            f"WINDOWS/I386/{name[:-1]}_": make_cabinet.szdd(data) for name, data in new.items()}),
        ("in I386, in SP3.CAB", {"I386/SP3.CAB": cabinet(new)}),
        ("in a folder of a hotfix", inside("WINDOWS/$hf_mig$/KB956572/SP3GDR", new)),
        ("from three places", {
            f"{SPFILES}/halmacpi.dll": new["halmacpi.dll"],
            f"{CACHE}/sp3.cab": cabinet({"NTKRNLMP.EXE": new["ntkrnlmp.exe"]}),
            "I386/NTKRPAMP.EX_": cabinet({"ntkrpamp.exe": new["ntkrpamp.exe"]})}),
        ("a damaged one is passed over", {
            **inside(SPFILES, {**new, "halmacpi.dll": hal_disks.damaged(new["halmacpi.dll"])}),
            f"{CACHE}/driver.cab": cabinet(new)}),
        ("a broken cabinet is passed over", {f"{CACHE}/sp3.cab": cabinet(new)[:5000],
                                             f"{CACHE}/driver.cab": cabinet(new)}),
    )
    for says, more in places:
        if lab.word in says:
            repaired(lab, says, lab.disk(installed(), beside=more), beside(new))
    disk = lab.disk(installed(), beside=inside("WINDOWS/system32", new))
    repaired(lab, "they are there already", disk, beside({}))


def test_media(lab):
    """Files come from setup media."""
    new = multiprocessor()
    disk = lab.disk(installed())
    refused(lab, "no files anywhere", disk, "hal-no-files")
    media = lab.folder / "media"
    (media / "I386").mkdir(parents=True)
    for name, data in new.items():
        (media / "I386" / (name[:-1].upper() + "_")).write_bytes(cabinet({name: data}))
    os.mkfifo(media / "I386/NTKRNLMP.EXE")
    repaired(lab, "a CD as a folder", disk, beside(new), ("--media", media))
    repaired(lab, "its folder I386", disk, beside(new), ("--media", media / "I386"))
    (media / "I386/NTKRNLMP.EXE").unlink()
    maker = shutil.which("xorrisofs") or shutil.which("genisoimage")
    if maker:
        output(maker, "-quiet", "-o", lab.folder / "cd.iso", media)
        repaired(lab, "a CD as an ISO image", disk, beside(new),
                 ("--media", lab.folder / "cd.iso"))
    pack = lab.folder / "pack"
    (pack / "i386").mkdir(parents=True)
    (pack / "i386/sp3.cab").write_bytes(cabinet(new))
    repaired(lab, "a service pack that was unpacked", disk, beside(new), ("--media", pack))
    (pack / "halmacpi.dll").write_bytes(hal("halmacpi.dll", XP2))
    (pack / "SP3.CAB").write_bytes(cabinet(multiprocessor(version=XP2)))
    repaired(lab, "media with older files beside I386", disk, beside(new), ("--media", pack))
    if maker:
        output(maker, "-quiet", "-o", lab.folder / "i386.iso", media / "I386")
        repaired(lab, "an ISO image of I386 alone", disk, beside(new),
                 ("--media", lab.folder / "i386.iso"))
    old = lab.folder / "old"
    old.mkdir()
    (old / "DRIVER.CAB").write_bytes(cabinet(multiprocessor(version=XP2)))
    refused(lab, "media of another service pack", disk, "hal-no-files", ("--media", old),
            ("the media/driver.cab/halmacpi.dll: 5.1.2600.2180 (xpsp_sp2_rtm.040803-2158)",))
    for name, says in ((lab.folder / "nowhere", "cannot open the media"),
                       (pathlib.Path("/dev/null"), "neither a folder nor an ISO image"),
                       (lab.fill.parent.parent / "meson-info", "holds no HAL")):
        _, _, said = lab.run("repair", disk.path, "--media", name)
        lab.tap.result(f"media: {says}", [] if says in said else [said])


# ------------------------------------------------------------ which versions

def test_versions(lab):
    """Only files of the same build are taken."""
    gdr, qfe = (multiprocessor(version=version, hal_version=XP3) for version in (XP3_GDR, XP3_QFE))
    fixes = {**inside("WINDOWS/$hf_mig$/KB956572/SP3GDR", {
        name: gdr[name] for name in ("ntkrnlmp.exe", "ntkrpamp.exe")}),
             **inside("WINDOWS/$hf_mig$/KB956572/SP3QFE", {
                 name: qfe[name] for name in ("ntkrnlmp.exe", "ntkrpamp.exe")}),
             **inside(SPFILES, multiprocessor())}
    for says, version, want in (("the general branch", XP3_GDR, gdr), ("the QFE branch", XP3_QFE, qfe)):
        repaired(lab, f"a hotfixed kernel of {says}", lab.disk(
            installed(kernel_version=version, hal_version=XP3), beside=fixes), beside(want))
    refused(lab, "a hotfixed kernel, and only the one of the service pack", lab.disk(
        installed(kernel_version=XP3_GDR, hal_version=XP3), beside=inside(SPFILES, multiprocessor())),
            "hal-no-files", (), ("ServicePackFiles/i386/ntkrnlmp.exe: 5.1.2600.5512",))
    refused(lab, "a hotfixed kernel, and only the one of the other branch", lab.disk(
        installed(kernel_version=XP3_GDR, hal_version=XP3), beside={
            **inside(SPFILES, multiprocessor()),
            "WINDOWS/$hf_mig$/KB956572/SP3QFE/ntkrnlmp.exe": qfe["ntkrnlmp.exe"]}),
            "hal-no-files", (), ("of another branch",))
    refused(lab, "an installed mix", lab.disk(
        installed(kernel_version=XP3, hal_version=XP2), beside=inside(SPFILES, multiprocessor())),
            "hal-mix")
    refused(lab, "a version that is not known", lab.disk(
        installed(kernel_version="5.1.2526.0"), beside=inside(SPFILES, multiprocessor(
            version="5.1.2526.0"))), "hal-mix")
    wrong = multiprocessor()
    wrong["ntkrnlmp.exe"] = kernel("ntoskrnl.exe")
    refused(lab, "a kernel under a wrong name", lab.disk(installed(), beside=inside(SPFILES, wrong)),
            "hal-no-files", (), ("it is another file by its version resource",))
    wrong["ntkrnlmp.exe"] = made.make_kernel(False, "x86", XP3, "ntkrnlmp.exe")
    refused(lab, "a kernel that only says so", lab.disk(installed(), beside=inside(SPFILES, wrong)),
            "hal-no-files", (), ("it is no multiprocessor kernel",))
    wrong["ntkrnlmp.exe"] = kernel("ntkrnlmp.exe", XP3, "x86_64")
    refused(lab, "a kernel of 64 bits", lab.disk(installed(), beside=inside(SPFILES, wrong)),
            "hal-no-files", (), ("it is for another processor",))
    wrong["ntkrnlmp.exe"] = b"not a program"
    refused(lab, "a kernel that is none", lab.disk(installed(), beside=inside(SPFILES, wrong)),
            "hal-no-files", (), ("it is no program that can be read",))


# ---------------------------------------------------------------- which HALs

def test_hals(lab):
    """Each HAL has its way."""
    mps = multiprocessor("halmps.dll")
    repaired(lab, "MPS Uniprocessor PC", lab.disk(
        installed("halapic.dll"), beside=inside(SPFILES, mps)),
             beside(mps, HEAD + NEW_LINE % b"halmps.dll" + XP_LINE))
    disk = lab.disk(installed("halacpi.dll"), beside=inside(SPFILES, multiprocessor()))
    refused(lab, "an ACPI PC", disk, "hal-needs-force")
    repaired(lab, "an ACPI PC by force", disk, beside(multiprocessor()), ("--force",))
    refused(lab, "a Standard PC", lab.disk(
        installed("hal.dll"), beside=inside(SPFILES, multiprocessor())), "hal-by-hand", ("--force",))
    refused(lab, "a HAL that nobody knows", lab.disk(
        installed("halvendor.dll"), beside=inside(SPFILES, multiprocessor())), "hal-unknown")
    nothing_to_do(lab, "a multiprocessor HAL", lab.disk(
        installed("halmacpi.dll", multiprocessor=True), beside=inside(SPFILES, multiprocessor())))
    only = {name: data for name, data in multiprocessor().items() if name.startswith("hal")}
    repaired(lab, "multiprocessor kernels beside another HAL", lab.disk(
        installed(multiprocessor=True), beside=inside(SPFILES, multiprocessor())),
             beside(only, HEAD + XP_LINE.replace(b'XP"', b'XP (multiprocessor)"').replace(
                 b"\r\n", b" /HAL=halmacpi.dll\r\n") + XP_LINE))
    nothing_to_do(lab, "--no-hal", lab.disk(
        installed(), beside=inside(SPFILES, multiprocessor())), ("--no-hal",))


def test_both(lab):
    """A limit is not taken out where the HAL cannot be replaced, unless asked to."""
    ini = HEAD + XP_LINE.replace(b"\r", b" /NUMPROC=1\r")
    disk = lab.disk(installed(), ini)
    old = disk.path.read_bytes()
    status, _, said = lab.run("repair", "--in-place", disk.path)
    problems = [] if status == 1 and "--no-hal" in said else [f"exit status {status}: {said}"]
    if disk.path.read_bytes() != old:
        problems.append("and yet something was written")
    before = contents(disk)
    status, _, said = lab.run("repair", "--in-place", "--no-hal", disk.path)
    if status != 0:
        problems.append(f"--no-hal: {status}, {said}")
    lab.tap.result("a limit and a HAL without files",
                   problems + compare(before, contents(disk), {"boot.ini": BOOT_INI}))


def test_systems(lab):
    """Each system has its way."""
    w2k = installed(kernel_version=W2K4, hal_version=W2K4_HAL)
    new = multiprocessor(version=W2K4, hal_version=W2K4_HAL)
    common = {name: made.make_pe("x86", W2K4, name, more=hal_disks.bulk(name, "common"))
              for name in ("kernel32.dll", "ntdll.dll", "winsrv.dll", "win32k.sys")}
    uniproc = {name: made.make_pe("x86", W2K4, name, more=hal_disks.bulk(name, "uniproc"))
               for name in common}
    kept = {**inside(SPFILES, {**new, **common}), **inside(SPFILES + "/uniproc", uniproc)}
    ini = HEAD + XP_LINE.replace(b" /NoExecute=OptIn", b"")
    after = HEAD + XP_LINE.replace(b" /NoExecute=OptIn", b" /KERNEL=ntkrnlmp.exe /HAL=halmacpi.dll"
                                   ).replace(b'XP"', b'XP (multiprocessor)"') + XP_LINE.replace(
                                       b" /NoExecute=OptIn", b"")
    repaired(lab, "Windows 2000 with common files", lab.disk(
        {**w2k, **inside("system32", common)}, ini, beside=kept), beside(new, after))
    refused(lab, "Windows 2000 with files of \\UNIPROC", lab.disk(
        {**w2k, **inside("system32", uniproc)}, ini, beside=kept), "hal-by-hand", ("--force",))
    disk = lab.disk({**w2k, **inside("system32", common)}, ini, beside=inside(SPFILES, new))
    refused(lab, "Windows 2000 of which it cannot be told", disk, "hal-needs-force")
    repaired(lab, "the same by force", disk, beside(new, after), ("--force",))
    s2003 = multiprocessor(version=S2003_2)
    repaired(lab, "Server 2003", lab.disk(
        installed(kernel_version=S2003_2), beside=inside(SPFILES, s2003)), beside(s2003))
    refused(lab, "NT 4.0", lab.disk(installed("halapic.dll", "4.0.1381.335"), ini), "hal-by-hand",
            ("--force",), ("KB 156358",))
    nothing_to_do(lab, "NT 4.0 for many processors", lab.disk(
        installed("halmps.dll", "4.0.1381.335", multiprocessor=True), ini))
    nothing_to_do(lab, "Vista", lab.disk(
        installed("halmacpi.dll", "6.0.6002.18005", multiprocessor=True), ini), (),
                  "nothing to replace")
    wide = multiprocessor(version=S2003_2, machine="x86_64")
    line = XP_LINE.replace(b'XP"', b'XP (multiprocessor)"').replace(
        b"\r\n", b" /KERNEL=ntkrnlmp.exe\r\n")
    repaired(lab, "Server 2003 for 64 bits", lab.disk(
        installed("hal.dll", S2003_2, machine="x86_64"), beside={
            "AMD64/NTKRNLMP.EX_": cabinet(wide)}), beside(wide, HEAD + line + XP_LINE), ("x64",))


# ------------------------------------------------------------------ boot.ini

def test_entries(lab):
    """Boot entries are added where they should be."""
    new = multiprocessor()
    place = inside(SPFILES, new)
    plain = XP_LINE.replace(b" /NoExecute=OptIn", b"")
    mp = XP_LINE.replace(b'XP"', b'XP (multiprocessor)"').replace(b"\r\n", b"%s\r\n")
    flat, big = b" /KERNEL=ntkrnlmp.exe /HAL=halmacpi.dll", b" /PAE /KERNEL=ntkrpamp.exe /HAL=halmacpi.dll"

    def line(switches, more):
        return mp.replace(b" /NoExecute=OptIn", switches) % more

    for says, before, after, more in (
            ("without PAE", plain, line(b"", flat) + plain, {}),
            ("as the last boot had PAE", plain, line(b"", big) + plain, {"pae": 1}),
            ("/NOPAE", plain.replace(b"\r", b" /NOPAE\r"),
             line(b" /NOPAE", flat) + plain.replace(b"\r", b" /NOPAE\r"), {"pae": 1}),
            ("/PAE", plain.replace(b"\r", b" /PAE\r"),
             line(b"", big) + plain.replace(b"\r", b" /PAE\r"), {}),
            ("AlwaysOff", XP_LINE.replace(b"OptIn", b"AlwaysOff"),
             line(b" /NoExecute=AlwaysOff", flat) + XP_LINE.replace(b"OptIn", b"AlwaysOff"), {}),
            ("and a limit", XP_LINE.replace(b"\r", b" /NUMPROC=1\r"),
             line(b" /NoExecute=OptIn", big) + XP_LINE, {}),
            ("the second of two", plain.replace(b"WINDOWS", b"WINNT") + plain,
             plain.replace(b"WINDOWS", b"WINNT") + line(b"", flat) + plain, {})):
        repaired(lab, f"boot.ini: {says}", lab.disk(
            installed(**more), HEAD + before, beside=place), beside(new, HEAD + after))
    two = plain + plain.replace(b'XP"', b'XP, safe"').replace(b"\r", b" /safeboot:minimal\r")
    safe = plain.replace(b'XP"', b'XP, safe (multiprocessor)"').replace(
        b"\r", b" /safeboot:minimal" + flat + b"\r")
    lines = two.splitlines(True)
    repaired(lab, "boot.ini: all entries", lab.disk(installed(), HEAD + two, beside=place),
             beside(new, HEAD + line(b"", flat) + lines[0] + safe + lines[1]), ("--entries", "all"))
    repaired(lab, "boot.ini: entry 1", lab.disk(installed(), HEAD + two, beside=place),
             beside(new, HEAD + lines[0] + safe + lines[1]), ("--entries", "1"))
    refused(lab, "ten entries", lab.disk(installed(), HEAD + plain * 10, beside=place), "damaged")
    long = HEAD + plain + b"; a comment\r\n" * 400
    repaired(lab, "boot.ini: a long one", lab.disk(installed(), long, beside=place),
             beside(new, HEAD + line(b"", flat) + long[len(HEAD):]))


def test_elsewhere(lab):
    """Entries that start what is not on this disk, or not where boot.ini is."""
    new = multiprocessor()
    place = inside(SPFILES, new)
    for says, arc in (("the second disk", b"multi(0)disk(0)rdisk(1)partition(1)"),
                      ("a disk with another signature", b"signature(1234abce)disk(0)rdisk(0)partition(1)")):
        nothing_to_do(lab, f"the system of {says}", lab.disk(installed(), BOOT_INI.replace(
            b"multi(0)disk(0)rdisk(0)partition(1)", arc), beside=place), (), "on another disk")
    arc = b"signature(1234abcd)disk(0)rdisk(0)partition(1)"
    repaired(lab, "boot.ini: the signature of this disk", lab.disk(installed(), BOOT_INI.replace(
        b"multi(0)disk(0)rdisk(0)partition(1)", arc), beside=place), beside(new, AFTER.replace(
            b"multi(0)disk(0)rdisk(0)partition(1)", arc)))
    other = XP_LINE.replace(b"rdisk(0)", b"rdisk(1)")
    repaired(lab, "boot.ini: all entries, one of another disk", lab.disk(
        installed(), BOOT_INI + other, beside=place), beside(new, AFTER + other),
             ("--entries", "all"))
    refused(lab, "a default that is in no entry", lab.disk(
        installed(), BOOT_INI.replace(b"\\WINDOWS\r", b"\\WINNT\r"), beside=place), "no-default")
    before, after = (text.replace(b"partition(1)", b"partition(2)") for text in (BOOT_INI, AFTER))
    for says, own in (("on the volume before that of the system", b""),
                      ("on two volumes", before)):
        disk = lab.disk(installed(), own, beside=place, first=before)
        changed = beside(new, after)
        if not own:
            del changed["boot.ini"]
        repaired(lab, f"boot.ini: {says}", disk, changed)
        status, _, said = lab.run("repair", "--in-place", disk.path) if lab.word in says else (0, 0, "")
        lab.tap.result(f"boot.ini: {says}, the first one",
                       [] if status == 0 and (lab.word not in says or disk.first_boot_ini() == after)
                       else [f"{status} {said}"])


def test_traps(lab):
    """What is in the way of a repair stays as it is."""
    new = multiprocessor()
    place = inside(SPFILES, new)
    custom = XP_LINE.replace(b"\r", b" /KERNEL=%s\r")
    refused(lab, "another kernel under the name of the new one", lab.disk(
        {**installed(), "system32/ntkrnlmp.exe": kernel("ntoskrnl.exe")},
        HEAD + custom % b"ntkrnlmp.exe", beside=place), "hal-named")
    refused(lab, "a kernel in a folder", lab.disk(
        installed(), HEAD + custom % b"..\\k.exe", beside=place), "hal-named")
    boots = {**installed(), "system32/mine.exe": kernel("ntoskrnl.exe")}
    mine = custom.replace(b"Windows XP", b"mine") % b"mine.exe"
    refused(lab, "replaced: another entry has a kernel for one processor", lab.disk(
        boots, BOOT_INI + mine, beside=place), "hal-named", ("--replace",))
    after = HEAD + custom.replace(b'XP"', b'XP (multiprocessor)"').replace(
        b" /KERNEL=%s", b" /PAE /KERNEL=ntkrpamp.exe /HAL=halmacpi.dll") + custom % b"mine.exe"
    repaired(lab, "boot.ini: a kernel of its own", lab.disk(
        boots, HEAD + custom % b"mine.exe", beside=place), beside(new, after))
    boots["system32/mine.exe"] = kernel("ntoskrnl.exe", XP3_GDR)
    refused(lab, "two entries that need two builds of one file", lab.disk(
        boots, BOOT_INI + mine, beside={**place, **inside(
            "WINDOWS/$hf_mig$/KB1/SP3GDR", multiprocessor(version=XP3_GDR, hal_version=XP3))}),
            "damaged", ("--entries", "all"))
    refused(lab, "a kernel with PAE that cannot be read", lab.disk(
        {**installed(), "system32/ntkrnlpa.exe": b"garbage"}, beside=place), "hal-unknown")
    refused(lab, "a system for Itanium", lab.disk(
        installed("hal.dll", S2003_2, machine="ia64"), beside=place), "hal-unknown")
    refused(lab, "a HAL for 64 bits", lab.disk(
        {**installed(), "system32/hal.dll": hal("halaacpi.dll", XP3, "x86_64")}, beside=place),
            "hal-unknown")
    failed(lab, "a folder with the name of a HAL", lab.disk(
        {**installed(), "system32/halmacpi.dll/file": b""}, beside=place), "halmacpi.dll")
    used = sum(len(data) // 512 + 2 for data in (*installed().values(), *new.values()))
    for words in ((), ("--replace",)):      # room for a kernel, not for all
        failed(lab, f"a volume that is full in the middle {words}", lab.disk(
            installed(), beside={**place, "fill": bytes(512 * (18240 - used - 100))},
            kind="fat16", size=9), "room", words)
    many = {f"WINDOWS/$hf_mig$/KB{number}/SP3GDR/{name}": b"old"
            for number in range(700) for name in ("update.inf",)}
    for number in range(40):
        many.update(inside(f"WINDOWS/$hf_mig$/KB{number}/SP3GDR", {
            "ntkrnlmp.exe": kernel("ntkrnlmp.exe", XP2, size=2000)}))
    media = {f"{CACHE}/driver.cab": cabinet(multiprocessor(version=XP2))}
    repaired(lab, "after hundreds of hotfixes", lab.disk(installed(), beside={
        **many, f"{CACHE}/sp3.cab": cabinet(new)}, size=40), beside(new))
    refused(lab, "none among hundreds of hotfixes", lab.disk(
        installed(), beside={**many, **media}, size=40), "hal-no-files", (), (
            "KB0/SP3GDR/ntkrnlmp.exe", "driver.cab/halmacpi.dll"))


def test_real_files(lab):
    """Every boot.ini of the data folder whose default is a system of ours."""
    for path in sorted(lab.data.glob("bootini/*.ini")):
        text = path.read_bytes()
        match = re.search(rb"(?im)^default\s*=\s*((?:multi|signature|scsi)\S*?\\(\w+))\s*$", text)
        lines = text.splitlines(True)
        entry = match and next((line for line in lines if line.lower().startswith(
            match.group(1).lower()) and b"=" in line[len(match.group(1)):len(match.group(1)) + 2]), None)
        if not entry or re.search(rb"(?i)/(kernel|hal)=", entry):
            continue
        root, new = match.group(2).decode(), multiprocessor()
        after = expected(text, entry)
        disk = lab.disk(installed(), text, root=root,
                        beside=inside(f"{root}/ServicePackFiles/i386", new))
        repaired(lab, f"boot.ini: {path.name}", disk, beside(new, after, root))


def expected(text, entry):
    """A boot.ini with a line before @entry, as a person would write it."""
    path, rest = re.match(rb"(\S+?)\s*=\s*(.*?)[ \t]*\r?\n?$", entry.replace(b"\r", b"")).groups()
    quoted = re.match(rb'"([^"]*)"(.*)', rest)
    said, switches = quoted.groups() if quoted else re.match(rb"([^/]*?)\s*((?:/.*)?)$", rest).groups()
    clean = re.sub(rb"(?i)[ \t]*/(numproc=\d+|onecpu)(?=[ \t]|$)", b"", entry)
    words = [word for word in re.sub(rb"(?i)/(numproc=\d+|onecpu)(?=\s|$)", b"", switches).split()
             if word.lower() != b"/pae"]
    execute = [word for word in words if word.lower().startswith(b"/noexecute")]
    pae = b"/pae" in switches.lower().split() or any(
        not word.lower().endswith(b"alwaysoff") for word in execute)
    words += [b"/PAE", b"/KERNEL=ntkrpamp.exe"] if pae else [b"/KERNEL=ntkrnlmp.exe"]
    end = b"\r\n" if entry.endswith(b"\r\n") or b"\n" not in entry else b"\n"
    line = b'%s="%s (multiprocessor)" %s%s' % (path, said, b" ".join(
        words + [b"/HAL=halmacpi.dll"]), end)
    return text.replace(entry, line + clean, 1)


# ------------------------------------------------------------------ replacing

def registry(data, folder):
    """The names of the HAL in a SYSTEM hive, by libhivex."""
    path = folder / "hive"
    path.write_bytes(data)
    hive = hivex.Hivex(str(path))

    def value(key, name):
        node = hive.root()
        for part in key.split("\\"):
            node = hive.node_get_child(node, part)
        return hive.value_value(hive.node_get_value(node, name))[1].decode("utf-16-le").rstrip("\0")

    output("regfinfo", path)
    base = "ControlSet001\\Control\\Class\\{4D36E966-E325-11CE-BFC1-08002BE10318}\\0000"
    device = "ControlSet001\\Enum\\Root\\%s\\0000"
    for name in ("ACPI_HAL", "PCI_HAL"):
        if hive.node_get_child(hive.node_get_child(hive.node_get_child(hive.node_get_child(
                hive.root(), "ControlSet001"), "Enum"), "Root"), name):
            return (value(device % name, "HardwareID"), value(base, "InfSection"),
                    value(base, "MatchingDeviceId"))
    return None


def replaced(lab, name, disk, new, want, words=()):
    """Repair @disk by --replace; @want is what the registry says then."""
    if lab.word not in name:
        return
    before = contents(disk)
    system32 = "WINDOWS/SYSTEM32/"
    kept = {"NTKRNLUP.EXE": "NTOSKRNL.EXE", "NTKRPAUP.EXE": "NTKRNLPA.EXE", "HALUP.DLL": "HAL.DLL"}
    changed = {system32 + name: before[system32 + old] for name, old in kept.items()
               if system32 + old in before and not ("x64" in words and old == "HAL.DLL")}
    for old, now in (("NTOSKRNL.EXE", "ntkrnlmp.exe"), ("NTKRNLPA.EXE", "ntkrpamp.exe")):
        if system32 + old in before:
            changed[system32 + old] = new[now]
    for now in new:
        if now.startswith("hal"):
            changed[system32 + "HAL.DLL"] = new[now]
    hive = system32 + "CONFIG/SYSTEM"
    old = disk.path.read_bytes()
    status, _, said = lab.run("repair", "--in-place", "--replace", disk.path,
                              *[word for word in words if word != "x64"])
    problems = [] if status == 0 else [f"exit status {status}: {said}"]
    if status == 0:
        after = contents(disk)
        changed[hive] = after[hive]
        problems += compare(before, after, changed)
        if len(after[hive]) != len(before[hive]):
            problems.append("the hive has another size")
        seen = registry(after[hive], lab.folder)
        if seen != want:
            problems.append(f"the registry says {seen}")
        problems += check_after(lab, disk, words) + check_undo(lab, disk, old)
    lab.tap.result(name, problems)


def test_replace(lab):
    """The old files make place, and are kept."""
    new = multiprocessor()
    place = inside(SPFILES, new)
    acpi = "acpiapic_mp", "ACPIAPIC_MP_HAL", "acpiapic_mp"
    replaced(lab, "replaced: ACPI Uniprocessor PC", lab.disk(installed(), beside=place), new, acpi)
    mps = multiprocessor("halmps.dll")
    replaced(lab, "replaced: MPS Uniprocessor PC", lab.disk(
        installed("halapic.dll"), beside=inside(SPFILES, mps)), mps,
             ("mps_mp", "MPS_MP_HAL", "mps_mp"))
    replaced(lab, "replaced: an ACPI PC by force, whose ids have another length", lab.disk(
        installed("halacpi.dll"), beside=place), new,
             ("acpipic_up", "ACPIPIC_UP_HAL", "acpipic_up"), ("--force",))
    replaced(lab, "replaced: without a kernel for PAE", lab.disk(
        installed(has_pae=False), beside=place), new, acpi)
    refused(lab, "replaced: switches name the files", lab.disk(
        installed(), HEAD + XP_LINE.replace(b"\r", b" /HAL=hal.dll\r"), beside=place), "hal-named",
            ("--replace",))
    refused(lab, "replaced: the name of a kept file is taken", lab.disk(
        {**installed(), "system32/halup.dll": b"mine"}, beside=place), "damaged", ("--replace",))
    real = lab.data / "hives/xp-pro-x86-up_bitcurator.xz"
    found = sorted(lab.data.glob("hives/xp-pro-x86-up_bitcurator*"))
    if not found:
        lab.tap.skip("replaced: with the hive of a real Windows XP", f"there is no {real.name}")
        return
    data = found[0].read_bytes()
    data = lzma.decompress(data) if found[0].suffix == ".xz" else data
    replaced(lab, "replaced: with the hive of a real Windows XP", lab.disk(
        installed(hive=data), beside=place, size=40), new, acpi)


def test_fat(lab):
    """The same on FAT."""
    new = multiprocessor()
    for kind, size in (("fat16", 24), ("fat32", 40)):
        disk = lab.disk(installed(), beside=inside(SPFILES, new), kind=kind, size=size)
        repaired(lab, f"on {kind}", disk, beside(new))


def test_room(lab):
    """A volume without room for the files stays as it is."""
    filler = {"filler": bytes(5 * made.MIB)}
    disk = lab.disk(installed(), beside={**inside(SPFILES, {
        name: hal_disks.grown(data) for name, data in multiprocessor().items()}), **filler}, size=12)
    old = disk.path.read_bytes()
    status, _, said = lab.run("repair", "--in-place", disk.path)
    problems = [] if status == 1 and "no room" in said else [f"exit status {status}: {said}"]
    if disk.path.read_bytes() != old or pathlib.Path(f"{disk.path}.vtopo-undo").exists():
        problems.append("and yet something was written")
    lab.tap.result("a volume without room", problems)


def test_overlay(lab):
    """By default the image stays, and the changes go into an overlay."""
    disk = lab.disk(installed(), beside=inside(SPFILES, multiprocessor()))
    image, old = lab.folder / "xp.qcow2", disk.path.read_bytes()
    output("qemu-img", "convert", "-O", "qcow2", disk.path, image)
    before = image.read_bytes()
    status, answer, said = lab.run("repair", image)
    problems = [] if status == 0 else [f"exit status {status}: {said}"]
    if image.read_bytes() != before:
        problems.append("the image has changed")
    if status == 0:
        output("qemu-img", "convert", "-O", "raw", answer["file"], disk.path)
        lab.folder.joinpath("old.raw").write_bytes(old)
        problems += compare(contents(disk, lab.folder / "old.raw"), contents(disk), beside(
            multiprocessor())) + check_volume(disk.kind, disk.volume)
    lab.tap.result("into an overlay", problems)


TESTS = (test_places, test_media, test_versions, test_hals, test_both, test_systems, test_entries,
         test_elsewhere, test_traps, test_real_files, test_replace, test_fat, test_room,
         test_overlay)


def main():
    """Run what there are tools for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=ROOT / "build", metavar="DIR")
    parser.add_argument("--data", default=os.environ.get(
        "VTOPO_TEST_DATA", ROOT.parent / "shared/data"), metavar="FOLDER")
    parser.add_argument("-k", dest="word", default="", help="only tests with this in the name")
    options = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    os.environ["MTOOLS_SKIP_CHECK"] = "1"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing or hivex is None:
        print(f"1..0 # SKIP there is no {', '.join(missing) or 'libhivex'}")
        return 77
    with tempfile.TemporaryDirectory(prefix="vtopo-hal-") as folder:
        lab = Lab(options, folder)
        for test in TESTS:
            test(lab)
        return lab.tap.finish()


if __name__ == "__main__":
    sys.exit(main())
