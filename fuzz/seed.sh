#!/usr/bin/env bash
# Fills the corpus with the scripts that there are, and makes a dictionary of the grammar's words and signs.
set -euo pipefail
cd "$(dirname "$0")"
for target in parse format run check; do
    mkdir -p "corpus/$target"
    find ../examples ../tests/golden ../src/syntax -name '*.conc' -size -4k | while read -r script; do
        cp "$script" "corpus/$target/$(echo "$script" | tr / _)"
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
