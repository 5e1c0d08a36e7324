#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# check-completion.sh SOURCE-DIR - the completion offers what a program lists
#
# Prints TAP.  A stand-in plays vtopo, so this does not change with it.

set -u
# shellcheck source-path=SCRIPTDIR/../..
source "${1:?SOURCE-DIR}/completion/vtopo.bash" || exit 99

# Called by the completion, which shellcheck does not see.
# shellcheck disable=SC2317
vtopo()
{
    case $* in
        --list-commands) printf '%s\n' plan predict ;;
        'plan --long-options')
            printf '%s\n' --vcpus=N '--for=qemu|libvirt|xen' --json --help ;;
        *) return 1 ;;
    esac
}

number=0
failed=0

# offers SENTENCE EXPECTED WORD... - the last word is being typed
offers()
{
    local sentence=$1 expected=$2
    shift 2

    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _vtopo "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    number=$((number + 1))
    if [ "${COMPREPLY[*]}" = "$expected" ]; then
        echo "ok $number - $sentence"
    else
        echo "not ok $number - $sentence"
        echo "# offered: ${COMPREPLY[*]}"
        failed=1
    fi
}

offers "commands" "plan predict help --help --version" vtopo ""
offers "a command that is begun" "predict" vtopo pr
offers "commands to explain" "plan predict" vtopo help ""
offers "options" "--vcpus --for --json --help" vtopo plan --
offers "an option that is begun" "--json" vtopo plan --vcpus 4 --j
offers "choices in the next word" "qemu libvirt xen" vtopo plan --for ""
offers "a choice that is begun" "libvirt" vtopo plan --for l
offers "choices behind an equals sign" "qemu libvirt xen" vtopo plan --for =
offers "a choice behind an equals sign" "xen" vtopo plan --for = x
offers "file names for a value that is no choice" "" vtopo plan --vcpus ""
offers "file names for operands" "" vtopo plan ""
offers "nothing for a command that does not exist" "" vtopo frob --

echo "1..$number"
exit "$failed"
