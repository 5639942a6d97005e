"""Somebody with access to Temporal, but without keys, resets an activation to guess for nothing."""

import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, ResetReapplyType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client

import worker
from adapters.registrar.wiring import registrar_of
from demo.students import Row
from domain.contracts.submissions import ActivationStart, IdentitySubmission
from domain.contracts.views import Progress, Verdict
from domain.contracts.vocabulary import Step, WaitReason
from postgres import Pool
from starter.client.activations import Activations
from tests.server import client
from tests.stack import TestStack
from tests.starter.client.test_activations import handed_over, typed, until
from tests.whole.student import Student, _insert

__all__ = ["client"]

RESETS = 14


@pytest.fixture
async def activations(stack: TestStack, pool: Pool, client: Client) -> AsyncIterator[Activations]:
    """Let the real workers of lookup, ledger and messages run."""
    async with AsyncExitStack() as closing:
        registrar = await closing.enter_async_context(registrar_of(stack.settings.registrar))
        parts = worker.Dependencies(client, pool, registrar, stack.keys, stack.settings, closing)
        for one in (*worker._main(parts), *worker._messaging(parts)):
            await closing.enter_async_context(one)
        yield Activations(client)


async def enrol(stack: TestStack, *rows: Row) -> None:
    await _insert(stack.registrar_dsn, *rows)


async def reset(client: Client, reference: str, *, after: str = "") -> None:
    """Take the run back: to its beginning, or to the last task before it first named `after`."""
    point = 0
    async for event in client.get_workflow_handle(reference).fetch_history_events():
        if after and after in str(event):
            break
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            point = event.event_id
            if not after:
                break
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=reference),
            workflow_task_finish_event_id=point,
            request_id=secrets.token_hex(8),
            # What was handed in before is forgotten, as an attacker would have it.
            reset_reapply_type=ResetReapplyType.RESET_REAPPLY_TYPE_NONE,
        )
    )


def asks_for_a_code(progress: Progress) -> bool:
    """Whether a message was handed over, or the engine has said that none goes."""
    told = progress.pin
    if progress.step is not Step.PIN or told is None:
        return False
    locked = progress.wait_reason is WaitReason.PIN_LOCKED
    return handed_over(progress) or locked or (told.resend_at is not None and not told.tries_left)


async def guess(activations: Activations, reference: str, pin: str) -> Verdict:
    answer = await activations.submit(reference, "submit_pin", typed(pin))
    assert answer is not None
    return answer.verdict


async def answers(activations: Activations, reference: str, answer: str) -> Verdict:
    await until(activations, reference, lambda now: now.step is Step.IDENTIFY)
    given = typed("").model_dump(include={"submission_id", "received_at"})
    submission = IdentitySubmission(answer=answer, **given)
    answered = await activations.submit(reference, "identify", submission)
    assert answered is not None
    return answered.verdict


async def test_resets_give_no_guess_for_nothing(
    stack: TestStack, pool: Pool, client: Client, activations: Activations, reference: str
) -> None:
    student = Student()
    await enrol(stack, student.row())
    to = f"+30{student.mobile}"
    await activations.start(ActivationStart(reference=reference, mobile=to))
    codes = {stack.keys.pin(reference, number) for number in range(1, 40)}
    wrong = next(f"{number:06d}" for number in range(100) if f"{number:06d}" not in codes)
    told: Counter[Verdict] = Counter()
    for _ in range(RESETS):
        await until(activations, reference, asks_for_a_code)
        for _ in range(4):
            told[await guess(activations, reference, wrong)] += 1
        await reset(client, reference)

    assert told[Verdict.WRONG] + 1 == 10
    assert told[Verdict.LOCKED] >= RESETS
    tried = await pool.fetch("SELECT number, tries FROM code WHERE reference = $1", reference)
    assert all(row["tries"] <= 5 for row in tried)
    sent = [message["text"] for message in stack.messages(to)]
    # Each code was really sent, once, and each under a number of its own.
    assert len(sent) == len(tried) == len({row["number"] for row in tried})
    for row in tried:
        assert sum(stack.keys.pin(reference, row["number"]) in text for text in sent) == 1


async def test_a_code_that_proved_proves_nothing_in_the_run_after(
    stack: TestStack, client: Client, activations: Activations, reference: str
) -> None:
    student = Student(insured=False)
    await enrol(stack, student.row())
    await activations.start(ActivationStart(reference=reference, mobile=f"+30{student.mobile}"))
    for number in (1, 2):
        await until(activations, reference, handed_over)
        stolen = [stack.keys.pin(reference, used) for used in range(1, number)]
        assert [await guess(activations, reference, pin) for pin in stolen] == [
            Verdict.EXPIRED for _ in stolen
        ]
        await guess(activations, reference, stack.keys.pin(reference, number))
        await until(activations, reference, lambda now: now.step is Step.INSURANCE)
        await reset(client, reference)


async def test_resets_give_no_answer_for_nothing(
    stack: TestStack, client: Client, activations: Activations, reference: str
) -> None:
    siblings = (Student(), Student())
    siblings[1].mobile = siblings[0].mobile
    await enrol(stack, *(each.row() for each in siblings))
    to = f"+30{siblings[0].mobile}"
    await activations.start(ActivationStart(reference=reference, mobile=to))
    await until(activations, reference, handed_over)
    await guess(activations, reference, stack.keys.pin(reference, 1))
    for answer in ("1901-01-01", "1901-01-02", "1901-01-03"):
        assert await answers(activations, reference, answer) is Verdict.WRONG
        await reset(client, reference, after='name: "identify"')
    await answers(activations, reference, siblings[0].born.isoformat())
    await until(activations, reference, lambda now: now.step is Step.NEEDS_SUPPORT)
