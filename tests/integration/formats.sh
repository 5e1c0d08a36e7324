#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# formats.sh OPEN-IMAGE VTOPO-WORKER - every format can be opened and read
#
# Images of every format that qemu-img makes, chains, NBD servers, and images
# that are in use.  Prints TAP.

# shellcheck source=tests/integration/tap.sh
. "$(dirname -- "$0")/tap.sh"

if [ $# -ne 2 ]; then
    echo "usage: formats.sh OPEN-IMAGE VTOPO-WORKER" >&2
    exit 2
fi
open_image=$(realpath -- "$1")
VTOPO_WORKER=$(realpath -- "$2")
export VTOPO_WORKER
need qemu-img qemu-io qemu-nbd nbdkit nbd-server

cd -- "$work" || exit 99

# reads IMAGE PATTERN [OPTION]... - it opens, says so, and the worker answers
reads() {
    local image=$1 want=$2

    shift 2
    said=$("$open_image" "$@" --ask '{}' -- "$image" 2>&1)
    like "$want" "$said" "$image${1+ $*}: $want"
    like $'\nanswer: .' "$said" "$image${1+ $*}: the worker reads it"
}

truncate -s 8M disk.raw
printf '\xeb\x3c\x90vtopo' | dd of=disk.raw conv=notrunc status=none
reads disk.raw '^format: raw.size: 8388608.link: raw disk.raw'

while read -r driver name options; do
    # shellcheck disable=SC2086  # none, or one word
    qemu-img convert -q -O "$driver" ${options:+-o $options} disk.raw "$name" ||
        continue
    reads "$name" "^format: $driver.size: 8[0-9]*.link: $driver $name"
done <<'END'
qcow2 a.qcow2
qcow2 old.qcow2 compat=0.10
qcow2 small.qcow2 cluster_size=512
qcow b.qcow
qed c.qed
vmdk sparse.vmdk
vmdk stream.vmdk subformat=streamOptimized
vmdk flat.vmdk subformat=monolithicFlat
vmdk many.vmdk subformat=twoGbMaxExtentSparse
vmdk manyflat.vmdk subformat=twoGbMaxExtentFlat
vdi d.vdi
vdi fixed.vdi static=on
vpc e.vhd
vpc fixed.vhd subformat=fixed
vhdx f.vhdx
vhdx fixed.vhdx subformat=fixed
parallels g.parallels
END

# Chains: names that are relative, absolute, and in folders below.
mkdir below
qemu-img create -q -f qcow2 -F raw -b disk.raw base.qcow2
qemu-img create -q -f qcow2 -F qcow2 -b "$PWD/base.qcow2" middle.qcow2
qemu-img create -q -f qcow2 -F qcow2 -b middle.qcow2 top.qcow2
reads top.qcow2 'link: qcow2 top.*link: qcow2 middle.*link: qcow2 .*base.*link: raw disk'
reads "$PWD/top.qcow2" 'link: raw disk.raw'
reads "./below/../top.qcow2" 'link: raw disk.raw'
mv disk.raw below/
qemu-img create -q -f qcow2 -F raw -b below/disk.raw over.qcow2
reads over.qcow2 'link: raw below/disk.raw'
qemu-img create -q -f qcow2 -F raw -b disk.raw below/inner.qcow2
qemu-img create -q -f qcow2 -F qcow2 -b below/inner.qcow2 outer.qcow2
reads outer.qcow2 'link: qcow2 below/inner.qcow2.link: raw disk.raw'
qemu-img create -q -f qcow2 -F qcow2 -b ../a.qcow2 below/up.qcow2
said=$("$open_image" below/up.qcow2)
like 'outside its folder' "$said" "a backing file above is outside"
reads below/up.qcow2 'link: qcow2 ../a.qcow2' --allow-outside
mv below/disk.raw .
qemu-img create -q -f vmdk -F vmdk -b sparse.vmdk child.vmdk
reads child.vmdk 'link: vmdk child.vmdk.link: vmdk sparse.vmdk'
qemu-img create -q -u -f qcow2 -F qcow2 -b \
    'json:{"driver":"qcow2","file":{"driver":"file","filename":"a.qcow2"}}' \
    json.qcow2 8M
reads json.qcow2 'link: qcow2 a.qcow2' --allow-json
qemu-img create -q -f qcow2 -o data_file=data.bin data.qcow2 8M
reads data.qcow2 '^format: qcow2' --allow-data-file
previous=a.qcow2
for i in $(seq 63); do
    qemu-img create -q -u -f qcow2 -F qcow2 -b "$previous" "deep-$i.qcow2" 8M
    previous=deep-$i.qcow2
done
reads "$previous" 'link: qcow2 deep-1.qcow2.link: qcow2 a.qcow2'

# Names, and what they say.
cp a.qcow2 says.raw
reads says.raw 'finding: name-says-raw: '
cp disk.raw says.qcow2
reads says.qcow2 'finding: name-differs: '
cp a.qcow2 "strange, name=x:y \$(z)"
reads "strange, name=x:y \$(z)" '^format: qcow2'
said=$("$open_image" --format vdi a.qcow2)
like '^error: bad-input: .*said to be vdi.*qcow2' "$said" "--format must be true"
said=$("$open_image" --format nonsense a.qcow2)
like '^error: bad-input: .*no format' "$said" "--format must be a format"
like 'hint: known are raw, qcow2, .*luks' "$said" "and says which there are"

# What cannot be read says so.
qemu-img create -q -f luks --object secret,id=s,data=x -o key-secret=s,iter-time=10 \
    luks.img 1M 2>/dev/null && {
    said=$("$open_image" luks.img)
    like '^error: impossible: .*encrypted' "$said" "LUKS is encrypted"
}
head -c 50 a.qcow2 >short.qcow2
said=$("$open_image" short.qcow2)
like '^error: ' "$said" "a qcow2 file cut short is an error"
said=$("$open_image" .)
like '^error: bad-input: .*neither a file nor a block device' "$said" \
     "a folder is no image"
said=$("$open_image" none.qcow2)
like "^error: system: cannot open 'none.qcow2': No such file" "$said" \
     "a missing image is an error"
said=$("$open_image" --qemu-nbd /bin/false a.qcow2)
like '^error: system: .*qemu-nbd ended with status 1' "$said" \
     "a server that does not start is an error"
said=$("$open_image" --qemu-nbd /nowhere a.qcow2)
like '^error: system: ' "$said" "a server that is not there is an error"

# A connection is not used twice: the second question starts anew.
said=$("$open_image" --times 2 --ask '{}' a.qcow2)
like $'answer: .*\nanswer: ' "$said" "two questions can be asked"
said=$("$open_image" --ask '{}' --file system=disk.raw --file bcd=a.qcow2 --)
like '^cage: seccomp=1.*answer: ' "$said" "loose files can be asked about"

# Servers of others.
serve sock qemu-nbd -t -r -f qcow2 -x 'ex port' -k "$work/sock" -e 9 a.qcow2
reads "nbd+unix:///ex%20port?socket=$work/sock" '^format: raw'
said=$("$open_image" --ask '{}' "nbd+unix:///other?socket=$work/sock")
like "error: impossible: .*the export 'other': it has no such export" "$said" \
     "an export that is not there is an error"
port=$((20000 + $$ % 20000))
serve pid qemu-nbd -t -r -f qcow2 -b 127.0.0.1 -p "$port" -e 9 --pid-file "$work/pid" a.qcow2
reads "nbd://127.0.0.1:$port" '^format: raw'
reads "nbd://localhost:$port/" '^format: raw'
said=$("$open_image" "nbds://127.0.0.1:$port/")
like '^error: bad-input: .*no NBD URI that can be opened' "$said" \
     "TLS is refused, not dropped"
said=$("$open_image" --format qcow2 "nbd://127.0.0.1:$port/")
like '^error: impossible: .*read as raw' "$said" "an export is raw"
said=$("$open_image" "nbd+unix:///?socket=$work/none")
like '^error: system: .*No such file' "$said" "a missing socket is an error"

# Servers that are not QEMU's, and such as we do not speak with.
serve kit nbdkit -f -r -U "$work/kit" file disk.raw
reads "nbd+unix:///?socket=$work/kit" '^format: raw'
serve policy nbdkit -f -r -U "$work/policy" --filter=blocksize-policy file disk.raw \
    blocksize-minimum=4096 blocksize-maximum=16384 blocksize-error-policy=error
reads "nbd+unix:///?socket=$work/policy" '^format: raw'
serve large nbdkit -f -r -U "$work/large" --filter=blocksize-policy file disk.raw \
    blocksize-minimum=64k blocksize-preferred=64k
said=$("$open_image" --ask '{}' "nbd+unix:///?socket=$work/large")
like 'error: impossible: .*requests of 65536 to [0-9]* bytes' "$said" \
     "blocks that are too large are refused"
serve old nbdkit -f -r -o -U "$work/old" file disk.raw
said=$("$open_image" --ask '{}' "nbd+unix:///?socket=$work/old")
like 'error: impossible: .*the old dialect' "$said" "the old dialect is refused"
serve mask nbdkit -f -r --mask-handshake=0 -U "$work/mask" file disk.raw
said=$("$open_image" --ask '{}' "nbd+unix:///?socket=$work/mask")
like 'error: impossible: .*in which it cannot refuse' "$said" \
     "and so is the one before it was fixed"
printf '[generic]\n    port = %s\n    listenaddr = 127.0.0.1\n' $((port + 1)) >nbd.conf
printf '[disk]\n    exportname = %s\n    readonly = true\n' "$work/disk.raw" >>nbd.conf
nbd-server -C "$work/nbd.conf" -p "$work/nbd.pid" 2>/dev/null
wait_for nbd.pid
running="$running $(cat nbd.pid)"
reads "nbd://127.0.0.1:$((port + 1))/disk" '^format: raw'

# In use by somebody who writes, as a running VM does.
serve rw qemu-nbd -t -f qcow2 -k "$work/rw" old.qcow2
reads old.qcow2 'finding: in-use: '
serve rw2 qemu-nbd -t -f raw -k "$work/rw2" disk.raw
reads disk.raw 'finding: in-use: '
said=$("$open_image" c.qed)
like '^format' "${said/in-use/}" "another is not in use"
[[ $said != *in-use* ]]
like 0 $? "and is not said to be"

echo "1..$count"
