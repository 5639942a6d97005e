"""No window of an activity ends on a whole second, where the test server would not end it."""

from domain.contracts.vocabulary import ActivityName, FailureType, Step
from tests.workflows.conftest import Begin
from tests.workflows.engine import World


async def test_every_window_has_a_part_below_the_milliseconds_of_the_servers_clock(
    begin: Begin, world: World
) -> None:
    student = await begin()
    await student.agrees()
    world.failing, world.failure = {ActivityName.PROVISION_ACCOUNT: 6}, FailureType.DIRECTORY_DOWN
    await student.password()
    assert await student.end() is Step.ACTIVE

    scheduled = [
        each.activity_task_scheduled_event_attributes.schedule_to_close_timeout.ToTimedelta()
        for each in (await student.handle.fetch_history()).events
        if each.HasField("activity_task_scheduled_event_attributes")
    ]
    windows = [each for each in scheduled if each]
    assert windows
    assert {each.microseconds % 1_000 for each in windows} == {500}
