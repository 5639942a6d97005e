"""A person whose row the registrar has replaced keeps the account and the username they had."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from activities.accounts import DirectoryActivities
from activities.insurance import InsuranceActivities
from activities.records import LedgerActivities
from adapters.directory.entries import CODES, codes
from adapters.directory.ldap_client import LdapClient
from domain.contracts.account_io import (
    AccountOutcome,
    AccountResolved,
    AccountState,
    CheckAccount,
    Claimed,
    ClaimOutcome,
    ClaimPerson,
    InsuranceOutcome,
    RecordInsurance,
)
from domain.contracts.vocabulary import Language, Step
from ledger import activations, claims, insurance
from postgres import Pool
from security.purposes import User
from tests.activities.case import ACTIVE, PASSWORD, Case, begun, named
from tests.activities.conftest import MakePerson, reading, ruled
from tests.activities.test_records import claim, close
from tests.recognition.test_presence import noted
from tests.stack import TestStack


@pytest.fixture
async def both(
    stack: TestStack, pool: Pool, make_person: MakePerson, reference: str
) -> AsyncIterator[tuple[Case, Case]]:
    """Give one person by the row they had and by the one that came in its place."""
    number = {"insurance_scheme": "GR", "insurance_number": reference}
    old, new = make_person(**number), make_person(**number, login_name=None)
    cases = Case(stack, pool, old, reference), Case(stack, pool, new, f"{reference}-N")
    for case in cases:
        await case.consent()
    yield cases
    for case in cases:
        case.ldap.close()


async def active(case: Case) -> None:
    """Let the ledger call the account active."""
    await noted(case.stack, case.pool, case)


def plant_elsewhere(case: Case, password: Path, code: str | None) -> None:
    """Let somebody else make the entry, with this code."""
    password.write_text("of the root DN")
    others = {"bind_dn": "cn=admin,dc=university,dc=example", "bind_password_file": password}
    ours, case.ldap = case.ldap, LdapClient(case.stack.settings.directory.model_copy(update=others))
    with ruled(case.stack, "maxsize", f'rootpw "{password.read_text()}"\nmaxsize'):
        case.plant(case.name, **({CODES: [code]} if code else {}))
    case.ldap.close()
    case.ldap = ours


@pytest.mark.parametrize("login", ["none", "the same", "another"])
async def test_who_has_an_account_is_told_so_by_whichever_row(
    activities: DirectoryActivities, records: LedgerActivities, both: tuple[Case, Case], login: str
) -> None:
    before, after = both
    assert await before.provision(activities, await before.choose(PASSWORD)) == ACTIVE
    await active(before)
    name = {"none": None, "the same": before.name, "another": f"x{before.name}"}[login]
    after.person = after.person.model_copy(update={"login_name": name})
    told = await claim(records, after.reference, after.person)
    assert told == Claimed(
        outcome=ClaimOutcome.ALREADY_ACTIVE, username=before.name, activated_by=before.reference
    )
    request = CheckAccount(person=after.person, username=before.name)
    seen = await begun().run(activities.check_account, request)
    assert (seen.state, seen.username) == (AccountState.ACTIVE, before.name)
    assert await after.resolve(activities) == AccountResolved(
        outcome=AccountOutcome.ALREADY_ACTIVE, username=before.name
    )
    # The number may go from the row again: who was known once stays known.
    bare = after.person.model_copy(update={"insurance_scheme": None, "insurance_number": None})
    assert (await claim(records, after.reference, bare)).username == before.name


async def test_a_number_that_was_typed_is_known_again_on_a_row(
    records: LedgerActivities, both: tuple[Case, Case]
) -> None:
    before, after = both
    number = str(before.person.insurance_number)
    before.person = before.person.model_copy(update={"insurance_number": None})
    given = RecordInsurance(
        reference=before.reference,
        person_key=before.person.person_key,
        scheme="GR",
        number=number,
    )
    assert await insurance.record(before.pool, before.stack.keys, given)
    await active(before)
    assert (await claim(records, after.reference, after.person)).username == before.name


async def test_an_account_that_others_made_and_that_was_found_counts_too(
    activities: DirectoryActivities, records: LedgerActivities, both: tuple[Case, Case]
) -> None:
    before, after = both
    before.plant(before.name)
    before.ldap.set_password(before.dn, PASSWORD.encode())
    await claims.note_and_claim(
        before.pool,
        before.stack.keys,
        reference=before.reference,
        person=before.person,
        language=Language.EL,
    )
    await activations.found_active(
        before.pool, before.stack.keys, reference=before.reference, username=before.name
    )
    told = await claim(records, after.reference, after.person)
    assert (told.outcome, told.username) == (ClaimOutcome.ALREADY_ACTIVE, before.name)
    request = CheckAccount(person=after.person, username=before.name)
    assert (await begun().run(activities.check_account, request)).state is AccountState.ACTIVE


@pytest.mark.parametrize("made", ["nothing", "an entry", "somebody else's entry"])
async def test_a_name_that_was_reserved_is_kept_and_an_entry_that_was_begun_is_finished(
    activities: DirectoryActivities,
    records: LedgerActivities,
    both: tuple[Case, Case],
    made: str,
    tmp_path: Path,
) -> None:
    before, after = both
    await claim(records, before.reference, before.person)
    assert await before.resolve(activities) == named(before.name)
    if made == "an entry":
        before.plant(before.name, **{CODES: codes(before.person, before.domain)})
    if made == "somebody else's entry":
        code = f"{codes(before.person, before.domain)[0]}-x"
        plant_elsewhere(before, tmp_path / "password", code)
    await close(records, before.reference, Step.EXPIRED)
    claimed = await claim(records, after.reference, after.person)
    assert claimed.outcome is ClaimOutcome.CLAIMED
    found = await after.resolve(activities)
    if made == "nothing":
        assert found == await after.resolve(activities, ask_directory=False) == named(before.name)
    elif made == "an entry":
        assert found == named(before.name)
        sealed = await after.choose(PASSWORD)
        assert await after.provision(activities, sealed, before.name) == ACTIVE
        entry = after.entry(before.name)
        assert entry
        every = (*codes(before.person, before.domain), *codes(after.person, after.domain))
        assert entry[CODES.lower()] == [*every]
    else:
        assert found.outcome is AccountOutcome.USERNAME
        assert found.username != before.name


OTHERS = {
    "both names": {
        "last_name_el": "Άλλου",
        "last_name_latin": "Allou",
        "first_name_el": "Ζωή",
        "first_name_latin": "Zoi",
    },
    "the first name": {"first_name_el": "Ζωή", "first_name_latin": "Zoi"},
    "the surname": {"last_name_el": "Άλλου", "last_name_latin": "Allou"},
}


@pytest.mark.parametrize("other", OTHERS)
async def test_other_names_under_the_same_number_are_for_support(
    records: LedgerActivities, both: tuple[Case, Case], other: str
) -> None:
    before, after = both
    await active(before)
    person = after.person.model_copy(update=OTHERS[other])
    told = await claim(records, after.reference, person)
    assert told == Claimed(outcome=ClaimOutcome.NUMBER_OF_ANOTHER)
    with_contact = person.model_copy(update={"mobile": before.person.mobile})
    if other == "the surname":
        told = await claim(records, f"{after.reference}-M", with_contact)
        assert told.username == before.name
    else:
        said = ClaimPerson(
            reference=after.reference, person=with_contact, language=Language.EL, apart=True
        )
        assert (await begun().run(records.claim_person, said)).outcome is ClaimOutcome.CLAIMED


@pytest.mark.parametrize("why", ["another kind of number", "no account and no name"])
async def test_who_has_no_account_by_this_number_is_new(
    records: LedgerActivities, both: tuple[Case, Case], why: str
) -> None:
    before, after = both
    if why == "no account and no name":
        await claim(records, before.reference, before.person)
        await close(records, before.reference, Step.EXPIRED)
    else:
        await active(before)
        after.person = after.person.model_copy(update={"insurance_scheme": "CY"})
    told = await claim(records, after.reference, after.person)
    assert told.outcome is ClaimOutcome.CLAIMED


async def test_a_number_that_is_typed_again_is_for_support(both: tuple[Case, Case]) -> None:
    """The row that was replaced had it; nobody but the student says that it is theirs."""
    before, after = both
    await active(before)
    typed = RecordInsurance(
        reference=after.reference,
        person_key=after.person.person_key,
        scheme="GR",
        number=str(before.person.insurance_number),
    )
    async with reading(before.stack) as registrar:
        made = InsuranceActivities(
            pool=before.pool, keys=before.stack.keys_of(User.MAIN), registrar=registrar
        )
        for keys, outcome in (
            ((), InsuranceOutcome.BELONGS_TO_ANOTHER),
            (before.person.keys, InsuranceOutcome.RECORDED),
        ):
            request = typed.model_copy(update={"other_keys": keys})
            assert (await begun().run(made.record_insurance, request)).outcome is outcome
