"""resolve_account, on the real directory and ledger."""

import pytest

from activities.accounts import DirectoryActivities
from adapters.directory.entries import CODES, codes
from domain.contracts.account_io import AccountOutcome, AccountResolved
from domain.contracts.people import Enrolment
from postgres import Pool
from tests.activities.case import ACTIVE, PASSWORD, Case, named, others
from tests.activities.conftest import MakePerson, writing
from tests.activities.test_conflicts import operating
from tests.adapters.between import SEARCH, between
from tests.stack import TestStack

OTHER = 80
"""An error of the directory that no other rule names."""


async def test_the_registrars_name_is_taken_when_it_is_free(
    activities: DirectoryActivities, case: Case
) -> None:
    for _ in range(2):
        assert await case.resolve(activities) == named(case.name)


@pytest.mark.parametrize("login", [True, False])
async def test_a_directory_that_answers_only_the_second_question_is_left_out_too(
    stack: TestStack, pool: Pool, make_person: MakePerson, login: bool
) -> None:
    """The name that is in use may be that of the person's own entry, which was not found."""
    person = make_person(last_name_latin=f"Second{login}")
    name = person.login_name if login else f"second{login}".lower()
    person = person.model_copy(update={"login_name": name if login else None})
    case = Case(stack, pool, person, f"A-SECOND-{login}")
    with between(stack) as middle:
        async with writing(stack, pool, urls=[middle.url]) as activities:
            expected = await case.resolve(activities, ask_directory=False)
            case.plant(str(expected.username), **{CODES: codes(person, case.domain)})
            middle.answer(SEARCH, OTHER)
            assert await case.resolve(activities) == expected
    case.ldap.close()


async def test_a_strangers_name_is_passed_over(
    stack: TestStack, pool: Pool, activities: DirectoryActivities, make_person: MakePerson
) -> None:
    person = make_person(login_name=None, last_name_latin="Xenakis")
    case = Case(stack, pool, person, "A-STRANGER-1")
    assert await case.resolve(activities, ask_directory=False) == named("exenakis")
    case.plant("exenakis")
    assert await case.resolve(activities) == named("evangelos.xenakis")
    case.ldap.close()


async def test_a_stranger_under_the_registrars_name_is_a_conflict(
    activities: DirectoryActivities, case: Case
) -> None:
    case.plant(case.name, **others(case))
    assert await case.resolve(activities) == AccountResolved(
        outcome=AccountOutcome.CONFLICT, why=f"another person's: uid contradicted by {CODES}"
    )


async def test_a_persons_entry_decides_the_name(
    stack: TestStack, pool: Pool, activities: DirectoryActivities, make_person: MakePerson
) -> None:
    person = make_person(login_name=None)
    case = Case(stack, pool, person, "A-OWN-ENTRY")
    name = f"own{person.enrolments[0].registration_id.lower()}"
    case.plant(name, **{CODES: codes(person, case.domain)})
    assert await case.resolve(activities) == named(name)
    case.ldap.close()


async def test_an_entry_that_only_knows_a_former_enrolment_is_the_persons_own(
    stack: TestStack, pool: Pool, activities: DirectoryActivities, make_person: MakePerson
) -> None:
    ended = Enrolment(
        system_id="SIS",
        registration_id="F1999",
        department_id="403",
        department_el="",
        department_en="",
    )
    before = make_person(enrolments=(ended,))
    case = Case(stack, pool, make_person(login_name="former1", former=(ended,)), "A-FORMER-1")
    await case.consent()
    case.plant("former1", **{CODES: codes(before, case.domain)})
    assert await case.resolve(activities) == named("former1")
    assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE
    entry = case.entry()
    assert entry
    assert sorted(entry[CODES.lower()]) == sorted(codes(case.person, case.domain))
    case.ldap.close()


async def test_an_entry_under_another_name_than_the_registrars_is_a_conflict(
    activities: DirectoryActivities, case: Case
) -> None:
    case.plant(f"y{case.name}", **{CODES: codes(case.person, case.domain)})
    assert await case.resolve(activities) == AccountResolved(
        outcome=AccountOutcome.CONFLICT, why=f"{CODES}, under another name"
    )


async def test_an_entry_with_a_password_is_active_already_unless_it_is_our_doing(
    stack: TestStack, pool: Pool, activities: DirectoryActivities, case: Case
) -> None:
    await case.provision(activities, await case.choose(PASSWORD))
    assert await case.resolve(activities) == named(case.name)
    newcomer = Case(stack, pool, case.person, f"{case.reference}-B")
    assert await newcomer.resolve(activities) == AccountResolved(
        outcome=AccountOutcome.ALREADY_ACTIVE, username=case.name
    )
    newcomer.ldap.close()


SPELLED = {"capitals": "{}.BIG", "an alias": "{}.big"}


@pytest.mark.parametrize("spelled", SPELLED)
@pytest.mark.parametrize("login", [True, False])
async def test_a_name_is_the_same_in_capitals_and_as_any_of_several(
    activities: DirectoryActivities, case: Case, spelled: str, login: bool
) -> None:
    """The first of several values is not always the one that names the entry."""
    name = f"{case.name}.big"
    case.person = case.person.model_copy(update={"login_name": name if login else None})
    uids = [f"a.{case.name}", name] if spelled == "an alias" else []
    case.plant(
        SPELLED[spelled].format(case.name),
        **{CODES: codes(case.person, case.domain)},
        **({"uid": uids} if uids else {}),
    )
    assert await case.resolve(activities) == named(name)
    assert await case.provision(activities, await case.choose(PASSWORD), name) == ACTIVE
    if uids and login:
        case.person = case.person.model_copy(update={"login_name": uids[0]})
        assert await case.resolve(activities) == named(uids[0])
    newcomer = Case(case.stack, case.pool, case.person, f"{case.reference}-B")
    told = await newcomer.resolve(activities)
    newcomer.ldap.close()
    assert told.outcome is AccountOutcome.ALREADY_ACTIVE
    assert str(told.username).lower() == name


async def test_an_entry_without_a_name_is_for_support(
    stack: TestStack, activities: DirectoryActivities, case: Case
) -> None:
    """An operator's: the engine's own account may add nothing but accounts."""
    classes = ["inetOrgPerson", "schacLinkageIdentifiers"]
    entry = {"objectClass": classes, "cn": [f"C {case.name}"], "sn": ["C"]}
    dn = f"cn=C {case.name},{case.people}"
    entry |= {CODES: [*codes(case.person, case.domain)], "userPassword": [PASSWORD]}
    with operating(stack) as operator:
        operator.adds(dn, entry)
    assert await case.resolve(activities) == AccountResolved(
        outcome=AccountOutcome.CONFLICT, why=f"{CODES}, without uid"
    )


async def test_without_the_directory_the_ledger_decides(
    stack: TestStack, activities: DirectoryActivities, case: Case
) -> None:
    stack.stop("slapd")
    try:
        assert await case.resolve(activities) == named(case.name)
    finally:
        stack.start("slapd")
