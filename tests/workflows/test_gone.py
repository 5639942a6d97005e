"""Before anybody is told "already active", the directory is asked whether the account is there."""

import pytest

from domain.contracts.account_io import (
    AccountChecked,
    AccountState,
    CheckAccount,
    Claimed,
    ClaimOutcome,
    ClaimPerson,
    ProvisionAccount,
    RecordConsent,
)
from domain.contracts.submissions import Policy
from domain.contracts.vocabulary import ActivityName, FailureType, Step, WaitReason, Waker
from tests.workflows.conftest import Begin
from tests.workflows.engine import PERSON, World

NOTED = Claimed(outcome=ClaimOutcome.ALREADY_ACTIVE, username="maria", activated_by="A-BEFORE")
CLAIMED = Claimed(outcome=ClaimOutcome.CLAIMED)
NUMBER_OF_ANOTHER = Claimed(outcome=ClaimOutcome.NUMBER_OF_ANOTHER)
GONE = AccountChecked(state=AccountState.GONE)
THERE = AccountChecked(state=AccountState.ACTIVE, username="mariap")


async def test_an_account_that_is_there_ends_it_with_the_name_it_has_now(
    begin: Begin, world: World
) -> None:
    world.claims, world.checked = [NOTED], [THERE]
    student = await begin()
    await student.sent()
    await student.pin()

    assert await student.end() is Step.ALREADY_ACTIVE
    assert (await student.progress()).username == "mariap"
    assert [asked.username for asked in world.made(CheckAccount)] == ["maria"]


async def test_an_account_that_is_gone_is_made_again_at_staffs_word_with_a_new_consent(
    begin: Begin, world: World
) -> None:
    world.claims, world.checked = [NOTED, CLAIMED], [GONE]
    student = await begin()
    await student.sent()
    await student.pin()
    waiting = await student.reaches(Step.NEEDS_SUPPORT)
    consents = world.made(RecordConsent)
    await student.retries()
    await student.consent()
    await student.password()

    assert (waiting.wait_reason, waiting.woken_by) == (WaitReason.ACCOUNT_GONE, Waker.STAFF)
    assert consents == []
    assert await student.end() is Step.ACTIVE
    assert len(world.made(RecordConsent)) == 1
    assert [claim.gone for claim in world.made(ClaimPerson)] == [None, "A-BEFORE"]


async def test_a_number_of_anothers_account_waits_for_staff_who_say_that_they_are_two(
    begin: Begin, world: World
) -> None:
    """A registrar that is away says nothing: staff's word counts once it was read again."""
    world.claims = [NUMBER_OF_ANOTHER, NUMBER_OF_ANOTHER, CLAIMED]
    student = await begin()
    await student.sent()
    await student.pin()
    waiting = await student.reaches(Step.NEEDS_SUPPORT)
    consents = world.made(RecordConsent)
    world.failing, world.failure = {ActivityName.FIND_STUDENT: 1}, FailureType.REGISTRAR_DOWN
    await student.retries()
    await student.parks(ClaimPerson, 2)
    await student.retries()
    await student.consent()
    await student.password()

    assert (waiting.wait_reason, waiting.woken_by) == (WaitReason.INSURANCE_CONFLICT, Waker.STAFF)
    assert consents == []
    assert await student.end() is Step.ACTIVE
    assert [claim.apart for claim in world.made(ClaimPerson)] == [False, False, True]


async def test_a_retry_of_many_is_no_word_that_they_are_two(begin: Begin, world: World) -> None:
    world.claims = [NUMBER_OF_ANOTHER, NUMBER_OF_ANOTHER, CLAIMED]
    student = await begin()
    await student.sent()
    await student.pin()
    await student.reaches(Step.NEEDS_SUPPORT)
    await student.retries(of_many=True)
    await student.parks(ClaimPerson, 2)
    await student.retries()
    await student.consent()
    await student.password()

    assert await student.end() is Step.ACTIVE
    assert [claim.apart for claim in world.made(ClaimPerson)] == [False, False, True]


async def test_a_number_that_the_secretariat_corrected_is_looked_for_anew(
    begin: Begin, world: World
) -> None:
    world.claims = [NUMBER_OF_ANOTHER, CLAIMED]
    student = await begin()
    await student.sent()
    await student.pin()
    await student.reaches(Step.NEEDS_SUPPORT)
    corrected = PERSON.model_copy(update={"insurance_number": "01010500021"})
    world.persons = (corrected,)
    await student.retries()
    await student.consent()
    await student.password()

    assert await student.end() is Step.ACTIVE
    claims = world.made(ClaimPerson)
    assert [claim.apart for claim in claims] == [False, False]
    assert [made.person for made in world.made(ProvisionAccount)] == [corrected]


async def test_staffs_word_looks_again_first(begin: Begin, world: World) -> None:
    """The directory may have been restored from a newer copy meanwhile."""
    world.claims, world.checked = [NOTED], [GONE, THERE]
    student = await begin()
    await student.sent()
    await student.pin()
    await student.reaches(Step.NEEDS_SUPPORT)
    await student.retries()

    assert await student.end() is Step.ALREADY_ACTIVE


@pytest.mark.parametrize("state", [AccountState.GONE, AccountState.NO_PASSWORD])
async def test_what_needs_nobodys_word_goes_on_at_once(
    begin: Begin, world: World, state: AccountState
) -> None:
    automatic = Policy(recreate_missing="automatic" if state is AccountState.GONE else "confirm")
    world.claims, world.checked = [NOTED, CLAIMED], [AccountChecked(state=state)]
    student = await begin(policy=automatic)

    assert await student.finishes() is Step.ACTIVE


async def test_a_strange_entry_of_the_name_is_staffs_to_mend(begin: Begin, world: World) -> None:
    world.claims = [NOTED, CLAIMED]
    world.checked = [AccountChecked(state=AccountState.FOREIGN), GONE]
    student = await begin(policy=Policy(recreate_missing="automatic"))
    await student.sent()
    await student.pin()
    waiting = await student.reaches(Step.NEEDS_SUPPORT)
    await student.retries()

    assert waiting.wait_reason is WaitReason.FOREIGN_ENTRY
    assert (await student.reaches(Step.REVIEW)).step is Step.REVIEW


async def test_a_directory_that_is_away_is_waited_for_and_said(begin: Begin, world: World) -> None:
    world.claims = [NOTED]
    world.failing, world.failure = {ActivityName.CHECK_ACCOUNT: 12}, FailureType.DIRECTORY_DOWN
    student = await begin()
    await student.sent()
    await student.pin()
    waiting = await student.until(lambda now: now.wait_reason is WaitReason.DIRECTORY_DOWN)

    assert (waiting.step, waiting.woken_by) == (Step.PIN, Waker.ENGINE)
    assert await student.end() is Step.ALREADY_ACTIVE
