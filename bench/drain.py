"""Measures how fast an outage of the directory drains: `python -m bench.drain [COUNT]`.

Starts a demo of its own, lets COUNT students come to the page of the password, stops the directory,
and lets all of them send a password. With all waiting it measures the console's pages. Then the
directory returns, and the accounts a second until the last one works are printed beside the
directory's own rate: the same writes and the same proof, with nothing else to do.
"""

import asyncio
import secrets
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

import asyncpg

from adapters.directory.wiring import directory_of
from bench import console, results
from bench.console import say
from bench.journeys import FAILED, Browser, Seen, world_in
from demo.control import ask
from demo.crowd import Player, World, invent
from demo.slapd import PEOPLE_DN
from demo.students import Row
from domain.contracts.vocabulary import Step
from settings.systems import DirectorySettings

COUNT, AT_ONCE = 1_000, 12
_PATIENCE_SECONDS = 900.0
_OWN = 200
"""How many entries are written to measure the directory's own rate."""
_ACTIVE = "SELECT count(*) FROM activation WHERE end_step = $1"


class Student:
    """One student at one browser, who stops before the password."""

    def __init__(self, there: World, row: Row, seen: Seen) -> None:
        self.browser = Browser(there.env["PORTAL_URL"], "el", seen)
        # By e-mail, because the SMS gateway has limits of its own.
        self.player = Player(there, row, language="el", by_email=True, visitor=self.browser)
        self._seen = seen

    def close(self) -> None:
        self.player.close()

    def come_to_the_password(self) -> None:
        try:
            self.browser.visit("/")
            self.player.come()
            self.player.prove()
            self.browser.submit(decision="agree")
            self.player.arrive("/password")
        except FAILED as error:
            self._seen.lost.append(f"{self.player.reference}: {error!r}")

    def choose(self) -> None:
        if self.browser.page.path == "/password":
            self.browser.submit(password=secrets.token_urlsafe(18))


@dataclass(frozen=True)
class Drained:
    """What an outage took; times of the console's pages are medians with the worst, in ms."""

    waited: int
    seconds: float
    first_after: float
    half_after: float
    per_second: float
    own_per_second: float
    pages_ms: dict[str, tuple[float, float]]


def measured(world: World, folder: Path, count: int, seen: Seen) -> Drained:
    draw = Random(time.time_ns())  # noqa: S311 - invented people need no secrecy
    known = world.enrolled()
    rows = [invent(n, draw) for n in range(known + 1, known + count + 1)]
    world.enrol(rows)
    with ExitStack() as leaving:
        students = [leaving.enter_context(closing(Student(world, row, seen))) for row in rows]
        # Before the directory goes, which lets staff in.
        watch = leaving.enter_context(console.signed_in(world.env))
        with ThreadPoolExecutor(AT_ONCE) as threads:
            [*threads.map(Student.come_to_the_password, students)]
            ask(folder, "stop", "slapd")
            [*threads.map(Student.choose, students)]
        waiting = [each for each in students if each.browser.page.path == "/progress"]
        pages = console.pages(watch, waiting[0].player.reference)
        active = asyncio.run(_active(world))
        begun = time.perf_counter()
        ask(folder, "start", "slapd")
        after = asyncio.run(_until_all(world, active, len(waiting), begun))
    own = own_rate(folder)
    return Drained(
        waited=len(waiting),
        seconds=after[-1],
        first_after=after[0],
        half_after=after[len(after) // 2],
        per_second=len(after) / after[-1],
        own_per_second=own,
        pages_ms=pages,
    )


async def _active(world: World) -> int:
    records = await asyncpg.connect(world.env["LEDGER_DSN"])
    try:
        return int(await records.fetchval(_ACTIVE, Step.ACTIVE))
    finally:
        await records.close()


async def _until_all(world: World, before: int, count: int, begun: float) -> list[float]:
    """Return after how many seconds each of the accounts worked."""
    records = await asyncpg.connect(world.env["LEDGER_DSN"])
    after: list[float] = []
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while len(after) < count:
                done = int(await records.fetchval(_ACTIVE, Step.ACTIVE)) - before
                after += [time.perf_counter() - begun] * (done - len(after))
                await asyncio.sleep(0.25)
    finally:
        await records.close()
    return after


def own_rate(folder: Path) -> float:
    """Return the accounts a second of the directory alone: an entry, a password, its proof."""
    tables = tomllib.loads((folder / "activation.toml").read_text("utf-8"))
    settings = DirectorySettings.model_validate(tables["directory"])
    directory = directory_of(settings)
    mark = secrets.token_hex(4)

    def one(n: int) -> None:
        name, password = f"own{mark}{n}", secrets.token_urlsafe(18).encode()
        directory.add(name, {"objectClass": ["inetOrgPerson"], "cn": [name], "sn": [name]})
        dn = f"uid={name},{PEOPLE_DN}"
        directory.set_password(dn, password)
        if not directory.can_bind(dn, password):
            raise AssertionError("a password that was set does not work")

    try:
        with ThreadPoolExecutor(settings.pool_size) as threads:
            begun = time.perf_counter()
            [*threads.map(one, range(_OWN))]
            return _OWN / (time.perf_counter() - begun)
    finally:
        asyncio.run(directory.close())


def report(drained: Drained, seen: Seen) -> None:
    say(f"\n{drained.waited} waited for the directory; console meanwhile, ms, median and worst:")
    for name, (middle, worst) in drained.pages_ms.items():
        say(f"  {name:6} {middle:6.0f} {worst:6.0f}")
    say(
        f"after its return the first account worked after {drained.first_after:.1f} s, half of them"
        f" after {drained.half_after:.1f} s, the last after {drained.seconds:.1f} s:"
        f" {drained.per_second:.1f} a second; the directory's own rate is"
        f" {drained.own_per_second:.1f}"
    )
    for each in seen.lost:
        say(f"  went wrong: {each}")


def main(count: int = COUNT) -> int:
    seen = Seen()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "demo"
        with world_in(folder) as world:
            drained = measured(world, folder, count, seen)
    report(drained, seen)
    results.keep("drain", asdict(drained))
    return int(bool(seen.lost))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
