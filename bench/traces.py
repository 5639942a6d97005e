"""Plays journeys without and with traces in turn: `python -m bench.traces [ROUNDS]`.

Starts a demo of its own and a collector that takes everything. In each round portal and worker are
started anew without traces, then with them. Prints journeys a second and CPU seconds a journey of
portal and worker, and the ratios of each pair.
"""

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

from bench.console import say
from bench.journeys import play, world_in
from bench.processes import CpuMeter, pid_of
from demo.control import ask
from demo.crowd import World

ROUNDS, JOURNEYS, AT_ONCE = 4, 40, 4
_PARTS = ("portal", "worker")
_SETTING = "ACTIVATION_TRACES__ENDPOINT"


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@contextmanager
def collecting() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Taking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/traces"
        server.shutdown()


def measured(there: World, folder: Path, endpoint: str, first: int) -> tuple[float, float]:
    """Return journeys a second, and CPU seconds of portal and worker a journey."""
    for part in _PARTS:
        ask(folder, "stop", part)
        ask(folder, "start", part, {_SETTING: endpoint})
    play(there, AT_ONCE, AT_ONCE, first)  # Warms up.
    meter = CpuMeter({part: pid_of(folder, part) for part in _PARTS})
    meter.start()
    seen, seconds = play(there, JOURNEYS, AT_ONCE, first + AT_ONCE)
    if seen.lost:
        raise SystemExit(f"lost: {seen.lost[0]}")
    used = meter.used()
    return JOURNEYS / seconds, sum(used[part] for part in _PARTS) / JOURNEYS


def main(rounds: int = ROUNDS) -> None:
    ratios = []
    with tempfile.TemporaryDirectory() as temporary, collecting() as endpoint:
        folder = Path(temporary) / "demo"
        with world_in(folder) as there:
            for number in range(rounds):
                first = 1 + 2 * number * (JOURNEYS + AT_ONCE)
                off = measured(there, folder, "", first)
                on = measured(there, folder, endpoint, first + JOURNEYS + AT_ONCE)
                ratios.append((on[0] / off[0], on[1] / off[1]))
                say(f"off: {off[0]:.2f} a second, {1000 * off[1]:.0f} ms CPU a journey")
                say(f"on:  {on[0]:.2f} a second, {1000 * on[1]:.0f} ms CPU a journey")
    for name, of_pairs in zip(("journeys a second", "CPU"), zip(*ratios, strict=True), strict=True):
        pairs = ", ".join(f"{each:.2f}" for each in of_pairs)
        say(f"{name}, on / off: {median(of_pairs):.2f} ({pairs})")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
