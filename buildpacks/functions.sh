# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the buildpacks share: Heroku's style of output, the app's variables, and what is left for the run.
set -euo pipefail

say() { printf -- '-----> %s\n' "$1"; }
detail() { printf '       %s\n' "$1"; }
warn() { printf ' !     warning: %s\n' "$1"; }
fail() {
        printf ' !     %s\n' "$1"
        exit 1
}

# A file ($1) without the byte order mark of some editors.
unmarked() { sed '1s/^\xEF\xBB\xBF//' "$1"; }

# A program ($1) that a Debian package ($2) has.
need() { command -v "$1" >/dev/null || fail "$1 is missing on this machine: apt install $2"; }

# The app's variables are files in a directory ($1). They never become variables of this shell, which would take some for
# its own: the programs that are run get them, and what the buildpack sets itself stands above them.
app_variables=/var/empty
own_variables=()
use_variables() { app_variables=$1; }
set_variables() { own_variables+=("$@"); }

# The value of one of them ($1), or else $2.
variable() {
        if [ -f "$app_variables/$1" ]; then cat "$app_variables/$1"; else printf '%s' "${2:-}"; fi
}

# Runs a program with the app's variables.
with_variables() {
        /usr/lib/deployd/buildpacks/with-variables "$app_variables" ${own_variables[@]+"${own_variables[@]}"} "$@"
}

# The same, and shows its output as details. Where it fails, deployd looks for the reason in what it printed since the last
# heading; that it failed is the reason when it printed nothing.
run() {
        local status=0
        with_variables "$@" 2>&1 | sed --unbuffered 's/^/       /' || status=$?
        if [ "$status" != 0 ]; then
                detail "$* exited with status $status"
                exit 1
        fi
}

# Leaves shell lines (standard input) for the processes of the app, which read them before they start. $1: whose they are.
leave_profile() {
        mkdir -p .profile.d
        cat >".profile.d/000-deployd-$1.sh"
}
