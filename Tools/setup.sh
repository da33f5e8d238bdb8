#!/bin/sh
# Installs what is missing for the given purposes, and does nothing, without the network, where nothing is missing.
# usage: Tools/setup.sh [build] [demo] [test] [check] [bench]
set -eu

packages=
unknown=

# need PACKAGE CHECK…: the check is a command that succeeds when what we need of the package is there.
need() {
    package=$1
    shift
    if "$@" >/dev/null 2>&1; then return 0; fi
    case " $packages " in
    *" $package "*) ;;
    *) packages="$packages $package" ;;
    esac
}

have() { command -v "$1"; }

# library MODULE HEADER…: by pkg-config, or a header where it is not installed yet.
library() {
    if have pkg-config >/dev/null; then pkg-config --exists "$1"; else [ -e "$2" ]; fi
}

# Commands in /sbin count although an ordinary user's PATH may lack it.
PATH=$PATH:/usr/sbin:/sbin

for purpose do
    case $purpose in
    build)
        need make have make
        need g++ have g++
        need pkg-config have pkg-config
        need libreadline-dev library readline /usr/include/readline/readline.h
        need liblua5.4-dev library lua5.4 /usr/include/lua5.4/lua.h
        need libjansson-dev library jansson /usr/include/jansson.h
        ;;
    demo)
        need bash have bash
        need coreutils have stat
        need procps have ps
        need psmisc have pstree
        need iproute2 have ip
        need util-linux have ipcs
        need util-linux have mount
        need hostname have hostname
        need busybox have busybox
        ;;
    test)
        need lua5.4 have lua5.4
        need strace have strace
        need perl-base have perl
        need iproute2 have ip
        need uidmap have newuidmap
        need graphviz have dot
        need python3 have python3
        ;;
    check)
        need lua-check have luacheck
        ;;
    bench)
        need lua5.4 have lua5.4
        need hyperfine have hyperfine
        need bubblewrap have bwrap
        need util-linux have unshare
        ;;
    *) unknown=$purpose ;;
    esac
done

if [ -n "$unknown" ]; then
    echo "setup: no such purpose: $unknown (build, demo, test, check, bench)" >&2
    exit 2
fi

# The toolchain is not a package of the distribution.
wanted="Swift 6.0 or newer (tested with 6.3)"
where="https://www.swift.org/install/linux/"
case " $* " in
*" build "*)
    if ! have swift >/dev/null; then
        echo "setup: no Swift toolchain: nssh needs $wanted, with swift in PATH; get it from $where" >&2
        exit 1
    fi
    # Without the libraries that swift.org names for the toolchain it does not even start.
    if ! version=$(swift --version 2>&1); then
        printf '%s\n' "$version" >&2
        echo "setup: $(command -v swift) does not start; what the toolchain needs beside itself is told at $where" >&2
        exit 1
    fi
    version=$(printf '%s\n' "$version" | sed -n 's/.*Swift version \([0-9][0-9]*\)\..*/\1/p' | head -n 1)
    if [ "${version:-0}" -lt 6 ]; then
        echo "setup: $(command -v swift) is too old: nssh needs $wanted; get it from $where" >&2
        exit 1
    fi
    ;;
esac

packages=${packages# }
if [ -z "$packages" ]; then exit 0; fi

if ! have apt-get >/dev/null; then
    echo "setup: missing, by their Debian names: $packages" >&2
    echo "setup: no apt-get here: please install what corresponds to them, then run make again" >&2
    exit 1
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! have sudo >/dev/null; then
        echo "setup: missing packages: $packages" >&2
        echo "setup: you are not root and there is no sudo; let an administrator run: apt-get install $packages" >&2
        exit 1
    fi
    as_root=sudo
fi

echo "setup: installing missing packages${as_root:+ with sudo, which may ask for your password}: $packages"
# What apt knows may suffice; its lists are fetched only where it does not.
# shellcheck disable=SC2086 # a list of words
install() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $packages
}
if install; then exit 0; fi
echo "setup: once more, with fresh package lists"
if $as_root apt-get update -q && install; then exit 0; fi
echo "setup: could not install: $packages" >&2
exit 1
