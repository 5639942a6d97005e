"""What students wrote is listed, read, answered and closed; once, and by who may."""

import asyncio
import json
import re
from dataclasses import replace
from secrets import token_bytes, token_hex

import pytest
from temporalio.client import Client
from temporalio.worker import Worker
from typer.testing import CliRunner, Result

from activities.desk import DeskActivities
from domain.contracts.message_io import Delivery
from domain.contracts.vocabulary import Language, TaskQueue
from domain.references import from_digest
from ledger import audit, support_requests
from ledger.support_requests import HelpRequest
from postgres import Pool
from security.purposes import User
from starter.ready_answers import LONGEST_ANSWER
from support.commands.main import commands
from support.verbs import notes, requests
from support.verbs.actions import ActionRefused
from support.verbs.requests import UnknownRequest
from support.verbs.staff import NotAllowed, Staff, StaffContext, StaffRole
from tests import desk as desks
from tests.sandbox import sandbox
from tests.stack import TestStack
from workflows.support_request import SupportAnswer

TEXT = "Δεν ήρθε ο κωδικός."
MAILBOX = "maria.{}@mail.example"


@pytest.fixture
def desk(stack: TestStack, client: Client, pool: Pool) -> StaffContext:
    return desks.desk(client, pool, keys=stack.keys, settings=stack.settings)


@pytest.fixture
async def asked(stack: TestStack, pool: Pool) -> HelpRequest:
    return await ask(stack, pool)


async def ask(stack: TestStack, pool: Pool, department: str | None = None) -> HelpRequest:
    reference = from_digest(token_bytes(20))
    number = token_hex(16)
    if department:
        await pool.execute(
            "INSERT INTO activation (reference, language, department) VALUES ($1, 'el', $2)",
            reference,
            department,
        )
    request = HelpRequest(
        number, reference, "pin", Language.EL, "Μαρία", MAILBOX.format(number), TEXT
    )
    await support_requests.put(pool, stack.keys, request)
    return request


async def audited(desk: StaffContext, reference: str | None) -> list[str | None]:
    rows = await audit.page(desk.pool, desk.keys, reference=reference)
    return [row.reason for row in reversed(rows)]


async def test_an_answer_reaches_the_mailbox_and_settles_the_request(
    stack: TestStack, client: Client, desk: StaffContext, pool: Pool, asked: HelpRequest
) -> None:
    assert asked.id in {line.id for line in (await requests.waiting(desk, per_page=10_000)).rows}
    count = await requests.open_count(desk)
    for _ in range(2):  # A double click.
        stands = await requests.answer(desk, asked.id, " Στείλαμε νέο. ", submission_id="one")
        assert (stands.answer, stands.settled_by) == ("Στείλαμε νέο.", "anna")
    assert await requests.open_count(desk) == count - 1
    activities = DeskActivities(
        pool=pool, keys=stack.keys_of(User.MESSAGING), settings=stack.settings
    )
    handle = client.get_workflow_handle(f"answer-{asked.id}")
    async with (
        Worker(
            client,
            task_queue=TaskQueue.MAIN,
            workflows=[SupportAnswer],
            workflow_runner=sandbox(),
        ),
        Worker(client, task_queue=TaskQueue.MAIL, activities=activities.all()),
    ):
        await handle.result()
    await activities.close()
    (message,) = stack.messages(asked.reply_to)
    assert "Στείλαμε νέο." in message["text"]
    stands = await requests.read(desk, asked.id)
    assert (stands.line.delivery, stands.is_open) == (Delivery.SENT, False)
    assert await audited(desk, asked.reference) == [f"{asked.id} answer", f"read {asked.id}"]


async def test_of_two_at_once_one_answers_and_the_other_is_told(
    desk: StaffContext, asked: HelpRequest
) -> None:
    tries = (
        requests.answer(desk, asked.id, f"Απάντηση {who}", submission_id=who) for who in "abcd"
    )
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, ActionRefused)]
    assert len(refused) == 3
    (kept,) = {
        each.answer for each in outcomes if isinstance(each, support_requests.HelpRequestDetail)
    }
    assert (await requests.read(desk, asked.id)).answer == kept
    with pytest.raises(ActionRefused, match="settled"):
        await requests.close(desk, asked.id, submission_id="e", reason="done")
    rows = await audit.page(desk.pool, desk.keys, reference=asked.reference)
    answered = [row.action for row in rows if "answer" in str(row.reason)]
    came_to_nothing = [row for row in rows if row.action == audit.REFUSED]
    assert len(answered) == len(came_to_nothing) + 1


async def test_a_request_is_closed_with_a_reason_and_not_answered_after(
    desk: StaffContext, asked: HelpRequest
) -> None:
    with pytest.raises(ActionRefused, match="reason"):
        await requests.close(desk, asked.id, submission_id="1", reason=" \n")
    for _ in range(2):
        stands = await requests.close(desk, asked.id, submission_id="1", reason="by telephone")
        assert (stands.closing, stands.answer, stands.is_open) == ("by telephone", None, False)
    with pytest.raises(ActionRefused):
        await requests.answer(desk, asked.id, "late", submission_id="2")
    assert await audited(desk, asked.reference) == [f"{asked.id} close: by telephone"]
    assert asked.id not in {
        line.id for line in (await requests.waiting(desk, per_page=10_000)).rows
    }


async def test_an_answer_no_mailbox_took_is_open_until_it_is_closed(
    desk: StaffContext, pool: Pool, asked: HelpRequest
) -> None:
    await requests.answer(desk, asked.id, "Γεια", submission_id="1")
    await support_requests.delivered(pool, asked.id, Delivery.UNDELIVERABLE)
    (line,) = (
        line for line in (await requests.waiting(desk, per_page=10_000)).rows if line.id == asked.id
    )
    assert line.delivery is Delivery.UNDELIVERABLE
    with pytest.raises(ActionRefused, match="mailbox"):
        await requests.answer(desk, asked.id, "Γεια", submission_id="2")
    stands = await requests.close(desk, asked.id, submission_id="3", reason="called")
    assert (stands.answer, stands.closing, stands.is_open) == ("Γεια", "called", False)


@pytest.mark.parametrize("text", ["", " \n\t", "α" * (LONGEST_ANSWER + 1)])
async def test_an_empty_or_endless_answer_is_refused(
    desk: StaffContext, asked: HelpRequest, text: str
) -> None:
    with pytest.raises(ActionRefused):
        await requests.answer(desk, asked.id, text, submission_id="1")
    assert (await requests.read(desk, asked.id)).is_open
    assert await audited(desk, asked.reference) == [f"read {asked.id}"]


async def test_another_departments_requests_are_neither_listed_nor_opened(
    stack: TestStack, desk: StaffContext, pool: Pool, asked: HelpRequest
) -> None:
    ours, theirs = await ask(stack, pool, "401"), await ask(stack, pool, "402")
    limited = replace(desk, staff=Staff("eva", frozenset({StaffRole.HELPDESK}), frozenset({"401"})))
    listed = {line.id for line in (await requests.waiting(limited)).rows}
    assert ours.id in listed
    assert listed.isdisjoint({theirs.id, asked.id})
    for other in (theirs.id, asked.id, "none"):
        with pytest.raises(UnknownRequest):
            await requests.read(limited, other)
        with pytest.raises(UnknownRequest):
            await requests.answer(limited, other, "Γεια", submission_id="1")
    assert await audited(desk, theirs.reference) == []


async def test_requests_of_others_hide_none_of_the_department_and_all_are_counted(
    stack: TestStack, desk: StaffContext, pool: Pool
) -> None:
    """Anybody may ask for help, as often as they like; a list has an end, and a count none."""
    eva = Staff("eva", frozenset({StaffRole.HELPDESK}), frozenset({token_hex(4)}))
    limited = replace(desk, staff=eva)
    before = await requests.open_count(desk)
    for department in (None, None, "402"):
        await ask(stack, pool, department)
    ours = [(await ask(stack, pool, *eva.departments or ())).id for _ in range(3)]
    told = [await requests.waiting(limited, number, per_page=2) for number in (0, 1, 2, 9)]
    assert [[line.id for line in page.rows] for page in told] == [ours[:2]] * 2 + [ours[2:]] * 2
    assert {(page.pages, page.total) for page in told} == {(2, 3)}
    assert await requests.open_count(limited) == 3
    assert await requests.open_count(desk) == before + 6
    nobodys = replace(desk, staff=replace(eva, departments=frozenset()))
    assert ((await requests.waiting(nobodys)).rows, await requests.open_count(nobodys)) == ([], 0)


async def test_requests_of_nobody_push_those_of_known_students_out_of_no_page(
    stack: TestStack, desk: StaffContext, pool: Pool
) -> None:
    await ask(stack, pool, None)
    known = await ask(stack, pool, "401")
    await pool.execute(
        "UPDATE activation SET person_key = 'somebody' WHERE reference = $1", known.reference
    )
    total = await requests.open_count(desk)
    rows = (await requests.waiting(desk, per_page=total)).rows
    order = [row.id for row in rows]
    proved = await pool.fetchval(
        "SELECT count(*) FROM support_request JOIN activation USING (reference)"
        " WHERE person_key IS NOT NULL"
    )
    assert order.index(known.id) < proved
    assert len(order) == total


async def test_who_may_only_look_at_cases_reads_no_request(
    desk: StaffContext, asked: HelpRequest
) -> None:
    viewer = replace(desk, staff=Staff("eva", frozenset({StaffRole.VIEWER})))
    assert await requests.open_count(viewer) == 0
    for verb in (requests.waiting(viewer), requests.read(viewer, asked.id)):
        with pytest.raises(NotAllowed):
            await verb


async def test_an_answer_is_kept_while_temporal_is_away_and_handed_on_later(
    desk: StaffContext, pool: Pool, asked: HelpRequest
) -> None:
    nowhere = await Client.connect(
        "127.0.0.1:9", lazy=True, data_converter=desk.client.data_converter
    )
    stands = await requests.answer(
        replace(desk, client=nowhere), asked.id, "Γεια", submission_id="1"
    )
    assert (stands.answer, stands.line.delivery) == ("Γεια", None)
    await pool.execute(
        "UPDATE support_request SET settled_at = now() - interval '2 minutes' WHERE id = $1",
        asked.id,
    )
    assert asked.id in await support_requests.answers_left_behind(pool)


async def run(*words: str) -> Result:
    """Run the command as a person does, where no loop runs."""
    return await asyncio.to_thread(CliRunner().invoke, commands, [*words])


@pytest.mark.usefixtures("client")
async def test_the_commands_list_show_answer_and_dismiss(
    stack: TestStack, pool: Pool, desk: StaffContext, asked: HelpRequest
) -> None:
    noted = token_hex(16)
    await notes.write_on_request(desk, "Την ξέρω.", request_id=asked.id, note_id=noted)
    listed = json.loads((await run("requests", "--json")).stdout)
    assert {"reference", "step", "created_at"} <= set(listed[0])
    assert TEXT not in str(listed)
    shown = (await run("request", asked.id)).stdout
    assert TEXT in shown
    assert re.search(r"Note of anna, .+:\nΤην ξέρω\.\n", shown)
    (note,) = json.loads((await run("request", asked.id, "--json")).stdout)["notes"]
    assert (note["author"], note["text"], note["addressee"]) == ("anna", "Την ξέρω.", None)
    told = json.loads((await run("answer", asked.id, "--text", "Στείλαμε νέο.", "--json")).stdout)
    assert told["answer"] == "Στείλαμε νέο."
    again = await run("answer", asked.id, "--text", "Κι άλλο.")
    assert isinstance(again.exception, ActionRefused)
    other = await ask(stack, pool)
    dismissed = await run("dismiss", other.id, "--reason", "spam")
    assert "spam" in dismissed.stdout
    assert isinstance((await run("request", "nope")).exception, UnknownRequest)
