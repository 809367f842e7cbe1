#compdef conc
# Completions of conc for zsh: conc itself says what can stand where the cursor is.

_conc() {
    local line
    local -a lines offered
    lines=("${(@f)$(command conc completions zsh -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    for line in "${(@)lines[2,-1]}"; do
        offered+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    local found=1
    _describe -V 'conc' offered && found=0
    if [[ $lines[1] == files ]]; then
        [[ $PREFIX == --*=* ]] && compset -P '*='
        _files && found=0
    fi
    return found
}

# Read by compinit it is called at once; in a start file it only makes itself known.
if [[ $funcstack[1] == _conc ]]; then
    _conc "$@"
else
    compdef _conc conc
fi
