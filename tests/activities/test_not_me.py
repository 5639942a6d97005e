"""The code of a message that nobody asked for ends all codes and closes the contact for a day."""

import asyncio
import secrets
from datetime import timedelta

import pytest

from domain.contracts.pin_io import PinOutcome
from domain.contracts.vocabulary import Purse, SpentPurse
from ledger import unasked
from postgres import Pool
from tests.activities.test_guesses import LIMITS, Guessed
from tests.codes import POLICY, minutes_pass, pins, typed
from tests.stack import TestStack

ANYTHING = "not a code"


@pytest.fixture
def contact(stack: TestStack, pool: Pool) -> Guessed:
    return Guessed(stack, pool)


async def stops(
    contact: Guessed, reference: str, pin: str, submission_id: str | None = None
) -> PinOutcome:
    asked = typed(reference, pin).model_copy(update={"stops": True})
    if submission_id:
        asked = asked.model_copy(update={"submission_id": submission_id})
    checked = await pins(contact.stack, contact.pool, LIMITS.budget).check_pin(asked)
    assert (checked.tries_left, checked.locked_until) == (0, None)
    return checked.outcome


async def is_closed(contact: Guessed, reference: str) -> bool:
    return await unasked.closed_until(contact.pool, reference) is not None


async def test_the_right_code_ends_every_code_of_the_contact_and_no_ordinary_one_is_sent(
    contact: Guessed, reference: str
) -> None:
    another = f"{reference}-b"
    code, of_another = await contact.code(reference), await contact.code(another)
    assert await stops(contact, reference, code) is PinOutcome.RIGHT
    assert await contact.types(reference, code) is PinOutcome.EXPIRED
    assert await contact.types(another, of_another) is PinOutcome.EXPIRED
    refused = await contact.ask(f"{reference}-c", 1, Purse.ORDINARY)
    assert (refused.send_no, refused.spent) == (None, SpentPurse.CLOSED)
    assert refused.not_before
    assert refused.told_at
    assert 23.9 < (refused.not_before - refused.told_at).total_seconds() / 3600 <= 24
    assert refused.kept_at == refused.told_at


@pytest.mark.parametrize("purse", [Purse.KEPT, Purse.STAFF])
async def test_whoever_gives_a_second_datum_or_is_known_to_staff_gets_in_meanwhile(
    contact: Guessed, reference: str, purse: Purse
) -> None:
    assert await stops(contact, reference, await contact.code(reference)) is PinOutcome.RIGHT
    own = f"{reference}-own"
    code = await contact.code(own, 1, purse)
    assert await contact.types(own, "000000" if code != "000000" else "1") is PinOutcome.WRONG
    assert await contact.types(own, code) is PinOutcome.RIGHT


async def test_codes_that_are_used_over_or_tried_too_often_stop_it_too(
    contact: Guessed, reference: str
) -> None:
    used, over, tried = (f"{reference}-{name}" for name in ("used", "over", "tried"))
    codes = {name: await contact.code(name) for name in (used, over, tried)}
    assert await contact.types(used, codes[used]) is PinOutcome.RIGHT
    for _ in range(6):
        await contact.types(tried, ANYTHING)
    await minutes_pass(contact.pool, over, POLICY.pin_ttl // timedelta(minutes=1) + 1)
    assert await contact.types(over, codes[over]) is PinOutcome.EXPIRED
    for name, code in codes.items():
        assert await stops(contact, name, ANYTHING) is PinOutcome.EXPIRED
        assert await stops(contact, name, code) is PinOutcome.RIGHT


async def test_no_more_wrong_codes_count_for_attack_mode_than_are_compared_with_living_codes(
    contact: Guessed, reference: str
) -> None:
    """Else one contact of one's own would keep it on for everybody."""
    await contact.code(reference)
    for _ in range(POLICY.pin_tries_per_code + 20):
        await stops(contact, reference, ANYTHING)
    counted = "SELECT count(*) FROM attempt WHERE reference = $1 AND outcome = 'wrong'"
    assert await contact.pool.fetchval(counted, reference) == POLICY.pin_tries_per_code


async def test_a_wrong_code_there_counts_against_the_codes_tries(
    contact: Guessed, reference: str
) -> None:
    code = await contact.code(reference)
    for _ in range(POLICY.pin_tries_per_code):
        assert await stops(contact, reference, ANYTHING) is PinOutcome.WRONG
    assert await contact.types(reference, code) is PinOutcome.EXPIRED
    assert not await is_closed(contact, reference)


async def test_both_forms_share_the_guesses_of_the_contact(
    contact: Guessed, reference: str
) -> None:
    """Half of the guesses at each form, in as many activations as it takes."""
    compared = 0
    names = [f"{reference}-{number}" for number in range(6)]
    codes = {name: await contact.code(name) for name in names}
    for name, code in codes.items():
        for _ in range(2):
            compared += await contact.types(name, ANYTHING) is PinOutcome.WRONG
            before = await contact.pool.fetchval(_TRIES, name)
            await stops(contact, name, ANYTHING)
            compared += await contact.pool.fetchval(_TRIES, name) > before
        right = await contact.types(name, code)
        assert right is (PinOutcome.RIGHT if compared < 15 else PinOutcome.EXPIRED)
    assert compared == LIMITS.budget.guesses_per_day


_TRIES = "SELECT sum(tries) FROM code WHERE reference = $1"


async def test_racing_guesses_at_both_forms_get_five_tries_together(
    contact: Guessed, reference: str
) -> None:
    code = await contact.code(reference)
    at_pin = [contact.types(reference, ANYTHING) for _ in range(20)]
    here = [stops(contact, reference, ANYTHING) for _ in range(20)]
    await asyncio.gather(*at_pin, *here)
    assert await contact.pool.fetchval(_TRIES, reference) == POLICY.pin_tries_per_code
    assert await contact.types(reference, code) is PinOutcome.EXPIRED


async def test_of_the_owner_and_a_thief_at_once_the_thief_never_has_both(
    contact: Guessed, reference: str
) -> None:
    """Whichever comes first, the activation is told to stop."""
    for number in range(10):
        name = f"{reference}-{number}"
        code = await contact.code(name, 1, Purse.STAFF if number else Purse.ORDINARY)
        await contact.pool.execute(
            "UPDATE message SET reserved_at = now() - interval '2 hours' WHERE reference = $1", name
        )
        _, stopped = await asyncio.gather(contact.types(name, code), stops(contact, name, code))
        assert stopped is PinOutcome.RIGHT
        assert await contact.types(name, code) is not PinOutcome.RIGHT


async def test_sent_again_it_is_the_same_and_closes_once(contact: Guessed, reference: str) -> None:
    code, name = await contact.code(reference), secrets.token_hex(8)
    told = await asyncio.gather(*(stops(contact, reference, code, name) for _ in range(5)))
    assert set(told) == {PinOutcome.RIGHT}
    use = "SELECT count(*) FROM budget WHERE use = $1"
    assert await contact.pool.fetchval(use, f"not_me:{reference}") == 2


async def test_staff_lift_it_from_any_case_of_the_contact(contact: Guessed, reference: str) -> None:
    other = Guessed(contact.stack, contact.pool)
    code, of_other = await contact.code(reference), await other.code(f"{reference}-x")
    later = f"{reference}-later"
    await contact.code(later)
    assert await stops(contact, reference, code) is PinOutcome.RIGHT
    assert await stops(other, f"{reference}-x", of_other) is PinOutcome.RIGHT
    assert await is_closed(contact, later)
    await unasked.open_again(contact.pool, later)
    assert not await is_closed(contact, reference)
    assert (await contact.ask(f"{reference}-again", 1, Purse.ORDINARY)).send_no
    assert await is_closed(other, f"{reference}-x")


async def test_without_a_message_there_is_nothing_to_stop(contact: Guessed, reference: str) -> None:
    assert await stops(contact, reference, "123456") is PinOutcome.EXPIRED
