"""Runs the command line `activation` in processes forked from one that has loaded it.

Loading it takes two seconds of a core, and the tests give hundreds of commands. Each command still
has a process of its own, with its arguments, environment, input, output and exit code.
"""

import atexit
import gc
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from socketserver import ForkingMixIn, StreamRequestHandler, UnixStreamServer

_LOADED_WITHIN = 60.0


def run(
    *words: str, environ: Mapping[str, str] | None = None, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Give this command with this environment (else the tests' own) and what is typed into it.

    Returns what `subprocess.run` does with `capture_output` and `text`.
    """
    with (
        socket.socket(socket.AF_UNIX) as server,
        tempfile.TemporaryFile() as typed,
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as errors,
    ):
        typed.write(given.encode())
        typed.seek(0)
        server.connect(_server())
        asked = json.dumps([words, dict(os.environ if environ is None else environ)]).encode()
        files = [typed.fileno(), output.fileno(), errors.fileno()]
        socket.send_fds(server, [len(asked).to_bytes(4)], files)
        server.sendall(asked)
        code = server.makefile("rb").read()
        said = []
        for file in (output, errors):
            file.seek(0)
            said.append(file.read().decode())
    assert code, f"the process of {words} was killed: {said}"
    return subprocess.CompletedProcess(words, int(code), *said)


@cache
def _server() -> str:
    """Start the process that loads and forks; returns its address."""
    address = str(Path(tempfile.mkdtemp()) / "socket")
    serve = f"import sys; from {__name__} import serve; serve(sys.argv[1])"
    process = subprocess.Popen((sys.executable, "-c", serve, address))  # noqa: S603 - our own program
    atexit.register(process.terminate)
    deadline = time.monotonic() + _LOADED_WITHIN
    while not Path(address).exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return address


class _Command(StreamRequestHandler):
    """One command, in a process that was forked for it."""

    def handle(self) -> None:
        length, files, *_ = socket.recv_fds(self.request, 4, 3)
        words, environ = json.loads(self.rfile.read(int.from_bytes(length)))
        for target, file in enumerate(files):
            os.dup2(file, target)
        os.environ.clear()
        os.environ.update(environ)
        sys.argv = ["activation", *words]
        code = self._run()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self.wfile.write(str(code).encode())

    def _run(self) -> int:
        from starter import cli  # noqa: PLC0415 - the tests' own process needs none of it

        try:
            cli.main()
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
        except BaseException:  # noqa: BLE001 - as the interpreter does
            traceback.print_exc()
            return 1
        return 0


class _Server(ForkingMixIn, UnixStreamServer):
    request_queue_size = 64
    _parent = os.getppid()

    def service_actions(self) -> None:
        """End with the tests, also where these were killed."""
        super().service_actions()
        if os.getppid() != self._parent:
            os._exit(0)


def serve(address: str) -> None:
    """Load the commands, then fork for each that comes."""
    for command in ("starter.cli", "worker", "demo.cli"):
        import_module(command)
    gc.freeze()
    # Nobody may find the socket before it listens.
    with _Server(f"{address}.new", _Command) as server:
        Path(f"{address}.new").rename(address)
        server.serve_forever()
