"""Runs the command line `activation` in processes forked from one that has loaded it.

Loading it takes two seconds of a core, and the tests give hundreds of commands. Each command still
has a process of its own, with its arguments, environment, input, output and exit code.
"""

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from socketserver import ForkingMixIn, StreamRequestHandler, UnixStreamServer
from typing import IO, Any

_LOADED_WITHIN = 60.0


def run(
    *words: str, environ: Mapping[str, str] | None = None, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Give this command with this environment (else the tests' own) and what is typed into it.

    Returns what `subprocess.run` does with `capture_output` and `text`.
    """
    with (
        tempfile.TemporaryFile() as typed,
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as errors,
    ):
        typed.write(given.encode())
        typed.seek(0)
        with begun(*words, environ=environ, files=[typed, output, errors]) as command:
            code = command.code()
        said = []
        for file in (output, errors):
            file.seek(0)
            said.append(file.read().decode())
    assert code is not None, f"the process of {words} was killed: {said}"
    return subprocess.CompletedProcess(words, code, *said)


class Begun:
    """A command that runs."""

    def __init__(self, answers: IO[bytes]) -> None:
        self._answers = answers
        self._pid = int(answers.readline())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.kill(self._pid, signal.SIGINT)

    def code(self) -> int | None:
        """Wait for the end, and return the exit code; None if the process was killed."""
        code = self._answers.read()
        return int(code) if code else None


@contextmanager
def begun(
    *words: str, environ: Mapping[str, str] | None = None, files: Sequence[IO[Any]]
) -> Iterator[Begun]:
    """Begin this command with these files as its input, output and errors."""
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(_server())
        asked = json.dumps([words, dict(os.environ if environ is None else environ)]).encode()
        numbers = [file.fileno() for file in files]
        socket.send_fds(server, [len(asked).to_bytes(4)], numbers)
        server.sendall(asked)
        with server.makefile("rb") as answers:
            yield Begun(answers)


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
            os.close(file)
        # Ignored where the tests were begun in the background.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.wfile.write(f"{os.getpid()}\n".encode())
        os.environ.clear()
        os.environ.update(environ)
        sys.argv = ["activation", *words]
        code = self._run()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # As the interpreter does, and fails where it would.
        self.wfile.write(str(code).encode())

    def _run(self) -> int:
        from starter import program  # noqa: PLC0415 - the tests' own process needs none of it

        try:
            program.main()
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
    # Nothing of it may be seen in what commands write into files, however fast they are.
    vars(import_module("starter.progress"))["SHOWN_AFTER"] = 0
    gc.freeze()
    # Nobody may find the socket before it listens.
    with _Server(f"{address}.new", _Command) as server:
        Path(f"{address}.new").rename(address)
        server.serve_forever()
