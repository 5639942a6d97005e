"""An activation that is over is erased from Temporal and the ledger; one under way never is."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.contracts.staff import CancelSubmission
from domain.contracts.vocabulary import Language
from ledger import audit, erased_list
from ledger import erasure as ledger
from ledger.erased_list import Erased, ErasedKind
from postgres import Pool
from starter.client.activations import Activations
from support.verbs import erasure
from support.verbs.actions import ActionRefused
from support.verbs.cases import CaseState
from support.verbs.histories import UnknownReference
from support.verbs.load_case import load_case, page_of
from support.verbs.search import search
from support.verbs.sentences import sentence
from support.verbs.staff import NotAllowed, Staff, StaffContext, StaffRole
from support.verbs.withdrawal import withdraw
from tests import desk as desks
from tests.ledger.life import left, live, person_of
from tests.server import working
from tests.stack import TestStack
from tests.starter.client.test_activations import begun, waits_for_its_pin
from tests.starter.test_cli import assert_one_line, command, told
from tests.workflows.engine import World
from translations import translator

STAYS = {"activation", "audit", "budget", "consent", "message", "username"}
"""The budget has the wrong codes of a contact, for a day."""


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    return tmp_path / "erasures"


@pytest.fixture
def desk(stack: TestStack, client: Client, pool: Pool, listed: Path) -> StaffContext:
    own = stack.settings.model_copy(update={"erasures_file": listed})
    return desks.desk(client, pool, settings=own)


@pytest.fixture
async def workflows(
    stack: TestStack, client: Client, world: World, pool: Pool, reference: str
) -> list[str]:
    """Leave a cancelled activation whose letter and withdrawal no worker has done yet."""
    activations = Activations(client)
    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        cancel = CancelSubmission(submission_id=token_hex(16), received_at=datetime.now(UTC))
        await activations.submit(reference, "cancel", cancel)
        await client.get_workflow_handle(reference).result()
    request = await live(pool, stack, reference, person_of(stack, reference))
    await activations.mail_support_request(request)
    consent = await pool.fetchval("SELECT id FROM consent WHERE reference = $1", reference)
    await activations.apply_withdrawal(reference, consent)
    return [reference, f"support-{request}", f"withdrawal-{reference}-{consent}"]


async def known(client: Client, workflow_id: str) -> bool:
    try:
        await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


async def gone(client: Client, workflows: list[str]) -> None:
    """Wait until Temporal, which deletes by and by, has none of these."""
    async with asyncio.timeout(20):
        while any([await known(client, each) for each in workflows]):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)


async def test_what_is_over_is_erased_and_what_is_under_way_is_not(
    stack: TestStack, pool: Pool, desk: StaffContext, reference: str, workflows: list[str]
) -> None:
    client = desk.client
    person = person_of(stack, reference)
    before = await left(pool, reference, person)
    with pytest.raises(ActionRefused, match="still in progress"):
        await erasure.erase(desk, reference=reference, reason="asked by letter")
    assert await left(pool, reference, person) == before
    await client.get_workflow_handle(workflows[2]).terminate()
    # A letter that was tried anew has two runs, and one that no mail server takes is never over.
    await client.get_workflow_handle(workflows[1]).terminate()
    await Activations(client).mail_support_request(workflows[1].removeprefix("support-"))
    assert await told("support", "erase", reference.lower(), "--reason", "asked by letter") == {
        "reference": reference,
        "erased": True,
    }
    await gone(client, workflows)
    assert set(await left(pool, reference, person)) == STAYS
    # Who asks again, for what was cut short half-way, gets the same.
    await erasure.erase(desk, reference=reference, reason="again")
    rows = await audit.page(pool, stack.keys, reference=reference)
    assert [(row.action, row.reason) for row in rows] == [
        ("erase", "again"),
        ("erase", "asked by letter"),
    ]


async def test_what_a_restore_brings_back_is_erased_again(
    desk: StaffContext, listed: Path, reference: str, workflows: list[str]
) -> None:
    """A restored Temporal has the runs again, and what had ended may be open."""
    client = desk.client
    await client.get_workflow_handle(workflows[2]).terminate()
    await erasure.erase(desk, reference=reference, reason="asked")
    erased = erased_list.read(listed)
    assert next(iter(erased)) == Erased(ErasedKind.ACTIVATION, reference)
    assert {each.name for each in erased if each.kind is ErasedKind.WORKFLOW} == {*workflows}
    await gone(client, workflows)
    await Activations(client).start(begun(reference))
    await Activations(client).mail_support_request(workflows[1].removeprefix("support-"))
    answer = await told("privacy", "erase-again", str(listed), "--since", "2026-01-01")
    assert answer == {"erased": len(erased)}
    await gone(client, workflows)
    refused = await command("privacy", "erase-again")
    assert_one_line(refused, says="no erasures_file is set")


async def test_nothing_is_erased_that_cannot_be_listed(
    stack: TestStack, client: Client, pool: Pool, listed: Path, reference: str
) -> None:
    person = person_of(stack, reference)
    await live(pool, stack, reference, person)
    before = await left(pool, reference, person)
    away = stack.settings.model_copy(update={"erasures_file": listed / "nowhere"})
    desk = desks.desk(client, pool, settings=away)
    with pytest.raises(ActionRefused, match="erasures_file"):
        await erasure.erase(desk, reference=reference, reason="asked")
    assert await left(pool, reference, person) == before


async def test_an_erased_one_claims_nothing_of_an_account(
    stack: TestStack, client: Client, pool: Pool, reference: str
) -> None:
    """Nor anything else that Temporal, which deletes by and by, still knows of it."""
    desk = desks.desk(client, pool, settings=stack.settings)
    await live(pool, stack, reference, person_of(stack, reference))
    assert (await load_case(desk, reference)).standing.state is CaseState.ENDED
    await Activations(client).start(begun(reference))
    await ledger.erase(pool, stack.keys, reference)
    case = await load_case(desk, reference)
    assert (case.standing.state, case.masked, page_of(desk, case)) == (CaseState.ERASED, {}, None)
    for language in Language:
        told = sentence(case.standing, translator(language))
        assert not re.search("is active|ενεργός", told)
    (found,) = (await search(desk, reference)).rows
    assert found.state is CaseState.ERASED
    with pytest.raises(ActionRefused, match="was erased"):
        await withdraw(desk, [], reference=reference, reason="asked")
    await client.get_workflow_handle(reference).terminate()


async def test_an_open_activation_is_refused_in_words(
    client: Client, world: World, pool: Pool, reference: str
) -> None:
    async with working(client, world):
        await waits_for_its_pin(Activations(client), reference)
    ended = await command("support", "erase", reference, "--reason", "too early")
    assert_one_line(ended, says="still in progress")
    assert not await pool.fetchval("SELECT count(*) FROM audit WHERE reference = $1", reference)
    await client.get_workflow_handle(reference).terminate()


@pytest.mark.parametrize(
    ("staff", "raises"),
    [
        (desks.ANNA, UnknownReference),
        (Staff("nikos", frozenset(set(StaffRole) - {StaffRole.OPERATOR})), NotAllowed),
    ],
)
async def test_nobody_erases_what_is_unknown_and_only_operators_erase(
    client: Client, pool: Pool, reference: str, staff: Staff, raises: type[Exception]
) -> None:
    with pytest.raises(raises):
        await erasure.erase(desks.desk(client, pool, staff=staff), reference=reference, reason="x")


async def test_another_departments_is_unknown(
    stack: TestStack, client: Client, pool: Pool, reference: str
) -> None:
    person = person_of(stack, reference)
    await live(pool, stack, reference, person)
    before = await left(pool, reference, person)
    limited = Staff("nikos", frozenset(StaffRole), departments=frozenset({"none"}))
    with pytest.raises(UnknownReference):
        await erasure.erase(
            desks.desk(client, pool, staff=limited), reference=reference, reason="x"
        )
    assert await left(pool, reference, person) == before
