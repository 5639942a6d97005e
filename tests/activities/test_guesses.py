"""Of one contact only so many wrong codes a day are compared, and only strangers are closed out."""

import asyncio
import secrets

import pytest

from domain.contracts.channels import Channel
from domain.contracts.message_io import Delivery, ReserveSend, SendReserved
from domain.contracts.people import Destination
from domain.contracts.pin_io import PinOutcome
from domain.contracts.vocabulary import Purse, SpentPurse
from ledger import messages
from postgres import Pool
from settings.rules import SendBudget
from tests.codes import POLICY, minutes_pass, pins, typed
from tests.stack import TestStack

LIMITS = messages.Limits(SendBudget(per_hour=100, per_day=100), POLICY)
MOST = LIMITS.budget.guesses_per_day


class Guessed:
    """One contact, with as many activations as one likes."""

    def __init__(self, stack: TestStack, pool: Pool) -> None:
        self.stack, self.pool = stack, pool
        self.to = Destination(channel=Channel.EMAIL, to=f"{secrets.token_hex(8)}@mail.example")

    async def ask(self, reference: str, number: int, purse: Purse) -> SendReserved:
        wish = ReserveSend(reference=reference, request_no=number, destination=self.to, purse=purse)
        keys = self.stack.keys
        told = await messages.reserve(self.pool, keys, wish, "run", LIMITS)
        if told.send_no:
            await messages.record(
                self.pool,
                keys,
                key=messages.pin_key(reference, told.send_no),
                reference=reference,
                destination=self.to,
                outcome=Delivery.SENT,
            )
        return told

    async def code(self, reference: str, number: int = 1, purse: Purse = Purse.ORDINARY) -> str:
        told = await self.ask(reference, number, purse)
        assert told.code_no
        return self.stack.keys.pin(reference, told.code_no)

    async def types(self, reference: str, pin: str) -> PinOutcome:
        return (
            await pins(self.stack, self.pool, LIMITS.budget).check_pin(typed(reference, pin))
        ).outcome


@pytest.fixture
def contact(stack: TestStack, pool: Pool) -> Guessed:
    return Guessed(stack, pool)


async def are_guessed(contact: Guessed, reference: str, browsers: int) -> list[PinOutcome]:
    """Type six wrong codes in each of so many browsers, all at once."""
    names = [f"{reference}-{browser}" for browser in range(browsers)]
    codes = dict(zip(names, [await contact.code(name) for name in names], strict=True))
    guesses = [
        contact.types(name, f"{(int(code) + each) % 10**6:06d}")
        for name, code in codes.items()
        for each in range(1, 7)
    ]
    return await asyncio.gather(*guesses)


async def test_however_many_browsers_guess_only_so_many_codes_are_compared(
    contact: Guessed, reference: str
) -> None:
    told = await are_guessed(contact, reference, 8)
    assert told.count(PinOutcome.WRONG) == MOST
    assert told.count(PinOutcome.EXPIRED) == len(told) - MOST


async def test_the_right_code_of_a_stranger_proves_nothing_then_and_none_is_sent(
    contact: Guessed, reference: str
) -> None:
    code = await contact.code(f"{reference}-last")
    await are_guessed(contact, reference, 4)
    assert await contact.types(f"{reference}-last", code) is PinOutcome.EXPIRED
    refused = await contact.ask(f"{reference}-more", 1, Purse.ORDINARY)
    assert (refused.send_no, refused.spent) == (None, SpentPurse.GUESSES)
    assert refused.not_before
    assert refused.told_at
    assert 23 < (refused.not_before - refused.told_at).total_seconds() / 3600 <= 24
    assert refused.kept_at == refused.told_at


@pytest.mark.parametrize("purse", [Purse.KEPT, Purse.STAFF])
async def test_who_has_the_kept_code_or_that_of_staff_has_all_its_tries(
    contact: Guessed, reference: str, purse: Purse
) -> None:
    await are_guessed(contact, reference, 4)
    code = await contact.code(f"{reference}-own", 1, purse)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    told = [await contact.types(f"{reference}-own", each) for each in (wrong,) * 4 + (code,)]
    assert told == [PinOutcome.WRONG] * 4 + [PinOutcome.RIGHT]


async def test_a_wrong_code_counts_for_every_code_that_it_is_compared_with(
    contact: Guessed, reference: str, pool: Pool
) -> None:
    await contact.code(reference)
    await pool.execute(
        "UPDATE message SET reserved_at = reserved_at - interval '6 minutes',"
        " finished_at = finished_at - interval '6 minutes' WHERE reference = $1",
        reference,
    )
    second = await contact.code(reference, 2)
    assert await contact.types(reference, f"{(int(second) + 1) % 10**6:06d}") is PinOutcome.WRONG
    used = "SELECT sum(used) FROM budget WHERE use LIKE $1"
    assert await pool.fetchval(used, f"guess:{reference}:%") == 2
    assert await contact.types(reference, second) is PinOutcome.RIGHT
    assert await pool.fetchval(used, f"guess:{reference}:%") == 2


async def test_codes_sent_to_the_same_contacts_in_another_order_do_not_deadlock(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    one, other = Guessed(stack, pool), Guessed(stack, pool)
    first, second = f"{reference}-1", f"{reference}-2"
    for name, contacts in ((first, (one, other)), (second, (other, one))):
        for number, contact in enumerate(contacts, 1):
            await contact.code(name, number)
            await minutes_pass(pool, name, 6)
    contact_index = "SELECT contact_index FROM message WHERE reference = $1 AND code_no = 1"
    guess = "SELECT take_guesses($1, ARRAY[1, 2], 'typed', 15)"
    async with pool.acquire() as ledger, ledger.transaction():
        await ledger.execute(
            f"SELECT pg_advisory_xact_lock(hashtextextended('guess:' || ({contact_index}), 0))",
            first,
        )
        guesses = []
        for waiting, name in enumerate((first, second), 1):
            guesses.append(asyncio.create_task(pool.fetchval(guess, name)))
            async with asyncio.timeout(10):
                while await pool.fetchval(_WAITING) < waiting:  # noqa: ASYNC110 - the ledger tells nobody
                    await asyncio.sleep(0.01)
    assert await asyncio.gather(*guesses) == [[], []]


_WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event_type = 'Lock' AND wait_event = 'advisory'"
)
