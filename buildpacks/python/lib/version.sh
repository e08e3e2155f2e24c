# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The version of Python that an app asks for, of those that the machine has. Debian has one patch level of each.

# -I: without the directory at hand, whose modules are the app's.
version_of() { "$1" -I -c 'import platform; print(platform.python_version())'; }

# Sets $asks, and which file says so in $asker; both are empty where none does.
wanted_python() {
        asks='' asker=''
        if [ -f .python-version ]; then
                asker=.python-version asks=$(unmarked .python-version | sed 's/#.*//; s/[[:space:]]//g; /^$/d' | head -n 1)
        elif [ -f runtime.txt ]; then
                asker=runtime.txt asks=$(unmarked runtime.txt | sed -n 's/^python-//p' | tr -d '[:space:]')
        elif [ -f Pipfile.lock ]; then
                asker=Pipfile.lock asks=$(sed -n 's/.*"python_\(full_\)\{0,1\}version": "\([0-9.]*\)".*/\2/p' Pipfile.lock | head -n 1)
        elif [ -f .tool-versions ]; then
                asker=.tool-versions asks=$(unmarked .tool-versions | sed -n 's/^python[[:blank:]]\{1,\}\([^[:blank:]]*\).*/\1/p' | head -n 1)
        fi
}

# Sets $python to the program.
choose_python() {
        local minor
        python=python3
        if [ -n "$asks" ]; then
                [[ $asks =~ ^3(\.[0-9]+)?(\.[0-9]+)?$ ]] || fail "$asker asks for Python $asks, and this machine has $(version_of python3)"
                minor=$(cut -d. -f1,2 <<<"$asks")
                if command -v "python$minor" >/dev/null; then
                        python=python$minor
                else
                        fail "$asker asks for Python $asks, and this machine has $(version_of python3)"
                fi
                [[ $(version_of "$python"). == "$asks".* ]] ||
                        warn "$asker asks for Python $asks, and it is $(version_of "$python")"
        fi
}
