"""Whatever somebody without the keys sends to a run, it lives on and nothing happens.

Every signal, update and query of the workflow, as its class declares them, meets every hostile
shape; so do the results of activities, which whoever reaches Temporal can complete.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType, PendingActivityState, WorkflowTaskFailedCause
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflowservice.v1 import (
    RespondActivityTaskCompletedByIdRequest,
    RespondActivityTaskFailedByIdRequest,
)
from temporalio.client import (
    Client,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import RawValue
from temporalio.converter import DataConverter, WorkflowSerializationContext

from domain.contracts import Model
from domain.contracts.staff import RetrySubmission
from domain.contracts.submissions import PinSubmission
from domain.contracts.views import ProgressRequest, Verdict
from domain.contracts.vocabulary import ActivityName, WaitReason
from security import rotation
from security.codec import Codec
from security.keys import KeyRing
from tests.handlers import MODELS
from tests.security.test_codec import (
    Handle,
    begin,
    finishes,
    progress,
    stamp,
    stranger,
    until,
    update,
    waits_for_the_pin,
)
from tests.server import working
from tests.stack import TestStack
from tests.workflows.engine import World
from workflows.activation import Activation

STARTED = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED

DECLARED = workflow._Definition.must_from_class(Activation)
SIGNALS = sorted(name for name in DECLARED.signals if name)
UPDATES = sorted(name for name in DECLARED.updates if name)
QUERIES = sorted(name for name in DECLARED.queries if name)
OTHERS = ("no_such_name",)
FIELDS: dict[str, Any] = {
    "pin": "000001",
    "channel": "sms",
    "answer": "01011990",
    "scheme": "GR",
    "number": "01010500013",
    "shown_hash": "0",
    "wrong": ["name"],
    "sealed_id": "1",
}
HUGE = b"0" * 300_000

Encrypt = Callable[[Payload], Payload]
Shape = Callable[[Payload, Encrypt], Sequence[Payload]]


def clear_for(name: str) -> dict[str, Any]:
    """Return what is genuine for this handler."""
    model: type[Model] = MODELS.get(name, ProgressRequest)
    told: dict[str, Any] = json.loads(
        model.model_validate(FIELDS | stamp(f"hostile-{name}")).model_dump_json()
    )
    return told


def plain(value: Any) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode())


def changed(box: Payload, **metadata: bytes) -> Payload:
    return Payload(metadata={**box.metadata, **metadata}, data=box.data)


def without(box: Payload, name: str) -> Payload:
    kept = {key: value for key, value in box.metadata.items() if key != name}
    return Payload(metadata=kept, data=box.data)


def of_another_kind(clear: Payload, encrypt: Encrypt) -> Sequence[Payload]:
    return [encrypt(plain(json.loads(clear.data) | {"kind": "another"}))]


SHAPES: dict[str, Shape] = {
    "none": lambda _, __: [],
    "two genuine ones": lambda clear, encrypt: [encrypt(clear), encrypt(clear)],
    "two plain ones": lambda clear, _: [clear, clear],
    "plain": lambda clear, _: [clear],
    "empty": lambda _, __: [Payload()],
    "null": lambda _, __: [Payload(metadata={"encoding": b"binary/null"})],
    "huge": lambda _, __: [Payload(metadata={"encoding": b"json/plain"}, data=HUGE)],
    "huge box": lambda clear, encrypt: [Payload(metadata=dict(encrypt(clear).metadata), data=HUGE)],
    "genuine null": lambda _, encrypt: [encrypt(Payload(metadata={"encoding": b"binary/null"}))],
    "genuine bytes": lambda _, encrypt: [
        encrypt(Payload(metadata={"encoding": b"binary/plain"}, data=b"\0"))
    ],
    "genuine text": lambda _, encrypt: [encrypt(plain("text"))],
    "another kind": of_another_kind,
    "an epoch that never was": lambda clear, encrypt: [changed(encrypt(clear), epoch=b"2020-01")],
    "the epoch to come": lambda clear, encrypt: [changed(encrypt(clear), epoch=b"2026-12")],
    "an epoch far off": lambda clear, encrypt: [changed(encrypt(clear), epoch=b"2099-12")],
    "an epoch that cannot be": lambda clear, encrypt: [changed(encrypt(clear), epoch=b"\xff/..")],
    "another workflow's name": lambda clear, encrypt: [changed(encrypt(clear), workflow=b"A-1")],
    "another encoding": lambda clear, encrypt: [changed(encrypt(clear), encoding=b"json/plain")],
    "one word more": lambda clear, encrypt: [changed(encrypt(clear), more=b"")],
    "a cut box": lambda clear, encrypt: [
        Payload(metadata=dict(encrypt(clear).metadata), data=encrypt(clear).data[:7])
    ],
} | {
    f"no {name}": lambda clear, encrypt, name=name: [without(encrypt(clear), name)]
    for name in ("encoding", "epoch", "workflow", "mac")
}


def encryption(ring: KeyRing, client: Client, reference: str) -> Encrypt:
    context = WorkflowSerializationContext(namespace=client.namespace, workflow_id=reference)
    codec = Codec(ring).with_context(context)
    return lambda clear: codec._encode(clear, ring.epoch)


@pytest.fixture
def shapes(client: Client, tmp_path: Path, stack: TestStack) -> dict[str, Shape]:
    """Every shape, and genuine boxes of somewhere else."""
    rotation.create(tmp_path, "2026-11")
    return SHAPES | {
        "other keys": _of(KeyRing(tmp_path), client.namespace, None),
        "another activation": _of(stack.keys, client.namespace, "A-7K3F-92QD"),
        "another namespace": _of(stack.keys, "elsewhere", None),
    }


def _of(ring: KeyRing, namespace: str, workflow_id: str | None) -> Shape:
    def forged(clear: Payload, encrypt: Encrypt) -> Sequence[Payload]:
        name = workflow_id or encrypt(clear).metadata["workflow"].decode()
        place = WorkflowSerializationContext(namespace, name)
        return [Codec(ring).with_context(place)._encode(clear, "2026-11")]

    return forged


async def test_no_signal_update_or_query_has_an_effect_or_stops_the_run(
    client: Client, stack: TestStack, world: World, reference: str, shapes: dict[str, Shape]
) -> None:
    effects = {}
    async with working(client, world):
        handle = await begin(client, reference)
        await waits_for_the_pin(handle)
    # Of a step that followed a local activity, a replay tells its start up to as much earlier as
    # that took. What is compared below is told by this replay, as it is by each later one.
    async with working(client, world):
        before, calls = await progress(handle), [*world.calls]
        forged = (await stranger(client, DataConverter.default)).get_workflow_handle(reference)
        encrypt = encryption(stack.keys, client, reference)
        for shape, made in shapes.items():

            def args(name: str, made: Shape = made) -> list[RawValue]:
                return [RawValue(payload) for payload in made(plain(clear_for(name)), encrypt)]

            for name in (*SIGNALS, *OTHERS):
                await forged.signal(name, args=args(name))
            # Temporal takes ten at once.
            for names in (*(UPDATES[part::3] for part in range(3)), OTHERS):
                updates = (forged.execute_update(name, args=args(name)) for name in names)
                answers = await within(asyncio.gather(*updates, return_exceptions=True))
                assert {type(each) for each in answers} == {WorkflowUpdateFailedError}, answers
            for name in (*QUERIES, *OTHERS):
                with pytest.raises(WorkflowQueryFailedError):
                    await within(forged.query(name, args=args(name)))
            now = await within(progress(handle))
            if now != before or world.calls != calls:
                effects[shape] = now, world.calls[len(calls) :]
        assert effects == {}
        wrong = PinSubmission(pin="999999", **stamp("wrong"))
        assert (await update(handle, "submit_pin", wrong)).verdict is Verdict.WRONG
        await finishes(handle)
    await no_task_failed(handle)


async def within(answer: Awaitable[Any]) -> Any:
    async with asyncio.timeout(20):
        return await answer


async def no_task_failed(handle: Handle) -> None:
    """Raise where a task failed; one that Temporal ended, for too much came meanwhile, did not."""
    events = (await handle.fetch_history()).events
    failed = [
        event.workflow_task_failed_event_attributes
        for event in events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    ]
    flooded = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND
    assert not [each for each in failed if each.cause != flooded]


async def pending_send(handle: Handle, other_than: str = "") -> str:
    """Wait until a worker hands a message over; return the activity's id."""
    async with asyncio.timeout(20):
        while True:
            pending = (await handle.describe()).raw_description.pending_activities
            for each in pending:
                if each.state == STARTED and each.activity_id != other_than:
                    return each.activity_id
            await asyncio.sleep(0.05)


async def test_a_forged_result_of_an_activity_is_one_more_try(
    client: Client, stack: TestStack, world: World, reference: str, shapes: dict[str, Shape]
) -> None:
    world.silent = frozenset({ActivityName.SEND_PIN})
    async with working(client, world):
        handle = await begin(client, reference)
        activity = await pending_send(handle)
        del shapes["two genuine ones"]  # A result is one payload.
        for made in shapes.values():
            said = {"kind": "sent", "outcome": "sent"}
            sent = made(plain(said), encryption(stack.keys, client, reference))
            await client.workflow_service.respond_activity_task_completed_by_id(
                RespondActivityTaskCompletedByIdRequest(
                    namespace=client.namespace,
                    workflow_id=reference,
                    activity_id=activity,
                    result=Payloads(payloads=sent[:1]) if sent else None,
                )
            )
            activity = await pending_send(handle, other_than=activity)
        world.silent = frozenset()
        retry = RetrySubmission(**stamp("retry"))
        assert (await update(handle, "retry", retry)).verdict is Verdict.ACCEPTED
        await waits_for_the_pin(handle)
        await finishes(handle)
    await no_task_failed(handle)


def _failure(number: int) -> Failure:
    failure = Failure(message="forged", encoded_attributes=plain({"message": 1}))
    info = failure.application_failure_info
    match number:
        case 0:
            info.details.payloads.append(plain("forged"))
        case 1:
            info.category = 99  # type: ignore[assignment] # that is the point
        case 2:
            info.next_retry_delay.seconds = 315_576_000_000
        case _:
            info.type = "REGISTRAR_DOWN"
            failure.cause.timeout_failure_info.last_heartbeat_details.payloads.append(plain(1))
    info.non_retryable = True
    return failure


async def test_a_forged_failure_of_an_activity_waits_for_staff_at_most(
    client: Client, world: World, reference: str
) -> None:
    world.silent = frozenset({ActivityName.SEND_PIN})
    async with working(client, world):
        handle = await begin(client, reference)
        activity = await pending_send(handle)
        for number in range(4):
            await client.workflow_service.respond_activity_task_failed_by_id(
                RespondActivityTaskFailedByIdRequest(
                    namespace=client.namespace,
                    workflow_id=reference,
                    activity_id=activity,
                    failure=_failure(number),
                )
            )
            await until(handle, lambda now: now.wait_reason is not WaitReason.WAITING_PIN)
            await update(handle, "retry", RetrySubmission(**stamp(f"retry{number}")))
            activity = await pending_send(handle, other_than=activity)
        world.silent = frozenset()
        await update(handle, "retry", RetrySubmission(**stamp("retry")))
        await waits_for_the_pin(handle)
        await finishes(handle)
    await no_task_failed(handle)
