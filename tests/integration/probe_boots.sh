#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# probe_boots.sh PROBE-DIR - the stand-in guest starts wherever a guest may
#
# Every way to start it (-kernel, a disk, EFI), firmware, machine and form of
# paging; many vCPUs; its settings, from each place that they may come from;
# and what it looks like from outside: registers, the power button, processors
# that are parked, taken down, or never started.  Prints TAP.

# shellcheck source=tests/integration/tap.sh
. "$(dirname -- "$0")/tap.sh"

probe=$(realpath -- "${1:?PROBE-DIR}") || exit 99
need qemu-system-x86_64 qemu-system-i386 sfdisk mkfs.vfat mcopy
[ -e "$probe/vtopo-probe.elf" ] || { echo "1..0 # SKIP no probe"; exit 0; }
cd -- "$work" || exit 99
PATH=$PATH:/usr/sbin
ovmf=/usr/share/OVMF

common=(-nodefaults -no-user-config -display none -device isa-debug-exit)
kernel=(-kernel "$probe/vtopo-probe.elf")

# run QEMU-ARG... - what the probe reports, in $out, if it ends by itself
run() {
    rm -f out
    timeout 90 "${qemu:-qemu-system-x86_64}" "${common[@]}" \
        -accel "${accel:-tcg}" -debugcon file:out "$@" >said 2>&1 </dev/null
    out=$(cat out said 2>/dev/null)
}

# reports NAME PATTERN QEMU-ARG... - one test: the report has the pattern
reports() {
    local name=$1 pattern=$2

    shift 2
    run "$@"
    [[ $out =~ $pattern ]]
    report $? "$name" "${out:0:600} ... ${out: -300}"
}

# sums STARTED USED PARKED NEVER - the last line of a report
sums() {
    printf '\{"present":%s,"started":%s,"used":%s,"parked":%s,"never_started":%s\}' \
        $(($1 + $4)) "$1" "$2" "$3" "$4"
}

# settings WORDS - by fw_cfg
settings() {
    from_fw_cfg=(-fw_cfg "name=opt/org.vtopo.probe,string=$*")
}

# write_settings FILE SECTOR WORDS - as text, at a sector of a disk
write_settings() {
    {
        printf 'vtopo-probe-settings\n%s\n' "$3"
        head -c 512 /dev/zero
    } | head -c 512 |
        dd of="$1" bs=512 seek="$2" conv=notrunc iflag=fullblock status=none
}

# ---------------------------------------------------------- ways to start

for mode in 32 pae 64; do
    for machine in pc q35; do
        reports "-kernel, $machine, $mode" "\"mode\":\"$mode\".*$(sums 4 4 0 0)" \
            -machine $machine -smp 4 "${kernel[@]}" \
            -append "mode=$mode after=exit"
    done
done
for mode in 32 pae; do
    qemu=qemu-system-i386 \
        reports "-kernel, 32-bit QEMU, $mode" "\"mode\":\"$mode\".*$(sums 4 4 0 0)" \
        -machine pc -smp 4 "${kernel[@]}" -append "mode=$mode after=exit"
done
qemu=qemu-system-i386 reports 'a 32-bit processor has mode 32 by itself' \
    '"mode":"32"' -cpu qemu32 "${kernel[@]}" -append after=exit

truncate -s 8M disk
echo '2048,,7,*' | sfdisk -q disk 2>/dev/null
sfdisk -d disk >table.before 2>/dev/null
dd if="$probe/vtopo-probe.disk" of=disk bs=440 count=1 conv=notrunc status=none
dd if="$probe/vtopo-probe.disk" of=disk bs=512 skip=1 seek=1 conv=notrunc \
    status=none
sfdisk -d disk 2>/dev/null | diff table.before - >/dev/null
report $? 'a disk keeps its partition table'
[ "$(wc -c <"$probe/vtopo-probe.disk")" -lt $((2048 * 512)) ]
report $? 'the file for disks ends before the first partition'
# shellcheck disable=SC2054  # QEMU's commas
boot_disk=(-drive file=disk,format=raw,if=none,id=d -device ide-hd,drive=d)
for mode in 32 pae 64; do
    for machine in pc q35; do
        write_settings disk 1 "mode=$mode after=exit licence=logical:3"
        reports "disk, $machine, $mode" "\"mode\":\"$mode\".*$(sums 3 3 0 1)" \
            -machine $machine -smp 4 "${boot_disk[@]}"
    done
done
settings licence=logical:2
reports 'fw_cfg overrules the disk, key by key' \
    "\"mode\":\"64\".*$(sums 2 2 0 2)" -smp 4 "${boot_disk[@]}" \
    "${from_fw_cfg[@]}"
dd if=/dev/zero of=disk bs=512 seek=1 count=1 conv=notrunc status=none
reports 'a disk without settings is refused' \
    '"error":"the settings do not begin' "${boot_disk[@]}"

# boot_efi CODE QEMU-ARG... - from a FAT disk with the application
boot_efi() {
    local code=$ovmf/$1

    shift
    cp "$ovmf/OVMF_VARS_4M.fd" vars && run \
        -drive "if=pflash,format=raw,unit=0,readonly=on,file=$code" \
        -drive if=pflash,format=raw,unit=1,file=vars \
        -drive file=esp,format=raw,if=none,id=d -device ide-hd,drive=d "$@"
}

if [ -e "$ovmf/OVMF_CODE_4M.secboot.fd" ]; then
    truncate -s 4M esp
    mkfs.vfat esp >/dev/null
    mmd -i esp ::EFI ::EFI/BOOT
    mcopy -i esp "$probe/BOOTX64.EFI" ::EFI/BOOT/BOOTX64.EFI
    for mode in 32 pae 64; do
        settings "mode=$mode after=exit licence=logical:3"
        for machine in pc q35; do
            boot_efi OVMF_CODE_4M.fd -machine $machine -smp 4 \
                "${from_fw_cfg[@]}"
            like "\"mode\":\"$mode\".*$(sums 3 3 0 1)" "$out" \
                "EFI, $machine, $mode"
        done
        # In SMM processors wait for each other, which takes a minute when
        # each has a thread of a host that is busy.
        accel=tcg,thread=single \
            boot_efi OVMF_CODE_4M.secboot.fd -machine q35,smm=on -smp 4 \
            -global driver=cfi.pflash01,property=secure,value=on \
            "${from_fw_cfg[@]}"
        like "\"mode\":\"$mode\".*$(sums 3 3 0 1)" "$out" \
            "EFI with SMM, q35, $mode"
    done
    # The application has a block of settings, found by its magic.
    at=$(grep -abo 'vtopo-probe-settings' "$probe/BOOTX64.EFI" | head -n 1)
    at=${at%%:*}
    cp "$probe/BOOTX64.EFI" changed
    printf 'vtopo-probe-settings\nlicence=logical:2 after=exit\n' |
        dd of=changed bs=1 seek="$at" conv=notrunc status=none
    mcopy -o -i esp changed ::EFI/BOOT/BOOTX64.EFI
    boot_efi OVMF_CODE_4M.fd -machine q35 -smp 4
    like "$(sums 2 2 0 2)" "$out" 'EFI, settings within the application'
else
    skip 'EFI' 'ovmf is missing'
fi

# ------------------------------------------------------------- many vCPUs

start=${EPOCHREALTIME/./}
reports '64 vCPUs report' "$(sums 64 64 0 0)" -machine q35 -smp 64 \
    "${kernel[@]}" -append after=exit
echo "# 64 vCPUs: $(((${EPOCHREALTIME/./} - start) / 1000)) ms"
reports '254 vCPUs report' "$(sums 254 254 0 0)" -machine q35 -smp 254 \
    "${kernel[@]}" -append after=exit
reports '254 vCPUs, half of them parked' "$(sums 254 127 127 0)" -machine q35 \
    -smp 254 "${kernel[@]}" -append 'licence=logical:127 left=parked after=exit'

# APIC ids of more than 8 bits, which TCG has since 9.0.
if qemu=$("$tests/../../scripts/get-qemu" 10.0 2>/dev/null); then
    reports '257 vCPUs, by x2APIC' "$(sums 257 257 0 0)" -machine q35 \
        -cpu Skylake-Server-v1,x2apic=on -smp 257 "${kernel[@]}" \
        -append after=exit
else
    skip '257 vCPUs, by x2APIC' 'QEMU 10.0 cannot be had'
fi
unset qemu

# --------------------------------------------------------------- settings

reports 'the banner says what it is not' \
    '"banner":"vtopo stand-in guest, not Windows"' \
    "${kernel[@]}" -append after=exit
run -smp 2 -cpu qemu64,level=3 "${kernel[@]}" -append after=exit
[[ $out == *'"1":['* && $out != *'"4.0":'* ]]
report $? 'nobody asks for a leaf above the limit' "$out"
reports 'hal=up starts nobody' "$(sums 1 1 0 3)" -smp 4 "${kernel[@]}" \
    -append 'hal=up left=parked after=exit'
reports 'onecpu starts nobody' "$(sums 1 1 0 3)" -smp 4 "${kernel[@]}" \
    -append 'onecpu left=parked after=exit'
reports 'numproc parks the others' "$(sums 4 3 1 0)" -smp 4 "${kernel[@]}" \
    -append 'numproc=3 left=parked after=exit'
reports 'packages that are licensed' "$(sums 4 4 0 4)" \
    -cpu Skylake-Server-v1 -smp 8,sockets=4 "${kernel[@]}" \
    -append 'licence=packages:2 after=exit'
reports 'an absent vCPU is none' "$(sums 2 2 0 0)" -smp 2,maxcpus=4 \
    "${kernel[@]}" -append after=exit
reports 'nodes of memory' '"cpu":1,.*"node":1' -smp 2 -m 256 \
    -object memory-backend-ram,id=a,size=128M \
    -object memory-backend-ram,id=b,size=128M \
    -numa node,cpus=0,memdev=a -numa node,cpus=1,memdev=b \
    "${kernel[@]}" -append after=exit
for idle in mwait poll; do
    reports "idle=$idle" "\"idle\":\"$idle\".*$(sums 2 2 0 0)" -smp 2 \
        -cpu qemu64,+monitor "${kernel[@]}" -append "idle=$idle after=exit"
done
for word in mode=16 licence=packages:0 offline=0 offline=3- nothing \
            numproc= mode=32x; do
    reports "not a setting: $word" "\"error\":\"this is no setting\",\"word\":\"$word\"" \
        "${kernel[@]}" -append "after=exit $word"
done
reports 'report=serial' "$(sums 2 2 0 0)" -smp 2 -serial file:serial \
    "${kernel[@]}" -append 'report=serial after=exit'
like "$(sums 2 2 0 0)" "$(cat serial)" 'the same on COM1'

# ------------------------------------------------------------ from outside

# watch MODE [QEMU-ARG...] - what the monitor says of four vCPUs, of which one
# is taken down and one parked; then the power button
watch() {
    local mode=$1 pid

    shift
    rm -f out monitor
    mkfifo monitor
    timeout 60 qemu-system-x86_64 "${common[@]}" -accel tcg \
        -debugcon file:out -smp 5 \
        -monitor stdio "${kernel[@]}" \
        -append "mode=$mode licence=logical:4 left=parked offline=1,3" \
        "$@" <monitor >said 2>&1 &
    pid=$!
    running="$running $pid"
    exec 3>monitor
    for _ in $(seq 200); do
        ! grep -q '"offline":2' out 2>/dev/null || break
        sleep 0.1
    done
    echo 'info registers -a' >&3
    sleep 1
    echo 'system_powerdown' >&3
    for _ in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -0 "$pid" 2>/dev/null
    left=$?
    exec 3>&-
    wait "$pid"
}

# field CPU NAME - of what the monitor said
field() {
    tr -d '\r' <said | awk -v cpu="CPU#$1" -v name="$2" '
        $1 == cpu { here = 1; next }
        /^CPU#/ { here = 0 }
        here && match($0, "(^| )" name " *= *[0-9a-f]+( +[0-9a-f]+)?") {
            text = substr($0, RSTART, RLENGTH)
            sub(/.*= */, "", text)
            print text
            exit
        }'
}

# high MODE CPU - code and tables in the high half, paging on, TR loaded
high() {
    local pattern='^[89a-f][0-9a-f]{7}' ip=EIP

    [ "$1" != 64 ] || { pattern='^ffff8[0-9a-f]{11}'; ip=RIP; }
    [[ $(field "$2" $ip) =~ $pattern && $(field "$2" CR0) =~ ^8 &&
       $(field "$2" GDT) =~ $pattern && $(field "$2" IDT) =~ $pattern &&
       $(field "$2" TR) =~ ^0018 ]]
}

for mode in 32 pae 64; do
    watch $mode -machine "$([ $mode = pae ] && echo pc || echo q35)"
    for cpu in 0 1 2 3 4; do
        high $mode $cpu
        report $? "$mode: vCPU $cpu is in the kernel" "$(cat said)"
    done
    like '"offline":2' "$(cat out)" "$mode: two are taken down"
    # Bit 9 of the flags: interrupts.
    flags=
    for cpu in 0 1 2 3 4; do
        value=$(field $cpu '[ER]FL')
        flags+=$(((16#${value%% *} & 0x200) / 0x200))
    done
    like '^.0.00$' "$flags" "$mode: parked and down take no interrupts"
    [ "$left" -ne 0 ]
    report $? "$mode: the power button ends it" "$(tail -n 3 out)"
    like '"power_button":true' "$(tail -n 1 out)" "$mode: by its own doing"
done

echo "1..$count"
