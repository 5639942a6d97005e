"""Staff's answer "two persons" is taken back by any number of either, and by nobody else's."""

import itertools
from dataclasses import dataclass

import asyncpg
import pytest
from temporalio.testing import ActivityEnvironment

from activities.records import LedgerActivities
from domain.contracts.people import FindStudent, Person
from domain.contracts.vocabulary import Step
from ledger import rekeyed, told_apart
from postgres import Pool
from recognition.rekeyed import known
from starter.commands import accounts
from starter.output import Failed
from tests.activities.conftest import reading
from tests.activities.test_records import claim, close
from tests.activities.test_registrar import insert
from tests.stack import TestStack

_numbers = itertools.count(860001)
ONE = {"firstnameel": "Άννα", "lastnameel": "Πρώτη", "birthdate": "20010203"}
OTHER = {"firstnameel": "Βέρα", "lastnameel": "Δεύτερη", "birthdate": "20020304"}
NEWCOMER = {"firstnameel": "Ρέα", "lastnameel": "Τρίτη", "birthdate": "20030405"}
KINDS = ("an insurance number", "a row")


@dataclass
class Desk:
    """Two students in the registrar and the ledger, and what staff say of them."""

    stack: TestStack
    pool: Pool
    records: LedgerActivities
    kind: str
    number: str

    async def row(self, suffix: str, who: dict[str, str]) -> Person:
        """Give somebody a row, and return them as an activation knows them that has come."""
        number = f"{self.number}-{suffix}"
        await insert(self.stack, number, **who, extemail=self._email(who))
        return await self.seen(who)

    async def gone(self, suffix: str) -> None:
        connection = await asyncpg.connect(self.stack.registrar_dsn)
        number = f"{self.number}-{suffix}"
        await connection.execute("DELETE FROM v_vd_sis WHERE registrationid = $1", number)
        await connection.close()

    async def seen(self, who: dict[str, str]) -> Person:
        async with reading(self.stack) as registrar:
            asked = FindStudent(mobile=None, email=self._email(who))
            (person,) = (await ActivityEnvironment().run(registrar.find_student, asked)).persons
        reference = f"A-{self.number}-{next(_numbers)}"
        await claim(self.records, reference, person)
        await close(self.records, reference, Step.EXPIRED)
        return (await known(self.pool, self.stack.keys, person)).person

    async def tell(self, person: Person, other: Person) -> None:
        if self.kind == "a row":
            await told_apart.note_rows(self.pool, person, other.enrolments)
        else:
            await told_apart.note_keys(self.pool, person, other.keys)

    async def join(self, suffix: str) -> None:
        number = f"TEST/{self.number}-{suffix}"
        assert await accounts.joined_again(self.stack.settings, number, "a mistake") == 1
        with pytest.raises(Failed):
            await accounts.joined_again(self.stack.settings, number, "a mistake")

    async def refuse(self, suffix: str) -> None:
        with pytest.raises(Failed):
            await accounts.joined_again(
                self.stack.settings, f"TEST/{self.number}-{suffix}", "a mistake"
            )

    def _email(self, who: dict[str, str]) -> str:
        return f"{self.number}{who['birthdate']}@mail.example".lower()


@pytest.fixture(params=KINDS)
def desk(
    request: pytest.FixtureRequest, stack: TestStack, pool: Pool, records: LedgerActivities
) -> Desk:
    return Desk(stack, pool, records, request.param, f"J{next(_numbers)}")


@pytest.mark.parametrize("asked", ["one", "other"])
async def test_by_either_number(desk: Desk, asked: str) -> None:
    await desk.tell(await desk.row("one", ONE), await desk.row("other", OTHER))
    await desk.refuse("nobody")
    await desk.join(asked)


@pytest.mark.parametrize("asked", ["one", "new"])
@pytest.mark.parametrize("told", ["before", "after"])
async def test_by_the_old_and_the_new_number_of_a_row_that_was_replaced(
    desk: Desk, told: str, asked: str
) -> None:
    one, other = await desk.row("one", ONE), await desk.row("other", OTHER)
    if told == "before":
        await desk.tell(one, other)
    await desk.gone("one")
    new = await desk.row("new", ONE)
    await rekeyed.note(desk.pool, new.person_key, one.keys)
    if told == "after":
        await desk.tell(await desk.seen(ONE), other)
    await desk.join(asked)


async def test_by_the_number_of_an_enrolment_that_came_later(desk: Desk) -> None:
    one, other = await desk.row("one", ONE), await desk.row("other", OTHER)
    await desk.tell(one, other)
    await desk.row("later", ONE)
    await desk.join("later")


@pytest.mark.parametrize("asked", ["one", "later"])
async def test_by_a_number_that_the_registrar_has_no_more(desk: Desk, asked: str) -> None:
    await desk.row("one", ONE)
    one, other = await desk.row("later", ONE), await desk.row("other", OTHER)
    await desk.tell(one, other)
    for suffix in ("one", "later"):
        await desk.gone(suffix)
    await desk.join(asked)


@pytest.mark.parametrize("about", ["one", "other"])
async def test_not_by_a_number_that_is_a_newcomers_by_now(desk: Desk, about: str) -> None:
    one, other = await desk.row("one", ONE), await desk.row("other", OTHER)
    await desk.tell(one, other)
    await desk.gone(about)
    await desk.row(about, NEWCOMER)
    await desk.refuse(about)
    await desk.join("other" if about == "one" else "one")


@pytest.mark.few(2)
@pytest.mark.parametrize("asked", ["one", "other"])
async def test_by_a_newcomers_number_what_is_said_of_the_newcomer(desk: Desk, asked: str) -> None:
    """Nothing that was said of the first owner of the number goes with it."""
    first, other = await desk.row("one", ONE), await desk.row("other", OTHER)
    await desk.gone("one")
    moved = await desk.row("moved", ONE)
    await rekeyed.note(desk.pool, moved.person_key, first.keys)
    third = await desk.row("third", NEWCOMER | {"birthdate": "20040506", "lastnameel": "Τέταρτη"})
    await desk.tell(await desk.seen(ONE), third)
    newcomer = await desk.row("one", NEWCOMER)
    await desk.tell(newcomer, other)
    await desk.join(asked)
    await desk.join("moved")
