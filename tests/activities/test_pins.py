"""Tries are counted in the ledger, once a submission, whatever a workflow repeats."""

import asyncio
import secrets
from collections.abc import Callable

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from domain.contracts.channels import Channel
from domain.contracts.people import Destination
from domain.contracts.pin_io import (
    AllowIdentityTries,
    CheckPin,
    CountIdentityTry,
    IdentityTryCounted,
    PinChecked,
    PinOutcome,
    UnlockPin,
)
from postgres import Pool, connect
from tests.codes import POLICY, minutes_pass, pins, reserve, send, typed
from tests.stack import TestStack

WRONG = "no code"


@pytest.fixture
def check(stack: TestStack, pool: Pool) -> "Check":
    return Check(stack, pool)


class Check:
    """Types codes of one activation."""

    def __init__(self, stack: TestStack, pool: Pool) -> None:
        self._stack = stack
        self._pool = pool

    async def __call__(self, request: CheckPin) -> PinChecked:
        return await ActivityEnvironment().run(pins(self._stack, self._pool).check_pin, request)

    async def guess(self, reference: str, times: int = 1) -> list[PinChecked]:
        return [await self(typed(reference, WRONG)) for _ in range(times)]

    async def code(self, reference: str, number: int) -> PinOutcome:
        pin = self._stack.keys.pin(reference, number)
        return (await self(typed(reference, pin))).outcome

    async def unlock(self, reference: str, submission_id: str) -> None:
        request = UnlockPin(reference=reference, submission_id=submission_id)
        await ActivityEnvironment().run(pins(self._stack, self._pool).unlock_pin, request)


async def test_a_code_is_right_once_and_again_for_the_same_submission_only(
    stack: TestStack, pool: Pool, check: Check, reference: str
) -> None:
    number = await send(stack, pool, reference)
    request = typed(reference, stack.keys.pin(reference, number))
    assert [(await check(request)).outcome for _ in range(3)] == [PinOutcome.RIGHT] * 3
    assert await check.code(reference, number) is PinOutcome.EXPIRED


async def test_each_live_code_is_right_an_old_one_expired_and_any_other_wrong(
    stack: TestStack, pool: Pool, check: Check, reference: str
) -> None:
    for run in ("one", "two", "three"):
        await send(stack, pool, reference, run_id=run)
    assert await check.code(reference, 1) is PinOutcome.EXPIRED
    assert (await check(typed(reference, "١٢٣"))).outcome is PinOutcome.WRONG
    assert await check.code(reference, 3) is PinOutcome.RIGHT
    assert await check.code(reference, 2) is PinOutcome.RIGHT
    assert await check.code("A-0000-0000", 2) is PinOutcome.EXPIRED


async def test_a_code_belongs_to_one_activation(
    stack: TestStack, pool: Pool, check: Check, reference: str
) -> None:
    number = await send(stack, pool, reference)
    await send(stack, pool, f"{reference}-B")
    stolen = typed(f"{reference}-B", stack.keys.pin(reference, number))
    assert (await check(stolen)).outcome is PinOutcome.WRONG


async def test_a_submission_counts_once_however_often_and_whenever_it_is_repeated(
    stack: TestStack, pool: Pool, check: Check, reference: str
) -> None:
    await send(stack, pool, reference)
    request = typed(reference, WRONG)
    raced = await asyncio.gather(*(check(request) for _ in range(6)))
    other = (await check.guess(reference))[0]
    await minutes_pass(pool, reference, 30)
    answers = [*raced, await check(request)]
    assert len({(each.outcome, each.tries_left, each.locked_until) for each in answers}) == 1
    assert (raced[0].outcome, raced[0].tries_left) == (PinOutcome.WRONG, 4)
    assert other.tries_left == 3


async def test_racing_guesses_are_counted_one_by_one(
    stack: TestStack, pool: Pool, check: Check, reference: str
) -> None:
    await send(stack, pool, reference)
    guesses = await asyncio.gather(*(check(typed(reference, WRONG)) for _ in range(9)))
    told = sorted(guess.outcome for guess in guesses)
    assert told == [PinOutcome.EXPIRED] * 4 + [PinOutcome.WRONG] * 5


async def test_runs_that_begin_anew_share_five_tries_a_code_and_ten_in_all(
    stack: TestStack, pool: Pool, check: Check, reference: str
) -> None:
    compared: list[PinOutcome] = []
    for run in range(8):
        number = await send(stack, pool, reference, run_id=str(run)) if run < 2 else None
        told = [guess.outcome for guess in await check.guess(reference, 7)]
        compared += told
        assert number in (run + 1, None)
    assert compared.count(PinOutcome.WRONG) == 9
    assert compared.index(PinOutcome.LOCKED) == 7 + 4
    assert (await reserve(stack, pool, reference, run_id="last")).send_no is None


async def test_the_lock_lasts_an_hour_and_what_came_before_opens_nothing(
    stack: TestStack, pool: Pool, check: Check, reference: str
) -> None:
    for run in ("one", "two"):
        await send(stack, pool, reference, run_id=run)
        last = (await check.guess(reference, 5))[-1]
    assert last.outcome is PinOutcome.LOCKED
    assert (await reserve(stack, pool, reference, run_id="three")).locked_until == last.locked_until
    await minutes_pass(pool, reference, 61)
    assert await check.code(reference, 2) is PinOutcome.EXPIRED
    number = await send(stack, pool, reference, run_id="three")
    assert number == 3
    assert await check.code(reference, number) is PinOutcome.RIGHT


async def test_staff_unlock_once_and_the_next_message_has_another_code(
    stack: TestStack, pool: Pool, check: Check, reference: str
) -> None:
    """The word of staff that a run repeats, after a reset, opens no later lock."""
    for run in ("one", "two"):
        await send(stack, pool, reference, run_id=run)
        await check.guess(reference, 5)
    await check.unlock(reference, "staff")
    assert await check.code(reference, 2) is PinOutcome.EXPIRED
    assert await send(stack, pool, reference, run_id="two", request_no=2) == 3
    await check.guess(reference, 5)
    assert await send(stack, pool, reference, run_id="two", request_no=3) == 4
    assert (await check.guess(reference, 5))[-1].outcome is PinOutcome.LOCKED
    await check.unlock(reference, "staff")
    assert (await check.guess(reference))[0].outcome is PinOutcome.LOCKED


async def test_a_code_ends_ten_minutes_after_its_message_and_counts_as_typed_when_received(
    stack: TestStack, pool: Pool, check: Check, reference: str
) -> None:
    number = await send(stack, pool, reference)
    in_time = typed(reference, stack.keys.pin(reference, number))
    await minutes_pass(pool, reference, 11)
    assert await check.code(reference, number) is PinOutcome.EXPIRED
    # Received a moment after the message, as the ledger has it by now.
    early = in_time.model_copy(update={"received_at": in_time.received_at.replace(year=2020)})
    assert (await check(early)).outcome is PinOutcome.RIGHT


async def identity(
    stack: TestStack, pool: Pool, reference: str, submission_id: str | None = None
) -> IdentityTryCounted:
    request = CountIdentityTry(
        reference=reference, submission_id=submission_id or secrets.token_hex(8)
    )
    return await ActivityEnvironment().run(pins(stack, pool).count_identity_try, request)


async def test_answers_to_the_question_count_once_each_and_staff_allow_more_once(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    first = await identity(stack, pool, reference, "first")
    assert (first.allowed, first.tries_left) == (True, 2)
    for _ in range(3):
        assert await identity(stack, pool, reference, "first") == first
    more = [await identity(stack, pool, reference) for _ in range(4)]
    assert [(each.allowed, each.tries_left) for each in more] == [
        (True, 1),
        (True, 0),
        (False, 0),
        (False, 0),
    ]
    allow = AllowIdentityTries(reference=reference, submission_id="staff")
    for left in (POLICY.identity_tries - 1, POLICY.identity_tries - 2):
        await ActivityEnvironment().run(pins(stack, pool).allow_identity_tries, allow)
        assert (await identity(stack, pool, reference)).tries_left == left


class Asked:
    """Answers of several activations about the persons on one contact."""

    def __init__(self, stack: TestStack, pool: Pool, destination: Destination, *keys: str) -> None:
        self._pins = pins(stack, pool)
        self._whose = {"destination": destination, "person_keys": keys}

    async def answer(self, reference: str, submission_id: str | None) -> IdentityTryCounted:
        request = CountIdentityTry.model_validate(
            {"reference": reference, "submission_id": submission_id} | self._whose
        )
        return await ActivityEnvironment().run(self._pins.count_identity_try, request)

    async def allow(self, reference: str, submission_id: str, *, right: bool) -> None:
        request = AllowIdentityTries.model_validate(
            {"reference": reference, "submission_id": submission_id, "right": right} | self._whose
        )
        await ActivityEnvironment().run(self._pins.allow_identity_tries, request)


@pytest.fixture
def on(stack: TestStack, pool: Pool, reference: str) -> Callable[..., Asked]:
    def asked(contact: str, *keys: str) -> Asked:
        to = Destination(channel=Channel.EMAIL, to=f"{contact}.{reference.lower()}@mail.example")
        return Asked(stack, pool, to, *(f"{reference} {key}" for key in keys))

    return asked


async def test_answers_are_counted_by_contact_and_person_whichever_activation_gives_them(
    pool: Pool, reference: str, on: Callable[..., Asked]
) -> None:
    home = on("home", "elder", "younger")
    first = await home.answer(f"{reference}-1", "1")
    others = [await home.answer(f"{reference}-{run}", "1") for run in (2, 3, 4)]
    assert [first.tries_left, *(each.tries_left for each in others)] == [2, 1, 0, 0]
    assert [each.allowed for each in others] == [True, True, False]
    assert others[2].opens_at
    looked = await home.answer(f"{reference}-5", None)
    assert (looked.allowed, looked.tries_left, looked.opens_at) == (False, 0, others[2].opens_at)
    assert await home.answer(f"{reference}-4", "1") == others[2]
    by_another_contact = await on("work", "elder").answer(f"{reference}-6", "1")
    by_a_stranger = await on("work", "stranger").answer(f"{reference}-7", "1")
    assert (by_another_contact.allowed, by_a_stranger.allowed) == (False, True)
    await pool.execute("UPDATE budget SET ends_at = ends_at - interval '1 day'")
    assert (await home.answer(f"{reference}-8", "1")).tries_left == 2


async def test_racing_answers_of_many_browsers_share_three_tries(
    reference: str, on: Callable[..., Asked]
) -> None:
    home = on("home", "elder", "younger")
    raced = await asyncio.gather(*(home.answer(f"{reference}-{run}", "1") for run in range(8)))
    assert sum(each.allowed for each in raced) == POLICY.identity_tries


async def test_a_right_answer_costs_nothing_and_gives_no_wrong_one_back(
    reference: str, on: Callable[..., Asked]
) -> None:
    home = on("home", "elder", "younger")
    await home.answer(f"{reference}-wrong", "1")
    for run in range(5):
        assert (await home.answer(f"{reference}-{run}", "1")).tries_left == 1
        for _ in range(2):
            await home.allow(f"{reference}-{run}", "1", right=True)
    await home.answer(f"{reference}-wrong", "2")
    assert (await home.answer(f"{reference}-wrong", "3")).tries_left == 0
    await home.allow(f"{reference}-wrong", "staff", right=False)
    assert (await home.answer(f"{reference}-other", "1")).tries_left == 2


async def test_without_the_ledger_nothing_is_compared(stack: TestStack, reference: str) -> None:
    away = await connect("postgresql://activation:secret@127.0.0.1:9/none")
    with pytest.raises(ApplicationError) as raised:
        await ActivityEnvironment().run(
            pins(stack, away).check_pin, typed(reference, stack.keys.pin(reference, 1))
        )
    assert raised.value.type == "LEDGER_DOWN"
    await away.close()
