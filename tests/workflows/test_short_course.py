"""A run of this version takes fewer events, and leaves out no effect."""

from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType

from domain.contracts.account_io import (
    AccountOutcome,
    AccountResolved,
    CloseActivation,
    ProvisionAccount,
    Provisioned,
    ProvisionOutcome,
    ResolveAccount,
)
from domain.contracts.people import FindStudent
from domain.contracts.submissions import Policy
from domain.contracts.views import ProgressRequest
from domain.contracts.vocabulary import ActivityName, FailureType, Step
from tests.workflows.conftest import Begin
from tests.workflows.engine import PERSON, World
from tests.workflows.student import Student

CLOSED = Provisioned(outcome=ProvisionOutcome.ACTIVE, closed=True)
OPEN = Provisioned(outcome=ProvisionOutcome.ACTIVE)


async def events(student: Student) -> tuple[list[str], list[int]]:
    """Return the names of the markers and remote activities of a run, and the kinds of events."""
    history = (await student.handle.fetch_history()).events
    names = [
        each.marker_recorded_event_attributes.marker_name
        or each.activity_task_scheduled_event_attributes.activity_type.name
        for each in history
    ]
    return [name for name in names if name], [each.event_type for each in history]


async def test_a_happy_path_has_three_remote_activities_and_no_marker_of_a_patch(
    begin: Begin, world: World
) -> None:
    world.provisioned = [CLOSED]
    student = await begin()
    await student.handle.execute_update("look_up", ProgressRequest())
    assert await student.finishes() is Step.ACTIVE
    names, kinds = await events(student)
    remote = [name for name in names if name != "core_local_activity"]
    assert remote == ["send_pin", "provision_account", "send_notice"]
    assert EventType.EVENT_TYPE_TIMER_CANCELED not in kinds


@pytest.mark.parametrize(
    ("fresh_for", "looks"), [(timedelta(hours=1), 1), (timedelta(minutes=9), 2), (timedelta(), 2)]
)
async def test_the_registrar_is_read_again_only_after_an_old_look_up(
    begin: Begin, world: World, fresh_for: timedelta, looks: int
) -> None:
    student = await begin(policy=Policy(registrar_fresh_for=fresh_for))
    await student.agrees()
    await student.environment.sleep(timedelta(minutes=10))
    await student.password()
    assert await student.end() is Step.ACTIVE
    assert len(world.made(FindStudent)) == looks


async def test_what_changed_meanwhile_is_shown_again_after_an_old_look_up(
    begin: Begin, world: World
) -> None:
    student = await begin(policy=Policy(registrar_fresh_for=timedelta(minutes=9)))
    await student.agrees()
    await student.environment.sleep(timedelta(minutes=10))
    world.persons = (PERSON.model_copy(update={"first_name_latin": "Anna"}),)
    assert (await student.password()).progress.step is Step.REVIEW
    assert not world.made(ProvisionAccount)


async def test_a_worker_without_the_directory_leaves_the_username_to_one_with_it(
    begin: Begin, world: World
) -> None:
    world.accounts = [AccountResolved(outcome=AccountOutcome.ELSEWHERE), *world.accounts]
    student = await begin()
    assert await student.finishes() is Step.ACTIVE
    assert [call.ask_directory for call in world.made(ResolveAccount)] == [True, True]
    assert "resolve_account" in (await events(student))[0]


@pytest.mark.parametrize(("made", "closes"), [(CLOSED, 0), (OPEN, 1)])
async def test_the_activity_that_made_the_account_closes_the_activation(
    begin: Begin, world: World, made: Provisioned, closes: int
) -> None:
    world.provisioned = [made]
    student = await begin()
    assert await student.finishes() is Step.ACTIVE
    assert [request.close for request in world.made(ProvisionAccount)] == [True]
    assert len(world.made(CloseActivation)) == closes


async def test_a_look_up_that_was_held_up_is_followed_by_the_same_course(
    begin: Begin, world: World
) -> None:
    world.failing = {ActivityName.FIND_STUDENT: 1}
    world.failure = FailureType.REGISTRAR_DOWN
    student = await begin()
    assert await student.finishes() is Step.ACTIVE
    assert "resolve_account" not in (await events(student))[0]
    assert [request.close for request in world.made(ProvisionAccount)] == [True]
