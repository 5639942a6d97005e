#!/bin/bash
# Makes .venv hold exactly what requirements/$1.txt names ("demo" or "dev"), and this checkout.
# Debian packages that are missing: root installs them and says so, a user is told the one line.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=$1
venv=.venv

fail() { echo "$*" >&2; exit 1; }

command -v python3 >/dev/null || fail "python3 is missing. Please have this run: sudo apt-get install python3"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Python 3.11 or newer is needed; python3 is $(python3 -V)."
command -v setpriv >/dev/null || fail "setpriv is missing: it is part of util-linux."

missing=()
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
if [ "$lock" = dev ]; then
    command -v chromium >/dev/null || missing+=(chromium)
    # What drives the browser in the tests links against it; a minimal Debian lacks it.
    [[ $(/sbin/ldconfig -p) == *libatomic.so.1* ]] || missing+=(libatomic1)
    # The library that gives a process a clock of its own.
    compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null || missing+=(faketime)
fi
if [ ${#missing[@]} -gt 0 ]; then
    install="apt-get install -y --no-install-recommends ${missing[*]}"
    command -v apt-get >/dev/null ||
        fail "Missing: ${missing[*]}, by Debian's names. Please install these, then try again."
    if [ "$(id -u)" -ne 0 ]; then
        echo "Missing: ${missing[*]}. Please have this run, then try again:" >&2
        echo "    sudo sh -c 'apt-get update && $install'" >&2
        exit 1
    fi
    echo "Missing: ${missing[*]}. Running: apt-get update && $install"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive $install >/dev/null ||
        fail "apt-get could not install: ${missing[*]}; what it said stands above."
fi

# An environment names its own path and its Python's version: one that was moved or copied would
# run the code of another folder, one of an older Python runs nothing.
belongs_here() {
    grep -qsF -- " $(pwd -P)/$venv" "$venv/pyvenv.cfg" &&
        "$venv/bin/python" -c 'import pip' 2>/dev/null
}
if [ -e "$venv" ] && ! belongs_here; then
    echo "$venv was made in another folder or by another Python: making it anew."
    rm -rf "$venv"
fi

# The stamp holds what was installed, so that a second start costs nothing.
stamp() { cat "requirements/$1.txt" pyproject.toml | sha256sum | cut -d' ' -f1; }
is_installed() { [ "$(cat "$venv/installed-$1" 2>/dev/null)" = "$(stamp "$1")" ]; }

# The development lock holds the demo's, version by version.
if is_installed "$lock" || { [ "$lock" = demo ] && is_installed dev; }; then
    exit 0
fi
echo "Installing requirements/$lock.txt into $venv ..."
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
pip="$venv/bin/python -m pip --disable-pip-version-check -qq"
$pip install --require-hashes -r "requirements/$lock.txt"
# setuptools warns that an editable install is an editable install.
PYTHONWARNINGS=ignore $pip install --no-deps --no-build-isolation -e .
rm -f "$venv"/installed-*
stamp "$lock" > "$venv/installed-$lock"
