#!/usr/bin/env bash
# Fills the corpus with the scripts that there are, also those in pages, and makes a dictionary of the grammar's words and
# signs.
set -euo pipefail
cd "$(dirname "$0")"

# Each block ```conc of a page becomes a file.
blocks() {
    awk -v to="$2" '
        /^```conc/ { inside = 1; n++; next }
        /^```/ { inside = 0 }
        inside { print > (to "_" n ".conc") }
    ' "$1"
}

for target in parse format run check; do
    mkdir -p "corpus/$target"
    find ../examples ../tests/golden ../src/syntax -name '*.conc' -size -4k | while read -r script; do
        cp "$script" "corpus/$target/$(echo "$script" | tr / _)"
    done
    find ../docs ../lessons/en -name '*.md' | while read -r page; do
        blocks "$page" "corpus/$target/$(echo "$page" | tr / _)"
    done
done
# A schedule for each story of a check.
mkdir -p corpus/schedule
conc=${CONC:-../target/release/conc}
[ -x "$conc" ] || { echo "seed.sh: no $conc; build it, or name one in CONC, for schedules to begin with" >&2; exit 1; }
for script in ../tests/golden/explore/*.conc; do
    timeout 5 "$conc" check --save "corpus/schedule/$(basename "$script" .conc)" "$script" >/dev/null 2>&1 || true
done
grep -oE '"[a-z=<>!+*/%&|^~.:(){}-]+"' ../grammar/conc.pest | sort -u > corpus/words.dict
