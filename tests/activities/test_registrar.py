import asyncio
import itertools
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.registrar import RegistrarActivities
from adapters.registrar.wiring import everybody
from demo.students import COLUMNS
from domain import surnames
from domain.contracts.people import FindStudent, Person
from tests.activities.conftest import reading
from tests.stack import TestStack

MOBILE = "+306955000123"
EMAIL = "several@mail.example"
_numbers = itertools.count(100)


@pytest.fixture(scope="module")
async def registrar(stack: TestStack) -> AsyncIterator[RegistrarActivities]:
    async with reading(stack) as activities:
        yield activities


async def find(
    registrar: RegistrarActivities, mobile: str | None = None, email: str | None = None
) -> tuple[Person, ...]:
    request = FindStudent(mobile=mobile, email=email)
    return (await ActivityEnvironment().run(registrar.find_student, request)).persons


async def insert(stack: TestStack, number: str, **columns: str) -> None:
    row = {
        "systemid": "TEST",
        "registrationid": number,
        "firstnameel": "Άννα",
        "lastnameel": "Δοκιμή" + number,
        "birthdate": "20050101",
        "enrollmentstatus": "active",
        "departmentel": "Φιλολογίας",
        **columns,
    }
    connection = await asyncpg.connect(stack.registrar_dsn)
    names, places = ", ".join(row), ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await connection.execute(f"INSERT INTO v_vd_sis ({names}) VALUES ({places})", *row.values())  # noqa: S608 - invented here
    await connection.close()


async def test_a_sample_student_is_found_by_either_contact(registrar: RegistrarActivities) -> None:
    by_mobile = await find(registrar, mobile="+306940000001")
    by_email = await find(registrar, email="eleni.papadopoulou@mail.example")
    assert by_mobile[0].person_key == by_email[0].person_key
    assert by_mobile[0].last_name_el == "Παπαδοπούλου"
    assert by_mobile[0].sms_to == "+306940000001"
    assert by_mobile[0].email_to is None
    assert by_mobile[0].insurance_scheme == "GR"
    assert await find(registrar, mobile="+306940000001") == by_mobile


async def test_nobody_is_found_by_an_unknown_contact(registrar: RegistrarActivities) -> None:
    assert await find(registrar, mobile="+306999999999", email="nobody@mail.example") == ()
    assert await find(registrar, email="%@mail.example") == ()


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("w1", "6955000001"),
        ("w2", "+30 695 500 0002"),
        ("w3", "00306955000003"),
        ("w4", "6955-00.00.04"),
        ("w5", "2710372128 / 6955000005"),
        ("w6", "6955000006 (μητέρα), 6955000099"),
    ],
)
async def test_a_mobile_is_found_however_it_is_written(
    stack: TestStack, registrar: RegistrarActivities, number: str, written: str
) -> None:
    await insert(stack, number, mobilephone=written)
    found = await find(registrar, mobile=f"+30695500000{number[1]}")
    assert [person.enrolments[0].registration_id for person in found] == [number]


@pytest.mark.parametrize(
    ("number", "written", "typed"),
    [
        ("e1", "E1@Mail.Example", "e1@mail.example"),
        ("e2", " e2@mail.example ", "e2@mail.example"),
        ("e3", "other@mail.example; e3@mail.example", "e3@mail.example"),
        ("e4", "e4@παράδειγμα.gr", "e4@xn--hxajbheg2az3al.gr"),
        ("e5", "e_5@mail.example,x@mail.example", "e_5@mail.example"),
    ],
)
async def test_an_email_is_found_however_it_is_written(
    stack: TestStack, registrar: RegistrarActivities, number: str, written: str, typed: str
) -> None:
    await insert(stack, number, extemail=written)
    found = await find(registrar, email=typed)
    assert [person.enrolments[0].registration_id for person in found] == [number]


async def test_all_enrolments_come_along_also_those_with_another_contact(
    stack: TestStack, registrar: RegistrarActivities
) -> None:
    same = {"ssn": "01010500013", "ssncountry": "GR"}
    await insert(stack, "s1", mobilephone="6955000123", inscriptionacyear="2026", **same)
    await insert(stack, "s2", mobilephone="6955000124", inscriptionacyear="2020", **same)
    await insert(stack, "s3", enrollmentstatus="graduated", inscriptionacyear="2015", **same)
    (person,) = await find(registrar, mobile=MOBILE)
    assert [each.registration_id for each in person.enrolments] == ["s1", "s2"]
    assert person.person_key == stack.keys.index("person", "TEST/s3")


async def test_two_persons_with_one_contact_are_both_found(
    stack: TestStack, registrar: RegistrarActivities
) -> None:
    await insert(stack, "t1", extemail=EMAIL, firstnameel="Άννα")
    await insert(stack, "t2", extemail=f"{EMAIL}, twin@mail.example", firstnameel="Μαρία")
    assert {person.first_name_el for person in await find(registrar, email=EMAIL)} == {
        "Άννα",
        "Μαρία",
    }


async def test_columns_may_have_other_names(stack: TestStack) -> None:
    connection = await asyncpg.connect(stack.registrar_dsn)
    await connection.execute(
        'CREATE VIEW "Other Students" AS SELECT *, mobilephone AS "Κινητό" FROM v_vd_sis'
    )
    await connection.execute('GRANT SELECT ON "Other Students" TO PUBLIC')
    await connection.close()
    columns = {"mobilephone": "Κινητό"}
    async with reading(stack, view="public.Other Students", columns=columns) as renamed:
        assert len(await find(renamed, mobile="+306940000001")) == 1


@pytest.mark.parametrize("case", [str.upper, str.title])
async def test_columns_in_other_case_are_configured_end_to_end(
    stack: TestStack, case: Callable[[str], str]
) -> None:
    names = {column: case(column) for column in COLUMNS}
    view = case("v_students")
    shown = ", ".join(f'{column} AS "{name}"' for column, name in names.items())
    connection = await asyncpg.connect(stack.registrar_dsn)
    await connection.execute(f'CREATE VIEW "{view}" AS SELECT {shown} FROM v_vd_sis')  # noqa: S608 - invented here
    await connection.execute(f'GRANT SELECT ON "{view}" TO PUBLIC')
    await connection.close()
    async with reading(stack, view=view, columns=names) as renamed:
        (person,) = await find(renamed, mobile="+306940000006")
        assert len(person.enrolments) == 2
        assert person.last_name_el == "Ψαρρά"
        rows = await everybody(renamed._settings)
        assert {row["registrationid"] for row in rows} >= {"202090006", "202690006"}


async def test_a_view_may_lack_the_fathers_latin_name_and_have_words_of_its_own_for_nothing(
    stack: TestStack,
) -> None:
    published = ", ".join(each for each in COLUMNS if each != "fatherfirstnameen")
    connection = await asyncpg.connect(stack.registrar_dsn)
    await connection.execute(f"CREATE VIEW v_older AS SELECT {published} FROM v_vd_sis")  # noqa: S608 - invented here
    await connection.execute("GRANT SELECT ON v_older TO PUBLIC")
    await connection.close()
    same = {"firstnameel": "Άννα", "lastnameel": "Παλιά", "fatherfirstnameel": "Ουδείς"}
    await insert(stack, "f1", extemail="f1@mail.example", **same)
    await insert(stack, "f2", extemail="f2@mail.example", fatherfirstnameen="Petros", **same)
    for words, joined in (([], {"f1", "f2"}), (["ουδείς"], {"f1"})):
        async with reading(stack, view="v_older", blank_words=words) as older:
            (person,) = await find(older, email="f1@mail.example")
            assert {each.registration_id for each in person.enrolments} == joined
            rows = await everybody(older._settings)
    assert {row["fatherfirstnameen"] for row in rows} == {None}
    assert [row["fatherfirstnameel"] for row in rows if row["registrationid"] == "f1"] == [None]


async def test_a_status_in_capitals_is_the_same_status(
    stack: TestStack, registrar: RegistrarActivities
) -> None:
    await insert(stack, "c1", extemail="c1@mail.example", enrollmentstatus="ACTIVE ")
    assert len(await find(registrar, email="c1@mail.example")) == 1


async def test_enrolments_are_joined_however_number_and_date_are_written(
    stack: TestStack, registrar: RegistrarActivities
) -> None:
    spelled = {"ssn": "020105–00011", "birthdate": "2005-01-02"}
    await insert(stack, "j1", extemail="j1@mail.example", ssn="02010500011", birthdate="20050102")
    await insert(stack, "j2", **spelled)
    by_name = {"lastnameel": "ΔΟΚΙΜΉ J3", "firstnameel": "ΑΝΝΑ", "birthdate": "3/1/05"}
    by_name["fatherfirstnameel"] = "Πέτρος"
    await insert(stack, "j3", extemail="j3@mail.example", **by_name)
    await insert(stack, "j4", **by_name | {"lastnameel": "Δοκιμή j3", "birthdate": "20050103"})
    for number, joined in (("j1", {"j1", "j2"}), ("j3", {"j3", "j4"})):
        (person,) = await find(registrar, email=f"{number}@mail.example")
        assert {each.registration_id for each in person.enrolments} == joined


@pytest.mark.parametrize(
    ("number", "surname", "typed"),
    [
        ("n1", "Mπαξεβάνης", "μπαξ"),
        ("n2", "∆ημουλάς", "dimoul"),
        ("n3", "Suhartono", "suha"),
        ("n4", "KOUVELIS", "kouv"),
        ("n5", "Шевченко", "shev"),
        ("n6", "ЙОВАНОВИЧ", "йова"),
        ("n7", "НΛΙΑΔΗΣ", "ηλια"),
        ("n8", "Şahin", "sahi"),
    ],
)
async def test_a_surname_is_found_whatever_alphabet_its_letters_are_of(
    stack: TestStack, registrar: RegistrarActivities, number: str, surname: str, typed: str
) -> None:
    await insert(stack, number, lastnameel=surname, lastnameen="-")
    rows, _ = await registrar._registrar.by_surname(str(surnames.prefix(typed)), 20, lambda _: True)
    assert number in {row["registrationid"] for row in rows}


@pytest.mark.parametrize(
    ("column", "written", "typed"),
    [
        ("extemail", '"x1@mail.example"', "x1@mail.example"),
        ("extemail", "(x2@mail.example)", "x2@mail.example"),
        ("extemail", "mailto:x3@mail.example", "x3@mail.example"),
        ("extemail", "'x4@mail.example", "x4@mail.example"),
        ("mobilephone", "6955000205-8", "+306955000205"),
        ("mobilephone", "6955000206 2", "+306955000206"),
        ("mobilephone", "+30 695 500 0207 12", "+306955000207"),
        ("mobilephone", "6955000208 1 2 3", "+306955000208"),
    ],
)
async def test_a_contact_that_can_be_read_is_found(
    stack: TestStack, registrar: RegistrarActivities, column: str, written: str, typed: str
) -> None:
    number = f"x{typed}"
    await insert(stack, number, **{column: written, "enrollmentstatus": "\u00a0Active\ufeff"})
    asked = {"email" if column == "extemail" else "mobile": typed}
    assert [each.enrolments[0].registration_id for each in await find(registrar, **asked)] == [
        number
    ]


@pytest.mark.parametrize("order", [1, -1])
async def test_rows_are_followed_however_far_they_hang_together(
    stack: TestStack, registrar: RegistrarActivities, order: int
) -> None:
    """By the birth date, then by that row's number, then by another birth date."""
    name = {"firstnameel": "Χρυσή", "lastnameel": "Αλυσίδα" if order > 0 else "Κρίκου"}
    number = {"ssn": "15039910003" if order > 0 else "16049800002"}
    mobile = f"69550001{20 + order}"
    rows: list[dict[str, str]] = [
        {"mobilephone": mobile, "birthdate": "1999-03-15"},
        {"birthdate": "15/3/1999", **number},
        {"birthdate": "1999-03-16", "enrollmentstatus": "graduated", **number},
        {"birthdate": "1999-03-16", "loginname": "chrysi", "enrollmentstatus": "left"},
    ]
    for at, row in list(enumerate(rows))[::order]:
        await insert(stack, f"chain{order}{at}", fatherfirstnameel="Πέτρος", **name, **row)
    (person,) = await find(registrar, mobile=f"+30{mobile}")
    assert len(person.enrolments) + len(person.former) == len(rows)
    assert "chrysi" in {each.login_name for each in person.former}


async def test_the_reader_cannot_write(stack: TestStack) -> None:
    connection = await asyncpg.connect(stack.settings.registrar.dsn.get_secret_value())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("DELETE FROM v_vd_sis")
    await connection.close()


async def test_an_absent_registrar_is_told_as_such(stack: TestStack) -> None:
    dsn = SecretStr("postgresql://reader:secret@127.0.0.1:9/none")
    async with reading(stack, dsn=dsn) as away:
        with pytest.raises(ApplicationError) as raised:
            await find(away, mobile=MOBILE)
    assert raised.value.type == "REGISTRAR_DOWN"
    assert MOBILE not in repr(raised.value)
    assert "secret" not in repr(raised.value)


@pytest.mark.parametrize("change", [{"view": "no_such_view"}, {"columns": {"ssn": "no_such"}}])
async def test_a_wrong_view_is_something_to_mend(
    stack: TestStack, change: dict[str, object]
) -> None:
    async with reading(stack, **change) as wrong:
        with pytest.raises(ApplicationError) as raised:
            await find(wrong, mobile=MOBILE)
    assert raised.value.type == "CONFIGURATION"
    assert not raised.value.non_retryable


async def test_many_lookups_share_one_pool(registrar: RegistrarActivities) -> None:
    lookups = [find(registrar, mobile="+306940000001") for _ in range(20)]
    assert {len(found) for found in await asyncio.gather(*lookups)} == {1}


async def test_who_may_be_the_same_person_comes_along_with_every_row_of_theirs(
    stack: TestStack, registrar: RegistrarActivities
) -> None:
    """Their other row is found by a number that nothing of the person tells."""
    own = {"firstnameel": "Ζηνοβία", "fatherfirstnameel": "Πέτρος", "lastnameel": "Αλλαγή"}
    born, theirs = {"birthdate": "19970305"}, {"ssn": "AL0012399", "ssncountry": "AL"}
    former = {"enrollmentstatus": "graduated", **own, **theirs}
    await insert(stack, "alike1", inscriptionacyear="2015", **former | {"birthdate": "19970503"})
    await insert(stack, "alike2", inscriptionacyear="2019", **former | born)
    married = own | born | {"lastnameel": "Άλλη", "ssn": "05039700015"}
    await insert(stack, "alike3", mobilephone="6955000771", **married)
    (found,) = await find(registrar, mobile="+306955000771")
    assert [each.registration_id for each in found.enrolments] == ["alike3"]
    assert [each.registration_id for each in found.alike] == ["alike2", "alike1"]


@pytest.mark.parametrize(
    ("own", "former"),
    [
        ("1998-04-07", "NULL"),
        ("1998-04-07", "01/01/1900"),
        ("-", "7/4/1998"),
        ("", "0000-00-00"),
        ("1998-04-07", "4/7/1998"),
    ],
)
@pytest.mark.parametrize("letters", ["el", "en"])
async def test_a_row_whose_birth_date_is_missing_or_swapped_comes_along(
    stack: TestStack, registrar: RegistrarActivities, letters: str, own: str, former: str
) -> None:
    """Of these names and father, however they are written."""
    number = f"date{next(_numbers)}"
    name = "".join(chr(ord("Α" if letters == "el" else "A") + int(n)) for n in number[4:])
    blank = {"firstnameel": "", "lastnameel": ""}
    told = blank | {f"firstname{letters}": f"{name}a", f"lastname{letters}": f"{name}o"}
    told["fatherfirstnameel"] = "Πέτρος"
    email = f"{number}@mail.example"
    await insert(stack, number, **told, birthdate=own, extemail=email, inscriptionacyear="2026")
    ended = {"birthdate": former, "enrollmentstatus": "graduated", "inscriptionacyear": "2015"}
    spelled = {column: value.lower() for column, value in told.items()}
    await insert(stack, f"{number}-2", **spelled, **ended)
    await insert(stack, f"{number}-3", **told | ended | {f"firstname{letters}": "Xanthi"})
    (found,) = await find(registrar, email=email)
    assert [each.registration_id for each in found.enrolments] == [number]
    assert [each.registration_id for each in found.alike] == [f"{number}-2"]
