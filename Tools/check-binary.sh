#!/bin/sh
# What the release binary promises: which libraries it shares with the system, how it is laid out and hardened, what it exports, that a crash
# starts nothing, and that the programs copied out of it are whole.
# usage: Tools/check-binary.sh [BINARY [DIRECTORY of the objects of its C]]
set -eu
LC_ALL=C
export LC_ALL
binary=${1:-.build/release/nssh}
objects=${2:-$(dirname "$binary")/CLinux.build}
tools=$(dirname "$0")
failed=0
fail() {
    echo "$binary: $*" >&2
    failed=1
}
if [ ! -x "$binary" ]; then
    echo "check-binary.sh: there is no program $binary: make release" >&2
    exit 1
fi

header=$(readelf -hW "$binary")
segments=$(readelf -lW "$binary")
sections=$(readelf -SW "$binary")
dynamic=$(readelf -dW "$binary")
symbols=$(readelf --dyn-syms -W "$binary")

# ---- libraries ---------------------------------------------------------------------------------------------------

for library in $(printf '%s\n' "$dynamic" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
    case $library in
    libc.so.* | libm.so.* | ld-linux*.so.*) ;;
    *) fail "needs the shared library $library" ;;
    esac
done
case $dynamic in
*RPATH* | *RUNPATH*) fail "has a library search path of its own" ;;
esac

# ---- hardening ---------------------------------------------------------------------------------------------------

case $header in
*"Type:"*"DYN"*) ;;
*) fail "is linked at a fixed address: no PIE" ;;
esac
case $dynamic in
*FLAGS_1*NOW*) ;;
*) fail "resolves functions while it runs: no BIND_NOW" ;;
esac
case $dynamic in
*TEXTREL*) fail "has relocations in its code" ;;
esac
# Full RELRO: what the loader fills in, the addresses of functions too, is read-only afterwards. in_segments WHICH: the sections in the
# segments of that type, of type LOAD the writable ones.
in_segments() {
    printf '%s\n' "$segments" | awk -v type="$1" '
        /^ *Type .*Offset/ { table = 1; next }
        /Section to Segment/ { table = 0 }
        table && $1 ~ /^[A-Z]/ { wanted[number++] = $1 == type && (type != "LOAD" || / RW /) }
        !table && $1 ~ /^[0-9]+$/ && wanted[$1 + 0] { $1 = ""; printf "%s ", $0 }'
}
relro=$(in_segments GNU_RELRO)
case "$relro " in
*" .data.rel.ro "*" .got "*) ;;
*) fail "has no RELRO over .data.rel.ro and .got" ;;
esac
case "$(in_segments LOAD) " in
*" .got.plt "*)
    case "$relro " in
    *" .got.plt "*) ;;
    *) fail "has .got.plt outside of RELRO: it stays writable" ;;
    esac ;;
esac
case $(printf '%s\n' "$segments" | sed -n 's/^ *GNU_STACK *\(0x[0-9a-f]* *\)*\([RWE ]*\) 0.*/[\2]/p') in
"[RW ]" | "[RW]") ;;
*) fail "does not ask for a stack that cannot be executed" ;;
esac
if printf '%s\n' "$segments" | grep -q 'LOAD .* RWE '; then fail "has memory that can be written and executed"; fi
if printf '%s\n' "$sections" | grep -q '\] \.rodata .* WA[A-Za-z]* *[0-9]* *[0-9]* *[0-9]*$'; then fail "has constants that can be written (.rodata)"; fi
# Relocations of the program itself are read at every start: packed they are a few KB.
case $sections in
*.relr.dyn*) ;;
*) fail "has no packed relocations (.relr.dyn)" ;;
esac
relocations=$(readelf -rW "$binary" | grep -c 'R_X86_64_RELATIVE\|R_AARCH64_RELATIVE' || true)
if [ "$relocations" -gt 100 ]; then fail "has $relocations relative relocations that are not packed"; fi
case $(readelf -VW "$binary") in
*GLIBC_ABI_DT_RELR*) ;;
*) fail "does not say that it needs a loader that knows packed relocations (GLIBC_ABI_DT_RELR)" ;;
esac

# ---- the C of it -------------------------------------------------------------------------------------------------

# calls OBJECT PATTERN: does it call a function of that name?
calls() { readelf -sW "$objects/$1" | awk '$7 == "UND" { print $8 }' | grep -q "$2"; }
for object in child image launch lua scan; do
    if [ ! -e "$objects/$object.c.o" ]; then
        fail "was not made of $objects/$object.c.o: there is none"
        continue
    fi
    if ! calls "$object.c.o" '^__stack_chk_fail$'; then fail "has no stack protector in $object.c"; fi
done
for object in image lua; do
    if [ -e "$objects/$object.c.o" ] && ! calls "$object.c.o" '^__[a-z]*_chk$'; then
        fail "is not fortified (_FORTIFY_SOURCE) in $object.c"
    fi
done
sh "$tools/check-images.sh" "$objects/hold.c.o" "$objects/init.c.o" "$objects/gate.c.o" || failed=1

# ---- what it exports and contains --------------------------------------------------------------------------------

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

# ---- a crash starts nothing --------------------------------------------------------------------------------------

# Asked to by the environment, the Swift runtime's crash reporter would run a program, here one that says so.
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
printf '#!/bin/sh\n: >"%s/started"\n' "$place" >"$place/swift-backtrace"
chmod 755 "$place" "$place/swift-backtrace"
status=0
# The shell says "Segmentation fault" on its standard error.
{ (
    ulimit -c 0
    SWIFT_BACKTRACE="enable=yes,interactive=no,swift-backtrace=$place/swift-backtrace" \
        exec "$binary" -e 'os.execute("kill -SEGV $PPID"); os.exit(3)'
) >"$place/output" 2>&1 || status=$?; } 2>/dev/null
if [ "$status" -ne 139 ]; then fail "did not end by SIGSEGV but with $status: $(cat "$place/output")"; fi
if [ -e "$place/started" ]; then fail "runs swift-backtrace when it crashes"; fi
exit $failed
