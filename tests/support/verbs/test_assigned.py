"""Lists by whom an activation is assigned to hold for all rows, and commands change who has one."""

from collections.abc import AsyncIterator
from secrets import token_hex

import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributePair

from domain.contracts.vocabulary import Language, Step, WaitReason
from domain.references import from_digest
from ledger import audit, support_requests
from ledger.support_requests import HelpRequest
from postgres import Pool
from support.verbs import assignments, lists, load_case
from support.verbs.actions import ActionRefused
from support.verbs.filters import Assigned, Filter
from support.verbs.groups import Group
from support.verbs.staff import Action, StaffContext
from tests.desk import desk
from tests.server import client
from tests.stack import TestStack
from tests.support.console.test_queue import left_alone, listed
from workflows.search_attributes import DEPARTMENT, REASON, STEP

__all__ = ["client"]
MANY = 600


@pytest.fixture
async def opened(client: Client, pool: Pool, stack: TestStack) -> AsyncIterator[StaffContext]:
    yield desk(client, pool, keys=stack.keys, settings=stack.settings)
    await pool.execute("DELETE FROM assignment WHERE assigned_by = 'anna'")


async def test_a_filter_by_assignment_leaves_out_none_of_many(
    client: Client, pool: Pool, opened: StaffContext
) -> None:
    department = token_hex(4)
    stands = (
        SearchAttributePair(STEP, Step.PIN),
        SearchAttributePair(REASON, WaitReason.WAITING_PIN),
        SearchAttributePair(DEPARTMENT, department),
    )
    oldest, free = [await left_alone(client, *stands) for _ in range(2)]
    await listed(client, [oldest, free], f"{STEP.name} = '{Step.PIN}'")
    others = [from_digest(bytes.fromhex(token_hex(5))) for _ in range(MANY)]
    await pool.execute(
        "INSERT INTO activation (reference, language) SELECT unnest($1::text[]), 'el'",
        [oldest, free, *others],
    )
    await pool.execute(
        "INSERT INTO assignment (reference, assignee, assigned_by, at)"
        " SELECT reference, 'anna', 'anna', now() - (reference = $2)::int * interval '1 day'"
        " FROM unnest($1::text[]) reference",
        [oldest, *others],
        oldest,
    )
    for held, reference in ((Assigned.NOBODY, free), (Assigned.ME, oldest)):
        narrowed = await assignments.narrowed_to(opened, held, Filter(department=department))
        page = await lists.page(opened, Group.STUDENT, narrowed=narrowed)
        assert ([row.reference for row in page.rows], page.total) == ([reference], 1)
    for reference in (oldest, free):
        await client.get_workflow_handle(reference).terminate()


async def test_looks_push_no_act_out_of_what_happened(
    client: Client, pool: Pool, opened: StaffContext, stack: TestStack
) -> None:
    reference = await left_alone(client)
    await opened.record(Action.RETRY, reference, "asked")
    looks = [reference] * load_case._MOST_AUDITED
    await audit.record_each(
        pool, stack.keys, actor="anna", action="case", references=looks, reason=""
    )
    case = await load_case.load_case(opened, reference)
    assert ("retry", "anna: asked") in [(event.what, event.detail) for event in case.timeline]
    await client.get_workflow_handle(reference).terminate()


async def test_who_has_it_is_named_before_it_is_taken_from_them(
    client: Client, pool: Pool, opened: StaffContext, stack: TestStack
) -> None:
    reference, number = await left_alone(client), token_hex(8)
    await support_requests.put(
        pool,
        stack.keys,
        HelpRequest(number, None, None, Language.EL, "Μαρία", "maria@example.org", "Βοήθεια"),
    )

    async def assign(to: str, taken_from: str = "") -> str | None:
        _, held = await assignments.now(opened, reference)
        was = assignments.seen(opened, held, taken_from)
        await assignments.assign(opened, reference, to=to, was=was)
        await assignments.assign_request(opened, number, to=to, was=was)
        return (await assignments.now(opened, reference))[1]

    assert await assign("anna") == "anna"
    assert await assign("") is None
    await pool.execute(
        "INSERT INTO assignment (reference, assignee, assigned_by) VALUES ($1, 'bob', 'anna')",
        reference,
    )
    await pool.execute("UPDATE support_request SET assignee = 'bob' WHERE id = $1", number)
    for to in ("anna", ""):
        with pytest.raises(ActionRefused, match="Meanwhile"):
            await assign(to)
    assert await assign("", "bob") is None
    await pool.execute("DELETE FROM support_request WHERE id = $1", number)
    await client.get_workflow_handle(reference).terminate()
