from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.insurance import InsuranceActivities
from activities.registrar import RegistrarActivities
from domain.contracts.account_io import InsuranceOutcome, RecordInsurance
from domain.contracts.people import FindStudent
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
