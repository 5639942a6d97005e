"""The queue's counts and lists; with no worker, and with the ledger away."""

import asyncio
import html
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from secrets import token_bytes, token_hex
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from domain.contracts.vocabulary import (
    WORKFLOW,
    ActivityName,
    FailureType,
    Step,
    TaskQueue,
    WaitReason,
)
from domain.references import from_digest
from postgres import Pool
from starter.client.activations import Activations
from support.verbs import lists, queue, windows
from support.verbs.groups import Group
from support.verbs.staff import Staff, StaffRole
from support.verbs.windows import PER_PAGE, Place
from tests.desk import desk
from tests.server import working
from tests.stack import TestStack
from tests.starter.client.test_activations import begun
from tests.starter.test_cli import comes_to
from tests.support.console.conftest import SignedIn
from tests.workflows.engine import World
from workflows.search_attributes import DEPARTMENT, REASON, STEP

REFUSED = PER_PAGE + 3


@pytest.fixture
async def parked(client: Client, world: World) -> AsyncIterator[list[str]]:
    """Leave more than a page of activations with support, and no worker."""
    references = [from_digest(token_bytes(5)) for _ in range(REFUSED)]
    world.failing, world.failure = {ActivityName.SEND_PIN: REFUSED}, FailureType.CONFIGURATION
    world.permanent = True
    activations = Activations(client)
    async with working(client, world):
        for reference in references:
            await activations.start(begun(reference))
        for reference in references:
            await comes_to(activations, reference, Step.NEEDS_SUPPORT)
    await listed(client, references, f"{STEP.name} = '{Step.NEEDS_SUPPORT}'")
    yield references
    for reference in references:
        await client.get_workflow_handle(reference).terminate()


@pytest.fixture
def pages_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few runs be more than a page holds."""
    monkeypatch.setattr(windows, "PER_PAGE", 1)
    monkeypatch.setattr(windows, "_MOST", 2)
    monkeypatch.setattr(windows, "LISTED_WHOLE", 2)


async def left_alone(client: Client, *published: SearchAttributePair[Any]) -> str:
    """Start a run with these search attributes, which no worker serves; return its reference."""
    reference = from_digest(token_bytes(5))
    await client.start_workflow(
        WORKFLOW,
        begun(reference),
        id=reference,
        task_queue=TaskQueue.MAIN,
        search_attributes=TypedSearchAttributes(published),
    )
    return reference


async def listed(client: Client, references: list[str], condition: str) -> None:
    """Wait until Temporal lists these runs so, which is some time after what they published."""
    ids = ", ".join(f"'{reference}'" for reference in references)
    query = f"WorkflowId IN ({ids}) AND {condition}"
    async with asyncio.timeout(20):
        while (await client.count_workflows(query)).count < len(references):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_what_is_stuck_is_counted_listed_sorted_and_paged(
    signed_in: SignedIn, client: Client, stack: TestStack, pool: Pool, parked: list[str]
) -> None:
    opened = desk(client, pool, keys=stack.keys, settings=stack.settings)
    seen = await queue.overview(opened)
    (count,) = [count for count in seen.causes if count.cause == "CONFIGURATION"]
    assert count.number >= REFUSED
    assert seen.groups[Group.HUMAN].number >= REFUSED
    assert count.oldest
    listed: list[str] = []
    place: Place | None = None
    pages = 0
    while place or not pages:
        page = await lists.page(opened, Group.STUCK, cause="CONFIGURATION", place=place)
        listed += [row.reference for row in page.rows]
        place = Place(page.after) if page.after else None
        pages += 1
    assert pages > 1
    assert len(listed) == len(set(listed))
    assert set(parked) <= set(listed)
    limited = Staff("nina", frozenset({StaffRole.VIEWER}), frozenset({"NONE"}))
    others = desk(client, pool, keys=stack.keys, settings=stack.settings, staff=limited)
    assert (await lists.page(others, Group.STUCK)).total == 0

    browser = await signed_in("viewer")
    shown = await browser.get("/queue?lang=en")
    assert "Stuck now" in shown.text
    assert "/list?group=stuck&amp;cause=CONFIGURATION" in shown.text
    before = time.perf_counter()
    first = await browser.get("/list?group=stuck&cause=CONFIGURATION")
    print(f"list: {time.perf_counter() - before:.3f} s")  # noqa: T201 - a figure for who runs this
    assert 'aria-sort="ascending"' in first.text
    assert "order=descending" in first.text
    assert listed[0] in first.text
    assert listed[-1] not in first.text
    following = html.unescape(re.findall(r'rel="next" href="([^"]+)"', first.text)[0])
    # Other tests' runs are listed too, and there may be more pages than two.
    earlier = (await browser.get(following)).text
    while links := re.findall(r'rel="next" href="([^"]+)"', earlier):
        earlier = (await browser.get(html.unescape(links[0]))).text
    assert listed[-1] in earlier
    # Those of one millisecond stay together, so that a page read backwards may begin elsewhere.
    while links := re.findall(r'rel="prev" href="([^"]+)"', earlier):
        earlier = (await browser.get(html.unescape(links[0]))).text
    assert listed[0] in earlier
    assert "Πρώτη σελίδα" in (await browser.get(f"{following}&lang=el")).text
    for stale in (
        "/list?group=nonsense&sort=x&after=-1",
        "/list?group=stuck&after=0001-01-01T00:00:00%2B00:00",
        "/list?group=stuck&before=2026-01-01",
        "/list?group=stuck&sort=cause&order=descending&before=2026-01-01T00:00:00%2B00:00",
        "/list?group=finished&cause=%00",
        "/list?group=stuck&cause=%5C%27",
    ):
        assert (await browser.get(stale)).status_code == 200


@pytest.mark.usefixtures("pages_of_one")
async def test_a_cause_is_counted_however_many_newer_ones_have_another(
    client: Client, stack: TestStack, pool: Pool
) -> None:
    """The oldest waits for the directory, and more than a page holds got stuck after it."""
    waits = [(Step.PROVISIONING, WaitReason.DIRECTORY_DOWN)]
    waits += [(Step.NEEDS_SUPPORT, WaitReason.USERNAME_CONFLICT)] * 3
    references = [
        await left_alone(
            client, SearchAttributePair(STEP, step), SearchAttributePair(REASON, reason)
        )
        for step, reason in waits
    ]
    await listed(client, references, f"{REASON.name} IS NOT NULL")
    opened = desk(client, pool, keys=stack.keys, settings=stack.settings)
    seen = await queue.overview(opened)
    counted = {count.cause: count.number for count in seen.causes}
    assert counted[WaitReason.DIRECTORY_DOWN] >= 1
    assert counted[WaitReason.USERNAME_CONFLICT] >= 3
    assert min(counted.values()) > 0
    assert sum(counted.values()) == seen.groups[Group.STUCK].number
    for cause, number in counted.items():
        assert (await lists.page(opened, Group.STUCK, cause=cause)).total == number
    for reference in references:
        await client.get_workflow_handle(reference).terminate()


@pytest.mark.usefixtures("pages_of_one")
async def test_others_push_no_line_of_a_department_out(
    client: Client, stack: TestStack, pool: Pool
) -> None:
    """What is open, and what finished today: so many are read of one's own departments."""
    ours, theirs = (f"d'{token_hex(4)}" for _ in range(2))
    references = []
    for department in (ours, theirs, theirs, theirs):
        reference = await left_alone(
            client,
            SearchAttributePair(STEP, Step.LOOKUP),
            SearchAttributePair(DEPARTMENT, department),
        )
        references.append(reference)
        await pool.execute(
            "INSERT INTO activation (reference, language, department, end_step, ended_at)"
            " VALUES ($1, 'el', $2, 'active', now())",
            reference,
            department,
        )
    await listed(client, references, f"{STEP.name} = '{Step.LOOKUP}'")
    everything = desk(client, pool, keys=stack.keys, settings=stack.settings)
    limited = replace(
        everything, staff=Staff("nina", frozenset(StaffRole), frozenset({ours, "none"}))
    )
    for group in (Group.WORKING, Group.FINISHED):
        page = await lists.page(limited, group)
        assert ([line.reference for line in page.rows], page.total) == (references[:1], 1)
        assert page.is_whole
        page = await lists.page(everything, group)
        assert page.after
        assert page.total >= len(references)
    assert (await queue.overview(limited)).groups[Group.WORKING].number == 1
    assert (await queue.overview(everything)).groups[Group.WORKING].number >= len(references)
    crafted = frozenset(
        {f"\\') OR {DEPARTMENT.name} IN ('{theirs}", f"\\') OR {STEP.name} IS NOT NULL --"}
    )
    outside = replace(everything, staff=Staff("nina", frozenset(StaffRole), crafted))
    assert (await queue.overview(outside)).groups[Group.WORKING].number == 0
    nobodys = replace(everything, staff=Staff("eva", frozenset(StaffRole), frozenset()))
    assert (await lists.page(nobodys, Group.WORKING)).rows == []
    assert (await queue.overview(nobodys)).groups[Group.WORKING].number == 0
    for reference in references:
        await client.get_workflow_handle(reference).terminate()


async def test_without_the_ledger_the_queue_still_counts_what_is_open(
    client: Client, stack: TestStack, pool: Pool
) -> None:
    await pool.close()
    seen = await queue.overview(desk(client, pool, keys=stack.keys, settings=stack.settings))
    assert seen.finished is None
    assert set(seen.groups) == set(Group) - {Group.FINISHED}
