# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Completion of vtopo's commands, options and their choices.  The program is
# asked for all of them, so nothing here changes with it.  Words that are
# neither are completed as file names.

# Complete the value of option $3 of command $2, of which $4 is typed, where
# it is a choice.
_vtopo_value()
{
    local program=$1 command=$2 option=$3 typed=$4 line

    while read -r line; do
        [[ $line == "$option="*'|'* ]] || continue
        line=${line#*=}
        mapfile -t COMPREPLY < <(compgen -W "${line//|/ }" -- "$typed")
    done < <("$program" "$command" --long-options 2>/dev/null)
}

_vtopo()
{
    local program=$1 typed=$2 before=$3 names
    local command=${COMP_WORDS[1]}

    if [[ $COMP_CWORD -eq 1 || ($COMP_CWORD -eq 2 && $command == help) ]]; then
        names=$("$program" --list-commands 2>/dev/null)
        [[ $COMP_CWORD -eq 2 ]] || names+=" help --help --version"
        mapfile -t COMPREPLY < <(compgen -W "$names" -- "$typed")
    elif [[ $typed == = && $before == --* ]]; then
        _vtopo_value "$program" "$command" "$before" ""
    elif [[ $before == = ]]; then
        _vtopo_value "$program" "$command" "${COMP_WORDS[COMP_CWORD - 2]}" \
                     "$typed"
    elif [[ $typed == -* ]]; then
        names=$("$program" "$command" --long-options 2>/dev/null |
                    sed 's/=.*//')
        mapfile -t COMPREPLY < <(compgen -W "$names" -- "$typed")
    elif [[ $before == --* ]]; then
        _vtopo_value "$program" "$command" "$before" "$typed"
    fi
}

complete -o default -F _vtopo vtopo
