#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# malice.sh OPEN-IMAGE VTOPO-WORKER - images that ask for what is not theirs
#
# Each image of the set tries to have the file "canary" opened or a port
# called.  strace watches the whole tree of processes, and somebody listens on
# the port: neither may be touched, and each image must be refused, or read
# without it.  To show that this would be seen, QEMU alone is let loose on the
# same images under the same eyes.  Prints TAP.

# shellcheck source=tests/integration/tap.sh
. "$(dirname -- "$0")/tap.sh"

if [ $# -ne 2 ]; then
    echo "usage: malice.sh OPEN-IMAGE VTOPO-WORKER" >&2
    exit 2
fi
open_image=$(realpath -- "$1")
VTOPO_WORKER=$(realpath -- "$2")
export VTOPO_WORKER
# The leak checker does not work under strace.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0

need qemu-img qemu-io qemu-nbd strace
if ! strace -o /dev/null true 2>/dev/null; then
    echo "1..0 # SKIP strace may not trace here"
    exit 0
fi

mkdir "$work/images" "$work/secret" || exit 99
cd -- "$work/images" || exit 99
canary=$work/secret/canary
calls=$work/calls

listen "$work"

# ------------------------------------------------------------- the set

# overlay NAME BACKING FORMAT - qcow2, and nobody looks whether it is there
overlay() {
    qemu-img create -q -u -f qcow2 -F "$3" -b "$2" "$1" 1M >/dev/null || exit 99
}

overlay back-relative.qcow2 ../secret/canary raw
overlay back-absolute.qcow2 "$canary" raw
overlay back-file.qcow2 "file:$canary" raw
overlay back-probed.qcow2 "$canary" raw
overlay back-link.qcow2 link raw
ln -s ../secret/canary link
overlay back-folder.qcow2 folder/canary raw
ln -s ../secret folder
overlay back-dots.qcow2 "$PWD/../secret/canary" raw
overlay back-json.qcow2 "json:{\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":\"$canary\"}}" raw
overlay back-json-inside.qcow2 "json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"back-absolute.qcow2\"}}" qcow2
overlay back-nbd.qcow2 "nbd://127.0.0.1:$port/" raw
overlay back-nbd-old.qcow2 "nbd:127.0.0.1:$port" raw
overlay back-http.qcow2 "http://127.0.0.1:$port/disk" raw
overlay back-fifo.qcow2 fifo raw
mkfifo fifo
overlay back-device.qcow2 /dev/zero raw
overlay second.qcow2 back-absolute.qcow2 qcow2
overlay stated-raw.qcow2 back-absolute.qcow2 raw
overlay circle-1.qcow2 circle-2.qcow2 qcow2
overlay circle-2.qcow2 circle-1.qcow2 qcow2
overlay circle-self.qcow2 circle-1.qcow2 qcow2
qemu-img rebase -u -F qcow2 -b circle-self.qcow2 circle-self.qcow2 || exit 99
for i in $(seq 70); do
    overlay "endless-$i.qcow2" "endless-$((i + 1)).qcow2" qcow2
done
cp back-absolute.qcow2 guest-wrote.raw
qemu-img create -q -u -f qcow -b "$canary" -F raw back-old.qcow 1M 2>/dev/null ||
    qemu-img create -q -u -f qcow -b "$canary" back-old.qcow 1M || exit 99
qemu-img create -q -u -f qed -b "$canary" -F raw back.qed 1M || exit 99
qemu-img create -q -f qcow2 -o "data_file=$canary,data_file_raw=on" \
    data-file.qcow2 1M || exit 99

# descriptor EXTENT-LINE [PARENT] - the text of a VMware disk
descriptor() {
    printf '%s\n' '# Disk DescriptorFile' 'version=1' 'CID=fffffffe' \
        "parentCID=${2:+fffffffd}${2:-ffffffff}" 'createType="monolithicFlat"' \
        ${2:+"parentFileNameHint=\"$2\""} '# Extent description' "$1" '' \
        '# The Disk Data Base' '#DDB' 'ddb.adapterType = "ide"'
}
# A header without a capacity, and the descriptor inside (on standard input).
hosted() {
    /usr/bin/python3 -c '
import struct, sys
text = sys.stdin.buffer.read()
head = struct.pack("<4sIIQQQQIQQQBBBBBH", b"KDMV", 1, 3, 0, 128, 1, 20, 512,
                   0, 0, 128, 0, 10, 32, 13, 10, 0)
sys.stdout.buffer.write(head.ljust(512, b"\0") + text.ljust(131072, b"\0"))'
}
flat() {
    descriptor "RW 2048 FLAT \"$1\" 0"
}
flat "$canary" >extent-absolute.vmdk
flat ../secret/canary >extent-relative.vmdk
flat link >extent-link.vmdk
flat "nbd://127.0.0.1:$port/" >extent-nbd.vmdk
flat "file:$canary" >extent-file.vmdk
flat "$canary" | hosted >extent-hosted.vmdk
flat "$canary" | hosted >inner.vmdk
descriptor 'RW 2048 SPARSE "inner.vmdk"' |
    sed 's/monolithicFlat/twoGbMaxExtentSparse/' >extent-nested.vmdk
printf 'x' >flat.bin
truncate -s 1M flat.bin
descriptor 'RW 2048 FLAT "flat.bin" 0' "$canary" |
    sed 's/parentCID=.*/parentCID=fffffffd/' >parent.vmdk

# It is made last: making some of these images writes to it.
head -c 1048576 /dev/urandom >"$canary"

# ------------------------------------------------------------- watching

# watch COMMAND... - run it; its output is in $said, what it did in $trace
trace=$work/trace
watch() {
    : >"$calls"
    said=$(timeout 60 strace -f -yy -s 200 -e trace=%file,%network,%desc,execve \
               -o "$trace" -- "$@" 2>&1 | tr -d '\0')
}

# What was done with the canary or the port: a descriptor of it, or a call by
# its name that succeeded.
touches() {
    grep -E "<$canary>|canary\".* = [0-9]|connect\(.*htons\($port\)" "$trace" |
        grep -vE '^[0-9]+ +p?read(64)?\([0-9]+<[^>]*/images/'
    cat "$calls"
}

# Programs that were started, but for ours.
programs() {
    grep -E 'execve\(' "$trace" | grep ' = 0$' |
        grep -vE "execve\(\"($open_image|$VTOPO_WORKER|[^\"]*/qemu-nbd)\""
}

# malice IMAGE SAYS [OPTION]... - it must say so, and touch nothing
malice() {
    local image=$1 want=$2 name="$1${3+ $*}"

    shift 2
    watch "$open_image" "$@" --ask '{}' -- "$image"
    [[ $said =~ $want ]]
    report $? "$name: says $want" "$said"
    seen=$(touches)
    [ -z "$seen" ]
    report $? "$name: touches nothing" "$seen"
    seen=$(programs)
    [ -z "$seen" ]
    report $? "$name: starts nothing else" "$seen"
}

outside='^error: impossible: .*outside its folder'
protocol='^error: impossible: .*name of a protocol'
for image in back-relative.qcow2 back-absolute.qcow2 back-link.qcow2 \
             back-folder.qcow2 back-dots.qcow2 back-device.qcow2 \
             second.qcow2 guest-wrote.raw back-old.qcow back.qed \
             extent-absolute.vmdk extent-relative.vmdk extent-link.vmdk \
             extent-hosted.vmdk parent.vmdk; do
    malice "$image" "$outside"
done
for image in back-file.qcow2 back-nbd.qcow2 back-nbd-old.qcow2 \
             back-http.qcow2 extent-nbd.vmdk extent-file.vmdk; do
    malice "$image" "$protocol"
done
malice back-json.qcow2 '^error: impossible: .*json:'
malice back-json.qcow2 "$outside" --allow-json
malice back-json-inside.qcow2 "$outside" --allow-json
malice data-file.qcow2 '^error: impossible: .*data file'
malice data-file.qcow2 "$outside" --allow-data-file
malice back-http.qcow2 "$protocol" --allow-outside
malice back-nbd.qcow2 "$protocol" --allow-outside --allow-json --allow-data-file
malice extent-nbd.vmdk "$protocol" --allow-protocols
malice back-fifo.qcow2 '^error: bad-input: .*neither a file nor a block device'
malice back-device.qcow2 '^error: bad-input: .*neither a file' --allow-outside
malice circle-1.qcow2 '^error: bad-input: .*circle'
malice circle-self.qcow2 '^error: bad-input: .*circle'
malice endless-1.qcow2 '^error: bad-input: .*more than 64 files'
malice extent-nested.vmdk '^error: impossible: .*further extents'
malice extent-nested.vmdk '^error: impossible: .*further extents' --no-sandbox
# Read, because it was stated to be raw; the canary is a name in its bytes.
malice stated-raw.qcow2 'finding: format-differs: '
malice guest-wrote.raw 'format: raw' --format raw
malice back-absolute.qcow2 'finding: format-differs: ' --format raw
malice guest-wrote.raw '^error: bad-input: .*said to be vmdk' --format vmdk

# ------------------------------------- the same eyes, and nobody confined

# loose IMAGE COMMAND... - the command must be seen to touch
loose() {
    local image=$1

    shift
    watch "$@"
    seen=$(touches)
    [ -n "$seen" ]
    report $? "$image: is seen to touch, with $1 ${2-}" "$said"
}
for image in back-relative.qcow2 back-absolute.qcow2 back-link.qcow2 \
             back-json.qcow2 back-nbd.qcow2 data-file.qcow2 guest-wrote.raw \
             extent-absolute.vmdk extent-link.vmdk extent-hosted.vmdk \
             extent-nested.vmdk second.qcow2; do
    loose "$image" qemu-io -r -c 'read 0 512' "$image"
done
loose back-absolute.qcow2 "$open_image" --allow-outside -- back-absolute.qcow2
loose data-file.qcow2 "$open_image" --allow-outside --allow-data-file -- \
    data-file.qcow2
loose extent-absolute.vmdk "$open_image" --allow-outside -- extent-absolute.vmdk
loose back-nbd.qcow2 "$open_image" --allow-protocols -- back-nbd.qcow2

echo "1..$count"
