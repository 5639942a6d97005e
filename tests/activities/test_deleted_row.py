"""An entry with the codes of two enrolments, one of whose rows was deleted: what moves the case on.

The entry tells no birth date, so it may be two students' as well.
"""

from collections.abc import Callable

import pytest

from activities.accounts import DirectoryActivities
from activities.records import LedgerActivities
from adapters.directory.entries import CODES, codes
from domain.contracts.account_io import AccountOutcome
from domain.contracts.people import Person
from domain.entry_values import BIRTH_DATE
from domain.reasons import Reason
from recognition.comparison import Plan
from tests.activities.case import PASSWORD, Case
from tests.activities.conftest import MakePerson
from tests.activities.test_imported import foretold
from tests.activities.test_records import claim

_DOUBT = Reason.NOT_CERTAIN.of(Reason.SEVERAL_PERSONS.of(CODES))


def _give_birth_date(case: Case, person: Person, _: Person) -> Person:
    case.ldap.add_values(case.dn, {BIRTH_DATE: [f"{person.birth_date:%Y%m%d}"]})
    return person


def _remove_code_of_deleted_row(case: Case, person: Person, deleted: Person) -> Person:
    case.ldap.delete_values(case.dn, {CODES: codes(deleted, case.domain)})
    return person


def _publish_as_inactive(_: Case, person: Person, deleted: Person) -> Person:
    return person.model_copy(update={"former": deleted.enrolments})


@pytest.mark.parametrize(
    "mend", [_give_birth_date, _remove_code_of_deleted_row, _publish_as_inactive]
)
async def test_the_student_waits_until_the_entry_or_the_registrar_tells_whose_it_is(
    activities: DirectoryActivities,
    records: LedgerActivities,
    case: Case,
    make_person: MakePerson,
    mend: Callable[[Case, Person, Person], Person],
) -> None:
    deleted, person = make_person(), case.person
    both = [*codes(person, case.domain), *codes(deleted, case.domain)]
    classes = ["inetOrgPerson", "schacLinkageIdentifiers", "schacPersonalCharacteristics"]
    called = f"{person.first_name_latin} {person.last_name_latin}"
    case.plant(
        case.name, objectClass=classes, cn=[called], sn=[person.last_name_latin], **{CODES: both}
    )
    case.ldap.set_password(case.dn, PASSWORD.encode())
    await claim(records, case.reference, person)
    for _ in range(2):
        found = await case.resolve(activities)
        assert (found.outcome, found.why) == (AccountOutcome.CANNOT_TELL, _DOUBT)
        (plan,) = await foretold(case, person)
        assert (plan.plan, plan.why) == (Plan.CANNOT_TELL, _DOUBT)
    case.person = mend(case, person, deleted)
    found = await case.resolve(activities)
    assert (found.outcome, found.username) == (AccountOutcome.ALREADY_ACTIVE, case.name)
    (plan,) = await foretold(case, case.person)
    assert (plan.plan, plan.username) == (Plan.ALREADY_ACTIVE, case.name)
