# Completions of conc for fish: conc itself says what can stand where the cursor is.

function __conc_complete
    set -l words (commandline --tokenize --current-process --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l lines (command conc completions fish -- $words[2..] "$current" 2>/dev/null)
    string join \n -- $lines[2..]
    if test "$lines[1]" = files
        # What follows `--allow-read=` is a file, too.
        set -l flag (string match --regex -- '^--[^=]*=' "$current")
        for file in (__fish_complete_path (string replace -- "$flag" '' "$current"))
            echo "$flag$file"
        end
    end
end

complete --command conc --no-files --keep-order --arguments '(__conc_complete)'
