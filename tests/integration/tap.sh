# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tap.sh - read by the tests of this folder that are written in shell
#
# Gives them $work, an empty folder that is gone at the end, together with the
# processes whose ids are in $running, and the words below, which print TAP.

set -u
unset CDPATH
export LC_ALL=C

tests=$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")
running=
count=0

# need PROGRAM... - the whole test is skipped where one is missing
need() {
    local program

    for program; do
        command -v "$program" >/dev/null && continue
        echo "1..0 # SKIP $program is missing"
        exit 0
    done
}

# report RC WHAT [SEEN] - one test, good where RC is 0
report() {
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $count - $2"
    else
        echo "not ok $count - $2"
        [ -z "${3-}" ] || printf '%s\n' "$3" | sed 's/^/#     /'
    fi
}

# skip WHAT WHY
skip() {
    count=$((count + 1))
    echo "ok $count - $1 # SKIP $2"
}

# like PATTERN TEXT WHAT - the text must match
like() {
    [[ $2 =~ $1 ]]
    report $? "$3" "$2"
}

# use_build BUILD-DIR - sets $build and $vtopo
use_build() {
    if [ $# -ne 1 ]; then
        echo "usage: ${0##*/} BUILD-DIR" >&2
        exit 2
    fi
    build=$(realpath -- "$1")
    # shellcheck disable=SC2034  # for whoever asked
    vtopo=$build/vtopo
}

# wait_for FILE - until it is there: at most 10 s
wait_for() {
    local _

    for _ in $(seq 200); do
        [ ! -e "$1" ] || return 0
        sleep 0.05
    done
    echo "Bail out! $1 does not come: $(tail -n 3 -- "$work/servers")"
    exit 1
}

# serve FILE COMMAND... - in the background until the end; it runs where FILE
# is there.  What it says is in $work/servers, its id in $served.
serve() {
    local file=$1

    shift
    "$@" >>"$work/servers" 2>&1 &
    served=$!
    running="$running $served"
    wait_for "$file"
}

# answers SOCKET - does anybody listen there?
answers() {
    /usr/bin/python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "$1" 2>/dev/null
}

# listen FOLDER - somebody notes every caller in FOLDER/calls; sets $port
listen() {
    serve "$1/port" /usr/bin/python3 "$tests/listener.py" "$1/port" "$1/calls"
    # shellcheck disable=SC2034  # for whoever asked
    port=$(cat "$1/port")
}

work=$(mktemp -d) || exit 99
# shellcheck disable=SC2317,SC2086  # called by the trap; a list of numbers
finish() {
    [ -z "$running" ] || kill $running 2>/dev/null
    rm -rf -- "$work"
}
trap finish EXIT
