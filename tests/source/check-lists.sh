#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# check-lists.sh SOURCE-DIR - nothing is forgotten in the build's lists
#
# The lists in the meson.build files are written by hand, so that one can read
# what is built; this finds the file that was added without a line there.

set -u
cd -- "${1:?SOURCE-DIR}" || exit 99
failed=0
seen=0

# listed NAME MESON-FILE SOURCE
listed() {
    seen=$((seen + 1))
    grep -qF "'$1'" "$2" && return
    echo "$3 is not in $2 (as '$1')"
    failed=1
}

for file in lib/*/*.c; do
    [ ! -e "$file" ] || listed "${file#lib/}" lib/meson.build "$file"
done
for file in tool/*.c; do
    [ ! -e "$file" ] || listed "$file" meson.build "$file"
done
for file in man/*.pod; do
    name=${file#man/}
    [ ! -e "$file" ] || listed "${name%.pod}" meson.build "$file"
done
for file in tests/unit/test-*.c; do
    name=${file#tests/unit/test-}
    [ ! -e "$file" ] || listed "${name%.c}" tests/meson.build "$file"
done
for file in tests/fuzz/fuzz-*.c; do
    name=${file#tests/fuzz/fuzz-}
    [ ! -e "$file" ] || listed "${name%.c}" tests/meson.build "$file"
done
for file in tests/source/check-*.sh; do
    name=${file#tests/source/check-}
    [ ! -e "$file" ] || listed "${name%.sh}" tests/meson.build "$file"
done

[ "$seen" -gt 0 ] || { echo "there are no sources here"; exit 1; }
exit "$failed"
