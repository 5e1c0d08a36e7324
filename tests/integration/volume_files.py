# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is on a volume, as the tools of ntfs-3g and mtools see it.

Nothing runs when this is imported.
"""

import subprocess


def output(*words):
    """What a tool prints; it must succeed."""
    return subprocess.run([str(word) for word in words], check=True, timeout=60,
                          capture_output=True).stdout


# ------------------------------------------------------- what is on a volume

def ntfs_names(volume, folder=""):
    """The files of an NTFS volume, as its tools list them."""
    names = []
    for line in output("ntfsls", "-f", "-a", "-F", "-p", f"/{folder}", volume).decode().split("\n"):
        name = line.rstrip("/")
        if name in ("", ".", "..") or name.startswith("$") and not folder and name != "$hf_mig$":
            continue
        path = f"{folder}/{name}" if folder else name
        names += ntfs_names(volume, path) if line.endswith("/") else [path]
    return names


def fat_names(volume):
    """The files of a FAT volume."""
    lines = output("mdir", "-/", "-b", "-a", "-i", volume, "::").decode().split("\n")
    return [line[3:].strip() for line in lines if line.strip() and not line.endswith("/")]


def contents(disk, path=None):
    """{name in capitals: bytes} of the disk's volume."""
    volume = disk.take_volume(path)
    if disk.kind == "ntfs":
        return {name.upper(): output("ntfscat", "-f", volume, name) for name in ntfs_names(volume)}
    return {name.upper(): output("mtype", "-i", volume, f"::{name}") for name in fat_names(volume)}


def check_volume(kind, volume):
    """A line for each program that complains of the volume."""
    problems = []
    tools = [("ntfsfix", "--no-action"), ("ntfsinfo", "-m")] if kind == "ntfs" else [
        ("fsck.vfat", "-n")]
    for words in tools:
        done = subprocess.run([*words, str(volume)], check=False, timeout=60,
                              capture_output=True, text=True, errors="replace")
        if done.returncode != 0:
            problems.append(f"{words[0]}: {done.stdout.strip()[-200:]}")
    return problems


def compare(before, after, changed):
    """A line for each file that is not what it should be."""
    changed = {name.upper(): data for name, data in changed.items()}
    problems = [f"{name} is gone" for name in before if name not in after]
    for name, data in after.items():
        want = changed.get(name, before.get(name))
        if want is None:
            problems.append(f"{name} is new")
        elif data != want:
            problems.append(f"{name}: {data[-90:]!r} instead of {want[-90:]!r}")
    return problems + [f"{name} is missing" for name in changed if name not in after]
