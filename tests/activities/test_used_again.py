"""A number of the registrar's that is used again: the newcomer is never taken for its first owner.

Neither is the first owner for somebody else, when a name, a birth date or a number is corrected.
"""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from string import ascii_lowercase

import pytest

from activities.accounts import DirectoryActivities
from activities.insurance import InsuranceActivities
from activities.records import LedgerActivities
from adapters.directory.entries import CODES, codes
from adapters.directory.ldap_results import SUCCESS
from domain.accounts import NUMBER_USED_AGAIN
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
from domain.contracts.people import Person
from domain.contracts.vocabulary import Language, Step
from domain.entry_values import BIRTH_DATE
from ledger import rekeyed, used_again
from postgres import Pool
from recognition.comparison import Plan
from security.purposes import User
from tests.activities.case import ACTIVE, PASSWORD, Case, begun, others
from tests.activities.conftest import MakePerson, reading
from tests.activities.test_imported import foretold, imported
from tests.activities.test_records import claim, close
from tests.stack import TestStack

_played = itertools.count(1)
SURNAME: dict[str, object] = {"last_name_el": "Οικονόμου", "last_name_latin": "Oikonomou"}
FIRST_NAME: dict[str, object] = {"first_name_el": "Ζωή", "first_name_latin": "Zoi"}
BORN: dict[str, object] = {"birth_date": date(2007, 3, 4)}
OTHERS_NUMBER: dict[str, object] = {"insurance_number": "A-USED-"}
UNKNOWN: dict[str, object] = {
    "insurance_scheme": None,
    "insurance_number": None,
    "birth_date": None,
}
ANOTHER: dict[str, dict[str, object]] = {
    "everything": SURNAME | FIRST_NAME | BORN | OTHERS_NUMBER,
    "all but the first name": SURNAME | BORN | OTHERS_NUMBER,
    "all but the surname": FIRST_NAME | BORN | OTHERS_NUMBER,
    "a twin's": FIRST_NAME | OTHERS_NUMBER,
    "a namesake's": BORN | OTHERS_NUMBER,
    "the names, and the rest is unknown": SURNAME | FIRST_NAME | UNKNOWN,
}
SAME: dict[str, dict[str, object]] = {
    "nothing": {},
    "the surname": SURNAME,
    "the first name": FIRST_NAME,
    "the insurance number": OTHERS_NUMBER,
    "the birth date": BORN,
    "what is unknown": UNKNOWN | {"mobile": None, "email": None, "sms_to": None},
}


@dataclass
class Registrar:
    """One number of the registrar's, and whose it is."""

    stack: TestStack
    pool: Pool
    activities: DirectoryActivities
    records: LedgerActivities
    make: MakePerson
    reference: str
    surname: str
    cases: list[Case] = field(default_factory=list)

    def case(self, person: Person) -> Case:
        self.cases.append(
            Case(self.stack, self.pool, person, f"{self.reference}-{len(self.cases)}")
        )
        return self.cases[-1]

    @cached_property
    def first(self) -> Case:
        """Return who had the number before."""
        return self.case(self._of_a_row(self.make(**self._common)))

    @property
    def _common(self) -> dict[str, str]:
        return {
            "insurance_scheme": "GR",
            "insurance_number": self.reference,
            "last_name_latin": self.surname,
        }

    def _of_a_row(self, person: Person) -> Person:
        (row,) = person.enrolments
        key = self.stack.keys.index("person", f"{row.system_id}/{row.registration_id}")
        return person.model_copy(update={"person_key": key})

    def given_to(self, **told: object) -> Case:
        """Return whose the number is now: who had it before, but for what is told."""
        person = self.make(**self._common, login_name=None)
        row = {name: getattr(self.first.person, name) for name in ("person_key", "enrolments")}
        for name in told.keys() & {"insurance_number", "first_name_latin", "last_name_latin"}:
            told[name] = told[name] and f"{told[name]}{next(_played)}"
        return self.case(person.model_copy(update=row | told))

    def moved(self) -> Case:
        """Return who had the number before, by the row that came in the place of the old one."""
        return self.case(self._of_a_row(self.make(**self._common, login_name=None)))

    async def claim(self, case: Case, suffix: str = "") -> Claimed:
        return await claim(self.records, case.reference + suffix, case.person)


@pytest.fixture
async def registrar(
    stack: TestStack,
    pool: Pool,
    activities: DirectoryActivities,
    records: LedgerActivities,
    make_person: MakePerson,
) -> AsyncIterator[Registrar]:
    number = next(_played)
    # A surname of their own: others' usernames leave none of the same names.
    surname = f"Chatzigeorgiou{ascii_lowercase[number // 26]}{ascii_lowercase[number % 26]}"
    reference = f"A-USED-{number}"
    made = Registrar(stack, pool, activities, records, make_person, reference, surname)
    yield made
    for case in made.cases:
        case.ldap.close()


async def made_by_the_engine(registrar: Registrar, case: Case) -> None:
    await case.consent()
    await registrar.claim(case)
    await case.resolve(registrar.activities)
    made = await case.provision(registrar.activities, await case.choose(PASSWORD))
    assert made == ACTIVE
    await close(registrar.records, case.reference, Step.ACTIVE)


def planted(case: Case, *, born: bool = True, password: bool = True) -> None:
    """Let others make the entry; it has the person's code."""
    person, classes = case.person, ["inetOrgPerson", "schacLinkageIdentifiers"]
    told = {"schacDateOfBirth": [f"{person.birth_date:%Y%m%d}"]} if born else {}
    case.plant(
        case.name,
        objectClass=[*classes, "schacPersonalCharacteristics"],
        cn=[f"{person.first_name_latin} {person.last_name_latin}"],
        sn=[person.last_name_latin],
        **{CODES: codes(person, case.domain)},
        **told,
    )
    if password:
        case.ldap.set_password(case.dn, PASSWORD.encode())


MADE = ("by the engine", "imported", "imported, its birth date unknown", "entry only")


WITHOUT_BIRTH_DATE = {("entry only", "a namesake's")}
"""Of a namesake: where only an entry tells of the owner, its names are the newcomer's as well."""


async def account(registrar: Registrar, how: str) -> None:
    """Give the first owner of the number an account."""
    case = registrar.first
    if how == "by the engine":
        await made_by_the_engine(registrar, case)
        return
    planted(case, born="unknown" not in how)
    if "imported" in how:
        await imported(case)


async def is_for_support(registrar: Registrar, new: Case) -> None:
    """Nobody is told the username; a retry is no way around it, nor is a directory that is away."""
    activities, doubt = registrar.activities, f"not certain: {NUMBER_USED_AGAIN}"
    for apart in (False, True):
        request = ClaimPerson(
            reference=new.reference, person=new.person, language=Language.EL, apart=apart
        )
        claimed = await begun().run(registrar.records.claim_person, request)
        assert claimed.outcome is ClaimOutcome.CLAIMED
        found = await new.resolve(activities)
        assert (found.outcome, found.why) == (AccountOutcome.CANNOT_TELL, doubt)
    (plan,) = await foretold(new, new.person)
    assert (plan.plan, plan.why, plan.username) == (Plan.CANNOT_TELL, doubt, None)
    away = await new.resolve(activities, ask_directory=False)
    assert away.username not in (None, registrar.first.name)
    made = await new.provision(activities, await new.choose(PASSWORD), str(away.username))
    assert made.why == doubt


@pytest.mark.few(6)
@pytest.mark.parametrize(
    ("how", "differs"),
    [each for each in itertools.product(MADE, ANOTHER) if each not in WITHOUT_BIRTH_DATE],
)
async def test_a_newcomer_with_a_number_used_again_gets_an_account_of_their_own(
    registrar: Registrar, how: str, differs: str
) -> None:
    """Support move the code to whom the entry belongs; until then nobody is told the username."""
    first, activities = registrar.first, registrar.activities
    told = ANOTHER[differs] | (BORN if how == "entry only" else {})
    await account(registrar, how)
    before = first.entry()
    new = registrar.given_to(**told)
    await new.consent()
    await is_for_support(registrar, new)
    assert first.entry() == before
    moved = registrar.moved()
    first.ldap.add_values(first.dn, {CODES: codes(moved.person, moved.domain)})
    first.ldap.delete_values(first.dn, {CODES: codes(first.person, first.domain)})
    found = await new.resolve(activities)
    assert found.username not in (None, first.name)
    (plan,) = await foretold(new, new.person)
    assert plan.plan is Plan.NEW
    made = await new.provision(activities, await new.choose(PASSWORD), str(found.username))
    assert made == ACTIVE
    await close(registrar.records, new.reference, Step.ACTIVE)
    assert first.can_bind(PASSWORD)
    # Each is told their own account from now on.
    back = await registrar.claim(new, "-B")
    assert (back.outcome, back.username) == (ClaimOutcome.ALREADY_ACTIVE, found.username)
    owner = await registrar.claim(moved)
    assert owner.username == (first.name if how == "by the engine" else None)
    theirs = await moved.resolve(activities)
    assert (theirs.outcome, theirs.username) == (AccountOutcome.ALREADY_ACTIVE, first.name)


async def test_the_account_of_whose_the_number_was_is_not_taken_for_the_one_that_is_checked(
    registrar: Registrar,
) -> None:
    """The old entry still has the code, and no birth date; its owner is a namesake."""
    planted(registrar.first, born=False)
    await imported(registrar.first)
    new = registrar.given_to(**ANOTHER["a namesake's"])
    await registrar.claim(new)
    name = f"x{registrar.first.name}"
    new.plant(name, **others(new))
    request = CheckAccount(reference=new.reference, person=new.person, username=name)
    found = await begun().run(registrar.activities.check_account, request)
    assert found.state is AccountState.FOREIGN


@pytest.mark.few(4)
@pytest.mark.parametrize("differs", SAME)
@pytest.mark.parametrize("how", ["by the engine", "imported"])
async def test_who_has_a_fact_corrected_keeps_the_account(
    registrar: Registrar, how: str, differs: str
) -> None:
    await account(registrar, how)
    first, corrected = registrar.first, registrar.given_to(**SAME[differs])
    claimed = await registrar.claim(corrected)
    assert claimed.username == (first.name if how == "by the engine" else None)
    found = await corrected.resolve(registrar.activities)
    assert (found.outcome, found.username) == (AccountOutcome.ALREADY_ACTIVE, first.name)
    (plan,) = await foretold(corrected, corrected.person)
    assert (plan.plan, plan.username) == (Plan.ALREADY_ACTIVE, first.name)


@pytest.mark.parametrize("ended", [True, False])
async def test_a_newcomer_neither_joins_nor_inherits_from_whose_the_number_was(
    registrar: Registrar, *, ended: bool
) -> None:
    """The activation of whoever had the number may go on, or have ended with a reserved name."""
    first, records = registrar.first, registrar.records
    await registrar.claim(first)
    assert (await first.resolve(records)).username == first.name
    if ended:
        await close(records, first.reference, Step.EXPIRED)
    new = registrar.given_to(**ANOTHER["everything"])
    assert (await registrar.claim(new)).outcome is ClaimOutcome.CLAIMED
    assert (await new.resolve(records)).username not in (None, first.name)
    again = await registrar.claim(new, "-B")
    assert (again.outcome, again.holder) == (ClaimOutcome.HELD, new.reference)
    back = await registrar.claim(first, "-B")
    assert back.holder == (None if ended else first.reference)


async def test_a_number_that_is_typed_is_the_newcomers_alone(registrar: Registrar) -> None:
    pool, keys, first = registrar.pool, registrar.stack.keys_of(User.MAIN), registrar.first
    await made_by_the_engine(registrar, first)
    new = registrar.given_to(**SURNAME, **FIRST_NAME, **UNKNOWN)
    await registrar.claim(new)
    typed = {str(first.person.insurance_number): False, f"{new.reference}-typed": True}
    async with reading(registrar.stack) as reader:
        typing = InsuranceActivities(pool=pool, keys=keys, registrar=reader)
        for number, theirs in typed.items():
            request = RecordInsurance(
                reference=new.reference,
                person_key=new.person.person_key,
                scheme="GR",
                number=number,
            )
            told = await begun().run(typing.record_insurance, request)
            assert (told.outcome is InsuranceOutcome.RECORDED) is theirs
    index = rekeyed.number_index(keys, ("GR", f"{new.reference}-typed"))
    owner = await pool.fetchval("SELECT person_key FROM insurance WHERE number_index = $1", index)
    assert owner in (await used_again.noted(pool, new.reference)).values()


def corrected(case: Case, person: Person) -> None:
    """Let staff write the names and the birth date of this person into the entry."""
    entry = case.entry()
    assert entry
    for name, value in {
        "sn": person.last_name_latin,
        "cn": f"{person.first_name_latin} {person.last_name_latin}",
    }.items():
        assert case.ldap.add_values(case.dn, {name: [value]}).code == SUCCESS
        case.ldap.delete_values(case.dn, {name: entry[name.lower()]})
    # An entry has one birth date at most: a second is refused while the first is there.
    case.ldap.delete_values(case.dn, {BIRTH_DATE: entry[BIRTH_DATE.lower()]})
    added = case.ldap.add_values(case.dn, {BIRTH_DATE: [f"{person.birth_date:%Y%m%d}"]})
    assert added.code == SUCCESS


@pytest.mark.parametrize("made", ["an entry", "an account", "an account, then no password"])
async def test_who_has_names_and_birth_date_corrected_gets_on_once_the_entry_is_corrected(
    registrar: Registrar, made: str
) -> None:
    """The ledger has the username under the key of before; the code in the entry decides."""
    first, activities, records = registrar.first, registrar.activities, registrar.records
    await registrar.claim(first)
    assert (await first.resolve(activities)).username == first.name
    planted(first, password=made == "an account")
    if "an account" in made:
        await close(records, first.reference, Step.ALREADY_ACTIVE, first.name)
    else:
        await close(records, first.reference, Step.EXPIRED)
    new = registrar.given_to(**SURNAME, **FIRST_NAME, **BORN)
    await new.consent()
    assert (await registrar.claim(new)).outcome is ClaimOutcome.NUMBER_OF_ANOTHER
    assert (await told_apart(registrar, new)).outcome is ClaimOutcome.CLAIMED
    assert (await new.resolve(activities)).outcome is AccountOutcome.CANNOT_TELL
    corrected(first, new.person)
    found = await new.resolve(activities)
    assert found.username == first.name, found
    (plan,) = await foretold(new, new.person)
    assert (plan.username, plan.why) == (first.name, CODES)
    if made == "an account":
        assert (plan.plan, found.outcome) == (Plan.ALREADY_ACTIVE, AccountOutcome.ALREADY_ACTIVE)
        return
    assert (plan.plan, found.outcome) == (Plan.ADOPT, AccountOutcome.USERNAME)
    sealed = await new.choose(PASSWORD)
    assert await new.provision(activities, sealed, first.name) == ACTIVE
    await close(records, new.reference, Step.ACTIVE)
    back = await registrar.claim(new, "-B")
    assert (back.outcome, back.username) == (ClaimOutcome.ALREADY_ACTIVE, first.name)


@pytest.mark.parametrize("has", ["an account", "an activation"])
async def test_a_name_that_somebody_else_has_or_is_about_to_have_is_not_taken_by_a_code(
    registrar: Registrar, has: str
) -> None:
    other, new = registrar.first, registrar.moved()
    await registrar.claim(other)
    await other.resolve(registrar.activities)
    if has == "an account":
        await close(registrar.records, other.reference, Step.ALREADY_ACTIVE, other.name)
    other.plant(other.name, **{CODES: codes(new.person, new.domain)})
    new.person = new.person.model_copy(update={"insurance_number": None})
    found = await new.resolve(registrar.activities)
    assert found == AccountResolved(
        outcome=AccountOutcome.CONFLICT,
        why=f"{CODES}, and the ledger has the username for another person",
    )


async def told_apart(registrar: Registrar, case: Case) -> Claimed:
    """Claim them at staff's word that whoever has the insurance number is somebody else."""
    request = ClaimPerson(
        reference=case.reference, person=case.person, language=Language.EL, apart=True
    )
    return await begun().run(registrar.records.claim_person, request)


MARRIED = SURNAME | {"mobile": "+306933333333", "email": "new@mail.example", "sms_to": None}


@pytest.mark.parametrize("settled", ["by support's word", "by an import"])
async def test_a_conflict_about_a_number_that_was_settled_does_not_come_back(
    registrar: Registrar, settled: str
) -> None:
    """The row was replaced; another surname and contact, and the new code is in the entry."""
    first, records = registrar.first, registrar.records
    await made_by_the_engine(registrar, first)
    new = registrar.moved()
    new.person = new.person.model_copy(update=MARRIED)
    assert (await registrar.claim(new)).outcome is ClaimOutcome.NUMBER_OF_ANOTHER
    (plan,) = await foretold(new, new.person)
    assert plan.plan is Plan.CONFLICT
    first.ldap.add_values(first.dn, {CODES: codes(new.person, new.domain)})
    (plan,) = await foretold(new, new.person)
    assert (plan.plan, plan.username) == (Plan.ALREADY_ACTIVE, first.name)
    if settled == "by an import":
        await imported(first, new.person)
    else:
        assert (await told_apart(registrar, new)).outcome is ClaimOutcome.CLAIMED
        found = await new.resolve(registrar.activities)
        assert (found.outcome, found.username) == (AccountOutcome.ALREADY_ACTIVE, first.name)
        await close(records, new.reference, Step.ALREADY_ACTIVE, first.name)
    again = await registrar.claim(new, "-B")
    assert again.outcome is not ClaimOutcome.NUMBER_OF_ANOTHER
    found = await new.resolve(registrar.activities)
    assert (found.outcome, found.username) == (AccountOutcome.ALREADY_ACTIVE, first.name)
    (plan,) = await foretold(new, new.person)
    assert (plan.plan, plan.username) == (Plan.ALREADY_ACTIVE, first.name)
    # The import has nobody else to name for this username.
    owner = await registrar.pool.fetchval(
        "SELECT person_key FROM username WHERE name = $1", first.name
    )
    assert owner in plan.keys
