#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# check-headers.sh SOURCE-DIR CC... - every header compiles alone, and twice
#
# The public header must also be good C99 and C++11, whatever compiles it.

set -u
cd -- "${1:?SOURCE-DIR}" || exit 99
shift

failed=0
strict='-Wall -Wextra -Werror -pedantic -fsyntax-only -Iinclude'

# compile NAME HEADER COMPILER... - twice, for the guard's sake
compile() {
    name=$1
    header=$2
    shift 2
    printf '#include "%s"\n#include "%s"\nextern int vt_nothing;\n' \
           "$header" "$header" | "$@" - || {
        echo "$name does not compile as $*"
        failed=1
    }
}

# $strict is a list of plain words.
# shellcheck disable=SC2086
{
    for path in lib/*/*.h tool/*.h worker/*.h probe/*.h tests/*/*.h; do
        [ -e "$path" ] || continue
        compile "$path" "$path" "$@" -std=gnu11 $strict -D_GNU_SOURCE \
                -I. -Ilib -Itool -Iworker -x c
    done
    compile vtopo.h vtopo.h "$@" -std=c99 $strict -x c
    compile vtopo.h vtopo.h "$@" -std=c11 $strict -x c
}

for cxx in "${CXX:-c++}" g++ clang++; do
    command -v "$cxx" >/dev/null || continue
    # shellcheck disable=SC2086
    compile vtopo.h vtopo.h "$cxx" -std=c++11 $strict -x c++
    exit "$failed"
done

[ "$failed" -eq 0 ] || exit 1
echo "vtopo.h was not tried as C++: there is no C++ compiler"
exit 77
