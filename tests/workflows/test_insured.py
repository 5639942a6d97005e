"""The insurance number is recorded with the consent, and can be taken back before and after."""

from typing import Any

import pytest

from domain.contracts.account_io import (
    CloseActivation,
    InsuranceAct,
    InsuranceOutcome,
    RecordConsent,
    RecordInsurance,
)
from domain.contracts.staff import RereadSubmission, TakeBackInsuranceSubmission
from domain.contracts.submissions import RetypeInsuranceSubmission
from domain.contracts.views import Answer, Verdict
from domain.contracts.vocabulary import ActivityName, FailureType, Step, WaitReason
from tests.workflows.conftest import Begin
from tests.workflows.engine import PERSON, World
from tests.workflows.student import Student
from tests.workflows.test_branches import cancels, disputes

UNINSURED = PERSON.model_copy(update={"insurance_number": None, "insurance_scheme": None})
FIRST, SECOND = "01010500013", "01010599913"
"""Two numbers that look alike when masked."""
CHECK, RECORD, RELEASE = InsuranceAct
ANOTHERS = InsuranceOutcome.BELONGS_TO_ANOTHER


@pytest.fixture
def world() -> World:
    return World(persons=(UNINSURED,))


async def insured(begin: Begin, number: str = FIRST) -> Student:
    student = await begin()
    await student.sent()
    await student.pin()
    assert (await student.insurance(number)).verdict is Verdict.ACCEPTED
    return student


async def retypes(student: Student) -> Answer:
    return await student.submit(
        "retype_insurance", RetypeInsuranceSubmission(**await student.stamp())
    )


async def taken_back(student: Student) -> Answer:
    return await student.submit(
        "take_back_insurance", TakeBackInsuranceSubmission(**await student.stamp())
    )


def acts(world: World) -> list[tuple[Any, ...]]:
    return [(each.act, each.number) for each in world.made(RecordInsurance)]


def agreed(world: World) -> list[str | None]:
    return [each.insurance and each.insurance.number for each in world.made(RecordConsent)]


async def test_a_number_is_taken_back_until_the_consent_with_which_it_is_recorded(
    begin: Begin, world: World
) -> None:
    student = await insured(begin)
    shown = await student.until(lambda now: now.review is not None)
    assert shown.review
    assert shown.review.insurance
    assert (shown.review.insurance.scheme, shown.review.insurance.masked) == ("GR", "•••••••13")

    again = await retypes(student)
    early = await student.consent(shown.review.shown_hash)
    second = await student.insurance(SECOND)
    # A tab that was open before shows the same masked number, and must not agree to the new one.
    stale = await student.consent(shown.review.shown_hash)
    last = await student.consent()

    assert (again.verdict, again.progress.step) == (Verdict.ACCEPTED, Step.INSURANCE)
    assert early.verdict is Verdict.OUT_OF_STEP
    assert second.progress.review_before is None
    assert second.progress.review
    assert second.progress.review.insurance
    assert second.progress.review.insurance.masked == shown.review.insurance.masked
    assert stale.verdict is Verdict.STALE
    assert (last.verdict, last.progress.step) == (Verdict.ACCEPTED, Step.PASSWORD)
    assert acts(world) == [(CHECK, FIRST), (CHECK, SECOND)]
    assert agreed(world) == [SECOND]
    await student.password()
    assert await student.end() is Step.ACTIVE


async def test_an_activation_that_is_left_before_the_consent_has_recorded_nothing(
    begin: Begin, world: World
) -> None:
    student = await insured(begin)
    await retypes(student)
    assert await student.end() is Step.EXPIRED
    assert acts(world) == [(CHECK, FIRST)]
    assert agreed(world) == []
    assert [close.end for close in world.made(CloseActivation)] == [Step.EXPIRED]


async def test_staff_take_a_number_back_before_and_after_the_consent(
    begin: Begin, world: World
) -> None:
    student = await insured(begin)
    await student.until(lambda now: now.review is not None)
    before = await taken_back(student)
    refused = await taken_back(student)
    await student.insurance(SECOND)
    await student.consent()
    after = await taken_back(student)
    await student.insurance(FIRST)
    await student.consent()

    assert (before.verdict, before.progress.step) == (Verdict.ACCEPTED, Step.INSURANCE)
    assert refused.verdict is Verdict.OUT_OF_STEP
    assert (after.verdict, after.progress.step) == (Verdict.ACCEPTED, Step.INSURANCE)
    assert acts(world) == [(CHECK, FIRST), (CHECK, SECOND), (RELEASE, SECOND), (CHECK, FIRST)]
    assert agreed(world) == [SECOND, FIRST]
    await student.password()
    assert await student.end() is Step.ACTIVE


async def test_a_recorded_number_is_released_as_soon_as_the_ledger_answers(
    begin: Begin, world: World
) -> None:
    student = await insured(begin)
    await student.consent()
    world.failing, world.failure = {ActivityName.RECORD_INSURANCE: 2}, FailureType.LEDGER_DOWN
    assert (await taken_back(student)).verdict is Verdict.ACCEPTED
    await student.reaches(Step.INSURANCE)
    assert acts(world)[-1] == (RELEASE, FIRST)


async def test_a_number_in_dispute_is_taken_back_by_staff_and_ends_the_dispute(
    begin: Begin, world: World
) -> None:
    student = await insured(begin)
    await disputes(student)
    assert (await taken_back(student)).verdict is Verdict.ACCEPTED
    await student.reaches(Step.INSURANCE)
    await student.insurance(SECOND)
    assert (await student.consent()).progress.step is Step.PASSWORD
    assert agreed(world) == [SECOND]


async def test_without_a_typed_number_nothing_is_taken_back(begin: Begin, world: World) -> None:
    world.persons = (PERSON,)
    student = await begin()
    await student.sent()
    await student.pin()
    shown = await student.until(lambda now: now.review is not None)
    assert shown.review
    assert shown.review.insurance is None
    refused = [await retypes(student), await taken_back(student)]
    await disputes(student)
    refused += [await taken_back(student)]
    assert (await student.progress()).wait_reason is WaitReason.DATA_DISPUTED
    await cancels(student)
    assert {each.verdict for each in refused} == {Verdict.OUT_OF_STEP}

    student = await begin()
    await student.agrees()
    assert (await taken_back(student)).verdict is Verdict.OUT_OF_STEP
    await student.password()
    assert await student.end() is Step.ACTIVE
    assert acts(world) == []


async def test_who_agrees_second_to_one_number_goes_to_support_and_types_another(
    begin: Begin, world: World
) -> None:
    world.agreed_insurance = [ANOTHERS, InsuranceOutcome.RECORDED]
    student = await insured(begin)
    conflict = await student.consent()
    stands = await student.progress()
    await student.retries()
    asked = await student.reaches(Step.INSURANCE)
    await student.insurance(SECOND)
    await student.consent()

    assert conflict.verdict is Verdict.ACCEPTED
    assert (stands.step, stands.wait_reason) == (
        Step.NEEDS_SUPPORT,
        WaitReason.INSURANCE_CONFLICT,
    )
    assert asked.wait_reason is WaitReason.WAITING_INSURANCE
    assert agreed(world) == [FIRST, SECOND]


@pytest.mark.parametrize("told", [InsuranceOutcome.RECORDED, ANOTHERS])
async def test_a_worker_of_before_that_records_the_consent_alone_is_followed_by_the_number(
    begin: Begin, world: World, told: InsuranceOutcome
) -> None:
    world.agreed_insurance = [None]
    world.insurance = [InsuranceOutcome.FREE, told]
    student = await insured(begin)
    await student.consent()
    ours = told is InsuranceOutcome.RECORDED
    await student.reaches(Step.PASSWORD if ours else Step.NEEDS_SUPPORT)
    assert acts(world) == [(CHECK, FIRST), (RECORD, FIRST)]


async def test_a_number_that_a_worker_of_before_recorded_at_once_is_released_too(
    begin: Begin, world: World
) -> None:
    world.insurance = [InsuranceOutcome.RECORDED]
    student = await insured(begin)
    await student.until(lambda now: now.review is not None)
    await retypes(student)
    await student.reaches(Step.INSURANCE)
    assert acts(world) == [(CHECK, FIRST), (RELEASE, FIRST)]


async def test_who_is_asked_again_is_not_once_the_registrar_has_the_number(
    begin: Begin, world: World
) -> None:
    student = await insured(begin)
    await student.until(lambda now: now.review is not None)
    world.persons = (PERSON,)
    await student.submit("reread", RereadSubmission(**await student.stamp()))
    await student.until(lambda now: not now.needs_insurance or now.review is not None)
    await student.consent()
    assert (await taken_back(student)).verdict is Verdict.ACCEPTED
    shown = await student.reaches(Step.REVIEW)
    assert shown.review is None or shown.review.insurance is None
    assert (await student.consent()).progress.step is Step.PASSWORD
