"""Finds from the kernel's tables which process listens on a port."""

import socket
import sys
from contextlib import suppress
from pathlib import Path

from demo.place import HOST

_LISTENS = "0A"
_ADDRESS = f"{int.from_bytes(socket.inet_aton(HOST), sys.byteorder):08X}"


def listens(pid: int, port: int) -> bool:
    """Whether this process listens on the port; False if its sockets may not be read."""
    wanted = f"socket:[{_socket(port)}]"
    with suppress(OSError):
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                if str(handle.readlink()) == wanted:
                    return True
    return False


def _socket(port: int) -> str:
    """Return the number of the socket that listens on the port, or nothing."""
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines():
        words = line.split()
        if words[1] == f"{_ADDRESS}:{port:04X}" and words[3] == _LISTENS:
            return words[9]
    return ""
