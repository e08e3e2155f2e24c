# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # used by those who read this
# What ./check and ./try share: the packages they need, a clean environment, the Debian package.

# Started from anybody's shell, with anybody's tools before the system's.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME="${HOME:-/root}"
export DEBIAN_FRONTEND=noninteractive PYTHONDONTWRITEBYTECODE=1
unset CC CFLAGS CPPFLAGS CXXFLAGS LDFLAGS DEB_BUILD_OPTIONS DEB_BUILD_PROFILES PYTHONPATH PYTEST_ADDOPTS
umask 022

# To build the package and to boot a machine.
machine_packages=(build-essential git mmdebstrap python3 systemd-container)
# To test and to look for mistakes; unit tests need the Build-Depends without the profile nocheck.
check_packages=(clang clang-format clang-tidy cppcheck dbus-daemon e2fsprogs haproxy libclang-rt-14-dev lintian
                man-db ninja-build openssh-server openssl postgresql-15 python3-gi python3-pytest python3-pytest-xdist
                qemu-system-x86 shellcheck systemd-journal-remote)
# What the buildpacks build with; npm comes with some builds of nodejs.
check_packages+=(bundler cargo curl golang-go iproute2 lighttpd nodejs php-cli php-fpm python3-venv ruby)
command -v npm >/dev/null || check_packages+=(npm)

be_root() {
        if [ "$(id -u)" != 0 ]; then
                echo "$0 boots machines: run it as root (sudo $0)." >&2
                exit 2
        fi
}

# The packages of the arguments that are not installed.
missing_packages() {
        local package
        for package; do
                dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null |
                        grep -qx installed || echo "$package"
        done
}

# Installs the packages of the arguments, and what building deployd needs (profiles in DEB_BUILD_PROFILES), as far
# as they are missing. Needs no network when nothing is.
install_packages() {
        local missing
        mapfile -t missing < <(missing_packages "$@")
        if [ ${#missing[@]} -gt 0 ] || ! dpkg-checkbuilddeps >/dev/null 2>&1; then
                echo "installing what is missing: ${missing[*]} and what the build needs"
                apt-get -o DPkg::Lock::Timeout=300 --quiet --quiet update &&
                        apt-get -o DPkg::Lock::Timeout=300 --quiet --quiet --yes --no-install-recommends \
                                install "${missing[@]}" &&
                        apt-get -o DPkg::Lock::Timeout=300 --quiet --quiet --yes --no-install-recommends \
                                build-dep ./
        fi
}

# Copies the files of this project, committed or not, into a directory ($1).
copy_sources() {
        mkdir -p "$1" &&
                git -c safe.directory='*' ls-files -z --cached --others --exclude-standard --deduplicate |
                tar --create --null --files-from=- --ignore-failed-read --file=- |
                        tar --extract --no-same-owner --directory="$1" --file=-
}

# Builds the package from such a copy, in a directory ($1), without its tests; with further variables for
# dpkg-buildpackage ($3...). The path of the .deb will be in a variable ($2).
build_package() {
        local copy=$1/source
        copy_sources "$copy" &&
                (cd "$copy" && env DEB_BUILD_PROFILES=nocheck DEB_BUILD_OPTIONS=nocheck "${@:3}" \
                        dpkg-buildpackage -us -uc -b) ||
                return
        printf -v "$2" %s "$1"/deployd_*.deb
}

# Likewise, with failpoints (base/failpoint.h), and with sanitizers in every program (tests/sanitizers.h): for addresses,
# leaks and undefined behaviour. With symbols, for the reports, and without _FORTIFY_SOURCE, which calls functions that
# no sanitizer watches.
build_sanitized_package() {
        build_package "$1" "$2" DEB_BUILD_OPTIONS="nocheck nostrip failpoints sanitize=+address,+undefined" \
                DEB_CPPFLAGS_STRIP=-D_FORTIFY_SOURCE=2 \
                DEB_CFLAGS_APPEND="-fsanitize-undefined-trap-on-error -include $1/source/tests/sanitizers.h"
}
