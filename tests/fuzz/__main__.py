"""Fuzzes portal and console of a stack of their own: `python -m tests.fuzz [REQUESTS [SEED]]`.

Prints what was sent and what came of it; exits with 1 at the first thing that must not be.
"""

import asyncio
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import postgres
import settings
from security.keys import KeyRing
from starter.client import connect
from tests.fuzz import json_routes, pure
from tests.fuzz.console import ConsoleFuzz
from tests.fuzz.portal import PortalFuzz, Tally
from tests.fuzz.seats import MAKERS, OUTAGE, Place
from tests.fuzz.watch import Watcher
from tests.stack import WholeStack

_REQUESTS = 100_000
_OF_THE_CONSOLE = 0.15
_AT_ONCE = 32
"""More threads than there are states, each of which waits for an answer of its own."""
_SETTINGS = {
    "ACTIVATION_POLICY__PIN_TRIES": "4",
    "ACTIVATION_POLICY__RESEND_AFTER": "PT1S",
    "ACTIVATION_SEND_BUDGET__SMS_PER_HOUR": "1000000",
    "ACTIVATION_SEND_BUDGET__SMS_PER_DAY": "1000000",
    "ACTIVATION_LIMITS__SIGN_INS_PER_NAME": "1000",
}


async def play(
    place: Place,
    number: int,
    seed: int,
    states: Sequence[str] = (*MAKERS, OUTAGE),
    json_cases: int = 0,
) -> tuple[Tally, Tally]:
    """Send so many requests to the portal and the console; return what came of both."""
    config = settings.load()
    keys = KeyRing(place.stack.folder / "keys")
    client = await connect.connect(config, keys)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_AT_ONCE))
    refused = _refused(place)
    async with await postgres.connect(place.env["LEDGER_DSN"]) as pool:
        watcher = Watcher(client, pool)
        portal = PortalFuzz(place, watcher, seed)
        console = ConsoleFuzz(place, watcher, pool, seed)
        of_console = round(number * _OF_THE_CONSOLE)
        await portal.play([each for each in states if each != OUTAGE], number - of_console)
        await console.play(of_console)
        if json_cases:
            cookie = console.cookie("operator")
            failed = await asyncio.to_thread(json_routes.run, place, cookie, json_cases, seed)
            console.tally.violations += ["a route of JSON, by schemathesis"] * failed
        if OUTAGE in states:
            await portal.play([OUTAGE], number // len(states), outage=True)
            place.part("start", "slapd")
    more = _refused(place) - refused
    console.tally.violations += ["a process was refused by the ledger's roles"] * more
    return portal.tally, console.tally


def _refused(place: Place) -> int:
    """Return how often the ledger refused a process what its role may not do."""
    return (place.stack.folder / "logs/postgres.log").read_text("utf-8").count("permission denied")


def _tell(name: str, tally: Tally, seconds: float) -> None:
    sys.stdout.write(f"{name}: {tally.sent} requests in {seconds:.0f} s\n")
    for title, counts in (
        ("state", tally.requests),
        ("status", tally.statuses),
        ("move", tally.moves),
        ("new student", tally.seats),
        ("student tried again", tally.unmade),
    ):
        told = ", ".join(f"{key} {n}" for key, n in sorted(counts.items(), key=str))
        sys.stdout.write(f"  by {title}: {told}\n")
    sys.stdout.write(f"  503 while a part was away: {tally.away}\n")
    sys.stdout.write(f"  503 that did not come again: {tally.late}\n")
    sys.stdout.write(f"  violations: {len(tally.violations)}\n")
    for each in sorted(set(tally.violations))[:40]:
        sys.stdout.write(f"    {each} ({tally.violations.count(each)})\n")


def main(number: int, seed: int) -> int:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr] # it is a text stream
    sys.stdout.write(f"seed {seed}\n")
    bad = pure.run(seed, number)
    with tempfile.TemporaryDirectory() as folder:
        stack = WholeStack(Path(folder) / "demo", **_SETTINGS)
        stack.begin()
        try:
            os.environ["ACTIVATION_CONFIG"] = str(stack.folder / "activation.toml")
            began = time.monotonic()
            tallies = asyncio.run(
                play(Place(stack, stack.env), number, seed, json_cases=number // 100)
            )
            seconds = time.monotonic() - began
        finally:
            stack.end(signal.SIGTERM)
    for name, tally in zip(("portal", "console"), tallies, strict=True):
        _tell(name, tally, seconds)
        bad += len(tally.violations)
    return int(bool(bad))


if __name__ == "__main__":
    words = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(words or [_REQUESTS])[:1], *(words[1:2] or [secrets.randbelow(10**6)])))
