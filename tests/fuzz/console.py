"""Plays drawn requests against a live console, by staff of every role and by nobody."""

import asyncio
import base64
import json
from collections.abc import Mapping
from random import Random

import httpx

from postgres import Pool
from tests.fuzz import watch
from tests.fuzz.grammar import CONSOLE, CONSOLE_PAGES, SIGN_OUT, Browsing, Grammar, Shot
from tests.fuzz.portal import Sender, ShotAnswer, Tally
from tests.fuzz.seats import Place, Seat
from tests.fuzz.values import hostile
from tests.fuzz.watch import Observed, Watcher

_HELPDESK = frozenset(
    {"retry", "resend", "unlock", "reread", "note", "reopen", "caller", "search", "registrar"}
    | {"unlock_send", "assign", "insurance", "read", "uninvite", "invite"}
)
MAY: Mapping[str, frozenset[str]] = {
    "nobody": frozenset(),
    "viewer": frozenset(),
    "auditor": frozenset(),
    "secretariat": frozenset(),
    "helpdesk": _HELPDESK | {"answer", "close"},
    "supervisor": _HELPDESK
    | {"answer", "close", "resolve", "hold", "release", "cancel", "withdraw", "settle"}
    | {"DIRECTORY_DOWN"},
    "operator": frozenset(
        {"note", "read", "retry", "erase", "pause", "resume", "decode", "settle", "second-factor"}
        | {"DIRECTORY_DOWN"}
    ),
}
"""What each role may do, by the last word of the address."""
_OF_STAFF = frozenset().union(*MAY.values())
_IDLE = frozenset({"pause", "resume"})
"""Actions that change nothing, and are not in the audit, where it is as they want it already."""
VICTIMS = ("pin", "unidentified", "insurance", "review", "disputed", "held", "active", "not_found")
_NO_PAYLOADS = (
    *('{"payloads": null}', '{"payloads": 1}', '{"payloads": [null]}', '{"payloads": [[]]}', "{}"),
    *("[" * 4_000, "{" * 4_000, '{"payloads":' * 300, "null", "", "1e999", '"\\ud800"', "\ufeff{}"),
    *('{"payloads": {}}', '{"payloads": [{"a": 1}]}', '{"payloads": [{"data": "%"}]}', "[]", "1"),
)
_SUCCESS = (303,)


class ConsoleFuzz:
    """One request after the other, so that each row of the audit belongs to one of them."""

    def __init__(self, place: Place, watcher: Watcher, pool: Pool, seed: int) -> None:
        self._place = place
        self._pool = pool
        self._watcher = watcher
        self._draw = Random(f"{seed}-console")  # noqa: S311 - repeatable on purpose
        self._url = place.env["SUPPORT_URL"]
        self._grammar = Grammar(self._draw, self._url, "desk")
        self.tally = Tally()
        self._audited_to = 0
        self._seats: dict[str, tuple[Seat, Observed]] = {}
        self._staff: dict[str, Browsing] = {}

    async def play(self, number: int) -> None:
        sender = Sender(self._url, self.tally)
        try:
            for name in MAY:
                self._staff[name] = await self._sign_in(name)
            await self._audited()
            for _ in range(number):
                await self._once(sender)
        finally:
            sender.close()
            for seat, _ in self._seats.values():
                seat.guest.close()

    def cookie(self, name: str) -> str:
        return self._staff[name].cookie

    async def _sign_in(self, name: str) -> Browsing:
        """Sign in as this person of the demo's staff; nobody only opens the form."""
        secret = self._place.stack.folder / "secrets" / name
        async with httpx.AsyncClient(base_url=self._url) as http:
            page = (await http.get("/sign-in")).text
            csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
            if name != "nobody":
                given = {"csrf": csrf, "form": "x", "name": name, "password": secret.read_text()}
                told = await http.post("/sign-in", data=given)
                assert told.status_code in _SUCCESS, told.text
                page = (await http.get("/handbook")).text
                csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
            return Browsing(http.cookies.get("desk") or "", csrf)

    async def _victim(self) -> tuple[Seat, Observed]:
        state = self._draw.choice(VICTIMS)
        if state not in self._seats:
            seat = await asyncio.to_thread(self._place.make, state)
            self._seats[state] = seat, await self._watcher.settled(seat.reference)
        return self._seats[state]

    async def _once(self, sender: Sender) -> None:
        draw = self._draw
        seat, before = await self._victim()
        name, other = draw.sample(list(MAY), 2)
        own, others = self._staff[name], self._staff[other]
        who = Browsing(
            own.cookie,
            own.csrf,
            "",
            others.cookie,
            others.csrf,
            [seat.reference],
        )
        kind = draw.random()
        if kind < 0.15:
            shot = self._grammar.page(who, CONSOLE_PAGES)
        elif kind < 0.25:
            shot = self._decode(who)
        else:
            form = draw.choice(CONSOLE)
            # Who signs out cannot go on; that nobody else signs them out is tried.
            forged = kind < 0.5 or form.path == SIGN_OUT
            shot = self._grammar.post(who, form, {}, forged=forged)
        response = await sender.send(shot, name)
        self._judge(shot, name, response, await self._audited())
        if shot.route == "/operations/pause" and response.status_code in _SUCCESS:
            self._place.stack.command("support", "resume", "--reason", "fuzz")
        after = await self._watcher.look(seat.reference)
        if after != before and not shot.forged:
            # A code is sent after the answer: that is no later request's.
            after = await self._watcher.settled(seat.reference)
        self._seats[seat.state] = seat, after
        if after.stands != before.stands:
            may = shot.route.rpartition("/")[2] in MAY[name]
            what = watch.why_illegal_of_staff(shot, may=may, before=before, after=after)
            self.tally.object_to(shot, f"{name} at {seat.state}", what)
            self.tally.moves[f"{before.step} -> {after.step}"] += 1
            self._seats.pop(seat.state)[0].guest.close()

    async def _audited(self) -> set[tuple[str, str]]:
        """Return who did what by the rows of the audit since this was asked last."""
        rows = await self._pool.fetch(
            "SELECT id, actor, action FROM audit WHERE id > $1 ORDER BY id", self._audited_to
        )
        self._audited_to = rows[-1]["id"] if rows else self._audited_to
        return {(row["actor"], row["action"]) for row in rows}

    def _judge(
        self,
        shot: Shot,
        name: str,
        response: ShotAnswer,
        added: set[tuple[str, str]],
    ) -> None:
        """Note an action without a row of the audit, and a row without an action."""
        if shot.method != "POST":
            return
        action = shot.route.rpartition("/")[2]
        may = not shot.forged and action in MAY[name]
        rows = {word for actor, word in added if actor == name} - {"refused"}
        done = response.status_code in _SUCCESS and self._inside(response)
        faults = {
            f"in the audit as {sorted(rows)}": bool(rows) and not may,
            "done though the role may not": done and not may and action in _OF_STAFF,
            "done without a row of the audit": done and may and not rows and action not in _IDLE,
        }
        for what, found in faults.items():
            self.tally.object_to(shot, name, what if found else "")

    def _inside(self, response: ShotAnswer) -> bool:
        return not response.headers.get("location", "").startswith("/sign-in")

    def _decode(self, who: Browsing) -> Shot:
        """Draw a request to the codec server: payloads, what is none, and JSON of every kind."""
        draw = self._draw
        data = base64.b64encode(hostile(draw).encode("utf-8", "replace")).decode()
        texts = (
            json.dumps({"payloads": [{"metadata": {"encoding": data[:400]}, "data": data}]}),
            json.dumps({"payloads": [{"metadata": {"encoding": "YmluYXJ5L2VuY3J5cHRlZA=="}}] * 40}),
            *_NO_PAYLOADS,
            json.dumps(
                {"payloads": [{"metadata": {"workflow": data[:60], "mac": "AAAA"}, "data": "%"}]}
            ),
        )
        headers = {
            "Cookie": f"desk={who.cookie}",
            "Origin": draw.choice(
                (self._place.env["TEMPORAL_UI_URL"],) * 6 + ("https://evil.example",)
            ),
            "Content-Type": draw.choice(("application/json",) * 6 + ("text/plain",)),
            "X-Namespace": draw.choice((self._place.env["TEMPORAL_NAMESPACE"],) * 6 + ("other",)),
        }
        body = draw.choice(texts).encode()
        if draw.random() < 0.2:
            body = body[: draw.randrange(len(body) + 1)] + bytes([draw.randrange(256)])
        return Shot("POST", "/codec/decode", headers, body)
