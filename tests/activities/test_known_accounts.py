"""Accounts that exist already: nobody gets a second one, and no password is touched."""

from collections.abc import Sequence

import pytest
from temporalio.exceptions import ApplicationError

from activities.accounts import DirectoryActivities
from adapters.directory.entries import CODES, codes
from adapters.directory.ldap_results import NO_SUCH_OBJECT
from domain.contracts.account_io import (
    AccountOutcome,
    AccountResolved,
    Provisioned,
    ProvisionOutcome,
)
from domain.contracts.vocabulary import Choice, FailureType
from ledger import passwords
from postgres import Pool
from tests.activities.case import ACTIVE, PASSWORD, Case, named, others
from tests.activities.conftest import MakePerson, ruled, writing
from tests.adapters.between import ADD, MODIFY, SEARCH, SET_PASSWORD, Moment, between
from tests.stack import TestStack

THEIRS = "Chosen-elsewhere-44"
_SERVICE = 'by dn.exact="cn=activation,ou=services,dc=university,dc=example"'
HIDDEN = (f"{_SERVICE} =sw", f"{_SERVICE} =w")
UNTOLD = {"active_when": "pwdHistory"}
"""As with a directory whose entries tell no time of their password."""


def already(case: Case, name: str = "") -> AccountResolved:
    return AccountResolved(outcome=AccountOutcome.ALREADY_ACTIVE, username=name or case.name)


async def is_left_alone(activities: DirectoryActivities, case: Case) -> None:
    before = case.entry()
    assert await case.resolve(activities) == already(case)
    made = await case.provision(activities, await case.choose(PASSWORD))
    assert made == Provisioned(outcome=ProvisionOutcome.ALREADY_ACTIVE)
    assert case.entry() == before
    assert case.can_bind(THEIRS)


@pytest.mark.parametrize("known", ["code", "login name"])
@pytest.mark.parametrize("seen", [True, False])
async def test_a_password_of_which_no_time_is_told_is_never_overwritten(
    stack: TestStack, pool: Pool, case: Case, known: str, seen: bool
) -> None:
    """Whether the account may look for a password or not: what it cannot see is there."""
    marks = {CODES: codes(case.person, case.domain)} if known == "code" else {}
    case.plant(case.name, **marks)
    case.ldap.set_password(case.dn, THEIRS.encode())
    if seen:
        async with writing(stack, pool, **UNTOLD) as activities:
            await is_left_alone(activities, case)
        return
    with ruled(stack, *HIDDEN):
        async with writing(stack, pool, **UNTOLD) as activities:
            await is_left_alone(activities, case)


async def test_an_entry_without_a_password_is_adopted_by_the_registrars_name(
    activities: DirectoryActivities, case: Case
) -> None:
    case.plant(
        case.name,
        schacDateOfBirth=["20050101"],
        objectClass=[
            "inetOrgPerson",
            "schacPersonalCharacteristics",
        ],
    )
    assert await case.resolve(activities) == named(case.name)
    assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE
    entry = case.entry()
    assert entry
    assert entry["cn"] == ["X"]
    assert entry[CODES.lower()] == codes(case.person, case.domain)
    assert case.can_bind(PASSWORD)


@pytest.mark.parametrize("there", [True, False])
async def test_the_login_name_of_a_former_enrolment_recognises_and_names_nothing(
    activities: DirectoryActivities, case: Case, make_person: MakePerson, there: bool
) -> None:
    (former,) = make_person().enrolments
    former = former.model_copy(update={"login_name": case.name})
    case.person = case.person.model_copy(update={"login_name": None, "former": (former,)})
    if there:
        case.plant(case.name)
        case.ldap.set_password(case.dn, THEIRS.encode())
        await is_left_alone(activities, case)
    else:
        assert (await case.resolve(activities)).username not in (None, case.name)


UNCERTAIN = {
    "mail": {"mail": ["{email}"]},
    "employeeNumber": {"employeeNumber": ["{number}"]},
}


@pytest.mark.parametrize("attribute", UNCERTAIN)
@pytest.mark.parametrize("login", [True, False])
async def test_who_may_have_an_entry_gets_no_second_one(
    activities: DirectoryActivities, case: Case, attribute: str, login: bool
) -> None:
    if not login:
        case.person = case.person.model_copy(update={"login_name": None})
    number, email = case.person.enrolments[0].registration_id, str(case.person.email)
    (text,) = UNCERTAIN[attribute][attribute]
    old = f"old.{case.name}"
    case.plant(old, **{attribute: [text.format(email=email, number=number)]})
    why = f"not certain: {attribute}"
    assert await case.resolve(activities) == AccountResolved(
        outcome=AccountOutcome.CANNOT_TELL, why=why
    )
    made = await case.provision(activities, await case.choose(PASSWORD))
    assert made == Provisioned(outcome=ProvisionOutcome.CONFLICT, why=why)
    assert case.entry() is None
    # Support found out that it is theirs, or somebody else's, and wrote that down in the entry.
    dn = f"uid={old},{case.people}"
    case.ldap.add_values(dn, others(case))
    assert (await case.resolve(activities)).outcome is AccountOutcome.USERNAME
    case.ldap.delete_values(dn, others(case))
    case.ldap.add_values(dn, {CODES: codes(case.person, case.domain)})
    found = await case.resolve(activities)
    refused = AccountResolved(outcome=AccountOutcome.CONFLICT, why=f"{CODES}, under another name")
    assert found == (refused if login else named(old))


async def test_an_entry_of_before_an_index_is_found_by_it(stack: TestStack, case: Case) -> None:
    """OpenLDAP misses what was there before an attribute was indexed, until it is indexed too."""
    (number,) = (each.registration_id for each in case.person.enrolments)
    with ruled(stack, ",employeeNumber eq", " eq"):
        case.plant(f"old.{case.name}", employeeNumber=[number])
    assert case.ldap.search(case.people, f"(employeeNumber={number})", ["uid"])


async def test_a_birth_date_that_differs_keeps_a_login_name_from_being_enough(
    activities: DirectoryActivities, case: Case
) -> None:
    classes = ["inetOrgPerson", "schacPersonalCharacteristics"]
    case.plant(case.name, objectClass=classes, schacDateOfBirth=["19700506"])
    why = "another person's: uid contradicted by schacDateOfBirth"
    assert await case.resolve(activities) == AccountResolved(
        outcome=AccountOutcome.CONFLICT, why=why
    )
    made = await case.provision(activities, await case.choose(PASSWORD))
    assert made == Provisioned(outcome=ProvisionOutcome.CONFLICT, why=why)


async def test_two_entries_that_are_certainly_theirs_are_for_support(
    activities: DirectoryActivities, case: Case
) -> None:
    case.plant(case.name)
    case.plant(f"x.{case.name}", **{CODES: codes(case.person, case.domain)})
    found = await case.resolve(activities)
    assert found.outcome is AccountOutcome.CANNOT_TELL
    assert set(str(found.why).replace(",", "").split()) == {"several", "entries:", "uid", CODES}


async def test_an_entry_that_goes_between_two_looks_is_looked_for_once_more(
    stack: TestStack, pool: Pool, case: Case
) -> None:
    """Somebody renames or deletes it, or a replica does not have it yet: no setting is wrong."""
    case.plant(case.name)
    sealed = await case.choose(PASSWORD)
    with between(stack) as middle:
        async with writing(stack, pool, urls=[middle.url]) as far:
            middle.answer(Moment(SEARCH.tag, case.dn.encode()), NO_SUCH_OBJECT)
            with pytest.raises(ApplicationError) as raised:
                await case.provision(far, sealed)
            assert raised.value.type == FailureType.DIRECTORY_DOWN
            assert await case.provision(far, sealed) == ACTIVE


@pytest.mark.parametrize("lost", [ADD, SET_PASSWORD])
async def test_ones_own_half_made_entry_is_finished_where_passwords_are_hidden(
    stack: TestStack, pool: Pool, case: Case, lost: Moment
) -> None:
    sealed = await case.choose(PASSWORD)
    with ruled(stack, *HIDDEN), between(stack) as middle:
        async with writing(stack, pool, urls=[middle.url], **UNTOLD) as far:
            middle.lose_answer(lost)
            with pytest.raises(ApplicationError):
                await case.provision(far, sealed)
            assert await case.resolve(far) == named(case.name)
            assert await case.provision(far, sealed) == ACTIVE
            newcomer = Case(stack, pool, case.person, f"{case.reference}-B")
            assert await newcomer.resolve(far) == already(case)
            newcomer.ldap.close()
    assert case.can_bind(PASSWORD)


async def test_a_password_that_was_not_set_is_set_later_where_passwords_are_hidden(
    stack: TestStack, pool: Pool, case: Case
) -> None:
    sealed = await case.choose(PASSWORD)
    with ruled(stack, *HIDDEN), between(stack) as middle:
        async with writing(stack, pool, urls=[middle.url], **UNTOLD) as far:
            middle.answer(SET_PASSWORD, 50)
            with pytest.raises(ApplicationError):
                await case.provision(far, sealed)
            assert await case.provision(far, sealed) == ACTIVE
    assert case.can_bind(PASSWORD)


@pytest.mark.parametrize("by_hand", [True, False])
async def test_another_activation_does_not_take_an_entry_for_empty_where_passwords_are_hidden(
    stack: TestStack, pool: Pool, case: Case, by_hand: bool
) -> None:
    """The one that added it ended without a password; somebody may have set one by hand since."""
    with ruled(stack, *HIDDEN), between(stack) as middle:
        async with writing(stack, pool, urls=[middle.url], **UNTOLD) as far:
            middle.answer(SET_PASSWORD, 50)
            with pytest.raises(ApplicationError):
                await case.provision(far, await case.choose(PASSWORD))
            if by_hand:
                case.ldap.set_password(case.dn, THEIRS.encode())
            later = Case(stack, pool, case.person, f"{case.reference}-B")
            await later.consent()
            assert await later.resolve(far) == already(case)
            made = await later.provision(far, await later.choose("Another-one-of-99"))
            assert made == Provisioned(outcome=ProvisionOutcome.ALREADY_ACTIVE)
            later.ldap.close()
    assert case.can_bind(THEIRS) is by_hand


DONE: Sequence[Moment] = (ADD, MODIFY, SET_PASSWORD)


@pytest.mark.parametrize("moment", DONE, ids=["add", "modify", "password"])
async def test_a_right_that_went_with_what_was_done_is_no_trouble(
    stack: TestStack, pool: Pool, case: Case, moment: Moment
) -> None:
    """An earlier try did it; what is there now may not be written any more (50)."""
    await case.consent(*Choice)
    sealed = await case.choose(PASSWORD)
    if moment is SET_PASSWORD:
        await passwords.note_try(pool, reference=case.reference, sealed_id=sealed)
    with between(stack) as middle:
        async with writing(stack, pool, urls=[middle.url]) as far:
            middle.answer_after(moment, 50)
            assert await case.provision(far, sealed) == ACTIVE
    assert case.can_bind(PASSWORD)


@pytest.mark.parametrize("moment", DONE, ids=["add", "modify", "password"])
async def test_a_right_that_lacks_is_to_be_mended(
    stack: TestStack, pool: Pool, case: Case, moment: Moment
) -> None:
    await case.consent(*Choice)
    sealed = await case.choose(PASSWORD)
    with between(stack) as middle:
        async with writing(stack, pool, urls=[middle.url]) as far:
            middle.answer(moment, 50)
            with pytest.raises(ApplicationError) as raised:
                await case.provision(far, sealed)
            assert (raised.value.type, raised.value.non_retryable) == ("CONFIGURATION", False)
            assert await case.provision(far, sealed) == ACTIVE
