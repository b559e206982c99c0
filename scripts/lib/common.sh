# Shared by scripts/demo and scripts/test: what is printed, and the Debian packages they need.
# Sourced, not run.

say() { printf '\n== %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# ensure_packages NAME… installs what is missing, as root or with sudo, and says what it does.
ensure_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || die "these Debian packages are missing and there is no sudo: ${missing[*]}"
        as_root=(sudo)
    fi
    say "Installing Debian packages: ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# The Swift 6.3 toolchain itself is the one thing that is not a Debian package.
require_swift() {
    command -v swift >/dev/null || die "no swift on PATH: install Swift 6.3 from https://www.swift.org/install/linux/"
    swift --version 2>&1 | head -n 1
}

build_packages=(libsystemd-dev ocl-icd-opencl-dev pocl-opencl-icd pkg-config)
