"""Staff see that a contact is closed, and open it again with a reason."""

import pytest
from temporalio.client import Client

from domain.contracts.vocabulary import Language, Step, WaitReason
from ledger import activations, audit, unasked
from postgres import Pool
from support.verbs.actions import OVER, ActionRefused, possible
from support.verbs.load_case import load_case
from support.verbs.reopen import reopen
from support.verbs.sentences import sentence
from support.verbs.staff import Action, NotAllowed, Staff, StaffContext, StaffRole
from tests.codes import send
from tests.desk import desk
from tests.stack import TestStack
from translations import translator


@pytest.fixture
def anna(client: Client, pool: Pool, stack: TestStack) -> StaffContext:
    return desk(client, pool, keys=stack.keys, settings=stack.settings)


async def stopped(pool: Pool, stack: TestStack, reference: str) -> None:
    """Let whoever got its message have stopped this activation."""
    await activations.begin(
        pool,
        stack.keys,
        reference=reference,
        language=Language.EL,
        mobile=None,
        email=f"{reference.lower()}@mail.example",
    )
    number = await send(stack, pool, reference)
    async with pool.acquire() as ledger:
        await unasked.close(ledger, reference, number, 15)
    await activations.close(pool, reference=reference, end=Step.CANCELLED)


async def test_a_closed_contact_is_seen_and_opened_once(
    anna: StaffContext, stack: TestStack, pool: Pool, reference: str
) -> None:
    await stopped(pool, stack, reference)
    line = (await load_case(anna, reference)).standing
    assert line.closed_until
    told = sentence(line, translator("en"), lambda at: f"{at:%H:%M}")
    assert f"No code is sent to its contact until {line.closed_until:%H:%M}" in told
    await reopen(anna, reference=reference, reason="it was the student")
    (row,) = await audit.page(pool, stack.keys, reference=reference, action=Action.REOPEN)
    assert row.reason == "it was the student"
    assert (await load_case(anna, reference)).standing.closed_until is None
    with pytest.raises(ActionRefused, match="No contact"):
        await reopen(anna, reference=reference, reason="again")
    assert len(await audit.page(pool, stack.keys, reference=reference, action=Action.REOPEN)) == 1


async def test_not_everybody_may(
    client: Client, stack: TestStack, pool: Pool, reference: str
) -> None:
    await stopped(pool, stack, reference)
    for role in set(StaffRole) - {StaffRole.HELPDESK, StaffRole.SUPERVISOR}:
        nikos = Staff("nikos", frozenset({role}))
        other = desk(client, pool, keys=stack.keys, settings=stack.settings, staff=nikos)
        with pytest.raises(NotAllowed):
            await reopen(other, reference=reference, reason="x")
    assert await unasked.closed_until(pool, reference)


@pytest.mark.parametrize("step", [Step.PIN, Step.CANCELLED])
def test_it_is_offered_where_a_contact_is_closed_and_only_there(step: Step) -> None:
    reason = WaitReason.WAITING_PIN if step is Step.PIN else WaitReason.NOT_ME
    assert Action.REOPEN in possible(step, reason, closed=True)
    assert Action.REOPEN not in possible(step, reason)


def test_a_reason_that_nobody_is_needed_for_offers_no_retry_at_an_end() -> None:
    assert possible(Step.CANCELLED, WaitReason.NOT_ME) == OVER
    assert possible(Step.NOT_FOUND, WaitReason.SHARED_BY_MANY) == OVER
    assert possible(Step.CANCELLED, WaitReason.LEDGER_DOWN) == OVER | {Action.RETRY}
