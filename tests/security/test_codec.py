"""The codec in front of a real Temporal: what is forged has no effect, and stops nobody."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError

from domain.contracts.pin_io import CheckPin
from domain.contracts.submissions import (
    ActivationResult,
    ActivationStart,
    ConsentSubmission,
    PasswordSubmission,
    PinSubmission,
)
from domain.contracts.views import Answer, Progress, ProgressRequest, Verdict
from domain.contracts.vocabulary import WORKFLOW, ActivityName, Step, TaskQueue
from security import rotation
from security.codec import Codec, data_converter, workflow_of
from security.keys import KeyRing, UnknownEpoch
from tests.security.conftest import EPOCH
from tests.server import hurried, working
from tests.stack import TestStack
from tests.workflows.engine import World, pin_of
from workflows.search_attributes import STEP

Handle = WorkflowHandle[Any, ActivationResult]

KEPT_BY_TEMPORAL = 4096
"""Bytes of a failed try's failure: limit.mutableStateActivityFailureSize.error."""


def stamp(name: str) -> dict[str, Any]:
    return {"submission_id": name, "received_at": datetime.now(UTC)}


async def begin(client: Client, reference: str) -> Handle:
    return await client.start_workflow(
        WORKFLOW,
        ActivationStart(reference=reference, mobile="+306912345678"),
        id=reference,
        task_queue=TaskQueue.MAIN,
        result_type=ActivationResult,
        search_attributes=TypedSearchAttributes([SearchAttributePair(STEP, Step.LOOKUP.value)]),
    )


async def progress(handle: Handle) -> Progress:
    told: Progress = await handle.query("progress", ProgressRequest(), result_type=Progress)
    return told


async def until(handle: Handle, met: Callable[[Progress], bool]) -> Progress:
    async with asyncio.timeout(20):
        while True:
            told = await progress(handle)
            if met(told):
                return told
            await asyncio.sleep(0.05)


async def waits_for_the_pin(handle: Handle) -> None:
    await until(handle, lambda now: now.pin is not None and now.pin.expires_at is not None)


async def update(handle: Handle, name: str, submission: Any) -> Answer:
    answer: Answer = await handle.execute_update(
        name, submission, id=submission.submission_id, result_type=Answer
    )
    return answer


async def finishes(handle: Handle) -> None:
    """Walk from the PIN to the end."""
    right = PinSubmission(pin=pin_of(1), **stamp("pin"))
    assert (await update(handle, "submit_pin", right)).verdict is Verdict.ACCEPTED
    shown = (await until(handle, lambda now: now.review is not None)).review
    assert shown is not None
    agreed = ConsentSubmission(shown_hash=shown.shown_hash, **stamp("consent"))
    await update(handle, "give_consent", agreed)
    await update(handle, "submit_password", PasswordSubmission(sealed_id="1", **stamp("password")))
    assert (await handle.result()).end is Step.ACTIVE


async def stranger(client: Client, converter: DataConverter) -> Client:
    """Connect to the same namespace without the engine's keys."""
    return await Client.connect(
        client.service_client.config.target_host,
        namespace=client.namespace,
        data_converter=converter,
    )


@pytest.fixture(params=["plain", "own keys"])
async def forger(client: Client, request: pytest.FixtureRequest, folder: Path) -> Client:
    if request.param == "plain":
        return await stranger(client, pydantic_data_converter)
    return await stranger(client, data_converter(KeyRing(folder)))


async def test_a_forged_signal_is_dropped_and_a_forged_update_rejected(
    client: Client, forger: Client, world: World, reference: str
) -> None:
    async with working(client, world):
        handle = await begin(client, reference)
        await waits_for_the_pin(handle)
        forged = forger.get_workflow_handle(reference)
        pin = PinSubmission(pin=pin_of(1), **stamp("forged"))
        await forged.signal("submit_pin", pin)
        with pytest.raises(WorkflowUpdateFailedError):
            await forged.execute_update("submit_pin", pin)
        assert world.made(CheckPin) == []
        await finishes(handle)
    assert len(world.made(CheckPin)) == 1


async def test_a_signal_moved_from_another_activation_is_dropped(
    client: Client, stack: TestStack, world: World, reference: str
) -> None:
    """Temporal itself would deliver it; only the key of the right activation opens it."""
    async with working(client, world):
        handle = await begin(client, reference)
        await waits_for_the_pin(handle)
        elsewhere = WorkflowSerializationContext(
            namespace=client.namespace, workflow_id="A-7K3F-92QD"
        )
        moved = await stranger(client, data_converter(stack.keys).with_context(elsewhere))
        fixed = _Fixed(moved.data_converter.payload_codec)
        moved = await stranger(client, _with(fixed))
        await moved.get_workflow_handle(reference).signal(
            "submit_pin", PinSubmission(pin=pin_of(1), **stamp("moved"))
        )
        assert fixed.used
        await asyncio.sleep(0.3)
        assert world.made(CheckPin) == []
        await finishes(handle)


class _Fixed(Codec):
    """Encrypts for one workflow, whichever it is sent to."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.used = False

    def with_context(self, context: Any) -> "_Fixed":
        del context
        return self

    async def encode(self, payloads: Any) -> list[Payload]:
        self.used = True
        encoded: list[Payload] = await self._inner.encode(payloads)
        return encoded


def _with(codec: Codec) -> DataConverter:
    converter = pydantic_data_converter
    return DataConverter(
        payload_converter_class=converter.payload_converter_class, payload_codec=codec
    )


async def test_a_run_of_an_epoch_whose_key_comes_later_goes_on_by_itself(
    client: Client, folder: Path, tmp_path_factory: pytest.TempPathFactory, world: World
) -> None:
    """The portal has the new month's key before the worker has it."""
    late = tmp_path_factory.mktemp("late")
    for name in ("lasting.key", f"epochs/{EPOCH}.key", f"seal/{EPOCH}.key", f"seal/{EPOCH}.pub"):
        (late / name).parent.mkdir(exist_ok=True)
        (late / name).write_bytes((folder / name).read_bytes())
    rotation.distribute(folder)
    rotation.activate(folder)
    portal = await stranger(client, data_converter(KeyRing(folder)))
    worker = await stranger(client, data_converter(KeyRing(late)))
    reference = f"A-LATE-{folder.name[-4:]}"
    async with working(worker, world):
        handle = await begin(hurried(portal), reference)
        await asyncio.sleep(1)
        assert world.calls == []
        (late / "epochs/2026-12.key").write_bytes((folder / "epochs/2026-12.key").read_bytes())
        await waits_for_the_pin(handle)
    await handle.terminate()


async def test_nothing_in_a_history_is_readable_not_even_a_failure(
    client: Client, world: World, reference: str
) -> None:
    world.failing = {ActivityName.SEND_PIN: 1}
    async with working(client, world):
        handle = await begin(client, reference)
        await waits_for_the_pin(handle)
        await finishes(handle)
    history = (await handle.fetch_history()).to_json()
    assert "Encoded failure" in history
    for clear in ("6912345678", "away", "Παπαδοπ", "mpapadopoulou", "engine.py"):
        assert clear not in history
    assert "LEDGER_DOWN" in history


async def test_a_failure_reads_in_full_with_the_keys(ring: KeyRing) -> None:
    context = WorkflowSerializationContext(namespace="n", workflow_id="A-7K3F-92QD")
    converter = data_converter(ring).with_context(context)
    failure = Failure()
    await converter.encode_failure(ApplicationError("of 6912345678", type="LEDGER_DOWN"), failure)
    assert failure.message == "Encoded failure"
    assert "6912345678" not in str(failure)
    read = await converter.decode_failure(failure)
    assert str(read) == "LEDGER_DOWN: of 6912345678"


def fail_deep(frames: int, causes: int, message: str) -> None:
    """Raise below so many calls, each of a long line, with so many causes."""
    if frames:
        fail_deep(frames - 1, causes, message)  # A line as long as the lines of this tree may be.
    try:
        if causes:
            fail_deep(frames, causes - 1, message)
    except ApplicationError as error:
        raise ApplicationError(message, type=f"CAUSED_{causes}") from error
    raise ApplicationError(message, type="DIRECTORY_DOWN")


@pytest.mark.parametrize("message", ["DIRECTORY_DOWN: TimeoutError", "έλα " * 900, '\n"\\' * 900])
@pytest.mark.parametrize("causes", [0, 1, 2, 9])
@pytest.mark.parametrize("frames", [0, 3, 30])
async def test_no_failure_is_too_large_for_temporal_to_keep_its_type(
    ring: KeyRing, frames: int, causes: int, message: str
) -> None:
    context = WorkflowSerializationContext(namespace="activation", workflow_id="A-7K3F-92QD")
    converter = data_converter(ring).with_context(context)
    failure = Failure()
    with pytest.raises(ApplicationError) as raised:
        fail_deep(frames, causes, message)
    await converter.encode_failure(raised.value, failure)
    assert failure.ByteSize() < KEPT_BY_TEMPORAL
    read = await converter.decode_failure(failure)
    assert isinstance(read, ApplicationError)
    assert read.type == raised.value.type
    assert message.startswith(read.message)
    assert read.failure
    assert "raise ApplicationError" in read.failure.stack_trace


# --- alone ---------------------------------------------------------------------------------------

CLEAR = Payload(metadata={"encoding": b"json/plain"}, data=b'"6912345678"')


def codec(ring: KeyRing, reference: str = "A-7K3F-92QD", namespace: str = "activation") -> Codec:
    return Codec(ring).with_context(
        WorkflowSerializationContext(namespace=namespace, workflow_id=reference)
    )


async def test_what_it_wrote_it_reads_in_workflow_and_activity_alike(ring: KeyRing) -> None:
    (box,) = await codec(ring).encode([CLEAR])
    activity = ActivitySerializationContext(
        namespace="activation",
        workflow_id="A-7K3F-92QD",
        workflow_type=None,
        activity_type="find_student",
        activity_id="1",
        activity_task_queue="activation",
        is_local=True,
    )
    assert await codec(ring).decode([box]) == [CLEAR]
    assert await Codec(ring).with_context(activity).decode([box]) == [CLEAR]
    assert b"6912345678" not in box.SerializeToString()
    assert b"json" not in box.SerializeToString()


def test_a_workflow_and_its_activities_have_one_converter_that_is_made_once(
    ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    activity = ActivitySerializationContext(
        namespace="activation",
        workflow_id="A-7K3F-92QD",
        workflow_type=None,
        activity_type="find_student",
        activity_id="1",
        activity_task_queue="activation",
        is_local=True,
    )
    monkeypatch.setattr("security.codec._KEPT_CONVERTERS", 2)
    converter = data_converter(ring)
    contexts = [
        WorkflowSerializationContext(namespace="activation", workflow_id=reference)
        for reference in ("A-7K3F-92QD", "A-7K3F-92QE", "A-7K3F-92QF")
    ]
    own = converter.with_context(contexts[0])
    assert converter.with_context(contexts[0]) is own
    assert converter.with_context(activity) is own
    assert own.with_context(contexts[0]) is own
    others = [converter.with_context(each) for each in contexts[1:]]
    assert own.with_context(contexts[2]) is others[1]
    assert converter.with_context(contexts[0]) is not own, "no more are kept than that"
    assert len({id(each.payload_codec) for each in (converter, own, *others)}) == 4


@pytest.mark.parametrize("place", [("A-7K3F-92QE", "activation"), ("A-7K3F-92QD", "other")])
async def test_what_was_moved_or_changed_is_replaced(ring: KeyRing, place: tuple[str, str]) -> None:
    (box,) = await codec(ring).encode([CLEAR])
    changed = Payload(metadata=box.metadata, data=box.data[:-1] + bytes([box.data[-1] ^ 1]))
    short = Payload(metadata=box.metadata, data=box.data[:5])
    empty = Payload(metadata=box.metadata)
    refused = await codec(ring).decode([CLEAR, changed, short, empty])
    refused += await codec(ring, *place).decode([box])
    assert [one.metadata["encoding"] for one in refused] == [b"binary/refused"] * 5
    assert all(one.data == b"" for one in refused)


async def test_the_name_of_its_workflow_is_held_to_the_mac(ring: KeyRing) -> None:
    (box,) = await codec(ring).encode([CLEAR])
    assert workflow_of(box) == "A-7K3F-92QD"
    swapped = Payload(metadata={**box.metadata, "workflow": b"A-7K3F-92QE"}, data=box.data)
    for reference in ("A-7K3F-92QE", "A-7K3F-92QD"):
        (refused,) = await codec(ring, reference).decode([swapped])
        assert refused.metadata["encoding"] == b"binary/refused"
    assert workflow_of(CLEAR) == ""


async def test_a_genuine_payload_waits_for_the_key_of_its_epoch(
    ring: KeyRing, folder: Path
) -> None:
    rotation.distribute(folder)
    rotation.activate(folder)
    (box,) = await codec(ring).encode([CLEAR])
    (folder / "epochs/2026-12.key").unlink()
    with pytest.raises(UnknownEpoch):
        await codec(KeyRing(folder)).decode([box])


@pytest.mark.parametrize("epoch", [b"", b"2020-01", b"2026-12", b"../lasting", b"\xff"])
async def test_nobody_waits_for_an_epoch_that_a_forger_names(ring: KeyRing, epoch: bytes) -> None:
    (box,) = await codec(ring).encode([CLEAR])
    box.metadata["epoch"] = epoch
    (refused,) = await codec(ring).decode([box])
    assert refused.metadata["encoding"] == b"binary/refused"


async def test_no_byte_of_a_payload_can_be_changed(ring: KeyRing) -> None:
    (box,) = await codec(ring).encode([CLEAR])
    whole = box.SerializeToString()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        try:
            forged = Payload.FromString(bytes(changed))
        except DecodeError:
            continue
        (refused,) = await codec(ring).decode([forged])
        assert refused.metadata["encoding"] == b"binary/refused"


async def test_a_payload_of_no_workflow_is_a_mistake_of_ours(ring: KeyRing) -> None:
    with pytest.raises(TypeError):
        await Codec(ring).encode([CLEAR])
    with pytest.raises(TypeError):
        Codec(ring).with_context(object())  # type: ignore[arg-type] # that is the point
