#!/bin/bash
# Plays newcomers on fresh machines: root with a clone in its closed home (0700), and an ordinary
# user, each on an empty Debian 12 and Debian 13 that has only python3, make and git.
#
#   demo/fresh.sh [WORD...]     only the steps whose names hold every WORD, e.g.: trixie demo
#
# Needs root and debootstrap; everything stays in .fresh/. What this machine's apt and pip need to
# reach their sources is copied in at run time.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$(pwd -P)
fresh=$here/.fresh
STEPS="bookworm/root/demo bookworm/root/test bookworm/user/demo
       trixie/root/demo trixie/user/demo trixie/user/test"

steps_of() { # the chosen steps of DEBIAN/WHO, by their last word
    local step word
    for step in $STEPS; do
        [[ $step == "$1"/* ]] || continue
        for word in "${words[@]}"; do [[ /$step/ == */"$word"/* ]] || continue 2; done
        echo "${step##*/}"
    done
}

base() { # an empty Debian of this name, kept for the next time
    local debian=$1
    [ ! -e "$fresh/$debian.done" ] || return 0
    rm -rf "${fresh:?}/$debian"
    debootstrap --variant=minbase --include=python3,make,git,ca-certificates "$debian" "$fresh/$debian"
    touch "$fresh/$debian.done"
}

carry_configuration() {
    local root=$1 debian=$2 path mine
    rm -rf "$root/etc/apt"
    for path in /etc/apt /etc/pip.conf /etc/xdg/pip /etc/ssl /etc/resolv.conf /etc/hosts; do
        [ -e "$path" ] || continue
        mkdir -p "$root$(dirname "$path")"
        rm -rf "${root:?}$path"
        cp -aL "$path" "$root$path"
    done
    # Debian's own sources, by the other Debian's name; no others.
    mine=$(. /etc/os-release && echo "$VERSION_CODENAME")
    find "$root/etc/apt" \( -name '*.list' -o -name '*.sources' \) | while read -r path; do
        grep -qE "(^|[ :])$mine( |-|$)" "$path" || { rm "$path"; continue; }
        sed -i "s/\b$mine\b/$debian/g" "$path"
    done
    export -p | grep -E ' (PIP_[A-Z_]+|[a-zA-Z]+_(proxy|PROXY))=' > "$root/carried.sh" || true
}

# Folders of packages on this disk, where the configuration names some.
local_folders() {
    { env | grep '^PIP_'; grep -rhs . /etc/pip.conf /etc/xdg/pip; } |
        grep -oE '(file://)?/[^ ,=]+' | sed 's#^file://##' | sort -u |
        while read -r path; do if [ -d "$path" ]; then echo "$path"; fi; done
}

play() { # one newcomer from the first command on
    local debian=$1 who=$2 root=$fresh/play-$1-$2 path
    shift 2
    echo "=== $debian, $who: $*"
    rm -rf "$root"
    cp -a "$fresh/$debian" "$root"
    carry_configuration "$root" "$debian"
    git bundle create --quiet "$root/engine.bundle" HEAD
    cp demo/fresh_inside.sh "$root/"
    local mounts="mount -t proc proc '$root/proc'; mount --rbind /dev '$root/dev'"
    for path in $(local_folders); do
        mkdir -p "$root$path"
        mounts+="; mount --bind '$path' '$root$path'"
    done
    # Mounts and processes of its own: whatever happens, nothing stays behind.
    unshare --mount --pid --fork --kill-child bash -euc \
        "$mounts; exec chroot '$root' /fresh_inside.sh $who $*"
    rm -rf "$root"
}

words=("$@")
[ "$(id -u)" -eq 0 ] || { echo "make fresh needs root, for debootstrap and chroot." >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "Please run: apt-get install debootstrap" >&2; exit 1; }
mkdir -p "$fresh"
played=0
for debian in bookworm trixie; do
    for who in root user; do
        mapfile -t chosen < <(steps_of "$debian/$who")
        [ ${#chosen[@]} -gt 0 ] || continue
        base "$debian"
        play "$debian" "$who" "${chosen[@]}"
        played=$((played + ${#chosen[@]}))
    done
done
[ "$played" -gt 0 ] || { echo "no step holds these words; there are:" $STEPS >&2; exit 1; }
echo "=== fresh: everything works ($played steps)"
