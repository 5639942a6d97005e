"""Plays a campaign of guesses against the ledger: `python -m bench.abuse [ACTIVATIONS [GUESSES]]`.

Strangers begin activations on many contacts, from a new address and a new browser for each guess,
and type codes; students of other contacts activate meanwhile. The functions are those that portal
and workers call. Exits with 1 when more guesses succeed than arithmetic allows, attack mode begins
later than in a minute, or a student does not finish.
"""

import asyncio
import secrets
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from activities.pins import PinActivities
from demo.place import Place
from demo.postgres import Postgres
from domain.contracts.channels import Channel
from domain.contracts.message_io import Delivery, ReserveSend
from domain.contracts.people import Destination
from domain.contracts.pin_io import CheckPin, PinOutcome
from domain.contracts.submissions import Policy
from domain.contracts.vocabulary import Purse
from ledger import attack_mode, messages
from ledger.migrate import migrate
from postgres import Pool, connect
from security import rotation
from security.keys import KeyRing
from settings.limits import LimitSettings
from settings.rules import SendBudget

ACTIVATIONS, GUESSES = 20_000, 300_000
_AT_ONCE = 8
_LATEST_SECONDS = 60
_ASKS_EVERY = 5.0
LIMITS = messages.Limits(SendBudget(mail_per_hour=10**6, mail_per_day=10**6), Policy())
"""Without the institution's ceilings, which would end the campaign, and students with it."""


@dataclass
class Campaign:
    """What came of it; `attack_after` is in seconds, None if attack mode did not begin."""

    guesses: Counter[PinOutcome] = field(default_factory=Counter)
    students: Counter[PinOutcome] = field(default_factory=Counter)
    contacts: int = 0
    attack_after: float | None = None

    @property
    def allowed(self) -> float:
        """Return the expected successes of all guesses that the day's cap lets be compared."""
        return self.contacts * LIMITS.budget.guesses_per_day / 10**6

    @property
    def holds(self) -> bool:
        """Whether successes are within five standard deviations, and all else is as it must be."""
        most = self.allowed + 5 * max(self.allowed, 1) ** 0.5
        in_time = self.attack_after is not None and self.attack_after <= _LATEST_SECONDS
        compared = self.guesses[PinOutcome.WRONG] <= self.contacts * LIMITS.budget.guesses_per_day
        finished = set(self.students) <= {PinOutcome.RIGHT}
        return self.guesses[PinOutcome.RIGHT] <= most and compared and in_time and finished


class Players:
    """Strangers and students, who do what portal and workers would do for them."""

    def __init__(self, pool: Pool, keys: KeyRing) -> None:
        self.pool, self.keys = pool, keys
        self._pins = PinActivities(pool=pool, keys=keys, policy=Policy(), budget=LIMITS.budget)

    async def ask(self, reference: str, contact: str, purse: Purse = Purse.ORDINARY) -> int | None:
        """Ask for a code and have it sent; return its number."""
        to = Destination(channel=Channel.EMAIL, to=contact)
        wish = ReserveSend(reference=reference, request_no=1, destination=to, purse=purse)
        told = await messages.reserve(self.pool, self.keys, wish, reference, LIMITS)
        if told.send_no:
            key = messages.pin_key(reference, told.send_no)
            await messages.record(
                self.pool,
                self.keys,
                key=key,
                reference=reference,
                destination=to,
                outcome=Delivery.SENT,
            )
        return told.code_no

    async def type(self, reference: str, pin: str) -> PinOutcome:
        request = CheckPin(
            reference=reference,
            submission_id=secrets.token_hex(8),
            received_at=datetime.now(UTC),
            pin=pin,
        )
        return (await self._pins.check_pin(request)).outcome

    async def activate(self, reference: str, contact: str, purse: Purse) -> PinOutcome:
        """Activate as a student: ask, read the message, type what stands there."""
        number = await self.ask(reference, contact, purse)
        return await self.type(reference, self.keys.pin(reference, number or 0))


async def play(pool: Pool, keys: KeyRing, activations: int, guesses: int) -> Campaign:
    """Let strangers guess at three activations a contact, and a student come for each tenth guess.

    Every second student has a contact that strangers guess at, and is sent a code by staff.
    """
    players, campaign = Players(pool, keys), Campaign(contacts=max(activations // 3, 1))
    drawn = secrets.token_hex(4)
    started, began = time.monotonic(), set[str]()

    async def watch() -> None:
        while campaign.attack_after is None:
            if await attack_mode.since(pool, LimitSettings()):
                campaign.attack_after = time.monotonic() - started
            await asyncio.sleep(_ASKS_EVERY / 10)

    async def guess(number: int) -> None:
        name = number % activations
        reference = f"{drawn}-{name}"
        contact = f"{drawn}-{name % campaign.contacts}@mail.example"
        if reference not in began:
            began.add(reference)
            await players.ask(reference, contact)
        pin = f"{secrets.randbelow(10**6):06d}"
        campaign.guesses[await players.type(reference, pin)] += 1

    async def come(number: int) -> None:
        spent = number % 20 == 0 and number // 20 < campaign.contacts
        contact = f"{drawn}-{number // 20}" if spent else f"{drawn}-own-{number}"
        purse = Purse.STAFF if spent else Purse.ORDINARY
        reference = f"{drawn}-student-{number}"
        told = await players.activate(reference, f"{contact}@mail.example", purse)
        campaign.students[told] += 1

    async def work(first: int) -> None:
        for number in range(first, guesses, _AT_ONCE):
            await guess(number)
            if number % 10 == 0:
                await come(number)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(work(first) for first in range(_AT_ONCE)))
    await asyncio.sleep(_ASKS_EVERY / 5)
    watching.cancel()
    return campaign


async def _run(dsn: str, keys: KeyRing, activations: int, guesses: int) -> Campaign:
    await migrate(dsn)
    async with await connect(dsn) as pool:
        return await play(pool, keys, activations, guesses)


def main(activations: int, guesses: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder) / "bench")
        postgres = Postgres(place)
        postgres.start()
        try:
            rotation.create(place.keys, "2026-11")
            run = _run(postgres.ledger_dsn, KeyRing(place.keys), activations, guesses)
            campaign = asyncio.run(run)
        finally:
            postgres.stop()
    for name, value in (
        ("guesses", dict(campaign.guesses)),
        ("successes that arithmetic allows", f"{campaign.allowed:.3f}"),
        ("seconds until attack mode", campaign.attack_after),
        ("students", dict(campaign.students)),
        ("holds", campaign.holds),
    ):
        sys.stdout.write(f"{name:34} {value}\n")
    return int(not campaign.holds)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])) if sys.argv[1:] else main(ACTIVATIONS, GUESSES))
