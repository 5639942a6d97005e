"""A login name of the registrar's is used, or its refusal is told; it is never replaced."""

import pytest

from activities.accounts import DirectoryActivities
from activities.records import LedgerActivities
from domain.contracts.account_io import (
    AccountOutcome,
    AccountResolved,
    Provisioned,
    ProvisionOutcome,
)
from postgres import Pool
from tests.activities.case import ACTIVE, PASSWORD, Case, named
from tests.activities.conftest import MakePerson, writing
from tests.adapters.between import ADD, between
from tests.stack import TestStack

IN_USE = "loginname: in use"
MALFORMED = "not a name that can be written"
NOBODYS = {
    "root": "reserved",
    "postmaster@university.example": "reserved",
    **dict.fromkeys(("a,ou=staff", "a*)(uid=*", "γιώργος", "a b", "x" * 300), MALFORMED),
}


async def case_of(stack: TestStack, pool: Pool, make_person: MakePerson, name: str) -> Case:
    case = Case(stack, pool, make_person(login_name=name), f"A-LOGIN-{name[:30]}")
    await case.consent()
    return case


@pytest.mark.parametrize(
    "name", ["dit_12345", "2026123456", "edok77@university.example", "ab", "x"]
)
async def test_a_name_that_we_would_not_make_is_used(
    stack: TestStack,
    pool: Pool,
    activities: DirectoryActivities,
    make_person: MakePerson,
    name: str,
) -> None:
    case = await case_of(stack, pool, make_person, name)
    assert await case.resolve(activities, ask_directory=False) == named(name)
    assert await case.resolve(activities) == named(name)
    assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE
    entry = case.entry()
    assert entry
    assert entry["mail"] == [name if "@" in name else f"{name}@{case.domain}"]
    assert case.can_bind(PASSWORD)
    case.ldap.close()


async def test_an_address_elsewhere_is_the_name_and_no_address_of_the_entry(
    stack: TestStack, pool: Pool, activities: DirectoryActivities, make_person: MakePerson
) -> None:
    case = await case_of(stack, pool, make_person, "edok78@elsewhere.example")
    assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE
    entry = case.entry()
    assert entry
    assert not entry.keys() & {"mail", "edupersonprincipalname"}
    case.ldap.close()


async def test_a_name_that_is_nobodys_is_for_support(
    stack: TestStack,
    pool: Pool,
    activities: DirectoryActivities,
    make_person: MakePerson,
    records: LedgerActivities,
) -> None:
    for name, why in NOBODYS.items():
        case = await case_of(stack, pool, make_person, name)
        refused = AccountResolved(outcome=AccountOutcome.CONFLICT, why=f"loginname: {why}")
        assert [await case.resolve(each) for each in (activities, records)] == [refused] * 2
        case.ldap.close()


@pytest.mark.parametrize("attribute", ["mail", "eduPersonPrincipalName"])
async def test_a_name_that_another_entry_has_as_an_alias_is_in_use(
    stack: TestStack,
    pool: Pool,
    activities: DirectoryActivities,
    make_person: MakePerson,
    attribute: str,
) -> None:
    """The address would be two accounts', whether the registrar gave the name or it is made."""
    last = f"Alias{attribute[:4].lower()}"
    for given, name in ((True, f"alias_{attribute.lower()}"), (False, f"e{last.lower()}")):
        person = make_person(login_name=name if given else None, last_name_latin=last)
        case = Case(stack, pool, person, f"A-ALIAS-{name[:9]}")
        await case.consent()
        case.plant(
            f"senior.{name}",
            objectClass=["inetOrgPerson", "eduPerson"],
            **{attribute: [f"{name.upper()}@{case.domain}"]},
        )
        found = await case.resolve(activities)
        made = await case.provision(activities, await case.choose(PASSWORD), name)
        if given:
            assert (found.outcome, found.why) == (AccountOutcome.CONFLICT, IN_USE)
            assert made == Provisioned(outcome=ProvisionOutcome.CONFLICT, why=IN_USE)
        else:
            assert found == named(f"evangelos.{last.lower()}")
            assert made.outcome is ProvisionOutcome.USERNAME_TAKEN
        assert case.entry(name) is None
        case.ldap.close()


@pytest.mark.parametrize("planted", [True, False])
async def test_a_login_name_on_the_rows_of_two_persons_is_the_first_ones_alone(
    stack: TestStack,
    pool: Pool,
    activities: DirectoryActivities,
    make_person: MakePerson,
    planted: bool,
) -> None:
    """Also where an older account of that name exists, which bears nobody's code."""
    name = f"twice_{planted}".lower()
    first = await case_of(stack, pool, make_person, name)
    second = Case(stack, pool, make_person(login_name=name), f"A-TWICE-{planted}")
    expected = named(name)
    if planted:
        first.plant(name)
        first.ldap.set_password(first.dn, PASSWORD.encode())
        expected = AccountResolved(outcome=AccountOutcome.ALREADY_ACTIVE, username=name)
    refused = AccountResolved(outcome=AccountOutcome.CONFLICT, why=IN_USE)
    for _ in range(2):
        assert await first.resolve(activities) == expected
        assert await second.resolve(activities) == refused
    first.ldap.close()
    second.ldap.close()


async def test_a_name_that_the_directory_refuses_is_for_support(
    stack: TestStack, pool: Pool, make_person: MakePerson
) -> None:
    case = await case_of(stack, pool, make_person, "dit_54321")
    with between(stack) as middle:
        async with writing(stack, pool, urls=[middle.url]) as far:
            middle.answer(ADD, 34)
            made = await case.provision(far, await case.choose(PASSWORD))
    why = "loginname: refused by the directory (LDAP 34)"
    assert made == Provisioned(outcome=ProvisionOutcome.CONFLICT, why=why)
    case.ldap.close()
