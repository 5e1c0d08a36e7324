#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# check-floppy.sh VTOPO - what "vtopo plan --install" writes, as others see it
#
# The floppy is read by fsck.fat and by mtools, which had no part in making
# it; without them only that is left out.  Prints TAP.

# Functions are called by holds(), which shellcheck does not see.
# shellcheck disable=SC2317

set -u
vtopo=$(realpath -- "${1:?VTOPO}") || exit 99
work=$(mktemp -d) || exit 99
trap 'rm -rf -- "$work"' EXIT
cd -- "$work" || exit 99
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
number=0
failed=0

# holds SENTENCE TEST...
holds() {
    number=$((number + 1))
    sentence=$1
    shift
    if "$@" >seen 2>&1; then
        echo "ok $number - $sentence"
    else
        echo "not ok $number - $sentence"
        sed 's/^/# /' seen
        failed=1
    fi
}

# skip SENTENCE PROGRAM
skip() {
    number=$((number + 1))
    echo "ok $number - $1 # SKIP $2 is missing"
}

refused() { ! "$@"; }

plan() { "$vtopo" plan --vcpus 2 --machine pc-q35-7.2 "$@"; }

# only FILE... - the folder has these files and no others
only() {
    rm -f seen
    [ "$(echo *)" = "$*" ] || { echo "there are: $(echo *)"; return 1; }
}

holds "both files are written" \
    plan --install winxp/professional --answer-file a.sif --floppy f.img
holds "there is nothing else" only a.sif f.img
holds "the floppy has 1.44 MB" [ "$(wc -c <f.img)" -eq 1474560 ]
holds "the answer file ends its lines as DOS does" \
    [ "$(grep -c '' a.sif)" -eq "$(grep -c "$(printf '\r')\$" a.sif)" ]

if command -v fsck.fat >/dev/null; then
    holds "fsck.fat finds nothing wrong" fsck.fat -n f.img
else
    skip "fsck.fat finds nothing wrong" fsck.fat
fi
if command -v mcopy >/dev/null; then
    mdir -b -i f.img :: >list 2>&1
    holds "mtools lists one file" [ "$(cat list)" = "::/WINNT.SIF" ]
    mcopy -i f.img ::WINNT.SIF copy
    holds "mtools reads what the answer file says" cmp copy a.sif
    rm -f list copy
else
    skip "mtools lists one file" mtools
    skip "mtools reads what the answer file says" mtools
fi

sum=$(cat a.sif f.img | cksum)
holds "files that exist are refused" \
    refused plan --install win2k --answer-file a.sif --floppy new.img
holds "a floppy that exists is, too" \
    refused plan --install win2k --answer-file new.sif --floppy f.img
holds "nothing is left of either" only a.sif f.img
holds "they are as they were" [ "$(cat a.sif f.img | cksum)" = "$sum" ]
holds "shapes that are not used in full write nothing" \
    refused "$vtopo" plan --vcpus 4 --install win2k/professional --floppy n
holds "nothing is left of that" only a.sif f.img

echo "1..$number"
exit "$failed"
