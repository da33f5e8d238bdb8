#!/bin/sh
# Links the release binary: SwiftPM -> swiftc -> clang -> this (see Package.swift) -> the toolchain's ld.lld.
#
# Why a script and not only flags: swiftc's -static-stdlib says "--exclude-libs ALL", which hides every symbol that comes
# out of an archive, Lua's API too, and SwiftPM says "-rpath=$ORIGIN"; the linker has no option that takes either back.
set -eu

# 1. Where clang looks for libraries, and the toolchain: the directory with the static standard library is one of them.
lld=ld.lld
directories=
for argument do
    case $argument in
    -L*)
        directories="$directories
${argument#-L}" ;;
    esac
    case $argument in
    -L*/lib/swift_static/linux) lld=${argument#-L}; lld=${lld%/lib/swift_static/linux}/bin/ld.lld ;;
    esac
done

# archive NAME: is there a libNAME.a?
archive() {
    while IFS= read -r directory; do
        if [ -n "$directory" ] && [ -e "$directory/lib$1.a" ]; then return 0; fi
    done <<END
$directories
END
    return 1
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
    -lgcc_s) if archive gcc_eh; then argument=-l:libgcc_eh.a; fi ;;
    # Lua as a whole, once: also the functions that only C modules call.
    -llua5.4)
        if archive lua5.4; then
            if [ -n "$lua" ]; then continue; fi
            lua=yes
            set -- "$@" --whole-archive -l:liblua5.4.a --no-whole-archive
            continue
        fi ;;
    # Every other library from its archive, where there is one: each shared library costs 0.1 ms and more at start.
    -l:*) ;;
    -l*) if archive "${argument#-l}"; then argument=-l:lib${argument#-l}.a; fi ;;
    esac
    set -- "$@" "$argument"
done

# libreadline.a, unlike the shared one, does not say that it needs this.
if archive tinfo; then set -- "$@" -l:libtinfo.a; else set -- "$@" -ltinfo; fi

# 3. Lua's API for C modules (package.cpath), and nothing else: every exported symbol is hashed and looked at.
set -- "$@" --export-dynamic-symbol='lua_*' --export-dynamic-symbol='luaL_*' --export-dynamic-symbol='luaopen_*'

# 4. Sections found by __start_NAME and __stop_NAME are kept, as the other linkers do (the holder's image is one).
exec "$lld" --as-needed "$@" -z nostart-stop-gc
