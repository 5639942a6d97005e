"""Numbers of messages and codes: the same for a repeated request, new ones for a run begun anew."""

import asyncio
from datetime import timedelta

from domain.contracts.pin_io import PinOutcome
from ledger import codes, starts
from postgres import Pool
from tests.codes import MANY, POLICY, minutes_pass, reserve, send, typed
from tests.stack import TestStack


async def test_a_repeated_request_gets_the_same_numbers_and_another_run_new_ones(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    first = [await reserve(stack, pool, reference) for _ in range(3)]
    other = await reserve(stack, pool, reference, run_id="reset")
    assert {(each.send_no, each.code_no) for each in first} == {(1, 1)}
    assert (other.send_no, other.code_no) == (2, 2)
    assert other.valid_for == POLICY.pin_ttl


async def test_twenty_at_once_for_the_same_request_reserve_one_message(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    asked = await asyncio.gather(*(reserve(stack, pool, reference) for _ in range(20)))
    assert {(each.send_no, each.code_no) for each in asked} == {(1, 1)}
    rows = await pool.fetch("SELECT key FROM message WHERE reference = $1", reference)
    assert [row["key"] for row in rows] == [f"{reference}:pin:1"]


async def test_twenty_requests_at_once_to_different_contacts_get_a_number_each(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    """Only the codes of the activation make them wait: no contact is locked by two of them."""
    asked = await asyncio.gather(
        *(
            reserve(stack, pool, reference, request_no=number, to=f"mail{number}.example")
            for number in range(20)
        )
    )
    assert sorted(each.send_no or 0 for each in asked) == [*range(1, 21)]
    assert {each.code_no for each in asked} == {1}


async def test_a_reservation_gives_the_place_of_its_start_back_which_nobody_waits_for(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    await starts.admit(pool, reference, most=MANY, lease=timedelta(seconds=-1))
    async with pool.acquire() as ledger, ledger.transaction():
        await ledger.fetch(
            "SELECT * FROM start_under_way WHERE reference = $1 FOR UPDATE", reference
        )
        async with asyncio.timeout(1):
            assert await starts.admit(pool, f"{reference}-B", most=MANY, lease=timedelta(1))
    await reserve(stack, pool, reference)
    left = "SELECT count(*) FROM start_under_way WHERE reference = $1"
    assert not await pool.fetchval(left, reference)
    await starts.release(pool, f"{reference}-B")


async def test_a_resend_of_the_same_run_repeats_a_fresh_code(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    await send(stack, pool, reference)
    await minutes_pass(pool, reference, 4)
    again = await reserve(stack, pool, reference, request_no=2)
    await minutes_pass(pool, reference, 2)
    later = await reserve(stack, pool, reference, request_no=3)
    assert (again.send_no, again.code_no) == (2, 1)
    assert again.valid_for is not None
    assert timedelta(minutes=5) < again.valid_for < timedelta(minutes=6)
    assert (later.send_no, later.code_no) == (3, 3)


async def test_a_message_still_to_be_sent_gets_a_code_that_holds(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    """The gateway was away for longer than the repeated code lived."""
    await send(stack, pool, reference)
    waiting = await reserve(stack, pool, reference, request_no=2)
    await minutes_pass(pool, reference, 11)
    tried_again = [await reserve(stack, pool, reference, request_no=2) for _ in range(2)]
    assert waiting.code_no == 1
    assert [(each.send_no, each.code_no) for each in tried_again] == [(3, 3)] * 2


async def test_a_code_whose_message_was_given_up_for_another_has_an_end(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    """It may have arrived, where a worker died between the gateway's answer and the note of it."""
    await reserve(stack, pool, reference)
    await minutes_pass(pool, reference, 30)
    assert await codes.expires_at(pool, reference, 1, POLICY) is None
    await reserve(stack, pool, reference, request_no=2)
    assert await codes.expires_at(pool, reference, 1, POLICY) is not None
    await minutes_pass(pool, reference, 10)
    checked = await codes.check(pool, typed(reference, "000000"), POLICY, MANY, max)
    assert checked.outcome is PinOutcome.EXPIRED


async def test_messages_of_the_time_before_are_counted_on(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    await pool.execute(
        "INSERT INTO message (key, reference, channel, contact_index, send_no)"
        " VALUES ($1 || ':pin:7', $1, 'sms', '', 7)",
        reference,
    )
    reserved = await reserve(stack, pool, reference)
    assert (reserved.send_no, reserved.code_no) == (8, 8)


async def test_the_end_of_a_code_is_known_once_it_was_handed_over(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    assert await codes.expires_at(pool, reference, 1, POLICY) is None
    await reserve(stack, pool, reference)
    assert await codes.expires_at(pool, reference, 1, POLICY) is None
    await send(stack, pool, reference)
    assert await codes.expires_at(pool, reference, 1, POLICY) is not None


async def test_a_try_that_was_not_answered_was_not_made(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    """What fails between counting and comparing leaves nothing, and is counted when repeated."""
    await send(stack, pool, reference)

    def fail(_: object) -> int:
        raise LookupError

    request = typed(reference, "000000")
    for _ in range(9):
        try:
            await codes.check(pool, request, POLICY, MANY, fail)
        except LookupError:
            continue
    checked = await codes.check(pool, request, POLICY, MANY, lambda _: None)
    assert (checked.outcome, checked.tries_left) == (PinOutcome.WRONG, 4)
