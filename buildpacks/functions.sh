# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the buildpacks share: Heroku's style of output, and the app's variables.
set -euo pipefail

say() { printf -- '-----> %s\n' "$1"; }
warn() { printf ' !     warning: %s\n' "$1"; }
fail() {
        printf ' !     %s\n' "$1"
        exit 1
}

# Runs a program and shows its output as details. Where it fails, deployd looks for the reason in what it printed since the
# last heading; that it failed is the reason when it printed nothing.
run() {
        local status=0
        "$@" 2>&1 | sed --unbuffered 's/^/       /' || status=$?
        if [ "$status" != 0 ]; then
                printf '       %s exited with status %d\n' "$*" "$status"
                exit 1
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
