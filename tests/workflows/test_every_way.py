"""From every state that can be reached, everything that can happen leads on: no run is wedged.

The states are found by walking: whatever the workflow asks gets every answer there is, and each
state that was not seen before is walked on from. So a new step, outcome or place to park is
covered when it is written.
"""

import asyncio
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import pytest

from domain.contracts.account_io import AccountOutcome, ClaimOutcome
from domain.contracts.pin_io import PinOutcome
from domain.contracts.vocabulary import ActivityName, FailureType, Step, WaitReason, Waker
from tests.workflows.explorer import OUTCOMES, Explored
from workflows import steps

pytestmark = pytest.mark.timeout(900)

Way: TypeAlias = tuple[tuple[str, str], ...]
ELSEWHERE = {
    ActivityName.MAIL_SUPPORT_REQUEST,
    ActivityName.MAIL_SUPPORT_ANSWER,
    ActivityName.APPLY_WITHDRAWAL,
    ActivityName.FIND_LEFT_BEHIND,
    ActivityName.SWEEP_EXPIRED,
    ActivityName.MAIL_STUCK_REPORT,
    ActivityName.COMPARE_DIRECTORY,
    ActivityName.COMPARE_RUNS,
    ActivityName.NEXT_INVITATIONS,
    ActivityName.SEND_INVITATIONS,
}
"""The activities of other workflows."""


@asynccontextmanager
async def walked(way: Way) -> AsyncIterator[Explored]:
    with pytest.MonkeyPatch.context() as patch:
        explored = Explored(patch)
        try:
            await explored.accept()
            for event in way:
                await explored.happen(*event)
            yield explored
        finally:
            await explored.end()


@pytest.fixture(scope="module", params=["a few", pytest.param("all", marks=pytest.mark.long)])
async def ways(request: pytest.FixtureRequest) -> list[Way]:
    """Return the shortest way to each state; no event on any way may be a mistake.

    The few leave out a state that differs from another in why it waits or was parked alone.
    """
    # The tests go these ways again: to measure the lines here as well would double the time.
    trace = sys.gettrace()
    sys.settrace(None)
    try:
        return await _ways(few=request.param == "a few")
    finally:
        sys.settrace(trace)


async def _ways(*, few: bool) -> list[Way]:
    found: dict[tuple[object, ...], Way] = {}
    ahead: deque[Way] = deque([()])
    while ahead:
        way = ahead.popleft()
        async with walked(way) as explored:
            assert not explored.mistakes, (way, explored.mistakes)
            if explored.task.done():
                assert explored.task.exception() is None, way
                assert explored.run.step in steps.ENDS
            stands = explored.stands_roughly if few else explored.stands
            known = stands in found
            found.setdefault(stands, way)
        if not known:
            ahead.extend([(*way, event) async for event in leading_on(way)])
    assert {step for step, *_ in found} == set(Step)
    assert len(found) > (100 if few else 500)
    return [way for stands, way in found.items() if not stands[-1]]


async def leading_on(way: Way) -> AsyncIterator[tuple[str, str]]:
    """Yield what may happen at the end of a way, less the submissions that change nothing there."""
    async with walked(way) as explored:
        events = deque(explored.events())
    while events:
        async with walked(way) as explored:
            stands = explored.stands
            while events and explored.stands == stands:
                event = events.popleft()
                if event[0] == "submission":
                    await explored.happen(*event)
                if event[0] != "submission" or explored.stands != stands or explored.mistakes:
                    yield event


def test_every_activity_and_every_outcome_is_played(ways: list[Way]) -> None:
    assert set(OUTCOMES) == set(ActivityName) - ELSEWHERE
    for name, outcomes in OUTCOMES.items():
        first = next(iter(outcomes.values()))
        told: Any = getattr(first, "outcome", None) or getattr(first, "state", None)
        assert told is None or all(each in outcomes for each in type(told)), name
    assert ways


async def test_staff_can_cancel_in_every_state_but_the_making_of_the_account(
    ways: list[Way],
) -> None:
    for way in ways:
        async with walked(way) as explored:
            before = explored.run.step
            await explored.happen("submission", "cancel")
            if "local find_student" in explored.asked and explored.run.step is before:
                # One look at the registrar is four seconds at most.
                await explored.happen("local find_student", "permanent")
            expected = Step.CANCELLED if before in steps.CANCELLABLE else before
            assert explored.run.step is expected, way
            assert before not in steps.CANCELLABLE or "local close_activation" in explored.asked


async def test_a_cancellation_from_outside_ends_every_state_and_releases_the_claim(
    ways: list[Way],
) -> None:
    for way in ways:
        async with walked(way) as explored:
            before = explored.run.step
            await explored.happen("cancel", "from outside")
            if explored.task.done():
                continue  # It was told the student already, and nothing was left but to answer.
            await explored.happen("local close_activation", "closed")
            if "durable send_notice" in explored.asked:
                await explored.happen("durable send_notice", "sent")
            expected = before if before in steps.ENDS else Step.CANCELLED
            assert (await explored.task).end is expected, way


async def test_a_mistake_of_the_programme_parks_and_can_be_retried_and_cancelled(
    ways: list[Way],
) -> None:
    parked = 0
    for way in ways:
        for place in await places(way):
            async with walked((*way, ("mistake", place))) as explored:
                assert not explored.task.done(), (way, place)
                run = explored.run
                if not explored.mistakes or run.reason is not WaitReason.CONFIGURATION:
                    continue  # A notice nobody waits for, or the clock of what is parked anyhow.
                parked += 1
                was = run._parked if run.step is Step.NEEDS_SUPPORT else run.step
                told = len(explored.mistakes)
                await explored.happen("submission", "retry")
                assert run.step in {was, *steps.TRANSITIONS[was or run.step]}, (way, place)
                assert len(explored.mistakes) == told, (way, place, explored.mistakes)
            async with walked((*way, ("mistake", place), ("submission", "cancel"))) as explored:
                run = explored.run
                over = run.step in steps.ENDS
                assert over or run.step is Step.PROVISIONING, (way, place)
    assert parked > len(ways)


async def test_a_retry_asks_nothing_of_any_system_while_the_student_is_awaited(
    ways: list[Way],
) -> None:
    awaited = set()
    for way in ways:
        async with walked(way) as explored:
            run, before = explored.run, explored.stands
            if explored.asked or steps.woken_by(run.step, run.reason) is not Waker.STUDENT:
                continue
            awaited.add(run.step)
            await explored.happen("submission", "retry")
            assert explored.stands == before, way
    assert awaited == {Step.PIN, Step.IDENTIFY, Step.INSURANCE, Step.REVIEW, Step.PASSWORD}


async def test_an_end_that_cannot_be_reached_parks_and_can_be_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allowed = {**steps.TRANSITIONS, Step.LOOKUP: frozenset({Step.NEEDS_SUPPORT})}
    monkeypatch.setattr(steps, "TRANSITIONS", allowed)
    async with walked((("local find_student", "nobody"),)) as explored:
        assert explored.run.step is Step.NEEDS_SUPPORT
        assert explored.run.reason is WaitReason.CONFIGURATION
        await explored.happen("submission", "cancel")
        await explored.happen("local close_activation", "closed")
        assert (await explored.task).end is Step.CANCELLED


async def test_work_that_is_given_up_is_no_mistake() -> None:
    async with walked(()) as explored:
        given_up = explored.run.run_in_background(asyncio.sleep(1))
        given_up.cancel()
        await explored.accept()
        assert given_up.cancelled()
        assert explored.run.mistake is None


PROVEN: Way = (
    ("local find_student", "insured"),
    ("submission", "submit_pin"),
    ("local check_pin", PinOutcome.RIGHT),
)
RARE: dict[str, tuple[Way, Step, WaitReason | None]] = {
    "a lock during a hold": (
        (PROVEN[0], ("submission", "hold"), ("local reserve_send", "locked")),
        Step.NEEDS_SUPPORT,
        WaitReason.HELD,
    ),
    "a holder that takes no signal": (
        (*PROVEN, ("local claim_person", ClaimOutcome.HELD), ("signal joined", "deaf")),
        Step.NEEDS_SUPPORT,
        WaitReason.CONFIGURATION,
    ),
    "a part that is away while another is asked": (
        (
            *PROVEN,
            ("local claim_person", ClaimOutcome.CLAIMED),
            ("local resolve_account", AccountOutcome.ELSEWHERE),
            ("durable resolve_account", FailureType.LEDGER_DOWN),
        ),
        Step.REVIEW,
        None,
    ),
}


@pytest.mark.parametrize("name", RARE)
async def test_what_happens_seldom_leaves_it_where_it_is_told(name: str) -> None:
    way, step, reason = RARE[name]
    async with walked(way) as explored:
        assert (explored.run.step, explored.run.reason) == (step, reason)


async def places(way: Way) -> list[str]:
    async with walked(way) as explored:
        return [*explored.asked, *map(str, range(len(explored.waiting)))]
