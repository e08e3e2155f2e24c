# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the buildpacks share: Heroku's style of output, and the app's variables.
set -euo pipefail

say() { printf -- '-----> %s\n' "$1"; }
warn() { printf ' !     %s\n' "$1"; }
fail() {
        warn "$1"
        exit 1
}

# Runs a program ($2...) and shows its output as details. Where it fails, the reason is the first line of its output that
# matches a pattern ($1), else the last one.
run() {
        local pattern=$1 output=$TMPDIR/output
        shift
        if ! "$@" 2>&1 | tee "$output" | sed --unbuffered 's/^/       /'; then
                fail "$(grep --max-count=1 --extended-regexp -e "$pattern" "$output" || tail --lines=1 "$output")"
        fi
}

# A program ($1) that a Debian package ($2) has.
need() { command -v "$1" >/dev/null || fail "$1 is missing on this machine: apt install $2"; }

# Exports the app's variables, files in a directory ($1), but for what would change the tools themselves, and what belongs
# to the shell.
export_variables() {
        local file
        for file in "$1"/*; do
                case ${file##*/} in
                '*' | PATH | HOME | TMPDIR | CACHE_DIRECTORY | IFS | CPATH | LIBRARY_PATH | BASH* | SHELLOPTS | UID | EUID | PPID | _) ;;
                *) export "${file##*/}=$(cat "$file")" ;;
                esac
        done
}
