#!/bin/sh
# Links the release binary: SwiftPM -> swiftc -> clang -> this (see Package.swift) -> the toolchain's ld.lld.
#
# Why a script and not only flags: swiftc's -static-stdlib says "--exclude-libs ALL", which hides every symbol that comes
# out of an archive, Lua's API too, and SwiftPM says "-rpath=$ORIGIN"; the linker has no option that takes either back.
set -eu

# 1. Where clang looks for libraries, and the toolchain: the directory with the static standard library is one of them.
lld=ld.lld
directories=
output=
previous=
for argument do
    case $argument in
    -L*)
        directories="$directories
${argument#-L}" ;;
    esac
    case $argument in
    -L*/lib/swift_static/linux) lld=${argument#-L}; lld=${lld%/lib/swift_static/linux}/bin/ld.lld ;;
    esac
    if [ "$previous" = -o ]; then output=$argument; fi
    previous=$argument
done
if [ -z "$output" ]; then
    echo "link-release.sh: no -o FILE among the arguments" >&2
    exit 1
fi

# archive NAME: libNAME.a, or the end: a shared library in its place would be one more file that has to be there where nssh runs.
archive() {
    while IFS= read -r directory; do
        if [ -n "$directory" ] && [ -e "$directory/lib$1.a" ]; then return 0; fi
    done <<END
$directories
END
    case $1 in
    readline) package="libreadline-dev" ;;
    tinfo) package="libncurses-dev" ;;
    lua*) package="lib$1-dev" ;;
    jansson) package="libjansson-dev" ;;
    stdc++ | gcc | gcc_eh) package="g++" ;;
    swift*) package="the Swift toolchain" ;;
    *) package="its development package" ;;
    esac
    echo "link-release.sh: there is no lib$1.a, which nssh is linked with; Debian has it in $package. Looked in:$directories" >&2
    exit 1
}

# 2. The arguments, changed where they have to be.
previous=
lua=
for argument do
    shift
    if [ "$previous" = --exclude-libs ]; then previous=; continue; fi
    previous=$argument
    case $argument in
    --exclude-libs | -export-dynamic | --export-dynamic) continue ;;
    # The loader would look for libm and libc beside nssh first: forty failing system calls at every start, and a way to
    # slip in a library where that directory is writable by others.
    '-rpath=$ORIGIN') continue ;;
    # What the C library consists of stays shared: name service, locales and dlopen work only so, and libm.a needs its internals.
    -lc | -lm | -ldl | -lpthread | -lutil | -lrt) ;;
    -lgcc_s)
        archive gcc_eh
        argument=-l:libgcc_eh.a ;;
    # Lua as a whole, once: also the functions that only C modules call.
    -llua5.4)
        if [ -n "$lua" ]; then continue; fi
        lua=yes
        archive lua5.4
        set -- "$@" --whole-archive -l:liblua5.4.a --no-whole-archive
        continue ;;
    # Every other library from its archive: each shared library costs 0.1 ms and more at start.
    -l:*) ;;
    -l*)
        archive "${argument#-l}"
        argument=-l:lib${argument#-l}.a ;;
    esac
    set -- "$@" "$argument"
done

# libreadline.a, unlike the shared one, does not say that it needs this.
archive tinfo
set -- "$@" -l:libtinfo.a

# 3. Lua's API for C modules (package.cpath), and nothing else: every exported symbol is hashed and looked at.
set -- "$@" --export-dynamic-symbol='lua_*' --export-dynamic-symbol='luaL_*' --export-dynamic-symbol='luaopen_*'

# 4. What makes a fault in the program harder to use: all addresses are random (clang says -pie), no code can be written, no data executed,
# and what the loader has filled in is read-only before main, functions of the C library too. Packed relocations are 4 KB to read at every
# start instead of 400; the loader must know them: glibc 2.36 or newer, which an older one says by the name GLIBC_ABI_DT_RELR.
set -- "$@" -z relro -z now -z text -z noexecstack -z pack-relative-relocs

# 5. Sections found by __start_NAME and __stop_NAME are kept, as the other linkers do (the held program's image is one).
"$lld" --as-needed "$@" -z nostart-stop-gc "$(dirname "$0")/link-release.ld"

# 6. The linker writes its file here and there in memory, and the kernel keeps that in small pieces, which makes each start 0.17 ms longer
# till they are read from the disk again. A copy, written from its beginning to its end, is kept in large ones.
cp "$output" "$output.copy"
mv "$output.copy" "$output"
