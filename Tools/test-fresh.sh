#!/bin/sh
# The two commands of the README in fresh roots of Debian: debootstrap's smallest, and what the README says is needed; nothing else.
# usage: Tools/test-fresh.sh [12] [13]   (without a word: both), as root
#   TARGETS  what to make, one after the other: "demo test"
#   AS       root, or user: somebody with sudo(8)
#   MIRROR   where packages come from; otherwise what apt uses here
#   CACHE    where the roots are kept, as they were before nssh came: .build-fresh
# What is tested is the last commit. It does not use nssh, which is what it tests.
set -eu

checkout=$(cd "$(dirname "$0")/.." && pwd)
self=$checkout/Tools/test-fresh.sh
targets=${TARGETS:-demo test}
as=${AS:-root}

# What the README says is needed beside the toolchain.
packages=$(sed -n '/^apt-get install /,/[^\\]$/p' "$checkout/README.md" | sed 's/^apt-get install//; s/\\$//' | xargs)

die() {
    echo "test-fresh: $*" >&2
    exit 1
}

# ---- in new mnt, pid, uts and ipc namespaces, as PID 1 --------------------------------------------------------------

# enter ROOT NAME COMMAND…: goes into a root, with no way back, and runs the command there.
enter() {
    root=$1 name=$2
    shift 2
    mount --bind "$root" "$root"
    mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
    # Not read-only: then a user namespace would get no sysfs of its own, as it does on a machine.
    mount -t sysfs -o nosuid,nodev,noexec sysfs "$root/sys"
    if [ -d "$root/sys/fs/cgroup" ]; then mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"; fi
    mount -t tmpfs -o nosuid,mode=0755 tmpfs "$root/run"
    mount -t tmpfs -o nosuid,mode=0755 tmpfs "$root/dev"
    mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue" "$root/dev/net"
    for device in null zero full random urandom tty fuse net/tun; do
        if [ -e "/dev/$device" ]; then cp -a "/dev/$device" "$root/dev/$device"; fi
    done
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5,nosuid,noexec devpts "$root/dev/pts"
    mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs "$root/dev/shm"
    mount -t mqueue -o nosuid,nodev,noexec mqueue "$root/dev/mqueue"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    for stream in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${stream%:*}" "$root/dev/${stream#*:}"; done
    # The packages that earlier runs have fetched.
    mkdir -p "$CACHE/$name.archives/partial"
    mount --bind "$CACHE/$name.archives" "$root/var/cache/apt/archives"
    if [ -n "${TOOLCHAIN-}" ]; then
        mkdir -p "$root/opt/toolchain/usr"
        mount --bind "$TOOLCHAIN" "$root/opt/toolchain/usr"
        mount -o remount,bind,ro "$root/opt/toolchain/usr"
    fi
    echo "$name" >/proc/sys/kernel/hostname
    cd "$root"
    pivot_root . .
    umount -l .
    cd /
    "$@"
}

# What the commands run in there start with: nothing of the caller's but the way to the network.
clean() {
    env -i HOME="${HOME_INSIDE:-/root}" TERM="${TERM:-dumb}" LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        PATH=/opt/toolchain/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} ${no_proxy:+no_proxy="$no_proxy"} "$@"
}

install() {
    clean apt-get update -q
    # shellcheck disable=SC2086 # a list of words
    clean apt-get install -y -q --no-install-recommends $packages
}

# The targets, each in its turn: the first that fails does not hide what the next one says.
play() {
    run=clean
    directory=/root/nssh
    if [ "$as" = user ]; then
        clean apt-get install -y -q --no-install-recommends sudo
        clean useradd --create-home --shell /bin/bash tester
        echo 'tester ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/tester
        mv /root/nssh /home/tester/nssh
        chown -R tester: /home/tester/nssh
        directory=/home/tester/nssh
        export HOME_INSIDE=/home/tester
        run="clean setpriv --reuid tester --regid tester --init-groups"
    fi
    failed=
    for target in $targets; do
        printf '\n==== %s: make %s ====\n' "$(cat /proc/sys/kernel/hostname)" "$target"
        $run make -C "$directory" "$target" || failed="$failed $target"
    done
    [ -z "$failed" ]
}

case "${1-}" in
--install | --play)
    what=${1#--}
    enter "$2" "$3" "$what"
    exit
    ;;
esac

# ---- outside --------------------------------------------------------------------------------------------------------

[ "$(id -u)" -eq 0 ] || die "it makes roots and mounts: please run it as root"
case "$as" in root | user) ;; *) die "AS=$as: root or user" ;; esac
for tool in debootstrap:debootstrap unshare:util-linux git:git; do
    command -v "${tool%:*}" >/dev/null || die "${tool%:*} is missing: Debian package ${tool#*:}"
done
for debian in ${*:-12 13}; do
    case "$debian" in 12 | 13) ;; *) die "no such Debian here: $debian (12, 13)" ;; esac
done

TOOLCHAIN=$(swift -print-target-info | sed -n 's|.*"runtimeResourcePath": "\(.*\)/lib/swift".*|\1|p')
[ -x "$TOOLCHAIN/bin/swift" ] || die "no Swift toolchain is in PATH"
[ "$TOOLCHAIN" != /usr ] || die "the Swift toolchain is one with this system's /usr: put one from swift.org in PATH"

CACHE=${CACHE:-$checkout/.build-fresh}
mkdir -p "$CACHE"
# What a run that was killed has left.
for old in "$CACHE"/run.* "$CACHE"/making.*; do
    if [ -d "$old" ] && [ ! -d "/proc/${old##*.}" ]; then rm -rf --one-file-system "$old"; fi
done
mirror=${MIRROR-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Label: Debian' 2>/dev/null | head -n 1)}
export CACHE TOOLCHAIN

work= child=
# The namespaces end with their PID 1, and that with unshare.
end() {
    if [ -n "$child" ]; then
        kill -KILL "$child" 2>/dev/null || :
        wait "$child" 2>/dev/null || :
    fi
    if [ -n "$work" ]; then rm -rf --one-file-system "$work"; fi
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# apart COMMAND…: in namespaces of its own, which end with this script; with no signal ignored: a background process of a shell, or of
# nohup(1), ignores some, and what it starts does too.
apart() {
    setpriv --pdeathsig KILL env --default-signal unshare --mount --pid --uts --ipc --fork --kill-child --propagation private \
        --mount-proc "$@" </dev/null &
    child=$!
    result=0
    wait "$child" || result=$?
    child=
    return "$result"
}

# The network as it is here: names, and a proxy that only apt knows.
connect() {
    cp -L /etc/resolv.conf "$1/etc/resolv.conf"
    printf '127.0.0.1 localhost %s\n::1 localhost\n' "$2" >"$1/etc/hosts"
    apt-config dump 2>/dev/null | grep '^Acquire::https\{0,1\}::Proxy ' >"$1/etc/apt/apt.conf.d/90proxy" || :
}

# A root as it is before nssh comes, made once for each list of packages.
prepare() {
    name=fresh-$1 kept=$CACHE/fresh-$1
    case $1 in 12) suite=bookworm ;; 13) suite=trixie ;; esac
    if [ "$(cat "$kept/.packages" 2>/dev/null)" = "$packages" ]; then return 0; fi
    rm -rf --one-file-system "$kept"
    work=$CACHE/making.$$
    # shellcheck disable=SC2086 # no mirror: debootstrap's own
    apart debootstrap --variant=minbase "$suite" "$work" $mirror
    connect "$work" "$name"
    apart sh "$self" --install "$work" "$name" || die "Debian $1: what the README names cannot be installed"
    printf '%s\n' "$packages" >"$work/.packages"
    mv "$work" "$kept"
    work=
}

if [ -n "$(git -C "$checkout" status --porcelain)" ]; then echo "test-fresh: what is not committed is not tested" >&2; fi
summary= failed=
for debian in ${*:-12 13}; do
    prepare "$debian"
    work=$CACHE/run.$$
    mkdir -m 0700 "$work"
    cp -a --reflink=auto "$CACHE/fresh-$debian" "$work/root"
    rm "$work/root/.packages"
    connect "$work/root" "fresh-$debian"
    git clone -q --no-hardlinks "$checkout" "$work/root/root/nssh"
    if apart sh "$self" --play "$work/root" "fresh-$debian"; then
        summary="$summary Debian $debian: passed."
    else
        summary="$summary Debian $debian: FAILED." failed=1
    fi
    rm -rf --one-file-system "$work"
    work=
done
echo "test-fresh: make $targets as $as.$summary"
[ -z "$failed" ]
