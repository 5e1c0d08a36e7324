#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# check-symbols.sh VTOPO.H SHARED-LIB STATIC-LIB CC... - what libvtopo shows
#
# The shared library exports exactly the functions that vtopo.h marks
# VTOPO_PUBLIC, all of them vtopo_*.  Whatever else is not static is vt_*.
# The library never prints, never exits, and keeps no state between calls.

set -u
LC_ALL=C
export LC_ALL
header=${1:?VTOPO.H}
shared=${2:?SHARED-LIB}
static=${3:?STATIC-LIB}
shift 3

work=$(mktemp -d) || exit 99
trap 'rm -rf -- "$work"' EXIT
failed=0
complain() {
    echo "$1"
    sed 's/^/    /' "$2"
    failed=1
}

# Every declaration on a line of its own, without its attribute.
"$@" -E -P -x c "$header" | tr '\n' ' ' | tr ';' '\n' |
    sed -n 's/.*__attribute__((visibility("default")))//p' |
    sed -n 's/^\([^(]*[^a-zA-Z0-9_(]\)*\([a-zA-Z0-9_]*\) *(.*/\2/p' |
    sort >"$work/declared"
[ -s "$work/declared" ] || { echo "$header declares nothing"; exit 1; }

# Sanitizers add symbols of their own, which all begin with "__".
nm -D --defined-only -- "$shared" | awk '{ print $NF }' | sed 's/@.*//' |
    grep -v '^__' | sort >"$work/exported"

comm -23 "$work/declared" "$work/exported" >"$work/list"
[ ! -s "$work/list" ] || complain "declared, but not exported:" "$work/list"
comm -13 "$work/declared" "$work/exported" >"$work/list"
[ ! -s "$work/list" ] || complain "exported, but not VTOPO_PUBLIC:" "$work/list"
grep -v '^vtopo_' "$work/exported" >"$work/list" &&
    complain "exported without the prefix vtopo_:" "$work/list"

nm -g --defined-only -- "$static" | awk 'NF == 3 { print $3 }' |
    grep -v '^__' >"$work/defined"
grep -Ev '^(vt|vtopo)_' "$work/defined" >"$work/list" &&
    complain "not static, and without the prefix vt_:" "$work/list"

nm -u -- "$static" | awk 'NF == 2 { print $2 }' | sort -u |
    grep -Ex '_?exit|_Exit|abort|stdout|stderr|v?f?printf|f?puts|putchar|perror|__(v?f?printf)_chk' \
        >"$work/list" &&
    complain "the library neither prints nor exits, but calls:" "$work/list"

# "no_memory" is a message that must be handed out as a char *.
if ! nm -u -- "$static" | grep -q '__asan_'; then
    nm -f sysv --defined-only -- "$static" | tr -d ' ' |
        awk -F'|' '$7 ~ /^\.(data|bss|tdata|tbss|data\.local)$/ { print $1 }' |
        grep -vx 'no_memory' >"$work/list" &&
        complain "state that outlives a call:" "$work/list"
fi

exit "$failed"
