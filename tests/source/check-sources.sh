#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# check-sources.sh SOURCE-DIR CC... - no fact without a source
#
# Two halves make it so.  The macro VT_SOURCE() refuses whatever is no string
# of some length; that is tried here with rows that must not compile.  C has
# no way to refuse a row that leaves a field out, so the rows of lib/guest
# are read: each must have every source that its struct in tables.h demands,
# which is all of those whose comment does not say that the text may be NULL.

set -u
cd -- "${1:?SOURCE-DIR}" || exit 99
shift
[ "$#" -gt 0 ] || { echo "usage: check-sources.sh SOURCE-DIR CC..." >&2; exit 99; }

said=$(mktemp) || exit 99
trap 'rm -f -- "$said"' EXIT
failed=0

# ------------------------------------------- what the macro does not take

# compiles SOURCE COMPILER... - a file with one row of this source
compiles() {
    source=$1
    shift
    "$@" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror \
        -Iinclude -Ilib -fsyntax-only -x c - >"$said" 2>&1 <<EOF
#include "guest/tables.h"
extern const char *const vt_pointer;
extern const struct vt_app vt_row;
const struct vt_app vt_row = {
    .id = "id",
    .name = "name",
    .sockets = 1,
    .cores = 1,
    .source = $source,
};
EOF
}

# good SOURCE COMPILER...
good() {
    compiles "$@" && return
    echo "$1: does not compile, but should"
    cat "$said"
    failed=1
}

# bad SOURCE COMPILER...
bad() {
    compiles "$@" || return 0
    echo "$1: compiles, but should not"
    failed=1
}

good 'VT_SOURCE(CONFIRMED, "GC page")' "$@"
good 'VT_SOURCE(WEAK, "QI")' "$@"
good 'VT_SOURCE(INFERRED, "WEB address; " "GC page")' "$@"

bad '' "$@"
bad 'VT_SOURCE(CONFIRMED, "")' "$@"
bad 'VT_SOURCE(CONFIRMED, "" "")' "$@"
bad 'VT_SOURCE(CONFIRMED, "?")' "$@"
bad 'VT_SOURCE(CONFIRMED)' "$@"
bad 'VT_SOURCE(CONFIRMED, )' "$@"
bad 'VT_SOURCE(CONFIRMED, NULL)' "$@"
bad 'VT_SOURCE(CONFIRMED, 0)' "$@"
bad 'VT_SOURCE(CONFIRMED, vt_pointer)' "$@"
bad 'VT_SOURCE(SURELY, "GC page")' "$@"
bad 'VT_SOURCE(, "GC page")' "$@"

# ------------------------------------------------- what a row leaves out

# missing FILE... - say which sources rows lack; 1 when one does
missing() {
    awk '
    FILENAME ~ /tables\.h$/ {
        if (/^struct [a-z_]+ \{/)
            in_struct = $2
        else if (/^\}/)
            in_struct = ""
        else if (in_struct != "" && /^ +struct vt_source [a-z_]+;/) {
            name = $3
            sub(/;.*/, "", name)
            if (!/text NULL/)
                demanded[in_struct] = demanded[in_struct] " " name
        }
        next
    }
    /^const struct vt_[a-z_]+ vt_[a-z_]+\[\]/ { kind = $3; next }
    /^};/ { kind = "" }
    kind == "" || !(kind in demanded) { next }
    /^    \{$/ { at = FNR; split("", has); next }
    /^        \.[a-z_]+ = VT_SOURCE\(/ { has[substr($1, 2)] = 1; next }
    /^    \},$/ {
        rows++
        count = split(demanded[kind], names, " ")
        for (i = 1; i <= count; i++) {
            if (!(names[i] in has)) {
                print FILENAME ":" at ": this row has no " names[i]
                lacking = 1
            }
        }
        next
    }
    /^    [^ \/]/ {
        print FILENAME ":" FNR ": this is no row as the others are"
        lacking = 1
    }
    END {
        if (rows == 0) {
            print "no rows were found"
            lacking = 1
        }
        exit lacking
    }' lib/guest/tables.h "$@"
}

# row FIELDS - a table of one row, for the reader above
row() {
    printf 'const struct vt_app vt_apps[] = {\n    {\n%s\n    },\n};\n' \
        "$1" >"$said"
}

row '        .source = VT_SOURCE(WEAK, "GC page"),'
missing "$said" >/dev/null || { echo "a good row is not taken"; failed=1; }
row '        .id = "id",'
if missing "$said" >/dev/null; then
    echo "a row without a source is not noticed"
    failed=1
fi

missing lib/guest/generations.c lib/guest/systems.c lib/guest/hals.c \
    lib/guest/apps.c lib/guest/setups.c || failed=1

exit "$failed"
