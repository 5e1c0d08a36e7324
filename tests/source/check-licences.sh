#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# check-licences.sh SOURCE-DIR - every source file says whose rules it is under
#
# worker/ is GPL-2.0-or-later, everything else LGPL-2.1-or-later.

set -u
cd -- "${1:?SOURCE-DIR}" || exit 99

failed=0
seen=0
list=$(mktemp) || exit 99
trap 'rm -f -- "$list"' EXIT

is_source() {
    case $1 in
        *.c | *.h | *.S | *.py | *.sh | *.bash) return 0 ;;
        */meson.build | */meson_options.txt) return 0 ;;
        ./tests/fuzz/corpus/* | ./tests/cli/*/*) return 1 ;;
    esac
    [ "$(head -c 2 -- "$1" | tr -d '\0')" = '#!' ]
}

find . -path ./.git -prune -o -path './build*' -prune -o \
    -name __pycache__ -prune -o -type f -print | sort >"$list"

while IFS= read -r file; do
    is_source "$file" || continue
    seen=$((seen + 1))
    case $file in
        ./worker/*) want=GPL-2.0-or-later ;;
        *)          want=LGPL-2.1-or-later ;;
    esac
    got=$(sed -n '1,5s/.*SPDX-License-Identifier: *\([^ ]*\).*/\1/p' "$file")
    if [ "$got" != "$want" ]; then
        echo "${file#./}: says '${got:-nothing}', not SPDX $want"
        failed=1
    fi
done <"$list"

for licence in LGPL-2.1-or-later GPL-2.0-or-later; do
    if ! grep -q 'GENERAL PUBLIC LICENSE' "LICENSES/$licence.txt"; then
        echo "LICENSES/$licence.txt is not the text of that licence"
        failed=1
    fi
done

[ "$seen" -gt 0 ] || { echo "there are no sources here"; exit 1; }
exit "$failed"
