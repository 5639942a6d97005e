"""From a case to the registrar: the number that others need stands there, and the look is noted."""

from dataclasses import replace
from datetime import UTC, date, datetime
from secrets import token_hex

import pytest
from temporalio.client import Client

from domain.contracts.submissions import IdentitySubmission, InsuranceSubmission
from domain.contracts.vocabulary import Language, Step
from ledger import audit, claims
from postgres import Pool
from starter.client.activations import Activations
from support.verbs.actions import ActionRefused
from support.verbs.histories import UnknownReference
from support.verbs.registrar import RegistrarQuestion, check
from support.verbs.staff import NotAllowed, Staff, StaffRole
from tests import desk as desks
from tests.activities.test_registrar import insert
from tests.server import working
from tests.stack import TestStack
from tests.starter.client.test_activations import begun, handed_over, typed, until
from tests.support.console.conftest import SignedIn
from tests.support.verbs.test_registrar import person_of
from tests.workflows.engine import PERSON, World, pin_of


async def test_who_was_told_apart_of_several_is_looked_up_by_the_case(  # noqa: PLR0917 - fixtures
    stack: TestStack,
    client: Client,
    pool: Pool,
    world: World,
    reference: str,
    signed_in: SignedIn,
) -> None:
    number, email = f"C{reference}", f"{reference}@mail.example".lower()
    await insert(stack, number, extemail=email, departmentid="401")
    person = await person_of(stack, email)
    contact = {"sms_to": PERSON.sms_to, "email_to": None}
    brother = {"person_key": "b", "birth_date": date(1999, 1, 2)}
    world.persons = (PERSON.model_copy(update=brother), person.model_copy(update=contact))
    desk = desks.desk(client, pool, keys=stack.keys, settings=stack.settings)
    activations = Activations(client)
    question = RegistrarQuestion(case=reference)
    async with working(client, world):
        await activations.start(begun(reference))
        await until(activations, reference, handed_over)
        await activations.submit(reference, "submit_pin", typed(pin_of(1)))
        await until(activations, reference, lambda now: now.step is Step.IDENTIFY)
        with pytest.raises(ActionRefused, match="does not show whose"):
            await check(desk, question)
        answer = IdentitySubmission(
            submission_id=token_hex(16), received_at=datetime.now(UTC), answer="2005-01-01"
        )
        await activations.submit(reference, "identify", answer)
        await until(activations, reference, lambda now: now.step is Step.INSURANCE)
        # Until the directory is asked, only the ledger tells, which is not the world's here.
        with pytest.raises(ActionRefused, match="does not show whose"):
            await check(desk, question)
        await claims.note_and_claim(
            pool, stack.keys, reference=reference, person=person, language=Language.EL
        )
        assert (await check(desk, question)).people
        await pool.execute("DELETE FROM activation WHERE reference = $1", reference)
        given = InsuranceSubmission(
            submission_id=token_hex(16),
            received_at=datetime.now(UTC),
            scheme="EHIC",
            number="1" * 10,
        )
        await activations.submit(reference, "submit_insurance", given)
        await until(activations, reference, lambda now: now.review is not None)
    (human,) = (await check(desk, question)).people
    assert [row.number for row in human.rows] == [f"TEST/{number}"]
    browser = await signed_in("helpdesk")
    case = (await browser.get(f"/case/{reference}")).text
    assert (number in case, f'name="case" value="{reference}"' in case) == (False, True)
    assert f"TEST/{number}" in (await browser.post("/registrar", case=reference)).text
    rows = await audit.page(pool, stack.keys, reference=reference, action="registrar")
    assert [(row.actor, row.reason) for row in rows] == [
        ("helpdesk", "number"),
        ("anna", "number"),
        ("anna", "number"),
    ]
    for staff, raises in (
        (Staff("eva", frozenset(StaffRole), frozenset({"402"})), UnknownReference),
        (Staff("eva", frozenset({StaffRole.VIEWER})), NotAllowed),
    ):
        with pytest.raises(raises):
            await check(replace(desk, staff=staff), question)
    viewer = await signed_in("viewer")
    assert 'action="/registrar"' not in (await viewer.get(f"/case/{reference}")).text
