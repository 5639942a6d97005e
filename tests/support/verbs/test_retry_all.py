"""Trying again for all: noted first, then done once for each, whatever is killed in mid-way."""

import asyncio
import secrets
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import WorkflowExecutionSignaledEventAttributes
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from demo.programs import activation
from domain.contracts.staff import RetrySubmission
from domain.contracts.submissions import ActivationStart, Submission
from domain.contracts.vocabulary import WORKFLOW, Step, WaitReason
from domain.references import from_digest
from ledger import audit
from postgres import Pool, connect
from security.keys import KeyRing
from settings import Settings
from starter.client.activations import Activations
from starter.client.connect import TemporalUnavailable
from support.verbs import actions, cases
from support.verbs.cases import CaseSummary
from support.verbs.retry_all import retriable, retry_all
from support.verbs.staff import Action, NotAllowed, Staff, StaffContext, StaffRole
from tests.desk import desk
from tests.server import working
from tests.stack import TestStack
from tests.workflows.engine import World
from web import times
from workflows.search_attributes import REASON, STEP

Targets = Sequence[WorkflowHandle[object, object]]
CAUSE = WaitReason.MAIL_DOWN


@pytest.fixture
async def targets(stack: TestStack, client: Client) -> AsyncIterator[Targets]:
    """Let twelve activations stand, which no worker plays: each keeps what it is told."""
    attributes = TypedSearchAttributes(
        [SearchAttributePair(STEP, Step.PIN.value), SearchAttributePair(REASON, CAUSE.value)]
    )
    names = [from_digest(secrets.token_bytes(5)) for _ in range(12)]
    yield [
        await client.start_workflow(
            WORKFLOW,
            ActivationStart(reference=name),
            id=name,
            task_queue="nobody",
            search_attributes=attributes,
        )
        for name in names
    ]
    stack.end_runs()


@pytest.fixture
async def pool(stack: TestStack) -> AsyncIterator[Pool]:
    async with await connect(stack.ledger_dsn) as pool:
        yield pool


async def signals(
    handle: WorkflowHandle[object, object],
) -> list[WorkflowExecutionSignaledEventAttributes]:
    """Return what an activation was told, which is to try again."""
    signalled = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
    return [
        event.workflow_execution_signaled_event_attributes
        for event in (await handle.fetch_history()).events
        if event.event_type == signalled
    ]


async def told(handle: WorkflowHandle[object, object]) -> int:
    return len(await signals(handle))


async def told_by(handle: WorkflowHandle[object, object]) -> str:
    """Return the id of the batch that told it."""
    return (await signals(handle))[0].external_workflow_execution.workflow_id


async def listed(client: Client, number: int) -> None:
    async with asyncio.timeout(20):
        while len(await cases.waiting_for(client, CAUSE)) < number:  # noqa: ASYNC110 - at Temporal
            await asyncio.sleep(0.1)


async def all_told(handles: Targets) -> Counter[int]:
    return Counter(await asyncio.gather(*map(told, handles)))


@pytest.mark.long
async def test_a_killed_worker_and_a_killed_command_lose_none_and_tell_none_twice(
    stack: TestStack, client: Client, targets: Targets, pool: Pool
) -> None:
    del stack
    await listed(client, len(targets))
    words = ("--wait-reason", CAUSE, "--reason", "killed", "--over", "8")
    async with AsyncExitStack() as running:
        worker = await start(running, "worker", "--only", "main")
        command = await start(running, "support", "retry-all", *words)
        async with asyncio.timeout(90):
            while (await all_told(targets))[1] < 2:  # noqa: ASYNC110 - at Temporal
                await asyncio.sleep(0.05)
        for process in (worker, command):
            process.kill()
            await process.wait()
        assert (await all_told(targets))[0] > 0
        await start(running, "worker", "--only", "main")
        async with asyncio.timeout(90):
            while (await all_told(targets))[0]:  # noqa: ASYNC110 - at Temporal
                await asyncio.sleep(0.1)
            for batch in {await told_by(target) for target in targets}:
                await client.get_workflow_handle(batch).result()
    assert await all_told(targets) == {1: len(targets)}
    noted = await pool.fetch(
        "SELECT reference FROM audit WHERE action = 'retry' AND reference = ANY($1)",
        [handle.id for handle in targets],
    )
    assert len(noted) == len(targets)


async def start(running: AsyncExitStack, *words: str) -> Process:
    process = await asyncio.create_subprocess_exec(*activation(*words), stderr=DEVNULL)

    async def end() -> None:
        if process.returncode is None:
            process.terminate()
            await process.wait()

    running.push_async_callback(end)
    return process


async def test_the_same_batch_once_more_tells_nobody_twice(
    client: Client, targets: Targets, pool: Pool, world: World
) -> None:
    await listed(client, len(targets))
    async with working(client, world):
        for _ in range(2):
            batch = await retry_all(
                desk(client, pool), CAUSE, reason="twice", over=0, batch="a5" * 16
            )
            assert await batch.taken() == len(targets)
    assert await all_told(targets) == {1: len(targets)}


async def test_without_a_worker_all_are_taken_in(
    client: Client, targets: Targets, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(times, "BATCH_BEYOND_SECONDS", 0.5)
    await listed(client, len(targets))
    batch = await retry_all(desk(client, pool), CAUSE, reason="no worker", over=0)
    assert await batch.taken() == len(targets)


async def test_nothing_begins_before_all_of_it_is_in_the_audit(
    client: Client, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff, name = desk(client, pool), from_digest(secrets.token_bytes(5))
    noted: list[str] = []

    async def waiting(*_: object) -> list[CaseSummary]:
        return [line(name)]

    async def begin(*_: object, **__: object) -> None:
        rows = await audit.page(pool, staff.keys, reference=name)
        noted.extend(f"{row.action}: {row.reason}" for row in rows)
        raise TemporalUnavailable

    monkeypatch.setattr(cases, "waiting_for", waiting)
    monkeypatch.setattr(Client, "start_workflow", begin)
    with pytest.raises(TemporalUnavailable):
        await retry_all(staff, WaitReason.DIRECTORY_DOWN, reason="mended", over=0)
    assert noted == ["retry: mended"]


async def test_one_that_is_tried_by_itself_is_not_told_of_many(
    client: Client, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that it is somebody's word on the case itself, as it is not where many are tried."""
    sent: list[Submission] = []

    async def one(*_: object) -> CaseSummary:
        return line("A")

    async def submit(_: object, __: str, ___: object, request: Submission) -> None:
        sent.append(request)

    monkeypatch.setattr(cases, "standing", one)
    monkeypatch.setattr(Activations, "submit", submit)
    await actions.submit(desk(client, pool), Action.RETRY, reference="A", reason="looked into")
    assert [each.of_many for each in sent if isinstance(each, RetrySubmission)] == [False]


async def test_those_of_other_departments_are_neither_counted_nor_woken(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def waiting(*_: object) -> list[CaseSummary]:
        return [line("A", "401"), line("B", "402"), line("C")]

    monkeypatch.setattr(cases, "waiting_for", waiting)
    for departments, seen in (({"401"}, "A"), (set[str](), ""), (None, "ABC")):
        limited = None if departments is None else frozenset(departments)
        staff = Staff("eva", frozenset({StaffRole.SUPERVISOR}), limited)
        eva = StaffContext(
            client, cast("Pool", None), cast("KeyRing", None), cast("Settings", None), staff
        )
        assert await retriable(eva, WaitReason.DIRECTORY_DOWN) == list(seen)
    viewer = replace(eva, staff=Staff("eva", frozenset({StaffRole.VIEWER})))
    with pytest.raises(NotAllowed):
        await retriable(viewer, WaitReason.DIRECTORY_DOWN)


def line(reference: str, department: str | None = None) -> CaseSummary:
    return CaseSummary(
        reference,
        Step.PROVISIONING,
        WaitReason.DIRECTORY_DOWN,
        datetime.now(UTC),
        next_try_at=None,
        department=department,
    )
