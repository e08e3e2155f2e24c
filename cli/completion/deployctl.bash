# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for deployctl: its verbs, their options and their settings, as it says them itself.

_deployctl()
{
        local word=${COMP_WORDS[COMP_CWORD]} typed line verb offers=()

        typed="${COMP_WORDS[*]:1:COMP_CWORD-1}"
        while read -r line; do
                verb=${line%% --*}
                if [[ $word == -* ]]; then
                        [[ "$typed " == "$verb "* ]] && offers=(${line#"$verb"})
                elif [[ -z $typed ]]; then
                        offers+=("${verb%% *}")
                elif [[ $verb == "$typed "* ]]; then
                        offers+=("${verb#"$typed "}")
                elif [[ $line == *= && $typed == "$verb "* ]]; then
                        # Settings end with =, and come after a name.
                        offers=(${line#"$verb"})
                        offers=(${offers[@]##-*})
                        compopt -o nospace 2>/dev/null
                fi
        done < <(deployctl --list-verbs 2>/dev/null)
        COMPREPLY=()
        while read -r line; do
                # The verbs of a family give its name once each.
                [[ -n $line && " ${COMPREPLY[*]} " != *" $line "* ]] && COMPREPLY+=("$line")
        done < <(compgen -W "${offers[*]}" -- "$word")
}

complete -o default -F _deployctl deployctl
