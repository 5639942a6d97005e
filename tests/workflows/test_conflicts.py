"""A conflict at provisioning: once staff have seen to it, the name is chosen again.

The owner may have been recognised meanwhile, the name may be another, or the case another one.
"""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from temporalio import workflow

from domain.contracts.account_io import (
    AccountOutcome,
    AccountResolved,
    ProvisionAccount,
    Provisioned,
    ProvisionOutcome,
    RecordConsent,
    ResolveAccount,
)
from domain.contracts.vocabulary import ActivityName, FailureType, Step, WaitReason
from support.verbs import timeline
from tests.workflows.conftest import Begin
from tests.workflows.engine import PERSON, World

CONFLICT = Provisioned(outcome=ProvisionOutcome.CONFLICT)
ACTIVE = Provisioned(outcome=ProvisionOutcome.ACTIVE)
MARIA = AccountResolved(outcome=AccountOutcome.USERNAME, username="maria")
OTHER = MARIA.model_copy(update={"username": "maria2"})
OWNED = AccountResolved(outcome=AccountOutcome.ALREADY_ACTIVE, username="maria")
REFUSED = AccountResolved(outcome=AccountOutcome.CONFLICT)
UNSURE = AccountResolved(outcome=AccountOutcome.CANNOT_TELL)


class Then(NamedTuple):
    """What choosing the name again tells, each time; and what comes of it."""

    told: Sequence[AccountResolved]
    waits: Sequence[WaitReason] = ()
    consents: int = 1
    end: Step = Step.ACTIVE
    names: Sequence[str] = ("maria", "maria")


CASES = {
    "the same name is free now": Then([MARIA]),
    "the owner of the entry is recognised": Then([OWNED], end=Step.ALREADY_ACTIVE, names=["maria"]),
    "another name": Then([OTHER], consents=2, names=["maria", "maria2"]),
    "not settled": Then([UNSURE, MARIA], waits=[WaitReason.FOREIGN_ENTRY]),
    "another obstacle": Then(
        [REFUSED, UNSURE, OTHER],
        waits=[WaitReason.USERNAME_CONFLICT, WaitReason.FOREIGN_ENTRY],
        consents=2,
        names=["maria", "maria2"],
    ),
}


OF_ALIKE = UNSURE.model_copy(update={"of_alike": True})
ALIKE = PERSON.model_copy(
    update={"alike": (PERSON.enrolments[0].model_copy(update={"registration_id": "1998001"}),)}
)


async def test_staffs_retry_says_that_who_may_be_the_same_person_is_not(
    begin: Begin, world: World
) -> None:
    """A registrar that is away says nothing, nor does a retry of many; new rows are judged anew."""
    world.persons, world.accounts = (ALIKE,), [*[OF_ALIKE] * 4, MARIA]
    student = await begin()
    await student.sent()
    await student.pin()
    await student.reaches(Step.NEEDS_SUPPORT)
    world.failing, world.failure = {ActivityName.FIND_STUDENT: 1}, FailureType.REGISTRAR_DOWN
    await student.retries()
    await student.parks(ResolveAccount, 2)
    await student.retries(of_many=True)
    await student.parks(ResolveAccount, 3)
    other = ALIKE.alike[0].model_copy(update={"registration_id": "1998002"})
    world.persons = (ALIKE.model_copy(update={"alike": (other,)}),)
    await student.retries()
    await student.parks(ResolveAccount, 4)
    await student.retries()
    await student.consent()
    await student.password()

    assert await student.end() is Step.ACTIVE
    asked = [made.person.alike for made in world.made(ResolveAccount)]
    assert asked == [*[ALIKE.alike] * 3, (other,), ()]
    assert [made.apart for made in world.made(ResolveAccount)] == [*[()] * 4, (other,)]
    assert [made.person.alike for made in world.made(ProvisionAccount)] == [()]


@pytest.mark.parametrize("case", CASES)
async def test_staffs_retry_chooses_the_name_again(begin: Begin, world: World, case: str) -> None:
    then = CASES[case]
    world.accounts = [MARIA, *then.told]
    world.provisioned = [CONFLICT, ACTIVE]
    student = await begin()
    await student.agrees()
    await student.password()
    for reason in (WaitReason.FOREIGN_ENTRY, *then.waits):
        waiting = await student.reaches(Step.NEEDS_SUPPORT)
        assert waiting.wait_reason is reason
        await student.retries()
    if then.consents > 1:
        shown = await student.until(lambda now: now.step is Step.REVIEW and now.review is not None)
        assert shown.review
        assert shown.review.username == then.names[-1]
        await student.consent()
        await student.password()

    assert await student.end() is then.end
    assert [made.username for made in world.made(ProvisionAccount)] == [*then.names]
    assert len(world.made(RecordConsent)) == then.consents
    events = (await student.handle.fetch_history()).events
    told = timeline.of(events, await student.handle.describe())
    assert all(event.detail for event in told if event.what == "stands")


async def test_the_registrars_newest_word_counts_when_the_name_is_chosen_again(
    begin: Begin, world: World
) -> None:
    """Staff had the secretariat give the student a login name."""
    world.accounts, world.provisioned = [MARIA, MARIA, MARIA], [CONFLICT, ACTIVE]
    student = await begin()
    await student.agrees()
    await student.password()
    await student.reaches(Step.NEEDS_SUPPORT)
    world.persons = (PERSON.model_copy(update={"login_name": "mariap"}),)
    await student.retries()

    assert await student.end() is Step.ACTIVE
    assert [made.person.login_name for made in world.made(ProvisionAccount)] == [
        PERSON.login_name,
        "mariap",
    ]


async def test_a_run_that_began_before_goes_on(
    begin: Begin, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It made the same request again after staff's word; its history is replayed at the end."""
    world.accounts, world.provisioned = [MARIA, OTHER], [CONFLICT, CONFLICT, ACTIVE]
    student = await begin()
    await student.agrees()
    await student.password()
    await student.reaches(Step.NEEDS_SUPPORT)
    with monkeypatch.context() as before:
        before.setattr(workflow, "patched", lambda _: False)
        await student.retries()
        await student.until(lambda now: now.step is Step.NEEDS_SUPPORT)
    # Taken up by the code of now, it does so at the next word.
    await student.retries()
    shown = await student.until(lambda now: now.step is Step.REVIEW and now.review is not None)
    assert shown.review
    assert shown.review.username == "maria2"
    await student.consent()
    await student.password()
    assert await student.end() is Step.ACTIVE
