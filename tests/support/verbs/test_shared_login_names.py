"""A login name that is several humans': activation, match, desk and report tell the same of it."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import NamedTuple

import asyncpg
import pytest
from temporalio.testing import ActivityEnvironment

from activities.accounts import DirectoryActivities
from adapters.directory.wiring import directory_of
from adapters.registrar.wiring import everybody
from domain.contracts.account_io import AccountOutcome
from domain.contracts.people import FindStudent, Person
from domain.registrar.diagnosis import Diagnosis
from domain.registrar.readiness import Obstacle, report
from postgres import Pool
from recognition.comparison import Plan, matches, persons
from support.verbs.registrar import RegistrarQuestion, check
from support.verbs.staff import StaffContext
from tests.activities.case import PASSWORD, Case
from tests.activities.conftest import reading, writing
from tests.activities.test_registrar import insert
from tests.stack import TestStack

_years = itertools.count(1960)
GIVEN = "loginname: of several persons"
DOUBT = "not certain: uid of a loginname that several persons have"


class Told(NamedTuple):
    """What each says of a student."""

    activation: tuple[AccountOutcome, str | None]
    match: tuple[Plan, str | None]
    desk: tuple[Diagnosis, str | None]
    report: Obstacle | None


FREE = Told((AccountOutcome.USERNAME, None), (Plan.NEW, None), (Diagnosis.FINE, None), None)
OWN = Told(
    (AccountOutcome.ALREADY_ACTIVE, None),
    (Plan.ALREADY_ACTIVE, "uid"),
    (Diagnosis.ALREADY_ACTIVE, "uid"),
    None,
)
SHARED = Told(
    (AccountOutcome.CONFLICT, GIVEN),
    (Plan.CONFLICT, GIVEN),
    (Diagnosis.LOGIN_NAME, GIVEN),
    Obstacle.SHARED_LOGIN_NAME,
)
DOUBTED = Told(
    (AccountOutcome.CANNOT_TELL, DOUBT),
    (Plan.CANNOT_TELL, DOUBT),
    (Diagnosis.IN_THE_WAY, DOUBT),
    Obstacle.SHARED_LOGIN_NAME,
)
ONE = {"lastnameel": "Κοινός", "fatherfirstnameel": "Πέτρος"}
OTHER = {"lastnameel": "Άλλος", "fatherfirstnameel": "Νικόλαος"}
FORMER = {**OTHER, "enrollmentstatus": "ended"}


@pytest.fixture
async def directory(stack: TestStack, pool: Pool) -> AsyncIterator[DirectoryActivities]:
    async with writing(stack, pool) as made:
        yield made


@pytest.mark.parametrize(
    ("others", "planted", "told"),
    [
        pytest.param(ONE, False, FREE, id="one human, no entry"),
        pytest.param(ONE, True, OWN, id="one human, an entry"),
        pytest.param(OTHER, False, SHARED, id="two humans, no entry"),
        pytest.param(OTHER, True, DOUBTED, id="two humans, an entry"),
        pytest.param(FORMER, False, FREE, id="a former student, no entry"),
        pytest.param(FORMER, True, DOUBTED._replace(report=None), id="a former student, an entry"),
    ],
)
async def test_all_tell_the_same_of_a_login_name_on_two_rows(
    stack: TestStack,
    desk: StaffContext,
    directory: DirectoryActivities,
    *,
    others: dict[str, str],
    planted: bool,
    told: Told,
) -> None:
    year = next(_years)
    number = f"R82{year}"
    name, email = number.lower(), f"{number}@mail.example".lower()
    await insert(stack, number, **ONE, extemail=email, loginname=name, birthdate=f"{year}0203")
    born = f"{year}0203" if others is ONE else f"{year}0304"
    await insert(stack, f"{number}B", **others, loginname=f" {name.upper()}", birthdate=born)

    person = await _person(stack, email)
    case = Case(stack, desk.pool, person, f"A-{number[1:]}-0001")
    if planted:
        case.plant(name)
        case.ldap.set_password(case.dn, PASSWORD.encode())
    case.ldap.close()
    resolved = await case.resolve(directory)
    checked = await check(desk, RegistrarQuestion(number=number))

    rows = [row for row in await everybody(stack.settings.registrar) if _is_of(row, number)]
    found = directory_of(stack.settings.directory)
    entries = await found.run(found.find_by_uids, [name])
    await found.close()
    (match,) = (
        each
        for each in matches(persons(rows, stack.settings, stack.keys), entries, stack.settings)
        if each.keys[0] == person.person_key
    )
    findings = report(rows, "GR").findings
    reported = (each.reason for each in findings if each.registration_id == number)

    assert (
        Told(
            (resolved.outcome, resolved.why),
            (match.plan, match.why),
            (checked.outcome or Diagnosis.NOT_IN_VIEW, checked.why),
            next(reported, None),
        )
        == told
    )


@pytest.mark.parametrize("other", ["of one human", "of another"])
async def test_the_desk_names_the_rows_that_have_the_login_name(
    stack: TestStack, desk: StaffContext, directory: DirectoryActivities, other: str
) -> None:
    """Rows of one human that are not joined are named as such, and correcting them moves it on."""
    year = next(_years)
    number = f"R82{year}"
    name, email = number.lower(), f"{number}@mail.example".lower()
    shared = {"loginname": name, "lastnameel": "Κοινός", "birthdate": f"{year}0203"}
    second = shared if other == "of one human" else {**shared, **OTHER, "birthdate": f"{year}0405"}
    await insert(stack, number, **shared, extemail=email)
    await insert(stack, f"{number}B", **second, extemail=f"b{email}", departmentid="403")
    checked = await check(desk, RegistrarQuestion(number=number))
    (human,) = checked.people
    assert (checked.outcome, checked.why) == (Diagnosis.LOGIN_NAME, GIVEN)
    assert checked.same_login == (f"TEST/{number}B",)
    assert human.apart == ((f"TEST/{number}B",) if other == "of one human" else ())
    elsewhere = replace(desk, staff=replace(desk.staff, departments=frozenset({""})))
    assert (await check(elsewhere, RegistrarQuestion(number=number))).same_login == ()

    case = Case(stack, desk.pool, await _person(stack, email), f"A-{number[1:]}-0001")
    assert (await case.resolve(directory)).why == GIVEN
    told = "fatherfirstnameel = 'Πέτρος'" if other == "of one human" else "loginname = NULL"
    where = f"{number}%" if other == "of one human" else f"{number}B"
    registrar = await asyncpg.connect(stack.registrar_dsn)
    await registrar.execute(
        f"UPDATE v_vd_sis SET {told} WHERE registrationid LIKE $1",  # noqa: S608 - one of two
        where,
    )
    await registrar.close()
    checked = await check(desk, RegistrarQuestion(number=number))
    assert (checked.outcome, checked.same_login) == (Diagnosis.FINE, ())
    case.person = await _person(stack, email)
    assert (await case.resolve(directory)).username == name
    case.ldap.close()


async def _person(stack: TestStack, email: str) -> Person:
    async with reading(stack) as registrar:
        request = FindStudent(mobile=None, email=email)
        (person,) = (await ActivityEnvironment().run(registrar.find_student, request)).persons
    return person


def _is_of(row: object, number: str) -> bool:
    return isinstance(row, dict) and str(row["registrationid"]).startswith(number)
