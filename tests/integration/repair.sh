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

for name in a.raw a.qcow2; do
    said=$("$vtopo" repair --dry-run "$name" 2>&1)
    report $? "$name: --dry-run" "$said"
    like 'numproc' "$said" "$name: it says what"
    like '2 *-> *taken away' "$said" "$name: and from what to what"
    same "$name" "$name: --dry-run changes nothing"
    "$vtopo" repair --dry-run --json "$name" >answer.json 2>said &&
        /usr/bin/python3 "$tests/../schema/validate.py" \
            "$tests/../schema/repair-answer.json" answer.json >>said 2>&1
    report $? "$name: its JSON is as its schema has it" "$(cat said)"

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

    said=$("$vtopo" repair --in-place "$name" 2>&1)
    report $? "$name: in place" "$said"
    like 'null' "$(numproc "$name")" "$name: no limit in it"
    [ -e "$name.vtopo-undo" ]
    report $? "$name: the undo file is there"
    said=$("$vtopo" repair --in-place "$name" 2>&1)
    like 'repaired in place before' "$said" "$name: not twice"
    said=$("$vtopo" repair --undo "$name" 2>&1)
    report $? "$name: --undo" "$said"
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
    "$vtopo" repair --undo "$name" >said 2>&1
    qemu-img compare -q "$name" "old-$name"
    report $? "$name: --undo makes it the old one" "$(cat said)"
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

# Refusals, each with its words.
serve sock qemu-nbd -t -f raw -k "$work/sock" a.raw
said=$("$vtopo" repair --in-place a.raw 2>&1)
like 'in use by a running VM' "$said" "an image in use"
same a.raw "which is left alone"
python3 "$tests/demo_disk.py" --build "$build" none.raw
said=$("$vtopo" repair none.raw 2>&1)
[ $? -eq 2 ]
report $? "nothing to do: exit status 2" "$said"
truncate -s 1M empty.raw
! said=$("$vtopo" repair empty.raw 2>&1)
report $? "no system" "$said"

echo "1..$count"
