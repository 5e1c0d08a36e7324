#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# check-output.sh VTOPO - what cannot be written is not passed over
#
# Prints TAP.

set -u
vtopo=$(realpath -- "${1:?VTOPO}") || exit 99
work=$(mktemp -d) || exit 99
trap 'rm -rf -- "$work"' EXIT
LC_ALL=C
export LC_ALL
number=0
failed=0

# holds SENTENCE TEST...
holds() {
    number=$((number + 1))
    sentence=$1
    shift
    if "$@"; then
        echo "ok $number - $sentence"
    else
        echo "not ok $number - $sentence"
        sed 's/^/# /' "$work/err"
        failed=1
    fi
}

full="vtopo: error: cannot write to standard output: No space left on device"

"$vtopo" --help >/dev/full 2>"$work/err"
status=$?
holds "a full disk is an error" [ "$status" -eq 1 ]
holds "a full disk is told of" [ "$(cat "$work/err")" = "$full" ]

"$vtopo" --help >&- 2>"$work/err"
status=$?
holds "a closed output is an error" [ "$status" -eq 1 ]
holds "a closed output is told of" \
      grep -q 'cannot write to standard output' "$work/err"

mkfifo "$work/pipe"
# A process that holds the other end until it is told to go.
# shellcheck disable=SC2217
sleep 10 <"$work/pipe" &
reader=$!
exec 3>"$work/pipe"
kill "$reader"
wait "$reader" 2>/dev/null
"$vtopo" --help >&3 2>"$work/err"
status=$?
exec 3>&-
holds "a reader that left is an error" [ "$status" -eq 1 ]
holds "a reader that left is told nothing" [ ! -s "$work/err" ]

"$vtopo" --frobnicate >"$work/out" 2>/dev/full
status=$?
holds "an error that cannot be told is an error" [ "$status" -eq 1 ]
holds "an error leaves the output empty" [ ! -s "$work/out" ]

echo "1..$number"
exit "$failed"
