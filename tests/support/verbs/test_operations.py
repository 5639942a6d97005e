"""What operators read is what stands, with workers, without them, and without each store."""

import asyncio
from collections.abc import Callable

import pytest
from temporalio.client import Client

import postgres
from domain.contracts.submissions import ActivationStart
from domain.contracts.vocabulary import WORKFLOW, System, TaskQueue
from ledger import audit, pauses
from postgres import Pool
from support.verbs import operations
from support.verbs.actions import ActionRefused
from support.verbs.operations import Queue
from support.verbs.pause import pause, resume
from support.verbs.staff import Action, NotAllowed, Staff, StaffRole
from tests.desk import desk
from tests.server import working
from tests.stack import TestStack
from tests.workflows.engine import World


async def until(client: Client, met: Callable[[tuple[Queue, ...]], bool]) -> tuple[Queue, ...]:
    async with asyncio.timeout(20):
        while True:
            seen = await operations.queues(client)
            if met(seen):
                return seen
            await asyncio.sleep(0.1)


async def test_every_queue_is_told_with_its_workers(
    client: Client, stack: TestStack, pool: Pool, world: World
) -> None:
    async with working(client, world):
        await until(client, lambda seen: all(queue.workers for queue in seen))
        state = await operations.state(desk(client, pool, settings=stack.settings))
    assert (state.ledger, state.temporal) == (True, True)
    assert state.queues is not None
    assert {queue.name for queue in state.queues} == set(TaskQueue)
    assert all(queue.workers for queue in state.queues)
    assert [part.part for part in state.parts] == [*System]
    assert [(spent.window, spent.limit) for spent in state.sms] == [("hour", 2000), ("day", 10000)]
    assert {*state.as_dict()["parts"][0]} >= {"part", "last_done", "error_rate"}


async def test_what_waits_is_told_without_a_worker(client: Client) -> None:
    before = await operations.queues(client)
    # Several, for the last polls of workers that have just ended still take some.
    started = [
        await client.start_workflow(
            WORKFLOW,
            ActivationStart(reference=f"A-WAIT-{number:04}"),
            id=f"A-WAIT-{number:04}",
            task_queue=TaskQueue.MAIN,
        )
        for number in range(12)
    ]
    try:
        await until(client, lambda now: now[0].waiting > before[0].waiting and now[0].age > 0)
    finally:
        for handle in started:
            await handle.terminate()


async def test_without_the_ledger_the_queues_are_still_told(
    client: Client, stack: TestStack
) -> None:
    async with await postgres.connect("postgresql://nobody@127.0.0.1:1/none", seconds=0.2) as away:
        state = await operations.state(desk(client, away, settings=stack.settings))
    assert (state.ledger, state.temporal) == (False, True)
    assert state.queues


async def test_a_pause_is_audited_once_and_ends_once(
    client: Client, stack: TestStack, pool: Pool
) -> None:
    anna = desk(client, pool, settings=stack.settings)
    await pauses.end(pool)

    async def reasons() -> list[str | None]:
        rows = await audit.page(pool, anna.keys, action=Action.OPERATE)
        return [row.reason for row in rows]

    before = await reasons()
    for _ in range(2):
        await pause(anna, el="Σε  λίγο ", en="Soon", reason="gateway")
    known = await pauses.current(pool)
    assert known is not None
    assert (known.text_el, known.text_en) == ("Σε λίγο", "Soon")
    assert [await resume(anna, reason="back") for _ in range(2)] == [True, False]
    assert (await reasons())[: -len(before) or None] == ["resume: back", "pause: gateway"]


async def test_both_languages_are_needed_and_the_role(client: Client, pool: Pool) -> None:
    with pytest.raises(ActionRefused):
        await pause(desk(client, pool), el="Σε λίγο", en=" ", reason="r")
    with pytest.raises(ActionRefused):
        await pause(desk(client, pool), el="Σε λίγο", en="x" * 501, reason="r")
    helpdesk = desk(client, pool, staff=Staff("maria", frozenset({StaffRole.HELPDESK})))
    for verb in (operations.state(helpdesk), resume(helpdesk, reason="r")):
        with pytest.raises(NotAllowed):
            await verb
