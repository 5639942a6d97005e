"""What every registrar does, whatever it is made of: a module of tests imports these.

It gives the fixtures `registrar`, which holds ROWS and maybe rows of others, and `away`, which
cannot be reached.
"""

from collections.abc import Callable, Iterable

import pytest

from adapters.errors import Unavailable
from adapters.registrar.port import Registrar, SharedByMany
from domain import surnames
from domain.registrar.row_facts import MOST_ROWS
from domain.registrar.rows import Row, enrolment, text
from domain.registrar.students import ContactQuery

SYSTEM = "PORT"


def _row(number: str, **columns: str) -> Row:
    own = {"systemid": SYSTEM, "registrationid": number, "departmentid": "PORT 1"}
    return {**own, "enrollmentstatus": "active", **columns}


MARIA = {"firstnameel": "Μαρία", "birthdate": "2005-02-01", "fatherfirstnameel": "Πέτρος"}
ROWS = [
    _row("1", **MARIA, lastnameel="Πορτοκάλη", ssn="01020500018", mobilephone="697-1100001"),
    {**_row("2", **MARIA, lastnameel="Πορτοκάλη", ssn="01020500018"), "enrollmentstatus": "ended"},
    _row("ΠΛΗ26/3", firstnameel="Νίκος", lastnameel="Πορτάρης", extemail="<nikos@port.example>"),
    _row("4", firstnameel="Άννα", lastnameel="Πορτάρη", birthdate="1/3/2004"),
    _row("5", lastnameel="Λογαριάς", birthdate="1/3/2003", loginname=" Port_5"),
    _row("6", lastnameel="Λογαριάς", birthdate="1/3/2003", loginname="port_5\u200b"),
    {**_row("7", lastnameel="Παλιός", loginname="PORT_5"), "enrollmentstatus": "ended"},
    _row("8", lastnameel="Άλλος", loginname="portx5", departmentid="PORT\u00a01\u200b"),
    *(
        _row(f"M{n}", lastnameel=f"Πλήθος{n}", extemail="all@port.example", loginname="all")
        for n in range(MOST_ROWS + 1)
    ),
]


def numbers(rows: Iterable[Row]) -> set[str | None]:
    return {row["registrationid"] for row in rows if row["systemid"] == SYSTEM}


async def test_settings_are_not_refused_while_it_answers_nor_while_it_is_away(
    registrar: Registrar, away: Registrar
) -> None:
    await registrar.check_settings()
    await away.check_settings()


@pytest.mark.parametrize(
    ("mobile", "email", "found"),
    [
        ("+306971100001", None, {"1", "2"}),
        (None, "nikos@port.example", {"ΠΛΗ26/3"}),
        ("+306971100001", "nikos@port.example", {"1", "2", "ΠΛΗ26/3"}),
        ("+306971100009", "nobody@port.example", set()),
    ],
)
async def test_a_contact_brings_every_row_of_who_has_it(
    registrar: Registrar, mobile: str | None, email: str | None, found: set[str]
) -> None:
    assert numbers(await registrar.by_contact(ContactQuery(mobile, email, "GR"))) == found


async def test_a_contact_of_too_many_is_nobodys(registrar: Registrar) -> None:
    with pytest.raises(SharedByMany):
        await registrar.by_contact(ContactQuery(None, "all@port.example", "GR"))


async def test_a_contact_of_no_more_rows_than_asked_for_brings_nothing(
    registrar: Registrar,
) -> None:
    one, all_of_them = (
        ContactQuery(None, f"{each}@port.example", "GR") for each in ("nikos", "all")
    )
    assert numbers(await registrar.by_contact(one, beyond=0)) == {"ΠΛΗ26/3"}
    assert await registrar.by_contact(one, beyond=1) == []
    with pytest.raises(SharedByMany):
        await registrar.by_contact(all_of_them, beyond=1)


@pytest.mark.parametrize(
    ("typed", "found"),
    [("πλη26-3", {"ΠΛΗ26/3"}), (f"{SYSTEM}/ΠΛΗ26/3", {"ΠΛΗ26/3"}), (f"{SYSTEM}/1", {"1", "2"})],
)
async def test_a_student_number_is_found_as_people_write_it(
    registrar: Registrar, typed: str, found: set[str]
) -> None:
    assert found <= numbers(await registrar.by_number(typed))
    assert numbers(await registrar.by_number("no such number")) == set()


async def test_several_student_numbers_bring_what_each_of_them_does(registrar: Registrar) -> None:
    asked = ("πλη26-3", f"{SYSTEM}/1", "no such number")
    each = [numbers(await registrar.by_number(number)) for number in asked]
    assert numbers(await registrar.by_number(*asked)) == set().union(*each)
    assert await registrar.by_number() == []


async def test_an_insurance_number_brings_every_row_of_who_has_it(registrar: Registrar) -> None:
    assert numbers(await registrar.by_insurance("01020500018")) == {"1", "2"}
    assert await registrar.by_insurance("31129912345") == []


async def test_a_login_name_brings_every_row_of_who_has_it_on_any(registrar: Registrar) -> None:
    assert numbers(await registrar.by_login_name("port_5", bool)) == {"5", "6", "7"}
    assert await registrar.by_login_name("port%", bool) == []
    with pytest.raises(SharedByMany):
        await registrar.by_login_name("all", bool)


async def test_a_login_name_of_nobody_else_brings_nothing(registrar: Registrar) -> None:
    def is_another_than(*numbers: str) -> Callable[[Row], bool]:
        return lambda row: row["registrationid"] not in numbers

    assert await registrar.by_login_name("port_5", is_another_than("5", "6", "7")) == []
    brought = await registrar.by_login_name("port_5", is_another_than("5", "6"))
    assert numbers(brought) == {"5", "6", "7"}


@pytest.mark.parametrize("typed", ["Πορτάρη", "ΠΟΡΤΑΡΗ", "Portari"])
async def test_a_surname_is_found_by_its_beginning(registrar: Registrar, typed: str) -> None:
    rows, more = await registrar.by_surname(str(surnames.prefix(typed)), 20, lambda _: False)
    assert (numbers(rows), more) == ({"ΠΛΗ26/3", "4"}, False)


async def test_of_many_surnames_the_first_come_and_that_there_are_more(
    registrar: Registrar,
) -> None:
    prefix = str(surnames.prefix("Πορτάρη"))
    rows, more = await registrar.by_surname(prefix, 1, lambda row: row["registrationid"] != "4")
    assert (numbers(rows), more) == ({"ΠΛΗ26/3"}, True)


async def test_everybody_is_every_row_once(registrar: Registrar) -> None:
    rows = [row async for batch in registrar.batches() for row in batch]
    own = [row["registrationid"] for row in rows if row["systemid"] == SYSTEM]
    assert sorted(map(str, own)) == sorted(str(row["registrationid"]) for row in ROWS)


async def test_a_department_is_each_of_its_rows_once(registrar: Registrar) -> None:
    everybody = [row async for batch in registrar.batches() for row in batch]
    there = [row async for batch in registrar.batches("PORT 1") for row in batch]
    of_department = [row for row in everybody if text(row, "departmentid") == "PORT 1"]
    assert sorted(map(enrolment, there)) == sorted(map(enrolment, of_department))


async def test_the_contacts_of_many_are_told(registrar: Registrar) -> None:
    assert "all@port.example" in await registrar.crowded(20)
    assert "all@port.example" not in await registrar.crowded(100_000)


async def test_a_registrar_that_is_away_is_unavailable(away: Registrar) -> None:
    with pytest.raises(Unavailable, match=r"^REGISTRAR_DOWN: "):
        await away.by_number("1")
    with pytest.raises(Unavailable, match=r"^REGISTRAR_DOWN: "):
        await anext(away.batches())
