"""The kernel says who listens on a port."""

import os
import socket
import subprocess
import sys

from demo.listeners import listens
from demo.place import HOST, any_port

LISTEN = f"""
import socket, sys
with socket.create_server(({HOST!r}, 0)) as server:
    print(server.getsockname()[1], flush=True)
    sys.stdin.read()
"""


def test_it_is_the_process_that_listens_and_no_other() -> None:
    with subprocess.Popen(  # noqa: S603 - our own program
        (sys.executable, "-c", LISTEN), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        theirs = int(other.stdout.readline())
        with socket.create_server((HOST, 0)) as server:
            ours = server.getsockname()[1]
            assert listens(os.getpid(), ours)
            assert listens(other.pid, theirs)
            assert not listens(os.getpid(), theirs)
            assert not listens(other.pid, ours)
        other.stdin.close()


def test_a_port_that_is_bound_or_free_has_no_listener() -> None:
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        assert not listens(os.getpid(), bound.getsockname()[1])
    assert not listens(os.getpid(), any_port())
    assert not listens(2**22 + 1, 1)
