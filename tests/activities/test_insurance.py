import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.insurance import InsuranceActivities
from activities.records import LedgerActivities
from activities.registrar import RegistrarActivities
from domain.consent import review
from domain.contracts.account_io import (
    InsuranceAct,
    InsuranceOutcome,
    RecordConsent,
    RecordInsurance,
)
from domain.contracts.people import FindStudent
from domain.contracts.vocabulary import Language
from postgres import Pool
from security.purposes import User
from tests.activities.conftest import MakePerson, reading
from tests.stack import TestStack


@pytest.fixture
async def registrar(stack: TestStack) -> AsyncIterator[RegistrarActivities]:
    async with reading(stack) as activities:
        yield activities


@pytest.fixture
def insured(stack: TestStack, pool: Pool, registrar: RegistrarActivities) -> InsuranceActivities:
    return InsuranceActivities(pool=pool, keys=stack.keys_of(User.MAIN), registrar=registrar)


async def test_a_number_belongs_to_one_person(
    insured: InsuranceActivities, pool: Pool, make_person: MakePerson, reference: str
) -> None:
    mine = RecordInsurance(
        reference=reference,
        person_key=make_person().person_key,
        scheme="CY",
        number=reference,
        warnings=("foreign.checksum",),
    )
    other = mine.model_copy(update={"person_key": make_person().person_key})
    run = ActivityEnvironment().run
    for _ in range(2):
        assert (await run(insured.record_insurance, mine)).outcome is InsuranceOutcome.RECORDED
    refused = await run(insured.record_insurance, other)
    assert refused.outcome is InsuranceOutcome.BELONGS_TO_ANOTHER
    row = await pool.fetchrow("SELECT * FROM insurance WHERE reference = $1", reference)
    assert row is not None
    assert reference.encode() not in row["number"]


async def test_a_number_is_checked_then_stored_with_the_consent_and_released(
    insured: InsuranceActivities,
    records: LedgerActivities,
    pool: Pool,
    make_person: MakePerson,
    reference: str,
) -> None:
    run, persons = ActivityEnvironment().run, (make_person(), make_person())
    mine, theirs = (
        RecordInsurance(
            reference=reference, person_key=each.person_key, scheme="CY", number=reference
        )
        for each in persons
    )
    check, release = ({"act": act} for act in (InsuranceAct.CHECK, InsuranceAct.RELEASE))

    def agreed(number: RecordInsurance) -> RecordConsent:
        (person,) = (each for each in persons if each.person_key == number.person_key)
        return RecordConsent(
            reference=reference,
            person_key=person.person_key,
            shown=review(person, "tester", "1"),
            choices=(),
            language=Language.EL,
            accepted_at=datetime.now(UTC),
            insurance=number,
        )

    async def told(number: RecordInsurance, update: dict[str, InsuranceAct]) -> InsuranceOutcome:
        changed = number.model_copy(update=update)
        return (await run(insured.record_insurance, changed)).outcome

    async def stored() -> tuple[int, int]:
        counts = "SELECT count(*) FROM {} WHERE reference = $1"
        tables = ("insurance", "consent")
        one, two = [await pool.fetchval(counts.format(each), reference) for each in tables]
        return one, two

    # Both type it before either agrees: nothing is stored, so neither is kept out.
    assert [await told(each, check) for each in (mine, theirs)] == [InsuranceOutcome.FREE] * 2
    assert await stored() == (0, 0)
    both = await asyncio.gather(
        *(run(records.record_consent, agreed(each)) for each in (mine, theirs))
    )
    first = mine if both[0].insurance is InsuranceOutcome.RECORDED else theirs
    second = theirs if first is mine else mine
    outcomes = {each.insurance for each in both}
    assert outcomes == {InsuranceOutcome.RECORDED, InsuranceOutcome.BELONGS_TO_ANOTHER}
    # The other's consent is not stored either.
    assert await stored() == (1, 1)
    again = await run(records.record_consent, agreed(first))
    assert again.insurance is InsuranceOutcome.RECORDED
    assert await told(second, check) is InsuranceOutcome.BELONGS_TO_ANOTHER
    # Only its owner's activation releases it; then the other may have it.
    assert await told(second, release) is InsuranceOutcome.FREE
    assert await told(second, check) is InsuranceOutcome.BELONGS_TO_ANOTHER
    assert await told(first, release) is InsuranceOutcome.FREE
    assert await told(second, check) is InsuranceOutcome.FREE


async def test_a_number_only_the_registrar_has_for_another_is_refused(
    insured: InsuranceActivities,
    registrar: RegistrarActivities,
    make_person: MakePerson,
    reference: str,
) -> None:
    look = FindStudent(mobile="+306940000001", email=None)
    (owner,) = (await ActivityEnvironment().run(registrar.find_student, look)).persons
    assert owner.insurance_number
    theirs = RecordInsurance(
        reference=reference,
        person_key=make_person().person_key,
        scheme=str(owner.insurance_scheme),
        number=owner.insurance_number,
    )
    mine = theirs.model_copy(update={"person_key": owner.person_key})
    run = ActivityEnvironment().run
    refused = await run(insured.record_insurance, theirs)
    assert refused.outcome is InsuranceOutcome.BELONGS_TO_ANOTHER
    assert (await run(insured.record_insurance, mine)).outcome is InsuranceOutcome.RECORDED


async def test_no_number_is_taken_while_the_registrar_is_away(
    stack: TestStack, pool: Pool, make_person: MakePerson, reference: str
) -> None:
    dsn = SecretStr("postgresql://reader:secret@127.0.0.1:9/none")
    request = RecordInsurance(
        reference=reference, person_key=make_person().person_key, scheme="CY", number=reference
    )
    async with reading(stack, dsn=dsn) as away:
        insured = InsuranceActivities(pool=pool, keys=stack.keys_of(User.MAIN), registrar=away)
        with pytest.raises(ApplicationError) as raised:
            await ActivityEnvironment().run(insured.record_insurance, request)
    assert raised.value.type == "REGISTRAR_DOWN"
