"""Pages of the queue's lists are found by counting: never is all listed that is open."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from secrets import token_bytes, token_hex
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from domain.contracts.vocabulary import WORKFLOW, Step, WaitReason
from domain.references import from_digest
from ledger import finished
from postgres import Pool
from starter.client.activations import Activations
from support.verbs import lists, queue
from support.verbs.groups import Group
from support.verbs.lists import QueuePage, Sort
from support.verbs.staff import Staff, StaffContext, StaffRole
from support.verbs.windows import PER_PAGE, Place
from tests.desk import desk
from tests.server import client, working
from tests.stack import TestStack
from tests.starter.client.test_activations import begun, waits_for_its_pin
from tests.workflows.engine import World
from workflows.search_attributes import DEPARTMENT, REASON, SINCE, STEP, whole_millisecond

__all__ = ["client"]

LISTS, COUNTS = 5, 40
"""The most calls for one page: four to list it and one of what may fail, and counts of ranges."""


@dataclass
class Asked:
    """What was asked of Temporal: how many counts, and the size of each page that was listed."""

    counts: int = 0
    sizes: list[int] = field(default_factory=list)

    def begin(self) -> None:
        self.counts, self.sizes = 0, []


@pytest.fixture
def asked(client: Client, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Count what is asked on its way to the real server."""
    seen, service = Asked(), client.workflow_service
    list_runs, count_runs = service.list_workflow_executions, service.count_workflow_executions

    async def listing(request: Any, **more: Any) -> Any:
        seen.sizes.append(request.page_size)
        return await list_runs(request, **more)

    async def counting(request: Any, **more: Any) -> Any:
        seen.counts += 1
        return await count_runs(request, **more)

    monkeypatch.setattr(service, "list_workflow_executions", listing)
    monkeypatch.setattr(service, "count_workflow_executions", counting)
    return seen


@dataclass
class Hall:
    """A department of its own with runs that no worker serves; `ctx` sees only that department."""

    ctx: StaffContext
    department: str
    since: dict[str, datetime | None] = field(default_factory=dict)

    async def start(
        self,
        moments: Sequence[datetime | None],
        step: Step,
        reason: WaitReason | None,
        *,
        other: str = "",
    ) -> list[str]:
        turns = asyncio.Semaphore(20)

        async def start(since: datetime | None) -> str:
            reference = from_digest(token_bytes(5))
            pairs: list[SearchAttributePair[Any]] = [
                SearchAttributePair(STEP, step),
                SearchAttributePair(DEPARTMENT, other or self.department),
                *([SearchAttributePair(REASON, reason)] if reason else []),
                *([SearchAttributePair(SINCE, since)] if since else []),
            ]
            async with turns:
                await self.ctx.client.start_workflow(
                    str(WORKFLOW),
                    begun(reference),
                    id=reference,
                    task_queue=self.department,  # No worker of another test is to take it.
                    search_attributes=TypedSearchAttributes(pairs),
                )
            return reference

        references = await asyncio.gather(*map(start, moments))
        if not other:
            self.since |= dict(zip(references, moments, strict=True))
        await self.listed()
        return references

    async def end(self, references: list[str]) -> None:
        for reference in references:
            await self.ctx.client.get_workflow_handle(reference).terminate()
            del self.since[reference]
        await self.listed()

    async def listed(self) -> None:
        query = f"{DEPARTMENT.name} = '{self.department}' AND ExecutionStatus = 'Running'"
        async with asyncio.timeout(60):
            while (await self.ctx.client.count_workflows(query)).count != len(self.since):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


@pytest.fixture
async def hall(client: Client, stack: TestStack, pool: Pool) -> AsyncIterator[Hall]:
    department = f"d{token_hex(4)}"
    staff = Staff("nina", frozenset(StaffRole), frozenset({department}))
    opened = desk(client, pool, keys=stack.keys, settings=stack.settings, staff=staff)
    yield Hall(opened, department)
    stack.end_runs()


NOW = whole_millisecond(datetime.now(UTC) - timedelta(minutes=5))
"""As activations publish it."""
OF_WEEKS = [NOW - timedelta(days=20, milliseconds=n) for n in range(120)]
OF_AN_HOUR = [NOW - timedelta(seconds=30 * n) for n in range(120)]
AT_ONCE = [NOW - timedelta(days=2)] * (PER_PAGE + 7)


async def walked(
    hall: Hall, group: Group, asked: Asked, *, descending: bool, total: int
) -> list[QueuePage]:
    """Follow the links to the last page and back; return the pages as they were on the way."""
    seen: list[QueuePage] = []
    place: Place | None = None
    while not seen or place:
        asked.begin()
        page = await lists.page(hall.ctx, group, descending=descending, place=place)
        assert len(asked.sizes) <= LISTS
        assert max(asked.sizes, default=0) <= PER_PAGE
        assert asked.counts <= COUNTS
        assert page.total == total
        seen.append(page)
        place = Place(page.after) if page.after else None
    at, back = seen[-1], [*seen[-1].rows]
    while at.before:
        asked.begin()
        at = await lists.page(
            hall.ctx, group, descending=descending, place=Place(at.before, back=True)
        )
        assert len(asked.sizes) <= LISTS
        assert asked.counts <= COUNTS
        back = [*at.rows, *back]
    assert at.start == 1
    assert [line.reference for line in back] == [
        line.reference for page in seen for line in page.rows
    ]
    return seen


@pytest.mark.few(1)
@pytest.mark.parametrize("descending", [False, True])
async def test_pages_hold_each_line_once_in_the_order_of_how_long_it_stands(
    hall: Hall, asked: Asked, *, descending: bool
) -> None:
    """Weeks ago within one second, over an hour, and more than a page at one moment."""
    mine = [*OF_WEEKS, *OF_AN_HOUR, *AT_ONCE]
    await hall.start(mine, Step.PIN, WaitReason.WAITING_PIN)
    await hall.start(OF_AN_HOUR[:60], Step.PIN, WaitReason.WAITING_PIN, other="another")
    pages = await walked(hall, Group.STUDENT, asked, descending=descending, total=len(mine))
    lines = [line for page in pages for line in page.rows]
    assert Counter(line.reference for line in lines) == Counter(list(hall.since))
    moments = [line.since for line in lines]
    assert moments == sorted(moments, reverse=descending)
    assert [page.start for page in pages[1:]] == [page.end + 1 for page in pages[:-1]]
    assert pages[-1].end == len(mine)
    counts = (await queue.overview(hall.ctx)).groups
    assert counts[Group.STUDENT].number == len(mine)


async def test_since_when_an_activation_stands_is_published_in_whole_milliseconds(
    client: Client, world: World, reference: str
) -> None:
    async with working(client, world):
        await waits_for_its_pin(Activations(client), reference)
    run = await client.get_workflow_handle(reference).describe()
    since = run.typed_search_attributes[SINCE]
    assert (since.microsecond % 1000, since == whole_millisecond(since)) == (0, True)


async def test_what_has_published_nothing_stands_since_its_start(hall: Hall, asked: Asked) -> None:
    await hall.start([*[None] * 40, *OF_AN_HOUR], Step.LOOKUP, None)
    pages = await walked(hall, Group.WORKING, asked, descending=False, total=160)
    lines = [line for page in pages for line in page.rows]
    assert Counter(line.reference for line in lines) == Counter(list(hall.since))
    assert {hall.since[line.reference] for line in lines[-40:]} == {None}


async def test_what_starts_and_ends_elsewhere_moves_no_line_to_another_page(hall: Hall) -> None:
    await hall.start([*OF_AN_HOUR], Step.PIN, WaitReason.WAITING_PIN)
    first = await lists.page(hall.ctx, Group.STUDENT)
    assert first.after
    second = await lists.page(hall.ctx, Group.STUDENT, place=Place(first.after))
    await hall.end([line.reference for line in first.rows[:20]])
    await hall.start(OF_WEEKS[:5], Step.PIN, WaitReason.WAITING_PIN)
    again = await lists.page(hall.ctx, Group.STUDENT, place=Place(first.after))
    assert references(again) == references(second)
    assert (again.start, again.total) == (second.start - 15, second.total - 15)


async def test_a_page_whose_lines_have_all_ended_still_leads_back(hall: Hall) -> None:
    await hall.start(OF_AN_HOUR[:60], Step.PIN, WaitReason.WAITING_PIN)
    first = await lists.page(hall.ctx, Group.STUDENT)
    assert first.after
    last = await lists.page(hall.ctx, Group.STUDENT, place=Place(first.after))
    await hall.end(references(last))
    gone = await lists.page(hall.ctx, Group.STUDENT, place=Place(first.after))
    assert (gone.rows, gone.total, gone.after) == ([], PER_PAGE, None)
    assert gone.before


async def test_only_a_list_of_one_page_is_sorted_by_another_column(hall: Hall) -> None:
    await hall.start(OF_AN_HOUR[:10], Step.PIN, WaitReason.WAITING_PIN)
    for descending in (False, True):
        page = await lists.page(hall.ctx, Group.STUDENT, sort=Sort.REFERENCE, descending=descending)
        assert references(page) == sorted(hall.since, reverse=descending)
    await hall.start(OF_WEEKS[:50], Step.PIN, WaitReason.WAITING_PIN)
    page = await lists.page(hall.ctx, Group.STUDENT, sort=Sort.REFERENCE, descending=True)
    assert not page.is_whole
    assert {line.since for line in page.rows} == set(OF_WEEKS[:50])


async def test_the_queue_its_lists_and_the_command_tell_the_same_number(
    hall: Hall, asked: Asked
) -> None:
    """More stuck ones than a page, of two causes, the oldest of which is the rarer; one is held."""
    await hall.start(OF_AN_HOUR, Step.PROVISIONING, WaitReason.DIRECTORY_DOWN)
    await hall.start(OF_WEEKS[:3], Step.NEEDS_SUPPORT, WaitReason.USERNAME_CONFLICT)
    await hall.start([NOW], Step.NEEDS_SUPPORT, WaitReason.HELD)
    asked.begin()
    seen = await queue.overview(hall.ctx)
    assert len(asked.sizes) <= LISTS
    assert max(asked.sizes) <= PER_PAGE
    assert asked.counts <= COUNTS
    told = {count.cause: (count.number, count.oldest) for count in seen.causes}
    assert told == {
        WaitReason.DIRECTORY_DOWN: (len(OF_AN_HOUR), min(OF_AN_HOUR)),
        WaitReason.USERNAME_CONFLICT: (3, min(OF_WEEKS[:3])),
    }
    stuck = seen.groups[Group.STUCK]
    assert (stuck.number, stuck.oldest) == (len(OF_AN_HOUR) + 3, min(OF_WEEKS[:3]))
    assert (await lists.page(hall.ctx, Group.STUCK)).total == stuck.number
    for cause, (number, _) in told.items():
        assert (await lists.page(hall.ctx, Group.STUCK, cause=cause)).total == number
    assert (await lists.page(hall.ctx, Group.STUCK, cause="WAITING_PIN")).total == 0
    asked.begin()
    command = [line async for batch in queue.batches(hall.ctx, stuck=True) for line in batch]
    assert len(command) == stuck.number + seen.groups[Group.HELD].number == len(hall.since)
    # As the console's lists, it begins with those that have waited longest.
    assert [line.since for line in command] == sorted(line.since for line in command)
    assert max(asked.sizes) <= PER_PAGE


async def test_what_finished_today_has_pages_too(hall: Hall, pool: Pool) -> None:
    ended = [from_digest(token_bytes(5)) for _ in range(PER_PAGE + 5)]
    since = await queue.midnight(hall.ctx)
    for n, reference in enumerate(ended):
        await pool.execute(
            "INSERT INTO activation (reference, language, department, end_step, ended_at)"
            " VALUES ($1, 'el', $2, 'active', $3)",
            reference,
            hall.department,
            since + timedelta(milliseconds=n // 2),
        )
    first = await lists.page(hall.ctx, Group.FINISHED, cause="active")
    assert first.after
    second = await lists.page(hall.ctx, Group.FINISHED, cause="active", place=Place(first.after))
    assert sorted(references(first) + references(second)) == sorted(ended)
    assert (first.total, second.start, second.end) == (len(ended), len(first.rows) + 1, len(ended))
    assert second.before
    back = await lists.page(
        hall.ctx, Group.FINISHED, place=Place(second.before, back=True), cause="active"
    )
    assert references(back) == references(first)
    newest = await lists.page(hall.ctx, Group.FINISHED, descending=True)
    assert set(references(second)) < set(references(newest))
    others = Staff("eva", frozenset(StaffRole), frozenset({"none"}))
    assert (await lists.page(replace(hall.ctx, staff=others), Group.FINISHED)).total == 0
    rows, left, total = await finished.page(
        pool, since=since, departments={hall.department}, limit=1
    )
    assert (len(rows) in {1, 2}, left, total) == (True, len(ended), len(ended))


def references(page: QueuePage) -> list[str]:
    return [line.reference for line in page.rows]
