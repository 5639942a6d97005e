"""What staff are offered is what the activation takes, and everything else is refused in words."""

from itertools import pairwise

import pytest
from temporalio.client import Client

from domain.contracts.channels import Channel
from domain.contracts.vocabulary import Language, Step, WaitReason
from ledger import audit, posts
from ledger.audit import REFUSED
from ledger.posts import IN_ALL
from postgres import Pool
from starter.client.activations import Activations
from support.verbs import actions
from support.verbs.actions import ActionRefused, possible, submit
from support.verbs.histories import UnknownReference
from support.verbs.load_case import load_case
from support.verbs.sentences import sentence
from support.verbs.staff import ALLOWED, Action, NotAllowed, Staff, StaffRole
from tests.desk import desk
from tests.server import working
from tests.stack import TestStack
from tests.starter.client.test_activations import typed, until, waits_for_its_pin
from tests.workflows.engine import World, pin_of
from translations import translator
from workflows.steps import ENDS, REASONS

ACTIONS = tuple(actions.SUBMISSIONS)


@pytest.mark.parametrize("step", Step)
def test_something_can_be_done_wherever_an_activation_stands(step: Step) -> None:
    for reason in REASONS[step]:
        offered = possible(step, reason) - {Action.NOTE}
        assert offered or step is Step.PROVISIONING
        assert (Action.ERASE in offered) is (step in ENDS)


def test_what_is_held_can_be_released_or_cancelled_and_nothing_else() -> None:
    held = possible(Step.NEEDS_SUPPORT, WaitReason.HELD)
    assert held == {Action.NOTE, Action.RELEASE, Action.CANCEL}


async def test_what_is_not_offered_is_refused_and_what_is_works(
    client: Client, world: World, reference: str, pool: Pool, stack: TestStack
) -> None:
    """At each place every act that is not offered is tried, and changes nothing."""
    anna = desk(client, pool, keys=stack.keys)
    activations = Activations(client)

    async def refuses(step: Step, reason: WaitReason) -> None:
        for action in set(ACTIONS) - possible(step, reason) - {Action.RETRY}:
            with pytest.raises(ActionRefused):
                await submit(anna, action, reference=reference, reason="tried")
        stands = await activations.recorded_state(reference)
        assert stands is not None
        assert stands[:2] == (step, reason)

    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        await refuses(Step.PIN, WaitReason.WAITING_PIN)
        world.staff_may = False
        with pytest.raises(ActionRefused, match="No message can be sent"):
            await submit(
                anna, Action.RESEND, reference=reference, reason="asked", channel=Channel.EMAIL
            )
        assert await submit(anna, Action.HOLD, reference=reference, reason="a call")
        await refuses(Step.NEEDS_SUPPORT, WaitReason.HELD)
        assert await submit(anna, Action.RELEASE, reference=reference, reason="it was she")
        await activations.submit(reference, "submit_pin", typed(pin_of(1)))
        await until(activations, reference, lambda now: now.review is not None)
        await refuses(Step.REVIEW, WaitReason.WAITING_CONSENT)
        assert await submit(anna, Action.CANCEL, reference=reference, reason="she asked")
        # While it closes its step is the end already, but a retry may still hasten it.
        await client.get_workflow_handle(reference).result()
        with pytest.raises(ActionRefused, match="ended"):
            await submit(anna, Action.RETRY, reference=reference, reason="tried")
    rows = await audit.page(pool, stack.keys, reference=reference, limit=500)
    # The newest row is the first: each that came to nothing has a second one that says so.
    came_to_nothing = [
        (after.action, after.reason) == (REFUSED, row.action)
        for after, row in pairwise(rows)
        if row.reason == "tried"
    ]
    assert rows[0].action == REFUSED
    assert all(came_to_nothing)
    assert len(came_to_nothing) > len(ACTIONS)


async def test_an_unlock_gives_new_answers_where_so_many_were_sent_that_none_are_taken(
    client: Client, world: World, reference: str, pool: Pool, stack: TestStack
) -> None:
    anna = desk(client, pool, keys=stack.keys)
    activations = Activations(client)

    async def unlocks(submission_id: str) -> bool:
        return await submit(
            anna,
            Action.UNLOCK,
            reference=reference,
            reason="she rang",
            submission_id=submission_id,
        )

    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        with pytest.raises(ActionRefused, match="not locked"):
            await unlocks("needless")
        await pool.execute(
            "INSERT INTO post SELECT $1, n::text FROM generate_series(1, $2) n", reference, IN_ALL
        )
        line = (await load_case(anna, reference)).standing
        assert "staff can unlock it" in sentence(line, translator(Language.EN), str)
        assert Action.UNLOCK in possible(line.step, line.wait_reason, spent=line.spent)
        for _ in range(2):
            assert await unlocks("two clicks")
        line = (await load_case(anna, reference)).standing
        assert Action.UNLOCK not in possible(line.step, line.wait_reason, spent=line.spent)
        await client.get_workflow_handle(reference).terminate()
    assert await posts.take(pool, reference, "another answer") is None


async def test_a_double_click_is_one_act(
    client: Client, world: World, reference: str, pool: Pool, stack: TestStack
) -> None:
    anna = desk(client, pool, keys=stack.keys)
    activations = Activations(client)
    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        for _ in range(2):
            assert await submit(
                anna, Action.HOLD, reference=reference, reason="a call", submission_id="one"
            )
        stands = await activations.recorded_state(reference)
        assert stands is not None
        assert stands.wait_reason is WaitReason.HELD
        await client.get_workflow_handle(reference).terminate()


async def test_nobody_acts_beyond_their_roles_or_departments(
    client: Client, world: World, reference: str, pool: Pool, stack: TestStack
) -> None:
    activations = Activations(client)
    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        for role in StaffRole:
            theirs = Staff("maria", frozenset({role}))
            for action in set(ACTIONS) - ALLOWED[role]:
                with pytest.raises(NotAllowed):
                    await submit(
                        desk(client, pool, keys=stack.keys, staff=theirs),
                        action,
                        reference=reference,
                        reason="tried",
                    )
        elsewhere = Staff("maria", frozenset(StaffRole), frozenset({"999"}))
        with pytest.raises(UnknownReference):
            await submit(
                desk(client, pool, keys=stack.keys, staff=elsewhere),
                Action.CANCEL,
                reference=reference,
                reason="tried",
            )
        await client.get_workflow_handle(reference).terminate()
    done = await pool.fetchval("SELECT count(*) FROM audit WHERE reference = $1", reference)
    assert done == 0
