#!/bin/bash
# The inside of `make fresh`: fresh_inside.sh root|user demo|test... starts as root in the empty
# Debian, and plays root or a user there, from `git clone` on.
set -euo pipefail
who=$1
shift
# shellcheck disable=SC1091
. /carried.sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root
log=/tmp/said.txt

if [ "$who" = user ]; then
    useradd --create-home student
    as() {
        setpriv --reuid=student --regid=student --init-groups \
            env HOME=/home/student PATH=/usr/local/bin:/usr/bin:/bin "$@"
    }
    # A path that people have: with a blank.
    clone=/home/student/my\ clones/engine
else
    as() { "$@"; }
    clone=$HOME/engine
fi
chmod 700 /root /home/* 2>/dev/null || chmod 700 /root
as mkdir -p "$(dirname "$clone")"
cd /
as git -c init.defaultBranch=main -c advice.detachedHead=false clone --quiet /engine.bundle "$clone"
cd "$clone"
touch "$log"
chmod 666 "$log"

# A user is told the one apt line, and root, being asked, runs it.
ask_root_once() {
    local line
    if as make "$1" > "$log" 2>&1; then echo "make $1 should have stopped"; exit 1; fi
    line=$(sed -n "s/^ *sudo sh -c '\(.*\)'$/\1/p" "$log")
    [ -n "$line" ] || { cat "$log"; exit 1; }
    echo "--- root is asked for: $line"
    sh -c "DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND; $line" > /tmp/apt.txt 2>&1
}

# Everything in this process namespace but this script; an empty Debian has no ps.
running() {
    local process words
    for process in /proc/[0-9]*; do
        words=$(tr '\0' ' ' 2>/dev/null < "$process/cmdline") || continue
        case $words in "" | *fresh_inside.sh* | tr\ *) ;; *) echo "${process#/proc/} $words" ;; esac
    done
}

start_demo() {
    local began=$SECONDS
    : > "$log"
    as make demo >> "$log" 2>&1 &
    until grep -q 'The demo is ready' "$log"; do
        kill -0 $! 2>/dev/null || { cat "$log"; exit 1; }
        sleep 0.5
    done
    echo "--- make demo: ready after $((SECONDS - began)) s"
}

stop_demo() {
    local began=$SECONDS all left
    all=$(running)
    kill -INT "$(sed -n 's/^\([0-9]*\) .*activation demo up.*/\1/p' <<< "$all")"
    wait || true
    left=$(running)
    [ -z "$left" ] || { echo "left running: $left"; exit 1; }
    echo "--- stopped after $((SECONDS - began)) s, nothing is left running"
}

play_demo() {
    local language
    [ "$who" = root ] || ask_root_once demo
    for language in el en; do
        start_demo
        as .venv/bin/activation demo walkthrough --lang "$language" | tail -1
        stop_demo
    done
}

play_test() {
    local began
    [ "$who" = root ] || ask_root_once test
    began=$SECONDS
    as make test
    echo "--- make test: green after $((SECONDS - began)) s"
}

for what in "$@"; do "play_$what"; done
