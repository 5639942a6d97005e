"""Staff take back the insurance number that a student typed, before and after the account."""

from datetime import UTC, datetime

import pytest
from temporalio.client import Client

from domain.contracts.account_io import RecordConsent, RecordInsurance
from domain.contracts.submissions import InsuranceSubmission
from domain.contracts.vocabulary import Step, WaitReason
from ledger import audit, insurance
from ledger.audit import REFUSED
from postgres import Pool
from starter.client.activations import Activations
from support.verbs.actions import ActionRefused, possible
from support.verbs.histories import UnknownReference
from support.verbs.load_case import load_case
from support.verbs.staff import Action, NotAllowed, Staff, StaffRole
from support.verbs.typed_insurance import take_back
from tests.desk import desk
from tests.server import working
from tests.stack import TestStack
from tests.starter.client.test_activations import typed, until, waits_for_its_pin
from tests.workflows.engine import PERSON, World, pin_of


async def test_a_typed_number_is_asked_for_again_and_deleted_once_the_activation_is_over(
    client: Client, world: World, reference: str, pool: Pool, stack: TestStack
) -> None:
    world.persons = (PERSON.model_copy(update={"insurance_number": None}),)
    anna, activations = desk(client, pool, keys=stack.keys), Activations(client)
    other = RecordInsurance(
        reference="A-0000-0000", person_key="another", scheme="GR", number="01010599913"
    )
    mine = other.model_copy(update={"reference": reference, "person_key": reference})

    async def takes_back() -> bool:
        return await take_back(anna, reference=reference, reason="she rang")

    async def is_offered() -> bool:
        line = (await load_case(anna, reference)).standing
        return Action.INSURANCE in possible(line.step, line.wait_reason, typed=line.typed)

    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        with pytest.raises(ActionRefused, match="no typed insurance number"):
            await takes_back()
        await activations.submit(reference, "submit_pin", typed(pin_of(1)))
        await until(activations, reference, lambda now: now.step is Step.INSURANCE)
        number = InsuranceSubmission(
            submission_id="number",
            received_at=datetime.now(UTC),
            scheme="GR",
            number="01010500013",
        )
        await activations.submit(reference, "submit_insurance", number)
        await until(activations, reference, lambda now: now.review is not None)
        assert await is_offered()
        assert await takes_back()
        await until(activations, reference, lambda now: now.step is Step.INSURANCE)
        await client.get_workflow_handle(reference).cancel()
        await client.get_workflow_handle(reference).result()
    assert world.made(RecordConsent) == []
    for each in (mine, other):
        assert await insurance.record(pool, stack.keys, each) is (each is mine)
    assert await insurance.is_stored(pool, reference)
    assert await takes_back()
    assert not await insurance.is_stored(pool, reference)
    # Now whoever has it can give it.
    assert await insurance.record(pool, stack.keys, other)
    with pytest.raises(ActionRefused, match="No insurance number"):
        await takes_back()
    rows = await audit.page(pool, stack.keys, reference=reference, limit=50, without=["case"])
    told = [row.action for row in reversed(rows)]
    acts = [Action.INSURANCE, REFUSED, *[Action.INSURANCE] * 3, REFUSED]
    assert told == acts
    for staff, refusal in (
        (Staff("eve", frozenset({StaffRole.VIEWER})), NotAllowed),
        (Staff("nikos", frozenset({StaffRole.HELPDESK}), frozenset({"0"})), UnknownReference),
    ):
        with pytest.raises(refusal):
            await take_back(
                desk(client, pool, keys=stack.keys, staff=staff), reference=reference, reason="x"
            )


def test_it_is_offered_where_a_typed_number_may_be() -> None:
    for step, reason, offered in (
        (Step.REVIEW, WaitReason.WAITING_CONSENT, True),
        (Step.REVIEW, WaitReason.DATA_DISPUTED, True),
        (Step.PASSWORD, WaitReason.WAITING_PASSWORD, True),
        (Step.ACTIVE, None, True),
        (Step.INSURANCE, WaitReason.WAITING_INSURANCE, False),
        (Step.PROVISIONING, None, False),
        (Step.CANCELLED, None, False),
    ):
        assert (Action.INSURANCE in possible(step, reason)) is offered, step
        assert Action.INSURANCE not in possible(step, reason, typed=False), step


async def test_it_is_not_offered_where_the_secretariat_had_the_number(
    client: Client, world: World, reference: str, pool: Pool, stack: TestStack
) -> None:
    anna, activations = desk(client, pool, keys=stack.keys), Activations(client)
    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        await activations.submit(reference, "submit_pin", typed(pin_of(1)))
        await until(activations, reference, lambda now: now.review is not None)
        assert not (await load_case(anna, reference)).standing.typed
        await client.get_workflow_handle(reference).terminate()
    # Once it has ended, the ledger alone knows.
    given = RecordInsurance(
        reference=reference, person_key=reference, scheme="GR", number="01010500021"
    )
    assert not (await load_case(anna, reference)).standing.typed
    await insurance.record(pool, stack.keys, given)
    assert (await load_case(anna, reference)).standing.typed
