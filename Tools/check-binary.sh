#!/bin/sh
# What the release binary promises: which libraries it shares with the system, how it is laid out, what it exports.
# usage: Tools/check-binary.sh [BINARY]
set -eu
LC_ALL=C
export LC_ALL
binary=${1:-.build/release/nssh}
failed=0
fail() {
    echo "$binary: $*" >&2
    failed=1
}

dynamic=$(readelf -dW "$binary")
symbols=$(readelf --dyn-syms -W "$binary")

for library in $(printf '%s\n' "$dynamic" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
    case $library in
    libc.so.* | libm.so.* | ld-linux*.so.*) ;;
    *) fail "needs the shared library $library" ;;
    esac
done
case $dynamic in
*RPATH* | *RUNPATH*) fail "has a library search path of its own" ;;
esac
# Relocations of the program itself are page faults at every start.
relocations=$(readelf -rW "$binary" | grep -c R_X86_64_RELATIVE\\\|R_AARCH64_RELATIVE || true)
if [ "$relocations" -gt 100 ]; then fail "has $relocations relative relocations"; fi
for name in lua_gettop lua_pcallk luaL_newstate luaL_checkversion_ luaL_addlstring; do
    case $symbols in
    *" $name"*) ;;
    *) fail "does not export $name to C modules" ;;
    esac
done
# Only Lua's API is exported; swiftc's own -export-dynamic would make it thousands of names.
exported=$(printf '%s\n' "$symbols" | awk '$7 ~ /^[0-9]+$/ && $8 !~ /^lua/ { n++ } END { print n + 0 }')
if [ "$exported" -gt 40 ]; then fail "exports $exported symbols besides Lua's"; fi
if readelf -sW "$binary" | grep -q ' _*\$s10Foundation'; then fail "contains Foundation"; fi
exit $failed
