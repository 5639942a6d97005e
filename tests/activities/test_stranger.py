"""Two days of a stranger on somebody's contact: what it costs, what it gains, and who gets in."""

import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.contracts.channels import Channel
from domain.contracts.message_io import Delivery, ReserveSend
from domain.contracts.people import Destination
from domain.contracts.pin_io import CheckPin, PinOutcome
from domain.contracts.submissions import Policy
from domain.contracts.vocabulary import Purse
from ledger import budgets, messages
from postgres import Pool
from settings.limits import LimitSettings
from settings.rules import SendBudget
from tests.activities.conftest import MakePerson
from tests.codes import pins
from tests.stack import TestStack
from web.limits import RateLimits

HOURS = 48
BROWSERS = 4
"""How many the stranger begins with anew in each hour."""
BLOCKS = 20
"""In how many blocks of addresses the stranger has one."""
OWNER_EVERY = 6
LIMITS = LimitSettings()


@dataclass
class Contact:
    """One contact on file, and what became of it; each activation on it has its own reference."""

    stack: TestStack
    pool: Pool
    to: Destination
    person_key: str
    messages: Counter[Purse] = field(default_factory=Counter)
    guesses: int = 0
    dates_guessed: int = 0

    @property
    def index(self) -> str:
        return messages.contact_index(self.stack.keys, self.to)

    async def ask(self, reference: str, *purses: Purse) -> str | None:
        """Ask for a code in one way after the other; return the code that was sent."""
        limits = messages.Limits(self.stack.settings.send_budget, Policy())
        for number, purse in enumerate(purses, 1):
            wish = ReserveSend(
                reference=reference,
                request_no=number,
                destination=self.to,
                person_key=self.person_key,
                purse=purse,
            )
            told = await messages.reserve(self.pool, self.stack.keys, wish, "run", limits)
            if told.send_no and told.code_no:
                await self._hand_over(reference, told.send_no)
                self.messages[purse] += 1
                return self.stack.keys.pin(reference, told.code_no)
        return None

    async def _hand_over(self, reference: str, send_no: int) -> None:
        await messages.record(
            self.pool,
            self.stack.keys,
            key=messages.pin_key(reference, send_no),
            reference=reference,
            destination=self.to,
            outcome=Delivery.SENT,
        )

    async def typed(self, reference: str, pin: str) -> PinOutcome:
        request = CheckPin(
            reference=reference,
            submission_id=secrets.token_hex(8),
            received_at=datetime.now(UTC),
            pin=pin,
        )
        checked = await pins(self.stack, self.pool, SendBudget()).check_pin(request)
        return checked.outcome

    async def is_attacked(self, reference: str) -> None:
        """Begin, and guess until no guess counts any more."""
        code = await self.ask(reference, Purse.ORDINARY)
        wrong = f"{(int(code or 0) + 1) % 10**6:06d}"
        while await self.typed(reference, wrong) in (PinOutcome.WRONG, PinOutcome.LOCKED):
            self.guesses += 1

    async def is_asked_about(self, block: int) -> None:
        """Guess the owner's birth date in a browser that has no tries behind it."""
        rates = RateLimits(self.pool, self.stack.keys, LIMITS)
        bounds = rates.second(secrets.token_hex(8), [self.index], f"198.51.{block}.1", tried=False)
        taken = await budgets.take(self.pool, bounds, secrets.token_hex(8))
        self.dates_guessed += budgets.latest(taken) is None

    async def hour_passes(self) -> None:
        await self.pool.execute(
            "UPDATE budget SET window_start = window_start - interval '1 hour',"
            " ends_at = ends_at - interval '1 hour' WHERE strpos(bucket, $1) > 0",
            self.index,
        )
        await self.pool.execute(
            "UPDATE message SET reserved_at = reserved_at - interval '1 hour',"
            " finished_at = finished_at - interval '1 hour' WHERE contact_index = $1",
            self.index,
        )


async def test_the_owner_gets_in_each_time_whatever_a_stranger_spends(
    stack: TestStack, pool: Pool, make_person: MakePerson, reference: str
) -> None:
    person = make_person()
    assert person.email
    to = Destination(channel=Channel.EMAIL, to=person.email)
    contact = Contact(stack, pool, to, person.person_key)
    proved = []
    for hour in range(HOURS):
        for browser in range(BROWSERS):
            await contact.is_attacked(f"{reference}-{hour}-{browser}")
        for block in range(BLOCKS if hour % 12 < 4 else 0):
            await contact.is_asked_about(block)
        if hour % OWNER_EVERY == 0:
            own = f"{reference}-owner-{hour}"
            code = await contact.ask(own, Purse.ORDINARY, Purse.KEPT, Purse.STAFF)
            assert code
            proved.append(await contact.typed(own, code))
        await contact.hour_passes()

    assert proved == [PinOutcome.RIGHT] * (HOURS // OWNER_EVERY)
    assert contact.messages == {Purse.ORDINARY: 6, Purse.KEPT: 6, Purse.STAFF: 2}
    assert contact.guesses == 2 * SendBudget().guesses_per_day
    assert contact.dates_guessed == 2 * BLOCKS * LIMITS.second_per_address
