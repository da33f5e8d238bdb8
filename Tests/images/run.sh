#!/bin/sh
# The programs that are copied out of the binary, compiled with whatever compilers put into every function: they refer to nothing outside of
# them, and live.
# usage: Tests/images/run.sh (in the top directory)
set -eu
# The toolchain's clang, as SwiftPM takes it.
resources=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
clang=$resources/../../bin/clang
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# compile FLAG…: the objects, looked at.
compile() {
    for name in hold init gate image; do
        "$clang" -std=gnu23 -D_GNU_SOURCE -Wall -Wextra -Werror -fPIC -ISources/CLinux/include "$@" \
            -c "Sources/CLinux/$name.c" -o "$place/$name.c.o"
    done
    sh Tools/check-images.sh "$place/hold.c.o" "$place/init.c.o" "$place/gate.c.o"
}

# live FLAG…: the same, and the programs run.
live() {
    compile "$@"
    "$clang" -std=gnu23 -D_GNU_SOURCE -Wall -Wextra -Werror -fPIC -ISources/CLinux/include "$@" \
        Tests/images/images.c "$place/hold.c.o" "$place/init.c.o" "$place/gate.c.o" "$place/image.c.o" -fuse-ld=lld -o "$place/images"
    # -pg leaves a file where it runs.
    if ! (cd "$place" && ./images); then
        echo "Tests/images: they do not live when compiled with $*" >&2
        exit 1
    fi
}

live -O0 -fstack-protector-all
live -O2 -D_FORTIFY_SOURCE=3 -fstack-protector-all
live -O2 -fsanitize=address,undefined
live -O0 -fsanitize=address
live -O1 -pg
compile -O2 -fprofile-instr-generate -fcoverage-mapping
compile -O1 -fsanitize=thread
compile -O1 -finstrument-functions -fsanitize-coverage=trace-pc-guard
