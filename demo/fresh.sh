#!/bin/bash
# Proves `make demo` and `make test` in an empty Debian 12 that has only python3, make and git:
# once as root, once as a user. Needs root and debootstrap; everything stays in .fresh/.
# What this machine's apt and pip need to reach their sources is copied in at run time.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" -eq 0 ] || { echo "make fresh needs root, for debootstrap and chroot." >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "Please run: apt-get install debootstrap" >&2; exit 1; }
here=$PWD
fresh=$here/.fresh
mkdir -p "$fresh"

if [ ! -e "$fresh/base.done" ]; then
    rm -rf "$fresh/base"
    debootstrap --variant=minbase --include=python3,make,git,ca-certificates bookworm "$fresh/base"
    touch "$fresh/base.done"
fi

carry_configuration() {
    local root=$1 path
    rm -rf "$root/etc/apt"
    for path in /etc/apt /etc/pip.conf /etc/xdg/pip /etc/ssl /etc/resolv.conf /etc/hosts; do
        [ -e "$path" ] || continue
        mkdir -p "$root$(dirname "$path")"
        rm -rf "${root:?}$path"
        cp -aL "$path" "$root$path"
    done
    export -p | grep -E ' (PIP_[A-Z_]+|[a-zA-Z]+_(proxy|PROXY))=' > "$root/carried.sh" || true
}

# Folders of packages on this disk, where the configuration names some.
local_folders() {
    { env | grep '^PIP_'; grep -rhs . /etc/pip.conf /etc/xdg/pip; } |
        grep -oE '(file://)?/[^ ,=]+' | sed 's#^file://##' | sort -u |
        while read -r path; do if [ -d "$path" ]; then echo "$path"; fi; done
}

prove() {
    local who=$1 root=$fresh/$1 path
    echo "=== in an empty Debian, as $who"
    rm -rf "$root"
    cp -a "$fresh/base" "$root"
    carry_configuration "$root"
    git clone --quiet "$here" "$root/srv/checkout"
    local mounts="mount -t proc proc '$root/proc'; mount --rbind /dev '$root/dev'"
    for path in $(local_folders); do
        mkdir -p "$root$path"
        mounts+="; mount --bind '$path' '$root$path'"
    done
    # Mounts and processes of its own: whatever happens, nothing stays behind.
    unshare --mount --pid --fork --kill-child bash -euc \
        "$mounts; exec chroot '$root' /srv/checkout/demo/fresh_inside.sh $who"
    rm -rf "$root"
}

for who in ${*:-root user}; do prove "$who"; done
echo "=== fresh: everything works"
