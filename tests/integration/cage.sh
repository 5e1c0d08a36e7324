#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# cage.sh HOSTILE-WORKER OPEN-IMAGE VTOPO-WORKER - the cage holds
#
# A worker that was taken over tries what an intruder would.  Each act is
# tried three times: free, where it must succeed, or this test could not fail;
# in the cage with refusals, where it must be stopped; and in the cage as
# shipped, started by the library, where the parent must say so in one error.
# Prints TAP.

# shellcheck source=tests/integration/tap.sh
. "$(dirname -- "$0")/tap.sh"

if [ $# -ne 3 ]; then
    echo "usage: cage.sh HOSTILE-WORKER OPEN-IMAGE VTOPO-WORKER" >&2
    exit 2
fi
hostile=$(realpath -- "$1")
open_image=$(realpath -- "$2")
worker=$(realpath -- "$3")

cd -- "$work" || exit 99
listen .

prepare() {
    echo canary >canary
    rm -f planted
    : >writable
    : >calls
    [ "$1" != unlink ] || : >planted
}

# Whether an act has left something behind.
is_touched() {
    sleep 0.02
    [ -s calls ] || [ -s writable ] || [ "$(stat -c %a writable)" = 777 ] ||
        { [ "$1" = create ] && [ -e planted ]; } ||
        { [ "$1" = unlink ] && [ ! -e planted ]; }
}

# A sanitizer takes the memory limit away, and adds a table of its own.
sanitized=false
! nm -- "$hostile" 2>/dev/null | grep -q ' __asan_init' || sanitized=true

acts="open openat create reopen stat unlink chmod truncate write write-fd
      connect datagram unix receive exec fork vfork thread memory code protect
      signal uring namespace"
leaves_traces=" create unlink chmod truncate write write-fd connect datagram "
disk=$work/disk.raw
head -c 65536 /dev/zero >"$disk"

for act in $acts; do
    if [ "$act" = memory ] && $sanitized; then
        skip "memory" "a sanitizer needs all of it"
        continue
    fi
    # Free, it is done.  Some systems forbid some of it to everybody.
    prepare "$act"
    said=$("$hostile" free "$act" 2>&1)
    case $act,$said in
        exec,) said="exec: done" ;;
        uring,*stopped* | namespace,*stopped*)
            skip "$act, free" "this system stops it by itself"
            said="$act: done" ;;
    esac
    like "^$act: done" "$said" "$act: done where there is no cage"
    if [[ $leaves_traces == *" $act "* ]]; then
        is_touched "$act"
        report $? "$act: its traces are seen"
        chmod 600 writable
    fi

    prepare "$act"
    said=$("$hostile" deny "$act" 2>&1)
    like "^$act: stopped: " "$said" "$act: stopped in the cage"
    ! is_touched "$act"
    report $? "$act: has left nothing behind"

    # As shipped, and seen from the parent.
    prepare "$act"
    cp -- "$hostile" "hostile-$act"
    said=$("$open_image" --worker "$work/hostile-$act" "$disk" 2>&1)
    case $act in
        memory) want='^error: system: .*: vtopo-worker answered in words of its own' ;;
        *)      want='^error: system: .*: vtopo-worker was killed by its cage' ;;
    esac
    like "$want" "$said" "$act: killed, and reported"
    [ "$(printf '%s\n' "$said" | wc -l)" -eq 1 ]
    report $? "$act: in one error" "$said"
    ! is_touched "$act"
    report $? "$act: has left nothing behind, killed"
    rm -f -- "hostile-$act"
done

# What no filter stops: the parent does.  "lie" names a file outside.  (A
# sanitizer wants to say much about a crash, and is stopped.)
while read -r act option want; do
    cp -- "$hostile" "hostile-$act"
    # shellcheck disable=SC2086  # options are plain words
    said=$(timeout 60 "$open_image" --worker "$work/hostile-$act" \
               ${option/=/ } "$disk" 2>&1)
    like "$want" "$said" "$act: $want"
    rm -f -- "hostile-$act"
done <<'END'
spin --wall-ms=20000 used up its processor time
hang --wall-ms=500 did not answer in time and was killed
crash --wall-ms=20000 was killed by signal|was killed by its cage
flood --wall-ms=20000 said more than it may and was killed
gibberish --wall-ms=20000 answered in words of its own: not JSON
lie --wall-ms=20000 outside its folder
complain --wall-ms=20000 ended with status 3: the .\[31mlast
END

# Nobody is left of those that were killed.
find /proc/[0-9]*/exe -maxdepth 0 -lname "$work/hostile-*" >left 2>/dev/null
[ ! -s left ]
report $? "nobody is left over" "$(cat left)"

# Kernels that lack a part: each shipped program says what it does.
said=$("$hostile" without landlock "$open_image" --worker "$worker" "$disk")
like 'finding: no-landlock: ' "$said" "without Landlock it says so, and goes on"
said=$("$hostile" without landlock "$hostile" deny open)
like '^open: stopped: ' "$said" "without Landlock seccomp stops"
said=$("$hostile" without seccomp "$hostile" deny open)
if [[ $("$open_image" --worker "$worker" "$disk") == *no-landlock* ]]; then
    skip "without seccomp Landlock stops" "this kernel has no Landlock"
    skip "without seccomp it says so" "this kernel has no Landlock"
else
    like '^open: stopped: Permission denied' "$said" \
         "without seccomp Landlock stops"
    said=$("$hostile" without seccomp "$open_image" --worker "$worker" "$disk")
    like 'finding: no-seccomp: ' "$said" "without seccomp it says so"
fi
said=$("$hostile" without both "$open_image" --worker "$worker" "$disk")
like '^error: impossible: .*neither seccomp nor Landlock' "$said" \
     "without both it refuses"
like "hint: .*--no-sandbox" "$said" "and says how to go on"
said=$("$hostile" without both "$open_image" --no-sandbox --worker "$worker" "$disk")
like '^format: raw' "$said" "unless it is told --no-sandbox"
like 'finding: no-sandbox: ' "$said" "which it says, too"

echo "1..$count"
