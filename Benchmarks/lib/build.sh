# Shared by the benchmarks: builds the release programs and the C programs of the floor.
# Sourced in the repository's root behind scripts/lib/common.sh, not run.
#
# KERNELSUPD_SCRATCH is where the programs are built, .build of the repository unless given.

scratch=${KERNELSUPD_SCRATCH:-.build}

# build_programs PRODUCT… leaves their directory in `programs`.
build_programs() {
    local product release=(-c release --static-swift-stdlib --scratch-path "$scratch")
    say "Building (release; several minutes the first time)"
    for product in "$@"; do
        swift build "${release[@]}" --product "$product"
    done
    programs=$(cd "$(swift build "${release[@]}" --show-bin-path)" && pwd)
}

# build_floor PROGRAM [FLAG…] leaves its directory in `floor`.
build_floor() {
    local program=$1
    mkdir -p "$scratch/floor"
    floor=$(cd "$scratch/floor" && pwd)
    "${CC:-clang}" -std=c11 -O2 -Wall -Wextra -Werror "${@:2}" \
        -o "$floor/$program" "Benchmarks/floor/$program.c"
}
