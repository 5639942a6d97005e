"""Whose answer "two persons" is: desk, activation and match agree, whoever has which number.

Numbers of the registrar may have been used again before or after staff answered.
"""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from typing import cast

import pytest
from temporalio.client import Client

from activities.accounts import DirectoryActivities
from activities.records import LedgerActivities
from adapters.directory.entries import CODES, codes
from domain.contracts.account_io import ClaimOutcome, ResolveAccount
from domain.contracts.people import Person
from domain.contracts.vocabulary import Step
from domain.reasons import Reason
from ledger import rekeyed
from postgres import Pool
from recognition.comparison import Plan
from recognition.rekeyed import known
from support.verbs.registrar_account import account_of
from tests import desk as desks
from tests.activities.case import Case, begun
from tests.activities.conftest import MakePerson
from tests.activities.test_imported import foretold
from tests.activities.test_records import claim, close
from tests.activities.test_told_apart import of_rows
from tests.stack import TestStack

_OF_ALIKE = Reason.OF_ALIKE.of(CODES)
_times = itertools.count(1)
NAMES: dict[str, dict[str, object]] = {
    "first": {"first_name_el": "Άννα", "first_name_latin": "Anna"},
    "other": {"first_name_el": "Βέρα", "first_name_latin": "Vera"},
    "before": {"first_name_el": "Ζωή", "first_name_latin": "Zoi"},
    "newcomer": {"first_name_el": "Ρέα", "first_name_latin": "Rea"},
}


@dataclass
class Asked:
    """Asks all three who look at a person whether another may be the same."""

    stack: TestStack
    pool: Pool
    activities: DirectoryActivities
    records: LedgerActivities
    make: MakePerson
    cases: list[Case] = field(default_factory=list)

    def student(self, who: str, number_of: Person | None = None, **more: object) -> Person:
        """Return somebody who differs from all others in names and birth date."""
        place = list(NAMES).index(who)
        told: dict[str, object] = {
            **NAMES[who],
            "last_name_el": f"Επώνυμη{who}",
            "last_name_latin": f"Eponymi{who}",
            "birth_date": date(2001 + place, 2 + place, 3),
            "login_name": None,
        }
        person = self.make(**told | more)
        row = (number_of or person).enrolments[0]
        marked = {name: getattr(person, name) for name in _OF_ROW}
        rows = (row.model_copy(update={**marked, "login_name": None}),)
        return of_rows(self.stack, person.model_copy(update={"enrolments": rows}))

    async def moved(self, person: Person, who: str) -> Person:
        """Return the person by the row that came in the place of the old one."""
        now = self.student(who)
        await rekeyed.note(self.pool, now.person_key, [person.person_key])
        return now

    async def has_come(self, person: Person) -> None:
        reference = f"{person.enrolments[0].registration_id}-{next(_times)}"
        await claim(self.records, reference, person)
        await close(self.records, reference, Step.EXPIRED)

    async def tell(self, person: Person, other: Person) -> None:
        """Let staff say in the person's activation that the other's row is not theirs."""
        reference = f"{person.enrolments[0].registration_id}-{next(_times)}"
        await claim(self.records, reference, person)
        request = ResolveAccount(reference=reference, person=person, apart=other.enrolments)
        assert (await begun().run(self.activities.resolve_account, request)).username
        await close(self.records, reference, Step.EXPIRED)

    async def about(self, person: Person, other: Person) -> bool:
        """Whether they are asked about the other's row; all three must say the same, twice."""
        person = person.model_copy(update={"alike": other.enrolments})
        case = Case(
            self.stack,
            self.pool,
            person,
            f"{person.enrolments[0].registration_id}-{next(_times)}",
        )
        self.cases.append(case)
        entry = f"entry{next(_times)}-{case.reference.lower()}"
        told = {"schacDateOfBirth": [f"{other.birth_date:%Y%m%d}"], "cn": [_called(other)]}
        classes = ["inetOrgPerson", "schacLinkageIdentifiers", "schacPersonalCharacteristics"]
        (code,) = codes(other, case.domain)
        case.plant(
            entry, objectClass=classes, sn=[other.last_name_latin], **told, **{CODES: [code]}
        )
        before = [await self.at_the_desk(case), await self.by_match(case)]
        said = [*before, await self.in_an_activation(case), await self.at_the_desk(case)]
        case.ldap.delete_values(f"uid={entry},{case.people}", {CODES: [code]})
        assert len(set(said)) == 1, f"desk, match, activation, desk again: {said}"
        return said[0]

    async def at_the_desk(self, case: Case) -> bool:
        desk = desks.desk(
            cast("Client", None), self.pool, keys=self.stack.keys, settings=self.stack.settings
        )
        again = await known(self.pool, self.stack.keys, case.person)
        _, _, why = await account_of(desk, again, None)
        return why == _OF_ALIKE

    async def by_match(self, case: Case) -> bool:
        (plan,) = await foretold(case, case.person)
        assert plan.plan in (Plan.NEW, Plan.CANNOT_TELL)
        return plan.why == _OF_ALIKE

    async def in_an_activation(self, case: Case) -> bool:
        assert (await claim(self.records, case.reference, case.person)).outcome is _CLAIMED
        found = await case.resolve(self.activities)
        await close(self.records, case.reference, Step.EXPIRED)
        return found.of_alike


_CLAIMED = ClaimOutcome.CLAIMED
_OF_ROW = ("first_name_latin", "last_name_latin", "birth_date")


def _called(person: Person) -> str:
    return f"{person.first_name_latin} {person.last_name_latin}"


@pytest.fixture
async def asked(
    stack: TestStack,
    pool: Pool,
    activities: DirectoryActivities,
    records: LedgerActivities,
    make_person: MakePerson,
) -> AsyncIterator[Asked]:
    made = Asked(stack, pool, activities, records, make_person)
    yield made
    for case in made.cases:
        case.ldap.close()


@pytest.mark.long
async def test_no_number_is_used_again(asked: Asked) -> None:
    one, other = asked.student("first"), asked.student("other")
    assert await asked.about(one, other)
    assert await asked.about(other, one)
    await asked.tell(one, other)
    assert not await asked.about(one, other)
    assert not await asked.about(other, one)
    # Who gets another row keeps the answers of theirs.
    assert not await asked.about(await asked.moved(one, "first"), other)


async def test_the_number_was_used_again_before_staff_answered(asked: Asked) -> None:
    """The first owner of the number, by the row that they have now, is asked about."""
    before = asked.student("before")
    await asked.has_come(before)
    one, other = asked.student("first", number_of=before), asked.student("other")
    await asked.tell(one, other)
    assert not await asked.about(one, other)
    assert not await asked.about(other, one)
    moved = await asked.moved(before, "before")
    assert await asked.about(moved, other)
    assert await asked.about(other, moved)


@pytest.mark.long
async def test_the_number_of_the_other_was_used_again_before_staff_answered(asked: Asked) -> None:
    before = asked.student("before")
    await asked.has_come(before)
    one, other = asked.student("first"), asked.student("other", number_of=before)
    await asked.tell(one, other)
    assert not await asked.about(one, other)
    assert not await asked.about(other, one)
    moved = await asked.moved(before, "before")
    assert await asked.about(moved, one)
    assert await asked.about(one, moved)


async def test_the_number_is_used_again_after_staff_answered(asked: Asked) -> None:
    one, other = asked.student("first"), asked.student("other")
    await asked.tell(one, other)
    newcomer = asked.student("newcomer", number_of=one)
    assert await asked.about(newcomer, other)
    assert await asked.about(other, newcomer)
    moved = await asked.moved(one, "first")
    assert not await asked.about(moved, other)
    assert await asked.about(newcomer, other)


@pytest.mark.long
async def test_the_number_of_the_other_is_used_again_after_staff_answered(asked: Asked) -> None:
    one, other = asked.student("first"), asked.student("other")
    await asked.tell(one, other)
    await asked.has_come(other)
    newcomer = asked.student("newcomer", number_of=other)
    assert await asked.about(newcomer, one)
    assert await asked.about(one, newcomer)
    moved = await asked.moved(other, "other")
    # Their row is another one now than the one that staff looked at.
    assert await asked.about(one, moved)
    assert await asked.about(moved, one)
