#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# check-docs.sh VTOPO SOURCE-DIR - the documents and the program agree
#
# - Every command has a page with the usual headings, its summary as NAME, and
#   its options, no more and no fewer.  No page is left without a command.
# - Help goes to standard output, exits with 0, and fits 80 columns.
# - Examples are run.  In README.md and the pages, "$ " before a command means
#   that it was run in the source directory and printed what stands below it,
#   up to the next "$ " or the end of the block.  A command without "$ " is
#   not run: use that where an image or a VM is needed.

set -u
unset CDPATH
vtopo=$(realpath -- "${1:?VTOPO}") || exit 99
cd -- "${2:?SOURCE-DIR}" || exit 99
LC_ALL=C
export LC_ALL

headings="NAME SYNOPSIS DESCRIPTION OPTIONS EXIT_STATUS EXAMPLES SEE_ALSO"

work=$(mktemp -d) || exit 99
trap 'rm -rf -- "$work"' EXIT
mkdir "$work/bin" "$work/examples"
ln -s "$vtopo" "$work/bin/vtopo"
PATH=$work/bin:$PATH
failed=0
complain() {
    echo "$*"
    failed=1
}

# check_help ARG...
check_help() {
    vtopo "$@" >"$work/out" 2>"$work/err" </dev/null ||
        complain "vtopo $*: exits with $?"
    [ ! -s "$work/err" ] || complain "vtopo $*: writes to standard error"
    [ -s "$work/out" ] || complain "vtopo $*: prints nothing"
    awk 'length > 80' "$work/out" >"$work/wide"
    [ ! -s "$work/wide" ] ||
        complain "vtopo $*: wider than 80 columns: $(head -n 1 "$work/wide")"
}

# check_page COMMAND PAGE
check_page() {
    for heading in $headings; do
        heading=$(echo "$heading" | tr _ ' ')
        grep -qx "=head1 $heading" "$2" || complain "$2: has no $heading"
    done

    summary=$(vtopo --help | sed -n "s/^  $1  *//p")
    name=$(sed -n "s/^vtopo-$1 - //p" "$2")
    [ "$summary" = "$name" ] ||
        complain "$2: NAME says '$name', the program '$summary'"

    vtopo "$1" --long-options | sed 's/=.*//' | sort >"$work/have"
    grep '^=item' "$2" | grep -o 'B<--[a-z0-9-]*>' |
        sed 's/B<\(.*\)>/\1/' | sort >"$work/said"
    diff "$work/have" "$work/said" >"$work/diff" ||
        complain "$2: options differ (< program, > page):
$(grep '^[<>]' "$work/diff")"

    grep -q "L<vtopo-$1(1)>" man/vtopo.pod ||
        complain "man/vtopo.pod: does not name vtopo-$1(1)"
}

# split_examples FILE - write N.run and N.want for every "$ " in a block
split_examples() {
    awk -v work="$work/examples" -v file="$1" '
    BEGIN { markdown = file ~ /\.md$/ }
    function finish() {
        if (!number)
            return
        sub(/\n+$/, "\n", want)
        printf "%s", want > (work "/" number ".want")
        printf "%s\n", command > (work "/" number ".run")
        printf "%s:%d\n", file, at > (work "/" number ".at")
        number = 0
    }
    markdown && /^```/ { finish(); inside = !inside; next }
    markdown && !inside { next }
    !markdown && /^[^ \t]/ { finish(); next }
    !markdown { sub(/^ /, "") }
    continued {
        command = command "\n" $0
        continued = /\\$/
        next
    }
    /^\$ / {
        finish()
        number = ++count
        at = NR
        want = ""
        command = substr($0, 3)
        continued = /\\$/
        next
    }
    number { want = want $0 "\n" }
    END { finish() }' "$1"
}

check_examples() {
    rm -f "$work"/examples/*
    split_examples "$1"
    for run in "$work"/examples/*.run; do
        [ -e "$run" ] || return 0
        example=${run%.run}
        sh "$run" >"$example.got" 2>&1 </dev/null
        diff -u "$example.want" "$example.got" >"$work/diff" ||
            complain "$(cat "$example.at"): is not what happens:
$(cat "$run")
$(tail -n +3 "$work/diff")"
    done
}

check_help --help
check_help help
check_help --version
commands=$(vtopo --list-commands) || complain "vtopo --list-commands: fails"
for command in $commands; do
    check_help "$command" --help
    check_help help "$command"
    if [ -e "man/vtopo-$command.pod" ]; then
        check_page "$command" "man/vtopo-$command.pod"
    else
        complain "vtopo $command: has no page man/vtopo-$command.pod"
    fi
done

for page in man/vtopo-*.pod; do
    command=${page#man/vtopo-}
    command=${command%.pod}
    echo "$commands" | grep -qx "$command" ||
        complain "$page: is about a command that does not exist"
done

for page in README.md man/*.pod; do
    check_examples "$page"
done
exit "$failed"
