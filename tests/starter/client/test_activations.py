"""Activations against a real Temporal: with workers, without them, and without Temporal."""

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from domain.contracts.pin_io import CheckPin
from domain.contracts.submissions import ActivationStart, PinSubmission
from domain.contracts.views import Progress, Verdict
from domain.contracts.vocabulary import ActivityName, Step, WaitReason
from security.codec import data_converter
from security.keys import KeyRing
from security.rotation import create
from starter import page_state
from starter.client.activations import ActivationEnded, Activations
from starter.client.connect import TemporalUnavailable
from tests.server import working
from tests.stack import TestStack
from tests.workflows.engine import PERSON, World, pin_of

SECONDS = timedelta(seconds=1)


@pytest.fixture
def activations(client: Client) -> Activations:
    return Activations(client)


def begun(reference: str) -> ActivationStart:
    return ActivationStart(reference=reference, mobile="+306912345678")


def typed(pin: str) -> PinSubmission:
    return PinSubmission(
        submission_id=secrets.token_hex(16), received_at=datetime.now(UTC), pin=pin
    )


async def until(
    activations: Activations, reference: str, met: Callable[[Progress], bool]
) -> Progress:
    async with asyncio.timeout(20):
        while True:
            progress = await activations.progress(reference)
            if progress and met(progress):
                return progress
            await asyncio.sleep(0.05)


def handed_over(progress: Progress) -> bool:
    return progress.pin is not None and progress.pin.expires_at is not None


async def stands(activations: Activations, reference: str) -> tuple[Step, WaitReason | None]:
    """Return the step and reason of Temporal's record, which also tells since when."""
    recorded = await activations.recorded_state(reference)
    assert recorded is not None
    assert recorded.since is not None
    return recorded.step, recorded.wait_reason


async def waits_for_its_pin(activations: Activations, reference: str) -> None:
    assert await activations.start(begun(reference))
    await until(activations, reference, handed_over)


async def test_one_reference_is_started_once(activations: Activations, reference: str) -> None:
    assert await activations.start(begun(reference))
    assert not await activations.start(begun(reference))


@pytest.mark.parametrize("found", [True, False])
async def test_a_start_brings_what_was_found_and_again_the_same(
    activations: Activations, client: Client, world: World, reference: str, *, found: bool
) -> None:
    world.persons = (PERSON,) if found else ()
    async with working(client, world):
        first = await activations.look_up(begun(reference), within=5 * SECONDS)
        again = await activations.look_up(begun(reference), within=5 * SECONDS)
    assert first is not None
    assert again is not None
    assert first.step is again.step is (Step.PIN if found else Step.NOT_FOUND)
    assert not found or (first.pin and first.pin.tries_left)


async def test_a_look_up_that_takes_long_is_started_all_the_same(
    activations: Activations, client: Client, world: World, reference: str
) -> None:
    world.silent = frozenset({ActivityName.FIND_STUDENT})
    async with working(client, world):
        assert await activations.look_up(begun(reference), within=SECONDS) is None
        assert not await activations.start(begun(reference))


async def test_without_a_worker_a_start_is_kept_and_goes_on_later(
    activations: Activations, client: Client, world: World, reference: str
) -> None:
    before = time.monotonic()
    assert await activations.look_up(begun(reference), within=2 * SECONDS) is None
    assert time.monotonic() - before < 3
    assert await stands(activations, reference) == (Step.LOOKUP, None)
    async with working(client, world):
        await until(activations, reference, handed_over)
        answer = await activations.submit(reference, "submit_pin", typed(pin_of(1)))
    assert answer is not None
    assert answer.progress.review is not None


async def test_with_a_worker_the_answer_comes_with_the_submission(
    activations: Activations, client: Client, world: World, reference: str
) -> None:
    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        wrong = await activations.submit(reference, "submit_pin", typed("999999"))
        right = await activations.submit(reference, "submit_pin", typed(pin_of(1)))
    assert wrong is not None
    assert wrong.verdict is Verdict.WRONG
    assert right is not None
    assert right.verdict is Verdict.ACCEPTED
    assert right.progress.review is not None
    assert right.progress.wait_reason is WaitReason.WAITING_CONSENT


async def test_without_a_worker_a_submission_is_kept_and_counts_once_however_it_comes(
    activations: Activations, client: Client, world: World, reference: str
) -> None:
    async with working(client, world):
        await waits_for_its_pin(activations, reference)
    submission = typed("999999")

    before = time.monotonic()
    assert await activations.submit(reference, "submit_pin", submission) is None
    assert time.monotonic() - before < 3
    assert await activations.progress(reference) is None
    assert await stands(activations, reference) == (Step.PIN, WaitReason.WAITING_PIN)

    async with working(client, world):
        await until(activations, reference, lambda now: bool(now.pin and now.pin.tries_left < 5))
        late = await activations.submit(reference, "submit_pin", submission)
        progress = await until(activations, reference, handed_over)
    assert late is not None
    assert late.verdict is Verdict.WRONG
    assert progress.pin is not None
    assert progress.pin.tries_left == 4
    assert len(world.made(CheckPin)) == 1


@pytest.mark.parametrize("killed", [False, True])
async def test_an_answer_that_comes_late_or_never_counts_once(
    activations: Activations, client: Client, world: World, reference: str, *, killed: bool
) -> None:
    """The update was accepted; its answer waits for an activity, or dies with the worker."""
    submission = typed("999999")
    world.silent = frozenset({ActivityName.CHECK_PIN})
    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        assert await activations.submit(reference, "submit_pin", submission) is None
        if not killed:
            world.silent = frozenset()
            await counted_once(activations, reference)
    world.silent = frozenset()
    async with working(client, world):
        await counted_once(activations, reference)
        assert await activations.submit(reference, "submit_pin", submission) is not None
        await counted_once(activations, reference)


async def counted_once(activations: Activations, reference: str) -> Progress:
    progress = await until(
        activations, reference, lambda now: bool(now.pin and now.pin.tries_left < 5)
    )
    assert progress.pin is not None
    assert progress.pin.tries_left == 4
    return progress


async def test_a_run_that_ends_while_an_answer_is_awaited_is_said_to_have_ended(
    activations: Activations, client: Client, world: World, reference: str
) -> None:
    world.silent = frozenset({ActivityName.CHECK_PIN})
    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        asked = asyncio.create_task(activations.submit(reference, "submit_pin", typed("999999")))
        async with asyncio.timeout(20):
            while not world.made(CheckPin):  # noqa: ASYNC110 - the worker sets it
                await asyncio.sleep(0.01)
        await client.get_workflow_handle(reference).terminate()
        with pytest.raises(ActivationEnded):
            await asked


async def test_a_submission_that_the_engine_cannot_read_changes_nothing(
    activations: Activations, client: Client, world: World, reference: str, tmp_path: Path
) -> None:
    """Neither handler takes it: the update is rejected, the signal that follows is dropped."""
    create(tmp_path, "2026-11")
    config = client.config() | {"data_converter": data_converter(KeyRing(tmp_path))}
    foreign = Activations(Client(**config))
    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        assert await foreign.submit(reference, "submit_pin", typed(pin_of(1))) is None
        wrong = await activations.submit(reference, "submit_pin", typed("999999"))
    assert wrong is not None
    assert wrong.progress.pin is not None
    assert wrong.progress.pin.tries_left == 4
    assert len(world.made(CheckPin)) == 1


async def test_an_activation_that_is_over_says_how_it_ended(
    activations: Activations, client: Client, world: World, reference: str
) -> None:
    world.persons = ()
    async with working(client, world):
        assert await activations.start(begun(reference))
        await until(activations, reference, lambda now: now.step is Step.NOT_FOUND)
    with pytest.raises(ActivationEnded) as ended:
        await activations.submit(reference, "submit_pin", typed(pin_of(1)))
    assert ended.value.step is Step.NOT_FOUND


async def test_a_run_ended_from_outside_is_told_from_one_that_waits(
    activations: Activations, client: Client, world: World, reference: str
) -> None:
    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        await client.get_workflow_handle(reference).terminate()
        # A worker is there and would answer as if it waited for the code.
        assert await activations.progress(reference) is None
        place = await page_state.find(activations, reference)
        assert (place.step, place.path, place.goes_on) == (Step.CANCELLED, "/ended", False)
        for ask in (
            activations.recorded_state(reference),
            activations.submit(reference, "submit_pin", typed(pin_of(1))),
        ):
            with pytest.raises(ActivationEnded) as ended:
                await ask
            assert (ended.value.reference, ended.value.step) == (reference, Step.PIN)


async def test_a_reference_nobody_has_stands_nowhere(
    activations: Activations, reference: str
) -> None:
    assert await activations.recorded_state(reference) is None
    with pytest.raises(ActivationEnded) as ended:
        await activations.submit(reference, "submit_pin", typed(pin_of(1)))
    assert ended.value.step is None


@pytest.fixture
async def unreachable(stack: TestStack) -> Activations:
    nobody = "127.0.0.1:1"
    return Activations(
        await Client.connect(nobody, lazy=True, data_converter=data_converter(stack.keys))
    )


async def test_a_temporal_that_was_never_there_is_said_to_be_away(
    unreachable: Activations, reference: str
) -> None:
    await all_refused_in_time(unreachable, reference)
    assert await unreachable.progress(reference) is None


async def all_refused_in_time(activations: Activations, reference: str) -> None:
    """See that whatever is asked at the same time is told that Temporal is away, within 3 s."""

    async def refused(ask: Coroutine[Any, Any, object]) -> None:
        before = time.monotonic()
        with pytest.raises(TemporalUnavailable):
            await ask
        assert time.monotonic() - before < 3

    await asyncio.gather(
        refused(activations.start(begun(reference))),
        refused(activations.look_up(begun(reference), within=2 * SECONDS)),
        refused(activations.recorded_state(reference)),
        refused(activations.submit(reference, "submit_pin", typed(pin_of(1)))),
    )


async def test_when_temporal_stops_a_submission_is_refused_within_three_seconds(
    activations: Activations, stack: TestStack, reference: str
) -> None:
    await activations.start(begun(reference))
    await asyncio.to_thread(stack.stop, "temporal")
    try:
        await all_refused_in_time(activations, reference)
    finally:
        # In this thread: a part ends with the thread that started it.
        stack.start("temporal")
    assert await stands(activations, reference) == (Step.LOOKUP, None)
