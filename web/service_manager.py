"""Tells the service manager that this process is ready, as systemd's `Type=notify` waits for it."""

import os
import socket
from contextlib import suppress


def tell_ready() -> None:
    """Send READY=1 where a service manager listens, which may be a container's runtime as well."""
    if named := os.environ.get("NOTIFY_SOCKET"):
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            # "@" stands for an abstract name.
            manager.connect(named.replace("@", "\0", 1))
            manager.send(b"READY=1")
