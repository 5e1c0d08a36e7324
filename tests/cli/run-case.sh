#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# run-case.sh VTOPO CASE-DIR - run one command, compare all it says
#
# A case is a folder.  "cmd" holds the arguments, quoted as for a shell;
# "out", "err" and "status" hold what they must give; "in", if there, is the
# standard input.  The command runs inside the folder, so it may name other
# files there.  VTOPO_UPDATE_GOLDEN=1 writes out, err and status from what
# happens now: read the difference before you commit it.

set -u
unset CDPATH

vtopo=$(realpath -- "$1") || exit 99
case=$(realpath -- "$2") || exit 99
got=$(mktemp -d) || exit 99
trap 'rm -rf -- "$got"' EXIT
trap 'exit 99' HUP INT TERM

cd -- "$case" || exit 99
input=/dev/null
[ ! -e in ] || input=in
[ -e cmd ] || { echo "$case has no cmd" >&2; exit 99; }

# Messages of the system are in the language of the golden files.
LC_ALL=C
export LC_ALL

eval "set -- $(cat cmd)"
"$vtopo" "$@" >"$got/out" 2>"$got/err" <"$input"
echo $? >"$got/status"

if [ "${VTOPO_UPDATE_GOLDEN:-0}" = 1 ]; then
    cp -- "$got/out" "$got/err" "$got/status" .
    exit 0
fi

failed=0
for part in status out err; do
    diff -u -- "$part" "$got/$part" || failed=1
done
exit "$failed"
