#!/usr/bin/env bash
# Fills the corpus with the scripts that there are: fuzz/seed.sh, then `cargo +nightly fuzz run format`.
set -euo pipefail
cd "$(dirname "$0")"
for target in parse format run check; do
    mkdir -p "corpus/$target"
    find ../examples ../tests/golden ../src/syntax -name '*.conc' -size -4k | while read -r script; do
        cp "$script" "corpus/$target/$(echo "$script" | tr / _)"
    done
done
mkdir -p corpus/schedule
find .. -name '*.schedule' -not -path '*/target/*' -exec cp {} corpus/schedule/ \;
