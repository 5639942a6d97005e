"""A contact that thousands of rows hold, as placeholders do: told early, in a few bytes."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from temporalio.testing import ActivityEnvironment

from activities.registrar import RegistrarActivities
from adapters.registrar.view import View
from adapters.registrar.wiring import everybody
from domain.contracts.people import FindStudent, StudentsFound
from domain.registrar.humans import humans
from domain.registrar.row_facts import MOST_ROWS, MOST_SHARING
from tests.activities.conftest import reading
from tests.stack import TestStack

CROWD = 2_500
PLACEHOLDER = "+306900000000"
FEW = "+306955011{:03}"

_INSERT = """
INSERT INTO v_vd_sis (systemid, registrationid, firstnameel, lastnameel, birthdate, departmentid,
                      enrollmentstatus, mobilephone, extemail)
SELECT 'CROWD', $1 || n, 'Άννα', 'Πλήθος' || n, '2005-01-01', '401', 'active', $2, $1 || n || $3
FROM generate_series(1, $4::int) n
"""


@pytest.fixture(scope="module", autouse=True)
async def crowd(stack: TestStack) -> AsyncIterator[None]:
    """Fill the registrar with rows of one mobile, and a few that a few share."""
    connection = await asyncpg.connect(stack.registrar_dsn)
    await connection.execute(_INSERT, "c", PLACEHOLDER, "@crowd.example", CROWD)
    for many in (MOST_SHARING, MOST_SHARING + 1):
        await connection.execute(_INSERT, f"f{many}-", FEW.format(many), "@few.example", many)
    yield
    await connection.execute("DELETE FROM v_vd_sis WHERE systemid = 'CROWD'")
    await connection.close()


@pytest.fixture
async def registrar(stack: TestStack) -> AsyncIterator[RegistrarActivities]:
    async with reading(stack) as activities:
        yield activities


async def find(
    registrar: RegistrarActivities, mobile: str | None = None, email: str | None = None
) -> StudentsFound:
    request = FindStudent(mobile=mobile, email=email)
    return await ActivityEnvironment().run(registrar.find_student, request)


async def test_a_placeholder_is_told_without_reading_whom_it_is_on_file_for(
    registrar: RegistrarActivities, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = 0
    fetch = View._fetch

    async def counting(self: View, query: str, *values: object) -> list[Any]:
        nonlocal read
        rows = await fetch(self, query, *values)
        read += len(rows)
        return rows

    monkeypatch.setattr(View, "_fetch", counting)
    found = await find(registrar, mobile=PLACEHOLDER)
    assert found == StudentsFound(persons=(), too_many=True)
    assert len(found.model_dump_json()) < 100
    assert read < CROWD / 10


@pytest.mark.parametrize(
    ("email", "number"), [("c77@crowd.example", "c77"), ("nobody@crowd.example", None)]
)
async def test_beside_a_placeholder_a_contact_of_ones_own_counts(
    registrar: RegistrarActivities, email: str, number: str | None
) -> None:
    found = await find(registrar, mobile=PLACEHOLDER, email=email)
    assert [each.enrolments[0].registration_id for each in found.persons] == [
        each for each in [number] if each
    ]
    assert found.too_many is (number is None)


async def test_twenty_may_share_a_contact_and_one_more_may_not(
    registrar: RegistrarActivities,
) -> None:
    few = await find(registrar, mobile=FEW.format(MOST_SHARING))
    assert (len(few.persons), few.too_many) == (MOST_SHARING, False)
    many = await find(registrar, mobile=FEW.format(MOST_SHARING + 1))
    assert many == StudentsFound(persons=(), too_many=True)


async def test_a_row_that_holds_a_contact_in_two_ways_counts_once(
    stack: TestStack, registrar: RegistrarActivities
) -> None:
    connection = await asyncpg.connect(stack.registrar_dsn)
    enrolments = MOST_ROWS // MOST_SHARING - 2
    for n in range(enrolments):
        written = FEW.format(99) + " (μητέρα)"
        await connection.execute(_INSERT, f"e{n}-", written, "@few.example", MOST_SHARING)
    await connection.close()
    found = await find(registrar, mobile=FEW.format(99))
    assert {len(person.enrolments) for person in found.persons} == {enrolments}
    assert (len(found.persons), found.too_many) == (MOST_SHARING, False)


_NAMESAKE = """
INSERT INTO v_vd_sis (systemid, registrationid, firstnameel, lastnameel, birthdate, departmentid,
                      enrollmentstatus, mobilephone, extemail)
VALUES ('CROWD', $1, $2, 'Ομώνυμος', $3, '401', $4, $5, $6)
"""


@pytest.mark.few(3)
@pytest.mark.parametrize("more", [None, "another date", "another name", "a crowd"])
@pytest.mark.parametrize("status", ["active", "inactive"])
async def test_a_contact_of_several_persons_joins_no_namesakes_whichever_way_they_are_looked_for(
    stack: TestStack, registrar: RegistrarActivities, more: str | None, status: str
) -> None:
    connection = await asyncpg.connect(stack.registrar_dsn)
    mail, mobiles = "books@lib.example", ("6944000001", "6944000002")
    await connection.execute("DELETE FROM v_vd_sis WHERE registrationid LIKE 'nm%'")
    for n, mobile in enumerate(mobiles):
        await connection.execute(
            _NAMESAKE, f"nm{n}", "Άννα", "2003-07-08", "active", mobile, f"{mail}; nm@{n}.example"
        )
    others = {"another date": ("Άννα", "2002-01-02"), "another name": ("Ζωή", "2003-07-08")}
    if more in others:
        await connection.execute(_NAMESAKE, "nm3", *others[more], status, None, mail)
    if more == "a crowd":
        for n in range(MOST_ROWS):
            row = (f"nm-{n}", "Άννα", None, status, None, mail)
            await connection.execute(_NAMESAKE, *row)
    alone = [frozenset({f"nm{n}"}) for n in range(2)]
    wanted = alone if more else [frozenset({"nm0", "nm1"})] * 2
    for mobile, theirs in zip(mobiles, wanted, strict=True):
        (person,) = (await find(registrar, mobile=f"+30{mobile}")).persons
        assert {each.registration_id for each in person.enrolments} == theirs
    every = await everybody(stack.settings.registrar)
    grouped = {frozenset(str(row["registrationid"]) for row in one) for one in humans(every, "GR")}
    assert set(wanted) <= grouped
    await connection.close()
