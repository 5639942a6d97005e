"""Plays drawn requests against a live portal, and looks after each whether it changed anything."""

import asyncio
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from random import Random
from urllib.parse import urlsplit

from demo.visitor import TLS
from tests.fuzz import watch
from tests.fuzz.grammar import PORTAL, PORTAL_PAGES, FormGrammar, Grammar, Shot
from tests.fuzz.seats import FORMS_AT, Place, Seat
from tests.fuzz.values import MARK
from tests.fuzz.watch import Observed, Watcher

_SERVER_ERROR, _UNAVAILABLE = 500, 503
_SEE_OTHER = 303
_ANSWERED_WITHIN = 60.0
_SENT_AGAIN, _SENT_AGAIN_AFTER = 2, 5.0
_TOLD_EVERY = 5_000
_LOOK_AFTER = 5
"""Requests that may change nothing, until it is looked whether they did."""
_AT_ITS_STEP = 0.5
"""Share of the forms that may be sent at the step of the seat's activation."""
_SPENT = 429
_MAKINGS, _MADE_AGAIN_AFTER = 4, 5.0
_LEAVES_OFTEN = 0.1
_LEAVES = ("/contact", "/end", "/who")


@dataclass
class Tally:
    """What came of the requests; `violations` name request and change, and no value."""

    requests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    moves: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    seats: Counter[str] = field(default_factory=Counter)
    unmade: Counter[str] = field(default_factory=Counter)
    away: int = 0
    late: int = 0

    @property
    def sent(self) -> int:
        return sum(self.requests.values())

    def object_to(self, shot: Shot, state: str, what: str) -> None:
        if what:
            self.violations.append(f"{state}: {shot.method} {shot.route}: {what}")


@dataclass(frozen=True)
class ShotAnswer:
    """The answer to one request; names of headers are in small letters."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


class Sender:
    """Sends requests as they are, with no cookie jar and no redirects followed.

    Each state has a connection, because its requests come one by one. The standard library's client
    takes a fifth of the time that httpx takes, and half of all time of a run was httpx's.
    """

    def __init__(self, url: str, tally: Tally, *, outage: bool = False) -> None:
        self._url = urlsplit(url)
        self._connections: dict[str, HTTPConnection] = {}
        self.tally = tally
        self.outage = outage

    async def send(self, shot: Shot, state: str) -> ShotAnswer:
        answer = await asyncio.to_thread(self._answer, shot, state)
        for _ in range(_SENT_AGAIN):
            if self.outage or not _asks_to_come_again(answer):
                break
            # On a busy machine a page may take too long; what a request caused stays the same.
            self.tally.late += 1
            await asyncio.sleep(_SENT_AGAIN_AFTER)
            answer = await asyncio.to_thread(self._answer, shot, state)
        self.tally.requests[state] += 1
        self.tally.statuses[answer.status_code] += 1
        self.tally.object_to(shot, state, self._fault(answer))
        if self.tally.sent % _TOLD_EVERY == 0:
            told = f"  {self.tally.sent} sent, {len(self.tally.violations)} violations\n"
            sys.stdout.write(told)
        return answer

    def _answer(self, shot: Shot, state: str) -> ShotAnswer:
        if state not in self._connections:
            self._connections[state] = self._connect()
        connection = self._connections[state]
        try:
            return self._exchange(connection, shot)
        except (HTTPException, OSError):  # The connection may end just as a request is sent.
            connection.close()
            self.tally.statuses[0] += 1
            return self._exchange(connection, shot)

    def _connect(self) -> HTTPConnection:
        host = self._url.netloc
        if self._url.scheme == "https":
            return HTTPSConnection(host, timeout=_ANSWERED_WITHIN, context=TLS)
        return HTTPConnection(host, timeout=_ANSWERED_WITHIN)

    def _exchange(self, connection: HTTPConnection, shot: Shot) -> ShotAnswer:
        headers = {"Host": self._url.netloc} | dict(shot.headers)
        connection.request(shot.method, shot.path, shot.body or None, headers)
        response = connection.getresponse()
        content = response.read()
        told = {name.lower(): response.headers[name] for name in response.headers}
        return ShotAnswer(response.status, told, content)

    def _fault(self, response: ShotAnswer) -> str:
        """Return what no answer may be or hold; empty if it is fine."""
        status = response.status_code
        if status >= _SERVER_ERROR:
            if self.outage and _asks_to_come_again(response):
                self.tally.away += 1
            else:
                return f"answered {status}"
        location = response.headers.get("location", "/")
        is_page = response.headers.get("content-type", "").startswith("text/html")
        faults = {
            "a header was added": any(MARK in name for name in response.headers),
            "no content security policy": "content-security-policy" not in response.headers,
            "redirected to another site": not location.startswith("/")
            or location.startswith(("//", "/\\")),
            "markup came back as it was": is_page and f"<{MARK}".encode() in response.content,
            "a traceback": is_page and b"Traceback" in response.content,
        }
        return next((what for what, found in faults.items() if found), "")

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()


def _asks_to_come_again(answer: ShotAnswer) -> bool:
    return answer.status_code == _UNAVAILABLE and "retry-after" in answer.headers


class PortalFuzz:
    """One seat a state; each is played by one task, so that its requests come one by one."""

    def __init__(self, place: Place, watcher: Watcher, seed: int) -> None:
        self._place = place
        self._watcher = watcher
        self.seed = seed
        self.tally = Tally()
        self._seats: dict[str, Seat] = {}
        self._making = asyncio.Semaphore(4)

    async def play(self, states: Sequence[str], number: int, *, outage: bool = False) -> None:
        """Send so many requests, each state as many."""
        sender = Sender(self._place.env["PORTAL_URL"], self.tally, outage=outage)
        each = -(-number // len(states))
        try:
            async with asyncio.TaskGroup() as tasks:
                for state in states:
                    tasks.create_task(self._play(sender, state, each))
        finally:
            sender.close()
            for seat in self._seats.values():
                seat.guest.close()
            self._seats.clear()

    async def _seat(self, state: str) -> Seat:
        if old := self._seats.pop(state, None):
            old.guest.close()
        async with self._making:
            seat = self._seats[state] = await self._made(state)
        return seat

    async def _made(self, state: str) -> Seat:
        """Bring somebody new to this state; another one where a busy machine let a page wait."""
        for _ in range(_MAKINGS):
            try:
                return await asyncio.to_thread(self._place.make, state)
            except Exception as failed:  # noqa: BLE001 - counted, and raised by the last one
                self.tally.unmade[f"{state}: {failed!r:.300}"] += 1
                await asyncio.sleep(_MADE_AGAIN_AFTER)
        return await asyncio.to_thread(self._place.make, state)

    async def _play(self, sender: Sender, state: str, number: int) -> None:
        draw = Random(f"{self.seed}-{state}")  # noqa: S311 - repeatable on purpose
        grammar = Grammar(draw, self._place.env["PORTAL_URL"], "session")
        seat, before = await self._take(state)
        unseen = 0
        for _ in range(number):
            others = [each for each in self._seats.values() if each is not seat]
            who = seat.browsing(draw.choice(others) if others else None)
            kind = draw.random()
            if kind < 0.2:
                shot = grammar.page(who, PORTAL_PAGES)
            else:
                form = self._form(draw, state)
                shot = grammar.post(who, form, seat.right, forged=kind < 0.55)
            response = await sender.send(shot, state)
            self._check_disclosure(seat, shot, response)
            unseen += 1
            if shot.forged and unseen < _LOOK_AFTER:
                continue
            unseen = 0
            after = {each: await self._watcher.look(each) for each in seat.watched}
            taken = await self._judge(seat, shot, before, after)
            if taken or response.status_code == _SPENT or self._left(shot, response):
                seat, before = await self._take(state)
            else:
                before = after

    def _form(self, draw: Random, state: str) -> FormGrammar:
        """Draw a form; seldom one by which a browser leaves its activation."""
        own = [form for form in PORTAL if form.path in FORMS_AT.get(state, ())]
        if own and draw.random() < _AT_ITS_STEP:
            return draw.choice(own)
        form = draw.choice(PORTAL)
        if form.path in _LEAVES and draw.random() > _LEAVES_OFTEN:
            return self._form(draw, state)
        return form

    async def _take(self, state: str) -> tuple[Seat, dict[str, Observed]]:
        seat = await self._seat(state)
        self.tally.seats[state] += 1
        return seat, {each: await self._watcher.settled(each) for each in seat.watched}

    async def _judge(
        self,
        seat: Seat,
        shot: Shot,
        before: dict[str, Observed],
        after: dict[str, Observed],
    ) -> bool:
        """Note what must not be; return whether the seat's activation was changed."""
        changed = False
        for reference, was in before.items():
            now = after[reference]
            if was == now:
                continue
            if not shot.forged:
                # A code is sent, and an account made, after the answer: that is no later request's.
                now = after[reference] = await self._watcher.settled(reference)
            if shot.forged and now.events != was.events and was.stands == now.stands:
                sent = await self._watcher.events_sent(reference, was.events)
                what = f"a forged request sent {sent} submissions" if sent else ""
                self.tally.object_to(shot, seat.state, what)
            if was.stands != now.stands:
                changed = True
                what = watch.why_illegal(shot, seat.right, was, now)
                self.tally.object_to(shot, seat.state, what)
                self.tally.moves[f"{was.step} -> {now.step}"] += 1
        return changed

    def _left(self, shot: Shot, response: ShotAnswer) -> bool:
        """Tell whether this browser may have left its activation, or has another cookie now."""
        if shot.forged:
            return False
        fresh = response.headers.get("set-cookie", "").startswith("session=")
        return fresh or (response.status_code == _SEE_OTHER and shot.route in _LEAVES)

    def _check_disclosure(self, seat: Seat, shot: Shot, response: ShotAnswer) -> None:
        """Whoever sends another cookie than the seat's own reads nothing of its student."""
        cookie = shot.headers.get("Cookie", "")
        if seat.guest.cookie and seat.guest.cookie in cookie:
            return
        student = seat.student
        for word in (student.last[0], student.last[1], student.login, student.mobile):
            if word.encode() in response.content and word.encode() not in shot.body:
                self.tally.object_to(shot, seat.state, "read by another browser")
