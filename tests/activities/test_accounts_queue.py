"""The directory's queue on a real Temporal, with the worker as it is wired."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

import worker
from activities.fencing import fence
from adapters.directory.wiring import directory_of
from adapters.registrar.view import View
from domain.contracts.account_io import ProvisionAccount, Provisioned
from domain.contracts.pin_io import CheckPin, PinChecked, PinOutcome
from domain.contracts.vocabulary import ActivityName, TaskQueue
from postgres import Pool
from tests.activities.case import ACTIVE, PASSWORD, Case
from tests.activities.conftest import MakePerson, hung
from tests.codes import pins, send, typed
from tests.server import client
from tests.stack import TestStack

__all__ = ["client"]

THREADS, CROWD, LIMIT = 2, 5, 2
_TRY = timedelta(seconds=LIMIT + 3)
"""Enough for one that hangs, on a busy machine; not for all of them, one after the other."""


@workflow.defn
class Alone:
    """One request to the directory, tried until it is done."""

    @workflow.run
    async def run(self, request: ProvisionAccount) -> Provisioned:
        done: Provisioned = await workflow.execute_activity(
            ActivityName.PROVISION_ACCOUNT,
            request,
            result_type=Provisioned,
            task_queue=TaskQueue.DIRECTORY,
            start_to_close_timeout=_TRY,
            retry_policy=RetryPolicy(backoff_coefficient=1),
        )
        return done


@workflow.defn
class Pin:
    @workflow.run
    async def run(self, request: CheckPin) -> PinChecked:
        checked: PinChecked = await workflow.execute_activity(
            ActivityName.CHECK_PIN, request, result_type=PinChecked, start_to_close_timeout=_TRY
        )
        return checked


@pytest.fixture
async def served(stack: TestStack, pool: Pool, client: Client) -> AsyncIterator[Client]:
    limits = {
        "pool_size": THREADS,
        "connect_timeout_seconds": LIMIT,
        "receive_timeout_seconds": LIMIT,
    }
    section = stack.settings.directory.model_copy(update=limits)
    config = stack.settings.model_copy(update={"directory": section})
    async with AsyncExitStack() as closing:
        directory = directory_of(section, fence)
        closing.push_async_callback(directory.close)
        view = View(pool, config.registrar)
        given = worker.Dependencies(client, pool, view, stack.keys, config, closing, directory)
        for one in worker._directory(given):
            await closing.enter_async_context(one)
        await closing.enter_async_context(
            Worker(
                client,
                task_queue=TaskQueue.MAIN,
                activities=pins(stack, pool).all(),
                workflows=[Alone, Pin],
                workflow_runner=UnsandboxedWorkflowRunner(),
            )
        )
        yield client


async def failed(handle: WorkflowHandle[Any, Any]) -> bool:
    """Tell whether a try has failed, and see that it ended by itself, in its time."""
    described = await handle.describe()
    for pending in described.raw_description.pending_activities:
        if pending.HasField("last_failure"):
            assert pending.last_failure.application_failure_info.type == "DIRECTORY_DOWN"
            return True
    return False


async def test_while_the_directory_hangs_each_try_ends_in_its_time_and_pins_go_on(
    stack: TestStack, pool: Pool, served: Client, make_person: MakePerson, reference: str
) -> None:
    cases = [Case(stack, pool, make_person(), f"{reference}-{n}") for n in range(CROWD)]
    pin = typed(reference, stack.keys.pin(reference, await send(stack, pool, reference)))
    with hung(stack):
        waiting = []
        for each in cases:
            await each.consent()
            request = each.request(await each.choose(PASSWORD))
            waiting.append(
                await served.start_workflow(
                    Alone.run, request, id=each.reference, task_queue=TaskQueue.MAIN
                )
            )
        checks = 0
        while not all([await failed(each) for each in waiting]):
            checks += 1
            checked = await asyncio.wait_for(
                served.execute_workflow(
                    Pin.run, pin, id=f"{reference}-pin-{checks}", task_queue=TaskQueue.MAIN
                ),
                _TRY.total_seconds(),
            )
            assert checked.outcome is PinOutcome.RIGHT
        assert checks
    assert [await each.result() for each in waiting] == [ACTIVE] * CROWD
    for each in cases:
        assert each.can_bind(PASSWORD)
        each.ldap.close()
