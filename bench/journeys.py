"""Plays many whole journeys at once: `python -m bench.journeys [COUNT [AT_ONCE]]`.

Starts a demo of its own and lets COUNT invented students activate their accounts, AT_ONCE at a
time. Prints the journeys a second, the time of each request beside that of the start page in the
same run, every answer of 5xx, and violated invariants: a final page without the username, or the
refusal of an accepted answer. Exit code 1 for any.
"""

import os
import secrets
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median

import httpx

from adapters.directory.ldap_client import LdapClient
from bench.console import running, say
from demo.crowd import Player, World, invent
from demo.part import PartFailed
from demo.students import Row
from demo.visitor import Page, Visitor
from demo.walkthrough import read_env
from settings.systems import DirectorySettings

COUNT, AT_ONCE = 500, 20
FAILED = (PartFailed, StopIteration, ValueError, httpx.HTTPError)
_REFERENCE = "GET /"
_ANSWERS = ("POST /pin", "POST /review", "POST /password")
"""Forms that submit something: after acceptance none of these may be answered as refused."""


@dataclass
class Seen:
    """Answers and times of all students of one run.

    `took` has the time of each request with the pages that it was redirected to, `pages` of each,
    `rendered` the bytes of all pages.
    """

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    pages: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    answers: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    references: list[str] = field(default_factory=list)
    rendered: int = 0
    without_username: int = 0
    lost: list[str] = field(default_factory=list)

    @property
    def refused_after_acceptance(self) -> int:
        return sum(n for name, n in self.failures.items() if name.startswith(_ANSWERS))


class Browser(Visitor):
    """Records each answer; waits and sends the contact again if the portal asks for that."""

    def __init__(self, url: str, language: str, seen: Seen) -> None:
        super().__init__(url, language)
        self._seen = seen
        self.last = ""

    def submit(self, **answers: str) -> Page:
        form = next(form for form in self.page.forms if answers.keys() <= form.names)
        return self.hand_in(form.action, form.fields | answers)

    def hand_in(self, action: str, data: dict[str, str]) -> Page:
        response = self._send(action, data)
        while response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            time.sleep(float(response.headers.get("Retry-After", "1")))
            if response.history:  # The form was taken; it is the page after it that failed.
                return self.visit(response.url.path)
            response = self._send(action, data)
        return self._look(response)

    def _send(self, action: str, data: dict[str, str]) -> httpx.Response:
        response = self._http.post(action, data=data)
        self._note(response)
        return response

    def _look(self, response: httpx.Response) -> Page:
        if response.request.method == "GET" and not response.history:
            self._note(response)
        self.last = response.text
        return super()._look(response)

    def _note(self, response: httpx.Response) -> None:
        first = response.history[0] if response.history else response
        name = f"{first.request.method} {first.request.url.path}"
        answers = (*response.history, response)
        self._seen.took[name].append(sum(each.elapsed.total_seconds() for each in answers))
        for each in answers:
            name = f"{each.request.method} {each.request.url.path}"
            self._seen.pages[name].append(each.elapsed.total_seconds())
            self._seen.rendered += len(each.content)
            said = f"{each.request.method} {each.request.url.path} {each.status_code}"
            self._seen.answers[said] += 1
            if each.is_server_error:
                self._seen.failures[said] += 1


def journey(world: World, row: Row, seen: Seen, browser: Browser | None = None) -> None:
    """Play one student to the final page; record one who does not reach it as lost."""
    browser = browser or Browser(world.env["PORTAL_URL"], "el", seen)
    with closing(Player(world, row, language="el", by_email=False, visitor=browser)) as player:
        try:
            browser.visit("/")
            player.come()
        except FAILED as error:
            seen.lost.append(f"{player.reference}: {error!r} at {browser.page.path}")
        else:
            finish(player, browser, seen)


def finish(player: Player, browser: Browser, seen: Seen) -> None:
    """Continue from the page of the code."""
    try:
        player.prove()
        player.agree()
        browser.submit(password=secrets.token_urlsafe(18))
        player.arrive("/done")
    except FAILED as error:
        seen.lost.append(f"{player.reference}: {error!r} at {browser.page.path}")
    else:
        seen.references.append(player.reference)
        seen.without_username += 'id="username"' not in browser.last


@contextmanager
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as temporary, world_in(Path(temporary) / "demo") as there:
        yield there


@contextmanager
def world_in(folder: Path) -> Iterator[World]:
    """Run a demo in this folder, and return the environment of its students."""
    os.environ["ACTIVATION_POLICY__REGISTRAR_FRESH_FOR"] = "PT15M"  # The default, not the demo's.
    with running(folder), reached(folder) as there:
        os.environ["ACTIVATION_CONFIG"] = str(folder / "activation.toml")
        yield there


@contextmanager
def reached(folder: Path) -> Iterator[World]:
    """Return the environment of the students of the demo that runs in this folder."""
    tables = tomllib.loads((folder / "activation.toml").read_text("utf-8"))
    with closing(LdapClient(DirectorySettings.model_validate(tables["directory"]))) as ldap:
        yield World(read_env(folder), ldap)


def play(world: World, count: int, at_once: int, first: int = 1) -> tuple[Seen, float]:
    """Return the answers and the duration in seconds; `first` is the first student's number."""
    draw = Random(time.time_ns())  # noqa: S311 - invented people need no secrecy
    rows: Sequence[Row] = [invent(n, draw) for n in range(first, first + count)]
    world.enrol(rows)
    seen, begun = Seen(), time.perf_counter()
    with ThreadPoolExecutor(at_once) as students:
        for _ in students.map(lambda row: journey(world, row, seen), rows):
            pass
    return seen, time.perf_counter() - begun


def report(seen: Seen, count: int, at_once: int, seconds: float) -> bool:
    """Print the table, and return whether no invariant was violated."""
    say(f"{count} journeys, {at_once} at once: {count / seconds:.2f} a second")
    reference = median(seen.took[_REFERENCE])
    for name, took in sorted(seen.took.items()):
        middle = median(took)
        say(f"{name:28} {1000 * middle:7.0f} ms {middle / reference:6.1f} x   n {len(took)}")
    for name, n in sorted(seen.failures.items()):
        say(f"answered {name}: {n}")
    for each in seen.lost:
        say(f"did not come to the end: {each}")
    say(f"final pages without the username: {seen.without_username}")
    say(f"answers of the student refused with 5xx: {seen.refused_after_acceptance}")
    return not (seen.lost or seen.without_username or seen.refused_after_acceptance)


def main(count: int = COUNT, at_once: int = AT_ONCE) -> int:
    with world() as there:
        seen, seconds = play(there, count, at_once)
    return 0 if report(seen, count, at_once, seconds) else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
