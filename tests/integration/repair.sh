#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# repair.sh BUILD-DIR - limits are taken out of an image, and put back
#
# With a disk that says it is Windows 7 and has numproc in its boot store, as
# raw and as qcow2.  Prints TAP.

# shellcheck source=tests/integration/tap.sh
. "$(dirname -- "$0")/tap.sh"

use_build "$@"
need qemu-system-x86_64 qemu-img qemu-nbd python3 mkntfs
export VTOPO_ACCEL=tcg CI=true

cd -- "$work" || exit 99
for name in a.raw a.qcow2; do
    python3 "$tests/demo_disk.py" --build "$build" --numproc 2 "$name" || exit 99
    cp -- "$name" "old-$name"
done

# same NAME - the image is as it was made
same() {
    cmp -s -- "$1" "old-$1"
    report $? "$2"
}

# numproc NAME - what the boot store says
numproc() {
    "$vtopo" inspect --json "$1" | grep -o '"numproc":[^,]*' | head -n 1
}

# valid WHAT OPTION... - a repair that is done, with an answer as in its schema
valid() {
    local what=$1

    shift
    "$vtopo" repair --json "$@" >answer.json 2>said &&
        /usr/bin/python3 "$tests/../schema/validate.py" \
            "$tests/../schema/repair-answer.json" answer.json >>said 2>&1
    report $? "$what: done, and its JSON is as its schema has it" "$(cat said)"
}

for name in a.raw a.qcow2; do
    said=$("$vtopo" repair --dry-run "$name" 2>&1)
    report $? "$name: --dry-run" "$said"
    like 'numproc' "$said" "$name: it says what"
    like '2 *-> *taken away' "$said" "$name: and from what to what"
    same "$name" "$name: --dry-run changes nothing"
    valid "$name: --dry-run" --dry-run "$name"

    said=$("$vtopo" repair "$name" 2>&1)
    report $? "$name: into an overlay" "$said"
    like 'repaired.qcow2' "$said" "$name: it says where"
    same "$name" "$name: the image stays as it was"
    like 'null' "$(numproc "$name.repaired.qcow2")" "$name: no limit in the overlay"
    said=$("$vtopo" repair "$name" 2>&1)
    like 'is there already' "$said" "$name: an overlay is never overwritten"
    said=$("$vtopo" repair "$name.repaired.qcow2" 2>&1)
    [ $? -eq 2 ]
    report $? "$name: nothing is left to do" "$said"
    said=$("$vtopo" run --settle 1 "$name.repaired.qcow2" --vcpus 4 --headless -- \
               -fw_cfg 'name=opt/org.vtopo.probe,string=numproc=4' 2>&1)
    like 'All used: .* all 4' "$said" "$name: and all vCPUs are used"
    rm -- "$name.repaired.qcow2"

    valid "$name: in place" --in-place "$name"
    like 'null' "$(numproc "$name")" "$name: no limit in it"
    [ -e "$name.vtopo-undo" ]
    report $? "$name: the undo file is there"
    said=$("$vtopo" repair --in-place "$name" 2>&1)
    like 'repaired in place before' "$said" "$name: not twice"
    valid "$name: --undo" --undo "$name"
    [ ! -e "$name.vtopo-undo" ] && qemu-img compare -q "$name" "old-$name"
    report $? "$name: it is as it was"
    said=$("$vtopo" repair --undo "$name" 2>&1)
    like 'there is no undo file' "$said" "$name: nothing to take back"

    # Written to since.
    "$vtopo" repair --in-place "$name" >said 2>&1
    qemu-io -f "${name#a.}" -c 'write 8M 4k' "$name" >/dev/null
    said=$("$vtopo" repair --undo "$name" 2>&1)
    like 'somebody has written' "$said" "$name: --undo sees that it was written to"
    rm -- "$name.vtopo-undo"
    cp -- "old-$name" "$name"

    # Half done: the state of the undo file, as a crash leaves it.
    "$vtopo" repair --in-place "$name" >said 2>&1
    printf 'P' | dd of="$name.vtopo-undo" bs=1 seek=28 conv=notrunc status=none
    said=$("$vtopo" inspect "$name" 2>&1)
    like 'was interrupted' "$said" "$name: inspect says that a repair was interrupted"
    said=$("$vtopo" repair "$name" 2>&1)
    like 'was interrupted.*--undo' "$said" "$name: and repair refuses"
    ln -sf "$name" link
    said=$("$vtopo" inspect link 2>&1)
    like 'was interrupted' "$said" "$name: also by another name"
    "$vtopo" repair --undo link >said 2>&1
    qemu-img compare -q "$name" "old-$name"
    report $? "$name: --undo makes it the old one" "$(cat said)"
    rm -f link
    cp -- "old-$name" "$name"
done

# Asked at a terminal, which shows the changes once.
# typed ANSWER OPTION... - sets $said and $status
typed() {
    local answer=$1

    shift
    said=$(env -u CI /usr/bin/python3 "$tests/at_terminal.py" "$answer" \
               "$vtopo" repair "$@")
    status=$?
}

# shown N WHAT - so often the change is in $said
shown() {
    [ "$(grep -c 'numproc' <<<"$said")" -eq "$1" ]
    report $? "$2" "$said"
}

cp -- old-a.raw t.raw
typed n t.raw
[ "$status" -eq 1 ] && [ ! -e t.raw.repaired.qcow2 ]
report $? "answer n: nothing is made" "$said"
like 'Make an overlay so\?.*nothing was changed' "$said" "answer n: it says so"
shown 1 "answer n: the change is shown once"
typed y t.raw
[ "$status" -eq 0 ] && [ -e t.raw.repaired.qcow2 ]
report $? "answer y: the overlay is made" "$said"
like 'Make an overlay so\?.*Done' "$said" "answer y: it says so"
shown 1 "answer y: the change is shown once"
rm -- t.raw.repaired.qcow2
typed '' --in-place t.raw
[ "$status" -eq 1 ] && cmp -s t.raw old-a.raw
report $? "no answer is none: nothing is changed" "$said"
typed y --in-place t.raw
[ "$status" -eq 0 ] && [ -e t.raw.vtopo-undo ]
report $? "answer y: the image is changed" "$said"
shown 1 "answer y, in place: the change is shown once"
rm -- t.raw*
cp -- old-a.raw t.raw
typed y --yes t.raw
[ "$status" -eq 0 ] && [[ $said != *'[y/N]'* ]]
report $? "--yes: nothing is asked" "$said"
shown 1 "--yes: the change is shown once"
rm -- t.raw*

# An image that others have behind them is not changed in place.
# refused OVERLAY WHAT [OPTION]... - b.qcow2 is a backing file of OVERLAY
refused() {
    local overlay=$1 what=$2

    shift 2
    said=$("$vtopo" repair --in-place "$@" b.qcow2 2>&1)
    [ $? -eq 1 ] && cmp -s b.qcow2 old-a.qcow2 && [ ! -e b.qcow2.vtopo-undo ]
    report $? "overlay: $what: it is left alone" "$said"
    like "is a backing file of '$overlay'.*hint: repair '$overlay' instead" \
         "$said" "overlay: $what: it is named, and what to do"
}

# laid FILE BACKING [FORMAT] - a new overlay with the name BACKING in it
laid() {
    qemu-img create -q -u -f "${3-qcow2}" -F qcow2 -b "$2" "$1" 1G
}

mkdir pool && cd pool || exit 99
mkdir ../other
cp -- ../old-a.qcow2 .
cp -- old-a.qcow2 b.qcow2

laid top.qcow2 b.qcow2
refused top.qcow2 'by a relative name'
said=$("$vtopo" repair --in-place --dry-run b.qcow2 2>&1)
like 'is a backing file of' "$said" "overlay: --dry-run says so, too"
said=$("$vtopo" repair b.qcow2 2>&1) && cmp -s b.qcow2 old-a.qcow2
report $? "overlay: into a new one nothing is in the way" "$said"
rm -- top.qcow2
refused b.qcow2.repaired.qcow2 'made by ourselves'
said=$("$vtopo" repair --in-place b.qcow2.repaired.qcow2 2>&1)
[ $? -eq 2 ]
report $? "overlay: the last one of the chain may be repaired" "$said"
rm -- b.qcow2.repaired.qcow2

laid top.qcow2 "$PWD/b.qcow2"
refused top.qcow2 'by an absolute name'
laid top.qcow2 "file:$PWD/b.qcow2"
refused top.qcow2 'by a name with file:'
laid top.qcow2 "json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"$PWD/b.qcow2\"}}"
refused top.qcow2 'by a json: name'
ln -s b.qcow2 link
laid top.qcow2 link
refused top.qcow2 'through a symbolic link'
rm -- link top.qcow2
laid top.qed b.qcow2 qed
refused top.qed 'a qed'
rm -- top.qed

# The image's own name may be a link, from another folder.
laid top.qcow2 b.qcow2
ln -s ../pool/b.qcow2 ../other/name.qcow2
said=$(cd ../other && "$vtopo" repair --in-place name.qcow2 2>&1)
like "is a backing file of '.*/pool/top.qcow2'" "$said" \
     "overlay: the image is given by a link"
rm -- top.qcow2 ../other/name.qcow2

# Only the middle of the chain names it, and is kept elsewhere.
laid ../other/middle.qcow2 ../pool/b.qcow2
laid top.qcow2 ../other/middle.qcow2
refused top.qcow2 'of an overlay'
rm -- top.qcow2
refused ../other/middle.qcow2 'by --overlays, a folder' --overlays ../other
refused ../other/middle.qcow2 'by --overlays, a file' \
        --overlays ../other/middle.qcow2
said=$("$vtopo" repair --in-place --overlays nowhere b.qcow2 2>&1)
like "cannot look for overlays in 'nowhere'" "$said" "overlay: --overlays that is not there"

# Whatever else is there is no overlay, and holds nobody up.
laid loop1.qcow2 loop2.qcow2
laid loop2.qcow2 loop1.qcow2
laid old-top.qcow2 old-a.qcow2
laid far.qcow2 nbd://127.0.0.1:1/b.qcow2
laid ../other/bytes.raw ../pool/b.qcow2
qemu-img create -q -u -f qcow2 -F raw -b ../other/bytes.raw as-raw.qcow2 1M
printf 'QFI\373\0\0\0\3broken' >broken.qcow2
truncate -s 1M broken.qcow2 zeros
mkfifo fifo
/usr/bin/python3 -c 'import socket
socket.socket(socket.AF_UNIX).bind("socket")'
ln -s fifo to-fifo
ln -s nothing dangling
ln b.qcow2 hard
mkdir folder
laid folder/below.qcow2 ../b.qcow2
for number in $(seq 2000); do
    echo "a file of no importance, with some words in it: $number" >"file-$number"
done
before=$(date +%s%N)
said=$("$vtopo" repair --in-place b.qcow2 2>&1)
report $? "overlay: none among 2,000 files and stranger things" "$said"
took=$(( ($(date +%s%N) - before) / 1000000 ))
[ "$took" -lt 5000 ]
report $? "overlay: 2,000 files do not take long" "$took ms"
laid top.qcow2 b.qcow2
said=$("$vtopo" repair --undo b.qcow2 2>&1)
report $? "overlay: what was done can be taken back all the same" "$said"
cd "$work" || exit 99

# Killed at any moment: the old one, the new one, or one that --undo mends.
bad=
for turn in $(seq 20); do
    cp -- old-a.raw k.raw
    "$vtopo" repair --in-place --yes k.raw >said 2>&1 &
    pid=$!
    sleep "0.0$((turn * 4 % 100 / 10))$((turn * 4 % 10))"
    kill -9 "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    for _ in $(seq 50); do
        "$vtopo" inspect k.raw 2>&1 | grep -q 'in use' || break
        sleep 0.1
    done
    if [ -e k.raw.vtopo-undo ]; then
        "$vtopo" repair --undo k.raw >said 2>&1 || bad="$bad $turn: $(cat said)"
    fi
    cmp -s k.raw old-a.raw || bad="$bad $turn differs"
    rm -f -- k.raw.vtopo-undo*
done 2>/dev/null
[ -z "$bad" ]
report $? "killed at 20 moments" "$bad"

# A HAL and kernels for one processor: the guest uses one vCPU, then all.
python3 "$tests/xp_disk.py" --build "$build" xp.qcow2 || exit 99
said=$("$vtopo" run --settle 1 xp.qcow2 --vcpus 2 --headless 2>&1)
like "uses 1 of 2 vCPUs.*'vtopo repair' puts in" "$said" "a HAL for one processor wastes a vCPU"
said=$("$vtopo" repair xp.qcow2 2>&1)
report $? "it is repaired" "$said"
like '/KERNEL=ntkrpamp.exe /HAL=halmacpi.dll' "$said" "by a second boot entry"
said=$("$vtopo" run --settle 1 xp.qcow2.repaired.qcow2 --vcpus 2 --headless -- \
           -fw_cfg 'name=opt/org.vtopo.probe,string=hal=mp' 2>&1)
like 'All used: .* all 2' "$said" "and all vCPUs are used"

# Refusals, each with its words.
serve sock qemu-nbd -t -f raw -k "$work/sock" a.raw
said=$("$vtopo" repair --in-place a.raw 2>&1)
like 'in use by a running VM' "$said" "an image in use"
same a.raw "which is left alone"
python3 "$tests/demo_disk.py" --build "$build" none.raw
said=$("$vtopo" repair none.raw 2>&1)
[ $? -eq 2 ]
report $? "nothing to do: exit status 2" "$said"
qemu-img convert -O qcow2 -o compat=0.10 old-a.raw v2.qcow2
cp -- v2.qcow2 old-v2.qcow2
said=$("$vtopo" repair --in-place v2.qcow2 2>&1)
like 'version 2.*overlay' "${said//$'\n'/ }" "a qcow2 that cannot be marked as not closed"
same v2.qcow2 "which is left alone"
said=$("$vtopo" repair v2.qcow2 2>&1)
report $? "and goes into an overlay" "$said"
truncate -s 1M empty.raw
! said=$("$vtopo" repair empty.raw 2>&1)
report $? "no system" "$said"

echo "1..$count"
