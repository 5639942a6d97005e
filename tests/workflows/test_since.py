"""Since when it stands so is told of the reason, not of the last try."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from domain.contracts.account_io import (
    AccountChecked,
    AccountOutcome,
    AccountResolved,
    AccountState,
    CheckAccount,
    Claimed,
    ClaimOutcome,
    ClaimPerson,
    InsuranceOutcome,
    RecordInsurance,
    ResolveAccount,
)
from domain.contracts.staff import HoldSubmission, ReleaseSubmission
from domain.contracts.vocabulary import ActivityName, FailureType, Step, WaitReason
from tests.workflows.conftest import Begin
from tests.workflows.engine import PERSON, World

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Vain:
    """What makes each try end with support again, and what is tried."""

    reason: WaitReason
    tried: type
    world: dict[str, Any] = field(default_factory=dict)


VAIN = [
    Vain(
        WaitReason.USERNAME_CONFLICT,
        ResolveAccount,
        {"accounts": [AccountResolved(outcome=AccountOutcome.CONFLICT)]},
    ),
    Vain(
        WaitReason.INSURANCE_CONFLICT,
        ClaimPerson,
        {"claims": [Claimed(outcome=ClaimOutcome.NUMBER_OF_ANOTHER)]},
    ),
    Vain(
        WaitReason.FOREIGN_ENTRY,
        CheckAccount,
        {
            "claims": [Claimed(outcome=ClaimOutcome.ALREADY_ACTIVE, username="maria")],
            "checked": [AccountChecked(state=AccountState.FOREIGN)],
        },
    ),
    Vain(
        WaitReason.CONFIGURATION,
        ClaimPerson,
        {
            "failing": {ActivityName.CLAIM_PERSON: 900},
            "failure": FailureType.CONFIGURATION,
            "permanent": True,
        },
    ),
]


@pytest.mark.parametrize("vain", VAIN, ids=[each.reason for each in VAIN])
async def test_a_retry_in_vain_begins_no_new_wait(begin: Begin, world: World, vain: Vain) -> None:
    student = await begin()
    await student.sent()
    for name, value in vain.world.items():
        setattr(world, name, value)
    await student.pin()
    first = await student.parks(vain.tried, 1)
    await student.environment.sleep(HOUR)
    tried = len(world.made(vain.tried))
    await student.retries()
    again = await student.parks(vain.tried, tried + 1)

    assert (first.wait_reason, again.wait_reason) == (vain.reason, vain.reason)
    assert again.since == first.since
    await student.handle.terminate()


async def test_an_answer_of_the_students_begins_a_new_wait(begin: Begin, world: World) -> None:
    world.persons = (PERSON.model_copy(update={"insurance_number": None}),)
    world.insurance = [InsuranceOutcome.BELONGS_TO_ANOTHER]
    student = await begin()
    await student.sent()
    await student.pin()
    since = []
    for times in (1, 2):
        await student.reaches(Step.INSURANCE)
        await student.insurance()
        since.append((await student.parks(RecordInsurance, times)).since)
        await student.environment.sleep(HOUR)
        await student.retries()

    assert since[1] - since[0] >= HOUR
    await student.handle.terminate()


async def test_each_hold_is_a_wait_of_its_own(begin: Begin, world: World) -> None:
    del world
    student = await begin()
    since = []
    for _ in range(2):
        await student.submit("hold", HoldSubmission(**await student.stamp()))
        since.append((await student.reaches(Step.NEEDS_SUPPORT)).since)
        await student.environment.sleep(HOUR)
        await student.submit("release", ReleaseSubmission(**await student.stamp()))

    assert since[1] - since[0] >= HOUR
    await student.handle.terminate()


async def test_work_that_is_held_up_is_waited_for_since_it_began(
    begin: Begin, world: World
) -> None:
    """It fails from then on; that it does is published only at the end of the first window."""
    student = await begin()
    await student.agrees()
    world.failing, world.failure = {ActivityName.PROVISION_ACCOUNT: 900}, FailureType.DIRECTORY_DOWN
    await student.password()
    began = (await student.reaches(Step.PROVISIONING)).since
    await student.environment.sleep(HOUR)
    late = await student.progress()

    assert (late.wait_reason, late.since) == (WaitReason.DIRECTORY_DOWN, began)
    await student.handle.terminate()
