"""The registrar check of an insurance number that an account has: it says what the claim says."""

import itertools
from dataclasses import dataclass

import asyncpg
import pytest
from temporalio.testing import ActivityEnvironment

from activities.records import LedgerActivities
from domain.contracts.account_io import ClaimOutcome, ClaimPerson
from domain.contracts.vocabulary import Language, Step
from domain.reasons import Reason
from domain.registrar.diagnosis import Diagnosis
from ledger import activations
from postgres import Pool
from security.purposes import User
from support.verbs.staff import StaffContext
from tests.activities.test_records import close
from tests.activities.test_registrar import insert
from tests.stack import TestStack
from tests.support.verbs.test_registrar import ask, person_of

_numbers = itertools.count(830001)
ASKED = (ClaimOutcome.NUMBER_OF_ANOTHER, Diagnosis.INSURANCE_NUMBER, Reason.NUMBER_WITH_ACCOUNT)
FREE = (ClaimOutcome.CLAIMED, Diagnosis.FINE, None)
OWNER = {"firstnameel": "Άννα", "lastnameel": "Πρώτη", "birthdate": "20010203"}
SECOND = {"firstnameel": "Βέρα", "lastnameel": "Δεύτερη", "birthdate": "20020304"}
THIRD = {"firstnameel": "Ρέα", "lastnameel": "Τρίτη", "birthdate": "20030405"}


@dataclass
class Insured:
    """One insurance number, and the rows of the registrar that have it one after the other."""

    stack: TestStack
    pool: Pool
    desk: StaffContext
    records: LedgerActivities
    name: str
    claims: int = 0

    async def row(self, number: str, who: dict[str, str]) -> None:
        await insert(
            self.stack,
            number,
            **who,
            extemail=f"{number}@mail.example".lower(),
            ssn=self.name,
            ssncountry="CY",
        )

    async def gone(self, number: str) -> None:
        connection = await asyncpg.connect(self.stack.registrar_dsn)
        await connection.execute("DELETE FROM v_vd_sis WHERE registrationid = $1", number)
        await connection.close()

    async def claim(self, number: str, *, apart: bool = False, named: str = "") -> ClaimOutcome:
        self.claims += 1
        reference = f"A-{self.name}-{self.claims}"
        person = await person_of(self.stack, f"{number}@mail.example".lower())
        request = ClaimPerson(reference=reference, person=person, language=Language.EL, apart=apart)
        claimed = await ActivityEnvironment().run(self.records.claim_person, request)
        if named:
            await activations.provisioned(
                self.pool, self.stack.keys, reference=reference, username=named
            )
        await close(self.records, reference, Step.ACTIVE if named else Step.EXPIRED)
        return claimed.outcome

    async def about(self, number: str) -> tuple[ClaimOutcome, Diagnosis | None, str | None]:
        """Return what the claim and the desk say; the desk says it before and afterwards."""
        before = await self.desk_says(number)
        outcome = await self.claim(number)
        assert await self.desk_says(number) == before
        return outcome, *before

    async def desk_says(self, number: str) -> tuple[Diagnosis | None, str | None]:
        found = await ask(self.desk, number)
        return found.outcome, found.why


@pytest.fixture
def insured(stack: TestStack, desk: StaffContext, pool: Pool) -> Insured:
    records = LedgerActivities(pool=pool, keys=stack.keys_of(User.MAIN), settings=stack.settings)
    return Insured(stack, pool, desk, records, f"{next(_numbers)}")


@pytest.mark.parametrize("reused", [False, True])
async def test_desk_and_claim_agree_until_and_after_staffs_answer(
    insured: Insured, *, reused: bool
) -> None:
    """`reused`: the number of the second student was somebody's before, who activated."""
    name = insured.name
    first, second = f"N{name}-1", f"N{name}-2"
    await insured.row(first, OWNER)
    await insured.claim(first, named=f"n{name}")
    await insured.gone(first)
    if reused:
        await insert(insured.stack, second, **THIRD, extemail=f"{second}@mail.example".lower())
        await insured.claim(second)
        await insured.gone(second)
    await insured.row(second, SECOND)
    assert await insured.about(second) == ASKED
    assert await insured.claim(second, apart=True) is ClaimOutcome.CLAIMED
    assert await insured.about(second) == FREE
    # Whoever gets the number next is asked about again.
    await insured.gone(second)
    await insured.row(second, THIRD)
    assert await insured.about(second) == ASKED
