"""Staff's answer that two persons are two holds for every later activation, until taken back."""

from collections.abc import AsyncIterator

import pytest

from activities.accounts import DirectoryActivities
from activities.records import LedgerActivities
from adapters.directory.entries import CODES, codes
from domain.contracts.account_io import (
    AccountOutcome,
    AccountResolved,
    Claimed,
    ClaimOutcome,
    ClaimPerson,
    ResolveAccount,
)
from domain.contracts.people import Person
from domain.contracts.vocabulary import Language, Step
from domain.registrar.students import indexed
from ledger import told_apart
from postgres import Pool
from recognition.comparison import Plan
from starter.commands import accounts
from starter.output import Failed
from tests.activities.case import ACTIVE, PASSWORD, Case, begun
from tests.activities.conftest import MakePerson
from tests.activities.test_imported import foretold
from tests.activities.test_records import claim, close
from tests.recognition.test_rekeyed import OTHERS
from tests.stack import TestStack

ASKED, FREE = ClaimOutcome.NUMBER_OF_ANOTHER, ClaimOutcome.CLAIMED
SOMEBODY_ELSE = {"first_name_el": "Φωτεινή", "first_name_latin": "Foteini"}


def of_rows(stack: TestStack, person: Person) -> Person:
    """Give the person the keys that the registrar's rows have."""
    rows = tuple(
        indexed(row, lambda text: stack.keys.index("person", text)) for row in person.enrolments
    )
    first, *more = (row.row_key for row in rows)
    told = {"person_key": first, "other_keys": tuple(more), "enrolments": rows}
    return person.model_copy(update=told)


def number(person: Person) -> str:
    return f"{person.enrolments[0].system_id}/{person.enrolments[0].registration_id}"


async def taken_back(stack: TestStack, person: Person) -> None:
    assert await accounts.joined_again(stack.settings, number(person), "a mistake") > 0
    with pytest.raises(Failed):
        await accounts.joined_again(stack.settings, number(person), "a mistake")


@pytest.fixture
async def both(
    stack: TestStack, pool: Pool, make_person: MakePerson, reference: str
) -> AsyncIterator[tuple[Case, Case]]:
    """Give two persons who have one insurance number."""
    insured = {"insurance_scheme": "GR", "insurance_number": reference}
    people = make_person(**insured), make_person(**insured, **OTHERS["both names"], login_name=None)
    cases = tuple(
        Case(stack, pool, of_rows(stack, person), f"{reference}-{place}")
        for place, person in enumerate(people)
    )
    yield cases[0], cases[1]
    for case in cases:
        case.ldap.close()


async def told(records: LedgerActivities, case: Case) -> Claimed:
    """Claim at staff's word that whoever has the insurance number is somebody else."""
    request = ClaimPerson(
        reference=case.reference, person=case.person, language=Language.EL, apart=True
    )
    return await begun().run(records.claim_person, request)


async def with_account(
    activities: DirectoryActivities, records: LedgerActivities, case: Case
) -> None:
    await case.consent()
    await claim(records, case.reference, case.person)
    await case.resolve(activities)
    assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE
    await close(records, case.reference, Step.ACTIVE)


async def test_whose_number_it_is_is_not_asked_again(
    activities: DirectoryActivities,
    records: LedgerActivities,
    both: tuple[Case, Case],
    stack: TestStack,
) -> None:
    before, new = both
    await with_account(activities, records, before)
    (plan,) = await foretold(new, new.person)
    assert plan.plan is Plan.CONFLICT
    assert (await claim(records, new.reference, new.person)).outcome is ASKED
    assert (await told(records, new)).outcome is FREE
    await close(records, new.reference, Step.EXPIRED)
    assert (await claim(records, f"{new.reference}-B", new.person)).outcome is FREE
    await close(records, f"{new.reference}-B", Step.EXPIRED)
    (plan,) = await foretold(new, new.person)
    assert plan.plan is Plan.NEW
    await taken_back(stack, new.person)
    assert (await claim(records, f"{new.reference}-C", new.person)).outcome is ASKED
    (plan,) = await foretold(new, new.person)
    assert plan.plan is Plan.CONFLICT


@pytest.mark.parametrize("by", ["the same number in the registrar", "a row of their own"])
async def test_a_third_person_does_not_inherit_the_answer(
    activities: DirectoryActivities,
    records: LedgerActivities,
    both: tuple[Case, Case],
    make_person: MakePerson,
    by: str,
) -> None:
    before, new = both
    await with_account(activities, records, before)
    await told(records, new)
    await close(records, new.reference, Step.EXPIRED)
    third = of_rows(
        new.stack,
        make_person(
            insurance_scheme="GR",
            insurance_number=new.person.insurance_number,
            last_name_el="Χατζή",
            last_name_latin="Chatzi",
            **SOMEBODY_ELSE,
            birth_date=None,
            login_name=None,
        ),
    )
    if by == "the same number in the registrar":
        row = {name: getattr(new.person, name) for name in ("person_key", "enrolments")}
        third = third.model_copy(update=row)
    assert (await claim(records, f"{new.reference}-T", third)).outcome is ASKED
    (plan,) = await foretold(new, third)
    assert plan.plan is Plan.CONFLICT


async def resolved(
    activities: DirectoryActivities, case: Case, person: Person, **more: object
) -> AccountResolved:
    request = ResolveAccount(reference=case.reference, person=person).model_copy(update=more)
    return await begun().run(activities.resolve_account, request)


async def test_rows_that_are_somebody_elses_are_not_asked_about_again(
    activities: DirectoryActivities,
    both: tuple[Case, Case],
    stack: TestStack,
) -> None:
    """Neither of the two is; whoever has the other's number by now is."""
    other, case = both
    alike = case.person.model_copy(update={"alike": other.person.enrolments})
    reverse = other.person.model_copy(update={"alike": case.person.enrolments})
    other.plant(f"z{other.name}", **{CODES: codes(other.person, case.domain)})
    assert (await resolved(activities, case, alike)).of_alike
    answered = {"apart": alike.alike}
    asked = alike.model_copy(update={"alike": ()})
    assert (await resolved(activities, case, asked, **answered)).username
    found = await resolved(activities, case, alike)
    assert (found.outcome, found.of_alike) == (AccountOutcome.USERNAME, False)
    (plan,) = await foretold(case, alike)
    assert plan.plan is Plan.NEW
    kept = await told_apart.without(case.pool, reverse)
    assert kept.alike == ()
    (row,) = alike.alike
    used_again = indexed(
        row.model_copy(update={"first_name_latin": "Foteini"}),
        lambda text: stack.keys.index("person", text),
    )
    third = alike.model_copy(update={"alike": (used_again,)})
    assert (await resolved(activities, case, third)).of_alike
    (plan,) = await foretold(case, third)
    assert plan.plan is Plan.CANNOT_TELL
    await taken_back(stack, other.person)
    assert (await resolved(activities, case, alike)).of_alike
    (plan,) = await foretold(case, alike)
    assert plan.plan is Plan.CANNOT_TELL
