#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# run.sh TARGET CORPUS: lets a target of libFuzzer try what it makes of the corpus, for FUZZ_SECONDS (10), from FUZZ_SEED on (1: the
# same each time; 0 is another each time). What it finds on the way is not kept; an input that breaks the target is printed.
set -eu
target=$(realpath "$1") corpus=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/found"
cd "$work"
status=0
"$target" -seed="${FUZZ_SEED:-1}" -max_total_time="${FUZZ_SECONDS:-10}" -timeout=10 -rss_limit_mb=1024 -max_len=16384 -print_final_stats=1 \
        -artifact_prefix="$work/broken-" "$work/found" "$corpus" >"$work/log" 2>&1 || status=$?
[ "$status" = 0 ] || { tail --lines=40 "$work/log"; for input in "$work"/broken-*; do base64 "$input"; done; }
# Nothing may be tried: then the target is not one.
runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
echo "${runs:-0} inputs"
# libFuzzer ends with 77, which would be a skipped test.
[ "$status" = 0 ] && [ "${runs:-0}" -gt 1000 ]
