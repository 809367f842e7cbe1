# Completions of conc for bash: conc itself says what can stand where the cursor is.

_conc() {
    # bash takes `--color=always` for three words.
    local word glued=no current=
    local -a words=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        if [[ $glued == yes || $word == = ]] && ((${#words[@]})); then
            words[-1]+=$word
        else
            words+=("$word")
        fi
        [[ $word == = ]] && glued=yes || glued=no
    done
    current=${COMP_WORDS[COMP_CWORD]}
    [[ $current == = ]] && current=
    local before=${words[-1]%"$current"}

    local -a lines=()
    mapfile -t lines < <(command conc completions bash -- "${words[@]}" 2>/dev/null)
    COMPREPLY=()
    for word in "${lines[@]:1}"; do
        word=${word%%$'\t'*}
        COMPREPLY+=("${word#"$before"}")
    done
    if [[ ${lines[0]} == files ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current")
    fi
}
complete -F _conc conc
