"""Who has an account that an import noted keeps it, also when the registrar replaces the row."""

import asyncio
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import pytest

from activities.accounts import DirectoryActivities
from activities.records import LedgerActivities
from adapters.directory.entries import CODES, codes
from adapters.directory.wiring import directory_of
from domain.contracts.account_io import AccountOutcome, ClaimOutcome
from domain.contracts.people import Person
from domain.contracts.vocabulary import Step
from ledger import activations, imports
from ledger.imports import Owned
from postgres import Pool
from recognition.comparison import KNOWN, Match, Plan, matches, recognised_by
from recognition.rekeyed import Ledger
from tests.activities.case import ACTIVE, PASSWORD, Case, named, others
from tests.activities.conftest import MakePerson
from tests.activities.test_records import claim, close
from tests.recognition.test_rekeyed import OTHERS, plant_elsewhere
from tests.stack import TestStack

Both = tuple[Case, Case]


@pytest.fixture
async def both(
    stack: TestStack, pool: Pool, make_person: MakePerson, reference: str
) -> AsyncIterator[Both]:
    """Give one person by the row they had and by the one that came in its place."""
    number = {"insurance_scheme": "GR", "insurance_number": reference}
    old, new = make_person(**number), make_person(**number, login_name=None)
    cases = Case(stack, pool, old, reference), Case(stack, pool, new, f"{reference}-N")
    for case in cases:
        await case.consent()
    yield cases
    for case in cases:
        case.ldap.close()


async def foretold(case: Case, *people: Person) -> list[Match]:
    """Compare these, as if the registrar had nobody else."""
    directory = directory_of(case.stack.settings.directory)
    try:
        entries = await directory.run(directory.everybody, lambda _: None)
    finally:
        await directory.close()
    keys = case.stack.keys
    ledger = await Ledger.of(case.pool, keys, people)
    facts = recognised_by(keys, people)
    return [*matches(people, entries, case.stack.settings, ledger, facts)]


async def imported(case: Case, *people: Person) -> None:
    found = await foretold(case, *(people or [case.person]))
    owned = [
        Owned(str(each.username), each.keys, each.found_by, each.why == CODES)
        for each in found
        if each.plan in KNOWN
    ]
    await imports.reserve_all(case.pool, case.stack.keys, owned)


KINDS = [*product(("name", "code"), (True, False), ("none", "the same", "another"))]


@pytest.mark.few(4)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_row_that_was_replaced_after_an_import_finds_the_account_as_foretold(
    activities: DirectoryActivities,
    records: LedgerActivities,
    both: Both,
    kind: tuple[str, bool, str],
) -> None:
    (mark, password, login), (before, after) = kind, both
    marks = {CODES: codes(before.person, before.domain)} if mark == "code" else {}
    before.plant(before.name, **marks)
    if password:
        before.ldap.set_password(before.dn, PASSWORD.encode())
    await imported(before)
    name = {"none": None, "the same": before.name, "another": f"x{before.name}"}[login]
    after.person = after.person.model_copy(update={"login_name": name})
    (plan,) = await foretold(after, after.person)
    told = await claim(records, after.reference, after.person)
    assert told.outcome is ClaimOutcome.CLAIMED
    found = await after.resolve(activities)
    if password:
        assert (plan.plan, plan.username) == (Plan.ALREADY_ACTIVE, before.name)
        assert (found.outcome, found.username) == (AccountOutcome.ALREADY_ACTIVE, before.name)
    elif login == "another":
        assert plan.plan is Plan.CONFLICT
        assert found.outcome is AccountOutcome.CONFLICT
    else:
        assert (plan.plan, plan.username) == (Plan.ADOPT, before.name)
        assert (found.outcome, found.username) == (AccountOutcome.USERNAME, before.name)
        sealed = await after.choose(PASSWORD)
        assert await after.provision(activities, sealed, before.name) == ACTIVE
        assert set(codes(after.person, after.domain)) < {
            *(after.entry(before.name) or {})[CODES.lower()],
            *codes(before.person, before.domain),
        }
    assert set(before.person.keys) < set(plan.keys)


@pytest.mark.parametrize("other", OTHERS)
async def test_other_names_under_the_number_of_an_imported_account_are_a_conflict_in_both(
    records: LedgerActivities, both: Both, other: str
) -> None:
    before, after = both
    before.plant(before.name)
    await imported(before)
    person = after.person.model_copy(update=OTHERS[other])
    (plan,) = await foretold(after, person)
    assert (plan.plan, plan.why) == (Plan.CONFLICT, "insurance number: another person's")
    told = await claim(records, after.reference, person)
    assert told.outcome is ClaimOutcome.NUMBER_OF_ANOTHER


async def test_a_number_that_two_persons_have_recognises_neither(
    records: LedgerActivities, both: Both
) -> None:
    before, after = both
    before.plant(before.name)
    await imported(before, before.person, after.person)
    told = await claim(records, after.reference, after.person)
    assert told.outcome is ClaimOutcome.CLAIMED
    (plan,) = await foretold(after, after.person)
    assert plan.plan is Plan.NEW


async def test_an_import_again_adds_what_an_older_one_did_not_note(
    pool: Pool, records: LedgerActivities, both: Both
) -> None:
    """As an import of before the ledger noted more than the name, also beside an activation."""
    before, after = both
    before.plant(before.name)
    await pool.execute(
        "INSERT INTO username (name, person_key) VALUES ($1, $2)",
        before.name,
        before.person.person_key,
    )
    noted = "SELECT found_by FROM imported WHERE name = $1"
    assert await pool.fetchval(noted, before.name) is None
    for _ in range(2):
        await imported(before)
    assert len(await pool.fetchval(noted, before.name)) > 1
    await claim(records, after.reference, after.person)
    (plan,) = await foretold(after, after.person)
    assert (plan.plan, plan.username) == (Plan.ADOPT, before.name)


async def test_what_an_activation_noted_is_foretold_too(
    activities: DirectoryActivities, records: LedgerActivities, both: Both
) -> None:
    """A name that was reserved for the row that is gone, and an account that was found active."""
    before, after = both
    before.plant(before.name)
    before.ldap.set_password(before.dn, PASSWORD.encode())
    await claim(records, before.reference, before.person)
    found = await before.resolve(activities)
    await activations.found_active(
        before.pool, before.stack.keys, reference=before.reference, username=str(found.username)
    )
    (plan,) = await foretold(after, after.person)
    assert (plan.plan, plan.username) == (Plan.ALREADY_ACTIVE, before.name)
    told = await claim(records, after.reference, after.person)
    assert (told.outcome, told.username) == (ClaimOutcome.ALREADY_ACTIVE, before.name)


@pytest.mark.parametrize("coded", [True, False])
async def test_the_codes_of_an_entry_that_others_made_are_theirs_where_the_import_saw_one(
    activities: DirectoryActivities,
    records: LedgerActivities,
    both: Both,
    tmp_path: Path,
    *,
    coded: bool,
) -> None:
    """A code that came after the import may be somebody else's: that is for support."""
    before, after = both
    (own,) = codes(before.person, before.domain)
    plant_elsewhere(before, tmp_path / "password", own if coded else None)
    await imported(before)
    if not coded:
        before.ldap.add_values(before.dn, others(before))
    await claim(records, after.reference, after.person)
    found = await after.resolve(activities)
    (plan,) = await foretold(after, after.person)
    if coded:
        assert (found.outcome, plan.plan) == (AccountOutcome.USERNAME, Plan.ADOPT)
        assert found.username == plan.username == before.name
    else:
        assert (found.outcome, plan.plan) == (AccountOutcome.CANNOT_TELL, Plan.CANNOT_TELL)
        assert found.why == plan.why == f"not certain: uid contradicted by {CODES}"


MOMENTS = ("before", "claimed", "beside the choice of a name", "named", "half made", "active")
ENTRIES = {"none": None, "to adopt": {}, "to adopt by its code": {CODES: "own"}}


@pytest.mark.few(6)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("entry", ENTRIES)
async def test_an_import_beside_an_activation_changes_nothing_for_it(
    activities: DirectoryActivities,
    records: LedgerActivities,
    case: Case,
    moment: str,
    entry: str,
) -> None:
    """Whenever it comes: the run ends active, by one name and one entry, as it would have."""

    async def reached(now: str) -> None:
        if now == moment:
            await imported(case)

    marks = ENTRIES[entry]
    if marks is not None:
        case.plant(case.name, **dict.fromkeys(marks, codes(case.person, case.domain)))
    await reached("before")
    claimed = await claim(records, case.reference, case.person)
    assert claimed.outcome is ClaimOutcome.CLAIMED
    await reached("claimed")
    resolved, _ = await asyncio.gather(
        case.resolve(activities), reached("beside the choice of a name")
    )
    assert resolved == named(case.name)
    await reached("named")
    if moment == "half made" and marks is None:
        case.plant(case.name, **{CODES: codes(case.person, case.domain)})
    await reached("half made")
    assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE
    await close(records, case.reference, Step.ACTIVE)
    await reached("active")
    await imported(case)
    (plan,) = await foretold(case, case.person)
    assert (plan.plan, plan.username) == (Plan.ALREADY_ACTIVE, case.name)
    again = await claim(records, f"{case.reference}-B", case.person)
    assert (again.outcome, again.username) == (ClaimOutcome.ALREADY_ACTIVE, case.name)
    for table in ("username", "imported"):
        rows = await case.pool.fetch(
            f"SELECT name FROM {table} WHERE person_key = $1",  # noqa: S608 - one of two names
            case.person.person_key,
        )
        assert [row["name"] for row in rows] == [case.name]
    (code,) = codes(case.person, case.domain)
    assert len(case.ldap.search(case.people, f"({CODES}={code})", ["uid"])) == 1
    assert case.can_bind(PASSWORD)
