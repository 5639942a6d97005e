"""Starts a program as systemd would by a unit's hardening: `python confined.py JSON WORDS...`.

It is run by Debian's Python as root, and needs no other module of ours. Done here are the user and
its groups, the read-only tree, the private /tmp, the empty homes, no capabilities, no new
privileges, no memory both written and run, and the filters of system calls and address families.
"""

import ctypes
import json
import os
import socket
import subprocess
import sys
from ctypes import byref, c_int, c_uint, c_uint64, c_void_p

ALLOW = 0x7FFF0000
REFUSE_BY_EPERM = 0x00050001
IS_EQUAL = 4
NEW_MOUNTS = 0x00020000
DROP_FROM_BOUNDING, NO_NEW_PRIVILEGES, NO_WRITABLE_CODE = 24, 38, 65
LAST_CAPABILITY = 40


class Compared(ctypes.Structure):
    """How libseccomp compares an argument."""

    _fields_ = (("arg", c_uint), ("op", c_int), ("a", c_uint64), ("b", c_uint64))


def main() -> None:
    given, words = json.loads(sys.argv[1]), sys.argv[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.unshare(NEW_MOUNTS))
    _mount("--make-rprivate", "/")
    for place in ("/tmp", "/var/tmp", "/home", "/root"):  # noqa: S108 - to be hidden
        _mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", place)
    for place in ("/", *given["mounts"]):
        _mount("-o", "remount,bind,ro", place)
    os.chdir(given["folder"])
    for capability in range(LAST_CAPABILITY + 1):
        _check(libc.prctl(DROP_FROM_BOUNDING, capability, 0, 0, 0))
    os.setgroups(given["groups"])
    os.setresgid(given["gid"], given["gid"], given["gid"])
    os.setresuid(given["uid"], given["uid"], given["uid"])
    os.umask(0o077)
    _check(libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _check(libc.prctl(NO_WRITABLE_CODE, 1, 0, 0, 0))
    _filter(given["calls"], given["families"])
    os.execve(words[0], words, given["environment"])  # noqa: S606 - the unit's own command


def _mount(*words: str) -> None:
    subprocess.run(("/usr/bin/mount", *words), check=True)  # noqa: S603 - our own words


def _filter(calls: list[str], families: list[str]) -> None:
    """Refuse all system calls but these, and sockets of other families."""
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = c_void_p
    context = c_void_p(seccomp.seccomp_init(c_uint(REFUSE_BY_EPERM)))
    for call in calls:
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            continue  # Of another processor.
        if call != "socket":
            _check(seccomp.seccomp_rule_add(context, c_uint(ALLOW), number, 0))
            continue
        for family in families:
            compared = Compared(0, IS_EQUAL, getattr(socket, family), 0)
            _check(
                seccomp.seccomp_rule_add_array(context, c_uint(ALLOW), number, 1, byref(compared))
            )
    _check(seccomp.seccomp_load(context))


def _check(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), f"refused: {result}")


if __name__ == "__main__":
    main()
