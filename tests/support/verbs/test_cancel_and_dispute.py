"""Staff cancel what can be cancelled, and read what a student says is wrong."""

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from temporalio.client import Client

from domain.contracts.message_io import NoticeKind, SendNotice
from domain.contracts.submissions import (
    ConsentSubmission,
    DisputeSubmission,
    PasswordSubmission,
    WithdrawSubmission,
)
from domain.contracts.views import Progress
from domain.contracts.vocabulary import (
    ActivityName,
    Detail,
    FailureType,
    Language,
    Step,
    WaitReason,
)
from postgres import Pool, connect
from starter.client.activations import Activations
from support.verbs import actions, cases
from support.verbs.histories import UnknownReference
from support.verbs.sentences import sentence
from support.verbs.staff import Action
from tests.desk import desk
from tests.server import working
from tests.stack import TestStack
from tests.starter.client.test_activations import typed, until, waits_for_its_pin
from tests.workflows.engine import World, pin_of
from translations import translator

NOTE = "Το επώνυμο γράφεται με ένα λ"


@pytest.fixture
async def pool(stack: TestStack) -> AsyncIterator[Pool]:
    ledger = await connect(stack.ledger_dsn)
    yield ledger
    await ledger.close()


def stamp() -> dict[str, object]:
    return {"submission_id": secrets.token_hex(16), "received_at": datetime.now(UTC)}


async def reviewed(activations: Activations, reference: str) -> Progress:
    await waits_for_its_pin(activations, reference)
    await activations.submit(reference, "submit_pin", typed(pin_of(1)))
    return await until(activations, reference, lambda now: now.review is not None)


async def cancelled(client: Client, pool: Pool, reference: str) -> bool:
    return await actions.submit(
        desk(client, pool),
        Action.CANCEL,
        reference=reference,
        reason="asked at the desk",
    )


async def test_a_cancelled_activation_ends_the_student_is_told_and_the_audit_knows(
    client: Client, world: World, reference: str, pool: Pool
) -> None:
    activations = Activations(client)
    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        assert await cancelled(client, pool, reference)
        assert (await client.get_workflow_handle(reference).result())["end"] == Step.CANCELLED
    assert [notice.notice for notice in world.made(SendNotice)] == [NoticeKind.CANCELLED]
    rows = await pool.fetch("SELECT actor, action FROM audit WHERE reference = $1", reference)
    assert [tuple(row) for row in rows] == [("anna", "cancel")]
    with pytest.raises(actions.ActionRefused, match="has ended"):
        await cancelled(client, pool, reference)


async def test_an_account_being_made_is_not_cancelled(
    client: Client, world: World, reference: str, pool: Pool
) -> None:
    world.failing = {ActivityName.PROVISION_ACCOUNT: 1000}
    world.failure = FailureType.DIRECTORY_DOWN
    activations = Activations(client)
    async with working(client, world):
        shown = (await reviewed(activations, reference)).review
        assert shown
        consent = ConsentSubmission(shown_hash=shown.shown_hash, **stamp())
        await activations.submit(reference, "give_consent", consent)
        password = PasswordSubmission(sealed_id="sealed", **stamp())
        await activations.submit(reference, "submit_password", password)
        with pytest.raises(actions.ActionRefused, match="being created"):
            await cancelled(client, pool, reference)
        await client.get_workflow_handle(reference).terminate()


async def test_nobody_cancels_what_is_not_there(client: Client, reference: str, pool: Pool) -> None:
    with pytest.raises(UnknownReference):
        await cancelled(client, pool, reference)
    assert not await pool.fetchval("SELECT count(*) FROM audit WHERE reference = $1", reference)


async def test_staff_read_what_is_disputed_while_it_is_and_no_name(
    client: Client, world: World, reference: str
) -> None:
    activations = Activations(client)
    wrong = (Detail.NAME, Detail.DEPARTMENT)
    async with working(client, world):
        await reviewed(activations, reference)
        first = DisputeSubmission(wrong=(Detail.OTHER,), note="first", **stamp())
        await activations.submit(reference, "dispute", first)
        await activations.submit(reference, "withdraw", WithdrawSubmission(**stamp()))
        before = await cases.case(client, reference)
        await activations.submit(
            reference, "dispute", DisputeSubmission(wrong=wrong, note=NOTE, **stamp())
        )
        late = DisputeSubmission(wrong=(Detail.USERNAME,), note="late", **stamp())
        await activations.submit(reference, "dispute", late)
    case = await cases.case(client, reference)
    await client.get_workflow_handle(reference).terminate()
    assert "note" not in before.masked
    assert case.masked["disputed"] == "name, department"
    assert case.masked["note"] == NOTE
    assert "Μαρία" not in str(case.as_dict(""))
    assert "secretariat" in sentence(case.standing, translator("en"))


@pytest.mark.parametrize("language", Language)
def test_the_question_that_fitted_nobody_is_told_apart_from_the_one_that_waits(
    language: Language,
) -> None:
    told = set()
    for step in (Step.IDENTIFY, Step.NEEDS_SUPPORT):
        now = datetime.now(UTC)
        stands = cases.CaseSummary(
            "A-7K3F-92QD", step, WaitReason.WAITING_IDENTITY, now, None, None
        )
        told.add(sentence(stands, translator(language)))
    assert len(told) == 2
