#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# run.sh BUILD-DIR - guests are started, judged, and leave nothing
#
# With the stand-in guest and with a disk that says it is Windows 7, under TCG.
# Prints TAP.

# shellcheck source=tests/integration/tap.sh
. "$(dirname -- "$0")/tap.sh"

use_build "$@"
need qemu-system-x86_64 qemu-img qemu-nbd python3 mkntfs
export VTOPO_ACCEL=tcg
unset DISPLAY WAYLAND_DISPLAY

cd -- "$work" || exit 99
mkdir runtime
chmod 700 runtime
export XDG_RUNTIME_DIR=$work/runtime

# judged STATUS PATTERN SAYS OPTION... - what "vtopo run" says of a guest
judged() {
    local status=$1 want=$2 says=$3

    shift 3
    said=$("$vtopo" run --settle 1 "$@" 2>&1)
    [ $? -eq "$status" ]
    report $? "$says: exit status $status" "$said"
    like "$want" "$said" "$says"
}

# Nothing is left of what was started here.
is_clean() {
    local left

    sleep 0.3
    left=$(ls -A runtime)
    for process in /proc/[0-9]*; do
        [ -r "$process/cmdline" ] || continue
        if tr '\0' ' ' 2>/dev/null <"$process/cmdline" |
               grep -q "unix:$work/runtime/"; then
            left="$left process ${process#/proc/}"
        fi
    done
    [ -z "$left" ]
    report $? "$1: nothing is left" "$left"
}

judged 0 'All used: .* all 4 vCPUs' "four vCPUs in one socket" --vcpus 4 \
       --like win7/professional
is_clean "after a run"
judged 2 '2 of 4 vCPUs were never started.*licensed for 2 sockets.*cure: -smp[[:space:]]+4,sockets=1,cores=4' \
       "four sockets" --smp 4,sockets=4 --like win7/professional
judged 2 'used.*vCPU 1 *parked' "XP Home parks the second socket" \
       --smp 2,sockets=2 --like winxp/home
judged 2 'vCPU 1-3 *never started' "a uniprocessor HAL" --vcpus 4 \
       --like winxp/professional --hal acpiapic_up
judged 2 'vCPU 2-3 *never started' "numproc" --smp 4,cores=4 \
       --like win10/pro --numproc 2
judged 0 'All used: .* all 3 vCPUs' "any number" --vcpus 3
judged 0 'All used' "q35 is not the only board" --vcpus 2 --machine pc
judged 1 'Unknown|not known' "options of QEMU win: a VM that stands still" \
       --vcpus 2 -- -S

# JSON, and a record that says the same again.
"$vtopo" run --settle 1 --smp 4,sockets=4 --like win7/professional --record kept.json \
         --json >live.json 2>/dev/null
like '"verdict":"wasted"' "$(cat live.json)" "JSON has the verdict"
like '"never_started":2' "$(cat live.json)" "and the counts"
"$vtopo" verify --recorded kept.json --json >again.json
[ "$(grep -o '"vcpus":.*"verdict":"[a-z]*"' live.json)" = \
  "$(grep -o '"vcpus":.*"verdict":"[a-z]*"' again.json)" ]
report $? "what was recorded is judged as it was live" "$(cat again.json)"
said=$("$vtopo" verify --recorded kept.json --settle 60)
[ $? -eq 1 ]
report $? "but not by who wants to see more of it" "$said"

# A disk.
if python3 "$tests/demo_disk.py" --build "$build" win7.qcow2 >made 2>&1; then
    judged 0 'Windows 7 Professional.*sockets=1,cores=4.*All used' \
           "a disk of Windows 7" win7.qcow2 --vcpus 4
    judged 2 '2 of 4 vCPUs were never started' "as old machines had it" \
           win7.qcow2 --smp 4 --machine pc-i440fx-2.12
    said=$("$vtopo" run win7.qcow2 --vcpus 4 --dry-run)
    like "'intelide' is a boot driver" "$said" "--dry-run says why"
    like '-smp.4,sockets=1,cores=4,threads=1' "$said" "and spells the shape out"
    like 'file=win7.qcow2,format=qcow2,if=none,id=disk0,snapshot=on' "$said" \
         "the image is protected"
    timeout 20 sh -c "$(printf '%s\n' "$said" | sed 's/-display none/& -S -monitor stdio/')" \
            <<<quit >pasted 2>&1
    report $? "the command can be pasted" "$(cat pasted)"
    sum=$(sha256sum win7.qcow2)
    "$vtopo" run --settle 1 win7.qcow2 --vcpus 2 >/dev/null 2>&1
    [ "$(sha256sum win7.qcow2)" = "$sum" ]
    report $? "a run leaves the image as it was"
    python3 "$tests/demo_disk.py" --build "$build" --numproc 2 limited.qcow2
    judged 2 'numproc|boot' "a boot limit in the store" limited.qcow2 --vcpus 4
else
    report 1 "a disk is made" "$(cat made)"
fi

# Whatever ends us.
for signal in KILL TERM INT; do
    "$vtopo" run --vcpus 2 --watch >watched 2>&1 &
    pid=$!
    for _ in $(seq 100); do
        grep -qs '2 of 2 vCPUs used' watched && break
        sleep 0.1
    done
    like '2 of 2 vCPUs used' "$(cat watched)" "SIG$signal: it was watched"
    kill -s "$signal" "$pid"
    timeout 20 tail --pid="$pid" -f /dev/null
    report $? "SIG$signal ends it"
    wait "$pid" 2>/dev/null
    is_clean "SIG$signal"
done

# A VM of somebody else's.
guest() {
    serve "$1" qemu-system-x86_64 -accel tcg -display none -nodefaults -machine q35 \
          -smp 3,maxcpus=4 -kernel "$build/probe/vtopo-probe.elf" "${@:2}"
}
guest a -qmp "unix:$work/a,server=on,wait=off"
said=$("$vtopo" verify --settle 1 --qmp a 2>&1)
like 'all 3 vCPUs' "$said" "verify by socket"
guest sock -chardev "socket,id=m,path=$work/sock,server=on,wait=off" \
      -mon chardev=m,mode=control
other=$served
said=$("$vtopo" verify --settle 1 --pid "$other" 2>&1)
like 'all 3 vCPUs' "$said" "verify by process"
serve agent python3 "$tests/bad_qmp.py" agent "$work/agent"
said=$("$vtopo" verify --settle 1 --pid "$other" --agent agent 2>&1)
like 'agent says that 2 processors are online, and 3 are seen in use' \
     "${said//[[:space:]]+/ }" "an agent is one signal more"
said=$("$vtopo" verify --pid $$ 2>&1)
like 'no QMP socket' "$said" "a process that is no QEMU"
said=$("$vtopo" verify --qmp none 2>&1)
like "cannot connect to 'none'" "$said" "a socket that is not there"

# Peers that mean no good: one error, in bounded time.
for mode in silent slow vanishing flood lying garbage; do
    serve "bad-$mode" python3 "$tests/bad_qmp.py" "$mode" "$work/bad-$mode"
    said=$(timeout 40 "$vtopo" verify --wait 3 --qmp "bad-$mode" 2>errors)
    status=$?
    [ $status -eq 1 ] && [ "$(grep -c '^vtopo: error' errors)" -le 1 ]
    report $? "$mode: one error, and soon" "status $status: $said $(cat errors)"
done

# QEMU 10.0 aborts under TCG where an Intel model has dies.
if newer=$("$tests/../../scripts/get-qemu" 10.0 2>why); then
    judged 1 'QEMU 10.0 aborts under TCG' "QEMU 10.0 is kept from aborting" \
           --program "$newer" --cpu Skylake-Server --smp 4,dies=2,cores=2
    judged 0 'All used' "and runs what it can" --program "$newer" --vcpus 4
else
    skip "QEMU 10.0 is kept from aborting" "$(tail -n 1 why)"
fi
judged 0 'All used' "older ones need not be" --cpu Skylake-Server \
       --smp 4,dies=2,cores=2

echo "1..$count"
