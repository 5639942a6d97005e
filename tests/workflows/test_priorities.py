"""Which work goes first when many tasks wait in a queue, as the histories tell Temporal."""

import pytest
from temporalio.api.common.v1 import Priority
from temporalio.api.enums.v1 import EventType

from domain.contracts.views import Verdict
from domain.contracts.vocabulary import ActivityName, FailureType, Step, WaitReason
from tests.workflows.conftest import Begin
from tests.workflows.engine import PERSON, World
from tests.workflows.student import Student
from workflows.priorities import priority_of


async def scheduled(student: Student) -> list[tuple[str, Priority]]:
    """Return the activities of a run and their priorities, in order."""
    history = await student.handle.fetch_history()
    kind = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    made = [
        event.activity_task_scheduled_event_attributes
        for event in history.events
        if event.event_type == kind
    ]
    return [(each.activity_type.name, each.priority) for each in made]


async def test_a_code_goes_first_and_a_notice_last_by_department(
    begin: Begin, world: World
) -> None:
    student = await begin()
    await student.agrees()
    await student.password()
    await student.reaches(Step.ACTIVE)

    department = world.persons[0].enrolments[0].department_id
    assert await scheduled(student) == [
        (ActivityName.SEND_PIN, Priority(priority_key=1, fairness_key=department)),
        (ActivityName.PROVISION_ACCOUNT, Priority(priority_key=3, fairness_key=department)),
        (ActivityName.SEND_NOTICE, Priority(priority_key=4, fairness_key=department)),
    ]


@pytest.mark.parametrize(("of_many", "key"), [(True, 4), (False, 1)])
async def test_a_retry_of_many_waits_for_those_at_a_page(
    begin: Begin, world: World, *, of_many: bool, key: int
) -> None:
    world.failing = {ActivityName.SEND_PIN: 1000}
    world.failure = FailureType.SMS_DOWN
    student = await begin()
    await student.until(lambda now: now.wait_reason is WaitReason.SMS_DOWN)
    world.failing = {}

    assert (await student.retries(of_many=of_many)).verdict is Verdict.ACCEPTED
    await student.sent()
    await student.pin()
    await student.consent()
    await student.password()
    await student.reaches(Step.ACTIVE)

    keys = {name: each.priority_key for name, each in await scheduled(student)}
    # The student has submitted something since: the account is not part of the retry.
    assert keys == {
        ActivityName.SEND_PIN: key,
        ActivityName.PROVISION_ACCOUNT: 3,
        ActivityName.SEND_NOTICE: 4,
    }


async def test_two_people_of_one_contact_have_no_department_yet(begin: Begin, world: World) -> None:
    world.persons = (PERSON, PERSON.model_copy(update={"person_key": "other"}))
    student = await begin()
    await student.sent()

    assert await scheduled(student) == [(ActivityName.SEND_PIN, Priority(priority_key=1))]


def test_duties_go_last_and_letters_before_them() -> None:
    found = {name: priority_of(name, None).priority_key for name in ActivityName}
    assert {name for name, key in found.items() if key == 1} == {ActivityName.SEND_PIN}
    assert {name for name, key in found.items() if key == 5} == {
        ActivityName.FIND_LEFT_BEHIND,
        ActivityName.SWEEP_EXPIRED,
        ActivityName.COMPARE_DIRECTORY,
        ActivityName.COMPARE_RUNS,
        ActivityName.NEXT_INVITATIONS,
        ActivityName.SEND_INVITATIONS,
    }


async def test_a_long_code_of_a_department_stops_no_activation(begin: Begin, world: World) -> None:
    """Temporal refuses a key of more than 64 bytes, and would fail the task for ever."""
    enrolment = PERSON.enrolments[0].model_copy(update={"department_id": "ΤΜΗΜΑ-" * 20})
    world.persons = (PERSON.model_copy(update={"enrolments": (enrolment,)}),)
    student = await begin()
    await student.sent()

    ((_, priority),) = await scheduled(student)
    assert len(priority.fairness_key.encode()) in (63, 64)
    assert enrolment.department_id.startswith(priority.fairness_key)
